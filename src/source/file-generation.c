#include "source/file-generation.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define HEAD_SIZE 256 /* the first bytes: with a date in every line they differ between two logs */
#define TAIL_SIZE 64
#define HASH_MAX  (1024 * 1024) /* of a first line; what is behind it does not count */
#define CHUNK     4096
#define TICK_USEC (20 * 1000) /* the clock of files stands still for so long at most (4 ms or 10, most often) */

/* By what a content is known again. */
typedef struct
{
  guint head_len;
  char head[HEAD_SIZE];
  gint64 remembered; /* position; the tail stands before it */
  guint tail_len;
  char tail[TAIL_SIZE];
} Content;

struct FileGeneration
{
  int fd;
  LineEnd line_end;
  struct stat seen; /* at the last look … */
  gint64 seen_usec; /* … which was then */
  gboolean doubted; /* a read found that it is another content */
  gint64 born_nsec; /* 0: the file system does not say */
  char hash[41];
  Content content;
  Content lost; /* what was there before it was truncated; no head: nothing */
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

/* /dev/null is a log without lines: a jail may need one that has none. */
static gboolean
is_null_device (const struct stat *info)
{
  struct stat null;

  return S_ISCHR (info->st_mode) && stat ("/dev/null", &null) == 0 && info->st_rdev == null.st_rdev;
}

static int
problem_of (int fd, struct stat *ret_info)
{
  if (fstat (fd, ret_info) < 0)
    return errno;
  if (S_ISDIR (ret_info->st_mode))
    return EISDIR;
  return S_ISREG (ret_info->st_mode) || is_null_device (ret_info) ? 0 : EINVAL;
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
file_generation_new (int fd, LineEnd line_end)
{
  FileGeneration *self = g_new0 (FileGeneration, 1);

  self->line_end = line_end;
  self->fd = fd;
  self->born_nsec = get_birth (fd);
  (void) file_generation_look (self);
  return self;
}

FileGeneration *
file_generation_open (const char *path, LineEnd line_end, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  struct stat info;
  int problem = fd < 0 ? errno : problem_of (fd, &info);

  if (problem == 0)
    return file_generation_new (fd, line_end);
  if (fd >= 0)
    close (fd);
  source_error_set (error, problem, path);
  return NULL;
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
  return !file_generation_is_copy (self, old);
}

/* --- what the content is ----------------------------------------------------------------------------------------------- */

static gboolean
same_bytes_at (const FileGeneration *self, gint64 offset, const char *bytes, gsize len)
{
  char buffer[HEAD_SIZE];

  g_assert (len <= sizeof buffer);
  return file_generation_read (self, offset, buffer, len) == (gssize) len && memcmp (buffer, bytes, len) == 0;
}

gboolean
file_generation_stands (FileGeneration *self)
{
  self->doubted = self->doubted || !same_bytes_at (self, 0, self->content.head, self->content.head_len);
  return !self->doubted;
}

static gboolean
has_content (const FileGeneration *self, const Content *content)
{
  return same_bytes_at (self, 0, content->head, content->head_len)
         && same_bytes_at (self, content->remembered - content->tail_len, content->tail, content->tail_len);
}

gboolean
file_generation_continues (const FileGeneration *self, const FileGeneration *old)
{
  return old->content.remembered > 0 && has_content (self, &old->content);
}

gboolean
file_generation_has_lost (const FileGeneration *self, const FileGeneration *old)
{
  return old->lost.head_len > 0 && has_content (self, &old->lost);
}

gboolean
file_generation_is_copy (const FileGeneration *self, const FileGeneration *other)
{
  const Content *theirs = &other->content;

  if (self->hash[0] == '\0' || strcmp (self->hash, other->hash) != 0)
    return FALSE;
  /* Logs can have the same first line always, and a copy can be at work. */
  return memcmp (self->content.head, theirs->head, MIN (self->content.head_len, theirs->head_len)) == 0
         && (self->seen.st_size < theirs->remembered
             || same_bytes_at (self, theirs->remembered - theirs->tail_len, theirs->tail, theirs->tail_len));
}

void
file_generation_remember (FileGeneration *self, gint64 position)
{
  Content *content = &self->content;
  gsize len = (gsize) MIN (position, TAIL_SIZE);
  char tail[TAIL_SIZE];

  if (position <= content->remembered)
    return;
  if (file_generation_read (self, position - (gint64) len, tail, len) != (gssize) len || !file_generation_stands (self))
    return; /* truncated just now: the next look sees it */
  memcpy (content->tail, tail, len);
  content->tail_len = (guint) len;
  content->remembered = position;
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

/* A file that is longer than a head but has none was truncated just now: nothing of it is known until the next look.  By the size
 * alone another content would be read, and taken for this one since without a head none differs from it. */
static void
extend_head (FileGeneration *self)
{
  Content *content = &self->content;
  char head[HEAD_SIZE];
  gssize n;

  if (content->head_len == HEAD_SIZE)
    return;
  n = file_generation_read (self, 0, head, sizeof head);
  if (n >= (gssize) content->head_len && memcmp (head, content->head, content->head_len) == 0)
    {
      memcpy (content->head, head, (gsize) n);
      content->head_len = (guint) n;
    }
  else
    self->doubted = TRUE; /* it is none of this content any more */
  if (content->head_len < HEAD_SIZE)
    self->seen.st_size = MIN (self->seen.st_size, (off_t) content->head_len);
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
  self->lost = self->content;
  self->content = (Content){ 0 };
}

/* The last look was at a time that the file could be changed in once more without a trace: its time goes in ticks. */
static gboolean
may_hide_a_change (const FileGeneration *self)
{
  gint64 changed_usec = self->seen.st_mtim.tv_sec * G_USEC_PER_SEC + self->seen.st_mtim.tv_nsec / 1000;

  return self->doubted || changed_usec + TICK_USEC >= self->seen_usec;
}

FileChange
file_generation_look (FileGeneration *self)
{
  FileChange change = FILE_CHANGED;
  gint64 now_usec = g_get_real_time ();
  struct stat info;

  if (fstat (self->fd, &info) < 0)
    return FILE_UNCHANGED;
  if (info.st_size == self->seen.st_size && same_time (&info.st_mtim, &self->seen.st_mtim)
      && same_time (&info.st_ctim, &self->seen.st_ctim))
    {
      if (!may_hide_a_change (self))
        return FILE_UNCHANGED;
      change = FILE_UNCHANGED;
    }
  if (self->content.head_len == 0)
    change = FILE_FILLED;
  self->seen = info;
  self->seen_usec = now_usec;
  self->doubted = FALSE;
  if (!has_content (self, &self->content))
    {
      forget (self);
      change = FILE_TRUNCATED;
    }
  extend_head (self);
  if (self->hash[0] == '\0' && self->seen.st_size > 0)
    {
      compute_hash (self);
      if (!file_generation_stands (self))
        self->hash[0] = '\0'; /* it may be that of another content */
    }
  return change;
}
