#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Between SIGTERM and SIGKILL, and after it: as long as fail2ban 1.1.2 waits. */
#define GRACE_USEC (G_USEC_PER_SEC / 5)

typedef struct
{
  int fd; /* -1: closed */
  GSource *watch;
  GByteArray *bytes;
} Stream;

struct Child
{
  pid_t pid;
  ChildDone done;
  gpointer user_data;

  Stream output, errors;
  GBytes *input;
  gsize written;
  int input_fd; /* -1: closed */
  GSource *input_watch;

  GSource *end_watch;
  GSource *timer;
  enum
  {
    RUNNING,
    ASKED_TO_END,
    KILLED,
  } phase;
};

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
close_fd (int *fd)
{
  if (*fd >= 0)
    (void) close (*fd);
  *fd = -1;
}

static void
stream_close (Stream *stream)
{
  clear_source (&stream->watch);
  close_fd (&stream->fd);
}

static void
child_free (Child *self)
{
  stream_close (&self->output);
  stream_close (&self->errors);
  g_clear_pointer (&self->output.bytes, g_byte_array_unref);
  g_clear_pointer (&self->errors.bytes, g_byte_array_unref);
  clear_source (&self->input_watch);
  close_fd (&self->input_fd);
  g_clear_pointer (&self->input, g_bytes_unref);
  clear_source (&self->end_watch);
  clear_source (&self->timer);
  g_free (self);
}

/* Reads what is there; FALSE at the end of the stream. */
static gboolean
stream_drain (Stream *stream)
{
  char buffer[16 * 1024];

  for (;;)
    {
      gssize n = read (stream->fd, buffer, sizeof buffer);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN)
        return TRUE;
      if (n <= 0)
        return FALSE;
      gsize room = CHILD_OUTPUT_MAX - stream->bytes->len;
      g_byte_array_append (stream->bytes, (const guint8 *) buffer, (guint) MIN ((gsize) n, room));
      if ((gsize) n < sizeof buffer)
        return TRUE;
    }
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  Stream *stream = data;

  if (!stream_drain (stream))
    stream_close (stream);
  return G_SOURCE_CONTINUE; /* harmless when it was just destroyed */
}

static gboolean
on_writable (int fd, GIOCondition condition, gpointer data)
{
  Child *self = data;
  gsize size;
  const char *bytes = g_bytes_get_data (self->input, &size);

  /* A socket, so that a child which stops reading gives EPIPE and no signal. */
  gssize n = send (fd, bytes + self->written, size - self->written, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n > 0)
    self->written += (gsize) n;
  if (self->written == size || (n < 0 && errno != EAGAIN && errno != EINTR))
    {
      clear_source (&self->input_watch);
      close_fd (&self->input_fd);
    }
  return G_SOURCE_CONTINUE;
}

static GSource *
watch_fd (int fd, GIOCondition condition, GUnixFDSourceFunc func, gpointer data)
{
  GSource *source = g_unix_fd_source_new (fd, condition);
  g_source_set_callback (source, G_SOURCE_FUNC (func), data, NULL);
  g_source_attach (source, NULL);
  return source;
}

static void
finish (Child *self, gboolean ended, int wait_status)
{
  ChildResult result = {
    .timed_out = self->phase != RUNNING,
    .ended = ended,
    .pid = self->pid,
    .status = WIFSIGNALED (wait_status) ? -WTERMSIG (wait_status) : WEXITSTATUS (wait_status),
  };

  /* Whoever still holds the other end (a daemon the command left behind) is not waited for. */
  if (self->output.fd >= 0)
    (void) stream_drain (&self->output);
  if (self->errors.fd >= 0)
    (void) stream_drain (&self->errors);
  result.output = g_byte_array_free_to_bytes (g_steal_pointer (&self->output.bytes));
  result.errors = g_byte_array_free_to_bytes (g_steal_pointer (&self->errors.bytes));

  ChildDone done = self->done;
  gpointer user_data = self->user_data;
  child_free (self);
  done (&result, user_data);
  g_bytes_unref (result.output);
  g_bytes_unref (result.errors);
}

static void
on_end (GPid pid, int wait_status, gpointer data)
{
  Child *self = data;

  /* fail2ban 1.1.2 kills the rest of the group also when the shell itself obeyed the SIGTERM. */
  if (self->phase != RUNNING)
    (void) killpg (self->pid, SIGKILL);
  finish (self, TRUE, wait_status);
}

static void
on_reaped (GPid pid, int wait_status, gpointer data)
{
}

/* Nobody is interested any more, but somebody has to collect the zombie: the watch stays, for itself.  (A new one could come too late:
 * GLib may have collected the status already and not told us yet.) */
static void
leave_to_reap (Child *self)
{
  if (self->end_watch != NULL)
    g_source_set_callback (self->end_watch, G_SOURCE_FUNC (on_reaped), NULL, NULL);
  g_clear_pointer (&self->end_watch, g_source_unref);
}

static gboolean
on_timer (gpointer data)
{
  Child *self = data;

  switch (self->phase)
    {
    case RUNNING:
      (void) killpg (self->pid, SIGTERM);
      self->phase = ASKED_TO_END;
      break;
    case ASKED_TO_END:
      (void) killpg (self->pid, SIGKILL);
      self->phase = KILLED;
      break;
    case KILLED:
      leave_to_reap (self);
      finish (self, FALSE, 0);
      return G_SOURCE_REMOVE;
    default:
      g_assert_not_reached ();
    }
  g_source_set_ready_time (self->timer, g_get_monotonic_time () + GRACE_USEC);
  return G_SOURCE_CONTINUE;
}

static gboolean
dispatch_timer (GSource *source, GSourceFunc callback, gpointer data)
{
  return callback (data);
}

static GSourceFuncs timer_funcs = { .dispatch = dispatch_timer };

static void
start_timer (Child *self, gint64 timeout_usec)
{
  gint64 now = g_get_monotonic_time ();

  self->timer = g_source_new (&timer_funcs, sizeof (GSource));
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_set_ready_time (self->timer, timeout_usec > G_MAXINT64 - now ? -1 : now + timeout_usec);
  g_source_attach (self->timer, NULL);
}

static int
spawn (Child *self, const ChildSpec *spec, const int child_fds[3])
{
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, broken_pipe;

  sigemptyset (&none);
  sigemptyset (&broken_pipe);
  sigaddset (&broken_pipe, SIGPIPE);

  (void) posix_spawnattr_init (&attributes);
  (void) posix_spawnattr_setflags (&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  (void) posix_spawnattr_setsigdefault (&attributes, &broken_pipe);
  (void) posix_spawnattr_setsigmask (&attributes, &none);

  (void) posix_spawn_file_actions_init (&actions);
  if (child_fds[0] < 0)
    (void) posix_spawn_file_actions_addopen (&actions, 0, "/dev/null", O_RDONLY, 0);
  for (int fd = 0; fd < 3; fd++)
    if (child_fds[fd] >= 0)
      (void) posix_spawn_file_actions_adddup2 (&actions, child_fds[fd], fd);
  (void) posix_spawn_file_actions_addclosefrom_np (&actions, 3);

  int failure = posix_spawn (&self->pid, spec->path != NULL ? spec->path : spec->argv[0], &actions, &attributes,
                             (char *const *) spec->argv, spec->envp != NULL ? (char *const *) spec->envp : environ);

  (void) posix_spawn_file_actions_destroy (&actions);
  (void) posix_spawnattr_destroy (&attributes);
  return failure;
}

/* The descriptors 0 to 2 may be closed in a daemon; a pipe must not land there, or the child's dup2 would overwrite it. */
static int
move_up (int fd)
{
  if (fd < 0 || fd > 2)
    return fd;
  int higher = fcntl (fd, F_DUPFD_CLOEXEC, 3);
  int keep = errno;
  (void) close (fd);
  errno = keep;
  return higher;
}

static gboolean
make_pipe (int *ret_ours, int *ret_childs)
{
  int fds[2];

  if (pipe2 (fds, O_CLOEXEC) < 0)
    return FALSE;
  *ret_ours = move_up (fds[0]);
  *ret_childs = move_up (fds[1]);
  return *ret_ours >= 0 && *ret_childs >= 0 && g_unix_set_fd_nonblocking (*ret_ours, TRUE, NULL);
}

static gboolean
make_input (Child *self, int *ret_childs)
{
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
    return FALSE;
  self->input_fd = move_up (fds[0]);
  *ret_childs = move_up (fds[1]);
  return self->input_fd >= 0 && *ret_childs >= 0 && shutdown (self->input_fd, SHUT_RD) == 0;
}

static gboolean
fail (Child *self, int error_number, int *ret_errno, GError **error)
{
  if (ret_errno != NULL)
    *ret_errno = error_number;
  g_set_error (error, G_FILE_ERROR, (int) g_file_error_from_errno (error_number), "%s", g_strerror (error_number));
  child_free (self);
  return FALSE;
}

Child *
child_start (const ChildSpec *spec, ChildDone done, gpointer user_data, int *ret_errno, GError **error)
{
  g_return_val_if_fail (spec != NULL && spec->argv != NULL && spec->argv[0] != NULL, NULL);
  g_return_val_if_fail (done != NULL, NULL);

  Child *self = g_new0 (Child, 1);
  int fds[3] = { -1, -1, -1 };

  self->done = done;
  self->user_data = user_data;
  self->output.fd = self->errors.fd = self->input_fd = -1;
  self->output.bytes = g_byte_array_new ();
  self->errors.bytes = g_byte_array_new ();
  self->input = spec->input != NULL ? g_bytes_ref (spec->input) : NULL;

  int failure = 0;
  if (!make_pipe (&self->output.fd, &fds[1]) || !make_pipe (&self->errors.fd, &fds[2])
      || (self->input != NULL && !make_input (self, &fds[0])))
    failure = errno;
  else
    failure = spawn (self, spec, fds);
  for (int i = 0; i < 3; i++)
    close_fd (&fds[i]);
  if (failure != 0)
    {
      (void) fail (self, failure, ret_errno, error);
      return NULL;
    }

  self->output.watch = watch_fd (self->output.fd, G_IO_IN | G_IO_HUP, on_readable, &self->output);
  self->errors.watch = watch_fd (self->errors.fd, G_IO_IN | G_IO_HUP, on_readable, &self->errors);
  if (self->input_fd >= 0)
    self->input_watch = watch_fd (self->input_fd, G_IO_OUT | G_IO_HUP | G_IO_ERR, on_writable, self);
  self->end_watch = g_child_watch_source_new (self->pid);
  g_source_set_callback (self->end_watch, G_SOURCE_FUNC (on_end), self, NULL);
  g_source_attach (self->end_watch, NULL);
  if (spec->timeout_usec > 0)
    start_timer (self, spec->timeout_usec);
  return self;
}

void
child_cancel (Child *self)
{
  if (self == NULL)
    return;
  (void) killpg (self->pid, SIGKILL);
  leave_to_reap (self);
  child_free (self);
}
