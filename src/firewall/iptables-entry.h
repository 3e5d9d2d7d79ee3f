/* iptables-entry.h - a rule as the kernel's legacy tables hold it
 *
 * Byte for byte what `iptables` 1.8.9 would hand to libiptc for the same words, so that either finds what the other put there.  Built
 * here and not by libxtables: that library keeps, in one process, only the extensions of the family that was asked for first, ends
 * the process on errors and is not for threads.
 * Must not: talk to the kernel.
 */
#pragma once
#include "firewall/iptables-command.h"

/* struct ipt_entry or struct ip6t_entry with matches and target; g_free.  is_chain: the target is a chain of the table. */
gpointer iptables_entry_new (const IptablesRule *rule, gboolean is_ipv6, gboolean is_chain, gsize *ret_size);
/* ACCEPT, DROP, RETURN, REJECT: a verdict or an extension, no chain, unless somebody called a chain so. */
gboolean iptables_entry_knows_target (const IptablesRule *rule);
