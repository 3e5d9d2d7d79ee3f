/* firewall-watch.h - notices when somebody else takes rules or bans out of the kernel
 *
 * `iptables -F`, `nft flush ruleset` and a reload of the system's rules take our chains along and tell nobody; so does who empties a
 * chain or set that stays (`iptables -F f2b-x`, `ipset flush`, `nft flush set`).  Where the kernel tells (nf_tables,
 * NFNLGRP_NFTABLES) a message wakes us, unless the change was our own; legacy tables and ipsets are looked at once a second: some
 * system calls for each, and only while there are bans.  Nothing runs while nobody watches.
 *
 * A chain or table that is gone is a suspicion, for the actions' own checks.  Of a chain or set that stays, firewall.h knows how many
 * bans there should be, and whose are gone (firewall_take_loss).
 * Must not: put anything back.
 */
#pragma once
#include "firewall/firewall.h"

/* From a message of nf_tables to the call: who flushes sets up something else right away, and that is to be through. */
#define FIREWALL_WATCH_DELAY_MSEC 1500
/* From a message about bans that were taken away to counting what is left. */
#define FIREWALL_WATCH_COUNT_MSEC 1000
/* Between two looks at legacy tables and ipsets; what is found there is told at once. */
#define FIREWALL_WATCH_INTERVAL_MSEC 1000

typedef struct FirewallWatch FirewallWatch; /* opaque: the fields live in firewall-watch.c */
typedef struct FirewallWatcher FirewallWatcher;

/* From the default main context; must not add or remove watchers. */
typedef void (*FirewallWatchFunc) (gpointer user_data);

/* One for the whole server. */
FirewallWatch   *firewall_watch_new    (Firewall *firewall); /* which outlives it */
void             firewall_watch_free   (FirewallWatch *self); /* NULL is fine; nobody may watch any more */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FirewallWatch, firewall_watch_free)

FirewallWatcher *firewall_watch_add    (FirewallWatch *self, FirewallWatchFunc func, gpointer user_data);
void             firewall_watch_remove (FirewallWatcher *watcher); /* NULL is fine */
/* Bans were added: when the loop turns next it is seen what there is to be looked at from now on. */
void             firewall_watch_look   (FirewallWatch *self);

/* A message raised suspicion and the call is on its way. */
gboolean         firewall_watch_suspects (const FirewallWatch *self);

/* Does the text of a command speak of something that a flush could undo?  A guess. */
gboolean         firewall_watch_concerns (const char *text);
