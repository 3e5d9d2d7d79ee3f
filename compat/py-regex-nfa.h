/* py-regex-nfa.h - the tree -> steps that an automaton takes through a text of ASCII
 *
 * Private to compat/py-regex-automaton.c and compat/py-regex-spans.c.  What cannot be said in such steps (most look-arounds, back-references, what is never gone back
 * into) is replaced by something that matches more, and the whole is then not `exact`: it only tells what cannot match.
 * Of two ways a step's `next` is the one that a search tries first.
 * Must not: grow beyond its bounds, whatever repeats a pattern has.
 */
#pragma once

#include "compat/py-regex-ast.h"

#define PY_NFA_STEPS_MOST 1024

/* What a place lies between is known of the text before it, and of the symbol that comes next. */
typedef enum
{
  PY_NFA_AT_START,
  PY_NFA_AT_LINE_START,    /* also after a newline */
  PY_NFA_AT_END,           /* of the text */
  PY_NFA_AT_LINE_END,      /* before any newline, or at the end */
  PY_NFA_AT_LAST_LINE_END, /* before a newline that is the last byte, or at the end */
  PY_NFA_AT_BOUNDARY,
  PY_NFA_AT_NON_BOUNDARY,
  PY_NFA_AT_BEHIND_ONE,     /* behind a character of `bytes` */
  PY_NFA_AT_NOT_BEHIND_ONE, /* not behind one: behind another, or at the start */
  PY_NFA_AT_BEFORE_ONE,
  PY_NFA_AT_NOT_BEFORE_ONE,
} PyNfaPlace;

typedef enum
{
  PY_NFA_TAKE,   /* a character of `bytes`, then `next` */
  PY_NFA_SPLIT,  /* `next` or `other` */
  PY_NFA_AT,     /* `next` if this is `place` */
  PY_NFA_TAG,    /* a group begins or ends here, then `next` */
  PY_NFA_ACCEPT, /* matched */
} PyNfaOp;

typedef struct
{
  PyNfaOp op;
  PyNfaPlace place;
  guint16 next, other;
  guint16 tag;      /* 2 * group, + 1 where it ends */
  guint64 bytes[2]; /* a bit for each ASCII character */
  gboolean is_dot;  /* whatever is not ASCII is taken, too */
} PyNfaStep;

typedef struct
{
  GArray *steps; /* of PyNfaStep */
  guint16 start;
  gboolean exact;
  gboolean is_ordered; /* and the first way that leads to the end is the one that a search finds, with the tags on it */
} PyNfa;

/* NULL: it would have too many steps.  Without tags there are fewer. */
PyNfa *py_nfa_new (PyTree *tree, gboolean with_tags);
void py_nfa_free (PyNfa *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PyNfa, py_nfa_free)

static inline const PyNfaStep *
py_nfa_step (const PyNfa *self, guint index)
{
  return &g_array_index (self->steps, PyNfaStep, index);
}

static inline gboolean
py_nfa_takes (const PyNfaStep *step, guint byte)
{
  return (step->bytes[byte / 64] >> (byte % 64)) & 1;
}
