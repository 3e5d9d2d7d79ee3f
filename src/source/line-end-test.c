#include "source/line-end.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "source/line-reader.h"

static gboolean
is_ascii (const char *bytes, gsize len)
{
  for (gsize i = 0; i < len; i++)
    if ((guchar) bytes[i] >= 0x80)
      return FALSE;
  return TRUE;
}

static void
finds_in_each_way (const char *bytes, gsize len)
{
  gssize expected = line_end_find (LINE_END_BYTE, bytes, len);
  gboolean ascii = FALSE;

  g_assert_cmpint (line_end_find_ascii (bytes, len, &ascii), ==, expected);
  if (expected >= 0)
    g_assert_cmpint (ascii, ==, is_ascii (bytes, (gsize) expected));
  for (guint way = LINE_END_PLAINLY; way <= LINE_END_AVX2; way++)
    {
      LineEndFunc find = line_end_peek_way ((LineEndWay) way);
      gboolean also = !ascii;

      if (find == NULL)
        continue;
      g_assert_cmpint (find (bytes, len, &also), ==, expected);
      if (expected >= 0)
        g_assert_cmpint (also, ==, ascii);
    }
}

/* On exactly so many bytes, for the sanitizer. */
static void
test_a_line_end_is_found_with_whether_the_line_is_ascii (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  for (guint round = 0; round < 100000; round++)
    {
      gsize len = (gsize) g_rand_int_range (rand, 0, 200);
      gint32 rare = g_rand_int_range (rand, 10, 400);
      g_autofree char *bytes = g_malloc (MAX (len, 1));

      for (gsize i = 0; i < len; i++)
        {
          gint32 kind = g_rand_int_range (rand, 0, rare);
          bytes[i] = (char) (kind == 0 ? '\n' : kind == 1 ? g_rand_int_range (rand, 0x80, 0x100) : g_rand_int_range (rand, 0, 0x80));
        }
      finds_in_each_way (bytes, len);
    }
}

static void
append_line (GString *log, GRand *rand)
{
  gint32 kind = g_rand_int_range (rand, 0, 300);
  gsize len = kind == 0 ? 300000 : kind == 1 ? LINE_READER_MAX + 5 : (gsize) g_rand_int_range (rand, 0, 2000);
  gsize old = log->len;

  g_string_set_size (log, old + len);
  memset (log->str + old, 'x', len);
  if (len > 0 && g_rand_int_range (rand, 0, 4) == 0)
    log->str[old + (gsize) g_rand_int_range (rand, 0, (gint32) len)] = '\xfc';
  g_string_append_c (log, '\n');
}

/* Across the pieces in which a file is read, and with lines that are longer than may be. */
static void
test_a_reader_knows_of_whole_lines_whether_they_are_ascii (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (2);
  g_autoptr (GString) log = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (LineReader) reader = NULL;
  g_autofree char *path = NULL;
  const char *bytes;
  gsize len, at = 0;
  gboolean ascii;
  guint n_ascii = 0, n_cut = 0;
  int fd = g_file_open_tmp ("line-end-XXXXXX", &path, &error);

  g_assert_no_error (error);
  (void) close (fd);
  for (guint i = 0; i < 2000; i++)
    append_line (log, rand);
  g_assert_true (g_file_set_contents (path, log->str, (gssize) log->len, NULL));
  reader = line_reader_open (path, LINE_END_BYTE, &error);
  g_assert_no_error (error);
  while (line_reader_next (reader, &bytes, &len, &ascii, &error))
    {
      gsize whole = (gsize) line_end_find (LINE_END_BYTE, log->str + at, log->len - at);

      g_assert_cmpmem (bytes, len, log->str + at, MIN (whole, LINE_READER_MAX));
      if (ascii)
        g_assert_true (is_ascii (bytes, len) && bytes[len - 1] == '\n');
      n_ascii += ascii;
      n_cut += len < whole;
      at += whole;
    }
  g_assert_no_error (error);
  g_assert_cmpuint (at, ==, log->len);
  g_assert_cmpuint (n_ascii, >, 1200);
  g_assert_cmpuint (n_cut, >, 0);
  (void) unlink (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/line-end/a line end is found with whether the line is ASCII",
                   test_a_line_end_is_found_with_whether_the_line_is_ascii);
  g_test_add_func ("/line-end/a reader knows of whole lines whether they are ASCII",
                   test_a_reader_knows_of_whole_lines_whether_they_are_ascii);
  return g_test_run ();
}
