#include "compat/py-repr.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compat/py-bigint.h"
#include "compat/py-printable.h"

#define BLOCK 4096 /* bytes of text for which room is made at once */

gboolean
py_unichar_is_printable (gunichar c)
{
  guint low = 0, high = G_N_ELEMENTS (unprintable);

  if (c < 0x80)
    return c >= 0x20 && c != 0x7f;
  while (low < high)
    {
      guint middle = (low + high) / 2;
      if (c > unprintable[middle].last)
        low = middle + 1;
      else if (c < unprintable[middle].first)
        high = middle;
      else
        return FALSE;
    }
  return c <= 0x10ffff;
}

/* g_string_append_len without the call, for the many short pieces. */
static inline void
append_piece (GString *out, const char *text, gsize len)
{
  if (out->len + len >= out->allocated_len)
    {
      g_string_append_len (out, text, (gssize) len);
      return;
    }
  memcpy (out->str + out->len, text, len);
  out->len += len;
  out->str[out->len] = '\0';
}

/* The part of a repr that str and bytes share. */
static void
append_escaped_ascii (GString *out, guchar c, char quote)
{
  switch (c)
    {
    case '\t':
      append_piece (out, "\\t", 2);
      break;
    case '\n':
      append_piece (out, "\\n", 2);
      break;
    case '\r':
      append_piece (out, "\\r", 2);
      break;
    default:
      if (c < 0x20 || c >= 0x7f)
        g_string_append_printf (out, "\\x%02x", c);
      else
        {
          char escaped[2] = { '\\', (char) c };
          gboolean plain = c != '\\' && c != (guchar) quote;
          append_piece (out, plain ? escaped + 1 : escaped, plain ? 1 : 2);
        }
    }
}

static char
choose_quote (const char *text, gsize len)
{
  return memchr (text, '\'', len) != NULL && memchr (text, '"', len) == NULL ? '"' : '\'';
}

/* Eight bytes at once: the high bit of each byte that is zero is set.  A byte above a zero one may be wrong, the lowest is
 * right. */
#define EACH(byte)        (G_GUINT64_CONSTANT (0x0101010101010101) * (byte))
#define ZERO_BYTES(eight) (((eight) -EACH (0x01)) & ~(eight))

/* How many of eight bytes, from the first on, stand for themselves. */
static inline guint
plain_of_eight (guint64 eight, char quote)
{
  guint64 below_blank = (eight - EACH (0x20)) & ~eight;
  guint64 special = (ZERO_BYTES (eight ^ EACH ('\\')) | ZERO_BYTES (eight ^ EACH ((guchar) quote))
                     | ZERO_BYTES (eight ^ EACH (0x7f)) | below_blank | eight)
                    & EACH (0x80);
  return special == 0 ? 8 : (guint) __builtin_ctzll (special) / 8;
}

/* How many bytes at text stand for themselves: most of most texts.  They are written to `to`, with up to seven more. */
static gsize
copy_plain (char *to, const char *text, gsize len, char quote)
{
  gsize n = 0;

  for (guint plain = 8; len - n >= 8 && plain == 8; n += plain)
    {
      guint64 eight;
      memcpy (&eight, text + n, sizeof eight);
      memcpy (to + n, &eight, sizeof eight);
      plain = plain_of_eight (GUINT64_FROM_LE (eight), quote);
      if (plain < 8)
        return n + plain;
    }
  for (; n < len && (guchar) text[n] - 0x20u < 0x5fu && text[n] != '\\' && text[n] != quote; n++)
    to[n] = text[n];
  return n;
}

/* The characters that begin within the first `want` of `left` bytes; returns how many bytes these are. */
static gsize
append_block (GString *out, const char *text, gsize want, gsize left, char quote)
{
  gsize done = 0;

  while (done < want)
    {
      gsize len = out->len, room = want - done + 8;
      if (len + room >= out->allocated_len)
        {
          g_string_set_size (out, len + room);
          out->len = len;
        }
      gsize plain = copy_plain (out->str + len, text + done, want - done, quote);
      out->len = len + plain;
      out->str[out->len] = '\0';
      done += plain;
      if (done == want)
        break;

      gunichar c = 0;
      guint n = (guchar) text[done] < 0x80 ? 1 : py_utf8_decode (text + done, left - done, &c);
      if (n <= 1)
        append_escaped_ascii (out, (guchar) text[done], quote);
      else if (py_unichar_is_printable (c))
        append_piece (out, text + done, n);
      else
        g_string_append_printf (out, c <= 0xff ? "\\x%02x" : c <= 0xffff ? "\\u%04x" : "\\U%08x", c);
      done += MAX (n, 1);
    }
  return done;
}

void
py_repr_append_str (GString *out, const char *text, gssize length)
{
  gsize len = length < 0 ? strlen (text) : (gsize) length;
  char quote = choose_quote (text, len);

  append_piece (out, &quote, 1);
  for (gsize done = 0; done < len;)
    done += append_block (out, text + done, MIN (len - done, BLOCK), len - done, quote);
  append_piece (out, &quote, 1);
}

char *
py_repr_str (const char *text, gssize len)
{
  GString *out = g_string_new (NULL);

  py_repr_append_str (out, text, len);
  return g_string_free (out, FALSE);
}

static void
append_bytes (GString *out, const char *data, gsize len)
{
  char quote = choose_quote (data, len);

  g_string_append_c (out, 'b');
  g_string_append_c (out, quote);
  for (gsize i = 0; i < len; i++)
    append_escaped_ascii (out, (guchar) data[i], quote);
  g_string_append_c (out, quote);
}

/* --- floats ------------------------------------------------------------------------------------------------------- */

/* "1.25e+03" to the next decimal of as many digits away from zero, "1.26e+03".  FALSE when all digits are nines. */
static gboolean
increment_digits (char *text)
{
  char *c = strchr (text, 'e');

  while (c-- > text)
    if (g_ascii_isdigit (*c) && *c < '9')
      {
        (*c)++;
        return TRUE;
      }
    else if (*c == '9')
      *c = '0';
  return FALSE;
}

/* The shortest digits that read back as value ("%.*e"); 15 always do for what was written with 15 or fewer, except for
 * subnormal numbers, which have less precision.  Next to a power of two floats are denser below than above, so that the
 * nearest decimal may be another float's and the next one up is the one that reads back. */
static void
shortest_digits (double value, char *buffer, gsize size)
{
  for (int precision = fabs (value) < 2.3e-308 ? 0 : 14; precision <= 16; precision++)
    {
      g_autofree char *format = g_strdup_printf ("%%.%de", precision);
      g_ascii_formatd (buffer, (int) size, format, value);
      if (g_ascii_strtod (buffer, NULL) == value)
        return;
      if (precision < 16 && increment_digits (buffer) && g_ascii_strtod (buffer, NULL) == value)
        return;
    }
}

char *
py_repr_float (double value)
{
  char buffer[64];

  if (isnan (value))
    return g_strdup ("nan");
  if (isinf (value))
    return g_strdup (value > 0 ? "inf" : "-inf");
  shortest_digits (value, buffer, sizeof buffer);
  char *mark = strchr (buffer, 'e');
  int exponent = atoi (mark + 1);
  GString *digits = g_string_new (NULL); /* without sign, point and trailing zeros */
  for (const char *c = buffer; c < mark; c++)
    if (g_ascii_isdigit (*c))
      g_string_append_c (digits, *c);
  while (digits->len > 1 && digits->str[digits->len - 1] == '0')
    g_string_truncate (digits, digits->len - 1);
  GString *out = g_string_new (signbit (value) ? "-" : "");
  if (exponent < -4 || exponent >= 16)
    {
      g_string_append_c (out, digits->str[0]);
      if (digits->len > 1)
        g_string_append_printf (out, ".%s", digits->str + 1);
      g_string_append_printf (out, "e%c%02d", exponent < 0 ? '-' : '+', abs (exponent));
    }
  else if (exponent < 0)
    g_string_append_printf (out, "0.%.*s%s", -exponent - 1, "000", digits->str);
  else
    {
      while (digits->len < (gsize) exponent + 2)
        g_string_append_c (digits, '0');
      g_string_append_printf (out, "%.*s.%s", exponent + 1, digits->str, digits->str + exponent + 1);
    }
  g_string_free (digits, TRUE);
  return g_string_free (out, FALSE);
}

/* --- any value ---------------------------------------------------------------------------------------------------- */

/* Python's < as pprint sorts with it; what Python cannot compare is ordered by the name of its type. */
static gint
compare_keys (gconstpointer a_place, gconstpointer b_place)
{
  const PyValue *a = *(PyValue *const *) a_place, *b = *(PyValue *const *) b_place;
  double x, y;

  if (py_value_type (a) == PY_STR && py_value_type (b) == PY_STR)
    {
      gsize a_len, b_len;
      const char *a_text = py_str_peek (a, &a_len), *b_text = py_str_peek (b, &b_len);
      int order = memcmp (a_text, b_text, MIN (a_len, b_len)); /* UTF-8 sorts as its code points do */
      return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
    }
  if (py_value_to_double (a, &x) && py_value_to_double (b, &y))
    return (x > y) - (x < y);
  return strcmp (py_value_type_name (a), py_value_type_name (b));
}

/* The keys of a dict, borrowed, sorted when wanted. */
static GPtrArray *
dup_keys (const PyValue *dict, gboolean sorted)
{
  GPtrArray *keys = g_ptr_array_new ();

  for (guint i = 0; i < py_dict_length (dict); i++)
    g_ptr_array_add (keys, py_dict_peek_key (dict, i));
  if (sorted)
    g_ptr_array_sort (keys, compare_keys);
  return keys;
}

static void append_value (GString *out, const PyValue *value, gboolean sort_dicts);

static void
append_items (GString *out, const PyValue *seq, gboolean sort_dicts)
{
  for (guint i = 0; i < py_seq_length (seq); i++)
    {
      if (i > 0)
        append_piece (out, ", ", 2);
      append_value (out, py_seq_peek (seq, i), sort_dicts);
    }
}

static void
append_dict (GString *out, const PyValue *dict, gboolean sort_dicts)
{
  g_autoptr (GPtrArray) keys = dup_keys (dict, sort_dicts);

  g_string_append_c (out, '{');
  for (guint i = 0; i < keys->len; i++)
    {
      const PyValue *key = g_ptr_array_index (keys, i);
      if (i > 0)
        g_string_append (out, ", ");
      append_value (out, key, sort_dicts);
      g_string_append (out, ": ");
      append_value (out, py_dict_get (dict, key), sort_dicts);
    }
  g_string_append_c (out, '}');
}

static void
append_set (GString *out, const PyValue *set)
{
  gboolean frozen = py_value_type (set) == PY_FROZENSET;

  if (py_set_length (set) == 0)
    {
      g_string_append (out, frozen ? "frozenset()" : "set()");
      return;
    }
  g_string_append (out, frozen ? "frozenset({" : "{");
  for (guint i = 0; i < py_set_length (set); i++)
    {
      if (i > 0)
        g_string_append (out, ", ");
      append_value (out, py_set_peek (set, i), FALSE);
    }
  g_string_append (out, frozen ? "})" : "}");
}

static void
append_exception (GString *out, const PyValue *exception)
{
  g_autoptr (PyValue) args = py_exception_dup_args (exception);

  g_string_append_printf (out, "%s(", py_exception_peek_class (exception));
  append_items (out, args, FALSE);
  g_string_append_c (out, ')');
}

static void
append_number (GString *out, const PyValue *number)
{
  g_autofree char *text = py_value_type (number) == PY_FLOAT ? py_repr_float (py_float_get (number))
                                                             : py_bigint_to_string (py_bigint_peek (number));

  g_string_append (out, text);
}

static void
append_value (GString *out, const PyValue *value, gboolean sort_dicts)
{
  gsize len;
  const char *data;

  switch (py_value_type (value))
    {
    case PY_NONE:
      g_string_append (out, "None");
      break;
    case PY_BOOL:
      g_string_append (out, py_bool_get (value) ? "True" : "False");
      break;
    case PY_INT:
      g_string_append_printf (out, "%" G_GINT64_FORMAT, py_int_get (value));
      break;
    case PY_BIGINT:
    case PY_FLOAT:
      append_number (out, value);
      break;
    case PY_STR:
      data = py_str_peek (value, &len);
      py_repr_append_str (out, data, (gssize) len);
      break;
    case PY_BYTES:
      data = py_bytes_peek (value, &len);
      append_bytes (out, data, len);
      break;
    case PY_LIST:
      g_string_append_c (out, '[');
      append_items (out, value, sort_dicts);
      g_string_append_c (out, ']');
      break;
    case PY_TUPLE:
      g_string_append_c (out, '(');
      append_items (out, value, sort_dicts);
      g_string_append (out, py_seq_length (value) == 1 ? ",)" : ")");
      break;
    case PY_DICT:
      append_dict (out, value, sort_dicts);
      break;
    case PY_SET:
    case PY_FROZENSET:
      append_set (out, value);
      break;
    case PY_EXCEPTION:
      append_exception (out, value);
      break;
    }
}

void
py_repr_append (GString *out, const PyValue *value)
{
  g_return_if_fail (out != NULL && value != NULL);
  append_value (out, value, FALSE);
}

void
py_repr_append_sorted (GString *out, const PyValue *value)
{
  g_return_if_fail (out != NULL && value != NULL);
  append_value (out, value, TRUE);
}

void
py_repr_sort_keys (GPtrArray *keys)
{
  g_ptr_array_sort (keys, compare_keys);
}

char *
py_repr (const PyValue *value)
{
  GString *out = g_string_new (NULL);

  py_repr_append (out, value);
  return g_string_free (out, FALSE);
}

/* --- str() -------------------------------------------------------------------------------------------------------- */

/* "[Errno 2] No such file or directory: 'name'", when the arguments are those of an OSError. */
static gboolean
append_os_error (GString *out, const PyValue *args)
{
  guint n = py_seq_length (args);

  if (n < 2 || n > 5)
    return FALSE;
  g_autofree char *number = py_str (py_seq_peek (args, 0), NULL);
  g_autofree char *text = py_str (py_seq_peek (args, 1), NULL);
  g_string_append_printf (out, "[Errno %s] %s", number, text);
  if (n > 2 && py_value_type (py_seq_peek (args, 2)) != PY_NONE)
    {
      g_string_append (out, ": ");
      py_repr_append (out, py_seq_peek (args, 2));
    }
  return TRUE;
}

/* "invalid syntax (<string>, line 1)", when the arguments are (message, (file, line, …)). */
static gboolean
append_syntax_error (GString *out, const PyValue *args)
{
  if (py_seq_length (args) != 2 || !py_value_is_seq (py_seq_peek (args, 1)))
    return FALSE;
  const PyValue *where = py_seq_peek (args, 1);
  if (py_seq_length (where) < 2 || py_value_type (py_seq_peek (where, 0)) != PY_STR)
    return FALSE;
  g_autofree char *text = py_str (py_seq_peek (args, 0), NULL);
  g_autofree char *line = py_str (py_seq_peek (where, 1), NULL);
  const char *file = py_str_peek (py_seq_peek (where, 0), NULL);
  const char *base = strrchr (file, '/');
  g_string_append_printf (out, "%s (%s, line %s)", text, base != NULL ? base + 1 : file, line);
  return TRUE;
}

static void
append_exception_text (GString *out, const PyValue *exception)
{
  const PyValue *args = py_exception_peek_args (exception);
  const char *class = py_exception_peek_class (exception);
  guint n = py_seq_length (args);

  if (py_exception_is_os_error (exception) && append_os_error (out, args))
    return;
  if ((g_str_equal (class, "SyntaxError") || g_str_equal (class, "IndentationError") || g_str_equal (class, "TabError"))
      && append_syntax_error (out, args))
    return;
  if (n > 1)
    py_repr_append (out, args);
  else if (n == 1 && g_str_equal (class, "KeyError"))
    py_repr_append (out, py_seq_peek (args, 0));
  else if (n == 1)
    {
      gsize len;
      g_autofree char *text = py_str (py_seq_peek (args, 0), &len);
      g_string_append_len (out, text, (gssize) len);
    }
}

char *
py_str (const PyValue *value, gsize *ret_len)
{
  GString *out = g_string_new (NULL);

  g_return_val_if_fail (value != NULL, NULL);
  if (py_value_type (value) == PY_STR)
    {
      gsize len;
      const char *text = py_str_peek (value, &len);
      g_string_append_len (out, text, (gssize) len);
    }
  else if (py_value_type (value) == PY_EXCEPTION)
    append_exception_text (out, value);
  else
    py_repr_append (out, value);
  if (ret_len != NULL)
    *ret_len = out->len;
  return g_string_free (out, FALSE);
}
