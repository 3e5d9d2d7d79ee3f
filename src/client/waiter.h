/* waiter.h - waiting in a program without a loop: for a descriptor, for a while, and for SIGINT and SIGTERM meanwhile
 *
 * The signals are blocked and read from a descriptor, so that they end the program at a point where it can say so: a new
 * line, "Caught signal 15. Exiting" in the log, exit code 255.
 * Must not: be left on when another program is executed (waiter_free gives the signals back).
 */
#pragma once
#include <glib.h>

#include "base/log.h"

typedef struct Waiter Waiter;

Waiter *waiter_new (Log *log);
void waiter_free (Waiter *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Waiter, waiter_free)

/* Until fd is ready for events (poll's); timeout_sec < 0: for ever.  FALSE: the time is over. */
gboolean waiter_poll (Waiter *self, int fd, short events, double timeout_sec);
void waiter_sleep (Waiter *self, double sec);
