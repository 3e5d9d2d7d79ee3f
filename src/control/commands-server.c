#include "control/commands.h"

#include "base/duration.h"
#include "base/version.h"
#include "compat/py-repr.h"
#include "control/server.h"

#define LOGGER_SERVER      "fail2ban.server"
#define LOGGER_TRANSMITTER "fail2ban.transmitter"

/* --- answers at once -------------------------------------------------------------------------------------------------------- */

PyValue *
command_ping (Call *call, GError **error)
{
  return py_str_new ("pong");
}

PyValue *
command_version (Call *call, GError **error)
{
  return py_str_new (FAIL2BAN_VERSION);
}

PyValue *
command_echo (Call *call, GError **error)
{
  return call_dup_words_from (call, 1);
}

PyValue *
command_server_status (Call *call, GError **error)
{
  return py_str_new ("Server ready");
}

PyValue *
command_config_error (Call *call, GError **error)
{
  g_autofree char *text = py_str (call_peek_word (call, 1, NULL), NULL);

  log_error (server_peek_log (call_peek_server (call)), LOGGER_TRANSMITTER, "%s", text);
  return py_none_new ();
}

static gboolean
on_slept (gpointer user_data)
{
  call_return (user_data, NULL);
  return G_SOURCE_REMOVE;
}

PyValue *
command_sleep (Call *call, GError **error)
{
  PyValue *word = call_peek_word (call, 1, NULL);
  double seconds;

  if (py_value_type (word) == PY_STR)
    {
      const char *text = py_str_peek (word, NULL);
      char *end;

      seconds = g_ascii_strtod (text, &end);
      if (end == text || *end != '\0')
        {
          g_autofree char *repr = py_repr (word);

          g_set_error (error, JAIL_ERROR, JAIL_ERROR_VALUE, "could not convert string to float: %s", repr);
          return NULL;
        }
    }
  else if (!py_value_to_double (word, &seconds))
    {
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "float() argument must be a string or a real number, not '%s'",
                   py_value_type_name (word));
      return NULL;
    }
  if (!(seconds >= 0))
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_VALUE, "sleep length must be non-negative");
      return NULL;
    }
  g_timeout_add ((guint) (MIN (seconds, 4e6) * 1000), on_slept, call);
  return NULL;
}

/* --- status -------------------------------------------------------------------------------------------------------------------- */

static PyValue *
dup_jail_list (GPtrArray *jails)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < jails->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", jail_peek_name (g_ptr_array_index (jails, i)));
  return py_list_new_items (
      py_tuple_new_items (py_str_new ("Number of jail"), py_int_new (jails->len), NULL),
      py_tuple_new_items (py_str_new ("Jail list"), py_str_new_len (names->str, (gssize) names->len), NULL), NULL);
}

static PyValue *
dup_status_of_all (GPtrArray *jails, const char *flavor)
{
  PyValue *dict = py_dict_new ();

  for (guint i = 0; i < jails->len; i++)
    {
      Jail *jail = g_ptr_array_index (jails, i);

      py_dict_set_str (dict, jail_peek_name (jail), jail_status (jail, flavor));
    }
  return dict;
}

static PyValue *
status_of_all (Call *call, const char *flavor)
{
  g_autoptr (GPtrArray) jails = jail_set_dup_sorted (server_peek_jails (call_peek_server (call)));
  PyValue *list;

  if (g_str_equal (flavor, "stats"))
    return dup_status_of_all (jails, flavor);
  list = dup_jail_list (jails);
  py_list_append (list, dup_status_of_all (jails, flavor));
  return list;
}

PyValue *
command_stats (Call *call, GError **error)
{
  return status_of_all (call, "stats");
}

PyValue *
command_status (Call *call, GError **error)
{
  const char *flavor = "basic";
  Jail *jail;

  if (call_get_length (call) == 1)
    {
      g_autoptr (GPtrArray) jails = jail_set_dup_sorted (server_peek_jails (call_peek_server (call)));

      return dup_jail_list (jails);
    }
  if (call_get_length (call) > 3)
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_GENERAL, "Invalid command (no status)");
      return NULL;
    }
  if (call_get_length (call) == 3 && py_value_type (call_peek_word (call, 2, NULL)) == PY_STR)
    flavor = call_peek_text (call, 2, error);
  if (flavor == NULL)
    return NULL;
  if (py_str_equals (call_peek_word (call, 1, NULL), "--all"))
    return status_of_all (call, flavor);
  jail = call_peek_jail (call, 1, error);
  return jail != NULL ? jail_status (jail, flavor) : NULL;
}

/* For each id the jails it is banned in; without ids who is banned in each jail. */
PyValue *
command_banned (Call *call, GError **error)
{
  JailSet *jails = server_peek_jails (call_peek_server (call));
  PyValue *list = py_list_new ();

  for (guint i = 0; call_get_length (call) == 1 && i < jail_set_size (jails); i++)
    {
      Jail *jail = jail_set_peek_nth (jails, i);
      PyValue *dict = py_dict_new ();

      py_dict_set_str (dict, jail_peek_name (jail), jail_dup_banned (jail));
      py_list_append (list, dict);
    }
  for (guint i = 1; i < call_get_length (call); i++)
    {
      g_autofree char *id = py_str (call_peek_word (call, i, NULL), NULL);
      PyValue *names = py_list_new ();

      for (guint j = 0; j < jail_set_size (jails); j++)
        if (jail_is_banned (jail_set_peek_nth (jails, j), id))
          py_list_append (names, py_str_new (jail_peek_name (jail_set_peek_nth (jails, j))));
      py_list_append (list, names);
    }
  return list;
}

/* --- unban in all jails ----------------------------------------------------------------------------------------------------------- */

typedef struct
{
  Call *call;
  PyValue *ids;     /* NULL: all */
  GPtrArray *names; /* of the jails, in order */
  guint next;
  guint count;
} Unban;

static void unban_next (Unban *unban);

static void
on_unbanned (Jail *jail, guint count, const GError *error, gpointer user_data)
{
  Unban *unban = user_data;

  unban->count += count;
  unban_next (unban);
}

/* One jail after the other; a jail that has gone meanwhile is left out. */
static void
unban_next (Unban *unban)
{
  JailSet *jails = server_peek_jails (call_peek_server (unban->call));

  while (unban->next < unban->names->len)
    {
      Jail *jail = jail_set_peek (jails, g_ptr_array_index (unban->names, unban->next++));

      if (jail == NULL)
        continue;
      if (unban->ids == NULL)
        jail_unban_all (jail, on_unbanned, unban);
      else
        jail_unban (jail, unban->ids, FALSE, on_unbanned, unban);
      return;
    }
  call_return (unban->call, py_int_new (unban->count));
  g_ptr_array_unref (unban->names);
  py_value_unref (unban->ids);
  g_free (unban);
}

PyValue *
command_unban (Call *call, GError **error)
{
  JailSet *jails = server_peek_jails (call_peek_server (call));
  Unban *unban;

  if (call_get_length (call) < 2)
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_GENERAL, "Invalid command");
      return NULL;
    }
  unban = g_new0 (Unban, 1);
  unban->call = call;
  unban->names = g_ptr_array_new_with_free_func (g_free);
  if (call_get_length (call) != 2 || !py_str_equals (call_peek_word (call, 1, NULL), "--all"))
    unban->ids = call_dup_words_from (call, 1);
  for (guint i = 0; i < jail_set_size (jails); i++)
    g_ptr_array_add (unban->names, g_strdup (jail_peek_name (jail_set_peek_nth (jails, i))));
  unban_next (unban);
  return NULL;
}

/* --- which jails there are --------------------------------------------------------------------------------------------------------- */

static void
on_done (PyValue *failure, gpointer user_data)
{
  if (failure != NULL)
    call_raise (user_data, failure);
  else
    call_return (user_data, NULL);
}

static void
on_added (PyValue *failure, gpointer user_data)
{
  Call *call = user_data;

  if (failure != NULL)
    call_raise (call, failure);
  else
    call_return (call, py_value_ref (call_peek_word (call, 1, NULL)));
}

PyValue *
command_add (Call *call, GError **error)
{
  PyValue *word = call_peek_word (call, 1, NULL);
  const char *name, *backend = "auto";

  if (py_value_type (word) != PY_STR)
    {
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "object of type '%s' has no len()", py_value_type_name (word));
      return NULL;
    }
  name = call_peek_text (call, 1, error);
  if (name == NULL)
    return NULL;
  if (g_str_equal (name, "--all"))
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_GENERAL, "Reserved name '--all'");
      return NULL;
    }
  if (call_get_length (call) > 2)
    backend = call_peek_text (call, 2, error);
  if (backend != NULL)
    server_add_jail (call_peek_server (call), name, backend, on_added, call);
  return NULL;
}

PyValue *
command_start (Call *call, GError **error)
{
  Jail *jail = call_peek_jail (call, 1, error);

  if (jail == NULL)
    return NULL;
  server_start_jail (call_peek_server (call), jail);
  return py_none_new ();
}

PyValue *
command_stop (Call *call, GError **error)
{
  Server *server = call_peek_server (call);
  Jail *jail;

  if (call_get_length (call) == 1)
    server_quit_in_turn (server, on_done, call);
  else if (py_str_equals (call_peek_word (call, 1, NULL), "--all"))
    server_stop_all (server, on_done, call);
  else if ((jail = call_peek_jail (call, 1, error)) != NULL)
    server_stop_jail (server, jail, on_done, call);
  return NULL;
}

/* What is no list of commands; each character of a text is one that nobody knows. */
static void
refuse_commands (PyValue *commands, GError **error)
{
  if (py_value_type (commands) == PY_STR)
    g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_GENERAL, "Invalid command");
  else
    g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "'%s' object is not iterable", py_value_type_name (commands));
}

PyValue *
command_server_stream (Call *call, GError **error)
{
  PyValue *commands = call_peek_word (call, 1, NULL);

  if (py_value_is_seq (commands))
    server_run_commands (call_peek_server (call), commands, on_done, call);
  else
    refuse_commands (commands, error);
  return NULL;
}

static void
on_reloaded (PyValue *failure, gpointer user_data)
{
  if (failure != NULL)
    call_raise (user_data, failure);
  else
    call_return (user_data, py_str_new ("OK"));
}

PyValue *
command_reload (Call *call, GError **error)
{
  PyValue *name = call_peek_word (call, 1, NULL), *options = call_peek_word (call, 2, NULL);
  PyValue *commands = call_peek_word (call, 3, NULL);

  if (name == NULL)
    g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_TYPE,
                         "Server.reloadJails() missing 2 required positional arguments: 'name' and 'opts'");
  else if (options == NULL)
    g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_TYPE,
                         "Server.reloadJails() missing 1 required positional argument: 'opts'");
  else if (!py_str_equals (name, "--all") && !py_value_is_seq (options) && call_peek_jail (call, 1, error) == NULL)
    return NULL;
  else if (commands == NULL)
    (void) call_peek_word (call, 3, error);
  else if (!py_value_is_seq (options) || !py_value_is_seq (commands))
    refuse_commands (py_value_is_seq (options) ? commands : options, error);
  else if (call_peek_text (call, 1, NULL) == NULL)
    (void) call_peek_jail (call, 1, error); /* no name */
  else
    server_reload (call_peek_server (call), call_peek_text (call, 1, NULL), options, commands, on_reloaded, call);
  return NULL;
}

/* --- log ---------------------------------------------------------------------------------------------------------------------------- */

PyValue *
command_flushlogs (Call *call, GError **error)
{
  return py_str_new (server_flush_logs (call_peek_server (call)));
}

PyValue *
command_get_loglevel (Call *call, GError **error)
{
  const char *level = server_peek_log_level (call_peek_server (call));

  return level != NULL ? py_str_new (level) : py_none_new ();
}

PyValue *
command_set_loglevel (Call *call, GError **error)
{
  PyValue *word = call_peek_word (call, 2, NULL);
  const char *text;

  if (py_value_type (word) != PY_STR)
    {
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_ATTRIBUTE, "'%s' object has no attribute 'upper'",
                   py_value_type_name (word));
      return NULL;
    }
  text = call_peek_text (call, 2, error);
  if (text == NULL || !server_set_log_level (call_peek_server (call), text, error))
    return NULL;
  return command_get_loglevel (call, error);
}

static PyValue *
str_or_none (const char *text)
{
  return text != NULL ? py_str_new (text) : py_none_new ();
}

PyValue *
command_get_logtarget (Call *call, GError **error)
{
  return str_or_none (log_peek_target (server_peek_log (call_peek_server (call))));
}

PyValue *
command_set_logtarget (Call *call, GError **error)
{
  const char *target = call_peek_text (call, 2, error);

  if (target == NULL || !server_set_log_target (call_peek_server (call), target, error))
    return NULL;
  return command_get_logtarget (call, error);
}

PyValue *
command_get_syslogsocket (Call *call, GError **error)
{
  return str_or_none (log_peek_syslog_socket (server_peek_log (call_peek_server (call))));
}

PyValue *
command_set_syslogsocket (Call *call, GError **error)
{
  const char *path = call_peek_text (call, 2, error);
  Log *log = server_peek_log (call_peek_server (call));
  g_autoptr (GError) local = NULL;

  if (path == NULL)
    return NULL;
  if (!log_set_syslog_socket (log, path, &local))
    {
      log_error (log, LOGGER_SERVER, "%s", local->message);
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_GENERAL, "Failed to change syslog socket");
      return NULL;
    }
  return command_get_syslogsocket (call, error);
}

/* --- the rest ------------------------------------------------------------------------------------------------------------------------ */

PyValue *
command_set_allowipv6 (Call *call, GError **error)
{
  PyValue *value = call_peek_word (call, 2, NULL);
  JailServices *services = server_peek_services (call_peek_server (call));

  if (py_str_equals (value, "auto"))
    jail_services_set_ipv6 (services, JAIL_IPV6_AUTO);
  else
    jail_services_set_ipv6 (services, jail_option_is_yes (value) ? JAIL_IPV6_YES : JAIL_IPV6_NO);
  return py_value_ref (value);
}

/* There are no threads whose stack could have a size; the number is kept for who asks. */
PyValue *
command_set_thread (Call *call, GError **error)
{
  PyValue *options = call_peek_word (call, 2, NULL);

  if (py_value_type (options) != PY_DICT)
    {
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_ATTRIBUTE, "'%s' object has no attribute 'items'",
                   py_value_type_name (options));
      return NULL;
    }
  for (guint i = 0; i < py_dict_length (options); i++)
    {
      PyValue *name = py_dict_peek_key (options, i), *value = py_dict_peek_value (options, i);
      g_autofree char *repr = py_repr (name);
      double number;

      if (!py_str_equals (name, "stacksize"))
        {
          g_set_error (error, JAIL_ERROR, JAIL_ERROR_KEY, "unknown option %s", repr);
          return NULL;
        }
      if (py_value_to_double (value, &number))
        server_set_stack_size (call_peek_server (call), (gint64) CLAMP (number, 0, 1e9));
    }
  return py_none_new ();
}

PyValue *
command_get_thread (Call *call, GError **error)
{
  PyValue *dict = py_dict_new ();

  py_dict_set_str (dict, "stacksize", py_int_new (server_get_stack_size (call_peek_server (call))));
  return dict;
}

/* --- database ------------------------------------------------------------------------------------------------------------------------- */

PyValue *
command_get_dbfile (Call *call, GError **error)
{
  return str_or_none (jail_services_peek_store_path (server_peek_services (call_peek_server (call))));
}

PyValue *
command_set_dbfile (Call *call, GError **error)
{
  Server *server = call_peek_server (call);
  JailServices *services = server_peek_services (server);
  const char *path = call_peek_text (call, 2, error), *now = jail_services_peek_store_path (services);
  gboolean none;

  if (path == NULL)
    return NULL;
  none = g_ascii_strcasecmp (path, "none") == 0;
  if ((now != NULL && g_str_equal (now, path)) || (now == NULL && none))
    return command_get_dbfile (call, error);
  if (jail_set_size (server_peek_jails (server)) > 0)
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_RUNTIME,
                           "Cannot change database when there are jails present");
      return NULL;
    }
  if (!none && !server_make_folder_of (path, error))
    return NULL;
  if (!jail_services_open_store (services, none ? NULL : path, error))
    return NULL;
  return command_get_dbfile (call, error);
}

/* FALSE: there is no database, and the setting has no effect. */
static gboolean
has_store (Call *call, const char *setting)
{
  Server *server = call_peek_server (call);

  if (jail_services_peek_store_path (server_peek_services (server)) != NULL)
    return TRUE;
  if (setting != NULL)
    log_msg (server_peek_log (server), LOGGER_TRANSMITTER, "%s setting was not in effect since no db yet", setting);
  return FALSE;
}

PyValue *
command_get_dbmaxmatches (Call *call, GError **error)
{
  if (!has_store (call, NULL))
    return py_none_new ();
  return py_int_new (jail_services_get_max_matches (server_peek_services (call_peek_server (call))));
}

PyValue *
command_set_dbmaxmatches (Call *call, GError **error)
{
  gint64 number;

  if (!has_store (call, "dbmaxmatches"))
    return py_none_new ();
  if (!call_get_int (call, 2, &number, error))
    return NULL;
  jail_services_set_max_matches (server_peek_services (call_peek_server (call)), number);
  return command_get_dbmaxmatches (call, error);
}

PyValue *
command_get_dbpurgeage (Call *call, GError **error)
{
  if (!has_store (call, NULL))
    return py_none_new ();
  return py_int_new (jail_services_get_purge_age (server_peek_services (call_peek_server (call))));
}

PyValue *
command_set_dbpurgeage (Call *call, GError **error)
{
  PyValue *word = call_peek_word (call, 2, NULL);
  g_autoptr (PyValue) seconds = NULL;
  double number;

  if (!has_store (call, "dbpurgeage"))
    return py_none_new ();
  if (py_value_type (word) == PY_STR)
    seconds = duration_parse (py_str_peek (word, NULL), -1, error);
  else
    seconds = py_value_ref (word);
  if (seconds == NULL)
    return NULL;
  if (!py_value_to_double (seconds, &number))
    {
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "expected string or bytes-like object, got '%s'",
                   py_value_type_name (word));
      return NULL;
    }
  jail_services_set_purge_age (server_peek_services (call_peek_server (call)), (gint64) CLAMP (number, -1e15, 1e15));
  return command_get_dbpurgeage (call, error);
}
