#include "source/line-end.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Names are compared without case and separators, as Python does: "UTF_16-LE" is "utf16le". */
static char *
plain_name (const char *encoding)
{
  GString *name = g_string_new (NULL);

  for (const char *c = encoding; *c != '\0'; c++)
    if (g_ascii_isalnum (*c))
      g_string_append_c (name, g_ascii_tolower (*c));
  return g_string_free (name, FALSE);
}

LineEnd
line_end_of_encoding (const char *encoding)
{
  static const gboolean little = G_BYTE_ORDER == G_LITTLE_ENDIAN;
  static const struct
  {
    const char *name;
    LineEnd end;
  } names[] = {
    { "u16", little ? LINE_END_UTF16_LE : LINE_END_UTF16_BE },
    { "u32", little ? LINE_END_UTF32_LE : LINE_END_UTF32_BE },
    { "unicodebigunmarked", LINE_END_UTF16_BE },
    { "unicodelittleunmarked", LINE_END_UTF16_LE },
    { "utf16", little ? LINE_END_UTF16_LE : LINE_END_UTF16_BE },
    { "utf16be", LINE_END_UTF16_BE },
    { "utf16le", LINE_END_UTF16_LE },
    { "utf32", little ? LINE_END_UTF32_LE : LINE_END_UTF32_BE },
    { "utf32be", LINE_END_UTF32_BE },
    { "utf32le", LINE_END_UTF32_LE },
  };
  g_autofree char *name = encoding != NULL ? plain_name (encoding) : NULL;

  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (names); i++)
    if (strcmp (names[i].name, name) == 0)
      return names[i].end;
  return LINE_END_BYTE;
}

guint
line_end_size (LineEnd end)
{
  static const guint sizes[] = { [LINE_END_BYTE] = 1,
                                 [LINE_END_UTF16_LE] = 2,
                                 [LINE_END_UTF16_BE] = 2,
                                 [LINE_END_UTF32_LE] = 4,
                                 [LINE_END_UTF32_BE] = 4 };

  return sizes[end];
}

gssize
line_end_find (LineEnd end, const char *bytes, gsize len)
{
  static const char newlines[][4] = { [LINE_END_UTF16_LE] = { '\n', 0 },
                                      [LINE_END_UTF16_BE] = { 0, '\n' },
                                      [LINE_END_UTF32_LE] = { '\n', 0, 0, 0 },
                                      [LINE_END_UTF32_BE] = { 0, 0, 0, '\n' } };
  gsize size = line_end_size (end);

  if (end == LINE_END_BYTE)
    {
      const char *newline = len > 0 ? memchr (bytes, '\n', len) : NULL;

      return newline != NULL ? newline + 1 - bytes : -1;
    }
  for (gsize i = 0; i + size <= len; i += size)
    if (memcmp (bytes + i, newlines[end], size) == 0)
      return (gssize) (i + size);
  return -1;
}

/* --- in one pass with whether it is ASCII ------------------------------------------------------------------------- */
gssize
line_end_find_ascii_plainly (const char *bytes, gsize len, gboolean *ret_is_ascii)
{
  const char *newline = len > 0 ? memchr (bytes, '\n', len) : NULL;
  gsize n = newline != NULL ? (gsize) (newline + 1 - bytes) : 0, i = 0;
  guint64 word, high = 0;

  if (newline == NULL)
    return -1;
  for (; i + sizeof word <= n; i += sizeof word)
    {
      memcpy (&word, bytes + i, sizeof word);
      high |= word;
    }
  for (; i < n; i++)
    high |= (guint8) bytes[i];
  *ret_is_ascii = (high & G_GUINT64_CONSTANT (0x8080808080808080)) == 0;
  return (gssize) n;
}

#ifdef __SSE2__
#define STEP 32 /* bytes, of which a mask has a bit each */

static inline guint32
mask_of (__m128i low, __m128i high)
{
  return (guint32) _mm_movemask_epi8 (low) | (guint32) _mm_movemask_epi8 (high) << 16;
}

gssize
line_end_find_ascii (const char *bytes, gsize len, gboolean *ret_is_ascii)
{
  const __m128i newlines = _mm_set1_epi8 ('\n');
  guint32 beyond = 0;
  gsize i = 0;

  for (; i + STEP <= len; i += STEP)
    {
      __m128i low = _mm_loadu_si128 ((const __m128i *) (const void *) (bytes + i));
      __m128i high = _mm_loadu_si128 ((const __m128i *) (const void *) (bytes + i + STEP / 2));
      guint32 ends = mask_of (_mm_cmpeq_epi8 (low, newlines), _mm_cmpeq_epi8 (high, newlines));

      if (ends != 0)
        {
          beyond |= mask_of (low, high) & (ends ^ (ends - 1)); /* up to the first one */
          *ret_is_ascii = beyond == 0;
          return (gssize) i + __builtin_ctz (ends) + 1;
        }
      beyond |= mask_of (low, high);
    }
  gssize rest = line_end_find_ascii_plainly (bytes + i, len - i, ret_is_ascii);
  if (rest < 0)
    return -1;
  *ret_is_ascii = *ret_is_ascii && beyond == 0;
  return (gssize) i + rest;
}
#else
gssize
line_end_find_ascii (const char *bytes, gsize len, gboolean *ret_is_ascii)
{
  return line_end_find_ascii_plainly (bytes, len, ret_is_ascii);
}
#endif
