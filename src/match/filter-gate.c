#include "match/filter-gate.h"

#include <string.h>

#include "match/failregex.h"
#include "match/literal-scan.h"

#define N_BYTES 256

struct FilterGate
{
  guint n_refs;
  guint n_failregexes, n_words;
  LiteralScan *scan;
  guint64 *always;      /* those that need no text that we know of */
  guint64 *always_wide; /* and those of which that is known for ASCII only */
  guint64 *places;      /* for each place and byte n_words words: those that may have it */
};

static void
set_bit (guint64 *words, guint bit)
{
  words[bit / 64] |= (guint64) 1 << (bit % 64);
}

static void
add_texts (FilterGate *self, const Failregex *regex, guint bit, gboolean ungated)
{
  gboolean ascii_only = FALSE, known;
  g_autoptr (GPtrArray) texts = ungated ? NULL : failregex_dup_texts (regex, &ascii_only);

  known = texts != NULL;
  for (guint i = 0; known && i < texts->len; i++)
    known = literal_scan_add (self->scan, g_ptr_array_index (texts, i), bit);
  if (!known)
    set_bit (self->always, bit);
  if (!known || ascii_only)
    set_bit (self->always_wide, bit);
}

static void
add_places (FilterGate *self, const Failregex *regex, guint bit, gboolean ungated)
{
  for (guint place = 0; place < PY_REGEX_PLACES; place++)
    for (guint byte = 0; byte < N_BYTES; byte++)
      if (ungated || failregex_can_have (regex, place, (guint8) byte))
        set_bit (self->places + (place * N_BYTES + byte) * self->n_words, bit);
}

FilterGate *
filter_gate_new (const GPtrArray *failregexes, const GPtrArray *ignoreregexes, gboolean ungated)
{
  FilterGate *self = g_new0 (FilterGate, 1);
  guint n = failregexes->len, all = n + ignoreregexes->len;

  self->n_refs = 1;
  self->n_failregexes = n;
  self->n_words = all / 64 + 1;
  self->scan = literal_scan_new ();
  self->always = g_new0 (guint64, self->n_words);
  self->always_wide = g_new0 (guint64, self->n_words);
  self->places = g_new0 (guint64, PY_REGEX_PLACES * N_BYTES * self->n_words);
  for (guint i = 0; i < all; i++)
    {
      const Failregex *regex = i < n ? g_ptr_array_index (failregexes, i) : g_ptr_array_index (ignoreregexes, i - n);

      add_texts (self, regex, i, ungated);
      add_places (self, regex, i, ungated);
    }
  literal_scan_finish (self->scan);
  return self;
}

FilterGate *
filter_gate_ref (FilterGate *self)
{
  self->n_refs++;
  return self;
}

gboolean
filter_gate_is_shared (const FilterGate *self)
{
  return self->n_refs > 1;
}

void
filter_gate_unref (FilterGate *self)
{
  if (self == NULL || --self->n_refs > 0)
    return;
  literal_scan_free (self->scan);
  g_free (self->always);
  g_free (self->always_wide);
  g_free (self->places);
  g_free (self);
}

guint
filter_gate_get_n_words (const FilterGate *self)
{
  return self->n_words;
}

void
filter_gate_look (const FilterGate *self, const char *text, gsize len, PySearchFlags flags, guint64 *left)
{
  const guint64 *always = flags & PY_SEARCH_IS_ASCII ? self->always : self->always_wide;

  for (guint i = 0; i < self->n_words; i++)
    left[i] = always[i];
  literal_scan_run (self->scan, text, len, left);
}

void
filter_gate_narrow (const FilterGate *self, const char *text, gsize len, guint64 *left)
{
  for (gsize place = 0; place < MIN (len, PY_REGEX_PLACES); place++)
    {
      const guint64 *may = self->places + (place * N_BYTES + (guint8) text[place]) * self->n_words;

      for (guint i = 0; i < self->n_words; i++)
        left[i] &= may[i];
    }
}

guint
filter_gate_next (const FilterGate *self, const guint64 *left, guint from)
{
  for (guint i = from; i < self->n_failregexes; i = (i / 64 + 1) * 64)
    {
      guint64 word = left[i / 64] >> (i % 64);

      if (word != 0)
        return MIN (i + (guint) __builtin_ctzll (word), self->n_failregexes);
    }
  return self->n_failregexes;
}

gboolean
filter_gate_leaves_ignoreregex (const FilterGate *self, const guint64 *left, guint index)
{
  guint bit = self->n_failregexes + index;

  return (left[bit / 64] >> (bit % 64)) & 1;
}
