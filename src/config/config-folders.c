#include "config/config-folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "compat/py-fs.h"

struct ConfigFolders
{
  GHashTable *folders; /* path, "" for the current one -> GHashTable of its names, or NULL: not known */
};

static void
names_free (gpointer names)
{
  if (names != NULL)
    g_hash_table_unref (names);
}

ConfigFolders *
config_folders_new (void)
{
  ConfigFolders *self = g_new0 (ConfigFolders, 1);

  self->folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, names_free);
  return self;
}

void
config_folders_free (ConfigFolders *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->folders);
  g_free (self);
}

/* --- what a folder holds ------------------------------------------------------------------------------------------- */

/* The names in the folder, each with its d_type; NULL when they cannot be known. */
static GHashTable *
read_names (const char *folder)
{
  g_autofree char *bytes = py_fs_encode (*folder != '\0' ? folder : ".");
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  DIR *stream = opendir (bytes);

  if (stream == NULL)
    return errno == ENOENT || errno == ENOTDIR ? g_steal_pointer (&names) : NULL;
  if (faccessat (AT_FDCWD, bytes, X_OK, AT_EACCESS) != 0)
    {
      closedir (stream);
      return NULL; /* it shows names that cannot be reached */
    }
  errno = 0;
  for (struct dirent *entry = readdir (stream); entry != NULL; entry = readdir (stream))
    if (g_hash_table_size (names) <= CONFIG_FOLDERS_MAX_NAMES)
      g_hash_table_insert (names, g_strdup (entry->d_name), GUINT_TO_POINTER (entry->d_type));
  gboolean complete = errno == 0 && g_hash_table_size (names) <= CONFIG_FOLDERS_MAX_NAMES;
  closedir (stream);
  return complete ? g_steal_pointer (&names) : NULL;
}

static GHashTable *
peek_names (ConfigFolders *self, const char *folder)
{
  gpointer names;

  if (!g_hash_table_lookup_extended (self->folders, folder, NULL, &names))
    {
      names = read_names (folder);
      g_hash_table_insert (self->folders, g_strdup (folder), names);
    }
  return names;
}

typedef enum
{
  PATH_ABSENT,
  PATH_FILE,  /* a regular file */
  PATH_OTHER, /* to be asked for: a link, a folder, or not known */
} PathKind;

static PathKind
path_kind (ConfigFolders *self, const char *path)
{
  const char *slash = strrchr (path, '/'), *name = slash != NULL ? slash + 1 : path;
  g_autofree char *folder = slash == NULL   ? g_strdup ("")
                            : slash == path ? g_strdup ("/")
                                            : g_strndup (path, (gsize) (slash - path));
  GHashTable *names = *name != '\0' ? peek_names (self, folder) : NULL;
  gpointer type;

  if (names == NULL)
    return PATH_OTHER;
  g_autofree char *bytes = py_fs_encode (name);
  if (!g_hash_table_lookup_extended (names, bytes, NULL, &type))
    return PATH_ABSENT;
  return GPOINTER_TO_UINT (type) == DT_REG ? PATH_FILE : PATH_OTHER;
}

gboolean
config_folders_exists (ConfigFolders *self, const char *path)
{
  PathKind kind = path_kind (self, path);

  return kind == PATH_FILE || (kind == PATH_OTHER && py_fs_exists (path));
}

gboolean
config_folders_isfile (ConfigFolders *self, const char *path)
{
  PathKind kind = path_kind (self, path);

  return kind == PATH_FILE || (kind == PATH_OTHER && py_fs_isfile (path));
}

/* --- lists --------------------------------------------------------------------------------------------------------- */

static int
compare_paths (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
add_if_exists (ConfigFolders *self, GPtrArray *paths, const char *path)
{
  if (config_folders_exists (self, path))
    g_ptr_array_add (paths, g_strdup (path));
}

/* The files stem.d/...suffix; the name of the folder may be a pattern, too. */
static GPtrArray *
glob_in_d (ConfigFolders *self, const char *stem, const char *suffix)
{
  g_autofree char *folder = g_strconcat (stem, ".d", NULL);
  g_autofree char *pattern = g_strconcat (folder, "/*", suffix, NULL);

  if (strpbrk (folder, "*?[") == NULL && path_kind (self, folder) == PATH_ABSENT)
    return g_ptr_array_new ();
  return py_glob (pattern);
}

static void
add_paths_for (ConfigFolders *self, GPtrArray *paths, const char *stem, const char *suffix)
{
  g_autofree char *plain = g_strconcat (stem, suffix, NULL);
  g_autoptr (GPtrArray) found = glob_in_d (self, stem, suffix);

  add_if_exists (self, paths, plain);
  g_ptr_array_sort (found, compare_paths);
  for (guint i = 0; i < found->len; i++)
    add_if_exists (self, paths, g_ptr_array_index (found, i));
}

GPtrArray *
config_folders_list_named (ConfigFolders *self, const char *stem)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);

  add_paths_for (self, paths, stem, ".conf");
  add_paths_for (self, paths, stem, ".local");
  return paths;
}

GPtrArray *
config_folders_list_with_locals (ConfigFolders *self, const GPtrArray *paths)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < paths->len; i++)
    {
      const char *path = g_ptr_array_index (paths, i);
      g_autofree char *local = g_strdup_printf ("%.*s.local", (int) py_path_stem_length (path), path);
      g_ptr_array_add (all, g_strdup (path));
      if (!g_ptr_array_find_with_equal_func ((GPtrArray *) paths, local, g_str_equal, NULL)
          && config_folders_isfile (self, local))
        g_ptr_array_add (all, g_steal_pointer (&local));
    }
  return all;
}
