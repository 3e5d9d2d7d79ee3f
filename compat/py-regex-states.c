#include "compat/py-regex-states.h"

#include <string.h>

#define STATES_MOST 512
#define BYTES_MOST  (1024 * 1024)

/* When there is no more room the states are made anew, unless they were not worth it: so many bytes for each of them. */
#define BYTES_PER_STATE 256

typedef struct
{
  guint before; /* as far as anything asks for it */
  guint n;
  const guint16 *steps; /* ascending; owned by the state */
} Place;

struct PyStateMaker
{
  PyNfa *nfa;
  gboolean *takes_rest;  /* of each step: then what is left of the line, if there is something */
  gboolean begins_later; /* a match may begin elsewhere than at the start */

  GPtrArray *places; /* of Place*, by state */
  GHashTable *index; /* Place* -> its state + 1 */
  gsize bytes;
  gint32 start[2]; /* of a text, of an empty one */

  /* while a state is made */
  guint16 *stack, *found;
  guint n_found;
  guint32 *marks, mark;
};

/* --- places ------------------------------------------------------------------------------------------------------- */
static guint
place_hash (gconstpointer data)
{
  const Place *place = data;
  guint hash = place->before;

  for (guint i = 0; i < place->n; i++)
    hash = hash * 31 + place->steps[i];
  return hash;
}

static gboolean
place_equal (gconstpointer a, gconstpointer b)
{
  const Place *x = a, *y = b;

  return x->before == y->before && x->n == y->n
         && (x->n == 0 || memcmp (x->steps, y->steps, x->n * sizeof x->steps[0]) == 0);
}

static void
place_free (gpointer data)
{
  Place *place = data;

  g_free ((guint16 *) place->steps);
  g_free (place);
}

/* --- sets of steps ------------------------------------------------------------------------------------------------ */
static void
found_clear (PyStateMaker *self)
{
  self->n_found = 0;
  if (++self->mark == 0)
    {
      memset (self->marks, 0, self->nfa->steps->len * sizeof self->marks[0]);
      self->mark = 1;
    }
}

/* Adds what can be reached from this step without taking a character; with PY_SYMBOL_NONE the steps that look ahead stay for later.
 * Gives whether the pattern's end is among it. */
static gboolean
found_add (PyStates *states, guint16 from, guint before, guint symbol)
{
  PyStateMaker *self = states->maker;
  gboolean accepted = FALSE;
  guint n = 0;

  if (self->marks[from] == self->mark)
    return FALSE;
  self->marks[from] = self->mark;
  self->stack[n++] = from;
  while (n > 0)
    {
      guint16 index = self->stack[--n], nexts[2];
      const PyNfaStep *step = py_nfa_step (self->nfa, index);
      guint n_nexts = 0;

      states->work++;
      if (step->op == PY_NFA_ACCEPT)
        accepted = TRUE;
      else if (step->op == PY_NFA_TAKE
               || (step->op == PY_NFA_AT && symbol == PY_SYMBOL_NONE && py_nfa_looks_ahead (step)))
        self->found[self->n_found++] = index;
      else if (step->op == PY_NFA_SPLIT || py_nfa_is_at (step, before, symbol))
        nexts[n_nexts++] = step->next;
      if (step->op == PY_NFA_SPLIT)
        nexts[n_nexts++] = step->other;
      for (guint i = 0; i < n_nexts; i++)
        if (self->marks[nexts[i]] != self->mark)
          {
            self->marks[nexts[i]] = self->mark;
            self->stack[n++] = nexts[i];
          }
    }
  return accepted;
}

static int
compare_steps (const void *a, const void *b)
{
  return *(const guint16 *) a - *(const guint16 *) b;
}

static gboolean
found_has (const PyStateMaker *self, guint16 step)
{
  return self->marks[step] == self->mark;
}

static gboolean
found_looks_behind (const PyStates *states)
{
  const PyStateMaker *self = states->maker;

  for (guint i = 0; states->rows.alphabet.looks_behind && i < self->nfa->steps->len; i++)
    if (found_has (self, (guint16) i) && py_nfa_looks_at_one_behind (py_nfa_step (self->nfa, i)))
      return TRUE;
  return FALSE;
}

/* --- states ------------------------------------------------------------------------------------------------------- */
static void
forget_states (PyStates *states)
{
  PyStateMaker *self = states->maker;

  g_hash_table_remove_all (self->index);
  g_ptr_array_set_size (self->places, 0);
  py_rows_forget (&states->rows);
  self->bytes = 0;
  states->walked = 0;
  self->start[0] = self->start[1] = PY_NEXT_NEW;
}

static gint32
make_room (PyStates *states)
{
  states->exhausted = states->walked / BYTES_PER_STATE < states->maker->places->len;
  forget_states (states);
  return PY_NEXT_LOST;
}

static gint32
tell_state (const PyStates *states, guint state)
{
  const PyStateMaker *self = states->maker;
  const Place *place = g_ptr_array_index (self->places, state);
  gint32 row = (gint32) (state * states->rows.stride);

  for (guint i = 0; i < place->n; i++)
    if (self->takes_rest[place->steps[i]])
      return PY_NEXT_FIRST_SURE - row;
  return row;
}

static gint32
add_state (PyStates *states, const Place *place)
{
  PyStateMaker *self = states->maker;
  guint state = self->places->len;
  gsize bytes = sizeof *place + place->n * sizeof place->steps[0] + py_rows_bytes (&states->rows);

  if (state == STATES_MOST || self->bytes + bytes > BYTES_MOST)
    return make_room (states);
  Place *kept = g_memdup2 (place, sizeof *place);
  kept->steps = g_memdup2 (place->steps, place->n * sizeof place->steps[0]);
  g_ptr_array_add (self->places, kept);
  g_hash_table_insert (self->index, kept, GUINT_TO_POINTER (state + 1));
  self->bytes += bytes;
  py_rows_add (&states->rows, state, PY_NEXT_NEW);
  return tell_state (states, state);
}

/* The state for what was found; what stands before it matters only to who looks ahead. */
static gint32
find_state (PyStates *states, guint before)
{
  PyStateMaker *self = states->maker;
  Place place = { PY_BEFORE_OTHER, self->n_found, self->found };

  if (self->n_found == 0 && !self->begins_later)
    return PY_NEXT_NOWHERE;
  for (guint i = 0; i < self->n_found; i++)
    if (py_nfa_step (self->nfa, self->found[i])->op == PY_NFA_AT)
      place.before = py_alphabet_reduce_before (&states->rows.alphabet, before);
  qsort (self->found, self->n_found, sizeof self->found[0], compare_steps);
  guint state = GPOINTER_TO_UINT (g_hash_table_lookup (self->index, &place));
  return state != 0 ? tell_state (states, state - 1) : add_state (states, &place);
}

gint32
py_states_start (PyStates *states, gboolean empty)
{
  PyStateMaker *self = states->maker;
  guint before = empty ? PY_BEFORE_START_OF_NOTHING : PY_BEFORE_START;

  if (self->start[empty] != PY_NEXT_NEW)
    return self->start[empty];
  found_clear (self);
  gboolean accepted = found_add (states, self->nfa->start, before, PY_SYMBOL_NONE);
  gint32 start = accepted ? PY_NEXT_MATCH : find_state (states, before);
  if (start != PY_NEXT_LOST)
    self->start[empty] = start;
  return start;
}

/* From this place with this symbol.  The start of the pattern is added again at each place: it is searched, not matched. */
static gint32
make_next (PyStates *states, const Place *place, guint symbol)
{
  PyStateMaker *self = states->maker;
  g_autofree guint16 *now = NULL;
  gboolean accepted = FALSE;
  guint n_now;

  found_clear (self);
  for (guint i = 0; i < place->n; i++)
    accepted |= found_add (states, place->steps[i], place->before, symbol);
  if (accepted)
    return PY_NEXT_MATCH;
  if (symbol == PY_SYMBOL_END)
    return PY_NEXT_NOWHERE;
  now = g_memdup2 (self->found, self->n_found * sizeof self->found[0]);
  n_now = self->n_found;
  found_clear (self);
  for (guint i = 0; i < n_now; i++)
    {
      const PyNfaStep *step = py_nfa_step (self->nfa, now[i]);

      if (py_nfa_takes_symbol (step, symbol))
        accepted |= found_add (states, step->next, symbol, PY_SYMBOL_NONE);
    }
  accepted |= found_add (states, self->nfa->start, symbol, PY_SYMBOL_NONE);
  return accepted ? PY_NEXT_MATCH : find_state (states, symbol);
}

gint32
py_states_make_next (PyStates *states, gint32 row, guint class)
{
  const Place *place = g_ptr_array_index (states->maker->places, (guint) row / states->rows.stride);
  guint symbol = states->rows.alphabet.symbols[class];

  if (symbol == PY_SYMBOL_WIDE || states->work > PY_STATES_WORK_MOST)
    return PY_NEXT_LOST;
  gint32 next = make_next (states, place, symbol);
  if (states->rows.table != NULL)
    states->rows.table[row + (gint32) class] = next;
  return next;
}

/* --- once for a pattern ------------------------------------------------------------------------------------------- */
/* A dot that comes back to itself, and behind which the line may end, whatever it took */
static gboolean
find_takes_rest (PyStates *states, guint16 index)
{
  static const guint befores[] = { PY_BEFORE_OTHER, PY_BEFORE_WORD }, ends[] = { PY_SYMBOL_FINAL, PY_SYMBOL_END };
  PyStateMaker *self = states->maker;
  const PyNfaStep *step = py_nfa_step (self->nfa, index);

  if (step->op != PY_NFA_TAKE || !step->is_dot || py_nfa_step (self->nfa, step->next)->op == PY_NFA_TAKE)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (befores); i++)
    {
      found_clear (self);
      (void) found_add (states, step->next, befores[i], PY_SYMBOL_NONE);
      if (!found_has (self, index) || found_looks_behind (states))
        return FALSE;
      for (guint j = 0; j < G_N_ELEMENTS (ends); j++)
        {
          found_clear (self);
          if (!found_add (states, step->next, befores[i], ends[j]) || found_looks_behind (states))
            return FALSE;
        }
    }
  return TRUE;
}

static gboolean
find_begins_later (PyStates *states)
{
  static const guint befores[] = { PY_BEFORE_OTHER, PY_BEFORE_WORD, '\n' };
  PyStateMaker *self = states->maker;
  gboolean begins = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (befores) && !begins; i++)
    {
      found_clear (self);
      begins = found_add (states, self->nfa->start, befores[i], PY_SYMBOL_NONE) || self->n_found > 0
               || found_looks_behind (states);
    }
  return begins;
}

void
py_states_init (PyStates *states, PyNfa *nfa)
{
  PyStateMaker *self = g_new0 (PyStateMaker, 1);
  guint n = nfa->steps->len;

  memset (states, 0, sizeof *states);
  states->maker = self;
  states->exact = nfa->exact;
  self->nfa = nfa;
  self->stack = g_new (guint16, n);
  self->found = g_new (guint16, n);
  self->marks = g_new0 (guint32, n);
  self->takes_rest = g_new (gboolean, n);
  self->places = g_ptr_array_new_with_free_func (place_free);
  self->index = g_hash_table_new (place_hash, place_equal);
  py_rows_init (&states->rows, nfa, TRUE);
  for (guint i = 0; i < n; i++)
    self->takes_rest[i] = find_takes_rest (states, (guint16) i);
  self->begins_later = find_begins_later (states);
  forget_states (states);
}

void
py_states_clear (PyStates *states)
{
  PyStateMaker *self = states->maker;

  if (self == NULL)
    return;
  g_clear_pointer (&self->index, g_hash_table_unref);
  g_clear_pointer (&self->places, g_ptr_array_unref);
  py_nfa_free (self->nfa);
  py_rows_clear (&states->rows);
  g_free (self->takes_rest);
  g_free (self->stack);
  g_free (self->found);
  g_free (self->marks);
  g_free (self);
  memset (states, 0, sizeof *states);
}
