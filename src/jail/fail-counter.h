/* fail-counter.h - who failed how often within findtime, until maxretry is reached
 *
 * One ticket an id.  A later failure of a known id is merged into its ticket: retry and attempts grow, matches are joined and
 * cut to the last max_matches, the time moves on (never back: an older line counts, but does not make the ticket older).
 * What was captured besides stays that of the first failure (as 1.1.2).
 * Must not: read the clock, log, ban.
 * Bounded: FAIL_COUNTER_MAX ids, beyond that the one that came first is forgotten (ids are written by strangers).
 */
#pragma once
#include "base/ticket.h"

#define FAIL_COUNTER_MAX 200000

typedef struct FailCounter FailCounter;

FailCounter *fail_counter_new (void);       /* maxretry 3, findtime 600 s, maxmatches 5 */
void fail_counter_free (FailCounter *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FailCounter, fail_counter_free)

void fail_counter_set_find_time_usec (FailCounter *self, gint64 find_time_usec);
void fail_counter_set_max_retry (FailCounter *self, gint64 max_retry); /* 0 and less: the first failure bans */
gint64 fail_counter_get_max_retry (const FailCounter *self);
void fail_counter_set_max_matches (FailCounter *self, gint64 max_matches); /* 0 and less: none are kept */
gint64 fail_counter_get_max_matches (const FailCounter *self);

/* Counts a failure; count is what it adds to retry (an attempt by hand counts once for each of its lines).  Keeps a
 * reference to the ticket of an id that is new; of a common one (ticket.h) it has a copy as soon as it counts more.  Returns the retry
 * of the id now. */
double fail_counter_add (FailCounter *self, Ticket *ticket, double count);
/* The same for a known offender, counted a second time by his record: an id that is no longer here (just banned) is not
 * taken up again, its own retry is returned. */
double fail_counter_add_known (FailCounter *self, Ticket *ticket, double count);

/* Soon a failure of this id will be counted: fetches what that needs into the cache of the processor. */
void fail_counter_expect (const FailCounter *self, const Address *id);

/* Takes the ticket of id out when its retry has reached maxretry; NULL when not.  It is nobody else's. */
Ticket *fail_counter_take_over_limit (FailCounter *self, const Address *id);

/* A ticket of the time before a crash: taken up as it is, not counted again. */
void fail_counter_restore (FailCounter *self, Ticket *ticket);
Ticket *fail_counter_peek (const FailCounter *self, const Address *id); /* NULL: no failures */

/* Forgets whose last failure is findtime or more before now.  Returns when the next one will be (0: nobody is left). */
gint64 fail_counter_clean (FailCounter *self, gint64 now_usec);

/* A number for whoever writes the counts to the database, with each id; 0 at first, and for an id that is not here. */
void fail_counter_set_mark (FailCounter *self, const Address *id, guint32 mark);
guint32 fail_counter_get_mark (const FailCounter *self, const Address *id);

/* For whoever writes the counts to the database: remembers from now on whose count changed or went.  Until the changes are taken those
 * whose count changed have no mark of their own. */
void fail_counter_track_changes (FailCounter *self, gboolean track);
guint fail_counter_count_changes (const FailCounter *self);
/* Calls func for each change, in order: with the id's ticket as it is now, whose mark becomes what func returns (for one that went and came
 * again twice); or, is_there FALSE, with one that went. */
typedef guint32 (*FailCounterChange) (Ticket *ticket, gboolean is_there, gpointer user_data);
void fail_counter_take_changes (FailCounter *self, FailCounterChange func, gpointer user_data);

guint fail_counter_get_size (const FailCounter *self);    /* Currently failed */
guint64 fail_counter_get_total (const FailCounter *self); /* Total failed */
/* "192.0.2.1:3, 192.0.2.2:1", for the debug line of a failure. */
char *fail_counter_dup_summary (const FailCounter *self);
