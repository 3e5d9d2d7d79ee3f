#include <libnftnl/common.h>
#include <libnftnl/set.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "firewall/firewall-command.h"
#include "firewall/netlink.h"
#include "firewall/nft-command.h"
#include "firewall/nft-set.h"
#include "firewall/shell-words.h"

/* Elements of one transaction: some megabytes of messages at most. */
#define MAX_SUBMISSIONS 8192

/* --- which sets ------------------------------------------------------------------------------------------------------ */

typedef struct
{
  Netlink *netlink;
  GHashTable *sets; /* "family table set" -> NftSet */
  FirewallBatch *batch;

  /* of the transaction that is under way */
  guint32 first_sequence, end_sequence;
  GArray *owners;     /* of guint: which submission the message with first_sequence + i belongs to */
  gboolean *left_out; /* of all submissions */
  guint n_culprits;
  gboolean refused; /* for a reason that is nobody's alone */
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
  guint8 buffer[NETLINK_MAX_MESSAGE], end[16];
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
append_mark (Work *work, GByteArray *messages, struct nlmsghdr *(*build) (char *buffer, guint32 sequence))
{
  guint8 buffer[NETLINK_MAX_MESSAGE];
  const struct nlmsghdr *header = build ((char *) buffer, netlink_take_sequence (work->netlink, 1));

  g_byte_array_append (messages, buffer, header->nlmsg_len);
}

/* --- transactions ---------------------------------------------------------------------------------------------------- */

static GByteArray *
build (Work *work, guint from, guint to)
{
  GByteArray *messages = g_byte_array_new ();

  g_array_set_size (work->owners, 0);
  append_mark (work, messages, nftnl_batch_begin);
  work->first_sequence = netlink_take_sequence (work->netlink, 0);
  for (guint i = from; i < to; i++)
    for (guint j = 0; !work->left_out[i] && j < work->batch->elements[i]->len; j++)
      {
        append_command (work, messages, work->batch->elements[i]->pdata[j]);
        g_array_append_val (work->owners, i);
      }
  append_mark (work, messages, nftnl_batch_end);
  return messages;
}

/* The kernel says nothing about messages that are fine; of those that are not it names all. */
static void
on_answer (const struct nlmsghdr *header, guint32 sequence, int error, gpointer data)
{
  Work *work = data;
  guint32 index = sequence - work->first_sequence;

  if (error <= 0)
    return;
  if (index >= work->owners->len)
    {
      work->refused = TRUE;
      return;
    }
  guint owner = g_array_index (work->owners, guint, index);
  work->n_culprits += work->left_out[owner] ? 0 : 1;
  work->left_out[owner] = TRUE;
}

/* All submissions [from, to) but those that cannot be. */
static void
commit (Work *work, guint from, guint to)
{
  for (;;)
    {
      g_autoptr (GByteArray) messages = build (work, from, to);
      if (work->owners->len == 0)
        return;
      work->n_culprits = 0;
      work->refused = FALSE;
      NetlinkOutcome outcome = netlink_exchange (work->netlink, messages, on_answer, work);
      if (work->n_culprits > 0)
        continue; /* nothing took effect; again without them */
      if (outcome == NETLINK_ANSWERED && !work->refused)
        {
          for (guint i = from; i < to; i++)
            work->batch->done[i] = !work->left_out[i];
          return;
        }
      if (to - from == 1)
        return;
      guint middle = from + (to - from) / 2;
      commit (work, from, middle);
      commit (work, middle, to);
      return;
    }
}

/* Within one transaction the kernel (6.x, interval sets) does not find again what was deleted and added: so a transaction ends before
 * an element comes a second time. */
static guint
find_end (Work *work, guint from)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint end = MIN (work->batch->n, from + MAX_SUBMISSIONS);

  for (guint i = from; i < end; i++)
    for (guint j = 0; j < work->batch->elements[i]->len; j++)
      {
        const NftCommand *command = work->batch->elements[i]->pdata[j];
        char address[2 * sizeof command->address.bytes + 1] = "";
        for (guint k = 0; k < ip_prefix_size (&command->address); k++)
          (void) g_snprintf (address + 2 * k, 3, "%02x", command->address.bytes[k]);
        if (!g_hash_table_add (seen, g_strdup_printf ("%s/%u %s", address, command->address.length, command->set))
            && i > from)
          return i;
      }
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
  g_autoptr (GArray) owners = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree gboolean *left_out = g_new0 (gboolean, batch->n);
  Work work = { .netlink = netlink, .sets = sets, .batch = batch, .owners = owners, .left_out = left_out };

  leave_out_impossible (&work);
  for (guint from = 0, to; from < batch->n; from = to)
    {
      to = find_end (&work, from);
      commit (&work, from, to);
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
