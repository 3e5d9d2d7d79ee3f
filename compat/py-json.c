#include "compat/py-json.h"

#include <string.h>

#include "compat/py-bigint.h"
#include "compat/py-repr.h"

G_DEFINE_QUARK (py_json_error, py_json_error)

/* --- parse -------------------------------------------------------------------------------------------------------- */

typedef struct
{
  const char *start, *at, *end; /* the whole text, the next byte, one past the last */
  guint depth;
} Cursor;

/* Sets Python's message, "what: line 1 column 3 (char 2)", for the place where; always NULL. */
static PyValue *
cursor_fail (const Cursor *c, const char *where, GError **error, const char *what)
{
  guint line = 1, column = 1, chars = 0;

  for (const char *p = c->start; p < where; p++)
    if ((*p & 0xc0) != 0x80) /* counts code points */
      {
        chars++;
        column = *p == '\n' ? 1 : column + 1;
        line += *p == '\n' ? 1 : 0;
      }
  g_set_error (error, PY_JSON_ERROR, PY_JSON_ERROR_SYNTAX, "%s: line %u column %u (char %u)", what, line, column,
               chars);
  return NULL;
}

static void
skip_blanks (Cursor *c)
{
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
    c->at++;
}

static gboolean
take (Cursor *c, char wanted)
{
  if (c->at == c->end || *c->at != wanted)
    return FALSE;
  c->at++;
  return TRUE;
}

static gboolean
take_word (Cursor *c, const char *word)
{
  gsize len = strlen (word);

  if ((gsize) (c->end - c->at) < len || memcmp (c->at, word, len) != 0)
    return FALSE;
  c->at += len;
  return TRUE;
}

/* Four hex digits behind "\u"; -1 when there are none. */
static gint
read_hex4 (const Cursor *c, const char *at)
{
  gint value = 0;

  if (c->end - at < 4)
    return -1;
  for (guint i = 0; i < 4; i++)
    {
      gint digit = g_ascii_xdigit_value (at[i]);
      if (digit < 0)
        return -1;
      value = value << 4 | digit;
    }
  return value;
}

/* Behind "\u". */
static gboolean
parse_unicode_escape (Cursor *c, GString *out, GError **error)
{
  gint value = read_hex4 (c, c->at);

  if (value < 0)
    {
      cursor_fail (c, c->at - 1, error, "Invalid \\uXXXX escape");
      return FALSE;
    }
  c->at += 4;
  if (value >= 0xd800 && value <= 0xdbff && c->end - c->at >= 6 && c->at[0] == '\\' && c->at[1] == 'u')
    {
      gint low = read_hex4 (c, c->at + 2);
      if (low >= 0xdc00 && low <= 0xdfff)
        {
          value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
          c->at += 6;
        }
    }
  py_utf8_append (out, (gunichar) value);
  return TRUE;
}

/* Where what stands for itself ends: at a quote, a backslash, a control character, or the end. */
static const char *
skip_plain (const Cursor *c)
{
  const char *at = c->at;

  while (at < c->end && *at != '"' && *at != '\\' && (guchar) *at >= 0x20)
    at++;
  return at;
}

/* Behind the opening quote. */
static PyValue *
parse_string (Cursor *c, GError **error)
{
  static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  const char *quote = c->at - 1;
  const char *plain = skip_plain (c);

  if (plain < c->end && *plain == '"') /* most have nothing else */
    {
      PyValue *value = py_str_new_len (c->at, plain - c->at);
      c->at = plain + 1;
      return value;
    }

  g_autoptr (GString) out = g_string_new (NULL);
  while (c->at < c->end)
    {
      plain = skip_plain (c);
      g_string_append_len (out, c->at, plain - c->at);
      c->at = plain;
      if (c->at == c->end)
        break;
      char byte = *c->at++;
      if (byte == '"')
        return py_str_new_len (out->str, (gssize) out->len);
      if (byte != '\\')
        return cursor_fail (c, c->at - 1, error, "Invalid control character at");
      if (c->at == c->end)
        break;
      byte = *c->at++;
      const char *found = byte != '\0' ? strchr (letters, byte) : NULL;
      if (found != NULL)
        g_string_append_c (out, meanings[found - letters]);
      else if (byte != 'u')
        return cursor_fail (c, c->at - 2, error, "Invalid \\escape");
      else if (!parse_unicode_escape (c, out, error))
        return NULL;
    }
  return cursor_fail (c, quote, error, "Unterminated string starting at");
}

static const char *
skip_digits (const Cursor *c, const char *at)
{
  while (at < c->end && g_ascii_isdigit (*at))
    at++;
  return at;
}

static PyValue *
new_int_from_digits (const Cursor *c, const char *digits, gsize len, gboolean negative, GError **error)
{
  PyBigint *value = len <= PY_BIGINT_MAX_DIGITS ? py_bigint_new_digits (digits, len, 10) : NULL;

  if (value == NULL)
    return cursor_fail (c, digits, error, "Exceeds the limit (4300 digits) for integer string conversion");
  if (negative)
    {
      PyBigint *opposite = py_bigint_negate (value);
      py_bigint_free (value);
      value = opposite;
    }
  return py_int_take_bigint (value);
}

/* NULL without an error when there is no number here. */
static PyValue *
parse_number (Cursor *c, GError **error)
{
  const char *digits = c->at + (c->at < c->end && *c->at == '-' ? 1 : 0);
  gboolean real = FALSE;

  if (digits == c->end || !g_ascii_isdigit (*digits))
    return NULL;
  const char *end = *digits == '0' ? digits + 1 : skip_digits (c, digits);
  if (c->end - end >= 2 && *end == '.' && g_ascii_isdigit (end[1]))
    {
      real = TRUE;
      end = skip_digits (c, end + 1);
    }
  if (end < c->end && (*end == 'e' || *end == 'E'))
    {
      const char *exponent = end + 1;
      if (exponent < c->end && (*exponent == '+' || *exponent == '-'))
        exponent++;
      if (exponent < c->end && g_ascii_isdigit (*exponent))
        {
          real = TRUE;
          end = skip_digits (c, exponent);
        }
    }
  const char *start = c->at;
  c->at = end;
  if (!real)
    return new_int_from_digits (c, digits, (gsize) (end - digits), digits > start, error);
  g_autofree char *text = g_strndup (start, (gsize) (end - start));
  return py_float_new (g_ascii_strtod (text, NULL));
}

static PyValue *parse_value (Cursor *c, GError **error);

static PyValue *
parse_array (Cursor *c, GError **error)
{
  g_autoptr (PyValue) list = py_list_new ();

  skip_blanks (c);
  if (take (c, ']'))
    return g_steal_pointer (&list);
  for (;;)
    {
      PyValue *item = parse_value (c, error);
      if (item == NULL)
        return NULL;
      py_list_append (list, item);
      skip_blanks (c);
      if (take (c, ']'))
        return g_steal_pointer (&list);
      if (!take (c, ','))
        return cursor_fail (c, c->at, error, "Expecting ',' delimiter");
      skip_blanks (c);
    }
}

static PyValue *
parse_object (Cursor *c, GError **error)
{
  g_autoptr (PyValue) dict = py_dict_new ();

  skip_blanks (c);
  if (take (c, '}'))
    return g_steal_pointer (&dict);
  for (;;)
    {
      if (!take (c, '"'))
        return cursor_fail (c, c->at, error, "Expecting property name enclosed in double quotes");
      g_autoptr (PyValue) key = parse_string (c, error);
      if (key == NULL)
        return NULL;
      skip_blanks (c);
      if (!take (c, ':'))
        return cursor_fail (c, c->at, error, "Expecting ':' delimiter");
      skip_blanks (c);
      PyValue *value = parse_value (c, error);
      if (value == NULL)
        return NULL;
      py_dict_set (dict, g_steal_pointer (&key), value);
      skip_blanks (c);
      if (take (c, '}'))
        return g_steal_pointer (&dict);
      if (!take (c, ','))
        return cursor_fail (c, c->at, error, "Expecting ',' delimiter");
      skip_blanks (c);
    }
}

static PyValue *
parse_word (Cursor *c)
{
  if (take_word (c, "null"))
    return py_none_new ();
  if (take_word (c, "true"))
    return py_bool_new (TRUE);
  if (take_word (c, "false"))
    return py_bool_new (FALSE);
  if (take_word (c, "NaN"))
    return py_float_new (__builtin_nan (""));
  if (take_word (c, "Infinity"))
    return py_float_new (__builtin_inf ());
  if (take_word (c, "-Infinity"))
    return py_float_new (-__builtin_inf ());
  return NULL;
}

static PyValue *
parse_container (Cursor *c, GError **error)
{
  PyValue *value;

  if (++c->depth > PY_JSON_MAX_DEPTH)
    {
      g_set_error (error, PY_JSON_ERROR, PY_JSON_ERROR_DEPTH, "nested deeper than %d levels", PY_JSON_MAX_DEPTH);
      return NULL;
    }
  value = *c->at++ == '[' ? parse_array (c, error) : parse_object (c, error);
  c->depth--;
  return value;
}

static PyValue *
parse_value (Cursor *c, GError **error)
{
  const char *start = c->at;
  GError *local_error = NULL;

  if (c->at < c->end && (*c->at == '[' || *c->at == '{'))
    return parse_container (c, error);
  if (take (c, '"'))
    return parse_string (c, error);
  PyValue *value = parse_word (c);
  if (value == NULL)
    value = parse_number (c, &local_error);
  if (local_error != NULL)
    g_propagate_error (error, local_error);
  else if (value == NULL)
    cursor_fail (c, start, error, "Expecting value");
  return value;
}

PyValue *
py_json_parse (const char *text, gssize len, GError **error)
{
  Cursor c = { .start = text, .at = text, .end = text + (len < 0 ? strlen (text) : (gsize) len) };

  g_return_val_if_fail (text != NULL, NULL);
  skip_blanks (&c);
  g_autoptr (PyValue) value = parse_value (&c, error);
  if (value == NULL)
    return NULL;
  skip_blanks (&c);
  if (c.at < c.end)
    return cursor_fail (&c, c.at, error, "Extra data");
  return g_steal_pointer (&value);
}

/* --- dump --------------------------------------------------------------------------------------------------------- */

static void
dump_escape (GString *out, gunichar c)
{
  static const char letters[] = "\b\f\n\r\t\"\\", names[] = "bfnrt\"\\";
  const char *found = c != 0 && c < 0x80 ? strchr (letters, (char) c) : NULL;

  if (found != NULL)
    g_string_append_printf (out, "\\%c", names[found - letters]);
  else if (c > 0xffff)
    g_string_append_printf (out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + ((c - 0x10000) & 0x3ff));
  else
    g_string_append_printf (out, "\\u%04x", c);
}

static gboolean
stands_for_itself (char byte)
{
  return (guchar) byte >= 0x20 && (guchar) byte < 0x7f && byte != '"' && byte != '\\';
}

static void
dump_string (GString *out, const PyValue *value, PyJsonFlags flags)
{
  gsize len;
  const char *text = py_str_peek (value, &len);

  g_string_append_c (out, '"');
  for (gsize i = 0; i < len;)
    {
      gunichar c = 0;
      gsize plain = i;
      while (plain < len && stands_for_itself (text[plain]))
        plain++;
      g_string_append_len (out, text + i, (gssize) (plain - i));
      i = plain;
      if (i == len)
        break;
      guint n = py_utf8_decode (text + i, len - i, &c);
      if (n == 0) /* no UTF-8: the byte as Latin-1 */
        {
          c = (guchar) text[i];
          n = 1;
        }
      if (c < 0x20 || c == '"' || c == '\\' || (c >= 0x7f && (flags & PY_JSON_UTF8) == 0))
        dump_escape (out, c);
      else if (c < 0x80 || n > 1)
        g_string_append_len (out, text + i, n);
      else
        g_string_append_unichar (out, c);
      i += n;
    }
  g_string_append_c (out, '"');
}

static void
dump_float (GString *out, double value)
{
  g_autofree char *text = py_repr_float (value);

  if (g_str_equal (text, "nan"))
    g_string_append (out, "NaN");
  else if (g_str_has_suffix (text, "inf"))
    g_string_append (out, value < 0 ? "-Infinity" : "Infinity");
  else
    g_string_append (out, text);
}

static gboolean dump_value (GString *out, const PyValue *value, PyJsonFlags flags, guint depth, GError **error);

static gboolean
dump_key (GString *out, const PyValue *key, PyJsonFlags flags, GError **error)
{
  PyType type = py_value_type (key);

  if (type == PY_STR)
    return dump_value (out, key, flags, 0, error);
  if (type != PY_NONE && type != PY_BOOL && type != PY_INT && type != PY_BIGINT && type != PY_FLOAT)
    {
      g_set_error (error, PY_JSON_ERROR, PY_JSON_ERROR_TYPE, "keys must be str, int, float, bool or None, not %s",
                   py_value_type_name (key));
      return FALSE;
    }
  g_string_append_c (out, '"');
  if (!dump_value (out, key, flags, 0, error))
    return FALSE;
  g_string_append_c (out, '"');
  return TRUE;
}

static gboolean
dump_object (GString *out, const PyValue *dict, PyJsonFlags flags, guint depth, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();

  for (guint i = 0; i < py_dict_length (dict); i++)
    g_ptr_array_add (keys, py_dict_peek_key (dict, i));
  if ((flags & PY_JSON_SORT_KEYS) != 0)
    py_repr_sort_keys (keys);
  g_string_append_c (out, '{');
  for (guint i = 0; i < keys->len; i++)
    {
      const PyValue *key = g_ptr_array_index (keys, i);
      if (i > 0)
        g_string_append (out, (flags & PY_JSON_COMPACT) != 0 ? "," : ", ");
      if (!dump_key (out, key, flags, error))
        return FALSE;
      g_string_append (out, (flags & PY_JSON_COMPACT) != 0 ? ":" : ": ");
      if (!dump_value (out, py_dict_get (dict, key), flags, depth, error))
        return FALSE;
    }
  g_string_append_c (out, '}');
  return TRUE;
}

static gboolean
dump_array (GString *out, const PyValue *seq, PyJsonFlags flags, guint depth, GError **error)
{
  g_string_append_c (out, '[');
  for (guint i = 0; i < py_seq_length (seq); i++)
    {
      if (i > 0)
        g_string_append (out, (flags & PY_JSON_COMPACT) != 0 ? "," : ", ");
      if (!dump_value (out, py_seq_peek (seq, i), flags, depth, error))
        return FALSE;
    }
  g_string_append_c (out, ']');
  return TRUE;
}

static gboolean
dump_value (GString *out, const PyValue *value, PyJsonFlags flags, guint depth, GError **error)
{
  if (depth > PY_JSON_MAX_DEPTH)
    {
      g_set_error (error, PY_JSON_ERROR, PY_JSON_ERROR_DEPTH, "nested deeper than %d levels", PY_JSON_MAX_DEPTH);
      return FALSE;
    }
  switch (py_value_type (value))
    {
    case PY_NONE:
      g_string_append (out, "null");
      return TRUE;
    case PY_BOOL:
      g_string_append (out, py_bool_get (value) ? "true" : "false");
      return TRUE;
    case PY_INT:
    case PY_BIGINT:
      py_repr_append (out, value);
      return TRUE;
    case PY_FLOAT:
      dump_float (out, py_float_get (value));
      return TRUE;
    case PY_STR:
      dump_string (out, value, flags);
      return TRUE;
    case PY_LIST:
    case PY_TUPLE:
      return dump_array (out, value, flags, depth + 1, error);
    case PY_DICT:
      return dump_object (out, value, flags, depth + 1, error);
    case PY_BYTES:
    case PY_SET:
    case PY_FROZENSET:
    case PY_EXCEPTION:
      break;
    }
  g_set_error (error, PY_JSON_ERROR, PY_JSON_ERROR_TYPE, "Object of type %s is not JSON serializable",
               py_value_type_name (value));
  return FALSE;
}

char *
py_json_dump (const PyValue *value, PyJsonFlags flags, GError **error)
{
  GString *out = g_string_new (NULL);

  g_return_val_if_fail (value != NULL, NULL);
  if (dump_value (out, value, flags, 0, error))
    return g_string_free (out, FALSE);
  g_string_free (out, TRUE);
  return NULL;
}
