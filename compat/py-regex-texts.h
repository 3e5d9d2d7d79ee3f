/* py-regex-texts.h - texts of which every subject that a pattern matches contains one
 *
 * Private to compat/py-regex*; others ask with py_regex_dup_texts().  Read off the tree: a text that stands in the pattern, or one for
 * each of its alternatives.  Case is left out of it: texts are lower case in their ASCII letters, and a subject contains one if it
 * does without regard to the case of these.
 * Must not: look at a subject.
 */
#pragma once

#include "compat/py-regex-ast.h"

/* Sets of PyRegexTextSet, the one that promises most first; none may be known.  *ascii_only of a set: other rules hold for subjects that
 * are not ASCII (an s that is also U+017F). */
GPtrArray *py_regex_find_texts (const PyTree *tree);
