#include "regex/read-ahead.h"

#include <pthread.h>
#include <signal.h>

#define N_CHUNKS   4
#define LINES_MOST 4096 /* of a chunk that are looked at in one go */

typedef struct
{
  guint32 begin, len; /* of the block */
  LineFinding finding;
} Line;

typedef struct
{
  LineBlock block;
  gsize at;      /* what of it is not looked at yet: lines beyond LINES_MOST, which are looked at when those are told */
  GArray *lines; /* of Line */
  LineStore store;
  gboolean is_done;
} Chunk;

/* Threads and locks of the system, not GLib's: -fsanitize=thread knows them. */
struct ReadAhead
{
  LineReader *reader; /* of whom is_reading */
  gsize chunk;
  Chunk chunks[N_CHUNKS]; /* the nth is chunks[n % N_CHUNKS]; it belongs to who began it until it is done */
  LineFinder *own, *other;
  pthread_t thread;

  pthread_mutex_t lock; /* for what follows and is_done; `changed` when one of them did */
  pthread_cond_t changed;
  guint64 n_begun, n_ended; /* chunks: by either thread; handed out completely */
  gboolean is_reading, at_end, is_stopped;
  GError *error; /* behind the last chunk */

  Chunk *current; /* of which lines are handed out */
  guint next_line;
};

/* --- a chunk ------------------------------------------------------------------------------------------------------ */
static void
look_at_chunk (Chunk *chunk, LineFinder *finder)
{
  const char *lines = chunk->block.lines;
  gsize at = chunk->at, len = chunk->block.len;
  Line *line;

  g_array_set_size (chunk->lines, LINES_MOST);
  line = &g_array_index (chunk->lines, Line, 0);
  line_store_reset (&chunk->store);
  line_finder_begin (finder);
  for (guint n = 0; at < len && n < LINES_MOST; n++, line++)
    {
      gboolean is_ascii = FALSE;
      gssize line_len = line_end_find_ascii (lines + at, len - at, &is_ascii);

      line->begin = (guint32) at;
      line->len = line_len >= 0 ? (guint32) line_len : (guint32) (len - at); /* one that was too long */
      line_finder_look (finder, lines + at, line->len, is_ascii, &chunk->store, &line->finding);
      at += line->len;
    }
  g_array_set_size (chunk->lines, (guint) (line - &g_array_index (chunk->lines, Line, 0)));
  chunk->at = at;
}

/* With the lock held: is there a chunk that can be begun? */
static gboolean
can_begin (const ReadAhead *self)
{
  return !self->at_end && !self->is_reading && self->n_begun - self->n_ended < N_CHUNKS;
}

/* With the lock held, which is let go meanwhile. */
static void
do_chunk (ReadAhead *self, LineFinder *finder)
{
  Chunk *chunk = &self->chunks[self->n_begun++ % N_CHUNKS];
  gboolean has_more;

  self->is_reading = TRUE;
  chunk->is_done = FALSE;
  (void) pthread_mutex_unlock (&self->lock);
  chunk->block.len = chunk->at = 0;
  has_more = line_reader_next_block (self->reader, self->chunk, &chunk->block, &self->error);
  (void) pthread_mutex_lock (&self->lock);
  self->is_reading = FALSE;
  self->at_end = !has_more;
  (void) pthread_cond_broadcast (&self->changed);
  (void) pthread_mutex_unlock (&self->lock);
  look_at_chunk (chunk, finder);
  (void) pthread_mutex_lock (&self->lock);
  chunk->is_done = TRUE;
  (void) pthread_cond_broadcast (&self->changed);
}

static void *
work (void *data)
{
  ReadAhead *self = data;

  (void) pthread_mutex_lock (&self->lock);
  while (!self->is_stopped && !self->at_end)
    if (can_begin (self))
      do_chunk (self, self->other);
    else
      (void) pthread_cond_wait (&self->changed, &self->lock);
  (void) pthread_mutex_unlock (&self->lock);
  return NULL;
}

/* --- life --------------------------------------------------------------------------------------------------------- */
/* Signals are for the main thread. */
static gboolean
start (ReadAhead *self)
{
  sigset_t all, before;
  int error;

  (void) sigfillset (&all);
  (void) pthread_sigmask (SIG_SETMASK, &all, &before);
  error = pthread_create (&self->thread, NULL, work, self);
  (void) pthread_sigmask (SIG_SETMASK, &before, NULL);
  return error == 0;
}

static void
clear (ReadAhead *self)
{
  for (guint i = 0; i < N_CHUNKS; i++)
    {
      g_free (self->chunks[i].block.bytes);
      g_array_unref (self->chunks[i].lines);
      line_store_clear (&self->chunks[i].store);
    }
  line_finder_free (self->own);
  line_finder_free (self->other);
  (void) pthread_cond_destroy (&self->changed);
  (void) pthread_mutex_destroy (&self->lock);
  g_clear_error (&self->error);
  g_free (self);
}

ReadAhead *
read_ahead_new (Filter *filter, LineReader *reader, gsize chunk)
{
  g_autoptr (LineFinder) own = line_finder_new (filter);
  ReadAhead *self;

  if (own == NULL)
    return NULL;
  self = g_new0 (ReadAhead, 1);
  self->reader = reader;
  self->chunk = chunk;
  for (guint i = 0; i < N_CHUNKS; i++)
    {
      self->chunks[i].lines = g_array_new (FALSE, FALSE, sizeof (Line));
      line_store_init (&self->chunks[i].store);
    }
  self->own = g_steal_pointer (&own);
  self->other = line_finder_new (filter);
  (void) pthread_mutex_init (&self->lock, NULL);
  (void) pthread_cond_init (&self->changed, NULL);
  if (start (self))
    return self;
  clear (self);
  return NULL;
}

void
read_ahead_free (ReadAhead *self)
{
  if (self == NULL)
    return;
  (void) pthread_mutex_lock (&self->lock);
  self->is_stopped = TRUE;
  (void) pthread_cond_broadcast (&self->changed);
  (void) pthread_mutex_unlock (&self->lock);
  (void) pthread_join (self->thread, NULL);
  clear (self);
}

/* --- lines -------------------------------------------------------------------------------------------------------- */
/* The next chunk, done; NULL: there is none.  What was done with the current one is over. */
static Chunk *
next_chunk (ReadAhead *self)
{
  Chunk *chunk = NULL;

  (void) pthread_mutex_lock (&self->lock);
  if (self->current != NULL)
    {
      self->n_ended++;
      (void) pthread_cond_broadcast (&self->changed);
    }
  while (chunk == NULL && (!self->at_end || self->n_ended < self->n_begun))
    if (self->n_ended < self->n_begun && self->chunks[self->n_ended % N_CHUNKS].is_done)
      chunk = &self->chunks[self->n_ended % N_CHUNKS];
    else if (can_begin (self))
      do_chunk (self, self->own);
    else
      (void) pthread_cond_wait (&self->changed, &self->lock);
  (void) pthread_mutex_unlock (&self->lock);
  return chunk;
}

/* The lines that come next are those of self->current, from the first one on.  FALSE: there are none. */
static gboolean
go_on (ReadAhead *self)
{
  self->next_line = 0;
  do
    if (self->current != NULL && self->current->at < self->current->block.len)
      look_at_chunk (self->current, self->own);
    else
      self->current = next_chunk (self);
  while (self->current != NULL && self->current->lines->len == 0);
  return self->current != NULL;
}

gboolean
read_ahead_next (ReadAhead *self, const char **ret_bytes, gsize *ret_len, const LineFinding **ret_finding,
                 const LineStore **ret_store, GError **error)
{
  const Line *line;

  if ((self->current == NULL || self->next_line == self->current->lines->len) && !go_on (self))
    {
      if (self->error != NULL)
        g_propagate_error (error, g_steal_pointer (&self->error));
      return FALSE;
    }
  line = &g_array_index (self->current->lines, Line, self->next_line++);
  *ret_bytes = self->current->block.lines + line->begin;
  *ret_len = line->len;
  *ret_finding = &line->finding;
  *ret_store = &self->current->store;
  return TRUE;
}
