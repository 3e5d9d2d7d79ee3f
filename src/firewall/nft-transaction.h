/* nft-transaction.h - many changes of nf_tables as one transaction, without those that the kernel does not like
 *
 * A submission may be several messages: all of them or none.  The kernel carries a transaction out as a whole or not at all, and names
 * every message that it refuses; their submissions are left out and the rest is tried again.
 * Must not: know what the messages say.
 */
#pragma once
#include "firewall/netlink.h"

/* Submissions of one transaction: some megabytes of messages at most. */
#define NFT_TRANSACTION_MAX 8192

/* Appends the messages of submission index, each with a number of its own from netlink_take_sequence. */
typedef void (*NftAppend) (Netlink *netlink, GByteArray *messages, guint index, gpointer user_data);

/* Submissions [from, to) but those that are left out already.  Those that the kernel refused are left out afterwards; done is set
 * for those that took effect. */
void nft_transaction_commit (Netlink *netlink, guint from, guint to, gboolean *left_out, gboolean *done, NftAppend append,
                             gpointer user_data);
