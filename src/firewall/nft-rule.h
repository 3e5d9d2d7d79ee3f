/* nft-rule.h - a ban as iptables writes it into nf_tables: one address, one verdict
 *
 * `iptables -I f2b-sshd 1 -s 192.0.2.1 -j REJECT` and its kin, as iptables-nft 1.8.9 makes them (payload, cmp, counter, verdict or
 * target) and as `iptables-save` therefore shows them again.  What has interfaces, protocols or matches is no such rule.
 * Must not: change the kernel.
 */
#pragma once
#include "firewall/iptables-command.h"
#include "firewall/netlink.h"

/* Equal rules are equal bytes. */
typedef struct
{
  guint8 is_ipv6, is_destination, inverted, length; /* of the address, in bits */
  guint8 bytes[16];
  gint32 verdict; /* as the kernel's; NFT_JUMP has a chain */
  gint32 reject_with; /* the kernel's number for the target REJECT, then there is no verdict; else -1 */
  char chain[IPTABLES_NAME_SIZE];
} NftRule;

gboolean nft_rule_from_iptables (const IptablesRule *rule, gboolean is_ipv6, NftRule *ret_rule);

/* NFTA_RULE_EXPRESSIONS and what else iptables says of such a rule, into a message that is being built. */
void     nft_rule_put  (const NftRule *self, struct nlmsghdr *message);
/* From a message about a rule; FALSE when it is another kind of rule. */
gboolean nft_rule_read (const struct nlmsghdr *message, gboolean is_ipv6, NftRule *ret_rule, guint64 *ret_handle);

guint    nft_rule_hash  (gconstpointer self);
gboolean nft_rule_equal (gconstpointer self, gconstpointer other);

/* Every rule of a chain, in its order; FALSE when that could not be read as a whole.  A chain that is not there has none. */
typedef void (*NftRuleFunc) (const struct nlmsghdr *message, gpointer user_data);
gboolean nft_rules_read (Netlink *netlink, guint8 family, const char *table, const char *chain, NftRuleFunc func, gpointer user_data);
/* Does the kernel say that there is no such chain? */
gboolean nft_chain_is_missing (Netlink *netlink, guint8 family, const char *table, const char *chain);
