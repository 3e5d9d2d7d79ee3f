#include "compat/py-regex-nfa.h"

#include <string.h>

#include "compat/py-charset.h"

#define N_ASCII     128
#define WORD_MOST   16
#define VISITS_MOST 16384 /* of nodes: repeats of what takes no steps end here */
#define WORK_MOST   (4 * 1024 * 1024) /* bytes that were asked for and places of copies, for looks: some 20 ms */

typedef struct
{
  PyTree *tree;
  PyNfa *nfa;
  guint visits;
  gsize work; /* what looks have cost, see may_work() */
  guint open_loops; /* whose first step leads nowhere yet */
  gboolean with_tags;
  gboolean failed;
} Builder;

/* The pattern is built from its end: each piece is told the step that follows it and gives the one that it begins with. */
static guint16 build (Builder *self, PyNode *node, guint flags, guint16 next);
static guint16 build_sequence (Builder *self, PyNode *first, guint flags, guint16 next);

/* --- steps -------------------------------------------------------------------------------------------------------- */
static guint16
add_step (Builder *self, PyNfaOp op, guint16 next)
{
  PyNfaStep step = { .op = op, .next = next, .other = next };

  if (self->nfa->steps->len == PY_NFA_STEPS_MOST)
    {
      self->failed = TRUE;
      return 0;
    }
  g_array_append_val (self->nfa->steps, step);
  return (guint16) (self->nfa->steps->len - 1);
}

static PyNfaStep *
get_step (Builder *self, guint16 index)
{
  return &g_array_index (self->nfa->steps, PyNfaStep, index);
}

static guint16
add_split (Builder *self, guint16 next, guint16 other)
{
  guint16 index = add_step (self, PY_NFA_SPLIT, next);

  get_step (self, index)->other = other;
  return index;
}

/* Of going on with a repeat or leaving it: the greedy one goes on first. */
static guint16
add_choice (Builder *self, PyRepeatMode mode, guint16 on, guint16 out)
{
  return mode == PY_REPEAT_LAZY ? add_split (self, out, on) : add_split (self, on, out);
}

static guint16
add_tag (Builder *self, guint tag, guint16 next)
{
  guint16 index;

  if (!self->with_tags)
    return next;
  index = add_step (self, PY_NFA_TAG, next);
  get_step (self, index)->tag = (guint16) tag;
  return index;
}

/* --- characters and places ---------------------------------------------------------------------------------------- */
static void
add_bytes (PyNfaStep *step, const PyNode *node, guint flags)
{
  g_autoptr (PyCharset) set = py_charset_of_node (node, flags);

  for (guint c = 0; c < N_ASCII; c++)
    if (py_charset_contains (set, c) != node->negated)
      step->bytes[c / 64] |= (guint64) 1 << (c % 64);
}

static guint16
build_charset (Builder *self, const PyNode *node, guint flags, guint16 next)
{
  guint16 index = add_step (self, PY_NFA_TAKE, next);

  if (!self->failed)
    add_bytes (get_step (self, index), node, flags);
  return index;
}

static guint16
build_any (Builder *self, gboolean newline, guint16 next)
{
  guint16 index = add_step (self, PY_NFA_TAKE, next);
  PyNfaStep *step = get_step (self, index);

  if (self->failed)
    return 0;
  step->bytes[0] = newline ? G_MAXUINT64 : ~((guint64) 1 << '\n');
  step->bytes[1] = G_MAXUINT64;
  step->is_dot = TRUE;
  return index;
}

static PyNfaPlace
place_of (PyAt at, gboolean multiline)
{
  switch (at)
    {
    case PY_AT_LINE_START:
      return multiline ? PY_NFA_AT_LINE_START : PY_NFA_AT_START;
    case PY_AT_LINE_END:
      return multiline ? PY_NFA_AT_LINE_END : PY_NFA_AT_LAST_LINE_END;
    case PY_AT_START:
      return PY_NFA_AT_START;
    case PY_AT_END:
      return PY_NFA_AT_END;
    case PY_AT_BOUNDARY:
      return PY_NFA_AT_BOUNDARY;
    case PY_AT_NON_BOUNDARY:
    default:
      return PY_NFA_AT_NON_BOUNDARY;
    }
}

static guint16
build_at (Builder *self, PyAt at, guint flags, guint16 next)
{
  guint16 index = add_step (self, PY_NFA_AT, next);

  get_step (self, index)->place = place_of (at, (flags & PY_REGEX_FLAG_MULTILINE) != 0);
  return index;
}

/* --- what must not follow ------------------------------------------------------------------------------------------
 * "(?!word)": what follows is copied once for each character of the word that the text had so far.  What takes another character than the
 * word's next one goes on where it always did. */
typedef struct
{
  PyNfaStep chars[WORD_MOST]; /* their bytes */
  guint n;
  guint16 *copies; /* of step i after k characters: [i * n + k], 0: none yet */
} Word;

static guint16 copy_without (Builder *self, Word *word, guint16 index, guint k);

/* A step that takes the word's next character, of those that `bytes` has; 0: it would be the last one, or there is none. */
static guint16
add_word_step (Builder *self, Word *word, const guint64 *bytes, guint16 next, guint k)
{
  guint64 low = bytes[0] & word->chars[k].bytes[0], high = bytes[1] & word->chars[k].bytes[1];
  guint16 index;

  if (k + 1 == word->n || (low | high) == 0)
    return 0;
  index = add_step (self, PY_NFA_TAKE, copy_without (self, word, next, k + 1));
  get_step (self, index)->bytes[0] = low;
  get_step (self, index)->bytes[1] = high;
  return index;
}

static guint16
copy_take (Builder *self, Word *word, const PyNfaStep *step, guint k)
{
  guint16 in_word = add_word_step (self, word, step->bytes, step->next, k), other;

  other = add_step (self, PY_NFA_TAKE, step->next);
  for (guint i = 0; i < 2 && !self->failed; i++)
    get_step (self, other)->bytes[i] = step->bytes[i] & ~word->chars[k].bytes[i];
  return in_word != 0 ? add_split (self, in_word, other) : other;
}

/* The match is over, and the word may still be there. */
static guint16
copy_accept (Builder *self, Word *word, guint16 index, guint k)
{
  static const guint64 all[2] = { G_MAXUINT64, G_MAXUINT64 };
  guint16 in_word = add_word_step (self, word, all, index, k), other = add_step (self, PY_NFA_AT, index);

  if (self->failed)
    return 0;
  get_step (self, other)->place = PY_NFA_AT_NOT_BEFORE_ONE;
  memcpy (get_step (self, other)->bytes, word->chars[k].bytes, sizeof word->chars[k].bytes);
  return in_word != 0 ? add_split (self, in_word, other) : other;
}

static guint16
copy_without (Builder *self, Word *word, guint16 index, guint k)
{
  guint16 *copy = &word->copies[index * word->n + k], at, next;
  PyNfaStep step = *get_step (self, index);

  if (*copy != 0 || self->failed)
    return *copy;
  if (step.op == PY_NFA_TAKE)
    return *copy = copy_take (self, word, &step, k);
  if (step.op == PY_NFA_ACCEPT)
    return *copy = copy_accept (self, word, index, k);
  *copy = at = add_step (self, step.op, 0); /* before what follows, which may come back here */
  if (self->failed)
    return 0;
  *get_step (self, at) = step;
  next = copy_without (self, word, step.next, k);
  get_step (self, at)->next = next;
  next = step.op == PY_NFA_SPLIT ? copy_without (self, word, step.other, k) : next;
  get_step (self, at)->other = next;
  return at;
}

/* A look may be repeated thousands of times, and each time costs more than a step. */
static gboolean
may_work (Builder *self, gsize work)
{
  self->work += work;
  self->failed |= self->work > WORK_MOST;
  return !self->failed;
}

static gboolean
is_word (const PyNode *sequence)
{
  guint n = 0;

  for (const PyNode *node = sequence->first; node != NULL; node = node->next)
    if (++n > WORD_MOST || (node->type != PY_NODE_LITERAL && node->type != PY_NODE_SET))
      return FALSE;
  return n > 0;
}

static gboolean
read_word (Builder *self, const PyNode *sequence, guint flags, Word *word)
{
  memset (word, 0, sizeof *word);
  if (!is_word (sequence))
    return FALSE;
  for (const PyNode *node = sequence->first; node != NULL && may_work (self, N_ASCII); node = node->next)
    add_bytes (&word->chars[word->n++], node, flags);
  return TRUE;
}

/* --- looks -------------------------------------------------------------------------------------------------------- */
/* A look at one character is a place; a word that must not follow leaves copies; else whatever the look would find is taken for found. */
static guint16
build_look (Builder *self, const PyNode *node, guint flags, guint16 next)
{
  Word word;
  guint16 index;

  if (!read_word (self, node->first, flags, &word)
      || (word.n > 1 && (node->behind || !node->negated || self->open_loops > 0)))
    {
      self->nfa->exact = FALSE;
      return next;
    }
  if (self->failed || (word.n > 1 && !may_work (self, (gsize) self->nfa->steps->len * word.n)))
    return 0;
  if (word.n > 1)
    {
      g_autofree guint16 *copies = g_new0 (guint16, self->nfa->steps->len * word.n);

      word.copies = copies;
      return copy_without (self, &word, next, 0);
    }
  index = add_step (self, PY_NFA_AT, next);
  if (self->failed)
    return 0;
  if (node->behind)
    get_step (self, index)->place = node->negated ? PY_NFA_AT_NOT_BEHIND_ONE : PY_NFA_AT_BEHIND_ONE;
  else
    get_step (self, index)->place = node->negated ? PY_NFA_AT_NOT_BEFORE_ONE : PY_NFA_AT_BEFORE_ONE;
  memcpy (get_step (self, index)->bytes, word.chars[0].bytes, sizeof word.chars[0].bytes);
  return index;
}

/* --- what is made of others --------------------------------------------------------------------------------------- */
static guint16
build_star (Builder *self, const PyNode *node, guint flags, guint16 next)
{
  guint16 loop = add_choice (self, node->mode, next, next), body;

  if (self->failed)
    return 0;
  self->open_loops++;
  body = build (self, node->first, flags, loop);
  self->open_loops--;
  if (node->mode == PY_REPEAT_LAZY)
    get_step (self, loop)->other = body;
  else
    get_step (self, loop)->next = body;
  return loop;
}

/* What may be nothing can be repeated without an end: a search then stops in its own way. */
static gboolean
repeats_nothing (Builder *self, const PyNode *node)
{
  guint64 low, high;

  if (node->max <= 1)
    return FALSE;
  py_node_width_of_one (self->tree, node->first, &low, &high);
  return low == 0;
}

static guint16
build_repeat (Builder *self, const PyNode *node, guint flags, guint16 next)
{
  guint16 at = next;

  if (self->with_tags && repeats_nothing (self, node))
    self->nfa->is_ordered = FALSE;
  if (node->max == PY_REPEAT_INFINITE)
    at = build_star (self, node, flags, next);
  else
    for (guint32 i = node->min; i < node->max && !self->failed; i++)
      at = add_choice (self, node->mode, build (self, node->first, flags, at), next);
  for (guint32 i = 0; i < node->min && !self->failed; i++)
    at = build (self, node->first, flags, at);
  return at;
}

static guint16
build_branch (Builder *self, const PyNode *first, guint flags, guint16 next)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new ();
  guint16 at = 0;

  for (PyNode *node = (PyNode *) first; node != NULL; node = node->next)
    g_ptr_array_add (nodes, node);
  for (guint i = nodes->len; i > 0 && !self->failed; i--)
    {
      guint16 begin = build (self, g_ptr_array_index (nodes, i - 1), flags, next);

      at = i == nodes->len ? begin : add_split (self, begin, at);
    }
  return at;
}

/* Anything, or nothing */
static guint16
build_anything (Builder *self, guint16 next)
{
  guint16 loop = add_split (self, next, next), any;

  if (self->failed)
    return 0;
  any = build_any (self, TRUE, loop);
  get_step (self, loop)->next = any;
  return loop;
}

static guint16
build_condition (Builder *self, const PyNode *node, guint flags, guint16 next)
{
  guint16 at = build_branch (self, node->first, flags, next);

  return node->first->next != NULL ? at : add_split (self, at, next);
}

/* --- a look-ahead before the rest of the line -----------------------------------------------------------------------
 * "(?=X).+$" at a pattern's end is "X.*$", when X takes something and no newline: the dots go past X in any case. */
static gboolean
takes_no_newline (const PyNode *node, guint flags)
{
  switch (node->type)
    {
    case PY_NODE_SEQUENCE:
    case PY_NODE_BRANCH:
      for (const PyNode *child = node->first; child != NULL; child = child->next)
        if (!takes_no_newline (child, flags))
          return FALSE;
      return TRUE;
    case PY_NODE_GROUP:
      return takes_no_newline (node->first, py_flags_combine (flags, node));
    case PY_NODE_REPEAT:
      return node->mode != PY_REPEAT_POSSESSIVE && takes_no_newline (node->first, flags);
    case PY_NODE_ANY:
      return (flags & PY_REGEX_FLAG_DOTALL) == 0;
    case PY_NODE_LITERAL:
    case PY_NODE_SET:
      {
        g_autoptr (PyCharset) set = py_charset_of_node (node, flags);
        return py_charset_contains (set, '\n') == node->negated;
      }
    case PY_NODE_AT:
    case PY_NODE_ATOMIC:
    case PY_NODE_LOOK:
    case PY_NODE_BACKREF:
    case PY_NODE_CONDITION:
    default:
      return FALSE;
    }
}

static gboolean
is_dots (const PyNode *node)
{
  if (node->type == PY_NODE_GROUP && node->add_flags == 0 && node->del_flags == 0 && node->first->first != NULL
      && node->first->first->next == NULL)
    node = node->first->first;
  return node->type == PY_NODE_REPEAT && node->first->type == PY_NODE_ANY && node->min <= 1
         && node->max == PY_REPEAT_INFINITE;
}

static gboolean
is_pattern_end (const PyNfaStep *step)
{
  return step->op == PY_NFA_ACCEPT || (step->op == PY_NFA_TAG && step->tag == 1);
}

static gboolean
captures (const PyNode *node)
{
  if (node->type == PY_NODE_GROUP && node->value != 0)
    return TRUE;
  for (const PyNode *child = node->first; child != NULL; child = child->next)
    if (captures (child))
      return TRUE;
  return FALSE;
}

static gboolean
is_look_at_rest (Builder *self, const PyNode *node, guint flags, guint16 next)
{
  const PyNode *dots = node->next, *end = dots != NULL ? dots->next : NULL;
  guint64 low, high;

  if (node->type != PY_NODE_LOOK || node->negated || node->behind || end == NULL || end->next != NULL
      || end->type != PY_NODE_AT || end->value != PY_AT_LINE_END || !is_dots (dots) || (flags & PY_REGEX_FLAG_DOTALL)
      || !is_pattern_end (get_step (self, next)))
    return FALSE;
  py_node_width (self->tree, node->first, &low, &high);
  return low > 0 && takes_no_newline (node->first, flags);
}

static guint16
build_look_at_rest (Builder *self, const PyNode *node, guint flags, guint16 next)
{
  const PyNode *dots = node->next;
  guint group = dots->type == PY_NODE_GROUP ? dots->value : 0;
  guint16 end = build_at (self, PY_AT_LINE_END, flags, next), loop, any, begin;

  if (self->failed)
    return 0;
  if (captures (node->first))
    self->nfa->is_ordered = FALSE; /* the look tries what it does before the dots do */
  if (group != 0)
    end = add_tag (self, 2 * group + 1, end);
  loop = add_split (self, end, end);
  if (self->failed)
    return 0;
  any = build_any (self, FALSE, loop);
  get_step (self, loop)->next = any;
  begin = build (self, node->first, flags, loop);
  return group != 0 ? add_tag (self, 2 * group, begin) : begin;
}

/* --- all of it ---------------------------------------------------------------------------------------------------- */
static guint16
build_sequence (Builder *self, PyNode *first, guint flags, guint16 next)
{
  g_autoptr (GPtrArray) nodes = g_ptr_array_new ();
  guint16 at = next;

  for (PyNode *node = first; node != NULL; node = node->next)
    {
      if (nodes->len == VISITS_MOST)
        {
          self->failed = TRUE;
          return 0;
        }
      g_ptr_array_add (nodes, node);
      if (!self->failed && is_look_at_rest (self, node, flags, next))
        {
          at = build_look_at_rest (self, node, flags, next);
          g_ptr_array_set_size (nodes, (gint) nodes->len - 1);
          break;
        }
    }
  for (guint i = nodes->len; i > 0 && !self->failed; i--)
    at = build (self, g_ptr_array_index (nodes, i - 1), flags, at);
  return at;
}

static guint16
build_group (Builder *self, const PyNode *node, guint flags, guint16 next)
{
  guint16 at = node->value != 0 ? add_tag (self, 2 * node->value + 1, next) : next;

  at = build_sequence (self, node->first->first, py_flags_combine (flags, node), at);
  return node->value != 0 ? add_tag (self, 2 * node->value, at) : at;
}

static guint16
build (Builder *self, PyNode *node, guint flags, guint16 next)
{
  if (self->failed || self->visits++ == VISITS_MOST)
    {
      self->failed = TRUE;
      return 0;
    }
  switch (node->type)
    {
    case PY_NODE_SEQUENCE:
      return build_sequence (self, node->first, flags, next);
    case PY_NODE_BRANCH:
      return build_branch (self, node->first, flags, next);
    case PY_NODE_LITERAL:
    case PY_NODE_SET:
      return build_charset (self, node, flags, next);
    case PY_NODE_ANY:
      return build_any (self, (flags & PY_REGEX_FLAG_DOTALL) != 0, next);
    case PY_NODE_AT:
      return build_at (self, (PyAt) node->value, flags, next);
    case PY_NODE_REPEAT:
      if (node->mode == PY_REPEAT_POSSESSIVE)
        self->nfa->exact = FALSE;
      return build_repeat (self, node, flags, next);
    case PY_NODE_GROUP:
      return build_group (self, node, flags, next);
    case PY_NODE_ATOMIC:
      self->nfa->exact = FALSE;
      return build_sequence (self, node->first->first, flags, next);
    case PY_NODE_LOOK:
      return build_look (self, node, flags, next);
    case PY_NODE_CONDITION:
      self->nfa->exact = FALSE;
      return build_condition (self, node, flags, next);
    case PY_NODE_BACKREF:
    default:
      self->nfa->exact = FALSE;
      return build_anything (self, next);
    }
}

PyNfa *
py_nfa_new (PyTree *tree, gboolean with_tags)
{
  g_autoptr (PyNfa) self = g_new0 (PyNfa, 1);
  Builder builder = { .tree = tree, .nfa = self, .with_tags = with_tags };

  self->steps = g_array_new (FALSE, TRUE, sizeof (PyNfaStep));
  self->exact = self->is_ordered = TRUE;
  self->start = build (&builder, tree->root, tree->flags, add_tag (&builder, 1, add_step (&builder, PY_NFA_ACCEPT, 0)));
  self->is_ordered &= self->exact && with_tags;
  return builder.failed ? NULL : g_steal_pointer (&self);
}

void
py_nfa_free (PyNfa *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->steps);
  g_free (self);
}
