#include <string.h>

#include "source/file-log-private.h"

#define CANDIDATES_MAX 100 /* files that are looked into, the youngest: rotations of one log, not a whole archive */

/* --- files beside the log ------------------------------------------------------------------------------------------------ */

typedef struct
{
  char *path;
  struct stat info;
} Candidate;

static void
candidate_free (gpointer data)
{
  Candidate *self = data;

  g_free (self->path);
  g_free (self);
}

static gboolean
is_before (const struct timespec *a, const struct timespec *b)
{
  return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

static int
compare_candidates (gconstpointer a, gconstpointer b)
{
  const struct timespec *first = &(*(Candidate *const *) a)->info.st_mtim;
  const struct timespec *second = &(*(Candidate *const *) b)->info.st_mtim;

  return is_before (first, second) - is_before (second, first); /* the youngest first */
}

static gboolean
is_compressed (const char *name)
{
  static const char *const suffixes[] = { ".Z", ".bz2", ".gz", ".lz4", ".lzma", ".xz", ".zip", ".zst" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (name, suffixes[i]))
      return TRUE;
  return FALSE;
}

/* "a.log.1", "a.log-20250814": the log's name and more; "a-20250814.log", "a.1.log": the number before the last dot. */
static gboolean
is_rotated_name (const FileLog *log, const char *name)
{
  const char *dot = strrchr (log->name, '.');
  gsize stem = dot != NULL ? (gsize) (dot - log->name) : 0;

  if (g_str_has_prefix (name, log->name))
    return name[strlen (log->name)] != '\0' && !is_compressed (name);
  return stem > 0 && strncmp (name, log->name, stem) == 0 && (name[stem] == '-' || name[stem] == '.')
         && g_ascii_isdigit (name[stem + 1]) && g_str_has_suffix (name + stem + 1, dot);
}

/* Regular files with such names, written at since or later (NULL: any time), the youngest first. */
static GPtrArray *
list_candidates (const FileLog *log, const struct timespec *since)
{
  GPtrArray *candidates = g_ptr_array_new_with_free_func (candidate_free);
  g_autoptr (GDir) folder = g_dir_open (log->folder, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = is_rotated_name (log, name) ? g_build_filename (log->folder, name, NULL) : NULL;
      struct stat info;

      if (path == NULL || stat (path, &info) < 0 || !S_ISREG (info.st_mode)
          || (since != NULL && is_before (&info.st_mtim, since)))
        continue;

      Candidate *candidate = g_new0 (Candidate, 1);

      candidate->path = g_steal_pointer (&path);
      candidate->info = info;
      g_ptr_array_add (candidates, candidate);
    }
  g_ptr_array_sort (candidates, compare_candidates);
  if (candidates->len > CANDIDATES_MAX)
    g_ptr_array_set_size (candidates, CANDIDATES_MAX);
  return candidates;
}

static Generation *
find_open (const FileLog *log, const struct stat *info)
{
  for (guint i = 0; i < log->generations->len; i++)
    {
      Generation *generation = log->generations->pdata[i];

      if (file_generation_is_at (generation->file, info))
        return generation;
    }
  return NULL;
}

/* --- files that came and went ---------------------------------------------------------------------------------------------- */

static void
add_cursor (Generation *generation, FileWatch *watch, gint64 offset)
{
  Cursor cursor = { .watch = watch, .offset = offset, .read = offset > 0 };

  if (!watch->removed && generation_cursor (generation, watch) == NULL)
    g_array_append_val (generation->cursors, cursor);
}

static gboolean
is_copy (const FileLog *log, const FileGeneration *file)
{
  const char *hash = file_generation_peek_hash (file);

  for (guint i = 0; *hash != '\0' && i < log->generations->len; i++)
    if (strcmp (file_generation_peek_hash (((Generation *) log->generations->pdata[i])->file), hash) == 0)
      return TRUE;
  return FALSE;
}

static int
compare_files (gconstpointer a, gconstpointer b)
{
  return file_generation_compare_age (*(FileGeneration *const *) a, *(FileGeneration *const *) b);
}

/* Can file have had the name after old (NULL: there was none)?  While we looked old may have been written to still, behind file. */
static gboolean
may_follow (const FileGeneration *file, const FileGeneration *old, gboolean looking)
{
  return old == NULL
         || (file_generation_may_follow (file, old) && (looking || file_generation_compare_age (file, old) > 0));
}

/* Those who had the name after old (NULL: there was none), which was last seen (or written)
 * at since, are read from their start: by watch, or by all (NULL). */
static guint
take_passed (FileLog *log, const FileGeneration *old, const struct timespec *since, FileWatch *watch)
{
  g_autoptr (GPtrArray) candidates = list_candidates (log, since);
  g_autoptr (GPtrArray) files = g_ptr_array_new ();
  guint taken = 0;

  for (guint i = 0; i < candidates->len; i++)
    {
      const Candidate *candidate = candidates->pdata[i];
      Generation *known = find_open (log, &candidate->info);
      g_autoptr (FileGeneration) file = NULL;

      if (known != NULL)
        {
          if (watch == NULL || known->left_usec == 0 || known->file == old || !may_follow (known->file, old, FALSE))
            continue;
          add_cursor (known, watch, 0);
          taken++;
          continue;
        }
      file = file_generation_open (candidate->path, log->line_end, NULL);
      if (file != NULL && may_follow (file, old, watch == NULL) && !is_copy (log, file)
          && file_generation_is_at (file, &candidate->info))
        g_ptr_array_add (files, g_steal_pointer (&file));
    }
  g_ptr_array_sort (files, compare_files);
  for (guint i = 0; i < files->len; i++)
    {
      Generation *generation = file_log_add_left (log, files->pdata[i]);

      for (guint k = 0; k < log->watches->len; k++)
        if (watch == NULL || watch == log->watches->pdata[k])
          add_cursor (generation, log->watches->pdata[k], 0);
    }
  return taken + files->len;
}

void
file_log_find_passed (FileLog *self, const FileGeneration *old)
{
  struct timespec since = self->looked_at;

  (void) take_passed (self, old, &since, NULL);
}

/* --- after a restart --------------------------------------------------------------------------------------------------------- */

/* The file with that first line, wherever it is: *ret_known, or the caller's. */
static FileGeneration *
find_rotated (const FileLog *log, const char *hash, Generation **ret_known)
{
  g_autoptr (GPtrArray) candidates = list_candidates (log, NULL);

  *ret_known = NULL;
  for (guint i = 0; i < candidates->len; i++)
    {
      const Candidate *candidate = candidates->pdata[i];
      Generation *known = find_open (log, &candidate->info);
      g_autoptr (FileGeneration) file = NULL;

      if (known == NULL)
        file = file_generation_open (candidate->path, log->line_end, NULL);
      if (known != NULL ? strcmp (file_generation_peek_hash (known->file), hash) != 0
                        : file == NULL || strcmp (file_generation_peek_hash (file), hash) != 0)
        continue;
      *ret_known = known;
      return g_steal_pointer (&file);
    }
  return NULL;
}

gboolean
file_watch_recover (FileWatch *self, const char *hash, gint64 position, gint64 since_usec)
{
  FileLog *log = self->log;
  const struct timespec since
      = { .tv_sec = since_usec / G_USEC_PER_SEC, .tv_nsec = since_usec % G_USEC_PER_SEC * 1000 };
  Generation *known = NULL;
  g_autoptr (FileGeneration) file = NULL;
  const FileGeneration *old;
  gboolean rest;

  if (position < 0 || log->busy > 0)
    return FALSE;
  if (*hash == '\0')
    return take_passed (log, NULL, &since, self) > 0;
  file = find_rotated (log, hash, &known);
  old = known != NULL ? known->file : file;
  if (old == NULL || (known != NULL && (known == file_log_current (log) || generation_cursor (known, self) != NULL)))
    return FALSE;
  rest = file_generation_get_size (old) > position;
  if (known == NULL && rest)
    known = file_log_add_left (log, g_steal_pointer (&file));
  if (known != NULL && rest)
    {
      add_cursor (known, self, position);
      generation_remember (known);
    }
  return take_passed (log, old, &file_generation_peek_info (old)->st_mtim, self) > 0 || rest;
}

gboolean
file_watch_find_predecessor (const FileWatch *self, char **ret_hash, gint64 *ret_position)
{
  g_autoptr (GPtrArray) candidates = list_candidates (self->log, NULL);

  for (guint i = 0; i < candidates->len; i++)
    {
      const Candidate *candidate = candidates->pdata[i];
      g_autoptr (FileGeneration) file = file_generation_open (candidate->path, self->log->line_end, NULL);

      if (file == NULL || *file_generation_peek_hash (file) == '\0')
        continue;
      *ret_hash = g_strdup (file_generation_peek_hash (file));
      *ret_position = file_generation_get_size (file);
      return TRUE;
    }
  return FALSE;
}
