/* py-regex-emit.h - the tree -> a pattern for PCRE2 that means the same
 *
 * Private to compat/py-regex*.  What is written leaves nothing to PCRE2's reading: literals are escaped, sets are spelt
 * out, groups have numbers only.  It must be compiled with PY_EMIT_OPTIONS (UTF form: PY_EMIT_UTF_OPTIONS too), newline LF
 * and PCRE2_EXTRA_ALLOW_SURROGATE_ESCAPES.
 */
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "compat/py-regex-ast.h"

/* With these `.` is any character and \N all but newline, ^ and $ are those of (?m), ^ also at the very end. */
#define PY_EMIT_OPTIONS     (PCRE2_MULTILINE | PCRE2_ALT_CIRCUMFLEX | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C)
#define PY_EMIT_UTF_OPTIONS (PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK)

/* For subjects of ASCII only, or (utf) for any.  NULL with PY_REGEX_ERROR_TOO_LARGE for what PCRE2 cannot count. */
GString *py_regex_emit (const PyTree *tree, gboolean utf, GError **error);

/* The same for subjects of ASCII, without groups: it matches where the other does, but nobody can ask where its groups were.  PCRE2 sees
 * then what follows what, and gives up sooner.  Not for a tree whose matches depend on its groups (py_regex_needs_groups). */
GString *py_regex_emit_bare (const PyTree *tree, GError **error);
gboolean py_regex_needs_groups (const PyTree *tree);
