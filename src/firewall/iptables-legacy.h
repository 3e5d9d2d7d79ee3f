/* iptables-legacy.h - many iptables commands as one change of a legacy table, through libiptc
 *
 * Reads the table, does what the commands say, writes it back.  Blocks for as long as the kernel takes (some milliseconds for some
 * thousand rules), so it is meant for a thread of its own; not for two threads at once.
 * Must not: take the xtables lock (its caller holds it), load kernel modules.
 */
#pragma once
#include "firewall/iptables-command.h"

/* All of one family and table.  elements: array of arrays of IptablesCommand; an element takes effect as a whole or not at all, in the
 * order of the array, one that fails leaves the others alone.  adopts: of which a rule that is there already counts as added.
 * ret_done: a flag for each, set here. */
void iptables_legacy_apply (const char *table, gboolean is_ipv6, GPtrArray *const *elements, const gboolean *adopts,
                            guint n_elements, gboolean *ret_done);

/* The rules of a chain; -1: that is not known.  Needs no lock, and the table has to be there already. */
gint64 iptables_legacy_count (const char *table, gboolean is_ipv6, const char *chain);
