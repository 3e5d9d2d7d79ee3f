#include "source/file-seek.h"

#define WINDOW    (64 * 1024) /* looked through for a line with a date, at each step */
#define FINE_SIZE (16 * 1024) /* not worth another step */

typedef struct
{
  const FileGeneration *file;
  LineEnd line_end;
  FileTimeFunc func;
  gpointer data;
  char *buffer; /* WINDOW */
} Seeker;

/* The first dated line that starts within [at, to): its end and its time.  at may be within a line. */
static gboolean
find_dated_line (const Seeker *self, gint64 at, gint64 to, gint64 *ret_end, gint64 *ret_time_usec)
{
  gssize n = file_generation_read (self->file, at, self->buffer, WINDOW);
  gssize start = line_end_find (self->line_end, self->buffer, n > 0 ? (gsize) n : 0);

  while (start >= 0 && start < n && at + start < to)
    {
      gssize len = line_end_find (self->line_end, self->buffer + start, (gsize) (n - start));

      if (len < 0)
        return FALSE;
      if (self->func (self->buffer + start, (gsize) len, ret_time_usec, self->data))
        {
          *ret_end = at + start + len;
          return TRUE;
        }
      start += len;
    }
  return FALSE;
}

/* From low, the start of a line, on: behind the last line in the window that is too old. */
static gint64
skip_old_lines (const Seeker *self, gint64 low, gint64 time_usec)
{
  gssize n = file_generation_read (self->file, low, self->buffer, WINDOW);
  gssize start = 0, old = 0;

  while (start < n)
    {
      gssize len = line_end_find (self->line_end, self->buffer + start, (gsize) (n - start));
      gint64 line_usec;

      if (len < 0)
        break;
      if (self->func (self->buffer + start, (gsize) len, &line_usec, self->data))
        {
          if (line_usec >= time_usec)
            break;
          old = start + len;
        }
      start += len;
    }
  return low + old;
}

gint64
file_seek_time (const FileGeneration *file, LineEnd line_end, gint64 from, gint64 time_usec, FileTimeFunc func,
                gpointer data)
{
  g_autofree char *buffer = g_malloc (WINDOW);
  Seeker seeker = { file, line_end, func, data, buffer };
  gint64 low = from; /* lines before it are too old */
  gint64 high = file_generation_get_size (file);

  while (high - low > FINE_SIZE)
    {
      gint64 middle = low + (high - low) / 2;
      gint64 end;
      gint64 line_usec;

      middle -= middle % line_end_size (line_end);
      if (find_dated_line (&seeker, middle, high, &end, &line_usec) && line_usec < time_usec)
        low = end;
      else
        high = middle; /* young enough, or nobody knows: what is before might be */
    }
  return skip_old_lines (&seeker, low, time_usec);
}
