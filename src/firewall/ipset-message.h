/* ipset-message.h - requests about a set, and how many addresses it holds
 *
 * Must not: change a set.
 */
#pragma once
#include <linux/netfilter/ipset/ip_set.h>

#include "firewall/netlink.h"

/* Begins a message in buffer (of NETLINK_MAX_MESSAGE): IPSET_CMD_* for the set, with an acknowledgement. */
struct nlmsghdr *ipset_message_begin (guint8 *buffer, enum ipset_cmd command, guint16 flags, guint32 sequence, const char *set);

/* -1: that is not known (no such set, an old kernel), or the set takes its addresses out by itself after a time.  Cheap. */
gint64 ipset_count_lasting (Netlink *netlink, const char *set);
