#include "source/file-source.h"

#include "source/file-log.h"

/* A log and what is to be done about it. */
typedef struct
{
  FileLog *log;
  gboolean look; /* something happened: look at the files first */
  gboolean queued;
  gint64 due_usec; /* when it is looked at in any case (monotonic) */
} Entry;

struct FileSource
{
  FileLogShared shared;
  GPtrArray *entries; /* of Entry */
  GQueue todo;        /* of Entry, in turn */
  GSource *work;      /* runs while todo is not empty */
  GSource *timer;     /* for the next entry that is due */
};

#define TOGETHER_USEC (50 * 1000) /* what is due so soon is looked at now: one wake-up for all */

/* --- what is to be done -------------------------------------------------------------------------------------------------- */

static gboolean on_work (gpointer data);

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  file_log_free (entry->log);
  g_free (entry);
}

static void
start_work (FileSource *self)
{
  if (self->work != NULL)
    return;
  self->work = g_idle_source_new (); /* commands and everything else go first */
  g_source_set_callback (self->work, on_work, self, NULL);
  g_source_attach (self->work, NULL);
}

static void
stop_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
queue_entry (FileSource *self, Entry *entry, gboolean look)
{
  entry->look = entry->look || look;
  if (!entry->queued)
    {
      entry->queued = TRUE;
      g_queue_push_tail (&self->todo, entry);
    }
  start_work (self);
}

static Entry *
entry_of (const FileSource *self, const FileLog *log)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = self->entries->pdata[i];

      if (entry->log == log)
        return entry;
    }
  return NULL;
}

/* Waits for the entry that is due first. */
static void
set_timer (FileSource *self)
{
  gint64 due_usec = -1;

  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = self->entries->pdata[i];

      if (due_usec < 0 || entry->due_usec < due_usec)
        due_usec = entry->due_usec;
    }
  g_source_set_ready_time (self->timer, due_usec);
}

static void
look (FileSource *self, Entry *entry)
{
  gint64 now_usec = g_get_monotonic_time ();

  if (!file_log_is_busy (entry->log) && file_log_look (entry->log))
    queue_entry (self, entry, FALSE);
  entry->due_usec = file_log_get_due_usec (entry->log, now_usec);
}

static void
drop_if_empty (FileSource *self, Entry *entry)
{
  if (!file_log_is_empty (entry->log) || file_log_is_busy (entry->log))
    return;
  g_queue_remove (&self->todo, entry);
  g_ptr_array_remove (self->entries, entry);
  set_timer (self);
}

/* Somebody woke up, or left. */
static void
on_wake (FileLog *log, gpointer data)
{
  FileSource *self = data;
  Entry *entry = entry_of (self, log);

  queue_entry (self, entry, FALSE);
  drop_if_empty (self, entry);
}

/* One turn of one log. */
static gboolean
on_work (gpointer data)
{
  FileSource *self = data;
  Entry *entry = g_queue_pop_head (&self->todo);
  FileLogResult result;

  if (entry == NULL)
    {
      stop_source (&self->work);
      return G_SOURCE_REMOVE;
    }
  entry->queued = FALSE;
  if (entry->look)
    look (self, entry);
  entry->look = FALSE;
  result = file_log_serve (entry->log, g_get_monotonic_time () + FILE_SOURCE_SLICE_USEC);
  if (result != FILE_LOG_DONE)
    queue_entry (self, entry, result == FILE_LOG_LOOK);
  set_timer (self);
  drop_if_empty (self, entry);
  return G_SOURCE_CONTINUE;
}

/* --- when --------------------------------------------------------------------------------------------------------------- */

static void
on_monitor (gpointer subject, const char *name, gpointer data)
{
  FileSource *self = data;

  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = self->entries->pdata[i];

      if (subject != NULL && (subject != entry->log || !file_log_cares_about (entry->log, name)))
        continue;
      if (name != NULL)
        look (self, entry); /* at once: the next file may take the name away from this one */
      queue_entry (self, entry, TRUE);
    }
}

static gboolean
on_timer (gpointer data)
{
  FileSource *self = data;
  gint64 until_usec = g_get_monotonic_time () + TOGETHER_USEC;

  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = self->entries->pdata[i];

      if (entry->due_usec <= until_usec)
        look (self, entry);
    }
  set_timer (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch_timer (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

static GSource *
timer_new (FileSource *self)
{
  static GSourceFuncs funcs = { .dispatch = dispatch_timer };
  GSource *timer = g_source_new (&funcs, sizeof (GSource));

  g_source_set_callback (timer, on_timer, self, NULL);
  g_source_attach (timer, NULL);
  return timer;
}

/* --- life --------------------------------------------------------------------------------------------------------------- */

FileSource *
file_source_new (const FileLineFuncs *funcs, const Clock *clock, Log *log)
{
  FileSource *self = g_new0 (FileSource, 1);

  self->shared.funcs = funcs;
  self->shared.clock = clock;
  self->shared.log = log;
  self->shared.buffer = g_malloc (FILE_SOURCE_LINE_MAX);
  self->shared.monitor = file_monitor_new (on_monitor, self);
  self->timer = timer_new (self);
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  g_queue_init (&self->todo);
  return self;
}

void
file_source_free (FileSource *self)
{
  if (self == NULL)
    return;
  stop_source (&self->work);
  stop_source (&self->timer);
  g_queue_clear (&self->todo);
  g_ptr_array_unref (self->entries);
  file_monitor_free (self->shared.monitor);
  g_free (self->shared.buffer);
  g_free (self);
}

gboolean
file_source_has_inotify (FileSource *self)
{
  return self->shared.monitor != NULL;
}

static Entry *
find_entry (const FileSource *self, const char *path, FileBackend backend, LineEnd line_end)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = self->entries->pdata[i];

      if (file_log_is_for (entry->log, path, backend, line_end))
        return entry;
    }
  return NULL;
}

static Entry *
open_entry (FileSource *self, const char *path, FileBackend backend, LineEnd line_end, GError **error)
{
  FileLog *log = file_log_open (path, backend, line_end, &self->shared, error);
  Entry *entry;

  if (log == NULL)
    return NULL;
  entry = g_new0 (Entry, 1);
  entry->log = log;
  entry->due_usec = file_log_get_due_usec (log, g_get_monotonic_time ());
  g_ptr_array_add (self->entries, entry);
  set_timer (self);
  return entry;
}

FileWatch *
file_source_add (FileSource *self, const char *path, FileBackend backend, LineEnd line_end, gboolean tail,
                 const FileWatchFuncs *funcs, gpointer data, GError **error)
{
  Entry *entry = find_entry (self, path, backend, line_end);
  g_autoptr (FileGeneration) probe = NULL;

  if (entry == NULL)
    entry = open_entry (self, path, backend, line_end, error);
  else
    {
      probe = file_generation_open (path, line_end, error); /* it must be there now */
      if (probe == NULL)
        return NULL;
      if (!file_log_is_busy (entry->log))
        (void) file_log_look (entry->log);
      queue_entry (self, entry, FALSE);
    }
  return entry != NULL ? file_log_add_watch (entry->log, tail, funcs, data, on_wake, self) : NULL;
}
