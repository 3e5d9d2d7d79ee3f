#include "compat/py-pickle-private.h"

#include <string.h>

#include "compat/py-bigint.h"

/* --- numbers and text --------------------------------------------------------------------------------------------- */

/* Decimal, with a sign perhaps. */
static gboolean
push_decimal (Decoder *d, const char *text, gsize len)
{
  gboolean negative = len > 0 && *text == '-';
  gsize sign = len > 0 && (*text == '-' || *text == '+') ? 1 : 0;
  PyBigint *value = len - sign <= PY_BIGINT_MAX_DIGITS ? py_bigint_new_digits (text + sign, len - sign, 10) : NULL;

  if (value == NULL)
    return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "could not convert string to int");
  if (negative)
    {
      PyBigint *opposite = py_bigint_negate (value);
      py_bigint_free (value);
      value = opposite;
    }
  return pickle_push (d, py_int_take_bigint (value));
}

gboolean
pickle_push_int_line (Decoder *d)
{
  const char *text;
  gsize len;

  if (!pickle_read_line (d, &text, &len))
    return FALSE;
  if (len == 2 && text[0] == '0' && (text[1] == '0' || text[1] == '1')) /* how protocols 0 and 1 write bool */
    return pickle_push (d, py_bool_new (text[1] == '1'));
  return push_decimal (d, text, len);
}

gboolean
pickle_push_long_line (Decoder *d)
{
  const char *text;
  gsize len;

  if (!pickle_read_line (d, &text, &len))
    return FALSE;
  return push_decimal (d, text, len > 0 && text[len - 1] == 'L' ? len - 1 : len);
}

gboolean
pickle_push_float_line (Decoder *d)
{
  const char *text;
  char *end;
  gsize len;

  if (!pickle_read_line (d, &text, &len))
    return FALSE;
  g_autofree char *copy = g_strndup (text, len);
  double value = g_ascii_strtod (copy, &end);
  if (len == 0 || g_ascii_isspace (*text) || end != copy + len || strpbrk (copy, "xX(") != NULL)
    return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "could not convert string to float");
  return pickle_push (d, py_float_new (value));
}

gboolean
pickle_push_binary_float (Decoder *d)
{
  const char *data;
  guint64 bits;
  double value;

  if (!pickle_read_bytes (d, sizeof bits, &data))
    return FALSE;
  memcpy (&bits, data, sizeof bits);
  bits = GUINT64_FROM_BE (bits);
  memcpy (&value, &bits, sizeof value);
  return pickle_push (d, py_float_new (value));
}

gboolean
pickle_push_long (Decoder *d, guint size_bytes)
{
  guint64 len;
  const char *data;

  if (!pickle_read_number (d, size_bytes, &len) || !pickle_read_bytes (d, len, &data))
    return FALSE;
  PyBigint *value = py_bigint_new_bytes ((const guint8 *) data, len);
  if (value == NULL)
    return pickle_fail (d, PY_PICKLE_ERROR_LIMIT, "an int is too large");
  return pickle_push (d, py_int_take_bigint (value));
}

gboolean
pickle_push_utf8 (Decoder *d, guint size_bytes)
{
  guint64 len;
  const char *data;
  gunichar c;

  if (!pickle_read_number (d, size_bytes, &len) || !pickle_read_bytes (d, len, &data))
    return FALSE;
  for (gsize i = 0, n; i < len; i += n)
    {
      n = (guint8) data[i] < 0x80 ? 1 : py_utf8_decode (data + i, len - i, &c);
      if (n == 0)
        return pickle_fail (d, PY_PICKLE_ERROR_INVALID,
                            "'utf-8' codec can't decode byte 0x%02x in position %" G_GSIZE_FORMAT, (guint8) data[i], i);
    }
  return pickle_push (d, py_str_new_len (data, (gssize) len));
}

gboolean
pickle_push_bytes (Decoder *d, guint size_bytes)
{
  guint64 len;
  const char *data;

  return pickle_read_number (d, size_bytes, &len) && pickle_read_bytes (d, len, &data)
         && pickle_push (d, py_bytes_new (data, len));
}

/* A Python-2 str: UTF-8 as it is, else as Latin-1. */
static PyValue *
new_old_str (const char *data, gsize len)
{
  gunichar c;
  gsize n;

  for (gsize i = 0; i < len; i += n)
    if ((n = py_utf8_decode (data + i, len - i, &c)) == 0)
      {
        g_autoptr (GString) text = g_string_sized_new (len);
        for (gsize k = 0; k < len; k++)
          g_string_append_unichar (text, (guint8) data[k]);
        return py_str_new_len (text->str, (gssize) text->len);
      }
  return py_str_new_len (data, (gssize) len);
}

gboolean
pickle_push_old_str (Decoder *d, guint size_bytes)
{
  guint64 len;
  const char *data;

  return pickle_read_number (d, size_bytes, &len) && pickle_read_bytes (d, len, &data)
         && pickle_push (d, new_old_str (data, len));
}

/* Appends what the escape at text (behind the backslash) means; gives how many bytes it takes, 0 when it is none. */
static gsize
append_escape (GString *out, const char *text, gsize left)
{
  static const char letters[] = "abfnrtv\\'\"", meanings[] = "\a\b\f\n\r\t\v\\'\"";
  const char *found = left > 0 && *text != '\0' ? strchr (letters, *text) : NULL;
  guint value = 0;
  gsize n = 0;

  if (found != NULL)
    {
      g_string_append_c (out, meanings[found - letters]);
      return 1;
    }
  if (left >= 3 && *text == 'x' && g_ascii_isxdigit (text[1]) && g_ascii_isxdigit (text[2]))
    {
      g_string_append_c (out, (char) (g_ascii_xdigit_value (text[1]) << 4 | g_ascii_xdigit_value (text[2])));
      return 3;
    }
  while (n < 3 && n < left && text[n] >= '0' && text[n] <= '7')
    value = value << 3 | (guint) (text[n++] - '0');
  if (n > 0)
    g_string_append_c (out, (char) value);
  return n;
}

gboolean
pickle_push_quoted (Decoder *d)
{
  const char *text;
  gsize len;

  if (!pickle_read_line (d, &text, &len))
    return FALSE;
  while (len > 0 && g_ascii_isspace (text[len - 1]))
    len--;
  if (len < 2 || (*text != '\'' && *text != '"') || text[len - 1] != *text)
    return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "the STRING opcode argument must be quoted");
  g_autoptr (GString) out = g_string_sized_new (len);
  for (gsize i = 1; i < len - 1;)
    {
      gsize escape = text[i] == '\\' ? append_escape (out, text + i + 1, len - 2 - i) : 0;
      if (escape == 0)
        g_string_append_c (out, text[i]);
      i += 1 + escape;
    }
  return pickle_push (d, new_old_str (out->str, out->len));
}

gboolean
pickle_push_raw_unicode (Decoder *d)
{
  const char *text;
  gsize len;

  if (!pickle_read_line (d, &text, &len))
    return FALSE;
  g_autoptr (GString) out = g_string_sized_new (len);
  for (gsize i = 0; i < len;)
    {
      guint digits = i + 1 < len && text[i] == '\\' ? (text[i + 1] == 'u' ? 4 : text[i + 1] == 'U' ? 8 : 0) : 0;
      guint c = digits > 0 ? 0 : (guint8) text[i];
      for (guint k = 0; k < digits; k++)
        {
          gint digit = i + 2 + k < len ? g_ascii_xdigit_value (text[i + 2 + k]) : -1;
          if (digit < 0 || c > 0x10ffff)
            return pickle_fail (d, PY_PICKLE_ERROR_INVALID,
                                "'rawunicodeescape' codec can't decode bytes in position %" G_GSIZE_FORMAT, i);
          c = c << 4 | (guint) digit;
        }
      if (c > 0x10ffff)
        return pickle_fail (d, PY_PICKLE_ERROR_INVALID,
                            "'rawunicodeescape' codec can't decode bytes in position %" G_GSIZE_FORMAT, i);
      py_utf8_append (out, c);
      i += digits > 0 ? 2 + digits : 1;
    }
  return pickle_push (d, py_str_new_len (out->str, (gssize) out->len));
}
