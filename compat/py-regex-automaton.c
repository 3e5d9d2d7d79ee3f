#include "compat/py-regex-automaton.h"

#include "compat/py-regex-parse.h"
#include "compat/py-regex-private.h"
#include "compat/py-regex-states.h"
#include "compat/py-regex-walk.h"


struct PyRegexAutomaton
{
  PyStates states;
  PyTrials trials;
};

PyRegexAutomaton *
py_regex_automaton_new (const PyRegex *regex)
{
  g_return_val_if_fail (regex != NULL, NULL);

  g_autoptr (PyTree) tree = py_regex_parse (regex->pattern, regex->len, regex->flags, NULL);
  g_autoptr (PyNfa) nfa = tree != NULL ? py_nfa_new (tree, FALSE) : NULL;
  if (nfa == NULL)
    return NULL;
  PyRegexAutomaton *self = g_new0 (PyRegexAutomaton, 1);
  py_states_init (&self->states, g_steal_pointer (&nfa));
  return self;
}

void
py_regex_automaton_free (PyRegexAutomaton *self)
{
  if (self == NULL)
    return;
  py_states_clear (&self->states);
  g_free (self);
}

gboolean
py_regex_automaton_pays (const PyRegexAutomaton *self)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return !self->states.exhausted && py_trials_pay (&self->trials);
}

/* --- a text ------------------------------------------------------------------------------------------------------- */
/* Up to the end of the walk.  Gives the row of a state, or what ended it. */
static gint32
walk_bytes (PyStates *self, PyWalk *walk, gint32 next)
{
  const char *at = walk->start;

  for (;;)
    {
      if (next <= PY_NEXT_FIRST_SURE && py_walk_is_rest_of_line (walk, at))
        next = PY_NEXT_MATCH;
      else if (next <= PY_NEXT_FIRST_SURE)
        next = PY_NEXT_FIRST_SURE - next;
      if (next < 0)
        break;
      next = py_rows_leap_along (&self->rows, &at, walk->end, next);
      if (at == walk->end)
        break;
      next = py_states_next (self, next, self->rows.alphabet.class_of[(guint8) *at]);
      at++;
    }
  self->walked += (gsize) (at - walk->start);
  return next;
}

static gint32
walk_symbol (PyStates *self, gint32 next, guint class)
{
  if (next <= PY_NEXT_FIRST_SURE)
    next = PY_NEXT_FIRST_SURE - next;
  return next >= 0 ? py_states_next (self, next, class) : next;
}

static PyRegexVerdict
ask (PyStates *self, const char *text, gsize len, PySearchFlags flags)
{
  PyWalk walk = py_walk_along (text, len);
  gint32 next;

  self->work = 0;
  self->rows.n_texts++;
  next = walk_bytes (self, &walk, py_states_start (self, len == 0));
  gboolean whole = next >= 0;
  if (walk.has_final)
    next = walk_symbol (self, next, py_alphabet_final (&self->rows.alphabet));
  next = walk_symbol (self, next, py_alphabet_end (&self->rows.alphabet));
  if (next == PY_NEXT_NOWHERE)
    return PY_VERDICT_NO;
  if (next != PY_NEXT_MATCH || !self->exact || (!whole && !(flags & (PY_SEARCH_IS_ASCII | PY_SEARCH_IS_UTF8))))
    return PY_VERDICT_UNKNOWN;
  return PY_VERDICT_YES;
}

PyRegexVerdict
py_regex_automaton_ask (PyRegexAutomaton *self, const char *text, gsize len, PySearchFlags flags)
{
  g_return_val_if_fail (self != NULL && (text != NULL || len == 0), PY_VERDICT_UNKNOWN);

  PyRegexVerdict told = self->states.exhausted ? PY_VERDICT_UNKNOWN : ask (&self->states, text, len, flags);
  py_trials_count (&self->trials, told);
  return told;
}
