#include "action/shell.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/child.h"
#include "compat/py-repr.h"
#include "compat/py-value.h"

#define LOGGER "fail2ban.utils"

struct ShellRun
{
  ShellCommand *command;
  double timeout_sec;
  char *timeout_text;
  CommandGate *gate;
  CommandPass *pass;
  Log *log;
  ShellDone done;
  gpointer user_data;
  gboolean question; /* 1 means no */
  Child *child;
  GSource *failure; /* reports from the loop that it could not be started */
};

static void
run_free (ShellRun *self)
{
  if (self->pass != NULL)
    command_gate_leave (self->gate, self->pass);
  if (self->failure != NULL)
    g_source_destroy (self->failure);
  g_clear_pointer (&self->failure, g_source_unref);
  shell_command_free (self->command);
  g_free (self->timeout_text);
  g_free (self);
}

static void
finish (ShellRun *self, gboolean success)
{
  ShellDone done = self->done;
  gpointer user_data = self->user_data;

  run_free (self);
  done (success, user_data);
}

/* --- log lines ------------------------------------------------------------------------------------------------------- */

/* The number before " -- " only ties the lines of one command together. */
#define ID(command) ((unsigned long) GPOINTER_TO_SIZE (command))

static void
log_command (const ShellCommand *command, Log *log, int level)
{
  if (!log_enabled (log, level))
    return;
  g_autofree char *text = shell_command_dup_log (command);
  g_autofree char *line = g_strdup_printf ("%lx -- exec: %s", ID (command), text);
  log_write_text (log, level, LOGGER, __func__, line, strlen (line));
}

static void
log_output_line (const ShellCommand *command, Log *log, int level, const char *stream, const char *line, gsize len)
{
  g_autoptr (GString) out = g_string_new (NULL);
  /* Bytes that are no UTF-8 show as U+FFFD. */
  g_autofree char *valid = g_utf8_make_valid (line, (gssize) len);

  g_string_append_printf (out, "%lx -- %s: ", ID (command), stream);
  if (g_utf8_validate (line, (gssize) len, NULL))
    py_repr_append_str (out, line, (gssize) len);
  else
    py_repr_append_str (out, valid, -1);
  log_write_text (log, level, LOGGER, __func__, out->str, out->len);
}

/* Lines end in \n, \r or \r\n, as Python splits bytes. */
static void
log_output (const ShellCommand *command, Log *log, int level, const char *stream, GBytes *bytes)
{
  gsize size;
  const char *at = g_bytes_get_data (bytes, &size);
  if (size == 0)
    return;

  const char *end = at + size;
  while (at < end)
    {
      const char *stop = at;
      while (stop < end && *stop != '\n' && *stop != '\r')
        stop++;
      log_output_line (command, log, level, stream, at, (gsize) (stop - at));
      at = stop + 1;
      if (stop + 1 < end && stop[0] == '\r' && stop[1] == '\n')
        at++;
    }
}

static void
log_hint (const ShellCommand *command, Log *log, int status)
{
  if (status != 127 || !log_enabled (log, LOG_LEVEL_INFO))
    return;
  g_autofree char *shown = shell_command_dup_log (command);
  g_autofree char *quoted = command->args->len == 0 ? py_repr_str (shown, -1) : g_strdup (shown);
  g_autofree char *hint = g_strconcat (
      "HINT on 127: \"Command not found\".  Make sure that all commands in ", quoted,
      " are in the PATH of fail2ban-server process (grep -a PATH= /proc/`pidof -x fail2ban-server`/environ). "
      "You may want to start \"fail2ban-server -f\" separately, initiate it with \"fail2ban-client reload\" in "
      "another shell session and observe if additional informative error messages appear in the terminals.",
      NULL);
  log_write_text (log, LOG_LEVEL_INFO, LOGGER, __func__, hint, strlen (hint));
}

/* "SIGKILL" */
static char *
dup_signal_name (int number)
{
  const char *name = sigabbrev_np (number);

  return name != NULL ? g_strconcat ("SIG", name, NULL) : g_strdup_printf ("signal %i", number);
}

static void
log_failure (const ShellCommand *command, Log *log, const ChildResult *result)
{
  if (!result->ended)
    log_error (log, LOGGER, "%lx -- unable to kill PID %i", ID (command), result->pid);
  else if (result->status < 0 || result->status > 128) /* dash gives the one, bash the other */
    {
      g_autofree char *name = dup_signal_name (result->status < 0 ? -result->status : result->status - 128);
      log_error (log, LOGGER, "%lx -- killed with %s (return code: %i)", ID (command), name, result->status);
    }
  else
    {
      log_error (log, LOGGER, "%lx -- returned %i", ID (command), result->status);
      log_hint (command, log, result->status);
    }
}

void
shell_log_success (const ShellCommand *command, Log *log)
{
  log_command (command, log, LOG_LEVEL_DEBUG - 1);
  log_debug (log, LOGGER, "%lx -- returned successfully 0", ID (command));
}

/* --- running --------------------------------------------------------------------------------------------------------- */

static void
on_ended (const ChildResult *result, gpointer data)
{
  ShellRun *self = data;
  gboolean success = result->ended && (result->status == 0 || (self->question && result->status == 1));
  int level = success ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR;

  self->child = NULL;
  if (result->timed_out)
    {
      log_command (self->command, self->log, LOG_LEVEL_ERROR);
      log_error (self->log, LOGGER, "%lx -- timed out after %s seconds.", ID (self->command), self->timeout_text);
    }
  else
    log_command (self->command, self->log, success ? LOG_LEVEL_DEBUG - 1 : LOG_LEVEL_ERROR);
  if (log_enabled (self->log, level))
    {
      log_output (self->command, self->log, level, "stdout", result->output);
      log_output (self->command, self->log, level, "stderr", result->errors);
    }
  if (success)
    log_debug (self->log, LOGGER, "%lx -- returned successfully %i", ID (self->command), result->status);
  else
    log_failure (self->command, self->log, result);
  finish (self, success && result->status == 0);
}

static gboolean
on_failed_to_start (gpointer data)
{
  finish (data, FALSE);
  return G_SOURCE_REMOVE;
}

static void
fail_to_start (ShellRun *self, int error_number)
{
  g_autofree char *text = shell_command_dup_log (self->command);

  log_command (self->command, self->log, LOG_LEVEL_ERROR);
  g_autofree char *line
      = g_strdup_printf ("%s -- failed with [Errno %d] %s: '/bin/sh'", text, error_number, g_strerror (error_number));
  log_write_text (self->log, LOG_LEVEL_ERROR, LOGGER, __func__, line, strlen (line));

  self->failure = g_idle_source_new ();
  g_source_set_callback (self->failure, on_failed_to_start, self, NULL);
  g_source_attach (self->failure, NULL);
}

/* Text that stands for bytes which were no UTF-8 becomes these bytes again. */
static char *
to_bytes (const GString *text)
{
  g_autoptr (PyValue) value = py_str_new_len (text->str, (gssize) text->len);

  return py_str_dup_surrogateescape (value, NULL);
}

/* With our modules first, so that `import fail2ban` finds them, and fail2ban-python last, for `#!/usr/bin/env fail2ban-python`. */
static char **
dup_environment (const char *python_folder)
{
  char **variables = g_get_environ ();
  const char *modules = g_environ_getenv (variables, "PYTHONPATH"), *programs = g_environ_getenv (variables, "PATH");
  g_autofree char *python_path = modules != NULL && *modules != '\0' ? g_strconcat (python_folder, ":", modules, NULL)
                                                                     : g_strdup (python_folder);

  variables = g_environ_setenv (variables, "PYTHONPATH", python_path, TRUE);
  if (programs == NULL)
    return variables; /* the shell has a default of its own */
  g_autofree char *path = g_strconcat (programs, ":", python_folder, NULL);
  return g_environ_setenv (variables, "PATH", path, TRUE);
}

static void
start (gpointer data)
{
  ShellRun *self = data;
  g_autoptr (GPtrArray) argv = g_ptr_array_new_with_free_func (g_free);
  int error_number = 0;

  g_ptr_array_add (argv, g_strdup ("/bin/sh"));
  g_ptr_array_add (argv, g_strdup ("-c"));
  g_ptr_array_add (argv, to_bytes (self->command->text));
  for (guint i = 0; i < self->command->args->len; i++)
    g_ptr_array_add (argv, to_bytes (self->command->args->pdata[i]));
  g_ptr_array_add (argv, NULL);

  /* A limit of 0 is one, too: 1.1.2 kills what has not ended at once. */
  double limit_usec = MAX (self->timeout_sec, 0.001) * G_USEC_PER_SEC;
  g_auto (GStrv) environment
      = self->command->python_folder != NULL ? dup_environment (self->command->python_folder) : NULL;
  ChildSpec spec = {
    .argv = (const char *const *) argv->pdata,
    .envp = (const char *const *) environment,
    .timeout_usec = limit_usec < (double) G_MAXINT64 / 4 ? (gint64) limit_usec : 0,
  };
  self->child = child_start (&spec, on_ended, self, &error_number, NULL);
  if (self->child == NULL)
    fail_to_start (self, error_number);
}

ShellRun *
shell_run (ShellCommand *command, double timeout_sec, const char *timeout_text, CommandGate *gate, Log *log,
           ShellDone done, gpointer user_data)
{
  g_return_val_if_fail (command != NULL && done != NULL, NULL);

  ShellRun *self = g_new0 (ShellRun, 1);
  self->command = command;
  self->timeout_sec = timeout_sec;
  self->timeout_text = g_strdup (timeout_text);
  self->gate = gate;
  self->log = log;
  self->done = done;
  self->user_data = user_data;
  if (gate != NULL)
    self->pass = command_gate_enter (gate, start, self);
  else
    start (self);
  return self;
}

void
shell_run_set_question (ShellRun *self)
{
  self->question = TRUE;
}

void
shell_run_cancel (ShellRun *self)
{
  if (self == NULL)
    return;
  child_cancel (self->child);
  run_free (self);
}
