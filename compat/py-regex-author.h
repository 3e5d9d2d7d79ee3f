/* py-regex-author.h - writes patterns and texts at random, for tests that compare who knows what a pattern finds
 *
 * The same seed writes the same ones.  PY_REGEX_AUTHOR_PATTERNS in the environment tells how many patterns are wanted instead of the usual
 * number.
 */
#pragma once

#include <glib.h>

typedef struct
{
  GRand *rand;
  GString *pattern, *text; /* what was written last */
  guint groups;            /* of the pattern, closed so far */
  gboolean odd;            /* the pattern may have what no automaton can do */
} PyRegexAuthor;

PyRegexAuthor *py_regex_author_new (guint32 seed);
void py_regex_author_free (PyRegexAuthor *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PyRegexAuthor, py_regex_author_free)

guint py_regex_author_count (guint usual);

void py_regex_author_write_pattern (PyRegexAuthor *self);
void py_regex_author_write_text (PyRegexAuthor *self); /* of a few of the characters that the patterns know */
/* Changes it as lines of a log differ: another piece at some place, a longer run of the same character, or nothing. */
void py_regex_author_vary_text (PyRegexAuthor *self);
