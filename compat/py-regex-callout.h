/* py-regex-callout.h - (?i)(.)\1 beyond ASCII: what PCRE2 compares otherwise than Python
 *
 * Private to compat/py-regex*.  Python compares the lower case of each character with that of the group's (so the long s is no
 * s, but the dotted I is an i), PCRE2 everything that folds alike.  So the UTF form takes as many characters as it
 * needs and asks us, by two callouts that no pattern of a user can contain: where they begin, and where they end.
 */
#pragma once

#include "compat/py-regex-emit.h"

/* The callouts' names: a letter, and the group's number behind it where they compare */
#define PY_CALLOUT_BEGIN         'b'
#define PY_CALLOUT_COMPARE       'u'
#define PY_CALLOUT_COMPARE_ASCII 'a'

/* For pcre2_set_callout; `data` is a PCRE2_SIZE, where the text to be compared begins. */
int py_regex_callout (pcre2_callout_block *block, void *data);
