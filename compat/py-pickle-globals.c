#include "compat/py-pickle-private.h"

#include <string.h>

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
is_other_exception (const char *module, const char *name)
{
  return (is_fail2ban_module (module) && is_identifier (name, "Exception"))
         || (g_str_equal (module, "json.decoder") && g_str_equal (name, "JSONDecodeError"));
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
      return pickle_push_slot (d, types[i].kind, NULL);
  if (g_str_equal (module, "_codecs") && g_str_equal (name, "encode"))
    return pickle_push_slot (d, SLOT_CODECS_ENCODE, NULL);
  if (!(builtins ? is_builtin_exception (name) : is_other_exception (module, name)))
    {
      g_autofree char *shown = g_utf8_make_valid (name, -1);
      g_autofree char *where = g_utf8_make_valid (module, -1);
      return pickle_fail (d, PY_PICKLE_ERROR_REFUSED, "global '%.100s.%.100s' is forbidden", where, shown);
    }
  PyValue *class = py_tuple_new_items (py_str_new (builtins ? "builtins" : module), py_str_new (name), NULL);
  return pickle_push_slot (d, SLOT_EXCEPTION, class);
}

gboolean
pickle_push_global_lines (Decoder *d)
{
  const char *module, *name;
  gsize module_len, name_len;

  if (!pickle_read_line (d, &module, &module_len) || !pickle_read_line (d, &name, &name_len))
    return FALSE;
  g_autofree char *module_copy = g_strndup (module, module_len);
  g_autofree char *name_copy = g_strndup (name, name_len);
  return push_global (d, module_copy, name_copy);
}

gboolean
pickle_push_stack_global (Decoder *d)
{
  PyValue *name = pickle_peek_value (d, 0);
  PyValue *module = name != NULL ? pickle_peek_value (d, 1) : NULL;

  if (module == NULL)
    return FALSE;
  if (py_value_type (name) != PY_STR || py_value_type (module) != PY_STR)
    return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "STACK_GLOBAL requires str");
  g_autofree char *name_copy = g_strdup (py_str_peek (name, NULL));
  g_autofree char *module_copy = g_strdup (py_str_peek (module, NULL));
  pickle_pop (d, 2);
  return push_global (d, module_copy, name_copy);
}

/* --- calling them ------------------------------------------------------------------------------------------------- */

static gboolean
fail_arguments (Decoder *d)
{
  return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "a class was given arguments that it does not take");
}

/* set (list) and frozenset (list), as protocols 0 to 3 write them. */
static PyValue *
call_set (Decoder *d, SlotKind kind, const PyValue *args)
{
  g_autoptr (PyValue) set = pickle_track (d, kind == SLOT_SET ? py_set_new () : py_frozenset_new ());
  const PyValue *items = py_seq_length (args) == 1 ? py_seq_peek (args, 0) : NULL;

  if (py_seq_length (args) > 1 || (items != NULL && !py_value_is_seq (items)))
    {
      fail_arguments (d);
      return NULL;
    }
  for (guint i = 0; items != NULL && i < py_seq_length (items); i++)
    if (!pickle_add_member (d, set, py_seq_peek (items, i)))
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

/* JSONDecodeError (message, document, position) has the one argument that its __init__ makes of them. */
static PyValue *
call_json_error (const PyValue *args)
{
  gint64 position;
  const char *document;
  gsize len, begin = 0;
  guint line = 1;

  if (py_seq_length (args) != 3 || py_value_type (py_seq_peek (args, 0)) != PY_STR
      || py_value_type (py_seq_peek (args, 1)) != PY_STR || py_value_type (py_seq_peek (args, 2)) != PY_INT
      || py_int_get (py_seq_peek (args, 2)) < 0)
    return NULL;
  position = py_int_get (py_seq_peek (args, 2));
  document = py_str_peek (py_seq_peek (args, 1), &len);
  for (gsize i = 0, at = 0; at < (gsize) position && i < len; i++)
    {
      if (document[i] == '\n')
        {
          line++;
          begin = at + 1;
        }
      if ((document[i] & 0xc0) != 0x80)
        at++; /* characters, not bytes */
    }
  g_autofree char *text
      = g_strdup_printf ("%s: line %u column %" G_GSIZE_FORMAT " (char %" G_GINT64_FORMAT ")",
                         py_str_peek (py_seq_peek (args, 0), NULL), line, (gsize) position - begin + 1, position);

  return py_exception_new ("json.decoder", "JSONDecodeError", py_tuple_new_items (py_str_new (text), NULL));
}

static PyValue *
call_exception (Decoder *d, const Slot *slot, PyValue *args)
{
  const char *module = py_str_peek (py_seq_peek (slot->value, 0), NULL);
  PyValue *made = g_str_equal (module, "json.decoder")
                      ? call_json_error (args)
                      : py_exception_new (module, py_str_peek (py_seq_peek (slot->value, 1), NULL), py_value_ref (args));

  if (made == NULL)
    fail_arguments (d);
  return made;
}

/* Calls what lies below the n topmost slots with args; both leave the stack. */
static gboolean
call (Decoder *d, guint n, PyValue *args)
{
  Slot *slot = pickle_peek_slot (d, n);
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
      made = call_exception (d, slot, args);
      break;
    case SLOT_VALUE:
    case SLOT_MARK:
      return pickle_fail (d, PY_PICKLE_ERROR_INVALID, "a plain value is not callable");
    }
  if (made == NULL)
    return FALSE;
  pickle_pop (d, n + 1);
  return pickle_push (d, made);
}

gboolean
pickle_reduce (Decoder *d, gboolean with_keywords)
{
  PyValue *keywords = with_keywords ? pickle_peek_value (d, 0) : NULL;

  if (with_keywords && keywords == NULL)
    return FALSE;
  PyValue *args = pickle_peek_value (d, with_keywords ? 1 : 0);
  if (args == NULL)
    return FALSE;
  if (py_value_type (args) != PY_TUPLE || (with_keywords && py_value_truth (keywords)))
    return fail_arguments (d);
  return call (d, with_keywords ? 2 : 1, args);
}

gboolean
pickle_call_from_mark (Decoder *d)
{
  guint n;

  if (!pickle_count_above_mark (d, &n))
    return FALSE;
  if (n == 0)
    return pickle_fail_underflow (d);
  g_array_remove_index (d->stack, d->stack->len - 1 - n);
  return pickle_push_tuple (d, n - 1) && call (d, 1, pickle_peek_value (d, 0));
}

gboolean
pickle_instance (Decoder *d)
{
  guint n;

  if (!pickle_count_above_mark (d, &n))
    return FALSE;
  g_array_remove_index (d->stack, d->stack->len - 1 - n);
  if (!pickle_push_tuple (d, n) || !pickle_push_global_lines (d))
    return FALSE;
  g_autoptr (PyValue) args = py_value_ref (pickle_peek_value (d, 1));
  return call (d, 0, args);
}

gboolean
pickle_build (Decoder *d)
{
  PyValue *state = pickle_peek_value (d, 0);
  PyValue *object = state != NULL ? pickle_peek_value (d, 1) : NULL;

  if (object == NULL)
    return FALSE;
  if (py_value_type (object) != PY_EXCEPTION || (py_value_type (state) != PY_DICT && py_value_type (state) != PY_NONE))
    return pickle_fail (d, PY_PICKLE_ERROR_REFUSED, "a plain value has no state to set");
  pickle_pop (d, 1);
  return TRUE;
}
