#include "source/journal-files.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#define STATE_LOGS   "/var/log"
#define RUNTIME_LOGS "/run/log"
#define FLAGS_UNSET  (-1)
#define SUFFIX       ".journal"

gboolean
journal_options_set (JournalOptions *self, const char *name, const char *value)
{
  static const char *const on[] = { "1", "on", "true", "yes" };
  char **member = strcmp (name, "journalpath") == 0    ? &self->path
                  : strcmp (name, "journalfiles") == 0 ? &self->files
                  : strcmp (name, "journalflags") == 0 ? &self->flags
                  : strcmp (name, "namespace") == 0    ? &self->namespace_
                                                       : NULL;

  if (member != NULL)
    {
      g_free (*member);
      *member = g_strdup (value);
      return TRUE;
    }
  if (strcmp (name, "rotated") != 0)
    return FALSE;
  self->rotated = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (on); i++)
    self->rotated = self->rotated || g_ascii_strcasecmp (on[i], value) == 0;
  return TRUE;
}

void
journal_options_clear (JournalOptions *self)
{
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->files, g_free);
  g_clear_pointer (&self->flags, g_free);
  g_clear_pointer (&self->namespace_, g_free);
}

void
journal_place_clear (JournalPlace *self)
{
  g_clear_pointer (&self->files, g_strfreev);
  g_clear_pointer (&self->path, g_free);
  g_clear_pointer (&self->namespace_, g_free);
}

/* --- globs ------------------------------------------------------------------------------------------------------------------- */

static gboolean
is_rotated (const char *path)
{
  const char *name = strrchr (path, '/');

  return strchr (name != NULL ? name : path, '@') != NULL;
}

static void
add_once (GPtrArray *files, const char *path)
{
  if (!g_ptr_array_find_with_equal_func (files, path, g_str_equal, NULL))
    g_ptr_array_add (files, g_strdup (path));
}

static void
add_glob (GPtrArray *files, const char *pattern, gboolean rotated)
{
  glob_t found = { 0 };

  if (glob (pattern, 0, NULL, &found) == 0)
    for (gsize i = 0; i < found.gl_pathc; i++)
      if (rotated || !is_rotated (found.gl_pathv[i]))
        add_once (files, found.gl_pathv[i]);
  globfree (&found);
}

/* Separated by blanks and commas. */
static void
add_listed (GPtrArray *files, const char *list)
{
  g_auto (GStrv) patterns = g_strsplit_set (list, " \t\r\n\v\f,", -1);

  for (guint i = 0; patterns[i] != NULL; i++)
    if (*patterns[i] != '\0')
      add_glob (files, patterns[i], TRUE);
}

static void
add_from_folder (GPtrArray *files, const char *folder, int flags)
{
  gboolean any = flags == FLAGS_UNSET;
  g_autofree char *system = g_build_filename (folder, "system.journal", NULL);
  g_autofree char *user = g_strdup_printf ("%s/user-%u.journal", folder, (guint) geteuid ());
  g_autofree char *all = g_build_filename (folder, "*.journal", NULL);

  if (any || (flags & SD_JOURNAL_SYSTEM))
    add_glob (files, system, FALSE);
  if (!any && (flags & SD_JOURNAL_CURRENT_USER))
    add_glob (files, user, FALSE);
  if (any || !(flags & (SD_JOURNAL_SYSTEM | SD_JOURNAL_CURRENT_USER)))
    add_glob (files, all, FALSE);
}

static void
add_present (GPtrArray *files, const char *path, int flags)
{
  if (path != NULL)
    {
      add_from_folder (files, path, flags);
      return;
    }
  if (flags == FLAGS_UNSET || !(flags & SD_JOURNAL_RUNTIME_ONLY))
    add_from_folder (files, STATE_LOGS "/journal/*", flags);
  add_from_folder (files, RUNTIME_LOGS "/journal/*", flags);
}

static void
drop_unreadable (GPtrArray *files)
{
  for (guint i = files->len; geteuid () != 0 && i > 0; i--)
    if (access (files->pdata[i - 1], R_OK) < 0)
      g_ptr_array_remove_index (files, i - 1);
}

/* --- the place ----------------------------------------------------------------------------------------------------------------- */

static gboolean
parse_flags (const char *text, int *ret_flags, GError **error)
{
  gint64 flags;

  if (!g_ascii_string_to_signed (text, 10, 0, G_MAXINT, &flags, NULL))
    return source_error_set (error, EINVAL, text);
  *ret_flags = (int) flags;
  return TRUE;
}

/* *ret_flags is FLAGS_UNSET where Python has None; *ret_any: None was said on purpose, so nothing is the default either. */
static gboolean
find_flags (const JournalOptions *options, gboolean has_files, int *ret_flags, gboolean *ret_any, GError **error)
{
  const char *environment = g_getenv ("F2B_SYSTEMD_DEFAULT_FLAGS");

  *ret_any = FALSE;
  *ret_flags = FLAGS_UNSET;
  if (options->flags != NULL)
    return parse_flags (options->flags, ret_flags, error);
  if (has_files || options->path != NULL)
    return TRUE;
  if (environment != NULL)
    return parse_flags (environment, ret_flags, error);
  if (options->rotated)
    *ret_flags = SD_JOURNAL_SYSTEM;
  else
    *ret_any = TRUE;
  return TRUE;
}

gboolean
journal_place_find (const JournalOptions *options, JournalPlace *ret_place, GError **error)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_free);
  gboolean by_name, any;
  int flags;

  if (options->files != NULL)
    add_listed (files, options->files);
  by_name = files->len > 0;
  if (!find_flags (options, by_name, &flags, &any, error))
    return FALSE;
  if (!by_name && !options->rotated && options->namespace_ == NULL)
    {
      add_present (files, options->path, flags == FLAGS_UNSET && !any ? SD_JOURNAL_LOCAL_ONLY : flags);
      drop_unreadable (files);
      if (files->len > 0)
        flags = 0;
    }
  *ret_place = (JournalPlace){ 0 };
  if (files->len == 0)
    {
      ret_place->path = g_strdup (options->path);
      ret_place->namespace_ = g_strdup (options->namespace_);
    }
  ret_place->flags = flags != FLAGS_UNSET ? flags : files->len > 0 || options->path != NULL ? 0 : SD_JOURNAL_LOCAL_ONLY;
  if (files->len > 0)
    {
      g_ptr_array_add (files, NULL);
      ret_place->files = (GStrv) g_ptr_array_free (g_steal_pointer (&files), FALSE);
    }
  return TRUE;
}

/* --- identity -------------------------------------------------------------------------------------------------------------------- */

/* "device:inode", NULL for what is not there. */
static char *
dup_file_identity (const char *path)
{
  struct stat info;

  if (stat (path, &info) < 0)
    return NULL;
  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) info.st_dev, (guint64) info.st_ino);
}

/* A line "device:inode path" for each file. */
char *
journal_place_dup_identity (const JournalPlace *self)
{
  g_autoptr (GString) identity = NULL;

  if (self->files == NULL)
    return NULL;
  identity = g_string_new (NULL);
  for (guint i = 0; self->files[i] != NULL; i++)
    {
      g_autofree char *one = dup_file_identity (self->files[i]);

      if (one != NULL)
        g_string_append_printf (identity, "%s %s\n", one, self->files[i]);
    }
  return g_string_free (g_steal_pointer (&identity), FALSE);
}

static void
add_file (JournalPlace *self, const char *path)
{
  guint n = g_strv_length (self->files);

  if (g_strv_contains ((const char *const *) self->files, path))
    return;
  self->files = g_renew (char *, self->files, n + 2);
  self->files[n] = g_strdup (path);
  self->files[n + 1] = NULL;
}

static void
add_by_identity (JournalPlace *self, const char *folder, const char *identity)
{
  g_autofree char *pattern = g_build_filename (folder, "*.journal", NULL);
  glob_t found = { 0 };

  if (glob (pattern, 0, NULL, &found) == 0)
    for (gsize i = 0; i < found.gl_pathc; i++)
      {
        g_autofree char *one = dup_file_identity (found.gl_pathv[i]);

        if (g_strcmp0 (one, identity) == 0)
          add_file (self, found.gl_pathv[i]);
      }
  globfree (&found);
}

void
journal_place_add_renamed (JournalPlace *self, const char *identity)
{
  g_auto (GStrv) lines = g_strsplit (identity, "\n", -1);

  for (guint i = 0; self->files != NULL && lines[i] != NULL; i++)
    {
      char *path = strchr (lines[i], ' ');
      g_autofree char *folder = path != NULL ? g_path_get_dirname (path + 1) : NULL;

      if (path == NULL)
        continue;
      *path = '\0';
      add_by_identity (self, folder, lines[i]);
    }
}

/* --- archived files -------------------------------------------------------------------------------------------------------------- */

typedef struct
{
  char *path;
  gint64 changed_usec;
} Archived;

static void
archived_clear (gpointer data)
{
  g_free (((Archived *) data)->path);
}

static int
compare_newest_first (gconstpointer a, gconstpointer b)
{
  gint64 x = ((const Archived *) a)->changed_usec, y = ((const Archived *) b)->changed_usec;

  return x < y ? 1 : x > y ? -1 : 0;
}

/* Those of x.journal */
static void
find_archived (GArray *found, const char *path, gint64 since_usec)
{
  g_autofree char *stem = g_str_has_suffix (path, SUFFIX) ? g_strndup (path, strlen (path) - strlen (SUFFIX)) : NULL;
  g_autofree char *pattern = g_strconcat (stem != NULL ? stem : path, "@*" SUFFIX, NULL);
  glob_t files = { 0 };

  if (!is_rotated (path) && glob (pattern, 0, NULL, &files) == 0)
    for (gsize i = 0; i < files.gl_pathc; i++)
      {
        struct stat info;
        Archived one = { 0 };

        if (stat (files.gl_pathv[i], &info) < 0)
          continue;
        one.changed_usec = info.st_mtim.tv_sec * G_USEC_PER_SEC + info.st_mtim.tv_nsec / 1000;
        if (one.changed_usec < since_usec)
          continue;
        one.path = g_strdup (files.gl_pathv[i]);
        g_array_append_val (found, one);
      }
  globfree (&files);
}

gboolean
journal_place_add_archived (JournalPlace *self, gint64 since_usec)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (Archived));

  g_array_set_clear_func (found, archived_clear);
  for (guint i = 0; self->files != NULL && self->files[i] != NULL; i++)
    find_archived (found, self->files[i], since_usec);
  g_array_sort (found, compare_newest_first);
  for (guint i = 0; i < MIN (found->len, JOURNAL_ARCHIVED_MAX); i++)
    add_file (self, g_array_index (found, Archived, i).path);
  return found->len > 0;
}
