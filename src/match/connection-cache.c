#include "match/connection-cache.h"

typedef struct
{
  PyValue *id, *data;
  gint64 end_usec;
  GList link; /* data: this */
} Connection;

struct ConnectionCache
{
  GHashTable *by_id; /* PyValue -> Connection */
  GQueue oldest_first;
};

static void
connection_free (gpointer data)
{
  Connection *self = data;

  py_value_unref (self->id);
  py_value_unref (self->data);
  g_free (self);
}

ConnectionCache *
connection_cache_new (void)
{
  ConnectionCache *self = g_new0 (ConnectionCache, 1);

  self->by_id = g_hash_table_new_full (py_value_hash, py_value_equal, NULL, connection_free);
  return self;
}

void
connection_cache_free (ConnectionCache *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_id);
  g_free (self);
}

static void
drop (ConnectionCache *self, Connection *connection)
{
  g_queue_unlink (&self->oldest_first, &connection->link);
  g_hash_table_remove (self->by_id, connection->id);
}

PyValue *
connection_cache_peek (ConnectionCache *self, const PyValue *id, gint64 now_usec)
{
  Connection *connection = g_hash_table_lookup (self->by_id, id);

  if (connection == NULL)
    return NULL;
  if (connection->end_usec > now_usec)
    return connection->data;
  drop (self, connection);
  return NULL;
}

/* Drops the oldest, and those after it that are over, as far as places are needed. */
static void
make_room (ConnectionCache *self, gint64 now_usec)
{
  if (self->oldest_first.length < CONNECTION_CACHE_MAX)
    return;
  while (self->oldest_first.head != NULL)
    {
      Connection *oldest = self->oldest_first.head->data;
      gboolean was_over = oldest->end_usec <= now_usec;

      drop (self, oldest);
      if (!was_over)
        return;
    }
}

void
connection_cache_put (ConnectionCache *self, PyValue *id, PyValue *data, gint64 now_usec)
{
  Connection *connection = g_hash_table_lookup (self->by_id, id);

  if (connection != NULL)
    drop (self, connection);
  make_room (self, now_usec);
  connection = g_new0 (Connection, 1);
  connection->id = py_value_ref (id);
  connection->data = py_value_ref (data);
  connection->end_usec = now_usec + CONNECTION_CACHE_AGE_USEC;
  connection->link.data = connection;
  g_queue_push_tail_link (&self->oldest_first, &connection->link);
  g_hash_table_insert (self->by_id, connection->id, connection);
}

void
connection_cache_remove (ConnectionCache *self, const PyValue *id)
{
  Connection *connection = g_hash_table_lookup (self->by_id, id);

  if (connection != NULL)
    drop (self, connection);
}
