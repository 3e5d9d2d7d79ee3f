#include "compat/py-regex-rows.h"

/* Fewer bytes at once gain nothing. */
#define LEAP_LEAST 3

/* One text in so many may have something else, and a few at first. */
#define TEXTS_PER_MISS 8
#define FIRST_MISSES   2

#define RUN_LEAST    PY_SKIP_STEP /* shorter runs are left to prediction */
#define SETS_MOST    64           /* rows that have one */
#define LESSONS_MOST 32           /* for each; a set knows only bytes that a text had already */

#define INTS_OF_LEAP (sizeof (PyLeap) / sizeof (gint32))
#define ALIGNMENT    8 /* of rows, in gint32 */

G_STATIC_ASSERT (sizeof (PyLeap) % (ALIGNMENT * sizeof (gint32)) == 0);

static inline PyLeap *
get_leap (const PyRows *self, gint32 row)
{
  return (PyLeap *) (gpointer) (self->table + row + self->leap_at);
}

void
py_rows_init (PyRows *self, const PyNfa *nfa, gboolean can_leap)
{
  memset (self, 0, sizeof *self);
  py_alphabet_init (&self->alphabet, nfa);
  self->stride = self->alphabet.n;
  if (can_leap)
    {
      self->leap_at = (self->alphabet.n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
      self->stride = self->leap_at + INTS_OF_LEAP;
    }
  self->skips = g_array_new (FALSE, TRUE, sizeof (PySkipSet));
  self->skip = py_skip_get_best ();
}

void
py_rows_forget (PyRows *self)
{
  g_clear_pointer (&self->table, g_free);
  g_array_set_size (self->skips, 0);
}

void
py_rows_clear (PyRows *self)
{
  g_clear_pointer (&self->table, g_free);
  g_clear_pointer (&self->skips, g_array_unref);
}

gsize
py_rows_bytes (const PyRows *self)
{
  return self->stride * sizeof self->table[0];
}

void
py_rows_add (PyRows *self, guint n, gint32 entry)
{
  gint32 *row;

  self->table = g_realloc (self->table, (n + 1) * py_rows_bytes (self));
  row = self->table + n * self->stride;
  memset (row, 0, py_rows_bytes (self));
  for (guint i = 0; i < self->alphabet.n; i++)
    row[i] = entry;
  if (self->leap_at != 0)
    get_leap (self, (gint32) (n * self->stride))->is_asked = TRUE;
}

/* --- leaps --------------------------------------------------------------------------------------------------------- */
/* How far do rows lead to rows, at most `most` bytes?  Gives the last one. */
static guint
follow (const PyRows *self, gint32 row, const guint8 *at, guint most, gint32 *ret_to)
{
  guint n = 0;

  for (; n < most; n++)
    {
      gint32 next = self->table[row + self->alphabet.class_of[at[n]]];

      if (next < 0)
        break;
      row = next;
    }
  *ret_to = row;
  return n;
}

static void
keep (const PyRows *self, PyLeap *leap, const guint8 *at, guint len, gint32 to)
{
  guint8 mask[PY_LEAP_BYTES] = { 0 };

  memset (mask, 0xff, len);
  memcpy (&leap->mask, mask, sizeof mask);
  memcpy (&leap->bytes, at, sizeof leap->bytes);
  leap->len = (guint8) len;
  leap->is_asked = TRUE;
  leap->to = to;
  leap->n_missed = 0;
  leap->learned_at = self->n_texts;
}

static void
learn_leap (const PyRows *self, gint32 row, const guint8 *at)
{
  PyLeap *leap = get_leap (self, row);
  gint32 to;
  guint len = follow (self, row, at, PY_LEAP_BYTES, &to);

  leap->n_learned++;
  leap->is_asked = leap->n_learned < PY_LEAP_LESSONS;
  if (len >= LEAP_LEAST)
    keep (self, leap, at, len, to);
}

static void
miss_leap (const PyRows *self, gint32 row, const guint8 *at)
{
  PyLeap *leap = get_leap (self, row);
  const guint8 *kept = (const guint8 *) &leap->bytes;
  guint same = 0;
  gint32 to;

  leap->n_missed++;
  if (leap->n_missed < FIRST_MISSES + (self->n_texts - leap->learned_at) / TEXTS_PER_MISS)
    return;
  while (same < leap->len && kept[same] == at[same])
    same++;
  leap->len = 0;
  leap->is_asked = leap->n_learned < PY_LEAP_LESSONS;
  if (same >= LEAP_LEAST && follow (self, row, at, same, &to) == same)
    keep (self, leap, at, same, to);
}

/* As far as the text has what is kept.  *next_leap is where to ask again: what is kept for the bytes of a leap that missed will miss,
 * too. */
static inline const guint8 *
go_by_leaps (const PyRows *self, const guint8 *at, const guint8 *stop, gint32 *row, const guint8 **next_leap)
{
  const PyLeap *leap;

  while ((leap = get_leap (self, *row))->is_asked && stop - at >= PY_LEAP_BYTES && at >= *next_leap)
    {
      guint64 bytes;

      if (leap->len == 0)
        {
          learn_leap (self, *row, at);
          break;
        }
      memcpy (&bytes, at, sizeof bytes);
      if (((bytes ^ leap->bytes) & leap->mask) != 0)
        {
          *next_leap = at + leap->len;
          miss_leap (self, *row, at);
          break;
        }
      at += leap->len;
      *row = leap->to;
    }
  return at;
}

/* --- runs ---------------------------------------------------------------------------------------------------------- */
static void
learn_run (PyRows *self, gint32 row)
{
  PyLeap *leap = get_leap (self, row);
  PySkipSet set = { { 0 } };

  if (leap->n_sets == LESSONS_MOST || (leap->skip == 0 && self->skips->len == SETS_MOST))
    return;
  leap->n_sets++;
  for (guint byte = 0; byte < PY_SYMBOLS_ASCII; byte++)
    if (self->table[row + self->alphabet.class_of[byte]] == row)
      py_skip_set_add (&set, (guint8) byte);
  if (leap->skip == 0)
    {
      g_array_set_size (self->skips, self->skips->len + 1);
      leap->skip = (guint16) self->skips->len;
    }
  g_array_index (self->skips, PySkipSet, leap->skip - 1) = set;
}

/* Gives where the text leaves its row, or ends. */
static inline const guint8 *
run_in (PyRows *self, const guint8 *at, const guint8 *stop, gint32 row)
{
  const guint8 *class_of = self->alphabet.class_of, *begin = at;
  const gint32 *table = self->table + row;
  guint16 skip = get_leap (self, row)->skip;

  if (skip != 0)
    begin = at = self->skip (&g_array_index (self->skips, PySkipSet, skip - 1), at, stop);
  while (at < stop && table[class_of[*at]] == row)
    at++;
  if (at - begin >= RUN_LEAST && self->skip != NULL)
    learn_run (self, row);
  return at;
}

gint32
py_rows_leap_along (PyRows *self, const char **at, const char *end, gint32 row)
{
  const guint8 *class_of = self->alphabet.class_of;
  const guint8 *p = (const guint8 *) *at, *stop = (const guint8 *) end, *next_leap = p;

  p = go_by_leaps (self, p, stop, &row, &next_leap);
  while (p < stop)
    {
      gint32 next = self->table[row + class_of[*p]];

      if (next == row)
        {
          p = run_in (self, p + 1, stop, row);
          continue;
        }
      if (next < 0)
        break;
      row = next;
      p++;
      if (G_UNLIKELY (get_leap (self, row)->is_asked))
        p = go_by_leaps (self, p, stop, &row, &next_leap);
    }
  *at = (const char *) p;
  return row;
}
