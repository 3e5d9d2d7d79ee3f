/* firewall-watch.h - notices when somebody else takes rules out of the kernel
 *
 * `iptables -F`, `nft flush ruleset` and a reload of the system's rules take our chains along and tell nobody.  Where the
 * kernel tells (nf_tables, NFNLGRP_NFTABLES) a message wakes us; legacy tables are looked at once a second: four system calls
 * a table, and only while there is such a table.  Nothing runs while nobody watches.
 * Must not: decide whether anything of ours is gone.  What is told is a suspicion, for a check.
 *
 * Bans that end take rules away as well.  What is deleted from a chain "f2b-…" of a table that is not ours alone, and
 * elements of sets, raise no suspicion; so an `ipset flush`, `nft flush set` or `iptables -F f2b-x` goes unnoticed here.
 */
#pragma once
#include <glib.h>

/* From a message of nf_tables to the call: who flushes sets up something else right away, and that is to be through. */
#define FIREWALL_WATCH_DELAY_MSEC 1500
/* Between two looks at legacy tables; what is found there is told at once. */
#define FIREWALL_WATCH_INTERVAL_MSEC 1000

typedef struct FirewallWatch FirewallWatch; /* opaque: the fields live in firewall-watch.c */
typedef struct FirewallWatcher FirewallWatcher;

/* From the default main context; must not add or remove watchers. */
typedef void (*FirewallWatchFunc) (gpointer user_data);

/* One for the whole server. */
FirewallWatch   *firewall_watch_new    (void);
void             firewall_watch_free   (FirewallWatch *self); /* NULL is fine; nobody may watch any more */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FirewallWatch, firewall_watch_free)

FirewallWatcher *firewall_watch_add    (FirewallWatch *self, FirewallWatchFunc func, gpointer user_data);
void             firewall_watch_remove (FirewallWatcher *watcher); /* NULL is fine */
/* Rules were added: if there is a legacy table now it is looked at from now on. */
void             firewall_watch_look   (FirewallWatch *self);

/* A message raised suspicion and the call is on its way. */
gboolean         firewall_watch_suspects (const FirewallWatch *self);

/* Does the text of a command speak of something that a flush could undo?  A guess. */
gboolean         firewall_watch_concerns (const char *text);
