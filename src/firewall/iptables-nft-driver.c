#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "firewall/firewall-batch.h"
#include "firewall/iptables-nft.h"
#include "firewall/netlink.h"
#include "firewall/nft-rule.h"
#include "firewall/nft-transaction.h"

/* A chain as it was before the transaction that is being made. */
typedef struct
{
  GHashTable *handles; /* NftRule -> GQueue of guint64 *: of equal rules, in their order; those that will be deleted are taken out */
  GHashTable *added;   /* NftRule: by the transaction */
} Chain;

/* What becomes of a command. */
typedef struct
{
  NftRule rule;
  guint64 handle; /* deletions */
  gboolean is_there; /* it need not be added */
} Step;

typedef struct
{
  FirewallBatch *batch;
  Netlink *netlink;
  guint8 family;
  const char *table;
  gboolean reads_chains; /* something is deleted, or may be there already */
  GHashTable *chains;    /* name -> Chain */
  GArray *steps;         /* of Step: of all commands, in their order */
  guint *firsts;         /* where those of a submission begin */
  gboolean *left_out;
} Work;

gboolean
iptables_nft_can (const IptablesCommand *command)
{
  NftRule rule;

  return (command->operation == IPTABLES_APPEND || (command->operation == IPTABLES_INSERT && command->number == 1)
          || command->operation == IPTABLES_DELETE)
         && nft_rule_from_iptables (&command->rule, command->is_ipv6, &rule);
}

/* --- what is there --------------------------------------------------------------------------------------------------- */

static void
handles_free (gpointer data)
{
  g_queue_free_full (data, g_free);
}

static void
chain_free (gpointer data)
{
  Chain *chain = data;

  g_hash_table_unref (chain->handles);
  g_hash_table_unref (chain->added);
  g_free (chain);
}

typedef struct
{
  Chain *chain;
  gboolean is_ipv6;
} Reading;

static void
note_rule (const struct nlmsghdr *message, gpointer user_data)
{
  const Reading *reading = user_data;
  NftRule rule;
  guint64 handle;

  if (!nft_rule_read (message, reading->is_ipv6, &rule, &handle))
    return;
  GQueue *handles = g_hash_table_lookup (reading->chain->handles, &rule);
  if (handles == NULL)
    {
      handles = g_queue_new ();
      g_hash_table_insert (reading->chain->handles, g_memdup2 (&rule, sizeof rule), handles);
    }
  g_queue_push_tail (handles, g_memdup2 (&handle, sizeof handle));
}

static Chain *
find_chain (Work *work, const char *name)
{
  Chain *chain = g_hash_table_lookup (work->chains, name);

  if (chain != NULL)
    return chain;
  chain = g_new0 (Chain, 1);
  chain->handles = g_hash_table_new_full (nft_rule_hash, nft_rule_equal, g_free, handles_free);
  chain->added = g_hash_table_new_full (nft_rule_hash, nft_rule_equal, g_free, NULL);
  g_hash_table_insert (work->chains, g_strdup (name), chain);
  Reading reading = { chain, work->family == NFPROTO_IPV6 };
  (void) nft_rules_read (work->netlink, work->family, work->table, name, note_rule, &reading);
  return chain;
}

/* --- what is to be done ---------------------------------------------------------------------------------------------- */

typedef enum
{
  PLANNED,
  IMPOSSIBLE, /* its rule is not there */
  NOT_YET,    /* its rule comes with this transaction */
} Plan;

static Plan
plan_deletion (const Chain *chain, Step *step)
{
  GQueue *handles = g_hash_table_lookup (chain->handles, &step->rule);

  if (g_hash_table_contains (chain->added, &step->rule))
    return NOT_YET;
  if (handles == NULL || g_queue_is_empty (handles))
    return IMPOSSIBLE;
  g_autofree guint64 *handle = g_queue_pop_head (handles);
  step->handle = *handle;
  return PLANNED;
}

static Plan
plan_addition (const Chain *chain, gboolean adopts, Step *step)
{
  const GQueue *handles = g_hash_table_lookup (chain->handles, &step->rule);

  step->is_there = adopts && handles != NULL && !g_queue_is_empty ((GQueue *) handles);
  if (!step->is_there)
    (void) g_hash_table_add (chain->added, g_memdup2 (&step->rule, sizeof step->rule));
  return PLANNED;
}

static Plan
plan_command (Work *work, guint index, const IptablesCommand *command)
{
  Step step = { .handle = 0 };
  Plan plan = PLANNED;

  if (!nft_rule_from_iptables (&command->rule, command->is_ipv6, &step.rule))
    return IMPOSSIBLE;
  if (work->reads_chains)
    {
      const Chain *chain = find_chain (work, command->chain);
      plan = command->operation == IPTABLES_DELETE ? plan_deletion (chain, &step)
                                                   : plan_addition (chain, work->batch->adopts[index], &step);
    }
  g_array_append_val (work->steps, step);
  return plan;
}

static Plan
plan_submission (Work *work, guint index)
{
  const GPtrArray *commands = work->batch->elements[index];
  Plan plan = PLANNED;

  work->firsts[index] = work->steps->len;
  for (guint i = 0; plan == PLANNED && i < commands->len; i++)
    plan = plan_command (work, index, commands->pdata[i]);
  work->left_out[index] = plan == IMPOSSIBLE;
  return plan;
}

/* Where the transaction that begins with from ends. */
static guint
plan_transaction (Work *work, guint from)
{
  guint end = MIN (work->batch->n, from + NFT_TRANSACTION_MAX);

  g_hash_table_remove_all (work->chains);
  for (guint i = from; i < end; i++)
    if (plan_submission (work, i) == NOT_YET)
      {
        if (i > from)
          return i;
        work->left_out[i] = TRUE; /* adds and deletes the same: for the shell */
      }
  return end;
}

/* --- messages -------------------------------------------------------------------------------------------------------- */

static void
append_command (Work *work, GByteArray *messages, const IptablesCommand *command, const Step *step)
{
  union
  {
    struct nlmsghdr header; /* for its alignment */
    guint8 bytes[NETLINK_MAX_MESSAGE];
  } buffer = { 0 };
  gboolean deletes = command->operation == IPTABLES_DELETE;

  if (step->is_there)
    return;
  struct nlmsghdr *header = mnl_nlmsg_put_header (&buffer);
  header->nlmsg_type = (guint16) (NFNL_SUBSYS_NFTABLES << 8 | (deletes ? NFT_MSG_DELRULE : NFT_MSG_NEWRULE));
  header->nlmsg_flags = (guint16) (NLM_F_REQUEST | (deletes ? 0 : NLM_F_CREATE)
                                   | (command->operation == IPTABLES_APPEND ? NLM_F_APPEND : 0));
  header->nlmsg_seq = netlink_take_sequence (work->netlink, 1);
  struct nfgenmsg *general = mnl_nlmsg_put_extra_header (header, sizeof *general);
  *general = (struct nfgenmsg){ .nfgen_family = work->family, .version = NFNETLINK_V0 };
  mnl_attr_put_strz (header, NFTA_RULE_TABLE, command->table);
  mnl_attr_put_strz (header, NFTA_RULE_CHAIN, command->chain);
  if (deletes)
    mnl_attr_put_u64 (header, NFTA_RULE_HANDLE, GUINT64_TO_BE (step->handle));
  else
    nft_rule_put (&step->rule, header);
  g_byte_array_append (messages, buffer.bytes, header->nlmsg_len);
}

static void
append_submission (Netlink *netlink, GByteArray *messages, guint index, gpointer data)
{
  Work *work = data;
  const GPtrArray *commands = work->batch->elements[index];

  for (guint i = 0; i < commands->len; i++)
    append_command (work, messages, commands->pdata[i], &g_array_index (work->steps, Step, work->firsts[index] + i));
}

/* --- all of them ----------------------------------------------------------------------------------------------------- */

static gboolean
must_read_chains (const FirewallBatch *batch)
{
  for (guint i = 0; i < batch->n; i++)
    {
      if (batch->adopts[i])
        return TRUE;
      for (guint j = 0; j < batch->elements[i]->len; j++)
        if (((const IptablesCommand *) batch->elements[i]->pdata[j])->operation == IPTABLES_DELETE)
          return TRUE;
    }
  return FALSE;
}

static void
apply (FirewallBatch *batch)
{
  const IptablesCommand *first = batch->elements[0]->pdata[0];
  g_autoptr (Netlink) netlink = netlink_new ();
  if (netlink == NULL)
    return;
  g_autoptr (GHashTable) chains = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, chain_free);
  g_autoptr (GArray) steps = g_array_new (FALSE, TRUE, sizeof (Step));
  g_autofree guint *firsts = g_new0 (guint, batch->n);
  g_autofree gboolean *left_out = g_new0 (gboolean, batch->n);
  Work work = { .batch = batch,
                .netlink = netlink,
                .family = first->is_ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4,
                .table = first->table,
                .reads_chains = must_read_chains (batch),
                .chains = chains,
                .steps = steps,
                .firsts = firsts,
                .left_out = left_out };

  for (guint from = 0, to; from < batch->n; from = to)
    {
      to = plan_transaction (&work, from);
      nft_transaction_commit (netlink, from, to, left_out, batch->done, append_submission, &work);
    }
}

static void
start (FirewallBatch *batch)
{
  firewall_batch_run_in_thread (batch, apply);
}

const FirewallDriver iptables_nft_driver = { .name = "iptables-nft", .start = start };
