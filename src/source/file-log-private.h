/* file-log-private.h - what the files of file-log share
 *
 * file-log.c: what is behind the name.  file-serve.c: handing out lines.  file-watch.c: the readers' side.
 * file-recover.c: what was rotated away while nobody looked.
 */
#pragma once
#include "source/file-log.h"

struct FileWatch
{
  FileLog *log;
  const FileWatchFuncs *funcs;
  gpointer data;
  FileLogWake wake;
  gpointer wake_data;
  guint64 marks[2]; /* random: what it adds to an audience while its lines are old, and new */
  gboolean paused;
  gboolean wants_all;
  gboolean removed;
  gboolean in_operation;
  gboolean touched;  /* got a line in this slice */
  gboolean read_any; /* got a line at all */
  gboolean behind;   /* in this serving: has not finished an older generation */
};

/* How far a watch has read a generation. */
typedef struct
{
  FileWatch *watch;
  gint64 offset;
  gint64 lost;   /* how far it had read what was there before the file was truncated */
  gboolean read; /* got a line of it, now or before the restart */
} Cursor;

typedef struct
{
  FileGeneration *file;
  int monitor;        /* descriptor, -1: none */
  gint64 left_usec;   /* when it lost the name (monotonic); 0: it has it */
  GArray *cursors;    /* of Cursor */
  gint64 scan_start;  /* a line that is too long begins here … */
  gint64 scan_to;     /* … and has no end up to here; 0: none */
  gboolean exhausted; /* nothing but an unfinished line is left for whoever is not paused */
  gboolean unproven;  /* found empty: it may become a copy of another one, and is not read before it is known what it is */
  gboolean bereft;    /* truncated, and its copy was not found since the folder did not stand still: to be looked for again */
} Generation;

struct FileLog
{
  char *path;
  char *name; /* the last part of path */
  char *folder;
  FileBackend backend; /* as asked for */
  LineEnd line_end;
  const FileLogShared *shared;
  gboolean polled;
  int folder_monitor;
  gboolean missing;
  struct timespec looked_at; /* when the name was last looked at: a file that had it afterwards was written later */
  gboolean unsettled; /* the folder did not stand still when we looked for such files: there may be more of them */
  gint64 changed_usec; /* when a look last found something new (monotonic of GLib); 0: never */
  GPtrArray *generations; /* of Generation, oldest first */
  GPtrArray *watches;     /* of FileWatch; removed ones until nobody looks at them */
  gpointer line;          /* FileLineFuncs */
  guint busy;             /* inside callbacks: nothing may be freed */
  guint changes;          /* of who reads, and from where */
};


/* The generation that has the name, NULL while there is none. */
Generation *file_log_current   (const FileLog *self);
Cursor     *generation_cursor  (const Generation *self, const FileWatch *watch); /* NULL: none */
/* A file that was rotated away before, as the last generation but the one that has the name, without cursors. */
Generation *file_log_add_left  (FileLog *self, FileGeneration *file /* taken */);
/* Finds the files that had the name since the last look, after old, and lost it again. */
void        file_log_find_passed (FileLog *self, const FileGeneration *old);
/* Finds the copy of what generation held before it was truncated, which is read on from where the watches were in that, and what had
 * the name after it. */
void        file_log_find_copy   (FileLog *self, Generation *generation);
/* Was found empty, and has become a copy of another generation (cp at work)?  Otherwise it is a file like any other from now on. */
gboolean    file_log_is_copy     (const FileLog *self, Generation *generation);
/* Takes note of how far the watches have read. */
void        generation_remember (Generation *self);
/* Frees the watches that were removed; not while the log is busy. */
void        file_log_forget_removed (FileLog *self);
