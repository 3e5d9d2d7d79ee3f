#include "action/python-helper.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "action/action.h"
#include "compat/py-pickle.h"

#define MESSAGE_MAX   (16 * 1024 * 1024)
#define HEAD_SIZE     4
#define READ_SIZE     (64 * 1024)
#define READS_AT_ONCE 64 /* then others have their turn */
#define GRACE_SEC     2
#define HELPER_FD     3

struct PythonHelper
{
  GPid pid;
  int fd;
  GByteArray *in, *out;
  GSource *in_watch, *out_watch, *end_watch;
  PythonHelperFuncs funcs;
  gpointer user_data;
  gboolean *gone; /* set when it is freed while it reports */
};

/* --- its end --------------------------------------------------------------------------------------------------------- */

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* The helper leads a session of its own, but for its first moments. */
static void
kill_all (GPid pid)
{
  (void) kill (-pid, SIGKILL);
  (void) kill (pid, SIGKILL);
}

typedef struct
{
  GPid pid;
  GSource *timer;
} Leaving;

static void
on_left (GPid pid, int status, gpointer data)
{
  Leaving *leaving = data;

  clear_source (&leaving->timer);
  g_spawn_close_pid (pid);
  g_free (leaving);
}

static gboolean
on_grace_over (gpointer data)
{
  Leaving *leaving = data;

  kill_all (leaving->pid);
  g_clear_pointer (&leaving->timer, g_source_unref);
  return G_SOURCE_REMOVE;
}

/* Nobody waits for it any more, but it has to be reaped. */
static void
let_go (GPid pid, gboolean killed)
{
  Leaving *leaving = g_new0 (Leaving, 1);

  leaving->pid = pid;
  if (!killed)
    {
      leaving->timer = g_timeout_source_new_seconds (GRACE_SEC);
      g_source_set_callback (leaving->timer, on_grace_over, leaving, NULL);
      g_source_attach (leaving->timer, NULL);
    }
  (void) g_child_watch_add (pid, on_left, leaving);
}

void
python_helper_free (PythonHelper *self, gboolean kill)
{
  if (self == NULL)
    return;
  if (self->gone != NULL)
    *self->gone = TRUE;
  clear_source (&self->in_watch);
  clear_source (&self->out_watch);
  if (self->fd >= 0)
    (void) close (self->fd);
  if (self->end_watch != NULL)
    {
      clear_source (&self->end_watch);
      if (kill)
        kill_all (self->pid);
      let_go (self->pid, kill);
    }
  g_byte_array_unref (self->in);
  g_byte_array_unref (self->out);
  g_free (self);
}

static void
report_end (PythonHelper *self, const char *why)
{
  clear_source (&self->in_watch);
  clear_source (&self->out_watch);
  self->funcs.ended (why, self->user_data);
}

/* --- messages -------------------------------------------------------------------------------------------------------- */

/* One whole message off the front of what was read.  FALSE: there is none; *ret_why says that there never will be. */
static gboolean
take_message (PythonHelper *self, PyValue **ret_message, char **ret_why)
{
  g_autoptr (GError) error = NULL;

  if (self->in->len < HEAD_SIZE)
    return FALSE;
  gsize size = (gsize) self->in->data[0] << 24 | (gsize) self->in->data[1] << 16 | (gsize) self->in->data[2] << 8
               | self->in->data[3];
  if (size > MESSAGE_MAX)
    {
      *ret_why = g_strdup_printf ("a message of %" G_GSIZE_FORMAT " bytes", size);
      return FALSE;
    }
  if (self->in->len < HEAD_SIZE + size)
    return FALSE;
  *ret_message = py_pickle_decode (self->in->data + HEAD_SIZE, size, NULL, NULL, &error);
  if (*ret_message == NULL)
    {
      *ret_why = g_strdup_printf ("a message that cannot be read: %s", error->message);
      return FALSE;
    }
  g_byte_array_remove_range (self->in, 0, (guint) (HEAD_SIZE + size));
  return TRUE;
}

/* Returns FALSE when it was freed meanwhile, or has come to its end. */
static gboolean
deliver (PythonHelper *self)
{
  g_autofree char *why = NULL;
  gboolean gone = FALSE;

  self->gone = &gone;
  for (;;)
    {
      g_autoptr (PyValue) message = NULL;
      if (!take_message (self, &message, &why))
        break;
      self->funcs.received (message, self->user_data);
      if (gone)
        return FALSE;
    }
  self->gone = NULL;
  if (why == NULL)
    return TRUE;
  report_end (self, why);
  return FALSE;
}

typedef enum
{
  READ_ENOUGH,
  READ_END,
  READ_GONE, /* the helper's object, or what came was no message */
} ReadResult;

static ReadResult
read_messages (PythonHelper *self)
{
  for (guint i = 0; i < READS_AT_ONCE; i++)
    {
      guint8 buffer[READ_SIZE];
      gssize n = recv (self->fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == EAGAIN)
        break;
      if (n <= 0)
        return READ_END;
      g_byte_array_append (self->in, buffer, (guint) n);
      if (!deliver (self))
        return READ_GONE;
    }
  return READ_ENOUGH;
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  PythonHelper *self = data;

  switch (read_messages (self))
    {
    case READ_ENOUGH:
      return G_SOURCE_CONTINUE;
    case READ_END: /* its exit status will say more */
      g_clear_pointer (&self->in_watch, g_source_unref);
      return G_SOURCE_REMOVE;
    case READ_GONE:
    default:
      return G_SOURCE_REMOVE;
    }
}

static gboolean
on_writable (int fd, GIOCondition condition, gpointer data)
{
  PythonHelper *self = data;
  gssize n = send (fd, self->out->data, self->out->len, MSG_NOSIGNAL | MSG_DONTWAIT);

  if (n > 0)
    g_byte_array_remove_range (self->out, 0, (guint) n);
  if (self->out->len > 0 && (n >= 0 || errno == EAGAIN || errno == EINTR))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&self->out_watch, g_source_unref);
  return G_SOURCE_REMOVE;
}

static GSource *
watch_fd (PythonHelper *self, GIOCondition condition, GUnixFDSourceFunc func)
{
  GSource *source = g_unix_fd_source_new (self->fd, condition);

  g_source_set_callback (source, G_SOURCE_FUNC (func), self, NULL);
  g_source_attach (source, NULL);
  return source;
}

void
python_helper_send (PythonHelper *self, PyValue *message /* taken */)
{
  g_autoptr (PyValue) taken = message;
  guint at = self->out->len;
  guint8 head[HEAD_SIZE] = { 0 };

  g_byte_array_append (self->out, head, HEAD_SIZE);
  py_pickle_encode_append (self->out, taken, 4);
  guint size = self->out->len - at - HEAD_SIZE;
  for (guint i = 0; i < HEAD_SIZE; i++)
    self->out->data[at + i] = (guint8) (size >> (8 * (HEAD_SIZE - 1 - i)));
  if (self->out_watch == NULL)
    self->out_watch = watch_fd (self, G_IO_OUT, on_writable);
}

static void
on_ended (GPid pid, int status, gpointer data)
{
  PythonHelper *self = data;
  g_autofree char *why = WIFSIGNALED (status) ? g_strdup_printf ("killed by signal %d", WTERMSIG (status))
                                              : g_strdup_printf ("exit status %d", WEXITSTATUS (status));

  g_spawn_close_pid (pid);
  g_clear_pointer (&self->end_watch, g_source_unref);
  (void) kill (-pid, SIGKILL);                                     /* what it left behind in its session */
  if (self->in_watch == NULL || read_messages (self) != READ_GONE) /* its last words */
    report_end (self, why);
}

/* --- its beginning --------------------------------------------------------------------------------------------------- */

static gboolean
spawn (PythonHelper *self, const char *python, const char *script, int theirs, GError **error)
{
  const char *argv[] = { python, "-u", script, G_STRINGIFY (HELPER_FD), NULL };
  const int target = HELPER_FD;

  return g_spawn_async_with_pipes_and_fds (NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, -1, -1, -1, &theirs,
                                           &target, 1, &self->pid, NULL, NULL, NULL, error);
}

PythonHelper *
python_helper_start (const char *folder, const PythonHelperFuncs *funcs, gpointer user_data, GError **error)
{
  g_autofree char *python = g_find_program_in_path ("python3");
  g_autofree char *script = g_build_filename (folder != NULL ? folder : "", "helper.py", NULL);
  int pair[2];

  if (python == NULL)
    {
      g_set_error_literal (error, ACTION_ERROR, ACTION_ERROR_PYTHON,
                           "Python actions need python3, which is not in PATH");
      return NULL;
    }
  if (folder == NULL || access (script, R_OK) != 0)
    {
      g_set_error (error, ACTION_ERROR, ACTION_ERROR_PYTHON, "Python actions need %s, which cannot be read", script);
      return NULL;
    }
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    {
      g_set_error (error, ACTION_ERROR, ACTION_ERROR_PYTHON, "no socket for a Python action: %s", g_strerror (errno));
      return NULL;
    }
  PythonHelper *self = g_new0 (PythonHelper, 1);
  self->fd = pair[0];
  self->in = g_byte_array_new ();
  self->out = g_byte_array_new ();
  self->funcs = *funcs;
  self->user_data = user_data;
  gboolean started = spawn (self, python, script, pair[1], error);
  (void) close (pair[1]);
  if (!started)
    {
      python_helper_free (self, TRUE);
      return NULL;
    }
  self->in_watch = watch_fd (self, G_IO_IN, on_readable);
  self->end_watch = g_child_watch_source_new (self->pid);
  g_source_set_callback (self->end_watch, G_SOURCE_FUNC (on_ended), self, NULL);
  g_source_attach (self->end_watch, NULL);
  return self;
}
