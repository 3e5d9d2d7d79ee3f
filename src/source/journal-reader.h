/* journal-reader.h - entries of the systemd journal, one after the other
 *
 * Opens, filters, seeks and formats as fail2ban's systemd backend does (filtersystemd.py 1.1.2).  For fail2ban-regex
 * as it is; the
 * server follows with journal-source.h.
 * Must not: wait, know a loop.
 */
#pragma once
#include "source/source-error.h"

/* What stands behind the backend: systemd[journalpath=…, journalfiles="…", journalflags=1, namespace=x,
 * rotated=on].
 * NULL members: not given. */
typedef struct
{
  char    *path;
  char    *files;      /* globs, separated by blanks and commas */
  char    *flags;      /* a number: sd-journal's SD_JOURNAL_… */
  char    *namespace_; /* "*" all, "+x" x and the default */
  gboolean rotated;    /* read rotated files (x@….journal) too */
} JournalOptions;

/* Takes the option when it is one of the journal's: FALSE when the name is another.  Names: journalpath, journalfiles,
 * journalflags, namespace, rotated. */
gboolean journal_options_set   (JournalOptions *self, const char *name, const char *value);
void     journal_options_clear (JournalOptions *self);

typedef struct JournalReader JournalReader;

/* Errors: SOURCE_ERROR.  Globs that find nothing count as not given: the system's journal is read then (1.1.2). */
JournalReader *journal_reader_open (const JournalOptions *options, GError **error);
void           journal_reader_free (JournalReader *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (JournalReader, journal_reader_free)

/* --- matches
 * ---------------------------------------------------------------------------------------------------------- */
/* words: "FIELD=value" and "+" (or).  Each part between "+" is one match: all its words must hold; any match suffices.
 * EINVAL for a word that is none; nothing is changed then. */
gboolean journal_reader_add_match    (JournalReader *self, const char *const *words, GError **error);
/* Removes the first match with exactly these words (no "+"); FALSE: there is none. */
gboolean journal_reader_del_match    (JournalReader *self, const char *const *words);
void     journal_reader_clear_matches (JournalReader *self);
guint    journal_reader_n_matches    (const JournalReader *self);
const char *const *journal_reader_peek_match (const JournalReader *self, guint index);

/* --- reading
 * ---------------------------------------------------------------------------------------------------------- */
typedef struct
{
  gint64 time_usec;  /* _SOURCE_REALTIME_TIMESTAMP, else the entry's own */
  char  *iso;        /* "2025-08-14T10:00:00.500000+02:00", local time */
  char  *text;       /* "host ident[pid]: message"; a newline in the message is the two characters \n */
  gsize  text_len;   /* may hold NUL */
} JournalEntry;
void journal_entry_clear (JournalEntry *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (JournalEntry, journal_entry_clear)

typedef enum
{
  JOURNAL_ENTRY,
  JOURNAL_END,   /* no more, for now */
  JOURNAL_ERROR, /* error set; the next call goes on */
} JournalResult;

/* Fields that are no UTF-8 are given to decode, which appends their text (by the jail's logencoding).  NULL, as at first:
 * each broken byte becomes U+FFFD. */
typedef void (*JournalDecodeFunc) (const char *bytes, gsize len, GString *text, gpointer data);
void journal_reader_set_decoder (JournalReader *self, JournalDecodeFunc decode, gpointer data);

JournalResult journal_reader_next (JournalReader *self, JournalEntry *ret_entry, GError **error);
void          journal_reader_seek_time (JournalReader *self, gint64 time_usec); /* the next entry is the first one not older */
void          journal_reader_seek_head (JournalReader *self);
void          journal_reader_seek_tail (JournalReader *self); /* the next entry is the first one to come */
