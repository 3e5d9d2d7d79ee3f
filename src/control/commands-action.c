#include "control/commands.h"

#include "compat/py-json.h"
#include "control/server.h"

/* --- the list of actions ---------------------------------------------------------------------------------------------------- */

PyValue *
command_get_actions (Call *call, GError **error)
{
  Jail *jail = call_peek_jail (call, 1, error);

  return jail != NULL ? jail_dup_actions (jail) : NULL;
}

static PyValue *
parse_json (Call *call, guint index, GError **error)
{
  const char *text = call_peek_text (call, index, error);

  return text != NULL ? py_json_parse (text, -1, error) : NULL;
}

static void
on_answer (Jail *jail, PyValue *result, gpointer user_data)
{
  Call *call = user_data;

  if (py_value_type (result) == PY_EXCEPTION)
    call_raise (call, result);
  else
    call_return (call, py_value_ref (result));
}

static void
on_added (Jail *jail, PyValue *result, gpointer user_data)
{
  Call *call = user_data;

  if (py_value_type (result) == PY_EXCEPTION)
    call_raise (call, result);
  else
    call_return (call, py_value_ref (call_peek_word (call, 3, NULL)));
}

/* FILE.py JSON.  As part of a whole configuration one that does not work must not keep the other jails from working; alone the answer
 * says what is wrong with it. */
static PyValue *
add_python_action (Call *call, const char *name, GError **error)
{
  const char *file = call_peek_text (call, 4, error);
  g_autoptr (PyValue) options = file != NULL ? parse_json (call, 5, error) : NULL;
  Jail *jail = options != NULL ? call_peek_jail (call, 1, error) : NULL;

  if (jail != NULL)
    jail_add_python_action (jail, name, file, options, call_is_quiet (call), on_added, call);
  return NULL;
}

PyValue *
command_set_addaction (Call *call, GError **error)
{
  const char *name = call_peek_text (call, 3, error);
  Jail *jail;

  if (name == NULL)
    return NULL;
  if (call_get_length (call) > 4)
    return add_python_action (call, name, error);
  jail = call_peek_jail (call, 1, error);
  if (jail == NULL || !jail_add_action (jail, name, error))
    return NULL;
  return py_str_new (name);
}

PyValue *
command_set_delaction (Call *call, GError **error)
{
  const char *name = call_peek_text (call, 3, error);
  Jail *jail = name != NULL ? call_peek_jail (call, 1, error) : NULL;

  if (jail == NULL || !jail_del_action (jail, name, error))
    return NULL;
  return py_none_new ();
}

/* --- one action ---------------------------------------------------------------------------------------------------------------- */

PyValue *
command_get_action (Call *call, GError **error)
{
  const char *action = call_peek_text (call, 3, error), *property = NULL;
  Jail *jail;

  if (action != NULL)
    property = call_peek_text (call, 4, error);
  if (property == NULL || (jail = call_peek_jail (call, 1, error)) == NULL)
    return NULL;
  if (jail_action_is_python (jail, action))
    {
      jail_get_python_property (jail, action, property, on_answer, call);
      return NULL;
    }
  return jail_get_action_property (jail, action, property, error);
}

PyValue *
command_get_actionproperties (Call *call, GError **error)
{
  const char *action = call_peek_text (call, 3, error);
  Jail *jail = action != NULL ? call_peek_jail (call, 1, error) : NULL;

  if (jail != NULL && jail_action_is_python (jail, action))
    {
      jail_list_python (jail, action, FALSE, on_answer, call);
      return NULL;
    }
  return jail != NULL ? jail_dup_action_properties (jail, action, error) : NULL;
}

PyValue *
command_get_actionmethods (Call *call, GError **error)
{
  const char *action = call_peek_text (call, 3, error);
  Jail *jail = action != NULL ? call_peek_jail (call, 1, error) : NULL;

  if (jail != NULL && jail_action_is_python (jail, action))
    {
      jail_list_python (jail, action, TRUE, on_answer, call);
      return NULL;
    }
  return jail != NULL ? jail_dup_action_methods (jail, action, error) : NULL;
}

static PyValue *
call_method (Call *call, Jail *jail, const char *action, const char *method, GError **error)
{
  g_autoptr (PyValue) kwargs = NULL;

  if (call_get_length (call) > 5)
    {
      kwargs = parse_json (call, 5, error);
      if (kwargs == NULL)
        return NULL;
      if (py_value_type (kwargs) != PY_DICT)
        {
          g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "%s() argument after ** must be a mapping, not %s", method,
                       py_value_type_name (kwargs));
          return NULL;
        }
    }
  if (call_is_quiet (call))
    return py_none_new ();
  jail_call_action (jail, action, method, kwargs, on_answer, call);
  return NULL;
}

/* The object knows whether that is a method. */
static PyValue *
set_python (Call *call, Jail *jail, const char *action, GError **error)
{
  g_autoptr (PyValue) pairs = NULL, pair = NULL;

  if (call_peek_text (call, 4, error) == NULL)
    return NULL;
  pair = call_dup_words_from (call, 4);
  pairs = py_list_new_items (g_steal_pointer (&pair), NULL);
  jail_set_python_properties (jail, action, pairs, on_answer, call);
  return NULL;
}

PyValue *
command_set_action (Call *call, GError **error)
{
  const char *action = call_peek_text (call, 3, error), *property;
  Jail *jail = action != NULL ? call_peek_jail (call, 1, error) : NULL;
  gboolean is_method;

  if (jail != NULL && jail_action_is_python (jail, action))
    return set_python (call, jail, action, error);
  if (jail == NULL || !jail_action_has_method (jail, action, "", &is_method, error))
    return NULL;
  property = call_peek_text (call, 4, error);
  if (property == NULL || !jail_action_has_method (jail, action, property, &is_method, error))
    return NULL;
  if (is_method)
    return call_method (call, jail, action, property, error);
  if (call_peek_word (call, 5, error) == NULL
      || !jail_set_action_property (jail, action, property, call_peek_word (call, 5, NULL), error))
    return NULL;
  return call_is_quiet (call) ? py_none_new () : jail_get_action_property (jail, action, property, error);
}

static void
on_all_set (Jail *jail, PyValue *result, gpointer user_data)
{
  Call *call = user_data;

  if (py_value_type (result) == PY_EXCEPTION)
    call_raise (call, result);
  else
    call_return (call, py_bool_new (TRUE));
}

/* [["actionban", "…"], ["timeout", "10"]]: what `set JAIL action` does, for several properties. */
PyValue *
command_multi_set_action (Call *call, GError **error)
{
  const char *action = call_peek_text (call, 3, error);
  PyValue *list;
  Jail *jail = action != NULL ? call_peek_jail (call, 1, error) : NULL;
  gboolean is_method;

  if (jail == NULL || !jail_action_has_method (jail, action, "", &is_method, error))
    return NULL;
  list = call_peek_word (call, 4, error);
  if (list == NULL)
    return NULL;
  if (!py_value_is_seq (list))
    {
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "'%s' object is not iterable", py_value_type_name (list));
      return NULL;
    }
  if (jail_action_is_python (jail, action))
    {
      jail_set_python_properties (jail, action, list, on_all_set, call);
      return NULL;
    }
  for (guint i = 0; i < py_seq_length (list); i++)
    {
      PyValue *pair = py_seq_peek (list, i);
      const char *property;

      if (!py_value_is_seq (pair) || py_seq_length (pair) < 2 || py_value_type (py_seq_peek (pair, 0)) != PY_STR)
        {
          g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_INDEX, "list index out of range");
          return NULL;
        }
      property = py_str_peek (py_seq_peek (pair, 0), NULL);
      if (!jail_action_has_method (jail, action, property, &is_method, error))
        return NULL;
      if (is_method)
        {
          g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "%s is a method; call it with set JAIL action", property);
          return NULL;
        }
      if (!jail_set_action_property (jail, action, property, py_seq_peek (pair, 1), error))
        return NULL;
    }
  return py_bool_new (TRUE);
}
