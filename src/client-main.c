/* fail2ban-client: options and wiring */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/client.h"
#include "client/command-line.h"

#define EXIT_WRONG 255

static int
run (CommandLine *options, int argc, char **argv, Log *log)
{
  g_autoptr (Client) client = NULL;

  switch (command_line_init (options, argc, argv, log, TRUE, TRUE))
    {
    case COMMAND_LINE_DONE:
      return EXIT_SUCCESS;
    case COMMAND_LINE_FAILED:
      return EXIT_WRONG;
    case COMMAND_LINE_CONTINUE:
    default:
      client = client_new (options, argc, argv, log);
      return client_run (client);
    }
}

int
main (int argc, char **argv)
{
  g_auto (CommandLine) options = { 0 };
  g_autoptr (Log) log = log_new ();

  (void) setlocale (LC_CTYPE, "");
  int code = run (&options, argc, argv, log);
  (void) fflush (stdout); /* before the last message, also where both streams go to one file */
  log_debug (log, "fail2ban", "Exit with code %d", code);
  exit (code); /* not return: to free a large configuration takes longer than to leave it to the kernel */
}
