/* py-regex-automaton.h - does a pattern match somewhere in a text?  Told in one pass, without groups
 *
 * A deterministic automaton whose states are made as texts need them.  It answers as py_regex_search() does with subjects from their
 * start, or not at all: where the text is not ASCII as far as it has to look, where the pattern has what no automaton can do
 * (then it still tells what cannot match), and where its states would take more than STATES_MOST or BYTES_MOST in the .c file.
 * Cost: a few instructions a byte of what it looks at.  It stops where nothing can match any more, or anything does.  New states cost
 *   more; how many steps one text may take for them is bounded.
 * Must not: know PCRE2.
 * Threads: none.  Asking makes states, so each thread needs an automaton of its own; it does not refer to the PyRegex it was made of.
 */
#pragma once

#include "compat/py-regex.h"

typedef struct PyRegexAutomaton PyRegexAutomaton;

typedef enum
{
  PY_VERDICT_UNKNOWN,
  PY_VERDICT_NO,
  PY_VERDICT_YES,
} PyRegexVerdict;

PyRegexAutomaton *py_regex_automaton_new (const PyRegex *regex); /* NULL: the pattern is too large for one */
void py_regex_automaton_free (PyRegexAutomaton *self);           /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PyRegexAutomaton, py_regex_automaton_free)

/* Has it told something of most texts so far?  Otherwise who asks had better search at once. */
gboolean py_regex_automaton_pays (const PyRegexAutomaton *self);

/* `flags`: without PY_SEARCH_IS_ASCII or PY_SEARCH_IS_UTF8 there is no "yes" before all of the text was looked at. */
PyRegexVerdict py_regex_automaton_ask (PyRegexAutomaton *self, const char *text, gsize len, PySearchFlags flags);
