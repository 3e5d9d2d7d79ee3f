/* jail-services-private.h - the parts of JailServices that only this room sees */
#pragma once
#include "action/action-queue.h"
#include "base/resolver.h"
#include "jail/jail-services.h"
#include "match/date-pool.h"
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
  DatePool *dates;
  FileSource *files; /* lines come with a LogLine of match/ */
  BanStore *store;   /* NULL: no database */
  guint changing;    /* depth of begin_changes */
  GSource *purge;
  GSource *settle; /* while the database owes something */
  GRand *random;
};

/* The database could not be written: what it did not take is offered again until it does. */
void jail_services_settle_later (JailServices *self);
