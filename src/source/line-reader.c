#include "source/line-reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (256 * 1024)

struct LineReader
{
  char *path;
  int fd;
  LineEnd line_end;
  char *buffer;
  gsize size;        /* of the buffer */
  gsize start, end;  /* what of it is not handed out yet */
  gboolean skipping; /* the rest of a line that was too long */
  gboolean at_eof;
};

LineReader *
line_reader_open (const char *path, LineEnd line_end, GError **error)
{
  g_autoptr (LineReader) self = g_new0 (LineReader, 1);
  struct stat info;

  self->path = g_strdup (path);
  self->line_end = line_end;
  self->fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (self->fd < 0)
    {
      source_error_set (error, errno, path);
      return NULL;
    }
  if (fstat (self->fd, &info) == 0 && S_ISDIR (info.st_mode))
    {
      source_error_set (error, EISDIR, path);
      return NULL;
    }
  self->size = CHUNK;
  self->buffer = g_malloc (self->size);
  return g_steal_pointer (&self);
}

void
line_reader_free (LineReader *self)
{
  if (self == NULL)
    return;
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->path);
  g_free (self->buffer);
  g_free (self);
}

/* More bytes behind what is there, no more than `most`.  FALSE: an error. */
static gboolean
fill (LineReader *self, gsize most, GError **error)
{
  gssize n;

  if (self->start > 0)
    {
      memmove (self->buffer, self->buffer + self->start, self->end - self->start);
      self->end -= self->start;
      self->start = 0;
    }
  if (self->end == self->size)
    {
      self->size = MIN (self->size * 2, LINE_READER_MAX);
      self->buffer = g_realloc (self->buffer, self->size);
    }
  do
    n = read (self->fd, self->buffer + self->end, MIN (self->size - self->end, most));
  while (n < 0 && errno == EINTR);
  if (n < 0)
    return source_error_set (error, errno, self->path);
  self->end += (gsize) n;
  self->at_eof = n == 0;
  return TRUE;
}

static void
hand_out (LineReader *self, gsize len, const char **ret_bytes, gsize *ret_len)
{
  *ret_bytes = self->buffer + self->start;
  *ret_len = len;
  self->start += len;
}

/* Whatever is no whole line in the buffer. */
static gboolean
find_next (LineReader *self, const char **ret_bytes, gsize *ret_len, GError **error)
{
  gsize searched = 0; /* without line end, from start */

  while (!self->at_eof)
    {
      gsize len = self->end - self->start;
      gssize line = line_end_find (self->line_end, self->buffer + self->start + searched, len - searched);

      if (line >= 0 && self->skipping)
        {
          self->skipping = FALSE;
          self->start += searched + (gsize) line;
          searched = 0;
          continue;
        }
      if (line >= 0)
        {
          hand_out (self, searched + (gsize) line, ret_bytes, ret_len);
          return TRUE;
        }
      searched = len - len % line_end_size (self->line_end);
      if (self->skipping)
        {
          self->start += searched;
          searched = 0;
        }
      else if (len == LINE_READER_MAX)
        {
          self->skipping = TRUE;
          hand_out (self, len, ret_bytes, ret_len);
          return TRUE;
        }
      if (!fill (self, G_MAXSIZE, error))
        return FALSE;
    }
  return FALSE;
}

gboolean
line_reader_next (LineReader *self, const char **ret_bytes, gsize *ret_len, gboolean *ret_is_ascii, GError **error)
{
  if (self->line_end == LINE_END_BYTE && !self->skipping && !self->at_eof)
    {
      gssize line = line_end_find_ascii (self->buffer + self->start, self->end - self->start, ret_is_ascii);

      if (line >= 0)
        {
          hand_out (self, (gsize) line, ret_bytes, ret_len);
          return TRUE;
        }
    }
  *ret_is_ascii = FALSE;
  return find_next (self, ret_bytes, ret_len, error);
}

/* --- several at once ---------------------------------------------------------------------------------------------- */
static void
make_room (LineBlock *block, gsize size)
{
  if (block->size >= size)
    return;
  g_free (block->bytes);
  block->bytes = g_malloc (size);
  block->size = size;
}

/* The whole lines up to `end` go, with the buffer; what is behind them stays, in the block's. */
static void
exchange (LineReader *self, const char *end, LineBlock *block)
{
  const LineBlock whole = { self->buffer, self->size, self->buffer + self->start, (gsize) (end - self->buffer) - self->start };

  make_room (block, self->size);
  self->end -= (gsize) (end - self->buffer);
  memcpy (block->bytes, end, self->end);
  self->start = 0;
  self->buffer = block->bytes;
  self->size = block->size;
  *block = whole;
}

static gboolean
copy_line (LineReader *self, LineBlock *block, GError **error)
{
  const char *bytes;
  gsize len;

  if (!find_next (self, &bytes, &len, error))
    return FALSE;
  make_room (block, len);
  memcpy (block->bytes, bytes, len);
  block->lines = block->bytes;
  block->len = len;
  return TRUE;
}

gboolean
line_reader_next_block (LineReader *self, gsize size, LineBlock *block, GError **error)
{
  gsize searched = 0;

  g_return_val_if_fail (self->line_end == LINE_END_BYTE && size > 0, FALSE);

  while (!self->at_eof)
    {
      gsize len = self->end - self->start;
      const char *from = self->buffer + self->start + searched, *newline = memrchr (from, '\n', len - searched);

      if (self->skipping || (newline == NULL && len == LINE_READER_MAX))
        return copy_line (self, block, error);
      if (newline != NULL)
        {
          exchange (self, newline + 1, block);
          return TRUE;
        }
      searched = len;
      if (!fill (self, size, error))
        return FALSE;
    }
  return FALSE;
}

gboolean
line_reader_rest (LineReader *self, const char **ret_bytes, gsize *ret_len)
{
  if (self->skipping || self->start == self->end)
    return FALSE;
  hand_out (self, self->end - self->start, ret_bytes, ret_len);
  return TRUE;
}
