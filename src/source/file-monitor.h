/* file-monitor.h - inotify on the loop: "something happened to this"
 *
 * Watches inodes for subjects (any pointer); what happened is for the subject to find out.  One inode may have many subjects, one
 * subject many inodes.
 * Internal to source/.  Must not: read files.
 */
#pragma once
#include <glib.h>

typedef struct FileMonitor FileMonitor;

/* name: of the entry in a watched folder that came; NULL for the watched thing itself, and for everything when events were lost
 * (subject is NULL then). */
typedef void (*FileMonitorFunc) (gpointer subject, const char *name, gpointer data);

/* NULL: no inotify here (or no more instances). */
FileMonitor *file_monitor_new  (FileMonitorFunc func, gpointer data);
void         file_monitor_free (FileMonitor *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FileMonitor, file_monitor_free)

/* A descriptor of the watch for remove, -1 with errno. */
int  file_monitor_add_file   (FileMonitor *self, int fd, gpointer subject);          /* content, and the end of its name */
int  file_monitor_add_folder (FileMonitor *self, const char *path, gpointer subject); /* new entries; its own end */
void file_monitor_remove     (FileMonitor *self, int watch, gpointer subject);       /* -1 is fine, and one that is gone */
