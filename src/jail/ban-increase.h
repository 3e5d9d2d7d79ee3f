/* ban-increase.h - the record of an offender and what follows from it (fail2ban's observer)
 *
 * Who was banned before gets a longer time (bantime.increment) and reaches maxretry earlier.
 * Must not: ban anybody, write the database; logging is the caller's, which gets the lines, since they have to stand behind the
 * announcement of the ban.
 */
#pragma once
#include "jail/jail-private.h"

typedef struct
{
  char *bad;                 /* info line, NULL: none */
  char *increased;           /* notice line, NULL: none */
  gboolean store;            /* the ban belongs into the database: it is not over and was not known already */
  gint64 prolong_after_usec; /* when actions that can prolong are told; -1: never */
} BanIncrease;

/* For a ticket that was just added to the ban list.  Sets its ban time and count. */
void ban_increase_apply (Jail *self, Ticket *ticket, BanIncrease *ret_increase);
void ban_increase_clear (BanIncrease *self);

/* For a failure that was just counted: counts it again when its offender is known.  Logs "Found …, bad - …".  TRUE: maxretry is
 * reached. */
gboolean ban_increase_count_failure (Jail *self, Ticket *ticket);
