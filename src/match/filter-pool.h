/* filter-pool.h - what the filters of many jails share: date templates, expressions, gates
 *
 * Ten jails with the same filter need its expressions once: translated, compiled at their first line, looked at for their gate.  What is
 * given out is a reference of the caller, so that the pool may forget at any time: what nobody else holds goes when
 * as much again has come.
 * Must not: outlive its thread; expressions are searched by one thread.
 */
#pragma once

#include "match/date-pool.h"
#include "match/failregex.h"
#include "match/filter-gate.h"

typedef struct FilterPool FilterPool;

FilterPool *filter_pool_new (void);
void filter_pool_free (FilterPool *self); /* NULL is fine; what was given out lives on */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FilterPool, filter_pool_free)

/* NULL pool: everything is made for the caller alone. */
DatePool *filter_pool_peek_dates (const FilterPool *self);
/* As failregex_new(). */
Failregex *filter_pool_ref_regex (FilterPool *self, const char *pattern, FailregexFlags flags, GError **error);
/* As filter_gate_new() of expressions that key, an interned string, stands for. */
FilterGate *filter_pool_ref_gate (FilterPool *self, const char *key, const GPtrArray *failregexes,
                                  const GPtrArray *ignoreregexes, const Failregex *prefregex);

guint filter_pool_get_length (const FilterPool *self); /* expressions and gates, for tests */
