/* py-regex-need.h - what a subject must have so that a pattern can match at all
 *
 * Private to compat/py-regex*.  Two facts that are read off the tree: for a pattern that only matches at the very start, the
 * bytes that a match can begin with; and a text that every match contains.  Both only ever say "cannot match": where the
 * tree does not tell, they allow everything.
 * Must not: look at a subject longer than it takes (it is done before each search).
 */
#pragma once

#include "compat/py-regex-ast.h"

typedef struct
{
  gboolean has_start;
  guint8 start[32]; /* a bit for each byte */
  char *text;       /* UTF-8, NULL: none known */
  gsize text_len;
} PyRegexNeed;

void py_regex_need_init (PyRegexNeed *self, PyTree *tree);
void py_regex_need_clear (PyRegexNeed *self);

gboolean py_regex_need_allows_start (const PyRegexNeed *self, guint8 byte);

/* FALSE: a search of this subject finds nothing. */
gboolean py_regex_need_is_met (const PyRegexNeed *self, const char *subject, gsize len);
