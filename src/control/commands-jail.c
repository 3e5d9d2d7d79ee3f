#include "control/commands.h"

#include <string.h>

#include "base/bracket-options.h"
#include "compat/py-repr.h"
#include "control/server.h"

/* The last answer of most set commands: the option as it is now. */
static PyValue *
current (Call *call, Jail *jail, const char *option)
{
  return call_is_quiet (call) ? py_none_new () : jail_get (jail, option);
}

/* --- options ---------------------------------------------------------------------------------------------------------------- */

PyValue *
command_get_option (Call *call, GError **error)
{
  Jail *jail = call_peek_jail (call, 1, error);

  return jail != NULL ? jail_get (jail, call_peek_text (call, 2, NULL)) : NULL;
}

/* Some values are read before 1.1.2 looks for the jail. */
static gboolean
can_be_read (Call *call, const char *option, GError **error)
{
  static const char *const numbers[] = { "maxlines", "maxmatches", "maxretry", NULL };
  gint64 number;

  if (g_strv_contains (numbers, option))
    return call_get_int (call, 3, &number, error);
  if (g_str_equal (option, "ignorecache") && py_value_type (call_peek_word (call, 3, NULL)) == PY_STR)
    {
      g_autofree char *text = g_strdup_printf ("cache[%s]", call_peek_text (call, 3, NULL));
      g_autofree char *name = NULL;
      g_autoptr (PyValue) options = NULL;

      return bracket_options_parse (text, &name, &options, error);
    }
  return TRUE;
}

PyValue *
command_set_option (Call *call, GError **error)
{
  const char *option = call_peek_text (call, 2, NULL);
  Jail *jail = call_peek_jail (call, 1, NULL);

  if (jail == NULL && !can_be_read (call, option, error))
    return NULL;
  if (jail == NULL)
    jail = call_peek_jail (call, 1, error);
  if (jail == NULL || !jail_set (jail, option, call_peek_word (call, 3, NULL), error))
    return NULL;
  return current (call, jail, option);
}

PyValue *
command_set_idle (Call *call, GError **error)
{
  PyValue *word = call_peek_word (call, 3, NULL);
  gboolean on = py_str_equals (word, "on");
  Jail *jail;

  if (!on && !py_str_equals (word, "off"))
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_GENERAL, "Invalid idle option, must be 'on' or 'off'");
      return NULL;
    }
  jail = call_peek_jail (call, 1, error);
  if (jail == NULL)
    return NULL;
  jail_set_idle (jail, on);
  return py_bool_new (jail_is_idle (jail));
}

PyValue *
command_set_addignoreip (Call *call, GError **error)
{
  Jail *jail = call_peek_jail (call, 1, error);

  for (guint i = 3; jail != NULL && i < call_get_length (call); i++)
    {
      const char *text = call_peek_text (call, i, error);

      if (text == NULL || !jail_add_ignoreip (jail, text, error))
        return NULL;
    }
  return jail != NULL ? current (call, jail, "ignoreip") : NULL;
}

PyValue *
command_set_delignoreip (Call *call, GError **error)
{
  Jail *jail = call_peek_jail (call, 1, error);
  const char *text = jail != NULL ? call_peek_text (call, 3, error) : NULL;

  if (text == NULL || !jail_del_ignoreip (jail, text, error))
    return NULL;
  return current (call, jail, "ignoreip");
}

/* --- expressions -------------------------------------------------------------------------------------------------------------- */

static gboolean
add_regex (Jail *jail, const char *command, PyValue *regex, GError **error)
{
  if (py_value_type (regex) != PY_STR)
    {
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "expected string or bytes-like object, got '%s'",
                   py_value_type_name (regex));
      return FALSE;
    }
  if (g_str_equal (command, "addfailregex"))
    return jail_add_failregex (jail, py_str_peek (regex, NULL), error);
  return jail_add_ignoreregex (jail, py_str_peek (regex, NULL), error);
}

PyValue *
command_set_addregex (Call *call, GError **error)
{
  const char *command = call_peek_text (call, 2, NULL);
  Jail *jail = call_peek_jail (call, 1, error);

  if (jail == NULL || !add_regex (jail, command, call_peek_word (call, 3, NULL), error))
    return NULL;
  return current (call, jail, command + strlen ("add"));
}

/* A text where a list should be is a list of its letters, each of them an expression (1.1.2). */
static gboolean
add_letters (Jail *jail, const char *command, const PyValue *text, GError **error)
{
  gsize len;
  const char *letters = py_str_peek (text, &len);

  for (const char *at = letters; at < letters + len; at = g_utf8_next_char (at))
    {
      g_autoptr (PyValue) letter = py_str_new_len (at, g_utf8_next_char (at) - at);

      if (!add_regex (jail, command, letter, error))
        return FALSE;
    }
  return TRUE;
}

PyValue *
command_multi_set_addregex (Call *call, GError **error)
{
  const char *command = call_peek_text (call, 2, NULL);
  PyValue *list = call_peek_word (call, 3, NULL);
  Jail *jail = call_peek_jail (call, 1, error);

  if (jail == NULL)
    return NULL;
  if (py_value_type (list) == PY_STR)
    return add_letters (jail, command, list, error) ? py_bool_new (TRUE) : NULL;
  if (!py_value_is_seq (list))
    {
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "'%s' object is not iterable", py_value_type_name (list));
      return NULL;
    }
  for (guint i = 0; i < py_seq_length (list); i++)
    if (!add_regex (jail, command, py_seq_peek (list, i), error))
      return NULL;
  return py_bool_new (TRUE);
}

PyValue *
command_set_delregex (Call *call, GError **error)
{
  const char *command = call_peek_text (call, 2, NULL);
  gint64 index;
  Jail *jail;

  if (!call_get_int (call, 3, &index, error) || (jail = call_peek_jail (call, 1, error)) == NULL)
    return NULL;
  if (g_str_equal (command, "delfailregex"))
    jail_del_failregex (jail, index);
  else
    jail_del_ignoreregex (jail, index);
  return current (call, jail, command + strlen ("del"));
}

/* --- logs ------------------------------------------------------------------------------------------------------------------------ */

PyValue *
command_set_addlogpath (Call *call, GError **error)
{
  const char *path = call_peek_text (call, 3, error), *where = "head";
  gboolean tail;
  Jail *jail;

  if (call_get_length (call) > 5)
    g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_VALUE, "Only one file can be added at a time");
  if (path == NULL || call_get_length (call) > 5)
    return NULL;
  if (call_get_length (call) == 5)
    where = call_peek_text (call, 4, error);
  if (where == NULL)
    return NULL;
  tail = g_ascii_strcasecmp (where, "tail") == 0;
  if (!tail && g_ascii_strcasecmp (where, "head") != 0)
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_VALUE, "File option must be 'head' or 'tail'");
      return NULL;
    }
  jail = call_peek_jail (call, 1, error);
  if (jail == NULL || !jail_add_log (jail, path, tail, error))
    return NULL;
  return current (call, jail, "logpath");
}

PyValue *
command_set_dellogpath (Call *call, GError **error)
{
  const char *path = call_peek_text (call, 3, error);
  Jail *jail = path != NULL ? call_peek_jail (call, 1, error) : NULL;

  if (jail == NULL)
    return NULL;
  jail_del_log (jail, path);
  return current (call, jail, "logpath");
}

PyValue *
command_set_journalmatch (Call *call, GError **error)
{
  gboolean add = g_str_equal (call_peek_text (call, 2, NULL), "addjournalmatch");
  g_autoptr (PyValue) words = call_dup_words_from (call, 3);
  Jail *jail = call_peek_jail (call, 1, error);

  if (jail == NULL)
    return NULL;
  if (!(add ? jail_add_journalmatch (jail, words, error) : jail_del_journalmatch (jail, words, error)))
    return NULL;
  return current (call, jail, "journalmatch");
}

/* --- bans ------------------------------------------------------------------------------------------------------------------------- */

static void
on_counted (Jail *jail, guint count, const GError *error, gpointer user_data)
{
  if (error != NULL)
    call_fail (user_data, g_error_copy (error));
  else
    call_return (user_data, py_int_new (count));
}

PyValue *
command_set_banip (Call *call, GError **error)
{
  g_autoptr (PyValue) ids = call_dup_words_from (call, 3);
  Jail *jail = call_peek_jail (call, 1, error);

  if (jail != NULL)
    jail_ban (jail, ids, on_counted, call);
  return NULL;
}

PyValue *
command_set_unbanip (Call *call, GError **error)
{
  gboolean report = py_str_equals (call_peek_word (call, 3, NULL), "--report-absent");
  g_autoptr (PyValue) ids = call_dup_words_from (call, report ? 4 : 3);
  Jail *jail = call_peek_jail (call, 1, error);

  if (jail != NULL)
    jail_unban (jail, ids, report, on_counted, call);
  return NULL;
}

PyValue *
command_set_attempt (Call *call, GError **error)
{
  g_autoptr (PyValue) matches = call_dup_words_from (call, 4);
  Jail *jail = call_peek_jail (call, 1, error);
  const char *id;

  if (jail == NULL)
    return NULL;
  if (call_get_length (call) < 4)
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_TYPE,
                           "Filter.addAttempt() missing 1 required positional argument: 'ip'");
      return NULL;
    }
  id = call_peek_text (call, 3, error);
  if (id != NULL)
    jail_attempt (jail, id, matches, on_counted, call);
  return NULL;
}

PyValue *
command_get_banip (Call *call, GError **error)
{
  Jail *jail = call_peek_jail (call, 1, error);

  if (jail == NULL)
    return NULL;
  return jail_dup_ban_list (jail, call_get_length (call) > 3
                                      && py_str_equals (call_peek_word (call, 3, NULL), "--with-time"));
}

static PyValue *
is_banned (Call *call, Jail *jail, guint index)
{
  g_autofree char *id = py_str (call_peek_word (call, index, NULL), NULL);

  return py_int_new (jail_is_banned (jail, id) ? 1 : 0);
}

/* Without ids who is banned; with one 0 or 1, with several a list of them. */
PyValue *
command_get_banned (Call *call, GError **error)
{
  Jail *jail = call_peek_jail (call, 1, error);
  PyValue *list;

  if (jail == NULL)
    return NULL;
  if (call_get_length (call) == 3)
    return jail_dup_banned (jail);
  if (call_get_length (call) == 4)
    return is_banned (call, jail, 3);
  list = py_list_new ();
  for (guint i = 3; i < call_get_length (call); i++)
    py_list_append (list, is_banned (call, jail, i));
  return list;
}
