/* jail-request.h - somebody who waits until bans or unbans are carried out
 *
 * Made with one open end for the one who makes it; each operation on its way adds one (open++) and closes it when it is through.
 * With the last one the waiter is told, and the request is gone.  Must not: know what it waits for.
 */
#pragma once
#include "jail/jail.h"

typedef struct
{
  Jail *jail;
  guint open; /* what is still on its way, and one while the request is being made */
  guint count;
  GError *error;
  JailCountDone done;
  gpointer user_data;
} JailRequest;

JailRequest *jail_request_new (Jail *jail, JailCountDone done, gpointer user_data);
void jail_request_close (JailRequest *self);
void jail_request_made (JailRequest *self); /* closes the first end; never calls done at once */
