#include "source/line-end.h"

#include <string.h>
#ifdef __SSE2__
#include <immintrin.h>
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
static gssize
find_plainly (const char *bytes, gsize len, gboolean *ret_is_ascii)
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
/* The end, found in a mask that has a bit for each byte behind `done`; beyond: the same of bytes that are not ASCII. */
static inline gssize
tell_end (gsize done, guint64 ends, guint64 beyond, gboolean was_ascii, gboolean *ret_is_ascii)
{
  *ret_is_ascii = was_ascii && (beyond & (ends ^ (ends - 1))) == 0; /* up to the first one */
  return (gssize) done + __builtin_ctzll (ends) + 1;
}

/* What is left behind whole steps, none of which has an end. */
static gssize
find_in_rest (const char *bytes, gsize len, gsize done, gboolean was_ascii, gboolean *ret_is_ascii)
{
  gssize rest = find_plainly (bytes + done, len - done, ret_is_ascii);

  if (rest < 0)
    return -1;
  *ret_is_ascii = *ret_is_ascii && was_ascii;
  return (gssize) done + rest;
}

static inline guint64
join (int low, int high, guint shift)
{
  return (guint64) (guint32) low | (guint64) (guint32) high << shift;
}

static gssize
find_sse2 (const char *bytes, gsize len, gboolean *ret_is_ascii)
{
  const __m128i newlines = _mm_set1_epi8 ('\n');
  const gsize step = 32;
  guint64 all = 0;
  gsize i = 0;

  for (; i + step <= len; i += step)
    {
      __m128i low = _mm_loadu_si128 ((const __m128i *) (const void *) (bytes + i));
      __m128i high = _mm_loadu_si128 ((const __m128i *) (const void *) (bytes + i + 16));
      guint64 ends = join (_mm_movemask_epi8 (_mm_cmpeq_epi8 (low, newlines)), _mm_movemask_epi8 (_mm_cmpeq_epi8 (high, newlines)), 16);
      guint64 beyond = join (_mm_movemask_epi8 (low), _mm_movemask_epi8 (high), 16);

      if (ends != 0)
        return tell_end (i, ends, beyond, all == 0, ret_is_ascii);
      all |= beyond;
    }
  return find_in_rest (bytes, len, i, all == 0, ret_is_ascii);
}

__attribute__ ((target ("avx2"))) static gssize
find_avx2 (const char *bytes, gsize len, gboolean *ret_is_ascii)
{
  const __m256i newlines = _mm256_set1_epi8 ('\n');
  const gsize step = 64;
  guint64 all = 0;
  gsize i = 0;

  for (; i + step <= len; i += step)
    {
      __m256i low = _mm256_loadu_si256 ((const __m256i *) (const void *) (bytes + i));
      __m256i high = _mm256_loadu_si256 ((const __m256i *) (const void *) (bytes + i + 32));
      guint64 ends = join (_mm256_movemask_epi8 (_mm256_cmpeq_epi8 (low, newlines)), _mm256_movemask_epi8 (_mm256_cmpeq_epi8 (high, newlines)), 32);
      guint64 beyond = join (_mm256_movemask_epi8 (low), _mm256_movemask_epi8 (high), 32);

      if (ends != 0)
        return tell_end (i, ends, beyond, all == 0, ret_is_ascii);
      all |= beyond;
    }
  return find_in_rest (bytes, len, i, all == 0, ret_is_ascii);
}

gssize
line_end_find_ascii (const char *bytes, gsize len, gboolean *ret_is_ascii)
{
  return __builtin_cpu_supports ("avx2") ? find_avx2 (bytes, len, ret_is_ascii) : find_sse2 (bytes, len, ret_is_ascii);
}

LineEndFunc
line_end_peek_way (LineEndWay way)
{
  switch (way)
    {
    case LINE_END_AVX2:
      return __builtin_cpu_supports ("avx2") ? find_avx2 : NULL;
    case LINE_END_SSE2:
      return find_sse2;
    case LINE_END_PLAINLY:
    default:
      return find_plainly;
    }
}
#else
gssize
line_end_find_ascii (const char *bytes, gsize len, gboolean *ret_is_ascii)
{
  return find_plainly (bytes, len, ret_is_ascii);
}

LineEndFunc
line_end_peek_way (LineEndWay way)
{
  return way == LINE_END_PLAINLY ? find_plainly : NULL;
}
#endif
