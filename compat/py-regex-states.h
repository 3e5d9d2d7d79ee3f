/* py-regex-states.h - the states of an automaton that tells whether a pattern matches, made as texts need them
 *
 * Private to compat/py-regex-automaton.c, which walks along them.  A state is the set of steps that the pattern may be at, and what stands
 * before the place as far as one of these asks for it.
 * Bounds: STATES_MOST and BYTES_MOST in the .c file; when there is no more room all states are made anew, unless they were not worth it.
 *   PY_STATES_WORK_MOST steps are looked at for the new states of one text, if who walks sets `work` to 0 before it.
 * Must not: read a text.
 */
#pragma once

#include "compat/py-regex-rows.h"

#define PY_STATES_WORK_MOST 200000 /* half a millisecond */

/* Where the table leads: to the row of a state, or below 0.  States that take any rest of a line are told as FIRST_SURE - row. */
#define PY_NEXT_NEW        (-1)
#define PY_NEXT_NOWHERE    (-2) /* no match any more */
#define PY_NEXT_MATCH      (-3)
#define PY_NEXT_LOST       (-4) /* not ASCII, or no room: then no state that was known before is there any more */
#define PY_NEXT_FIRST_SURE (-8)

typedef struct PyStateMaker PyStateMaker;

typedef struct
{
  PyRows rows;   /* one for each state */
  gboolean exact; /* of the PyNfa */
  guint work;
  gsize walked;       /* who walks adds bytes here */
  gboolean exhausted; /* there was no more room, and they were not worth it */
  PyStateMaker *maker;
} PyStates;

void py_states_init (PyStates *self, PyNfa *nfa); /* takes the steps */
void py_states_clear (PyStates *self);

/* Where a text begins */
gint32 py_states_start (PyStates *self, gboolean empty);

/* What the table will have from now on */
gint32 py_states_make_next (PyStates *self, gint32 row, guint class);

static inline gint32
py_states_next (PyStates *self, gint32 row, guint class)
{
  gint32 next = self->rows.table[row + (gint32) class];

  return next != PY_NEXT_NEW ? next : py_states_make_next (self, row, class);
}
