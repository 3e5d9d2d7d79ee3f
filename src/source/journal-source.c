#include "source/journal-source.h"

#include <glib-unix.h>
#include <time.h>

#include "source/journal-reader-private.h"

#define CHECK_MSEC  5000 /* how often to look whether the files were replaced */
#define RETRY_MSEC  200  /* when the new ones could not be opened: once so soon, then as often as that */
#define CLOCK_EVERY 16   /* entries between two looks at the clock */
#define ERRORS_MAX  100  /* entries in a row that cannot be read: then wait for a change */
#define BEHIND_MAX  4096 /* entries among which that of a position is looked for */
/* Clocks of files are coarse, and entries are dated before they are written. */
#define MARGIN_USEC (5 * G_USEC_PER_SEC)
/* Who has no position may have been stopped before his first entry: what was put aside just now is read, too. */
#define FRESH_USEC (60 * G_USEC_PER_SEC)

struct JournalSource
{
  JournalReader *reader;
  const JournalSourceFuncs *funcs;
  gpointer data;
  const Clock *clock;
  Log *log;
  GSource *changes; /* the journal's descriptor */
  GSource *work;    /* reads; while there is something */
  GSource *timer;
  gboolean paused;
  gboolean in_operation;
  gint64 unreadable_usec; /* since when the journal cannot be reopened (monotonic); 0: it can */
  gboolean complained;    /* of that */
  gboolean touched; /* an entry was handed out in this slice */
  gboolean freed;   /* by a callback */
  guint busy;
  gint64 since_usec;
  gint64 archived_since_usec; /* what was put aside since then is read first */
  gboolean is_position;       /* since_usec is that of the last entry that was read */
  gboolean begun;             /* the reader stands where to go on from since_usec */
  gint64 opened_usec; /* when the files were found: real time, as files have it */
  JournalEntry held; /* read, and handed out first in the next slice; no text: there is none */
  gint64 last_usec; /* of the last entry */
  char *last_iso;   /* NULL: none yet */
};

#define LOGGER "fail2ban.filtersystemd"

static void start_work (JournalSource *self);

static void
stop_one (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* --- waiting ---------------------------------------------------------------------------------------------------------------------- */

static int
process_changes (JournalSource *self)
{
  JournalHandle handle = journal_reader_get_handle (self->reader);

  return handle.library->process (handle.journal);
}

static gboolean
on_change (int fd, GIOCondition condition, gpointer data)
{
  JournalSource *self = data;

  if (process_changes (self) != SD_JOURNAL_NOP)
    start_work (self);
  return G_SOURCE_CONTINUE;
}

static void
watch_changes (JournalSource *self)
{
  JournalHandle handle = journal_reader_get_handle (self->reader);
  int fd = handle.library->get_fd (handle.journal);

  stop_one (&self->changes);
  if (fd < 0)
    {
      log_debug (self->log, LOGGER, "journal cannot be watched: %s", g_strerror (-fd));
      return; /* the timer looks */
    }
  self->changes = g_unix_fd_source_new (fd, G_IO_IN);
  g_source_set_callback (self->changes, G_SOURCE_FUNC (on_change), self, NULL);
  g_source_attach (self->changes, NULL);
}

/* What is there cannot be opened, not yet (a file just made is empty for a moment): it is said once, when it lasts. */
static void
retry_later (JournalSource *self, const GError *error)
{
  gint64 now_usec = g_get_monotonic_time ();

  if (self->unreadable_usec == 0)
    {
      self->unreadable_usec = now_usec;
      g_source_set_ready_time (self->timer, now_usec + RETRY_MSEC * 1000);
    }
  else if (!self->complained && now_usec >= self->unreadable_usec + RETRY_MSEC * 1000)
    {
      log_error (self->log, LOGGER, "Error reopening systemd journal: %s", error->message);
      self->complained = TRUE;
    }
  stop_one (&self->work);
}

/* With what was put aside since then, but for what cannot be read even after a while.  FALSE: it will be tried again. */
static gboolean
reopen (JournalSource *self, gint64 archived_since_usec)
{
  gint64 now_usec = g_get_real_time ();
  g_autoptr (GError) error = NULL;
  gboolean opened;

  stop_one (&self->changes);
  opened = journal_reader_reopen (self->reader, archived_since_usec, FALSE, &error);
  if (!opened)
    retry_later (self, error);
  if (!opened && self->complained)
    opened = journal_reader_reopen (self->reader, archived_since_usec, TRUE, NULL);
  if (opened)
    {
      self->unreadable_usec = 0;
      self->complained = FALSE;
      self->opened_usec = now_usec;
      start_work (self);
    }
  if (!journal_reader_has_place (self->reader))
    journal_reader_seek_time (self->reader, self->since_usec);
  watch_changes (self);
  return opened;
}

static gboolean
on_timer (gpointer data)
{
  JournalSource *self = data;

  (void) process_changes (self);
  start_work (self);
  return G_SOURCE_CONTINUE;
}

/* --- reading ---------------------------------------------------------------------------------------------------------------------- */

static void
enter_operation (JournalSource *self)
{
  if (self->in_operation)
    return;
  self->in_operation = TRUE;
  if (self->funcs->in_operation != NULL)
    self->funcs->in_operation (self, self->data);
}

static void
hand_out (JournalSource *self, JournalEntry *entry)
{
  self->touched = TRUE;
  self->last_usec = entry->time_usec;
  g_free (self->last_iso);
  self->last_iso = g_strdup (entry->iso);
  if (entry->time_usec >= clock_get_time_usec (self->clock) - G_USEC_PER_SEC)
    enter_operation (self); /* we have come to the present */
  self->funcs->entry (self, entry, self->in_operation, self->data);
}

typedef enum
{
  READ_MORE,
  READ_END,
} ReadResult;

static gboolean
may_read (const JournalSource *self)
{
  return !self->paused && !self->freed && self->work != NULL;
}

/* The one that is held, or the next one.  Errors are logged; too many of them are an end. */
static JournalResult
read_entry (JournalSource *self, guint *errors, JournalEntry *ret_entry)
{
  if (self->held.text != NULL)
    {
      *ret_entry = self->held;
      self->held = (JournalEntry){ 0 };
      return JOURNAL_ENTRY;
    }
  for (;;)
    {
      g_autoptr (GError) error = NULL;
      JournalResult result = journal_reader_next (self->reader, ret_entry, &error);

      if (result != JOURNAL_ERROR)
        return result;
      log_error (self->log, LOGGER, "Error reading line from systemd journal: %s", error->message);
      if (++*errors >= ERRORS_MAX)
        return JOURNAL_END;
    }
}

static void
hold (JournalSource *self, JournalEntry *entry)
{
  self->held = *entry;
  *entry = (JournalEntry){ 0 };
}

/* A position is a time, so a slice does not end between entries of the same time. */
static ReadResult
read_slice (JournalSource *self)
{
  gint64 until_usec = g_get_monotonic_time () + JOURNAL_SOURCE_SLICE_USEC;
  gboolean is_over = FALSE;
  guint count = 0;
  guint errors = 0;

  while (may_read (self))
    {
      g_auto (JournalEntry) entry = { 0 };

      if (read_entry (self, &errors, &entry) == JOURNAL_END)
        return READ_END;
      if (is_over && entry.time_usec != self->last_usec)
        {
          hold (self, &entry);
          return READ_MORE;
        }
      hand_out (self, &entry);
      if (++count % CLOCK_EVERY == 0 && g_get_monotonic_time () >= until_usec)
        is_over = TRUE;
    }
  return READ_MORE;
}

static void
really_free (JournalSource *self)
{
  journal_reader_free (self->reader);
  journal_entry_clear (&self->held);
  g_free (self->last_iso);
  g_free (self);
}

/* Only now, when nothing is left that could be read as it is: all that had been put aside when the files were opened is read, too, and
 * not kept open, since there may be much of it. */
static void
at_end (JournalSource *self)
{
  enter_operation (self);
  if (!may_read (self))
    return;
  if (self->unreadable_usec != 0 || journal_reader_is_outdated (self->reader))
    {
      if (self->unreadable_usec == 0)
        log_msg (self->log, LOGGER, "Journal files were rotated, reopen journal");
      (void) reopen (self, self->opened_usec - MARGIN_USEC);
    }
  else if (journal_reader_has_archived (self->reader))
    (void) reopen (self, JOURNAL_NOTHING_ARCHIVED);
  else
    stop_one (&self->work);
}

/* Behind the entries of that time, where there are any; what comes before them in the journal was dated later, but is read, too. */
static void
go_behind (JournalSource *self, gint64 position_usec)
{
  gboolean found = FALSE;
  guint errors = 0;

  for (guint i = 0; i < BEHIND_MAX; i++)
    {
      g_auto (JournalEntry) entry = { 0 };

      if (read_entry (self, &errors, &entry) == JOURNAL_END)
        break;
      if (found && entry.time_usec != position_usec)
        {
          hold (self, &entry);
          return;
        }
      found = found || entry.time_usec == position_usec;
    }
  if (!found)
    journal_reader_seek_time (self->reader, position_usec);
}

/* FALSE: not all can be opened.  Nothing is read before it is, since what was put aside has to come first. */
static gboolean
begin (JournalSource *self)
{
  if (!journal_reader_finds_archived (self->reader, self->archived_since_usec))
    watch_changes (self);
  else if (!reopen (self, self->archived_since_usec))
    return FALSE;
  journal_reader_seek_time (self->reader, self->since_usec);
  if (self->is_position)
    go_behind (self, self->since_usec);
  self->begun = TRUE;
  return TRUE;
}

static gboolean
on_work (gpointer data)
{
  JournalSource *self = data;

  if (self->paused)
    {
      stop_one (&self->work);
      return G_SOURCE_REMOVE;
    }
  if (!self->begun && !begin (self))
    return G_SOURCE_REMOVE;
  self->busy++;
  self->touched = FALSE;
  if (read_slice (self) == READ_END)
    at_end (self);
  if (self->touched && !self->freed && self->funcs->slice != NULL)
    self->funcs->slice (self, self->data);
  self->busy--;
  if (self->freed)
    {
      really_free (self);
      return G_SOURCE_REMOVE;
    }
  return self->work != NULL ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
start_work (JournalSource *self)
{
  if (self->work != NULL || self->paused)
    return;
  self->work = g_idle_source_new ();
  g_source_set_callback (self->work, on_work, self, NULL);
  g_source_attach (self->work, NULL);
}

/* --- life -------------------------------------------------------------------------------------------------------------------------- */

JournalSource *
journal_source_new (const JournalOptions *options, const JournalSourceFuncs *funcs, gpointer data, const Clock *clock,
                    Log *log, GError **error)
{
  JournalReader *reader = journal_reader_open (options, error);
  JournalSource *self;

  if (reader == NULL)
    return NULL;
  self = g_new0 (JournalSource, 1);
  self->reader = reader;
  self->opened_usec = g_get_real_time ();
  self->funcs = funcs;
  self->data = data;
  self->clock = clock;
  self->log = log;
  return self;
}

void
journal_source_free (JournalSource *self)
{
  if (self == NULL)
    return;
  journal_source_stop (self);
  if (self->busy > 0)
    self->freed = TRUE;
  else
    really_free (self);
}

JournalReader *
journal_source_peek_reader (JournalSource *self)
{
  return self->reader;
}

void
journal_source_matches_changed (JournalSource *self)
{
  if (self->timer != NULL)
    start_work (self);
}

void
journal_source_start (JournalSource *self, gint64 since_usec, gboolean is_position)
{
  if (self->timer != NULL)
    return;
  self->since_usec = since_usec;
  self->is_position = is_position;
  self->archived_since_usec = is_position ? since_usec - MARGIN_USEC : g_get_real_time () - FRESH_USEC;
  self->begun = FALSE;
  self->in_operation = FALSE;
  journal_entry_clear (&self->held);
  self->timer = g_timeout_source_new (CHECK_MSEC);
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, NULL);
  if (begin (self))
    start_work (self);
}

void
journal_source_stop (JournalSource *self)
{
  stop_one (&self->changes);
  stop_one (&self->work);
  stop_one (&self->timer);
}

gboolean
journal_source_is_in_operation (const JournalSource *self)
{
  return self->in_operation;
}

void
journal_source_set_paused (JournalSource *self, gboolean paused)
{
  self->paused = paused;
  if (!paused && self->timer != NULL)
    start_work (self);
}

gboolean
journal_source_get_position (const JournalSource *self, gint64 *ret_time_usec, const char **ret_iso)
{
  if (self->last_iso == NULL)
    return FALSE;
  *ret_time_usec = self->last_usec;
  *ret_iso = self->last_iso;
  return TRUE;
}
