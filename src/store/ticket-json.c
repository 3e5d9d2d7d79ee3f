#include "store/ticket-json.h"

#include <string.h>

#include "compat/py-json.h"
#include "compat/py-repr.h"

static PyValue *
list_of_set (const PyValue *set)
{
  PyValue *list = py_list_new ();

  for (guint i = 0; i < py_set_length (set); i++)
    py_list_append (list, py_value_ref (py_set_peek (set, i)));
  return list;
}

static PyValue *
text_of_bytes (const PyValue *value)
{
  gsize len;
  const char *bytes = py_bytes_peek (value, &len);

  return py_str_take (g_utf8_make_valid (bytes, (gssize) len));
}

static PyValue *plain_value (PyValue *value);

static PyValue *
plain_seq (PyValue *value)
{
  PyValue *list = py_list_new ();

  for (guint i = 0; i < py_seq_length (value); i++)
    py_list_append (list, plain_value (py_seq_peek (value, i)));
  return list;
}

static PyValue *
plain_dict (PyValue *value)
{
  PyValue *dict = py_dict_new ();

  for (guint i = 0; i < py_dict_length (value); i++)
    py_dict_set (dict, py_value_ref (py_dict_peek_key (value, i)), plain_value (py_dict_peek_value (value, i)));
  return dict;
}

/* Only what JSON knows. */
static PyValue *
plain_value (PyValue *value)
{
  g_autoptr (PyValue) list = NULL;
  char *text;
  gsize len;

  switch (py_value_type (value))
    {
    case PY_LIST:
    case PY_TUPLE:
      return plain_seq (value);
    case PY_DICT:
      return plain_dict (value);
    case PY_SET:
    case PY_FROZENSET:
      list = list_of_set (value);
      return py_str_take (py_repr (list));
    case PY_BYTES:
      return text_of_bytes (value);
    case PY_EXCEPTION:
      text = py_str (value, &len);
      return py_str_take (text);
    case PY_NONE:
    case PY_BOOL:
    case PY_INT:
    case PY_BIGINT:
    case PY_FLOAT:
    case PY_STR:
    default:
      return py_value_ref (value);
    }
}

/* Lone surrogates (three bytes, the first ED, the second from A0) become '?', as encode (…, 'replace') does. */
static GBytes *
encode (const char *text)
{
  const char *end = text + strlen (text);
  GByteArray *out = g_byte_array_sized_new ((guint) (end - text));

  for (const char *at = text, *c = text;; c++)
    {
      c = memchr (c, 0xed, (gsize) (end - c));
      if (c == NULL)
        {
          g_byte_array_append (out, (const guint8 *) at, (guint) (end - at));
          return g_byte_array_free_to_bytes (out);
        }
      if (end - c < 3 || (guint8) c[1] < 0xa0)
        continue;
      g_byte_array_append (out, (const guint8 *) at, (guint) (c - at));
      g_byte_array_append (out, (const guint8 *) "?", 1);
      at = c + 3;
      c += 2;
    }
}

GBytes *
ticket_json_dump (const Ticket *ticket, guint max_matches)
{
  g_autoptr (PyValue) data = ticket_dup_data (ticket, max_matches);
  g_autoptr (PyValue) plain = plain_value (data);
  g_autofree char *text = py_json_dump (plain, PY_JSON_UTF8, NULL);

  return encode (text != NULL ? text : "{}");
}

PyValue *
ticket_json_parse (const void *bytes, gsize len)
{
  g_autofree char *text = bytes != NULL ? g_utf8_make_valid (bytes, (gssize) len) : g_strdup ("");
  g_autoptr (PyValue) value = py_json_parse (text, -1, NULL);

  if (value == NULL || py_value_type (value) != PY_DICT)
    return py_dict_new ();
  return g_steal_pointer (&value);
}
