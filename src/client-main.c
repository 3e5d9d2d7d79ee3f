/* fail2ban-client: options and wiring */
#include <getopt.h>
#include <locale.h>
#include <stdlib.h>

#include "base/duration.h"
#include "base/log.h"
#include "compat/py-fs.h"
#include "compat/py-repr.h"
#include "config/config-dump.h"

#define EXIT_WRONG 255

enum
{
  OPTION_LOGLEVEL = 256,
  OPTION_LOGTARGET,
  OPTION_SYSLOGSOCKET,
  OPTION_DUMP_PRETTY,
  OPTION_STR2SEC,
};

typedef struct
{
  char *conf;
  ConfigMain main;
  ConfigDump dump;
  gboolean test;
  int verbosity;
  char *duration; /* of --str2sec */
} Options;

static void
options_clear (Options *options)
{
  config_main_clear (&options->main);
  g_free (options->conf);
  g_free (options->duration);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static void
set_text (char **field, const char *argument)
{
  g_free (*field);
  *field = py_fs_decode (argument);
}

static gboolean
options_set (Options *options, int option, const char *argument)
{
  switch (option)
    {
    case 'c':
      set_text (&options->conf, argument);
      return TRUE;
    case 's':
      set_text (&options->main.socket, argument);
      return TRUE;
    case 'p':
      set_text (&options->main.pidfile, argument);
      return TRUE;
    case OPTION_LOGLEVEL:
      set_text (&options->main.loglevel, argument);
      return TRUE;
    case OPTION_LOGTARGET:
      set_text (&options->main.logtarget, argument);
      return TRUE;
    case OPTION_SYSLOGSOCKET:
      set_text (&options->main.syslogsocket, argument);
      return TRUE;
    case 'd':
      options->dump = CONFIG_DUMP_PLAIN;
      return TRUE;
    case OPTION_DUMP_PRETTY:
      options->dump = CONFIG_DUMP_PRETTY;
      return TRUE;
    case 't':
      options->test = TRUE;
      return TRUE;
    case OPTION_STR2SEC:
      set_text (&options->duration, argument);
      return TRUE;
    case 'v':
      options->verbosity++;
      return TRUE;
    case 'q':
      options->verbosity--;
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
options_parse (Options *options, int argc, char **argv)
{
  static const struct option long_options[] = {
    { "conf", required_argument, NULL, 'c' },
    { "socket", required_argument, NULL, 's' },
    { "pidfile", required_argument, NULL, 'p' },
    { "loglevel", required_argument, NULL, OPTION_LOGLEVEL },
    { "logtarget", required_argument, NULL, OPTION_LOGTARGET },
    { "syslogsocket", required_argument, NULL, OPTION_SYSLOGSOCKET },
    { "dp", no_argument, NULL, OPTION_DUMP_PRETTY },
    { "dump-pretty", no_argument, NULL, OPTION_DUMP_PRETTY },
    { "str2sec", required_argument, NULL, OPTION_STR2SEC },
    { "test", no_argument, NULL, 't' },
    { NULL, 0, NULL, 0 },
  };

  options->conf = g_strdup ("/etc/fail2ban");
  options->verbosity = 1;
  for (int option; (option = getopt_long (argc, argv, "+c:s:p:dtvq", long_options, NULL)) != -1;)
    if (!options_set (options, option, optarg))
      return FALSE;
  return TRUE;
}

static int
print_seconds (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) seconds = duration_parse (text, -1, &error);

  if (seconds == NULL)
    {
      printf ("ERROR: %s\n", error->message);
      return EXIT_WRONG;
    }
  g_autofree char *shown = py_repr (seconds);
  printf ("%s\n", shown);
  return EXIT_SUCCESS;
}

int
main (int argc, char **argv)
{
  g_auto (Options) options = { 0 };
  g_autoptr (Log) log = log_new ();
  g_autoptr (GError) error = NULL;

  (void) setlocale (LC_ALL, "");
  if (!options_parse (&options, argc, argv))
    return EXIT_WRONG;
  if (options.duration != NULL)
    return print_seconds (options.duration);
  log_set_client_stderr (log, options.verbosity);

  g_autoptr (Config) config = config_new (options.conf, log);
  gboolean has_command = optind < argc;
  ConfigRun run = CONFIG_RUN_FAILED;
  if (!config_complete_main (config, &options.main, NULL, &error))
    printf ("ERROR: %s\n", error->message);
  else
    run = config_dump_run (config, &options.main, options.dump, options.test, has_command, stdout);

  switch (run)
    {
    case CONFIG_RUN_OK:
      return EXIT_SUCCESS;
    case CONFIG_RUN_ABORT:
      log_error (log, "fail2ban", "ERROR: test configuration failed");
      return EXIT_WRONG;
    case CONFIG_RUN_FAILED:
      if (!options.test || has_command)
        log_error (log, "fail2ban", "Init of command line failed");
      return EXIT_WRONG;
    case CONFIG_RUN_CONTINUE:
    default:
      return EXIT_WRONG;
    }
}
