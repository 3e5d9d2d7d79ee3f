#include "control/connection.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "compat/py-pickle.h"

#define LOGGER     "fail2ban.asyncserver"
#define END_MARK   "<F2B_END_COMMAND>"
#define CLOSE_MARK "<F2B_CLOSE_COMMAND>"

#define READ_CHUNK     65536
#define MAX_OUTPUT     (1024 * 1024) /* no further request is looked at while more than this waits to be taken */
#define REQUESTS_A_RUN 50            /* then the loop gets its turn */

struct Reply
{
  Connection *connection; /* NULL: it has gone */
  guint protocol;
};

struct Connection
{
  int fd;
  ConnectionHooks hooks;
  GSource *in, *out, *resume;
  GByteArray *input, *output;
  gsize scanned;  /* so far there is no end mark in the input */
  Reply *owed;    /* the request that is being answered */
  gboolean ended; /* nothing more will come, or shall be read */
  gboolean closed;
  guint in_use; /* calls that are on the stack */
};

static void connection_run (Connection *self);

/* --- life --------------------------------------------------------------------------------------------------------- */

static void
drop_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
connection_hold (Connection *self)
{
  self->in_use++;
}

static void
connection_release (Connection *self)
{
  if (--self->in_use > 0 || !self->closed)
    return;
  g_byte_array_unref (self->input);
  g_byte_array_unref (self->output);
  g_free (self);
}

void
connection_close (Connection *self)
{
  g_return_if_fail (self != NULL);
  if (self->closed)
    return;
  connection_hold (self);
  self->closed = TRUE;
  drop_source (&self->in);
  drop_source (&self->out);
  drop_source (&self->resume);
  if (self->owed != NULL)
    self->owed->connection = NULL;
  self->owed = NULL;
  (void) close (self->fd);
  if (self->hooks.closed != NULL)
    self->hooks.closed (self, self->hooks.user_data);
  connection_release (self);
}

Connection *
connection_new (int fd, const ConnectionHooks *hooks)
{
  g_return_val_if_fail (fd >= 0 && hooks != NULL && hooks->request != NULL, NULL);
  Connection *self = g_new0 (Connection, 1);
  self->fd = fd;
  self->hooks = *hooks;
  self->input = g_byte_array_new ();
  self->output = g_byte_array_new ();
  (void) g_unix_set_fd_nonblocking (fd, TRUE, NULL);
  connection_run (self);
  return self;
}

/* --- output ------------------------------------------------------------------------------------------------------- */

/* Sends what it can; FALSE when the connection is lost. */
static gboolean
flush_output (Connection *self)
{
  while (self->output->len > 0)
    {
      ssize_t n = send (self->fd, self->output->data, self->output->len, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return errno == EAGAIN;
      g_byte_array_remove_range (self->output, 0, (guint) n);
    }
  return TRUE;
}

static void
answer (Connection *self, guint protocol, const PyValue *value)
{
  py_pickle_encode_append (self->output, value, protocol);
  g_byte_array_append (self->output, (const guint8 *) END_MARK, strlen (END_MARK));
}

static void
answer_error (Connection *self, guint protocol, const char *message)
{
  g_autoptr (PyValue) text = py_str_printf ("ERROR: %s", message);

  log_error (self->hooks.log, LOGGER, "PROTO-error: load message failed: %s", message);
  answer (self, protocol, text);
}

static void
reply_finish (Reply *self, PyValue *take_value)
{
  Connection *connection = self->connection;

  if (connection != NULL)
    {
      connection->owed = NULL;
      answer (connection, self->protocol, take_value);
    }
  py_value_unref (take_value);
  g_free (self);
  if (connection != NULL && connection->in_use == 0) /* else connection_run goes on itself */
    connection_run (connection);
}

void
reply_return (Reply *self, PyValue *value)
{
  g_return_if_fail (self != NULL);
  reply_finish (self, py_tuple_new_items (py_int_new (0), value != NULL ? value : py_none_new (), NULL));
}

void
reply_fail (Reply *self, PyValue *exception)
{
  g_return_if_fail (self != NULL && exception != NULL);
  reply_finish (self, py_tuple_new_items (py_int_new (1), exception, NULL));
}

void
reply_send (Reply *self, PyValue *value)
{
  g_return_if_fail (self != NULL && value != NULL);
  reply_finish (self, value);
}

/* --- input -------------------------------------------------------------------------------------------------------- */

/* The length of the message in front of the first end mark, or -1. */
static gssize
find_message (Connection *self)
{
  gsize overlap = strlen (END_MARK) - 1;
  gsize from = self->scanned > overlap ? self->scanned - overlap : 0;
  const guint8 *mark = self->input->len > from
                           ? memmem (self->input->data + from, self->input->len - from, END_MARK, strlen (END_MARK))
                           : NULL;

  self->scanned = self->input->len;
  return mark != NULL ? mark - self->input->data : -1;
}

/* The protocol that a peer writes is one that it can read. */
static guint
answer_protocol (const guint8 *pickle, gsize len)
{
  return len >= 2 && pickle[0] == 0x80 ? CLAMP (pickle[1], 2, 4) : 2;
}

/* Takes the message and its end mark out of the input.  One large request does not leave its memory behind. */
static void
drop_message (Connection *self, gsize len)
{
  g_byte_array_remove_range (self->input, 0, (guint) (len + strlen (END_MARK)));
  self->scanned = 0;
  if (self->input->len == 0 && len > READ_CHUNK)
    {
      g_byte_array_unref (self->input);
      self->input = g_byte_array_new ();
    }
}

/* The first len bytes of the input are a message. */
static void
handle_message (Connection *self, gsize len)
{
  g_autoptr (GError) error = NULL;
  guint protocol = answer_protocol (self->input->data, len);

  if (len == strlen (CLOSE_MARK) && memcmp (self->input->data, CLOSE_MARK, len) == 0)
    {
      self->ended = TRUE;
      g_byte_array_set_size (self->input, 0);
      return;
    }
  g_autoptr (PyValue) request = py_pickle_decode (self->input->data, len, NULL, NULL, &error);
  drop_message (self, len);
  if (request == NULL)
    {
      answer_error (self, protocol, error->message);
      return;
    }
  Reply *reply = g_new0 (Reply, 1);
  reply->connection = self;
  reply->protocol = protocol;
  self->owed = reply;
  self->hooks.request (request, reply, self->hooks.user_data);
}

/* The next request, if one is there and may be handled. */
static gboolean
handle_next (Connection *self)
{
  if (self->closed || self->owed != NULL || self->output->len > MAX_OUTPUT)
    return FALSE;
  gssize len = find_message (self);
  if (len >= 0)
    {
      handle_message (self, (gsize) len);
      return TRUE;
    }
  if (self->input->len > CONNECTION_MAX_REQUEST)
    {
      answer_error (self, 2, "request is too large");
      g_byte_array_set_size (self->input, 0);
      self->ended = TRUE;
    }
  return FALSE;
}

/* FALSE when the connection is lost. */
static gboolean
read_input (Connection *self)
{
  guint have = self->input->len;
  ssize_t n;

  g_byte_array_set_size (self->input, have + READ_CHUNK);
  do
    n = recv (self->fd, self->input->data + have, READ_CHUNK, 0);
  while (n < 0 && errno == EINTR);
  g_byte_array_set_size (self->input, have + (guint) MAX (n, 0));
  if (n == 0)
    self->ended = TRUE;
  return n >= 0 || errno == EAGAIN;
}

/* --- the loop ----------------------------------------------------------------------------------------------------- */

static gboolean
on_readable (int fd, GIOCondition condition, gpointer data)
{
  Connection *self = data;

  if (read_input (self))
    connection_run (self);
  else
    connection_close (self);
  return G_SOURCE_CONTINUE; /* destroyed by hand, if at all */
}

static gboolean
on_writable (int fd, GIOCondition condition, gpointer data)
{
  connection_run (data);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_resume (gpointer data)
{
  Connection *self = data;

  drop_source (&self->resume);
  connection_run (self);
  return G_SOURCE_REMOVE;
}

/* Has the source exist exactly when it is wanted. */
static void
watch_fd (Connection *self, GSource **source, gboolean wanted, GIOCondition condition, GUnixFDSourceFunc func)
{
  if (!wanted)
    drop_source (source);
  else if (*source == NULL)
    {
      *source = g_unix_fd_source_new (self->fd, condition);
      g_source_set_callback (*source, G_SOURCE_FUNC (func), self, NULL);
      g_source_attach (*source, self->hooks.context);
    }
}

static void
resume_later (Connection *self)
{
  if (self->resume != NULL)
    return;
  self->resume = g_idle_source_new ();
  g_source_set_priority (self->resume, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->resume, on_resume, self, NULL);
  g_source_attach (self->resume, self->hooks.context);
}

/* Handles what can be handled, sends what can be sent, and watches for the rest. */
static void
connection_run (Connection *self)
{
  guint handled = 0;

  connection_hold (self);
  while (handled < REQUESTS_A_RUN && handle_next (self))
    handled++;
  if (!self->closed && !flush_output (self))
    connection_close (self);
  if (!self->closed)
    {
      gboolean more = handled == REQUESTS_A_RUN;
      gboolean idle = self->owed == NULL && !more && self->output->len <= MAX_OUTPUT;
      watch_fd (self, &self->in, idle && !self->ended, G_IO_IN, on_readable);
      watch_fd (self, &self->out, self->output->len > 0, G_IO_OUT, on_writable);
      if (more && self->owed == NULL)
        resume_later (self);
      if (self->ended && idle && self->output->len == 0)
        connection_close (self);
    }
  connection_release (self);
}

void
connection_drain (Connection *self)
{
  g_return_if_fail (self != NULL);
  self->ended = TRUE;
  g_byte_array_set_size (self->input, 0);
  if (self->in_use == 0)
    connection_run (self);
}
