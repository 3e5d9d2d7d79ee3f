/* journal-reader-private.h - what journal-source needs of a reader beyond reading */
#pragma once
#include "source/journal-entry.h"

JournalHandle journal_reader_get_handle (const JournalReader *self); /* another one after reopen */
/* Were files replaced since they were opened?  (sd-journal does not follow files that it was given by name.) */
gboolean    journal_reader_is_outdated  (const JournalReader *self);
/* Opens what is there now, behind the last entry read, with the same matches, and with it what was put aside by rotations and written to
 * since then: all before that was read.  On failure the old one stays.  without_broken: what was put aside and cannot be read is left out,
 * or it is a failure. */
gboolean    journal_reader_reopen       (JournalReader *self, gint64 since_usec, gboolean without_broken, GError **error);
/* Will a reopening find the last entry that was read?  Only where there was one before the last end. */
gboolean    journal_reader_has_place    (const JournalReader *self);
/* Are there files of that kind among those that are open?  Then it is to be opened again when they are read. */
gboolean    journal_reader_has_archived (const JournalReader *self);
/* Are there such files at all?  Otherwise a reader that was just opened has all there is. */
gboolean    journal_reader_finds_archived (const JournalReader *self, gint64 since_usec);
#define JOURNAL_NOTHING_ARCHIVED G_MAXINT64 /* a since_usec: none of them */
