#include "match/date-ranking.h"

#define FAR         0x7fffffff
#define UNUSED_USEC (300 * (gint64) G_USEC_PER_SEC)

typedef struct
{
  DateTemplate *template;
  guint64 hits;
  gint64 last_used_usec;
  gsize distance;
} Entry;

struct DateRanking
{
  GArray *entries;
  GHashTable *names; /* borrowed strings */
  guint first_unused;
};

DateRanking *
date_ranking_new (void)
{
  DateRanking *self = g_new0 (DateRanking, 1);

  self->entries = g_array_new (FALSE, TRUE, sizeof (Entry));
  self->names = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

void
date_ranking_free (DateRanking *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->entries);
  g_hash_table_unref (self->names);
  g_free (self);
}

static inline Entry *
get_entry (const DateRanking *self, guint i)
{
  return &g_array_index (self->entries, Entry, i);
}

gboolean
date_ranking_append (DateRanking *self, DateTemplate *template, gboolean ignore_twice, GError **error)
{
  const char *name = date_template_peek_name (template);
  Entry entry = { .template = template, .distance = FAR };

  if (g_hash_table_contains (self->names, name))
    {
      if (!ignore_twice)
        g_set_error (error, DATE_ERROR, DATE_ERROR_VALUE, "There is already a template with name %s", name);
      return ignore_twice;
    }
  g_hash_table_add (self->names, (gpointer) name);
  g_array_append_val (self->entries, entry);
  return TRUE;
}

guint
date_ranking_get_length (const DateRanking *self)
{
  return self->entries->len;
}

DateTemplate *
date_ranking_peek (const DateRanking *self, guint i)
{
  return get_entry (self, i)->template;
}

guint64
date_ranking_get_hits (const DateRanking *self, guint i)
{
  return get_entry (self, i)->hits;
}

gsize
date_ranking_get_distance (const DateRanking *self, guint i)
{
  return get_entry (self, i)->distance;
}

static double
get_weight (const Entry *entry)
{
  return (double) entry->hits * date_template_get_weight (entry->template) / (double) MAX (1, entry->distance);
}

double
date_ranking_get_weight (const DateRanking *self, guint i)
{
  return get_weight (get_entry (self, i));
}

void
date_ranking_count (DateRanking *self, guint i, gsize distance, gint64 now_usec)
{
  Entry *entry = get_entry (self, i);

  entry->hits++;
  entry->last_used_usec = now_usec;
  entry->distance = distance;
  if (self->first_unused == i)
    self->first_unused++;
}

static gboolean
may_pass (const Entry *entry, const Entry *other)
{
  return get_weight (entry) > get_weight (other) || entry->last_used_usec - UNUSED_USEC > other->last_used_usec;
}

guint
date_ranking_promote (DateRanking *self, guint i)
{
  Entry entry = *get_entry (self, i);
  guint to = self->first_unused < i ? self->first_unused : i / 2;

  if (i == 0)
    return 0;
  if (!may_pass (&entry, get_entry (self, to)))
    {
      if (to == i - 1)
        return i;
      to = i - 1;
      if (!may_pass (&entry, get_entry (self, to)))
        return i;
    }
  g_array_remove_index (self->entries, i);
  g_array_insert_val (self->entries, to, entry);
  while (self->first_unused < self->entries->len && get_entry (self, self->first_unused)->hits > 0)
    self->first_unused++;
  return to;
}
