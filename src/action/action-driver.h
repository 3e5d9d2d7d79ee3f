/* action-driver.h - how an action's bans get into effect: by the shell or by which of the firewall's drivers
 *
 * Found out by rendering its commands for an address from a documentation range; nothing is run.
 * Must not: decide anything.  Each command is looked at anew when it is its turn (action-command.c).
 */
#pragma once
#include "action/action-private.h"

/* "nftables", "shell", "none" (it has no commands); where actionban and actionunban, or the address families, are not alike:
 * "ban: ipset, unban: shell", "iptables-nft (inet4), shell (inet6)". */
char *action_dup_driver (Action *self);
