#include "jail/ban-list.h"

#include <stdlib.h>

#include "jail/ticket-table.h"

/* When a ban ends.  Equal ends: in the order of the bans, which is that of the places. */
typedef struct
{
  gint64 end_usec; /* as sorted in */
  guint32 place;
} End;

/* A hundred thousand bans may be held for weeks: so both orders are arrays.  A ticket's mark in the table is the place of its end in
 * the heap. */
struct BanList
{
  TicketTable *tickets; /* in the order of the bans */
  End *ends;            /* a heap: none is before the one at half its index */
  guint32 n_ends, size;
  gint64 ban_time_sec;
  guint64 total;
};

BanList *
ban_list_new (void)
{
  BanList *self = g_new0 (BanList, 1);

  self->tickets = ticket_table_new ();
  self->ban_time_sec = 600;
  return self;
}

void
ban_list_free (BanList *self)
{
  if (self == NULL)
    return;
  ticket_table_free (self->tickets);
  g_free (self->ends);
  g_free (self);
}

/* --- the heap of ends ------------------------------------------------------------------------------------------------ */

static int
compare_ends (const void *a, const void *b)
{
  const End *x = a, *y = b;

  if (x->end_usec != y->end_usec)
    return x->end_usec < y->end_usec ? -1 : 1;
  return x->place < y->place ? -1 : x->place > y->place;
}

static void
put_end (BanList *self, guint32 index, End end)
{
  self->ends[index] = end;
  ticket_table_set_mark (self->tickets, end.place, index);
}

static void
move_up (BanList *self, guint32 index)
{
  End end = self->ends[index];

  for (; index > 0 && compare_ends (&end, &self->ends[(index - 1) / 2]) < 0; index = (index - 1) / 2)
    put_end (self, index, self->ends[(index - 1) / 2]);
  put_end (self, index, end);
}

static void
move_down (BanList *self, guint32 index)
{
  End end = self->ends[index];

  for (guint32 next = 2 * index + 1; next < self->n_ends; next = 2 * index + 1)
    {
      if (next + 1 < self->n_ends && compare_ends (&self->ends[next + 1], &self->ends[next]) < 0)
        next++;
      if (compare_ends (&end, &self->ends[next]) <= 0)
        break;
      put_end (self, index, self->ends[next]);
      index = next;
    }
  put_end (self, index, end);
}

static void
push_end (BanList *self, End end)
{
  if (self->n_ends == self->size)
    {
      self->size = MAX (16, self->size + self->size / 2);
      self->ends = g_renew (End, self->ends, self->size);
    }
  self->ends[self->n_ends] = end;
  move_up (self, self->n_ends++);
}

static void
remove_end (BanList *self, guint32 index)
{
  End last = self->ends[--self->n_ends];

  if (index < self->n_ends)
    {
      guint32 place = last.place;

      put_end (self, index, last);
      move_up (self, index);
      move_down (self, ticket_table_get_mark (self->tickets, place));
    }
  if (self->n_ends > 0)
    return;
  g_clear_pointer (&self->ends, g_free);
  self->size = 0;
}

/* The tickets before this one have new places, in the order of the old. */
static void
renumber (BanList *self, guint32 end)
{
  for (guint32 place = ticket_table_first (self->tickets); place != end; place = ticket_table_next (self->tickets, place))
    self->ends[ticket_table_get_mark (self->tickets, place)].place = place;
}

/* --- ban times ------------------------------------------------------------------------------------------------------- */

static gint64
end_of (const BanList *self, const Ticket *ticket)
{
  return ticket_get_end_usec (ticket, ban_list_get_ban_time_usec (self));
}

static void
resort (BanList *self, guint32 place)
{
  guint32 index = ticket_table_get_mark (self->tickets, place);

  self->ends[index].end_usec = end_of (self, ticket_table_peek (self->tickets, place));
  move_up (self, index);
  move_down (self, ticket_table_get_mark (self->tickets, place));
}

void
ban_list_set_ban_time_sec (BanList *self, gint64 ban_time_sec)
{
  if (self->ban_time_sec == ban_time_sec)
    return;
  self->ban_time_sec = ban_time_sec;
  for (guint32 i = 0; i < self->n_ends; i++)
    self->ends[i].end_usec = end_of (self, ticket_table_peek (self->tickets, self->ends[i].place));
  for (guint32 i = self->n_ends / 2; i-- > 0;)
    move_down (self, i);
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

/* --- bans ------------------------------------------------------------------------------------------------------------ */

/* The ban that is in force takes over the later end, counted from its own time. */
static void
prolong (BanList *self, guint32 place, const Ticket *ticket)
{
  Ticket *known = ticket_table_peek (self->tickets, place);
  PyValue *own = ticket_peek_ban_time (ticket);
  gint64 ban_time_usec = ticket_get_ban_time_usec (ticket, ban_list_get_ban_time_usec (self));
  gint64 later_usec = ticket_get_time_usec (ticket) - ticket_get_time_usec (known);
  double seconds;

  if (ban_time_usec == TICKET_PERMANENT_USEC)
    ticket_take_ban_time (known, py_int_new (-1));
  else if (later_usec > 0)
    {
      if (own == NULL || !py_value_to_double (own, &seconds))
        seconds = (double) self->ban_time_sec;
      ticket_take_ban_time (known, py_float_new (seconds + (double) later_usec / G_USEC_PER_SEC));
    }
  else
    ticket_take_ban_time (known, own != NULL ? py_value_ref (own) : py_int_new (self->ban_time_sec));
  resort (self, place);
}

BanListResult
ban_list_add (BanList *self, Ticket *ticket, gint64 now_usec, Ticket **ret_known)
{
  gint64 end_usec = end_of (self, ticket);
  guint32 place = ticket_table_find (self->tickets, ticket_peek_id (ticket));
  gboolean moved;

  if (end_usec < now_usec)
    return BAN_LIST_OVER;
  if (place != TICKET_TABLE_NOWHERE)
    {
      Ticket *known = ticket_table_peek (self->tickets, place);

      if (end_usec > end_of (self, known))
        prolong (self, place, ticket);
      if (ret_known != NULL)
        *ret_known = known;
      return BAN_LIST_KNOWN;
    }
  place = ticket_table_add (self->tickets, ticket, &moved);
  if (moved)
    renumber (self, place);
  push_end (self, (End){ end_usec, place });
  self->total++;
  ticket_set_ban_count (ticket, ticket_get_ban_count (ticket) + 1);
  return BAN_LIST_ADDED;
}

void
ban_list_update (BanList *self, Ticket *ticket)
{
  guint32 place = ticket_table_find (self->tickets, ticket_peek_id (ticket));

  if (place != TICKET_TABLE_NOWHERE && ticket_table_peek (self->tickets, place) == ticket)
    resort (self, place);
}

Ticket *
ban_list_peek (const BanList *self, const Address *id)
{
  guint32 place = ticket_table_find (self->tickets, id);

  return place != TICKET_TABLE_NOWHERE ? ticket_table_peek (self->tickets, place) : NULL;
}

gboolean
ban_list_holds (const BanList *self, const Ticket *ticket)
{
  return ban_list_peek (self, ticket_peek_id (ticket)) == ticket;
}

static Ticket *
take_place (BanList *self, guint32 place)
{
  remove_end (self, ticket_table_get_mark (self->tickets, place));
  return ticket_table_take (self->tickets, place);
}

Ticket *
ban_list_take (BanList *self, const Address *id)
{
  guint32 place = ticket_table_find (self->tickets, id);

  return place != TICKET_TABLE_NOWHERE ? take_place (self, place) : NULL;
}

Ticket *
ban_list_take_over (BanList *self, gint64 now_usec)
{
  return self->n_ends > 0 && self->ends[0].end_usec < now_usec ? take_place (self, self->ends[0].place) : NULL;
}

GPtrArray *
ban_list_take_all (BanList *self)
{
  GPtrArray *tickets = ban_list_dup_tickets (self);

  ticket_table_free (self->tickets);
  self->tickets = ticket_table_new ();
  g_clear_pointer (&self->ends, g_free);
  self->n_ends = self->size = 0;
  return tickets;
}

gint64
ban_list_get_next_end_usec (const BanList *self)
{
  return self->n_ends > 0 ? self->ends[0].end_usec : TICKET_NEVER_USEC;
}

GPtrArray *
ban_list_dup_tickets (const BanList *self)
{
  GPtrArray *tickets = g_ptr_array_new_full (self->n_ends, (GDestroyNotify) ticket_unref);

  for (guint place = ticket_table_first (self->tickets); place != TICKET_TABLE_NOWHERE;
       place = ticket_table_next (self->tickets, place))
    g_ptr_array_add (tickets, ticket_ref (ticket_table_peek (self->tickets, place)));
  return tickets;
}

GPtrArray *
ban_list_dup_by_end (const BanList *self)
{
  GPtrArray *tickets = g_ptr_array_new_full (self->n_ends, (GDestroyNotify) ticket_unref);
  g_autofree End *ends = g_memdup2 (self->ends, self->n_ends * sizeof *ends);

  if (ends != NULL)
    qsort (ends, self->n_ends, sizeof *ends, compare_ends);
  for (guint32 i = 0; i < self->n_ends; i++)
    g_ptr_array_add (tickets, ticket_ref (ticket_table_peek (self->tickets, ends[i].place)));
  return tickets;
}

guint
ban_list_get_size (const BanList *self)
{
  return self->n_ends;
}

guint64
ban_list_get_total (const BanList *self)
{
  return self->total;
}
