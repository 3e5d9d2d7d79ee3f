#include "config/config.h"

#include <string.h>

#include "compat/py-ini.h"
#include "compat/py-held.h"
#include "config/config-command.h"
#include "config/config-jail.h"
#include "config/config-log.h"

G_DEFINE_QUARK (config - error - quark, config_error)

#define DEFINITION "Definition"
#define THREAD     "Thread"

static const ConfigSpec early_specs[] = {
  { "socket", CONFIG_STRING, "/var/run/fail2ban/fail2ban.sock" },
  { "pidfile", CONFIG_STRING, "/var/run/fail2ban/fail2ban.pid" },
  { "loglevel", CONFIG_STRING, "INFO" },
  { "logtarget", CONFIG_STRING, "/var/log/fail2ban.log" },
  { "syslogsocket", CONFIG_STRING, "auto" },
};

/* In the order in which they are looked for, as the messages about missing ones show (1.1.2). */
static const ConfigSpec server_specs[] = {
  { "loglevel", CONFIG_STRING, "INFO" },
  { "logtarget", CONFIG_STRING, "STDERR" },
  { "syslogsocket", CONFIG_STRING, "auto" },
  { "allowipv6", CONFIG_STRING, "auto" },
  { "dbfile", CONFIG_STRING, "/var/lib/fail2ban/fail2ban.sqlite3" },
  { "dbmaxmatches", CONFIG_INT, NULL },
  { "dbpurgeage", CONFIG_STRING, "1d" },
};

/* In the order of the commands, which is the order in which the server must have them: where to log to first, the file of the
 * database before its settings. */
static const char *const server_commands[]
    = { "syslogsocket", "loglevel", "logtarget", "allowipv6", "dbfile", "dbmaxmatches", "dbpurgeage" };

static const ConfigSpec thread_specs[] = {
  { "stacksize", CONFIG_INT, NULL },
};

/* What one config_read made.  It is kept until the next one or the end of the Config: a program that only prints the
 * commands ends without the many calls of free (a tenth of its time). */
typedef struct
{
  ConfigFiles *files;
  PyIni *ini;       /* jail.conf, lent by files */
  GPtrArray *jails; /* of ConfigJail: the enabled and the wrong ones */
  PyValue *commands;
  gboolean any_good, any_wrong;
} Reading;

struct Config
{
  char *basedir;
  Log *log;
  ConfigFiles *main_files; /* with fail2ban.conf; NULL before it is read */
  PyIni *main;             /* lent by main_files */
  Reading *last;           /* NULL before config_read */
};

const char *
config_error_class (const GError *error)
{
  static const char *const classes[] = {
    [CONFIG_ERROR_VALUE] = "ValueError",
    [CONFIG_ERROR_LOOKUP] = "LookupError",
    [CONFIG_ERROR_RECURSION] = "RecursionError",
    [CONFIG_ERROR_LIMIT] = "MemoryError",
  };

  if (error->domain == PY_INI_ERROR)
    return py_ini_error_class ((PyIniError) error->code);
  if (error->domain != CONFIG_ERROR)
    return "ValueError"; /* bracket-options, shlex, log levels */
  g_return_val_if_fail ((guint) error->code < G_N_ELEMENTS (classes), NULL);
  return classes[error->code];
}

static void
jail_free (gpointer jail)
{
  config_jail_free (jail);
}

static Reading *
reading_new (const char *basedir, Log *log)
{
  Reading *self = g_new0 (Reading, 1);

  self->files = config_files_new (basedir, log);
  self->jails = g_ptr_array_new_with_free_func (jail_free);
  return self;
}

static void
reading_free (Reading *self)
{
  if (self == NULL)
    return;
  py_value_unref (self->commands);
  g_ptr_array_unref (self->jails);
  config_files_free (self->files);
  g_free (self);
}

Config *
config_new (const char *basedir, Log *log)
{
  Config *self = g_new0 (Config, 1);

  self->basedir = g_strdup (basedir);
  self->log = log;
  return self;
}

void
config_free (Config *self)
{
  if (self == NULL)
    return;
  reading_free (self->last);
  config_files_free (self->main_files);
  g_free (self->basedir);
  g_free (self);
}

const char *
config_peek_basedir (const Config *self)
{
  return self->basedir;
}

void
config_main_clear (ConfigMain *self)
{
  g_clear_pointer (&self->socket, g_free);
  g_clear_pointer (&self->pidfile, g_free);
  g_clear_pointer (&self->loglevel, g_free);
  g_clear_pointer (&self->logtarget, g_free);
  g_clear_pointer (&self->syslogsocket, g_free);
}

/* --- fail2ban.conf ------------------------------------------------------------------------------------------------- */

static gboolean
read_main (Config *self, GError **error)
{
  gboolean complete;

  if (self->main != NULL)
    return TRUE;
  g_autoptr (ConfigFiles) files = config_files_new (self->basedir, self->log);
  PyIni *ini = config_files_read (files, "fail2ban", &complete, error);
  if (ini == NULL)
    return FALSE;
  if (!complete)
    {
      g_set_error_literal (error, CONFIG_ERROR, CONFIG_ERROR_LOOKUP, "Read fail2ban configuration failed.");
      return FALSE;
    }
  self->main_files = g_steal_pointer (&files);
  self->main = ini;
  return TRUE;
}

static PyOptions *
read_main_section (Config *self, const char *section, const ConfigSpec *specs, guint n_specs, GError **error)
{
  g_autoptr (PyOptions) options = py_options_new ();

  if (!config_options_read (self->main, section, (ConfigSpecs){ specs, n_specs }, NULL, NULL, CONFIG_OPTIONS_DEFAULT,
                            self->log, options, error))
    return NULL;
  return g_steal_pointer (&options);
}

/* The reference makes a number of what is all digits, and a level's name of the rest. */
gboolean
config_check_log_level (const char *text, int *ret_level, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  int level;

  if (!log_level_parse (text, &level, &local_error))
    {
      g_set_error_literal (error, CONFIG_ERROR, CONFIG_ERROR_VALUE, local_error->message);
      return FALSE;
    }
  if (ret_level != NULL)
    *ret_level = level;
  return TRUE;
}

gboolean
config_complete_main (Config *self, ConfigMain *main, GError **error)
{
  char **fields[] = { &main->socket, &main->pidfile, &main->loglevel, &main->logtarget, &main->syslogsocket };
  g_autoptr (PyOptions) early = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    {
      if (*fields[i] != NULL)
        continue;
      if (early == NULL)
        {
          if (!read_main (self, error))
            return FALSE;
          early = read_main_section (self, DEFINITION, early_specs, G_N_ELEMENTS (early_specs), error);
          if (early == NULL)
            return FALSE;
        }
      *fields[i] = g_strdup (py_options_get_text (early, early_specs[i].name));
    }
  return TRUE;
}

static void
override_text (PyOptions *options, const char *name, const char *text)
{
  if (text != NULL)
    py_options_set_text (options, name, text);
}

static gboolean
append_main_commands (Config *self, const ConfigMain *main, GPtrArray *stream, GError **error)
{
  g_autoptr (PyOptions) options
      = read_main_section (self, DEFINITION, server_specs, G_N_ELEMENTS (server_specs), error);
  g_autoptr (PyOptions) thread = NULL;

  if (options == NULL)
    return FALSE;
  if (main != NULL)
    {
      override_text (options, "loglevel", main->loglevel);
      override_text (options, "logtarget", main->logtarget);
      override_text (options, "syslogsocket", main->syslogsocket);
    }
  if (!config_check_log_level (py_options_get_text (options, "loglevel"), NULL, error))
    return FALSE;
  if (py_ini_peek_section (self->main, THREAD) != NULL
      && (thread = read_main_section (self, THREAD, thread_specs, G_N_ELEMENTS (thread_specs), error)) == NULL)
    return FALSE;

  if (thread != NULL && py_options_size (thread) > 0)
    {
      PyValue *command = config_command_new ("set", "thread", NULL);
      py_list_append (command, py_options_to_value (thread));
      g_ptr_array_add (stream, command);
    }
  for (guint i = 0; i < G_N_ELEMENTS (server_commands); i++)
    {
      PyValue *value = py_options_get (options, server_commands[i]);
      if (value == NULL)
        continue;
      PyValue *command = config_command_new ("set", server_commands[i], NULL);
      config_command_append (command, value);
      g_ptr_array_add (stream, command);
    }
  return TRUE;
}

/* --- jail.conf ----------------------------------------------------------------------------------------------------- */

static gboolean
read_jail (Reading *reading, const char *name, gboolean strict, GError **error)
{
  g_autoptr (ConfigJail) jail = config_jail_new (reading->files, reading->ini, name, FALSE);
  g_autofree char *repr = NULL;

  switch (config_jail_read (jail, NULL, error))
    {
    case CONFIG_JAIL_READ:
      if (!config_jail_is_enabled (jail))
        return TRUE;
      reading->any_good = TRUE;
      break;
    case CONFIG_JAIL_WRONG:
      repr = py_held_repr (name);
      config_log (config_files_peek_log (reading->files), LOG_LEVEL_ERROR, "fail2ban.jailsreader",
                  "Errors in jail %s.%s", repr, strict ? "" : " Skipping...");
      reading->any_wrong = TRUE;
      break;
    case CONFIG_JAIL_FAILED:
    default:
      return FALSE;
    }
  g_ptr_array_add (reading->jails, g_steal_pointer (&jail));
  return TRUE;
}

/* Every section but [INCLUDES] and what stands for overwritten values. */
static gboolean
read_jails (Reading *reading, gboolean strict, GError **error)
{
  guint n_sections = py_ini_section_count (reading->ini);

  for (guint i = 0; i < n_sections; i++)
    {
      const char *name = py_ini_peek_section_name (reading->ini, i);
      if (strcmp (name, "INCLUDES") == 0 || g_str_has_prefix (name, "KNOWN/"))
        continue;
      if (!read_jail (reading, name, strict, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
append_jail_commands (const Reading *reading, gboolean allow_no_logs, GPtrArray *stream, GError **error)
{
  g_autoptr (GPtrArray) starts = config_stream_new ();

  for (guint i = 0; i < reading->jails->len; i++)
    {
      ConfigJail *jail = g_ptr_array_index (reading->jails, i);
      gboolean start;
      if (!config_jail_append_commands (jail, allow_no_logs, stream, &start, error))
        return FALSE;
      if (start)
        g_ptr_array_add (starts, config_command_new ("start", config_jail_peek_name (jail), NULL));
    }
  g_ptr_array_extend_and_steal (stream, g_steal_pointer (&starts));
  return TRUE;
}

/* --- both ---------------------------------------------------------------------------------------------------------- */

static gboolean
read_jail_file (Reading *reading, GError **error)
{
  gboolean complete;

  reading->ini = config_files_read (reading->files, "jail", &complete, error);
  if (reading->ini == NULL)
    return FALSE;
  if (!complete)
    g_set_error_literal (error, CONFIG_ERROR, CONFIG_ERROR_LOOKUP, "Read jails configuration failed.");
  return complete;
}

static gboolean
build_stream (Config *self, const char *jail, const ConfigMain *main, ConfigReadFlags flags, Reading *reading,
              GPtrArray *stream, GError **error)
{
  gboolean strict = flags & CONFIG_READ_STRICT;

  return read_main (self, error) && read_jail_file (reading, error) && append_main_commands (self, main, stream, error)
         && (jail != NULL ? read_jail (reading, jail, strict, error) : read_jails (reading, strict, error))
         && append_jail_commands (reading, flags & CONFIG_READ_ALLOW_NO_LOGS, stream, error);
}

gboolean
config_read (Config *self, const char *jail, const ConfigMain *main, ConfigReadFlags flags, PyValue **ret_commands)
{
  Reading *reading = reading_new (self->basedir, self->log);
  g_autoptr (GPtrArray) stream = config_stream_new ();
  g_autoptr (GError) error = NULL;

  reading_free (self->last);
  self->last = reading;
  *ret_commands = NULL;
  if (!build_stream (self, jail, main, flags, reading, stream, &error))
    {
      config_log (self->log, LOG_LEVEL_ERROR, "fail2ban", "Failed during configuration: %s", error->message);
      return FALSE;
    }
  reading->commands = config_stream_to_list (stream);
  *ret_commands = py_value_ref (reading->commands);
  return !reading->any_wrong || (reading->any_good && !(flags & CONFIG_READ_STRICT));
}
