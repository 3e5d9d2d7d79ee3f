/* py-regex-need.h - what a subject must have so that a pattern can match at all
 *
 * Private to compat/py-regex*.  Two facts that are read off the tree: for a pattern that only matches at the very start, which
 * byte can stand at each of a subject's first places; and the texts that every match contains, one behind the other.  Both only ever say "cannot match":
 * where the tree does not tell, they allow everything.  And one fact of the other kind: whether every line matches.
 * Must not: look at a subject longer than it takes (it is done before each search).
 */
#pragma once

#include "compat/py-needle.h"
#include "compat/py-regex-ast.h"
#include "compat/py-regex.h"

typedef struct
{
  gboolean has_start;                /* tied to the start, and no match is empty */
  guint8 start[PY_REGEX_PLACES][32]; /* a bit for each byte */
  char *text;                        /* UTF-8, NULL: none known */
  gsize text_len;
  PyNeedle needle;               /* for it, the longest of these: */
  GPtrArray *texts;              /* of char*, in the order in which every match has them, none within another */
  PyNeedle *needles;             /* for each */
  gboolean takes_lines; /* it matches every line that is not empty, with or without line end */
} PyRegexNeed;

void py_regex_need_init (PyRegexNeed *self, PyTree *tree);
void py_regex_need_clear (PyRegexNeed *self);

gboolean py_regex_need_allows (const PyRegexNeed *self, guint place, guint8 byte);

/* FALSE: a search of this subject finds nothing. */
gboolean py_regex_need_is_met (const PyRegexNeed *self, const char *subject, gsize len);

/* The same question for who has asked for the start and for one of the texts, in any case: are all texts there, in their order? */
gboolean py_regex_need_has_texts (const PyRegexNeed *self, const char *subject, gsize len);

/* TRUE: a search of this subject finds something. */
gboolean py_regex_need_suffices (const PyRegexNeed *self, const char *subject, gsize len, PySearchFlags flags);
