/* py-codec-fuzz.c - bytes of a stranger in each encoding: the first byte chooses it
 *
 * Text is UTF-8 (lone surrogates only where the codec says so), an error lies within the bytes, and what stands before the
 * error is decoded without one.
 */
#include <stdint.h>
#include <string.h>

#include "compat/py-codec.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static const char *const encodings[] = {
  "utf_7",
  "big5",
  "big5hkscs",
  "cp932",
  "cp949",
  "cp950",
  "euc_jis_2004",
  "euc_jisx0213",
  "euc_jp",
  "euc_kr",
  "gb18030",
  "gb2312",
  "gbk",
  "hz",
  "iso2022_jp",
  "iso2022_jp_1",
  "iso2022_jp_2",
  "iso2022_jp_2004",
  "iso2022_jp_3",
  "iso2022_jp_ext",
  "iso2022_kr",
  "johab",
  "shift_jis",
  "shift_jis_2004",
  "shift_jisx0213",
  "unicode_escape",
  "raw_unicode_escape",
  "utf_8",
  "utf_8_sig",
  "utf_16",
  "utf_16_be",
  "utf_32",
  "utf_32_le",
  "cp1252",
  "cp037",
  "mac_arabic",
  "ascii",
  "latin_1",
};

/* Is it UTF-8 but for lone surrogates? */
static gboolean
is_text (const GString *text, gboolean has_surrogates)
{
  const char *at = text->str, *end = text->str + text->len;

  while (at < end)
    {
      const char *stop;

      if (*at == '\0')
        at++;
      else if (!g_utf8_validate (at, end - at, &stop))
        {
          if (stop > at)
            at = stop;
          else if (has_surrogates && end - at >= 3 && (guint8) at[0] == 0xed && (guint8) at[1] >= 0xa0)
            at += 3;
          else if (*at != '\0')
            return FALSE;
        }
      else
        return TRUE;
    }
  return TRUE;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  gsize begin = 0, end = 0;

  if (size == 0)
    return 0;
  g_autoptr (PyCodec) codec = py_codec_new (encodings[data[0] % G_N_ELEMENTS (encodings)], NULL);
  g_autoptr (GString) text = g_string_new (NULL), before = g_string_new (NULL), bytes = g_string_new (NULL);
  PyCodecResult result = py_codec_decode (codec, (const char *) data + 1, size - 1, text, &begin, &end, NULL);

  if (!is_text (text, py_codec_has_surrogates (codec)))
    g_error ("%s gives no text", py_codec_peek_name (codec));
  if (result == PY_CODEC_BROKEN && (begin >= end || end > size - 1))
    g_error ("%s is broken at %d-%d of %d", py_codec_peek_name (codec), (int) begin, (int) end, (int) size - 1);
  /* Of utf_8_sig the mark does not count; half a surrogate pair of UTF-7 is broken only where the text ends with it. */
  if (result == PY_CODEC_BROKEN && !g_str_equal (py_codec_peek_name (codec), "utf_8_sig")
      && !g_str_equal (py_codec_peek_name (codec), "utf_7")
      && py_codec_decode (codec, (const char *) data + 1, begin, before, NULL, NULL, NULL) == PY_CODEC_BROKEN)
    g_error ("%s is broken before the error", py_codec_peek_name (codec));
  if (!py_codec_has_surrogates (codec))
    (void) py_codec_encode (codec, text->str, text->len, TRUE, bytes);
  return 0;
}
