#include "compat/py-pickle.h"

#include <stdio.h>
#include <string.h>

#include "compat/py-bigint.h"

/* No memo is written: every reader accepts that, and what is repeated (an action's name, say) is short. */

static void
put (GByteArray *out, const void *bytes, gsize len)
{
  g_byte_array_append (out, bytes, (guint) len);
}

static void
put_op (GByteArray *out, char op)
{
  put (out, &op, 1);
}

/* op and value as little-endian number of the given size. */
static void
put_number (GByteArray *out, char op, guint64 value, guint bytes)
{
  put_op (out, op);
  for (guint i = 0; i < bytes; i++)
    put_op (out, (char) (value >> (8 * i)));
}

static void
put_int (GByteArray *out, gint64 value)
{
  if (value >= 0 && value <= 0xff)
    put_number (out, 'K', (guint64) value, 1); /* BININT1 */
  else if (value >= 0 && value <= 0xffff)
    put_number (out, 'M', (guint64) value, 2); /* BININT2 */
  else if (value >= G_MININT32 && value <= G_MAXINT32)
    put_number (out, 'J', (guint64) value, 4); /* BININT */
  else
    {
      g_autoptr (PyBigint) big = py_bigint_new_int (value);
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      py_bigint_to_bytes (big, bytes);
      put_number (out, '\x8a', bytes->len, 1); /* LONG1 */
      put (out, bytes->data, bytes->len);
    }
}

static void
put_bigint (GByteArray *out, const PyBigint *value)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  py_bigint_to_bytes (value, bytes);
  if (bytes->len <= 0xff)
    put_number (out, '\x8a', bytes->len, 1); /* LONG1 */
  else
    put_number (out, '\x8b', bytes->len, 4); /* LONG4 */
  put (out, bytes->data, bytes->len);
}

static void
put_float (GByteArray *out, double value)
{
  guint64 bits;

  memcpy (&bits, &value, sizeof bits);
  bits = GUINT64_TO_BE (bits);
  put_op (out, 'G'); /* BINFLOAT */
  put (out, &bits, sizeof bits);
}

static void
put_text (GByteArray *out, const char *text, gsize len, guint protocol)
{
  if (protocol >= 4 && len <= 0xff)
    put_number (out, '\x8c', len, 1); /* SHORT_BINUNICODE */
  else
    put_number (out, 'X', len, 4); /* BINUNICODE */
  put (out, text, len);
}

static void
put_global (GByteArray *out, const char *module, const char *name, guint protocol)
{
  if (protocol >= 4)
    {
      put_text (out, module, strlen (module), protocol);
      put_text (out, name, strlen (name), protocol);
      put_op (out, '\x93'); /* STACK_GLOBAL */
      return;
    }
  put_op (out, 'c'); /* GLOBAL */
  put (out, module, strlen (module));
  put_op (out, '\n');
  put (out, name, strlen (name));
  put_op (out, '\n');
}

/* Protocol 2 has no bytes: as Python does, text is encoded back to Latin-1. */
static void
put_bytes_as_text (GByteArray *out, const char *data, gsize len)
{
  g_autoptr (GString) text = g_string_sized_new (len);

  for (gsize i = 0; i < len; i++)
    g_string_append_unichar (text, (guchar) data[i]);
  put_global (out, "_codecs", "encode", 2);
  put_text (out, text->str, text->len, 2);
  put_text (out, "latin1", strlen ("latin1"), 2);
  put_op (out, '\x86'); /* TUPLE2 */
  put_op (out, 'R');    /* REDUCE */
}

static void
put_bytes (GByteArray *out, const char *data, gsize len, guint protocol)
{
  if (protocol < 3)
    {
      put_bytes_as_text (out, data, len);
      return;
    }
  if (len <= 0xff)
    put_number (out, 'C', len, 1); /* SHORT_BINBYTES */
  else
    put_number (out, 'B', len, 4); /* BINBYTES */
  put (out, data, len);
}

static void put_value (GByteArray *out, const PyValue *value, guint protocol);

static void
put_list (GByteArray *out, const PyValue *list, guint protocol)
{
  guint n = py_seq_length (list);

  put_op (out, ']'); /* EMPTY_LIST */
  if (n == 0)
    return;
  put_op (out, '('); /* MARK */
  for (guint i = 0; i < n; i++)
    put_value (out, py_seq_peek (list, i), protocol);
  put_op (out, 'e'); /* APPENDS */
}

static void
put_tuple (GByteArray *out, const PyValue *tuple, guint protocol)
{
  static const char short_ops[] = { ')', '\x85', '\x86', '\x87' }; /* EMPTY_TUPLE, TUPLE1 to TUPLE3 */
  guint n = py_seq_length (tuple);

  if (n >= G_N_ELEMENTS (short_ops))
    put_op (out, '('); /* MARK */
  for (guint i = 0; i < n; i++)
    put_value (out, py_seq_peek (tuple, i), protocol);
  put_op (out, n < G_N_ELEMENTS (short_ops) ? short_ops[n] : 't'); /* TUPLE */
}

static void
put_dict (GByteArray *out, const PyValue *dict, guint protocol)
{
  guint n = py_dict_length (dict);

  put_op (out, '}'); /* EMPTY_DICT */
  if (n == 0)
    return;
  put_op (out, '('); /* MARK */
  for (guint i = 0; i < n; i++)
    {
      put_value (out, py_dict_peek_key (dict, i), protocol);
      put_value (out, py_dict_peek_value (dict, i), protocol);
    }
  put_op (out, 'u'); /* SETITEMS */
}

static void
put_set (GByteArray *out, const PyValue *set, guint protocol)
{
  gboolean frozen = py_value_type (set) == PY_FROZENSET;

  if (protocol < 4)
    put_global (out, protocol < 3 ? "__builtin__" : "builtins", frozen ? "frozenset" : "set", protocol);
  else if (!frozen)
    put_op (out, '\x8f'); /* EMPTY_SET */
  if (protocol < 4)
    put_op (out, ']'); /* EMPTY_LIST: the argument of set (…) */
  put_op (out, '(');   /* MARK */
  for (guint i = 0; i < py_set_length (set); i++)
    put_value (out, py_set_peek (set, i), protocol);
  if (protocol >= 4)
    put_op (out, frozen ? '\x91' : '\x90'); /* FROZENSET, ADDITEMS */
  else
    put (out, "e\x85R", 3); /* APPENDS, TUPLE1, REDUCE */
}

/* Where Python 2 finds an exception of Python 3 (NULL: it has none of that name); Python 3 maps these back. */
static gboolean
find_python2_exception (const PyValue *exception, const char **ret_class)
{
  static const char *const known[] = {
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "EOFError",
    "Exception",
    "ImportError",
    "IndentationError",
    "IndexError",
    "KeyError",
    "LookupError",
    "MemoryError",
    "NameError",
    "NotImplementedError",
    "OverflowError",
    "ReferenceError",
    "RuntimeError",
    "StopIteration",
    "SyntaxError",
    "SystemError",
    "TabError",
    "TypeError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UnicodeTranslateError",
    "ValueError",
    "Warning",
    "ZeroDivisionError",
  };
  const char *class = py_exception_peek_class (exception);

  if (py_exception_is_os_error (exception)) /* the number in its arguments makes it the subclass again */
    {
      *ret_class = "OSError";
      return TRUE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (known[i], class))
      {
        *ret_class = class;
        return TRUE;
      }
  return FALSE;
}

#define JSON_MAX 65536 /* the stand-in for a document; beyond it line and column are not exact */

/* JSONDecodeError is made of (message, document, position), and makes of them the one argument that it has then: "message: line 1
 * column 2 (char 1)".  The document is not known any more; one that gives the same line and column takes its place. */
static PyValue *
dup_arguments (const PyValue *exception)
{
  PyValue *args = py_exception_peek_args (exception);
  const char *text = py_seq_length (args) == 1 && py_value_type (py_seq_peek (args, 0)) == PY_STR
                         ? py_str_peek (py_seq_peek (args, 0), NULL)
                         : NULL;
  const char *where = text != NULL ? g_strrstr (text, ": line ") : NULL;
  g_autoptr (GString) document = NULL;
  guint line, column, at;

  if (!g_str_equal (py_exception_peek_module (exception), "json.decoder") || where == NULL
      || sscanf (where, ": line %u column %u (char %u)", &line, &column, &at) != 3)
    return py_value_ref (args);
  document = g_string_new (NULL);
  for (guint i = 0; line > 1 && i + column + line - 2 < MIN (at, JSON_MAX); i++)
    g_string_append_c (document, ' ');
  for (guint i = 1; i < MIN (line, JSON_MAX); i++)
    g_string_append_c (document, '\n');
  return py_tuple_new_items (py_str_new_len (text, where - text), py_str_new (document->str), py_int_new (at), NULL);
}

static void
put_exception (GByteArray *out, const PyValue *exception, guint protocol)
{
  const char *module = py_exception_peek_module (exception);
  const char *class = py_exception_peek_class (exception);
  g_autoptr (PyValue) args = dup_arguments (exception);

  if (protocol < 3 && g_str_equal (module, "builtins") && find_python2_exception (exception, &class))
    module = "exceptions";
  put_global (out, module, class, protocol);
  put_tuple (out, args, protocol);
  put_op (out, 'R'); /* REDUCE */
}

static void
put_value (GByteArray *out, const PyValue *value, guint protocol)
{
  gsize len;
  const char *data;

  switch (py_value_type (value))
    {
    case PY_NONE:
      put_op (out, 'N');
      break;
    case PY_BOOL:
      put_op (out, py_bool_get (value) ? '\x88' : '\x89');
      break;
    case PY_INT:
      put_int (out, py_int_get (value));
      break;
    case PY_BIGINT:
      put_bigint (out, py_bigint_peek (value));
      break;
    case PY_FLOAT:
      put_float (out, py_float_get (value));
      break;
    case PY_STR:
      data = py_str_peek (value, &len);
      put_text (out, data, len, protocol);
      break;
    case PY_BYTES:
      data = py_bytes_peek (value, &len);
      put_bytes (out, data, len, protocol);
      break;
    case PY_LIST:
      put_list (out, value, protocol);
      break;
    case PY_TUPLE:
      put_tuple (out, value, protocol);
      break;
    case PY_DICT:
      put_dict (out, value, protocol);
      break;
    case PY_SET:
    case PY_FROZENSET:
      put_set (out, value, protocol);
      break;
    case PY_EXCEPTION:
      put_exception (out, value, protocol);
      break;
    }
}

void
py_pickle_encode_append (GByteArray *out, const PyValue *value, guint protocol)
{
  g_return_if_fail (out != NULL && value != NULL && protocol >= 2 && protocol <= 4);
  put_number (out, '\x80', protocol, 1); /* PROTO; FRAME is for readers' convenience only and left out */
  put_value (out, value, protocol);
  put_op (out, '.'); /* STOP */
}

GBytes *
py_pickle_encode (const PyValue *value, guint protocol)
{
  GByteArray *out = g_byte_array_new ();

  py_pickle_encode_append (out, value, protocol);
  return g_byte_array_free_to_bytes (out);
}
