/* action-queue-private.h - the inside of an ActionQueue, for the two files that it is made of
 *
 * action-queue.c keeps the actions and carries out what is queued; action-queue-operations.c makes what others ask for into operations.
 * Must not: be included by others.
 */
#pragma once
#include "action/action-queue.h"
#include "action/operation.h"

struct ActionQueue
{
  char *jail_name;
  ActionContext context;
  ActionJailFuncs funcs;
  gpointer jail;

  GPtrArray *actions; /* of Action, in order */
  GPtrArray *asks;    /* of action-queue-python.c */
  ActionInfo *info;   /* for commands without a ticket */
  char *own_name;     /* <fq-hostname>; NULL: nobody asked for it yet */
  ResolverQuery *own_name_query;
  guint epoch;
  gint64 last_check_usec;
  gboolean reloading;

  GQueue operations; /* of Operation, by their links */
  GQueue finished;   /* likewise: only to be told */
  guint n_bans;
  GSource *pump;
  guint64 pump_count;
  gboolean telling, gone; /* callbacks are being called; one of them freed the queue */

  ActionQueueDone room_func;
  gpointer room_data;
  gboolean room_wanted;
};

/* Behind everything that waits. */
void action_queue_push       (ActionQueue *self, Operation *operation);
/* In front of everything that waits: the rest of an operation that was just carried out.  Later calls go before earlier ones. */
void action_queue_push_front (ActionQueue *self, Operation *operation);
/* It is through: all that is left is to tell. */
void action_queue_finish     (ActionQueue *self, Operation *operation);
