/* journal-files.h - which journal files to read
 *
 * Without rotated files (x@….journal) unless they are asked for: on hosts with many users there are more of them than
 * a process may
 * open.  Internal to source/.  Must not: open a journal.
 */
#pragma once
#include "source/journal-reader.h"

typedef struct
{
  GStrv    files;      /* NULL: all there are, by path, namespace or flags */
  char    *path;       /* NULL: the system's */
  char    *namespace_; /* NULL: the default one */
  int      flags;      /* SD_JOURNAL_… */
} JournalPlace;

/* What the options come to at this moment (filtersystemd.py, _getJournalArgs).  EINVAL for flags that are no number. */
gboolean journal_place_find  (const JournalOptions *options, JournalPlace *ret_place, GError **error);
void     journal_place_clear (JournalPlace *self);
/* The files' identities, to see that one was replaced (rotated).  NULL without a list of files. */
char    *journal_place_dup_identity (const JournalPlace *self);
/* Adds the files of an older identity that are still there under another name (archived by a rotation): what was
 * written to them last may not
 * be read yet. */
void     journal_place_add_renamed (JournalPlace *self, const char *identity);
/* Adds what rotations have put aside (x@….journal beside x.journal) and was written to since then, the newest of it.  TRUE: there is
 * some. */
#define JOURNAL_ARCHIVED_MAX 64
gboolean journal_place_add_archived (JournalPlace *self, gint64 since_usec);
