#include "base/resolver-cache.h"

#include <string.h>

typedef struct
{
  GList link; /* in order; data is the entry */
  char *key;
  gpointer value;
  gint64 until_usec;
} Entry;

struct ResolverCache
{
  GHashTable *entries; /* key -> Entry */
  GQueue order;        /* oldest first */
  Entry *last;         /* that was asked for: it often is again.  NULL: none */
  guint max_count;
  gint64 max_age_usec;
  GDestroyNotify free_value;
};

ResolverCache *
resolver_cache_new (guint max_count, gint64 max_age_usec, GDestroyNotify free_value)
{
  ResolverCache *self = g_new0 (ResolverCache, 1);

  self->entries = g_hash_table_new (g_str_hash, g_str_equal);
  g_queue_init (&self->order);
  self->max_count = max_count;
  self->max_age_usec = max_age_usec;
  self->free_value = free_value;
  return self;
}

static void
drop_entry (ResolverCache *self, Entry *entry)
{
  if (self->last == entry)
    self->last = NULL;
  g_hash_table_remove (self->entries, entry->key);
  g_queue_unlink (&self->order, &entry->link);
  if (entry->value != NULL)
    self->free_value (entry->value);
  g_free (entry->key);
  g_free (entry);
}

static Entry *
oldest (ResolverCache *self)
{
  return self->order.head != NULL ? self->order.head->data : NULL;
}

void
resolver_cache_clear (ResolverCache *self)
{
  while (oldest (self) != NULL)
    drop_entry (self, oldest (self));
}

void
resolver_cache_free (ResolverCache *self)
{
  if (self == NULL)
    return;
  resolver_cache_clear (self);
  g_hash_table_unref (self->entries);
  g_free (self);
}

static void
make_room (ResolverCache *self, gint64 now_usec)
{
  while (oldest (self) != NULL
         && (g_queue_get_length (&self->order) >= self->max_count || oldest (self)->until_usec <= now_usec))
    drop_entry (self, oldest (self));
}

void
resolver_cache_set (ResolverCache *self, const char *key, gpointer value, gint64 now_usec)
{
  Entry *entry = g_hash_table_lookup (self->entries, key);

  if (entry != NULL)
    drop_entry (self, entry);
  if (g_queue_get_length (&self->order) >= self->max_count)
    make_room (self, now_usec);
  entry = g_new0 (Entry, 1);
  entry->link.data = entry;
  entry->key = g_strdup (key);
  entry->value = value;
  entry->until_usec = now_usec + self->max_age_usec;
  g_hash_table_insert (self->entries, entry->key, entry);
  g_queue_push_tail_link (&self->order, &entry->link);
}

gboolean
resolver_cache_get (ResolverCache *self, const char *key, gint64 now_usec, gpointer *ret_value)
{
  Entry *entry = self->last;

  if (entry == NULL || strcmp (entry->key, key) != 0)
    entry = g_hash_table_lookup (self->entries, key);
  if (entry == NULL)
    return FALSE;
  self->last = entry;
  if (entry->until_usec <= now_usec)
    {
      drop_entry (self, entry);
      return FALSE;
    }
  *ret_value = entry->value;
  return TRUE;
}

guint
resolver_cache_size (const ResolverCache *self)
{
  return self->order.length;
}
