/* xtables-lock.h - the lock under which legacy tables are changed, as `iptables -w` takes it
 *
 * Waits by trying again from the loop, so that nobody else is kept waiting.
 * Must not: be held longer than one change takes.
 */
#pragma once
#include <glib.h>

typedef struct XtablesLock XtablesLock;

/* Called from the loop: held, or not to be had (the file cannot be opened, or deadline_usec has passed). */
typedef void (*XtablesLockFunc) (gboolean held, gpointer user_data);

/* deadline_usec: monotonic; G_MAXINT64: as long as it takes. */
XtablesLock *xtables_lock_new  (gint64 deadline_usec, XtablesLockFunc func, gpointer user_data);
void         xtables_lock_free (XtablesLock *self); /* releases, or stops waiting; NULL is fine */
