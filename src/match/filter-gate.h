/* filter-gate.h - which expressions of a filter a text can match at all
 *
 * Looks at a text once for all expressions: for the texts that they need (literal-scan.h), and at its first bytes.  Only ever
 * says "cannot match".  Bits: failregex i is bit i, ignoreregex i the bit n_failregexes + i, the prefregex the one behind them.
 * Made of the expressions as they are; a filter whose list of expressions changes makes a new one.
 * Threads: many may look at the same time, each into words of its own.
 */
#pragma once

#include <glib.h>

#include "compat/py-regex.h"
#include "match/failregex.h"

typedef struct FilterGate FilterGate;

/* Lists of Failregex; prefregex: NULL, there is none.  ungated: says nothing (for tests). */
FilterGate *filter_gate_new (const GPtrArray *failregexes, const GPtrArray *ignoreregexes, const Failregex *prefregex,
                             gboolean ungated);
FilterGate *filter_gate_ref (FilterGate *self);
void filter_gate_unref (FilterGate *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FilterGate, filter_gate_unref)
gboolean filter_gate_is_shared (const FilterGate *self); /* is there another reference? */

guint filter_gate_get_n_words (const FilterGate *self); /* guint64 for the bits, and room to work behind them */

/* Writes to `left` which expressions this text, or a text made of a part of it, can match. */
void filter_gate_look (const FilterGate *self, const char *text, gsize len, PySearchFlags flags, guint64 *left);

/* For the text that the prefregex is searched in: can it match?  If not, takes the failregexes out of `left`. */
gboolean filter_gate_leaves_prefregex (const FilterGate *self, guint64 *left);

/* Takes those expressions out of `left` that cannot match from the start of this text. */
void filter_gate_narrow (const FilterGate *self, const char *text, gsize len, guint64 *left);

/* The first failregex in `left` from `from` on; their number: there is none. */
guint filter_gate_next (const FilterGate *self, const guint64 *left, guint from);

/* Can this ignoreregex match? */
gboolean filter_gate_leaves_ignoreregex (const FilterGate *self, const guint64 *left, guint index);
