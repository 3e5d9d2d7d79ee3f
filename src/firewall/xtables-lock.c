#include "firewall/xtables-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

/* Somebody's change takes some milliseconds. */
#define FIRST_PAUSE_USEC 1000
#define MAX_PAUSE_USEC   20000

struct XtablesLock
{
  int fd;
  gint64 deadline_usec, pause_usec;
  XtablesLockFunc func;
  gpointer user_data;
  GSource *timer;
};

void
xtables_lock_free (XtablesLock *self)
{
  if (self == NULL)
    return;
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  if (self->fd >= 0)
    (void) close (self->fd);
  g_free (self);
}

static gboolean
on_timer (gpointer data)
{
  XtablesLock *self = data;
  gint64 now_usec = g_get_monotonic_time ();
  gboolean held = self->fd >= 0 && flock (self->fd, LOCK_EX | LOCK_NB) == 0;

  if (!held && self->fd >= 0 && (errno == EWOULDBLOCK || errno == EINTR) && now_usec < self->deadline_usec)
    {
      g_source_set_ready_time (self->timer, now_usec + self->pause_usec);
      self->pause_usec = MIN (self->pause_usec * 2, MAX_PAUSE_USEC);
      return G_SOURCE_CONTINUE;
    }
  g_source_set_ready_time (self->timer, -1);
  self->func (held, self->user_data); /* may free the lock */
  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

static GSourceFuncs timer_funcs = { .dispatch = dispatch };

XtablesLock *
xtables_lock_new (gint64 deadline_usec, XtablesLockFunc func, gpointer user_data)
{
  XtablesLock *self = g_new0 (XtablesLock, 1);
  const char *file = g_getenv ("XTABLES_LOCKFILE");

  if (file == NULL || *file == '\0')
    file = "/run/xtables.lock";
  self->fd = open (file, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
  self->deadline_usec = deadline_usec;
  self->pause_usec = FIRST_PAUSE_USEC;
  self->func = func;
  self->user_data = user_data;
  self->timer = g_source_new (&timer_funcs, sizeof (GSource));
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_set_ready_time (self->timer, 0);
  g_source_attach (self->timer, NULL);
  return self;
}
