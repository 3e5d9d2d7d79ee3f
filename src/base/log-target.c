#include "base/log-target.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "compat/py-repr.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

struct LogTarget
{
  void (*write) (LogTarget *self, const LogTargetLine *line);
  char *path;   /* of a file or a socket */
  int fd;       /* file or socket; -1: not open (any more) */
  FILE *stream; /* the caller's */
  int facility;
  gboolean held;    /* a file: lines are kept … */
  GString *waiting; /* … here */
};

#define HELD_MAX (64 * 1024)

static LogTarget *
target_alloc (void (*write_func) (LogTarget *, const LogTargetLine *))
{
  LogTarget *self = g_new0 (LogTarget, 1);

  self->write = write_func;
  self->fd = -1;
  return self;
}

void
log_target_free (LogTarget *self)
{
  if (self == NULL)
    return;
  log_target_set_held (self, FALSE);
  if (self->waiting != NULL)
    g_string_free (self->waiting, TRUE);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->path);
  g_free (self);
}

void
log_target_write (LogTarget *self, const LogTargetLine *line)
{
  self->write (self, line);
}

/* --- file ------------------------------------------------------------------------------------------------------------ */

static int
open_log (const char *path)
{
  return open (path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
}

static void
write_waiting (LogTarget *self)
{
  gsize done = 0;

  while (self->fd >= 0 && done < self->waiting->len)
    {
      gssize n = write (self->fd, self->waiting->str + done, self->waiting->len - done);

      if (n < 0 && errno != EINTR)
        break;
      done += n > 0 ? (gsize) n : 0;
    }
  g_string_truncate (self->waiting, 0);
}

static void
write_file (LogTarget *self, const LogTargetLine *line)
{
  g_string_append_len (log_target_begin_line (self), line->line, (gssize) line->line_len);
  log_target_end_line (self);
}

GString *
log_target_begin_line (LogTarget *self)
{
  if (self->write != write_file)
    return NULL;
  if (self->waiting == NULL)
    self->waiting = g_string_new (NULL);
  return self->waiting;
}

/* Whole lines in one write, so that those of two writers do not mix. */
void
log_target_end_line (LogTarget *self)
{
  g_string_append_c (self->waiting, '\n');
  if (!self->held || self->waiting->len >= HELD_MAX)
    write_waiting (self);
}

void
log_target_set_held (LogTarget *self, gboolean held)
{
  self->held = held;
  if (!held && self->waiting != NULL && self->waiting->len > 0)
    write_waiting (self);
}

LogTarget *
log_target_new_file (const char *path, GError **error)
{
  g_autoptr (LogTarget) self = target_alloc (write_file);

  self->path = g_strdup (path);
  self->fd = open_log (path);
  if (self->fd < 0)
    {
      g_autofree char *quoted = py_repr_str (path, -1);

      g_set_error (error, LOG_ERROR, LOG_ERROR_OPEN, "Unable to log to %s", quoted);
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
log_target_reopen (LogTarget *self)
{
  int fd;

  if (self->write != write_file)
    return;
  if (self->waiting != NULL)
    write_waiting (self);
  fd = open_log (self->path);
  if (fd < 0)
    return; /* the old file is better than none */
  close (self->fd);
  self->fd = fd;
}

/* --- stream ---------------------------------------------------------------------------------------------------------- */

static char *
dup_with_newline (const LogTargetLine *line)
{
  char *text = g_malloc (line->line_len + 1);

  memcpy (text, line->line, line->line_len);
  text[line->line_len] = '\n';
  return text;
}

static void
write_stream (LogTarget *self, const LogTargetLine *line)
{
  g_autofree char *text = dup_with_newline (line); /* one write, stderr having no buffer */

  (void) fwrite (text, 1, line->line_len + 1, self->stream);
  (void) fflush (self->stream);
}

LogTarget *
log_target_new_stream (FILE *stream)
{
  LogTarget *self = target_alloc (write_stream);

  self->stream = stream;
  return self;
}

/* --- sockets --------------------------------------------------------------------------------------------------------- */

static int
connect_unix (const char *path, int type)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd;

  if (strlen (path) >= sizeof address.sun_path)
    return -1;
  memcpy (address.sun_path, path, strlen (path));
  fd = socket (AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && connect (fd, (const struct sockaddr *) &address, sizeof address) < 0)
    {
      close (fd);
      fd = -1;
    }
  return fd;
}

static void
connect_target (LogTarget *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = connect_unix (self->path, SOCK_DGRAM);
  if (self->fd < 0 && errno == EPROTOTYPE)
    self->fd = connect_unix (self->path, SOCK_STREAM);
}

/* Sends, connecting again once when the peer was restarted. */
static gboolean
send_message (LogTarget *self, const struct msghdr *message)
{
  if (self->fd < 0)
    connect_target (self);
  for (guint attempt = 0; self->fd >= 0 && attempt < 2; attempt++)
    {
      if (sendmsg (self->fd, message, MSG_NOSIGNAL) >= 0)
        return TRUE;
      if (errno == EAGAIN || errno == EMSGSIZE || errno == ENOBUFS)
        return FALSE;
      connect_target (self);
    }
  return FALSE;
}

/* --- syslog ---------------------------------------------------------------------------------------------------------- */

/* By name, as logging.handlers maps them: what is in no table (MSG, TRACE, HEAVY, #15-Lev.) is a warning. */
static int
syslog_priority (int level)
{
  switch (level)
    {
    case LOG_LEVEL_DEBUG:
      return LOG_DEBUG;
    case LOG_LEVEL_INFO:
      return LOG_INFO;
    case LOG_LEVEL_NOTICE:
      return LOG_NOTICE;
    case LOG_LEVEL_ERROR:
      return LOG_ERR;
    case LOG_LEVEL_CRITICAL:
      return LOG_CRIT;
    default:
      return LOG_WARNING;
    }
}

static void
write_syslog (LogTarget *self, const LogTargetLine *line)
{
  char priority[16];
  struct iovec parts[] = {
    { .iov_base = priority },
    { .iov_base = (char *) line->line, .iov_len = line->line_len + 1 }, /* with its NUL, as logging.handlers sends it */
  };
  struct msghdr message = { .msg_iov = parts, .msg_iovlen = G_N_ELEMENTS (parts) };

  g_snprintf (priority, sizeof priority, "<%d>", self->facility << 3 | syslog_priority (line->level));
  parts[0].iov_len = strlen (priority);
  (void) send_message (self, &message);
}

LogTarget *
log_target_new_syslog (const char *path, int facility)
{
  LogTarget *self = target_alloc (write_syslog);

  self->path = g_strdup (path);
  self->facility = facility;
  return self;
}

int
log_target_facility (const char *name)
{
  static const char *const names[] = {
    "KERN",   "USER",   "MAIL",     "DAEMON", "AUTH",   "SYSLOG",   "LPR",     "NEWS",
    "UUCP",   "CRON",   "AUTHPRIV", "FTP",    "NTP",    "SECURITY", "CONSOLE", "SOLCRON",
    "LOCAL0", "LOCAL1", "LOCAL2",   "LOCAL3", "LOCAL4", "LOCAL5",   "LOCAL6",  "LOCAL7",
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_ascii_strcasecmp (names[i], name) == 0)
      return (int) i;
  return -1;
}

/* --- journal --------------------------------------------------------------------------------------------------------- */

/* systemd.journal.JournalHandler maps by the next higher standard level: NOTICE becomes a warning. */
static int
journal_priority (int level)
{
  return level <= LOG_LEVEL_DEBUG      ? LOG_DEBUG
         : level <= LOG_LEVEL_INFO     ? LOG_INFO
         : level <= LOG_LEVEL_WARNING  ? LOG_WARNING
         : level <= LOG_LEVEL_ERROR    ? LOG_ERR
         : level <= LOG_LEVEL_CRITICAL ? LOG_CRIT
                                       : LOG_ALERT;
}

/* The journal's own framing: "NAME=value\n", or for values with newlines the name, a newline, the length in eight bytes, the value. */
static void
append_journal_field (GString *out, const char *name, const char *value)
{
  guint64 size = GUINT64_TO_LE ((guint64) strlen (value));

  if (strchr (value, '\n') == NULL)
    {
      g_string_append_printf (out, "%s=%s\n", name, value);
      return;
    }
  g_string_append_printf (out, "%s\n", name);
  g_string_append_len (out, (const char *) &size, sizeof size);
  g_string_append_printf (out, "%s\n", value);
}

/* What is too long for a datagram goes as a sealed file. */
static void
send_as_file (LogTarget *self, const GString *fields)
{
  union
  {
    struct cmsghdr header;
    char space[CMSG_SPACE (sizeof (int))];
  } control = { 0 };
  struct msghdr message = { .msg_control = &control, .msg_controllen = sizeof control };
  struct cmsghdr *header = CMSG_FIRSTHDR (&message);
  int fd = memfd_create ("fail2ban-log", MFD_CLOEXEC | MFD_ALLOW_SEALING);

  if (fd < 0)
    return;
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN (sizeof fd);
  memcpy (CMSG_DATA (header), &fd, sizeof fd);
  if (write (fd, fields->str, fields->len) == (gssize) fields->len
      && fcntl (fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
    (void) send_message (self, &message);
  close (fd);
}

static void
write_journal (LogTarget *self, const LogTargetLine *line)
{
  g_autoptr (GString) fields = g_string_new (NULL);
  struct iovec part;
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
  char priority[2] = { (char) ('0' + journal_priority (line->level)), '\0' };

  append_journal_field (fields, "MESSAGE", line->message);
  append_journal_field (fields, "PRIORITY", priority);
  append_journal_field (fields, "LOGGER", line->logger);
  append_journal_field (fields, "CODE_FUNC", line->function);
  append_journal_field (fields, "SYSLOG_IDENTIFIER", "fail2ban");
  part = (struct iovec){ .iov_base = fields->str, .iov_len = fields->len };
  if (!send_message (self, &message) && errno == EMSGSIZE)
    send_as_file (self, fields);
}

LogTarget *
log_target_new_journal (void)
{
  LogTarget *self = target_alloc (write_journal);

  self->path = g_strdup (JOURNAL_SOCKET);
  return self;
}
