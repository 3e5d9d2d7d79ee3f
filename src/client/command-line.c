#include "client/command-line.h"

#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/version.h"
#include "client/usage.h"
#include "compat/py-fs.h"
#include "compat/py-repr.h"

#define LOGGER "fail2ban"

typedef enum
{
  OPTION_HELP,
  OPTION_CONF,
  OPTION_SOCKET,
  OPTION_PIDFILE,
  OPTION_PNAME,
  OPTION_LOGLEVEL,
  OPTION_LOGTARGET,
  OPTION_SYSLOGSOCKET,
  OPTION_DUMP,
  OPTION_DUMP_PRETTY,
  OPTION_TEST,
  OPTION_INTERACTIVE,
  OPTION_VERBOSE,
  OPTION_QUIET,
  OPTION_FORCE,
  OPTION_BACKGROUND,
  OPTION_FOREGROUND,
  OPTION_ASYNC,
  OPTION_TIMEOUT,
  OPTION_STR2SEC,
  OPTION_SHORT_VERSION,
  OPTION_VERSION,
} OptionId;

static const struct
{
  char letter;
  const char *name;
  gboolean has_value;
  OptionId id;
} known[] = {
  { '\0', "async", FALSE, OPTION_ASYNC },
  { 'b', NULL, FALSE, OPTION_BACKGROUND },
  { 'c', "conf", TRUE, OPTION_CONF },
  { 'd', NULL, FALSE, OPTION_DUMP },
  { '\0', "dp", FALSE, OPTION_DUMP_PRETTY },
  { '\0', "dump-pretty", FALSE, OPTION_DUMP_PRETTY },
  { 'f', NULL, FALSE, OPTION_FOREGROUND },
  { 'h', "help", FALSE, OPTION_HELP },
  { 'i', NULL, FALSE, OPTION_INTERACTIVE },
  { '\0', "loglevel", TRUE, OPTION_LOGLEVEL },
  { '\0', "logtarget", TRUE, OPTION_LOGTARGET },
  { 'p', "pidfile", TRUE, OPTION_PIDFILE },
  { '\0', "pname", TRUE, OPTION_PNAME },
  { 'q', NULL, FALSE, OPTION_QUIET },
  { 's', "socket", TRUE, OPTION_SOCKET },
  { '\0', "str2sec", TRUE, OPTION_STR2SEC },
  { '\0', "syslogsocket", TRUE, OPTION_SYSLOGSOCKET },
  { 't', "test", FALSE, OPTION_TEST },
  { '\0', "timeout", TRUE, OPTION_TIMEOUT },
  { 'v', NULL, FALSE, OPTION_VERBOSE },
  { 'V', NULL, FALSE, OPTION_SHORT_VERSION },
  { '\0', "version", FALSE, OPTION_VERSION },
  { 'x', NULL, FALSE, OPTION_FORCE },
};

/* One option as it was given; the value belongs to argv. */
typedef struct
{
  OptionId id;
  const char *value;
} Given;

/* --- words to options ------------------------------------------------------------------------------------------------ */

/* The place in known of a long name or an unambiguous beginning of one, or -1. */
static gint
find_long (const char *name, gsize len)
{
  gint found = -1;

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      if (known[i].name == NULL || strncmp (known[i].name, name, len) != 0)
        continue;
      if (known[i].name[len] == '\0')
        return (gint) i;
      if (found >= 0)
        return -1;
      found = (gint) i;
    }
  return found;
}

/* argv[*at] is "--name" or "--name=value"; moves *at when the value is the next word. */
static gboolean
parse_long (char *const *argv, int argc, int *at, GArray *given)
{
  const char *name = argv[*at] + 2;
  const char *equals = strchr (name, '=');
  gint place = find_long (name, equals != NULL ? (gsize) (equals - name) : strlen (name));

  if (place < 0 || (equals != NULL && !known[place].has_value))
    return FALSE;
  Given option = { known[place].id, equals != NULL ? equals + 1 : NULL };
  if (known[place].has_value && equals == NULL)
    {
      if (*at + 1 >= argc)
        return FALSE;
      option.value = argv[++*at];
    }
  g_array_append_val (given, option);
  return TRUE;
}

/* argv[*at] is "-abc": letters, the last with a value perhaps. */
static gboolean
parse_short (char *const *argv, int argc, int *at, GArray *given)
{
  for (const char *letter = argv[*at] + 1; *letter != '\0'; letter++)
    {
      guint i = 0;
      while (i < G_N_ELEMENTS (known) && known[i].letter != *letter)
        i++;
      if (i == G_N_ELEMENTS (known))
        return FALSE;
      Given option = { known[i].id, NULL };
      if (known[i].has_value)
        {
          if (letter[1] == '\0' && *at + 1 >= argc)
            return FALSE;
          option.value = letter[1] != '\0' ? letter + 1 : argv[++*at];
        }
      g_array_append_val (given, option);
      if (known[i].has_value)
        break;
    }
  return TRUE;
}

/* All options; *ret_rest is the first word behind them. */
static gboolean
parse_words (char *const *argv, int argc, GArray *given, int *ret_rest)
{
  int at = 1;

  for (; at < argc && argv[at][0] == '-' && argv[at][1] != '\0'; at++)
    {
      if (g_str_equal (argv[at], "--"))
        {
          at++;
          break;
        }
      if (!(argv[at][1] == '-' ? parse_long (argv, argc, &at, given) : parse_short (argv, argc, &at, given)))
        return FALSE;
    }
  *ret_rest = at;
  return TRUE;
}

/* --- options obeyed -------------------------------------------------------------------------------------------------- */

static void
set_text (char **field, const char *value)
{
  g_free (*field);
  *field = py_fs_decode (value);
}

static PyValue *
parse_seconds (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *decoded = py_fs_decode (text);
  PyValue *seconds = duration_parse (decoded, -1, &error);

  if (seconds == NULL)
    printf ("ERROR: %s\n", error->message);
  return seconds;
}

static CommandLineResult
print_seconds (const char *text)
{
  g_autoptr (PyValue) seconds = parse_seconds (text);

  if (seconds == NULL)
    return COMMAND_LINE_FAILED;
  g_autofree char *shown = py_str (seconds, NULL);
  printf ("%s\n", shown);
  return COMMAND_LINE_DONE;
}

static CommandLineResult
set_timeout (CommandLine *self, const char *text)
{
  g_autoptr (PyValue) seconds = parse_seconds (text);

  if (seconds == NULL)
    return COMMAND_LINE_FAILED;
  if (!py_value_to_double (seconds, &self->timeout_sec))
    self->timeout_sec = G_MAXDOUBLE;
  return COMMAND_LINE_CONTINUE;
}

/* "1.1.2.dev1" to "1.1.2.1" */
static void
print_short_version (void)
{
  g_auto (GStrv) parts = g_strsplit (FAIL2BAN_VERSION, ".dev", -1);
  g_autofree char *text = g_strjoinv (".", parts);

  printf ("%s\n", text);
}

static CommandLineResult
obey (CommandLine *self, const Given *option)
{
  switch (option->id)
    {
    case OPTION_HELP:
      usage_print (self->program, stdout);
      return COMMAND_LINE_DONE;
    case OPTION_SHORT_VERSION:
      print_short_version ();
      return COMMAND_LINE_DONE;
    case OPTION_VERSION:
      puts ("Fail2Ban v" FAIL2BAN_VERSION);
      return COMMAND_LINE_DONE;
    case OPTION_STR2SEC:
      return print_seconds (option->value);
    case OPTION_TIMEOUT:
      return set_timeout (self, option->value);
    case OPTION_CONF:
      set_text (&self->conf, option->value);
      break;
    case OPTION_SOCKET:
      set_text (&self->main.socket, option->value);
      break;
    case OPTION_PIDFILE:
      set_text (&self->main.pidfile, option->value);
      break;
    case OPTION_PNAME:
      set_text (&self->pname, option->value);
      break;
    case OPTION_LOGLEVEL:
      set_text (&self->main.loglevel, option->value);
      break;
    case OPTION_LOGTARGET:
      set_text (&self->main.logtarget, option->value);
      break;
    case OPTION_SYSLOGSOCKET:
      set_text (&self->main.syslogsocket, option->value);
      break;
    case OPTION_DUMP:
      self->dump = CONFIG_DUMP_PLAIN;
      break;
    case OPTION_DUMP_PRETTY:
      self->dump = CONFIG_DUMP_PRETTY;
      break;
    case OPTION_TEST:
      self->test = TRUE;
      break;
    case OPTION_INTERACTIVE:
      self->interactive = TRUE;
      break;
    case OPTION_VERBOSE:
      self->verbosity++;
      break;
    case OPTION_QUIET:
      self->verbosity--;
      break;
    case OPTION_FORCE:
      self->force = TRUE;
      break;
    case OPTION_BACKGROUND:
    case OPTION_FOREGROUND:
      self->background = option->id == OPTION_BACKGROUND;
      break;
    case OPTION_ASYNC:
      self->async = TRUE;
      break;
    }
  return COMMAND_LINE_CONTINUE;
}

void
command_line_clear (CommandLine *self)
{
  g_free (self->program);
  g_free (self->conf);
  g_free (self->pname);
  config_main_clear (&self->main);
  py_value_unref (self->args);
  config_free (self->config);
  *self = (CommandLine){ 0 };
}

CommandLineResult
command_line_parse (CommandLine *self, int argc, char *const *argv)
{
  g_autoptr (GArray) given = g_array_new (FALSE, FALSE, sizeof (Given));
  CommandLineResult result = COMMAND_LINE_CONTINUE;
  int rest = argc;

  g_return_val_if_fail (self != NULL && argc > 0, COMMAND_LINE_FAILED);
  *self = (CommandLine){
    .program = g_strdup (argv[0]),
    .conf = g_strdup (COMMAND_LINE_DEFAULT_CONF),
    .background = TRUE,
    .verbosity = 1,
    .timeout_sec = COMMAND_LINE_DEFAULT_TIMEOUT_SEC,
    .args = py_list_new (),
  };
  if (!parse_words (argv, argc, given, &rest))
    {
      usage_print (self->program, stdout);
      return COMMAND_LINE_FAILED;
    }
  for (; rest < argc; rest++)
    py_list_append (self->args, py_str_new_surrogateescape (argv[rest], -1));
  for (guint i = 0; i < given->len && result == COMMAND_LINE_CONTINUE; i++)
    result = obey (self, &g_array_index (given, Given, i));
  return result;
}

/* --- the configuration behind them ------------------------------------------------------------------------------------ */

/* From fail2ban.conf what was not given; then -d and -t. */
static CommandLineResult
obey_config (CommandLine *self, Log *log, gboolean *ret_aborted)
{
  g_autoptr (GError) error = NULL;
  int level;
  char buffer[16];

  self->config = config_new (self->conf, log);
  gboolean complete = config_complete_main (self->config, &self->main, &error);
  if (complete)
    log_info (log, LOGGER, "Using socket file %s", self->main.socket);
  if (!complete || !config_check_log_level (self->main.loglevel, &level, &error))
    {
      printf ("ERROR: %s\n", error->message);
      (void) fflush (stdout); /* before what is said on stderr */
      if (self->verbosity > 2)
        log_error (log, LOGGER, "%s", error->message);
      return COMMAND_LINE_FAILED;
    }
  log_info (log, LOGGER, "Using pid file %s, [%s] logging to %s", self->main.pidfile, log_level_name (level, buffer),
            self->main.logtarget);
  switch (config_dump_run (self->config, &self->main, self->dump, self->test, py_seq_length (self->args) > 0, stdout))
    {
    case CONFIG_RUN_CONTINUE:
      return COMMAND_LINE_CONTINUE;
    case CONFIG_RUN_OK:
      return COMMAND_LINE_DONE;
    case CONFIG_RUN_ABORT:
      log_error (log, LOGGER, "ERROR: test configuration failed");
      *ret_aborted = TRUE;
      return COMMAND_LINE_FAILED;
    case CONFIG_RUN_FAILED:
    default:
      return COMMAND_LINE_FAILED;
    }
}

/* A test without a command has said enough. */
static gboolean
is_test_only (const CommandLine *self)
{
  return self->test && py_seq_length (self->args) == 0;
}

CommandLineResult
command_line_init (CommandLine *self, int argc, char *const *argv, Log *log, gboolean set_log,
                   gboolean program_is_client)
{
  gboolean aborted = FALSE;
  CommandLineResult result = command_line_parse (self, argc, argv);

  if (result == COMMAND_LINE_FAILED && program_is_client && !is_test_only (self))
    {
      (void) fflush (stdout);                          /* after the usage, also where both streams go to one file */
      fputs ("Init of command line failed\n", stderr); /* before there is a log */
    }
  if (result != COMMAND_LINE_CONTINUE)
    return result;
  if (set_log)
    log_set_client_stderr (log, self->verbosity);
  result = obey_config (self, log, &aborted);
  if (result == COMMAND_LINE_FAILED && program_is_client && !aborted && !is_test_only (self))
    log_error (log, LOGGER, "Init of command line failed");
  return result;
}
