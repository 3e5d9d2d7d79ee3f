/* resolver-cache.h - answers of the resolver, so many and so old at most
 *
 * When it is full the oldest answers give way, those past their time first: all of them up to the first that still holds.
 * Must not: know what an answer is; read the clock.
 */
#pragma once
#include <glib.h>

typedef struct ResolverCache ResolverCache;

ResolverCache *resolver_cache_new  (guint max_count, gint64 max_age_usec, GDestroyNotify free_value);
void           resolver_cache_free (ResolverCache *self); /* NULL is fine */
/* Takes value, which may be NULL ("known to be nothing"). */
void           resolver_cache_set  (ResolverCache *self, const char *key, gpointer value, gint64 now_usec);
/* FALSE when unknown or too old.  *ret_value is lent until the next change. */
gboolean       resolver_cache_get  (ResolverCache *self, const char *key, gint64 now_usec, gpointer *ret_value);
void           resolver_cache_clear (ResolverCache *self);
guint          resolver_cache_size (const ResolverCache *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ResolverCache, resolver_cache_free)
