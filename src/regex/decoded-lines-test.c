#include "regex/decoded-lines.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "regex/options.h"

/* What `fail2ban-regex -e ENCODING -i -o '<msg>' FILE none` prints: the lines that it sees. */
static char *
read_lines (const char *encoding, const char *bytes, gsize len)
{
  g_autofree char *dir = g_dir_make_tmp ("decoded-lines-XXXXXX", NULL), *said = NULL;
  g_autofree char *path = g_build_filename (dir, "log", NULL), *out = g_build_filename (dir, "out", NULL);
  char *words[] = { (char *) "fail2ban-regex",
                    (char *) "-l",
                    (char *) "critical",
                    (char *) "-e",
                    (char *) encoding,
                    (char *) "-i",
                    (char *) "-o",
                    (char *) "<msg>",
                    path,
                    (char *) "none <HOST>",
                    NULL };
  g_auto (Options) options = { 0 };
  g_autoptr (Clock) clock = clock_new_settable (G_USEC_PER_SEC);
  g_autoptr (Log) log = log_new ();
  g_autoptr (RegexRun) run = NULL;
  int code = 0, file, saved;

  g_assert_true (g_file_set_contents (path, bytes, (gssize) len, NULL));
  (void) fflush (stdout);
  file = open (out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  g_assert_cmpint (file, >=, 0);
  saved = dup (STDOUT_FILENO);
  (void) dup2 (file, STDOUT_FILENO);
  if (options_parse (&options, G_N_ELEMENTS (words) - 1, words, &code))
    {
      run = regex_run_new (&options, clock, log);
      code = regex_run_all (run);
    }
  (void) fflush (stdout);
  (void) dup2 (saved, STDOUT_FILENO);
  (void) close (saved);
  (void) close (file);
  g_assert_cmpint (code, ==, 0);
  g_assert_true (g_file_get_contents (out, &said, NULL, NULL));
  (void) unlink (path);
  (void) unlink (out);
  (void) rmdir (dir);
  return g_steal_pointer (&said);
}

static void
sees (int line, const char *encoding, const char *bytes, gsize len, const char *wanted)
{
  g_autofree char *seen = read_lines (encoding, bytes, len);

  if (!g_str_equal (seen, wanted))
    g_error ("line %d: %s shows '%s'", line, encoding, seen);
}
#define SEES(encoding, bytes, wanted) sees (__LINE__, encoding, bytes, sizeof bytes - 1, wanted)

/* All as fail2ban-regex 1.1.2-dev prints them. */
static void
test_a_line_ends_where_its_text_says (void)
{
  SEES ("cp037", "\xc1\x25\x0a\xc2\x25\x0a\xc3\x25\x0a\xc4\x25\x0a", "A\n\302\216B\n\302\216C\n\302\216D\n");
  SEES ("utf-7", "A + B+C\nA , B,C\n",
        "A \xef\xbf\xbd"
        "B\xef\xbf\xbd"
        "A , B,C\n");
  SEES ("hz", "a ~\nb\nc\n", "a b\nc\n");
  SEES ("gb18030", "x\x81\x30\ny\nabcd\nz\n", "x\357\277\2750\nbcd\nz\n");
  SEES ("euc_jp", "x\x8f\ny\n", "x\357\277\275\ny\n");
}

static void
test_units_of_several_bytes_hold_0x0a (void)
{
  SEES ("utf-16-le", "\x0a\x0a\n\0b\0\n\0", "\xe0\xa8\x8a\nb\n");
  SEES ("utf-16-be", "\0a\0\n\0b\0\n", "a\nb\n");
  SEES ("utf-32-le", "a\0\0\0\n\0\0\0b\0\0\0\n\0\0\0", "a\nb\n");
}

static void
test_a_mark_is_counted_at_each_line_of_utf_16 (void)
{
  SEES ("utf-16",
        "\xff\xfe"
        "a\0\n\0b\0c\0\n\0d\0e\0\n\0",
        "a\nbc\ne\n");
}

static void
test_what_has_no_end_is_no_line (void)
{
  SEES ("utf-16-le", "a\0\n\0b\0", "a\n");
  SEES ("cp037", "\xc1\x25\xc2\n", "");
  SEES ("gb18030", "a\nb\r", "a\nb\n");
}

static void
test_a_line_without_end_is_cut (void)
{
  g_autoptr (GString) bytes = g_string_new (NULL);
  g_autofree char *seen = NULL;

  for (guint i = 0; i < 4 * DECODED_LINE_MOST / 64; i++)
    g_string_append (bytes,
                     "\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1"
                     "\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1"
                     "\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\xc1\n");
  seen = read_lines ("cp037", bytes->str, bytes->len);
  g_auto (GStrv) lines = g_strsplit (seen, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 5); /* four and an empty rest */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/decoded lines/a line ends where its text says", test_a_line_ends_where_its_text_says);
  g_test_add_func ("/decoded lines/units of several bytes hold 0x0a", test_units_of_several_bytes_hold_0x0a);
  g_test_add_func ("/decoded lines/a mark is counted at each line of UTF-16",
                   test_a_mark_is_counted_at_each_line_of_utf_16);
  g_test_add_func ("/decoded lines/what has no end is no line", test_what_has_no_end_is_no_line);
  g_test_add_func ("/decoded lines/a line without end is cut", test_a_line_without_end_is_cut);
  return g_test_run ();
}
