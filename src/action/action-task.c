#include "action/action-frame.h"

#include <string.h>

/* --- calling and returning ------------------------------------------------------------------------------------------- */

static void
frame_free (Frame *frame)
{
  g_free (frame->family);
  shell_command_free (frame->command);
  if (frame->text != NULL)
    g_string_free (frame->text, TRUE);
  g_clear_pointer (&frame->families, g_ptr_array_unref);
  py_value_unref (frame->failure);
  g_free (frame);
}

Frame *
task_call (ActionTask *task, FrameStep step)
{
  Frame *frame = g_new0 (Frame, 1);

  frame->caller = task->top;
  frame->step = step;
  task->top = frame;
  task->value = 0;
  g_clear_error (&task->error);
  return frame;
}

void
task_return (ActionTask *task, int value)
{
  Frame *frame = task->top;

  task->top = frame->caller;
  task->value = value;
  frame_free (frame);
}

void
task_throw (ActionTask *task, GError *error /* taken */)
{
  task_return (task, 0);
  g_clear_error (&task->error);
  task->error = error;
}

const ActionContext *
task_peek_context (const ActionTask *task)
{
  return action_queue_peek_context (task->action->queue);
}

Log *
task_peek_log (const ActionTask *task)
{
  return task_peek_context (task)->log;
}

gboolean
task_rethrow (ActionTask *task)
{
  if (task->error == NULL)
    return FALSE;
  task_throw (task, g_steal_pointer (&task->error));
  return TRUE;
}

void
step_pass_on (ActionTask *task, Frame *frame)
{
  if (!task_rethrow (task))
    task_return (task, task->value);
}

void
task_suspend (ActionTask *task)
{
  task->suspended = TRUE;
}

void
task_wait_for_turn (ActionTask *task)
{
  task->waiting = TRUE;
  task->suspended = TRUE;
}

/* --- a task ---------------------------------------------------------------------------------------------------------- */

static void
clear_wakeup (ActionTask *task)
{
  if (task->wakeup != NULL)
    g_source_destroy (task->wakeup);
  g_clear_pointer (&task->wakeup, g_source_unref);
}

void
action_task_free (ActionTask *self)
{
  if (self == NULL)
    return;
  while (self->top != NULL)
    {
      Frame *frame = self->top;
      self->top = frame->caller;
      frame_free (frame);
    }
  clear_wakeup (self);
  shell_run_cancel (self->shell);
  python_request_forget (self->python);
  firewall_release (self->hold);
  if (self->job != NULL)
    {
      firewall_cancel (self->job);
      self->action->in_flight--;
    }
  resolver_cancel (self->lookup);
  g_clear_error (&self->error);
  action_unref (self->action);
  g_free (self);
}

static void
task_finish (ActionTask *task)
{
  ActionTaskDone done = task->done;
  gpointer user_data = task->user_data;
  gboolean value = task->value != 0;
  g_autoptr (GError) error = g_steal_pointer (&task->error);

  action_task_free (task);
  done (value, error, user_data);
}

/* Runs until something has to be waited for. */
static void
run (ActionTask *task)
{
  task->suspended = FALSE;
  task->waiting = FALSE;
  while (task->top != NULL && !task->suspended)
    task->top->step (task, task->top);
}

void
task_resume (ActionTask *task)
{
  run (task);
  if (task->top == NULL)
    task_finish (task);
  else if (task->waiting)
    action_queue_wake (task->action->queue);
}

static gboolean
on_wakeup (gpointer data)
{
  ActionTask *task = data;

  clear_wakeup (task);
  task_finish (task);
  return G_SOURCE_REMOVE;
}

/* As task_resume for those who are not called by the loop: the end is reported from there. */
static void
run_and_report_later (ActionTask *task)
{
  run (task);
  if (task->top != NULL || task->wakeup != NULL)
    return;
  task->wakeup = g_idle_source_new ();
  g_source_set_priority (task->wakeup, G_PRIORITY_DEFAULT);
  g_source_set_callback (task->wakeup, on_wakeup, task, NULL);
  g_source_attach (task->wakeup, NULL);
}

/* --- methods --------------------------------------------------------------------------------------------------------- */

static const FrameStep steps[] = {
  [ACTION_METHOD_START] = step_start,     [ACTION_METHOD_STOP] = step_stop,
  [ACTION_METHOD_BAN] = step_ban,         [ACTION_METHOD_REBAN] = step_ban,
  [ACTION_METHOD_PROLONG] = step_prolong, [ACTION_METHOD_UNBAN] = step_unban,
  [ACTION_METHOD_FLUSH] = step_flush,     [ACTION_METHOD_RELOAD] = step_reload,
  [ACTION_METHOD_CHECK] = step_check_all, [ACTION_METHOD_COMMAND] = step_command,
};

/* The command of a method for a ticket; NULL for methods that have none. */
static const char *
peek_query (const Action *action, ActionMethod method, const char *query)
{
  if (query != NULL)
    return query;
  if (method == ACTION_METHOD_UNBAN)
    return "<actionunban>";
  if (method == ACTION_METHOD_PROLONG)
    return "<actionprolong>";
  if (method == ACTION_METHOD_REBAN && !action_is_empty (action, "actionreban"))
    return "<actionreban>";
  return method == ACTION_METHOD_BAN || method == ACTION_METHOD_REBAN ? "<actionban>" : NULL;
}

ActionTask *
action_task_new (const ActionTaskSpec *spec, ActionTaskDone done, gpointer user_data)
{
  g_return_val_if_fail (spec != NULL && spec->action != NULL && done != NULL, NULL);

  ActionTask *self = g_new0 (ActionTask, 1);
  self->action = action_ref (spec->action);
  self->info = spec->info;
  self->done = done;
  self->user_data = user_data;
  self->allowed = spec->allowed;
  self->adopts = spec->method == ACTION_METHOD_REBAN
                 || (spec->method == ACTION_METHOD_BAN && action_info_is_restored (spec->info));

  Frame *frame = task_call (self, spec->action->python != NULL ? step_python : steps[spec->method]);
  if (spec->action->python != NULL)
    frame->index = spec->method;
  frame->repair = spec->repair;
  frame->query = peek_query (spec->action, spec->method, spec->query);
  if (spec->method == ACTION_METHOD_COMMAND)
    frame->command = shell_command_new (spec->query, strlen (spec->query));
  run_and_report_later (self);
  return self;
}

void
action_task_allow (ActionTask *self)
{
  self->allowed = TRUE;
  if (self->waiting)
    run_and_report_later (self);
}

gboolean
action_task_settle (ActionTask *self)
{
  if (self->wakeup == NULL)
    return FALSE;
  clear_wakeup (self);
  task_finish (self);
  return TRUE;
}

void
action_task_retry (ActionTask *self)
{
  if (!action_task_may_retry (self))
    return;
  self->may_retry = FALSE;
  run_and_report_later (self);
}

gboolean
action_task_is_in_flight (const ActionTask *self)
{
  return self->job != NULL;
}

gboolean
action_task_is_waiting (const ActionTask *self)
{
  return self->waiting;
}

gboolean
action_task_may_retry (const ActionTask *self)
{
  return self->waiting && self->may_retry;
}

gboolean
action_may_overtake (Action *action, ActionMethod method, ActionInfo *info)
{
  const char *query = action->python == NULL ? peek_query (action, method, NULL) : NULL;

  if (query == NULL || action_queue_peek_context (action->queue)->firewall == NULL || !action_wants_native (action))
    return FALSE;
  g_autofree char *family = action_info_dup_family (info);
  guint state = action_get_state (action, family);
  if (method == ACTION_METHOD_UNBAN ? (state & ACTION_HAS_ITEMS) == 0 : action_starts_on_demand (action) && state == 0)
    return FALSE;
  const GString *text = action_replace_static (action, query, family, NULL);
  return text != NULL && firewall_looks_plain (text->str, (gssize) text->len);
}
