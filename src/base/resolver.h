/* resolver.h - names and addresses, by way of the system's resolver
 *
 * libc's getaddrinfo and gethostbyaddr_r, so that /etc/hosts, nsswitch.conf and whatever is preloaded count.  Two ways
 * to ask: at once
 * (fail2ban-regex, the client) and asynchronously (the server: its loop never waits for a name server).
 * Both share one cache: at most RESOLVER_CACHE_MAX answers of either direction, five minutes each, also empty ones
 * (1.1.2's numbers).
 * Must not: be used from several threads; ask a name server by itself.
 *
 * Logs as "fail2ban.ipdns": warning "Unable to find a corresponding IP address for NAME: [Errno -2] Name or service not
 * known", debug "Unable to find a name for the IP …".
 */
#pragma once
#include "base/address-set.h"
#include "base/clock.h"
#include "base/log.h"

#define RESOLVER_CACHE_MAX      1000
#define RESOLVER_CACHE_AGE_USEC (5 * 60 * G_USEC_PER_SEC)
#define RESOLVER_MAX_THREADS    8     /* questions on their way at the same time; others wait in line */
#define RESOLVER_MAX_WAITING    10000 /* beyond that a question is answered with nothing: names come from strangers */

typedef struct Resolver Resolver;

Resolver *resolver_new (const Clock *clock, Log *log); /* both outlive it; log may be NULL */
void resolver_free (Resolver *self); /* questions on their way are dropped, their callbacks not called */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Resolver, resolver_free)

/* "allowipv6": auto (asks the system, default), yes, no. */
typedef enum
{
  RESOLVER_IPV6_AUTO,
  RESOLVER_IPV6_YES,
  RESOLVER_IPV6_NO,
} ResolverIpv6;
void resolver_set_ipv6 (Resolver *self, ResolverIpv6 value);
gboolean resolver_is_ipv6_allowed (Resolver *self);

/* Forgets all answers (a reload): names are looked up anew. */
void resolver_clear_cache (Resolver *self);

/* --- at once -------------------------------------------------------------------------------------------------------
 * */
/* All addresses of a name; an empty set when there are none.  Caller unrefs; do not change it (the cache holds it). */
AddressSet *resolver_lookup_name (Resolver *self, const char *name, gssize len);
/* The host name of an address, NULL when it has none.  Also for a RAW or TEXT id: it is looked up as Python's
 * gethostbyaddr does. */
char *resolver_lookup_address (Resolver *self, const Address *address);

/* --- later ---------------------------------------------------------------------------------------------------------
 * */
/* Callbacks come from the default main context, never before the call returns, exactly once unless cancelled.
 * What is lent is valid during the call (ref it). */
typedef void (*ResolverNameFunc) (const char *name, AddressSet *addresses, gpointer data);
typedef void (*ResolverAddressFunc) (const Address *address, const char *name /* NULL: none */, gpointer data);
typedef struct ResolverQuery ResolverQuery; /* lives until its callback was called or it is cancelled */

ResolverQuery *resolver_query_name (Resolver *self, const char *name, gssize len, ResolverNameFunc func, gpointer data);
ResolverQuery *resolver_query_address (Resolver *self, const Address *address, ResolverAddressFunc func, gpointer data);
void resolver_cancel (ResolverQuery *query); /* NULL is fine; never after the callback */

/* What the cache knows: TRUE when known (also known to be nothing).  peek: lends. */
gboolean resolver_peek_name (Resolver *self, const char *name, gssize len, AddressSet **ret_addresses);
gboolean resolver_peek_address (Resolver *self, const Address *address, const char **ret_name);

/* --- this host -----------------------------------------------------------------------------------------------------
 * */
char *resolver_dup_own_name (Resolver *self, gboolean fqdn); /* <sh-hostname>, <fq-hostname>; cached; may look up */
/* The fully qualified one for the loop, which must not look up. */
typedef void (*ResolverOwnNameFunc) (const char *name, gpointer data);
ResolverQuery *resolver_query_own_name (Resolver *self, ResolverOwnNameFunc func, gpointer data);
AddressSet *
resolver_own_addresses (Resolver *self); /* ignoreself: of all interfaces and of the own names.  Caller unrefs */
/* The same without looking up names: for the loop, together with resolver_query_own. */
gboolean resolver_peek_own_addresses (Resolver *self, AddressSet **ret_addresses);
typedef void (*ResolverOwnFunc) (AddressSet *addresses, gpointer data);
ResolverQuery *resolver_query_own (Resolver *self, ResolverOwnFunc func, gpointer data);
