#include "compat/py-codec.h"

#include <string.h>

static void
decodes (int line, const char *encoding, const char *bytes, gsize len, const char *text, int begin, int end)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyCodec) codec = py_codec_new (encoding, &error);
  g_autoptr (GString) out = g_string_new (NULL);
  gsize at = 0, stop = 0;
  PyCodecResult result;

  g_assert_no_error (error);
  result = py_codec_decode (codec, bytes, len, out, &at, &stop, &error);
  if (strcmp (out->str, text) != 0 || (result == PY_CODEC_BROKEN) != (begin >= 0)
      || (begin >= 0 && ((int) at != begin || (int) stop != end)))
    g_error ("line %d: %s gave '%s', broken %d-%d", line, encoding, out->str, (int) at, (int) stop);
}
#define DECODES(encoding, bytes, text)           decodes (__LINE__, encoding, bytes, sizeof bytes - 1, text, -1, 0)
#define BREAKS(encoding, bytes, text, begin, to) decodes (__LINE__, encoding, bytes, sizeof bytes - 1, text, begin, to)

static void
test_names_are_those_of_python (void)
{
  const char *known[] = { "UTF-8",     "utf8",   "U8",           "latin-1", "ISO-8859-1",       "iso 8859 15",
                          "L1",        "cp1252", "windows-1252", "KOI8-R",  "iso_646.irv_1991", "UTF-16LE",
                          "utf-8-sig", "hex",    "rot13",        "idna",    "Shift_JIS" };
  const char *unknown[] = { "bogus", "auto", "", "utf-9", "codec", "--" };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PyCodec) codec = py_codec_new (known[i], &error);
      g_assert_no_error (error);
      g_assert_cmpstr (py_codec_peek_name (codec), ==, known[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (unknown); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *text = g_strdup_printf ("unknown encoding: %s", unknown[i]);
      g_assert_null (py_codec_new (unknown[i], &error));
      g_assert_error (error, PY_CODEC_ERROR, PY_CODEC_ERROR_LOOKUP);
      g_assert_cmpstr (error->message, ==, text);
    }
}

static void
test_utf_8_replaces_each_broken_sequence_once (void)
{
  DECODES ("utf-8", "J\xc3\xbcrgen \xf0\x9f\x98\x80", "J\xc3\xbcrgen \xf0\x9f\x98\x80");
  BREAKS ("utf-8", "J\xfcrgen", "J\xef\xbf\xbdrgen", 1, 2);
  BREAKS ("utf-8", "a\xe2\x82", "a\xef\xbf\xbd", 1, 3);
  BREAKS ("utf-8", "a\xe2\x82z\xff", "a\xef\xbf\xbdz\xef\xbf\xbd", 1, 3);
  BREAKS ("utf-8", "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 0, 1);
  BREAKS ("utf-8", "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd", 0, 1);
  DECODES ("utf-8-sig", "\xef\xbb\xbfx", "x");
  DECODES ("utf-8", "\xef\xbb\xbfx", "\xef\xbb\xbfx");
}

static void
test_one_byte_encodings (void)
{
  DECODES ("latin-1", "J\xfcrgen", "J\xc3\xbcrgen");
  BREAKS ("ascii", "J\xfcrgen", "J\xef\xbf\xbdrgen", 1, 2);
  DECODES ("cp1252", "\x80", "\xe2\x82\xac");
  BREAKS ("cp1252", "\x81", "\xef\xbf\xbd", 0, 1);
  DECODES ("koi8-r", "\xc1", "\xd0\xb0");
  DECODES ("iso8859-15", "\xa4", "\xe2\x82\xac");
}

static void
test_utf_16_and_32 (void)
{
  DECODES ("utf-16",
           "\xff\xfe"
           "a\0\n\0",
           "a\n");
  DECODES ("utf-16", "\xfe\xff\0a", "a");
  DECODES ("utf-16", "a\0", "a");
  DECODES ("utf-16-be", "\xd8\x3d\xde\x00", "\xf0\x9f\x98\x80");
  BREAKS ("utf-16-le", "a\0\n", "a\xef\xbf\xbd", 2, 3);
  BREAKS ("utf-16-le",
          "\x3d\xd8"
          "a\0",
          "\xef\xbf\xbd"
          "a",
          0, 2);
  DECODES ("utf-32-le", "a\0\0\0\n\0\0\0", "a\n");
  BREAKS ("utf-32-le", "a\0\0\0\n", "a\xef\xbf\xbd", 4, 5);
  BREAKS ("utf-32-be", "\0\x11\0\0", "\xef\xbf\xbd", 0, 4);
}

static void
test_encodings_of_several_bytes (void)
{
  DECODES ("shift_jis", "\x83\x65", "\xe3\x83\x86");
  BREAKS ("shift_jis", "a\x83", "a\xef\xbf\xbd", 1, 2);
  DECODES ("euc-jp", "\xa5\xc6", "\xe3\x83\x86");
  DECODES ("shift_jis", "a\\~", "a\\~"); /* no yen sign, no overline */
  DECODES ("cp932", "\x80 \xf0\x40", "\xc2\x80 \xee\x80\x80");
  BREAKS ("euc_kr", "a\x81z", "a\xef\xbf\xbdz", 1, 2);
  DECODES ("euc_kr", "\xa4\xd4\xa4\xa2\xa4\xbf\xa4\xa4", "\xea\xb9\x90");
  BREAKS ("gbk", "\x80 ", "\xef\xbf\xbd ", 0, 1);
  DECODES ("gb18030", "\x94\x39\xda\x33", "\xf0\x9f\x92\xa9");
  BREAKS ("gb18030", "\x81\x30\n", "\xef\xbf\xbd", 0, 3); /* the line end is part of it */
  DECODES ("johab", "\xb0\xa1", "\xec\x8c\xb0");
  DECODES ("big5hkscs", "\x88\x62", "\xc3\x8a\xcc\x84");
  BREAKS ("euc_jisx0213", "\xae\xa1", "\xef\xbf\xbd", 0, 2);
}

static void
test_encodings_with_a_state (void)
{
  DECODES ("hz", "~{<:Ky2;~} ~~ ~\nx", "\xe5\xb7\xb1\xe6\x89\x80\xe4\xb8\x8d ~ x");
  BREAKS ("hz", "a\xff", "a\xef\xbf\xbd", 1, 2);
  DECODES ("iso2022_jp", "\x1b$B%F\x1b(B x", "\xe3\x83\x86 x");
  DECODES ("iso2022_jp", "\x1b[1mx", "\x1b[1mx");
  BREAKS ("iso2022_jp", "\x1b$C%F", "\xef\xbf\xbd%F", 0, 3);
  DECODES ("iso2022_kr", "\x1b$)C\x0e\x30\x21\x0fx", "\xea\xb0\x80x");
  DECODES ("utf-7", "J+APw-rgen +- 1", "J\xc3\xbcrgen + 1");
  BREAKS ("utf-7", "J\xfc +x", "J\xef\xbf\xbd \xef\xbf\xbd", 1, 2);
  DECODES ("utf-7", "+2D3eAA-", "\xf0\x9f\x98\x80");
  DECODES ("utf-7", "+2AA-", "\xed\xa0\x80");
}

static void
test_escapes_are_those_of_a_program (void)
{
  DECODES ("unicode_escape", "a\\tb\\x41\\u00fc\\N{DIGIT ONE}\\101\xfc",
           "a\tbA\xc3\xbc"
           "1A\xc3\xbc");
  BREAKS ("unicode_escape", "a\\x4z", "a\xef\xbf\xbdz", 1, 4);
  BREAKS ("unicode_escape", "\\", "\xef\xbf\xbd", 0, 1);
  DECODES ("raw_unicode_escape", "\\\\u0041\\u0041\\n", "\\\\u0041A\\n");
  BREAKS ("raw_unicode_escape", "\\U00110000", "\xef\xbf\xbd", 0, 10);
}

static void
test_other_systems_have_encodings_too (void)
{
  DECODES ("mac_greek", "\xe1", "\xce\xb1");
  DECODES ("cp037", "\xc1\x25\x0d", "A\n\r");
  DECODES ("palmos", "\x80", "\xe2\x82\xac");
  BREAKS ("tis_620", "\xa0", "\xef\xbf\xbd", 0, 1);
  DECODES ("charmap", "\xfc", "\xc3\xbc");
}

static void
test_what_is_no_encoding_of_text_fails_when_used (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyCodec) codec = py_codec_new ("hex", NULL);
  g_autoptr (GString) out = g_string_new (NULL);

  g_assert_cmpint (py_codec_decode (codec, "41", 2, out, NULL, NULL, &error), ==, PY_CODEC_FAILED);
  g_assert_error (error, PY_CODEC_ERROR, PY_CODEC_ERROR_NO_BYTES);
  g_assert_false (py_codec_encode (codec, "A", 1, TRUE, out));
}

static void
test_idna_takes_what_is_ascii (void)
{
  g_autoptr (PyCodec) codec = py_codec_new ("idna", NULL);
  g_autoptr (GString) out = g_string_new (NULL);

  DECODES ("idna", "failed from 192.0.2.1", "failed from 192.0.2.1");
  g_assert_cmpint (py_codec_decode (codec, "J\xfc", 2, out, NULL, NULL, NULL), ==, PY_CODEC_FAILED);
  g_assert_cmpint (py_codec_decode (codec, "xn--a", 5, out, NULL, NULL, NULL), ==, PY_CODEC_FAILED);
}

static void
test_where_lines_end_may_be_seen_in_the_text_only (void)
{
  const char *own[] = { "cp037", "cp500", "utf-7", "hz", "iso2022_jp", "euc_jp", "gb18030", "unicode_escape" };
  const char *plain[] = { "ascii", "latin-1", "cp1252", "shift_jis", "big5", "utf-8", "mac_roman", "koi8-r" };

  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    {
      g_autoptr (PyCodec) codec = py_codec_new (own[i], NULL);
      g_assert_true (py_codec_has_line_ends (codec));
    }
  for (guint i = 0; i < G_N_ELEMENTS (plain); i++)
    {
      g_autoptr (PyCodec) codec = py_codec_new (plain[i], NULL);
      g_assert_false (py_codec_has_line_ends (codec));
    }
}

static void
test_what_was_decoded_is_encoded_again (void)
{
  const char *encodings[] = { "utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "latin-1", "cp1252", "shift_jis" };

  for (guint i = 0; i < G_N_ELEMENTS (encodings); i++)
    {
      g_autoptr (PyCodec) codec = py_codec_new (encodings[i], NULL);
      g_autoptr (GString) bytes = g_string_new (NULL), text = g_string_new (NULL);

      g_assert_true (py_codec_encode (codec, "line 1\n", 7, FALSE, bytes));
      g_assert_cmpint (py_codec_decode (codec, bytes->str, bytes->len, text, NULL, NULL, NULL), ==, PY_CODEC_CLEAN);
      g_assert_cmpstr (text->str, ==, "line 1\n");
    }
}

static void
test_what_an_encoding_cannot_say_is_left_out_or_marked (void)
{
  g_autoptr (PyCodec) codec = py_codec_new ("ascii", NULL);
  g_autoptr (GString) out = g_string_new (NULL);

  g_assert_true (py_codec_encode (codec, "a\xc3\xbc\xed\xb3\xbfz", 7, FALSE, out));
  g_assert_cmpstr (out->str, ==, "az");
  g_string_truncate (out, 0);
  g_assert_true (py_codec_encode (codec, "a\xc3\xbcz", 4, TRUE, out));
  g_assert_cmpstr (out->str, ==, "a?z");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/names are those of Python", test_names_are_those_of_python);
  g_test_add_func ("/codec/UTF-8 replaces each broken sequence once", test_utf_8_replaces_each_broken_sequence_once);
  g_test_add_func ("/codec/one byte encodings", test_one_byte_encodings);
  g_test_add_func ("/codec/UTF-16 and UTF-32", test_utf_16_and_32);
  g_test_add_func ("/codec/encodings of several bytes", test_encodings_of_several_bytes);
  g_test_add_func ("/codec/encodings with a state", test_encodings_with_a_state);
  g_test_add_func ("/codec/escapes are those of a program", test_escapes_are_those_of_a_program);
  g_test_add_func ("/codec/other systems have encodings too", test_other_systems_have_encodings_too);
  g_test_add_func ("/codec/what is no encoding of text fails when used",
                   test_what_is_no_encoding_of_text_fails_when_used);
  g_test_add_func ("/codec/idna takes what is ASCII", test_idna_takes_what_is_ascii);
  g_test_add_func ("/codec/where lines end may be seen in the text only",
                   test_where_lines_end_may_be_seen_in_the_text_only);
  g_test_add_func ("/codec/what was decoded is encoded again", test_what_was_decoded_is_encoded_again);
  g_test_add_func ("/codec/what an encoding cannot say is left out or marked",
                   test_what_an_encoding_cannot_say_is_left_out_or_marked);
  return g_test_run ();
}
