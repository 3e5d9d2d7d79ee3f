#include "jail/jail-private.h"

#include "base/bracket-options.h"
#include "compat/py-repr.h"
#include "source/journal-source.h"

#define LOGGER_JOURNAL "fail2ban.filtersystemd"
#define JOURNAL_NAME   "systemd-journal" /* its place in the table of logs */

/* Positions behind lines that led to nothing are written this much later (1.1.2's interval). */
#define SAVE_LATER_SEC 10
/* So many lines in a row that could not be processed make the jail idle (1.1.2). */
#define ERRORS_MAX     100

typedef struct
{
  Jail *jail;
  char *path;
  FileWatch *watch;
  gboolean changed; /* its position is not in the database yet */
  gboolean keep;    /* during a reload: was added again */
  gboolean seek;    /* the first reading begins where findtime does */
} LogFile;

struct JailLog
{
  GPtrArray *files; /* of LogFile, in order */
  JournalSource *journal;
  LogLine *line; /* of the journal */
  gboolean journal_changed;
  gboolean reloading;
  gboolean crowded;  /* too much is pending: reading pauses */
  gboolean in_slice; /* a transaction is open */
  GSource *save;
};

static void
log_file_free (gpointer data)
{
  LogFile *file = data;

  file_watch_remove (file->watch);
  g_free (file->path);
  g_free (file);
}

/* --- lines ------------------------------------------------------------------------------------------------------------------ */

static void
begin_slice (Jail *self)
{
  BanStore *store = jail_peek_store (self);

  if (self->logs->in_slice)
    return;
  self->logs->in_slice = TRUE;
  if (store != NULL)
    ban_store_begin (store);
}

/* What was read and what was decided: one transaction. */
static void
end_slice (Jail *self)
{
  BanStore *store = jail_peek_store (self);
  g_autoptr (GError) error = NULL;

  if (!self->logs->in_slice)
    return;
  self->logs->in_slice = FALSE;
  jail_lines_save (self);
  if (store != NULL && !ban_store_commit (store, &error))
    jail_store_failed (self, error);
}

static void
on_failure (const Failure *failure, gpointer user_data)
{
  jail_lines_take_failure (user_data, failure);
}

static void
line_failed (Jail *self, LogLine *line, const GError *error)
{
  filter_log_failed_line (self->filter, line, error);
  if (++self->errors < ERRORS_MAX)
    return;
  log_error (self->log, LOGGER_FILTER, "Too many errors at once (%u), going idle", self->errors);
  self->errors /= 2;
  self->filter_idle = TRUE;
  jail_log_update (self);
}

static void
process_line (Jail *self, LogLine *line, gboolean in_operation)
{
  g_autoptr (GError) error = NULL;

  begin_slice (self);
  if (filter_process_line (self->filter, line, in_operation, on_failure, self, &error))
    self->errors /= 2;
  else
    line_failed (self, line, error);
  if (self->pending.length > JAIL_PENDING_MAX)
    jail_log_update (self);
}

static void
on_file_line (FileWatch *watch, const FileLine *line, gpointer user_data)
{
  LogFile *file = user_data;

  process_line (file->jail, line->shared, line->in_operation);
}

static void
on_file_slice (FileWatch *watch, gpointer user_data)
{
  LogFile *file = user_data;

  file->changed = TRUE;
  end_slice (file->jail);
}

static const FileWatchFuncs file_funcs = { on_file_line, on_file_slice };

/* Fields that are no UTF-8 are in the logencoding. */
static void
decode_field (const char *bytes, gsize len, GString *text, gpointer filter)
{
  (void) py_codec_decode (filter_peek_codec (filter), bytes, len, text, NULL, NULL, NULL);
}

static void
on_journal_entry (JournalSource *source, const JournalEntry *entry, gboolean in_operation, gpointer user_data)
{
  Jail *self = user_data;
  g_autofree char *date = g_strconcat (entry->iso, " ", NULL);

  log_line_set_entry (self->logs->line, date, strlen (date), entry->text, entry->text_len, entry->time_usec);
  process_line (self, self->logs->line, in_operation);
}

static void
on_journal_slice (JournalSource *source, gpointer user_data)
{
  Jail *self = user_data;

  self->logs->journal_changed = TRUE;
  end_slice (self);
}

static void
on_journal_in_operation (JournalSource *source, gpointer user_data)
{
  Jail *self = user_data;

  log_info (self->log, LOGGER_JOURNAL, "[%s] Jail is in operation now (process new journal entries)", self->name);
}

static const JournalSourceFuncs journal_funcs = { on_journal_entry, on_journal_slice, on_journal_in_operation };

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

static gboolean
save_journal (Jail *self, GError **error)
{
  gint64 time_usec;
  const char *iso;

  if (!self->logs->journal_changed)
    return TRUE;
  self->logs->journal_changed = FALSE;
  return !journal_source_get_position (self->logs->journal, &time_usec, &iso)
         || ban_store_update_journal (jail_peek_store (self), self->name, JOURNAL_NAME, time_usec, iso, error);
}

static void
cancel_save (JailLog *logs)
{
  if (logs->save != NULL)
    g_source_destroy (logs->save);
  g_clear_pointer (&logs->save, g_source_unref);
}

static gboolean
on_save (gpointer user_data)
{
  Jail *self = user_data;

  cancel_save (self->logs);
  if (jail_lines_are_decided (self))
    jail_log_save_positions (self, TRUE);
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
  for (guint i = 0; i < logs->files->len && error == NULL; i++)
    (void) save_file (self, g_ptr_array_index (logs->files, i), &error);
  if (error == NULL)
    (void) save_journal (self, &error);
  (void) ban_store_commit (store, error == NULL ? &error : NULL);
  if (error != NULL)
    jail_store_failed (self, error);
}

/* --- the backend -------------------------------------------------------------------------------------------------------------- */

static const char *const backend_names[] = { "pyinotify", "polling", "systemd" };

static gboolean
refuse_options (const char *class_name, const PyValue *options, GError **error)
{
  if (py_dict_length (options) == 0)
    return FALSE;
  g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "%s.__init__() got an unexpected keyword argument '%s'", class_name,
               py_str_peek (py_dict_peek_key (options, 0), NULL));
  return TRUE;
}

static gboolean
open_journal (Jail *self, const PyValue *options, GError **error)
{
  JournalOptions journal = { 0 };
  g_autoptr (GError) local = NULL;

  for (guint i = 0; i < py_dict_length (options); i++)
    {
      const char *name = py_str_peek (py_dict_peek_key (options, i), NULL);

      if (journal_options_set (&journal, name, py_str_peek (py_dict_peek_value (options, i), NULL)))
        continue;
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "Filter.__init__() got an unexpected keyword argument '%s'",
                   name);
      journal_options_clear (&journal);
      return FALSE;
    }
  self->logs->journal = journal_source_new (&journal, &journal_funcs, self, self->clock, self->log, &local);
  journal_options_clear (&journal);
  if (self->logs->journal == NULL)
    {
      jail_set_os_error (error, local->code, "journal");
      return FALSE;
    }
  journal_reader_set_decoder (journal_source_peek_reader (self->logs->journal), decode_field, self->filter);
  self->logs->line = log_line_new (JOURNAL_NAME);
  return filter_set_date_pattern (self->filter, NULL, error);
}

/* FALSE with error: this one cannot be used at all; FALSE without: try the next. */
static gboolean
open_backend (Jail *self, JailBackend backend, const PyValue *options, GError **error)
{
  static const char *const shown[] = { "pyinotify", "poller", "systemd" };
  g_autofree char *repr = py_repr (options);

  if (backend == JAIL_BACKEND_PYINOTIFY && !file_source_has_inotify (self->services->files))
    return FALSE;
  log_info (self->log, LOGGER_JAIL, "Jail '%s' uses %s %s", self->name, shown[backend], repr);
  if (backend == JAIL_BACKEND_SYSTEMD)
    return open_journal (self, options, error);
  return !refuse_options (backend == JAIL_BACKEND_POLLING ? "FilterPoll" : "FilterPyinotify", options, error);
}

static gboolean
backend_by_name (Jail *self, const char *name, JailBackend *ret_first, GError **error)
{
  *ret_first = JAIL_BACKEND_PYINOTIFY;
  if (g_str_equal (name, "auto"))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (backend_names); i++)
    if (g_str_equal (backend_names[i], name))
      {
        *ret_first = (JailBackend) i;
        return TRUE;
      }
  g_set_error (error, JAIL_ERROR, JAIL_ERROR_VALUE,
               "Unknown backend %s. Must be among ['pyinotify', 'polling', 'systemd'] or 'auto'", name);
  if (error != NULL)
    log_error (self->log, LOGGER_JAIL, "%s", (*error)->message);
  return FALSE;
}

static void
log_backend (Jail *self, const char *asked, JailBackend backend)
{
  if (!g_str_equal (asked, "auto") && !g_str_equal (asked, backend_names[backend]))
    log_warning (self->log, LOGGER_JAIL, "Could only initiated '%s' backend whenever '%s' was requested",
                 backend_names[backend], asked);
  else
    log_info (self->log, LOGGER_JAIL, "Initiated '%s' backend", backend_names[backend]);
}

gboolean
jail_log_open (Jail *self, const char *text, GError **error)
{
  g_autofree char *name = NULL, *lower = NULL;
  g_autoptr (PyValue) options = NULL;
  GError *local = NULL;
  JailBackend first;

  self->logs = g_new0 (JailLog, 1);
  self->logs->files = g_ptr_array_new_with_free_func (log_file_free);
  if (!bracket_options_parse (text, &name, &options, error))
    return FALSE;
  lower = g_utf8_strdown (name, -1);
  if (!backend_by_name (self, lower, &first, error))
    return FALSE;
  for (JailBackend backend = first; backend <= JAIL_BACKEND_SYSTEMD; backend++)
    {
      if (open_backend (self, backend, options, &local))
        {
          self->real_backend = backend;
          log_backend (self, lower, backend);
          return TRUE;
        }
      if (local != NULL)
        {
          g_propagate_error (error, local);
          return FALSE;
        }
    }
  g_set_error (error, JAIL_ERROR, JAIL_ERROR_RUNTIME, "Failed to initialize any backend for Jail '%s'", self->name);
  log_error (self->log, LOGGER_JAIL, "Failed to initialize any backend for Jail '%s'", self->name);
  return FALSE;
}

void
jail_log_close (Jail *self)
{
  JailLog *logs = self->logs;

  if (logs == NULL)
    return;
  end_slice (self);
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
  if (!file->seek || !self->alive)
    return;
  file->seek = FALSE;
  file_watch_seek_time (file->watch, jail_now_usec (self) - self->find_time_usec, find_time, file);
}

static void
start_journal (Jail *self)
{
  BanStore *store = jail_peek_store (self);
  gint64 since_usec = 0;
  g_autoptr (GError) error = NULL;

  if (journal_reader_n_matches (journal_source_peek_reader (self->logs->journal)) == 0)
    log_notice (
        self->log, LOGGER_JOURNAL,
        "[%s] Jail started without 'journalmatch' set. Jail regexs will be checked against all journal entries, "
        "which is not advised for performance reasons.",
        self->name);
  if (store != NULL && !ban_store_get_journal_time (store, self->name, JOURNAL_NAME, &since_usec, &error))
    jail_store_failed (self, error);
  journal_source_start (self->logs->journal, MAX (since_usec, jail_now_usec (self) - self->find_time_usec));
}

void
jail_log_start (Jail *self)
{
  if (self->logs->journal != NULL)
    start_journal (self);
  for (guint i = 0; i < self->logs->files->len; i++)
    seek_start (self, g_ptr_array_index (self->logs->files, i));
  jail_log_update (self);
}

void
jail_log_stop (Jail *self)
{
  JailLog *logs = self->logs;

  end_slice (self);
  if (logs->journal != NULL)
    journal_source_stop (logs->journal);
  if (jail_lines_are_decided (self))
    jail_log_save_positions (self, TRUE);
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

/* The log was rotated while no server ran: the rest of the old file is read first. */
static void
recover_rotated (Jail *self, LogFile *file)
{
  g_autofree char *hash = NULL;
  gint64 position;
  g_autoptr (GError) error = NULL;

  if (!ban_store_get_log (jail_peek_store (self), self->name, file->path, &hash, &position, &error))
    jail_store_failed (self, error);
  else if (hash != NULL)
    (void) file_watch_recover (file->watch, hash, position);
}

static void
restore_position (Jail *self, LogFile *file, gboolean tail)
{
  BanStore *store = jail_peek_store (self);
  gint64 position = -1;
  g_autoptr (GError) error = NULL;

  if (store == NULL)
    return;
  if (!ban_store_add_log (store, self->name, file->path, file_watch_peek_hash (file->watch),
                          file_watch_get_position (file->watch), &position, &error))
    jail_store_failed (self, error);
  else if (tail)
    return;
  else if (position > 0)
    file_watch_set_position (file->watch, position);
  else if (position < 0)
    recover_rotated (self, file);
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
  restore_position (self, file, tail);
  g_ptr_array_add (self->logs->files, file);
  repr = py_repr_str (path, -1);
  log_info (self->log, LOGGER_FILTER, "Added logfile: %s (pos = %" G_GINT64_FORMAT ", hash = %s)", repr,
            file_watch_get_position (file->watch), file_watch_peek_hash (file->watch));
  file->seek = !tail;
  seek_start (self, file);
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
  if (jail_lines_are_decided (self))
    jail_log_save_positions (self, TRUE);
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
  if (logs->journal == NULL || journal_reader_n_matches (journal_source_peek_reader (logs->journal)) == 0)
    return;
  journal_reader_clear_matches (journal_source_peek_reader (logs->journal));
  journal_source_matches_changed (logs->journal);
  log_info (self->log, LOGGER_JOURNAL, "[%s] Removed journal match for: '*'", self->name);
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

/* --- journal matches ---------------------------------------------------------------------------------------------------------------- */

gboolean
jail_log_is_journal (const Jail *self)
{
  return self->logs->journal != NULL;
}

PyValue *
jail_log_dup_journalmatch (const Jail *self)
{
  PyValue *list = py_list_new ();
  JournalReader *reader;

  if (self->logs->journal == NULL)
    return list;
  reader = journal_source_peek_reader (self->logs->journal);
  for (guint i = 0; i < journal_reader_n_matches (reader); i++)
    py_list_append (list, py_list_new_strv (journal_reader_peek_match (reader, i)));
  return list;
}

static gboolean
words_to_strv (PyValue *words, GStrvBuilder *builder, GError **error)
{
  for (guint i = 0; i < py_seq_length (words); i++)
    {
      PyValue *word = py_seq_peek (words, i);

      if (py_value_type (word) != PY_STR)
        {
          g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "sequence item %u: expected str instance, %s found", i,
                       py_value_type_name (word));
          return FALSE;
        }
      g_strv_builder_add (builder, py_str_peek (word, NULL));
    }
  return TRUE;
}

gboolean
jail_add_journalmatch (Jail *self, PyValue *words, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) strv = NULL;
  g_autofree char *joined = NULL, *repr = NULL;

  if (self->logs->journal == NULL)
    return TRUE;
  if (!words_to_strv (words, builder, error))
    return FALSE;
  strv = g_strv_builder_end (builder);
  joined = g_strjoinv (" ", strv);
  repr = py_repr_str (joined, -1);
  if (!journal_reader_add_match (journal_source_peek_reader (self->logs->journal), (const char *const *) strv, NULL))
    {
      log_error (self->log, LOGGER_JOURNAL, "Error adding journal match for: %s", repr);
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_VALUE, "Invalid match");
      return FALSE;
    }
  journal_source_matches_changed (self->logs->journal);
  log_info (self->log, LOGGER_JOURNAL, "[%s] Added journal match for: %s", self->name, repr);
  return TRUE;
}

gboolean
jail_del_journalmatch (Jail *self, PyValue *words, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) strv = NULL;
  g_autofree char *repr = py_repr (words);

  if (self->logs->journal == NULL)
    return TRUE;
  if (!words_to_strv (words, builder, error))
    return FALSE;
  strv = g_strv_builder_end (builder);
  if (!journal_reader_del_match (journal_source_peek_reader (self->logs->journal), (const char *const *) strv))
    {
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_VALUE, "Match %s not found", repr);
      return FALSE;
    }
  journal_source_matches_changed (self->logs->journal);
  log_info (self->log, LOGGER_JOURNAL, "[%s] Removed journal match for: %s", self->name, repr);
  return TRUE;
}
