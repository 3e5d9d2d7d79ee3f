#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log-format.h"
#include "base/log-options.h"
#include "base/log.h"

typedef struct
{
  char *dir;
  char *path;
  Log *log;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("log-XXXXXX", NULL);
  f->path = g_build_filename (f->dir, "x.log", NULL);
  f->log = log_new ();
  log_set_level (f->log, LOG_LEVEL_INFO);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", f->dir);

  log_free (f->log);
  g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL);
  g_free (f->dir);
  g_free (f->path);
}

static void
set_target (Fixture *f, const char *options)
{
  g_autofree char *target = g_strconcat (f->path, options, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (log_set_target (f->log, target, &error));
  g_assert_no_error (error);
}

#define HOLDS(f, pattern) holds (__LINE__, f, pattern)

static void
holds (int line, Fixture *f, const char *pattern)
{
  g_autofree char *text = NULL;
  g_autofree char *with_pid = NULL;
  g_autoptr (GString) expected = g_string_new (pattern);

  with_pid = g_strdup_printf ("%d", getpid ());
  g_string_replace (expected, "{pid}", with_pid, 0);
  g_assert_true (g_file_get_contents (f->path, &text, NULL, NULL));
  if (!g_regex_match_simple (expected->str, text, G_REGEX_DOLLAR_ENDONLY, 0))
    g_error ("line %d: '%s' does not match '%s'", line, text, expected->str);
}

static void
test_a_line_is_fail2ban_s (Fixture *f, gconstpointer data)
{
  set_target (f, "");
  log_info (f->log, "fail2ban.jail", "Jail '%s' started", "x");
  log_notice (f->log, "fail2ban.actions", "[x] Ban");
  HOLDS (
      f,
      "^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d,\\d{3} fail2ban.jail           \\[{pid}\\]: INFO    Jail 'x' started\n"
      "[^\n]* fail2ban.actions        \\[{pid}\\]: NOTICE  \\[x\\] Ban\n$");
}

static void
test_levels_below_are_not_written (Fixture *f, gconstpointer data)
{
  set_target (f, "[format='%(levelname)s']");
  log_debug (f->log, "fail2ban", "no");
  log_msg (f->log, "fail2ban", "no");
  log_info (f->log, "fail2ban", "yes");
  log_set_level (f->log, LOG_LEVEL_HEAVYDEBUG);
  log_msg (f->log, "fail2ban", "yes");
  log_tracedebug (f->log, "fail2ban", "yes");
  log_heavydebug (f->log, "fail2ban", "yes");
  log_write (f->log, 15, "fail2ban", "yes");
  HOLDS (f, "^INFO\nMSG\nTRACE\nHEAVY\n#15-Lev.\n$");
  g_assert_false (log_enabled (NULL, LOG_LEVEL_CRITICAL));
}

static void
test_levels_have_names_and_numbers (Fixture *f, gconstpointer data)
{
  static const struct
  {
    const char *text;
    int level;
  } rows[] = { { "info", 20 }, { "WARN", 30 }, { "Fatal", 50 }, { "TRACEDEBUG", 7 }, { "15", 15 }, { "notset", 0 } };
  g_autoptr (GError) error = NULL;
  int level;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_assert_true (log_level_parse (rows[i].text, &level, NULL));
      g_assert_cmpint (level, ==, rows[i].level);
    }
  g_assert_false (log_level_parse ("LOUD", &level, &error));
  g_assert_cmpstr (error->message, ==, "Invalid log level 'LOUD'");
}

static void
test_options_change_the_line (Fixture *f, gconstpointer data)
{
  set_target (f, "[datetime=off]");
  log_info (f->log, "fail2ban.jail", "one");
  HOLDS (f, "^fail2ban.jail           \\[{pid}\\]: INFO    one\n$");
  g_assert_true (g_unlink (f->path) == 0);
  g_assert_true (log_set_target (f->log, "INHERITED", NULL));
  set_target (f, "[padding=off, datetime=0]");
  log_info (f->log, "fail2ban.jail", "two");
  HOLDS (f, "^fail2ban.jail\\[{pid}\\]: INFO two\n$");
}

static void
test_a_target_that_cannot_be_opened_leaves_the_old_one (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *bad = g_build_filename (f->dir, "no", "x.log", NULL);
  g_autofree char *message = g_strdup_printf ("Unable to log to '%s'", bad);

  set_target (f, "[format='%(message)s']");
  g_assert_false (log_set_target (f->log, bad, &error));
  g_assert_error (error, LOG_ERROR, LOG_ERROR_OPEN);
  g_assert_cmpstr (error->message, ==, message);
  g_assert_cmpstr (log_peek_target (f->log), ==, f->path);
  log_info (f->log, "fail2ban", "still here");
  HOLDS (f, "^still here\n$");
}

static void
test_flush_opens_the_file_again (Fixture *f, gconstpointer data)
{
  g_autofree char *old = g_strconcat (f->path, ".1", NULL);

  set_target (f, "[format='%(message)s']");
  log_info (f->log, "fail2ban", "one");
  g_assert_cmpint (g_rename (f->path, old), ==, 0);
  log_info (f->log, "fail2ban", "two");
  g_assert_true (log_flush (f->log));
  log_info (f->log, "fail2ban", "three");
  HOLDS (f, "^three\n$");
  g_assert_true (log_set_target (f->log, "STDERR", NULL));
  g_assert_false (log_flush (f->log));
  g_assert_true (log_set_target (f->log, "stderr", NULL));
  g_assert_true (log_flush (f->log));
}

static void
test_lines_that_are_held_come_together (Fixture *f, gconstpointer data)
{
  set_target (f, "[format='%(message)s']");
  log_hold (f->log);
  log_info (f->log, "fail2ban", "one");
  log_hold (f->log);
  log_info (f->log, "fail2ban", "two");
  log_release (f->log);
  HOLDS (f, "^$");
  log_release (f->log);
  HOLDS (f, "^one\ntwo\n$");
  log_hold (f->log);
  log_info (f->log, "fail2ban", "three");
  g_assert_true (log_flush (f->log));
  HOLDS (f, "^one\ntwo\nthree\n$");
  for (guint i = 0; i < 70 * 1024; i++)
    log_info (f->log, "fail2ban", "x");
  HOLDS (f, "^one\ntwo\nthree\nx\n"); /* not without limit */
  log_release (f->log);
}

static void
test_bytes_that_are_no_text_are_shown (Fixture *f, gconstpointer data)
{
  set_target (f, "[format='%(message)s']");
  log_info (f->log, "fail2ban", "%s", "a\xff\xc3\xa9\xed\xb2\x80z");
  log_write_text (f->log, LOG_LEVEL_INFO, "fail2ban", "f", "a\0b", 3);
  HOLDS (f, "^a\\\\xff\xc3\xa9\\\\udc80z\na\\\\x00b\n$");
}

static void
test_a_message_may_come_in_parts (Fixture *f, gconstpointer data)
{
  const LogPart parts[] = { { "[x", 1 }, { "a\xff", 2 }, { "", 0 }, { "] b", 3 } };

  log_write_parts (f->log, LOG_LEVEL_INFO, "fail2ban", "f", parts, G_N_ELEMENTS (parts)); /* without a target: nowhere */
  set_target (f, "[format='%(message)s']");
  log_write_parts (f->log, LOG_LEVEL_INFO, "fail2ban", "f", parts, G_N_ELEMENTS (parts));
  log_write_parts (f->log, LOG_LEVEL_DEBUG, "fail2ban", "f", parts, G_N_ELEMENTS (parts));
  log_write_parts (f->log, LOG_LEVEL_INFO, "fail2ban", "f", parts, 1);
  log_write_parts (f->log, LOG_LEVEL_INFO, "fail2ban", "f", parts, 0);
  HOLDS (f, "^\\[a\\\\xff\\] b\n\\[\n\n$");
  g_assert_true (g_unlink (f->path) == 0);
  g_assert_true (log_set_target (f->log, "INHERITED", NULL));
  set_target (f, "");
  log_write_parts (f->log, LOG_LEVEL_INFO, "fail2ban.filter", "f", parts, 1);
  log_write_parts (f->log, LOG_LEVEL_INFO, "fail2ban.filter", "f", parts, G_N_ELEMENTS (parts));
  HOLDS (f, "^[^\n]* fail2ban.filter         \\[{pid}\\]: INFO    \\[\n[^\n]*INFO    \\[a\\\\xff\\] b\n$");
}

static void
test_syslog_gets_datagrams (Fixture *f, gconstpointer data)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  g_autofree char *expected = g_strdup_printf ("<86>fail2ban.jail[%d]: INFO hello", getpid ());
  g_autoptr (GError) error = NULL;
  int fd = socket (AF_UNIX, SOCK_DGRAM, 0);
  char buffer[256];
  gssize n;

  g_assert_true (log_set_syslog_socket (f->log, f->path, NULL));
  g_assert_false (log_set_target (f->log, "SYSLOG", &error));
  g_assert_error (error, LOG_ERROR, LOG_ERROR_SYSLOG);
  g_strlcpy (address.sun_path, f->path, sizeof address.sun_path);
  g_assert_cmpint (bind (fd, (const struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_true (log_set_target (f->log, "SYSLOG[facility=authpriv]", NULL));
  log_info (f->log, "fail2ban.jail", "hello");
  n = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT);
  g_assert_cmpmem (buffer, n, expected, strlen (expected) + 1);
  close (fd);
  log_info (f->log, "fail2ban.jail", "nobody listens, and nothing happens");
}

static char *
formatted (const char *format)
{
  g_autoptr (LogFormat) parsed = log_format_new (format, NULL);
  GString *out = g_string_new (NULL);
  LogRecord record = { .level = 20,
                       .level_name = "INFO",
                       .logger = "fail2ban.jail",
                       .function = "func",
                       .text = "h\xc3\xa9llo",
                       .time_usec = 1500250000,
                       .start_usec = 1499000000 };

  g_assert_nonnull (parsed);
  log_format_append (parsed, &record, out);
  return g_string_free (out, FALSE);
}

#define FORMATS(format, expected) formats (__LINE__, format, expected)

static void
formats (int line, const char *format, const char *expected)
{
  g_autofree char *text = formatted (format);

  if (strcmp (text, expected) != 0)
    g_error ("line %d: '%s' gives '%s', expected '%s'", line, format, text, expected);
}

/* Each row as Python's "format" % record gives it. */
static void
test_formats_are_python_s (Fixture *f, gconstpointer data)
{
  FORMATS ("%(levelname)-7s|%(levelname)7s|%(levelname)-1.1s|100%%", "INFO   |   INFO|I|100%");
  FORMATS ("%(message)-7s|%(message).2s|%(message)r", "h\xc3\xa9llo  |h\xc3\xa9|'h\xc3\xa9llo'");
  FORMATS ("%(levelname)s %(message)s", "INFO h\xc3\xa9llo");
  FORMATS ("%(levelname)s %(message)7s", "INFO   h\xc3\xa9llo");
  FORMATS ("%(levelname)s %(message).2s", "INFO h\xc3\xa9");
  FORMATS ("%(levelname)s %(message)r", "INFO 'h\xc3\xa9llo'");
  FORMATS ("%(levelno)d|%(levelno)05d|%(levelno)-5d|%(levelno)+d|%(levelno)x|%(levelno)#X|%(levelno).3d|%(levelno)s",
           "20|00020|20   |+20|14|0X14|020|20");
  FORMATS ("%(relativeCreated)5d|%(relativeCreated)d|%(relativeCreated).1f|%(msecs)s", " 1250|1250|1250.0|250.0");
  FORMATS ("%(created)f|%(created)s|%(created)g", "1500.250000|1500.25|1500.25");
  FORMATS ("%(module)s %(filename)s %(funcName)s %(name)-15.15s|", "jail jail.c func fail2ban.jail  |");
}

/* With the message written by the caller the line is the same, where that can be. */
static void
begin_line (LogFormat *format, const LogRecord *record, const char *wanted)
{
  g_autoptr (GString) line = g_string_new ("<");
  char *at = log_format_begin (format, record, strlen (record->text), line);

  if (at != NULL)
    memcpy (at, record->text, strlen (record->text));
  g_assert_cmpstr (line->str, ==, at != NULL ? wanted : "<");
}

/* What stood before the last message is used again: the same lines as from a format that is new to each of them. */
static void
test_lines_do_not_depend_on_those_before (Fixture *f, gconstpointer data)
{
  static const char *const all[] = {
    "%(asctime)s %(name)-24s[%(process)d]: %(levelname)-7s %(message)s",
    "%(asctime)s",
    "%(message)s",
    "%(asctime)-30s|%(message)s",
    "%(asctime).10s|%(message)s",
    "%(asctime)23s,%(module)s%(levelno)d:%(message)-9s|",
    " %(asctime)s %(asctime)s %(message)s %(message)s",
    "%(relativeCreated)5d %(name)-25.25s %(funcName)s %(message).3s",
  };
  static const char *const loggers[]
      = { "fail2ban", "fail2ban.filter", "fail2ban.a logger whose name is longer than what is kept" };
  static const char *const texts[] = { "", "x", "h\xc3\xa9llo", "a longer message" };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      g_autoptr (LogFormat) kept = log_format_new (all[i], NULL);
      LogRecord record = { .function = "func", .time_usec = 1500250000 };

      for (guint k = 0; k < 500; k++)
        {
          g_autoptr (LogFormat) fresh = log_format_new (all[i], NULL);
          g_autoptr (GString) line = g_string_new ("<"), wanted = g_string_new ("<");
          char name[16];

          record.level = g_test_rand_bit () ? 20 : g_test_rand_int_range (0, 50);
          record.level_name = log_level_name (record.level, name);
          record.logger = loggers[g_test_rand_int_range (0, G_N_ELEMENTS (loggers))];
          record.text = texts[g_test_rand_int_range (0, G_N_ELEMENTS (texts))];
          record.time_usec += g_test_rand_int_range (0, 600000);
          log_format_append (kept, &record, line);
          log_format_append (fresh, &record, wanted);
          g_assert_cmpstr (line->str, ==, wanted->str);
          begin_line (kept, &record, wanted->str);
        }
    }
}

static void
test_unusable_formats_are_refused (Fixture *f, gconstpointer data)
{
  static const char *const bad[]
      = { "", "no field", "%(nosuch)s", "%(message)d", "%(message", "%(levelno)q", "100%", "%(msecs)x" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (log_format_new (bad[i], &error));
      g_assert_error (error, LOG_ERROR, LOG_ERROR_FORMAT);
    }
}

#define REFUSES(text, message) refuses (__LINE__, text, message)

static void
refuses (int line, const char *text, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LogOptions) options = log_options_parse (text, &error);

  if (options != NULL || strcmp (error->message, message) != 0)
    g_error ("line %d: '%s': %s", line, text, error != NULL ? error->message : "accepted");
}

/* Each row as helpers.py's extractOptions answers. */
static void
test_options_are_read_as_everywhere (Fixture *f, gconstpointer data)
{
  g_autoptr (LogOptions) options
      = log_options_parse ("/a b[format=\"%(message)s, x\"][facility= 'x', padding=on,] ", NULL);
  g_autoptr (LogOptions) plain = log_options_parse ("STDERR", NULL);
  g_autoptr (LogOptions) empty = log_options_parse ("x[,]", NULL);

  g_assert_cmpstr (options->target, ==, "/a b");
  g_assert_cmpstr (options->format, ==, "%(message)s, x");
  g_assert_cmpstr (options->facility, ==, "'x'");
  g_assert_cmpint (options->padding, ==, LOG_OPTION_ON);
  g_assert_cmpint (options->datetime, ==, LOG_OPTION_UNSET);
  g_assert_cmpstr (plain->target, ==, "STDERR");
  g_assert_cmpstr (empty->target, ==, "x");
  REFUSES ("x[a=\"1\" ]", "unexpected syntax at 5 after option 'a':  ");
  REFUSES ("x[a=\"1\"b=2]", "unexpected syntax at 5 after option 'a': b=2");
  REFUSES ("x[a=1]] ", "unexpected syntax at 3 after option 'a': ]");
  REFUSES ("x[ a=1 , b = 2]", "expected option, wrong syntax at 6:  b = 2");
  REFUSES ("x[a=1,,b=2]", "expected option, wrong syntax at 4: ,b=2");
  REFUSES ("x[=2]", "expected option, wrong syntax at 0: =2");
  REFUSES ("x[a]", "expected option, wrong syntax at 0: a");
  REFUSES ("x[a=1", "unexpected option syntax");
  REFUSES ("x[a=1]y", "unexpected option syntax");
}

static void
test_verbosity_chooses_the_format (Fixture *f, gconstpointer data)
{
  g_autofree char *usual = log_dup_verbosity_format (0, NULL, TRUE, TRUE);
  g_autofree char *plain = log_dup_verbosity_format (1, NULL, FALSE, FALSE);
  g_autofree char *two = log_dup_verbosity_format (2, NULL, TRUE, TRUE);
  g_autofree char *four = log_dup_verbosity_format (4, " %(levelname)s", TRUE, FALSE);

  g_assert_cmpstr (usual, ==, "%(asctime)s %(name)-24s[%(process)d]: %(levelname)-7s %(message)s");
  g_assert_cmpstr (plain, ==, "%(name)s[%(process)d]: %(levelname)s %(message)s");
  g_assert_cmpstr (two, ==, " %(asctime)-15s %(thread)X %(levelname)-5.5s %(message)s");
  g_assert_cmpstr (
      four, ==,
      " +%(relativeCreated)5d %(thread)X %(name)s %(levelname)s | %(module)s-%(levelno)-2d: %(funcName)s | "
      "%(levelname)s");
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/log/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("a line is fail2ban's", test_a_line_is_fail2ban_s);
  ADD ("levels below are not written", test_levels_below_are_not_written);
  ADD ("levels have names and numbers", test_levels_have_names_and_numbers);
  ADD ("options change the line", test_options_change_the_line);
  ADD ("a target that cannot be opened leaves the old one", test_a_target_that_cannot_be_opened_leaves_the_old_one);
  ADD ("flush opens the file again", test_flush_opens_the_file_again);
  ADD ("lines that are held come together", test_lines_that_are_held_come_together);
  ADD ("bytes that are no text are shown", test_bytes_that_are_no_text_are_shown);
  ADD ("syslog gets datagrams", test_syslog_gets_datagrams);
  ADD ("a message may come in parts", test_a_message_may_come_in_parts);
  ADD ("formats are Python's", test_formats_are_python_s);
  ADD ("lines do not depend on those before", test_lines_do_not_depend_on_those_before);
  ADD ("unusable formats are refused", test_unusable_formats_are_refused);
  ADD ("options are read as everywhere", test_options_are_read_as_everywhere);
  ADD ("verbosity chooses the format", test_verbosity_chooses_the_format);
  return g_test_run ();
}
