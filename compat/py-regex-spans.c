#include "compat/py-regex-spans.h"

#include <string.h>

#include "compat/py-regex-parse.h"
#include "compat/py-regex-private.h"
#include "compat/py-regex-threads.h"
#include "compat/py-regex-walk.h"


/* How the last texts began, and where that leads to: who begins so again goes on from there. */
#define HEAD_MOST    32
#define HEAD_LEAST   4
#define LESSONS_MOST 64

/* One text in so many may begin otherwise, and a few at first. */
#define TEXTS_PER_MISS 8
#define FIRST_MISSES   2

typedef struct
{
  char text[HEAD_MOST]; /* of the last one, while nothing is known */
  guint len;            /* 0: nothing is known */
  gint32 row;
  gsize registers[PY_REGISTERS_MOST];
  guint n_forgets;           /* of the threads, when it was learned */
  guint32 n_texts, n_missed; /* since then */
  guint n_lessons;
} Head;

struct PyRegexSpans
{
  PyThreads threads;
  guint n_offsets; /* of all groups */
  gsize registers[PY_REGISTERS_MOST];
  Head head;
  gsize offsets[PY_TAGS_MOST + 2];
  gboolean is_told; /* in the text that is asked about */
  PyTrials trials;
};

PyRegexSpans *
py_regex_spans_new (const PyRegex *regex)
{
  g_return_val_if_fail (regex != NULL, NULL);

  g_autoptr (PyTree) tree = py_regex_parse (regex->pattern, regex->len, regex->flags, NULL);
  g_autoptr (PyNfa) nfa = tree != NULL ? py_nfa_new (tree, TRUE) : NULL;
  g_autoptr (PyRegexSpans) self = NULL;

  if (nfa == NULL || 2 * (py_regex_group_count (regex) + 1) > PY_TAGS_MOST)
    return NULL;
  self = g_new0 (PyRegexSpans, 1);
  self->n_offsets = 2 * (py_regex_group_count (regex) + 1);
  memset (self->offsets, 0xff, sizeof self->offsets); /* of groups that no way leads through */
  return py_threads_init (&self->threads, g_steal_pointer (&nfa)) ? g_steal_pointer (&self) : NULL;
}

void
py_regex_spans_free (PyRegexSpans *self)
{
  if (self == NULL)
    return;
  py_threads_clear (&self->threads);
  g_free (self);
}

gboolean
py_regex_spans_pays (const PyRegexSpans *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return !self->threads.exhausted && py_trials_pay (&self->trials);
}

/* --- a text ------------------------------------------------------------------------------------------------------- */
static inline gsize
get_value (const PyRegexSpans *self, guint8 value, gsize here)
{
  return value < PY_REGISTERS_MOST ? self->registers[value] : value == PY_VALUE_HERE ? here : G_MAXSIZE;
}

static void
tell (PyRegexSpans *self, gint32 told, gsize here)
{
  const guint8 *values = self->threads.tells + told;

  self->offsets[0] = 0;
  for (guint i = 1; i < self->threads.n_tags; i++)
    self->offsets[i] = get_value (self, values[i], here);
  self->is_told = TRUE;
}

static void
make_moves (PyRegexSpans *self, const PyTurn *turn, gsize here)
{
  const PyMove *moves;
  gsize values[PY_REGISTERS_MOST];

  if (turn->n_moves == 0) /* there may be no moves at all */
    return;
  moves = self->threads.moves + turn->first_move;
  if (turn->n_moves == 1)
    {
      self->registers[moves->to] = get_value (self, moves->from, here);
      return;
    }
  for (guint i = 0; i < turn->n_moves; i++)
    values[i] = get_value (self, moves[i].from, here);
  for (guint i = 0; i < turn->n_moves; i++)
    self->registers[moves[i].to] = values[i];
}

/* What there is to do on the way from here to what is behind the next symbol, and where it leads: the row of a state, or below 0 */
static gint32
take_turn (PyRegexSpans *self, PyWalk *walk, gint32 next, gsize here, const char *behind)
{
  if (next > PY_THREADS_FIRST_TURN)
    return next;
  const PyTurn *turn = &self->threads.turns[PY_THREADS_FIRST_TURN - next];
  make_moves (self, turn, here);
  if (turn->row < 0)
    tell (self, turn->told, here);
  else if (turn->told >= 0 && py_walk_is_rest_of_line (walk, behind))
    {
      tell (self, turn->told, (gsize) (walk->end - walk->start));
      return PY_THREADS_NOWHERE;
    }
  return turn->row;
}

/* --- how texts begin ----------------------------------------------------------------------------------------------- */
/* Learns from a text that begins as the last one did: the part before the first byte that is not the same, or that asks for more than
 * to go on. */
static void
learn_head (PyRegexSpans *self, const PyWalk *walk, gint32 row)
{
  const PyThreads *threads = &self->threads;
  Head *head = &self->head;
  gsize n = MIN ((gsize) (walk->end - walk->start), HEAD_MOST);
  guint len = 0;

  for (; len < n && row >= 0 && walk->start[len] == head->text[len]; len++)
    {
      gint32 next = threads->rows.table[row + (gint32) threads->rows.alphabet.class_of[(guint8) walk->start[len]]];
      const PyTurn *turn = next <= PY_THREADS_FIRST_TURN ? &threads->turns[PY_THREADS_FIRST_TURN - next] : NULL;

      if (turn != NULL && turn->row >= 0 && turn->told < 0)
        {
          make_moves (self, turn, len);
          next = turn->row;
        }
      if (next < 0)
        break;
      row = next;
    }
  memset (head->text, 0, sizeof head->text);
  memcpy (head->text, walk->start, n);
  head->n_lessons++;
  if (len < HEAD_LEAST)
    return;
  head->len = len;
  head->row = row;
  memcpy (head->registers, self->registers, sizeof head->registers);
  head->n_forgets = threads->n_forgets;
  head->n_texts = head->n_missed = 0;
}

static void
miss_head (Head *head)
{
  if (++head->n_missed >= FIRST_MISSES + head->n_texts / TEXTS_PER_MISS)
    head->len = 0;
}

/* Where the walk can begin: behind what is known of the beginning, if the text has that.  `row` is that of the start. */
static gint32
begin (PyRegexSpans *self, const PyWalk *walk, gint32 row, const char **ret_at)
{
  Head *head = &self->head;

  *ret_at = walk->start;
  if (row < 0)
    return row;
  head->n_texts++;
  if (head->len > 0 && head->n_forgets != self->threads.n_forgets)
    head->len = 0;
  if (head->len > 0 && (gsize) (walk->end - walk->start) >= head->len
      && memcmp (walk->start, head->text, head->len) == 0)
    {
      memcpy (self->registers, head->registers, self->threads.n_registers * sizeof head->registers[0]);
      *ret_at += head->len;
      return head->row;
    }
  if (head->len > 0)
    miss_head (head);
  else if (head->n_lessons < LESSONS_MOST)
    learn_head (self, walk, row);
  return row;
}

/* --- the walk ------------------------------------------------------------------------------------------------------ */
/* Up to the end of the walk.  Gives the row of a state, or what ended it. */
static gint32
walk_bytes (PyRegexSpans *self, PyWalk *walk, gint32 next)
{
  PyThreads *threads = &self->threads;
  const char *at;

  next = begin (self, walk, take_turn (self, walk, next, 0, walk->start), &at);
  while (next >= 0)
    {
      next = py_rows_run_along (&threads->rows, &at, walk->end, next);
      if (at == walk->end)
        break;
      next = py_threads_next (threads, next, threads->rows.alphabet.class_of[(guint8) *at]);
      at++;
      next = take_turn (self, walk, next, (gsize) (at - 1 - walk->start), at);
    }
  threads->walked += (gsize) (at - walk->start);
  return next;
}

static gint32
walk_symbol (PyRegexSpans *self, PyWalk *walk, gint32 next, guint class, gsize here)
{
  return next >= 0 ? take_turn (self, walk, py_threads_next (&self->threads, next, class), here, walk->end) : next;
}

static PyRegexVerdict
ask (PyRegexSpans *self, const char *text, gsize len, PySearchFlags flags)
{
  const PyAlphabet *alphabet = &self->threads.rows.alphabet;
  PyWalk walk = py_walk_along (text, len);
  gint32 next;

  self->threads.work = 0;
  self->is_told = FALSE;
  next = walk_bytes (self, &walk, py_threads_start (&self->threads, len == 0));
  gboolean whole = next >= 0;
  if (walk.has_final)
    next = walk_symbol (self, &walk, next, py_alphabet_final (alphabet), len - 1);
  next = walk_symbol (self, &walk, next, py_alphabet_end (alphabet), len);
  if (self->is_told)
    return whole || (flags & (PY_SEARCH_IS_ASCII | PY_SEARCH_IS_UTF8)) ? PY_VERDICT_YES : PY_VERDICT_UNKNOWN;
  return next == PY_THREADS_NOWHERE ? PY_VERDICT_NO : PY_VERDICT_UNKNOWN;
}

PyRegexVerdict
py_regex_spans_ask (PyRegexSpans *self, const char *text, gsize len, PySearchFlags flags, PyMatch *match)
{
  g_return_val_if_fail (self != NULL && (text != NULL || len == 0) && match != NULL, PY_VERDICT_UNKNOWN);

  PyRegexVerdict told = self->threads.exhausted ? PY_VERDICT_UNKNOWN : ask (self, text, len, flags);
  py_trials_count (&self->trials, told);
  if (told == PY_VERDICT_YES)
    py_match_set_offsets (match, self->offsets, self->n_offsets / 2);
  return told;
}
