#include "compat/py-pickle-private.h"

#include <string.h>

/* A dict's key is hashed and compared all through; what real keys are is far smaller. */
#define MAX_KEY_VALUES 1000
#define MAX_KEY_DEPTH  50
/* Keys by reference may be hashed again and again: in all that many bytes for each byte of the pickle. */
#define MAX_KEY_WORK   64

void
pickle_set_error (Decoder *d, PyPickleError code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (d->error, PY_PICKLE_ERROR, (int) code, text);
}

gboolean
pickle_fail_truncated (Decoder *d)
{
  return pickle_fail (d, PY_PICKLE_ERROR_TRUNCATED, "pickle data was truncated");
}

/* --- the bytes ---------------------------------------------------------------------------------------------------- */

gboolean
pickle_read_bytes (Decoder *d, guint64 len, const char **ret_data)
{
  if (len > (guint64) (d->end - d->at))
    return pickle_fail_truncated (d);
  *ret_data = (const char *) d->at;
  d->at += len;
  return TRUE;
}

gboolean
pickle_read_number (Decoder *d, guint bytes, guint64 *ret_value)
{
  const char *data;
  guint64 value = 0;

  if (!pickle_read_bytes (d, bytes, &data))
    return FALSE;
  for (guint i = bytes; i-- > 0;)
    value = value << 8 | (guint8) data[i];
  *ret_value = value;
  return TRUE;
}

gboolean
pickle_read_line (Decoder *d, const char **ret_data, gsize *ret_len)
{
  const guint8 *newline = memchr (d->at, '\n', (gsize) (d->end - d->at));

  if (newline == NULL)
    return pickle_fail_truncated (d);
  *ret_data = (const char *) d->at;
  *ret_len = (gsize) (newline - d->at);
  d->at = newline + 1;
  return TRUE;
}

/* --- the stack ---------------------------------------------------------------------------------------------------- */

void
pickle_slot_clear (gpointer data)
{
  Slot *slot = data;

  g_clear_pointer (&slot->value, py_value_unref);
}

void
pickle_slot_free (gpointer data)
{
  pickle_slot_clear (data);
  g_free (data);
}

gboolean
pickle_push_slot (Decoder *d, SlotKind kind, PyValue *take_value)
{
  Slot slot = { kind, take_value };

  g_array_append_val (d->stack, slot);
  return TRUE;
}

gboolean
pickle_push (Decoder *d, PyValue *value)
{
  return value != NULL && pickle_push_slot (d, SLOT_VALUE, value);
}

PyValue *
pickle_track (Decoder *d, PyValue *container)
{
  g_ptr_array_add (d->containers, py_value_ref (container));
  return container;
}

gboolean
pickle_fail_underflow (Decoder *d)
{
  return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "unpickling stack underflow");
}

Slot *
pickle_peek_slot (Decoder *d, guint n)
{
  if (d->stack->len <= n)
    {
      pickle_fail_underflow (d);
      return NULL;
    }
  Slot *slot = &g_array_index (d->stack, Slot, d->stack->len - 1 - n);
  if (slot->kind == SLOT_MARK)
    {
      pickle_set_error (d, PY_PICKLE_ERROR_INVALID, "unexpected MARK found");
      return NULL;
    }
  return slot;
}

PyValue *
pickle_peek_value (Decoder *d, guint n)
{
  Slot *slot = pickle_peek_slot (d, n);

  if (slot == NULL)
    return NULL;
  if (slot->kind != SLOT_VALUE)
    {
      pickle_set_error (d, PY_PICKLE_ERROR_REFUSED, "a class is no plain value");
      return NULL;
    }
  return slot->value;
}

void
pickle_pop (Decoder *d, guint n)
{
  g_array_set_size (d->stack, d->stack->len - n);
}

gboolean
pickle_count_above_mark (Decoder *d, guint *ret_n)
{
  for (guint i = d->stack->len; i-- > 0;)
    if (g_array_index (d->stack, Slot, i).kind == SLOT_MARK)
      {
        *ret_n = d->stack->len - 1 - i;
        return TRUE;
      }
  return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "could not find MARK");
}

/* Moves the n topmost values, in order, into the list or tuple seq. */
static gboolean
move_items (Decoder *d, PyValue *seq, guint n)
{
  for (guint i = n; i-- > 0;)
    {
      PyValue *item = pickle_peek_value (d, i);
      if (item == NULL)
        return FALSE;
      if (item == seq)
        return pickle_fail (d, PY_PICKLE_ERROR_LIMIT, "a value contains itself");
      py_list_append (seq, py_value_ref (item));
    }
  pickle_pop (d, n);
  return TRUE;
}

/* --- keys --------------------------------------------------------------------------------------------------------- */

/* Walks through a key; it may share parts with itself, so that only a budget ends the walk. */
static gboolean
key_is_small (Decoder *d, const PyValue *key, guint depth, guint *budget)
{
  gsize len = 0;

  if (*budget == 0 || depth > MAX_KEY_DEPTH)
    return FALSE;
  (*budget)--;
  switch (py_value_type (key))
    {
    case PY_STR:
      (void) py_str_peek (key, &len);
      break;
    case PY_BYTES:
      (void) py_bytes_peek (key, &len);
      break;
    case PY_TUPLE:
      for (guint i = 0; i < py_seq_length (key); i++)
        if (!key_is_small (d, py_seq_peek (key, i), depth + 1, budget))
          return FALSE;
      break;
    case PY_FROZENSET:
      for (guint i = 0; i < py_set_length (key); i++)
        if (!key_is_small (d, py_set_peek (key, i), depth + 1, budget))
          return FALSE;
      break;
    case PY_NONE:
    case PY_BOOL:
    case PY_INT:
    case PY_BIGINT:
    case PY_FLOAT:
    case PY_LIST:
    case PY_DICT:
    case PY_SET:
    case PY_EXCEPTION:
      break;
    }
  d->key_work += len;
  return d->key_work <= MAX_KEY_WORK * (gsize) (d->end - d->start) + 1024 * 1024;
}

static gboolean
check_key (Decoder *d, const PyValue *key)
{
  guint budget = MAX_KEY_VALUES;

  if (!key_is_small (d, key, 0, &budget))
    return pickle_fail (d, PY_PICKLE_ERROR_LIMIT, "a key is too large");
  if (!py_value_is_hashable (key))
    return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "unhashable type: '%s'", py_value_type_name (key));
  return TRUE;
}

/* The n topmost values are keys and values for the dict. */
static gboolean
move_pairs (Decoder *d, PyValue *dict, guint n)
{
  if (n % 2 != 0)
    return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "odd number of items for SETITEMS");
  for (guint i = n; i > 0; i -= 2)
    {
      PyValue *key = pickle_peek_value (d, i - 1);
      PyValue *value = key != NULL ? pickle_peek_value (d, i - 2) : NULL;
      if (value == NULL || !check_key (d, key))
        return FALSE;
      if (value == dict)
        return pickle_fail (d, PY_PICKLE_ERROR_LIMIT, "a value contains itself");
      py_dict_set (dict, py_value_ref (key), py_value_ref (value));
    }
  pickle_pop (d, n);
  return TRUE;
}

gboolean
pickle_add_member (Decoder *d, PyValue *set, PyValue *item)
{
  if (!check_key (d, item))
    return FALSE;
  py_set_add (set, py_value_ref (item));
  return TRUE;
}

static gboolean
move_members (Decoder *d, PyValue *set, guint n)
{
  for (guint i = n; i-- > 0;)
    {
      PyValue *item = pickle_peek_value (d, i);
      if (item == NULL || !pickle_add_member (d, set, item))
        return FALSE;
    }
  pickle_pop (d, n);
  return TRUE;
}

/* --- containers --------------------------------------------------------------------------------------------------- */

gboolean
pickle_extend (Decoder *d, guint n, char op)
{
  PyValue *target = pickle_peek_value (d, n);

  if (target == NULL)
    return FALSE;
  PyType type = py_value_type (target);
  if (op == 'a' && type == PY_LIST)
    return move_items (d, target, n);
  if (op == 's' && type == PY_DICT)
    return move_pairs (d, target, n);
  if (op == '+' && type == PY_SET)
    return move_members (d, target, n);
  return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "'%s' object can not take items", py_value_type_name (target));
}

gboolean
pickle_extend_from_mark (Decoder *d, char op)
{
  guint n;

  if (!pickle_count_above_mark (d, &n))
    return FALSE;
  g_array_remove_index (d->stack, d->stack->len - 1 - n); /* the mark holds nothing */
  return pickle_extend (d, n, op);
}

gboolean
pickle_push_tuple (Decoder *d, guint n)
{
  PyValue *tuple = pickle_track (d, py_tuple_new ());

  if (!move_items (d, tuple, n))
    {
      py_value_unref (tuple);
      return FALSE;
    }
  return pickle_push (d, tuple);
}

gboolean
pickle_push_from_mark (Decoder *d, PyType type)
{
  guint n;

  if (!pickle_count_above_mark (d, &n))
    return FALSE;
  g_array_remove_index (d->stack, d->stack->len - 1 - n);
  if (type == PY_TUPLE)
    return pickle_push_tuple (d, n);
  g_autoptr (PyValue) made = pickle_track (d, type == PY_LIST   ? py_list_new ()
                                              : type == PY_DICT ? py_dict_new ()
                                                                : py_frozenset_new ());
  gboolean ok = type == PY_LIST   ? move_items (d, made, n)
                : type == PY_DICT ? move_pairs (d, made, n)
                                  : move_members (d, made, n);
  return ok && pickle_push (d, g_steal_pointer (&made));
}
