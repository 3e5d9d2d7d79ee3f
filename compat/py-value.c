#include "compat/py-value.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "compat/py-bigint.h"

/* The members of a set, or the keys and values of a dict (values is NULL in a set). */
typedef struct
{
  GPtrArray *keys, *values;
  GHashTable *index; /* key -> its place + 1 */
} Table;

typedef struct
{
  char *module, *class_name;
  PyValue *args;
} Exception;

typedef struct
{
  char *data; /* NUL-terminated; in the same block as the value when that made it */
  gsize len;
} Text;

struct PyValue
{
  guint ref_count;
  PyType type;
  union
  {
    gint64 integer; /* PY_BOOL, PY_INT */
    double real;
    PyBigint *big;
    Text text; /* PY_STR, PY_BYTES */
    GPtrArray *items;
    Table table;
    Exception exception;
  };
};

static PyValue *
value_new (PyType type)
{
  PyValue *self = g_new0 (PyValue, 1);

  self->ref_count = 1;
  self->type = type;
  return self;
}

PyValue *
py_value_ref (PyValue *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  self->ref_count++;
  return self;
}

static void
table_clear (Table *table)
{
  g_clear_pointer (&table->index, g_hash_table_unref);
  g_clear_pointer (&table->keys, g_ptr_array_unref);
  g_clear_pointer (&table->values, g_ptr_array_unref);
}

void
py_value_unref (PyValue *self)
{
  if (self == NULL || --self->ref_count > 0)
    return;
  switch (self->type)
    {
    case PY_STR:
    case PY_BYTES:
      if (self->text.data != (char *) (self + 1))
        g_free (self->text.data);
      break;
    case PY_BIGINT:
      py_bigint_free (self->big);
      break;
    case PY_LIST:
    case PY_TUPLE:
      g_ptr_array_unref (self->items);
      break;
    case PY_DICT:
    case PY_SET:
    case PY_FROZENSET:
      table_clear (&self->table);
      break;
    case PY_EXCEPTION:
      g_free (self->exception.module);
      g_free (self->exception.class_name);
      py_value_unref (self->exception.args);
      break;
    case PY_NONE:
    case PY_BOOL:
    case PY_INT:
    case PY_FLOAT:
      break;
    }
  g_free (self);
}

PyType
py_value_type (const PyValue *self)
{
  g_return_val_if_fail (self != NULL, PY_NONE);
  return self->type;
}

const char *
py_value_type_name (const PyValue *self)
{
  static const char *const names[] = {
    [PY_NONE] = "NoneType", [PY_BOOL] = "bool", [PY_INT] = "int",     [PY_BIGINT] = "int",
    [PY_FLOAT] = "float",   [PY_STR] = "str",   [PY_BYTES] = "bytes", [PY_LIST] = "list",
    [PY_TUPLE] = "tuple",   [PY_DICT] = "dict", [PY_SET] = "set",     [PY_FROZENSET] = "frozenset",
  };

  g_return_val_if_fail (self != NULL, "NoneType");
  return self->type == PY_EXCEPTION ? self->exception.class_name : names[self->type];
}

/* --- scalars ----------------------------------------------------------------------------------------------------- */

PyValue *
py_none_new (void)
{
  return value_new (PY_NONE);
}

PyValue *
py_bool_new (gboolean value)
{
  PyValue *self = value_new (PY_BOOL);

  self->integer = value ? 1 : 0;
  return self;
}

PyValue *
py_int_new (gint64 value)
{
  PyValue *self = value_new (PY_INT);

  self->integer = value;
  return self;
}

PyValue *
py_float_new (double value)
{
  PyValue *self = value_new (PY_FLOAT);

  self->real = value;
  return self;
}

PyValue *
py_int_take_bigint (PyBigint *value)
{
  gint64 small;

  g_return_val_if_fail (value != NULL, NULL);
  if (py_bigint_to_int (value, &small))
    {
      py_bigint_free (value);
      return py_int_new (small);
    }
  PyValue *self = value_new (PY_BIGINT);
  self->big = value;
  return self;
}

gboolean
py_bool_get (const PyValue *self)
{
  g_return_val_if_fail (self != NULL && self->type == PY_BOOL, FALSE);
  return self->integer != 0;
}

gint64
py_int_get (const PyValue *self)
{
  g_return_val_if_fail (self != NULL && (self->type == PY_INT || self->type == PY_BOOL), 0);
  return self->integer;
}

double
py_float_get (const PyValue *self)
{
  g_return_val_if_fail (self != NULL && self->type == PY_FLOAT, 0);
  return self->real;
}

const PyBigint *
py_bigint_peek (const PyValue *self)
{
  g_return_val_if_fail (self != NULL && self->type == PY_BIGINT, NULL);
  return self->big;
}

static gboolean
is_small_int (const PyValue *self)
{
  return self->type == PY_INT || self->type == PY_BOOL;
}

gboolean
py_value_to_double (const PyValue *self, double *ret_value)
{
  g_return_val_if_fail (self != NULL && ret_value != NULL, FALSE);
  if (is_small_int (self))
    *ret_value = (double) self->integer;
  else if (self->type == PY_FLOAT)
    *ret_value = self->real;
  else if (self->type == PY_BIGINT)
    return py_bigint_to_double (self->big, ret_value);
  else
    return FALSE;
  return TRUE;
}

/* --- text and bytes ---------------------------------------------------------------------------------------------- */

static PyValue *
text_take (PyType type, char *data, gsize len)
{
  PyValue *self = value_new (type);

  self->text.data = data;
  self->text.len = len;
  return self;
}

static PyValue *
text_copy (PyType type, const void *data, gsize len)
{
  PyValue *self = g_malloc (sizeof *self + len + 1);

  self->ref_count = 1;
  self->type = type;
  self->text.data = (char *) (self + 1);
  self->text.len = len;
  if (len > 0)
    memcpy (self->text.data, data, len);
  self->text.data[len] = '\0';
  return self;
}

PyValue *
py_str_new (const char *text)
{
  return py_str_new_len (text, -1);
}

PyValue *
py_str_new_len (const char *text, gssize len)
{
  g_return_val_if_fail (text != NULL || len == 0, NULL);
  return text_copy (PY_STR, text, len < 0 ? strlen (text) : (gsize) len);
}

PyValue *
py_str_take (char *text)
{
  g_return_val_if_fail (text != NULL, NULL);
  return text_take (PY_STR, text, strlen (text));
}

PyValue *
py_str_printf (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  char *text = g_strdup_vprintf (format, args);
  va_end (args);
  return py_str_take (text);
}

PyValue *
py_bytes_new (const void *data, gsize len)
{
  return text_copy (PY_BYTES, data, len);
}

PyValue *
py_str_new_surrogateescape (const char *bytes, gssize len)
{
  gsize left = len < 0 ? strlen (bytes) : (gsize) len;
  g_autoptr (GString) text = g_string_sized_new (left);

  while (left > 0)
    {
      const char *end;
      gsize good;
      g_utf8_validate_len (bytes, left, &end);
      good = (gsize) (end - bytes);
      if (good == 0 && *bytes == '\0') /* GLib stops at NUL, Python does not */
        good = 1;
      if (good == 0) /* U+DC00 + the byte, in three bytes */
        {
          guchar byte = (guchar) *bytes;
          char lone[3] = { (char) 0xed, (char) (0xb0 | (byte >> 6)), (char) (0x80 | (byte & 0x3f)) };
          g_string_append_len (text, lone, 3);
          good = 1;
        }
      else
        g_string_append_len (text, bytes, (gssize) good);
      bytes += good;
      left -= good;
    }
  gsize text_len = text->len;
  return text_take (PY_STR, g_string_free (g_steal_pointer (&text), FALSE), text_len);
}

char *
py_str_dup_surrogateescape (const PyValue *self, gsize *ret_len)
{
  gsize len;
  const char *text = py_str_peek (self, &len);
  GString *out = g_string_sized_new (len);

  for (gsize i = 0; i < len;)
    {
      const guchar *at = (const guchar *) text + i;
      if (len - i >= 3 && at[0] == 0xed && (at[1] == 0xb2 || at[1] == 0xb3)) /* U+DC80..U+DCFF */
        {
          g_string_append_c (out, (char) ((at[1] & 3) << 6 | (at[2] & 0x3f)));
          i += 3;
        }
      else
        {
          g_string_append_c (out, (char) at[0]);
          i++;
        }
    }
  if (ret_len != NULL)
    *ret_len = out->len;
  return g_string_free (out, FALSE);
}

const char *
py_str_peek (const PyValue *self, gsize *ret_len)
{
  g_return_val_if_fail (self != NULL && self->type == PY_STR, NULL);
  if (ret_len != NULL)
    *ret_len = self->text.len;
  return self->text.data;
}

const char *
py_bytes_peek (const PyValue *self, gsize *ret_len)
{
  g_return_val_if_fail (self != NULL && self->type == PY_BYTES, NULL);
  if (ret_len != NULL)
    *ret_len = self->text.len;
  return self->text.data;
}

gboolean
py_str_equals (const PyValue *self, const char *text)
{
  return self != NULL && self->type == PY_STR && self->text.len == strlen (text)
         && memcmp (self->text.data, text, self->text.len) == 0;
}

guint
py_utf8_decode (const char *text, gsize left, gunichar *ret_c)
{
  static const gunichar smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
  const guchar *at = (const guchar *) text;

  if (left == 0)
    return 0;
  guint n = at[0] < 0x80 ? 1 : at[0] < 0xc0 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf8 ? 4 : 0;
  gunichar c = n == 1 ? at[0] : at[0] & (0x7fu >> n);
  if (n == 0 || n > left)
    return 0;
  for (guint i = 1; i < n; i++)
    {
      if ((at[i] & 0xc0) != 0x80)
        return 0;
      c = c << 6 | (at[i] & 0x3f);
    }
  if (c < smallest[n] || c > 0x10ffff)
    return 0;
  *ret_c = c;
  return n;
}

void
py_utf8_append (GString *out, gunichar c)
{
  if (c >= 0xd800 && c <= 0xdfff)
    {
      char bytes[3] = { (char) 0xed, (char) (0x80 | (c >> 6 & 0x3f)), (char) (0x80 | (c & 0x3f)) };
      g_string_append_len (out, bytes, 3);
    }
  else
    g_string_append_unichar (out, c);
}

/* --- list and tuple ----------------------------------------------------------------------------------------------- */

static void
value_unref_item (gpointer item)
{
  py_value_unref (item);
}

static PyValue *
seq_new (PyType type)
{
  PyValue *self = value_new (type);

  self->items = g_ptr_array_new_with_free_func (value_unref_item);
  return self;
}

static PyValue *
seq_new_items (PyType type, PyValue *first, va_list rest)
{
  PyValue *self = seq_new (type);

  for (PyValue *item = first; item != NULL; item = va_arg (rest, PyValue *))
    py_list_append (self, item);
  return self;
}

PyValue *
py_list_new (void)
{
  return seq_new (PY_LIST);
}

PyValue *
py_tuple_new (void)
{
  return seq_new (PY_TUPLE);
}

PyValue *
py_list_new_items (PyValue *first, ...)
{
  va_list rest;

  va_start (rest, first);
  PyValue *self = seq_new_items (PY_LIST, first, rest);
  va_end (rest);
  return self;
}

PyValue *
py_tuple_new_items (PyValue *first, ...)
{
  va_list rest;

  va_start (rest, first);
  PyValue *self = seq_new_items (PY_TUPLE, first, rest);
  va_end (rest);
  return self;
}

PyValue *
py_list_new_strs (const char *first, ...)
{
  PyValue *self = py_list_new ();
  va_list rest;

  va_start (rest, first);
  for (const char *text = first; text != NULL; text = va_arg (rest, const char *))
    py_list_append (self, py_str_new (text));
  va_end (rest);
  return self;
}

PyValue *
py_list_new_strv (const char *const *strv)
{
  PyValue *self = py_list_new ();

  for (; *strv != NULL; strv++)
    py_list_append (self, py_str_new (*strv));
  return self;
}

gboolean
py_value_is_seq (const PyValue *self)
{
  return self != NULL && (self->type == PY_LIST || self->type == PY_TUPLE);
}

void
py_list_append (PyValue *self, PyValue *item)
{
  g_return_if_fail (py_value_is_seq (self) && item != NULL && item != self);
  g_ptr_array_add (self->items, item);
}

guint
py_seq_length (const PyValue *self)
{
  g_return_val_if_fail (py_value_is_seq (self), 0);
  return self->items->len;
}

PyValue *
py_seq_peek (const PyValue *self, guint index)
{
  g_return_val_if_fail (py_value_is_seq (self) && index < self->items->len, NULL);
  return g_ptr_array_index (self->items, index);
}

/* --- dict and set ------------------------------------------------------------------------------------------------- */

static PyValue *
table_new (PyType type)
{
  PyValue *self = value_new (type);

  self->table.keys = g_ptr_array_new_with_free_func (value_unref_item);
  self->table.index = g_hash_table_new (py_value_hash, py_value_equal);
  if (type == PY_DICT)
    self->table.values = g_ptr_array_new_with_free_func (value_unref_item);
  return self;
}

/* The place of a key, or -1. */
static gint
table_find (const Table *table, const PyValue *key)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (table->index, key)) - 1;
}

static void
table_append_key (Table *table, PyValue *key)
{
  g_ptr_array_add (table->keys, key);
  g_hash_table_insert (table->index, key, GINT_TO_POINTER ((gint) table->keys->len));
}

static gboolean
is_dict (const PyValue *self)
{
  return self != NULL && self->type == PY_DICT;
}

static gboolean
is_set (const PyValue *self)
{
  return self != NULL && (self->type == PY_SET || self->type == PY_FROZENSET);
}

PyValue *
py_dict_new (void)
{
  return table_new (PY_DICT);
}

void
py_dict_set (PyValue *self, PyValue *key, PyValue *value)
{
  g_return_if_fail (is_dict (self) && key != NULL && py_value_is_hashable (key) && value != NULL && value != self);
  gint place = table_find (&self->table, key);
  if (place < 0)
    {
      table_append_key (&self->table, key);
      g_ptr_array_add (self->table.values, value);
      return;
    }
  PyValue *old = g_ptr_array_index (self->table.values, (guint) place);
  g_ptr_array_index (self->table.values, (guint) place) = value;
  py_value_unref (old);
  py_value_unref (key);
}

void
py_dict_set_str (PyValue *self, const char *key, PyValue *value)
{
  py_dict_set (self, py_str_new (key), value);
}

gboolean
py_dict_remove_str (PyValue *self, const char *key)
{
  g_return_val_if_fail (is_dict (self), FALSE);
  g_autoptr (PyValue) name = py_str_new (key);
  gint place = table_find (&self->table, name);

  if (place < 0)
    return FALSE;
  g_hash_table_remove (self->table.index, name);
  g_ptr_array_remove_index (self->table.keys, (guint) place);
  g_ptr_array_remove_index (self->table.values, (guint) place);
  for (guint i = (guint) place; i < self->table.keys->len; i++)
    g_hash_table_insert (self->table.index, g_ptr_array_index (self->table.keys, i), GINT_TO_POINTER ((gint) i + 1));
  return TRUE;
}

void
py_dict_update (PyValue *self, const PyValue *other, PyDictUpdate mode)
{
  g_return_if_fail (is_dict (self) && is_dict (other) && self != other);
  for (guint i = 0; i < other->table.keys->len; i++)
    {
      PyValue *value = g_ptr_array_index (other->table.values, i);
      if (mode == PY_DICT_UPDATE_ALL || value->type != PY_NONE)
        py_dict_set (self, py_value_ref (g_ptr_array_index (other->table.keys, i)), py_value_ref (value));
    }
}

PyValue *
py_dict_get (const PyValue *self, const PyValue *key)
{
  g_return_val_if_fail (is_dict (self) && key != NULL, NULL);
  gint place = py_value_is_hashable (key) ? table_find (&self->table, key) : -1;
  return place < 0 ? NULL : g_ptr_array_index (self->table.values, (guint) place);
}

PyValue *
py_dict_get_str (const PyValue *self, const char *key)
{
  g_autoptr (PyValue) name = py_str_new (key);

  return py_dict_get (self, name);
}

guint
py_dict_length (const PyValue *self)
{
  g_return_val_if_fail (is_dict (self), 0);
  return self->table.keys->len;
}

PyValue *
py_dict_peek_key (const PyValue *self, guint index)
{
  g_return_val_if_fail (is_dict (self) && index < self->table.keys->len, NULL);
  return g_ptr_array_index (self->table.keys, index);
}

PyValue *
py_dict_peek_value (const PyValue *self, guint index)
{
  g_return_val_if_fail (is_dict (self) && index < self->table.keys->len, NULL);
  return g_ptr_array_index (self->table.values, index);
}

PyValue *
py_set_new (void)
{
  return table_new (PY_SET);
}

PyValue *
py_frozenset_new (void)
{
  return table_new (PY_FROZENSET);
}

void
py_set_add (PyValue *self, PyValue *item)
{
  g_return_if_fail (is_set (self) && item != NULL && py_value_is_hashable (item));
  if (table_find (&self->table, item) >= 0)
    py_value_unref (item);
  else
    table_append_key (&self->table, item);
}

gboolean
py_set_contains (const PyValue *self, const PyValue *item)
{
  g_return_val_if_fail (is_set (self) && item != NULL, FALSE);
  return py_value_is_hashable (item) && table_find (&self->table, item) >= 0;
}

guint
py_set_length (const PyValue *self)
{
  g_return_val_if_fail (is_set (self), 0);
  return self->table.keys->len;
}

PyValue *
py_set_peek (const PyValue *self, guint index)
{
  g_return_val_if_fail (is_set (self) && index < self->table.keys->len, NULL);
  return g_ptr_array_index (self->table.keys, index);
}

void
py_value_clear (PyValue *self)
{
  g_return_if_fail (self != NULL);
  if (py_value_is_seq (self))
    g_ptr_array_set_size (self->items, 0);
  else if (is_set (self) || is_dict (self))
    {
      g_hash_table_remove_all (self->table.index);
      g_ptr_array_set_size (self->table.keys, 0);
      if (self->table.values != NULL)
        g_ptr_array_set_size (self->table.values, 0);
    }
}

/* --- exceptions --------------------------------------------------------------------------------------------------- */

PyValue *
py_exception_new (const char *module, const char *class_name, PyValue *args)
{
  g_return_val_if_fail (module != NULL && class_name != NULL && args != NULL && args->type == PY_TUPLE, NULL);
  PyValue *self = value_new (PY_EXCEPTION);
  self->exception.module = g_strdup (module);
  self->exception.class_name = g_strdup (class_name);
  self->exception.args = args;
  return self;
}

PyValue *
py_exception_new_text (const char *class_name, const char *text)
{
  return py_exception_new ("builtins", class_name, py_tuple_new_items (py_str_new (text), NULL));
}

PyValue *
py_exception_new_printf (const char *class_name, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  return py_exception_new_text (class_name, text);
}

/* Python's subclasses of OSError and the numbers that choose them. */
static const struct
{
  int number;
  const char *class_name;
} os_errors[] = {
  { EAGAIN, "BlockingIOError" },
  { EALREADY, "BlockingIOError" },
  { EINPROGRESS, "BlockingIOError" },
  { EPIPE, "BrokenPipeError" },
  { ESHUTDOWN, "BrokenPipeError" },
  { ECHILD, "ChildProcessError" },
  { ECONNABORTED, "ConnectionAbortedError" },
  { ECONNREFUSED, "ConnectionRefusedError" },
  { ECONNRESET, "ConnectionResetError" },
  { EEXIST, "FileExistsError" },
  { ENOENT, "FileNotFoundError" },
  { EINTR, "InterruptedError" },
  { EISDIR, "IsADirectoryError" },
  { ENOTDIR, "NotADirectoryError" },
  { EACCES, "PermissionError" },
  { EPERM, "PermissionError" },
  { ESRCH, "ProcessLookupError" },
  { ETIMEDOUT, "TimeoutError" },
};

PyValue *
py_exception_new_errno (int error_number, const char *filename)
{
  const char *class_name = "OSError";
  PyValue *args = py_tuple_new_items (py_int_new (error_number), py_str_new (g_strerror (error_number)), NULL);

  for (guint i = 0; i < G_N_ELEMENTS (os_errors); i++)
    if (os_errors[i].number == error_number)
      class_name = os_errors[i].class_name;
  if (filename != NULL)
    py_list_append (args, py_str_new_surrogateescape (filename, -1));
  return py_exception_new ("builtins", class_name, args);
}

static gboolean
is_exception (const PyValue *self)
{
  return self != NULL && self->type == PY_EXCEPTION;
}

const char *
py_exception_peek_module (const PyValue *self)
{
  g_return_val_if_fail (is_exception (self), NULL);
  return self->exception.module;
}

const char *
py_exception_peek_class (const PyValue *self)
{
  g_return_val_if_fail (is_exception (self), NULL);
  return self->exception.class_name;
}

PyValue *
py_exception_peek_args (const PyValue *self)
{
  g_return_val_if_fail (is_exception (self), NULL);
  return self->exception.args;
}

gboolean
py_exception_is_os_error (const PyValue *self)
{
  g_return_val_if_fail (is_exception (self), FALSE);
  const char *name = self->exception.class_name;
  if (g_str_equal (name, "OSError") || g_str_equal (name, "IOError") || g_str_equal (name, "EnvironmentError")
      || g_str_equal (name, "ConnectionError"))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (os_errors); i++)
    if (g_str_equal (name, os_errors[i].class_name))
      return TRUE;
  return FALSE;
}

PyValue *
py_exception_dup_args (const PyValue *self)
{
  g_return_val_if_fail (is_exception (self), NULL);
  const GPtrArray *args = self->exception.args->items;
  if (!py_exception_is_os_error (self) || args->len < 3 || args->len > 5
      || py_value_type (g_ptr_array_index (args, 2)) == PY_NONE)
    return py_value_ref (self->exception.args);
  return py_tuple_new_items (py_value_ref (g_ptr_array_index (args, 0)), py_value_ref (g_ptr_array_index (args, 1)),
                             NULL);
}

/* --- equality, hash, truth ----------------------------------------------------------------------------------------- */

static gboolean
numbers_equal (const PyValue *a, const PyValue *b)
{
  if (a->type == PY_FLOAT && b->type == PY_FLOAT)
    return a->real == b->real;
  if (b->type == PY_FLOAT)
    return numbers_equal (b, a);
  if (a->type == PY_FLOAT)
    {
      if (isnan (a->real))
        return FALSE;
      if (b->type == PY_BIGINT)
        return py_bigint_compare_double (b->big, a->real) == 0;
      g_autoptr (PyBigint) exact = py_bigint_new_int (b->integer);
      return py_bigint_compare_double (exact, a->real) == 0;
    }
  if (a->type == PY_BIGINT || b->type == PY_BIGINT) /* a bigint is never a small int */
    return a->type == b->type && py_bigint_compare (a->big, b->big) == 0;
  return a->integer == b->integer;
}

static gboolean
is_number (const PyValue *self)
{
  return is_small_int (self) || self->type == PY_FLOAT || self->type == PY_BIGINT;
}

static gboolean
tables_equal (const Table *a, const Table *b)
{
  if (a->keys->len != b->keys->len)
    return FALSE;
  for (guint i = 0; i < a->keys->len; i++)
    {
      gint place = table_find (b, g_ptr_array_index (a->keys, i));
      if (place < 0)
        return FALSE;
      if (a->values != NULL
          && !py_value_equal (g_ptr_array_index (a->values, i), g_ptr_array_index (b->values, (guint) place)))
        return FALSE;
    }
  return TRUE;
}

static gboolean
items_equal (const GPtrArray *a, const GPtrArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (!py_value_equal (g_ptr_array_index (a, i), g_ptr_array_index (b, i)))
      return FALSE;
  return TRUE;
}

gboolean
py_value_equal (gconstpointer a_value, gconstpointer b_value)
{
  const PyValue *a = a_value, *b = b_value;

  if (a == b) /* as Python does within containers: a NaN equals itself there */
    return TRUE;
  if (is_number (a) && is_number (b))
    return numbers_equal (a, b);
  if (is_set (a) && is_set (b))
    return tables_equal (&a->table, &b->table);
  if (a->type != b->type)
    return FALSE;
  switch (a->type)
    {
    case PY_NONE:
      return TRUE;
    case PY_STR:
    case PY_BYTES:
      return a->text.len == b->text.len && memcmp (a->text.data, b->text.data, a->text.len) == 0;
    case PY_LIST:
    case PY_TUPLE:
      return items_equal (a->items, b->items);
    case PY_DICT:
      return tables_equal (&a->table, &b->table);
    case PY_EXCEPTION: /* Python compares these by identity */
    case PY_BOOL:      /* the rest was answered above */
    case PY_INT:
    case PY_BIGINT:
    case PY_FLOAT:
    case PY_SET:
    case PY_FROZENSET:
      break;
    }
  return FALSE;
}

static guint
hash_double (double value)
{
  if (isnan (value) || isinf (value))
    return 314159;
  if (value != trunc (value))
    return g_double_hash (&value);
  g_autoptr (PyBigint) exact = py_bigint_new_double (value); /* so that 2.0**80 and 2**80 meet */
  return py_bigint_hash (exact);
}

static guint
hash_int (gint64 value)
{
  guint64 magnitude = value < 0 ? -(guint64) value : (guint64) value;
  guint rest = (guint) (magnitude % 0x7fffffff); /* as py_bigint_hash */

  return value < 0 ? -rest : rest;
}

static guint
hash_bytes (const Text *text)
{
  guint hash = 5381;

  for (gsize i = 0; i < text->len; i++)
    hash = hash * 33 + (guchar) text->data[i];
  return hash;
}

guint
py_value_hash (gconstpointer value)
{
  const PyValue *self = value;
  guint hash = 0;

  switch (self->type)
    {
    case PY_NONE:
      return 271828;
    case PY_BOOL:
    case PY_INT:
      return hash_int (self->integer);
    case PY_BIGINT:
      return py_bigint_hash (self->big);
    case PY_FLOAT:
      return hash_double (self->real);
    case PY_STR:
    case PY_BYTES:
      return hash_bytes (&self->text);
    case PY_TUPLE:
      for (guint i = 0; i < self->items->len; i++)
        hash = hash * 1000003 + py_value_hash (g_ptr_array_index (self->items, i));
      return hash;
    case PY_FROZENSET:
      for (guint i = 0; i < self->table.keys->len; i++) /* whatever the order */
        hash += py_value_hash (g_ptr_array_index (self->table.keys, i)) * 2654435761u;
      return hash;
    case PY_EXCEPTION:
      return g_direct_hash (self);
    case PY_LIST:
    case PY_DICT:
    case PY_SET:
      break;
    }
  g_return_val_if_reached (0);
}

gboolean
py_value_is_hashable (const PyValue *self)
{
  g_return_val_if_fail (self != NULL, FALSE);
  if (self->type == PY_TUPLE)
    for (guint i = 0; i < self->items->len; i++)
      if (!py_value_is_hashable (g_ptr_array_index (self->items, i)))
        return FALSE;
  return self->type != PY_LIST && self->type != PY_DICT && self->type != PY_SET;
}

gboolean
py_value_truth (const PyValue *self)
{
  g_return_val_if_fail (self != NULL, FALSE);
  switch (self->type)
    {
    case PY_NONE:
      return FALSE;
    case PY_BOOL:
    case PY_INT:
      return self->integer != 0;
    case PY_FLOAT:
      return self->real != 0;
    case PY_STR:
    case PY_BYTES:
      return self->text.len > 0;
    case PY_LIST:
    case PY_TUPLE:
      return self->items->len > 0;
    case PY_DICT:
    case PY_SET:
    case PY_FROZENSET:
      return self->table.keys->len > 0;
    case PY_BIGINT:
    case PY_EXCEPTION:
      break;
    }
  return TRUE;
}
