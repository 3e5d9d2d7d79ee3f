#include "store/failure-log.h"

#include <string.h>

/* Before the first entry.  Numbers are as this machine has them in memory. */
#define VERSION (1 | (G_BYTE_ORDER == G_BIG_ENDIAN ? 0x80 : 0))

typedef enum
{
  ENTRY_PUT,
  ENTRY_DROP,
} EntryKind;

/* Then the id, and of a ticket its data. */
typedef struct
{
  guint32 kind;
  guint32 id_len;
} EntryHead;

typedef struct
{
  gint64 time_usec, first_time_usec;
  double retry;
  guint32 attempts;
  guint32 data_len;
} TicketHead;

/* --- writing --------------------------------------------------------------------------------------------------------- */

/* Room for so many bytes at the end of the log. */
static guint8 *
add_room (GByteArray *log, gsize len)
{
  guint at = log->len;

  g_byte_array_set_size (log, at + (guint) len);
  return log->data + at;
}

static guint8 *
write_bytes (guint8 *at, const void *bytes, gsize len)
{
  memcpy (at, bytes, len);
  return at + len;
}

/* An entry with so many bytes behind its id; where these are to be written. */
static guint8 *
put_head (GByteArray *log, EntryKind kind, const Address *id, gsize more)
{
  static const guint8 version = VERSION;
  EntryHead head = { .kind = kind, .id_len = (guint32) address_get_length (id) };
  gsize begins = log->len == 0 ? sizeof version : 0;
  guint8 *at = add_room (log, begins + sizeof head + head.id_len + more);

  at = write_bytes (at, &version, begins);
  at = write_bytes (at, &head, sizeof head);
  return write_bytes (at, address_peek_text (id), head.id_len);
}

void
failure_log_put (GByteArray *log, const Ticket *ticket)
{
  const TicketData *data = ticket_peek_data (ticket);
  TicketHead head = { .time_usec = ticket_get_time_usec (ticket),
                      .first_time_usec = ticket_get_first_time_usec (ticket),
                      .retry = ticket_get_retry (ticket),
                      .attempts = ticket_get_attempts (ticket),
                      .data_len = (guint32) ticket_data_get_n_bytes (data) };
  guint8 *at = put_head (log, ENTRY_PUT, ticket_peek_id (ticket), sizeof head + head.data_len);

  at = write_bytes (at, &head, sizeof head);
  ticket_data_write_bytes (data, at);
}

void
failure_log_drop (GByteArray *log, const Address *id)
{
  (void) put_head (log, ENTRY_DROP, id, 0);
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

typedef struct
{
  const guint8 *at;
  gsize left;
} Reader;

/* NULL: not so many are left. */
static const void *
get_bytes (Reader *in, gsize len)
{
  const guint8 *bytes = in->at;

  if (len > in->left)
    return NULL;
  in->at += len;
  in->left -= len;
  return bytes;
}

static gboolean
get_struct (Reader *in, gpointer ret_value, gsize size)
{
  const void *bytes = get_bytes (in, size);

  if (bytes != NULL)
    memcpy (ret_value, bytes, size);
  return bytes != NULL;
}

/* As its text was written; what is no address is an id of its own kind. */
static Address *
get_id (Reader *in, gsize len)
{
  const char *text = len > 0 ? get_bytes (in, len) : NULL;
  g_autoptr (Address) address = NULL;

  if (text == NULL)
    return NULL;
  address = address_new (text, (gssize) len);
  return address_is_valid (address) ? g_steal_pointer (&address) : address_new_raw (text, (gssize) len);
}

static gboolean
walk_entry (Reader *in, FailureLogFunc func, gpointer user_data)
{
  EntryHead head;
  TicketHead ticket;
  g_autoptr (Address) id = NULL;

  if (!get_struct (in, &head, sizeof head) || (id = get_id (in, head.id_len)) == NULL || head.kind > ENTRY_DROP)
    return FALSE;
  if (head.kind == ENTRY_DROP)
    return TRUE;
  if (!get_struct (in, &ticket, sizeof ticket) || get_bytes (in, ticket.data_len) == NULL)
    return FALSE;
  func (id, user_data);
  return TRUE;
}

void
failure_log_each (const void *bytes, gsize len, FailureLogFunc func, gpointer user_data)
{
  Reader in = { bytes, len };
  const guint8 *version = get_bytes (&in, 1);

  if (version != NULL && *version == VERSION)
    while (in.left > 0 && walk_entry (&in, func, user_data))
      continue;
}

static Ticket *
get_ticket (Reader *in, const Address *id)
{
  TicketHead head;
  const void *bytes;
  TicketData *data;
  gboolean ok;
  Ticket *ticket;

  if (!get_struct (in, &head, sizeof head) || (bytes = get_bytes (in, head.data_len)) == NULL || !(head.retry > 0))
    return NULL;
  data = ticket_data_from_bytes (bytes, head.data_len, &ok);
  if (!ok)
    return NULL;
  ticket = ticket_new (id, head.time_usec);
  ticket_set_time_usec (ticket, head.time_usec, TRUE);
  ticket_set_first_time_usec (ticket, head.first_time_usec);
  ticket_set_attempts (ticket, head.attempts);
  ticket_set_retry (ticket, head.retry);
  ticket_take_data (ticket, data);
  return ticket;
}

static gboolean
replay_entry (Reader *in, GHashTable *tickets)
{
  EntryHead head;
  g_autoptr (Address) id = NULL;
  Ticket *ticket;

  if (!get_struct (in, &head, sizeof head) || (id = get_id (in, head.id_len)) == NULL || head.kind > ENTRY_DROP)
    return FALSE;
  if (head.kind == ENTRY_DROP)
    {
      g_hash_table_remove (tickets, id);
      return TRUE;
    }
  ticket = get_ticket (in, id);
  if (ticket == NULL)
    return FALSE;
  g_hash_table_replace (tickets, g_steal_pointer (&id), ticket);
  return TRUE;
}

guint
failure_log_replay (const void *bytes, gsize len, GHashTable *tickets)
{
  Reader in = { bytes, len };
  const guint8 *version = get_bytes (&in, 1);
  guint count = 0;

  if (version == NULL || *version != VERSION)
    return 0;
  while (in.left > 0 && replay_entry (&in, tickets))
    count++;
  return count;
}

GHashTable *
failure_log_tickets_new (void)
{
  return g_hash_table_new_full (address_hash, address_is_same_id, (GDestroyNotify) address_unref,
                                (GDestroyNotify) ticket_unref);
}
