/* ticket.h - one offender's failures, from the first match to the unban
 *
 * A counted value: who, since when, how often, with which lines, for how long.  Decisions are jail/'s, effects
 * action/'s.
 * Must not: read the clock, know a jail, resolve names.
 *
 * Data: what the expression captured ("user", "ip4", "fid", …), a dict of str -> PyValue as fail2ban keeps it in the
 * database's JSON column.  "matches" and "failures" are kept beside it and joined by ticket_dup_data.
 */
#pragma once
#include "base/address.h"
#include "base/ticket-data.h"

#define TICKET_NEVER_USEC     G_MAXINT64 /* the end of a permanent ban */
#define TICKET_PERMANENT_USEC (-1000000) /* a ban time of -1 s */

typedef struct Ticket Ticket; /* opaque: the fields live in ticket.c */

Ticket *ticket_new (const Address *id, gint64 time_usec); /* refs id; attempts 0, retry 1, no matches, ban time unset */
Ticket *ticket_copy (const Ticket *self);                 /* matches and values are shared, the containers are not */
Ticket *ticket_ref (Ticket *self);                        /* not for several threads */
void ticket_unref (Ticket *self);                         /* NULL is fine */
/* One that several jails count as it is: from now on nobody changes it, but takes a copy (which is nobody else's). */
void ticket_set_common (Ticket *self);
gboolean ticket_is_common (const Ticket *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Ticket, ticket_unref)

const Address *ticket_peek_id (const Ticket *self);
void ticket_set_id (Ticket *self, const Address *id);
/* The address when the id is something else: what data "ip" says, else the id (fail2ban's getIP, <ip>). */
const Address *ticket_peek_ip (const Ticket *self);
void ticket_set_ip (Ticket *self, const Address *ip); /* NULL: same as the id.  Shows up in the data as "ip" */

/* Time of the last failure.  is_float: Python printed a float for it (the line's date gave way to "now"), see <time>.
 * */
gint64 ticket_get_time_usec (const Ticket *self);
gboolean ticket_time_is_float (const Ticket *self);
void ticket_set_time_usec (Ticket *self, gint64 time_usec, gboolean is_float);
PyValue *ticket_dup_time (const Ticket *self); /* seconds, PY_INT or PY_FLOAT */

/* Ban time in seconds: NULL when unset (the jail's counts then), PY_INT or PY_FLOAT, -1 permanent.  A value, not
 * microseconds, since formulas give fractions that show in the database and in tags digit by digit. */
PyValue *ticket_peek_ban_time (const Ticket *self);
void ticket_take_ban_time (Ticket *self, PyValue *seconds); /* takes; NULL unsets */
/* The same in microseconds, TICKET_PERMANENT_USEC for -1; default_usec when unset (may be TICKET_PERMANENT_USEC). */
gint64 ticket_get_ban_time_usec (const Ticket *self, gint64 default_usec);
gint64 ticket_get_end_usec (const Ticket *self, gint64 default_usec); /* TICKET_NEVER_USEC when permanent */
gboolean ticket_is_over (const Ticket *self, gint64 now_usec, gint64 default_usec); /* now > end */

guint ticket_get_ban_count (const Ticket *self); /* bans of this id so far, this one included once it is known */
void ticket_set_ban_count (Ticket *self, guint count);

/* attempts: failures as they happened (<failures>).  retry: what counts against maxretry; differs when the observer
 * raised it
 * for a known offender or the rate was estimated, can be a fraction then. */
guint ticket_get_attempts (const Ticket *self);
void ticket_set_attempts (Ticket *self, guint attempts);
double ticket_get_retry (const Ticket *self);
void ticket_set_retry (Ticket *self, double retry); /* 0 also forgets attempts and matches */
void ticket_add_failure (Ticket *self, guint attempts, double retry);

gint64 ticket_get_first_time_usec (const Ticket *self);
void ticket_set_first_time_usec (Ticket *self, gint64 time_usec);
/* A later failure at time_usec: moves the ticket there.  When the first failure is then older than find_time_usec,
 * retry is
 * scaled to that window by the rate seen so far and the window starts there (FailTicket.adjustTime; rounds half to
 * even). */
void ticket_adjust_time (Ticket *self, gint64 time_usec, gint64 find_time_usec);

/* Matches: lines as text, oldest first; each a PY_STR, or a PY_TUPLE/PY_LIST of pieces to be joined (before the date,
 * the date, after it). */
guint ticket_get_match_count (const Ticket *self);
char *ticket_dup_match_text (const Ticket *self, guint index, gsize *ret_len); /* pieces joined; ret_len may be NULL */
void ticket_take_match (Ticket *self, PyValue *match);
void ticket_trim_matches (Ticket *self, guint max_matches); /* keeps the last ones; 0: the data has no "matches" then */
void ticket_add_matches_of (Ticket *self, const Ticket *other);

/* Captured values.  set with NULL or PY_NONE removes. */
PyValue *ticket_dup_value (const Ticket *self, const char *name); /* NULL when absent; not "matches", "failures", "ip" */
void ticket_take_value (Ticket *self, const char *name, PyValue *value);
void ticket_merge_missing_values_of (Ticket *self, const Ticket *other); /* self's values win */
/* All as one dict with "matches" (list; left out when there are none and max_matches is 0) and "failures"; the last
 * max_matches lines (G_MAXUINT: all). */
PyValue *ticket_dup_data (const Ticket *self, guint max_matches);
/* Replaces everything by such a dict: None values are dropped; a missing or bad "failures" counts as 0 attempts, and
 * as a retry of
 * 1. */
void ticket_set_data (Ticket *self, const PyValue *dict);
/* Matches and captured values as they are kept, for whoever writes them down. */
const TicketData *ticket_peek_data (const Ticket *self); /* NULL: nothing */
void ticket_take_data (Ticket *self, TicketData *data);

gboolean ticket_is_restored (const Ticket *self); /* from the database: <restored>, not written again */
void ticket_set_restored (Ticket *self, gboolean restored);
gboolean ticket_is_banned (const Ticket *self);
void ticket_set_banned (Ticket *self, gboolean banned);
/* Which start of the actions the ban belongs to: a ban of an earlier one has to be done again. */
guint ticket_get_ban_epoch (const Ticket *self);
void ticket_set_ban_epoch (Ticket *self, guint epoch);

/* "FailTicket: ip=192.0.2.1 time=1 bantime=None bancount=0 #attempts=1 matches=['…']", as debug lines show it. */
char *ticket_dup_description (const Ticket *self, const char *class_name);
