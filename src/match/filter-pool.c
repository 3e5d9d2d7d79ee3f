#include "match/filter-pool.h"

/* What is held by nobody else is looked for when there are so many, then when there are twice as many as were left. */
#define SWEEP_LEAST 64

struct FilterPool
{
  DatePool *dates;
  GHashTable *regexes; /* flags and pattern -> Failregex */
  GHashTable *gates;   /* key -> FilterGate */
  guint sweep_at;
};

FilterPool *
filter_pool_new (void)
{
  FilterPool *self = g_new0 (FilterPool, 1);

  self->dates = date_pool_new ();
  self->regexes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) failregex_unref);
  self->gates = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) filter_gate_unref);
  self->sweep_at = SWEEP_LEAST;
  return self;
}

void
filter_pool_free (FilterPool *self)
{
  if (self == NULL)
    return;
  date_pool_free (self->dates);
  g_hash_table_unref (self->regexes);
  g_hash_table_unref (self->gates);
  g_free (self);
}

DatePool *
filter_pool_peek_dates (const FilterPool *self)
{
  return self != NULL ? self->dates : NULL;
}

guint
filter_pool_get_length (const FilterPool *self)
{
  return g_hash_table_size (self->regexes) + g_hash_table_size (self->gates);
}

static gboolean
is_regex_unused (gpointer key, gpointer regex, gpointer user_data)
{
  return !failregex_is_shared (regex);
}

static gboolean
is_gate_unused (gpointer key, gpointer gate, gpointer user_data)
{
  return !filter_gate_is_shared (gate);
}

static void
make_room (FilterPool *self)
{
  if (filter_pool_get_length (self) < self->sweep_at)
    return;
  g_hash_table_foreach_remove (self->regexes, is_regex_unused, NULL);
  g_hash_table_foreach_remove (self->gates, is_gate_unused, NULL);
  self->sweep_at = MAX (SWEEP_LEAST, 2 * filter_pool_get_length (self));
}

Failregex *
filter_pool_ref_regex (FilterPool *self, const char *pattern, FailregexFlags flags, GError **error)
{
  g_autofree char *key = NULL;
  Failregex *regex;

  if (self == NULL)
    return failregex_new (pattern, flags, error);
  key = g_strdup_printf ("%u %s", (guint) flags, pattern);
  regex = g_hash_table_lookup (self->regexes, key);
  if (regex == NULL)
    {
      regex = failregex_new (pattern, flags, error);
      if (regex == NULL)
        return NULL;
      make_room (self);
      g_hash_table_insert (self->regexes, g_steal_pointer (&key), regex);
    }
  return failregex_ref (regex);
}

FilterGate *
filter_pool_ref_gate (FilterPool *self, const char *key, const GPtrArray *failregexes, const GPtrArray *ignoreregexes,
                      const Failregex *prefregex)
{
  FilterGate *gate;

  if (self == NULL)
    return filter_gate_new (failregexes, ignoreregexes, prefregex, FALSE);
  gate = g_hash_table_lookup (self->gates, key);
  if (gate == NULL)
    {
      gate = filter_gate_new (failregexes, ignoreregexes, prefregex, FALSE);
      make_room (self);
      g_hash_table_insert (self->gates, (gpointer) key, gate);
    }
  return filter_gate_ref (gate);
}
