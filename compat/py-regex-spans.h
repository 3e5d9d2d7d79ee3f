/* py-regex-spans.h - what a pattern captures in a text, told in one pass
 *
 * The sibling of py-regex-automaton: it tells where the groups are, too, exactly as py_regex_search() does with subjects from their
 * start, or nothing at all: where the text is not ASCII as far as it has to look, and where its states would take too much room.
 * For patterns that begin at the start of a text and have nothing that no automaton can do; there is none for others.
 * Cost: a few instructions a byte of what it looks at.  It stops where it is known what the groups are, as in the rest of a line that
 *   ".+$" takes.  New states cost more; how many steps one text may take for them is bounded.
 * Must not: know PCRE2.
 * Threads: none.  Asking makes states, so each thread needs one of its own; it does not refer to the PyRegex it was made of.
 */
#pragma once

#include "compat/py-regex-automaton.h"

typedef struct PyRegexSpans PyRegexSpans;

PyRegexSpans *py_regex_spans_new (const PyRegex *regex); /* NULL: the pattern is not for this */
void py_regex_spans_free (PyRegexSpans *self);           /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PyRegexSpans, py_regex_spans_free)

/* Has it told something of most texts so far?  Otherwise who asks had better search at once. */
gboolean py_regex_spans_pays (const PyRegexSpans *self);

/* With PY_VERDICT_YES `match` holds the spans, else it is as it was.  `flags`: without PY_SEARCH_IS_ASCII or PY_SEARCH_IS_UTF8 there is no
 * "yes" before all of the text was looked at. */
PyRegexVerdict py_regex_spans_ask (PyRegexSpans *self, const char *text, gsize len, PySearchFlags flags,
                                   PyMatch *match);
