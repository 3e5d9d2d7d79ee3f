#include "compat/py-regex-reach.h"

#include <string.h>

#include "compat/py-charset.h"

#define BEYOND_ASCII 0x80u
#define SET_SIZE     sizeof ((PyRegexReach *) NULL)->sets[0]

static void
add_set (PyRegexReach *self, const guint8 *set)
{
  for (guint i = 0; i < self->n_sets; i++)
    if (memcmp (self->sets[i], set, sizeof self->sets[i]) == 0)
      return;
  if (self->n_sets == PY_REACH_SETS)
    self->has_more = TRUE;
  else
    memcpy (self->sets[self->n_sets++], set, sizeof self->sets[0]);
}

/* A sequence of one is that one. */
static const PyNode *
strip (const PyNode *node)
{
  while (node->type == PY_NODE_SEQUENCE && node->first != NULL && node->first->next == NULL)
    node = node->first;
  return node;
}

/* The bytes that a single character can be.  FALSE: it is none */
static gboolean
set_of (const PyNode *node, guint flags, guint8 *ret_set)
{
  if (node->type != PY_NODE_LITERAL && node->type != PY_NODE_SET && node->type != PY_NODE_ANY)
    return FALSE;
  memset (ret_set, 0xff, SET_SIZE);
  if (node->type == PY_NODE_ANY)
    {
      if (!(flags & PY_REGEX_FLAG_DOTALL))
        ret_set['\n' / 8] &= (guint8) ~(1u << ('\n' % 8));
      return TRUE;
    }
  g_autoptr (PyCharset) chars = py_charset_of_node (node, flags);
  for (guint c = 0; c < BEYOND_ASCII; c++)
    if (py_charset_contains (chars, c) == node->negated)
      ret_set[c / 8] &= (guint8) ~(1u << (c % 8));
  return TRUE;
}

/* Each place where such a repeat ends is a step of its own when what comes next may be one of its characters; not so a literal, which
 * PCRE2 looks for while it runs.  In doubt a step runs over all. */
static gboolean
ends_are_steps (const guint8 *set, const PyNode *next, guint flags)
{
  guint8 other[SET_SIZE];

  if (next == NULL || next->type == PY_NODE_LITERAL)
    return FALSE;
  if (next->type == PY_NODE_REPEAT)
    {
      if (next->min == 0)
        return FALSE;
      next = strip (next->first);
    }
  if (!set_of (next, flags, other))
    return FALSE;
  for (guint c = 0; c < BEYOND_ASCII; c++)
    if (set[c / 8] & other[c / 8] & (1u << (c % 8)))
      return TRUE;
  return FALSE;
}

/* next: what comes behind the last of these; again: these themselves may */
static void
add_nodes (PyRegexReach *self, const PyNode *first, guint flags, gboolean siblings, const PyNode *next, gboolean again)
{
  guint8 set[SET_SIZE];

  for (const PyNode *node = first; node != NULL; node = node->next)
    {
      guint inner = node->type == PY_NODE_GROUP ? py_flags_combine (flags, node) : flags;
      const PyNode *behind = siblings && node->next != NULL ? node->next : next;
      gboolean is_last = !siblings || node->next == NULL;
      gboolean repeats = node->type == PY_NODE_REPEAT && node->max > 1;

      if (node->type == PY_NODE_REPEAT && node->max == PY_REPEAT_INFINITE
          && set_of (strip (node->first), flags, set)
          && (node->mode == PY_REPEAT_POSSESSIVE || !((again && is_last) || ends_are_steps (set, behind, flags))))
        add_set (self, set);
      add_nodes (self, node->first, inner, node->type == PY_NODE_SEQUENCE, behind, repeats || (again && is_last));
    }
}

void
py_regex_reach_init (PyRegexReach *self, const PyTree *tree)
{
  memset (self, 0, sizeof *self);
  add_nodes (self, tree->root, tree->flags, FALSE, NULL, FALSE);
}

gsize
py_regex_reach_of (const PyRegexReach *self, const char *subject, gsize len)
{
  gsize most = 0;

  if (self->has_more)
    return len;
  for (guint i = 0; i < self->n_sets; i++)
    {
      const guint8 *set = self->sets[i];
      gsize run = 0;

      for (gsize at = 0; at < len; at++)
        {
          guint8 byte = (guint8) subject[at];

          run = set[byte / 8] & (1u << (byte % 8)) ? run + 1 : 0;
          most = MAX (most, run);
        }
    }
  return most;
}
