#include "control/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/version.h"
#include "compat/py-repr.h"
#include "control/listener.h"
#include "control/server.h"

#define LOGGER_SERVER "fail2ban.server"
#define EXIT_WRONG    255
/* How long clients have to take the last answers. */
#define DRAIN_MSEC    5000
/* How long who asks for jails waits for those of the configuration. */
#define EARLY_MSEC    5000

/* --- detaching -------------------------------------------------------------------------------------------------------------- */

static void
close_all (void)
{
  int null;

  if (close_range (0, ~0U, 0) != 0)
    for (int fd = (int) sysconf (_SC_OPEN_MAX); fd >= 0; fd--)
      (void) close (fd);
  null = open ("/dev/null", O_RDWR);
  if (null == 0)
    {
      (void) dup2 (null, 1);
      (void) dup2 (null, 2);
    }
}

gboolean
daemon_detach (void)
{
  pid_t pid;

  (void) signal (SIGHUP, SIG_IGN); /* the end of the session's leader sends one to all in it */
  pid = fork ();
  if (pid < 0)
    {
      g_printerr ("Could not create daemon: %s\n", g_strerror (errno));
      exit (EXIT_WRONG);
    }
  if (pid > 0)
    return FALSE;
  (void) setsid ();
  pid = fork ();
  if (pid != 0)
    _exit (pid < 0 ? EXIT_WRONG : 0); /* the second child is no leader and never gets a terminal */
  (void) chdir ("/");
  close_all ();
  return TRUE;
}

/* --- running ------------------------------------------------------------------------------------------------------------------ */

typedef struct
{
  const DaemonOptions *options;
  Log *log;
  Server *server;
  Listener *listener;
  GMainLoop *loop;
  gboolean configuring; /* the configurator has not ended yet */
  GQueue early;         /* of Early: what others asked before it sent the configuration */
  GSource *early_limit; /* NULL: nothing waits for it any more */
  int status;
} Daemon;

/* A request of that time.  NULL: the configuration itself. */
typedef struct
{
  Daemon *daemon;
  PyValue *request;
  Reply *reply;
} Early;

static void
on_reply (PyValue *reply, gpointer user_data)
{
  reply_send (user_data, py_value_ref (reply));
}

/* --- while it is configured: who asks what the jails are is answered when they are there ------------------------------------------ */
static void
run_early (Daemon *self)
{
  Early *early;

  if (self->early_limit == NULL)
    return;
  g_source_destroy (self->early_limit);
  g_clear_pointer (&self->early_limit, g_source_unref);
  while ((early = g_queue_pop_head (&self->early)) != NULL)
    {
      server_request (self->server, early->request, on_reply, early->reply);
      py_value_unref (early->request);
      g_free (early);
    }
}

static gboolean
on_early_limit (gpointer user_data)
{
  run_early (user_data);
  return G_SOURCE_REMOVE;
}

static Early *
early_new (Daemon *self, PyValue *request, Reply *reply)
{
  Early *early = g_new0 (Early, 1);

  *early = (Early){ .daemon = self, .request = request != NULL ? py_value_ref (request) : NULL, .reply = reply };
  return early;
}

static gboolean
is_command (PyValue *request, const char *name)
{
  return py_value_is_seq (request) && py_seq_length (request) > 0 && py_str_equals (py_seq_peek (request, 0), name);
}

static void
on_configured (PyValue *reply, gpointer user_data)
{
  Early *stream = user_data;
  Daemon *self = stream->daemon;

  reply_send (stream->reply, py_value_ref (reply));
  g_free (stream);
  run_early (self);
}

static void
on_request (PyValue *request, Reply *reply, gpointer user_data)
{
  Daemon *self = user_data;

  if (self->early_limit == NULL || is_command (request, "ping"))
    server_request (self->server, request, on_reply, reply);
  else if (is_command (request, "server-stream"))
    server_request (self->server, request, on_configured, early_new (self, NULL, reply));
  else
    g_queue_push_tail (&self->early, early_new (self, request, reply));
}

static void
on_quit (gpointer user_data)
{
  Daemon *self = user_data;

  listener_stop (self->listener);
}

static void
on_drained (gpointer user_data)
{
  Daemon *self = user_data;

  g_main_loop_quit (self->loop);
}

/* The last one to hear of the end: the answer to `stop` is on its way when this is called. */
static gboolean
on_ended (gpointer user_data)
{
  Daemon *self = user_data;

  listener_drain (self->listener, DRAIN_MSEC, on_drained, self);
  return G_SOURCE_REMOVE;
}

static void
on_server_ended (PyValue *failure, gpointer user_data)
{
  g_idle_add (on_ended, user_data);
}

static gboolean
on_end_signal (gpointer user_data)
{
  Daemon *self = user_data;

  log_debug (self->log, LOGGER_SERVER, "Caught signal. Exiting");
  if (!server_is_quitting (self->server))
    server_quit (self->server, NULL, NULL);
  run_early (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_flush_signal (gpointer user_data)
{
  Daemon *self = user_data;

  log_debug (self->log, LOGGER_SERVER, "Caught signal %d. Flushing logs", SIGUSR1);
  (void) server_flush_logs (self->server);
  return G_SOURCE_CONTINUE;
}

static void
on_configurator_ended (GPid pid, int wait_status, gpointer user_data)
{
  Daemon *self = user_data;

  self->configuring = FALSE;
  run_early (self);
  if (g_spawn_check_wait_status (wait_status, NULL) || server_is_quitting (self->server))
    return;
  self->status = EXIT_WRONG;
  server_quit (self->server, NULL, NULL);
}

static void
watch_configurator (Daemon *self)
{
  g_autoptr (GSource) source = NULL;

  if (self->options->configurator == 0)
    return;
  self->configuring = TRUE;
  self->early_limit = g_timeout_source_new (EARLY_MSEC);
  g_source_set_callback (self->early_limit, on_early_limit, self, NULL);
  g_source_attach (self->early_limit, NULL);
  source = g_child_watch_source_new (self->options->configurator);
  g_source_set_callback (source, G_SOURCE_FUNC (on_configurator_ended), self, NULL);
  g_source_attach (source, NULL);
}

/* It may just be about to say "Server ready"; if not, it waits for a server that will not come, and has nothing to tidy. */
static void
end_configurator (GPid configurator)
{
  for (guint msec = 0; msec < 500; msec += 5)
    {
      if (waitpid (configurator, NULL, WNOHANG) != 0)
        return;
      g_usleep (5000);
    }
  (void) kill (configurator, SIGKILL);
}

/* As Python shows it: "[Errno 2] No such file or directory: '/x'". */
static char *
dup_error_text (const GError *error)
{
  g_autoptr (PyValue) exception = jail_error_to_exception (error);

  return py_str (exception, NULL);
}

static gboolean
try_write_pid_file (const char *path, GError **error)
{
  g_autofree char *text = g_strdup_printf ("%d\n", (int) getpid ());
  FILE *file;

  if (!server_make_folder_of (path, error))
    return FALSE;
  file = fopen (path, "we");
  if (file != NULL && fputs (text, file) >= 0 && fclose (file) == 0)
    return TRUE;
  jail_set_os_error (error, errno, path);
  return FALSE;
}

static void
write_pid_file (Daemon *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (try_write_pid_file (self->options->pidfile, &error))
    return;
  text = dup_error_text (error);
  log_error (self->log, LOGGER_SERVER, "Unable to create PID file: %s", text);
}

static void
remove_pid_file (Daemon *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (unlink (self->options->pidfile) == 0)
    return;
  jail_set_os_error (&error, errno, self->options->pidfile);
  text = dup_error_text (error);
  log_error (self->log, LOGGER_SERVER, "Unable to remove PID file: %s", text);
}

static void
open_log (Daemon *self)
{
  const DaemonOptions *options = self->options;
  g_autoptr (GError) error = NULL;

  if (!options->detached)
    log_set_client_stderr (self->log, options->verbosity); /* until there is a target, and if there will be none */
  log_set_verbosity (self->log, options->verbosity);
  (void) log_set_syslog_socket (self->log, options->syslog_socket != NULL ? options->syslog_socket : "auto", NULL);
  if (!server_set_log_level (self->server, options->log_level != NULL ? options->log_level : "INFO", &error))
    g_clear_error (&error); /* whoever started us has looked at it; the default stays */
  if (!server_set_log_target (self->server, options->log_target != NULL ? options->log_target : "STDOUT", &error))
    g_clear_error (&error);
  log_info (self->log, LOGGER_SERVER, "--------------------------------------------------");
  log_info (self->log, LOGGER_SERVER, "Starting Fail2ban v%s", FAIL2BAN_VERSION);
  if (options->detached)
    log_info (self->log, LOGGER_SERVER, "Daemon started");
}

static gboolean
open_socket (Daemon *self, GError **error)
{
  const DaemonOptions *options = self->options;
  int inherited = listener_take_inherited_fd ();
  g_autofree char *repr = py_repr_str (options->socket, -1);

  if (inherited >= 0)
    {
      log_info (self->log, LOGGER_SERVER, "Using socket activation, inherited socket %s", repr);
      return listener_start_inherited (self->listener, inherited, error);
    }
  return server_make_folder_of (options->socket, error)
         && listener_start (self->listener, options->socket, options->force, error);
}

static void
add_signal (int number, GSourceFunc func, Daemon *self)
{
  g_autoptr (GSource) source = g_unix_signal_source_new (number);

  g_source_set_callback (source, func, self, NULL);
  g_source_attach (source, NULL);
}

int
daemon_run (const DaemonOptions *options)
{
  g_autoptr (Clock) clock = clock_new_system ();
  g_autoptr (Log) log = log_new ();
  g_autoptr (GError) error = NULL;
  Daemon self = { .options = options, .log = log };

  (void) umask (077);
  (void) signal (SIGPIPE, SIG_IGN);
  (void) prctl (PR_SET_NAME, options->process_name != NULL ? options->process_name : "fail2ban-server");
  self.loop = g_main_loop_new (NULL, FALSE);
  self.server = server_new (clock, log);
  self.listener = listener_new (NULL, log, on_request, &self);
  server_set_quit_func (self.server, on_quit, on_server_ended, &self);
  open_log (&self);
  add_signal (SIGTERM, on_end_signal, &self);
  add_signal (SIGINT, on_end_signal, &self);
  add_signal (SIGUSR1, on_flush_signal, &self);
  watch_configurator (&self);
  write_pid_file (&self);
  server_begin (self.server);
  if (!open_socket (&self, &error))
    {
      g_autofree char *text = dup_error_text (error);

      if (error->domain == LISTENER_ERROR)
        log_error (log, LOGGER_SERVER, "Could not start server: %s", text);
      else
        log_error (log, "fail2ban", "%s", text);
      server_quit (self.server, NULL, NULL);
      self.status = EXIT_WRONG;
    }
  g_main_loop_run (self.loop);

  remove_pid_file (&self);
  listener_free (self.listener);
  server_free (self.server);
  g_main_loop_unref (self.loop);
  if (self.configuring)
    end_configurator (options->configurator);
  return self.status;
}
