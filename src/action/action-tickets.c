#include "action/action-frame.h"

#include "compat/py-repr.h"

enum
{
  PROCESS_RENDER,
  PROCESS_CHECKED,
  PROCESS_RAN,
};

static void
on_host (const Address *address, const char *name, gpointer data)
{
  ActionTask *task = data;

  task->lookup = NULL;
  action_info_set_host (task->info, name);
  task_resume (task);
}

/* <ip-host> takes a name server; TRUE when it has to be waited for. */
static gboolean
look_up_host (ActionTask *task, Frame *frame, const GString *text)
{
  const Address *address = action_info_peek_address (task->info);
  const char *name;

  if (frame->force || address == NULL || !tags_contain (text->str, "ip-host"))
    return FALSE;
  frame->force = TRUE; /* once is enough */
  if (resolver_peek_address (task_peek_context (task)->resolver, address, &name))
    {
      action_info_set_host (task->info, name);
      return FALSE;
    }
  task->lookup = resolver_query_address (task_peek_context (task)->resolver, address, on_host, task);
  task_suspend (task);
  return TRUE;
}

static void
render (ActionTask *task, Frame *frame)
{
  g_autoptr (GError) error = NULL;
  const GString *text = action_replace_static (task->action, frame->query, frame->family, &error);

  if (text == NULL)
    {
      task_throw (task, g_steal_pointer (&error));
      return;
    }
  if (look_up_host (task, frame, text))
    return;
  frame->at = PROCESS_RAN;
  call_command (task, task_render (task, text, task->info));
  if (!g_str_equal (frame->query, "<actionprolong>"))
    task->top->owner = action_peek_owner (task->action, frame->family);
}

/* Runs frame->query for the ticket; when it fails checks the environment and runs it again.  Returns whether it worked. */
static void
step_process (ActionTask *task, Frame *frame)
{
  gboolean is_unban = frame->query != NULL && g_str_equal (frame->query, "<actionunban>");

  switch (frame->at)
    {
    case PROCESS_RENDER:
      render (task, frame);
      return;

    case PROCESS_RAN:
      if (task->error != NULL)
        {
          task_throw (task, g_steal_pointer (&task->error));
          return;
        }
      if (task->value || ++frame->tries > 1)
        {
          task_return (task, task->value);
          return;
        }
      if (action_is_empty (task->action, "actioncheck"))
        {
          frame->at = PROCESS_RENDER;
          return;
        }
      frame->at = PROCESS_CHECKED;
      call_check (task, frame->family, is_unban ? ACTION_REPAIR_NOT_FOR_UNBAN : ACTION_REPAIR, !is_unban);
      return;

    case PROCESS_CHECKED:
      if (task->error != NULL)
        task_throw (task, g_steal_pointer (&task->error));
      else if (task->value != CHECK_SANE)
        task_return (task, FALSE);
      else
        frame->at = PROCESS_RENDER;
      return;

    default:
      g_assert_not_reached ();
    }
}

static void
call_process (ActionTask *task, const char *query, const char *family)
{
  Frame *frame = task_call (task, step_process);

  frame->query = query;
  frame->family = g_strdup (family);
}

/* "Error banning 192.0.2.1" */
static void
throw_ticket (ActionTask *task, const char *verb)
{
  PyValue *ip = action_info_peek (task->info, "ip");
  g_autofree char *text = ip != NULL ? py_str (ip, NULL) : g_strdup ("None");

  task_throw (task, g_error_new (ACTION_ERROR, ACTION_ERROR_RUN, "Error %s %s", verb, text));
}

enum
{
  BAN_BEGIN,
  BAN_STARTED,
  BAN_RAN,
};

void
step_ban (ActionTask *task, Frame *frame)
{
  switch (frame->at)
    {
    case BAN_BEGIN:
      g_free (frame->family);
      frame->family = action_info_dup_family (task->info);
      if (!action_starts_on_demand (task->action) || action_get_state (task->action, frame->family) != 0)
        frame->at = BAN_STARTED;
      else if (!task->allowed)
        task_wait_for_turn (task);
      else
        {
          frame->at = BAN_STARTED;
          call_start (task, frame->family, TRUE);
        }
      return;

    case BAN_STARTED:
      if (task->error != NULL)
        {
          task_throw (task, g_steal_pointer (&task->error));
          return;
        }
      frame->at = BAN_RAN;
      call_process (task, frame->query, frame->family);
      return;

    case BAN_RAN:
      if (task->error != NULL)
        task_throw (task, g_steal_pointer (&task->error));
      else if (!task->value)
        throw_ticket (task, "banning");
      else
        {
          action_set_state (task->action, frame->family,
                            action_get_state (task->action, frame->family) | ACTION_STARTED | ACTION_HAS_ITEMS);
          task_return (task, TRUE);
        }
      return;

    default:
      g_assert_not_reached ();
    }
}

void
step_unban (ActionTask *task, Frame *frame)
{
  if (frame->at == 0)
    {
      frame->at = 1;
      frame->family = action_info_dup_family (task->info);
      if ((action_get_state (task->action, frame->family) & ACTION_HAS_ITEMS) == 0)
        task_return (task, TRUE);
      else
        call_process (task, "<actionunban>", frame->family);
    }
  else if (task->error == NULL && !task->value)
    throw_ticket (task, "unbanning");
  else
    step_pass_on (task, frame);
}

void
step_prolong (ActionTask *task, Frame *frame)
{
  if (frame->at == 0)
    {
      frame->at = 1;
      frame->family = action_info_dup_family (task->info);
      call_process (task, "<actionprolong>", frame->family);
    }
  else if (task->error == NULL && !task->value)
    throw_ticket (task, "prolonging");
  else
    step_pass_on (task, frame);
}
