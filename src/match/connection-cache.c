#include "match/connection-cache.h"

#include <string.h>

#include "compat/py-repr.h"

#define N_BUCKETS 128 /* a power of two, more than there are connections */

typedef struct Connection Connection;
struct Connection
{
  GString *id; /* the text, or the repr of what is none */
  gboolean is_text;
  guint hash;
  Captures *data;
  gint64 end_usec;
  Connection *next_of_hash; /* or of those that are free */
  Connection *older, *newer;
};

struct ConnectionCache
{
  Connection *by_hash[N_BUCKETS];
  Connection *oldest, *newest;
  Connection *unused;
  guint length;
  gboolean has_fixed_hash;
  guint fixed_hash;
};

/* An id that is looked for */
typedef struct
{
  const char *text;
  gsize len;
  gboolean is_text;
  guint hash;
  char *repr; /* of what is no text: equal values have equal ones (str and None in tuples) */
} Id;

static void
id_clear (Id *self)
{
  g_free (self->repr);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Id, id_clear)

/* Eight bytes a step: an id is some thirty bytes long, and one is looked for at each line of a connection. */
static guint
hash_bytes (const char *text, gsize len)
{
  guint64 hash = len, part = 0;

  for (; len >= sizeof part; text += sizeof part, len -= sizeof part)
    {
      memcpy (&part, text, sizeof part);
      hash = (hash ^ part) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
      hash ^= hash >> 32;
    }
  part = 0;
  memcpy (&part, text, len);
  hash = (hash ^ part) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  return (guint) (hash >> 32);
}

static void
id_init (Id *id, const ConnectionCache *cache, const Capture *capture)
{
  id->is_text = capture->kind == CAPTURED_TEXT;
  id->repr = NULL;
  if (id->is_text)
    {
      id->text = capture->text;
      id->len = capture->len;
    }
  else
    {
      g_autoptr (PyValue) value = capture_dup_value (capture);

      id->text = id->repr = py_repr (value);
      id->len = strlen (id->repr);
    }
  id->hash = cache->has_fixed_hash ? cache->fixed_hash : hash_bytes (id->text, id->len);
}

/* --- life ---------------------------------------------------------------------------------------------------------- */
ConnectionCache *
connection_cache_new (void)
{
  return g_new0 (ConnectionCache, 1);
}

static void
connection_free (Connection *self)
{
  g_string_free (self->id, TRUE);
  captures_free (self->data);
  g_free (self);
}

void
connection_cache_free (ConnectionCache *self)
{
  Connection *next;

  if (self == NULL)
    return;
  for (Connection *c = self->oldest; c != NULL; c = next)
    {
      next = c->newer;
      connection_free (c);
    }
  for (Connection *c = self->unused; c != NULL; c = next)
    {
      next = c->next_of_hash;
      connection_free (c);
    }
  g_free (self);
}

void
connection_cache_set_hash (ConnectionCache *self, guint hash)
{
  self->has_fixed_hash = TRUE;
  self->fixed_hash = hash;
}

/* --- finding ------------------------------------------------------------------------------------------------------- */
static Connection **
bucket_of (ConnectionCache *self, guint hash)
{
  return &self->by_hash[hash % N_BUCKETS];
}

static Connection *
find (ConnectionCache *self, const Id *id)
{
  for (Connection *c = *bucket_of (self, id->hash); c != NULL; c = c->next_of_hash)
    if (c->hash == id->hash && c->is_text == id->is_text && c->id->len == id->len
        && memcmp (c->id->str, id->text, id->len) == 0)
      return c;
  return NULL;
}

static void
unlink_by_age (ConnectionCache *self, Connection *connection)
{
  *(connection->older != NULL ? &connection->older->newer : &self->oldest) = connection->newer;
  *(connection->newer != NULL ? &connection->newer->older : &self->newest) = connection->older;
}

static void
drop (ConnectionCache *self, Connection *connection)
{
  Connection **at = bucket_of (self, connection->hash);

  while (*at != connection)
    at = &(*at)->next_of_hash;
  *at = connection->next_of_hash;
  unlink_by_age (self, connection);
  connection->next_of_hash = self->unused;
  self->unused = connection;
  self->length--;
}

/* Drops the oldest, and those after it that are over, as far as places are needed. */
static void
make_room (ConnectionCache *self, gint64 now_usec)
{
  if (self->length < CONNECTION_CACHE_MAX)
    return;
  while (self->oldest != NULL)
    {
      gboolean was_over = self->oldest->end_usec <= now_usec;

      drop (self, self->oldest);
      if (!was_over)
        return;
    }
}

Captures *
connection_cache_peek (ConnectionCache *self, const Capture *capture, gint64 now_usec)
{
  g_auto (Id) id = { 0 };
  Connection *connection;

  id_init (&id, self, capture);
  connection = find (self, &id);
  if (connection == NULL)
    return NULL;
  if (connection->end_usec > now_usec)
    return connection->data;
  drop (self, connection);
  return NULL;
}

static Connection *
take_unused (ConnectionCache *self)
{
  Connection *connection = self->unused;

  if (connection != NULL)
    {
      self->unused = connection->next_of_hash;
      captures_clear (connection->data);
      return connection;
    }
  connection = g_new0 (Connection, 1);
  connection->id = g_string_new (NULL);
  connection->data = captures_new ();
  return connection;
}

static void
put (ConnectionCache *self, Connection *connection, const Id *id)
{
  Connection **bucket = bucket_of (self, id->hash);

  g_string_truncate (connection->id, 0);
  g_string_append_len (connection->id, id->text, (gssize) id->len);
  connection->is_text = id->is_text;
  connection->hash = id->hash;
  connection->next_of_hash = *bucket;
  *bucket = connection;
  connection->older = self->newest;
  connection->newer = NULL;
  *(self->newest != NULL ? &self->newest->newer : &self->oldest) = connection;
  self->newest = connection;
  self->length++;
}

Captures *
connection_cache_add (ConnectionCache *self, const Capture *capture, gint64 now_usec)
{
  g_auto (Id) id = { 0 };
  Connection *connection;

  id_init (&id, self, capture);
  connection = find (self, &id);
  if (connection != NULL)
    drop (self, connection);
  make_room (self, now_usec);
  connection = take_unused (self);
  put (self, connection, &id);
  connection->end_usec = now_usec + CONNECTION_CACHE_AGE_USEC;
  return connection->data;
}

void
connection_cache_remove (ConnectionCache *self, const Capture *capture)
{
  g_auto (Id) id = { 0 };
  Connection *connection;

  id_init (&id, self, capture);
  connection = find (self, &id);
  if (connection != NULL)
    drop (self, connection);
}

/* --- all of them --------------------------------------------------------------------------------------------------- */
ConnectionCache *
connection_cache_copy (const ConnectionCache *self)
{
  ConnectionCache *copy = connection_cache_new ();

  copy->has_fixed_hash = self->has_fixed_hash;
  copy->fixed_hash = self->fixed_hash;
  for (const Connection *c = self->oldest; c != NULL; c = c->newer)
    {
      const Id id = { .text = c->id->str, .len = c->id->len, .is_text = c->is_text, .hash = c->hash };
      Connection *other = take_unused (copy);

      put (copy, other, &id);
      other->end_usec = c->end_usec;
      captures_copy_whole (other->data, c->data);
    }
  return copy;
}

static gboolean
are_equal (const Connection *a, const Connection *b)
{
  return a->end_usec == b->end_usec && a->is_text == b->is_text && g_string_equal (a->id, b->id)
         && captures_equal (a->data, b->data);
}

gboolean
connection_cache_equal (const ConnectionCache *a, const ConnectionCache *b)
{
  const Connection *y = b->newest;

  if (a->length != b->length)
    return FALSE;
  for (const Connection *x = a->newest; x != NULL; x = x->older, y = y->older)
    if (!are_equal (x, y))
      return FALSE;
  return TRUE;
}
