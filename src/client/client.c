#include "client/client.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/beautifier.h"
#include "client/client-private.h"
#include "client/server-socket.h"
#include "client/usage.h"
#include "compat/py-float.h"
#include "compat/py-fs.h"
#include "compat/py-repr.h"

#define EXIT_WRONG 255

Client *
client_new (CommandLine *options, int argc, char *const *argv, Log *log)
{
  Client *self = g_new0 (Client, 1);

  self->options = options;
  self->argc = argc;
  self->argv = argv;
  self->log = log;
  self->waiter = waiter_new (log);
  return self;
}

void
client_free (Client *self)
{
  if (self == NULL)
    return;
  waiter_free (self->waiter);
  g_free (self);
}

void
client_print (const PyValue *text)
{
  gsize len;
  g_autofree char *bytes = py_str_dup_surrogateescape (text, &len);

  (void) fwrite (bytes, 1, len, stdout);
  (void) putchar ('\n');
}

/* --- one command and its answer --------------------------------------------------------------------------------------- */

/* Who may not use the socket is told so; else what went wrong. */
static void
log_socket_error (Client *self, const char *message, gboolean message_only)
{
  const char *path = self->options->main.socket;
  g_autofree char *bytes = py_fs_encode (path);

  if (access (bytes, F_OK) != 0)
    log_error (self->log, CLIENT_LOGGER, "Failed to access socket path: %s. Is fail2ban running?", path);
  else if (access (bytes, W_OK) != 0)
    log_error (self->log, CLIENT_LOGGER, "Permission denied to socket: %s, (you must be root)", path);
  else if (message_only)
    log_error (self->log, CLIENT_LOGGER, "%s", message);
  else
    log_error (self->log, CLIENT_LOGGER, "[%s] Unable to contact server. Is it running?", message);
}

static gboolean
is_command (const PyValue *words, const char *command)
{
  return py_seq_length (words) > 0 && py_str_equals (py_seq_peek (words, 0), command);
}

static void
report_error (Client *self, const PyValue *words, gboolean show, const GError *error)
{
  gboolean ping = is_command (words, "ping");
  gboolean verbose = self->options->verbosity > 1;

  if (!show && !verbose)
    return;
  if (!g_error_matches (error, SERVER_SOCKET_ERROR, SERVER_SOCKET_ERROR_IO))
    log_error (self->log, CLIENT_LOGGER, "%s", error->message);
  else if (show || !ping)
    log_socket_error (self, error->message, ping);
  else
    {
      g_autofree char *shown = py_repr (words);
      log_write (self->log, LOG_LEVEL_HEAVYDEBUG, CLIENT_LOGGER, " -- %s failed -- %s", shown, error->message);
    }
}

/* An answer that is no (0, value) or (1, exception): what Python says when it is taken for one. */
static void
report_strange_answer (Client *self, const PyValue *answer, gboolean show)
{
  if (!show && self->options->verbosity <= 1)
    return;
  if (py_value_type (answer) == PY_STR)
    log_error (self->log, CLIENT_LOGGER, "'str' object has no attribute 'args'");
  else if (py_value_is_seq (answer) && py_seq_length (answer) < 2)
    log_error (self->log, CLIENT_LOGGER, "list index out of range");
  else
    log_error (self->log, CLIENT_LOGGER, "unexpected answer of type '%s'", py_value_type_name (answer));
}

/* FALSE: the command failed; *ret_broken: nothing further shall be sent. */
static gboolean
show_answer (Client *self, const PyValue *words, const PyValue *answer, gboolean show, gboolean *ret_broken)
{
  g_autoptr (PyValue) zero = py_int_new (0);
  gboolean pair = py_value_is_seq (answer) && py_seq_length (answer) >= 2;

  if (pair && py_value_equal (py_seq_peek (answer, 0), zero))
    {
      PyValue *value = py_seq_peek (answer, 1);
      if (show || is_command (words, "echo") || is_command (words, "server-status"))
        {
          g_autoptr (PyValue) text = beautify (words, value, self->log);
          client_print (text);
        }
      return TRUE;
    }
  if (!pair || py_value_type (py_seq_peek (answer, 1)) != PY_EXCEPTION)
    {
      report_strange_answer (self, answer, show);
      *ret_broken = TRUE;
      return FALSE;
    }
  const PyValue *exception = py_seq_peek (answer, 1);
  g_autoptr (PyValue) args = py_exception_dup_args (exception);
  g_autofree char *shown = py_repr (args);
  log_error (self->log, CLIENT_LOGGER, "NOK: %s", shown);
  if (show)
    {
      g_autoptr (PyValue) text = beautify_error (exception);
      client_print (text);
    }
  return FALSE;
}

/* A server that has just died resets what is in its backlog; that nobody is there any more says more. */
static void
prefer_refusal (Client *self, GError **error)
{
  g_autoptr (GError) refusal = NULL;
  g_autoptr (ServerSocket) again = NULL;

  if (!g_error_matches (*error, SERVER_SOCKET_ERROR, SERVER_SOCKET_ERROR_IO)
      || strstr ((*error)->message, "[Errno 104]") == NULL)
    return;
  again = server_socket_open (self->options->main.socket, 0.1, self->waiter, &refusal);
  if (again == NULL)
    {
      g_clear_error (error);
      *error = g_steal_pointer (&refusal);
    }
}

/* All of them at once, so that nobody comes between.  NULL: ret_place tells which one could not be sent. */
static ServerSocket *
send_all (Client *self, const PyValue *commands, double timeout_sec, guint *ret_place, GError **error)
{
  g_autoptr (ServerSocket) server = server_socket_open (self->options->main.socket, timeout_sec, self->waiter, error);

  *ret_place = 0;
  for (guint i = 0; server != NULL && i < py_seq_length (commands); i++)
    if (!server_socket_send (server, py_seq_peek (commands, i), error))
      {
        *ret_place = i;
        return NULL;
      }
  return g_steal_pointer (&server);
}

gboolean
client_send (Client *self, const PyValue *commands, gboolean show, double timeout_sec)
{
  g_autoptr (GError) error = NULL;
  guint place;
  g_autoptr (ServerSocket) server = send_all (self, commands, timeout_sec, &place, &error);
  gboolean ok = server != NULL, broken = FALSE;

  if (!ok)
    report_error (self, py_seq_peek (commands, place), show, error);
  for (guint i = 0; server != NULL && i < py_seq_length (commands) && !broken; i++)
    {
      const PyValue *words = py_seq_peek (commands, i);
      g_autoptr (PyValue) answer = server_socket_receive (server, &error);
      if (answer == NULL)
        {
          prefer_refusal (self, &error);
          report_error (self, words, show, error);
          ok = FALSE;
          break;
        }
      ok = show_answer (self, words, answer, show, &broken) && ok;
    }
  (void) fflush (stdout);
  return ok;
}

gboolean
client_ping (Client *self, double timeout_sec)
{
  g_autoptr (PyValue) words = py_list_new_strs ("ping", NULL);

  if (timeout_sec >= 0)
    py_list_append (words, py_float_new (timeout_sec));
  g_autoptr (PyValue) commands = py_list_new_items (g_steal_pointer (&words), NULL);
  return client_send (self, commands, FALSE, timeout_sec);
}

/* --- any command ------------------------------------------------------------------------------------------------------ */

/* "ping SECONDS": the time to wait is the client's affair. */
static gboolean
get_ping_timeout (Client *self, const PyValue *words, double *ret_timeout_sec)
{
  gsize len;
  const char *text = py_str_peek (py_seq_peek (words, 1), &len);

  if (py_float_parse (text, len, ret_timeout_sec))
    return TRUE;
  g_autofree char *shown = py_repr (py_seq_peek (words, 1));
  log_error (self->log, CLIENT_LOGGER, "could not convert string to float: %s", shown);
  return FALSE;
}

static gboolean
send_one (Client *self, const PyValue *words, double timeout_sec)
{
  g_autoptr (PyValue) commands = py_list_new_items (py_value_ref ((PyValue *) words), NULL);

  return client_send (self, commands, TRUE, timeout_sec);
}

gboolean
client_process (Client *self, const PyValue *words)
{
  g_return_val_if_fail (py_value_is_seq (words), FALSE);
  guint n = py_seq_length (words);
  double timeout_sec = -1;

  if (n == 1 && is_command (words, "start"))
    return client_start_server (self);
  if (n == 1 && is_command (words, "restart"))
    return client_restart_server (self);
  if (is_command (words, "restart")) /* of a jail */
    {
      g_autoptr (PyValue) reload = py_list_new_strs ("reload", "--restart", NULL);
      for (guint i = 1; i < n; i++)
        py_list_append (reload, py_value_ref (py_seq_peek (words, i)));
      return client_reload (self, reload);
    }
  if (is_command (words, "reload"))
    return client_reload (self, words);
  if (n > 1 && is_command (words, "ping") && !get_ping_timeout (self, words, &timeout_sec))
    return FALSE;
  return send_one (self, words, timeout_sec); /* no words at all, a blank line of interactive mode, too */
}

int
client_run (Client *self)
{
  const PyValue *words = self->options->args;

  if (!self->options->interactive && py_seq_length (words) == 0)
    {
      usage_print (self->options->program, stdout);
      return EXIT_WRONG;
    }
  if (py_seq_length (words) > 0 && !client_process (self, words))
    return EXIT_WRONG;
  return self->options->interactive ? client_interact (self) : 0;
}
