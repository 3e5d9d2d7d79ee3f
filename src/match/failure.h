/* failure.h - what a filter found in a line
 *
 * Handed to the callback of filter_process_line() and valid only there: whoever keeps something copies it.
 * Who the offender is stands in one of three places:
 *   an id  an address (or a text that is none, or a subnet), ready for use: failure_peek_id();
 *   host   a host name that has still to be looked up (usedns yes or warn): one failure for each of its addresses, none
 *          if it has none.  With resolve_warn, "Determined IP using DNS Lookup: NAME = {'ADDR', ...}" is logged as
 *          a warning then;
 *   neither: a failure of several lines that is still without an id (only with filter_set_ignore_pending (FALSE)).
 *
 * Most failures are only counted, so the id and the captured groups are made when they are asked for.
 */
#pragma once

#include <glib.h>

#include "base/address.h"
#include "base/ticket.h"
#include "compat/py-value.h"
#include "match/captures.h"

typedef struct
{
  guint regex_index; /* which failregex, from 0 */
  const char *host;  /* or NULL; NUL-terminated UTF-8 */
  gboolean resolve_warn;

  gboolean has_time;    /* FALSE: no date was found (never in operation: it is now, then) */
  gint64 time_usec;     /* as fail2ban counts it: a line far from now in operation happened now */
  gboolean time_is_int; /* Python would hold an int (the line's zone was known), else a float */
  double time_sec;      /* the same as a float of Python has it */
  gint64 now_usec;      /* when the line was looked at */
  gboolean is_for_many; /* it is told to others, too */

  /* private: ask */
  Captures *captures;
  const Capture *whom; /* what was captured of the id; NULL: there is none */
  const Capture *cidr; /* the prefix that goes with it, or NULL */
  gboolean whom_is_raw;
  Address *id;      /* NULL: not made yet */
  TicketData *data; /* likewise; a block with nothing in it is made again */
  Ticket *ticket;   /* NULL: nobody has left one */
} Failure;

typedef void (*FailureFunc) (Failure *failure, gpointer user_data);

void failure_clear (Failure *self); /* what was made for who asked */

gboolean failure_has_id (const Failure *self);
const Address *failure_peek_id (Failure *self); /* NULL without one */
/* How Python shows the id: a str, or the tuple of <F-TUPLE_ID>; NULL without id.  The caller's. */
PyValue *failure_dup_id_value (Failure *self);

/* A line that is told though it is none (F-NOFAIL, F-MLFGAINED); only with filter_set_check_all (TRUE). */
gboolean failure_is_no_failure (const Failure *self);

/* The captured groups in the order of the expression, None for what took no part, then what the filter adds:
 *   'matches'  list of the matched lines, each a tuple (before, date, after) of str; joined they are the line
 *   'ip'       str, when the failure id is something else than the address
 *   'users'    set of str; 'nofail', 'mlfid', 'mlfgained', 'mlfpending', 'nofail-matches': bookkeeping of several lines
 * The caller's; its values are shared with the filter's memory of connections: do not change them. */
PyValue *failure_dup_data (Failure *self);

/* The same into a new ticket, as ticket_set_data() does it. */
void failure_give_data (Failure *self, Ticket *ticket);

/* A ticket that the first who was told has made of it, for those who make the same of it.  Where it is told to one only it is not kept;
 * otherwise it is a common one from now on (ticket.h). */
void failure_keep_ticket (Failure *self, Ticket *ticket);
Ticket *failure_peek_ticket (const Failure *self); /* NULL: none */

/* The time as Python holds it: int, float or None.  The caller's. */
PyValue *failure_dup_time (const Failure *failure);
