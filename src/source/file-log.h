/* file-log.h - one log by its name, with all its generations and all who read it
 *
 * The heart of file-source: finds out what is behind the name now, and hands out lines in order, oldest generation first.
 * Internal to source/: FileSource says when.  Must not: wait, know inotify beyond "watch this for me".
 */
#pragma once
#include "source/file-generation.h"
#include "source/file-monitor.h"
#include "source/file-source.h"

typedef struct FileLog FileLog;

/* What FileLogs of a source have in common. */
typedef struct
{
  const FileLineFuncs *funcs; /* or NULL */
  const Clock         *clock;
  Log                 *log;
  FileMonitor         *monitor; /* NULL: no inotify */
  char                *buffer;  /* FILE_SOURCE_LINE_MAX bytes */
} FileLogShared;

/* shared outlives it.  Not there, not readable: SOURCE_ERROR. */
FileLog *file_log_open (const char *path, FileBackend backend, LineEnd line_end, const FileLogShared *shared, GError **error);
void     file_log_free (FileLog *self); /* no watch may be left; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FileLog, file_log_free)

const char *file_log_peek_path   (const FileLog *self);
gboolean    file_log_is_polled   (const FileLog *self);
gboolean    file_log_is_missing  (const FileLog *self);
/* When it is to be looked at again, after a look at looked_usec (monotonic of GLib), whatever else happens. */
gint64      file_log_get_due_usec (const FileLog *self, gint64 looked_usec);
gboolean    file_log_is_busy     (const FileLog *self); /* serving: must not be freed nor looked at */
gboolean    file_log_is_empty    (const FileLog *self); /* no watches: it can be freed */
gboolean    file_log_is_for      (const FileLog *self, const char *path, FileBackend backend, LineEnd line_end);
gboolean    file_log_cares_about (const FileLog *self, const char *name); /* of an entry of its folder; NULL: yes */

/* Looks at the name and the files.  TRUE: there is something to serve. */
gboolean file_log_look (FileLog *self);

typedef enum
{
  FILE_LOG_DONE, /* all that is there was handed out */
  FILE_LOG_MORE,
  FILE_LOG_LOOK, /* the content of a file is another: look first */
} FileLogResult;
/* Hands out lines until until_usec (monotonic of GLib). */
FileLogResult file_log_serve (FileLog *self, gint64 until_usec);

/* --- watches: FileWatch of file-source.h is defined in file-log.c ------------------------------------------------------ */
/* wake is called when the watch can be served again (woken from its pause). */
typedef void (*FileLogWake) (FileLog *log, gpointer data);
FileWatch *file_log_add_watch (FileLog *self, gboolean tail, const FileWatchFuncs *funcs, gpointer data, FileLogWake wake,
                               gpointer wake_data);
FileLog   *file_watch_peek_log (const FileWatch *self);
