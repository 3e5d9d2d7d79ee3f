/* py-regex-texts.h - texts of which every match of a pattern contains one
 *
 * Private to compat/py-regex*; others ask with py_regex_dup_texts().  Read off the tree: a text that stands in the pattern, or one for
 * each of its alternatives.  Case is left out of it: texts are lower case in their ASCII letters, and a subject contains one if it
 * does without regard to the case of these.
 * Must not: look at a subject.
 */
#pragma once

#include "compat/py-regex-ast.h"

/* The set of texts that promises most; NULL when there is none.  Of byte strings (UTF-8, without NUL or newline), none shorter
 * than PY_REGEX_TEXT_LEAST.  *ret_ascii_only: other rules hold for subjects that are not ASCII (an s that is also U+017F). */
GPtrArray *py_regex_find_texts (const PyTree *tree, gboolean *ret_ascii_only);
