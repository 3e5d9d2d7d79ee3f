#include "regex/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Parses the words of a line; what is printed on stderr goes to *ret_error. */
static gboolean
parse (Options *options, const char *line, int *ret_code, char **ret_error)
{
  g_autofree char *whole = g_strconcat ("/usr/bin/fail2ban-regex ", line, NULL);
  g_auto (GStrv) words = NULL;
  g_autofree char *path = NULL;
  int argc, saved, file;
  gboolean ok;

  g_assert_true (g_shell_parse_argv (whole, &argc, &words, NULL));
  file = g_file_open_tmp (NULL, &path, NULL);
  (void) fflush (stderr);
  saved = dup (STDERR_FILENO);
  (void) dup2 (file, STDERR_FILENO);
  ok = options_parse (options, argc, words, ret_code);
  (void) fflush (stderr);
  (void) dup2 (saved, STDERR_FILENO);
  (void) close (saved);
  (void) close (file);
  (void) g_file_get_contents (path, ret_error, NULL, NULL);
  (void) unlink (path);
  return ok;
}

static void
accepts (Options *options, const char *line)
{
  g_autofree char *error = NULL;
  int code = -1;

  if (!parse (options, line, &code, &error))
    g_error ("'%s' was refused: %s", line, error);
}

static void
refuses (int row, const char *line, int code, const char *text)
{
  g_auto (Options) options = { 0 };
  g_autofree char *error = NULL, *wanted = NULL;
  int got = -1;

  wanted = code == 2 ? g_strdup_printf ("Usage: /usr/bin/fail2ban-regex [OPTIONS] <LOG> <REGEX> [IGNOREREGEX]\n\n"
                                        "fail2ban-regex: error: %s\n",
                                        text)
                     : g_strdup_printf ("\n%s\n", text);
  if (parse (&options, line, &got, &error) || got != code || strcmp (error, wanted) != 0)
    g_error ("line %d: '%s' gave %d and '%s'", row, line, got, error);
}
#define REFUSES(line, code, text) refuses (__LINE__, line, code, text)

static void
test_options_and_arguments_may_be_mixed (void)
{
  g_auto (Options) options = { 0 };

  accepts (&options, "LOG -rv REGEX -L2 --TZ=UTC -o row IGNORE");
  g_assert_cmpuint (options.args->len, ==, 3);
  g_assert_cmpstr (g_ptr_array_index (options.args, 2), ==, "IGNORE");
  g_assert_true (options.raw);
  g_assert_cmpint (options.verbose, ==, 1);
  g_assert_cmpint (options.maxlines, ==, 2);
  g_assert_cmpstr (options.timezone, ==, "UTC");
  g_assert_cmpstr (options.out, ==, "row");
  g_assert_cmpstr (options.config, ==, "/etc/fail2ban");
}

static void
test_two_dashes_end_the_options (void)
{
  g_auto (Options) options = { 0 };

  accepts (&options, "-- -v --foo");
  g_assert_cmpuint (options.args->len, ==, 2);
  g_assert_cmpint (options.verbose, ==, 0);
}

static void
test_long_options_may_be_shortened (void)
{
  g_auto (Options) options = { 0 };

  accepts (&options, "--verbosi 3 --datep=x --no a b");
  g_assert_cmpint (options.verbose, ==, 3);
  g_assert_cmpstr (options.datepattern, ==, "x");
  g_assert_true (options.no_check_all);
  REFUSES ("--print-all x y", 2,
           "ambiguous option: --print-all (--print-all-ignored, --print-all-matched, "
           "--print-all-missed?)");
  REFUSES ("--verb x y", 2, "ambiguous option: --verb (--verbose, --verbose-date, --verbosity?)");
}

static void
test_numbers_are_read_as_python_reads_them (void)
{
  static const struct
  {
    const char *text;
    gint64 value;
  } rows[] = { { "7", 7 },     { "-1", -1 },      { "0b11", 3 }, { "0x1F", 31 },   { "017", 15 },
               { "0o17", 15 }, { "1_000", 1000 }, { "0", 0 },    { "' 12 '", 12 }, { "+5", 5 } };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (Options) options = { 0 };
      g_autofree char *line = g_strdup_printf ("a b -L %s", rows[i].text);
      accepts (&options, line);
      g_assert_cmpint (options.maxlines, ==, rows[i].value);
    }
  REFUSES ("-L abc x y", 2, "option -L: invalid integer value: 'abc'");
  REFUSES ("--maxl 08 x y", 2, "option --maxlines: invalid integer value: '08'");
  REFUSES ("-L 1__0 x y", 2, "option -L: invalid integer value: '1__0'");
  REFUSES ("-L 0x x y", 2, "option -L: invalid integer value: '0x'");
}

static void
test_what_is_wrong_is_said (void)
{
  REFUSES ("--foo x y", 2, "no such option: --foo");
  REFUSES ("--foo=1 x y", 2, "no such option: --foo");
  REFUSES ("-rZ x y", 2, "no such option: -Z");
  REFUSES ("x y -L", 2, "-L option requires 1 argument");
  REFUSES ("x y --out", 2, "--out option requires 1 argument");
  REFUSES ("--raw=1 x y", 2, "--raw option does not take a value");
}

/* These print the help on stdout too, which would be no TAP. */
static void
test_the_count_of_arguments_is_checked (void)
{
  if (g_test_subprocess ())
    {
      REFUSES ("x", 255, "ERROR: provide both <LOG> and <REGEX>.");
      REFUSES ("--print-no-missed --print-all-missed x y", 255,
               "ERROR: --print-no-missed and --print-all-missed are mutually exclusive.");
      return;
    }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout ("*Usage: /usr/bin/fail2ban-regex *--full-traceback*");
}

static void
test_words_may_be_any_bytes (void)
{
  g_auto (Options) options = { 0 };
  char *argv[] = { (char *) "fail2ban-regex", (char *) "\xff", (char *) "b", NULL };
  int code;

  g_assert_true (options_parse (&options, 3, argv, &code));
  g_assert_cmpstr (g_ptr_array_index (options.args, 0), ==, "\xed\xb3\xbf");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/options/options and arguments may be mixed", test_options_and_arguments_may_be_mixed);
  g_test_add_func ("/options/two dashes end the options", test_two_dashes_end_the_options);
  g_test_add_func ("/options/long options may be shortened", test_long_options_may_be_shortened);
  g_test_add_func ("/options/numbers are read as Python reads them", test_numbers_are_read_as_python_reads_them);
  g_test_add_func ("/options/what is wrong is said", test_what_is_wrong_is_said);
  g_test_add_func ("/options/the count of arguments is checked", test_the_count_of_arguments_is_checked);
  g_test_add_func ("/options/words may be any bytes", test_words_may_be_any_bytes);
  return g_test_run ();
}
