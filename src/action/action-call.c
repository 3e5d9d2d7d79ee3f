#include "action/action-call.h"

#include <string.h>

#include "compat/py-repr.h"

typedef enum
{
  NO_TASK,
  TASK,
} Kind;

/* Parameters in order, "?" before those that may be missing, "*" takes any. */
static const struct
{
  const char *name;
  Kind kind;
  ActionMethod method;
  const char *parameters[4];
} methods[] = {
  { "ban", TASK, ACTION_METHOD_BAN, { "aInfo", "?cmd" } },
  { "clearAllParams", NO_TASK, 0, { NULL } },
  { "consistencyCheck", TASK, ACTION_METHOD_CHECK, { "?beforeRepair" } },
  { "escapeTag", NO_TASK, 0, { "value" } },
  { "executeCmd", TASK, ACTION_METHOD_COMMAND, { "realCmd", "?timeout", "*" } },
  { "flush", TASK, ACTION_METHOD_FLUSH, { NULL } },
  { "invalidateBanEpoch", NO_TASK, 0, { NULL } },
  { "prolong", TASK, ACTION_METHOD_PROLONG, { "aInfo" } },
  { "reban", TASK, ACTION_METHOD_REBAN, { "aInfo" } },
  { "reload", TASK, ACTION_METHOD_RELOAD, { "*" } },
  { "replaceDynamicTags", NO_TASK, 0, { "realCmd", "aInfo", "?escapeVal" } },
  { "replaceTag", NO_TASK, 0, { "query", "aInfo", "?conditional" } },
  { "start", TASK, ACTION_METHOD_START, { NULL } },
  { "stop", TASK, ACTION_METHOD_STOP, { NULL } },
  { "unban", TASK, ACTION_METHOD_UNBAN, { "aInfo" } },
};

/* --- arguments ------------------------------------------------------------------------------------------------------- */

static gboolean
takes (gsize row, const char *keyword)
{
  for (gsize i = 0; i < G_N_ELEMENTS (methods[row].parameters) && methods[row].parameters[i] != NULL; i++)
    {
      const char *parameter = methods[row].parameters[i];
      if (g_str_equal (parameter, "*") || g_str_equal (parameter + (*parameter == '?'), keyword))
        return TRUE;
    }
  return FALSE;
}

/* "1 required positional argument: 'aInfo'", "2 required positional arguments: 'realCmd' and 'aInfo'" */
static PyValue *
missing_arguments (gsize row, GPtrArray *names)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < names->len; i++)
    g_string_append_printf (list, "%s'%s'", i == 0 ? "" : " and ", (const char *) names->pdata[i]);
  return py_exception_new_printf ("TypeError", "CommandAction.%s() missing %u required positional argument%s: %s",
                                  methods[row].name, names->len, names->len == 1 ? "" : "s", list->str);
}

/* NULL when they fit, else the exception. */
static PyValue *
check_arguments (gsize row, const PyValue *kwargs)
{
  g_autoptr (GPtrArray) missing = g_ptr_array_new ();

  for (guint i = 0; kwargs != NULL && i < py_dict_length (kwargs); i++)
    {
      g_autofree char *keyword = py_str (py_dict_peek_key (kwargs, i), NULL);
      if (!takes (row, keyword))
        return py_exception_new_printf ("TypeError", "CommandAction.%s() got an unexpected keyword argument '%s'",
                                        methods[row].name, keyword);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (methods[row].parameters) && methods[row].parameters[i] != NULL; i++)
    {
      const char *parameter = methods[row].parameters[i];
      if (*parameter != '?' && *parameter != '*' && (kwargs == NULL || py_dict_get_str (kwargs, parameter) == NULL))
        g_ptr_array_add (missing, (gpointer) parameter);
    }
  return missing->len > 0 ? missing_arguments (row, missing) : NULL;
}

/* Arguments of the wrong type: the exception that names the first. */
static PyValue *
check_types (const PyValue *kwargs)
{
  static const struct
  {
    const char *name;
    PyType type;
    const char *type_name;
  } wanted[] = {
    { "aInfo", PY_DICT, "dict" }, { "cmd", PY_STR, "str" },   { "realCmd", PY_STR, "str" },
    { "query", PY_STR, "str" },   { "value", PY_STR, "str" }, { "conditional", PY_STR, "str" },
  };

  for (gsize i = 0; kwargs != NULL && i < G_N_ELEMENTS (wanted); i++)
    {
      const PyValue *value = py_dict_get_str (kwargs, wanted[i].name);
      if (value != NULL && py_value_type (value) != wanted[i].type)
        return py_exception_new_printf ("TypeError", "%s must be %s, not %s", wanted[i].name, wanted[i].type_name,
                                        py_value_type_name (value));
    }
  return NULL;
}

static const GString *
as_text (const PyValue *kwargs, const char *name, GString *buffer)
{
  gsize length;
  const char *text = py_str_peek (py_dict_get_str (kwargs, name), &length);

  g_string_append_len (buffer, text, (gssize) length);
  return buffer;
}

/* --- methods that need no task --------------------------------------------------------------------------------------- */

static char *
builtin_tag (const char *tag, gpointer data)
{
  return action_queue_dup_builtin_tag (data, tag);
}

static PyValue *
replace_tag (Action *action, const PyValue *kwargs)
{
  g_autoptr (TagTable) tags = tag_table_new (builtin_tag, action->queue);
  g_autoptr (GString) query = g_string_new (NULL);
  g_autoptr (GError) error = NULL;
  const PyValue *values = py_dict_get_str (kwargs, "aInfo");
  const PyValue *conditional = py_dict_get_str (kwargs, "conditional");
  const char *condition = conditional != NULL ? py_str_peek (conditional, NULL) : "";

  for (guint i = 0; i < py_dict_length (values); i++)
    {
      gsize length;
      if (py_value_type (py_dict_peek_value (values, i)) == PY_NONE)
        continue;
      g_autofree char *name = py_str (py_dict_peek_key (values, i), NULL);
      g_autofree char *text = py_str (py_dict_peek_value (values, i), &length);
      tag_table_set (tags, name, text, (gssize) length);
    }
  const GString *text
      = tag_table_replace (tags, as_text (kwargs, "query", query)->str,
                           g_str_has_prefix (condition, "family=") ? condition + strlen ("family=") : NULL, &error);
  if (text == NULL)
    return action_error_to_exception (error);
  return py_str_new_len (text->str, (gssize) text->len);
}

static GString *
lookup_plain (const char *name, gboolean field, gpointer data)
{
  ActionInfo *info = data;
  PyValue *value = field ? action_info_peek_field (info, name) : action_info_peek (info, name);
  gsize length;

  if (value == NULL)
    return NULL;
  g_autofree char *text = py_str (value, &length);
  return g_string_new_len (text, (gssize) length);
}

static PyValue *
replace_dynamic_tags (const PyValue *kwargs)
{
  g_autoptr (ActionInfo) info = action_info_new_plain (py_dict_get_str (kwargs, "aInfo"));
  g_autoptr (GString) text = g_string_new (NULL);

  as_text (kwargs, "realCmd", text);
  g_autoptr (ShellCommand) command = tags_replace_dynamic (text->str, text->len, lookup_plain, info);
  PyValue *first = py_str_new_len (command->text->str, (gssize) command->text->len);
  if (command->args->len == 0)
    return first;
  PyValue *list = py_list_new ();
  py_list_append (list, first);
  for (guint i = 0; i < command->args->len; i++)
    {
      const GString *arg = command->args->pdata[i];
      py_list_append (list, py_str_new_len (arg->str, (gssize) arg->len));
    }
  return list;
}

static PyValue *
escape_tag (const PyValue *kwargs)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const GString *plain = as_text (kwargs, "value", text);
  g_autoptr (GString) escaped = tags_escape (plain->str, plain->len);

  return py_str_new_len (escaped->str, (gssize) escaped->len);
}

static PyValue *
call_at_once (Action *action, const char *method, const PyValue *kwargs)
{
  if (g_str_equal (method, "clearAllParams"))
    action_clear (action);
  else if (g_str_equal (method, "invalidateBanEpoch"))
    action_queue_bump_epoch (action->queue, action);
  else if (g_str_equal (method, "escapeTag"))
    return escape_tag (kwargs);
  else if (g_str_equal (method, "replaceTag"))
    return replace_tag (action, kwargs);
  else if (g_str_equal (method, "replaceDynamicTags"))
    return replace_dynamic_tags (kwargs);
  return py_none_new ();
}

/* --- calling --------------------------------------------------------------------------------------------------------- */

gboolean
action_call_prepare (Action *action, const char *method, const PyValue *kwargs, ActionCall *ret_call,
                     PyValue **ret_result)
{
  for (gsize row = 0; row < G_N_ELEMENTS (methods); row++)
    {
      if (!g_str_equal (methods[row].name, method))
        continue;
      PyValue *refused = check_arguments (row, kwargs);
      if (refused == NULL)
        refused = check_types (kwargs);
      if (refused != NULL || methods[row].kind == NO_TASK)
        {
          *ret_result = refused != NULL ? refused : call_at_once (action, method, kwargs);
          return FALSE;
        }
      ret_call->method = methods[row].method;
      PyValue *dict = kwargs != NULL ? py_dict_get_str (kwargs, "aInfo") : NULL;
      ret_call->info = dict != NULL ? action_info_new_plain (dict) : NULL;
      const PyValue *query = kwargs != NULL ? py_dict_get_str (kwargs, "cmd") : NULL;
      if (query == NULL && kwargs != NULL)
        query = py_dict_get_str (kwargs, "realCmd");
      ret_call->query = query != NULL ? py_str_peek (query, NULL) : NULL;
      return TRUE;
    }
  *ret_result = py_exception_new_printf ("AttributeError", "'CommandAction' object has no attribute '%s'", method);
  return FALSE;
}

PyValue *
action_call_result (ActionMethod method, gboolean value, const GError *error)
{
  if (error != NULL)
    return action_error_to_exception (error);
  switch (method)
    {
    case ACTION_METHOD_BAN:
    case ACTION_METHOD_REBAN:
    case ACTION_METHOD_PROLONG:
    case ACTION_METHOD_UNBAN:
      return py_none_new ();
    case ACTION_METHOD_START:
    case ACTION_METHOD_STOP:
    case ACTION_METHOD_FLUSH:
    case ACTION_METHOD_RELOAD:
    case ACTION_METHOD_CHECK:
    case ACTION_METHOD_COMMAND:
    default:
      return py_bool_new (value);
    }
}
