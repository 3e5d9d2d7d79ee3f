/* journal-entry.h - an entry of the journal as a line
 *
 * "host ident[pid]: message", as filtersystemd.py 1.1.2 (formatJournalEntry) builds it from the values that Python's systemd module gives.
 * Internal to source/.
 */
#pragma once
#include "source/journal-library.h"
#include "source/journal-reader.h"

typedef struct
{
  const JournalLibrary *library;
  sd_journal *journal;
} JournalHandle;

/* How a field becomes text that is no UTF-8; decode NULL: each broken byte is U+FFFD. */
typedef struct
{
  JournalDecodeFunc decode;
  gpointer data;
} JournalDecoder;

/* The entry that journal stands at.  utc_offset_sec: of local time, for iso.  A negative errno when it cannot be read. */
int journal_entry_read (const JournalHandle *journal, int utc_offset_sec, const JournalDecoder *decoder, JournalEntry *ret_entry);
