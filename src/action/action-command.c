#include "action/action-frame.h"

#include <string.h>

#include "compat/py-repr.h"

/* A plain firewall command is tried so often before the shell gets it. */
#define NATIVE_TRIES 2

/* --- tags ------------------------------------------------------------------------------------------------------------ */

static GString *
string_from (PyValue *value)
{
  gsize length;
  g_autofree char *text = py_str (value, &length);

  return g_string_new_len (text, (gssize) length);
}

static GString *
lookup_builtin (ActionTask *task, const char *name)
{
  g_autofree char *text = action_queue_dup_builtin_tag (task->action->queue, name);

  return text != NULL ? g_string_new (text) : NULL;
}

typedef struct
{
  ActionTask *task;
  ActionInfo *info;
} InfoLookup;

static GString *
lookup_info (const char *name, gboolean field, gpointer data)
{
  const InfoLookup *lookup = data;
  PyValue *value = field ? action_info_peek_field (lookup->info, name) : action_info_peek (lookup->info, name);

  if (value != NULL)
    return string_from (value);
  return field ? NULL : lookup_builtin (lookup->task, name);
}

typedef struct
{
  ActionTask *task;
  const char *family;
} FamilyLookup;

static GString *
lookup_family (const char *name, gboolean field, gpointer data)
{
  const FamilyLookup *lookup = data;

  if (!field && g_str_equal (name, "family"))
    return g_string_new (lookup->family);
  return field ? NULL : lookup_builtin (lookup->task, name);
}

ShellCommand *
task_render (ActionTask *task, const GString *text, ActionInfo *info)
{
  InfoLookup lookup = { task, info };

  return tags_replace_dynamic (text->str, text->len, lookup_info, &lookup);
}

GString *
task_dup_operation (ActionTask *task, const char *query, const char *family, GError **error)
{
  const GString *text = action_replace_static (task->action, query, family, error);

  if (text == NULL)
    return NULL;
  if (family == NULL || *family == '\0' || memchr (text->str, '<', text->len) == NULL)
    return g_string_new_len (text->str, (gssize) text->len);

  FamilyLookup lookup = { task, family };
  g_autoptr (ShellCommand) command = tags_replace_dynamic (text->str, text->len, lookup_family, &lookup);
  return g_string_new_len (command->text->str, (gssize) command->text->len);
}

/* --- running --------------------------------------------------------------------------------------------------------- */

static void
on_shell_done (gboolean success, gpointer data)
{
  ActionTask *task = data;

  task->shell = NULL;
  firewall_release (g_steal_pointer (&task->hold));
  task->value = success;
  task_resume (task);
}

static void
on_native_done (gboolean success, gpointer data)
{
  ActionTask *task = data;

  task->job = NULL;
  task->action->in_flight--;
  task->value = success;
  task_resume (task);
}

static FirewallCommand *
parse_native (ActionTask *task, const ShellCommand *command)
{
  if (task_peek_context (task)->firewall == NULL || command->args->len > 0 || !action_wants_native (task->action))
    return NULL;
  return firewall_parse (task_peek_context (task)->firewall, command->text->str, (gssize) command->text->len);
}

static gboolean
has_nul (const ShellCommand *command)
{
  if (memchr (command->text->str, '\0', command->text->len) != NULL)
    return TRUE;
  for (guint i = 0; i < command->args->len; i++)
    {
      const GString *arg = command->args->pdata[i];
      if (memchr (arg->str, '\0', arg->len) != NULL)
        return TRUE;
    }
  return FALSE;
}

static void
run_shell (ActionTask *task, Frame *frame)
{
  g_autoptr (PyValue) timeout = action_get (task->action, "timeout", NULL);
  g_autofree char *timeout_text = py_str (timeout, NULL);

  task->shell = shell_run (g_steal_pointer (&frame->command), action_get_timeout_sec (task->action), timeout_text,
                           task_peek_context (task)->gate, task_peek_log (task), on_shell_done, task);
}

static void
on_held (gpointer data)
{
  ActionTask *task = data;

  run_shell (task, task->top);
}

static void
start_shell (ActionTask *task, Frame *frame)
{
  Firewall *firewall = task_peek_context (task)->firewall;

  if (firewall != NULL && firewall_wants_hold (frame->command->text->str))
    task->hold = firewall_hold (firewall, on_held, task);
  else
    run_shell (task, frame);
  task_suspend (task);
}

enum
{
  COMMAND_BEGIN,
  COMMAND_TRY,
  COMMAND_NATIVE_DONE,
  COMMAND_SHELL,
  COMMAND_SHELL_DONE,
};

/* In the kernel when it is a plain firewall command, else (or when that failed) in a shell. */
void
step_command (ActionTask *task, Frame *frame)
{
  switch (frame->at)
    {
    case COMMAND_BEGIN:
      {
        g_autofree char *shown
            = log_enabled (task_peek_log (task), LOG_LEVEL_DEBUG - 1) ? shell_command_dup_log (frame->command) : NULL;
        if (shown != NULL)
          log_write_text (task_peek_log (task), LOG_LEVEL_DEBUG - 1, "fail2ban.action", __func__, shown,
                          strlen (shown));
      }
      if (frame->command->text->len == 0)
        {
          log_debug (task_peek_log (task), "fail2ban.action", "Nothing to do");
          task_return (task, TRUE);
          return;
        }
      if (has_nul (frame->command))
        {
          task_throw (task, g_error_new_literal (ACTION_ERROR, ACTION_ERROR_VALUE, "embedded null byte"));
          return;
        }
      frame->at = COMMAND_TRY;
      return;

    case COMMAND_TRY:
      {
        g_autoptr (FirewallCommand) native = frame->tries < NATIVE_TRIES ? parse_native (task, frame->command) : NULL;
        if (native == NULL)
          {
            frame->at = COMMAND_SHELL;
            return;
          }
        frame->tries++;
        frame->at = COMMAND_NATIVE_DONE;
        task->action->in_flight++;
        const FirewallTerms terms = { .timeout_usec = (gint64) (action_get_timeout_sec (task->action) * G_USEC_PER_SEC),
                                      .adopts = task->adopts,
                                      .owner = frame->owner };
        task->job = firewall_submit (task_peek_context (task)->firewall, g_steal_pointer (&native), &terms,
                                     on_native_done, task);
        task_suspend (task);
        return;
      }

    case COMMAND_NATIVE_DONE:
      if (task->value)
        {
          shell_log_success (frame->command, task_peek_log (task));
          task_return (task, TRUE);
          return;
        }
      frame->at = task->allowed ? COMMAND_SHELL : COMMAND_TRY;
      task->may_retry = frame->tries < NATIVE_TRIES;
      if (!task->allowed)
        task_wait_for_turn (task);
      return;

    case COMMAND_SHELL:
      /* What follows a failure may tear down and set up again what others are just adding to. */
      if (!task->allowed || task->action->in_flight > 0)
        {
          task_wait_for_turn (task);
          return;
        }
      frame->at = COMMAND_SHELL_DONE;
      start_shell (task, frame);
      return;

    case COMMAND_SHELL_DONE:
      task_return (task, task->value);
      return;

    default:
      g_assert_not_reached ();
    }
}

void
call_command (ActionTask *task, ShellCommand *command)
{
  task_call (task, step_command)->command = command;
}

void
call_text (ActionTask *task, const GString *text)
{
  call_command (task, shell_command_new (text->str, text->len));
}
