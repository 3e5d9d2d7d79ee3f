#include "compat/py-regex-automaton.h"

#include <string.h>

#include "compat/py-regex-nfa.h"
#include "compat/py-regex-parse.h"
#include "compat/py-regex-private.h"

#define STATES_MOST 512
#define BYTES_MOST  (1024 * 1024)
#define WORK_MOST   200000 /* steps looked at for the new states of one text: half a millisecond */

/* When there is no more room the states are made anew, unless they were not worth it: so many bytes for each of them. */
#define BYTES_PER_STATE 256

#define TRIALS 64 /* before it is judged whether asking pays */

/* Symbols: the characters of ASCII, the newline that is the last byte, and the end. */
#define N_ASCII      128
#define SYMBOL_FINAL 128
#define SYMBOL_END   129
#define SYMBOL_WIDE  130 /* all that is not ASCII: here nobody goes on */
#define N_SYMBOLS    131
#define NO_SYMBOL    G_MAXUINT

/* Where the table leads: to the row of a state, or below 0.  States that take any rest of a line are told as FIRST_SURE - row. */
#define NEXT_NEW     (-1)
#define NEXT_NOWHERE (-2) /* no match any more */
#define NEXT_MATCH   (-3)
#define NEXT_LOST    (-4) /* not ASCII, or no room */
#define FIRST_SURE   (-8)

/* What stands before a place: a symbol, or this */
#define BEFORE_START            140
#define BEFORE_START_OF_NOTHING 141 /* of an empty text: Python 3.11 has no \B there */
#define BEFORE_WORD             'a'
#define BEFORE_OTHER            ' '

typedef struct
{
  guint before; /* as far as anything asks for it */
  guint n;
  const guint16 *steps; /* ascending; owned by the state */
} Place;

struct PyRegexAutomaton
{
  PyNfa *nfa;
  gboolean *takes_rest;  /* of each step: then what is left of the line, if there is something */
  gboolean looks_behind; /* at more than whether it is a word */
  gboolean begins_later; /* a match may begin elsewhere than at the start */
  guint8 class_of[256];
  guint8 symbols[N_SYMBOLS]; /* of each class one */
  guint n_classes;

  gint32 *table;     /* n_classes for each state */
  GPtrArray *places; /* of Place*, by state */
  GHashTable *index; /* Place* -> its state + 1 */
  gsize bytes;
  gint32 start[2]; /* of a text, of an empty one */
  gsize walked;    /* bytes, since the first of these states */
  gboolean exhausted;
  guint64 n_asked, n_told;

  /* while a state is made */
  guint16 *stack, *found;
  guint n_found;
  guint32 *marks, mark;
  guint work;
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

static gboolean
is_word (guint symbol)
{
  return symbol < N_ASCII && (g_ascii_isalnum ((char) symbol) || symbol == '_');
}

static gboolean
is_newline (guint symbol)
{
  return symbol == '\n' || symbol == SYMBOL_FINAL;
}

static gboolean
looks_at_one_behind (const PyNfaStep *step)
{
  return step->op == PY_NFA_AT && (step->place == PY_NFA_AT_BEHIND_ONE || step->place == PY_NFA_AT_NOT_BEHIND_ONE);
}

static gboolean
looks_ahead (const PyNfaStep *step)
{
  return step->place != PY_NFA_AT_START && step->place != PY_NFA_AT_LINE_START && !looks_at_one_behind (step);
}

/* A newline that is the last byte is a newline; the ends of the text are no characters. */
static gboolean
is_one (const PyNfaStep *step, guint symbol)
{
  return symbol < SYMBOL_END && py_nfa_takes (step, symbol == SYMBOL_FINAL ? '\n' : symbol);
}

static gboolean
is_at (const PyNfaStep *step, guint before, guint symbol)
{
  gboolean at_start = before >= BEFORE_START;

  switch (step->place)
    {
    case PY_NFA_AT_START:
      return at_start;
    case PY_NFA_AT_LINE_START:
      return at_start || is_newline (before);
    case PY_NFA_AT_END:
      return symbol == SYMBOL_END;
    case PY_NFA_AT_LINE_END:
      return symbol == SYMBOL_END || is_newline (symbol);
    case PY_NFA_AT_LAST_LINE_END:
      return symbol == SYMBOL_END || symbol == SYMBOL_FINAL;
    case PY_NFA_AT_BOUNDARY:
      return is_word (before) != is_word (symbol);
    case PY_NFA_AT_BEHIND_ONE:
      return is_one (step, before);
    case PY_NFA_AT_NOT_BEHIND_ONE:
      return !is_one (step, before);
    case PY_NFA_AT_BEFORE_ONE:
      return is_one (step, symbol);
    case PY_NFA_AT_NOT_BEFORE_ONE:
      return !is_one (step, symbol);
    case PY_NFA_AT_NON_BOUNDARY:
    default:
      return before != BEFORE_START_OF_NOTHING && is_word (before) == is_word (symbol);
    }
}

/* --- sets of steps ------------------------------------------------------------------------------------------------ */
static void
found_clear (PyRegexAutomaton *self)
{
  self->n_found = 0;
  if (++self->mark == 0)
    {
      memset (self->marks, 0, self->nfa->steps->len * sizeof self->marks[0]);
      self->mark = 1;
    }
}

/* Adds what can be reached from this step without taking a character; with `symbol` NO_SYMBOL the steps that look ahead stay for later.
 * Gives whether the pattern's end is among it. */
static gboolean
found_add (PyRegexAutomaton *self, guint16 from, guint before, guint symbol)
{
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

      self->work++;
      if (step->op == PY_NFA_ACCEPT)
        accepted = TRUE;
      else if (step->op == PY_NFA_TAKE || (step->op == PY_NFA_AT && symbol == NO_SYMBOL && looks_ahead (step)))
        self->found[self->n_found++] = index;
      else if (step->op == PY_NFA_SPLIT || is_at (step, before, symbol))
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
found_has (const PyRegexAutomaton *self, guint16 step)
{
  return self->marks[step] == self->mark;
}

/* --- states ------------------------------------------------------------------------------------------------------- */
static void
place_free (gpointer data)
{
  Place *place = data;

  g_free ((guint16 *) place->steps);
  g_free (place);
}

static void
forget_states (PyRegexAutomaton *self)
{
  g_hash_table_remove_all (self->index);
  g_ptr_array_set_size (self->places, 0);
  g_clear_pointer (&self->table, g_free);
  self->bytes = 0;
  self->walked = 0;
  self->start[0] = self->start[1] = NEXT_NEW;
}

static gint32
make_room (PyRegexAutomaton *self)
{
  self->exhausted = self->walked / BYTES_PER_STATE < self->places->len;
  forget_states (self);
  return NEXT_LOST;
}

static gint32
tell_state (const PyRegexAutomaton *self, guint state)
{
  const Place *place = g_ptr_array_index (self->places, state);
  gint32 row = (gint32) (state * self->n_classes);

  for (guint i = 0; i < place->n; i++)
    if (self->takes_rest[place->steps[i]])
      return FIRST_SURE - row;
  return row;
}

static gint32
add_state (PyRegexAutomaton *self, const Place *place)
{
  guint state = self->places->len;
  gsize row = self->n_classes * sizeof self->table[0];
  gsize bytes = sizeof *place + place->n * sizeof place->steps[0] + row;

  if (state == STATES_MOST || self->bytes + bytes > BYTES_MOST)
    return make_room (self);
  Place *kept = g_memdup2 (place, sizeof *place);
  kept->steps = g_memdup2 (place->steps, place->n * sizeof place->steps[0]);
  g_ptr_array_add (self->places, kept);
  g_hash_table_insert (self->index, kept, GUINT_TO_POINTER (state + 1));
  self->bytes += bytes;
  self->table = g_realloc (self->table, row * (state + 1));
  for (guint i = 0; i < self->n_classes; i++)
    self->table[state * self->n_classes + i] = NEXT_NEW;
  return tell_state (self, state);
}

/* The state for what was found; what stands before it matters only to who looks ahead. */
static gint32
find_state (PyRegexAutomaton *self, guint before)
{
  Place place = { BEFORE_OTHER, self->n_found, self->found };
  guint kept = self->looks_behind || before >= BEFORE_START || is_newline (before) ? before
               : is_word (before)                                                  ? BEFORE_WORD
                                                                                   : BEFORE_OTHER;

  if (self->n_found == 0 && !self->begins_later)
    return NEXT_NOWHERE;
  for (guint i = 0; i < self->n_found; i++)
    if (py_nfa_step (self->nfa, self->found[i])->op == PY_NFA_AT)
      place.before = kept;
  qsort (self->found, self->n_found, sizeof self->found[0], compare_steps);
  guint state = GPOINTER_TO_UINT (g_hash_table_lookup (self->index, &place));
  return state != 0 ? tell_state (self, state - 1) : add_state (self, &place);
}

static gint32
find_start (PyRegexAutomaton *self, gboolean empty)
{
  guint before = empty ? BEFORE_START_OF_NOTHING : BEFORE_START;

  if (self->start[empty] != NEXT_NEW)
    return self->start[empty];
  found_clear (self);
  gint32 start = found_add (self, self->nfa->start, before, NO_SYMBOL) ? NEXT_MATCH : find_state (self, before);
  if (start != NEXT_LOST)
    self->start[empty] = start;
  return start;
}

/* From this state with this symbol.  The start of the pattern is added again at each place: it is searched, not matched. */
static gint32
make_next (PyRegexAutomaton *self, const Place *place, guint symbol)
{
  g_autofree guint16 *now = NULL;
  gboolean accepted = FALSE;
  guint n_now;

  found_clear (self);
  for (guint i = 0; i < place->n; i++)
    accepted |= found_add (self, place->steps[i], place->before, symbol);
  if (accepted)
    return NEXT_MATCH;
  if (symbol == SYMBOL_END)
    return NEXT_NOWHERE;
  now = g_memdup2 (self->found, self->n_found * sizeof self->found[0]);
  n_now = self->n_found;
  found_clear (self);
  for (guint i = 0; i < n_now; i++)
    {
      const PyNfaStep *step = py_nfa_step (self->nfa, now[i]);

      if (is_one (step, symbol))
        accepted |= found_add (self, step->next, symbol, NO_SYMBOL);
    }
  accepted |= found_add (self, self->nfa->start, symbol, NO_SYMBOL);
  return accepted ? NEXT_MATCH : find_state (self, symbol);
}

static gint32
find_next (PyRegexAutomaton *self, gint32 row, guint class)
{
  gint32 next = self->table[row + (gint32) class];

  if (next != NEXT_NEW)
    return next;
  if (self->symbols[class] == SYMBOL_WIDE || self->work > WORK_MOST)
    return NEXT_LOST;
  next = make_next (self, g_ptr_array_index (self->places, (guint) row / self->n_classes), self->symbols[class]);
  if (self->table != NULL)
    self->table[row + (gint32) class] = next;
  return next;
}

/* --- once for a pattern ------------------------------------------------------------------------------------------- */
/* Splits the classes by who takes what; what is split off gets a new number. */
static void
split_classes (guint8 *class_of, guint *n_classes, const guint64 *bytes)
{
  gboolean taken[2][N_SYMBOLS] = { 0 };
  guint8 split[N_SYMBOLS] = { 0 };
  guint n = *n_classes;

  for (guint c = 0; c < N_ASCII; c++)
    taken[(bytes[c / 64] >> (c % 64)) & 1][class_of[c]] = TRUE;
  for (guint old = 0; old < *n_classes; old++)
    if (taken[0][old] && taken[1][old])
      split[old] = (guint8) n++;
  for (guint c = 0; c < N_ASCII; c++)
    if (((bytes[c / 64] >> (c % 64)) & 1) && split[class_of[c]] != 0)
      class_of[c] = split[class_of[c]];
  *n_classes = n;
}

static void
make_classes (PyRegexAutomaton *self)
{
  guint64 newline[2] = { (guint64) 1 << '\n', 0 }, word[2] = { 0, 0 };
  gboolean asks_words = FALSE;

  self->n_classes = 1;
  split_classes (self->class_of, &self->n_classes, newline);
  for (guint i = 0; i < self->nfa->steps->len; i++)
    {
      const PyNfaStep *step = py_nfa_step (self->nfa, i);

      if (step->op == PY_NFA_TAKE || (step->op == PY_NFA_AT && step->place >= PY_NFA_AT_BEHIND_ONE))
        split_classes (self->class_of, &self->n_classes, step->bytes);
      self->looks_behind |= looks_at_one_behind (step);
      asks_words
          |= step->op == PY_NFA_AT && (step->place == PY_NFA_AT_BOUNDARY || step->place == PY_NFA_AT_NON_BOUNDARY);
    }
  for (guint c = 0; c < N_ASCII; c++)
    if (is_word (c))
      word[c / 64] |= (guint64) 1 << (c % 64);
  if (asks_words)
    split_classes (self->class_of, &self->n_classes, word);
  for (guint c = 0; c < N_ASCII; c++)
    self->symbols[self->class_of[c]] = (guint8) c;
  self->symbols[self->n_classes] = SYMBOL_WIDE;
  memset (self->class_of + N_ASCII, (int) self->n_classes, sizeof self->class_of - N_ASCII);
  self->symbols[self->n_classes + 1] = SYMBOL_FINAL;
  self->symbols[self->n_classes + 2] = SYMBOL_END;
  self->n_classes += 3;
}

static guint
get_final_class (const PyRegexAutomaton *self)
{
  return self->n_classes - 2;
}

static guint
get_end_class (const PyRegexAutomaton *self)
{
  return self->n_classes - 1;
}

static gboolean
found_looks_behind (const PyRegexAutomaton *self)
{
  for (guint i = 0; self->looks_behind && i < self->nfa->steps->len; i++)
    if (found_has (self, (guint16) i) && looks_at_one_behind (py_nfa_step (self->nfa, i)))
      return TRUE;
  return FALSE;
}

/* A dot that comes back to itself, and behind which the line may end, whatever it took */
static gboolean
find_takes_rest (PyRegexAutomaton *self, guint16 index)
{
  static const guint befores[] = { BEFORE_OTHER, BEFORE_WORD }, ends[] = { SYMBOL_FINAL, SYMBOL_END };
  const PyNfaStep *step = py_nfa_step (self->nfa, index);

  if (step->op != PY_NFA_TAKE || !step->is_dot || py_nfa_step (self->nfa, step->next)->op == PY_NFA_TAKE)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (befores); i++)
    {
      found_clear (self);
      (void) found_add (self, step->next, befores[i], NO_SYMBOL);
      if (!found_has (self, index) || found_looks_behind (self))
        return FALSE;
      for (guint j = 0; j < G_N_ELEMENTS (ends); j++)
        {
          found_clear (self);
          if (!found_add (self, step->next, befores[i], ends[j]) || found_looks_behind (self))
            return FALSE;
        }
    }
  return TRUE;
}

static gboolean
find_begins_later (PyRegexAutomaton *self)
{
  static const guint befores[] = { BEFORE_OTHER, BEFORE_WORD, '\n' };
  gboolean begins = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (befores) && !begins; i++)
    {
      found_clear (self);
      begins
          = found_add (self, self->nfa->start, befores[i], NO_SYMBOL) || self->n_found > 0 || found_looks_behind (self);
    }
  return begins;
}

PyRegexAutomaton *
py_regex_automaton_new (const PyRegex *regex)
{
  g_return_val_if_fail (regex != NULL, NULL);

  g_autoptr (PyTree) tree = py_regex_parse (regex->pattern, regex->len, regex->flags, NULL);
  g_autoptr (PyNfa) nfa = tree != NULL ? py_nfa_new (tree) : NULL;
  if (nfa == NULL)
    return NULL;
  PyRegexAutomaton *self = g_new0 (PyRegexAutomaton, 1);
  guint n = nfa->steps->len;
  self->nfa = g_steal_pointer (&nfa);
  self->stack = g_new (guint16, n);
  self->found = g_new (guint16, n);
  self->marks = g_new0 (guint32, n);
  self->takes_rest = g_new (gboolean, n);
  self->places = g_ptr_array_new_with_free_func (place_free);
  self->index = g_hash_table_new (place_hash, place_equal);
  make_classes (self);
  for (guint i = 0; i < n; i++)
    self->takes_rest[i] = find_takes_rest (self, (guint16) i);
  self->begins_later = find_begins_later (self);
  forget_states (self);
  return self;
}

void
py_regex_automaton_free (PyRegexAutomaton *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->index, g_hash_table_unref);
  g_clear_pointer (&self->places, g_ptr_array_unref);
  py_nfa_free (self->nfa);
  g_free (self->takes_rest);
  g_free (self->table);
  g_free (self->stack);
  g_free (self->found);
  g_free (self->marks);
  g_free (self);
}

gboolean
py_regex_automaton_pays (const PyRegexAutomaton *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return !self->exhausted && (self->n_asked < TRIALS || self->n_told >= self->n_asked / 2);
}

/* --- a text ------------------------------------------------------------------------------------------------------- */
typedef struct
{
  const char *start, *end; /* without a newline that is the last byte */
  const char *no_rest; /* up to here no line is known to go on to the end: the last newline that was seen, or start */
} Walk;

/* Is there something left, and no newline in it? */
static gboolean
is_rest_of_line (Walk *walk, const char *at)
{
  if (at >= walk->end || at < walk->no_rest)
    return FALSE;
  const char *newline = memchr (at, '\n', (gsize) (walk->end - at));
  if (newline != NULL)
    walk->no_rest = newline;
  return newline == NULL;
}

/* From the state at `row` while all is known; `*at` stops at the byte that leads elsewhere, or at the end.  What stays in its state goes by
 * prediction: the processor need not wait for the table, as it must where the state changes. */
static inline gint32
run_along (const PyRegexAutomaton *self, const char **at, const char *end, gint32 row)
{
  const guint8 *class_of = self->class_of, *p = (const guint8 *) *at, *stop = (const guint8 *) end;
  const gint32 *table = self->table + row;

  for (; p < stop; p++)
    {
      gint32 next = table[class_of[*p]];

      if (next == row)
        continue;
      if (next < 0)
        break;
      row = next;
      table = self->table + row;
    }
  *at = (const char *) p;
  return row;
}

/* Up to the end of the walk.  Gives the row of a state, or what ended it. */
static gint32
walk_bytes (PyRegexAutomaton *self, Walk *walk, gint32 next)
{
  const char *at = walk->start;

  for (;;)
    {
      if (next <= FIRST_SURE && is_rest_of_line (walk, at))
        next = NEXT_MATCH;
      else if (next <= FIRST_SURE)
        next = FIRST_SURE - next;
      if (next < 0)
        break;
      next = run_along (self, &at, walk->end, next);
      if (at == walk->end)
        break;
      next = find_next (self, next, self->class_of[(guint8) *at]);
      at++;
    }
  self->walked += (gsize) (at - walk->start);
  return next;
}

static gint32
walk_symbol (PyRegexAutomaton *self, gint32 next, guint class)
{
  if (next <= FIRST_SURE)
    next = FIRST_SURE - next;
  return next >= 0 ? find_next (self, next, class) : next;
}

static PyRegexVerdict
ask (PyRegexAutomaton *self, const char *text, gsize len, PySearchFlags flags)
{
  gboolean has_final = len > 0 && text[len - 1] == '\n';
  Walk walk = { text, text + len - (has_final ? 1 : 0), text };
  gint32 next;

  self->work = 0;
  next = walk_bytes (self, &walk, find_start (self, len == 0));
  gboolean whole = next >= 0;
  if (has_final)
    next = walk_symbol (self, next, get_final_class (self));
  next = walk_symbol (self, next, get_end_class (self));
  if (next == NEXT_NOWHERE)
    return PY_VERDICT_NO;
  if (next != NEXT_MATCH || !self->nfa->exact || (!whole && !(flags & (PY_SEARCH_IS_ASCII | PY_SEARCH_IS_UTF8))))
    return PY_VERDICT_UNKNOWN;
  return PY_VERDICT_YES;
}

PyRegexVerdict
py_regex_automaton_ask (PyRegexAutomaton *self, const char *text, gsize len, PySearchFlags flags)
{
  g_return_val_if_fail (self != NULL && (text != NULL || len == 0), PY_VERDICT_UNKNOWN);

  PyRegexVerdict told = self->exhausted ? PY_VERDICT_UNKNOWN : ask (self, text, len, flags);
  self->n_asked++;
  self->n_told += told != PY_VERDICT_UNKNOWN ? 1 : 0;
  return told;
}
