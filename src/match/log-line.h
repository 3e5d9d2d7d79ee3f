/* log-line.h - one line of a log on its way through the filters of all the jails that read it
 *
 * Holds the line as it came (bytes of a file, or an entry of the journal with its time) and remembers what was already
 * found out about it: its text in an encoding, where its date is for a set of date settings, and what a set of expressions
 * found.  So ten jails that watch one file with the same settings decode the line, search its date and its matches once.
 *
 * Make one LogLine for a log, and set it again for each line: it keeps its buffers, and a line that matches nothing
 * allocates nothing.  Must not: own the caller's bytes, know a filter or a jail.
 */
#pragma once

#include <glib.h>

#include "base/clock.h"
#include "base/log.h"
#include "compat/py-codec.h"
#include "compat/py-regex.h"
#include "match/captures.h"
#include "match/date-detector.h"
#include "match/line-finding.h"
#include "match/line-list.h"

typedef struct LogLine LogLine;

/* name: what messages call the log ("Error decoding line from '<name>' with 'UTF-8'."), copied. */
LogLine *log_line_new (const char *name);
void log_line_free (LogLine *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LogLine, log_line_free)

/* The next line, as bytes.  Line ends at its end (any run of \r and \n) are taken off once it is decoded.  The bytes are
 * borrowed until the next set; they may hold NULs and need no terminator. */
void log_line_set_bytes (LogLine *self, const char *bytes, gsize len);

/* The same, for bytes below 128 with no newline but at their end: what is known of most lines when they are read. */
void log_line_set_ascii_bytes (LogLine *self, const char *bytes, gsize len);

/* The same, for bytes that a LineFinder has looked at (match/line-finder.h) for a filter whose encoding is UTF-8.  The finding and
 * its store, too, are borrowed until the next set. */
void log_line_set_found_bytes (LogLine *self, const char *bytes, gsize len, const LineFinding *finding,
                               const LineStore *store);

/* The next line, already decoded (UTF-8; lone surrogates in three bytes).  Borrowed, nothing is taken off. */
void log_line_set_text (LogLine *self, const char *text, gsize len);

/* The next line, as an entry of the journal: its text ("host ident[pid]: message") and its time, which is not searched
 * in the text.  date_text is how matches show that time ("2025-08-14T10:00:00.500000+02:00 " with the blank).
 * Borrowed until the next set. */
void log_line_set_entry (LogLine *self, const char *date_text, gsize date_len, const char *text, gsize len,
                         gint64 time_usec);

/* Who gets this line, as a number: lines of any log with the same one go to the same filters, with the same in_operation to each.
 * 0, as after each set: only one, or it is not known who.  To be called before the first filter gets the line. */
void log_line_set_audience (LogLine *self, guint64 audience);

/* --- for filters --------------------------------------------------------------------------------------------------- */
/* The text of the line by a codec, lent until the next set; *ret_flags says what is known about it.  What the codec cannot
 * decode becomes U+FFFD, which is a warning in the log, for each log once a day.  FALSE: the codec decodes no text. */
gboolean log_line_get_text (LogLine *self, const PyCodec *codec, const Clock *clock, Log *log, const char **ret_text,
                            gsize *ret_len, PySearchFlags *ret_flags, GError **error);

/* How many bytes of line ends follow this text, which log_line_get_text() gave for bytes in an encoding other than UTF-8: they were
 * taken off. */
gsize log_line_get_cut (const LogLine *self, const char *text, gsize len);

/* How long bytes in UTF-8 are without their line ends, and what is known of them; FALSE: they are not well-formed.  is_ascii: as of
 * log_line_set_ascii_bytes(). */
gboolean log_line_look_at_text (const char *bytes, gsize len, gboolean is_ascii, gsize *ret_len,
                                PySearchFlags *ret_flags);

/* What was found in it beforehand; NULL: nothing is known. */
const LineFinding *log_line_peek_finding (const LogLine *self, const LineStore **ret_store);

/* When the first filter asked for the time: now, for all that becomes of this line.  clock: always the same one. */
gint64 log_line_get_now_usec (LogLine *self, const Clock *clock);

/* Is there a newline, in the caller's bytes, behind this text of the line? */
gboolean log_line_has_line_end (const LogLine *self, const char *text, gsize len);

/* Is this the text of the line from there on, in the caller's bytes? */
gboolean log_line_has_part (const LogLine *self, const char *part, gsize from);

/* Is it an entry with its own time?  Then also that one. */
gboolean log_line_get_entry_time (const LogLine *self, const char **ret_date_text, gsize *ret_date_len,
                                  gint64 *ret_time_usec);

/* Where the date of the line is, and which time it means. */
typedef struct
{
  gboolean found;    /* a template matched, from begin to end (which may be the same) */
  gsize begin, end;  /* bytes */
  gboolean has_time; /* and the text between is a time */
  DateTime time;
} LineDate;

guint64 log_line_get_audience (const LogLine *self);
/* Together with its LogLine it stands for one line: no line before or after it has the same. */
guint64 log_line_get_number (const LogLine *self);

/* The first memory of filters with this key that was put for this line (filter-memory.h), of the last few keys; NULL: none. */
typedef struct FilterMemory FilterMemory;
FilterMemory *log_line_peek_memory (const LogLine *self, const char *key);
void log_line_put_memory (LogLine *self, FilterMemory *memory); /* refs it until the next set */

/* The first of n_readers has been given it.  TRUE: nothing came of it, and nothing would come of it for the others, who must not be given
 * it any more (filter_memory_settle). */
gboolean log_line_settle (LogLine *self, guint n_readers);

/* What log_line_put_date() was given for this line under this key; NULL: nothing.  A key stands for all date settings and
 * the encoding, compared as a pointer (an interned string).  To be asked once by each filter: what is put is kept as soon as it was asked
 * for more than once in a line. */
const LineDate *log_line_peek_date (LogLine *self, const char *key);
void log_line_put_date (LogLine *self, const char *key, const LineDate *date);

/* What the expressions of a filter found in the line: the first failregex that matches, and before it nothing that ends the search. */
#define LINE_FOUND_NOTHING G_MAXUINT
typedef struct
{
  guint first;
  const Captures *captures; /* all that it and the prefregex captured, lent until the next set; NULL: nobody kept it */
} LineFound;

/* What log_line_put_found() was given for this line, without its date, under this key; FALSE: nothing.  A key stands for all expressions,
 * compared as a pointer (an interned string). */
gboolean log_line_get_found (LogLine *self, const char *key, const LinePieces *pieces, LineFound *ret_found);
/* captures: NULL, or copied if others have asked for what was found in lines of this log.  Kept where there is an audience. */
void log_line_put_found (LogLine *self, const char *key, const LinePieces *pieces, guint first,
                         const Captures *captures);
