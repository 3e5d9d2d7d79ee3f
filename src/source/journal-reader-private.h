/* journal-reader-private.h - what journal-source needs of a reader beyond reading */
#pragma once
#include "source/journal-entry.h"

JournalHandle journal_reader_get_handle (const JournalReader *self); /* another one after reopen */
/* Were files replaced since they were opened?  (sd-journal does not follow files that it was given by name.) */
gboolean    journal_reader_is_outdated  (const JournalReader *self);
/* Opens what is there now, behind the last entry read, with the same matches.  On failure the old one stays. */
gboolean    journal_reader_reopen       (JournalReader *self, GError **error);
