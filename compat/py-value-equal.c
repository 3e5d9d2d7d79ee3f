#include "compat/py-value-private.h"

#include <math.h>
#include <string.h>

#include "compat/py-bigint.h"

static gboolean
is_small_int (const PyValue *self)
{
  return self->type == PY_INT || self->type == PY_BOOL;
}

static gboolean
is_set (const PyValue *self)
{
  return self->type == PY_SET || self->type == PY_FROZENSET;
}

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
tables_equal (const PyTable *a, const PyTable *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    {
      const PyEntry *entry = &a->entries[i];
      gint place = py_table_find (b, entry->key);
      if (place < 0)
        return FALSE;
      if (entry->value != NULL && !py_value_equal (entry->value, b->entries[place].value))
        return FALSE;
    }
  return TRUE;
}

static gboolean
items_equal (const PyItems *a, const PyItems *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (!py_value_equal (a->data[i], b->data[i]))
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
      return items_equal (&a->items, &b->items);
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
hash_bytes (const PyText *text)
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
      for (guint i = 0; i < self->items.len; i++)
        hash = hash * 1000003 + py_value_hash (self->items.data[i]);
      return hash;
    case PY_FROZENSET:
      for (guint i = 0; i < self->table.len; i++) /* whatever the order */
        hash += py_value_hash (self->table.entries[i].key) * 2654435761u;
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
    for (guint i = 0; i < self->items.len; i++)
      if (!py_value_is_hashable (self->items.data[i]))
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
      return self->items.len > 0;
    case PY_DICT:
    case PY_SET:
    case PY_FROZENSET:
      return self->table.len > 0;
    case PY_BIGINT:
    case PY_EXCEPTION:
      break;
    }
  return TRUE;
}
