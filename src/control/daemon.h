/* daemon.h - fail2ban-server as a process: detaching, log, pid file, socket, signals, the loop, the exit status
 *
 * SIGTERM and SIGINT end the server in order, SIGUSR1 opens the log anew, SIGHUP is ignored once detached.
 * Must not: read the configuration: a client sends it over the socket.
 *
 * With a configurator, requests of others but `ping` wait until it has sent the configuration (EARLY_MSEC at most).
 *
 * umask is 077 from here on, so socket, pid file, log and database belong to their owner alone.
 */
#pragma once
#include <glib.h>

typedef struct
{
  const char *socket;
  const char *pidfile;
  const char *log_level;     /* NULL: INFO */
  const char *log_target;    /* NULL: STDOUT */
  const char *syslog_socket; /* NULL: auto */
  const char *process_name;  /* NULL: fail2ban-server */
  gboolean force;            /* an existing socket file is removed */
  gboolean detached;         /* daemon_detach was called */
  int verbosity;             /* -v counted, 1 without */
  GPid configurator;         /* a child that sends the configuration: when it fails, the server ends; 0: none */
} DaemonOptions;

/* Leaves terminal, session, directory and descriptors of who started us.  FALSE in the process that stays behind; it may exit or
 * wait for the socket.  Ends the program when there are no processes to be had. */
gboolean daemon_detach (void);

/* Runs until the end; returns the exit status: 0, or 255 when the socket could not be had. */
int daemon_run (const DaemonOptions *options);
