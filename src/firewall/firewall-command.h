/* firewall-command.h - the inside of a FirewallCommand: texts that are plain calls of a firewall tool
 *
 * Must not: be included by other rooms; carry anything out.
 */
#pragma once
#include "firewall/firewall.h"
#include "firewall/iptables-command.h"
#include "firewall/iptables-variant.h"

struct FirewallCommand
{
  GPtrArray *commands; /* of IptablesCommand; not empty; all of one program and table */
  IptablesVariant variant;
  char *path;
};

/* What programs lead to, remembered so that PATH is not searched for each command. */
typedef struct FirewallPrograms FirewallPrograms;
FirewallPrograms *firewall_programs_new    (void);
void              firewall_programs_free   (FirewallPrograms *self); /* NULL is fine */
void              firewall_programs_forget (FirewallPrograms *self);

FirewallCommand *firewall_command_parse (FirewallPrograms *programs, const char *text, gssize len);
guint            firewall_command_count (const FirewallCommand *self, IptablesOperation operation);
