#include "compat/py-held.h"

#include <string.h>

#include "compat/py-repr.h"
#include "compat/py-text.h"

#define CAPITAL_SIGMA      0x3a3
#define CAPITAL_I_WITH_DOT 0x130

static gsize
text_length (const char *text, gssize len)
{
  return len < 0 ? strlen (text) : (gsize) len;
}

const char *
py_held_lstrip (const char *text, gssize len, gsize *ret_len)
{
  const char *end = text + text_length (text, len);

  while (text < end && py_unichar_is_space (g_utf8_get_char (text)))
    text = g_utf8_next_char (text);
  *ret_len = text < end ? (gsize) (end - text) : 0;
  return text;
}

gsize
py_held_rstrip (const char *text, gssize len)
{
  const char *end = text + text_length (text, len);

  while (end > text)
    {
      const char *last = end - 1;
      while (last > text && ((guchar) *last & 0xc0) == 0x80)
        last--;
      if (!py_unichar_is_space (g_utf8_get_char (last)))
        break;
      end = last;
    }
  return (gsize) (end - text);
}

const char *
py_held_strip (const char *text, gssize len, gsize *ret_len)
{
  gsize rest;
  const char *start = py_held_lstrip (text, len, &rest);

  *ret_len = py_held_rstrip (start, (gssize) rest);
  return start;
}

char *
py_held_dup_stripped (const char *text, gssize len)
{
  gsize rest;
  const char *start = py_held_strip (text, len, &rest);

  return g_strndup (start, rest);
}

/* Is there a letter before (or after) the sigma at text + at, blanks and marks between skipped?  As Unicode's Final_Sigma. */
static gboolean
sigma_is_final (const char *text, const char *at, const char *end)
{
  const char *p = at;
  gboolean before = FALSE;

  while (p > text && !before)
    {
      p = g_utf8_prev_char (p);
      gunichar c = g_utf8_get_char (p);
      if (g_unichar_isalpha (c))
        before = TRUE;
      else if (!g_unichar_ismark (c) && c != '\'' && c != '.' && c != ':' && c != 0xb7 && c != 0xad)
        break;
    }
  if (!before)
    return FALSE;
  for (p = g_utf8_next_char (at); p < end; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (g_unichar_isalpha (c))
        return FALSE;
      if (!g_unichar_ismark (c) && c != '\'' && c != '.' && c != ':' && c != 0xb7 && c != 0xad)
        break;
    }
  return TRUE;
}

gboolean
py_held_is_lower (const char *text, gssize len)
{
  const char *end = text + text_length (text, len), *p = text;

  while (p < end && (guchar) *p < 0x80 && !(*p >= 'A' && *p <= 'Z'))
    p++;
  for (; p < end; p = g_utf8_next_char (p))
    if (g_unichar_tolower (g_utf8_get_char (p)) != g_utf8_get_char (p))
      return FALSE;
  return TRUE;
}

static gboolean
is_ascii (const char *text, const char *end)
{
  while (text < end && (guchar) *text < 0x80)
    text++;
  return text == end;
}

char *
py_held_lower (const char *text, gssize len)
{
  const char *end = text + text_length (text, len);

  if (py_held_is_lower (text, len))
    return g_strndup (text, (gsize) (end - text));
  if (is_ascii (text, end))
    return g_ascii_strdown (text, end - text);

  g_autoptr (GString) out = g_string_sized_new ((gsize) (end - text) + 1);
  for (const char *p = text; p < end; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (c == 0) /* C0 80 */
        g_string_append_len (out, p, g_utf8_next_char (p) - p);
      else if (c == CAPITAL_SIGMA)
        g_string_append_unichar (out, sigma_is_final (text, p, end) ? 0x3c2 : 0x3c3);
      else if (c == CAPITAL_I_WITH_DOT)
        g_string_append (out, "i\xcc\x87");
      else if (c >= 0xd800 && c <= 0xdfff)
        g_string_append_len (out, p, 3);
      else
        g_string_append_unichar (out, g_unichar_tolower (c));
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

PyValue *
py_held_to_value (const char *text)
{
  gsize len = strlen (text);
  const char *nul = memchr (text, '\xc0', len) != NULL ? strstr (text, "\xc0\x80") : NULL;

  if (nul == NULL)
    return py_str_new_len (text, (gssize) len);

  g_autoptr (GString) out = g_string_new (NULL);
  for (; nul != NULL; nul = strstr (text, "\xc0\x80"))
    {
      g_string_append_len (out, text, nul - text);
      g_string_append_c (out, '\0');
      text = nul + 2;
    }
  g_string_append (out, text);
  return py_str_new_len (out->str, (gssize) out->len);
}

PyValue *
py_held_real (PyValue *value)
{
  gsize len;

  if (py_value_type (value) != PY_STR)
    return py_value_ref (value);
  const char *text = py_str_peek (value, &len);
  return memchr (text, '\xc0', len) != NULL ? py_held_to_value (text) : py_value_ref (value);
}

char *
py_held_new (const char *bytes, gsize len)
{
  if (len == 0)
    return g_strdup ("");

  const char *end = bytes + len;
  if (memchr (bytes, '\0', len) == NULL)
    return g_strndup (bytes, len);

  g_autoptr (GString) out = g_string_sized_new (len + 16);
  for (const char *nul = memchr (bytes, '\0', len); nul != NULL; nul = memchr (bytes, '\0', (gsize) (end - bytes)))
    {
      g_string_append_len (out, bytes, nul - bytes);
      g_string_append_len (out, "\xc0\x80", 2);
      bytes = nul + 1;
    }
  g_string_append_len (out, bytes, end - bytes);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
py_held_repr (const char *text)
{
  g_autoptr (PyValue) value = py_held_to_value (text);

  return py_repr (value);
}
