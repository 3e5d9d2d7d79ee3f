#include "source/file-log.h"

#include <errno.h>
#include <string.h>

#include "source/file-seek.h"

#define READ_SIZE       (128 * 1024)
#define CLOCK_EVERY     32 /* lines between two looks at the clock */
#define MAX_GENERATIONS 8  /* of one log: each holds a file open */

struct FileWatch
{
  FileLog *log;
  const FileWatchFuncs *funcs;
  gpointer data;
  FileLogWake wake;
  gpointer wake_data;
  gboolean paused;
  gboolean removed;
  gboolean in_operation;
  gboolean touched;  /* got a line in this slice */
  gboolean read_any; /* got a line at all */
  gboolean behind;   /* in this serving: has not finished an older generation */
};

/* How far a watch has read a generation. */
typedef struct
{
  FileWatch *watch;
  gint64 offset;
} Cursor;

typedef struct
{
  FileGeneration *file;
  int monitor;        /* descriptor, -1: none */
  gint64 left_usec;   /* when it lost the name (monotonic); 0: it has it */
  GArray *cursors;    /* of Cursor */
  gint64 scan_start;  /* a line that is too long begins here … */
  gint64 scan_to;     /* … and has no end up to here; 0: none */
  gboolean exhausted; /* nothing but an unfinished line is left for whoever is not paused */
} Generation;

struct FileLog
{
  char *path;
  char *name; /* the last part of path */
  char *folder;
  FileBackend backend; /* as asked for */
  LineEnd line_end;
  const FileLogShared *shared;
  gboolean polled;
  int folder_monitor;
  gboolean missing;
  GPtrArray *generations; /* of Generation, oldest first */
  GPtrArray *watches;     /* of FileWatch; removed ones until nobody looks at them */
  gpointer line;          /* FileLineFuncs */
  guint busy;             /* inside callbacks: nothing may be freed */
};

#define LOGGER "fail2ban.filter"

/* --- generations ------------------------------------------------------------------------------------------------------ */

static void
generation_free (gpointer data)
{
  Generation *self = data;

  file_generation_free (self->file);
  g_array_unref (self->cursors);
  g_free (self);
}

/* The one that has the name, NULL while there is none. */
static Generation *
current (const FileLog *self)
{
  Generation *last = self->generations->len > 0 ? self->generations->pdata[self->generations->len - 1] : NULL;

  return last != NULL && last->left_usec == 0 ? last : NULL;
}

static Cursor *
cursor_of (const Generation *generation, const FileWatch *watch)
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

/* cursors_of: begin where the watches are in that one; NULL: at the start. */
static Generation *
add_generation (FileLog *self, FileGeneration *file /* taken */, const Generation *cursors_of)
{
  Generation *generation = g_new0 (Generation, 1);

  generation->file = file;
  generation->monitor = -1;
  generation->cursors = g_array_new (FALSE, FALSE, sizeof (Cursor));
  for (guint i = 0; i < self->watches->len; i++)
    {
      Cursor cursor = { .watch = self->watches->pdata[i] };
      const Cursor *old = cursors_of != NULL ? cursor_of (cursors_of, cursor.watch) : NULL;

      cursor.offset = old != NULL ? old->offset : 0;
      if (!cursor.watch->removed)
        g_array_append_val (generation->cursors, cursor);
    }
  g_ptr_array_add (self->generations, generation);
  watch_generation (self, generation);
  return generation;
}

static void
remember_positions (Generation *generation)
{
  gint64 position = 0;

  for (guint i = 0; i < generation->cursors->len; i++)
    position = MAX (position, g_array_index (generation->cursors, Cursor, i).offset);
  /* The file grew after the last look: the hash and the size have to be those of what was read. */
  if (position > file_generation_get_size (generation->file))
    (void) file_generation_look (generation->file);
  file_generation_remember (generation->file, position);
}

static void
restart_generation (Generation *generation)
{
  for (guint i = 0; i < generation->cursors->len; i++)
    g_array_index (generation->cursors, Cursor, i).offset = 0;
  generation->scan_to = 0;
}

/* --- life --------------------------------------------------------------------------------------------------------------- */

FileLog *
file_log_open (const char *path, FileBackend backend, LineEnd line_end, const FileLogShared *shared, GError **error)
{
  FileLog *self;
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
  Generation *old = current (self);

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
  leave_current (self);
  if (last != NULL && file_generation_continues (file, last->file))
    {
      remember_positions (add_generation (self, file, last));
      drop_generation (self, self->generations->len - 2);
    }
  else
    add_generation (self, file, NULL);
  while (self->generations->len > MAX_GENERATIONS)
    drop_generation (self, 0);
  self->missing = FALSE;
}

/* The name was away and is back at the same file. */
static gboolean
take_back (FileLog *self, const struct stat *info)
{
  Generation *last = self->generations->len > 0 ? self->generations->pdata[self->generations->len - 1] : NULL;

  if (last == NULL || !file_generation_is_at (last->file, info))
    return FALSE;
  last->left_usec = 0;
  self->missing = FALSE;
  watch_folder (self);
  return TRUE;
}

static void
look_at_name (FileLog *self)
{
  const Generation *now = current (self);
  struct stat info;

  if (stat (self->path, &info) < 0)
    {
      if (!self->missing)
        log_msg (self->shared->log, LOGGER, "Log absence detected (possibly rotation) for %s, reason: %s", self->path,
                 g_strerror (errno));
      leave_current (self);
      self->missing = TRUE;
    }
  else if (!S_ISREG (info.st_mode))
    return;
  else if (now == NULL || !file_generation_is_at (now->file, &info))
    {
      if (!take_back (self, &info))
        take_new_file (self);
    }
}

static gboolean
is_finished (const FileLog *self, const Generation *generation)
{
  gint64 age_usec = clock_get_monotonic_usec (self->shared->clock) - generation->left_usec;

  return generation->left_usec != 0 && generation->exhausted && age_usec > FILE_SOURCE_LINGER_SEC * G_USEC_PER_SEC;
}

static gboolean
has_work (const Generation *generation)
{
  for (guint i = 0; i < generation->cursors->len; i++)
    if (g_array_index (generation->cursors, Cursor, i).offset < file_generation_get_size (generation->file))
      return TRUE;
  return FALSE;
}

gboolean
file_log_look (FileLog *self)
{
  gboolean work = FALSE;

  look_at_name (self);
  for (guint i = self->generations->len; i > 0; i--)
    {
      Generation *generation = self->generations->pdata[i - 1];

      if (file_generation_look (generation->file) == FILE_TRUNCATED)
        {
          log_msg (self->shared->log, LOGGER, "Log rotation detected for %s", self->path);
          restart_generation (generation);
        }
      if (is_finished (self, generation))
        drop_generation (self, i - 1);
      else
        work = has_work (generation) || work;
    }
  return work;
}

/* --- serving ------------------------------------------------------------------------------------------------------------ */

static gboolean
is_ready (const FileWatch *watch)
{
  return !watch->paused && !watch->removed && !watch->behind;
}

/* Where to read next: the smallest offset of those who may have lines; -1: there are none. */
static gint64
next_offset (const Generation *generation)
{
  gint64 offset = -1;

  for (guint i = 0; i < generation->cursors->len; i++)
    {
      const Cursor *cursor = &g_array_index (generation->cursors, Cursor, i);

      if (is_ready (cursor->watch) && (offset < 0 || cursor->offset < offset))
        offset = cursor->offset;
    }
  return offset;
}

/* To all whose cursor is within the line [start, start + len), the part that they do not have yet.  shown: how much of it is in bytes. */
static void
hand_out (FileLog *self, Generation *generation, gint64 start, gint64 len, const char *bytes, gsize shown)
{
  gint64 set_for = -1;

  for (guint i = 0; i < generation->cursors->len; i++)
    {
      Cursor *cursor = &g_array_index (generation->cursors, Cursor, i);
      FileWatch *watch = cursor->watch;
      gint64 skip = cursor->offset - start;
      FileLine line;

      if (!is_ready (watch) || skip < 0 || skip >= len)
        continue;
      cursor->offset = start + len;
      watch->touched = TRUE;
      watch->read_any = TRUE;
      skip = MIN (skip, (gint64) shown);
      line = (FileLine){ self->line, bytes + skip, shown - (gsize) skip, watch->in_operation };
      if (set_for != skip && self->shared->funcs != NULL && self->shared->funcs->set != NULL)
        self->shared->funcs->set (self->line, line.bytes, line.len);
      set_for = skip;
      watch->funcs->line (watch, &line, watch->data); /* may add cursors: the pointer is not used any more */
    }
}

typedef enum
{
  SERVE_ON,    /* read again */
  SERVE_DONE,  /* nothing complete is left */
  SERVE_LATER, /* the time is up */
} ServeResult;

static gboolean
is_late (gint64 until_usec)
{
  return g_get_monotonic_time () >= until_usec;
}

/* A line without end within FILE_SOURCE_LINE_MAX: looks for it in steps, without keeping what it passes. */
static ServeResult
serve_long_line (FileLog *self, Generation *generation, gint64 start, gint64 until_usec)
{
  char *buffer = self->shared->buffer;
  gint64 at = generation->scan_start == start && generation->scan_to > start ? generation->scan_to : start;
  gssize n;

  generation->scan_start = start;
  while ((n = file_generation_read (generation->file, at, buffer, READ_SIZE)) > 0)
    {
      gssize line = line_end_find (self->line_end, buffer, (gsize) n);

      if (line >= 0)
        {
          n = file_generation_read (generation->file, start, buffer, FILE_SOURCE_LINE_MAX);
          if (n > 0)
            hand_out (self, generation, start, at + line - start, buffer, (gsize) MIN (n, at + line - start));
          return SERVE_ON;
        }
      if (n < READ_SIZE)
        break; /* unfinished; whole steps only, so that units stay aligned */
      at += n;
      generation->scan_to = at;
      if (is_late (until_usec))
        return SERVE_LATER;
    }
  return SERVE_DONE;
}

static ServeResult
serve_chunk (FileLog *self, Generation *generation, gint64 start, gint64 until_usec)
{
  char *buffer = self->shared->buffer;
  gssize n = file_generation_read (generation->file, start, buffer, READ_SIZE);
  gssize at = 0;
  guint lines = 0;

  while (at < n)
    {
      gssize line = line_end_find (self->line_end, buffer + at, (gsize) (n - at));

      if (line < 0)
        break;
      hand_out (self, generation, start + at, line, buffer + at, (gsize) line);
      at += line;
      if (++lines % CLOCK_EVERY == 0 && is_late (until_usec))
        return SERVE_LATER;
      if (next_offset (generation) != start + at)
        return SERVE_ON; /* somebody paused, or is behind */
    }
  if (at == 0 && n == READ_SIZE)
    return serve_long_line (self, generation, start, until_usec);
  return n == READ_SIZE ? SERVE_ON : SERVE_DONE;
}

/* A watch is in operation once it has reached the end of a file with something in it: what is first written to an empty file, or
 * behind a position of the last run, is read as an old line still (filter.py, getFailures). */
static void
reached_the_end (FileLog *self, Generation *generation)
{
  gint64 size = file_generation_get_size (generation->file);

  generation->exhausted = TRUE;
  for (guint i = 0; i < generation->cursors->len; i++)
    {
      const Cursor *cursor = &g_array_index (generation->cursors, Cursor, i);
      FileWatch *watch = cursor->watch;

      if (is_ready (watch))
        watch->in_operation = watch->in_operation || watch->read_any || cursor->offset < size;
      else if (!watch->removed && cursor->offset < size)
        {
          generation->exhausted = FALSE;
          watch->behind = TRUE; /* nothing newer for it, even when it wakes up meanwhile */
        }
    }
}

static gboolean
serve_generation (FileLog *self, Generation *generation, gint64 until_usec)
{
  ServeResult result = SERVE_ON;

  generation->exhausted = FALSE;
  while (result == SERVE_ON)
    {
      gint64 offset = next_offset (generation);

      result = offset < 0 ? SERVE_DONE : serve_chunk (self, generation, offset, until_usec);
      if (result == SERVE_ON && is_late (until_usec))
        result = SERVE_LATER;
    }
  remember_positions (generation);
  if (result == SERVE_DONE)
    reached_the_end (self, generation);
  return result == SERVE_DONE;
}

static void
forget_removed (FileLog *self)
{
  for (guint i = self->watches->len; i > 0; i--)
    {
      FileWatch *watch = self->watches->pdata[i - 1];

      if (!watch->removed)
        continue;
      for (guint k = 0; k < self->generations->len; k++)
        {
          Generation *generation = self->generations->pdata[k];
          Cursor *cursor = cursor_of (generation, watch);

          if (cursor != NULL)
            g_array_remove_index (generation->cursors,
                                  (guint) (cursor - (Cursor *) (gpointer) generation->cursors->data));
        }
      g_ptr_array_remove_index (self->watches, i - 1);
    }
}

static void
finish_slice (FileLog *self)
{
  for (guint i = 0; i < self->watches->len; i++)
    {
      FileWatch *watch = self->watches->pdata[i];

      watch->behind = FALSE;
      if (!watch->touched)
        continue;
      watch->touched = FALSE;
      if (!watch->removed && watch->funcs->slice != NULL)
        watch->funcs->slice (watch, watch->data);
    }
}

FileLogResult
file_log_serve (FileLog *self, gint64 until_usec)
{
  gboolean done = TRUE;

  self->busy++;
  for (guint i = 0; done && i < self->generations->len; i++)
    done = serve_generation (self, self->generations->pdata[i], until_usec);
  finish_slice (self);
  if (--self->busy == 0)
    forget_removed (self);
  return done ? FILE_LOG_DONE : FILE_LOG_MORE;
}

/* --- watches ------------------------------------------------------------------------------------------------------------ */

FileWatch *
file_log_add_watch (FileLog *self, gboolean tail, const FileWatchFuncs *funcs, gpointer data, FileLogWake wake,
                    gpointer wake_data)
{
  FileWatch *watch = g_new0 (FileWatch, 1);
  Generation *generation = current (self);

  watch->log = self;
  watch->funcs = funcs;
  watch->data = data;
  watch->wake = wake;
  watch->wake_data = wake_data;
  watch->paused = TRUE;
  watch->in_operation = tail;
  g_ptr_array_add (self->watches, watch);
  if (generation != NULL)
    {
      Cursor cursor = { .watch = watch, .offset = tail ? file_generation_get_size (generation->file) : 0 };

      g_array_append_val (generation->cursors, cursor);
      file_generation_remember (generation->file, cursor.offset);
    }
  return watch;
}

FileLog *
file_watch_peek_log (const FileWatch *self)
{
  return self->log;
}

void
file_watch_remove (FileWatch *self)
{
  FileLog *log;
  FileLogWake wake;
  gpointer wake_data;

  if (self == NULL)
    return;
  log = self->log;
  wake = self->wake;
  wake_data = self->wake_data;
  self->removed = TRUE;
  if (log->busy == 0)
    forget_removed (log);
  wake (log, wake_data); /* the source may let go of the log now */
}

const char *
file_watch_peek_path (const FileWatch *self)
{
  return self->log->path;
}

const char *
file_watch_peek_hash (const FileWatch *self)
{
  const Generation *generation = current (self->log);

  return generation != NULL ? file_generation_peek_hash (generation->file) : "";
}

gint64
file_watch_get_position (const FileWatch *self)
{
  const Generation *generation = current (self->log);
  const Cursor *cursor = generation != NULL ? cursor_of (generation, self) : NULL;

  return cursor != NULL ? cursor->offset : 0;
}

gboolean
file_watch_is_in_operation (const FileWatch *self)
{
  return self->in_operation;
}

void
file_watch_set_position (FileWatch *self, gint64 position)
{
  const Generation *generation = current (self->log);
  Cursor *cursor = generation != NULL ? cursor_of (generation, self) : NULL;

  if (cursor == NULL)
    return;
  cursor->offset = position >= 0 && position <= file_generation_get_size (generation->file) ? position : 0;
  file_generation_remember (generation->file, cursor->offset);
}

void
file_watch_seek_time (FileWatch *self, gint64 time_usec, FileTimeFunc func, gpointer data)
{
  const Generation *generation = current (self->log);
  Cursor *cursor = generation != NULL ? cursor_of (generation, self) : NULL;

  if (cursor == NULL)
    return;
  cursor->offset = file_seek_time (generation->file, self->log->line_end, cursor->offset, time_usec, func, data);
  file_generation_remember (generation->file, cursor->offset);
}

gboolean
file_watch_is_paused (const FileWatch *self)
{
  return self->paused;
}

void
file_watch_set_paused (FileWatch *self, gboolean paused)
{
  if (self->paused == paused)
    return;
  self->paused = paused;
  if (!paused)
    self->wake (self->log, self->wake_data);
}
