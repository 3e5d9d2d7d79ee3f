#include "compat/py-regex-need.h"

#include <string.h>

#include "compat/py-charset.h"
#include "compat/py-unicode-data.h"

/* Shorter texts are in nearly every line. */
#define TEXT_LEAST 3

static void
add_byte (PyRegexNeed *self, guint byte)
{
  self->start[byte / 8] |= (guint8) (1u << (byte % 8));
}

static void
add_bytes (PyRegexNeed *self, guint from, guint to)
{
  for (guint byte = from; byte <= to; byte++)
    add_byte (self, byte);
}

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

/* --- with which bytes --------------------------------------------------------------------------------------------- */
static void
add_charset (PyRegexNeed *self, const PyNode *node, guint flags)
{
  g_autoptr (PyCharset) set = py_charset_of_node (node, flags);
  gboolean beyond_ascii = node->negated || set->digit || set->no_digit || set->word || set->no_word;

  for (guint c = 0; c < 0x80; c++)
    if (py_charset_contains (set, c) != node->negated)
      add_byte (self, c);
  for (guint i = 0; i < set->ranges->len && !beyond_ascii; i++)
    beyond_ascii = g_array_index (set->ranges, PyCharRange, i).last >= 0x80;
  if (beyond_ascii)
    add_bytes (self, 0x80, 0xff);
}

static gboolean add_first (PyRegexNeed *self, const PyNode *node, guint flags);

/* Of nodes in a row: those behind count while the ones before may be empty. */
static gboolean
add_first_of_sequence (PyRegexNeed *self, const PyNode *sequence, guint flags)
{
  for (const PyNode *node = sequence->first; node != NULL; node = node->next)
    if (!add_first (self, node, flags))
      return FALSE;
  return TRUE;
}

static gboolean
add_first_of_any (PyRegexNeed *self, const PyNode *first, guint flags)
{
  gboolean may_be_empty = FALSE;

  for (const PyNode *node = first; node != NULL; node = node->next)
    if (add_first (self, node, flags))
      may_be_empty = TRUE;
  return may_be_empty;
}

/* Adds the bytes that what the node matches can begin with; TRUE when it can also match nothing. */
static gboolean
add_first (PyRegexNeed *self, const PyNode *node, guint flags)
{
  switch (node->type)
    {
    case PY_NODE_SEQUENCE:
      return add_first_of_sequence (self, node, flags);
    case PY_NODE_BRANCH:
      return add_first_of_any (self, node->first, flags);
    case PY_NODE_CONDITION:
      return add_first_of_any (self, node->first, flags) || node->first->next == NULL;
    case PY_NODE_LITERAL:
    case PY_NODE_SET:
      add_charset (self, node, flags);
      return FALSE;
    case PY_NODE_ANY:
      add_bytes (self, 0, 0xff);
      return FALSE;
    case PY_NODE_GROUP:
      return add_first (self, node->first, py_flags_combine (flags, node));
    case PY_NODE_ATOMIC:
      return add_first (self, node->first, flags);
    case PY_NODE_REPEAT:
      if (node->max == 0)
        return TRUE;
      return add_first (self, node->first, flags) || node->min == 0;
    case PY_NODE_BACKREF:
      add_bytes (self, 0, 0xff);
      return TRUE;
    case PY_NODE_AT:
    case PY_NODE_LOOK:
    default:
      return TRUE;
    }
}

/* --- a text that it contains -------------------------------------------------------------------------------------- */
typedef struct
{
  GString *run; /* literals in a row so far */
  GString *best;
} Texts;

static void
end_run (Texts *texts)
{
  if (texts->run->len > texts->best->len)
    g_string_assign (texts->best, texts->run->str);
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
  Texts texts = { g_string_new (NULL), g_string_new (NULL) };

  add_texts (&texts, tree->root, tree->flags);
  end_run (&texts);
  g_string_free (texts.run, TRUE);
  self->text_len = texts.best->len;
  self->text = g_string_free (texts.best, FALSE);
  if (self->text_len < TEXT_LEAST)
    g_clear_pointer (&self->text, g_free);
}

/* ------------------------------------------------------------------------------------------------------------------ */
void
py_regex_need_init (PyRegexNeed *self, PyTree *tree)
{
  *self = (PyRegexNeed){ 0 };
  if (is_tied_to_start (tree, tree->root, tree->flags))
    self->has_start = !add_first (self, tree->root, tree->flags);
  find_text (self, tree);
}

void
py_regex_need_clear (PyRegexNeed *self)
{
  g_clear_pointer (&self->text, g_free);
}

gboolean
py_regex_need_allows_start (const PyRegexNeed *self, guint8 byte)
{
  return !self->has_start || (self->start[byte / 8] & (1u << (byte % 8)));
}

gboolean
py_regex_need_is_met (const PyRegexNeed *self, const char *subject, gsize len)
{
  if (self->has_start && (len == 0 || !py_regex_need_allows_start (self, (guint8) *subject)))
    return FALSE;
  return self->text == NULL || memmem (subject, len, self->text, self->text_len) != NULL;
}
