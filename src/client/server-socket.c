#include "client/server-socket.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "compat/py-fs.h"
#include "compat/py-pickle.h"

#define END_MARK   "<F2B_END_COMMAND>"
#define CLOSE_MARK "<F2B_CLOSE_COMMAND>"

#define PROTOCOL 4 /* every server since Python 3.4 reads it */

G_DEFINE_QUARK (server_socket_error, server_socket_error)

struct ServerSocket
{
  int fd;
  double timeout_sec;
  Waiter *waiter;
  GByteArray *input; /* of answers that were not taken yet */
};

static gboolean
fail_errno (GError **error, int number)
{
  g_set_error (error, SERVER_SOCKET_ERROR, SERVER_SOCKET_ERROR_IO, "[Errno %d] %s", number, g_strerror (number));
  return FALSE;
}

static gboolean
fail_text (GError **error, const char *text)
{
  g_set_error_literal (error, SERVER_SOCKET_ERROR, SERVER_SOCKET_ERROR_IO, text);
  return FALSE;
}

/* A full backlog is no reason to give up: as a blocking connect does, it is waited for. */
static gboolean
connect_patiently (ServerSocket *self, const struct sockaddr_un *address, GError **error)
{
  gint64 start_usec = g_get_monotonic_time ();

  while (connect (self->fd, (const struct sockaddr *) address, sizeof *address) != 0)
    {
      double waited_sec = (double) (g_get_monotonic_time () - start_usec) / G_USEC_PER_SEC;
      if (errno != EAGAIN && errno != EINTR)
        return fail_errno (error, errno);
      if (self->timeout_sec >= 0 && waited_sec >= self->timeout_sec)
        return fail_text (error, "timed out");
      waiter_sleep (self->waiter, 0.01);
    }
  return TRUE;
}

ServerSocket *
server_socket_open (const char *path, double timeout_sec, Waiter *waiter, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  g_autofree char *bytes = py_fs_encode (path);
  g_autoptr (ServerSocket) self = g_new0 (ServerSocket, 1);

  self->timeout_sec = timeout_sec;
  self->waiter = waiter;
  self->input = g_byte_array_new ();
  self->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->fd < 0)
    fail_errno (error, errno);
  else if (strlen (bytes) >= sizeof address.sun_path)
    fail_text (error, "AF_UNIX path too long");
  else
    {
      strcpy (address.sun_path, bytes);
      if (connect_patiently (self, &address, error))
        return g_steal_pointer (&self);
    }
  return NULL;
}

void
server_socket_close (ServerSocket *self)
{
  static const char good_bye[] = CLOSE_MARK END_MARK;

  if (self == NULL)
    return;
  if (self->fd >= 0)
    {
      (void) send (self->fd, good_bye, strlen (good_bye), MSG_NOSIGNAL); /* a server that has gone needs none */
      (void) close (self->fd);
    }
  g_byte_array_unref (self->input);
  g_free (self);
}

static gboolean
send_all (ServerSocket *self, const guint8 *data, gsize len, GError **error)
{
  while (len > 0)
    {
      ssize_t n = send (self->fd, data, len, MSG_NOSIGNAL);
      if (n > 0)
        {
          data += n;
          len -= (gsize) n;
        }
      else if (errno == EAGAIN)
        {
          if (!waiter_poll (self->waiter, self->fd, POLLOUT, self->timeout_sec))
            return fail_text (error, "timed out");
        }
      else if (errno != EINTR)
        return fail_errno (error, errno);
    }
  return TRUE;
}

/* Appends what has come, or waits for it. */
static gboolean
read_more (ServerSocket *self, GError **error)
{
  guint8 buffer[32768];
  ssize_t n = recv (self->fd, buffer, sizeof buffer, 0);

  if (n > 0)
    g_byte_array_append (self->input, buffer, (guint) n);
  else if (n == 0)
    return fail_text (error, "[Errno 104] Connection reset by peer");
  else if (errno == EAGAIN)
    {
      if (!waiter_poll (self->waiter, self->fd, POLLIN, self->timeout_sec))
        return fail_text (error, "timed out");
    }
  else if (errno != EINTR)
    return fail_errno (error, errno);
  return self->input->len <= SERVER_SOCKET_MAX_ANSWER ? TRUE : fail_text (error, "the answer is too large");
}

/* The bytes before the first end mark from offset on, or -1. */
static gssize
find_end (const ServerSocket *self, gsize offset)
{
  const guint8 *mark = NULL;

  if (self->input->len > offset)
    mark = memmem (self->input->data + offset, self->input->len - offset, END_MARK, strlen (END_MARK));
  return mark != NULL ? mark - self->input->data : -1;
}

gboolean
server_socket_send (ServerSocket *self, const PyValue *request, GError **error)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  g_return_val_if_fail (self != NULL && request != NULL, FALSE);
  py_pickle_encode_append (bytes, request, PROTOCOL);
  g_byte_array_append (bytes, (const guint8 *) END_MARK, strlen (END_MARK));
  return send_all (self, bytes->data, bytes->len, error);
}

PyValue *
server_socket_receive (ServerSocket *self, GError **error)
{
  gsize seen = 0; /* no end of the answer before this */

  g_return_val_if_fail (self != NULL, NULL);
  for (;;)
    {
      gssize end = find_end (self, seen);
      if (end < 0)
        {
          seen = MAX (seen, self->input->len - MIN (self->input->len, strlen (END_MARK) - 1));
          if (!read_more (self, error))
            return NULL;
          continue;
        }
      g_autoptr (GError) local_error = NULL;
      PyValue *answer = py_pickle_decode (self->input->data, (gsize) end, NULL, NULL, &local_error);
      if (answer == NULL && g_error_matches (local_error, PY_PICKLE_ERROR, PY_PICKLE_ERROR_TRUNCATED))
        {
          seen = (gsize) end + 1; /* the mark was part of a text */
          continue;
        }
      g_byte_array_remove_range (self->input, 0, (guint) ((gsize) end + strlen (END_MARK)));
      if (answer == NULL)
        g_set_error_literal (error, SERVER_SOCKET_ERROR, SERVER_SOCKET_ERROR_ANSWER, local_error->message);
      return answer;
    }
}

PyValue *
server_socket_ask (ServerSocket *self, const PyValue *request, GError **error)
{
  return server_socket_send (self, request, error) ? server_socket_receive (self, error) : NULL;
}
