/* fail2ban-server: options and wiring
 *
 * Started by fail2ban-client (--async) it only serves; started by hand it also is the client that reads the configuration and
 * sends it to the server: in the background the process that stays, in the foreground a child.  With a command it is
 * fail2ban-client.
 */
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

/* The server is a child that detaches itself, we configure it. */
static int
start_in_background (const CommandLine *options, Client *client, const PyValue *commands)
{
  GPid child = fork ();

  if (child < 0)
    {
      g_printerr ("Could not start fail2ban-server\n");
      return EXIT_WRONG;
    }
  if (child > 0)
    return client_configure_server (client, commands, child) ? EXIT_SUCCESS : EXIT_WRONG;
  client_free (client); /* it watches signals that are the server's now */
  _exit (serve (options, 0));
}

/* The server is this process, a child configures it. */
static int
start_in_foreground (const CommandLine *options, Client *client, const PyValue *commands)
{
  GPid child = fork ();

  if (child < 0)
    {
      g_printerr ("Could not start fail2ban-server\n");
      return EXIT_WRONG;
    }
  if (child == 0)
    exit (client_configure_server (client, commands, 0) ? EXIT_SUCCESS : EXIT_WRONG);
  client_free (client);
  return serve (options, child);
}

static int
start_by_hand (CommandLine *options, int argc, char *const *argv, Log *log)
{
  Client *client = client_new (options, argc, argv, log);
  g_autoptr (PyValue) commands = client_prepare_start (client);
  int status;

  if (commands == NULL)
    {
      log_error (log, "fail2ban", "Async configuration of server failed");
      client_free (client);
      return EXIT_WRONG;
    }
  if (!options->background)
    return start_in_foreground (options, client, commands);
  status = start_in_background (options, client, commands);
  client_free (client);
  return status;
}

int
main (int argc, char **argv)
{
  g_auto (CommandLine) options = { 0 };
  g_autoptr (Log) log = log_new ();
  g_autoptr (Client) client = NULL;

  (void) setlocale (LC_ALL, "");
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
