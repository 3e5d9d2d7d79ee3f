/* iptables-restore.h - many iptables commands as one change of an nf_tables table, through one iptables-restore
 *
 * Writes the input of `iptables-restore --noflush`, and understands which line it did not like.
 * Must not: run it.
 */
#pragma once
#include "firewall/iptables-command.h"

/* The input for the elements [from, to) that have no flag in left_out; NULL when there are none.  elements: arrays of
 * IptablesCommand, each with a restore_line. */
GBytes *iptables_restore_write (const char *table, GPtrArray *const *elements, const gboolean *left_out, guint from, guint to);

/* Which element (of those written) the complaint "iptables-restore: line 3 failed: …" is about; -1 when it does not say. */
int iptables_restore_find_culprit (const char *errors, gsize len, GPtrArray *const *elements, const gboolean *left_out, guint from,
                                   guint to);
