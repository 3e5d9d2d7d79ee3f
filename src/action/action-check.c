#include "action/action-frame.h"

enum
{
  CHECK_BEGIN,
  CHECK_RAN,
  CHECK_REPAIRED,
  CHECK_STOPPED,
  CHECK_STARTED,
  CHECK_RAN_AGAIN,
};

static gboolean
may_repair (ActionTask *task, ActionRepair repair)
{
  if (repair == ACTION_REPAIR || action_is_true (task->action, "actionrepair_on_unban"))
    return TRUE;
  log_error (task_peek_log (task), repair == ACTION_REPAIR_NOT_FOR_UNBAN ? COMMAND_ACTION_LOGGER : "fail2ban.actions",
             "Invariant check failed. %s is impossible.", repair == ACTION_REPAIR_NOT_FOR_UNBAN ? "Unban" : "Flush");
  return FALSE;
}

static void
repair (ActionTask *task, Frame *frame)
{
  g_autoptr (GError) error = NULL;

  if (!may_repair (task, frame->repair))
    {
      task_return (task, CHECK_LEFT_BROKEN);
      return;
    }
  log_error (task_peek_log (task), COMMAND_ACTION_LOGGER,
             "Invariant check failed. Trying to restore a sane environment");
  action_queue_bump_epoch (task->action->queue, task->action);

  g_autoptr (GString) text = task_dup_operation (task, "<actionrepair>", frame->family, &error);
  if (text == NULL)
    {
      task_throw (task, g_steal_pointer (&error));
      return;
    }
  if (text->len > 0)
    {
      frame->at = CHECK_REPAIRED;
      call_text (task, text);
      return;
    }
  frame->at = CHECK_STOPPED;
  call_stop (task, frame->family);
}

static void
give_up (ActionTask *task)
{
  log_critical (task_peek_log (task), COMMAND_ACTION_LOGGER, "Unable to restore environment");
  task_return (task, CHECK_BROKEN);
}

static void
step_check (ActionTask *task, Frame *frame)
{
  g_autoptr (GError) error = NULL;

  switch (frame->at)
    {
    case CHECK_BEGIN:
      if (!frame->force && frame->family != NULL && !action_knows_family (task->action, frame->family))
        {
          task_return (task, CHECK_SANE);
          return;
        }
      frame->text = task_dup_operation (task, "<actioncheck>", frame->family, &error);
      if (frame->text == NULL)
        {
          task_throw (task, g_steal_pointer (&error));
          return;
        }
      if (frame->text->len == 0)
        {
          task_return (task, CHECK_SANE);
          return;
        }
      frame->at = CHECK_RAN;
      call_text (task, frame->text);
      return;

    case CHECK_RAN:
      if (task->error != NULL)
        task_throw (task, g_steal_pointer (&task->error));
      else if (task->value)
        task_return (task, CHECK_SANE);
      else
        repair (task, frame);
      return;

    case CHECK_REPAIRED:
      if (task->error != NULL)
        {
          task_throw (task, g_steal_pointer (&task->error));
          return;
        }
      action_set_state (task->action, frame->family, task->value ? ACTION_STARTED : 0);
      if (!task->value)
        {
          give_up (task);
          return;
        }
      frame->at = CHECK_STARTED;
      return;

    case CHECK_STOPPED: /* a failing stop is no matter when the start works */
      frame->at = CHECK_STARTED;
      call_start (task, frame->family, frame->force || !action_starts_on_demand (task->action));
      return;

    case CHECK_STARTED:
      if (task->error != NULL)
        {
          task_throw (task, g_steal_pointer (&task->error));
          return;
        }
      if (action_get_state (task->action, frame->family) == 0)
        {
          task_return (task, CHECK_SANE);
          return;
        }
      frame->at = CHECK_RAN_AGAIN;
      call_text (task, frame->text);
      return;

    case CHECK_RAN_AGAIN:
      if (task->error != NULL)
        task_throw (task, g_steal_pointer (&task->error));
      else if (task->value)
        task_return (task, CHECK_SANE);
      else
        give_up (task);
      return;

    default:
      g_assert_not_reached ();
    }
}

void
call_check (ActionTask *task, const char *family, ActionRepair repair_when, gboolean force)
{
  Frame *frame = task_call (task, step_check);

  frame->family = g_strdup (family);
  frame->repair = repair_when;
  frame->force = force;
}

void
step_check_all (ActionTask *task, Frame *frame)
{
  if (frame->families == NULL)
    {
      if (action_take_loss (task->action)) /* the environment stands, but somebody emptied it */
        action_queue_bump_epoch (task->action->queue, task->action);
      frame->families = action_dup_started (task->action, 0);
      if (action_is_empty (task->action, "actioncheck"))
        g_ptr_array_set_size (frame->families, 0);
    }
  else if (task->error != NULL)
    {
      task_throw (task, g_steal_pointer (&task->error));
      return;
    }
  else
    {
      if (task->value == CHECK_BROKEN)
        {
          action_set_state (task->action, frame->families->pdata[frame->index], 0);
          action_set_run (task->action, "actionstart", frame->families->pdata[frame->index], NULL);
          frame->failed = TRUE;
        }
      frame->index++;
    }
  if (frame->index < frame->families->len)
    call_check (task, frame->families->pdata[frame->index], frame->repair, TRUE);
  else
    task_return (task, !frame->failed);
}
