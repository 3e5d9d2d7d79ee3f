#include "config/config-jail.h"

#include <string.h>

#include "base/bracket-options.h"
#include "base/version.h"
#include "compat/py-fs.h"
#include "compat/py-json.h"
#include "compat/py-repr.h"
#include "compat/py-held.h"
#include "compat/py-text.h"
#include "config/config-action.h"
#include "config/config-command.h"
#include "config/config-filter.h"
#include "config/config-log.h"
#include "config/config.h"

#define LOGGER "fail2ban.jailreader"

/* What must be known before the filter is read. */
static const ConfigSpec first_specs[] = {
  { "enabled", CONFIG_BOOL, "False" },
  { "backend", CONFIG_STRING, "auto" },
  { "filter", CONFIG_STRING, "" },
};

/* In the order of the commands. */
static const ConfigSpec all_specs[] = {
  { "enabled", CONFIG_BOOL, "False" },
  { "backend", CONFIG_STRING, "auto" },
  { "maxretry", CONFIG_INT, NULL },
  { "maxmatches", CONFIG_INT, NULL },
  { "findtime", CONFIG_STRING, NULL },
  { "bantime", CONFIG_STRING, NULL },
  { "bantime.increment", CONFIG_BOOL, NULL },
  { "bantime.factor", CONFIG_STRING, NULL },
  { "bantime.formula", CONFIG_STRING, NULL },
  { "bantime.multipliers", CONFIG_STRING, NULL },
  { "bantime.maxtime", CONFIG_STRING, NULL },
  { "bantime.rndtime", CONFIG_STRING, NULL },
  { "bantime.overalljails", CONFIG_BOOL, NULL },
  { "ignorecommand", CONFIG_STRING, NULL },
  { "ignoreself", CONFIG_BOOL, NULL },
  { "ignoreip", CONFIG_STRING, NULL },
  { "ignorecache", CONFIG_STRING, NULL },
  { "filter", CONFIG_STRING, "" },
  { "logtimezone", CONFIG_STRING, NULL },
  { "logencoding", CONFIG_STRING, NULL },
  { "logpath", CONFIG_STRING, NULL },
  { "skip_if_nologs", CONFIG_BOOL, "False" },
  { "systemd_if_nologs", CONFIG_BOOL, "True" },
  { "action", CONFIG_STRING, "" },
  /* as in config-filter.c */
  { "usedns", CONFIG_STRING, NULL },
  { "prefregex", CONFIG_STRING, NULL },
  { "ignoreregex", CONFIG_STRING, NULL },
  { "failregex", CONFIG_STRING, NULL },
  { "maxlines", CONFIG_INT, NULL },
  { "datepattern", CONFIG_STRING, NULL },
  { "journalmatch", CONFIG_STRING, NULL },
};

/* Options that are no command of their own; those of filters are in config_filter_specs. */
static const char *const quiet_options[]
    = { "action", "filter", "enabled", "backend", "skip_if_nologs", "systemd_if_nologs", NULL };

struct ConfigJail
{
  ConfigFiles *files;
  PyIni *ini;
  char *name;
  gboolean force_enable;
  PyOptions *options;
  ConfigDefinition *filter; /* NULL: none */
  GPtrArray *actions;       /* of ActionEntry */
  char *wrong;              /* why the jail is left out; NULL when it is not */
};

/* An action of action.d, or the finished command of a Python action. */
typedef struct
{
  ConfigAction *action;
  PyValue *command;
} ActionEntry;

static void
action_entry_free (gpointer data)
{
  ActionEntry *entry = data;

  config_action_free (entry->action);
  py_value_unref (entry->command);
  g_free (entry);
}

ConfigJail *
config_jail_new (ConfigFiles *files, PyIni *ini, const char *name, gboolean force_enable)
{
  ConfigJail *self = g_new0 (ConfigJail, 1);

  self->files = files;
  self->ini = ini;
  self->name = g_strdup (name);
  self->force_enable = force_enable;
  self->options = py_options_new ();
  self->actions = g_ptr_array_new_with_free_func (action_entry_free);
  return self;
}

void
config_jail_free (ConfigJail *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->actions);
  config_definition_free (self->filter);
  py_options_free (self->options);
  g_free (self->wrong);
  g_free (self->name);
  g_free (self);
}

const char *
config_jail_peek_name (const ConfigJail *self)
{
  return self->name;
}

ConfigDefinition *
config_jail_peek_filter (const ConfigJail *self)
{
  return self->filter;
}

gboolean
config_jail_is_enabled (const ConfigJail *self)
{
  PyValue *enabled = py_options_get (self->options, "enabled");

  return self->force_enable || (enabled != NULL && py_value_truth (enabled));
}

/* --- reading ------------------------------------------------------------------------------------------------------- */

static Log *
jail_log (const ConfigJail *self)
{
  return config_files_peek_log (self->files);
}

/* The jail is left out with this reason. */
static ConfigJailResult
jail_wrong (ConfigJail *self, char *reason)
{
  config_log (jail_log (self), LOG_LEVEL_ERROR, LOGGER, "%s", reason);
  g_free (self->wrong);
  self->wrong = reason;
  return CONFIG_JAIL_WRONG;
}

static ConfigJailResult
jail_wrong_definition (ConfigJail *self, const char *kind, const char *text, const GError *why)
{
  g_autofree char *repr = py_held_repr (text);

  return jail_wrong (self, g_strdup_printf ("Invalid %s definition %s: %s", kind, repr, why->message));
}

static gboolean
jail_read_options (ConfigJail *self, const ConfigSpec *specs, guint n_specs, ConfigOptionsFlags flags, GError **error)
{
  PyOptions *options = py_options_new ();

  py_options_free (self->options);
  self->options = options;
  return config_options_read (self->ini, self->name, (ConfigSpecs){ specs, n_specs }, NULL, NULL, flags,
                              jail_log (self), options, error);
}

static const char *
jail_text (const ConfigJail *self, const char *option, const char *absent)
{
  const char *text = py_options_get_text (self->options, option);

  return text != NULL ? text : absent;
}

/* What the filter has is known to the jail as "known/...", for %(known/failregex)s and the like. */
static gboolean
jail_learn_filter_options (ConfigJail *self, GError **error)
{
  g_autoptr (PyOptions) options = config_definition_combine (self->filter, NULL, error);
  PyOptions *section = py_ini_add_section (self->ini, self->name);

  if (options == NULL)
    return FALSE;
  for (guint i = 0; i < py_options_size (options); i++)
    {
      const char *name = py_options_peek_name (options, i);
      if (g_str_has_prefix (name, "known/") || strcmp (name, "__name__") == 0)
        continue;
      g_autofree char *known = g_strconcat ("known/", name, NULL);
      py_options_set (section, known, py_value_ref (py_options_peek_value (options, i)));
    }
  return TRUE;
}

static ConfigJailResult
jail_read_filter (ConfigJail *self, const PyOptions *extra, GError **error)
{
  const char *text = jail_text (self, "filter", "");
  g_autoptr (GError) syntax = NULL;
  g_autoptr (PyValue) dict = NULL;
  g_autofree char *name = NULL;
  gboolean complete;

  if (*text == '\0')
    {
      config_log (jail_log (self), LOG_LEVEL_WARNING, LOGGER, "No filter set for jail %s", self->name);
      return CONFIG_JAIL_READ;
    }
  if (!bracket_options_parse (text, &name, &dict, &syntax))
    return jail_wrong_definition (self, "filter", text, syntax);

  PyOptions *options = py_options_new_from_dict (dict);
  py_options_update (options, extra);
  self->filter = config_filter_new (self->files, name, options);
  if (!config_definition_read (self->filter, &complete, error))
    return CONFIG_JAIL_FAILED;
  if (!complete)
    {
      g_autofree char *repr = py_held_repr (name);
      return jail_wrong (self, g_strdup_printf ("Unable to read the filter %s", repr));
    }
  config_filter_set_backend (self->filter, jail_text (self, "backend", ""));
  if (!config_definition_get_options (self->filter, self->options, TRUE, error)
      || !jail_learn_filter_options (self, error))
    return CONFIG_JAIL_FAILED;
  return CONFIG_JAIL_READ;
}

/* A Python action: its options go to the server as JSON. */
static gboolean
jail_add_python_action (ConfigJail *self, const char *file, PyOptions *options, GError **error)
{
  PyValue *given = py_options_get (options, "actname");
  g_autofree char *name
      = given != NULL ? g_strdup (py_str_peek (given, NULL)) : g_strndup (file, py_path_stem_length (file));
  g_autofree char *dir = py_path_join (config_files_peek_basedir (self->files), "action.d");
  g_autofree char *path = py_path_join (dir, file);

  (void) py_options_remove (options, "actname");
  g_autoptr (PyValue) dict = py_options_to_value (options);
  g_autofree char *json = py_json_dump (dict, PY_JSON_DEFAULT, error);
  if (json == NULL)
    return FALSE;

  ActionEntry *entry = g_new0 (ActionEntry, 1);
  entry->command = config_command_new ("set", self->name, "addaction", name, path, json, NULL);
  g_ptr_array_add (self->actions, entry);
  return TRUE;
}

/* `native = no` of a jail, or of [DEFAULT] for all jails, is an option of each of its actions that has none of its own: bans by the
 * shell.  Ours, the reference knows no such option. */
static gboolean
jail_add_native (const ConfigJail *self, PyOptions *options, GError **error)
{
  PyValue *value = NULL;

  if (py_options_get (options, "native") != NULL)
    return TRUE;
  switch (py_ini_get (self->ini, self->name, "native", NULL, &value, error))
    {
    case PY_INI_FOUND:
      py_options_set (options, "native", value);
      return TRUE;
    case PY_INI_NO_SECTION:
    case PY_INI_NO_OPTION:
      return TRUE;
    case PY_INI_FAILED:
    default:
      return FALSE;
    }
}

static ConfigJailResult
jail_add_action_file (ConfigJail *self, const char *file, PyOptions *options, GError **error)
{
  if (!jail_add_native (self, options, error))
    {
      py_options_free (options);
      return CONFIG_JAIL_FAILED;
    }
  ActionEntry *entry = g_new0 (ActionEntry, 1);
  gboolean complete;

  entry->action = config_action_new (self->files, file, self->name, options);
  g_ptr_array_add (self->actions, entry);
  if (!config_action_read (entry->action, self->options, &complete, error))
    return CONFIG_JAIL_FAILED;
  if (complete)
    return CONFIG_JAIL_READ;

  g_autofree char *repr = py_held_repr (file);
  return jail_wrong (self, g_strdup_printf ("Unable to read action %s", repr));
}

/* What the reference shows of an exception within another: its repr. */
static char *
error_repr (const GError *error)
{
  const char *class_name = config_error_class (error);

  if (g_str_has_prefix (class_name, "configparser."))
    return g_strdup (error->message);
  g_autofree char *message = py_held_repr (error->message);
  return g_strdup_printf ("%s(%s)", class_name, message);
}

static ConfigJailResult
jail_add_action (ConfigJail *self, const char *text, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autoptr (PyValue) dict = NULL;
  g_autofree char *file = NULL;
  ConfigJailResult result;

  if (!bracket_options_parse (text, &file, &dict, &local_error))
    return jail_wrong_definition (self, "action", text, local_error);

  if (g_str_has_suffix (file, ".py"))
    {
      g_autoptr (PyOptions) options = py_options_new_from_dict (dict);
      result = jail_add_python_action (self, file, options, &local_error) ? CONFIG_JAIL_READ : CONFIG_JAIL_FAILED;
    }
  else
    result = jail_add_action_file (self, file, py_options_new_from_dict (dict), &local_error);
  if (result == CONFIG_JAIL_FAILED)
    {
      g_autofree char *repr = py_held_repr (text);
      g_autofree char *inner = error_repr (local_error);
      g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "Error in action definition %s: %s", repr, inner);
    }
  return result;
}

static ConfigJailResult
jail_read_actions (ConfigJail *self, GError **error)
{
  g_autoptr (GPtrArray) texts = bracket_options_split (jail_text (self, "action", ""));

  for (guint i = 0; i < texts->len; i++)
    {
      ConfigJailResult result = jail_add_action (self, g_ptr_array_index (texts, i), error);
      if (result != CONFIG_JAIL_READ)
        return result;
    }
  if (self->actions->len == 0)
    config_log (jail_log (self), LOG_LEVEL_WARNING, LOGGER, "No actions were defined for %s", self->name);
  return CONFIG_JAIL_READ;
}

ConfigJailResult
config_jail_read (ConfigJail *self, const PyOptions *extra, GError **error)
{
  PyOptions *defaults = py_ini_peek_defaults (self->ini);

  py_options_set_text (defaults, "fail2ban_version", FAIL2BAN_VERSION);
  py_options_set_text (defaults, "fail2ban_confpath", config_files_peek_basedir (self->files));
  if (!jail_read_options (self, first_specs, G_N_ELEMENTS (first_specs), CONFIG_OPTIONS_MUST_EXIST, error))
    return CONFIG_JAIL_FAILED;
  py_options_update (self->options, extra);
  if (!config_jail_is_enabled (self))
    return CONFIG_JAIL_READ;

  ConfigJailResult result = jail_read_filter (self, extra, error);
  if (result != CONFIG_JAIL_READ)
    return result;
  if (!jail_read_options (self, all_specs, G_N_ELEMENTS (all_specs), CONFIG_OPTIONS_DEFAULT, error))
    return CONFIG_JAIL_FAILED;
  if (self->filter != NULL && !config_definition_get_options (self->filter, self->options, FALSE, error))
    return CONFIG_JAIL_FAILED;
  return jail_read_actions (self, error);
}

PyOptions *
config_jail_combine (const ConfigJail *self, GError **error)
{
  g_autoptr (PyOptions) filter = NULL;

  if (self->filter != NULL && (filter = config_definition_combine (self->filter, NULL, error)) == NULL)
    return NULL;
  return py_options_merged (self->options, filter);
}

/* --- commands ------------------------------------------------------------------------------------------------------ */

/* One line of logpath: a pattern and, behind the last blank, "head" or "tail".  Returns the number of files. */
static guint
jail_append_log_files (const ConfigJail *self, const char *line, GPtrArray *stream)
{
  const char *blank = strrchr (line, ' ');
  g_autofree char *pattern = blank != NULL ? g_strndup (line, (gsize) (blank - line)) : g_strdup (line);
  g_autoptr (GPtrArray) paths = py_glob (pattern);
  guint found = 0;

  for (guint i = 0; i < paths->len; i++)
    {
      const char *path = g_ptr_array_index (paths, i);
      if (!py_fs_exists (path))
        {
          config_log (jail_log (self), LOG_LEVEL_WARNING, LOGGER,
                      "File %s is a dangling link, thus cannot be monitored", path);
          continue;
        }
      g_ptr_array_add (
          stream, config_command_new ("set", self->name, "addlogpath", path, blank != NULL ? blank + 1 : "head", NULL));
      found++;
    }
  if (found == 0)
    config_log (jail_log (self), LOG_LEVEL_NOTICE, LOGGER, "No file(s) found for glob %s", pattern);
  return found;
}

static guint
jail_append_logpath (const ConfigJail *self, const char *text, GPtrArray *stream)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint found = 0;

  if (*text == '\0')
    return jail_append_log_files (self, "", stream);
  for (guint i = 0; lines[i] != NULL; i++)
    found += jail_append_log_files (self, lines[i], stream);
  return found;
}

static gboolean
jail_option_is_true (const ConfigJail *self, const char *option)
{
  PyValue *value = py_options_get (self->options, option);

  return value != NULL && py_value_truth (value);
}

/* The jail has no log file.  *backend may become "systemd"; *ret_skip: the jail is left out. */
static gboolean
jail_without_logs (const ConfigJail *self, gboolean allowed, const char **backend, gboolean *ret_skip, GError **error)
{
  PyValue *match = py_options_get (self->options, "journalmatch");
  gboolean to_journal = g_str_has_prefix (*backend, "auto") && jail_option_is_true (self, "systemd_if_nologs")
                        && match != NULL && py_value_type (match) != PY_NONE;
  gboolean skip = !to_journal && jail_option_is_true (self, "skip_if_nologs");
  g_autofree char *message = g_strdup_printf ("Have not found any log file for '%s' jail.%s", self->name,
                                              to_journal ? " Jail will monitor systemd journal." : "");

  if (!to_journal && !allowed && !skip)
    {
      g_set_error_literal (error, CONFIG_ERROR, CONFIG_ERROR_VALUE, message);
      return FALSE;
    }
  if (to_journal)
    *backend = "systemd";
  config_log (jail_log (self), LOG_LEVEL_WARNING, LOGGER, "%s", message);
  *ret_skip = skip;
  return TRUE;
}

/* Words between blanks and commas. */
static void
append_words (PyValue *command, const char *text)
{
  const char *start = text;

  for (const char *p = text;; p = g_utf8_next_char (p))
    {
      if (*p != '\0' && *p != ',' && !py_unichar_is_space (g_utf8_get_char (p)))
        continue;
      if (p > start)
        {
          g_autofree char *word = g_strndup (start, (gsize) (p - start));
          config_command_append_text (command, word);
        }
      if (*p == '\0')
        return;
      start = g_utf8_next_char (p);
    }
}

static void
jail_append_option (const ConfigJail *self, const char *option, PyValue *value, GPtrArray *stream)
{
  PyValue *command;

  if (strcmp (option, "ignoreip") == 0)
    {
      command = config_command_new ("set", self->name, "addignoreip", NULL);
      if (py_value_type (value) == PY_STR)
        append_words (command, py_str_peek (value, NULL));
    }
  else if (g_strv_contains (quiet_options, option) || config_specs_find (config_filter_specs, option) != NULL)
    return;
  else
    {
      command = config_command_new ("set", self->name, option, NULL);
      config_command_append (command, value);
    }
  g_ptr_array_add (stream, command);
}

/* The jail's own options and log files.  *backend as in jail_without_logs. */
static gboolean
jail_append_options (const ConfigJail *self, gboolean allow_no_logs, GPtrArray *stream, const char **backend,
                     gboolean *ret_skip, GError **error)
{
  g_autoptr (GPtrArray) logs = config_stream_new (); /* behind all other options */

  for (guint i = 0; i < py_options_size (self->options) && !*ret_skip; i++)
    {
      const char *option = py_options_peek_name (self->options, i);
      PyValue *value = py_options_peek_value (self->options, i);
      if (strcmp (option, "logpath") != 0)
        jail_append_option (self, option, value, stream);
      else if (!g_str_has_prefix (*backend, "systemd")
               && jail_append_logpath (self, py_str_peek (value, NULL), logs) == 0
               && !jail_without_logs (self, allow_no_logs, backend, ret_skip, error))
        return FALSE;
    }
  g_ptr_array_extend_and_steal (stream, g_steal_pointer (&logs));
  return TRUE;
}

static gboolean
jail_append_actions (const ConfigJail *self, GPtrArray *stream, GError **error)
{
  for (guint i = 0; i < self->actions->len; i++)
    {
      ActionEntry *entry = g_ptr_array_index (self->actions, i);
      if (entry->command != NULL)
        g_ptr_array_add (stream, py_value_ref (entry->command));
      else if (!config_action_append_commands (entry->action, stream, error))
        return FALSE;
    }
  return TRUE;
}

static void
append_config_error (GPtrArray *stream, char *message)
{
  g_ptr_array_add (stream, config_command_new ("config-error", message, NULL));
  g_free (message);
}

/* Everything between "add" and "start", into stream. */
static gboolean
jail_append_body (ConfigJail *self, gboolean allow_no_logs, GPtrArray *stream, const char **backend, gboolean *ret_skip,
                  GError **error)
{
  if (self->filter != NULL)
    {
      g_autoptr (PyOptions) filter = config_definition_combine (self->filter, NULL, error);
      if (filter == NULL || !config_filter_append_commands (stream, filter, self->name, error))
        return FALSE;
    }
  return config_filter_append_commands (stream, self->options, self->name, error)
         && jail_append_options (self, allow_no_logs, stream, backend, ret_skip, error)
         && (*ret_skip || jail_append_actions (self, stream, error));
}

gboolean
config_jail_append_commands (ConfigJail *self, gboolean allow_no_logs, GPtrArray *stream, gboolean *ret_start,
                             GError **error)
{
  g_autoptr (GPtrArray) body = config_stream_new ();
  const char *backend = jail_text (self, "backend", "auto");
  gboolean skip = FALSE;

  *ret_start = FALSE;
  if (self->wrong != NULL)
    {
      append_config_error (
          stream, g_strdup_printf ("Jail '%s' skipped, because of wrong configuration: %s", self->name, self->wrong));
      return TRUE;
    }
  if (!jail_append_body (self, allow_no_logs, body, &backend, &skip, error))
    return FALSE;
  if (skip)
    {
      g_autofree char *message = g_strdup_printf ("Jail '%s' skipped, because of missing log files.", self->name);
      config_log (jail_log (self), LOG_LEVEL_WARNING, LOGGER, "%s", message);
      append_config_error (stream, g_steal_pointer (&message));
      return TRUE;
    }
  g_ptr_array_add (stream, config_command_new ("add", self->name, backend, NULL));
  g_ptr_array_extend_and_steal (stream, g_steal_pointer (&body));
  *ret_start = TRUE;
  return TRUE;
}
