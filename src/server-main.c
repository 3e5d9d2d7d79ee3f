/* fail2ban-server: options and wiring
 *
 * Started by fail2ban-client (--async) it only serves; started by hand it also is the client that reads the configuration and
 * sends it to the server: in the background the process that stays, in the foreground a child.  With a command it is
 * fail2ban-client.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/client.h"
#include "client/command-line.h"
#include "compat/py-fs.h"
#include "control/daemon.h"

#define EXIT_WRONG 255

static gboolean
is_for_client (const CommandLine *options)
{
  const PyValue *args = options->args;

  if (options->interactive)
    return TRUE;
  return py_seq_length (args) > 1 || (py_seq_length (args) == 1 && !py_str_equals (py_seq_peek (args, 0), "start"));
}

/* configurator: the child that sends the configuration; 0: somebody else does. */
static int
serve (const CommandLine *options, GPid configurator)
{
  g_autofree char *socket = py_fs_encode (options->main.socket), *pidfile = py_fs_encode (options->main.pidfile);
  g_autofree char *target = py_fs_encode (options->main.logtarget);
  g_autofree char *syslog_socket = py_fs_encode (options->main.syslogsocket);
  DaemonOptions daemon = { .socket = socket,
                           .pidfile = pidfile,
                           .log_level = options->main.loglevel,
                           .log_target = target,
                           .syslog_socket = syslog_socket,
                           .process_name = options->pname,
                           .force = options->force,
                           .verbosity = options->verbosity,
                           .configurator = configurator };

  if (options->background)
    {
      if (!daemon_detach ())
        return EXIT_SUCCESS;
      daemon.detached = TRUE;
    }
  return daemon_run (&daemon);
}

/* Reads the configuration, lets the server go, and sends it its commands.  server: whose failure ends the waiting, 0: ours. */
static gboolean
configure (CommandLine *options, int argc, char *const *argv, Log *log, int go_fd, GPid server)
{
  g_autoptr (Client) client = client_new (options, argc, argv, log);
  g_autoptr (PyValue) commands = client_prepare_start (client);

  if (commands == NULL)
    {
      log_error (log, "fail2ban", "Async configuration of server failed");
      return FALSE;
    }
  if (write (go_fd, "", 1) != 1)
    return FALSE;
  (void) close (go_fd);
  return client_configure_server (client, commands, server);
}

/* FALSE: the configurator has ended without it. */
static gboolean
wait_for_go (int fd)
{
  char byte;
  ssize_t got;

  do
    got = read (fd, &byte, 1);
  while (got < 0 && errno == EINTR);
  (void) close (fd);
  return got == 1;
}

/* Two processes: in the background the child is the server and detaches itself, in the foreground it configures.  They part
 * before the configuration is read, so that what this leaves on the heap is none of the server's memory. */
static int
start_by_hand (CommandLine *options, int argc, char *const *argv, Log *log)
{
  int go[2];
  GPid child = 0;

  if (!g_unix_open_pipe (go, FD_CLOEXEC, NULL) || (child = fork ()) < 0)
    {
      g_printerr ("Could not start fail2ban-server\n");
      return EXIT_WRONG;
    }
  gboolean configures = options->background ? child > 0 : child == 0;
  (void) close (go[configures ? 0 : 1]);
  if (configures)
    return configure (options, argc, argv, log, go[1], child) ? EXIT_SUCCESS : EXIT_WRONG;
  if (!wait_for_go (go[0]))
    return EXIT_WRONG;
  return serve (options, child);
}

int
main (int argc, char **argv)
{
  g_auto (CommandLine) options = { 0 };
  g_autoptr (Log) log = log_new ();
  g_autoptr (Client) client = NULL;

  (void) setlocale (LC_CTYPE, "");
  switch (command_line_init (&options, argc, argv, log, TRUE, FALSE))
    {
    case COMMAND_LINE_DONE:
      return EXIT_SUCCESS;
    case COMMAND_LINE_FAILED:
      return EXIT_WRONG;
    case COMMAND_LINE_CONTINUE:
    default:
      break;
    }
  if (is_for_client (&options))
    {
      client = client_new (&options, argc, argv, log);
      return client_run (client);
    }
  if (options.async)
    return serve (&options, 0);
  return start_by_hand (&options, argc, argv, log);
}
