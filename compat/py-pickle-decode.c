#include "compat/py-pickle.h"

#include <string.h>

#include "compat/py-bigint.h"

G_DEFINE_QUARK (py - pickle - error - quark, py_pickle_error)

const PyPickleLimits py_pickle_default_limits = { .max_depth = 200, .max_values = 4000000, .max_memo = 4000000 };

/* A dict's key is hashed and compared all through; what real keys are is far smaller. */
#define MAX_KEY_VALUES 1000
#define MAX_KEY_DEPTH  50
/* Keys by reference may be hashed again and again: in all that many bytes for each byte of the pickle. */
#define MAX_KEY_WORK   64

typedef enum
{
  SLOT_VALUE,
  SLOT_MARK,
  /* what a global may name */
  SLOT_SET,
  SLOT_FROZENSET,
  SLOT_BYTES,
  SLOT_BYTEARRAY,
  SLOT_CODECS_ENCODE,
  SLOT_STR,
  SLOT_EXCEPTION, /* value: the tuple (module, class) */
} SlotKind;

typedef struct
{
  SlotKind kind;
  PyValue *value; /* SLOT_VALUE and SLOT_EXCEPTION */
} Slot;

typedef struct
{
  const guint8 *start, *at, *end;
  const PyPickleLimits *limits;
  GArray *stack;         /* Slot */
  GHashTable *memo;      /* number -> Slot (owned) */
  GPtrArray *containers; /* every list, tuple, dict and set that was made: nothing is freed before the end */
  gsize key_work;
  GError **error;
} Decoder;

static void set_error (Decoder *d, PyPickleError code, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* The one place where errors are made. */
static void
set_error (Decoder *d, PyPickleError code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (d->error, PY_PICKLE_ERROR, (int) code, text);
}

/* Always FALSE, which the compiler shall see. */
#define fail(d, code, ...) (set_error (d, code, __VA_ARGS__), FALSE)

static gboolean
fail_truncated (Decoder *d)
{
  return fail (d, PY_PICKLE_ERROR_TRUNCATED, "pickle data was truncated");
}

/* --- the bytes ---------------------------------------------------------------------------------------------------- */

static gboolean
read_bytes (Decoder *d, guint64 len, const char **ret_data)
{
  if (len > (guint64) (d->end - d->at))
    return fail_truncated (d);
  *ret_data = (const char *) d->at;
  d->at += len;
  return TRUE;
}

/* A little-endian number of 1, 2, 4 or 8 bytes. */
static gboolean
read_number (Decoder *d, guint bytes, guint64 *ret_value)
{
  const char *data;
  guint64 value = 0;

  if (!read_bytes (d, bytes, &data))
    return FALSE;
  for (guint i = bytes; i-- > 0;)
    value = value << 8 | (guint8) data[i];
  *ret_value = value;
  return TRUE;
}

/* Up to the next newline, which is taken but not part of it. */
static gboolean
read_line (Decoder *d, const char **ret_data, gsize *ret_len)
{
  const guint8 *newline = memchr (d->at, '\n', (gsize) (d->end - d->at));

  if (newline == NULL)
    return fail_truncated (d);
  *ret_data = (const char *) d->at;
  *ret_len = (gsize) (newline - d->at);
  d->at = newline + 1;
  return TRUE;
}

/* --- the stack ---------------------------------------------------------------------------------------------------- */

static void
slot_clear (gpointer data)
{
  Slot *slot = data;

  g_clear_pointer (&slot->value, py_value_unref);
}

static void
slot_free (gpointer data)
{
  slot_clear (data);
  g_free (data);
}

static gboolean
push_slot (Decoder *d, SlotKind kind, PyValue *take_value)
{
  Slot slot = { kind, take_value };

  g_array_append_val (d->stack, slot);
  return TRUE;
}

/* Takes value; NULL (an error is set) passes through. */
static gboolean
push (Decoder *d, PyValue *value)
{
  return value != NULL && push_slot (d, SLOT_VALUE, value);
}

static PyValue *
track (Decoder *d, PyValue *container)
{
  g_ptr_array_add (d->containers, py_value_ref (container));
  return container;
}

static gboolean
fail_underflow (Decoder *d)
{
  return fail (d, PY_PICKLE_ERROR_INVALID, "unpickling stack underflow");
}

/* The slot that is n below the top (0: the top), if it is no mark. */
static Slot *
peek_slot (Decoder *d, guint n)
{
  if (d->stack->len <= n)
    {
      fail_underflow (d);
      return NULL;
    }
  Slot *slot = &g_array_index (d->stack, Slot, d->stack->len - 1 - n);
  if (slot->kind == SLOT_MARK)
    {
      set_error (d, PY_PICKLE_ERROR_INVALID, "unexpected MARK found");
      return NULL;
    }
  return slot;
}

/* The same where only a value will do. */
static PyValue *
peek_value (Decoder *d, guint n)
{
  Slot *slot = peek_slot (d, n);

  if (slot == NULL)
    return NULL;
  if (slot->kind != SLOT_VALUE)
    {
      set_error (d, PY_PICKLE_ERROR_REFUSED, "a class is no plain value");
      return NULL;
    }
  return slot->value;
}

static void
pop (Decoder *d, guint n)
{
  g_array_set_size (d->stack, d->stack->len - n);
}

/* How many slots lie above the topmost mark. */
static gboolean
count_above_mark (Decoder *d, guint *ret_n)
{
  for (guint i = d->stack->len; i-- > 0;)
    if (g_array_index (d->stack, Slot, i).kind == SLOT_MARK)
      {
        *ret_n = d->stack->len - 1 - i;
        return TRUE;
      }
  return fail (d, PY_PICKLE_ERROR_INVALID, "could not find MARK");
}

/* Moves the n topmost values, in order, into the list or tuple seq. */
static gboolean
move_items (Decoder *d, PyValue *seq, guint n)
{
  for (guint i = n; i-- > 0;)
    {
      PyValue *item = peek_value (d, i);
      if (item == NULL)
        return FALSE;
      if (item == seq)
        return fail (d, PY_PICKLE_ERROR_LIMIT, "a value contains itself");
      py_list_append (seq, py_value_ref (item));
    }
  pop (d, n);
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
    return fail (d, PY_PICKLE_ERROR_LIMIT, "a key is too large");
  if (!py_value_is_hashable (key))
    return fail (d, PY_PICKLE_ERROR_INVALID, "unhashable type: '%s'", py_value_type_name (key));
  return TRUE;
}

/* The n topmost values are keys and values for the dict. */
static gboolean
move_pairs (Decoder *d, PyValue *dict, guint n)
{
  if (n % 2 != 0)
    return fail (d, PY_PICKLE_ERROR_INVALID, "odd number of items for SETITEMS");
  for (guint i = n; i > 0; i -= 2)
    {
      PyValue *key = peek_value (d, i - 1);
      PyValue *value = key != NULL ? peek_value (d, i - 2) : NULL;
      if (value == NULL || !check_key (d, key))
        return FALSE;
      if (value == dict)
        return fail (d, PY_PICKLE_ERROR_LIMIT, "a value contains itself");
      py_dict_set (dict, py_value_ref (key), py_value_ref (value));
    }
  pop (d, n);
  return TRUE;
}

static gboolean
add_member (Decoder *d, PyValue *set, PyValue *item)
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
      PyValue *item = peek_value (d, i);
      if (item == NULL || !add_member (d, set, item))
        return FALSE;
    }
  pop (d, n);
  return TRUE;
}

/* --- containers --------------------------------------------------------------------------------------------------- */

/* The container below n values; they go into it. */
static gboolean
extend (Decoder *d, guint n, char op)
{
  PyValue *target = peek_value (d, n);

  if (target == NULL)
    return FALSE;
  PyType type = py_value_type (target);
  if (op == 'a' && type == PY_LIST)
    return move_items (d, target, n);
  if (op == 's' && type == PY_DICT)
    return move_pairs (d, target, n);
  if (op == '+' && type == PY_SET)
    return move_members (d, target, n);
  return fail (d, PY_PICKLE_ERROR_INVALID, "'%s' object can not take items", py_value_type_name (target));
}

/* The same for all that lies above a mark. */
static gboolean
extend_from_mark (Decoder *d, char op)
{
  guint n;

  if (!count_above_mark (d, &n))
    return FALSE;
  g_array_remove_index (d->stack, d->stack->len - 1 - n); /* the mark holds nothing */
  return extend (d, n, op);
}

static gboolean
push_tuple (Decoder *d, guint n)
{
  PyValue *tuple = track (d, py_tuple_new ());

  if (!move_items (d, tuple, n))
    {
      py_value_unref (tuple);
      return FALSE;
    }
  return push (d, tuple);
}

static gboolean
push_from_mark (Decoder *d, PyType type)
{
  guint n;

  if (!count_above_mark (d, &n))
    return FALSE;
  g_array_remove_index (d->stack, d->stack->len - 1 - n);
  if (type == PY_TUPLE)
    return push_tuple (d, n);
  g_autoptr (PyValue) made = track (d, type == PY_LIST   ? py_list_new ()
                                       : type == PY_DICT ? py_dict_new ()
                                                         : py_frozenset_new ());
  gboolean ok = type == PY_LIST   ? move_items (d, made, n)
                : type == PY_DICT ? move_pairs (d, made, n)
                                  : move_members (d, made, n);
  return ok && push (d, g_steal_pointer (&made));
}

/* --- numbers and text --------------------------------------------------------------------------------------------- */

/* Decimal, with a sign perhaps. */
static gboolean
push_decimal (Decoder *d, const char *text, gsize len)
{
  gboolean negative = len > 0 && *text == '-';
  gsize sign = len > 0 && (*text == '-' || *text == '+') ? 1 : 0;
  PyBigint *value = len - sign <= PY_BIGINT_MAX_DIGITS ? py_bigint_new_digits (text + sign, len - sign, 10) : NULL;

  if (value == NULL)
    return fail (d, PY_PICKLE_ERROR_INVALID, "could not convert string to int");
  if (negative)
    {
      PyBigint *opposite = py_bigint_negate (value);
      py_bigint_free (value);
      value = opposite;
    }
  return push (d, py_int_take_bigint (value));
}

static gboolean
push_int_line (Decoder *d)
{
  const char *text;
  gsize len;

  if (!read_line (d, &text, &len))
    return FALSE;
  if (len == 2 && text[0] == '0' && (text[1] == '0' || text[1] == '1')) /* how protocols 0 and 1 write bool */
    return push (d, py_bool_new (text[1] == '1'));
  return push_decimal (d, text, len);
}

static gboolean
push_long_line (Decoder *d)
{
  const char *text;
  gsize len;

  if (!read_line (d, &text, &len))
    return FALSE;
  return push_decimal (d, text, len > 0 && text[len - 1] == 'L' ? len - 1 : len);
}

static gboolean
push_float_line (Decoder *d)
{
  const char *text;
  char *end;
  gsize len;

  if (!read_line (d, &text, &len))
    return FALSE;
  g_autofree char *copy = g_strndup (text, len);
  double value = g_ascii_strtod (copy, &end);
  if (len == 0 || g_ascii_isspace (*text) || end != copy + len || strpbrk (copy, "xX(") != NULL)
    return fail (d, PY_PICKLE_ERROR_INVALID, "could not convert string to float");
  return push (d, py_float_new (value));
}

static gboolean
push_binary_float (Decoder *d)
{
  const char *data;
  guint64 bits;
  double value;

  if (!read_bytes (d, sizeof bits, &data))
    return FALSE;
  memcpy (&bits, data, sizeof bits);
  bits = GUINT64_FROM_BE (bits);
  memcpy (&value, &bits, sizeof value);
  return push (d, py_float_new (value));
}

static gboolean
push_long (Decoder *d, guint size_bytes)
{
  guint64 len;
  const char *data;

  if (!read_number (d, size_bytes, &len) || !read_bytes (d, len, &data))
    return FALSE;
  PyBigint *value = py_bigint_new_bytes ((const guint8 *) data, len);
  if (value == NULL)
    return fail (d, PY_PICKLE_ERROR_LIMIT, "an int is too large");
  return push (d, py_int_take_bigint (value));
}

/* Python writes lone surrogates as "surrogatepass" has them: that is our WTF-8. */
static gboolean
push_utf8 (Decoder *d, guint size_bytes)
{
  guint64 len;
  const char *data;
  gunichar c;

  if (!read_number (d, size_bytes, &len) || !read_bytes (d, len, &data))
    return FALSE;
  for (gsize i = 0, n; i < len; i += n)
    {
      n = (guint8) data[i] < 0x80 ? 1 : py_utf8_decode (data + i, len - i, &c);
      if (n == 0)
        return fail (d, PY_PICKLE_ERROR_INVALID, "'utf-8' codec can't decode byte 0x%02x in position %" G_GSIZE_FORMAT,
                     (guint8) data[i], i);
    }
  return push (d, py_str_new_len (data, (gssize) len));
}

static gboolean
push_bytes (Decoder *d, guint size_bytes)
{
  guint64 len;
  const char *data;

  return read_number (d, size_bytes, &len) && read_bytes (d, len, &data) && push (d, py_bytes_new (data, len));
}

/* A Python-2 str: UTF-8 as it is, else as Latin-1. */
static PyValue *
new_old_str (const char *data, gsize len)
{
  gunichar c;
  gsize n;

  for (gsize i = 0; i < len; i += n)
    if ((n = py_utf8_decode (data + i, len - i, &c)) == 0)
      {
        g_autoptr (GString) text = g_string_sized_new (len);
        for (gsize k = 0; k < len; k++)
          g_string_append_unichar (text, (guint8) data[k]);
        return py_str_new_len (text->str, (gssize) text->len);
      }
  return py_str_new_len (data, (gssize) len);
}

static gboolean
push_old_str (Decoder *d, guint size_bytes)
{
  guint64 len;
  const char *data;

  return read_number (d, size_bytes, &len) && read_bytes (d, len, &data) && push (d, new_old_str (data, len));
}

/* Appends what the escape at text (behind the backslash) means; gives how many bytes it takes, 0 when it is none. */
static gsize
append_escape (GString *out, const char *text, gsize left)
{
  static const char letters[] = "abfnrtv\\'\"", meanings[] = "\a\b\f\n\r\t\v\\'\"";
  const char *found = left > 0 && *text != '\0' ? strchr (letters, *text) : NULL;
  guint value = 0;
  gsize n = 0;

  if (found != NULL)
    {
      g_string_append_c (out, meanings[found - letters]);
      return 1;
    }
  if (left >= 3 && *text == 'x' && g_ascii_isxdigit (text[1]) && g_ascii_isxdigit (text[2]))
    {
      g_string_append_c (out, (char) (g_ascii_xdigit_value (text[1]) << 4 | g_ascii_xdigit_value (text[2])));
      return 3;
    }
  while (n < 3 && n < left && text[n] >= '0' && text[n] <= '7')
    value = value << 3 | (guint) (text[n++] - '0');
  if (n > 0)
    g_string_append_c (out, (char) value);
  return n;
}

/* STRING: a quoted repr of a Python-2 str. */
static gboolean
push_quoted (Decoder *d)
{
  const char *text;
  gsize len;

  if (!read_line (d, &text, &len))
    return FALSE;
  while (len > 0 && g_ascii_isspace (text[len - 1]))
    len--;
  if (len < 2 || (*text != '\'' && *text != '"') || text[len - 1] != *text)
    return fail (d, PY_PICKLE_ERROR_INVALID, "the STRING opcode argument must be quoted");
  g_autoptr (GString) out = g_string_sized_new (len);
  for (gsize i = 1; i < len - 1;)
    {
      gsize escape = text[i] == '\\' ? append_escape (out, text + i + 1, len - 2 - i) : 0;
      if (escape == 0)
        g_string_append_c (out, text[i]);
      i += 1 + escape;
    }
  return push (d, new_old_str (out->str, out->len));
}

/* UNICODE: Latin-1 with \uXXXX and \UXXXXXXXX. */
static gboolean
push_raw_unicode (Decoder *d)
{
  const char *text;
  gsize len;

  if (!read_line (d, &text, &len))
    return FALSE;
  g_autoptr (GString) out = g_string_sized_new (len);
  for (gsize i = 0; i < len;)
    {
      guint digits = i + 1 < len && text[i] == '\\' ? (text[i + 1] == 'u' ? 4 : text[i + 1] == 'U' ? 8 : 0) : 0;
      guint c = digits > 0 ? 0 : (guint8) text[i];
      for (guint k = 0; k < digits; k++)
        {
          gint digit = i + 2 + k < len ? g_ascii_xdigit_value (text[i + 2 + k]) : -1;
          if (digit < 0 || c > 0x10ffff)
            return fail (d, PY_PICKLE_ERROR_INVALID,
                         "'rawunicodeescape' codec can't decode bytes in position %" G_GSIZE_FORMAT, i);
          c = c << 4 | (guint) digit;
        }
      if (c > 0x10ffff)
        return fail (d, PY_PICKLE_ERROR_INVALID,
                     "'rawunicodeescape' codec can't decode bytes in position %" G_GSIZE_FORMAT, i);
      py_utf8_append (out, c);
      i += digits > 0 ? 2 + digits : 1;
    }
  return push (d, py_str_new_len (out->str, (gssize) out->len));
}

/* --- memo --------------------------------------------------------------------------------------------------------- */

static gboolean
memo_put (Decoder *d, guint64 number)
{
  Slot *slot = peek_slot (d, 0);

  if (slot == NULL)
    return FALSE;
  if (number > G_MAXUINT32 || g_hash_table_size (d->memo) >= d->limits->max_memo)
    return fail (d, PY_PICKLE_ERROR_LIMIT, "too many memo entries");
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
    return fail (d, PY_PICKLE_ERROR_INVALID, "Memo value not found at index %" G_GUINT64_FORMAT, number);
  return push_slot (d, slot->kind, slot->value != NULL ? py_value_ref (slot->value) : NULL);
}

static gboolean
memo_access (Decoder *d, guint size_bytes, gboolean put)
{
  guint64 number;

  return read_number (d, size_bytes, &number) && (put ? memo_put (d, number) : memo_get (d, number));
}

static gboolean
memo_access_line (Decoder *d, gboolean put)
{
  const char *text;
  gsize len;
  guint64 number;

  if (!read_line (d, &text, &len))
    return FALSE;
  g_autofree char *copy = g_strndup (text, len);
  if (!g_ascii_string_to_unsigned (copy, 10, 0, G_MAXUINT32, &number, NULL))
    return fail (d, PY_PICKLE_ERROR_INVALID, "invalid memo number");
  return put ? memo_put (d, number) : memo_get (d, number);
}

/* --- globals: classes by name ------------------------------------------------------------------------------------- */

static gboolean
is_identifier (const char *text, const char *suffix)
{
  for (const char *c = text; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && *c != '_')
      return FALSE;
  return g_str_has_suffix (text, suffix) && strlen (text) > strlen (suffix);
}

static gboolean
is_fail2ban_module (const char *module)
{
  if (!g_str_has_prefix (module, "fail2ban") || (module[8] != '\0' && module[8] != '.'))
    return FALSE;
  for (const char *c = module; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && *c != '_' && (*c != '.' || c[1] == '.' || c[1] == '\0'))
      return FALSE;
  return TRUE;
}

/* Exception and its subclasses in builtins of Python 3.11, and Python 2's StandardError. */
static gboolean
is_builtin_exception (const char *name)
{
  static const char *const others[] = { "Exception", "StopAsyncIteration", "StopIteration" };

  if (!g_ascii_isupper (*name))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (g_str_equal (name, others[i]))
      return TRUE;
  return g_str_equal (name, "Warning") || is_identifier (name, "Error") || is_identifier (name, "Warning");
}

static gboolean
push_global (Decoder *d, const char *module, const char *name)
{
  static const struct
  {
    const char *name;
    SlotKind kind;
  } types[] = {
    { "set", SLOT_SET }, { "frozenset", SLOT_FROZENSET }, { "bytes", SLOT_BYTES }, { "bytearray", SLOT_BYTEARRAY },
    { "str", SLOT_STR },
  };
  gboolean builtins
      = g_str_equal (module, "builtins") || g_str_equal (module, "__builtin__") || g_str_equal (module, "exceptions");

  for (guint i = 0; builtins && i < G_N_ELEMENTS (types); i++)
    if (g_str_equal (name, types[i].name))
      return push_slot (d, types[i].kind, NULL);
  if (g_str_equal (module, "_codecs") && g_str_equal (name, "encode"))
    return push_slot (d, SLOT_CODECS_ENCODE, NULL);
  if (builtins ? !is_builtin_exception (name) : !is_fail2ban_module (module) || !is_identifier (name, "Exception"))
    {
      g_autofree char *shown = g_utf8_make_valid (name, -1);
      g_autofree char *where = g_utf8_make_valid (module, -1);
      return fail (d, PY_PICKLE_ERROR_REFUSED, "global '%.100s.%.100s' is forbidden", where, shown);
    }
  PyValue *class = py_tuple_new_items (py_str_new (builtins ? "builtins" : module), py_str_new (name), NULL);
  return push_slot (d, SLOT_EXCEPTION, class);
}

static gboolean
push_global_lines (Decoder *d)
{
  const char *module, *name;
  gsize module_len, name_len;

  if (!read_line (d, &module, &module_len) || !read_line (d, &name, &name_len))
    return FALSE;
  g_autofree char *module_copy = g_strndup (module, module_len);
  g_autofree char *name_copy = g_strndup (name, name_len);
  return push_global (d, module_copy, name_copy);
}

static gboolean
push_stack_global (Decoder *d)
{
  PyValue *name = peek_value (d, 0);
  PyValue *module = name != NULL ? peek_value (d, 1) : NULL;

  if (module == NULL)
    return FALSE;
  if (py_value_type (name) != PY_STR || py_value_type (module) != PY_STR)
    return fail (d, PY_PICKLE_ERROR_INVALID, "STACK_GLOBAL requires str");
  g_autofree char *name_copy = g_strdup (py_str_peek (name, NULL));
  g_autofree char *module_copy = g_strdup (py_str_peek (module, NULL));
  pop (d, 2);
  return push_global (d, module_copy, name_copy);
}

/* --- calling them ------------------------------------------------------------------------------------------------- */

static gboolean
fail_arguments (Decoder *d)
{
  return fail (d, PY_PICKLE_ERROR_INVALID, "a class was given arguments that it does not take");
}

/* set (list) and frozenset (list), as protocols 0 to 3 write them. */
static PyValue *
call_set (Decoder *d, SlotKind kind, const PyValue *args)
{
  g_autoptr (PyValue) set = track (d, kind == SLOT_SET ? py_set_new () : py_frozenset_new ());
  const PyValue *items = py_seq_length (args) == 1 ? py_seq_peek (args, 0) : NULL;

  if (py_seq_length (args) > 1 || (items != NULL && !py_value_is_seq (items)))
    {
      fail_arguments (d);
      return NULL;
    }
  for (guint i = 0; items != NULL && i < py_seq_length (items); i++)
    if (!add_member (d, set, py_seq_peek (items, i)))
      return NULL;
  return g_steal_pointer (&set);
}

/* Text of Latin-1 characters back to bytes; NULL when there are others. */
static PyValue *
new_bytes_from_latin1 (const PyValue *text)
{
  gsize len;
  gunichar c;
  const char *data = py_str_peek (text, &len);
  g_autoptr (GByteArray) out = g_byte_array_new ();

  for (gsize i = 0, n; i < len; i += n)
    {
      n = py_utf8_decode (data + i, len - i, &c);
      guint8 byte = (guint8) c;
      if (n == 0 || c > 0xff)
        return NULL;
      g_byte_array_append (out, &byte, 1);
    }
  return py_bytes_new (out->data, out->len);
}

/* bytes (), bytearray (), bytearray (bytes), bytearray (text, 'latin-1'), _codecs.encode (text, 'latin1') */
static PyValue *
call_bytes (Decoder *d, SlotKind kind, const PyValue *args)
{
  guint n = py_seq_length (args);
  PyValue *made = NULL;

  if (n == 0 && kind != SLOT_CODECS_ENCODE)
    return py_bytes_new ("", 0);
  if (n == 1 && kind == SLOT_BYTEARRAY && py_value_type (py_seq_peek (args, 0)) == PY_BYTES)
    return py_value_ref (py_seq_peek (args, 0));
  if (n == 2 && kind != SLOT_BYTES && py_value_type (py_seq_peek (args, 0)) == PY_STR
      && (py_str_equals (py_seq_peek (args, 1), "latin1") || py_str_equals (py_seq_peek (args, 1), "latin-1")))
    made = new_bytes_from_latin1 (py_seq_peek (args, 0));
  if (made == NULL)
    fail_arguments (d);
  return made;
}

/* str (text): how 1.1.2's server writes an address. */
static PyValue *
call_str (Decoder *d, const PyValue *args)
{
  if (py_seq_length (args) == 1 && py_value_type (py_seq_peek (args, 0)) == PY_STR)
    return py_value_ref (py_seq_peek (args, 0));
  fail_arguments (d);
  return NULL;
}

/* Calls what lies below the n topmost slots with args; both leave the stack. */
static gboolean
call (Decoder *d, guint n, PyValue *args)
{
  Slot *slot = peek_slot (d, n);
  PyValue *made = NULL;

  if (slot == NULL)
    return FALSE;
  switch (slot->kind)
    {
    case SLOT_SET:
    case SLOT_FROZENSET:
      made = call_set (d, slot->kind, args);
      break;
    case SLOT_BYTES:
    case SLOT_BYTEARRAY:
    case SLOT_CODECS_ENCODE:
      made = call_bytes (d, slot->kind, args);
      break;
    case SLOT_STR:
      made = call_str (d, args);
      break;
    case SLOT_EXCEPTION:
      made = py_exception_new (py_str_peek (py_seq_peek (slot->value, 0), NULL),
                               py_str_peek (py_seq_peek (slot->value, 1), NULL), py_value_ref (args));
      break;
    case SLOT_VALUE:
    case SLOT_MARK:
      return fail (d, PY_PICKLE_ERROR_INVALID, "a plain value is not callable");
    }
  if (made == NULL)
    return FALSE;
  pop (d, n + 1);
  return push (d, made);
}

/* REDUCE and NEWOBJ: class, tuple. */
static gboolean
reduce (Decoder *d, gboolean with_keywords)
{
  PyValue *keywords = with_keywords ? peek_value (d, 0) : NULL;

  if (with_keywords && keywords == NULL)
    return FALSE;
  PyValue *args = peek_value (d, with_keywords ? 1 : 0);
  if (args == NULL)
    return FALSE;
  if (py_value_type (args) != PY_TUPLE || (with_keywords && py_value_truth (keywords)))
    return fail_arguments (d);
  return call (d, with_keywords ? 2 : 1, args);
}

/* OBJ and INST: mark, class, arguments. */
static gboolean
call_from_mark (Decoder *d)
{
  guint n;

  if (!count_above_mark (d, &n))
    return FALSE;
  if (n == 0)
    return fail_underflow (d);
  g_array_remove_index (d->stack, d->stack->len - 1 - n);
  return push_tuple (d, n - 1) && call (d, 1, peek_value (d, 0));
}

/* INST: mark, arguments; the class follows in the text. */
static gboolean
instance (Decoder *d)
{
  guint n;

  if (!count_above_mark (d, &n))
    return FALSE;
  g_array_remove_index (d->stack, d->stack->len - 1 - n);
  if (!push_tuple (d, n) || !push_global_lines (d))
    return FALSE;
  g_autoptr (PyValue) args = py_value_ref (peek_value (d, 1));
  return call (d, 0, args);
}

/* BUILD gives an exception its attributes: nothing that we show. */
static gboolean
build (Decoder *d)
{
  PyValue *state = peek_value (d, 0);
  PyValue *object = state != NULL ? peek_value (d, 1) : NULL;

  if (object == NULL)
    return FALSE;
  if (py_value_type (object) != PY_EXCEPTION || (py_value_type (state) != PY_DICT && py_value_type (state) != PY_NONE))
    return fail (d, PY_PICKLE_ERROR_REFUSED, "a plain value has no state to set");
  pop (d, 1);
  return TRUE;
}

/* --- small operations --------------------------------------------------------------------------------------------- */

static gboolean
check_protocol (Decoder *d)
{
  guint64 protocol;

  if (!read_number (d, 1, &protocol))
    return FALSE;
  if (protocol > 5)
    return fail (d, PY_PICKLE_ERROR_INVALID, "unsupported pickle protocol: %u", (guint) protocol);
  return TRUE;
}

/* Only a hint for reading ahead; Python checks that the bytes are there. */
static gboolean
check_frame (Decoder *d)
{
  guint64 len;

  if (!read_number (d, 8, &len))
    return FALSE;
  return len <= (guint64) (d->end - d->at) ? TRUE : fail_truncated (d);
}

static gboolean
push_small_int (Decoder *d, guint bytes)
{
  guint64 value;

  if (!read_number (d, bytes, &value))
    return FALSE;
  return push (d, py_int_new (bytes == 4 ? (gint64) (gint32) value : (gint64) value));
}

static gboolean
pop_one (Decoder *d)
{
  if (d->stack->len == 0)
    return fail_underflow (d);
  pop (d, 1);
  return TRUE;
}

static gboolean
pop_mark (Decoder *d)
{
  guint n;

  if (!count_above_mark (d, &n))
    return FALSE;
  pop (d, n + 1);
  return TRUE;
}

static gboolean
duplicate (Decoder *d)
{
  Slot *slot = peek_slot (d, 0);

  return slot != NULL && push_slot (d, slot->kind, slot->value != NULL ? py_value_ref (slot->value) : NULL);
}

static gboolean
fail_op (Decoder *d, guint8 op)
{
  static const char refused[] = "PQ\x82\x83\x84\x97\x98"; /* persistent ids, extension codes, out-of-band buffers */

  if (op != 0 && strchr (refused, (char) op) != NULL)
    return fail (d, PY_PICKLE_ERROR_REFUSED, "operation 0x%02x is forbidden", op);
  if (op >= 0x20 && op < 0x7f && op != '\'')
    return fail (d, PY_PICKLE_ERROR_INVALID, "invalid load key, '%c'.", op);
  return fail (d, PY_PICKLE_ERROR_INVALID, "invalid load key, '\\x%02x'.", op);
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
      return push (d, py_none_new ());
    case 0x88: /* NEWTRUE */
    case 0x89: /* NEWFALSE */
      return push (d, py_bool_new (op == 0x88));
    case 'I': /* INT */
      return push_int_line (d);
    case 'L': /* LONG */
      return push_long_line (d);
    case 'F': /* FLOAT */
      return push_float_line (d);
    case 'K': /* BININT1 */
      return push_small_int (d, 1);
    case 'M': /* BININT2 */
      return push_small_int (d, 2);
    case 'J': /* BININT */
      return push_small_int (d, 4);
    case 0x8a: /* LONG1 */
      return push_long (d, 1);
    case 0x8b: /* LONG4 */
      return push_long (d, 4);
    case 'G': /* BINFLOAT */
      return push_binary_float (d);
    case 'S': /* STRING */
      return push_quoted (d);
    case 'U': /* SHORT_BINSTRING */
      return push_old_str (d, 1);
    case 'T': /* BINSTRING */
      return push_old_str (d, 4);
    case 'V': /* UNICODE */
      return push_raw_unicode (d);
    case 0x8c: /* SHORT_BINUNICODE */
      return push_utf8 (d, 1);
    case 'X': /* BINUNICODE */
      return push_utf8 (d, 4);
    case 0x8d: /* BINUNICODE8 */
      return push_utf8 (d, 8);
    case 'C': /* SHORT_BINBYTES */
      return push_bytes (d, 1);
    case 'B': /* BINBYTES */
      return push_bytes (d, 4);
    case 0x8e: /* BINBYTES8 */
    case 0x96: /* BYTEARRAY8 */
      return push_bytes (d, 8);
    case '(': /* MARK */
      return push_slot (d, SLOT_MARK, NULL);
    case '0': /* POP */
      return pop_one (d);
    case '1': /* POP_MARK */
      return pop_mark (d);
    case '2': /* DUP */
      return duplicate (d);
    case ')': /* EMPTY_TUPLE */
      return push_tuple (d, 0);
    case 0x85: /* TUPLE1 */
    case 0x86: /* TUPLE2 */
    case 0x87: /* TUPLE3 */
      return push_tuple (d, op - 0x84u);
    case 't': /* TUPLE */
      return push_from_mark (d, PY_TUPLE);
    case ']': /* EMPTY_LIST */
      return push (d, track (d, py_list_new ()));
    case 'l': /* LIST */
      return push_from_mark (d, PY_LIST);
    case '}': /* EMPTY_DICT */
      return push (d, track (d, py_dict_new ()));
    case 'd': /* DICT */
      return push_from_mark (d, PY_DICT);
    case 0x8f: /* EMPTY_SET */
      return push (d, track (d, py_set_new ()));
    case 0x91: /* FROZENSET */
      return push_from_mark (d, PY_FROZENSET);
    case 'a': /* APPEND */
      return extend (d, 1, 'a');
    case 'e': /* APPENDS */
      return extend_from_mark (d, 'a');
    case 's': /* SETITEM */
      return extend (d, 2, 's');
    case 'u': /* SETITEMS */
      return extend_from_mark (d, 's');
    case 0x90: /* ADDITEMS */
      return extend_from_mark (d, '+');
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
      return push_global_lines (d);
    case 0x93: /* STACK_GLOBAL */
      return push_stack_global (d);
    case 'R':  /* REDUCE */
    case 0x81: /* NEWOBJ */
      return reduce (d, FALSE);
    case 0x92: /* NEWOBJ_EX */
      return reduce (d, TRUE);
    case 'o': /* OBJ */
      return call_from_mark (d);
    case 'i': /* INST */
      return instance (d);
    case 'b': /* BUILD */
      return build (d);
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
    return fail (d, PY_PICKLE_ERROR_LIMIT, "values are nested deeper than %u levels", d->limits->max_depth);
  PyType type = py_value_type (value);
  if (type == PY_STR)
    (void) py_str_peek (value, &len);
  *values += 1 + len / 64;
  if (*values > d->limits->max_values)
    return fail (d, PY_PICKLE_ERROR_LIMIT, "more than %" G_GSIZE_FORMAT " values", d->limits->max_values);
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
          PyValue *value = peek_value (d, 0);
          return value != NULL ? py_value_ref (value) : NULL;
        }
      if (!execute (d, op))
        return NULL;
    }
  set_error (d, PY_PICKLE_ERROR_TRUNCATED, "Ran out of input");
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
    .memo = g_hash_table_new_full (NULL, NULL, NULL, slot_free),
    .containers = g_ptr_array_new (),
    .error = error,
  };
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  gsize values = 0;

  g_array_set_clear_func (d.stack, slot_clear);
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
