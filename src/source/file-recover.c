#include <string.h>

#include "source/file-beside.h"
#include "source/file-log-private.h"

#define SEARCH_MAX_USEC (20 * 1000) /* in a folder that does not stand still; it is looked at again soon */

static GPtrArray *
list_candidates (const FileLog *log, const struct timespec *since, gboolean *ret_settled)
{
  gint64 until_usec = g_get_monotonic_time () + SEARCH_MAX_USEC;

  return file_beside_list (log->folder, log->name, since, until_usec, NULL, NULL, ret_settled);
}

static FileGeneration *
open_candidate (const FileLog *log, FileBeside *candidate)
{
  int fd = candidate->fd;

  candidate->fd = -1;
  return file_generation_new (fd, log->line_end);
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
  for (guint i = 0; i < log->generations->len; i++)
    {
      const FileGeneration *other = ((const Generation *) log->generations->pdata[i])->file;

      if (other != file && (file_generation_is_copy (file, other) || file_generation_has_lost (file, other)))
        return TRUE;
    }
  return FALSE;
}

gboolean
file_log_is_copy (const FileLog *self, Generation *generation)
{
  if (!generation->unproven || *file_generation_peek_hash (generation->file) == '\0')
    return FALSE;
  generation->unproven = FALSE;
  return is_copy (self, generation->file);
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
  gboolean settled;
  g_autoptr (GPtrArray) candidates = list_candidates (log, since, &settled);
  g_autoptr (GPtrArray) files = g_ptr_array_new ();
  guint taken = 0;

  for (guint i = 0; i < candidates->len; i++)
    {
      FileBeside *candidate = candidates->pdata[i];
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
      file = open_candidate (log, candidate);
      if (may_follow (file, old, watch == NULL) && !is_copy (log, file))
        g_ptr_array_add (files, g_steal_pointer (&file));
    }
  g_ptr_array_sort (files, compare_files);
  for (guint i = 0; i < files->len; i++)
    {
      Generation *generation = file_log_add_left (log, files->pdata[i]);

      generation->unproven = *file_generation_peek_hash (generation->file) == '\0';
      for (guint k = 0; k < log->watches->len; k++)
        if (watch == NULL || watch == log->watches->pdata[k])
          add_cursor (generation, log->watches->pdata[k], 0);
    }
  log->unsettled = log->unsettled || !settled;
  return taken + files->len;
}

void
file_log_find_passed (FileLog *self, const FileGeneration *old)
{
  struct timespec since = self->looked_at;

  (void) take_passed (self, old, &since, NULL);
}

/* --- after a truncation ------------------------------------------------------------------------------------------------------ */

/* It was found while cp was at work, and has not been looked at since. */
static Generation *
find_unproven_copy (const FileLog *log, const FileGeneration *truncated)
{
  for (guint i = 0; i < log->generations->len; i++)
    {
      Generation *generation = log->generations->pdata[i];

      if (!generation->unproven || !file_generation_has_lost (generation->file, truncated))
        continue;
      generation->unproven = FALSE;
      g_array_set_size (generation->cursors, 0);
      (void) file_generation_look (generation->file);
      return generation;
    }
  return NULL;
}

static Generation *
find_new_copy (FileLog *log, const FileGeneration *truncated, gboolean *ret_settled)
{
  g_autoptr (GPtrArray) candidates = list_candidates (log, NULL, ret_settled);

  for (guint i = 0; i < candidates->len; i++)
    {
      FileBeside *candidate = candidates->pdata[i];
      g_autoptr (FileGeneration) file = NULL;

      if (find_open (log, &candidate->info) != NULL)
        continue;
      file = open_candidate (log, candidate);
      if (file_generation_has_lost (file, truncated))
        return file_log_add_left (log, g_steal_pointer (&file));
    }
  return NULL;
}

void
file_log_find_copy (FileLog *self, Generation *generation)
{
  Generation *copy = find_unproven_copy (self, generation->file);
  gboolean settled = TRUE;

  if (copy == NULL)
    copy = find_new_copy (self, generation->file, &settled);
  for (guint i = 0; copy != NULL && i < generation->cursors->len; i++)
    {
      const Cursor *cursor = &g_array_index (generation->cursors, Cursor, i);

      add_cursor (copy, cursor->watch, cursor->lost);
    }
  if (copy != NULL)
    generation_remember (copy);
  generation->bereft = copy == NULL && !settled;
  self->unsettled = self->unsettled || generation->bereft;
  file_log_find_passed (self, copy != NULL ? copy->file : generation->file);
}

/* --- after a restart --------------------------------------------------------------------------------------------------------- */

/* The file with that first line, wherever it is: *ret_known, or the caller's. */
static FileGeneration *
find_rotated (const FileLog *log, const char *hash, Generation **ret_known)
{
  gboolean settled;
  g_autoptr (GPtrArray) candidates = list_candidates (log, NULL, &settled);

  *ret_known = NULL;
  for (guint i = 0; i < candidates->len; i++)
    {
      FileBeside *candidate = candidates->pdata[i];
      Generation *known = find_open (log, &candidate->info);
      g_autoptr (FileGeneration) file = NULL;

      if (known == NULL)
        file = open_candidate (log, candidate);
      if (strcmp (file_generation_peek_hash (known != NULL ? known->file : file), hash) != 0)
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
  gboolean settled;
  g_autoptr (GPtrArray) candidates = list_candidates (self->log, NULL, &settled);

  for (guint i = 0; i < candidates->len; i++)
    {
      g_autoptr (FileGeneration) file = open_candidate (self->log, candidates->pdata[i]);

      if (*file_generation_peek_hash (file) == '\0')
        continue;
      *ret_hash = g_strdup (file_generation_peek_hash (file));
      *ret_position = file_generation_get_size (file);
      return TRUE;
    }
  return FALSE;
}
