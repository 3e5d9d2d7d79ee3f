/* file-source.h - log files that grow, are rotated, vanish and come back: their lines, none lost and none twice
 *
 * One FileSource serves the whole server.  A jail adds a watch for each of its files; watches on the same file (same
 * path, backend
 * and line end) share one reading.  Each watch has a position of its own, so one that was paused or begins earlier is
 * served from there until it has caught up.
 *
 * Rotation: renamed and made anew, replaced by a rename, copied and truncated, deleted, its folder gone for a while.  What was renamed
 * is read to its end first, then the new file from its start; the old one is still read for FILE_SOURCE_LINGER_SEC, since writers
 * keep it open until they are told.  Files that had the name only between two looks are found beside the log under their new names;
 * lost is only one that was deleted by then: between two polls, or, with inotify, before the loop came to it.  A file that shrinks, or
 * whose beginning or last lines read are others than before, was truncated: it is read from the start (1.1.2 misses that when the new
 * content is at least as long); what was not yet read of its old content is found in the copy that was made of it, when that has the
 * name of a rotated log.
 *
 * Polling: a file that was written to within the last twelve seconds is looked at five times a second, after a minute of silence once
 * (1.1.2: after 0.2, 0.4, 0.6 and 0.8 s, then anew, for each jail).
 *
 * The loop stays responsive: a slice of reading takes about FILE_SOURCE_SLICE_USEC, then other sources have their turn.
 * An unfinished last line is not handed out before its line end is there.  Memory is bounded: a line is handed out cut
 * to
 * FILE_SOURCE_LINE_MAX bytes.
 *
 * Must not: decode or understand lines; know the database (jail/ stores positions).  Logs as "fail2ban.filter".
 */
#pragma once
#include "base/clock.h"
#include "base/log.h"
#include "source/line-end.h"
#include "source/source-error.h"

#define FILE_SOURCE_SLICE_USEC    (4 * 1000)
#define FILE_SOURCE_LINE_MAX      (1024 * 1024)
#define FILE_SOURCE_LINGER_SEC    60
#define FILE_SOURCE_POLL_MSEC     1000 /* polling: how often a quiet file is looked at … */
#define FILE_SOURCE_LIVELY_MSEC   200  /* … and at most; between the two after … */
#define FILE_SOURCE_LIVELY_PART   60   /* … one part in so many of the time that it has been quiet for */
#define FILE_SOURCE_RECHECK_MSEC  5000 /* inotify: what it cannot see (links, network file systems, lost events) is found so */

typedef enum
{
  FILE_BACKEND_INOTIFY, /* falls back to polling for a file that cannot be watched (no watches left) */
  FILE_BACKEND_POLLING,
} FileBackend;

typedef struct FileSource FileSource;
typedef struct FileWatch  FileWatch;

/* How lines are shared: a value made for each file, set for each line, and lent to all watches of the file.  All may
 * be NULL.
 * set gets the bytes with their line end, valid until the next one.  audience stands for the watches that get this line, and for which
 * of them it is new (in_operation): lines of any file with the same number go to the same ones.  0: only one gets it, or some of them
 * get a part. */
typedef struct
{
  gpointer (*make) (const char *path);
  void     (*set)  (gpointer line, const char *bytes, gsize len, guint64 audience);
  void     (*free) (gpointer line);
  /* After the first of n_watches, which all get this line whole, was given it: is there nothing in it for the others?  Then only their
   * positions move on, some lines later, unless one of them wants all lines (file_watch_set_wants_all). */
  gboolean (*settle) (gpointer line, guint n_watches);
} FileLineFuncs;

FileSource *file_source_new  (const FileLineFuncs *funcs /* a constant of the caller, or NULL */, const Clock *clock, Log *log);
void        file_source_free (FileSource *self); /* all watches must be gone; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FileSource, file_source_free)
/* Can inotify be used here at all? */
gboolean    file_source_has_inotify (FileSource *self);

typedef struct
{
  gpointer    shared; /* what FileLineFuncs made */
  const char *bytes;  /* with the line end, lent */
  gsize       len;
  gboolean    in_operation; /* the file had been read to its end before: the line is new */
} FileLine;

typedef struct
{
  /* A line.  May pause or remove any watch, also this one, and add others. */
  void (*line)  (FileWatch *watch, const FileLine *line, gpointer data);
  /* After the last line of a slice (there was at least one, perhaps settled): the position now stands behind it.  Store it and
   * commit. */
  void (*slice) (FileWatch *watch, gpointer data);
} FileWatchFuncs;

/* The file must be there and readable: SOURCE_ERROR with errno otherwise (ENOENT, EACCES, EISDIR, EINVAL for what is
 * no regular file).
 * Begins paused, at the start, or with tail at the end (which also means in operation). */
FileWatch *file_source_add (FileSource *self, const char *path, FileBackend backend, LineEnd line_end, gboolean tail,
                            const FileWatchFuncs *funcs /* a constant of the caller */, gpointer data, GError **error);
void       file_watch_remove (FileWatch *self); /* no callback comes any more; NULL is fine */

/* Hash and position together say where to go on after a restart: in the file that has the name now, or, while nothing
 * of that was
 * read, in the rotated one that is not finished yet (see file_watch_recover). */
const char *file_watch_peek_path    (const FileWatch *self);
const char *file_watch_peek_hash    (const FileWatch *self); /* SHA-1 of the first line, 40 hex digits; "" while there is none */
gint64      file_watch_get_position (const FileWatch *self); /* bytes */
gboolean    file_watch_is_in_operation (const FileWatch *self);

/* Before the first line: goes on at position (from the database, with the same hash); beyond the end it is the start.
 * */
void file_watch_set_position (FileWatch *self, gint64 position);
/* Before the first line, when the hash of the database is another: the log was rotated while nobody looked.  Searches the folder for
 * the file with that first line (its name is that of the log and more, or has a number before its last dot) and reads its rest, from
 * position on, and all that had the name after it, before the present file.  hash "": nothing was there then, neither lines nor rotated
 * files; those written since since_usec are read.  FALSE: nothing found.  (1.1.2 loses those lines.) */
gboolean file_watch_recover (FileWatch *self, const char *hash, gint64 position, gint64 since_usec);
/* While the log is empty: the youngest of its rotated files, and its end.  To be stored in place of the log's own hash, so that
 * file_watch_recover knows what came after it.  FALSE: there is none. */
gboolean file_watch_find_predecessor (const FileWatch *self, char **ret_hash, gint64 *ret_position);
/* Before the first line: skips lines older than time_usec from the position on, by bisection.  func tells a line's
 * time (FALSE: it has
 * none).  Needs lines in order of time; where they are not, it ends before a line that is young enough.  Who passes over all of them has
 * been at the end: what comes is new. */
typedef gboolean (*FileTimeFunc) (const char *bytes, gsize len, gint64 *ret_time_usec, gpointer data);
void file_watch_seek_time (FileWatch *self, gint64 time_usec, FileTimeFunc func, gpointer data);

/* Paused: no lines, the position stays (an idle jail, or one that waits for something).  May be called by the line
 * callback. */
void     file_watch_set_paused (FileWatch *self, gboolean paused);
gboolean file_watch_is_paused  (const FileWatch *self);
/* Also those in which there is nothing for it (FileLineFuncs.settle).  At first it does not. */
void     file_watch_set_wants_all (FileWatch *self, gboolean wants_all);
