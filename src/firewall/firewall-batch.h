/* firewall-batch.h - what goes to the kernel together, and the drivers that take it there
 *
 * A batch is made of the commands of many submissions, all for one driver, one program file and one scope (what the driver can
 * change in one go).  The driver sets the flags of those that took effect; the others have changed nothing.
 * Must not: be included by other rooms.
 */
#pragma once
#include <glib.h>

typedef struct FirewallBatch FirewallBatch;
typedef void (*FirewallApply) (FirewallBatch *self);

typedef struct
{
  const char *name;        /* as users see it */
  gboolean changes_legacy; /* keeps away while somebody holds the legacy tables */
  guint max_deletes;       /* of one batch; 0: any number */
  void (*start) (FirewallBatch *batch);  /* begins; firewall_batch_finish ends it, at once or from the loop */
  void (*clear) (gpointer work);         /* stops what goes on and frees what start put into work */
} FirewallDriver;

extern const FirewallDriver iptables_legacy_driver, iptables_nft_driver, iptables_restore_driver, nft_driver, ipset_driver;

struct FirewallBatch
{
  const FirewallDriver *driver;
  char *path, *scope;
  gint64 deadline_usec; /* monotonic; G_MAXINT64: none */
  guint n;
  GPtrArray **elements; /* the commands of each submission: together or not at all */
  const gboolean *adopts; /* of each submission: a rule that it adds and that is there already counts as added */
  gboolean *done;       /* for the driver to set */
  gpointer work;        /* the driver's */

  struct Firewall *firewall; /* the rest is firewall.c's.  NULL: gone; only the thread's work is waited for */
  GPtrArray *jobs;
  guint n_deletes;
  gboolean in_thread;
  FirewallApply apply; /* what the thread does */
};

void firewall_batch_finish (FirewallBatch *self);
/* apply runs in a thread of its own, must touch nothing but elements, adopts, n, scope and done; then the batch is finished. */
void firewall_batch_run_in_thread (FirewallBatch *self, FirewallApply apply);
