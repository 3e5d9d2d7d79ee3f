/* failure-log.h - failures that are no ban yet, as bytes: what became of whom, one after the other
 *
 * A row of the database holds what one transaction changed; the rows of a jail, replayed in order, give its tickets.  So counting
 * a failure costs the database as many bytes as it has, and not a page for each address.
 * Internal to store/.  Must not: know the database.
 */
#pragma once
#include "base/ticket.h"

/* log: begun empty.  The ticket as it is now; none any more. */
void failure_log_put  (GByteArray *log, const Ticket *ticket);
void failure_log_drop (GByteArray *log, const Address *id);

/* Calls func with the id of each ticket that was put. */
typedef void (*FailureLogFunc) (const Address *id, gpointer user_data);
void failure_log_each (const void *bytes, gsize len, FailureLogFunc func, gpointer user_data);

/* tickets: Address -> Ticket (failure_log_tickets_new), changed as the log says.  Entries that it has, up to the first that makes
 * no sense (a log of another version or machine makes none). */
guint       failure_log_replay      (const void *bytes, gsize len, GHashTable *tickets);
GHashTable *failure_log_tickets_new (void);
