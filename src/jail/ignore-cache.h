/* ignore-cache.h - answers of the ignore lists, remembered for a while (ignorecache)
 *
 * At most max_count keys, each for max_time from when it was answered; when it is full the oldest go first.
 * Must not: expand tags (the key comes expanded), know what is asked.
 */
#pragma once
#include "base/clock.h"
#include "compat/py-value.h"

typedef struct IgnoreCache IgnoreCache;

#define IGNORE_CACHE_MAX 1000000 /* keys hold what strangers wrote; a larger max-count counts as this */

/* options: dict of str -> str: "key", and "max-count" (100), "max-time" (5m).  Errors as ignore_list_set_cache. */
IgnoreCache *ignore_cache_new (const PyValue *options, const Clock *clock, GError **error);
void ignore_cache_free (IgnoreCache *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IgnoreCache, ignore_cache_free)

const char *ignore_cache_peek_key_template (const IgnoreCache *self);
PyValue *ignore_cache_dup_settings (const IgnoreCache *self); /* [key, max-count, max-time] */

gboolean ignore_cache_get (IgnoreCache *self, const char *key, gboolean *ret_answer); /* FALSE: not known */
void ignore_cache_set (IgnoreCache *self, const char *key, gboolean answer);
