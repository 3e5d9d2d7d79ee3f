#include "compat/py-float.h"

#include <string.h>

#include "compat/py-text.h"

/* Writes the text as ASCII: digits of all scripts as 0-9, blanks around cut.  FALSE when a character is left that no
 * number can hold. */
static gboolean
to_ascii (const char *text, gsize len, GString *out)
{
  const char *at = text, *end = text + len;
  gsize kept = 0;

  while (at < end)
    {
      gunichar c = g_utf8_get_char_validated (at, end - at);
      if (c == (gunichar) -1 || c == (gunichar) -2)
        return FALSE;
      at = g_utf8_next_char (at);
      if (py_unichar_is_space (c))
        {
          if (out->len > 0)
            g_string_append_c (out, ' ');
          continue;
        }
      if (c < 0x80)
        g_string_append_c (out, (char) c);
      else if (g_unichar_type (c) == G_UNICODE_DECIMAL_NUMBER)
        g_string_append_c (out, (char) ('0' + g_unichar_digit_value (c)));
      else
        return FALSE;
      kept = out->len;
    }
  g_string_truncate (out, kept);
  return TRUE;
}

/* An underscore stands between two digits or nowhere */
static gboolean
drop_underscores (GString *text)
{
  for (gsize i = 0; i < text->len; i++)
    if (text->str[i] == '_'
        && (i == 0 || i + 1 == text->len || !g_ascii_isdigit (text->str[i - 1]) || !g_ascii_isdigit (text->str[i + 1])))
      return FALSE;
  gsize to = 0;
  for (gsize i = 0; i < text->len; i++)
    if (text->str[i] != '_')
      text->str[to++] = text->str[i];
  g_string_truncate (text, to);
  return TRUE;
}

/* [digits][.digits][e[sign]digits] with at least one digit in front of the exponent; inf, infinity, nan in any case */
static gboolean
is_float (const char *text)
{
  const char *at = text + (*text == '+' || *text == '-');
  gsize whole, fraction = 0;

  if (g_ascii_strcasecmp (at, "inf") == 0 || g_ascii_strcasecmp (at, "infinity") == 0
      || g_ascii_strcasecmp (at, "nan") == 0)
    return TRUE;
  whole = strspn (at, "0123456789");
  at += whole;
  if (*at == '.')
    {
      at++;
      fraction = strspn (at, "0123456789");
      at += fraction;
    }
  if (whole + fraction == 0)
    return FALSE;
  if (*at == 'e' || *at == 'E')
    {
      at++;
      at += *at == '+' || *at == '-';
      gsize exponent = strspn (at, "0123456789");
      if (exponent == 0)
        return FALSE;
      at += exponent;
    }
  return *at == '\0';
}

/* Nearly every number is written plainly: fewer than 2^53 and a power of ten below 10^22 are exact as double, so their
 * quotient is the nearest double */
static gboolean
parse_plain (const char *text, gsize len, double *ret_value)
{
  gint64 digits = 0;
  double scale = 1;
  gboolean in_fraction = FALSE;

  if (len == 0 || len > 16)
    return FALSE;
  for (gsize i = 0; i < len; i++)
    if (text[i] == '.' && !in_fraction && i > 0 && i + 1 < len)
      in_fraction = TRUE;
    else if (g_ascii_isdigit (text[i]))
      {
        digits = digits * 10 + (text[i] - '0');
        if (in_fraction)
          scale *= 10;
      }
    else
      return FALSE;
  if (digits >= G_GINT64_CONSTANT (1) << 53)
    return FALSE;
  *ret_value = (double) digits / scale;
  return TRUE;
}

gboolean
py_float_parse (const char *text, gsize len, double *ret_value)
{
  if (parse_plain (text, len, ret_value))
    return TRUE;

  g_autoptr (GString) ascii = g_string_sized_new (len);
  if (!to_ascii (text, len, ascii) || !drop_underscores (ascii) || strlen (ascii->str) != ascii->len
      || !is_float (ascii->str))
    return FALSE;
  *ret_value = g_ascii_strtod (ascii->str, NULL);
  return TRUE;
}
