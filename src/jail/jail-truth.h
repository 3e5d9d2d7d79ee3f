/* jail-truth.h - what the jail says is banned is banned in the kernel, too
 *
 * A ban that an action for the firewall refused is tried again after 10 s, 20 s, 40 s … at most ten minutes, as long as it lasts;
 * after each try but the first, whose error stands already, the log says that it is not in force.  (fail2ban 1.1.2 says once
 * that it failed and waits for the offender to show up again.)  When somebody took our rules away, the actions' own check and
 * repair restore the environment, and all bans that went with it are put back together; likewise when somebody emptied a chain or
 * set that still stands: as a rule within two seconds.
 *
 * Only actions whose actionban speaks of a firewall take part: trying those again harms nobody, sending a mail again does.
 * Watches, and has timers, only while the jail holds bans of such actions.
 * Must not: change the list of bans, the database or what `status` shows.
 */
#pragma once
#include "base/ticket.h"
#include "jail/jail.h"

#define JAIL_TRUTH_FIRST_RETRY_SEC 10
#define JAIL_TRUTH_MAX_RETRY_SEC   600
/* From a ban whose action had to repair its environment to the other bans being put back: who looks at what it did right
 * away sees what 1.1.2 does. */
#define JAIL_TRUTH_RESTORE_MSEC 1000

typedef struct JailTruth JailTruth; /* opaque: the fields live in jail-truth.c */

JailTruth *jail_truth_new  (Jail *jail); /* the jail outlives it */
void       jail_truth_free (JailTruth *self); /* NULL is fine */

/* ActionJailFuncs.ban_refused */
void jail_truth_refused   (gpointer jail, Ticket *ticket, GPtrArray *actions);
void jail_truth_banned    (JailTruth *self); /* a ban is through */
void jail_truth_ended     (JailTruth *self, const Ticket *ticket); /* one is out of the list; NULL: all are */
/* All that were refused are tried now, whatever their time. */
void jail_truth_retry_now (JailTruth *self);
guint jail_truth_count_refused (const JailTruth *self);
