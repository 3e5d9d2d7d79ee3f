#include <linux/netfilter.h>

#include "base/child.h"
#include "firewall/firewall-batch.h"
#include "firewall/iptables-restore.h"
#include "firewall/nft-rule.h"

/* A restore of some thousand lines takes under a second; what takes longer hangs. */
#define RESTORE_TIMEOUT_USEC (60 * G_USEC_PER_SEC)

/* To find a rule iptables-restore compares it with each of the chain: 17 ms among 20,000 (1.8.9).  So that others do not wait for
 * minutes, and the time limit does not fall in between, not too many of these go together. */
#define MAX_DELETES 128

typedef struct
{
  guint from, to;
} Span;

typedef struct
{
  FirewallBatch *batch;
  Child *child;
  gboolean *left_out; /* did not work */
  GQueue spans;       /* of Span: still to be restored */
} Work;

static void restore_next (Work *work);

static void
push_span (Work *work, guint from, guint to)
{
  if (from >= to)
    return;
  Span *span = g_new (Span, 1);
  span->from = from;
  span->to = to;
  g_queue_push_head (&work->spans, span);
}

static void
set_done (const Work *work, const Span *span)
{
  for (guint i = span->from; i < span->to; i++)
    work->batch->done[i] = !work->left_out[i];
}

static gboolean
names_chain (const GPtrArray *commands, const char *chain)
{
  for (guint i = 0; i < commands->len; i++)
    if (g_str_equal (((const IptablesCommand *) commands->pdata[i])->chain, chain))
      return TRUE;
  return FALSE;
}

/* Where a chain is gone all that speak of it fail, and only the first is named: looking once is better than trying them one by one. */
static void
leave_out_missing_chain (const Work *work, const Span *span, guint culprit)
{
  const FirewallBatch *batch = work->batch;
  const IptablesCommand *first = batch->elements[culprit]->pdata[0];
  g_autoptr (Netlink) netlink = netlink_new ();

  if (netlink == NULL
      || !nft_chain_is_missing (netlink, first->is_ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4, first->table, first->chain))
    return;
  for (guint i = span->from; i < span->to; i++)
    if (names_chain (batch->elements[i], first->chain))
      work->left_out[i] = TRUE;
}

/* Nothing of the span took effect.  One that is named is left out, otherwise halves are tried. */
static void
split_span (Work *work, const Span *span, const ChildResult *result)
{
  gsize size;
  const char *errors = g_bytes_get_data (result->errors, &size);
  int culprit
      = iptables_restore_find_culprit (errors, size, work->batch->elements, work->left_out, span->from, span->to);
  guint middle = span->from + (span->to - span->from) / 2;

  if (result->timed_out || !result->ended)
    return; /* all of it is for the shell */
  if (culprit >= 0)
    {
      work->left_out[culprit] = TRUE;
      leave_out_missing_chain (work, span, (guint) culprit);
      push_span (work, span->from, span->to);
    }
  else if (span->to - span->from > 1)
    {
      push_span (work, middle, span->to);
      push_span (work, span->from, middle);
    }
}

static void
on_restored (const ChildResult *result, gpointer data)
{
  Work *work = data;
  g_autofree Span *span = g_queue_pop_head (&work->spans);

  work->child = NULL;
  if (result->ended && result->status == 0)
    set_done (work, span);
  else
    split_span (work, span, result);
  restore_next (work);
}

/* The span at the head of the queue stays there while it is restored. */
static void
restore_next (Work *work)
{
  const FirewallBatch *batch = work->batch;
  const IptablesCommand *first = batch->elements[0]->pdata[0];
  const char *const argv[] = { first->is_ipv6 ? "ip6tables-restore" : "iptables-restore", "--noflush", "-w", NULL };
  const Span *span;

  while ((span = g_queue_peek_head (&work->spans)) != NULL)
    {
      g_autoptr (GBytes) input
          = iptables_restore_write (first->table, batch->elements, work->left_out, span->from, span->to);
      if (input != NULL)
        {
          ChildSpec spec = { .argv = argv, .path = batch->path, .input = input, .timeout_usec = RESTORE_TIMEOUT_USEC };
          work->child = child_start (&spec, on_restored, work, NULL, NULL);
          if (work->child != NULL)
            return;
        }
      g_free (g_queue_pop_head (&work->spans));
    }
  firewall_batch_finish (work->batch);
}

static void
start (FirewallBatch *batch)
{
  Work *work = g_new0 (Work, 1);

  batch->work = work;
  work->batch = batch;
  work->left_out = g_new0 (gboolean, batch->n);
  g_queue_init (&work->spans);
  push_span (work, 0, batch->n);
  restore_next (work);
}

static void
clear (gpointer data)
{
  Work *work = data;

  child_cancel (work->child);
  g_free (work->left_out);
  g_queue_clear_full (&work->spans, g_free);
  g_free (work);
}

const FirewallDriver iptables_restore_driver
    = { .name = "iptables-nft", .max_deletes = MAX_DELETES, .start = start, .clear = clear };
