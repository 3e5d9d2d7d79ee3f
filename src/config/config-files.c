#include "config/config-files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "compat/py-fs.h"
#include "compat/py-repr.h"
#include "compat/py-held.h"
#include "config/config-folders.h"
#include "config/config-log.h"
#include "config/config.h"

#define READER_LOGGER    "fail2ban.configreader"
#define INCLUDES_LOGGER  "fail2ban.configparserinc"
#define SECTION_INCLUDES "INCLUDES"
#define KNOWN_PREFIX     "KNOWN/"

typedef struct
{
  PyIni *ini; /* NULL when the file could not be opened */
} File;

typedef struct
{
  PyIni *ini;
  gboolean complete;
} Named;

typedef struct
{
  gpointer data;
  GDestroyNotify data_free;
} Note;

struct ConfigFiles
{
  char *basedir;
  gboolean basedir_seen; /* it exists */
  Log *log;
  ConfigFolders *folders;
  GHashTable *files; /* path -> File */
  GHashTable *lists; /* paths joined by \1 -> GPtrArray of the paths with all that they include */
  GHashTable *named; /* name -> Named */
  GHashTable *notes; /* PyIni of Named -> Note */
  gsize total;       /* bytes read so far */
};

/* The files whose includes are being looked at, innermost first. */
typedef struct Including
{
  const char *path;
  const struct Including *outer;
  guint depth;
} Including;

static void
file_free (gpointer data)
{
  File *file = data;

  py_ini_free (file->ini);
  g_free (file);
}

static void
named_free (gpointer data)
{
  Named *named = data;

  py_ini_free (named->ini);
  g_free (named);
}

static void
note_free (gpointer data)
{
  Note *note = data;

  note->data_free (note->data);
  g_free (note);
}

ConfigFiles *
config_files_new (const char *basedir, Log *log)
{
  ConfigFiles *self = g_new0 (ConfigFiles, 1);
  gsize len = strlen (basedir);

  while (len > 0 && basedir[len - 1] == '/')
    len--;
  self->basedir = g_strndup (basedir, len);
  self->log = log;
  self->folders = config_folders_new ();
  self->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, file_free);
  self->lists = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
  self->named = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, named_free);
  self->notes = g_hash_table_new_full (NULL, NULL, NULL, note_free);
  return self;
}

void
config_files_free (ConfigFiles *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->notes);
  g_hash_table_unref (self->named);
  g_hash_table_unref (self->lists);
  g_hash_table_unref (self->files);
  config_folders_free (self->folders);
  g_free (self->basedir);
  g_free (self);
}

const char *
config_files_peek_basedir (const ConfigFiles *self)
{
  return self->basedir;
}

Log *
config_files_peek_log (const ConfigFiles *self)
{
  return self->log;
}

/* --- references of fail2ban's own kind ----------------------------------------------------------------------------- */

/* %(section/option)s; %(known/option)s is the value that was overwritten, %(default/option)s that of [DEFAULT], which is
 * also where an option is looked for that its section has not (1.1.2). */
static PyValue *
lookup_section_option (const PyIni *ini, const char *section, const char *name)
{
  const char *slash = strchr (name, '/');
  const PyOptions *options = NULL;

  if (slash == NULL || slash == name || slash[1] == '\0')
    return NULL;
  const char *option = slash + 1;
  for (const char *p = name; p < slash; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (c != '-' && c != '_' && !g_unichar_isalnum (c))
        return NULL;
    }

  g_autofree char *from = g_strndup (name, (gsize) (slash - name));
  if (strcmp (from, "known") == 0)
    {
      g_autofree char *known = g_strconcat (KNOWN_PREFIX, section, NULL);
      options = py_ini_peek_section (ini, known);
    }
  else if (strcmp (from, "default") != 0)
    {
      options = py_ini_peek_section (ini, from);
      if (options == NULL)
        return NULL;
    }

  PyValue *value = options != NULL ? py_options_get (options, option) : NULL;
  return value != NULL ? value : py_options_get (py_ini_peek_defaults (ini), option);
}

/* --- single files -------------------------------------------------------------------------------------------------- */

static gboolean
set_too_large (const char *path, GError **error)
{
  g_autofree char *repr = py_held_repr (path);

  g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_LIMIT, "configuration file %s is too large", repr);
  return FALSE;
}

/* The file's bytes, or NULL without error when it cannot be read (missing, a directory, no permission): Python's configparser
 * leaves such files out. */
static GByteArray *
load_bytes (ConfigFiles *self, const char *path, GError **error)
{
  g_autofree char *bytes_path = py_fs_encode (path);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  int fd = open (bytes_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* not to wait for a pipe's other end */
  gssize got = fd >= 0 ? 1 : -1;

  while (got > 0 && bytes->len <= CONFIG_FILES_MAX_BYTES)
    {
      guint8 block[8192];
      got = read (fd, block, sizeof block);
      if (got > 0)
        g_byte_array_append (bytes, block, (guint) got);
      else if (got < 0 && errno == EINTR)
        got = 1;
    }
  if (fd >= 0)
    (void) close (fd);
  if (got < 0)
    return NULL;

  self->total += bytes->len;
  if (bytes->len > CONFIG_FILES_MAX_BYTES || self->total > CONFIG_FILES_MAX_TOTAL)
    {
      set_too_large (path, error);
      return NULL;
    }
  return g_steal_pointer (&bytes);
}

/* Lends the file, parsed; NULL with error when it is wrong. */
static File *
read_file (ConfigFiles *self, const char *path, GError **error)
{
  File *file = g_hash_table_lookup (self->files, path);
  g_autoptr (GError) local_error = NULL;

  if (file != NULL)
    {
      config_log (self->log, LOG_LEVEL_TRACEDEBUG, INCLUDES_LOGGER, "    Shared file: %s", path);
      return file;
    }

  if (log_enabled (self->log, LOG_LEVEL_INFO))
    {
      g_autofree char *repr = py_held_repr (path);
      config_log (self->log, LOG_LEVEL_INFO, INCLUDES_LOGGER, "  Loading files: [%s]", repr);
    }
  config_log (self->log, LOG_LEVEL_TRACEDEBUG, INCLUDES_LOGGER, "    Reading file: %s", path);
  g_autoptr (GByteArray) bytes = load_bytes (self, path, &local_error);
  PyIni *ini = NULL;
  if (bytes != NULL)
    {
      ini = py_ini_parse ((const char *) bytes->data, bytes->len, path, &local_error);
      if (ini != NULL)
        py_ini_set_fallback (ini, lookup_section_option);
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  file = g_new0 (File, 1);
  file->ini = ini;
  g_hash_table_insert (self->files, g_strdup (path), file);
  return file;
}

/* --- includes ------------------------------------------------------------------------------------------------------ */

static gboolean
contains_path (const GPtrArray *paths, const char *path)
{
  return g_ptr_array_find_with_equal_func ((GPtrArray *) paths, path, g_str_equal, NULL);
}

static const GPtrArray *list_with_includes (ConfigFiles *self, const GPtrArray *paths, const Including *outer,
                                            GError **error);

static gboolean
is_including (const Including *including, const char *path)
{
  for (; including != NULL; including = including->outer)
    if (strcmp (including->path, path) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
append_paths (GPtrArray *to, const GPtrArray *paths, GError **error)
{
  if (to->len + paths->len > CONFIG_FILES_MAX_INCLUDES)
    {
      g_set_error_literal (error, CONFIG_ERROR, CONFIG_ERROR_LIMIT, "too many included configuration files");
      return FALSE;
    }
  for (guint i = 0; i < paths->len; i++)
    g_ptr_array_add (to, g_strdup (g_ptr_array_index (paths, i)));
  return TRUE;
}

/* Appends what `option` ("before" or "after") of the file includes. */
static gboolean
append_includes (ConfigFiles *self, const PyIni *ini, const char *option, const Including *including, GPtrArray *list,
                 GError **error)
{
  g_autoptr (PyValue) value = NULL;

  switch (py_ini_get (ini, SECTION_INCLUDES, option, NULL, &value, error))
    {
    case PY_INI_FOUND:
      break;
    case PY_INI_FAILED:
      return FALSE;
    case PY_INI_NO_SECTION:
    case PY_INI_NO_OPTION:
    default:
      return TRUE;
    }

  g_autofree char *dir = py_path_dirname (including->path);
  g_auto (GStrv) names = g_strsplit (py_str_peek (value, NULL), "\n", -1);
  guint n = MAX (g_strv_length (names), 1); /* "" is split into one empty name: the folder, and its ".local" (1.1.2) */
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = py_path_join (dir, names[i] != NULL ? names[i] : "");
      if (is_including (including->outer, path))
        continue;
      g_autoptr (GPtrArray) one = g_ptr_array_new ();
      g_ptr_array_add (one, path);
      const GPtrArray *included = list_with_includes (self, one, including, error);
      if (included == NULL || !append_paths (list, included, error))
        return FALSE;
    }
  return TRUE;
}

/* What the file includes before it, the file, what it includes after it; nothing when it cannot be read. */
static gboolean
append_file (ConfigFiles *self, const char *path, const Including *outer, GPtrArray *list, GError **error)
{
  Including including = { path, outer, outer != NULL ? outer->depth + 1 : 1 };
  g_autoptr (GError) local_error = NULL;
  File *file = read_file (self, path, &local_error);

  if (including.depth > CONFIG_FILES_MAX_DEPTH)
    {
      g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_RECURSION,
                   "maximum recursion depth exceeded by the includes of %s", path);
      return FALSE;
    }
  if (g_error_matches (local_error, PY_INI_ERROR, PY_INI_ERROR_UNICODE))
    {
      config_log (self->log, LOG_LEVEL_ERROR, INCLUDES_LOGGER, "Error decoding config file '%s': %s", path,
                  local_error->message);
      return TRUE;
    }
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  if (file->ini == NULL)
    return TRUE;

  g_autoptr (GPtrArray) self_only = g_ptr_array_new ();
  g_ptr_array_add (self_only, (char *) path);
  return append_includes (self, file->ini, "before", &including, list, error) && append_paths (list, self_only, error)
         && append_includes (self, file->ini, "after", &including, list, error);
}

/* Lends the paths with all that they include, in the order in which they are to be read. */
static const GPtrArray *
list_with_includes (ConfigFiles *self, const GPtrArray *paths, const Including *outer, GError **error)
{
  g_autoptr (GPtrArray) all = config_folders_list_with_locals (self->folders, paths);
  g_autoptr (GString) key = g_string_new (NULL);

  for (guint i = 0; i < all->len; i++)
    {
      if (i > 0)
        g_string_append_c (key, '\1');
      g_string_append (key, g_ptr_array_index (all, i));
    }
  const GPtrArray *known = g_hash_table_lookup (self->lists, key->str);
  if (known != NULL)
    return known;

  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < all->len; i++)
    if (!append_file (self, g_ptr_array_index (all, i), outer, list, error))
      return NULL;
  known = list;
  g_hash_table_insert (self->lists, g_string_free (g_steal_pointer (&key), FALSE), g_steal_pointer (&list));
  return known;
}

/* --- merging ------------------------------------------------------------------------------------------------------- */

gsize
config_condition_at (const char *name)
{
  const char *p = name;

  if (strchr (name, '?') == NULL)
    return 0;
  while (*p == '_' || g_unichar_isalnum (g_utf8_get_char (p)))
    p = g_utf8_next_char (p);
  return *p == '?' && p > name && p[1] != '\0' ? (gsize) (p - name) : 0;
}

/* The section's options under their conditional names, "port" -> "port?family=inet6". */
static PyOptions *
conditional_options (const PyOptions *options, const char *condition)
{
  PyOptions *renamed = py_options_new ();

  for (guint i = 0; i < py_options_size (options); i++)
    {
      const char *name = py_options_peek_name (options, i);
      g_autofree char *conditional = g_strconcat (name, condition, NULL);
      if (strcmp (name, "__name__") != 0)
        py_options_set (renamed, conditional, py_value_ref (py_options_peek_value (options, i)));
    }
  return renamed;
}

static void
merge_section (PyIni *into, const char *name, const PyOptions *options)
{
  PyOptions *before = py_ini_peek_section (into, name);

  if (before != NULL)
    {
      g_autofree char *known_name = g_strconcat (KNOWN_PREFIX, name, NULL);
      PyOptions *known = py_ini_add_section (into, known_name);
      for (guint i = 0; i < py_options_size (before); i++)
        if (py_options_get (options, py_options_peek_name (before, i)) != NULL)
          py_options_set (known, py_options_peek_name (before, i), py_value_ref (py_options_peek_value (before, i)));
    }
  py_options_update (py_ini_add_section (into, name), options);
}

static void
merge_ini (PyIni *into, const PyIni *from)
{
  py_options_update (py_ini_peek_defaults (into), py_ini_peek_defaults (from));
  for (guint i = 0; i < py_ini_section_count (from); i++)
    {
      const char *name = py_ini_peek_section_name (from, i);
      const PyOptions *options = py_ini_peek_section (from, name);
      gsize condition = config_condition_at (name);
      if (condition == 0)
        {
          merge_section (into, name, options);
          continue;
        }
      g_autofree char *base = g_strndup (name, condition);
      g_autoptr (PyOptions) renamed = conditional_options (options, name + condition);
      merge_section (into, base, renamed);
    }
}

/* --- reading by name ----------------------------------------------------------------------------------------------- */

static char *
repr_of_paths (const GPtrArray *paths)
{
  g_autoptr (PyValue) list = py_list_new ();

  for (guint i = 0; i < paths->len; i++)
    py_list_append (list, py_held_to_value (g_ptr_array_index (paths, i)));
  return py_repr (list);
}

static char *
join_paths (const GPtrArray *paths)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < paths->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", (const char *) g_ptr_array_index (paths, i));
  return g_string_free (text, FALSE);
}

/* Reads the paths and all they include into a new PyIni.  Those that could be read are added to ret_read. */
static PyIni *
read_paths (ConfigFiles *self, const GPtrArray *paths, GPtrArray *ret_read, GError **error)
{
  const GPtrArray *list = list_with_includes (self, paths, NULL, error);
  g_autoptr (PyIni) ini = py_ini_new ();

  if (list == NULL)
    return NULL;
  py_ini_set_fallback (ini, lookup_section_option);
  if (list->len > 0 && log_enabled (self->log, LOG_LEVEL_INFO))
    {
      g_autofree char *repr = repr_of_paths (list);
      config_log (self->log, LOG_LEVEL_INFO, INCLUDES_LOGGER, "  Loading files: %s", repr);
    }
  for (guint i = 0; i < list->len; i++)
    {
      const char *path = g_ptr_array_index (list, i);
      File *file = read_file (self, path, error);
      if (file == NULL)
        return NULL;
      if (file->ini == NULL)
        continue;
      merge_ini (ini, file->ini);
      g_ptr_array_add (ret_read, g_strdup (path));
    }
  return g_steal_pointer (&ini);
}

/* Are all of paths among those read?  Logs the others. */
static gboolean
check_missed (ConfigFiles *self, const char *name, const GPtrArray *paths, const GPtrArray *read)
{
  g_autoptr (GPtrArray) missed = g_ptr_array_new ();
  g_autofree char *repr = NULL;

  for (guint i = 0; i < paths->len; i++)
    if (!contains_path (read, g_ptr_array_index (paths, i)))
      g_ptr_array_add (missed, g_ptr_array_index (paths, i));
  if (missed->len > 0)
    {
      g_autofree char *text = join_paths (missed);
      config_log (self->log, LOG_LEVEL_ERROR, READER_LOGGER, "Could not read config files: %s", text);
      return FALSE;
    }
  if (read->len > 0)
    return TRUE;
  repr = py_held_repr (name);
  config_log (self->log, LOG_LEVEL_ERROR, READER_LOGGER, "Found no accessible config files for %s under %s", repr,
              self->basedir);
  return FALSE;
}

static PyIni *
read_named (ConfigFiles *self, const char *name, gboolean *ret_complete, GError **error)
{
  g_autoptr (GPtrArray) read = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *stem = py_path_join (self->basedir, name);

  self->basedir_seen = self->basedir_seen || py_fs_exists (self->basedir);
  if (!self->basedir_seen)
    {
      g_set_error (error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "Base configuration directory %s does not exist ",
                   self->basedir);
      return NULL;
    }
  config_log (self->log, LOG_LEVEL_DEBUG, READER_LOGGER, "Reading configs for %s under %s ", name, self->basedir);
  g_autoptr (GPtrArray) paths = config_folders_list_named (self->folders, stem);
  if (paths->len > 0 && log_enabled (self->log, LOG_LEVEL_DEBUG))
    {
      g_autofree char *text = join_paths (paths);
      config_log (self->log, LOG_LEVEL_DEBUG, READER_LOGGER, "Reading config files: %s", text);
    }

  g_autoptr (PyIni) ini = read_paths (self, paths, read, error);
  if (ini == NULL)
    return NULL;
  *ret_complete = check_missed (self, name, paths, read);
  return g_steal_pointer (&ini);
}

PyIni *
config_files_read (ConfigFiles *self, const char *name, gboolean *ret_complete, GError **error)
{
  Named *named = g_hash_table_lookup (self->named, name);

  if (named == NULL)
    {
      gboolean complete;
      config_log (self->log, LOG_LEVEL_INFO, READER_LOGGER, "Loading configs for %s under %s ", name, self->basedir);
      PyIni *ini = read_named (self, name, &complete, error);
      if (ini == NULL)
        return NULL;
      named = g_new0 (Named, 1);
      named->ini = ini;
      named->complete = complete;
      g_hash_table_insert (self->named, g_strdup (name), named);
    }
  *ret_complete = named->complete;
  return named->ini;
}

PyIni *
config_files_read_path (ConfigFiles *self, const char *path, gboolean *ret_complete, GError **error)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();
  g_autoptr (GPtrArray) read = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (paths, (char *) path);
  PyIni *ini = read_paths (self, paths, read, error);
  if (ini == NULL)
    return NULL;

  Named *named = g_new0 (Named, 1);
  g_autofree char *name = g_strconcat ("\1", path, NULL);
  Named *before = g_hash_table_lookup (self->named, name);
  if (before != NULL)
    (void) g_hash_table_remove (self->notes, before->ini);
  named->ini = ini;
  named->complete = read->len > 0;
  g_hash_table_replace (self->named, g_steal_pointer (&name), named);
  *ret_complete = named->complete;
  return named->ini;
}

/* --- notes --------------------------------------------------------------------------------------------------------- */

gpointer
config_files_peek_note (const ConfigFiles *self, const PyIni *ini)
{
  const Note *note = g_hash_table_lookup (self->notes, ini);

  return note != NULL ? note->data : NULL;
}

void
config_files_take_note (ConfigFiles *self, const PyIni *ini, gpointer note, GDestroyNotify note_free_func)
{
  Note *kept = g_new (Note, 1);

  *kept = (Note){ note, note_free_func };
  g_hash_table_insert (self->notes, (gpointer) ini, kept);
}
