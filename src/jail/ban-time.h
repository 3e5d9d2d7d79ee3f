/* ban-time.h - how long somebody who comes back is banned: the options bantime.*
 *
 * increment, overalljails, maxtime, rndtime, factor, formula, multipliers; any other name is kept and given back, no more
 * (as 1.1.2).  A change of factor, formula, maxtime, rndtime or multipliers builds a new rule at once; when that fails the
 * option is stored all the same, the error is reported and the rule before stays in force (as 1.1.2: setBanTimeExtra).
 * Must not: know tickets, the store or the clock; draw random numbers (the caller does).
 * Numbers are Python's, since what they look like (600 or 600.0) is seen in the log and in the database.
 */
#pragma once
#include "compat/py-value.h"

typedef struct BanTime BanTime;

BanTime *ban_time_new (void);
void ban_time_free (BanTime *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BanTime, ban_time_free)

/* option without "bantime."; value is only read.  An empty text or None takes the option away.  Errors: JAIL_ERROR,
 * PY_EXPR_ERROR (a formula, factor or time that is no expression), PY_INT_ERROR (multipliers). */
gboolean ban_time_set (BanTime *self, const char *option, PyValue *value, GError **error);
PyValue *ban_time_peek (const BanTime *self, const char *option); /* NULL: not set */

gboolean ban_time_is_increasing (const BanTime *self);
gboolean ban_time_is_over_all_jails (const BanTime *self);
/* maxtime in seconds, only meaningful while increasing; FALSE: none. */
gboolean ban_time_get_max (const BanTime *self, double *ret_sec);

/* The time for the ban after ban_count earlier ones, from the jail's own bantime in seconds; random is in [0, 1).
 * NULL with an error when the formula fails (PY_EXPR_ERROR) or gives no number (JAIL_ERROR_TYPE). */
PyValue *ban_time_calculate (const BanTime *self, gint64 ban_time_sec, gint64 ban_count, double random, GError **error);

/* The same for a time that is any number: a bantime of "0.5 mo" is a float. */
PyValue *ban_time_calculate_value (const BanTime *self, PyValue *ban_time, gint64 ban_count, double random, GError **error);

/* "1", "on", "true", "yes" in any case, or a true value: what fail2ban takes for yes. */
gboolean ban_time_value_is_yes (const PyValue *value);
