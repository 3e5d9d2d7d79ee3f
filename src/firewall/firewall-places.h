/* firewall-places.h - how many bans of ours are where in the kernel, so that it is noticed when somebody flushes a chain or set
 *
 * A place is a chain of iptables, an ipset, or a set of nf_tables.  What took effect there is counted; a look compares that with
 * what the kernel holds.  When more than half of the bans are gone, somebody flushed; fewer were taken out by hand, one by one,
 * and stay out (as in fail2ban, where nobody looks).  Of a single ban that cannot be told apart, but for iptables, whose chains end with a
 * rule of their own.
 *
 * Bans that end by themselves in the kernel (a timeout of their own, or of their set) are not counted.
 * Must not: change anything in the kernel; be asked while a batch is under way, since then the counts are not those of the kernel.
 * Internal to firewall/.
 */
#pragma once
#include "firewall/firewall-command.h"

typedef struct FirewallPlaces FirewallPlaces;

FirewallPlaces *firewall_places_new  (void);
void            firewall_places_free (FirewallPlaces *self); /* NULL is fine */

/* The command took effect, and it was a ban or unban of the owner (a number for an address: it is never looked at). */
void     firewall_places_note      (FirewallPlaces *self, const FirewallCommand *command, gconstpointer owner);
void     firewall_places_forget    (FirewallPlaces *self, gconstpointer owner); /* its bans are gone, or it is */
gboolean firewall_places_hold      (const FirewallPlaces *self, guint kinds);   /* of FirewallPlaceKind */
guint    firewall_places_get_unseen (const FirewallPlaces *self); /* kinds of those that hold bans and were never looked at */
/* Something may be happening right now: bans that are added from now on cannot hide what is missing then. */
void     firewall_places_suspect   (FirewallPlaces *self, guint kinds);
/* TRUE: somebody flushed.  Takes some microseconds, or some milliseconds for ten thousand bans when something is missing. */
gboolean firewall_places_look      (FirewallPlaces *self, guint kinds);
/* Were bans of the owner flushed?  Tells it once. */
gboolean firewall_places_take_loss (FirewallPlaces *self, gconstpointer owner);
