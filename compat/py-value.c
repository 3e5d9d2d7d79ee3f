#include "compat/py-value-private.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "compat/py-bigint.h"

#define ITEMS_START 4

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
items_clear (PyItems *items)
{
  for (guint i = 0; i < items->len; i++)
    py_value_unref (items->data[i]);
  g_clear_pointer (&items->data, g_free);
  items->len = items->size = 0;
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
      items_clear (&self->items);
      break;
    case PY_DICT:
    case PY_SET:
    case PY_FROZENSET:
      py_table_clear (&self->table);
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
items_reserve (PyItems *items, guint size)
{
  items->size = size;
  items->data = g_renew (PyValue *, items->data, size);
}

static PyValue *
seq_new_items (PyType type, PyValue *first, va_list rest)
{
  PyValue *self = py_value_alloc (type);
  va_list counted;
  guint n = 0;

  va_copy (counted, rest);
  for (PyValue *item = first; item != NULL; item = va_arg (counted, PyValue *))
    n++;
  va_end (counted);
  if (n > 0)
    items_reserve (&self->items, n);
  for (PyValue *item = first; item != NULL; item = va_arg (rest, PyValue *))
    py_list_append (self, item);
  return self;
}

PyValue *
py_list_new (void)
{
  return py_value_alloc (PY_LIST);
}

PyValue *
py_tuple_new (void)
{
  return py_value_alloc (PY_TUPLE);
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
  PyItems *items = &self->items;
  if (items->len == items->size)
    items_reserve (items, items->size == 0 ? ITEMS_START : items->size * 2);
  items->data[items->len++] = item;
}

guint
py_seq_length (const PyValue *self)
{
  g_return_val_if_fail (py_value_is_seq (self), 0);
  return self->items.len;
}

PyValue *
py_seq_peek (const PyValue *self, guint index)
{
  g_return_val_if_fail (py_value_is_seq (self) && index < self->items.len, NULL);
  return self->items.data[index];
}

/* --- dict and set ------------------------------------------------------------------------------------------------- */

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
  return py_value_alloc (PY_DICT);
}

void
py_dict_set (PyValue *self, PyValue *key, PyValue *value)
{
  g_return_if_fail (is_dict (self) && key != NULL && py_value_is_hashable (key) && value != NULL && value != self);
  gint place = py_table_find (&self->table, key);
  if (place < 0)
    {
      py_table_append (&self->table, key, value);
      return;
    }
  PyValue *old = self->table.entries[place].value;
  self->table.entries[place].value = value;
  py_value_unref (old);
  py_value_unref (key);
}

void
py_dict_set_str (PyValue *self, const char *key, PyValue *value)
{
  g_return_if_fail (is_dict (self) && key != NULL && value != NULL && value != self);
  gint place = py_table_find_str (&self->table, key, strlen (key));
  if (place < 0)
    {
      py_table_append (&self->table, py_str_new (key), value);
      return;
    }
  PyValue *old = self->table.entries[place].value;
  self->table.entries[place].value = value;
  py_value_unref (old);
}

gboolean
py_dict_remove_str (PyValue *self, const char *key)
{
  g_return_val_if_fail (is_dict (self), FALSE);
  gint place = py_table_find_str (&self->table, key, strlen (key));

  if (place < 0)
    return FALSE;
  py_table_remove (&self->table, (guint) place);
  return TRUE;
}

void
py_dict_update (PyValue *self, const PyValue *other, PyDictUpdate mode)
{
  g_return_if_fail (is_dict (self) && is_dict (other) && self != other);
  for (guint i = 0; i < other->table.len; i++)
    {
      const PyEntry *entry = &other->table.entries[i];
      if (mode == PY_DICT_UPDATE_ALL || entry->value->type != PY_NONE)
        py_dict_set (self, py_value_ref (entry->key), py_value_ref (entry->value));
    }
}

PyValue *
py_dict_get (const PyValue *self, const PyValue *key)
{
  g_return_val_if_fail (is_dict (self) && key != NULL, NULL);
  gint place = py_value_is_hashable (key) ? py_table_find (&self->table, key) : -1;
  return place < 0 ? NULL : self->table.entries[place].value;
}

PyValue *
py_dict_get_str (const PyValue *self, const char *key)
{
  g_return_val_if_fail (is_dict (self) && key != NULL, NULL);
  gint place = py_table_find_str (&self->table, key, strlen (key));
  return place < 0 ? NULL : self->table.entries[place].value;
}

guint
py_dict_length (const PyValue *self)
{
  g_return_val_if_fail (is_dict (self), 0);
  return self->table.len;
}

PyValue *
py_dict_peek_key (const PyValue *self, guint index)
{
  g_return_val_if_fail (is_dict (self) && index < self->table.len, NULL);
  return self->table.entries[index].key;
}

PyValue *
py_dict_peek_value (const PyValue *self, guint index)
{
  g_return_val_if_fail (is_dict (self) && index < self->table.len, NULL);
  return self->table.entries[index].value;
}

PyValue *
py_set_new (void)
{
  return py_value_alloc (PY_SET);
}

PyValue *
py_frozenset_new (void)
{
  return py_value_alloc (PY_FROZENSET);
}

void
py_set_add (PyValue *self, PyValue *item)
{
  g_return_if_fail (is_set (self) && item != NULL && py_value_is_hashable (item));
  if (py_table_find (&self->table, item) >= 0)
    py_value_unref (item);
  else
    py_table_append (&self->table, item, NULL);
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
  return self->table.len;
}

PyValue *
py_set_peek (const PyValue *self, guint index)
{
  g_return_val_if_fail (is_set (self) && index < self->table.len, NULL);
  return self->table.entries[index].key;
}

void
py_value_clear (PyValue *self)
{
  g_return_if_fail (self != NULL);
  if (py_value_is_seq (self))
    items_clear (&self->items);
  else if (is_set (self) || is_dict (self))
    py_table_clear (&self->table);
}
