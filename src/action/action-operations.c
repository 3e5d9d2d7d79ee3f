#include "action/action-frame.h"

#include <string.h>

#include "action/action-driver.h"
#include "compat/py-repr.h"

/* --- a command for each family --------------------------------------------------------------------------------------- */

static void
set_failure (Frame *frame, PyValue *failure)
{
  py_value_unref (frame->failure);
  frame->failure = failure;
  frame->failed = TRUE;
}

static void
finish_operation (ActionTask *task, Frame *frame)
{
  if (!frame->failed)
    {
      task_return (task, TRUE);
      return;
    }
  g_autofree char *jail = py_repr_str (action_queue_peek_jail_name (task->action->queue), -1);
  g_autofree char *failure = frame->failure != NULL ? py_repr (frame->failure) : g_strdup ("'Script error'");
  task_throw (task, g_error_new (ACTION_ERROR, ACTION_ERROR_RUN, "Error %s action Jail(%s)/%s: %s", frame->verb, jail,
                                 task->action->name, failure));
}

static const char *
current_family (const Frame *frame)
{
  return frame->families->pdata[frame->index];
}

static void
finish_family (ActionTask *task, Frame *frame, gboolean success)
{
  if (success && frame->after != NULL)
    frame->after (task->action, current_family (frame));
  action_set_run (task->action, frame->operation, current_family (frame), success ? frame->text : NULL);
  frame->index++;
}

enum
{
  OPERATION_FAMILY,
  OPERATION_RAN,
};

static void
begin_family (ActionTask *task, Frame *frame)
{
  const char *family = current_family (frame);
  g_autofree char *query = g_strconcat ("<", frame->operation, ">", NULL);
  g_autoptr (GError) error = NULL;

  if (frame->text != NULL)
    g_string_free (frame->text, TRUE);
  frame->text = task_dup_operation (task, query, family, &error);
  if (frame->text == NULL)
    {
      set_failure (frame, action_error_to_exception (error));
      frame->index++;
      return;
    }
  if (frame->text->len == 0 || action_ran_for_other (task->action, frame->operation, family, frame->text))
    {
      finish_family (task, frame, TRUE);
      return;
    }
  /* Also within the ban that started it: these commands see no ticket. */
  ActionInfo *info = action_queue_peek_info (task->action->queue);
  gint64 now_usec = clock_get_time_usec (task_peek_context (task)->clock);
  action_info_set (info, "time", py_float_new ((double) now_usec / G_USEC_PER_SEC));
  action_info_set (info, "family", family != NULL ? py_str_new (family) : py_none_new ());
  frame->at = OPERATION_RAN;
  call_command (task, task_render (task, frame->text, info));
}

static void
step_operation (ActionTask *task, Frame *frame)
{
  switch (frame->at)
    {
    case OPERATION_FAMILY:
      if (frame->index < frame->families->len)
        begin_family (task, frame);
      else
        finish_operation (task, frame);
      return;

    case OPERATION_RAN:
      frame->at = OPERATION_FAMILY;
      if (task->error != NULL)
        {
          set_failure (frame, action_error_to_exception (task->error));
          frame->index++;
          return;
        }
      if (!task->value)
        frame->failed = TRUE;
      finish_family (task, frame, task->value != 0);
      return;

    default:
      g_assert_not_reached ();
    }
}

/* Takes families; empty means all that are started. */
static void
call_operation (ActionTask *task, const char *operation, const char *verb, GPtrArray *families,
                void (*after) (Action *, const char *))
{
  Frame *frame = task_call (task, step_operation);

  if (families->len == 0)
    {
      g_ptr_array_unref (families);
      families = action_dup_started (task->action, 0);
    }
  frame->operation = operation;
  frame->verb = verb;
  frame->families = families;
  frame->after = after;
}

static GPtrArray *
one_family (const char *family)
{
  GPtrArray *families = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (families, g_strdup (family));
  return families;
}

/* --- start, stop, flush, reload -------------------------------------------------------------------------------------- */

static void
after_start (Action *action, const char *family)
{
  action_set_run (action, "actionstop", family, NULL);
  action_forget_bans (action, family);
  action_set_state (action, family, ACTION_STARTED);
}

static void
after_stop (Action *action, const char *family)
{
  action_set_run (action, "actionstart", family, NULL);
  action_forget_bans (action, family);
}

static void
after_flush (Action *action, const char *family)
{
  guint state = action_get_state (action, family);

  action_forget_bans (action, family);
  if (state != 0)
    action_set_state (action, family, state & ~(guint) ACTION_HAS_ITEMS);
}

static void
log_driver (ActionTask *task)
{
  if (!log_enabled (task_peek_log (task), LOG_LEVEL_DEBUG))
    return;
  g_autofree char *driver = action_dup_driver (task->action);
  log_debug (task_peek_log (task), "fail2ban.actions", "[%s] action %s: bans by %s",
             action_queue_peek_jail_name (task->action->queue), action_peek_name (task->action), driver);
}

void
step_start (ActionTask *task, Frame *frame)
{
  gboolean demand = action_starts_on_demand (task->action);

  if (!frame->force && frame->family == NULL) /* the start of the jail */
    log_driver (task);
  if (!frame->force && (demand || action_get_state (task->action, frame->family) != 0))
    {
      task_return (task, TRUE);
      return;
    }
  frame->step = step_pass_on;
  call_operation (task, "actionstart", "starting",
                  frame->family != NULL ? one_family (frame->family)
                                        : action_dup_families (task->action, resolver_is_ipv6_allowed (
                                                                                 task_peek_context (task)->resolver)),
                  after_start);
}

void
call_start (ActionTask *task, const char *family, gboolean force)
{
  Frame *frame = task_call (task, step_start);

  frame->family = g_strdup (family);
  frame->force = force;
}

void
step_stop (ActionTask *task, Frame *frame)
{
  g_autoptr (GPtrArray) families = NULL;

  if (frame->family == NULL)
    {
      families = action_dup_started (task->action, 0);
      if (families->len > 0)
        action_forget_started (task->action);
    }
  else
    {
      families = one_family (frame->family);
      if (!action_knows_family (task->action, frame->family))
        g_ptr_array_set_size (families, 0);
      else
        action_set_state (task->action, frame->family, 0);
    }
  if (families->len == 0)
    {
      task_return (task, TRUE);
      return;
    }
  frame->step = step_pass_on;
  call_operation (task, "actionstop", "stopping", g_steal_pointer (&families), after_stop);
}

void
call_stop (ActionTask *task, const char *family)
{
  task_call (task, step_stop)->family = g_strdup (family);
}

void
step_flush (ActionTask *task, Frame *frame)
{
  g_autoptr (GPtrArray) families = action_dup_started (task->action, ACTION_STARTED | ACTION_HAS_ITEMS);

  if (families->len == 0)
    {
      task_return (task, TRUE);
      return;
    }
  frame->step = step_pass_on;
  call_operation (task, "actionflush", "flushing", g_steal_pointer (&families), after_flush);
}

void
step_reload (ActionTask *task, Frame *frame)
{
  frame->step = step_pass_on;
  call_operation (task, "actionreload", "reloading", g_ptr_array_new_with_free_func (g_free), NULL);
}
