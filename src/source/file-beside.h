/* file-beside.h - the files beside a log that were it once: its rotated generations, open
 *
 * Rotation moves names on while they are read: log.1 becomes log.2 between the listing of the folder and the opening of the file, and
 * a listing itself may miss a name that moves.  So a file is known by its inode, it is opened where it is listed, and the folder is
 * looked at again until two looks in a row found every name at the same file: then that is how the folder was between the two.
 * What any look found is kept, whatever its name is by then.
 * Internal to source/.  Must not: read the files, know who had the name when.
 */
#pragma once
#include <sys/stat.h>

#include <glib.h>

#define FILE_BESIDE_MAX       100 /* files, the youngest: rotations of one log, not a whole archive */
#define FILE_BESIDE_LOOKS_MAX 100 /* at a folder that does not stand still */

typedef struct
{
  int         fd;   /* the caller may take it, and leaves -1 */
  char       *name; /* when it was found */
  struct stat info;
} FileBeside;

/* For tests: comes between finding a name and looking at its file, and between that and opening it. */
typedef void (*FileBesideHook) (const char *name, gpointer data);

/* Can name be a rotated generation of log_name (both without a folder)?  "a.log.1", "a.log-20250814", "a.log.old", "a.log~", and with
 * the number before the last dot: "a-20250814.log", "a.1.log".  Nothing compressed, and not "mail.err" for "mail". */
gboolean   file_beside_is_rotated (const char *log_name, const char *name);

/* Regular, readable files with such names, written at since or later (NULL: any time), of FileBeside, the youngest first.
 * until_usec (monotonic of GLib): when to give up; two looks are made in any case.
 * *ret_settled FALSE: the folder did not stand still for long enough, files can be missing. */
GPtrArray *file_beside_list       (const char *folder, const char *log_name, const struct timespec *since, gint64 until_usec,
                                   FileBesideHook hook, gpointer data, gboolean *ret_settled);
