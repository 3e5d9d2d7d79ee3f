#include "match/filter-gate.h"

#include <string.h>

#include "match/literal-scan.h"

#define N_BYTES     256
#define N_LAYERS    PY_REGEX_TEXT_SETS
#define LONG_ENOUGH 16 /* bytes: where such a text stands the expression mostly matches, too */

/* An expression may need one text of each of several sets.  Each layer has a set of each expression, and n_words words; what has its bit in
 * all layers can match. */
struct FilterGate
{
  guint n_refs;
  guint n_failregexes, n_words;
  guint prefregex; /* its bit */
  LiteralScan *scan;
  guint64 *always;      /* for each layer those that need no text that we know of */
  guint64 *always_wide; /* and those of which that is known for ASCII only */
  guint64 *failregexes; /* their bits */
  /* Bytes that the same expressions may have at a place are a class of it: few, so that they stay in the processor's cache. */
  guint8 classes[PY_REGEX_PLACES][N_BYTES];
  guint64 *may[PY_REGEX_PLACES]; /* for each class n_words words */
};

static void
set_bit (guint64 *words, guint bit)
{
  words[bit / 64] |= (guint64) 1 << (bit % 64);
}

static inline gboolean
has_bit (const guint64 *words, guint bit)
{
  return words[bit / 64] >> (bit % 64) & 1;
}

/* FALSE: they cannot all be looked for. */
static gboolean
add_set (FilterGate *self, const GPtrArray *texts, guint number)
{
  for (guint i = 0; i < texts->len; i++)
    if (!literal_scan_add (self->scan, g_ptr_array_index (texts, i), number))
      return FALSE;
  return TRUE;
}

/* The first set is looked for in any case, more of them only where that promises something. */
static gboolean
promises_more (const GPtrArray *sets, guint layer)
{
  const PyRegexTextSet *first = g_ptr_array_index (sets, 0), *set = g_ptr_array_index (sets, layer);
  gboolean is_short = FALSE;

  for (guint i = 0; i < first->texts->len; i++)
    is_short = is_short || strlen (g_ptr_array_index (first->texts, i)) < LONG_ENOUGH;
  for (guint i = 0; i < set->texts->len; i++)
    if (!literal_sieve_is_rare (g_ptr_array_index (set->texts, i), strlen (g_ptr_array_index (set->texts, i))))
      return FALSE;
  return is_short;
}

static const PyRegexTextSet *
get_set (const FilterGate *self, const GPtrArray *sets, guint layer, guint bit)
{
  if (layer >= sets->len || (layer > 0 && bit != self->prefregex && !promises_more (sets, layer)))
    return NULL;
  return g_ptr_array_index (sets, layer);
}

static void
add_texts (FilterGate *self, const Failregex *regex, guint bit, gboolean ungated)
{
  g_autoptr (GPtrArray) sets = ungated ? g_ptr_array_new () : failregex_dup_texts (regex);

  for (guint layer = 0; layer < N_LAYERS; layer++)
    {
      const PyRegexTextSet *set = get_set (self, sets, layer, bit);
      guint number = layer * self->n_words * 64 + bit;
      gboolean known = set != NULL && add_set (self, set->texts, number);

      if (!known)
        set_bit (self->always, number);
      if (!known || set->ascii_only)
        set_bit (self->always_wide, number);
    }
}

/* The class of these words, which are appended if there is none yet; `guess` is asked first. */
static guint8
get_class (GArray *may, const guint64 *words, guint n_words, guint8 guess)
{
  guint n = may->len / n_words;

  for (guint i = 0; i < n; i++)
    {
      guint class = (guess + i) % n;

      if (memcmp (&g_array_index (may, guint64, class * n_words), words, n_words * sizeof words[0]) == 0)
        return (guint8) class;
    }
  g_array_append_vals (may, words, n_words);
  return (guint8) n;
}

/* Which expressions may have that byte there */
static void
fill_may (const FilterGate *self, const GPtrArray *regexes, guint first_bit, guint place, guint8 byte, guint64 *words)
{
  for (guint i = 0; i < regexes->len; i++)
    if (failregex_can_have (g_ptr_array_index (regexes, i), place, byte))
      set_bit (words, first_bit + i);
}

static void
make_place (FilterGate *self, guint place, const GPtrArray *failregexes, const GPtrArray *ignoreregexes,
            gboolean ungated)
{
  GArray *may = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autofree guint64 *words = g_new (guint64, self->n_words);
  guint8 class = 0;

  for (guint byte = 0; byte < N_BYTES; byte++)
    {
      memset (words, ungated ? 0xff : 0, self->n_words * sizeof words[0]);
      if (!ungated)
        {
          fill_may (self, failregexes, 0, place, (guint8) byte, words);
          fill_may (self, ignoreregexes, failregexes->len, place, (guint8) byte, words);
        }
      class = get_class (may, words, self->n_words, class);
      self->classes[place][byte] = class;
    }
  self->may[place] = (guint64 *) (gpointer) g_array_free (may, FALSE);
}

FilterGate *
filter_gate_new (const GPtrArray *failregexes, const GPtrArray *ignoreregexes, const Failregex *prefregex,
                 gboolean ungated)
{
  FilterGate *self = g_new0 (FilterGate, 1);
  guint n = failregexes->len, all = n + ignoreregexes->len;

  self->n_refs = 1;
  self->n_failregexes = n;
  self->prefregex = all;
  self->n_words = all / 64 + 1;
  self->scan = literal_scan_new ();
  self->always = g_new0 (guint64, N_LAYERS * self->n_words);
  self->always_wide = g_new0 (guint64, N_LAYERS * self->n_words);
  self->failregexes = g_new0 (guint64, self->n_words);
  for (guint i = 0; i < all; i++)
    add_texts (self, i < n ? g_ptr_array_index (failregexes, i) : g_ptr_array_index (ignoreregexes, i - n), i, ungated);
  for (guint place = 0; place < PY_REGEX_PLACES; place++)
    make_place (self, place, failregexes, ignoreregexes, ungated);
  for (guint i = 0; i < n; i++)
    set_bit (self->failregexes, i);
  add_texts (self, prefregex, self->prefregex, ungated || prefregex == NULL);
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
  g_free (self->failregexes);
  for (guint place = 0; place < PY_REGEX_PLACES; place++)
    g_free (self->may[place]);
  g_free (self);
}

guint
filter_gate_get_n_words (const FilterGate *self)
{
  return N_LAYERS * self->n_words;
}

void
filter_gate_look (const FilterGate *self, const char *text, gsize len, PySearchFlags flags, guint64 *left)
{
  const guint64 *always = flags & PY_SEARCH_IS_ASCII ? self->always : self->always_wide;
  guint n_words = self->n_words;

  for (guint i = 0; i < N_LAYERS * n_words; i++)
    left[i] = always[i];
  literal_scan_run (self->scan, text, len, left);
  for (guint layer = 1; layer < N_LAYERS; layer++)
    for (guint i = 0; i < n_words; i++)
      left[i] &= left[layer * n_words + i];
}

gboolean
filter_gate_leaves_prefregex (const FilterGate *self, guint64 *left)
{
  if (has_bit (left, self->prefregex))
    return TRUE;
  for (guint i = 0; i < self->n_words; i++)
    left[i] &= ~self->failregexes[i];
  return FALSE;
}

void
filter_gate_narrow (const FilterGate *self, const char *text, gsize len, guint64 *left)
{
  guint n_words = self->n_words;

  for (gsize place = 0; place < MIN (len, PY_REGEX_PLACES); place++)
    {
      const guint64 *may = self->may[place] + self->classes[place][(guint8) text[place]] * n_words;

      for (guint i = 0; i < n_words; i++)
        left[i] &= may[i];
    }
}

guint
filter_gate_next (const FilterGate *self, const guint64 *left, guint from)
{
  for (guint i = from; i < self->n_failregexes; i = (i / 64 + 1) * 64)
    {
      guint64 word = left[i / 64] >> (i % 64);

      if (word != 0) /* bits behind those of the failregexes are others' */
        return MIN (i + (guint) __builtin_ctzll (word), self->n_failregexes);
    }
  return self->n_failregexes;
}

gboolean
filter_gate_leaves_ignoreregex (const FilterGate *self, const guint64 *left, guint index)
{
  return has_bit (left, self->n_failregexes + index);
}
