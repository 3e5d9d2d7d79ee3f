#include "match/log-line.h"

#include <string.h>

typedef struct
{
  Clock *clock;
  Log *log;
  GString *logged;
  LogLine *line;
} Fixture;

static void
on_log (int level, const char *logger, const char *text, gsize len, gpointer data)
{
  Fixture *f = data;

  g_string_append_printf (f->logged, "%d %s: ", level, logger);
  g_string_append_len (f->logged, text, (gssize) len);
  g_string_append_c (f->logged, '\n');
}

static void
set_up (Fixture *f, gconstpointer unused)
{
  f->clock = clock_new_settable (1000 * G_USEC_PER_SEC);
  f->log = log_new ();
  f->logged = g_string_new (NULL);
  f->line = log_line_new ("/var/log/x");
  log_set_sink (f->log, on_log, f);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  log_line_free (f->line);
  log_free (f->log);
  clock_free (f->clock);
  g_string_free (f->logged, TRUE);
}

static void
assert_text (Fixture *f, const char *encoding, const char *text)
{
  g_autoptr (PyCodec) codec = py_codec_new (encoding, NULL);
  g_autoptr (GError) error = NULL;
  const char *got;
  gsize len;
  PySearchFlags flags;

  g_assert_true (log_line_get_text (f->line, codec, f->clock, f->log, &got, &len, &flags, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (got, len, text, strlen (text));
  g_assert_true (!(flags & PY_SEARCH_IS_ASCII) || py_text_is_ascii (got, len));
}

static void
test_line_ends_are_taken_off (Fixture *f, gconstpointer unused)
{
  log_line_set_bytes (f->line, "a b\r\n\r\n", 7);
  assert_text (f, "utf-8", "a b");
  log_line_set_bytes (f->line, "\n", 1);
  assert_text (f, "utf-8", "");
  log_line_set_bytes (f->line, "J\xfc\r\n", 4);
  assert_text (f, "latin-1", "J\xc3\xbc");
  log_line_set_text (f->line, "a\n", 2);
  assert_text (f, "utf-8", "a\n");
}

static void
test_one_line_can_be_read_in_several_encodings (Fixture *f, gconstpointer unused)
{
  const char *encodings[] = { "latin-1", "cp1252", "iso8859-15", "koi8-r", "cp437", "latin-1", "cp1252" };

  log_line_set_bytes (f->line, "J\xc3\xbc\n", 4);
  for (guint i = 0; i < G_N_ELEMENTS (encodings); i++)
    {
      g_autoptr (PyCodec) codec = py_codec_new (encodings[i], NULL);
      g_autoptr (GString) wanted = g_string_new (NULL);
      (void) py_codec_decode (codec, "J\xc3\xbc", 3, wanted, NULL, NULL, NULL);
      assert_text (f, encodings[i], wanted->str);
    }
  assert_text (f, "utf-8", "J\xc3\xbc");
}

static void
test_broken_bytes_are_a_warning_once_a_day (Fixture *f, gconstpointer unused)
{
  log_line_set_bytes (f->line, "J\xfc\n", 3);
  assert_text (f, "utf-8", "J\xef\xbf\xbd");
  g_assert_cmpstr (
      f->logged->str, ==,
      "30 fail2ban.filter: Error decoding line from '/var/log/x' with 'utf-8'.\n"
      "30 fail2ban.filter: Consider setting logencoding to appropriate encoding for this jail. Continuing to "
      "process line ignoring invalid characters: b'J\\xfc\\n'\n");
  g_string_truncate (f->logged, 0);
  log_line_set_bytes (f->line, "\xfc\n", 2);
  assert_text (f, "utf-8", "\xef\xbf\xbd");
  g_assert_cmpstr (f->logged->str, ==, "");
  clock_advance_usec (f->clock, 24 * 3600 * (gint64) G_USEC_PER_SEC);
  log_line_set_bytes (f->line, "\xfc\n", 2);
  assert_text (f, "utf-8", "\xef\xbf\xbd");
  g_assert_cmpstr (f->logged->str, !=, "");
}

static void
test_a_cut_line_end_is_no_broken_character (Fixture *f, gconstpointer unused)
{
  log_line_set_bytes (f->line, "a\0\n", 3);
  assert_text (f, "utf-16-le", "a");
  g_assert_cmpstr (f->logged->str, ==, "");
}

static void
test_lines_may_hold_nul (Fixture *f, gconstpointer unused)
{
  g_autoptr (PyCodec) codec = py_codec_new ("utf-8", NULL);
  const char *got;
  gsize len;
  PySearchFlags flags;

  log_line_set_bytes (f->line, "a\0\xc3\xbc\n", 5);
  g_assert_true (log_line_get_text (f->line, codec, f->clock, f->log, &got, &len, &flags, NULL));
  g_assert_cmpmem (got, len, "a\0\xc3\xbc", 4);
  g_assert_cmpstr (f->logged->str, ==, "");
}

static void
test_a_date_is_remembered_for_its_line_only (Fixture *f, gconstpointer unused)
{
  LineDate date = { .found = TRUE, .begin = 3, .end = 9 };
  const char *key = g_intern_static_string ("key"), *other = g_intern_static_string ("other");

  log_line_set_text (f->line, "x", 1);
  g_assert_null (log_line_peek_date (f->line, key));
  g_assert_null (log_line_peek_date (f->line, other)); /* from now on */
  log_line_put_date (f->line, key, &date);
  g_assert_cmpuint (log_line_peek_date (f->line, key)->end, ==, 9);
  g_assert_null (log_line_peek_date (f->line, other));
  log_line_set_text (f->line, "y", 1);
  g_assert_null (log_line_peek_date (f->line, key));
  log_line_put_date (f->line, key, &date);
  g_assert_cmpuint (log_line_peek_date (f->line, key)->end, ==, 9);
}

static void
test_a_date_that_nobody_else_asks_for_is_not_kept (Fixture *f, gconstpointer unused)
{
  LineDate date = { .found = TRUE, .begin = 3, .end = 9 };
  const char *key = g_intern_static_string ("key");

  for (guint i = 0; i < 3; i++)
    {
      log_line_set_text (f->line, "x", 1);
      g_assert_null (log_line_peek_date (f->line, key));
      log_line_put_date (f->line, key, &date);
    }
  g_assert_null (log_line_peek_date (f->line, key));
}

#define ADD(name, test) g_test_add ("/log line/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("line ends are taken off", test_line_ends_are_taken_off);
  ADD ("one line can be read in several encodings", test_one_line_can_be_read_in_several_encodings);
  ADD ("broken bytes are a warning once a day", test_broken_bytes_are_a_warning_once_a_day);
  ADD ("a cut line end is no broken character", test_a_cut_line_end_is_no_broken_character);
  ADD ("lines may hold NUL", test_lines_may_hold_nul);
  ADD ("a date is remembered for its line only", test_a_date_is_remembered_for_its_line_only);
  ADD ("a date that nobody else asks for is not kept", test_a_date_that_nobody_else_asks_for_is_not_kept);
  return g_test_run ();
}
