#include "compat/py-int.h"

#include "compat/py-expr.h"
#include "compat/py-repr.h"
#include "compat/py-text.h"

G_DEFINE_QUARK (py_int_error, py_int_error)

/* Appends sign and ASCII digits to out; FALSE: no whole number. */
static gboolean
collect_digits (const char *at, const char *end, GString *out)
{
  gboolean digit_before = FALSE;

  while (at < end && py_unichar_is_space (g_utf8_get_char (at)))
    at = g_utf8_next_char (at);
  if (at < end && (*at == '+' || *at == '-'))
    {
      if (*at == '-')
        g_string_append_c (out, '-');
      at++;
    }
  for (; at < end; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (c == '_' && digit_before && at + 1 < end && g_unichar_isdigit (g_utf8_get_char (at + 1)))
        {
          digit_before = FALSE;
          continue;
        }
      if (!g_unichar_isdigit (c) || g_unichar_digit_value (c) < 0)
        break;
      g_string_append_c (out, (char) ('0' + g_unichar_digit_value (c)));
      digit_before = TRUE;
    }
  while (at < end && py_unichar_is_space (g_utf8_get_char (at)))
    at = g_utf8_next_char (at);
  return at == end && digit_before;
}

static PyValue *
fail (const char *text, gsize len, GError **error)
{
  g_autoptr (GString) repr = g_string_new (NULL);

  py_repr_append_str (repr, text, (gssize) len);
  g_set_error (error, PY_INT_ERROR, PY_INT_ERROR_VALUE, "invalid literal for int() with base 10: %s", repr->str);
  return NULL;
}

PyValue *
py_int_parse (const char *text, gssize len, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);

  gsize length = len < 0 ? strlen (text) : (gsize) len;
  g_autoptr (GString) digits = g_string_new (NULL);
  const char *start;
  gint64 small;

  if (!g_utf8_validate_len (text, length, NULL) || !collect_digits (text, text + length, digits))
    return fail (text, length, error);
  if (digits->len > PY_INT_MAX_DIGITS)
    {
      g_set_error (error, PY_INT_ERROR, PY_INT_ERROR_VALUE,
                   "Exceeds the limit (%d digits) for integer string conversion: value has %" G_GSIZE_FORMAT
                   " digits; use sys.set_int_max_str_digits() to increase the limit",
                   PY_INT_MAX_DIGITS, digits->len - (digits->str[0] == '-'));
      return NULL;
    }
  if (g_ascii_string_to_signed (digits->str, 10, G_MININT64, G_MAXINT64, &small, NULL))
    return py_int_new (small);

  /* Beyond 64 bits: an expression of one literal, which must not begin with a zero. */
  start = digits->str + (digits->str[0] == '-');
  start += strspn (start, "0");
  if (digits->str[0] == '-')
    {
      g_autofree char *negative = g_strconcat ("-", start, NULL);
      return py_expr_eval_text (negative, -1, error);
    }
  return py_expr_eval_text (start, -1, error);
}

gboolean
py_int_parse_int64 (const char *text, gssize len, gint64 *ret_value, GError **error)
{
  g_autoptr (PyValue) value = py_int_parse (text, len, error);

  if (value == NULL)
    return FALSE;
  if (py_value_type (value) != PY_INT)
    {
      g_set_error_literal (error, PY_INT_ERROR, PY_INT_ERROR_VALUE, "Python int too large to convert to C long");
      return FALSE;
    }
  *ret_value = py_int_get (value);
  return TRUE;
}
