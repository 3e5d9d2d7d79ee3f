#include "firewall/firewall-batch.h"
#include "firewall/iptables-legacy.h"
#include "firewall/xtables-lock.h"

/* --- a thread changes the table, while we hold the lock --------------------------------------------------------------- */

static void
apply (FirewallBatch *batch)
{
  const IptablesCommand *first = batch->elements[0]->pdata[0];

  iptables_legacy_apply (first->table, first->is_ipv6, batch->elements, batch->adopts, batch->n, batch->done);
}

static void
on_lock (gboolean held, gpointer data)
{
  if (held)
    firewall_batch_run_in_thread (data, apply);
  else
    firewall_batch_finish (data);
}

static void
start (FirewallBatch *batch)
{
  batch->work = xtables_lock_new (batch->deadline_usec, on_lock, batch);
}

static void
clear (gpointer work)
{
  xtables_lock_free (work);
}

const FirewallDriver iptables_legacy_driver
    = { .name = "iptables-legacy", .changes_legacy = TRUE, .start = start, .clear = clear };
