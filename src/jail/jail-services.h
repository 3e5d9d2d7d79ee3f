/* jail-services.h - what all jails of one server share: clock, log, resolver, database, firewall, readers of logs
 *
 * One object a server, made before the first jail and freed after the last.  The database can be changed only while there are
 * no jails (the caller sees to it).  Old history is purged once an hour, the first time an hour after the start (as 1.1.2).
 * Must not: know single jails.
 */
#pragma once
#include "base/clock.h"
#include "base/log.h"

typedef struct JailServices JailServices;

JailServices *jail_services_new (const Clock *clock, Log *log); /* both outlive it */
void jail_services_free (JailServices *self);                   /* closes the database; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (JailServices, jail_services_free)

const Clock *jail_services_peek_clock (const JailServices *self);
Log *jail_services_peek_log (const JailServices *self);

/* Opens (creates) the database and disables all jails in it; a failure leaves none open.  NULL path: only closes. */
gboolean jail_services_open_store (JailServices *self, const char *path, GError **error);
const char *jail_services_peek_store_path (const JailServices *self); /* NULL: there is no database */
/* For an open database only. */
gint64 jail_services_get_purge_age (const JailServices *self); /* seconds */
void jail_services_set_purge_age (JailServices *self, gint64 seconds);
gint64 jail_services_get_max_matches (const JailServices *self);
void jail_services_set_max_matches (JailServices *self, gint64 count);

/* Between begin and commit all that is written is one transaction, also when the database is opened or changed meanwhile.  Not
 * over a return to the loop.  May be nested.  Waits some seconds for another program that has the database locked. */
void jail_services_begin_changes (JailServices *self);
void jail_services_commit_changes (JailServices *self); /* what could not be written is logged, and written later */

typedef enum
{
  JAIL_IPV6_AUTO,
  JAIL_IPV6_YES,
  JAIL_IPV6_NO,
} JailIpv6;
void jail_services_set_ipv6 (JailServices *self, JailIpv6 value); /* "allowipv6" */
void jail_services_clear_caches (JailServices *self);             /* a reload: names are looked up anew */
