/* iptables-reader.h - the inside of iptables-command: reading a call word by word
 *
 * Each iptables_read_… takes what belongs to one option; FALSE when it is not understood.
 * Must not: be included by others.
 */
#pragma once
#include "firewall/iptables-command.h"

/* Words of the command line that are left; `inverted` after a "!". */
typedef struct
{
  const char *const *at;
  gboolean inverted;
  const char *attached; /* of --option=value */
  IptablesCommand *command;
} IptablesReader;

const char *iptables_take_value    (IptablesReader *r); /* NULL: there is none */
gboolean    iptables_take_inverted (IptablesReader *r);

/* --- matches (iptables-matches.c) --- */
gboolean iptables_read_comment           (IptablesReader *r);
gboolean iptables_read_destination_port  (IptablesReader *r);
gboolean iptables_read_destination_ports (IptablesReader *r);
gboolean iptables_read_either_ports      (IptablesReader *r);
gboolean iptables_read_match             (IptablesReader *r);
gboolean iptables_read_source_port       (IptablesReader *r);
gboolean iptables_read_source_ports      (IptablesReader *r);
gboolean iptables_read_states            (IptablesReader *r);

gboolean iptables_matches_fit_protocol (const IptablesRule *rule);
