#include "regex/read-ahead.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "regex/options.h"
#include "regex/regex-run.h"

#define NOW_USEC (1755165600 * (gint64) G_USEC_PER_SEC) /* 2025-08-14 10:00:00 UTC */
#define N_LINES  500

/* The clock stands still: runs are compared that are made one after the other. */
gint64
g_get_real_time (void)
{
  return NOW_USEC;
}

gint64
g_get_monotonic_time (void)
{
  return NOW_USEC;
}

/* --- a log -------------------------------------------------------------------------------------------------------- */
static const char *const dates[] = {
  "Aug 14 09:~:~ host ",
  "2025-08-14 09:~:~ ",
  "2025-08-14T09:~:~+02:00 host ",
  "10.0.0.1 - - [14/Aug/2025:09:~:~ +0200] ",
  "[Thu Aug 14 09:~:~ 2025] ",
  "17551656~.~ ",
  "@400000004a0b~~00000000 ",
  "(pid 17) 14/08/2025 09:~:~: ",
  "host said at 2025-08-14 09:~:~ that ",
  "2025-02-30 09:~:~ ",
  "",
};

static const char *const texts[] = {
  "sshd[~]: Failed password for eve from 192.0.2.~ port 22",
  "sshd[~]: Failed password for J\xc3\xb6rg from 192.0.2.~ port 22",
  "sshd[~]: Failed password for J\xf6rg from 192.0.2.~ port 22",
  "sshd[~]: Connection from 192.0.2.~ port 22",
  "sshd[~]: Connection closed by 192.0.2.~ [preauth]",
  "sshd[~]: Accepted password for eve from 192.0.2.~",
  "cron[~]: all is well, ~ times",
  "bad ~ from 198.51.100.~",
  "bad ~ from 192.0.2.9 and from 198.51.100.~",
  "bad ~ \r from 198.51.100.~\r",
  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx ~, ~",
  "~ \xe2\x80\xa8 bad 1 from 198.51.100.~ \xc2\x85",
};

/* The text with its tildes replaced by the two numbers. */
static void
append_filled (GString *out, const char *text, guint first, guint second)
{
  guint n = 0;

  for (; *text != '\0'; text++)
    if (*text == '~')
      g_string_append_printf (out, "%02u", n++ == 0 ? first : second);
    else
      g_string_append_c (out, *text);
}

/* The kind of date goes on for a while, so that the templates change their order; single lines are of another kind. */
static void
append_line (GString *log, GRand *rand, guint i)
{
  guint other = (guint) g_rand_int_range (rand, 0, G_N_ELEMENTS (dates));
  guint date = g_rand_int_range (rand, 0, 5) == 0 ? other : (i / 40) % (guint) G_N_ELEMENTS (dates);
  const char *text = texts[g_rand_int_range (rand, 0, G_N_ELEMENTS (texts))];
  GString *line = g_string_new (NULL);

  append_filled (line, dates[date], i / 200 % 60, i / 3 % 60);
  append_filled (line, text, (guint) g_rand_int_range (rand, 1, 9), (guint) g_rand_int_range (rand, 1, 12));
  switch (g_rand_int_range (rand, 0, 40))
    {
    case 0:
      g_string_insert_c (line, g_rand_int_range (rand, 0, (gint) line->len), '\0');
      break;
    case 1:
      g_string_prepend_c (line, '#');
      break;
    case 2:
      g_string_truncate (line, 0);
      break;
    case 3:
      for (guint n = 0; n < 40; n++)
        g_string_append (line, " and so on");
      break;
    default:
      break;
    }
  g_string_append_len (log, line->str, (gssize) line->len);
  g_string_append (log, g_rand_int_range (rand, 0, 6) == 0 ? "\r\n" : "\n");
  g_string_free (line, TRUE);
}

static void
append_long_line (GString *log, const char *begin, gsize len)
{
  gsize old = log->len;

  g_string_append (log, begin);
  g_string_set_size (log, old + len);
  memset (log->str + old + strlen (begin), 'y', len - strlen (begin));
  g_string_append (log, " bad 7 from 198.51.100.77\n");
}

static GString *
make_log (guint seed)
{
  GString *log = g_string_new (NULL);
  GRand *rand = g_rand_new_with_seed (seed);

  for (guint i = 0; i < N_LINES; i++)
    {
      append_line (log, rand, i);
      if (i == N_LINES / 2)
        {
          append_long_line (log, "Aug 14 09:00:00 host bad 1 from 198.51.100.7 ", seed < 2 ? 30000 : 500);
          if (seed < 2)
            append_long_line (log, "2025-08-14 09:00:00 bad 1 from 198.51.100.8 ", LINE_READER_MAX + 70000);
        }
    }
  /* The last one has the date of its neighbour, which does not count. */
  g_string_append (log, "10.0.0.1 - - [14/Aug/2025:09:01:00 +0200] bad 1 from 198.51.100.1\n"
                        "#0.0.0.1 - - [14/Aug/2025:09:02:00 +0200] bad 1 from 198.51.100.1\n"
                        "10.0.0.1 - - [14/Aug/2025:09:02:00 +0200] bad 1 from 198.51.100.1\n");
  /* The last line has no end; one that ends so counts all the same. */
  g_string_append (log, seed % 2 == 0 ? "Aug 14 09:59:59 host bad 1 from 198.51.100.9\r" : "Aug 14 09:59:59 host bad 1 from 198.51.100.9");
  g_rand_free (rand);
  return log;
}

/* --- filters ------------------------------------------------------------------------------------------------------ */
static const char *const filters[] = {
  /* plain */
  "failregex = Failed \\w+ for <F-USER>\\S+</F-USER> from <ADDR>\n            ^\\s*bad \\d+ .*from <ADDR>\\s*$\n            never <ADDR>\n",
  /* connections */
  "prefregex = ^\\s*(?:host )?sshd<F-MLFID>\\[\\d+\\]</F-MLFID>: <F-CONTENT>.+</F-CONTENT>$\n"
  "failregex = ^Failed \\w+ for <F-USER>\\S+</F-USER> from <ADDR>\n"
  "            ^<F-NOFAIL>Connection from</F-NOFAIL> <ADDR>\n"
  "            ^<F-MLFFORGET>Connection closed</F-MLFFORGET> by <ADDR>\n"
  "            ^<F-NOFAIL><F-MLFGAINED>Accepted</F-MLFGAINED></F-NOFAIL> \\w+ for <F-USER>\\w+</F-USER>\n",
  /* content that ends before the line does; of some lines there is none */
  "prefregex = bad (?:<F-CONTENT>\\d+ from \\S+</F-CONTENT>)?.*$\n"
  "failregex = ^\\d+ from <ADDR>$\n            from <ADDR>\n            <ADDR>\n",
  /* what is ignored: few, and more than there are failregexes */
  "failregex = from <ADDR>\n            bad \\d+\\D+<ADDR>\n            for \\S+ from <ADDR>\n            password.* <ADDR>\n"
  "ignoreregex = 192\\.0\\.2\\.9\n",
  "failregex = from <ADDR>\nignoreregex = from 192\\.0\\.2\\.[1-5]\\b\n              J\\S+rg\n              and so on\n",
  "prefregex = sshd\\[\\d+\\]: <F-CONTENT>.+</F-CONTENT>\nfailregex = from <ADDR>\nignoreregex = ^Connection\n",
  /* more matches for a line than are kept */
  "failregex = f.*<ADDR>\n            fr.*<ADDR>\n            from.*<ADDR>\n            r.*<ADDR>\n            ro.*<ADDR>\n"
  "            rom.*<ADDR>\n            o.*<ADDR>\n            om.*<ADDR>\n            m.*<ADDR>\n            ro\\S+ <ADDR>\n"
  "            om? <ADDR>\n            fro. <ADDR>\n            fr.m <ADDR>\n            f.om <ADDR>\n            .rom <ADDR>\n"
  "            ..om <ADDR>\n            ...m <ADDR>\n            .... <ADDR>\n            .+ <ADDR>\n            \\w <ADDR>\n",
  /* SLOW: what takes too long */
  "failregex = (?:x+x+)+[wz].*<ADDR>\n            from <ADDR>\nignoreregex = (x+x+)+[wz]\n",
  /* dates of its own */
  "failregex = from <ADDR>\ndatepattern = ^%%Y-%%m-%%d %%H:%%M:%%S\n              ^(?:@|\\[)\\S+ %%b %%d %%H:%%M:%%S %%Y\n              %%d/%%m/%%Y %%H:%%M:%%S\n",
  "failregex = from <ADDR>\ndatepattern = {NONE}\n",
  "failregex = from <ADDR>\ndatepattern = ^[^\\[]*\\[({DATE})\n              {^LN-BEG}\n",
  "failregex = from <ADDR>\ndatepattern = {^LN-BEG}\n",
  "failregex = from <ADDR>\ndatepattern = said at (%%Y-%%m-%%d %%H:%%M:%%S)?\n",
  /* an exception of the reference */
  "failregex = from <ADDR>(?: and from (?P<matches>\\S+))?\n",
  /* several lines at once: not looked at beforehand */
  "maxlines = 3\nfailregex = Connection from <ADDR> port \\d+\\n.*(?:\\n.*)?bad\n",
};

#define SLOW   7
#define N_SLOW 2 /* forms for it */

static const char *const forms[] = {
  "-l debug --VD",
  "",
  "-v",
  "--print-all-matched --print-all-missed --print-all-ignored",
  "--no-check-all -vv",
  "-o ip",
  "-o msg",
  "-o row",
  "-i -o id",
  "-D --print-all-matched",
};

/* --- runs --------------------------------------------------------------------------------------------------------- */
typedef struct
{
  char *dir, *log, *filter;
} Files;

/* What a run says, on both channels, and its exit code. */
static char *
run_program (const Files *files, const char *form, RegexAhead ahead, gsize chunk)
{
  g_autofree char *command = g_strdup_printf ("fail2ban-regex --encoding utf-8 --usedns no %s %s %s", form, files->log, files->filter);
  g_autofree char *path = g_build_filename (files->dir, "out", NULL);
  g_auto (GStrv) words = NULL;
  g_auto (Options) options = { 0 };
  g_autoptr (Clock) clock = clock_new_settable (NOW_USEC);
  g_autoptr (Log) log = log_new ();
  g_autoptr (RegexRun) run = NULL;
  g_autofree char *said = NULL;
  gsize len;
  int argc, code = 0, file, saved_out, saved_error;
  GString *escaped;

  g_assert_true (g_shell_parse_argv (command, &argc, &words, NULL));
  (void) fflush (stdout);
  file = open (path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  g_assert_cmpint (file, >=, 0);
  saved_out = dup (STDOUT_FILENO);
  saved_error = dup (STDERR_FILENO);
  (void) dup2 (file, STDOUT_FILENO);
  (void) dup2 (file, STDERR_FILENO);
  if (options_parse (&options, argc, words, &code))
    {
      run = regex_run_new (&options, clock, log);
      run->ahead = ahead;
      run->ahead_chunk = chunk;
      code = regex_run_all (run);
    }
  (void) fflush (stdout);
  (void) dup2 (saved_out, STDOUT_FILENO);
  (void) dup2 (saved_error, STDERR_FILENO);
  (void) close (saved_out);
  (void) close (saved_error);
  (void) close (file);
  g_assert_true (g_file_get_contents (path, &said, &len, NULL));
  escaped = g_string_new (NULL);
  for (gsize i = 0; i < len; i++)
    if (said[i] == '\0')
      g_string_append (escaped, "\\0");
    else
      g_string_append_c (escaped, said[i]);
  g_string_append_printf (escaped, "\nexit %d\n", code);
  return g_string_free (escaped, FALSE);
}

static void
files_init (Files *self, guint seed)
{
  GString *log = make_log (seed);

  self->dir = g_dir_make_tmp ("read-ahead-XXXXXX", NULL);
  self->log = g_build_filename (self->dir, "log", NULL);
  self->filter = g_build_filename (self->dir, "filter.conf", NULL);
  g_assert_true (g_file_set_contents (self->log, log->str, (gssize) log->len, NULL));
  g_string_free (log, TRUE);
}

static void
files_clear (Files *self)
{
  g_autofree char *out = g_build_filename (self->dir, "out", NULL);

  (void) unlink (self->log);
  (void) unlink (self->filter);
  (void) unlink (out);
  (void) rmdir (self->dir);
  g_free (self->dir);
  g_free (self->log);
  g_free (self->filter);
}

/* Each filter with each form; of the sizes one each time. */
static void
test_two_threads_say_what_one_says (gconstpointer data)
{
  static const gsize chunks[] = { 1, 700, 20000, READ_AHEAD_CHUNK };
  guint filter = GPOINTER_TO_UINT (data);
  g_autofree char *text = g_strconcat ("[Definition]\n", filters[filter], NULL);
  Files files;

  files_init (&files, filter);
  g_assert_true (g_file_set_contents (files.filter, text, -1, NULL));
  for (guint form = 0; form < (filter == SLOW ? N_SLOW : G_N_ELEMENTS (forms)); form++)
    {
      gsize chunk = chunks[(filter + form) % G_N_ELEMENTS (chunks)];
      g_autofree char *one = run_program (&files, forms[form], REGEX_AHEAD_NEVER, READ_AHEAD_CHUNK);
      g_autofree char *two = run_program (&files, forms[form], REGEX_AHEAD_ALWAYS, chunk);

      g_test_message ("form '%s', chunks of %" G_GSIZE_FORMAT, forms[form], chunk);
      g_assert_cmpstr (two, ==, one);
      g_assert_true (filter != SLOW || form != 0 || strstr (one, "takes too long") != NULL);
    }
  files_clear (&files);
}

/* --- a part ------------------------------------------------------------------------------------------------------- */
typedef struct
{
  Clock *clock;
  Log *log;
  Filter *filter;
  Files files;
  LineReader *reader;
} Part;

static void
part_init (Part *self)
{
  self->clock = clock_new_settable (NOW_USEC);
  self->log = log_new ();
  self->filter = filter_new (NULL, self->clock, self->log);
  g_assert_true (filter_set_log_encoding (self->filter, "utf-8", NULL));
  g_assert_true (filter_add_failregex (self->filter, "from <ADDR>", NULL));
  files_init (&self->files, 1);
  self->reader = line_reader_open (self->files.log, LINE_END_BYTE, NULL);
  g_assert_nonnull (self->reader);
}

static void
part_clear (Part *self)
{
  line_reader_free (self->reader);
  files_clear (&self->files);
  filter_free (self->filter);
  log_free (self->log);
  clock_free (self->clock);
}

/* Gives how many lines had matches; `ret_told`: of how many the date was told by the line before. */
static guint
compare_lines (Part *part, gsize chunk, guint *ret_told)
{
  g_autoptr (LineReader) again = line_reader_open (part->files.log, LINE_END_BYTE, NULL);
  g_autoptr (ReadAhead) ahead = read_ahead_new (part->filter, part->reader, chunk);
  const LineFinding *finding;
  const LineStore *store;
  const char *bytes, *other;
  gsize len, other_len;
  gboolean is_ascii;
  guint n_found = 0;

  *ret_told = 0;
  g_assert_nonnull (ahead);
  while (read_ahead_next (ahead, &bytes, &len, &finding, &store, NULL))
    {
      g_assert_true (line_reader_next (again, &other, &other_len, &is_ascii, NULL));
      g_assert_cmpmem (bytes, len, other, other_len);
      n_found += (finding->what & LINE_FINDING_SEARCHED) && store->for_filter == part->filter && finding->n_matches > 0;
      *ret_told += finding->date_form != 0;
    }
  g_assert_false (line_reader_next (again, &other, &other_len, &is_ascii, NULL));
  g_assert_false (read_ahead_next (ahead, &bytes, &len, &finding, &store, NULL));
  return n_found;
}

static void
test_lines_come_in_their_order (void)
{
  Part part;
  const char *bytes;
  gsize len;
  guint n_told;

  part_init (&part);
  g_assert_cmpuint (compare_lines (&part, 500, &n_told), >, N_LINES / 10);
  g_assert_true (line_reader_rest (part.reader, &bytes, &len));
  part_clear (&part);
}

static void
test_a_chunk_of_very_many_lines_is_looked_at_in_parts (void)
{
  static const char *const lines[] = { "\n", "x\n", "Aug 14 09:00:00 from 192.0.2.1\n", "Aug 14 09:00:00 y\n" };
  g_autoptr (GString) log = g_string_new (NULL);
  Part part;
  guint n_told;

  part_init (&part);
  for (guint i = 0; i < 40000; i++)
    g_string_append (log, lines[i < 20000 ? 0 : i % G_N_ELEMENTS (lines)]);
  g_assert_true (g_file_set_contents (part.files.log, log->str, (gssize) log->len, NULL));
  line_reader_free (part.reader);
  part.reader = line_reader_open (part.files.log, LINE_END_BYTE, NULL);
  g_assert_cmpuint (compare_lines (&part, READ_AHEAD_CHUNK, &n_told), ==, 5000);
  g_assert_cmpuint (n_told, >, 4900); /* of each second line with the same date */
  g_assert_cmpuint (n_told, <=, 5000);
  part_clear (&part);
}

static void
test_it_can_be_left_at_any_time (void)
{
  for (guint n = 0; n < 300; n += n / 4 + 1)
    {
      Part part;
      ReadAhead *ahead;
      const LineFinding *finding;
      const LineStore *store;
      const char *bytes;
      gsize len;

      part_init (&part);
      ahead = read_ahead_new (part.filter, part.reader, 300);
      for (guint i = 0; i < n; i++)
        g_assert_true (read_ahead_next (ahead, &bytes, &len, &finding, &store, NULL));
      read_ahead_free (ahead);
      part_clear (&part);
    }
}

static void
test_not_every_filter_can_look_ahead (void)
{
  Part part;

  part_init (&part);
  g_assert_true (filter_set_max_lines (part.filter, 2, NULL));
  g_assert_null (read_ahead_new (part.filter, part.reader, 500));
  g_assert_true (filter_set_max_lines (part.filter, 1, NULL));
  g_assert_true (filter_set_log_encoding (part.filter, "latin1", NULL));
  g_assert_null (read_ahead_new (part.filter, part.reader, 500));
  g_assert_true (filter_set_log_encoding (part.filter, "utf-8", NULL));
  g_assert_true (filter_set_date_pattern (part.filter, NULL, NULL));
  g_assert_null (read_ahead_new (part.filter, part.reader, 500));
  part_clear (&part);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/read-ahead/lines come in their order", test_lines_come_in_their_order);
  g_test_add_func ("/read-ahead/a chunk of very many lines is looked at in parts",
                   test_a_chunk_of_very_many_lines_is_looked_at_in_parts);
  g_test_add_func ("/read-ahead/it can be left at any time", test_it_can_be_left_at_any_time);
  g_test_add_func ("/read-ahead/not every filter can look ahead", test_not_every_filter_can_look_ahead);
  for (guint i = 0; i < G_N_ELEMENTS (filters); i++)
    {
      g_autofree char *name = g_strdup_printf ("/read-ahead/two threads say what one says/filter %u", i);

      g_test_add_data_func (name, GUINT_TO_POINTER (i), test_two_threads_say_what_one_says);
    }
  return g_test_run ();
}
