/* log-target.h - where the lines of the log go: a file, a stream, the syslog socket, the journal
 *
 * Each takes one finished line.  What cannot be written is dropped: the program goes on when the disk is full or the peer is gone.
 * Must not: format, wait for a peer.
 */
#pragma once
#include <glib.h>
#include <stdio.h>

typedef struct LogTarget LogTarget;

LogTarget *log_target_new_file    (const char *path, GError **error); /* appends; LOG_ERROR_OPEN "Unable to log to '/x'" */
LogTarget *log_target_new_stream  (FILE *stream);                     /* stays the caller's */
LogTarget *log_target_new_syslog  (const char *path, int facility);   /* facility: 0 to 23 */
LogTarget *log_target_new_journal (void);
void       log_target_free        (LogTarget *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LogTarget, log_target_free)

typedef struct
{
  int         level;
  const char *logger;
  const char *function;
  const char *message; /* without the format */
  const char *line;    /* formatted, no line end, NUL-terminated */
  gsize       line_len;
} LogTargetLine;
void log_target_write (LogTarget *self, const LogTargetLine *line);
/* The same without a copy, where the target keeps lines one behind the other: what is appended to the string between the two is the line,
 * which may be empty.  NULL: it takes them by log_target_write() only. */
GString *log_target_begin_line (LogTarget *self);
void     log_target_end_line   (LogTarget *self);

/* What goes to a file is kept in memory until it is released (or 64 KiB are together), for one write; others write at once. */
void log_target_set_held (LogTarget *self, gboolean held);

/* A file is opened again by its name; others have nothing to do. */
void log_target_reopen (LogTarget *self);

/* "daemon", "LOCAL0", …: -1 for an unknown one. */
int log_target_facility (const char *name);
