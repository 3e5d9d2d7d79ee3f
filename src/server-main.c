/* fail2ban-server: options and wiring */
#include <getopt.h>
#include <locale.h>
#include <stdlib.h>

#include "control/daemon.h"

int
main (int argc, char **argv)
{
  static const struct option long_options[] = {
    { "async", no_argument, NULL, 'A' },          { "loglevel", required_argument, NULL, 'L' },
    { "logtarget", required_argument, NULL, 'T' }, { "syslogsocket", required_argument, NULL, 'S' },
    { "pidfile", required_argument, NULL, 'p' },   { "socket", required_argument, NULL, 's' },
    { "pname", required_argument, NULL, 'N' },     { NULL, 0, NULL, 0 },
  };
  DaemonOptions options = { .verbosity = 1 };
  gboolean background = TRUE;
  int option;

  (void) setlocale (LC_ALL, "");
  while ((option = getopt_long (argc, argv, "hc:s:p:xfbdtviqV", long_options, NULL)) != -1)
    switch (option)
      {
      case 's':
        options.socket = optarg;
        break;
      case 'p':
        options.pidfile = optarg;
        break;
      case 'L':
        options.log_level = optarg;
        break;
      case 'T':
        options.log_target = optarg;
        break;
      case 'S':
        options.syslog_socket = optarg;
        break;
      case 'N':
        options.process_name = optarg;
        break;
      case 'x':
        options.force = TRUE;
        break;
      case 'f':
        background = FALSE;
        break;
      case 'v':
        options.verbosity++;
        break;
      default:
        break;
      }
  if (background)
    {
      if (!daemon_detach ())
        return 0;
      options.detached = TRUE;
    }
  return daemon_run (&options);
}
