#include "client/command-line.h"

#include <stdio.h>
#include <unistd.h>

#include "compat/py-repr.h"

#define PARSE(options, result, ...)                                                                                    \
  do                                                                                                                   \
    {                                                                                                                  \
      char *const words[] = { (char *) "fail2ban-client", __VA_ARGS__ };                                               \
      g_assert_cmpint (command_line_parse (options, G_N_ELEMENTS (words), words), ==, result);                         \
    }                                                                                                                  \
  while (0)
#define W(text) ((char *) (text))

static void
assert_args (const CommandLine *options, const char *wanted)
{
  g_autofree char *text = py_repr (options->args);

  g_assert_cmpstr (text, ==, wanted);
}

static void
test_options_end_at_the_first_word (void)
{
  g_auto (CommandLine) o = { 0 };

  PARSE (&o, COMMAND_LINE_CONTINUE, W ("-vx"), W ("-s/a"), W ("-p"), W ("/b"), W ("echo"), W ("-h"));
  g_assert_cmpint (o.verbosity, ==, 2);
  g_assert_true (o.force);
  g_assert_cmpstr (o.main.socket, ==, "/a");
  g_assert_cmpstr (o.main.pidfile, ==, "/b");
  assert_args (&o, "['echo', '-h']");
}

static void
test_two_dashes_end_the_options (void)
{
  g_auto (CommandLine) o = { 0 };

  PARSE (&o, COMMAND_LINE_CONTINUE, W ("-f"), W ("--"), W ("-t"));
  g_assert_false (o.background);
  g_assert_false (o.test);
  assert_args (&o, "['-t']");
}

static void
test_long_names_may_be_shortened_while_unique (void)
{
  g_auto (CommandLine) o = { 0 };

  PARSE (&o, COMMAND_LINE_CONTINUE, W ("--sock=/a"), W ("--timeo"), W ("1m"), W ("--dp"), W ("--as"), W ("ping"));
  g_assert_cmpstr (o.main.socket, ==, "/a");
  g_assert_cmpfloat (o.timeout_sec, ==, 60);
  g_assert_cmpint (o.dump, ==, CONFIG_DUMP_PRETTY);
  g_assert_true (o.async);
  assert_args (&o, "['ping']");
}

static void
test_what_was_not_given_has_its_default (void)
{
  g_auto (CommandLine) o = { 0 };

  PARSE (&o, COMMAND_LINE_CONTINUE, W ("-"));
  g_assert_cmpstr (o.conf, ==, "/etc/fail2ban");
  g_assert_null (o.main.socket);
  g_assert_true (o.background);
  g_assert_cmpint (o.verbosity, ==, 1);
  g_assert_cmpfloat (o.timeout_sec, ==, 30);
  assert_args (&o, "['-']");
}

static void
test_bytes_of_no_encoding_are_kept (void)
{
  g_auto (CommandLine) o = { 0 };

  PARSE (&o, COMMAND_LINE_CONTINUE, W ("echo"), W ("\xff"));
  assert_args (&o, "['echo', '\\udcff']");
}

/* stdout of a failing parse goes nowhere. */
static void
test_wrong_options_fail (void)
{
  g_assert_nonnull (freopen ("/dev/null", "w", stdout));
#define FAILS(...)                                                                                                     \
  do                                                                                                                   \
    {                                                                                                                  \
      g_auto (CommandLine) o = { 0 };                                                                                  \
      PARSE (&o, COMMAND_LINE_FAILED, __VA_ARGS__);                                                                    \
    }                                                                                                                  \
  while (0)
  FAILS (W ("--bogus"));
  FAILS (W ("-s"));
  FAILS (W ("-Z"));
  FAILS (W ("--lo"), W ("x"));
  FAILS (W ("--async=1"));
  FAILS (W ("--socket"));
  FAILS (W ("--timeout"), W ("nope"));
  FAILS (W ("--str2sec"), W ("nope"));
}

static void
test_what_was_asked_for_is_done (void)
{
  g_assert_nonnull (freopen ("/dev/null", "w", stdout));
#define IS_DONE(...)                                                                                                   \
  do                                                                                                                   \
    {                                                                                                                  \
      g_auto (CommandLine) o = { 0 };                                                                                  \
      PARSE (&o, COMMAND_LINE_DONE, __VA_ARGS__);                                                                      \
    }                                                                                                                  \
  while (0)
  IS_DONE (W ("-h"));
  IS_DONE (W ("-V"), W ("start"));
  IS_DONE (W ("--version"));
  IS_DONE (W ("--str2sec=1h"), W ("--timeout=nope"));
}

/* TAP goes to stdout, so that what prints runs in a child. */
static void
in_child (gconstpointer func)
{
  if (g_test_subprocess ())
    {
      ((const GTestFunc *) func)[0]();
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_passed ();
}

int
main (int argc, char **argv)
{
  static const GTestFunc printing[] = { test_wrong_options_fail, test_what_was_asked_for_is_done };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/command-line/options end at the first word", test_options_end_at_the_first_word);
  g_test_add_func ("/command-line/two dashes end the options", test_two_dashes_end_the_options);
  g_test_add_func ("/command-line/long names may be shortened while unique",
                   test_long_names_may_be_shortened_while_unique);
  g_test_add_func ("/command-line/what was not given has its default", test_what_was_not_given_has_its_default);
  g_test_add_func ("/command-line/bytes of no encoding are kept", test_bytes_of_no_encoding_are_kept);
  g_test_add_data_func ("/command-line/wrong options fail", &printing[0], in_child);
  g_test_add_data_func ("/command-line/what was asked for is done", &printing[1], in_child);
  return g_test_run ();
}
