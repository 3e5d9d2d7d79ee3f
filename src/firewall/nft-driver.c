#include <libnftnl/common.h>
#include <libnftnl/set.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "firewall/firewall-command.h"
#include "firewall/netlink.h"
#include "firewall/nft-command.h"
#include "firewall/nft-set.h"
#include "firewall/nft-transaction.h"
#include "firewall/shell-words.h"

/* --- which sets ------------------------------------------------------------------------------------------------------ */

typedef struct
{
  Netlink *netlink;
  GHashTable *sets; /* "family table set" -> NftSet */
  FirewallBatch *batch;
  gboolean *left_out; /* of all submissions */
} Work;

static const NftSet *
find_set (Work *work, const NftCommand *command)
{
  g_autofree char *key = g_strdup_printf ("%u %s %s", command->family, command->table, command->set);
  NftSet *set = g_hash_table_lookup (work->sets, key);

  if (set == NULL)
    {
      set = g_new (NftSet, 1);
      *set = nft_set_read (work->netlink, command->family, command->table, command->set);
      g_hash_table_insert (work->sets, g_steal_pointer (&key), set);
    }
  return set;
}

/* In an interval set an element is where it begins and where it ends.  The very first and the very last address have no such
 * neighbour; nft has rules of its own for them. */
static gboolean
get_bounds (const NftCommand *command, guint8 *ret_end)
{
  static const guint8 zero[16];

  return memcmp (command->address.bytes, zero, ip_prefix_size (&command->address)) != 0
         && ip_prefix_get_end (&command->address, ret_end);
}

static gboolean
is_possible (Work *work, const NftCommand *command)
{
  const NftSet *set = find_set (work, command);
  guint8 end[16];

  return set->is_simple && set->is_ipv6 == command->address.is_ipv6
         && (set->has_intervals ? get_bounds (command, end) : !command->address.is_network);
}

/* --- messages -------------------------------------------------------------------------------------------------------- */

static void
add_key (struct nftnl_set *set, const void *key, guint size, guint32 flags, guint64 timeout_msec)
{
  struct nftnl_set_elem *element = nftnl_set_elem_alloc ();

  nftnl_set_elem_set (element, NFTNL_SET_ELEM_KEY, key, size);
  if (flags != 0)
    nftnl_set_elem_set_u32 (element, NFTNL_SET_ELEM_FLAGS, flags);
  if (timeout_msec != 0)
    nftnl_set_elem_set_u64 (element, NFTNL_SET_ELEM_TIMEOUT, timeout_msec);
  nftnl_set_elem_add (set, element);
}

static void
append_command (Work *work, GByteArray *messages, const NftCommand *command)
{
  guint8 buffer[NETLINK_MAX_MESSAGE] = { 0 }, end[16] = { 0 };
  guint size = ip_prefix_size (&command->address);
  struct nftnl_set *set = nftnl_set_alloc ();

  nftnl_set_set_str (set, NFTNL_SET_TABLE, command->table);
  nftnl_set_set_str (set, NFTNL_SET_NAME, command->set);
  add_key (set, command->address.bytes, size, 0, command->timeout_msec);
  if (find_set (work, command)->has_intervals && get_bounds (command, end))
    add_key (set, end, size, NFT_SET_ELEM_INTERVAL_END, 0);

  struct nlmsghdr *header = nftnl_nlmsg_build_hdr (
      (char *) buffer, command->deletes ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM, command->family,
      command->deletes ? 0 : NLM_F_CREATE, netlink_take_sequence (work->netlink, 1));
  nftnl_set_elems_nlmsg_build_payload (header, set);
  nftnl_set_free (set);
  g_byte_array_append (messages, buffer, header->nlmsg_len);
}

static void
append_submission (Netlink *netlink, GByteArray *messages, guint index, gpointer data)
{
  Work *work = data;
  const GPtrArray *commands = work->batch->elements[index];

  for (guint i = 0; i < commands->len; i++)
    append_command (work, messages, commands->pdata[i]);
}

/* --- transactions ---------------------------------------------------------------------------------------------------- */

static guint
hash_element (gconstpointer data)
{
  const NftCommand *command = data;
  guint hash = g_str_hash (command->set);

  for (guint i = 0; i < ip_prefix_size (&command->address); i++)
    hash = hash * 33 + command->address.bytes[i];
  return hash;
}

static gboolean
is_same_element (gconstpointer a, gconstpointer b)
{
  const NftCommand *x = a, *y = b;

  return g_str_equal (x->set, y->set) && x->address.is_ipv6 == y->address.is_ipv6
         && x->address.length == y->address.length
         && memcmp (x->address.bytes, y->address.bytes, ip_prefix_size (&x->address)) == 0;
}

/* Within one transaction the kernel (6.x, interval sets) does not find again what was deleted and added: so a transaction ends before
 * an element comes a second time. */
static guint
find_end (Work *work, guint from)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (hash_element, is_same_element);
  guint end = MIN (work->batch->n, from + NFT_TRANSACTION_MAX);

  for (guint i = from; i < end; i++)
    for (guint j = 0; j < work->batch->elements[i]->len; j++)
      if (!g_hash_table_add (seen, work->batch->elements[i]->pdata[j]) && i > from)
        return i;
  return end;
}

static void
leave_out_impossible (Work *work)
{
  for (guint i = 0; i < work->batch->n; i++)
    for (guint j = 0; j < work->batch->elements[i]->len; j++)
      if (!is_possible (work, work->batch->elements[i]->pdata[j]))
        work->left_out[i] = TRUE;
}

static void
apply (FirewallBatch *batch)
{
  g_autoptr (Netlink) netlink = netlink_new ();
  if (netlink == NULL)
    return;
  g_autoptr (GHashTable) sets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autofree gboolean *left_out = g_new0 (gboolean, batch->n);
  Work work = { .netlink = netlink, .sets = sets, .batch = batch, .left_out = left_out };

  leave_out_impossible (&work);
  for (guint from = 0, to; from < batch->n; from = to)
    {
      to = find_end (&work, from);
      nft_transaction_commit (netlink, from, to, left_out, batch->done, append_submission, &work);
    }
}

static void
start (FirewallBatch *batch)
{
  firewall_batch_run_in_thread (batch, apply);
}

const FirewallDriver nft_driver = { .name = "nftables", .start = start };

/* --- calls of nft ---------------------------------------------------------------------------------------------------- */

static gboolean
is_program (const char *word)
{
  return g_str_equal (word, "nft") || g_str_has_suffix (word, "/nft");
}

static gboolean
read_calls (const GPtrArray *calls, const FirewallProgram *program, FirewallCommand *command)
{
  if (!g_str_equal (program->file, "nft"))
    return FALSE;
  command->driver = &nft_driver;
  command->scope = g_strdup ("");
  command->commands = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < calls->len; i++)
    {
      const ShellCall *call = calls->pdata[i];
      NftCommand *one = call->join == SHELL_ALWAYS ? nft_command_parse ((const char *const *) call->words) : NULL;
      if (one == NULL)
        return FALSE;
      g_ptr_array_add (command->commands, one);
    }
  return TRUE;
}

const FirewallTool nft_tool = { is_program, read_calls };
