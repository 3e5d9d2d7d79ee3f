#include "compat/py-regex-skip.h"

static gboolean
has (const PySkipSet *set, guint8 byte)
{
  return byte < 128 && (set->low[byte & 0x0f] >> (byte >> 4) & 1);
}

static void
test_bytes_of_the_set_are_gone_over (gconstpointer data)
{
  PySkipFunc skip = py_skip_get ((PySkipKind) GPOINTER_TO_INT (data));
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  guint8 text[200];

  if (skip == NULL)
    {
      g_test_skip ("this processor cannot");
      return;
    }
  for (guint i = 0; i < 20000; i++)
    {
      PySkipSet set = { { 0 } };
      guint len = (guint) g_rand_int_range (rand, 0, sizeof text), n_bytes = (guint) g_rand_int_range (rand, 1, 128);
      const guint8 *stop = text + len, *at = text;

      for (guint j = 0; j < n_bytes; j++)
        py_skip_set_add (&set, (guint8) g_rand_int_range (rand, 0, 128));
      for (guint j = 0; j < len; j++)
        do
          text[j] = (guint8) g_rand_int_range (rand, 0, 256);
        while (!has (&set, text[j]) && g_rand_int_range (rand, 0, 40) != 0);
      while (at < stop && has (&set, *at))
        at++;
      const guint8 *told = skip (&set, text, stop);
      g_assert_true (told <= at);
      g_assert_true (told == at || stop - told < PY_SKIP_STEP);
    }
}

static void
test_a_set_holds_what_was_added (void)
{
  PySkipSet set = { { 0 } };

  py_skip_set_add (&set, 'a');
  py_skip_set_add (&set, 0);
  py_skip_set_add (&set, 127);
  for (guint i = 0; i < 256; i++)
    g_assert_cmpint (has (&set, (guint8) i), ==, i == 'a' || i == 0 || i == 127);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/skip/a set holds what was added", test_a_set_holds_what_was_added);
  g_test_add_data_func ("/skip/bytes of the set are gone over, 16 at a time", GINT_TO_POINTER (PY_SKIP_SSSE3),
                        test_bytes_of_the_set_are_gone_over);
  g_test_add_data_func ("/skip/bytes of the set are gone over, 32 at a time", GINT_TO_POINTER (PY_SKIP_AVX2),
                        test_bytes_of_the_set_are_gone_over);
  return g_test_run ();
}
