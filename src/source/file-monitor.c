#include "source/file-monitor.h"

#include <errno.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <glib-unix.h>

/* Always the same masks: adding an inode again replaces its mask. */
#define FILE_MASK   (IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF)
#define FOLDER_MASK (IN_CREATE | IN_MOVED_TO | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR)

struct FileMonitor
{
  int fd;
  GSource *source;
  GHashTable *watches; /* descriptor -> GPtrArray of subjects, one entry for each add */
  FileMonitorFunc func;
  gpointer data;
};

static void
tell (FileMonitor *self, const struct inotify_event *event)
{
  GPtrArray *subjects = g_hash_table_lookup (self->watches, GINT_TO_POINTER (event->wd));
  const char *name = event->len > 0 ? event->name : NULL;

  if (event->mask & IN_Q_OVERFLOW)
    self->func (NULL, NULL, self->data);
  for (guint i = 0; subjects != NULL && i < subjects->len; i++)
    self->func (subjects->pdata[i], name, self->data);
  if (event->mask & IN_IGNORED)
    g_hash_table_remove (self->watches, GINT_TO_POINTER (event->wd));
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  FileMonitor *self = data;
  union
  {
    struct inotify_event event;
    char bytes[16 * 1024];
  } buffer;
  gssize n = read (fd, &buffer, sizeof buffer);

  for (gssize at = 0; at < n;)
    {
      const struct inotify_event *event = (const struct inotify_event *) (gconstpointer) (buffer.bytes + at);

      tell (self, event);
      at += (gssize) (sizeof *event + event->len);
    }
  return G_SOURCE_CONTINUE;
}

FileMonitor *
file_monitor_new (FileMonitorFunc func, gpointer data)
{
  FileMonitor *self;
  int fd = inotify_init1 (IN_NONBLOCK | IN_CLOEXEC);

  if (fd < 0)
    return NULL;
  self = g_new0 (FileMonitor, 1);
  self->fd = fd;
  self->func = func;
  self->data = data;
  self->watches = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
  self->source = g_unix_fd_source_new (fd, G_IO_IN);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_attach (self->source, NULL);
  return self;
}

void
file_monitor_free (FileMonitor *self)
{
  if (self == NULL)
    return;
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_hash_table_unref (self->watches);
  close (self->fd);
  g_free (self);
}

static int
add_watch (FileMonitor *self, const char *path, guint32 mask, gpointer subject)
{
  int watch = inotify_add_watch (self->fd, path, mask);
  GPtrArray *subjects;

  if (watch < 0)
    return -1;
  subjects = g_hash_table_lookup (self->watches, GINT_TO_POINTER (watch));
  if (subjects == NULL)
    {
      subjects = g_ptr_array_new ();
      g_hash_table_insert (self->watches, GINT_TO_POINTER (watch), subjects);
    }
  g_ptr_array_add (subjects, subject);
  return watch;
}

int
file_monitor_add_file (FileMonitor *self, int fd, gpointer subject)
{
  char path[64];

  g_snprintf (path, sizeof path, "/proc/self/fd/%d", fd); /* this inode, whatever its name is by now */
  return add_watch (self, path, FILE_MASK, subject);
}

int
file_monitor_add_folder (FileMonitor *self, const char *path, gpointer subject)
{
  return add_watch (self, path, FOLDER_MASK, subject);
}

void
file_monitor_remove (FileMonitor *self, int watch, gpointer subject)
{
  GPtrArray *subjects = g_hash_table_lookup (self->watches, GINT_TO_POINTER (watch));

  if (subjects == NULL || !g_ptr_array_remove_fast (subjects, subject) || subjects->len > 0)
    return;
  g_hash_table_remove (self->watches, GINT_TO_POINTER (watch));
  (void) inotify_rm_watch (self->fd, watch);
}
