/* iptables-nft.h - bans that iptables' nf_tables variant would write, by netlink
 *
 * Only rules of one address and one verdict (nft-rule.h), appended, inserted at the head, or deleted; table and chain must be there.
 * Anything else is for iptables-restore.
 * Must not: make what iptables makes by the way (tables, built-in chains).
 */
#pragma once
#include "firewall/iptables-command.h"

gboolean iptables_nft_can (const IptablesCommand *command);
