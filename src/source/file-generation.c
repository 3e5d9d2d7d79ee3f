#include "source/file-generation.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define HEAD_SIZE 256 /* the first bytes: with a date in every line they differ between two logs */
#define TAIL_SIZE 64
#define HASH_MAX  (1024 * 1024) /* of a first line; what is behind it does not count */
#define CHUNK     4096

struct FileGeneration
{
  int fd;
  LineEnd line_end;
  struct stat seen; /* at the last look */
  gint64 born_nsec; /* 0: the file system does not say */
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

static gint64
get_birth (int fd)
{
  struct statx info;

  if (statx (fd, "", AT_EMPTY_PATH, STATX_BTIME, &info) < 0 || !(info.stx_mask & STATX_BTIME))
    return 0;
  return (gint64) info.stx_btime.tv_sec * G_GINT64_CONSTANT (1000000000) + (gint64) info.stx_btime.tv_nsec;
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
  self->born_nsec = get_birth (self->fd);
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

const struct stat *
file_generation_peek_info (const FileGeneration *self)
{
  return &self->seen;
}

static int
compare (gint64 a, gint64 b)
{
  return (a > b) - (a < b);
}

int
file_generation_compare_age (const FileGeneration *a, const FileGeneration *b)
{
  int order = compare (a->seen.st_mtim.tv_sec, b->seen.st_mtim.tv_sec);

  if (order == 0)
    order = compare (a->seen.st_mtim.tv_nsec, b->seen.st_mtim.tv_nsec);
  if (order == 0 && a->born_nsec != 0 && b->born_nsec != 0)
    order = compare (a->born_nsec, b->born_nsec);
  if (order == 0) /* within one tick of the clock: most file systems count upwards */
    order = compare ((gint64) a->seen.st_ino, (gint64) b->seen.st_ino);
  return order;
}

gboolean
file_generation_may_follow (const FileGeneration *self, const FileGeneration *old)
{
  if (self->born_nsec != 0 && old->born_nsec != 0 && self->born_nsec < old->born_nsec)
    return FALSE;
  return self->hash[0] == '\0' || strcmp (self->hash, old->hash) != 0;
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
  if (offset >= HASH_MAX)
    g_strlcpy (self->hash, g_checksum_get_string (sum), sizeof self->hash);
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
