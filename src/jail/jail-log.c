#include "jail/jail-log-private.h"

#include "compat/py-repr.h"

/* Positions behind lines that led to nothing are written this much later (1.1.2's interval). */
#define SAVE_LATER_SEC 10
/* So many lines in a row that could not be processed make the jail idle (1.1.2). */
#define ERRORS_MAX     100

static void
log_file_free (gpointer data)
{
  LogFile *file = data;

  file_watch_remove (file->watch);
  g_free (file->path);
  g_free (file);
}

GPtrArray *
jail_log_file_list_new (void)
{
  return g_ptr_array_new_with_free_func (log_file_free);
}

/* --- lines ------------------------------------------------------------------------------------------------------------------ */

void
jail_log_begin_slice (Jail *self)
{
  BanStore *store = jail_peek_store (self);

  if (self->logs->in_slice)
    return;
  self->logs->in_slice = TRUE;
  log_hold (self->log);
  if (store != NULL)
    ban_store_begin_soon (store);
}

/* What was read and what was decided: one transaction, perhaps with the next slice's. */
void
jail_log_end_slice (Jail *self)
{
  if (!self->logs->in_slice)
    return;
  self->logs->in_slice = FALSE;
  jail_lines_save (self);
  if (jail_peek_store (self) != NULL)
    jail_services_commit_soon (self->services, self->name);
  log_release (self->log);
}

static void
on_failure (Failure *failure, gpointer user_data)
{
  jail_lines_take_failure (user_data, failure);
}

/* While lines that failed are counted, those that did not count, too. */
static void
want_all_lines (Jail *self, gboolean wants_all)
{
  for (guint i = 0; i < self->logs->files->len; i++)
    file_watch_set_wants_all (((LogFile *) g_ptr_array_index (self->logs->files, i))->watch, wants_all);
}

static void
line_succeeded (Jail *self)
{
  if (self->errors == 0)
    return;
  self->errors /= 2;
  if (self->errors == 0)
    want_all_lines (self, FALSE);
}

static void
line_failed (Jail *self, LogLine *line, const GError *error)
{
  filter_log_failed_line (self->filter, line, error);
  want_all_lines (self, TRUE);
  if (++self->errors < ERRORS_MAX)
    return;
  log_error (self->log, LOGGER_FILTER, "Too many errors at once (%u), going idle", self->errors);
  self->errors /= 2;
  self->filter_idle = TRUE;
  jail_log_update (self);
}

void
jail_log_process_line (Jail *self, LogLine *line, gboolean in_operation)
{
  g_autoptr (GError) error = NULL;

  jail_log_begin_slice (self);
  if (filter_process_line (self->filter, line, in_operation, on_failure, self, &error))
    line_succeeded (self);
  else
    line_failed (self, line, error);
  if (self->pending.length > JAIL_PENDING_MAX)
    jail_log_update (self);
}

static void
on_file_line (FileWatch *watch, const FileLine *line, gpointer user_data)
{
  LogFile *file = user_data;

  jail_log_process_line (file->jail, line->shared, line->in_operation);
}

static void
on_file_slice (FileWatch *watch, gpointer user_data)
{
  LogFile *file = user_data;

  file->changed = TRUE;
  jail_log_begin_slice (file->jail); /* all lines may have been settled for it */
  jail_log_end_slice (file->jail);
}

static const FileWatchFuncs file_funcs = { on_file_line, on_file_slice };

/* --- positions -------------------------------------------------------------------------------------------------------------- */

static gboolean
save_file (Jail *self, LogFile *file, GError **error)
{
  if (!file->changed)
    return TRUE;
  file->changed = FALSE;
  return ban_store_update_log (jail_peek_store (self), self->name, file->path, file_watch_peek_hash (file->watch),
                               file_watch_get_position (file->watch), error);
}

static void
cancel_save (JailLog *logs)
{
  if (logs->save != NULL)
    g_source_destroy (logs->save);
  g_clear_pointer (&logs->save, g_source_unref);
}

static void
save_if_decided (Jail *self)
{
  if (jail_lines_are_decided (self))
    jail_log_save_positions (self, TRUE);
}

static gboolean
on_save (gpointer user_data)
{
  Jail *self = user_data;

  cancel_save (self->logs);
  save_if_decided (self);
  return G_SOURCE_REMOVE;
}

static gboolean
is_changed (const JailLog *logs)
{
  gboolean changed = logs->journal_changed;

  for (guint i = 0; i < logs->files->len; i++)
    changed |= ((LogFile *) g_ptr_array_index (logs->files, i))->changed;
  return changed;
}

void
jail_log_save_positions (Jail *self, gboolean now)
{
  JailLog *logs = self->logs;
  BanStore *store = jail_peek_store (self);
  g_autoptr (GError) error = NULL;

  if (store == NULL || !is_changed (logs))
    return;
  if (!now)
    {
      if (logs->save != NULL)
        return;
      logs->save = g_timeout_source_new_seconds (SAVE_LATER_SEC);
      g_source_set_callback (logs->save, on_save, self, NULL);
      g_source_attach (logs->save, NULL);
      return;
    }
  cancel_save (logs);
  ban_store_begin (store);
  for (guint i = 0; i < logs->files->len; i++)
    (void) save_file (self, g_ptr_array_index (logs->files, i), error == NULL ? &error : NULL);
  (void) jail_journal_save_position (self, error == NULL ? &error : NULL);
  (void) ban_store_commit (store, error == NULL ? &error : NULL);
  if (error != NULL)
    jail_store_failed (self, error);
}

void
jail_log_close (Jail *self)
{
  JailLog *logs = self->logs;

  if (logs == NULL)
    return;
  jail_log_end_slice (self);
  cancel_save (logs);
  journal_source_free (logs->journal);
  log_line_free (logs->line);
  g_ptr_array_unref (logs->files);
  g_clear_pointer (&self->logs, g_free);
}

/* --- start, pause, stop --------------------------------------------------------------------------------------------------------- */

void
jail_log_update (Jail *self)
{
  JailLog *logs = self->logs;
  gboolean paused;

  if (self->pending.length > JAIL_PENDING_MAX)
    logs->crowded = TRUE;
  else if (self->pending.length <= JAIL_PENDING_MAX / 2)
    logs->crowded = FALSE;
  paused = !self->alive || self->idle || self->filter_idle || logs->crowded;
  for (guint i = 0; i < logs->files->len; i++)
    file_watch_set_paused (((LogFile *) g_ptr_array_index (logs->files, i))->watch, paused);
  if (logs->journal != NULL)
    journal_source_set_paused (logs->journal, paused);
}

static gboolean
find_time (const char *bytes, gsize len, gint64 *ret_time_usec, gpointer user_data)
{
  LogFile *file = user_data;
  g_autoptr (LogLine) line = log_line_new (file->path);

  log_line_set_bytes (line, bytes, len);
  return filter_find_time (file->jail->filter, line, ret_time_usec);
}

/* Of an old and large log only what is younger than findtime is read. */
static void
seek_start (Jail *self, LogFile *file)
{
  gint64 before;

  if (!file->seek || !self->alive)
    return;
  file->seek = FALSE;
  before = file_watch_get_position (file->watch);
  file_watch_seek_time (file->watch, jail_now_usec (self) - self->find_time_usec, find_time, file);
  file->changed = file->changed || file_watch_get_position (file->watch) != before;
}

void
jail_log_start (Jail *self)
{
  if (self->logs->journal != NULL)
    jail_journal_start (self);
  for (guint i = 0; i < self->logs->files->len; i++)
    seek_start (self, g_ptr_array_index (self->logs->files, i));
  save_if_decided (self); /* what was passed over may be all that there is */
  jail_log_update (self);
}

void
jail_log_stop (Jail *self)
{
  JailLog *logs = self->logs;

  jail_log_end_slice (self);
  if (logs->journal != NULL)
    journal_source_stop (logs->journal);
  save_if_decided (self);
  for (guint i = 0; i < logs->files->len; i++)
    {
      g_autofree char *repr = py_repr_str (((LogFile *) g_ptr_array_index (logs->files, i))->path, -1);

      log_info (self->log, LOGGER_FILTER, "Removed logfile: %s", repr);
    }
  g_ptr_array_set_size (logs->files, 0);
}

/* --- files ------------------------------------------------------------------------------------------------------------------------ */

static LogFile *
find_file (const JailLog *logs, const char *path, guint *ret_index)
{
  for (guint i = 0; i < logs->files->len; i++)
    {
      LogFile *file = g_ptr_array_index (logs->files, i);

      if (!g_str_equal (file->path, path))
        continue;
      if (ret_index != NULL)
        *ret_index = i;
      return file;
    }
  return NULL;
}

/* A row for a log that is new to the jail. */
static gboolean
store_start (Jail *self, LogFile *file, GError **error)
{
  g_autofree char *hash = g_strdup (file_watch_peek_hash (file->watch));
  gint64 position = file_watch_get_position (file->watch);

  if (*hash == '\0')
    {
      g_autofree char *predecessor = NULL;

      if (file_watch_find_predecessor (file->watch, &predecessor, &position))
        {
          g_free (hash);
          hash = g_steal_pointer (&predecessor);
        }
    }
  return ban_store_add_log (jail_peek_store (self), self->name, file->path, hash, position, &position, error);
}

static void
restore_position (Jail *self, LogFile *file, gboolean tail)
{
  BanStore *store = jail_peek_store (self);
  const char *present = file_watch_peek_hash (file->watch);
  g_autofree char *hash = NULL;
  gint64 position = 0;
  g_autoptr (GError) error = NULL;

  if (store == NULL)
    return;
  if (!ban_store_get_log (store, self->name, file->path, &hash, &position, &error)
      || (hash == NULL && !store_start (self, file, &error)))
    jail_store_failed (self, error);
  else if (hash == NULL || tail)
    return;
  else if (*hash != '\0' && g_str_equal (hash, present))
    file_watch_set_position (file->watch, position);
  else /* rotated while no server ran, perhaps */
    (void) file_watch_recover (file->watch, hash, position, jail_now_usec (self) - self->find_time_usec);
}

static gboolean
watch_file (Jail *self, const char *path, gboolean tail, GError **error)
{
  LogFile *file = g_new0 (LogFile, 1);
  g_autoptr (GError) local = NULL;
  g_autofree char *repr = NULL;

  file->jail = self;
  file->path = g_strdup (path);
  file->keep = TRUE;
  file->watch = file_source_add (
      self->services->files, path,
      self->real_backend == JAIL_BACKEND_POLLING ? FILE_BACKEND_POLLING : FILE_BACKEND_INOTIFY,
      line_end_of_encoding (filter_peek_log_encoding (self->filter)), tail, &file_funcs, file, &local);
  if (file->watch == NULL)
    {
      jail_set_os_error (error, local->code, path);
      log_file_free (file);
      return FALSE;
    }
  file_watch_set_wants_all (file->watch, self->errors > 0);
  restore_position (self, file, tail);
  g_ptr_array_add (self->logs->files, file);
  repr = py_repr_str (path, -1);
  log_info (self->log, LOGGER_FILTER, "Added logfile: %s (pos = %" G_GINT64_FORMAT ", hash = %s)", repr,
            file_watch_get_position (file->watch), file_watch_peek_hash (file->watch));
  file->seek = !tail;
  seek_start (self, file);
  save_if_decided (self); /* what was passed over may be all that there is */
  jail_log_update (self);
  return TRUE;
}

gboolean
jail_add_log (Jail *self, const char *path, gboolean tail, GError **error)
{
  LogFile *known;

  if (self->logs->journal != NULL)
    return TRUE;
  known = find_file (self->logs, path, NULL);
  if (known == NULL)
    return watch_file (self, path, tail, error);
  if (self->logs->reloading && !known->keep)
    known->keep = TRUE;
  else
    log_error (self->log, LOGGER_FILTER, "%s already exists", path);
  return TRUE;
}

void
jail_del_log (Jail *self, const char *path)
{
  guint index;
  g_autofree char *repr = NULL;

  if (find_file (self->logs, path, &index) == NULL)
    return;
  save_if_decided (self);
  repr = py_repr_str (path, -1);
  g_ptr_array_remove_index (self->logs->files, index); /* path may be the file's own */
  log_info (self->log, LOGGER_FILTER, "Removed logfile: %s", repr);
}

PyValue *
jail_log_dup_paths (const Jail *self)
{
  PyValue *list = py_list_new ();

  for (guint i = 0; i < self->logs->files->len; i++)
    py_list_append (list, py_str_new (((LogFile *) g_ptr_array_index (self->logs->files, i))->path));
  return list;
}

void
jail_log_reload_begin (Jail *self)
{
  JailLog *logs = self->logs;

  logs->reloading = TRUE;
  for (guint i = 0; i < logs->files->len; i++)
    ((LogFile *) g_ptr_array_index (logs->files, i))->keep = FALSE;
  if (logs->journal != NULL)
    jail_journal_clear_matches (self);
}

void
jail_log_reload_end (Jail *self)
{
  JailLog *logs = self->logs;

  if (!logs->reloading)
    return;
  logs->reloading = FALSE;
  for (guint i = logs->files->len; i-- > 0;)
    {
      LogFile *file = g_ptr_array_index (logs->files, i);

      if (!file->keep)
        jail_del_log (self, file->path);
    }
}
