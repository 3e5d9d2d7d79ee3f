/* lookup.h - the questions to libc's resolver, each for itself
 *
 * No cache, no state, no log: these run in the resolver's threads as well as at once.  They block.
 * Must not: be called from the server's loop.
 */
#pragma once
#include "base/address.h"

/* Addresses of a name, without repetition (GPtrArray of Address, owned).  When there are none *ret_problem is the text of the
 * last error in Python's words ("[Errno -2] Name or service not known") or NULL. */
GPtrArray *lookup_name (const char *name, gboolean with_ipv6, char **ret_problem);
/* The host name of an address; a text is looked up first (socket.gethostbyaddr).  NULL: none, *ret_problem says why. */
char *lookup_address (const char *address, char **ret_problem);

char      *lookup_own_name      (gboolean fqdn);
GPtrArray *lookup_own_addresses (gboolean with_ipv6); /* of the interfaces and of the own names */
GPtrArray *lookup_interfaces    (void);
gboolean   lookup_ipv6_is_there (void); /* does this system have IPv6? */
