#include "compat/py-pickle-private.h"

#include <string.h>

G_DEFINE_QUARK (py_pickle_error, py_pickle_error)

const PyPickleLimits py_pickle_default_limits = { .max_depth = 200, .max_values = 4000000, .max_memo = 4000000 };

/* --- memo --------------------------------------------------------------------------------------------------------- */

static gboolean
memo_put (Decoder *d, guint64 number)
{
  Slot *slot = pickle_peek_slot (d, 0);

  if (slot == NULL)
    return FALSE;
  if (number > G_MAXUINT32 || g_hash_table_size (d->memo) >= d->limits->max_memo)
    return pickle_fail (d, PY_PICKLE_ERROR_LIMIT, "too many memo entries");
  Slot *copy = g_new (Slot, 1);
  *copy = *slot;
  if (copy->value != NULL)
    py_value_ref (copy->value);
  g_hash_table_replace (d->memo, GUINT_TO_POINTER ((guint) number), copy);
  return TRUE;
}

static gboolean
memo_get (Decoder *d, guint64 number)
{
  const Slot *slot = number <= G_MAXUINT32 ? g_hash_table_lookup (d->memo, GUINT_TO_POINTER ((guint) number)) : NULL;

  if (slot == NULL)
    return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "Memo value not found at index %" G_GUINT64_FORMAT, number);
  return pickle_push_slot (d, slot->kind, slot->value != NULL ? py_value_ref (slot->value) : NULL);
}

static gboolean
memo_access (Decoder *d, guint size_bytes, gboolean put)
{
  guint64 number;

  return pickle_read_number (d, size_bytes, &number) && (put ? memo_put (d, number) : memo_get (d, number));
}

static gboolean
memo_access_line (Decoder *d, gboolean put)
{
  const char *text;
  gsize len;
  guint64 number;

  if (!pickle_read_line (d, &text, &len))
    return FALSE;
  g_autofree char *copy = g_strndup (text, len);
  if (!g_ascii_string_to_unsigned (copy, 10, 0, G_MAXUINT32, &number, NULL))
    return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "invalid memo number");
  return put ? memo_put (d, number) : memo_get (d, number);
}

/* --- small operations --------------------------------------------------------------------------------------------- */

static gboolean
check_protocol (Decoder *d)
{
  guint64 protocol;

  if (!pickle_read_number (d, 1, &protocol))
    return FALSE;
  if (protocol > 5)
    return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "unsupported pickle protocol: %u", (guint) protocol);
  return TRUE;
}

/* Only a hint for reading ahead; Python checks that the bytes are there. */
static gboolean
check_frame (Decoder *d)
{
  guint64 len;

  if (!pickle_read_number (d, 8, &len))
    return FALSE;
  return len <= (guint64) (d->end - d->at) ? TRUE : pickle_fail_truncated (d);
}

static gboolean
push_small_int (Decoder *d, guint bytes)
{
  guint64 value;

  if (!pickle_read_number (d, bytes, &value))
    return FALSE;
  return pickle_push (d, py_int_new (bytes == 4 ? (gint64) (gint32) value : (gint64) value));
}

static gboolean
pop_one (Decoder *d)
{
  if (d->stack->len == 0)
    return pickle_fail_underflow (d);
  pickle_pop (d, 1);
  return TRUE;
}

static gboolean
pop_mark (Decoder *d)
{
  guint n;

  if (!pickle_count_above_mark (d, &n))
    return FALSE;
  pickle_pop (d, n + 1);
  return TRUE;
}

static gboolean
duplicate (Decoder *d)
{
  Slot *slot = pickle_peek_slot (d, 0);

  return slot != NULL && pickle_push_slot (d, slot->kind, slot->value != NULL ? py_value_ref (slot->value) : NULL);
}

static gboolean
fail_op (Decoder *d, guint8 op)
{
  static const char refused[] = "PQ\x82\x83\x84\x97\x98"; /* persistent ids, extension codes, out-of-band buffers */

  if (op != 0 && strchr (refused, (char) op) != NULL)
    return pickle_fail (d, PY_PICKLE_ERROR_REFUSED, "operation 0x%02x is forbidden", op);
  if (op >= 0x20 && op < 0x7f && op != '\'')
    return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "invalid load key, '%c'.", op);
  return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "invalid load key, '\\x%02x'.", op);
}

/* One operation; the names are those of Python's pickletools. */
static gboolean
execute (Decoder *d, guint8 op)
{
  switch (op)
    {
    case 0x80: /* PROTO */
      return check_protocol (d);
    case 0x95: /* FRAME */
      return check_frame (d);
    case 'N': /* NONE */
      return pickle_push (d, py_none_new ());
    case 0x88: /* NEWTRUE */
    case 0x89: /* NEWFALSE */
      return pickle_push (d, py_bool_new (op == 0x88));
    case 'I': /* INT */
      return pickle_push_int_line (d);
    case 'L': /* LONG */
      return pickle_push_long_line (d);
    case 'F': /* FLOAT */
      return pickle_push_float_line (d);
    case 'K': /* BININT1 */
      return push_small_int (d, 1);
    case 'M': /* BININT2 */
      return push_small_int (d, 2);
    case 'J': /* BININT */
      return push_small_int (d, 4);
    case 0x8a: /* LONG1 */
      return pickle_push_long (d, 1);
    case 0x8b: /* LONG4 */
      return pickle_push_long (d, 4);
    case 'G': /* BINFLOAT */
      return pickle_push_binary_float (d);
    case 'S': /* STRING */
      return pickle_push_quoted (d);
    case 'U': /* SHORT_BINSTRING */
      return pickle_push_old_str (d, 1);
    case 'T': /* BINSTRING */
      return pickle_push_old_str (d, 4);
    case 'V': /* UNICODE */
      return pickle_push_raw_unicode (d);
    case 0x8c: /* SHORT_BINUNICODE */
      return pickle_push_utf8 (d, 1);
    case 'X': /* BINUNICODE */
      return pickle_push_utf8 (d, 4);
    case 0x8d: /* BINUNICODE8 */
      return pickle_push_utf8 (d, 8);
    case 'C': /* SHORT_BINBYTES */
      return pickle_push_bytes (d, 1);
    case 'B': /* BINBYTES */
      return pickle_push_bytes (d, 4);
    case 0x8e: /* BINBYTES8 */
    case 0x96: /* BYTEARRAY8 */
      return pickle_push_bytes (d, 8);
    case '(': /* MARK */
      return pickle_push_slot (d, SLOT_MARK, NULL);
    case '0': /* POP */
      return pop_one (d);
    case '1': /* POP_MARK */
      return pop_mark (d);
    case '2': /* DUP */
      return duplicate (d);
    case ')': /* EMPTY_TUPLE */
      return pickle_push_tuple (d, 0);
    case 0x85: /* TUPLE1 */
    case 0x86: /* TUPLE2 */
    case 0x87: /* TUPLE3 */
      return pickle_push_tuple (d, op - 0x84u);
    case 't': /* TUPLE */
      return pickle_push_from_mark (d, PY_TUPLE);
    case ']': /* EMPTY_LIST */
      return pickle_push (d, pickle_track (d, py_list_new ()));
    case 'l': /* LIST */
      return pickle_push_from_mark (d, PY_LIST);
    case '}': /* EMPTY_DICT */
      return pickle_push (d, pickle_track (d, py_dict_new ()));
    case 'd': /* DICT */
      return pickle_push_from_mark (d, PY_DICT);
    case 0x8f: /* EMPTY_SET */
      return pickle_push (d, pickle_track (d, py_set_new ()));
    case 0x91: /* FROZENSET */
      return pickle_push_from_mark (d, PY_FROZENSET);
    case 'a': /* APPEND */
      return pickle_extend (d, 1, 'a');
    case 'e': /* APPENDS */
      return pickle_extend_from_mark (d, 'a');
    case 's': /* SETITEM */
      return pickle_extend (d, 2, 's');
    case 'u': /* SETITEMS */
      return pickle_extend_from_mark (d, 's');
    case 0x90: /* ADDITEMS */
      return pickle_extend_from_mark (d, '+');
    case 'p': /* PUT */
      return memo_access_line (d, TRUE);
    case 'q': /* BINPUT */
      return memo_access (d, 1, TRUE);
    case 'r': /* LONG_BINPUT */
      return memo_access (d, 4, TRUE);
    case 0x94: /* MEMOIZE */
      return memo_put (d, g_hash_table_size (d->memo));
    case 'g': /* GET */
      return memo_access_line (d, FALSE);
    case 'h': /* BINGET */
      return memo_access (d, 1, FALSE);
    case 'j': /* LONG_BINGET */
      return memo_access (d, 4, FALSE);
    case 'c': /* GLOBAL */
      return pickle_push_global_lines (d);
    case 0x93: /* STACK_GLOBAL */
      return pickle_push_stack_global (d);
    case 'R':  /* REDUCE */
    case 0x81: /* NEWOBJ */
      return pickle_reduce (d, FALSE);
    case 0x92: /* NEWOBJ_EX */
      return pickle_reduce (d, TRUE);
    case 'o': /* OBJ */
      return pickle_call_from_mark (d);
    case 'i': /* INST */
      return pickle_instance (d);
    case 'b': /* BUILD */
      return pickle_build (d);
    default:
      return fail_op (d, op);
    }
}

/* --- the whole ---------------------------------------------------------------------------------------------------- */

/* Walks through the answer as everybody who uses it will: what is shared counts as often as it is seen, a cycle is too
 * deep.  Notes the containers that are part of it. */
static gboolean
check_shape (Decoder *d, PyValue *value, guint depth, gsize *values, GHashTable *seen)
{
  gsize len = 0;

  if (depth > d->limits->max_depth)
    return pickle_fail (d, PY_PICKLE_ERROR_LIMIT, "values are nested deeper than %u levels", d->limits->max_depth);
  PyType type = py_value_type (value);
  if (type == PY_STR)
    (void) py_str_peek (value, &len);
  *values += 1 + len / 64;
  if (*values > d->limits->max_values)
    return pickle_fail (d, PY_PICKLE_ERROR_LIMIT, "more than %" G_GSIZE_FORMAT " values", d->limits->max_values);
  if (type == PY_EXCEPTION)
    return check_shape (d, py_exception_peek_args (value), depth + 1, values, seen);
  if (type < PY_LIST)
    return TRUE;
  g_hash_table_add (seen, value);
  for (guint i = 0; py_value_is_seq (value) && i < py_seq_length (value); i++)
    if (!check_shape (d, py_seq_peek (value, i), depth + 1, values, seen))
      return FALSE;
  for (guint i = 0; type == PY_DICT && i < py_dict_length (value); i++)
    if (!check_shape (d, py_dict_peek_key (value, i), depth + 1, values, seen)
        || !check_shape (d, py_dict_peek_value (value, i), depth + 1, values, seen))
      return FALSE;
  for (guint i = 0; (type == PY_SET || type == PY_FROZENSET) && i < py_set_length (value); i++)
    if (!check_shape (d, py_set_peek (value, i), depth + 1, values, seen))
      return FALSE;
  return TRUE;
}

/* Up to STOP; the value on top. */
static PyValue *
run (Decoder *d)
{
  while (d->at < d->end)
    {
      guint8 op = *d->at++;
      if (op == '.') /* STOP */
        {
          PyValue *value = pickle_peek_value (d, 0);
          return value != NULL ? py_value_ref (value) : NULL;
        }
      if (!execute (d, op))
        return NULL;
    }
  pickle_set_error (d, PY_PICKLE_ERROR_TRUNCATED, "Ran out of input");
  return NULL;
}

PyValue *
py_pickle_decode (const void *data, gsize len, const PyPickleLimits *limits, gsize *ret_used, GError **error)
{
  g_return_val_if_fail (data != NULL || len == 0, NULL);
  Decoder d = {
    .start = data,
    .at = data,
    .end = (const guint8 *) data + len,
    .limits = limits != NULL ? limits : &py_pickle_default_limits,
    .stack = g_array_new (FALSE, FALSE, sizeof (Slot)),
    .memo = g_hash_table_new_full (NULL, NULL, NULL, pickle_slot_free),
    .containers = g_ptr_array_new (),
    .error = error,
  };
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  gsize values = 0;

  g_array_set_clear_func (d.stack, pickle_slot_clear);
  PyValue *value = run (&d);
  gboolean ok = value != NULL && check_shape (&d, value, 0, &values, seen);
  /* What is not part of the answer may be nested without end or contain itself: it is emptied first, while everything is
   * still held by the list of containers, so that freeing never goes deep. */
  for (guint i = 0; i < d.containers->len; i++)
    if (!ok || !g_hash_table_contains (seen, g_ptr_array_index (d.containers, i)))
      py_value_clear (g_ptr_array_index (d.containers, i));
  g_array_unref (d.stack);
  g_hash_table_unref (d.memo);
  if (!ok)
    g_clear_pointer (&value, py_value_unref);
  for (guint i = 0; i < d.containers->len; i++)
    py_value_unref (g_ptr_array_index (d.containers, i));
  g_ptr_array_unref (d.containers);
  if (ok && ret_used != NULL)
    *ret_used = (gsize) (d.at - d.start);
  return value;
}
