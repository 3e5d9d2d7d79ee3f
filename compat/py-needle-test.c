#include "compat/py-needle.h"

#include <string.h>

static void
finds_as_memmem (const char *text, gsize text_len, const char *subject, gsize len)
{
  PyNeedle needle;

  py_needle_init (&needle, text, text_len);
  if (py_needle_find (&needle, subject, subject + len) != (const char *) memmem (subject, len, text, text_len))
    g_error ("'%.*s' in '%.*s'", (int) text_len, text, (int) len, subject);
}

static void
test_a_needle_is_found_where_memmem_finds_it (void)
{
  static const char letters[] = "ae mx\n\0\xc3";
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  for (guint round = 0; round < 200000; round++)
    {
      gint32 n_letters = g_rand_int_range (rand, 1, (gint32) sizeof letters);
      gsize text_len = (gsize) g_rand_int_range (rand, 1, 6), len = (gsize) g_rand_int_range (rand, 0, 80);
      g_autofree char *subject = g_malloc (len + 1); /* to the byte, for the sanitizer */
      char text[8];

      for (gsize i = 0; i < text_len; i++)
        text[i] = letters[g_rand_int_range (rand, 0, n_letters)];
      for (gsize i = 0; i < len; i++)
        subject[i] = letters[g_rand_int_range (rand, 0, n_letters)];
      finds_as_memmem (text, text_len, subject, len);
    }
}

static void
test_its_rarest_byte_is_looked_for (void)
{
  PyNeedle needle;

  py_needle_init (&needle, " from ", 6);
  g_assert_cmpint (needle.text[needle.rare], ==, 'm');
  py_needle_init (&needle, "x", 1);
  g_assert_cmpuint (needle.rare, ==, 0);
  py_needle_init (&needle, "] is not allowed", 16);
  g_assert_cmpint (needle.text[needle.rare], ==, 'w');
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/needle/is found where memmem finds it", test_a_needle_is_found_where_memmem_finds_it);
  g_test_add_func ("/needle/its rarest byte is looked for", test_its_rarest_byte_is_looked_for);
  return g_test_run ();
}
