#include "compat/py-charset.h"

#include "compat/py-unicode-data.h"

#define LAST_BMP 0xffff

PyCharset *
py_charset_new (void)
{
  PyCharset *self = g_new0 (PyCharset, 1);

  self->ranges = g_array_new (FALSE, FALSE, sizeof (PyCharRange));
  return self;
}

void
py_charset_free (PyCharset *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->ranges);
  g_free (self);
}

static void
add (GArray *ranges, gunichar first, gunichar last)
{
  PyCharRange range = { first, last };

  g_array_append_val (ranges, range);
}

static int
compare_ranges (gconstpointer a, gconstpointer b)
{
  const PyCharRange *x = a, *y = b;

  return x->first < y->first ? -1 : x->first > y->first;
}

static void
normalize (GArray *ranges)
{
  guint kept = 0;
  PyCharRange *range = (PyCharRange *) (gpointer) ranges->data;

  g_array_sort (ranges, compare_ranges);
  for (guint i = 0; i < ranges->len; i++)
    if (kept > 0 && range[i].first <= range[kept - 1].last + 1)
      range[kept - 1].last = MAX (range[kept - 1].last, range[i].last);
    else
      range[kept++] = range[i];
  g_array_set_size (ranges, kept);
}

static gboolean
contains (const GArray *ranges, gunichar c)
{
  guint low = 0, high = ranges->len;

  while (low < high)
    {
      guint mid = (low + high) / 2;

      if (c > g_array_index (ranges, PyCharRange, mid).last)
        low = mid + 1;
      else
        high = mid;
    }
  return low < ranges->len && c >= g_array_index (ranges, PyCharRange, low).first;
}

static GArray *
complement (GArray *ranges)
{
  GArray *out = g_array_new (FALSE, FALSE, sizeof (PyCharRange));
  gunichar next = 0;

  normalize (ranges);
  for (guint i = 0; i < ranges->len; i++)
    {
      const PyCharRange *range = &g_array_index (ranges, PyCharRange, i);

      if (range->first > next)
        add (out, next, range->first - 1);
      next = range->last + 1;
    }
  if (next <= PY_UNICHAR_LAST)
    add (out, next, PY_UNICHAR_LAST);
  return out;
}

/* --- case --- */

#define FEW 64 /* characters */

static const PyCaseRun ascii_runs[] = { { 'A', 'Z', 1, 32 } };

/* The characters that have another lower case under these flags */
static const PyCaseRun *
lower_runs (guint flags, guint *ret_n)
{
  gboolean ascii = (flags & PY_REGEX_FLAG_ASCII) != 0;

  *ret_n = ascii ? G_N_ELEMENTS (ascii_runs) : py_unicode_lower_runs_len;
  return ascii ? ascii_runs : py_unicode_lower_runs;
}

static gunichar
lower_of (gunichar c, guint flags)
{
  return (flags & PY_REGEX_FLAG_ASCII) && c >= 0x80 ? c : py_unichar_lower (c);
}

static gboolean
is_cased (gunichar c, guint flags)
{
  if (flags & PY_REGEX_FLAG_ASCII)
    return c < 0x80 && g_ascii_isalpha ((char) c);
  return py_unichar_lower (c) != c || py_unichar_upper (c) != c;
}

static gboolean
range_is_cased (gunichar first, gunichar last, guint flags)
{
  for (gunichar c = first; c <= last; c++)
    if (c > LAST_BMP || is_cased (c, flags))
      return TRUE;
  return FALSE;
}

/* Adds the lower cases of first..last, and what has the same upper case as one of them. */
static void
add_lowered (GArray *out, gunichar first, gunichar last, guint flags)
{
  guint n;
  const PyCaseRun *runs = lower_runs (flags, &n);
  g_autoptr (GArray) lowered = g_array_new (FALSE, FALSE, sizeof (PyCharRange));

  if (first == last)
    add (lowered, lower_of (first, flags), lower_of (first, flags));
  else
    {
      add (lowered, first, last); /* the capitals in it do no harm: fold() takes them out */
      for (guint i = 0; i < n; i++)
        for (gunichar c = runs[i].first; c <= runs[i].last; c += runs[i].step)
          if (c >= first && c <= last)
            add (lowered, lower_of (c, flags), lower_of (c, flags));
    }
  normalize (lowered);
  if (!(flags & PY_REGEX_FLAG_ASCII))
    for (guint i = 0; i < py_unicode_extra_cases_len; i++)
      if (contains (lowered, py_unicode_extra_cases[i].lower))
        for (guint j = 0; j < 2 && py_unicode_extra_cases[i].others[j] != 0; j++)
          add (out, py_unicode_extra_cases[i].others[j], py_unicode_extra_cases[i].others[j]);
  g_array_append_vals (out, lowered->data, lowered->len);
}

static guint
count_chars (const GArray *ranges)
{
  guint n = 0;

  for (guint i = 0; i < ranges->len; i++)
    n += g_array_index (ranges, PyCharRange, i).last - g_array_index (ranges, PyCharRange, i).first + 1;
  return n;
}

/* fold() for few characters: a literal has one to three. */
static GArray *
fold_few (const GArray *lowered, guint flags)
{
  guint n;
  const PyCaseRun *runs = lower_runs (flags, &n);
  gunichar least = g_array_index (lowered, PyCharRange, 0).first;
  gunichar most = g_array_index (lowered, PyCharRange, lowered->len - 1).last;
  GArray *out = g_array_new (FALSE, FALSE, sizeof (PyCharRange));

  for (guint i = 0; i < lowered->len; i++)
    for (gunichar c = g_array_index (lowered, PyCharRange, i).first; c <= g_array_index (lowered, PyCharRange, i).last;
         c++)
      if (contains (lowered, lower_of (c, flags)))
        add (out, c, c);
  for (guint i = 0; i < n; i++)
    {
      gint64 first = (gint64) runs[i].first + runs[i].delta, last = (gint64) runs[i].last + runs[i].delta;

      if (first > most || last < least)
        continue;
      for (gunichar c = runs[i].first; c <= runs[i].last; c += runs[i].step)
        if (contains (lowered, lower_of (c, flags)))
          add (out, c, c);
    }
  normalize (out);
  return out;
}

/* In: what the lower case of a character must be in.  Out: those characters. */
static GArray *
fold (GArray *lowered, guint flags)
{
  guint n;
  const PyCaseRun *runs = lower_runs (flags, &n);
  g_autoptr (GArray) others = NULL;

  normalize (lowered);
  if (lowered->len > 0 && count_chars (lowered) <= FEW)
    return fold_few (lowered, flags);
  others = complement (lowered);
  for (guint i = 0; i < n; i++)
    for (gunichar c = runs[i].first; c <= runs[i].last; c += runs[i].step)
      add (others, c, c);
  GArray *out = complement (others);
  for (guint i = 0; i < n; i++)
    for (gunichar c = runs[i].first; c <= runs[i].last; c += runs[i].step)
      if (contains (lowered, lower_of (c, flags)))
        add (out, c, c);
  normalize (out);
  return out;
}

/* Python 3.11 compares what is beyond U+FFFF in a set without its lower case, and ranges that reach there also by the
 * upper case: (?i)[\U00010400x] does not match U+10400, (?i)\U00010400 and (?i)[\U00010400-\U00010401x] do. */
static void
add_folded_item (GArray *out, const PySetItem *item, guint flags)
{
  if (!item->is_range && lower_of (item->first, flags) > LAST_BMP)
    add (out, item->first, item->first);
  else if (item->last <= LAST_BMP)
    add_lowered (out, item->first, item->last, flags);
  else
    {
      if (item->first <= LAST_BMP)
        add_lowered (out, item->first, LAST_BMP, flags);
      add (out, item->first, item->last);
      for (guint i = 0; i < py_unicode_upper_runs_len; i++)
        {
          const PyCaseRun *run = &py_unicode_upper_runs[i];

          for (gunichar c = run->first; c <= run->last; c += run->step)
            if (py_unichar_upper (c) >= item->first && py_unichar_upper (c) <= item->last)
              add (out, c, c);
        }
    }
}

/* --- categories --- */

/* As py_unichar_is_space() has them */
static void
add_spaces (GArray *out, gboolean ascii)
{
  static const PyCharRange ascii_spaces[] = { { 0x09, 0x0d }, { ' ', ' ' } };
  static const PyCharRange spaces[]
      = { { 0x09, 0x0d },     { 0x1c, 0x20 },     { 0x85, 0x85 },     { 0xa0, 0xa0 },     { 0x1680, 0x1680 },
          { 0x2000, 0x200a }, { 0x2028, 0x2029 }, { 0x202f, 0x202f }, { 0x205f, 0x205f }, { 0x3000, 0x3000 } };

  if (ascii)
    g_array_append_vals (out, ascii_spaces, G_N_ELEMENTS (ascii_spaces));
  else
    g_array_append_vals (out, spaces, G_N_ELEMENTS (spaces));
}

static void
add_category (PyCharset *self, const PySetItem *item, guint flags)
{
  gboolean ascii = (flags & PY_REGEX_FLAG_ASCII) != 0;
  g_autoptr (GArray) ranges = g_array_new (FALSE, FALSE, sizeof (PyCharRange));

  if (item->category == PY_CATEGORY_SPACE)
    add_spaces (ranges, ascii);
  else
    {
      add (ranges, '0', '9');
      if (item->category == PY_CATEGORY_WORD)
        {
          add (ranges, 'A', 'Z');
          add (ranges, '_', '_');
          add (ranges, 'a', 'z');
        }
    }
  if (item->negated)
    {
      g_autoptr (GArray) rest = complement (ranges);
      GArray *swap = ranges;

      ranges = g_steal_pointer (&rest);
      rest = swap;
      if (!ascii && item->category != PY_CATEGORY_SPACE)
        {
          PyCharRange *last = &g_array_index (ranges, PyCharRange, ranges->len - 1);
          last->last = 0x7f; /* beyond that the name says it */
        }
    }
  g_array_append_vals (self->ranges, ranges->data, ranges->len);
  if (ascii || item->category == PY_CATEGORY_SPACE)
    return;
  if (item->category == PY_CATEGORY_DIGIT)
    *(item->negated ? &self->no_digit : &self->digit) = TRUE;
  else
    *(item->negated ? &self->no_word : &self->word) = TRUE;
}

/* --- nodes --- */

static gboolean
items_are_cased (const PyNode *node, guint flags)
{
  for (guint i = 0; i < node->items->len; i++)
    {
      const PySetItem *item = &g_array_index (node->items, PySetItem, i);

      if (item->category == PY_CATEGORY_NONE && range_is_cased (item->first, item->last, flags))
        return TRUE;
    }
  return FALSE;
}

static PyCharset *
charset_of_literal (gunichar c, guint flags)
{
  PyCharset *self = py_charset_new ();

  if (!(flags & PY_REGEX_FLAG_IGNORECASE) || !is_cased (c, flags))
    {
      add (self->ranges, c, c);
      return self;
    }
  g_autoptr (GArray) lowered = g_array_new (FALSE, FALSE, sizeof (PyCharRange));
  add_lowered (lowered, c, c, flags);
  g_array_unref (self->ranges);
  self->ranges = fold (lowered, flags);
  return self;
}

PyCharset *
py_charset_of_node (const PyNode *node, guint flags)
{
  const PySetItem *only = node->type == PY_NODE_SET ? &g_array_index (node->items, PySetItem, 0) : NULL;

  if (node->type == PY_NODE_LITERAL)
    return charset_of_literal (node->value, flags);
  if (node->items->len == 1 && only->category == PY_CATEGORY_NONE && !only->is_range)
    return charset_of_literal (only->first, flags);

  PyCharset *self = py_charset_new ();
  gboolean folded = (flags & PY_REGEX_FLAG_IGNORECASE) && items_are_cased (node, flags);
  g_autoptr (GArray) lowered = g_array_new (FALSE, FALSE, sizeof (PyCharRange));
  for (guint i = 0; i < node->items->len; i++)
    {
      const PySetItem *item = &g_array_index (node->items, PySetItem, i);

      if (item->category == PY_CATEGORY_NONE && folded)
        add_folded_item (lowered, item, flags);
      else if (item->category == PY_CATEGORY_NONE)
        add (self->ranges, item->first, item->last);
    }
  if (folded)
    {
      g_array_unref (self->ranges);
      self->ranges = fold (lowered, flags);
    }
  for (guint i = 0; i < node->items->len; i++)
    if (g_array_index (node->items, PySetItem, i).category != PY_CATEGORY_NONE)
      add_category (self, &g_array_index (node->items, PySetItem, i), flags);
  normalize (self->ranges);
  return self;
}

gboolean
py_charset_contains (const PyCharset *self, gunichar c)
{
  return contains (self->ranges, c);
}

gboolean
py_charset_is_full (const PyCharset *self)
{
  const PyCharRange *first = &g_array_index (self->ranges, PyCharRange, 0);

  return (self->digit && self->no_digit) || (self->word && self->no_word)
         || (self->ranges->len == 1 && first->first == 0 && first->last == PY_UNICHAR_LAST);
}
