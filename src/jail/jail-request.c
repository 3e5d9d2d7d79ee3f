#include "jail/jail-request.h"

JailRequest *
jail_request_new (Jail *jail, JailCountDone done, gpointer user_data)
{
  JailRequest *request = g_new0 (JailRequest, 1);

  *request = (JailRequest){ .jail = jail, .open = 1, .done = done, .user_data = user_data };
  return request;
}

void
jail_request_close (JailRequest *request)
{
  if (--request->open > 0)
    return;
  if (request->done != NULL)
    request->done (request->jail, request->count, request->error, request->user_data);
  g_clear_error (&request->error);
  g_free (request);
}

static gboolean
on_made (gpointer user_data)
{
  jail_request_close (user_data);
  return G_SOURCE_REMOVE;
}

/* The answer never comes before the function that asked has returned. */
void
jail_request_made (JailRequest *request)
{
  if (request->open > 1)
    jail_request_close (request);
  else
    g_idle_add_full (G_PRIORITY_DEFAULT, on_made, request, NULL);
}
