#include "compat/py-regex-symbols.h"

#include <string.h>

static gboolean
is_word (guint symbol)
{
  return symbol < PY_SYMBOLS_ASCII && (g_ascii_isalnum ((char) symbol) || symbol == '_');
}

static gboolean
is_newline (guint symbol)
{
  return symbol == '\n' || symbol == PY_SYMBOL_FINAL;
}

/* --- places ------------------------------------------------------------------------------------------------------- */
gboolean
py_nfa_looks_at_one_behind (const PyNfaStep *step)
{
  return step->op == PY_NFA_AT && (step->place == PY_NFA_AT_BEHIND_ONE || step->place == PY_NFA_AT_NOT_BEHIND_ONE);
}

gboolean
py_nfa_looks_ahead (const PyNfaStep *step)
{
  return step->place != PY_NFA_AT_START && step->place != PY_NFA_AT_LINE_START && !py_nfa_looks_at_one_behind (step);
}

gboolean
py_nfa_takes_symbol (const PyNfaStep *step, guint symbol)
{
  return symbol < PY_SYMBOL_END && py_nfa_takes (step, symbol == PY_SYMBOL_FINAL ? '\n' : symbol);
}

gboolean
py_nfa_is_at (const PyNfaStep *step, guint before, guint symbol)
{
  gboolean at_start = before >= PY_BEFORE_START;

  switch (step->place)
    {
    case PY_NFA_AT_START:
      return at_start;
    case PY_NFA_AT_LINE_START:
      return at_start || is_newline (before);
    case PY_NFA_AT_END:
      return symbol == PY_SYMBOL_END;
    case PY_NFA_AT_LINE_END:
      return symbol == PY_SYMBOL_END || is_newline (symbol);
    case PY_NFA_AT_LAST_LINE_END:
      return symbol == PY_SYMBOL_END || symbol == PY_SYMBOL_FINAL;
    case PY_NFA_AT_BOUNDARY:
      return is_word (before) != is_word (symbol);
    case PY_NFA_AT_BEHIND_ONE:
      return py_nfa_takes_symbol (step, before);
    case PY_NFA_AT_NOT_BEHIND_ONE:
      return !py_nfa_takes_symbol (step, before);
    case PY_NFA_AT_BEFORE_ONE:
      return py_nfa_takes_symbol (step, symbol);
    case PY_NFA_AT_NOT_BEFORE_ONE:
      return !py_nfa_takes_symbol (step, symbol);
    case PY_NFA_AT_NON_BOUNDARY:
    default:
      return before != PY_BEFORE_START_OF_NOTHING && is_word (before) == is_word (symbol);
    }
}

guint
py_alphabet_reduce_before (const PyAlphabet *self, guint before)
{
  if (self->looks_behind || before >= PY_BEFORE_START || is_newline (before))
    return before;
  return is_word (before) ? PY_BEFORE_WORD : PY_BEFORE_OTHER;
}

/* --- classes ------------------------------------------------------------------------------------------------------ */
/* Splits the classes by who takes what; what is split off gets a new number. */
static void
split_classes (PyAlphabet *self, const guint64 *bytes)
{
  gboolean taken[2][PY_N_SYMBOLS] = { 0 };
  guint8 split[PY_N_SYMBOLS] = { 0 };
  guint n = self->n;

  for (guint c = 0; c < PY_SYMBOLS_ASCII; c++)
    taken[(bytes[c / 64] >> (c % 64)) & 1][self->class_of[c]] = TRUE;
  for (guint old = 0; old < self->n; old++)
    if (taken[0][old] && taken[1][old])
      split[old] = (guint8) n++;
  for (guint c = 0; c < PY_SYMBOLS_ASCII; c++)
    if (((bytes[c / 64] >> (c % 64)) & 1) && split[self->class_of[c]] != 0)
      self->class_of[c] = split[self->class_of[c]];
  self->n = n;
}

void
py_alphabet_init (PyAlphabet *self, const PyNfa *nfa)
{
  guint64 newline[2] = { (guint64) 1 << '\n', 0 }, word[2] = { 0, 0 };
  gboolean asks_words = FALSE;

  memset (self, 0, sizeof *self);
  self->n = 1;
  split_classes (self, newline);
  for (guint i = 0; i < nfa->steps->len; i++)
    {
      const PyNfaStep *step = py_nfa_step (nfa, i);

      if (step->op == PY_NFA_TAKE || (step->op == PY_NFA_AT && step->place >= PY_NFA_AT_BEHIND_ONE))
        split_classes (self, step->bytes);
      self->looks_behind |= py_nfa_looks_at_one_behind (step);
      asks_words
          |= step->op == PY_NFA_AT && (step->place == PY_NFA_AT_BOUNDARY || step->place == PY_NFA_AT_NON_BOUNDARY);
    }
  for (guint c = 0; c < PY_SYMBOLS_ASCII; c++)
    if (is_word (c))
      word[c / 64] |= (guint64) 1 << (c % 64);
  if (asks_words)
    split_classes (self, word);
  for (guint c = 0; c < PY_SYMBOLS_ASCII; c++)
    self->symbols[self->class_of[c]] = (guint8) c;
  self->symbols[self->n] = PY_SYMBOL_WIDE;
  memset (self->class_of + PY_SYMBOLS_ASCII, (int) self->n, sizeof self->class_of - PY_SYMBOLS_ASCII);
  self->symbols[self->n + 1] = PY_SYMBOL_FINAL;
  self->symbols[self->n + 2] = PY_SYMBOL_END;
  self->n += 3;
}
