#include "source/file-generation.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define HEAD_SIZE 256 /* the first bytes: with a date in every line they differ between two logs */
#define TAIL_SIZE 64
#define HASH_MAX  (1024 * 1024) /* of a first line; a longer one counts as not complete */
#define CHUNK     4096

struct FileGeneration
{
  int fd;
  LineEnd line_end;
  struct stat seen; /* at the last look */
  char hash[41];
  guint head_len;
  char head[HEAD_SIZE];
  gint64 remembered; /* position; the tail stands before it */
  guint tail_len;
  char tail[TAIL_SIZE];
};

gssize
file_generation_read (const FileGeneration *self, gint64 offset, char *buffer, gsize size)
{
  gssize n;

  do
    n = pread (self->fd, buffer, size, offset);
  while (n < 0 && errno == EINTR);
  return n;
}

static int
problem_of (int fd, struct stat *ret_info)
{
  if (fstat (fd, ret_info) < 0)
    return errno;
  if (S_ISDIR (ret_info->st_mode))
    return EISDIR;
  return S_ISREG (ret_info->st_mode) ? 0 : EINVAL;
}

FileGeneration *
file_generation_open (const char *path, LineEnd line_end, GError **error)
{
  g_autoptr (FileGeneration) self = g_new0 (FileGeneration, 1);
  struct stat info;
  int problem;

  self->line_end = line_end;
  self->fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  problem = self->fd < 0 ? errno : problem_of (self->fd, &info);
  if (problem != 0)
    {
      source_error_set (error, problem, path);
      return NULL;
    }
  (void) file_generation_look (self);
  return g_steal_pointer (&self);
}

void
file_generation_free (FileGeneration *self)
{
  if (self == NULL)
    return;
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

int
file_generation_get_fd (const FileGeneration *self)
{
  return self->fd;
}

const char *
file_generation_peek_hash (const FileGeneration *self)
{
  return self->hash;
}

gint64
file_generation_get_size (const FileGeneration *self)
{
  return self->seen.st_size;
}

gboolean
file_generation_is_at (const FileGeneration *self, const struct stat *info)
{
  return self->seen.st_dev == info->st_dev && self->seen.st_ino == info->st_ino;
}

/* --- what the content is ----------------------------------------------------------------------------------------------- */

static gboolean
same_bytes_at (const FileGeneration *self, gint64 offset, const char *bytes, gsize len)
{
  char buffer[HEAD_SIZE];

  g_assert (len <= sizeof buffer);
  return file_generation_read (self, offset, buffer, len) == (gssize) len && memcmp (buffer, bytes, len) == 0;
}

static gboolean
has_content_of (const FileGeneration *self, const FileGeneration *old)
{
  return self->seen.st_size >= old->remembered && same_bytes_at (self, 0, old->head, old->head_len)
         && same_bytes_at (self, old->remembered - old->tail_len, old->tail, old->tail_len);
}

gboolean
file_generation_continues (const FileGeneration *self, const FileGeneration *old)
{
  return old->remembered > 0 && has_content_of (self, old);
}

void
file_generation_remember (FileGeneration *self, gint64 position)
{
  gsize len = (gsize) MIN (position, TAIL_SIZE);

  if (position <= self->remembered)
    return;
  if (file_generation_read (self, position - (gint64) len, self->tail, len) != (gssize) len)
    return; /* truncated just now: the next look sees it */
  self->tail_len = (guint) len;
  self->remembered = position;
}

static void
compute_hash (FileGeneration *self)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  char buffer[CHUNK];
  gint64 offset = 0;
  gssize n;

  while (offset < HASH_MAX && (n = file_generation_read (self, offset, buffer, sizeof buffer)) > 0)
    {
      gssize line = line_end_find (self->line_end, buffer, (gsize) n);

      g_checksum_update (sum, (const guchar *) buffer, line >= 0 ? line : n);
      if (line >= 0)
        {
          g_strlcpy (self->hash, g_checksum_get_string (sum), sizeof self->hash);
          return;
        }
      offset += n;
    }
}

static void
extend_head (FileGeneration *self)
{
  gssize n;

  if (self->head_len == HEAD_SIZE)
    return;
  n = file_generation_read (self, 0, self->head, HEAD_SIZE);
  self->head_len = n > 0 ? (guint) n : 0;
}

static gboolean
same_time (const struct timespec *a, const struct timespec *b)
{
  return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static void
forget (FileGeneration *self)
{
  self->hash[0] = '\0';
  self->head_len = 0;
  self->tail_len = 0;
  self->remembered = 0;
}

FileChange
file_generation_look (FileGeneration *self)
{
  FileChange change = FILE_CHANGED;
  struct stat info;

  if (fstat (self->fd, &info) < 0)
    return FILE_UNCHANGED;
  if (info.st_size == self->seen.st_size && same_time (&info.st_mtim, &self->seen.st_mtim)
      && same_time (&info.st_ctim, &self->seen.st_ctim))
    return FILE_UNCHANGED;
  self->seen = info;
  if (!has_content_of (self, self))
    {
      forget (self);
      change = FILE_TRUNCATED;
    }
  extend_head (self);
  if (self->hash[0] == '\0' && info.st_size > 0)
    compute_hash (self);
  return change;
}
