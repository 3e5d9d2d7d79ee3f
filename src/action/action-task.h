/* action-task.h - one method of one action (start, ban, flush …), from its first command to its last
 *
 * The rules of fail2ban 1.1.2 for a command action: start on demand, a ban that fails is followed by actioncheck, actionrepair (or stop
 * and start), actioncheck and a second try; what is the same for both address families runs once; and so on.
 * Must not: decide about the order among tasks (action-queue.c), log that a method failed (its caller knows the sentence).
 *
 * A task runs in turns.  Until it is told that it is its turn (action_task_allow) it only does what may overtake others: hand plain
 * firewall commands to the kernel.  Before anything else it stops and waits.
 */
#pragma once
#include "action/action-info.h"
#include "action/action-private.h"

typedef struct ActionTask ActionTask;

typedef enum
{
  ACTION_METHOD_START,
  ACTION_METHOD_STOP,
  ACTION_METHOD_BAN,
  ACTION_METHOD_REBAN,
  ACTION_METHOD_PROLONG,
  ACTION_METHOD_UNBAN,
  ACTION_METHOD_FLUSH,
  ACTION_METHOD_RELOAD,
  ACTION_METHOD_CHECK,   /* the environment of what was started, with repair */
  ACTION_METHOD_COMMAND, /* `query` as it is, no tags */
} ActionMethod;

/* When a check fails on the way to an unban or a flush, repairing is pointless, unless the action says actionrepair_on_unban. */
typedef enum
{
  ACTION_REPAIR,
  ACTION_REPAIR_NOT_FOR_UNBAN,
  ACTION_REPAIR_NOT_FOR_FLUSH,
} ActionRepair;

typedef struct
{
  Action      *action; /* reffed */
  ActionMethod method;
  ActionInfo  *info;   /* lent, outlives the task; operations without a ticket: what their commands may ask */
  const char  *query;  /* BAN, REBAN: the command instead of "<actionban>" (NULL: that); COMMAND: the text.  Lent likewise */
  ActionRepair repair; /* CHECK */
  gboolean     allowed; /* it is its turn from the beginning */
} ActionTaskSpec;

/* value: what the method returned (an operation that failed has an error instead).  error is lent.  Never called from within
 * action_task_new; the task is gone afterwards. */
typedef void (*ActionTaskDone) (gboolean value, const GError *error, gpointer user_data);

ActionTask *action_task_new  (const ActionTaskSpec *spec, ActionTaskDone done, gpointer user_data);
/* Kills what runs; done is not called.  NULL is fine. */
void        action_task_free (ActionTask *self);

/* It is its turn: everything before it is through. */
void     action_task_allow (ActionTask *self);
/* When there was nothing to wait for, done is called now and not by the loop's next turn; the task is gone then.  FALSE: it goes on. */
gboolean action_task_settle (ActionTask *self);
/* Not its turn yet, but a firewall command that failed before may be tried once more. */
void     action_task_retry (ActionTask *self);
gboolean action_task_is_in_flight (const ActionTask *self); /* on the way to the kernel */
gboolean action_task_is_waiting   (const ActionTask *self); /* for its turn */
gboolean action_task_may_retry    (const ActionTask *self);

/* Would its command be worth an early start?  A glance at the beginning of the text, no promise. */
gboolean action_may_overtake (Action *action, ActionMethod method, ActionInfo *info);
