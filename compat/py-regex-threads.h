/* py-regex-threads.h - the states of an automaton that tells what a pattern captures, made as texts need them
 *
 * Private to compat/py-regex-spans.c, which walks along them.  A state is the list of threads that a search may be in after a symbol, those
 * first that it would try first, each with the registers that hold what it passed: where groups begin and end.  Going from state to state
 * moves positions between registers (Laurikari's tagged automata); what is passed before a symbol is told only by threads that take it.
 * States that differ only in which registers they use are one.
 * A pattern can have them if it begins only at the start of a text, and if the order of its ways is known (PyNfa's is_ordered).
 * Bounds: STATES_MOST, BYTES_MOST and REGISTERS_MOST in the .c file; when there is no more room all states are made anew, unless they were
 *   not worth it.  PY_THREADS_WORK_MOST steps are looked at for the new states of one text, if who walks sets `work` to 0 before it.
 * Must not: read a text.
 */
#pragma once

#include "compat/py-regex-rows.h"

#define PY_THREADS_WORK_MOST 200000 /* half a millisecond */
#define PY_TAGS_MOST         48
#define PY_REGISTERS_MOST    64

/* What a tag or a move is told by: the number of a register, or */
#define PY_VALUE_HERE  0xfe /* the place before the symbol that is read */
#define PY_VALUE_UNSET 0xff

/* Where the table leads: to the row of a state, or below 0.  Where there is more to do than to go there, it tells the number of a turn as
 * FIRST_TURN - number. */
#define PY_THREADS_NEW        (-1)
#define PY_THREADS_NOWHERE    (-2)
#define PY_THREADS_LOST       (-3) /* not ASCII, or no room: then no state that was known before is there any more */
#define PY_THREADS_FIRST_TURN (-8)

typedef struct
{
  guint8 to, from; /* a register; a value */
} PyMove;

typedef struct
{
  gint32 row;       /* of the state it leads to; below 0: to the end of the match, with `told` */
  guint n_moves;    /* to be made at the same time */
  guint first_move; /* of `moves` */
  gint32
      told; /* where in `tells` are the values of all tags; for a state: those if it takes the rest of the line, the end of which
                       is PY_VALUE_HERE then; below 0: it may not.  Tag 0, the start of the match, is not told */
} PyTurn;

typedef struct PyThreadMaker PyThreadMaker;

typedef struct
{
  PyRows rows; /* one for each state */
  guint n_tags;
  guint n_registers; /* that states use */
  gint32 *table; /* alphabet.n for each state; NULL: there is none */
  PyTurn *turns; /* there are at least those that the table tells of */
  PyMove *moves;
  guint8 *tells; /* n_tags at a time */
  guint n_forgets; /* how often all of that was made anew */
  guint work;
  gsize walked;       /* who walks adds bytes here */
  gboolean exhausted; /* there was no more room, and they were not worth it */
  PyThreadMaker *maker;
} PyThreads;

/* Takes the steps, which have tags.  FALSE: it is no pattern for this. */
gboolean py_threads_init (PyThreads *self, PyNfa *nfa);
void py_threads_clear (PyThreads *self);

/* Where a text begins */
gint32 py_threads_start (PyThreads *self, gboolean empty);

/* What the table will have from now on */
gint32 py_threads_make_next (PyThreads *self, gint32 row, guint class);

static inline gint32
py_threads_next (PyThreads *self, gint32 row, guint class)
{
  gint32 next = self->rows.table[row + (gint32) class];

  return next != PY_THREADS_NEW ? next : py_threads_make_next (self, row, class);
}
