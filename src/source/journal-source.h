/* journal-source.h - the systemd journal as it grows
 *
 * Reads what is there in slices, then waits for more on the loop.  Rotation, vacuuming and new files are sd-journal's
 * business; when it
 * has lost its place (its files are gone), it is opened again and goes on behind the last entry read.
 * Must not: decide from where to read (jail/ knows the database and findtime).  Logs as "fail2ban.filtersystemd".
 */
#pragma once
#include "base/clock.h"
#include "base/log.h"
#include "source/journal-reader.h"

#define JOURNAL_SOURCE_SLICE_USEC (4 * 1000)

typedef struct JournalSource JournalSource;

typedef struct
{
  void (*entry) (JournalSource *source, const JournalEntry *entry, gboolean in_operation, gpointer data);
  /* After the last entry of a slice (there was at least one): store position and commit. */
  void (*slice) (JournalSource *source, gpointer data);
  /* Once, when what was there at the start has been read: "Jail is in operation now". */
  void (*in_operation) (JournalSource *source, gpointer data);
} JournalSourceFuncs;

/* funcs is a constant of the caller.  Begins stopped. */
JournalSource *journal_source_new  (const JournalOptions *options, const JournalSourceFuncs *funcs, gpointer data,
                                    const Clock *clock, Log *log, GError **error);
void           journal_source_free (JournalSource *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (JournalSource, journal_source_free)

/* The reader: for matches.  Add and remove them there, at any time; then call journal_source_matches_changed. */
JournalReader *journal_source_peek_reader (JournalSource *self);
void           journal_source_matches_changed (JournalSource *self);

/* Reads from since_usec on, or what comes from now on when the journal is empty for the matches.  Repeatable after
 * stop.
 * is_position: since_usec is a position that journal_source_get_position gave (perhaps to fail2ban): goes on behind the entry of that
 * time, and what rotations have put aside since is read as well.  Without such an entry all since then is read.
 * Otherwise only what was put aside within the last minute is, since a start may have been stopped before its first entry. */
void     journal_source_start     (JournalSource *self, gint64 since_usec, gboolean is_position);
void     journal_source_stop      (JournalSource *self);
gboolean journal_source_is_in_operation (const JournalSource *self);
void     journal_source_set_paused (JournalSource *self, gboolean paused);

/* Of the last entry handed out; *ret_iso is lent.  FALSE: none yet.  A slice never ends between entries of the same time. */
gboolean journal_source_get_position (const JournalSource *self, gint64 *ret_time_usec, const char **ret_iso);
