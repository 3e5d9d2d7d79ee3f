#include "source/file-log-private.h"

#define READ_SIZE   (128 * 1024)
#define CLOCK_EVERY 32 /* lines between two looks at the clock */

static gboolean
is_ready (const FileWatch *watch)
{
  return !watch->paused && !watch->removed && !watch->behind;
}

/* Where to read next: the smallest offset of those who may have lines; -1: there are none. */
static gint64
next_offset (const Generation *generation)
{
  gint64 offset = -1;

  for (guint i = 0; i < generation->cursors->len; i++)
    {
      const Cursor *cursor = &g_array_index (generation->cursors, Cursor, i);

      if (is_ready (cursor->watch) && (offset < 0 || cursor->offset < offset))
        offset = cursor->offset;
    }
  return offset;
}

/* Who gets the line [start, start + len), as a number; 0 where it is only one, or somebody has a part of it already. */
static guint64
audience_of (const Generation *generation, gint64 start, gint64 len)
{
  guint64 audience = 0;
  guint n = 0;

  for (guint i = 0; i < generation->cursors->len; i++)
    {
      const Cursor *cursor = &g_array_index (generation->cursors, Cursor, i);

      if (!is_ready (cursor->watch) || cursor->offset < start)
        continue;
      if (cursor->offset == start)
        {
          audience += cursor->watch->marks[cursor->watch->in_operation ? 1 : 0];
          n++;
        }
      else if (cursor->offset < start + len)
        return 0;
    }
  return n > 1 ? audience : 0;
}

/* What is known of the next line: while nothing changes it goes to everybody, as the last one did. */
typedef struct
{
  gboolean is_steady;
  gboolean is_modest; /* nobody wants all lines */
  guint changes; /* since then */
  guint64 audience;
  guint n_watches;
  gint64 settled; /* all but the first have passed the lines up to here, which is to be noted; 0: nothing is */
} Crowd;

static gboolean
is_steady (const Crowd *crowd, const FileLog *self)
{
  return crowd->is_steady && crowd->changes == self->changes;
}

static void
set_line (FileLog *self, const char *bytes, gsize len, guint64 audience)
{
  if (self->shared->funcs != NULL && self->shared->funcs->set != NULL)
    self->shared->funcs->set (self->line, bytes, len, audience);
}

static void
pass_line (Cursor *cursor, gint64 end)
{
  FileWatch *watch = cursor->watch;

  cursor->offset = end;
  cursor->read = TRUE;
  watch->touched = TRUE;
  watch->read_any = TRUE;
}

static void
give_line (Cursor *cursor, gint64 end, FileLine *line)
{
  FileWatch *watch = cursor->watch;

  pass_line (cursor, end);
  line->in_operation = watch->in_operation;
  watch->funcs->line (watch, line, watch->data); /* may add cursors: the pointer is not used any more */
}

/* The first one has it, and there is nothing in it for the others. */
static gboolean
settle_line (FileLog *self, const Crowd *crowd)
{
  const FileLineFuncs *funcs = self->shared->funcs;

  return crowd->n_watches > 1 && crowd->is_modest && funcs != NULL && funcs->settle != NULL
         && funcs->settle (self->line, crowd->n_watches);
}

static void
note_settled (Generation *generation, Crowd *crowd)
{
  for (guint i = 1; crowd->settled > 0 && i < crowd->n_watches; i++)
    pass_line (&g_array_index (generation->cursors, Cursor, i), crowd->settled);
  crowd->settled = 0;
}

/* Ends early when something changes. */
static void
hand_out_to_crowd (FileLog *self, Generation *generation, gint64 end, const char *bytes, gsize len, Crowd *crowd)
{
  FileLine line = { self->line, bytes, len, FALSE };

  set_line (self, bytes, len, crowd->audience);
  give_line (&g_array_index (generation->cursors, Cursor, 0), end, &line);
  if (is_steady (crowd, self) && settle_line (self, crowd))
    {
      crowd->settled = end;
      return;
    }
  note_settled (generation, crowd);
  for (guint i = 1; i < generation->cursors->len && is_steady (crowd, self); i++)
    give_line (&g_array_index (generation->cursors, Cursor, i), end, &line);
}

/* To all whose cursor is within the line [start, start + len), the part that they do not have yet.  shown: how much of it is in bytes.
 * is_set: others have been given it already, from its start: it must stay the same line for those who get it, too. */
static void
hand_out_to_some (FileLog *self, Generation *generation, gint64 start, gint64 len, const char *bytes, gsize shown, gboolean is_set,
                  Crowd *crowd)
{
  gint64 set_for = is_set ? 0 : -1;

  *crowd = (Crowd){ .is_steady = TRUE,
                    .is_modest = TRUE,
                    .changes = self->changes,
                    .audience = audience_of (generation, start, len),
                    .n_watches = generation->cursors->len };
  for (guint i = 0; i < generation->cursors->len; i++)
    {
      Cursor *cursor = &g_array_index (generation->cursors, Cursor, i);
      gint64 skip = cursor->offset - start;
      FileLine line;

      crowd->is_steady = crowd->is_steady && is_ready (cursor->watch) && skip == 0;
      crowd->is_modest = crowd->is_modest && !cursor->watch->wants_all;
      if (!is_ready (cursor->watch) || skip < 0 || skip >= len)
        continue;
      skip = MIN (skip, (gint64) shown);
      line = (FileLine){ self->line, bytes + skip, shown - (gsize) skip, FALSE };
      if (set_for != skip)
        set_line (self, line.bytes, line.len, crowd->audience);
      set_for = skip;
      give_line (cursor, start + len, &line);
    }
}

static void
hand_out (FileLog *self, Generation *generation, gint64 start, gint64 len, const char *bytes, gsize shown, Crowd *crowd)
{
  gboolean was_steady = is_steady (crowd, self);

  if (was_steady)
    hand_out_to_crowd (self, generation, start + len, bytes, shown, crowd);
  if (!was_steady || !is_steady (crowd, self))
    hand_out_to_some (self, generation, start, len, bytes, shown, was_steady, crowd);
}

typedef enum
{
  SERVE_ON,    /* read again */
  SERVE_DONE,  /* nothing complete is left */
  SERVE_LATER, /* the time is up */
  SERVE_LOOK,  /* the file was truncated meanwhile */
} ServeResult;

static gboolean
is_late (gint64 until_usec)
{
  return g_get_monotonic_time () >= until_usec;
}

/* Not beyond what the last look found: what came after it may follow a truncation. */
static gssize
read_known (const Generation *generation, gint64 start, char *buffer)
{
  gint64 left = file_generation_get_size (generation->file) - start;

  return left > 0 ? file_generation_read (generation->file, start, buffer, (gsize) MIN (left, READ_SIZE)) : 0;
}

/* A line without end within FILE_SOURCE_LINE_MAX: looks for it in steps, without keeping what it passes. */
static ServeResult
serve_long_line (FileLog *self, Generation *generation, gint64 start, gint64 until_usec)
{
  char *buffer = self->shared->buffer;
  gint64 at = generation->scan_start == start && generation->scan_to > start ? generation->scan_to : start;
  Crowd crowd = { 0 };
  gssize n;

  generation->scan_start = start;
  while ((n = read_known (generation, at, buffer)) > 0)
    {
      gssize line = line_end_find (self->line_end, buffer, (gsize) n);

      if (line >= 0)
        {
          n = file_generation_read (generation->file, start, buffer, FILE_SOURCE_LINE_MAX);
          if (!file_generation_stands (generation->file))
            return SERVE_LOOK;
          if (n > 0)
            hand_out (self, generation, start, at + line - start, buffer, (gsize) MIN (n, at + line - start), &crowd);
          return SERVE_ON;
        }
      if (n < READ_SIZE)
        break; /* unfinished; whole steps only, so that units stay aligned */
      at += n;
      generation->scan_to = at;
      if (is_late (until_usec))
        return SERVE_LATER;
    }
  return SERVE_DONE;
}

/* The lines of n bytes at start.  *ret_read: how many bytes they have.  SERVE_DONE: nothing stands in the way of more. */
static ServeResult
serve_lines (FileLog *self, Generation *generation, gint64 start, gssize n, gint64 until_usec, Crowd *crowd, gssize *ret_read)
{
  const char *buffer = self->shared->buffer;
  gssize at = 0, line;
  guint lines = 0;

  *ret_read = 0;
  while (at < n && (line = line_end_find (self->line_end, buffer + at, (gsize) (n - at))) >= 0)
    {
      hand_out (self, generation, start + at, line, buffer + at, (gsize) line, crowd);
      *ret_read = at += line;
      if (++lines % CLOCK_EVERY == 0 && is_late (until_usec))
        return SERVE_LATER;
      if (!is_steady (crowd, self) && next_offset (generation) != start + at)
        return SERVE_ON; /* somebody paused, or is behind */
    }
  return SERVE_DONE;
}

static ServeResult
serve_chunk (FileLog *self, Generation *generation, gint64 start, gint64 until_usec)
{
  gssize n = read_known (generation, start, self->shared->buffer), done;
  Crowd crowd = { 0 };
  ServeResult result;

  if (n > 0 && !file_generation_stands (generation->file))
    return SERVE_LOOK;
  result = serve_lines (self, generation, start, n, until_usec, &crowd, &done);
  note_settled (generation, &crowd);
  if (result != SERVE_DONE)
    return result;
  if (done == 0 && n == READ_SIZE)
    return serve_long_line (self, generation, start, until_usec);
  return n == READ_SIZE ? SERVE_ON : SERVE_DONE;
}

/* A watch is in operation once it has reached the end of a file with something in it: what is first written to an empty file, or
 * behind a position of the last run, is read as an old line still (filter.py, getFailures). */
static void
reached_the_end (FileLog *self, Generation *generation)
{
  gint64 size = file_generation_get_size (generation->file);
  gboolean newest = generation == self->generations->pdata[self->generations->len - 1];

  generation->exhausted = TRUE;
  for (guint i = 0; i < generation->cursors->len; i++)
    {
      const Cursor *cursor = &g_array_index (generation->cursors, Cursor, i);
      FileWatch *watch = cursor->watch;

      if (is_ready (watch))
        watch->in_operation = watch->in_operation || (newest && (watch->read_any || cursor->offset < size));
      else if (!watch->removed && cursor->offset < size)
        {
          generation->exhausted = FALSE;
          watch->behind = TRUE; /* nothing newer for it, even when it wakes up meanwhile */
        }
    }
}

static ServeResult
serve_generation (FileLog *self, Generation *generation, gint64 until_usec)
{
  ServeResult result = SERVE_ON;

  generation->exhausted = FALSE;
  while (result == SERVE_ON)
    {
      gint64 offset = next_offset (generation);

      result = offset < 0 ? SERVE_DONE : serve_chunk (self, generation, offset, until_usec);
      if (result == SERVE_ON && is_late (until_usec))
        result = SERVE_LATER;
    }
  if (result != SERVE_LOOK)
    generation_remember (generation);
  if (result == SERVE_DONE)
    reached_the_end (self, generation);
  return result;
}

void
file_log_forget_removed (FileLog *self)
{
  for (guint i = self->watches->len; i > 0; i--)
    {
      FileWatch *watch = self->watches->pdata[i - 1];

      if (!watch->removed)
        continue;
      for (guint k = 0; k < self->generations->len; k++)
        {
          Generation *generation = self->generations->pdata[k];
          Cursor *cursor = generation_cursor (generation, watch);

          if (cursor != NULL)
            g_array_remove_index (generation->cursors,
                                  (guint) (cursor - (Cursor *) (gpointer) generation->cursors->data));
        }
      g_ptr_array_remove_index (self->watches, i - 1);
    }
}

static void
finish_slice (FileLog *self)
{
  for (guint i = 0; i < self->watches->len; i++)
    {
      FileWatch *watch = self->watches->pdata[i];

      watch->behind = FALSE;
      if (!watch->touched)
        continue;
      watch->touched = FALSE;
      if (!watch->removed && watch->funcs->slice != NULL)
        watch->funcs->slice (watch, watch->data);
    }
}

FileLogResult
file_log_serve (FileLog *self, gint64 until_usec)
{
  ServeResult result = SERVE_DONE;

  self->busy++;
  for (guint i = 0; result == SERVE_DONE && i < self->generations->len; i++)
    if (!((const Generation *) self->generations->pdata[i])->unproven)
      result = serve_generation (self, self->generations->pdata[i], until_usec);
  finish_slice (self);
  if (--self->busy == 0)
    file_log_forget_removed (self);
  if (result == SERVE_DONE)
    return FILE_LOG_DONE;
  return result == SERVE_LOOK ? FILE_LOG_LOOK : FILE_LOG_MORE;
}
