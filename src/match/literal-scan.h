/* literal-scan.h - which of many texts a line contains, in one pass that looks at few of its bytes
 *
 * Each text belongs to a number (an expression that cannot match without one of its texts); the answer is the set of
 * numbers, a bit each.  Case is left out of it, for ASCII letters.  Where the processor has the instructions, a sieve tells the places where a
 * text may stand (literal-sieve.h).  Elsewhere the pass is that of Wu and Manber: a window as long as the shortest text moves over the line
 * by as much as its last bytes allow.
 * Must not: know expressions; allocate while it scans.
 */
#pragma once

#include <glib.h>

#include "match/literal-sieve.h"

typedef struct LiteralScan LiteralScan;

#define LITERAL_SCAN_LEAST 4 /* bytes of the shortest text */

LiteralScan *literal_scan_new (void);
void literal_scan_free (LiteralScan *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LiteralScan, literal_scan_free)

/* Of at least LITERAL_SCAN_LEAST bytes, lower case, without NUL; copied.  FALSE: there are more texts than can be told apart, this
 * number's answer will mean nothing. */
gboolean literal_scan_add (LiteralScan *self, const char *text, guint number);

/* After the last text, before the first scan. */
void literal_scan_finish (LiteralScan *self);
/* The same, in one of the ways that there are (for tests). */
void literal_scan_finish_as (LiteralScan *self, gboolean sieved, LiteralSieveKind kind);

/* Sets the bits of those numbers of which a text stands in the line.  Bit n % 64 of word n / 64 is
 * number n; the words are the caller's, enough of them for the largest number, and zero. */
void literal_scan_run (const LiteralScan *self, const char *line, gsize len, guint64 *found);
