/* nft-set.h - what the kernel says about a set of nf_tables
 *
 * Must not: change it.
 */
#pragma once
#include "firewall/netlink.h"

typedef struct
{
  gboolean is_simple; /* of addresses alone; nft would hand an element over as it is.  FALSE: also for one that is not there */
  gboolean is_ipv6;
  gboolean has_intervals;
  gboolean is_there;
  gboolean forgets; /* elements without a time of their own end after the set's */
} NftSet;

NftSet nft_set_read (Netlink *netlink, guint8 family, const char *table, const char *name);

/* Its addresses or networks; -1: that is not known, or the set takes them out by itself after a time.  Reads all of them. */
gint64 nft_set_count (Netlink *netlink, guint8 family, const char *table, const char *name);
