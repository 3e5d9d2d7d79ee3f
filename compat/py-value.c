#include "compat/py-value-private.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "compat/py-bigint.h"

PyValue *
py_value_alloc (PyType type)
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
table_clear (PyTable *table)
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
  return py_value_alloc (PY_NONE);
}

PyValue *
py_bool_new (gboolean value)
{
  PyValue *self = py_value_alloc (PY_BOOL);

  self->integer = value ? 1 : 0;
  return self;
}

PyValue *
py_int_new (gint64 value)
{
  PyValue *self = py_value_alloc (PY_INT);

  self->integer = value;
  return self;
}

PyValue *
py_float_new (double value)
{
  PyValue *self = py_value_alloc (PY_FLOAT);

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
  PyValue *self = py_value_alloc (PY_BIGINT);
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

/* --- list and tuple ----------------------------------------------------------------------------------------------- */

static void
value_unref_item (gpointer item)
{
  py_value_unref (item);
}

static PyValue *
seq_new (PyType type)
{
  PyValue *self = py_value_alloc (type);

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
  PyValue *self = py_value_alloc (type);

  self->table.keys = g_ptr_array_new_with_free_func (value_unref_item);
  self->table.index = g_hash_table_new (py_value_hash, py_value_equal);
  if (type == PY_DICT)
    self->table.values = g_ptr_array_new_with_free_func (value_unref_item);
  return self;
}

gint
py_table_find (const PyTable *table, const PyValue *key)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (table->index, key)) - 1;
}

static void
table_append_key (PyTable *table, PyValue *key)
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
  gint place = py_table_find (&self->table, key);
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
  gint place = py_table_find (&self->table, name);

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
  gint place = py_value_is_hashable (key) ? py_table_find (&self->table, key) : -1;
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
  if (py_table_find (&self->table, item) >= 0)
    py_value_unref (item);
  else
    table_append_key (&self->table, item);
}

gboolean
py_set_contains (const PyValue *self, const PyValue *item)
{
  g_return_val_if_fail (is_set (self) && item != NULL, FALSE);
  return py_value_is_hashable (item) && py_table_find (&self->table, item) >= 0;
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
