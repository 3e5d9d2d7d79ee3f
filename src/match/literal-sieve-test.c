#include "match/literal-sieve.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE_MOST  300
#define WORDS_MOST (LINE_MOST / 64 + 2)
#define UNTOUCHED  0x5a5a5a5a5a5a5a5aull

static gboolean
has (const guint64 *places, gsize at)
{
  return places[at / 64] >> (at % 64) & 1;
}

/* The words that a sieve of these texts writes for a line; behind them there is UNTOUCHED. */
static void
run (LiteralSieveKind kind, const char *const *texts, const char *line, gsize len, guint64 places[WORDS_MOST])
{
  g_autoptr (LiteralSieve) sieve = literal_sieve_new (kind);
  gsize n_words;

  for (; *texts != NULL; texts++)
    (void) literal_sieve_add (sieve, *texts, strlen (*texts));
  literal_sieve_finish (sieve);
  for (guint i = 0; i < WORDS_MOST; i++)
    places[i] = UNTOUCHED;
  n_words = literal_sieve_run (sieve, line, len, places);
  g_assert_cmpuint (n_words, ==, LITERAL_SIEVE_WORDS (len));
  g_assert_cmphex (places[n_words], ==, UNTOUCHED);
}

static void
test_each_place_of_a_text_is_kept (gconstpointer data)
{
  LiteralSieveKind kind = GPOINTER_TO_UINT (data);
  static const char *const texts[] = { "failed password", NULL };

  for (guint before = 0; before < 150; before++)
    {
      g_autofree char *line = g_strdup_printf ("%*sFailed PASSWORD for", (int) before, "");
      guint64 places[WORDS_MOST];
      guint n_kept = 0;

      run (kind, texts, line, strlen (line), places);
      for (gsize at = 0; at + LITERAL_SIEVE_BYTES <= strlen (line); at++)
        n_kept += has (places, at);
      g_assert_cmpuint (n_kept, ==, 1);
    }
}

/* The mapped page that ends there has no next one. */
static char *
map_guarded (gsize *ret_size)
{
  gsize page = (gsize) sysconf (_SC_PAGESIZE);
  char *pages = mmap (NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  g_assert_true (pages != MAP_FAILED);
  g_assert_cmpint (mprotect (pages + page, page, PROT_NONE), ==, 0);
  *ret_size = page;
  return pages;
}

static void
test_nothing_is_read_beyond_the_text (gconstpointer data)
{
  LiteralSieveKind kind = GPOINTER_TO_UINT (data);
  static const char *const texts[] = { "abcd", NULL };
  gsize page;
  char *pages = map_guarded (&page);

  memset (pages, 'x', page);
  memcpy (pages + page - 4, "abcd", 4);
  for (gsize len = 0; len <= 200; len++)
    {
      guint64 places[WORDS_MOST];

      run (kind, texts, pages + page - len, len, places);
      for (gsize at = 0; at + LITERAL_SIEVE_BYTES <= len; at++)
        g_assert_cmpint (has (places, at), ==, at + 4 == len);
    }
  g_assert_cmpint (munmap (pages, 2 * page), ==, 0);
}

/* Of few letters, of any bytes; in the case that is asked for */
static char *
random_text (GRand *rand, guint least, guint most, gboolean lower)
{
  static const char letters[] = "abAB [0x\xc3\xbc";
  gboolean any = g_rand_boolean (rand);
  guint len = (guint) g_rand_int_range (rand, (gint32) least, (gint32) most + 1);
  char *text = g_malloc0 (len + 1);

  for (guint i = 0; i < len; i++)
    {
      text[i] = any ? (char) g_rand_int_range (rand, 1, 256) : letters[g_rand_int_range (rand, 0, sizeof letters - 1)];
      if (lower)
        text[i] = g_ascii_tolower (text[i]);
    }
  return text;
}

static void
random_texts (GRand *rand, GPtrArray *texts)
{
  guint n = (guint) g_rand_int_range (rand, 1, g_rand_boolean (rand) ? 5 : 100);

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (texts, random_text (rand, LITERAL_SIEVE_BYTES, LITERAL_SIEVE_BYTES + 10, TRUE));
  g_ptr_array_add (texts, NULL);
}

/* Whole bytes: exactly what the plain way keeps.  Halves: that, and all ways by halves the same. */
static void
compare (GRand *rand)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *line = random_text (rand, 0, LINE_MOST, FALSE);
  guint64 places[LITERAL_SIEVE_N_KINDS][WORDS_MOST];
  gsize len = strlen (line);

  random_texts (rand, texts);
  for (LiteralSieveKind kind = 0; kind < LITERAL_SIEVE_N_KINDS; kind++)
    if (literal_sieve_can (kind))
      run (kind, (const char *const *) texts->pdata, line, len, places[kind]);
  for (gsize i = 0; i < LITERAL_SIEVE_WORDS (len); i++)
    {
      guint64 plain = places[LITERAL_SIEVE_PLAIN][i];

      if (literal_sieve_can (LITERAL_SIEVE_AVX512))
        g_assert_cmphex (places[LITERAL_SIEVE_AVX512][i], ==, plain);
      if (literal_sieve_can (LITERAL_SIEVE_SSSE3))
        g_assert_cmphex (places[LITERAL_SIEVE_SSSE3][i] & plain, ==, plain);
      if (literal_sieve_can (LITERAL_SIEVE_AVX2))
        g_assert_cmphex (places[LITERAL_SIEVE_AVX2][i], ==, places[LITERAL_SIEVE_SSSE3][i]);
    }
}

static void
test_vectors_keep_what_the_plain_way_keeps (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);

  for (guint i = 0; i < 4000; i++)
    compare (rand);
}

static void
test_the_plain_way_keeps_each_place_of_a_text (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (12);

  for (guint i = 0; i < 2000; i++)
    {
      g_autoptr (LiteralSieve) sieve = literal_sieve_new (LITERAL_SIEVE_PLAIN);
      g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
      g_autofree char *line = random_text (rand, LITERAL_SIEVE_BYTES, LINE_MOST, FALSE);
      g_autofree char *folded = g_ascii_strdown (line, -1);
      g_autofree guint *ends = NULL;
      guint64 places[WORDS_MOST];

      random_texts (rand, texts);
      ends = g_new (guint, texts->len);
      for (guint j = 0; j + 1 < texts->len; j++)
        ends[j] = literal_sieve_add (sieve, g_ptr_array_index (texts, j), strlen (g_ptr_array_index (texts, j)));
      literal_sieve_finish (sieve);
      (void) literal_sieve_run (sieve, line, strlen (line), places);
      for (guint j = 0; j + 1 < texts->len; j++)
        for (const char *at = folded; (at = strstr (at, g_ptr_array_index (texts, j))) != NULL; at++)
          g_assert_true (has (places, (gsize) (at - folded) + ends[j] - LITERAL_SIEVE_BYTES));
    }
}

static void
test_of_a_text_its_rarest_bytes_are_looked_for (void)
{
  g_autoptr (LiteralSieve) sieve = literal_sieve_new (literal_sieve_get_fastest ());

  g_assert_cmpuint (literal_sieve_add (sieve, "connection from jqx1 port", 25), ==, 20);
  g_assert_cmpuint (literal_sieve_add (sieve, " from kkkk", 10), ==, 10);
}

int
main (int argc, char **argv)
{
  static const char *const names[LITERAL_SIEVE_N_KINDS] = { "plain", "ssse3", "avx2", "avx512" };

  g_test_init (&argc, &argv, NULL);
  for (LiteralSieveKind kind = 0; kind < LITERAL_SIEVE_N_KINDS; kind++)
    {
      g_autofree char *kept = g_strdup_printf ("/literal-sieve/each place of a text is kept, %s", names[kind]);
      g_autofree char *read = g_strdup_printf ("/literal-sieve/nothing is read beyond the text, %s", names[kind]);

      if (!literal_sieve_can (kind))
        {
          g_test_message ("this processor cannot: %s", names[kind]);
          continue;
        }
      g_test_add_data_func (kept, GUINT_TO_POINTER (kind), test_each_place_of_a_text_is_kept);
      g_test_add_data_func (read, GUINT_TO_POINTER (kind), test_nothing_is_read_beyond_the_text);
    }
  g_test_add_func ("/literal-sieve/vectors keep what the plain way keeps", test_vectors_keep_what_the_plain_way_keeps);
  g_test_add_func ("/literal-sieve/the plain way keeps each place of a text",
                   test_the_plain_way_keeps_each_place_of_a_text);
  g_test_add_func ("/literal-sieve/of a text its rarest bytes are looked for",
                   test_of_a_text_its_rarest_bytes_are_looked_for);
  return g_test_run ();
}
