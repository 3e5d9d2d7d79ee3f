/* finder.h - what the expressions of a filter find in a text: a question of that text alone
 *
 * What a line means depends on the lines before it: the ranking of date templates, connections, windows.  Whether an expression
 * matches it does not.  So finding (here) is apart from telling (filter-find.c, filter-match.c): a finding can be made in another
 * thread or for another filter with the same expressions, and be told later, in order.
 * A Finder is one place to find in: stacks, spans and buffers.  Several can be at work at the same time on one filter whose settings
 * do not change meanwhile; they only read it.
 * Must not: touch what goes on from line to line; write logs.
 */
#pragma once

#include "match/failregex.h"
#include "match/filter.h"
#include "match/line-finding.h"
#include "match/line-tuples.h"

typedef struct Finder Finder;

Finder *finder_new (Filter *filter); /* borrows it */
void finder_free (Finder *self);     /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Finder, finder_free)

/* A text for the prefregex and the ignoreregexes, and without a prefregex for the failregexes; it ends with a line end.  Borrowed until
 * the next one. */
void finder_set_text (Finder *self, const char *text, gsize len, PySearchFlags flags);
/* The line without its date; borrowed. */
void finder_set_line (Finder *self, const LinePieces *line, PySearchFlags flags);

/* The same for who knows which failregex will match: nothing is asked beforehand. */
void finder_set_known_line (Finder *self, const LinePieces *line, PySearchFlags flags);

/* The same for a line of which is known what was found in it (by another finder for this filter): it answers from that, and searches only
 * for what is not told there.  All four are borrowed until the next one. */
void finder_set_found_line (Finder *self, const LinePieces *line, PySearchFlags flags, const LineFinding *finding,
                            const LineStore *store);

const char *finder_peek_text (Finder *self, gsize *ret_len);

/* Can any failregex match?  Otherwise nothing needs to be searched for them. */
gboolean finder_may_match (const Finder *self);

/* Does the ignoreregex match this text? */
gboolean finder_ignores (Finder *self, guint ignoreregex, const char *text, gsize len, PySearchFlags flags);

/* Does the prefregex match the text?  TRUE where there is none.  Then what it captured as content, with a line end, is what failregexes
 * see; or all, when that is empty. */
gboolean finder_pass_prefregex (Finder *self);
/* The same, when nothing is asked but whether. */
gboolean finder_would_pass_prefregex (Finder *self);
/* What it captured; it is searched for that if it was not yet. */
const PyMatch *finder_get_prefregex_match (Finder *self);

/* What failregexes see; finder_see() sets it to something else, borrowed. */
const char *finder_peek_seen (const Finder *self, gsize *ret_len, PySearchFlags *ret_flags);
void finder_see (Finder *self, const char *text, gsize len, PySearchFlags flags);

/* The first failregex from `from` on that matches what they see; their number: none does. */
guint finder_next (Finder *self, guint from);
const PyMatch *finder_peek_match (const Finder *self); /* of it */

/* Was a search given up since the text was set? */
gboolean finder_has_given_up (const Finder *self);
/* The next expression whose search was given up since the text was set, NULL: no more. */
Failregex *finder_take_given_up (Finder *self);
