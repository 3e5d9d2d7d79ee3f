#include "compat/py-regex-threads.h"

#include <string.h>

#include "compat/py-regex-thread-list.h"

#define STATES_MOST 512
#define BYTES_MOST  (1024 * 1024)

/* When there is no more room the states are made anew, unless they were not worth it: so many bytes for each of them. */
#define BYTES_PER_STATE 256

/* While it is found what a dot leaves behind it: what was there before */
#define VALUE_KEPT 0xfc

/* Threads are at the step behind the one that took the last symbol, and their values are numbers in the order of their first use, apart from
 * PY_VALUE_UNSET. */
typedef struct
{
  guint before; /* as far as anything asks for it */
  guint n_tags;
  PyThreadList list;
  guint n_registers;
  guint8 *registers; /* of the numbers */
} State;

struct PyThreadMaker
{
  PyNfa *nfa;
  guint8 *rests; /* n_tags for each step: what is told at the end of the line, once a dot took the rest of it */
  gboolean *takes_rest;

  GPtrArray *states;
  GHashTable *index; /* State* -> its number + 1 */
  GArray *turns, *moves, *tells;
  gsize bytes;
  gint32 start[2]; /* of a text, of an empty one */

  /* while a state is made */
  PyThreadFinder *finder;
  PyThreadList now, next;
};

/* --- states as keys ----------------------------------------------------------------------------------------------- */
static guint
state_hash (gconstpointer data)
{
  const State *state = data;
  guint hash = state->before;

  for (guint i = 0; i < state->list.n; i++)
    hash = hash * 31 + state->list.steps[i];
  for (guint i = 0; i < state->list.n * state->n_tags; i++)
    hash = hash * 31 + state->list.values[i];
  return hash;
}

static gboolean
state_equal (gconstpointer a, gconstpointer b)
{
  const State *x = a, *y = b;

  return x->before == y->before && x->list.n == y->list.n
         && memcmp (x->list.steps, y->list.steps, x->list.n * sizeof x->list.steps[0]) == 0
         && memcmp (x->list.values, y->list.values, x->list.n * x->n_tags) == 0;
}

static void
state_free (gpointer data)
{
  State *state = data;

  g_free (state->list.steps);
  g_free (state->list.values);
  g_free (state->registers);
  g_free (state);
}

/* --- lists of threads --------------------------------------------------------------------------------------------- */
static const guint8 *
list_values (const PyThreads *threads, const PyThreadList *list, guint thread)
{
  return list->values + (gsize) thread * threads->n_tags;
}

/* The thread that has matched, if there is one: it is the last one.  NULL: none has. */
static const guint8 *
list_match (const PyThreads *threads, const PyThreadList *list)
{
  if (list->n == 0 || py_nfa_step (threads->maker->nfa, list->steps[list->n - 1])->op != PY_NFA_ACCEPT)
    return NULL;
  return list_values (threads, list, list->n - 1);
}

/* --- turns -------------------------------------------------------------------------------------------------------- */
static void
forget_states (PyThreads *threads)
{
  PyThreadMaker *self = threads->maker;

  g_hash_table_remove_all (self->index);
  g_ptr_array_set_size (self->states, 0);
  py_rows_forget (&threads->rows);
  threads->n_forgets++;
  g_array_set_size (self->turns, 0);
  g_array_set_size (self->moves, 0);
  g_array_set_size (self->tells, 0);
  self->bytes = 0;
  threads->walked = 0;
  self->start[0] = self->start[1] = PY_THREADS_NEW;
}

static gint32
make_room (PyThreads *threads)
{
  threads->exhausted = threads->walked / BYTES_PER_STATE < threads->maker->states->len;
  forget_states (threads);
  return PY_THREADS_LOST;
}

static gint32
add_told (PyThreads *threads, const guint8 *values)
{
  GArray *tells = threads->maker->tells;
  gint32 at = (gint32) tells->len;

  g_array_append_vals (tells, values, threads->n_tags);
  threads->tells = (guint8 *) (gpointer) tells->data;
  threads->maker->bytes += threads->n_tags;
  return at;
}

static gint32
add_turn (PyThreads *threads, const PyTurn *turn)
{
  GArray *turns = threads->maker->turns;

  g_array_append_vals (turns, turn, 1);
  threads->turns = (PyTurn *) (gpointer) turns->data;
  threads->maker->bytes += sizeof *turn + turn->n_moves * sizeof (PyMove);
  return PY_THREADS_FIRST_TURN - (gint32) (turns->len - 1);
}

static void
add_move (PyThreads *threads, PyTurn *turn, guint8 to, guint8 from)
{
  GArray *moves = threads->maker->moves;
  PyMove move = { to, from };

  if (turn->n_moves++ == 0)
    turn->first_move = moves->len;
  g_array_append_val (moves, move);
  threads->moves = (PyMove *) (gpointer) moves->data;
}

/* --- states ------------------------------------------------------------------------------------------------------- */
/* Numbers the values of a list; `values` becomes what the numbers stand for. */
static guint
number_values (PyThreadList *list, guint n_tags, guint8 *values)
{
  guint8 numbers[256];
  guint n = 0;

  memset (numbers, PY_VALUE_UNSET, sizeof numbers);
  for (guint i = 0; i < list->n * n_tags; i++)
    {
      guint8 value = list->values[i];

      if (value != PY_VALUE_UNSET && numbers[value] == PY_VALUE_UNSET)
        {
          numbers[value] = (guint8) n;
          values[n++] = value;
        }
      list->values[i] = numbers[value];
    }
  return n;
}

/* Values that are in registers stay there, the others get one that is free.  FALSE: there are too few. */
static gboolean
choose_registers (const guint8 *values, guint n, guint8 *registers)
{
  gboolean taken[PY_REGISTERS_MOST] = { FALSE };
  guint free_one = 0;

  for (guint i = 0; i < n; i++)
    if (values[i] < PY_REGISTERS_MOST)
      taken[values[i]] = TRUE;
  for (guint i = 0; i < n; i++)
    {
      registers[i] = values[i];
      if (values[i] < PY_REGISTERS_MOST)
        continue;
      while (free_one < PY_REGISTERS_MOST && taken[free_one])
        free_one++;
      if (free_one == PY_REGISTERS_MOST)
        return FALSE;
      registers[i] = (guint8) free_one++;
    }
  return TRUE;
}

/* FALSE: there is no more room. */
static gboolean
add_state (PyThreads *threads, const State *state, const guint8 *values)
{
  PyThreadMaker *self = threads->maker;
  guint number = self->states->len, n = state->list.n;
  gsize bytes = sizeof *state + n * (sizeof state->list.steps[0] + threads->n_tags) + state->n_registers
                + py_rows_bytes (&threads->rows);
  guint8 registers[PY_REGISTERS_MOST];

  if (number == STATES_MOST || self->bytes + bytes > BYTES_MOST
      || !choose_registers (values, state->n_registers, registers))
    return FALSE;
  State *kept = g_memdup2 (state, sizeof *state);
  kept->list.steps = g_memdup2 (state->list.steps, n * sizeof state->list.steps[0]);
  kept->list.values = g_memdup2 (state->list.values, n * threads->n_tags);
  kept->registers = g_memdup2 (registers, state->n_registers);
  for (guint i = 0; i < state->n_registers; i++)
    threads->n_registers = MAX (threads->n_registers, registers[i] + 1u);
  g_ptr_array_add (self->states, kept);
  g_hash_table_insert (self->index, kept, GUINT_TO_POINTER (number + 1));
  self->bytes += bytes;
  py_rows_add (&threads->rows, number, PY_THREADS_NEW);
  return TRUE;
}

/* What is told if the first thread takes the rest of the line; below 0: it does not. */
static gint32
tell_rest (PyThreads *threads, const State *state)
{
  const PyThreadMaker *self = threads->maker;
  guint16 step = state->list.steps[0];
  guint8 told[PY_TAGS_MOST];

  if (!self->takes_rest[step])
    return -1;
  for (guint i = 0; i < threads->n_tags; i++)
    {
      guint8 rest = self->rests[step * threads->n_tags + i], number = state->list.values[i];

      told[i] = rest != VALUE_KEPT ? rest : number != PY_VALUE_UNSET ? state->registers[number] : PY_VALUE_UNSET;
    }
  return add_told (threads, told);
}

/* What stands before the threads in self->next, as far as they ask for it */
static guint
get_before (PyThreads *threads, guint before)
{
  PyThreadMaker *self = threads->maker;
  const PyThreadList *next = &self->next;

  py_thread_finder_begin (self->finder, &self->now);
  for (guint i = 0; i < next->n; i++)
    py_thread_finder_add (self->finder, &self->now, next->steps[i], list_values (threads, next, i), before,
                          PY_SYMBOL_NONE);
  return py_thread_finder_has_looked_behind (self->finder) ? py_alphabet_reduce_before (&threads->rows.alphabet, before)
                                                           : PY_BEFORE_OTHER;
}

/* The way to the state of the threads in self->next */
static gint32
find_state (PyThreads *threads, guint before)
{
  PyThreadMaker *self = threads->maker;
  State state = { .n_tags = threads->n_tags, .list = self->next };
  guint8 values[256];
  PyTurn turn = { .row = PY_THREADS_NOWHERE, .told = -1 };

  if (state.list.n == 0)
    return PY_THREADS_NOWHERE;
  if (py_nfa_step (self->nfa, state.list.steps[0])->op == PY_NFA_ACCEPT)
    {
      turn.told = add_told (threads, state.list.values);
      return add_turn (threads, &turn);
    }
  state.before = get_before (threads, before);
  state.n_registers = number_values (&state.list, threads->n_tags, values);
  guint number = GPOINTER_TO_UINT (g_hash_table_lookup (self->index, &state));
  if (number == 0 && (state.n_registers > PY_REGISTERS_MOST || !add_state (threads, &state, values)))
    return make_room (threads);
  number = number == 0 ? self->states->len - 1 : number - 1;
  const State *known = g_ptr_array_index (self->states, number);
  turn.row = (gint32) (number * threads->rows.stride);
  for (guint i = 0; i < known->n_registers; i++)
    if (known->registers[i] != values[i])
      add_move (threads, &turn, known->registers[i], values[i]);
  turn.told = tell_rest (threads, known);
  return turn.n_moves > 0 || turn.told >= 0 ? add_turn (threads, &turn) : turn.row;
}

gint32
py_threads_start (PyThreads *threads, gboolean empty)
{
  PyThreadMaker *self = threads->maker;
  guint8 values[PY_TAGS_MOST];

  if (self->start[empty] != PY_THREADS_NEW)
    return self->start[empty];
  memset (values, PY_VALUE_UNSET, sizeof values);
  py_thread_finder_begin (self->finder, &self->next);
  py_thread_list_append (&self->next, self->nfa->start, values, threads->n_tags);
  gint32 start = find_state (threads, empty ? PY_BEFORE_START_OF_NOTHING : PY_BEFORE_START);
  if (start != PY_THREADS_LOST)
    self->start[empty] = start;
  return start;
}

/* What a state's thread has, as values: in registers */
static void
get_values (const PyThreads *threads, const State *state, guint thread, guint8 *values)
{
  const guint8 *numbers = list_values (threads, &state->list, thread);

  for (guint i = 0; i < threads->n_tags; i++)
    values[i] = numbers[i] != PY_VALUE_UNSET ? state->registers[numbers[i]] : PY_VALUE_UNSET;
}

/* What becomes of the threads of self->now when they read a symbol */
static void
take (PyThreads *threads, guint symbol)
{
  PyThreadMaker *self = threads->maker;
  const PyThreadList *now = &self->now;

  py_thread_finder_begin (self->finder, &self->next);
  for (guint i = 0; i < now->n; i++)
    {
      const PyNfaStep *step = py_nfa_step (self->nfa, now->steps[i]);
      guint16 to = step->op == PY_NFA_ACCEPT ? now->steps[i] : step->next;

      if ((step->op == PY_NFA_ACCEPT || py_nfa_takes_symbol (step, symbol)) && py_thread_finder_mark (self->finder, to))
        py_thread_list_append (&self->next, to, list_values (threads, now, i), threads->n_tags);
    }
}

static gint32
make_next (PyThreads *threads, const State *state, guint symbol)
{
  PyThreadMaker *self = threads->maker;
  guint8 values[PY_TAGS_MOST];
  const guint8 *match;

  py_thread_finder_begin (self->finder, &self->now);
  for (guint i = 0; i < state->list.n; i++)
    {
      get_values (threads, state, i, values);
      py_thread_finder_add (self->finder, &self->now, state->list.steps[i], values, state->before, symbol);
    }
  match = list_match (threads, &self->now);
  if (symbol == PY_SYMBOL_END && match != NULL)
    {
      PyTurn turn = { .row = PY_THREADS_NOWHERE, .told = add_told (threads, match) };
      return add_turn (threads, &turn);
    }
  take (threads, symbol);
  return find_state (threads, symbol);
}

gint32
py_threads_make_next (PyThreads *threads, gint32 row, guint class)
{
  const State *state = g_ptr_array_index (threads->maker->states, (guint) row / threads->rows.stride);
  guint symbol = threads->rows.alphabet.symbols[class];

  if (symbol == PY_SYMBOL_WIDE || threads->work > PY_THREADS_WORK_MOST)
    return PY_THREADS_LOST;
  if (threads->maker->bytes > BYTES_MOST)
    return make_room (threads);
  gint32 next = make_next (threads, state, symbol);
  if (threads->rows.table != NULL)
    threads->rows.table[row + (gint32) class] = next;
  return next;
}

/* --- once for a pattern ------------------------------------------------------------------------------------------- */
/* Does a thread at this step go back to it, before all else, with any character but a newline? */
static gboolean
goes_round (PyThreads *threads, guint16 index, const guint8 *kept)
{
  PyThreadMaker *self = threads->maker;

  py_thread_finder_begin (self->finder, &self->now);
  py_thread_finder_add (self->finder, &self->now, index, kept, PY_BEFORE_OTHER, PY_SYMBOL_WIDE);
  if (self->now.n == 0 || memcmp (self->now.values, kept, threads->n_tags) != 0)
    return FALSE;
  const PyNfaStep *step = py_nfa_step (self->nfa, self->now.steps[0]);
  return step->op == PY_NFA_TAKE && step->is_dot && !py_nfa_takes (step, '\n') && step->next == index
         && !py_thread_finder_has_looked_at_characters (self->finder);
}

/* What is told when the line ends at this step; FALSE: nothing */
static gboolean
tell_end (PyThreads *threads, guint16 index, const guint8 *kept, guint before, guint end, guint8 *ret_told)
{
  PyThreadMaker *self = threads->maker;
  const guint8 *match;

  py_thread_finder_begin (self->finder, &self->now);
  py_thread_finder_add (self->finder, &self->now, index, kept, before, end);
  match = list_match (threads, &self->now);
  if (match == NULL || py_thread_finder_has_looked_at_characters (self->finder))
    return FALSE;
  for (guint i = 0; i + 1 < self->now.n; i++) /* the newline that is the last byte may be taken, too */
    if (py_nfa_takes_symbol (py_nfa_step (self->nfa, self->now.steps[i]), end))
      return FALSE;
  memcpy (ret_told, match, threads->n_tags);
  return TRUE;
}

/* The step behind a dot that a search always goes back to first, and where the line may end, whatever it took */
static gboolean
find_takes_rest (PyThreads *threads, guint16 index)
{
  static const guint befores[] = { PY_BEFORE_OTHER, PY_BEFORE_WORD }, ends[] = { PY_SYMBOL_FINAL, PY_SYMBOL_END };
  guint8 *rest = threads->maker->rests + (gsize) index * threads->n_tags, told[PY_TAGS_MOST], kept[PY_TAGS_MOST];

  memset (kept, VALUE_KEPT, sizeof kept);
  if (!goes_round (threads, index, kept))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (befores); i++)
    for (guint j = 0; j < G_N_ELEMENTS (ends); j++)
      {
        if (!tell_end (threads, index, kept, befores[i], ends[j], told)
            || (i + j > 0 && memcmp (rest, told, threads->n_tags) != 0))
          return FALSE;
        memcpy (rest, told, threads->n_tags);
      }
  return TRUE;
}

static gboolean
begins_later (PyThreads *threads)
{
  static const guint befores[] = { PY_BEFORE_OTHER, PY_BEFORE_WORD, '\n' };
  PyThreadMaker *self = threads->maker;
  guint8 values[PY_TAGS_MOST] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (befores); i++)
    {
      py_thread_finder_begin (self->finder, &self->now);
      py_thread_finder_add (self->finder, &self->now, self->nfa->start, values, befores[i], PY_SYMBOL_NONE);
      if (self->now.n > 0
          || (threads->rows.alphabet.looks_behind && py_thread_finder_has_looked_at_characters (self->finder)))
        return TRUE;
    }
  return FALSE;
}

static guint
count_tags (const PyNfa *nfa)
{
  guint n = 0;

  for (guint i = 0; i < nfa->steps->len; i++)
    n = MAX (n, (guint) py_nfa_step (nfa, i)->tag + 1);
  return n;
}

gboolean
py_threads_init (PyThreads *threads, PyNfa *nfa)
{
  PyThreadMaker *self = g_new0 (PyThreadMaker, 1);
  guint n = nfa->steps->len, n_tags = count_tags (nfa);

  memset (threads, 0, sizeof *threads);
  threads->maker = self;
  threads->n_tags = n_tags;
  self->nfa = nfa;
  if (!nfa->is_ordered || n_tags > PY_TAGS_MOST)
    return FALSE;
  self->finder = py_thread_finder_new (nfa, n_tags, &threads->work);
  py_thread_list_init (&self->now, nfa, n_tags);
  py_thread_list_init (&self->next, nfa, n_tags);
  self->takes_rest = g_new0 (gboolean, n);
  self->rests = g_new (guint8, (gsize) n * n_tags);
  self->states = g_ptr_array_new_with_free_func (state_free);
  self->index = g_hash_table_new (state_hash, state_equal);
  self->turns = g_array_new (FALSE, FALSE, sizeof (PyTurn));
  self->moves = g_array_new (FALSE, FALSE, sizeof (PyMove));
  self->tells = g_array_new (FALSE, FALSE, sizeof (guint8));
  py_rows_init (&threads->rows, nfa, FALSE);
  forget_states (threads);
  for (guint i = 0; i < n; i++)
    self->takes_rest[i] = find_takes_rest (threads, (guint16) i);
  return !begins_later (threads);
}

void
py_threads_clear (PyThreads *threads)
{
  PyThreadMaker *self = threads->maker;

  if (self == NULL)
    return;
  g_clear_pointer (&self->index, g_hash_table_unref);
  g_clear_pointer (&self->states, g_ptr_array_unref);
  g_clear_pointer (&self->turns, g_array_unref);
  g_clear_pointer (&self->moves, g_array_unref);
  g_clear_pointer (&self->tells, g_array_unref);
  py_nfa_free (self->nfa);
  py_rows_clear (&threads->rows);
  py_thread_finder_free (self->finder);
  py_thread_list_clear (&self->now);
  py_thread_list_clear (&self->next);
  g_free (self->takes_rest);
  g_free (self->rests);
  g_free (self);
  memset (threads, 0, sizeof *threads);
}
