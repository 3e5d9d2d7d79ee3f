/* line-tuples.h - lists of lines as failures carry them, and which of them a match takes
 *
 * A line is a tuple (before, date, after) of str: joined it is the line, without the date it is what expressions see.
 * The lists hold the lines of a window (maxlines) or of a match.
 * Must not: search.
 */
#pragma once

#include "compat/py-value.h"
#include "match/failregex.h"
#include "match/line-list.h"

PyValue *line_tuple_new (const LinePieces *line);
void line_tuple_peek (const PyValue *line, LinePieces *ret_line); /* lent by the tuple */
void line_tuple_append_whole (GString *out, const PyValue *line); /* with its date, without line end */

/* The lines without their dates, each with its line end: what expressions see.  out is overwritten. */
void line_tuples_join (const PyValue *lines, GString *out);

/* Those from begin to before end (which may be beyond), as a new list. */
PyValue *line_tuples_slice (const PyValue *lines, guint begin, guint end);

typedef struct
{
  PyValue *matched, *unmatched; /* lists of tuples */
} MatchedLines;

/* Splits lines by where a match in text begins and ends; what <SKIPLINES> took is unmatched.  text is what was searched: the
 * lines joined, or (after a prefregex) something else, whose line ends then decide. */
void line_tuples_split (const PyValue *lines, const char *text, gsize len, const Failregex *regex, const PyMatch *match,
                        MatchedLines *ret_lines);

void matched_lines_clear (MatchedLines *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MatchedLines, matched_lines_clear)
