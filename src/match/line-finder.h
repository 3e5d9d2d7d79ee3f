/* line-finder.h - looks at lines before their turn, for a filter that will be given them later
 *
 * What can be said of a line by itself: its text, what the expressions find in it, and where its date probably is.  Where that is
 * in fact depends on the lines before, so it is only guessed, by a detector of the finder's own; filter_find() takes a finding when the
 * guess was right, and else searches.  Findings therefore never change what a filter says, only when the work is done.
 * Threads: several finders may be at work on one filter, each in a thread of its own, while the filter takes lines in another one.  Its
 * settings must not change as long as there is one.
 * Must not: touch what goes on from line to line; write logs; say anything of a line that holds up an expression (that is counted and
 * reported in its turn).
 */
#pragma once

#include "match/filter.h"
#include "match/line-finding.h"

typedef struct LineFinder LineFinder;

/* NULL: lines of this filter cannot be looked at by themselves (several at once, no dates, an encoding other than UTF-8).  Borrows it.  To be
 * called in the filter's own thread. */
LineFinder *line_finder_new (Filter *filter);
void line_finder_free (LineFinder *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LineFinder, line_finder_free)

/* Lines that are looked at one after the other, from one call of this to the next, are neighbours. */
void line_finder_begin (LineFinder *self);

/* Looks at a line, as log_line_set_found_bytes() will be given it.  is_ascii: as of log_line_set_ascii_bytes().  store: where spans are
 * added. */
void line_finder_look (LineFinder *self, const char *bytes, gsize len, gboolean is_ascii, LineStore *store,
                       LineFinding *ret_finding);

void line_store_init (LineStore *self);
void line_store_reset (LineStore *self); /* forgets what was found, keeps the memory */
void line_store_clear (LineStore *self);
