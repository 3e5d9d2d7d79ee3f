/* py-regex-reach.h - how much of a subject a single step of a search can run over
 *
 * Private to compat/py-regex*.  PCRE2 counts a step where it may go back, not for each character: \s+ in front of something that is no
 * blank takes a run of blanks in one step.  A line of 8000 tabs then costs 8000 times 8000 looks in as many steps.
 * Must not: be asked before a search has taken many steps: it looks at the whole subject, once for each set of the pattern.
 */
#pragma once

#include "compat/py-regex-ast.h"

#define PY_REACH_SETS 16

typedef struct
{
  guint8 sets[PY_REACH_SETS][32]; /* what single characters are repeated without end; a bit for each byte, beyond ASCII all */
  guint n_sets;
  gboolean has_more; /* sets than these: what is repeated then is anything */
} PyRegexReach;

void py_regex_reach_init (PyRegexReach *self, const PyTree *tree);

/* The longest run of bytes that are all in one of the sets */
gsize py_regex_reach_of (const PyRegexReach *self, const char *subject, gsize len);
