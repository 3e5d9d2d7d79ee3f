#include "compat/py-codec.h"

#include <string.h>

/* What test-data/codecs/decodings.py (argv[1]) says of Python's codecs, against ours. */

#define PYTHON "/usr/bin/python3"

static const char *script;

static GString *
from_hex (const char *hex)
{
  GString *bytes = g_string_new (NULL);

  for (; g_ascii_isxdigit (hex[0]) && g_ascii_isxdigit (hex[1]); hex += 2)
    g_string_append_c (bytes, (char) (g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1])));
  return bytes;
}

static gboolean
is_decoded_alike (const PyCodec *codec, char **words)
{
  g_autoptr (GString) bytes = from_hex (words[1]), wanted = from_hex (words[2]), text = g_string_new (NULL);
  g_autofree char *exact = g_memdup2 (bytes->str, bytes->len); /* so that a sanitizer sees who reads on */
  gint64 begin = g_ascii_strtoll (words[3], NULL, 10), end = g_ascii_strtoll (words[4], NULL, 10);
  gsize at = 0, to = 0;
  gboolean is_broken = py_codec_decode (codec, exact, bytes->len, text, &at, &to, NULL) == PY_CODEC_BROKEN;

  return g_string_equal (text, wanted) && is_broken == (begin >= 0)
         && (!is_broken || ((gint64) at == begin && (gint64) to == end));
}

/* lines: "encoding bytes text start end" */
static guint
compare (char **lines)
{
  g_autoptr (PyCodec) codec = NULL;
  guint n = 0;

  for (; *lines != NULL && **lines != '\0'; lines++, n++)
    {
      g_auto (GStrv) words = g_strsplit (*lines, " ", -1);

      g_assert_cmpuint (g_strv_length (words), ==, 5);
      if (codec == NULL || !g_str_equal (py_codec_peek_name (codec), words[0]))
        {
          py_codec_free (codec);
          codec = py_codec_new (words[0], NULL);
          g_assert_nonnull (codec);
        }
      if (!is_decoded_alike (codec, words))
        {
          g_test_message ("not as Python: %s", *lines);
          g_test_fail ();
        }
    }
  return n;
}

static void
compare_with_python (const char *seed, const char *count)
{
  char *argv[] = { (char *) PYTHON, (char *) script, (char *) seed, (char *) count, NULL };
  g_autofree char *output = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;

  if (!g_file_test (PYTHON, G_FILE_TEST_IS_EXECUTABLE))
    {
      g_test_skip ("there is no " PYTHON);
      return;
    }
  (void) g_spawn_sync (NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, NULL));
  g_auto (GStrv) lines = g_strsplit (output, "\n", -1);
  g_assert_cmpuint (compare (lines), >, 10000);
}

static void
test_text_and_errors_are_those_of_python (void)
{
  compare_with_python ("1", "300");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_assert_cmpint (argc, ==, 2);
  script = argv[1];
  g_test_add_func ("/codec/text and errors are those of Python", test_text_and_errors_are_those_of_python);
  return g_test_run ();
}
