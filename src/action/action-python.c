#include "action/action-frame.h"

#include "action/python-action.h"
#include "compat/py-repr.h"

static const char *const methods[] = {
  [ACTION_METHOD_START] = "start", [ACTION_METHOD_STOP] = "stop",       [ACTION_METHOD_BAN] = "ban",
  [ACTION_METHOD_REBAN] = "reban", [ACTION_METHOD_PROLONG] = "prolong", [ACTION_METHOD_UNBAN] = "unban",
  [ACTION_METHOD_FLUSH] = "flush", [ACTION_METHOD_RELOAD] = "reload",   [ACTION_METHOD_CHECK] = "consistencyCheck",
};

static gboolean
wants_ticket (ActionMethod method)
{
  return method == ACTION_METHOD_BAN || method == ACTION_METHOD_REBAN || method == ACTION_METHOD_PROLONG
         || method == ACTION_METHOD_UNBAN;
}

static void
on_answer (PyValue *result, gpointer user_data)
{
  ActionTask *task = user_data;

  task->python = NULL;
  if (py_value_type (result) == PY_EXCEPTION)
    {
      g_autofree char *text = py_str (result, NULL);
      task->error = g_error_new_literal (ACTION_ERROR, ACTION_ERROR_PYTHON, text);
    }
  else
    task->value = py_value_truth (result);
  task_resume (task);
}

static void
ask (ActionTask *task, ActionMethod method)
{
  PythonAction *python = task->action->python;

  if (method == ACTION_METHOD_RELOAD)
    {
      g_autoptr (PyValue) options = g_steal_pointer (&task->action->python_options);
      task->python = python_action_call (python, methods[method], options, on_answer, task);
      return;
    }
  if (method == ACTION_METHOD_STOP)
    python_action_set_started (python, FALSE);
  task->python
      = python_action_run (python, methods[method], wants_ticket (method) ? task->info : NULL, on_answer, task);
  if (method == ACTION_METHOD_START)
    python_action_set_started (python, TRUE); /* from now on each new helper begins with it */
}

void
step_python (ActionTask *task, Frame *frame)
{
  switch (frame->at)
    {
    case 0:
      if (!task->allowed)
        {
          task_wait_for_turn (task);
          return;
        }
      frame->at++;
      ask (task, (ActionMethod) frame->index);
      task_suspend (task);
      return;
    default:
      step_pass_on (task, frame);
    }
}
