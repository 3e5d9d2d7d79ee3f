#include "source/file-log-private.h"
#include "source/file-seek.h"

FileWatch *
file_log_add_watch (FileLog *self, gboolean tail, const FileWatchFuncs *funcs, gpointer data, FileLogWake wake,
                    gpointer wake_data)
{
  FileWatch *watch = g_new0 (FileWatch, 1);
  Generation *generation = file_log_current (self);

  watch->log = self;
  watch->funcs = funcs;
  watch->data = data;
  watch->wake = wake;
  watch->wake_data = wake_data;
  watch->paused = TRUE;
  watch->in_operation = tail;
  for (guint i = 0; i < G_N_ELEMENTS (watch->marks); i++)
    watch->marks[i] = (guint64) g_random_int () << 32 | g_random_int ();
  g_ptr_array_add (self->watches, watch);
  self->changes++;
  if (generation != NULL)
    {
      Cursor cursor
          = { .watch = watch, .offset = tail ? file_generation_get_size (generation->file) : 0, .read = tail };

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
  log->changes++;
  if (log->busy == 0)
    file_log_forget_removed (log);
  wake (log, wake_data); /* the source may let go of the log now */
}

const char *
file_watch_peek_path (const FileWatch *self)
{
  return self->log->path;
}

/* The generation to go on with after a restart, and its cursor in *ret_cursor; NULL while there is none.  It is the newest one of
 * which something was read, since older ones are read first, and from it file_watch_recover finds the newer ones. */
static const Generation *
generation_to_store (const FileWatch *self, const Cursor **ret_cursor)
{
  const Generation *now = file_log_current (self->log);
  const GPtrArray *generations = self->log->generations;

  for (guint i = generations->len; i-- > 0;)
    {
      const Generation *generation = generations->pdata[i];

      *ret_cursor = generation_cursor (generation, self);
      if (*ret_cursor != NULL && (*ret_cursor)->read)
        return generation;
    }
  *ret_cursor = now != NULL ? generation_cursor (now, self) : NULL;
  return now;
}

const char *
file_watch_peek_hash (const FileWatch *self)
{
  const Cursor *cursor;
  const Generation *generation = generation_to_store (self, &cursor);

  return generation != NULL ? file_generation_peek_hash (generation->file) : "";
}

gint64
file_watch_get_position (const FileWatch *self)
{
  const Cursor *cursor;

  (void) generation_to_store (self, &cursor);
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
  const Generation *generation = file_log_current (self->log);
  Cursor *cursor = generation != NULL ? generation_cursor (generation, self) : NULL;

  if (cursor == NULL)
    return;
  self->log->changes++;
  cursor->offset = position >= 0 && position <= file_generation_get_size (generation->file) ? position : 0;
  cursor->read = cursor->offset > 0;
  file_generation_remember (generation->file, cursor->offset);
}

void
file_watch_seek_time (FileWatch *self, gint64 time_usec, FileTimeFunc func, gpointer data)
{
  const Generation *generation = file_log_current (self->log);
  Cursor *cursor = generation != NULL ? generation_cursor (generation, self) : NULL;
  gint64 size = generation != NULL ? file_generation_get_size (generation->file) : 0;

  if (cursor == NULL || cursor->offset >= size)
    return;
  self->log->changes++;
  cursor->offset = file_seek_time (generation->file, self->log->line_end, cursor->offset, time_usec, func, data);
  self->in_operation = self->in_operation || cursor->offset == size; /* nobody else sees that the end was reached */
  file_generation_remember (generation->file, cursor->offset);
}

gboolean
file_watch_is_paused (const FileWatch *self)
{
  return self->paused;
}

void
file_watch_set_wants_all (FileWatch *self, gboolean wants_all)
{
  if (self->wants_all == wants_all)
    return;
  self->wants_all = wants_all;
  self->log->changes++;
}

void
file_watch_set_paused (FileWatch *self, gboolean paused)
{
  if (self->paused == paused)
    return;
  self->paused = paused;
  self->log->changes++;
  if (!paused)
    self->wake (self->log, self->wake_data);
}
