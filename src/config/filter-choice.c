#include "config/filter-choice.h"

#include <string.h>

#include "base/bracket-options.h"
#include "compat/py-fs.h"
#include "compat/py-held.h"
#include "config/config-command.h"
#include "config/config-filter.h"
#include "config/config-jail.h"

#define FILTER_JAIL       "fail2ban-regex-jail" /* the jail in a filter's commands (1.1.2) */
#define EXTENSION_AT_MOST 6 /* a dot among this many last characters makes a file name of the argument */

G_DEFINE_QUARK (filter - choice - error - quark, filter_choice_error)

/* What find hands to load. */
typedef struct
{
  ConfigFiles *files;
  PyIni *jails;       /* lent by files; NULL unless it is a jail */
  PyOptions *options; /* those in brackets */
  char *path;         /* of a filter elsewhere, absolute */
} Reading;

static void
reading_free (Reading *reading)
{
  if (reading == NULL)
    return;
  py_options_free (reading->options);
  config_files_free (reading->files);
  g_free (reading->path);
  g_free (reading);
}

void
filter_choice_free (FilterChoice *self)
{
  if (self == NULL)
    return;
  reading_free (self->reading);
  py_value_unref (self->options);
  py_value_unref (self->real_options);
  py_value_unref (self->commands);
  g_free (self->name);
  g_free (self->basedir);
  g_free (self);
}

/* --- finding ------------------------------------------------------------------------------------------------------- */

static gboolean
is_path_character (gunichar c)
{
  return c == '/' || c == '_' || c == '-' || c == '.' || g_unichar_isalnum (c);
}

/* Does a name begin at p: characters of a path, then nothing or something in brackets, up to a line's end? */
static gboolean
name_at (const char *p)
{
  const char *end = p;

  while (*end != '\0' && is_path_character (g_utf8_get_char (end)))
    end = g_utf8_next_char (end);
  if (end == p)
    return FALSE;
  if (*end != '[')
    return *end == '\0' || *end == '\n';
  for (end = strchr (end, ']'); end != NULL; end = strchr (end + 1, ']'))
    if (end[1] == '\0' || end[1] == '\n')
      return TRUE;
  return FALSE;
}

/* One line that looks like a name is enough (1.1.2). */
static gboolean
looks_like_name (const char *text)
{
  for (const char *line = text; line != NULL; line = strchr (line, '\n'))
    {
      if (line != text)
        line++;
      if (name_at (line))
        return TRUE;
    }
  return FALSE;
}

static gboolean
ends_line_with (const char *text, const char *suffix)
{
  gsize len = strlen (suffix);

  for (const char *p = strstr (text, suffix); p != NULL; p = strstr (p + 1, suffix))
    if (p[len] == '\0' || p[len] == '\n')
      return TRUE;
  return FALSE;
}

static gboolean
can_be_jail (const char *name)
{
  return strchr (name, '/') == NULL && !ends_line_with (name, ".conf") && !ends_line_with (name, ".local");
}

static gboolean
has_extension (const char *name)
{
  const char *tail = name + strlen (name);

  for (guint i = 0; i < EXTENSION_AT_MOST && tail > name; i++)
    tail = g_utf8_prev_char (tail);
  return strchr (tail, '.') != NULL;
}

static gboolean
basename_is (const char *path, const char *name)
{
  g_autofree char *base = py_path_basename (path);

  return strcmp (base, name) == 0;
}

/* Where the file called name would lie; *basedir follows a name with a directory of its own. */
static char *
candidate_path (const char *name, char **basedir)
{
  g_autofree char *dir = py_path_dirname (name);

  if (strcmp (dir, "filter.d") == 0)
    return py_path_join (*basedir, name);
  if (strchr (name, '/') == NULL)
    {
      if (basename_is (*basedir, "filter.d"))
        return py_path_join (*basedir, name);
      g_autofree char *filters = py_path_join (*basedir, "filter.d");
      return py_path_join (filters, name);
    }
  g_free (*basedir);
  *basedir = g_steal_pointer (&dir);
  return g_strdup (name);
}

static gboolean
find_file (const char *name, char **basedir)
{
  static const char *const extensions[] = { "", ".conf", ".local" };
  guint n = has_extension (name) ? 1 : G_N_ELEMENTS (extensions);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *full = g_strconcat (name, extensions[i], NULL);
      g_autofree char *path = candidate_path (full, basedir);
      if (py_fs_isfile (path))
        return TRUE;
    }
  return FALSE;
}

static char *
dup_without_extension (const char *path)
{
  g_autofree char *base = py_path_basename (path);

  return g_strndup (base, py_path_stem_length (base));
}

/* Settles which kind of filter file it is; name is as given, config_dir that of -c. */
static void
choose_file (FilterChoice *self, Reading *reading, const char *name, char *basedir, const char *config_dir)
{
  gboolean in_filter_d = basename_is (basedir, "filter.d");

  if (strcmp (basedir, config_dir) == 0 || in_filter_d || (!has_extension (name) && strchr (name, '/') == NULL))
    {
      self->kind = FILTER_CHOICE_NAMED;
      self->basedir = in_filter_d ? py_path_dirname (basedir) : g_strdup (basedir);
      self->name = dup_without_extension (name);
      config_files_free (reading->files);
      reading->files = config_files_new (self->basedir, self->log);
      return;
    }
  self->kind = FILTER_CHOICE_FILE;
  self->name = g_strdup (name);
  reading->path = *name == '/' ? g_strdup (name) : py_path_abspath (name);
}

/* Is there a jail of that name?  Reads jail.conf. */
static gboolean
find_jail (Reading *reading, const char *name, gboolean *ret_found, GError **error)
{
  gboolean complete;
  PyIni *jails = config_files_read (reading->files, "jail", &complete, error);

  if (jails == NULL)
    return FALSE;
  *ret_found = !g_str_has_prefix (name, "KNOWN/") && py_ini_peek_section (jails, name) != NULL;
  if (*ret_found)
    reading->jails = jails;
  return TRUE;
}

FilterChoice *
filter_choice_find (const char *argument, const char *basedir, Log *log, GError **error)
{
  g_autoptr (FilterChoice) self = g_new0 (FilterChoice, 1);
  g_autoptr (PyValue) dict = NULL;
  g_autofree char *name = NULL;
  g_autofree char *dir = g_strdup (basedir);
  gboolean is_jail = FALSE;

  self->kind = FILTER_CHOICE_EXPRESSION;
  self->log = log;
  self->options = py_dict_new ();
  if (!looks_like_name (argument))
    return g_steal_pointer (&self);
  if (!bracket_options_parse (argument, &name, &dict, error))
    return NULL;

  Reading *reading = self->reading = g_new0 (Reading, 1);
  reading->files = config_files_new (basedir, log);
  reading->options = py_options_new_from_dict (dict);
  py_value_unref (self->options);
  self->options = py_options_to_value (reading->options);
  if (can_be_jail (name) && !find_jail (reading, name, &is_jail, error))
    return NULL;
  if (is_jail)
    {
      self->kind = FILTER_CHOICE_JAIL;
      self->name = g_strdup (name);
    }
  else if (find_file (name, &dir))
    choose_file (self, reading, name, dir, basedir);
  return g_steal_pointer (&self);
}

/* --- loading ------------------------------------------------------------------------------------------------------- */

static void
set_not_loaded (GError **error)
{
  g_set_error_literal (error, FILTER_CHOICE_ERROR, FILTER_CHOICE_ERROR_NOT_LOADED, "");
}

/* One of the options that are shown: of the combined ones, else of the filter itself. */
static gboolean
show_option (const PyOptions *combined, const ConfigDefinition *filter, const char *name, PyOptions *shown,
             GError **error)
{
  PyValue *value = py_options_get (combined, name);

  if (value != NULL)
    {
      py_options_set (shown, name, py_value_ref (value));
      return TRUE;
    }
  if (filter == NULL)
    {
      py_options_set (shown, name, py_none_new ());
      return TRUE;
    }
  switch (config_definition_get (filter, name, &value, error))
    {
    case PY_INI_FOUND:
      py_options_set (shown, name, value);
      return TRUE;
    case PY_INI_NO_OPTION:
      return TRUE;
    case PY_INI_NO_SECTION:
      py_ini_set_no_section (error, "Definition");
      return FALSE;
    case PY_INI_FAILED:
    default:
      return FALSE;
    }
}

static gboolean
collect_real_options (FilterChoice *self, const PyOptions *combined, const ConfigDefinition *filter,
                      const PyOptions *given, GError **error)
{
  g_autoptr (PyOptions) shown = py_options_new ();

  if (!show_option (combined, filter, "logtype", shown, error)
      || !show_option (combined, filter, "datepattern", shown, error))
    return FALSE;
  for (guint i = 0; i < py_options_size (given); i++)
    if (!show_option (combined, filter, py_options_peek_name (given, i), shown, error))
      return FALSE;
  self->real_options = py_options_to_value (shown);
  return TRUE;
}

static gboolean
load_jail (FilterChoice *self, const char *backend, GPtrArray *stream, GError **error)
{
  Reading *reading = self->reading;
  g_autoptr (ConfigJail) jail = config_jail_new (reading->files, reading->jails, self->name, TRUE);
  gboolean start;

  py_options_set_text (reading->options, "backend", backend);
  switch (config_jail_read (jail, reading->options, error))
    {
    case CONFIG_JAIL_READ:
      break;
    case CONFIG_JAIL_WRONG:
      set_not_loaded (error);
      return FALSE;
    case CONFIG_JAIL_FAILED:
    default:
      return FALSE;
    }

  g_autoptr (PyOptions) combined = config_jail_combine (jail, error);
  return combined != NULL
         && collect_real_options (self, combined, config_jail_peek_filter (jail), reading->options, error)
         && config_jail_append_commands (jail, TRUE, stream, &start, error);
}

static gboolean
read_filter (const FilterChoice *self, ConfigDefinition *filter, GError **error)
{
  g_autoptr (GError) wrong = NULL;
  gboolean complete = FALSE;
  gboolean read = self->kind == FILTER_CHOICE_FILE ? config_definition_read_path (filter, &complete, &wrong)
                                                   : config_definition_read (filter, &complete, &wrong);

  if (!read)
    {
      g_set_error_literal (error, FILTER_CHOICE_ERROR, FILTER_CHOICE_ERROR_WRONG_FILE, wrong->message);
      return FALSE;
    }
  if (!complete)
    set_not_loaded (error);
  return complete;
}

static gboolean
load_filter (FilterChoice *self, const char *backend, GPtrArray *stream, GError **error)
{
  Reading *reading = self->reading;
  g_autoptr (ConfigDefinition) filter
      = config_filter_new (reading->files, self->kind == FILTER_CHOICE_FILE ? reading->path : self->name,
                           py_options_copy (reading->options));

  if (!read_filter (self, filter, error))
    return FALSE;
  config_filter_set_backend (filter, backend);
  if (!config_definition_get_options (filter, NULL, FALSE, error))
    return FALSE;

  g_autoptr (PyOptions) combined = config_definition_combine (filter, NULL, error);
  return combined != NULL && collect_real_options (self, combined, filter, reading->options, error)
         && config_filter_append_commands (stream, combined, FILTER_JAIL, error);
}

gboolean
filter_choice_load (FilterChoice *self, const char *backend, GError **error)
{
  g_autoptr (GPtrArray) stream = config_stream_new ();

  g_return_val_if_fail (self->kind != FILTER_CHOICE_EXPRESSION, FALSE);
  if (!(self->kind == FILTER_CHOICE_JAIL ? load_jail : load_filter) (self, backend, stream, error))
    return FALSE;
  self->commands = config_stream_to_list (stream);
  return TRUE;
}
