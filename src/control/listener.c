#include "control/listener.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LOGGER     "fail2ban.asyncserver"
#define FIRST_FD   3   /* SD_LISTEN_FDS_START */
#define RETRY_MSEC 200 /* after accept has failed for want of descriptors or memory */

G_DEFINE_QUARK (listener_error, listener_error)

struct Listener
{
  GMainContext *context;
  Log *log;
  RequestFunc request;
  gpointer user_data;

  int fd;     /* -1: not listening */
  char *path; /* the file that was made here */
  GSource *accept, *retry;
  GPtrArray *connections;

  ListenerDrainedFunc drained;
  gpointer drained_data;
  GSource *drain_limit;
};

static void
drop_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

Listener *
listener_new (GMainContext *context, Log *log, RequestFunc request, gpointer user_data)
{
  g_return_val_if_fail (request != NULL, NULL);
  Listener *self = g_new0 (Listener, 1);
  self->context = context;
  self->log = log;
  self->request = request;
  self->user_data = user_data;
  self->fd = -1;
  self->connections = g_ptr_array_new ();
  return self;
}

void
listener_free (Listener *self)
{
  if (self == NULL)
    return;
  listener_stop (self);
  self->drained = NULL;
  while (self->connections->len > 0) /* each takes itself out of the list */
    connection_close (g_ptr_array_index (self->connections, 0));
  drop_source (&self->drain_limit);
  g_ptr_array_unref (self->connections);
  g_free (self);
}

guint
listener_count_connections (const Listener *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->connections->len;
}

/* --- accepting ------------------------------------------------------------------------------------------------------ */

static void update_accept (Listener *self);

/* Whoever can reach the socket could do as he likes: besides its mode, the kernel's word on who he is. */
static gboolean
may_talk (const Listener *self, int fd)
{
  struct ucred peer;
  socklen_t len = sizeof peer;

  if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
    return FALSE;
  if (peer.uid == 0 || peer.uid == geteuid ())
    return TRUE;
  log_warning (self->log, LOGGER, "Connection of user %u (pid %d) refused", (guint) peer.uid, (int) peer.pid);
  return FALSE;
}

static void
finish_drain (Listener *self)
{
  ListenerDrainedFunc drained = self->drained;

  self->drained = NULL;
  drop_source (&self->drain_limit);
  if (drained != NULL)
    drained (self->drained_data); /* may free us */
}

static void
on_connection_closed (Connection *connection, gpointer data)
{
  Listener *self = data;

  g_ptr_array_remove_fast (self->connections, connection);
  update_accept (self);
  if (self->drained != NULL && self->connections->len == 0)
    finish_drain (self);
}

static void
on_request (PyValue *request, Reply *reply, gpointer data)
{
  Listener *self = data;

  self->request (request, reply, self->user_data);
}

static gboolean
on_retry (gpointer data)
{
  Listener *self = data;

  drop_source (&self->retry);
  update_accept (self);
  return G_SOURCE_REMOVE;
}

/* Out of descriptors, say: the client waits in the backlog, we look again in a while. */
static void
accept_later (Listener *self)
{
  log_warning (self->log, LOGGER, "Accept socket error: %s", g_strerror (errno));
  self->retry = g_timeout_source_new (RETRY_MSEC);
  g_source_set_callback (self->retry, on_retry, self, NULL);
  g_source_attach (self->retry, self->context);
  update_accept (self);
}

static gboolean
on_accept (int listen_fd, GIOCondition condition, gpointer data)
{
  Listener *self = data;
  ConnectionHooks hooks = {
    .context = self->context,
    .log = self->log,
    .request = on_request,
    .closed = on_connection_closed,
    .user_data = self,
  };
  int fd = accept4 (listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

  if (fd < 0)
    {
      if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
        accept_later (self);
      return G_SOURCE_CONTINUE;
    }
  if (!may_talk (self, fd))
    {
      (void) close (fd);
      return G_SOURCE_CONTINUE;
    }
  g_ptr_array_add (self->connections, connection_new (fd, &hooks));
  update_accept (self);
  return G_SOURCE_CONTINUE;
}

/* Has the source exist exactly while somebody may be accepted. */
static void
update_accept (Listener *self)
{
  gboolean wanted = self->fd >= 0 && self->retry == NULL && self->connections->len < LISTENER_MAX_CONNECTIONS;

  if (!wanted)
    drop_source (&self->accept);
  else if (self->accept == NULL)
    {
      self->accept = g_unix_fd_source_new (self->fd, G_IO_IN);
      g_source_set_callback (self->accept, G_SOURCE_FUNC (on_accept), self, NULL);
      g_source_attach (self->accept, self->context);
    }
}

/* --- the socket ----------------------------------------------------------------------------------------------------- */

static gboolean
clear_the_way (Listener *self, const char *path, gboolean force, GError **error)
{
  if (access (path, F_OK) != 0)
    return TRUE;
  log_error (self->log, LOGGER, "Fail2ban seems to be already running");
  if (!force)
    {
      g_set_error_literal (error, LISTENER_ERROR, LISTENER_ERROR_RUNNING, "Server already running");
      return FALSE;
    }
  log_warning (self->log, LOGGER, "Forcing execution of the server");
  if (unlink (path) == 0 || errno == ENOENT)
    return TRUE;
  g_set_error (error, LISTENER_ERROR, LISTENER_ERROR_BIND, "[Errno %d] %s: '%s'", errno, g_strerror (errno), path);
  return FALSE;
}

gboolean
listener_start (Listener *self, const char *path, gboolean force, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  g_return_val_if_fail (self != NULL && self->fd < 0 && path != NULL, FALSE);
  if (!clear_the_way (self, path, force, error))
    return FALSE;
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  /* a path that fills the field is not terminated, and that is legal on Linux; Python needs the room for the NUL */
  gboolean bound = fd >= 0 && strlen (path) < sizeof address.sun_path;
  if (bound)
    {
      strcpy (address.sun_path, path);
      bound = bind (fd, (const struct sockaddr *) &address, sizeof address) == 0;
    }
  if (!bound || listen (fd, LISTENER_BACKLOG) != 0)
    {
      if (bound)
        (void) unlink (path);
      if (fd >= 0)
        (void) close (fd);
      g_set_error (error, LISTENER_ERROR, LISTENER_ERROR_BIND, "Unable to bind socket %s", path);
      return FALSE;
    }
  self->fd = fd;
  self->path = g_strdup (path);
  update_accept (self);
  return TRUE;
}

gboolean
listener_start_inherited (Listener *self, int fd, GError **error)
{
  int listening = 0;
  socklen_t len = sizeof listening;

  g_return_val_if_fail (self != NULL && self->fd < 0, FALSE);
  if (getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) != 0 || !listening)
    {
      g_set_error (error, LISTENER_ERROR, LISTENER_ERROR_INHERITED, "descriptor %d is no listening socket", fd);
      return FALSE;
    }
  self->fd = fd;
  (void) g_unix_set_fd_nonblocking (fd, TRUE, NULL);
  update_accept (self);
  return TRUE;
}

void
listener_stop (Listener *self)
{
  g_return_if_fail (self != NULL);
  drop_source (&self->accept);
  drop_source (&self->retry);
  if (self->fd >= 0)
    (void) close (self->fd);
  self->fd = -1;
  if (self->path != NULL)
    (void) unlink (self->path);
  g_clear_pointer (&self->path, g_free);
}

/* --- the end -------------------------------------------------------------------------------------------------------- */

static gboolean
on_drain_limit (gpointer data)
{
  finish_drain (data);
  return G_SOURCE_REMOVE;
}

void
listener_drain (Listener *self, guint timeout_msec, ListenerDrainedFunc func, gpointer user_data)
{
  g_return_if_fail (self != NULL && self->drained == NULL && func != NULL);
  g_autoptr (GPtrArray) all = g_ptr_array_copy (self->connections, NULL, NULL);

  self->drained = func;
  self->drained_data = user_data;
  self->drain_limit = g_timeout_source_new (all->len > 0 ? timeout_msec : 0);
  g_source_set_callback (self->drain_limit, on_drain_limit, self, NULL);
  g_source_attach (self->drain_limit, self->context);
  for (guint i = 0; i < all->len; i++)
    connection_drain (g_ptr_array_index (all, i));
}

int
listener_take_inherited_fd (void)
{
  const char *pid = g_getenv ("LISTEN_PID");
  const char *text = g_getenv ("LISTEN_FDS");
  guint64 own = 0, count = 0;

  if (pid == NULL || !g_ascii_string_to_unsigned (pid, 10, 1, G_MAXINT, &own, NULL) || own != (guint64) getpid ()
      || text == NULL || !g_ascii_string_to_unsigned (text, 10, 1, 1024, &count, NULL))
    return -1;
  const char *list = g_getenv ("LISTEN_FDNAMES");
  g_auto (GStrv) names = g_strsplit (list != NULL ? list : "", ":", -1);
  guint index = 0;
  for (guint i = 0; names[i] != NULL; i++)
    if (g_str_equal (names[i], "fail2ban"))
      {
        index = i;
        break;
      }
  g_unsetenv ("LISTEN_PID");
  g_unsetenv ("LISTEN_FDS");
  g_unsetenv ("LISTEN_FDNAMES");
  return FIRST_FD + (int) MIN (index, (guint) count - 1);
}
