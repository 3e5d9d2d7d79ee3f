/* operation.h - one entry of an ActionQueue: what it does with which actions, and what it says about it in the log
 *
 * Must not: decide when it may run (action-queue.c).
 */
#pragma once
#include "action/action-call.h"
#include "action/action-task.h"

typedef enum
{
  OPERATION_START,
  OPERATION_BAN,
  OPERATION_UNBAN,
  OPERATION_PROLONG,
  OPERATION_REBAN,
  OPERATION_FLUSH,
  OPERATION_STOP,
  OPERATION_RELOAD,
  OPERATION_CALL,
  OPERATION_CHECK, /* are the environments what they should be?  Repairs them */
  OPERATION_NOTIFY, /* does nothing: only tells that everything before it is through */
} OperationKind;

typedef struct Operation Operation;

/* Whatever the caller of the queue wants to be told by; only `done` knows its type. */
typedef void (*OperationCallback) (void);
/* Called when it is through, once. */
typedef void (*OperationDone) (Operation *self);

struct Operation
{
  ActionQueue  *queue;
  OperationKind kind;
  GList         link; /* in the queue */

  GPtrArray *actions; /* of Action; NULL: those that the jail has when it begins */
  guint      index;   /* the one that is next or at work */
  ActionTask *task;
  gboolean   begun;
  gboolean   dropped; /* BAN, REBAN: the jail stops before it began */
  gboolean   overtaking; /* the task was started before its turn */
  guint      epoch;      /* what it did before its turn belongs to this ban epoch; G_MAXUINT: nothing */

  Ticket          *ticket;
  ActionInfo      *info;
  char            *announce;

  gboolean   stopping;  /* FLUSH */
  gboolean   checking;  /* FLUSH: the flush failed, its environment is being looked at; REBAN: likewise, first of all */
  GPtrArray *tickets;   /* FLUSH */
  guint      n_undone;  /* FLUSH: so many of them have an operation of their own already, or need none */
  GPtrArray *unflushed; /* FLUSH: of Action, those that unban each ticket */
  guint      rebanned;  /* REBAN */
  gboolean   is_batched; /* REBAN: checks nothing, goes to the kernel together with others */
  GPtrArray *refused;   /* BAN, REBAN: of Action, those for the firewall that failed; NULL: none */
  ActionCall call;      /* CALL */
  PyValue   *kwargs, *result;
  GError    *error; /* RELOAD */

  OperationDone done;
  OperationCallback     callback; /* the caller's, of the type that `done` knows */
  gpointer      user_data;
};

Operation *operation_new  (ActionQueue *queue, OperationKind kind, OperationDone done, OperationCallback callback, gpointer user_data);
void       operation_free (Operation *self); /* NULL is fine; kills what runs */
/* For one about a ticket; counts the jail now. */
void       operation_set_ticket (Operation *self, Ticket *ticket, const char *announce);

/* Bans and unbans may have an action work for them ahead of their turn. */
gboolean operation_may_overtake (const Operation *self);
/* Its actions, fixed from now on. */
void     operation_fix_actions (Operation *self);
/* The action it needs next, skipping those that have no part in it; NULL when it is through. */
Action  *operation_peek_next (Operation *self);
/* Starts the task for that action.  allowed: it is its turn. */
void     operation_start_next (Operation *self, gboolean allowed);
