/* action-frame.h - functions that wait in the middle: the calls of which an ActionTask is made
 *
 * A function that has to wait for a command is written as a step function: a switch over frame->at.  It makes a call (which puts
 * another frame on top) or suspends the task, returns, and is called again when that is through; the task's `value` and `error` are then
 * what came back.  It ends with task_return or task_throw.
 * Must not: be included outside this room's action-*.c files.
 */
#pragma once
#include "action/action-task.h"
#include "action/python-action.h"
#include "action/shell.h"

#define COMMAND_ACTION_LOGGER "fail2ban.CommandAction"

typedef struct Frame Frame;
typedef void (*FrameStep) (ActionTask *task, Frame *frame);

struct Frame
{
  Frame    *caller;
  FrameStep step;
  guint     at;

  /* What functions keep; not every function needs each of them. */
  char         *family;
  gboolean      force;
  ActionRepair  repair;
  const char   *query; /* lent */
  ShellCommand *command;
  gconstpointer owner; /* of the ban or unban that the command is */
  GString      *text;
  guint         tries;

  /* For going through families. */
  const char *operation, *verb;
  GPtrArray  *families;
  guint       index;
  gboolean    failed;
  PyValue    *failure;
  void (*after) (Action *action, const char *family);
};

struct ActionTask
{
  Action        *action;
  ActionInfo    *info;
  ActionTaskDone done;
  gpointer       user_data;

  Frame   *top;
  gboolean suspended;
  int      value; /* what the last call returned … */
  GError  *error; /* … or threw */

  gboolean       allowed; /* its turn has come */
  gboolean       waiting; /* for its turn, or for others' commands to arrive */
  gboolean       may_retry;
  gboolean       adopts; /* a ban of the last run, or one that is put back: its rule may be there already */
  ShellRun      *shell;
  PythonRequest *python;
  FirewallJob   *job;
  FirewallHold  *hold; /* while a shell runs iptables without -w */
  ResolverQuery *lookup;
  GSource       *wakeup;
};

/* --- action-task.c ------------------------------------------------------------------------------------------------------ */
Frame *task_call   (ActionTask *task, FrameStep step);
void   task_return (ActionTask *task, int value);
void   task_throw  (ActionTask *task, GError *error /* taken */);
gboolean task_rethrow (ActionTask *task); /* passes an error of the call on; FALSE when there was none */
void   task_suspend (ActionTask *task);
void   task_wait_for_turn (ActionTask *task);
void   task_resume (ActionTask *task); /* from the loop: what it waited for is through.  The task may be gone afterwards */

const ActionContext *task_peek_context (const ActionTask *task);
Log                 *task_peek_log     (const ActionTask *task);

/* For functions that end with the call they made. */
void step_pass_on (ActionTask *task, Frame *frame);

/* --- action-python.c: a method of a Python action; returns whether what came back was true, or throws ---------------------- */
void step_python (ActionTask *task, Frame *frame); /* frame->index: the ActionMethod */

/* --- action-command.c: runs a command; returns whether it succeeded ------------------------------------------------------- */
void step_command (ActionTask *task, Frame *frame); /* frame->command */
void call_command (ActionTask *task, ShellCommand *command /* taken */);
void call_text    (ActionTask *task, const GString *text);
/* The values of info into a text that has its properties. */
ShellCommand *task_render (ActionTask *task, const GString *text, ActionInfo *info);
/* The text of "<actionstart>" and the like for a family; NULL with error. */
GString *task_dup_operation (ActionTask *task, const char *query, const char *family, GError **error);

/* --- action-operations.c: return TRUE or throw ------------------------------------------------------------------------------ */
void step_start  (ActionTask *task, Frame *frame); /* frame->family (NULL: all that it has), frame->force */
void step_stop   (ActionTask *task, Frame *frame); /* frame->family (NULL: all that are started) */
void step_flush  (ActionTask *task, Frame *frame);
void step_reload (ActionTask *task, Frame *frame);
void call_start  (ActionTask *task, const char *family, gboolean force);
void call_stop   (ActionTask *task, const char *family);

/* --- action-check.c --------------------------------------------------------------------------------------------------------- */
enum
{
  CHECK_BROKEN = 0,
  CHECK_SANE = 1, /* maybe by repair */
  CHECK_LEFT_BROKEN = -1,
};
/* Is the environment of a family what it should be?  Restores it when it is not. */
void call_check     (ActionTask *task, const char *family, ActionRepair repair, gboolean force);
void step_check_all (ActionTask *task, Frame *frame); /* frame->repair; returns whether all are sane */

/* --- action-tickets.c: return TRUE or throw ----------------------------------------------------------------------------------- */
void step_ban     (ActionTask *task, Frame *frame); /* frame->query */
void step_unban   (ActionTask *task, Frame *frame);
void step_prolong (ActionTask *task, Frame *frame);
