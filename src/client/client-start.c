#include "client/client-private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compat/py-fs.h"
#include "compat/py-repr.h"

#define SERVER "fail2ban-server"

/* The pauses between two looks whether the server answers: short at first, since a server is there within milliseconds
 * and whoever talks to it before it is configured is told that his jail does not exist. */
#define FIRST_PAUSE_SEC   0.001
#define EARLY_PAUSE_SEC   0.004
#define EARLY_SEC         1.0
#define LATE_PAUSE_SEC    0.1
#define PING_TIMEOUT_SEC  0.5
#define VISIBLE_AFTER_SEC 1.0

static gboolean
socket_exists (const Client *self)
{
  return py_fs_exists (self->options->main.socket);
}

/* --- waiting ---------------------------------------------------------------------------------------------------------- */

/* With -v somebody who waits sees a mark go to and fro. */
typedef struct
{
  int position, step;
} Heart;

#define HEART_WIDTH 10

static void
heart_beat (Heart *heart)
{
  if (heart->position == 0)
    printf ("\nINFO   [#%*s] Waiting on the server...\r\x1b[8C", HEART_WIDTH, "");
  heart->position += heart->step;
  if (heart->step > 0)
    fputs (heart->position > 1 ? " #\x1b[1D" : "# \x1b[2D", stdout);
  else
    fputs ("\x1b[1D# \x1b[2D", stdout);
  (void) fflush (stdout);
  heart->step = heart->position > HEART_WIDTH ? -1 : heart->position < 2 ? 1 : heart->step;
}

static void
heart_stop (const Heart *heart)
{
  if (heart->position != 0)
    printf ("\r%*s\r", 35 + HEART_WIDTH, "");
  (void) fflush (stdout);
}

/* The process that was to start the server has ended badly: nobody will answer. */
static gboolean
has_failed (GPid *child)
{
  int status;

  if (*child == 0 || waitpid (*child, &status, WNOHANG) != *child)
    return FALSE;
  *child = 0;
  return !WIFEXITED (status) || WEXITSTATUS (status) != 0;
}

gboolean
client_wait (Client *self, gboolean alive, GPid child, GError **error)
{
  gint64 start_usec = g_get_monotonic_time ();
  double pause_sec = FIRST_PAUSE_SEC;
  Heart heart = { .step = 1 };
  gboolean reached;

  for (;;)
    {
      reached = (socket_exists (self) && client_ping (self, PING_TIMEOUT_SEC)) == alive;
      double waited_sec = (double) (g_get_monotonic_time () - start_usec) / G_USEC_PER_SEC;
      if (reached || waited_sec >= self->options->timeout_sec || has_failed (&child))
        break;
      if (waited_sec > VISIBLE_AFTER_SEC && self->options->verbosity > 1)
        heart_beat (&heart);
      pause_sec = MIN (pause_sec * 2, waited_sec > EARLY_SEC ? LATE_PAUSE_SEC : EARLY_PAUSE_SEC);
      waiter_sleep (self->waiter, pause_sec);
    }
  heart_stop (&heart);
  if (!reached)
    g_set_error_literal (error, G_IO_CHANNEL_ERROR, G_IO_CHANNEL_ERROR_FAILED, "Failed to start server");
  return reached;
}

/* --- the two commands that configure a server --------------------------------------------------------------------------- */

/* Reads all or one jail (NULL: all); NULL when the configuration is not valid. */
static PyValue *
read_config (Client *self, const char *jail)
{
  PyValue *stream = NULL;
  ConfigReadFlags flags = (self->options->test ? CONFIG_READ_STRICT : 0)
                          | (self->options->dump != CONFIG_DUMP_NONE ? CONFIG_READ_ALLOW_NO_LOGS : 0);

  if (config_read (self->options->config, jail, &self->options->main, flags, &stream))
    return stream;
  py_value_unref (stream);
  return NULL;
}

PyValue *
client_prepare_start (Client *self)
{
  if (client_ping (self, 0.1))
    {
      log_error (self->log, CLIENT_LOGGER, "Server already running");
      return NULL;
    }
  g_autoptr (PyValue) stream = read_config (self, NULL);
  if (stream == NULL)
    return NULL;
  if (!self->options->force && socket_exists (self))
    {
      log_error (self->log, CLIENT_LOGGER,
                 "Fail2ban seems to be in unexpected state (not running but the socket exists)");
      return NULL;
    }
  PyValue *configure = py_list_new_items (py_str_new ("server-stream"), g_steal_pointer (&stream), NULL);
  return py_list_new_items (configure, py_list_new_strs ("server-status", NULL), NULL);
}

gboolean
client_configure_server (Client *self, const PyValue *commands, GPid child)
{
  g_autoptr (GError) error = NULL;

  if (client_wait (self, TRUE, child, &error))
    return client_send (self, commands, FALSE, -1);
  log_error (self->log, CLIENT_LOGGER,
             "Could not start server. Maybe an old socket file is still present. Try to remove %s. If you used "
             "fail2ban-client to start the server, adding the -x option will do it",
             self->options->main.socket);
  return FALSE;
}

/* --- starting ----------------------------------------------------------------------------------------------------------- */

/* The server that belongs to this client: the one in the same folder. */
static char *
dup_server_path (const Client *self)
{
  g_autofree char *self_path = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = g_path_get_dirname (self_path != NULL ? self_path : self->argv[0]);

  return g_build_filename (folder, SERVER, NULL);
}

static void
add_arg (GPtrArray *args, const char *option, const char *text)
{
  g_ptr_array_add (args, g_strdup (option));
  if (text != NULL)
    g_ptr_array_add (args, py_fs_encode (text));
}

/* background: configured by us; else it reads the configuration itself. */
static GPtrArray *
dup_server_args (const Client *self, gboolean background)
{
  const CommandLine *o = self->options;
  GPtrArray *args = g_ptr_array_new_with_free_func (g_free);

  add_arg (args, SERVER, NULL);
  if (background)
    add_arg (args, "--async", NULL);
  else
    add_arg (args, "-c", o->conf);
  add_arg (args, background ? "-b" : "-f", NULL);
  add_arg (args, "-s", o->main.socket);
  add_arg (args, "-p", o->main.pidfile);
  if (o->force)
    add_arg (args, "-x", NULL);
  for (int i = 1; i < o->verbosity; i++)
    add_arg (args, "-v", NULL);
  if (o->pname != NULL)
    add_arg (args, "--pname", o->pname);
  add_arg (args, "--loglevel", o->main.loglevel);
  add_arg (args, "--logtarget", o->main.logtarget);
  add_arg (args, "--syslogsocket", o->main.syslogsocket);
  g_ptr_array_add (args, NULL);
  return args;
}

/* Replaces this process by the server; gives control back only when there is none. */
static void
execute_server (Client *self, GPtrArray *args)
{
  g_autofree char *path = dup_server_path (self);

  (void) fflush (stdout);
  g_clear_pointer (&self->waiter, waiter_free); /* the server wants its signals */
  (void) execv (path, (char *const *) args->pdata);
  log_warning (self->log, CLIENT_LOGGER,
               "Initial start attempt failed ([Errno %d] %s). Starting '%s' with the same args", errno,
               g_strerror (errno), SERVER);
  (void) execvp (SERVER, (char *const *) args->pdata);
  log_error (self->log, CLIENT_LOGGER, "Exception while starting server: [Errno %d] %s", errno, g_strerror (errno));
  self->waiter = waiter_new (self->log);
}

/* A child that becomes the server's starter: it ends when the daemon has been sent off.  0: no child could be made. */
static GPid
spawn_server (Client *self)
{
  g_autoptr (GPtrArray) args = dup_server_args (self, TRUE);

  (void) fflush (stdout);
  GPid child = fork ();
  if (child < 0)
    log_error (self->log, CLIENT_LOGGER, "Exception while starting server background: %s", g_strerror (errno));
  if (child != 0)
    return MAX (child, 0);
  execute_server (self, args);
  _exit (255);
}

gboolean
client_start_server (Client *self)
{
  g_autoptr (PyValue) commands = client_prepare_start (self);

  if (commands == NULL)
    return FALSE;
  if (!self->options->background)
    {
      g_autoptr (GPtrArray) args = dup_server_args (self, FALSE);
      execute_server (self, args);
      return FALSE;
    }
  GPid child = spawn_server (self);
  return child != 0 && client_configure_server (self, commands, child);
}

/* In interactive mode the steps are shown, since they take a while. */
static void
show_step (const Client *self, const char *step)
{
  if (self->options->interactive)
    printf ("  ## %s ... \n", step);
}

/* The options are read again, with what is in fail2ban.conf now. */
static gboolean
reset_options (Client *self)
{
  gboolean interactive = self->options->interactive;

  command_line_clear (self->options);
  CommandLineResult result = command_line_init (self->options, self->argc, self->argv, self->log, FALSE, TRUE);
  self->options->interactive = interactive;
  return result == COMMAND_LINE_CONTINUE;
}

gboolean
client_restart_server (Client *self)
{
  g_autoptr (PyValue) stop = py_list_new_strs ("stop", NULL);
  g_autoptr (GError) error = NULL;

  show_step (self, "stop");
  (void) client_process (self, stop);
  if (!client_wait (self, FALSE, 0, &error))
    {
      log_error (self->log, CLIENT_LOGGER, "%s", error->message);
      return FALSE;
    }
  show_step (self, "load configuration");
  if (self->options->interactive && !reset_options (self))
    return FALSE;
  show_step (self, "start");
  return client_start_server (self);
}

/* --- reload --------------------------------------------------------------------------------------------------------------- */

/* "reload [--restart] [--unban] [--if-exists] [--all | JAIL]"; *ret_target stays NULL for all. */
static gboolean
parse_reload (Client *self, const PyValue *words, PyValue *options, PyValue **ret_target)
{
  guint at = 1, n = py_seq_length (words);

  for (; at < n; at++)
    {
      PyValue *word = py_seq_peek (words, at);
      if (!py_str_equals (word, "--restart") && !py_str_equals (word, "--unban")
          && !py_str_equals (word, "--if-exists"))
        break;
      py_list_append (options, py_value_ref (word));
    }
  if (n - at > 1)
    {
      g_autoptr (PyValue) rest = py_list_new ();
      for (; at < n; at++)
        py_list_append (rest, py_value_ref (py_seq_peek (words, at)));
      g_autofree char *shown = py_repr (rest);
      log_error (self->log, CLIENT_LOGGER, "Unexpected argument(s) for reload: %s", shown);
      return FALSE;
    }
  if (at < n && !py_str_equals (py_seq_peek (words, at), "--all"))
    *ret_target = py_seq_peek (words, at);
  return TRUE;
}

gboolean
client_reload (Client *self, const PyValue *words)
{
  g_autoptr (PyValue) options = py_list_new ();
  PyValue *target = NULL;

  if (!parse_reload (self, words, options, &target))
    return FALSE;
  if (!client_ping (self, -1))
    {
      log_error (self->log, CLIENT_LOGGER, "Could not find server");
      return FALSE;
    }
  g_autoptr (PyValue) stream = read_config (self, target != NULL ? py_str_peek (target, NULL) : NULL);
  if (stream == NULL)
    return FALSE;
  show_step (self, "reload");
  PyValue *reload
      = py_list_new_items (py_str_new ("reload"), target != NULL ? py_value_ref (target) : py_str_new ("--all"),
                           g_steal_pointer (&options), g_steal_pointer (&stream), NULL);
  g_autoptr (PyValue) commands = py_list_new_items (reload, NULL);
  return client_send (self, commands, TRUE, -1);
}
