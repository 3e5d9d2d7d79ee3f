#include "compat/py-regex-emitter.h"

/* Repeats of a single character beyond what PCRE2 counts are written in blocks of half of that; see emit_many. */
#define BLOCK 32768

/* Nothing of that many characters is ever searched. */
#define BEYOND_ANY_SUBJECT (1u << 28)

static void
append_count (PyEmitter *self, guint32 min, guint32 max, PyRepeatMode mode)
{
  GString *out = self->out;

  if (min == 1 && max == 1)
    return;
  if (min == 0 && max == 1)
    g_string_append_c (out, '?');
  else if (max == PY_REPEAT_INFINITE && min <= 1)
    g_string_append_c (out, min == 0 ? '*' : '+');
  else if (max == PY_REPEAT_INFINITE)
    g_string_append_printf (out, "{%u,}", min);
  else if (min == max)
    g_string_append_printf (out, "{%u}", min);
  else
    g_string_append_printf (out, "{%u,%u}", min, max);
  g_string_append (out, mode == PY_REPEAT_LAZY ? "?" : mode == PY_REPEAT_POSSESSIVE ? "+" : "");
}

/* The single character that is all of the body, also as (?:x); NULL when it is more. */
static PyNode *
single_of (PyNode *body, guint *flags)
{
  PyNode *inner = body;

  if (body->type == PY_NODE_GROUP && body->value == 0)
    {
      *flags = py_flags_combine (*flags, body);
      inner = body->first->first;
    }
  return inner != NULL && inner->next == NULL && py_node_is_single (inner) ? inner : NULL;
}

/* What is repeated, as one item to which a count can be added */
static void
emit_repeated (PyEmitter *self, PyNode *body, guint flags)
{
  gboolean caseless = self->caseless;
  guint inner_flags = flags;
  PyNode *single = single_of (body, &inner_flags);

  if (single != NULL)
    {
      py_emit_sequence (self, single, inner_flags);
      return;
    }
  if (body->type == PY_NODE_GROUP || body->type == PY_NODE_ATOMIC)
    {
      py_emit_sequence (self, body, flags);
      return;
    }
  g_string_append (self->out, "(?:");
  py_emit_sequence (self, body, flags);
  g_string_append_c (self->out, ')');
  self->caseless = caseless;
}

static void
append_captures (PyEmitter *self, const PyNode *first)
{
  for (const PyNode *node = first; node != NULL; node = node->next)
    {
      if (node->type == PY_NODE_GROUP && node->value != 0)
        g_string_append (self->out, "()");
      append_captures (self, node->first);
    }
}

/* a{0}: of the body only its groups' numbers are left. */
static void
emit_no_repeat (PyEmitter *self, const PyNode *node)
{
  g_string_append (self->out, "(?:(?!)");
  append_captures (self, node->first);
  g_string_append (self->out, "|)");
}

/* A body that takes no characters is run once or not at all; PCRE2 wants to see that in a look-behind. */
static void
emit_empty_repeat (PyEmitter *self, const PyNode *node, guint flags)
{
  static const char *const openings[] = { "(?:", "(?:|", PY_EMIT_ATOMIC };
  gboolean caseless = self->caseless, lazy = node->mode == PY_REPEAT_LAZY;

  if (node->min > 0)
    {
      g_string_append (self->out, node->mode == PY_REPEAT_POSSESSIVE ? PY_EMIT_ATOMIC : "(?:");
      py_emit_sequence (self, node->first, flags);
    }
  else
    {
      g_string_append (self->out, openings[node->mode]);
      py_emit_sequence (self, node->first, flags);
      g_string_append (self->out, lazy ? "" : "|");
    }
  g_string_append_c (self->out, ')');
  self->caseless = caseless;
}

/* (?:x{32768}){min,max} */
static void
emit_blocks (PyEmitter *self, PyNode *body, guint32 min, guint32 max, PyRepeatMode mode, guint flags)
{
  gboolean caseless = self->caseless;

  g_string_append (self->out, "(?:");
  emit_repeated (self, body, flags);
  append_count (self, BLOCK, BLOCK, PY_REPEAT_GREEDY);
  g_string_append_c (self->out, ')');
  append_count (self, min, max, mode);
  self->caseless = caseless;
}

/* A single character more often than PCRE2 counts: in blocks.  The same number can come about in several ways, but what
 * was tried before has failed before, so it costs time only. */
static void
emit_many (PyEmitter *self, const PyNode *node, guint32 min, guint32 max, guint flags)
{
  PyRepeatMode mode = node->mode == PY_REPEAT_LAZY ? PY_REPEAT_LAZY : PY_REPEAT_GREEDY;
  gboolean caseless = self->caseless, infinite = max == PY_REPEAT_INFINITE;
  guint32 optional = max - min, blocks;

  g_string_append (self->out, node->mode == PY_REPEAT_POSSESSIVE ? PY_EMIT_ATOMIC : "(?:");
  emit_blocks (self, node->first, min / BLOCK, min / BLOCK, PY_REPEAT_GREEDY, flags);
  emit_repeated (self, node->first, flags);
  g_string_append_printf (self->out, "{%u}", min % BLOCK);
  if (!infinite && optional > PY_EMIT_MAX_COUNT)
    {
      blocks = (optional - (BLOCK - 1))
               / BLOCK; /* what is left is at least one less than a block: no number is left out */
      optional -= blocks * BLOCK;
      emit_blocks (self, node->first, 0, blocks, mode, flags);
    }
  emit_repeated (self, node->first, flags);
  append_count (self, 0, infinite ? PY_REPEAT_INFINITE : optional, mode);
  g_string_append_c (self->out, ')');
  self->caseless = caseless;
}

/* A group as often as possible, and never fewer times again.  As Python does it: no round is gone back into for the sake
 * of the next.  Not by PCRE2's own (...)*+, which forgets to reset the groups in it (10.42, JIT). */
static void
emit_possessive_group (PyEmitter *self, const PyNode *node, guint32 min, guint32 max, guint flags)
{
  gboolean caseless = self->caseless;

  g_string_append (self->out, PY_EMIT_ATOMIC);
  if (min > 1)
    {
      g_string_append (self->out, PY_EMIT_ATOMIC);
      py_emit_sequence (self, node->first, flags);
      g_string_append_c (self->out, ')');
      self->caseless = caseless;
    }
  else
    emit_repeated (self, node->first, flags);
  append_count (self, min, max, PY_REPEAT_GREEDY);
  g_string_append_c (self->out, ')');
  self->caseless = caseless;
}

/* More rounds than any subject has characters, or than PCRE2 can count.  TRUE: it is written. */
static gboolean
emit_odd_repeat (PyEmitter *self, const PyNode *node, guint32 min, guint32 max, guint flags)
{
  gboolean caseless = self->caseless;
  guint64 low, high;
  guint inner_flags = flags;
  gboolean single = single_of (node->first, &inner_flags) != NULL;

  py_node_width_of_one (self->tree, node->first, &low, &high);
  if (max == 0)
    emit_no_repeat (self, node);
  else if (high == 0 && (self->behind > 0 || min > PY_EMIT_MAX_COUNT))
    emit_empty_repeat (self, node, flags);
  else if (min > 0 && low > BEYOND_ANY_SUBJECT / min)
    {
      g_string_append (self->out, "(?:(?!)");
      py_emit_sequence (self, node->first, flags); /* its groups count */
      g_string_append_c (self->out, ')');
    }
  else if (single && (min > PY_EMIT_MAX_COUNT || (max > PY_EMIT_MAX_COUNT && max != PY_REPEAT_INFINITE)))
    emit_many (self, node, min, max, flags);
  else if (!single && node->mode == PY_REPEAT_POSSESSIVE && min <= PY_EMIT_MAX_COUNT)
    emit_possessive_group (self, node, min, max > PY_EMIT_MAX_COUNT ? PY_REPEAT_INFINITE : max, flags);
  else
    return FALSE;
  self->caseless = caseless;
  return TRUE;
}

void
py_emit_repeat (PyEmitter *self, const PyNode *node, guint flags)
{
  guint32 min = node->min, max = node->max > BEYOND_ANY_SUBJECT ? PY_REPEAT_INFINITE : node->max;

  if (emit_odd_repeat (self, node, min, max, flags))
    return;
  if (min > PY_EMIT_MAX_COUNT && self->error == NULL)
    g_set_error (&self->error, PY_REGEX_ERROR, PY_REGEX_ERROR_TOO_LARGE,
                 "regular expression is too large: a group is repeated more than %d times", PY_EMIT_MAX_COUNT);
  emit_repeated (self, node->first, flags);
  append_count (self, min, max > PY_EMIT_MAX_COUNT ? PY_REPEAT_INFINITE : max, node->mode);
}
