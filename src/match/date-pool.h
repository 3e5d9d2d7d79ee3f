/* date-pool.h - the templates that the date detectors of many jails share
 *
 * Most jails have no datepattern of their own: the thirty default templates need not be made, nor compiled, for each.  A
 * detector holds a reference of its set, so the pool may give out another one at any time: when the century that %ExY
 * depends on has moved on, and when patterns that were set and forgotten have filled the set.
 * Must not: outlive its thread; a set is used by one thread.
 */
#pragma once
#include "match/date-template-set.h"

typedef struct DatePool DatePool;

DatePool *date_pool_new (void);
void date_pool_free (DatePool *self); /* NULL is fine; sets live on with their detectors */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DatePool, date_pool_free)

/* A set for a clock in that year, a reference for the caller; NULL pool: one of his own. */
DateTemplateSet *date_pool_ref_set (DatePool *self, int year);
