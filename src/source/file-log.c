#include "source/file-log.h"

#include <errno.h>
#include <string.h>

#include "source/file-log-private.h"

#define MAX_GENERATIONS 100 /* of one log: each holds a file open */
#define MAX_FINISHED    8   /* more than so many are not kept for late writers … */
#define FINISHED_SEC    2   /* … for longer than this */
#define LOGGER          "fail2ban.filter"

/* --- generations ------------------------------------------------------------------------------------------------------ */

static void
generation_free (gpointer data)
{
  Generation *self = data;

  file_generation_free (self->file);
  g_array_unref (self->cursors);
  g_free (self);
}

Generation *
file_log_current (const FileLog *self)
{
  Generation *last = self->generations->len > 0 ? self->generations->pdata[self->generations->len - 1] : NULL;

  return last != NULL && last->left_usec == 0 ? last : NULL;
}

Cursor *
generation_cursor (const Generation *generation, const FileWatch *watch)
{
  for (guint i = 0; i < generation->cursors->len; i++)
    {
      Cursor *cursor = &g_array_index (generation->cursors, Cursor, i);

      if (cursor->watch == watch)
        return cursor;
    }
  return NULL;
}

static void
drop_generation (FileLog *self, guint index)
{
  Generation *generation = self->generations->pdata[index];

  if (generation->monitor >= 0)
    file_monitor_remove (self->shared->monitor, generation->monitor, self);
  g_ptr_array_remove_index (self->generations, index);
}

static void
poll_instead (FileLog *self)
{
  log_warning (self->shared->log, LOGGER, "Unable to watch %s, it is polled instead: %s", self->path,
               g_strerror (errno));
  self->polled = TRUE;
}

static void
watch_folder (FileLog *self)
{
  if (self->polled || self->folder_monitor >= 0)
    return;
  self->folder_monitor = file_monitor_add_folder (self->shared->monitor, self->folder, self);
  if (self->folder_monitor < 0)
    poll_instead (self);
}

static void
watch_generation (FileLog *self, Generation *generation)
{
  if (!self->polled)
    generation->monitor
        = file_monitor_add_file (self->shared->monitor, file_generation_get_fd (generation->file), self);
  if (!self->polled && generation->monitor < 0)
    poll_instead (self);
  watch_folder (self);
}

static Generation *
generation_new (FileGeneration *file /* taken */)
{
  Generation *self = g_new0 (Generation, 1);

  self->file = file;
  self->monitor = -1;
  self->cursors = g_array_new (FALSE, FALSE, sizeof (Cursor));
  return self;
}

/* cursors_of: begin where the watches are in that one; NULL: at the start. */
static Generation *
add_generation (FileLog *self, FileGeneration *file /* taken */, const Generation *cursors_of)
{
  Generation *generation = generation_new (file);

  for (guint i = 0; i < self->watches->len; i++)
    {
      Cursor cursor = { .watch = self->watches->pdata[i] };
      const Cursor *old = cursors_of != NULL ? generation_cursor (cursors_of, cursor.watch) : NULL;

      cursor.offset = old != NULL ? old->offset : 0;
      if (!cursor.watch->removed)
        g_array_append_val (generation->cursors, cursor);
    }
  g_ptr_array_add (self->generations, generation);
  watch_generation (self, generation);
  return generation;
}

void
generation_remember (Generation *generation)
{
  gint64 position = 0;

  for (guint i = 0; i < generation->cursors->len; i++)
    position = MAX (position, g_array_index (generation->cursors, Cursor, i).offset);
  file_generation_remember (generation->file, position);
}

static void
restart_generation (Generation *generation)
{
  for (guint i = 0; i < generation->cursors->len; i++)
    {
      Cursor *cursor = &g_array_index (generation->cursors, Cursor, i);

      cursor->lost = cursor->offset;
      cursor->offset = 0;
      cursor->read = FALSE;
    }
  generation->scan_to = 0;
}

Generation *
file_log_add_left (FileLog *self, FileGeneration *file)
{
  Generation *generation = generation_new (file);
  guint index = self->generations->len - (file_log_current (self) != NULL ? 1 : 0);

  generation->left_usec = MAX (clock_get_monotonic_usec (self->shared->clock), 1);
  g_ptr_array_insert (self->generations, (int) index, generation);
  watch_generation (self, generation);
  return generation;
}

/* The clock that file systems use for the times of files: never ahead of what is written next. */
static struct timespec
file_time_now (void)
{
  struct timespec now;

  (void) clock_gettime (CLOCK_REALTIME_COARSE, &now);
  return now;
}

/* --- life --------------------------------------------------------------------------------------------------------------- */

FileLog *
file_log_open (const char *path, FileBackend backend, LineEnd line_end, const FileLogShared *shared, GError **error)
{
  FileLog *self;
  struct timespec now = file_time_now ();
  FileGeneration *file = file_generation_open (path, line_end, error);

  if (file == NULL)
    return NULL;
  self = g_new0 (FileLog, 1);
  self->path = g_strdup (path);
  self->name = g_path_get_basename (path);
  self->folder = g_path_get_dirname (path);
  self->backend = backend;
  self->line_end = line_end;
  self->shared = shared;
  self->polled = backend == FILE_BACKEND_POLLING || shared->monitor == NULL;
  self->folder_monitor = -1;
  self->looked_at = now;
  self->generations = g_ptr_array_new_with_free_func (generation_free);
  self->watches = g_ptr_array_new_with_free_func (g_free);
  if (shared->funcs != NULL && shared->funcs->make != NULL)
    self->line = shared->funcs->make (path);
  add_generation (self, file, NULL);
  return self;
}

void
file_log_free (FileLog *self)
{
  if (self == NULL)
    return;
  g_warn_if_fail (self->busy == 0);
  while (self->generations->len > 0)
    drop_generation (self, self->generations->len - 1);
  if (self->folder_monitor >= 0)
    file_monitor_remove (self->shared->monitor, self->folder_monitor, self);
  if (self->shared->funcs != NULL && self->shared->funcs->free != NULL)
    self->shared->funcs->free (self->line);
  g_ptr_array_unref (self->generations);
  g_ptr_array_unref (self->watches);
  g_free (self->path);
  g_free (self->name);
  g_free (self->folder);
  g_free (self);
}

const char *
file_log_peek_path (const FileLog *self)
{
  return self->path;
}

gboolean
file_log_is_polled (const FileLog *self)
{
  return self->polled;
}

gboolean
file_log_is_missing (const FileLog *self)
{
  return self->missing;
}

gint64
file_log_get_due_usec (const FileLog *self, gint64 looked_usec)
{
  gint64 quiet_usec = looked_usec - self->changed_usec;
  gint64 lively = CLAMP (quiet_usec / 1000 / FILE_SOURCE_LIVELY_PART, FILE_SOURCE_LIVELY_MSEC, FILE_SOURCE_POLL_MSEC);
  gint64 msec = FILE_SOURCE_RECHECK_MSEC;

  if (self->unsettled)
    msec = FILE_SOURCE_LIVELY_MSEC;
  else if (self->polled)
    msec = lively;
  else if (self->missing)
    msec = FILE_SOURCE_POLL_MSEC;
  return looked_usec + msec * 1000;
}

gboolean
file_log_is_busy (const FileLog *self)
{
  return self->busy > 0;
}

gboolean
file_log_is_empty (const FileLog *self)
{
  for (guint i = 0; i < self->watches->len; i++)
    if (!((const FileWatch *) self->watches->pdata[i])->removed)
      return FALSE;
  return TRUE;
}

gboolean
file_log_is_for (const FileLog *self, const char *path, FileBackend backend, LineEnd line_end)
{
  return self->backend == backend && self->line_end == line_end && strcmp (self->path, path) == 0;
}

gboolean
file_log_cares_about (const FileLog *self, const char *name)
{
  return name == NULL || strcmp (name, self->name) == 0;
}

/* --- looking ------------------------------------------------------------------------------------------------------------ */

static void
leave_current (FileLog *self)
{
  Generation *old = file_log_current (self);

  if (old == NULL)
    return;
  old->left_usec = MAX (clock_get_monotonic_usec (self->shared->clock), 1);
  log_msg (self->shared->log, LOGGER, "Log rotation detected for %s", self->path);
  if (self->folder_monitor >= 0)
    {
      file_monitor_remove (self->shared->monitor, self->folder_monitor, self); /* the folder may be another one, too */
      self->folder_monitor = -1;
    }
}

/* Another file has the name now. */
static void
take_new_file (FileLog *self)
{
  FileGeneration *file = file_generation_open (self->path, self->line_end, NULL);
  Generation *last = self->generations->len > 0 ? self->generations->pdata[self->generations->len - 1] : NULL;

  if (file == NULL)
    return; /* gone again, or not readable: the next look tries it again */
  self->changed_usec = g_get_monotonic_time ();
  leave_current (self);
  if (last != NULL && file_generation_continues (file, last->file))
    {
      generation_remember (add_generation (self, file, last));
      drop_generation (self, self->generations->len - 2);
    }
  else
    {
      add_generation (self, file, NULL);
      if (last != NULL)
        file_log_find_passed (self, last->file);
    }
  self->missing = FALSE;
}

/* The name is back at a file that had it before. */
static gboolean
take_back (FileLog *self, const struct stat *info)
{
  for (guint i = 0; i < self->generations->len; i++)
    {
      Generation *generation = self->generations->pdata[i];

      if (!file_generation_is_at (generation->file, info))
        continue;
      leave_current (self);
      (void) g_ptr_array_steal_index (self->generations, i);
      g_ptr_array_add (self->generations, generation);
      generation->left_usec = 0;
      generation->unproven = FALSE;
      self->missing = FALSE;
      self->changed_usec = g_get_monotonic_time ();
      watch_folder (self);
      return TRUE;
    }
  return FALSE;
}

/* The name is nobody's. */
static void
take_absence (FileLog *self, int problem)
{
  Generation *last = self->generations->len > 0 ? self->generations->pdata[self->generations->len - 1] : NULL;

  if (!self->missing)
    {
      log_msg (self->shared->log, LOGGER, "Log absence detected (possibly rotation) for %s, reason: %s", self->path,
               g_strerror (problem));
      self->changed_usec = g_get_monotonic_time ();
    }
  leave_current (self);
  self->missing = TRUE;
  if (last != NULL)
    file_log_find_passed (self, last->file);
}

static void
look_at_name (FileLog *self)
{
  const Generation *current = file_log_current (self);
  const gboolean unsettled = self->unsettled && self->generations->len > 0;
  struct stat info;

  self->unsettled = FALSE;
  for (guint i = unsettled ? self->generations->len : 0; i > 0; i--)
    if (((const Generation *) self->generations->pdata[i - 1])->bereft)
      file_log_find_copy (self, self->generations->pdata[i - 1]);
  if (unsettled) /* those that were missed were made after the oldest that is still open */
    file_log_find_passed (self, ((const Generation *) self->generations->pdata[0])->file);
  if (stat (self->path, &info) < 0)
    take_absence (self, errno);
  else if (!S_ISREG (info.st_mode))
    return;
  else if ((current == NULL || !file_generation_is_at (current->file, &info)) && !take_back (self, &info))
    take_new_file (self);
}

/* The one at index was read to its end, and its writers had time enough. */
static gboolean
is_finished (const FileLog *self, guint index)
{
  const Generation *generation = self->generations->pdata[index];
  gint64 age_usec = clock_get_monotonic_usec (self->shared->clock) - generation->left_usec;
  gint64 linger_sec = self->generations->len - index > MAX_FINISHED ? FINISHED_SEC : FILE_SOURCE_LINGER_SEC;

  return generation->left_usec != 0 && generation->exhausted && age_usec > linger_sec * G_USEC_PER_SEC;
}

static gboolean
has_work (const Generation *generation)
{
  for (guint i = 0; !generation->unproven && i < generation->cursors->len; i++)
    if (g_array_index (generation->cursors, Cursor, i).offset < file_generation_get_size (generation->file))
      return TRUE;
  return FALSE;
}

/* So many rotations at once that files would run out: best a file that was read, else the oldest. */
static void
drop_surplus (FileLog *self)
{
  while (self->generations->len > MAX_GENERATIONS)
    {
      guint index = 0;

      while (index < self->generations->len - 1 && has_work (self->generations->pdata[index]))
        index++;
      if (index == self->generations->len - 1)
        {
          log_warning (self->shared->log, LOGGER, "%s is rotated faster than it can be read: lines are lost",
                       self->path);
          index = 0;
        }
      drop_generation (self, index);
    }
}

static void
look_at_content (FileLog *self, Generation *generation)
{
  FileChange change = file_generation_look (generation->file);

  if (change != FILE_UNCHANGED)
    self->changed_usec = g_get_monotonic_time ();
  if (change == FILE_TRUNCATED)
    {
      log_msg (self->shared->log, LOGGER, "Log rotation detected for %s", self->path);
      restart_generation (generation);
      file_log_find_copy (self, generation);
    }
  else if (change == FILE_FILLED)
    file_log_find_passed (self, generation->file);
}

gboolean
file_log_look (FileLog *self)
{
  struct timespec now = file_time_now ();
  gboolean work = FALSE;

  look_at_name (self);
  for (guint i = self->generations->len; i > 0; i--)
    look_at_content (self, self->generations->pdata[i - 1]); /* may add others, which have just been looked at */
  for (guint i = self->generations->len; i > 0; i--)
    {
      Generation *generation = self->generations->pdata[i - 1];

      if (file_log_is_copy (self, generation) || (!has_work (generation) && is_finished (self, i - 1)))
        drop_generation (self, i - 1);
      else
        work = has_work (generation) || work;
    }
  drop_surplus (self);
  if (!self->unsettled)
    self->looked_at = now;
  return work;
}
