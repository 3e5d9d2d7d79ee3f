/* ticket-table.h - tickets by id, in the order in which they came
 *
 * For a hundred thousand of them: some 26 bytes each beside the ticket.  Ids are written by strangers, so the hash has a secret.
 * A ticket is known by its place, a number that stays the same until it is taken out or another one is added; places are in order.
 * Must not: know what tickets are for.  The id of a ticket in it must not change.
 */
#pragma once
#include "base/ticket.h"

#define TICKET_TABLE_NOWHERE G_MAXUINT32

typedef struct TicketTable TicketTable;

TicketTable *ticket_table_new  (void);
void         ticket_table_free (TicketTable *self); /* unrefs the tickets; NULL is fine */

/* Refs; the ticket's id must not be there yet.  Its place, the last.  ret_moved (may be NULL): others changed their places. */
guint    ticket_table_add  (TicketTable *self, Ticket *ticket, gboolean *ret_moved);
guint    ticket_table_find (const TicketTable *self, const Address *id); /* TICKET_TABLE_NOWHERE: not there */
Ticket  *ticket_table_peek (const TicketTable *self, guint place);
gboolean ticket_table_has  (const TicketTable *self, guint place, const Ticket *ticket); /* at this place, which may be any number */
Ticket  *ticket_table_take (TicketTable *self, guint place); /* out of it: the caller's now */
void     ticket_table_replace (TicketTable *self, guint place, Ticket *ticket); /* refs; by one with the same id */
/* Soon this id will be looked for: fetches what that needs into the cache of the processor. */
void     ticket_table_expect (const TicketTable *self, const Address *id);

/* From the one that came first; TICKET_TABLE_NOWHERE behind the last.  Ask for the next before taking one out. */
guint ticket_table_first (const TicketTable *self);
guint ticket_table_next  (const TicketTable *self, guint place);
guint ticket_table_size  (const TicketTable *self);

/* A number for the user of the table, with each ticket; 0 at first. */
guint32 ticket_table_get_mark (const TicketTable *self, guint place);
void    ticket_table_set_mark (TicketTable *self, guint place, guint32 mark);
