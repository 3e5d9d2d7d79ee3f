#include "match/literal-scan.h"

#include <string.h>

/* The numbers (0 to 63) of texts in a line, by looking for each */
static guint64
find_slowly (const GPtrArray *texts, const char *line, gsize len)
{
  g_autofree char *folded = g_ascii_strdown (line, (gssize) len);
  guint64 found = 0;

  for (guint i = 0; i < texts->len; i++)
    {
      const char *text = g_ptr_array_index (texts, i);

      if (memmem (folded, len, text, strlen (text)) != NULL)
        found |= (guint64) 1 << (i % 64);
    }
  return found;
}

#define WINDOW LITERAL_SIEVE_N_KINDS /* the way that is no sieve */

/* way: a kind of sieve, or WINDOW */
static LiteralScan *
make (const GPtrArray *texts, guint way)
{
  LiteralScan *scan = literal_scan_new ();

  for (guint i = 0; i < texts->len; i++)
    g_assert_true (literal_scan_add (scan, g_ptr_array_index (texts, i), i % 64));
  literal_scan_finish_as (scan, way != WINDOW, way != WINDOW ? (LiteralSieveKind) way : LITERAL_SIEVE_PLAIN);
  return scan;
}

static gboolean
can (guint way)
{
  return way == WINDOW || literal_sieve_can ((LiteralSieveKind) way);
}

/* In every way that there is, which all find the same */
static guint64
scan_once (const char *const *texts, const char *line)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new ();
  guint64 first = 0;

  for (; *texts != NULL; texts++)
    g_ptr_array_add (list, (gpointer) *texts);
  for (guint way = 0; way <= WINDOW; way++)
    {
      g_autoptr (LiteralScan) scan = can (way) ? make (list, way) : NULL;
      guint64 found = 0;

      if (scan == NULL)
        continue;
      literal_scan_run (scan, line, strlen (line), &found);
      if (way == 0)
        first = found;
      g_assert_cmphex (found, ==, first);
    }
  return first;
}
#define SCAN(line, ...) scan_once ((const char *const[]){ __VA_ARGS__, NULL }, line)

static void
test_texts_are_found_wherever_they_stand (void)
{
  g_assert_cmphex (SCAN ("failed password", "failed", "password", "accepted"), ==, 3);
  g_assert_cmphex (SCAN ("FAILED", "failed"), ==, 1);
  g_assert_cmphex (SCAN ("faile", "failed"), ==, 0);
  g_assert_cmphex (SCAN ("", "failed"), ==, 0);
  g_assert_cmphex (SCAN ("xxfoobar", "foobar", "oobar", "foob", "barx"), ==, 7);
  g_assert_cmphex (SCAN ("from J\xc3\xbcrgen", "j\xc3\xbcrg", "j\xc3\x9crg"), ==, 1);
}

static void
test_only_letters_lose_their_case (void)
{
  g_assert_cmphex (SCAN ("a[b]c", "a{b}c"), ==, 0);
  g_assert_cmphex (SCAN ("a{b}c", "a[b]c"), ==, 0);
  g_assert_cmphex (SCAN ("ab@cd", "ab`cd"), ==, 0);
  g_assert_cmphex (SCAN ("\xc3\x9c\xc3\x9c", "\xc3\xbc\xc3\xbc"), ==, 0);
}

static void
test_a_scan_without_texts_finds_nothing (void)
{
  g_autoptr (LiteralScan) scan = literal_scan_new ();
  guint64 found = 0;

  literal_scan_finish (scan);
  literal_scan_run (scan, "anything", 8, &found);
  g_assert_cmphex (found, ==, 0);
}

static void
test_more_texts_than_can_be_told_apart_are_refused (void)
{
  g_autoptr (LiteralScan) scan = literal_scan_new ();
  guint n = 0;

  for (; n <= G_MAXUINT16; n++)
    {
      g_autofree char *text = g_strdup_printf ("text %u", n);
      if (!literal_scan_add (scan, text, 0))
        break;
    }
  g_assert_cmpuint (n, ==, G_MAXUINT16);
}

static char *
random_text (GRand *rand, guint least, guint most)
{
  static const char letters[] = "abAB [x";
  guint len = (guint) g_rand_int_range (rand, (gint32) least, (gint32) most + 1);
  char *text = g_malloc0 (len + 1);

  for (guint i = 0; i < len; i++)
    text[i] = letters[g_rand_int_range (rand, 0, sizeof letters - 1)];
  return text;
}

static void
find_in_random_lines (GRand *rand, const GPtrArray *texts, guint way)
{
  g_autoptr (LiteralScan) scan = make (texts, way);

  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *line = random_text (rand, 0, i % 2 == 0 ? 60 : 200);
      guint64 found = 0, expected = find_slowly (texts, line, strlen (line));

      literal_scan_run (scan, line, strlen (line), &found);
      g_assert_cmphex (found, ==, expected);
    }
}

static void
test_it_finds_what_looking_for_each_text_finds (gconstpointer data)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);

  for (guint i = 0; i < 400; i++)
    {
      g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
      guint n = (guint) g_rand_int_range (rand, 1, 80), least = (guint) g_rand_int_range (rand, 4, 9);

      for (guint j = 0; j < n; j++)
        {
          g_autofree char *text = random_text (rand, least, least + (j % 7 == 0 ? 30 : 6));
          g_ptr_array_add (texts, g_ascii_strdown (text, -1));
        }
      find_in_random_lines (rand, texts, GPOINTER_TO_UINT (data));
    }
}

/* A long line is searched in pieces of 4096 bytes. */
static void
test_a_long_line_has_no_seams (void)
{
  for (gsize before = 4096 - 30; before < 4096 + 10; before++)
    {
      g_autofree char *x = g_strnfill (before, 'x'), *line = g_strconcat (x, "Failed password", x, "accepted", NULL);

      g_assert_cmphex (SCAN (line, "failed password", "refused", "accepted"), ==, 5);
    }
}

int
main (int argc, char **argv)
{
  static const char *const ways[] = { "plain sieve", "ssse3", "avx2", "avx512", "window" };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/literal-scan/texts are found wherever they stand", test_texts_are_found_wherever_they_stand);
  g_test_add_func ("/literal-scan/only letters lose their case", test_only_letters_lose_their_case);
  g_test_add_func ("/literal-scan/a scan without texts finds nothing", test_a_scan_without_texts_finds_nothing);
  g_test_add_func ("/literal-scan/more texts than can be told apart are refused",
                   test_more_texts_than_can_be_told_apart_are_refused);
  g_test_add_func ("/literal-scan/a long line has no seams", test_a_long_line_has_no_seams);
  for (guint way = 0; way <= WINDOW; way++)
    {
      g_autofree char *name
          = g_strdup_printf ("/literal-scan/it finds what looking for each text finds, %s", ways[way]);

      if (can (way))
        g_test_add_data_func (name, GUINT_TO_POINTER (way), test_it_finds_what_looking_for_each_text_finds);
    }
  return g_test_run ();
}
