/* py-regex-backref.h - (?i)(.)\1 beyond ASCII: what PCRE2 compares otherwise than Python
 *
 * Private to compat/py-regex*.  Python compares the lower case of each character with that of the group's (so the long s is
 * no s, but the dotted I is an i), PCRE2 everything that folds alike.  So the UTF form takes as many characters as it
 * needs and asks us, by two callouts that no pattern of a user can contain: one where the text begins, one where it ends.
 */
#pragma once

#include "compat/py-regex-emit.h"

/* The callouts' names: the first, and the second's first letter, which the group's number follows */
#define PY_BACKREF_BEGINS     "b"
#define PY_BACKREF_ENDS       'u'
#define PY_BACKREF_ENDS_ASCII 'a'

typedef struct
{
  PCRE2_SIZE begin;
} PyBackref;

/* For pcre2_set_callout; `data` is a PyBackref. */
int py_backref_callout (pcre2_callout_block *block, void *data);
