/* jail-services-private.h - the parts of JailServices that only this room sees */
#pragma once
#include "action/action-queue.h"
#include "base/resolver.h"
#include "jail/jail-services.h"
#include "match/filter-pool.h"
#include "source/file-source.h"
#include "store/ban-store.h"

struct JailServices
{
  const Clock *clock;
  Log *log;
  Resolver *resolver;
  Firewall *firewall;
  FirewallWatch *watch;
  CommandGate *gate;
  char *python_folder; /* for Python actions and scripts */
  FilterPool *filters;
  FileSource *files; /* lines come with a LogLine of match/ */
  BanStore *store;   /* NULL: no database */
  guint changing;    /* depth of begin_changes */
  GSource *purge;
  GSource *settle; /* while the database owes something */
  char *problem;   /* why, as it was logged */
  GSource *quiet, *late; /* while a transaction is open that more may join */
  char *joined;          /* the name of the jail that opened it, for messages; NULL: no jail did */
  GArray *waiters;       /* for that transaction; NULL: nobody */
  GRand *random;
  ClockText last_time; /* that a jail has written to the log */
};

/* Ends a transaction that was begun: it is written when the loop has nothing else to do, or JAIL_SERVICES_COMMIT_MSEC after the first
 * that was left open, together with what others have added until then.  A burst of lines costs one transaction that way, not one
 * for every few milliseconds of reading. */
#define JAIL_SERVICES_COMMIT_MSEC 100
void jail_services_commit_soon (JailServices *self, const char *jail);
/* At once, if there is something: a ban is about to take effect. */
void jail_services_commit_now (JailServices *self);

/* Calls func when what was left open is written, or could not be and is owed; at once when nothing is open. */
typedef void (*JailCommitted) (gpointer user_data);
void jail_services_when_committed (JailServices *self, JailCommitted func, gpointer user_data);

/* The database could not be read or written: logs why, and what it did not take is offered again until it does.  The same problem is
 * logged once until then.  jail: a name, or NULL. */
void jail_services_store_failed (JailServices *self, const char *jail, const GError *error);
