/* ban-list.h - who is banned in a jail, since when and until when
 *
 * Keeps the order in which the bans came (what `status` shows) and the order in which they end.  A ticket without a ban time
 * of its own lasts as long as the jail's bantime says at that moment: a new bantime moves the end of those bans (as 1.1.2).
 * Must not: read the clock, log, run actions, write the database.
 */
#pragma once
#include "base/ticket.h"

typedef enum
{
  BAN_LIST_ADDED,
  BAN_LIST_KNOWN, /* banned already; its end moved when the new ticket would have lasted longer */
  BAN_LIST_OVER,  /* the ban would have ended before now */
} BanListResult;

typedef struct BanList BanList;

BanList *ban_list_new (void);       /* bantime 600 s */
void ban_list_free (BanList *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BanList, ban_list_free)

void ban_list_set_ban_time_sec (BanList *self, gint64 ban_time_sec); /* -1: permanent */
gint64 ban_list_get_ban_time_sec (const BanList *self);
gint64 ban_list_get_ban_time_usec (const BanList *self); /* TICKET_PERMANENT_USEC for -1; limited to what fits */

/* Keeps a reference when added, and counts one more ban on the ticket.  ret_known (may be NULL) lends the ticket in the list. */
BanListResult ban_list_add (BanList *self, Ticket *ticket, gint64 now_usec, Ticket **ret_known);
/* The ban time of a ticket in the list was changed: sort it in anew.  A ticket that is not here is left alone. */
void ban_list_update (BanList *self, Ticket *ticket);

Ticket *ban_list_peek (const BanList *self, const Address *id);
gboolean ban_list_holds (const BanList *self, const Ticket *ticket); /* this very ticket */
Ticket *ban_list_take (BanList *self, const Address *id);            /* out of the list; NULL: not banned */
Ticket *ban_list_take_over (BanList *self,
                            gint64 now_usec); /* one whose end is before now, earliest first; NULL: none */
GPtrArray *ban_list_take_all (BanList *self); /* in order of the bans */

/* When the next ban ends: TICKET_NEVER_USEC when none does. */
gint64 ban_list_get_next_end_usec (const BanList *self);

/* Copies of the list with references: in the order of the bans, and of their ends (equal ends: of the bans). */
GPtrArray *ban_list_dup_tickets (const BanList *self);
GPtrArray *ban_list_dup_by_end (const BanList *self);

guint ban_list_get_size (const BanList *self);    /* Currently banned */
guint64 ban_list_get_total (const BanList *self); /* Total banned */
