/* py-regex-symbols.h - what an automaton reads of a text: symbols, the classes that a pattern knows of them, and what a place lies between
 *
 * Private to compat/py-regex-automaton.c and what it is made of.  A symbol is a character of ASCII, the newline that is the last byte, or
 * the end.  What a pattern never tells apart is one class: tables are as wide as there are classes.
 * Must not: know states.
 */
#pragma once

#include "compat/py-regex-nfa.h"

#define PY_SYMBOLS_ASCII 128
enum
{
  PY_SYMBOL_FINAL = PY_SYMBOLS_ASCII,
  PY_SYMBOL_END,
  PY_SYMBOL_WIDE, /* all that is not ASCII: here nobody goes on */
  PY_N_SYMBOLS,
};
#define PY_SYMBOL_NONE G_MAXUINT

/* What stands before a place: a symbol, or this */
#define PY_BEFORE_START            140
#define PY_BEFORE_START_OF_NOTHING 141 /* of an empty text: Python 3.11 has no \B there */
#define PY_BEFORE_WORD             'a'
#define PY_BEFORE_OTHER            ' '

typedef struct
{
  guint8 class_of[256];         /* of bytes; the last two classes are those of PY_SYMBOL_FINAL and PY_SYMBOL_END */
  guint8 symbols[PY_N_SYMBOLS]; /* of each class one */
  guint n;
  gboolean looks_behind; /* at more than whether it is a word */
} PyAlphabet;

void py_alphabet_init (PyAlphabet *self, const PyNfa *nfa);

static inline guint
py_alphabet_final (const PyAlphabet *self)
{
  return self->n - 2;
}

static inline guint
py_alphabet_end (const PyAlphabet *self)
{
  return self->n - 1;
}

/* What stands before a place, as far as anything in the pattern asks for it */
guint py_alphabet_reduce_before (const PyAlphabet *self, guint before);

/* Does a step take this symbol?  A newline that is the last byte is a newline; the ends of the text are no characters. */
gboolean py_nfa_takes_symbol (const PyNfaStep *step, guint symbol);

/* Of a PY_NFA_AT: is it there, between what stands before and the next symbol?  Does it have to know that symbol; does it look at one
 * character behind? */
gboolean py_nfa_is_at (const PyNfaStep *step, guint before, guint symbol);
gboolean py_nfa_looks_ahead (const PyNfaStep *step);
gboolean py_nfa_looks_at_one_behind (const PyNfaStep *step);
