#include "probe/probe.h"

#include <math.h>
#include <string.h>

#include "compat/py-bigint.h"
#include "compat/py-json.h"
#include "compat/py-pickle.h"
#include "compat/py-repr.h"

/* --- a value as the oracle writes it in JSON ------------------------------------------------------------------------ */

static PyValue *
new_pair (const char *name, PyValue *take_value)
{
  PyValue *dict = py_dict_new ();

  py_dict_set_str (dict, name, take_value);
  return dict;
}

static PyValue *tag (const PyValue *value);

static PyValue *
tag_items (const PyValue *seq)
{
  PyValue *list = py_list_new ();

  for (guint i = 0; i < py_seq_length (seq); i++)
    py_list_append (list, tag (py_seq_peek (seq, i)));
  return list;
}

static PyValue *
tag_dict (const PyValue *dict)
{
  PyValue *pairs = py_list_new ();

  for (guint i = 0; i < py_dict_length (dict); i++)
    py_list_append (pairs,
                    py_list_new_items (tag (py_dict_peek_key (dict, i)), tag (py_dict_peek_value (dict, i)), NULL));
  return new_pair ("dict", pairs);
}

static gint
compare_json (gconstpointer a_place, gconstpointer b_place)
{
  g_autofree char *a = py_json_dump (*(PyValue *const *) a_place, PY_JSON_DEFAULT, NULL);
  g_autofree char *b = py_json_dump (*(PyValue *const *) b_place, PY_JSON_DEFAULT, NULL);

  return strcmp (a, b);
}

static PyValue *
tag_set (const PyValue *set)
{
  g_autoptr (GPtrArray) members = g_ptr_array_new ();
  PyValue *list = py_list_new ();

  for (guint i = 0; i < py_set_length (set); i++)
    g_ptr_array_add (members, tag (py_set_peek (set, i)));
  g_ptr_array_sort (members, compare_json);
  for (guint i = 0; i < members->len; i++)
    py_list_append (list, g_ptr_array_index (members, i));
  return new_pair (py_value_type_name (set), list);
}

static PyValue *
tag_bytes (const PyValue *bytes)
{
  gsize len;
  const char *data = py_bytes_peek (bytes, &len);

  return new_pair ("bytes", py_str_take (g_base64_encode ((const guchar *) data, len)));
}

static PyValue *
tag_exception (const PyValue *exception)
{
  g_autoptr (PyValue) args = py_exception_dup_args (exception);
  PyValue *dict = new_pair ("exception", py_str_new (py_exception_peek_class (exception)));

  py_dict_set_str (dict, "args", tag_items (args));
  return dict;
}

static PyValue *
tag_int (const PyValue *value)
{
  const gint64 limit = G_GINT64_CONSTANT (1) << 53;

  if (py_value_type (value) == PY_INT && py_int_get (value) > -limit && py_int_get (value) < limit)
    return py_int_new (py_int_get (value));
  return new_pair ("int", py_str_take (py_repr (value)));
}

static PyValue *
tag (const PyValue *value)
{
  gsize len;
  const char *text;

  switch (py_value_type (value))
    {
    case PY_NONE:
      return py_none_new ();
    case PY_BOOL:
      return py_bool_new (py_bool_get (value));
    case PY_INT:
    case PY_BIGINT:
      return tag_int (value);
    case PY_FLOAT:
      return new_pair ("float", py_str_take (py_repr (value)));
    case PY_STR:
      text = py_str_peek (value, &len);
      return py_str_new_len (text, (gssize) len);
    case PY_BYTES:
      return tag_bytes (value);
    case PY_LIST:
      return tag_items (value);
    case PY_TUPLE:
      return new_pair ("tuple", tag_items (value));
    case PY_DICT:
      return tag_dict (value);
    case PY_SET:
    case PY_FROZENSET:
      return tag_set (value);
    case PY_EXCEPTION:
      return tag_exception (value);
    }
  g_return_val_if_reached (py_none_new ());
}

/* --- and back ------------------------------------------------------------------------------------------------------ */

static PyValue *untag (const PyValue *json);

static PyValue *
untag_items (const PyValue *list, PyValue *take_seq)
{
  for (guint i = 0; i < py_seq_length (list); i++)
    py_list_append (take_seq, untag (py_seq_peek (list, i)));
  return take_seq;
}

static PyValue *
untag_set (const PyValue *list, PyValue *take_set)
{
  for (guint i = 0; i < py_seq_length (list); i++)
    py_set_add (take_set, untag (py_seq_peek (list, i)));
  return take_set;
}

static PyValue *
untag_dict (const PyValue *pairs)
{
  PyValue *dict = py_dict_new ();

  for (guint i = 0; i < py_seq_length (pairs); i++)
    {
      const PyValue *pair = py_seq_peek (pairs, i);
      py_dict_set (dict, untag (py_seq_peek (pair, 0)), untag (py_seq_peek (pair, 1)));
    }
  return dict;
}

static PyValue *
untag_int (const char *text)
{
  gboolean negative = *text == '-';
  PyBigint *value = py_bigint_new_digits (text + (negative ? 1 : 0), strlen (text) - (negative ? 1 : 0), 10);

  if (value != NULL && negative)
    {
      PyBigint *opposite = py_bigint_negate (value);
      py_bigint_free (value);
      value = opposite;
    }
  return value != NULL ? py_int_take_bigint (value) : py_none_new ();
}

static PyValue *
untag_float (const char *text)
{
  return py_float_new (g_str_equal (text, "nan") ? (double) NAN : g_ascii_strtod (text, NULL));
}

static PyValue *
untag_bytes (const char *text)
{
  gsize len;
  g_autofree guchar *data = g_base64_decode (text, &len);

  return py_bytes_new (data, len);
}

static PyValue *
untag_object (const PyValue *json)
{
  const char *name = py_str_peek (py_dict_peek_key (json, 0), NULL);
  const PyValue *value = py_dict_peek_value (json, 0);

  if (g_str_equal (name, "exception"))
    return py_exception_new ("builtins", py_str_peek (value, NULL),
                             untag_items (py_dict_get_str (json, "args"), py_tuple_new ()));
  if (g_str_equal (name, "int"))
    return untag_int (py_str_peek (value, NULL));
  if (g_str_equal (name, "float"))
    return untag_float (py_str_peek (value, NULL));
  if (g_str_equal (name, "bytes"))
    return untag_bytes (py_str_peek (value, NULL));
  if (g_str_equal (name, "tuple"))
    return untag_items (value, py_tuple_new ());
  if (g_str_equal (name, "set"))
    return untag_set (value, py_set_new ());
  if (g_str_equal (name, "frozenset"))
    return untag_set (value, py_frozenset_new ());
  return untag_dict (value);
}

static PyValue *
untag (const PyValue *json)
{
  gsize len;
  const char *text;

  switch (py_value_type (json))
    {
    case PY_NONE:
      return py_none_new ();
    case PY_BOOL:
      return py_bool_new (py_bool_get (json));
    case PY_INT:
      return py_int_new (py_int_get (json));
    case PY_STR:
      text = py_str_peek (json, &len);
      return py_str_new_len (text, (gssize) len);
    case PY_LIST:
      return untag_items (json, py_list_new ());
    case PY_DICT:
      return untag_object (json);
    case PY_BIGINT:
    case PY_FLOAT:
    case PY_BYTES:
    case PY_TUPLE:
    case PY_SET:
    case PY_FROZENSET:
    case PY_EXCEPTION:
      break;
    }
  return py_none_new ();
}

static PyValue *
answer_encode (const PyValue *request)
{
  const PyValue *json = py_dict_get_str (request, "value");

  if (json == NULL)
    return probe_fail ("KeyError", "value");
  g_autoptr (PyValue) value = untag (json);
  gint64 protocol = probe_get_int (request, "protocol", 4);
  g_autoptr (GBytes) pickle = py_pickle_encode (value, (guint) CLAMP (protocol, 2, 4));
  gsize len;
  const guchar *data = g_bytes_get_data (pickle, &len);
  return new_pair ("pickle", py_str_take (g_base64_encode (data, len)));
}

/* {"op": "encode", "value": V} -> {"pickle": base64}; {"op": "decode", "pickle": base64} -> {"value": V} */
PyValue *
probe_pickle (const PyValue *request)
{
  g_autoptr (GError) error = NULL;
  gsize len;

  if (g_str_equal (probe_peek_str (request, "op", NULL, ""), "encode"))
    return answer_encode (request);
  g_autofree guchar *data = g_base64_decode (probe_peek_str (request, "pickle", NULL, ""), &len);
  g_autoptr (PyValue) value = py_pickle_decode (data, len, NULL, NULL, &error);
  return value != NULL ? new_pair ("value", tag (value)) : probe_fail ("UnpicklingError", error->message);
}
