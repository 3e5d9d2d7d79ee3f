#include "jail/ticket-table.h"

#include <string.h>

#define NOWHERE  TICKET_TABLE_NOWHERE
#define SIZE_MIN 16

typedef struct
{
  Ticket *ticket; /* NULL: taken out */
  guint32 hash;
  guint32 mark;
} Slot;

struct TicketTable
{
  Slot *slots; /* in order; those that were taken out leave gaps, which close when there is no room */
  guint32 n_slots, n_used; /* that there are, that are or were in use */
  guint32 first;           /* the first in use, if any is */
  guint32 count;
  guint32 *index; /* by hash, then one behind the other: a slot's number and one, 0 for none */
  guint8 *tags;   /* of each of them: 0 for none, else bits of the hash.  Who is not there is not looked for in the slots, which are far
                     apart in memory */
  guint32 n_index;  /* a power of two, at most seven eighths in use: looking through tags is cheap, memory is not */
  guint64 key, factor;
};

/* --- hash ------------------------------------------------------------------------------------------------------------ */

/* Equal ids have the same text. */
static guint32
hash_of (const TicketTable *self, const Address *id)
{
  return (guint32) (address_hash_with (id, self->key, self->factor) >> 32);
}

/* Of bits that say nothing about the place in the index */
static guint8
tag_of (guint32 hash)
{
  return (guint8) (hash >> 24 | 1);
}

static guint32
used_from (const TicketTable *self, guint32 place)
{
  while (place < self->n_used && self->slots[place].ticket == NULL)
    place++;
  return place < self->n_used ? place : NOWHERE;
}

guint
ticket_table_first (const TicketTable *self)
{
  return used_from (self, self->first);
}

guint
ticket_table_next (const TicketTable *self, guint place)
{
  g_return_val_if_fail (place < self->n_used, NOWHERE);

  return used_from (self, place + 1);
}

static void
index_slot (TicketTable *self, guint32 place)
{
  guint32 at = self->slots[place].hash & (self->n_index - 1);

  while (self->tags[at] != 0)
    at = (at + 1) & (self->n_index - 1);
  self->index[at] = place + 1;
  self->tags[at] = tag_of (self->slots[place].hash);
}

static guint32
index_of (const TicketTable *self, guint32 place)
{
  guint32 at = self->slots[place].hash & (self->n_index - 1);

  while (self->index[at] != place + 1)
    at = (at + 1) & (self->n_index - 1);
  return at;
}

/* Those behind it that are not at home move up, so that no gap cuts them off. */
static void
unindex_slot (TicketTable *self, guint32 place)
{
  guint32 mask = self->n_index - 1;
  guint32 gap = index_of (self, place);

  for (guint32 at = (gap + 1) & mask; self->index[at] != 0; at = (at + 1) & mask)
    {
      guint32 home = self->slots[self->index[at] - 1].hash & mask;

      if (((at - home) & mask) < ((at - gap) & mask))
        continue;
      self->index[gap] = self->index[at];
      self->tags[gap] = self->tags[at];
      gap = at;
    }
  self->index[gap] = 0;
  self->tags[gap] = 0;
}

static void
resize_index (TicketTable *self, guint32 size)
{
  g_free (self->index);
  g_free (self->tags);
  self->index = g_new0 (guint32, size);
  self->tags = g_new0 (guint8, size);
  self->n_index = size;
  for (guint32 place = ticket_table_first (self); place != NOWHERE; place = ticket_table_next (self, place))
    index_slot (self, place);
}

/* --- slots ----------------------------------------------------------------------------------------------------------- */

static void
close_gaps (TicketTable *self)
{
  guint32 used = 0;

  for (guint32 place = self->first; place < self->n_used; place++)
    if (self->slots[place].ticket != NULL)
      self->slots[used++] = self->slots[place];
  self->n_used = used;
  self->first = 0;
  resize_index (self, self->n_index);
}

/* Gaps are worth closing when they are many: so each ticket is moved few times.  TRUE: it was done. */
static gboolean
make_room (TicketTable *self)
{
  if (self->n_used < self->n_slots)
    return FALSE;
  if (self->n_used - self->count > self->n_used / 4)
    {
      close_gaps (self);
      return TRUE;
    }
  self->n_slots = MAX (SIZE_MIN, self->n_slots + self->n_slots / 2);
  self->slots = g_renew (Slot, self->slots, self->n_slots);
  return FALSE;
}

/* Nothing is in it: as at first. */
static void
forget_slots (TicketTable *self)
{
  g_clear_pointer (&self->slots, g_free);
  g_clear_pointer (&self->index, g_free);
  g_clear_pointer (&self->tags, g_free);
  self->n_slots = self->n_used = self->n_index = self->first = 0;
}

/* --- the table ------------------------------------------------------------------------------------------------------- */

TicketTable *
ticket_table_new (void)
{
  TicketTable *self = g_new0 (TicketTable, 1);

  self->key = (guint64) g_random_int () << 32 | g_random_int ();
  self->factor = ((guint64) g_random_int () << 32 | g_random_int ()) | 1;
  return self;
}

void
ticket_table_free (TicketTable *self)
{
  if (self == NULL)
    return;
  for (guint32 place = self->first; place < self->n_used; place++)
    ticket_unref (self->slots[place].ticket);
  forget_slots (self);
  g_free (self);
}

guint
ticket_table_add (TicketTable *self, Ticket *ticket, gboolean *ret_moved)
{
  gboolean moved = make_room (self);
  guint32 place = self->n_used++;

  self->slots[place] = (Slot){ .ticket = ticket_ref (ticket), .hash = hash_of (self, ticket_peek_id (ticket)) };
  if (self->count + 1 > self->n_index / 8 * 7)
    resize_index (self, MAX (SIZE_MIN, self->n_index * 2));
  else
    index_slot (self, place);
  self->count++;
  if (ret_moved != NULL)
    *ret_moved = moved;
  return place;
}

guint
ticket_table_find (const TicketTable *self, const Address *id)
{
  guint32 hash, mask = self->n_index - 1;
  guint8 tag;

  if (self->count == 0)
    return NOWHERE;
  hash = hash_of (self, id);
  tag = tag_of (hash);
  for (guint32 at = hash & mask; self->tags[at] != 0; at = (at + 1) & mask)
    if (self->tags[at] == tag)
      {
        const Slot *slot = &self->slots[self->index[at] - 1];

        if (slot->hash == hash && address_is_same_id (ticket_peek_id (slot->ticket), id))
          return self->index[at] - 1;
      }
  return NOWHERE;
}

void
ticket_table_expect (const TicketTable *self, const Address *id)
{
  guint32 at;

  if (self->count == 0)
    return;
  at = hash_of (self, id) & (self->n_index - 1);
  __builtin_prefetch (&self->tags[at]);
  __builtin_prefetch (&self->index[at], 1);
}

void
ticket_table_replace (TicketTable *self, guint place, Ticket *ticket)
{
  g_return_if_fail (place < self->n_used && self->slots[place].ticket != NULL);

  Ticket *old = self->slots[place].ticket;

  self->slots[place].ticket = ticket_ref (ticket);
  ticket_unref (old);
}

Ticket *
ticket_table_peek (const TicketTable *self, guint place)
{
  g_return_val_if_fail (place < self->n_used, NULL);

  return self->slots[place].ticket;
}

Ticket *
ticket_table_take (TicketTable *self, guint place)
{
  g_return_val_if_fail (place < self->n_used && self->slots[place].ticket != NULL, NULL);

  Slot *slot = &self->slots[place];
  Ticket *ticket = g_steal_pointer (&slot->ticket);

  unindex_slot (self, place);
  while (self->first < self->n_used && self->slots[self->first].ticket == NULL)
    self->first++;
  if (--self->count == 0)
    forget_slots (self);
  return ticket;
}

gboolean
ticket_table_has (const TicketTable *self, guint place, const Ticket *ticket)
{
  return place < self->n_used && self->slots[place].ticket == ticket;
}

guint
ticket_table_size (const TicketTable *self)
{
  return self->count;
}

guint32
ticket_table_get_mark (const TicketTable *self, guint place)
{
  g_return_val_if_fail (place < self->n_used, 0);

  return self->slots[place].mark;
}

void
ticket_table_set_mark (TicketTable *self, guint place, guint32 mark)
{
  g_return_if_fail (place < self->n_used);

  self->slots[place].mark = mark;
}
