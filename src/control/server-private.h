/* server-private.h - the insides of a Server, shared by server.c, server-reload.c and nobody else */
#pragma once
#include "control/server.h"

typedef struct
{
  ServerDone done;
  gpointer user_data;
} ServerWaiter;

struct Server
{
  Log *log;
  JailServices *services;
  JailSet *jails;

  char *log_level; /* as it was set */
  gint64 stack_size;

  GQueue waiting; /* requests that change which jails there are, in order; the head is on its way */
  gboolean quitting;
  gboolean ending;      /* the jails are being stopped */
  GArray *quit_waiters; /* of ServerWaiter */
  void (*on_quit) (gpointer user_data);
  ServerDone on_ended;
  gpointer quit_data;

  GSource *tidy; /* when a start or a reload is over: memory goes back; NULL: nothing to be done */

  GHashTable *reloading; /* Jail -> how far it has come; NULL: no reload */
};

#define RELOAD_ASKED   GINT_TO_POINTER (1) /* nobody mentioned it yet: it goes at the end */
#define RELOAD_ADDED   GINT_TO_POINTER (2) /* was added again, and needs a start to stay */
#define RELOAD_STARTED GINT_TO_POINTER (3) /* stays */

#define LOGGER_SERVER "fail2ban.server"
