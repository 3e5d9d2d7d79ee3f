/* ip-prefix.h - an address or network as a word of nft and ipset
 *
 * Must not: resolve names, take what the two tools read differently (shortened addresses, ranges, networks with host bits).
 */
#pragma once
#include <glib.h>

typedef struct
{
  guint8 bytes[16]; /* the first four for IPv4 */
  gboolean is_ipv6;
  gboolean is_network; /* written with a length */
  guint8 length;       /* in bits; without one all of them */
} IpPrefix;

gboolean ip_prefix_parse (const char *text, IpPrefix *ret_prefix); /* NULL: FALSE */
guint    ip_prefix_size  (const IpPrefix *self);                   /* 4 or 16 bytes */

/* The address behind the last one; FALSE when there is none. */
gboolean ip_prefix_get_end (const IpPrefix *self, guint8 *ret_bytes);
gboolean ip_prefix_equal   (const IpPrefix *self, const IpPrefix *other);
