#include "jail/ban-list.h"

typedef struct
{
  Ticket *ticket;
  GList *link;         /* in BanList.order; its data is this entry */
  GSequenceIter *iter; /* in BanList.ends; likewise */
  gint64 end_usec;     /* as sorted in */
  guint64 number;      /* of the ban, breaks ties */
} Entry;

struct BanList
{
  GHashTable *entries; /* Address of the ticket (borrowed from it) -> Entry */
  GQueue order;
  GSequence *ends;
  gint64 ban_time_sec;
  guint64 total;
};

BanList *
ban_list_new (void)
{
  BanList *self = g_new0 (BanList, 1);

  self->entries = g_hash_table_new (address_hash, address_equal);
  g_queue_init (&self->order);
  self->ends = g_sequence_new (NULL);
  self->ban_time_sec = 600;
  return self;
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  ticket_unref (entry->ticket);
  g_free (entry);
}

void
ban_list_free (BanList *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->entries);
  g_sequence_free (self->ends);
  g_queue_clear_full (&self->order, entry_free);
  g_free (self);
}

static int
compare_ends (gconstpointer a, gconstpointer b, gpointer unused)
{
  const Entry *x = a, *y = b;

  if (x->end_usec != y->end_usec)
    return x->end_usec < y->end_usec ? -1 : 1;
  return x->number < y->number ? -1 : x->number > y->number;
}

static gint64
end_of (const BanList *self, const Ticket *ticket)
{
  return ticket_get_end_usec (ticket, ban_list_get_ban_time_usec (self));
}

static void
resort (BanList *self, Entry *entry)
{
  entry->end_usec = end_of (self, entry->ticket);
  g_sequence_sort_changed (entry->iter, compare_ends, NULL);
}

void
ban_list_set_ban_time_sec (BanList *self, gint64 ban_time_sec)
{
  if (self->ban_time_sec == ban_time_sec)
    return;
  self->ban_time_sec = ban_time_sec;
  for (GList *link = self->order.head; link != NULL; link = link->next)
    {
      Entry *entry = link->data;

      entry->end_usec = end_of (self, entry->ticket);
    }
  g_sequence_sort (self->ends, compare_ends, NULL);
}

gint64
ban_list_get_ban_time_sec (const BanList *self)
{
  return self->ban_time_sec;
}

gint64
ban_list_get_ban_time_usec (const BanList *self)
{
  if (self->ban_time_sec == -1)
    return TICKET_PERMANENT_USEC;
  /* Half the range: added to any time of this age it does not overflow. */
  return CLAMP (self->ban_time_sec, G_MININT64 / 2 / G_USEC_PER_SEC, G_MAXINT64 / 2 / G_USEC_PER_SEC) * G_USEC_PER_SEC;
}

/* The ban that is in force takes over the later end, counted from its own time. */
static void
prolong (BanList *self, Entry *known, const Ticket *ticket)
{
  PyValue *own = ticket_peek_ban_time (ticket);
  gint64 ban_time_usec = ticket_get_ban_time_usec (ticket, ban_list_get_ban_time_usec (self));
  gint64 later_usec = ticket_get_time_usec (ticket) - ticket_get_time_usec (known->ticket);
  double seconds;

  if (ban_time_usec == TICKET_PERMANENT_USEC)
    ticket_take_ban_time (known->ticket, py_int_new (-1));
  else if (later_usec > 0)
    {
      if (own == NULL || !py_value_to_double (own, &seconds))
        seconds = (double) self->ban_time_sec;
      ticket_take_ban_time (known->ticket, py_float_new (seconds + (double) later_usec / G_USEC_PER_SEC));
    }
  else
    ticket_take_ban_time (known->ticket, own != NULL ? py_value_ref (own) : py_int_new (self->ban_time_sec));
  resort (self, known);
}

BanListResult
ban_list_add (BanList *self, Ticket *ticket, gint64 now_usec, Ticket **ret_known)
{
  gint64 end_usec = end_of (self, ticket);
  Entry *entry = g_hash_table_lookup (self->entries, ticket_peek_id (ticket));

  if (end_usec < now_usec)
    return BAN_LIST_OVER;
  if (entry != NULL)
    {
      if (end_usec > end_of (self, entry->ticket))
        prolong (self, entry, ticket);
      if (ret_known != NULL)
        *ret_known = entry->ticket;
      return BAN_LIST_KNOWN;
    }
  entry = g_new0 (Entry, 1);
  entry->ticket = ticket_ref (ticket);
  entry->end_usec = end_usec;
  entry->number = ++self->total;
  g_queue_push_tail (&self->order, entry);
  entry->link = self->order.tail;
  entry->iter = g_sequence_insert_sorted (self->ends, entry, compare_ends, NULL);
  g_hash_table_insert (self->entries, (gpointer) ticket_peek_id (ticket), entry);
  ticket_set_ban_count (ticket, ticket_get_ban_count (ticket) + 1);
  return BAN_LIST_ADDED;
}

void
ban_list_update (BanList *self, Ticket *ticket)
{
  Entry *entry = g_hash_table_lookup (self->entries, ticket_peek_id (ticket));

  if (entry != NULL && entry->ticket == ticket)
    resort (self, entry);
}

Ticket *
ban_list_peek (const BanList *self, const Address *id)
{
  Entry *entry = g_hash_table_lookup (self->entries, id);

  return entry != NULL ? entry->ticket : NULL;
}

gboolean
ban_list_holds (const BanList *self, const Ticket *ticket)
{
  return ban_list_peek (self, ticket_peek_id (ticket)) == ticket;
}

static Ticket *
take_entry (BanList *self, Entry *entry)
{
  Ticket *ticket = entry->ticket;

  g_hash_table_remove (self->entries, ticket_peek_id (ticket));
  g_queue_delete_link (&self->order, entry->link);
  g_sequence_remove (entry->iter);
  g_free (entry);
  return ticket;
}

Ticket *
ban_list_take (BanList *self, const Address *id)
{
  Entry *entry = g_hash_table_lookup (self->entries, id);

  return entry != NULL ? take_entry (self, entry) : NULL;
}

static Entry *
first_to_end (const BanList *self)
{
  GSequenceIter *iter = g_sequence_get_begin_iter (self->ends);

  return g_sequence_iter_is_end (iter) ? NULL : g_sequence_get (iter);
}

Ticket *
ban_list_take_over (BanList *self, gint64 now_usec)
{
  Entry *entry = first_to_end (self);

  return entry != NULL && entry->end_usec < now_usec ? take_entry (self, entry) : NULL;
}

GPtrArray *
ban_list_take_all (BanList *self)
{
  GPtrArray *tickets = g_ptr_array_new_with_free_func ((GDestroyNotify) ticket_unref);

  while (self->order.head != NULL)
    g_ptr_array_add (tickets, take_entry (self, self->order.head->data));
  return tickets;
}

gint64
ban_list_get_next_end_usec (const BanList *self)
{
  Entry *entry = first_to_end (self);

  return entry != NULL ? entry->end_usec : TICKET_NEVER_USEC;
}

GPtrArray *
ban_list_dup_tickets (const BanList *self)
{
  GPtrArray *tickets = g_ptr_array_new_full (self->order.length, (GDestroyNotify) ticket_unref);

  for (const GList *link = self->order.head; link != NULL; link = link->next)
    g_ptr_array_add (tickets, ticket_ref (((Entry *) link->data)->ticket));
  return tickets;
}

GPtrArray *
ban_list_dup_by_end (const BanList *self)
{
  GPtrArray *tickets = g_ptr_array_new_full (self->order.length, (GDestroyNotify) ticket_unref);

  for (GSequenceIter *iter = g_sequence_get_begin_iter (self->ends); !g_sequence_iter_is_end (iter);
       iter = g_sequence_iter_next (iter))
    g_ptr_array_add (tickets, ticket_ref (((Entry *) g_sequence_get (iter))->ticket));
  return tickets;
}

guint
ban_list_get_size (const BanList *self)
{
  return self->order.length;
}

guint64
ban_list_get_total (const BanList *self)
{
  return self->total;
}
