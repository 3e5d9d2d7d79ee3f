#include "control/command-table.h"

#include <stdlib.h>
#include <string.h>

#include "compat/py-repr.h"
#include "control/commands.h"

/* Sorted by path. */
const Command command_table[] = {
  { "add", 2, COMMAND_EXCLUSIVE, command_add },
  { "banned", 1, COMMAND_DEFAULT, command_banned },
  { "config-error", 2, COMMAND_DEFAULT, command_config_error },
  { "echo", 1, COMMAND_DEFAULT, command_echo },
  { "flushlogs", 1, COMMAND_DEFAULT, command_flushlogs },
  { "get JAIL action", 5, COMMAND_DEFAULT, command_get_action },
  { "get JAIL actionmethods", 4, COMMAND_DEFAULT, command_get_actionmethods },
  { "get JAIL actionproperties", 4, COMMAND_DEFAULT, command_get_actionproperties },
  { "get JAIL actions", 3, COMMAND_DEFAULT, command_get_actions },
  { "get JAIL banip", 3, COMMAND_DEFAULT, command_get_banip },
  { "get JAIL banned", 3, COMMAND_DEFAULT, command_get_banned },
  { "get JAIL bantime", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL bantime.*", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL datepattern", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL failregex", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL findtime", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL ignorecache", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL ignorecommand", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL ignoreip", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL ignoreregex", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL ignoreself", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL journalmatch", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL logencoding", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL logpath", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL logtimezone", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL maxlines", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL maxmatches", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL maxretry", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL prefregex", 3, COMMAND_DEFAULT, command_get_option },
  { "get JAIL usedns", 3, COMMAND_DEFAULT, command_get_option },
  { "get dbfile", 2, COMMAND_DEFAULT, command_get_dbfile },
  { "get dbmaxmatches", 2, COMMAND_DEFAULT, command_get_dbmaxmatches },
  { "get dbpurgeage", 2, COMMAND_DEFAULT, command_get_dbpurgeage },
  { "get loglevel", 2, COMMAND_DEFAULT, command_get_loglevel },
  { "get logtarget", 2, COMMAND_DEFAULT, command_get_logtarget },
  { "get syslogsocket", 2, COMMAND_DEFAULT, command_get_syslogsocket },
  { "get thread", 2, COMMAND_DEFAULT, command_get_thread },
  { "multi-set JAIL action", 4, COMMAND_DEFAULT, command_multi_set_action },
  { "multi-set JAIL addfailregex", 4, COMMAND_DEFAULT, command_multi_set_addregex },
  { "multi-set JAIL addignoreregex", 4, COMMAND_DEFAULT, command_multi_set_addregex },
  { "ping", 1, COMMAND_DEFAULT, command_ping },
  { "reload", 1, COMMAND_EXCLUSIVE, command_reload },
  { "server-status", 1, COMMAND_DEFAULT, command_server_status },
  { "server-stream", 2, COMMAND_EXCLUSIVE, command_server_stream },
  { "set JAIL action", 4, COMMAND_DEFAULT, command_set_action },
  { "set JAIL addaction", 4, COMMAND_DEFAULT, command_set_addaction },
  { "set JAIL addfailregex", 4, COMMAND_DEFAULT, command_set_addregex },
  { "set JAIL addignoreip", 3, COMMAND_DEFAULT, command_set_addignoreip },
  { "set JAIL addignoreregex", 4, COMMAND_DEFAULT, command_set_addregex },
  { "set JAIL addjournalmatch", 3, COMMAND_DEFAULT, command_set_journalmatch },
  { "set JAIL addlogpath", 4, COMMAND_DEFAULT, command_set_addlogpath },
  { "set JAIL attempt", 3, COMMAND_DEFAULT, command_set_attempt },
  { "set JAIL banip", 3, COMMAND_DEFAULT, command_set_banip },
  { "set JAIL bantime", 4, COMMAND_DEFAULT, command_set_option },
  { "set JAIL bantime.*", 4, COMMAND_DEFAULT, command_set_option },
  { "set JAIL datepattern", 4, COMMAND_DEFAULT, command_set_option },
  { "set JAIL delaction", 4, COMMAND_DEFAULT, command_set_delaction },
  { "set JAIL delfailregex", 4, COMMAND_DEFAULT, command_set_delregex },
  { "set JAIL delignoreip", 4, COMMAND_DEFAULT, command_set_delignoreip },
  { "set JAIL delignoreregex", 4, COMMAND_DEFAULT, command_set_delregex },
  { "set JAIL deljournalmatch", 3, COMMAND_DEFAULT, command_set_journalmatch },
  { "set JAIL dellogpath", 4, COMMAND_DEFAULT, command_set_dellogpath },
  { "set JAIL findtime", 4, COMMAND_DEFAULT, command_set_option },
  { "set JAIL idle", 4, COMMAND_DEFAULT, command_set_idle },
  { "set JAIL ignorecache", 4, COMMAND_DEFAULT, command_set_option },
  { "set JAIL ignorecommand", 4, COMMAND_DEFAULT, command_set_option },
  { "set JAIL ignoreself", 4, COMMAND_DEFAULT, command_set_option },
  { "set JAIL logencoding", 4, COMMAND_DEFAULT, command_set_option },
  { "set JAIL logtimezone", 4, COMMAND_DEFAULT, command_set_option },
  { "set JAIL maxlines", 4, COMMAND_DEFAULT, command_set_option },
  { "set JAIL maxmatches", 4, COMMAND_DEFAULT, command_set_option },
  { "set JAIL maxretry", 4, COMMAND_DEFAULT, command_set_option },
  { "set JAIL prefregex", 4, COMMAND_DEFAULT, command_set_option },
  { "set JAIL unbanip", 4, COMMAND_DEFAULT, command_set_unbanip },
  { "set JAIL usedns", 4, COMMAND_DEFAULT, command_set_option },
  { "set allowipv6", 3, COMMAND_DEFAULT, command_set_allowipv6 },
  { "set dbfile", 3, COMMAND_EXCLUSIVE, command_set_dbfile },
  { "set dbmaxmatches", 3, COMMAND_DEFAULT, command_set_dbmaxmatches },
  { "set dbpurgeage", 3, COMMAND_DEFAULT, command_set_dbpurgeage },
  { "set loglevel", 3, COMMAND_DEFAULT, command_set_loglevel },
  { "set logtarget", 3, COMMAND_DEFAULT, command_set_logtarget },
  { "set syslogsocket", 3, COMMAND_DEFAULT, command_set_syslogsocket },
  { "set thread", 3, COMMAND_DEFAULT, command_set_thread },
  { "sleep", 2, COMMAND_DEFAULT, command_sleep },
  { "start", 2, COMMAND_EXCLUSIVE, command_start },
  { "statistic", 1, COMMAND_DEFAULT, command_stats },
  { "statistics", 1, COMMAND_DEFAULT, command_stats },
  { "stats", 1, COMMAND_DEFAULT, command_stats },
  { "status", 1, COMMAND_DEFAULT, command_status },
  { "stop", 1, COMMAND_EXCLUSIVE, command_stop },
  { "unban", 1, COMMAND_DEFAULT, command_unban },
  { "version", 1, COMMAND_DEFAULT, command_version },
};
const guint command_table_length = G_N_ELEMENTS (command_table);

static int
compare_path (const void *key, const void *row)
{
  return strcmp (key, ((const Command *) row)->path);
}

static const Command *
look_up (const char *path)
{
  return bsearch (path, command_table, command_table_length, sizeof (Command), compare_path);
}

static const char *
word_text (PyValue *words, guint index)
{
  PyValue *word = index < py_seq_length (words) ? py_seq_peek (words, index) : NULL;

  return word != NULL && py_value_type (word) == PY_STR ? py_str_peek (word, NULL) : NULL;
}

/* "set", "get" and "multi-set": either of the server or of a jail. */
static const Command *
find_property (PyValue *words, const char *verb, GError **error)
{
  const char *first = word_text (words, 1), *second = word_text (words, 2);
  const char *plain = g_str_equal (verb, "multi-set") ? "set" : verb;
  g_autofree char *path = NULL;
  const Command *command;

  if (first != NULL && strchr (first, ' ') == NULL)
    {
      path = g_strconcat (plain, " ", first, NULL);
      command = look_up (path);
      if (command != NULL)
        return command;
      g_clear_pointer (&path, g_free);
    }
  if (py_seq_length (words) < 3)
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_INDEX, "list index out of range");
      return NULL;
    }
  if (second == NULL || strchr (second, ' ') != NULL)
    return NULL;
  path = g_strconcat (verb, " JAIL ", g_str_has_prefix (second, "bantime.") ? "bantime.*" : second, NULL);
  command = look_up (path);
  if (command != NULL || plain == verb)
    return command;
  g_free (path);
  path = g_strconcat ("set JAIL ", g_str_has_prefix (second, "bantime.") ? "bantime.*" : second, NULL);
  return look_up (path);
}

static void
refuse (PyValue *words, const char *verb, GError **error)
{
  g_autofree char *repr = NULL;

  if (verb == NULL || !(g_str_equal (verb, "set") || g_str_equal (verb, "get") || g_str_equal (verb, "multi-set")))
    g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_GENERAL, "Invalid command");
  else if (py_value_type (py_seq_peek (words, 2)) != PY_STR)
    g_set_error (error, JAIL_ERROR, JAIL_ERROR_ATTRIBUTE, "'%s' object has no attribute 'startswith'",
                 py_value_type_name (py_seq_peek (words, 2)));
  else if (g_str_equal (verb, "get"))
    g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_GENERAL,
                         "Invalid command (no get action or not yet implemented)");
  else
    {
      repr = py_repr (py_seq_peek (words, 2));
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_GENERAL, "Invalid command %s (no set action or not yet implemented)",
                   repr);
    }
}

const Command *
command_table_find (PyValue *words, GError **error)
{
  g_autoptr (GError) local = NULL;
  const Command *command = NULL;
  const char *verb;

  if (!py_value_is_seq (words))
    {
      if (py_value_type (words) == PY_STR && py_value_truth (words))
        refuse (words, NULL, error);
      else
        g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "'%s' object is not subscriptable",
                     py_value_type_name (words));
      return NULL;
    }
  if (py_seq_length (words) == 0)
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_INDEX, "list index out of range");
      return NULL;
    }
  verb = word_text (words, 0);
  if (verb != NULL && (g_str_equal (verb, "set") || g_str_equal (verb, "get") || g_str_equal (verb, "multi-set")))
    command = find_property (words, verb, &local);
  else if (verb != NULL && strchr (verb, ' ') == NULL)
    command = look_up (verb);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else if (command == NULL)
    refuse (words, verb, error);
  return command;
}
