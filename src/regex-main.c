/* regex-main.c - fail2ban-regex: options and wiring */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "regex/options.h"
#include "regex/regex-run.h"

/* Who reads our output has read enough (head, less): no error. */
static void
on_broken_pipe (int number)
{
  (void) number;
  _exit (0);
}

int
main (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  g_autoptr (Clock) clock = clock_new_settable (g_get_real_time ());
  g_autoptr (Log) log = log_new ();
  g_autoptr (RegexRun) run = NULL;
  int exit_code = 0;

  (void) setlocale (LC_CTYPE, "");
  (void) signal (SIGPIPE, on_broken_pipe);
  if (!options_parse (&options, argc, argv, &exit_code))
    return exit_code;
  run = regex_run_new (&options, clock, log);
  exit_code = regex_run_all (run);
  if (fflush (stdout) != 0 && exit_code == 0)
    exit_code = 1;
  return exit_code;
}
