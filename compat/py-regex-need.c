#include "compat/py-regex-need.h"

#include <string.h>

#include "compat/py-charset.h"
#include "compat/py-unicode-data.h"

/* Shorter texts are in nearly every line. */
#define TEXT_LEAST 3
#define TEXTS_MOST 8 /* what eight do not turn away is searched */

/* --- where a match begins ----------------------------------------------------------------------------------------- */
static gboolean is_tied_to_start (const PyTree *tree, PyNode *node, guint flags);

static gboolean
is_sequence_tied (const PyTree *tree, const PyNode *sequence, guint flags)
{
  for (PyNode *node = sequence->first; node != NULL; node = node->next)
    {
      guint64 low, high;

      if (is_tied_to_start (tree, node, flags))
        return TRUE;
      py_node_width_of_one (tree, node, &low, &high);
      if (high > 0)
        return FALSE;
    }
  return FALSE;
}

/* Does the node only match at the subject's start?  A "no" may be wrong. */
static gboolean
is_tied_to_start (const PyTree *tree, PyNode *node, guint flags)
{
  switch (node->type)
    {
    case PY_NODE_AT:
      return node->value == PY_AT_START || (node->value == PY_AT_LINE_START && !(flags & PY_REGEX_FLAG_MULTILINE));
    case PY_NODE_SEQUENCE:
      return is_sequence_tied (tree, node, flags);
    case PY_NODE_BRANCH:
      for (PyNode *branch = node->first; branch != NULL; branch = branch->next)
        if (!is_tied_to_start (tree, branch, flags))
          return FALSE;
      return node->first != NULL;
    case PY_NODE_GROUP:
      return is_tied_to_start (tree, node->first, py_flags_combine (flags, node));
    case PY_NODE_ATOMIC:
      return is_tied_to_start (tree, node->first, flags);
    case PY_NODE_REPEAT:
      return node->min > 0 && is_tied_to_start (tree, node->first, flags);
    case PY_NODE_LITERAL:
    case PY_NODE_SET:
    case PY_NODE_ANY:
    case PY_NODE_LOOK:
    case PY_NODE_BACKREF:
    case PY_NODE_CONDITION:
    default:
      return FALSE;
    }
}

/* --- with which bytes ---------------------------------------------------------------------------------------------
 * The tree is walked with the set of places that lie in front of a node, a bit each, and gives those behind it. */
typedef guint Places;

#define ALL_PLACES   ((1u << PY_REGEX_PLACES) - 1)
#define CHAR_MOST    4 /* bytes of a character */
#define BEYOND_ASCII 0x80u

static void
add_bytes (PyRegexNeed *self, Places places, guint from, guint to)
{
  for (guint place = 0; place < PY_REGEX_PLACES; place++)
    for (guint byte = from; (places & (1u << place)) && byte <= to; byte++)
      self->start[place][byte / 8] |= (guint8) (1u << (byte % 8));
}

/* A character of several bytes, of which only the first is looked at: any of those that are no ASCII */
static Places
add_beyond_ascii (PyRegexNeed *self, Places places)
{
  Places behind = 0;

  for (guint i = 0; i < CHAR_MOST; i++)
    {
      add_bytes (self, places, BEYOND_ASCII, 0xff);
      places = places << 1 & ALL_PLACES;
      behind |= places;
    }
  return behind;
}

/* Anything from the first of these places on */
static void
add_anything (PyRegexNeed *self, Places places)
{
  if (places != 0)
    add_bytes (self, ALL_PLACES & ~((places & -places) - 1), 0, 0xff);
}

static Places
add_charset (PyRegexNeed *self, const PyNode *node, guint flags, Places places)
{
  g_autoptr (PyCharset) set = py_charset_of_node (node, flags);
  gboolean beyond_ascii = node->negated || set->digit || set->no_digit || set->word || set->no_word;
  Places behind = places << 1 & ALL_PLACES;

  for (guint c = 0; c < BEYOND_ASCII; c++)
    if (py_charset_contains (set, c) != node->negated)
      add_bytes (self, places, c, c);
  for (guint i = 0; i < set->ranges->len && !beyond_ascii; i++)
    beyond_ascii = g_array_index (set->ranges, PyCharRange, i).last >= BEYOND_ASCII;
  return beyond_ascii ? behind | add_beyond_ascii (self, places) : behind;
}

static Places add_node (PyRegexNeed *self, const PyNode *node, guint flags, Places places);

static Places
add_sequence (PyRegexNeed *self, const PyNode *sequence, guint flags, Places places)
{
  for (const PyNode *node = sequence->first; node != NULL && places != 0; node = node->next)
    places = add_node (self, node, flags, places);
  return places;
}

static Places
add_any_of (PyRegexNeed *self, const PyNode *first, guint flags, Places places)
{
  Places behind = 0;

  for (const PyNode *node = first; node != NULL; node = node->next)
    behind |= add_node (self, node, flags, places);
  return behind;
}

/* A round takes a character at least, or can be left out: after as many rounds as there are places no new ones come. */
static Places
add_repeat (PyRegexNeed *self, const PyNode *node, guint flags, Places places)
{
  Places behind = node->min == 0 ? places : 0;

  for (guint round = 1; round <= PY_REGEX_PLACES + 1 && round <= node->max && places != 0; round++)
    {
      places = add_node (self, node->first, flags, places);
      if (round >= node->min || round > PY_REGEX_PLACES)
        behind |= places;
    }
  return behind;
}

/* Adds the bytes that the node can match in these places; gives the places behind it. */
static Places
add_node (PyRegexNeed *self, const PyNode *node, guint flags, Places places)
{
  switch (node->type)
    {
    case PY_NODE_SEQUENCE:
      return add_sequence (self, node, flags, places);
    case PY_NODE_BRANCH:
      return add_any_of (self, node->first, flags, places);
    case PY_NODE_CONDITION:
      return add_any_of (self, node->first, flags, places) | (node->first->next == NULL ? places : 0);
    case PY_NODE_LITERAL:
    case PY_NODE_SET:
      return add_charset (self, node, flags, places);
    case PY_NODE_ANY:
      add_bytes (self, places, 0, BEYOND_ASCII - 1);
      return (places << 1 & ALL_PLACES) | add_beyond_ascii (self, places);
    case PY_NODE_GROUP:
      return add_node (self, node->first, py_flags_combine (flags, node), places);
    case PY_NODE_ATOMIC:
      return add_node (self, node->first, flags, places);
    case PY_NODE_REPEAT:
      return add_repeat (self, node, flags, places);
    case PY_NODE_BACKREF:
      add_anything (self, places);
      return places == 0 ? 0 : ALL_PLACES & ~((places & -places) - 1);
    case PY_NODE_AT:
    case PY_NODE_LOOK:
    default:
      return places;
    }
}

/* --- a text that it contains -------------------------------------------------------------------------------------- */
typedef struct
{
  GString *run; /* literals in a row so far */
  GString *best;
  GPtrArray *all;
} Texts;

static void
end_run (Texts *texts)
{
  if (texts->run->len > texts->best->len)
    g_string_assign (texts->best, texts->run->str);
  if (texts->run->len >= TEXT_LEAST && texts->all->len < TEXTS_MOST)
    g_ptr_array_add (texts->all, g_strndup (texts->run->str, texts->run->len));
  g_string_truncate (texts->run, 0);
}

static void add_texts (Texts *texts, const PyNode *node, guint flags);

static void
add_texts_of_sequence (Texts *texts, const PyNode *sequence, guint flags)
{
  for (const PyNode *node = sequence->first; node != NULL; node = node->next)
    add_texts (texts, node, flags);
}

/* NULs end a run, so that texts are plain strings; so do lone surrogates, which have no UTF-8. */
static void
add_literal (Texts *texts, gunichar c, guint flags)
{
  if ((flags & PY_REGEX_FLAG_IGNORECASE) || c == 0 || !g_unichar_validate (c))
    end_run (texts);
  else
    g_string_append_unichar (texts->run, c);
}

/* Only what takes part in every match is looked into. */
static void
add_texts (Texts *texts, const PyNode *node, guint flags)
{
  switch (node->type)
    {
    case PY_NODE_LITERAL:
      add_literal (texts, node->value, flags);
      return;
    case PY_NODE_SEQUENCE:
      add_texts_of_sequence (texts, node, flags);
      return;
    case PY_NODE_GROUP:
      add_texts (texts, node->first, py_flags_combine (flags, node));
      return;
    case PY_NODE_ATOMIC:
      add_texts (texts, node->first, flags);
      return;
    case PY_NODE_BRANCH:
      end_run (texts);
      if (node->first != NULL && node->first->next == NULL)
        add_texts (texts, node->first, flags);
      end_run (texts);
      return;
    case PY_NODE_REPEAT:
      end_run (texts);
      if (node->min > 0)
        add_texts (texts, node->first, flags);
      end_run (texts);
      return;
    case PY_NODE_AT: /* takes no characters: literals around it are neighbours */
    case PY_NODE_LOOK:
      return;
    case PY_NODE_SET:
    case PY_NODE_ANY:
    case PY_NODE_BACKREF:
    case PY_NODE_CONDITION:
    default:
      end_run (texts);
      return;
    }
}

static void
find_text (PyRegexNeed *self, const PyTree *tree)
{
  Texts texts = { g_string_new (NULL), g_string_new (NULL), g_ptr_array_new_with_free_func (g_free) };

  add_texts (&texts, tree->root, tree->flags);
  end_run (&texts);
  g_string_free (texts.run, TRUE);
  self->text_len = texts.best->len;
  self->text = g_string_free (texts.best, FALSE);
  self->texts = texts.all;
  self->needles = g_new0 (PyNeedle, self->texts->len);
  for (guint i = 0; i < self->texts->len; i++)
    {
      const char *text = g_ptr_array_index (self->texts, i);
      py_needle_init (&self->needles[i], text, strlen (text));
    }
  if (self->text_len < TEXT_LEAST)
    g_clear_pointer (&self->text, g_free);
  else
    py_needle_init (&self->needle, self->text, self->text_len);
}

/* --- what takes every line ----------------------------------------------------------------------------------------
 * One way through the tree is enough: the one that leaves out all that may be left out, when nothing but "^", dots and "$" is on it.  What
 * is never gone back into (atomic groups, possessive repeats) and what looks around is not understood. */
typedef enum
{
  WAY_BEGINS, /* nothing taken so far */
  WAY_DOTS,   /* one character, or any number from one on */
  WAY_ENDS,   /* behind the "$" */
  WAY_LOST,
} Way;

static Way go_on (const PyNode *node, Way way);

static Way
go_along (const PyNode *sequence, Way way)
{
  for (const PyNode *node = sequence->first; node != NULL && way != WAY_LOST; node = node->next)
    way = go_on (node, way);
  return way;
}

static Way
go_past (guint at, Way way)
{
  if ((at == PY_AT_START || at == PY_AT_LINE_START) && way == WAY_BEGINS)
    return WAY_BEGINS;
  return at == PY_AT_LINE_END && (way == WAY_DOTS || way == WAY_ENDS) ? WAY_ENDS : WAY_LOST;
}

static Way
go_round (const PyNode *repeat, Way way)
{
  if (repeat->mode == PY_REPEAT_POSSESSIVE)
    return WAY_LOST;
  if (repeat->min == 0)
    return way;
  if (repeat->first->type == PY_NODE_ANY && repeat->min == 1 && repeat->max == PY_REPEAT_INFINITE && way == WAY_BEGINS)
    return WAY_DOTS;
  return WAY_LOST;
}

static Way
go_on (const PyNode *node, Way way)
{
  Way next = WAY_LOST;

  switch (node->type)
    {
    case PY_NODE_AT:
      return go_past (node->value, way);
    case PY_NODE_REPEAT:
      return go_round (node, way);
    case PY_NODE_SEQUENCE:
      return go_along (node, way);
    case PY_NODE_GROUP:
      return go_along (node->first, way);
    case PY_NODE_BRANCH:
      for (const PyNode *branch = node->first; branch != NULL && next == WAY_LOST; branch = branch->next)
        next = go_along (branch, way);
      return next;
    case PY_NODE_LITERAL:
    case PY_NODE_SET:
    case PY_NODE_ANY:
    case PY_NODE_LOOK:
    case PY_NODE_BACKREF:
    case PY_NODE_CONDITION:
    case PY_NODE_ATOMIC:
    default:
      return WAY_LOST;
    }
}

/* ------------------------------------------------------------------------------------------------------------------ */
void
py_regex_need_init (PyRegexNeed *self, PyTree *tree)
{
  *self = (PyRegexNeed){ 0 };
  if (is_tied_to_start (tree, tree->root, tree->flags))
    {
      Places end = add_node (self, tree->root, tree->flags, 1);
      add_anything (self, end);
      self->has_start = (end & 1) == 0;
    }
  find_text (self, tree);
  Way way = go_along (tree->root, WAY_BEGINS);
  self->takes_lines = way == WAY_DOTS || way == WAY_ENDS;
}

void
py_regex_need_clear (PyRegexNeed *self)
{
  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->texts, g_ptr_array_unref);
  g_clear_pointer (&self->needles, g_free);
}

static inline gboolean
is_allowed (const PyRegexNeed *self, guint place, guint8 byte)
{
  return (self->start[place][byte / 8] & (1u << (byte % 8))) != 0;
}

gboolean
py_regex_need_allows (const PyRegexNeed *self, guint place, guint8 byte)
{
  return !self->has_start || is_allowed (self, place, byte);
}

gboolean
py_regex_need_is_met (const PyRegexNeed *self, const char *subject, gsize len)
{
  if (self->has_start && len == 0)
    return FALSE;
  for (guint i = 0; self->has_start && i < PY_REGEX_PLACES && i < len; i++)
    if (!is_allowed (self, i, (guint8) subject[i]))
      return FALSE;
  return self->text == NULL || py_needle_find (&self->needle, subject, subject + len) != NULL;
}

gboolean
py_regex_need_has_texts (const PyRegexNeed *self, const char *subject, gsize len)
{
  const char *at = subject, *end = subject + len;

  for (guint i = 0; i < self->texts->len; i++)
    {
      at = py_needle_find (&self->needles[i], at, end);
      if (at == NULL)
        return FALSE;
      at += self->needles[i].len;
    }
  return TRUE;
}

gboolean
py_regex_need_suffices (const PyRegexNeed *self, const char *subject, gsize len, PySearchFlags flags)
{
  if (!self->takes_lines || len == 0)
    return FALSE;
  gsize n = subject[len - 1] == '\n' ? len - 1 : len;
  return n > 0 && ((flags & PY_SEARCH_IS_LINE) || memchr (subject, '\n', n) == NULL);
}
