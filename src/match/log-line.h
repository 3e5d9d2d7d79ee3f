/* log-line.h - one line of a log on its way through the filters of all the jails that read it
 *
 * Holds the line as it came (bytes of a file, or an entry of the journal with its time) and remembers what was already
 * found out about it: its text in an encoding, and where its date is for a set of date settings.  So ten jails
 * that watch one file with the same settings decode the line and search its date once.
 *
 * Make one LogLine for a log, and set it again for each line: it keeps its buffers, and a line that matches nothing
 * allocates nothing.  Must not: own the caller's bytes, know a filter or a jail.
 */
#pragma once

#include <glib.h>

typedef struct LogLine LogLine;

/* name: what messages call the log ("Error decoding line from '<name>' with 'UTF-8'."), copied. */
LogLine *log_line_new (const char *name);
void log_line_free (LogLine *self);

/* The next line, as bytes.  Line ends at its end (any run of \r and \n) are taken off once it is decoded.  The bytes are
 * borrowed until the next set; they may hold NULs and need no terminator. */
void log_line_set_bytes (LogLine *self, const char *bytes, gsize len);

/* The next line, already decoded (UTF-8; lone surrogates in three bytes).  Borrowed, nothing is taken off. */
void log_line_set_text (LogLine *self, const char *text, gsize len);

/* The next line, as an entry of the journal: its text ("host ident[pid]: message") and its time, which is not searched
 * in the text.  date_text is how matches show that time ("2025-08-14T10:00:00.500000+02:00 " with the blank).
 * Borrowed until the next set. */
void log_line_set_entry (LogLine *self, const char *date_text, gsize date_len, const char *text, gsize len,
                         gint64 time_usec);

const char *log_line_peek_name (const LogLine *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LogLine, log_line_free)
