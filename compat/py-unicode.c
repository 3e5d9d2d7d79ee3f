#include "compat/py-unicode.h"

#include <string.h>

#include "compat/py-unicode-data.h"
#include "compat/py-value.h"

static gunichar
map_case (gunichar c, const PyCaseRun *runs, guint n)
{
  guint low = 0, high = n;

  while (low < high)
    {
      guint mid = (low + high) / 2;

      if (c > runs[mid].last)
        low = mid + 1;
      else
        high = mid;
    }
  if (low == n || c < runs[low].first || (c - runs[low].first) % runs[low].step != 0)
    return c;
  return (gunichar) ((gint64) c + runs[low].delta);
}

gunichar
py_unichar_lower (gunichar c)
{
  if (c < 0x80)
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
  return map_case (c, py_unicode_lower_runs, py_unicode_lower_runs_len);
}

gunichar
py_unichar_upper (gunichar c)
{
  if (c < 0x80)
    return c >= 'a' && c <= 'z' ? c - 32 : c;
  return map_case (c, py_unicode_upper_runs, py_unicode_upper_runs_len);
}

const gunichar *
py_unichar_peek_extra_cases (gunichar lower)
{
  for (guint i = 0; i < py_unicode_extra_cases_len; i++)
    if (py_unicode_extra_cases[i].lower == lower)
      return py_unicode_extra_cases[i].others;
  return NULL;
}

static gboolean
is_odd (gunichar c, const PyCharRange *ranges, guint n)
{
  for (guint i = 0; i < n; i++)
    if (c >= ranges[i].first && c <= ranges[i].last)
      return TRUE;
  return FALSE;
}

/* XID_Start and XID_Continue are the general category but for a few dozen characters. */
static gboolean
is_name_start (gunichar c)
{
  if (c < 0x80)
    return g_ascii_isalpha ((char) c) || c == '_';
  return (g_unichar_isalpha (c) || g_unichar_type (c) == G_UNICODE_LETTER_NUMBER)
         != is_odd (c, py_unicode_odd_starts, py_unicode_odd_starts_len);
}

static gboolean
is_name_continue (gunichar c)
{
  if (c < 0x80)
    return g_ascii_isalnum ((char) c) || c == '_';
  GUnicodeType type = g_unichar_type (c);
  gboolean usual = g_unichar_isalpha (c) || type == G_UNICODE_LETTER_NUMBER || type == G_UNICODE_NON_SPACING_MARK
                   || type == G_UNICODE_SPACING_MARK || type == G_UNICODE_DECIMAL_NUMBER
                   || type == G_UNICODE_CONNECT_PUNCTUATION;
  return usual != is_odd (c, py_unicode_odd_continues, py_unicode_odd_continues_len);
}

gboolean
py_text_is_identifier (const gunichar *text, gsize len)
{
  if (len == 0 || !is_name_start (text[0]))
    return FALSE;
  for (gsize i = 1; i < len; i++)
    if (!is_name_continue (text[i]))
      return FALSE;
  return TRUE;
}

gunichar *
py_text_decode (const char *text, gsize len, gsize *ret_len)
{
  g_autofree gunichar *out = g_new (gunichar, len + 1);
  gsize n = 0;

  for (gsize at = 0; at < len;)
    {
      guint used = py_utf8_decode (text + at, len - at, &out[n++]);

      if (used == 0)
        return NULL;
      at += used;
    }
  out[n] = 0;
  *ret_len = n;
  return g_steal_pointer (&out);
}

gboolean
py_text_is_ascii (const char *text, gsize len)
{
  gsize i = 0;
  guint64 words[4], word, all = 0;

  for (; i + sizeof words <= len; i += sizeof words)
    {
      memcpy (words, text + i, sizeof words);
      all |= words[0] | words[1] | words[2] | words[3];
    }
  for (; i + sizeof word <= len; i += sizeof word)
    {
      memcpy (&word, text + i, sizeof word);
      all |= word;
    }
  if (i < len && len >= sizeof word) /* the last ones, some of them again */
    {
      memcpy (&word, text + len - sizeof word, sizeof word);
      all |= word;
      i = len;
    }
  for (; i < len; i++)
    all |= (guint8) text[i] & 0x80;
  return (all & G_GUINT64_CONSTANT (0x8080808080808080)) == 0;
}

gboolean
py_text_is_wtf8 (const char *text, gsize len)
{
  gunichar c;

  for (gsize at = 0; at < len;)
    {
      guint used = (guint8) text[at] < 0x80 ? 1 : py_utf8_decode (text + at, len - at, &c);

      if (used == 0)
        return FALSE;
      at += used;
    }
  return TRUE;
}
