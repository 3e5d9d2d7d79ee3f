#include "jail/ignore-cache.h"

#include "base/duration.h"
#include "compat/py-int.h"
#include "jail/jail-error.h"

typedef struct
{
  char *key;
  gboolean answer;
  gint64 until_usec; /* monotonic */
} Entry;

struct IgnoreCache
{
  const Clock *clock;
  char *template;
  gint64 max_count;
  PyValue *max_time;
  gint64 max_time_usec;
  GHashTable *links; /* key (borrowed) -> its GList in entries */
  GQueue entries;    /* in the order of their answers */
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->key);
  g_free (entry);
}

void
ignore_cache_free (IgnoreCache *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->links);
  g_queue_clear_full (&self->entries, entry_free);
  py_value_unref (self->max_time);
  g_free (self->template);
  g_free (self);
}

static const char *
option (const PyValue *options, const char *name)
{
  PyValue *value = py_dict_get_str (options, name);

  return value != NULL ? py_str_peek (value, NULL) : NULL;
}

IgnoreCache *
ignore_cache_new (const PyValue *options, const Clock *clock, GError **error)
{
  g_autoptr (IgnoreCache) self = g_new0 (IgnoreCache, 1);
  const char *key = option (options, "key"), *count = option (options, "max-count"),
             *time = option (options, "max-time");
  double seconds;

  self->clock = clock;
  self->links = g_hash_table_new (g_str_hash, g_str_equal);
  g_queue_init (&self->entries);
  if (key == NULL)
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_KEY, "key");
      return NULL;
    }
  self->template = g_strdup (key);
  self->max_count = 100;
  if (count != NULL && !py_int_parse_int64 (count, -1, &self->max_count, error))
    return NULL;
  self->max_time = duration_parse (time != NULL ? time : "300", -1, error);
  if (self->max_time == NULL)
    return NULL;
  if (py_value_to_double (self->max_time, &seconds))
    self->max_time_usec = (gint64) (CLAMP (seconds, 0, 1e12) * G_USEC_PER_SEC);
  return g_steal_pointer (&self);
}

const char *
ignore_cache_peek_key_template (const IgnoreCache *self)
{
  return self->template;
}

PyValue *
ignore_cache_dup_settings (const IgnoreCache *self)
{
  return py_list_new_items (py_str_new (self->template), py_int_new (self->max_count), py_value_ref (self->max_time),
                            NULL);
}

static void
drop (IgnoreCache *self, GList *link)
{
  Entry *entry = link->data;

  g_hash_table_remove (self->links, entry->key);
  g_queue_delete_link (&self->entries, link);
  entry_free (entry);
}

gboolean
ignore_cache_get (IgnoreCache *self, const char *key, gboolean *ret_answer)
{
  GList *link = g_hash_table_lookup (self->links, key);
  Entry *entry;

  if (link == NULL)
    return FALSE;
  entry = link->data;
  if (entry->until_usec <= clock_get_monotonic_usec (self->clock))
    {
      drop (self, link);
      return FALSE;
    }
  *ret_answer = entry->answer;
  return TRUE;
}

void
ignore_cache_set (IgnoreCache *self, const char *key, gboolean answer)
{
  GList *link = g_hash_table_lookup (self->links, key);
  Entry *entry;

  if (link != NULL)
    drop (self, link);
  while (self->entries.length > 0 && self->entries.length >= CLAMP (self->max_count, 1, IGNORE_CACHE_MAX))
    drop (self, self->entries.head);
  entry = g_new0 (Entry, 1);
  entry->key = g_strdup (key);
  entry->answer = answer;
  entry->until_usec = clock_get_monotonic_usec (self->clock) + self->max_time_usec;
  g_queue_push_tail (&self->entries, entry);
  g_hash_table_insert (self->links, entry->key, self->entries.tail);
}
