#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "firewall/firewall-command.h"
#include "firewall/ipset-command.h"
#include "firewall/ipset-message.h"
#include "firewall/netlink.h"

/* Sets know no transactions, each message stands for itself: so many are sent at once that the answers fit into any buffer. */
#define MESSAGES_AT_ONCE 64

/* --- messages -------------------------------------------------------------------------------------------------------- */

static struct nlmsghdr *
build_command (guint8 *buffer, const IpsetCommand *command, guint32 sequence)
{
  /* Behind a test nothing may be changed that is there, nor deleted that is not. */
  gboolean exists_is_fine = command->exists_is_fine && !command->tested;
  struct nlmsghdr *header
      = ipset_message_begin (buffer, command->operation == IPSET_COMMAND_ADD ? IPSET_CMD_ADD : IPSET_CMD_DEL,
                      exists_is_fine ? 0 : NLM_F_EXCL, sequence, command->set);
  const IpPrefix *address = &command->address;

  struct nlattr *data = mnl_attr_nest_start (header, IPSET_ATTR_DATA);
  struct nlattr *ip = mnl_attr_nest_start (header, IPSET_ATTR_IP);
  mnl_attr_put (header, (address->is_ipv6 ? IPSET_ATTR_IPADDR_IPV6 : IPSET_ATTR_IPADDR_IPV4) | NLA_F_NET_BYTEORDER,
                ip_prefix_size (address), address->bytes);
  mnl_attr_nest_end (header, ip);
  if (address->is_network)
    mnl_attr_put_u8 (header, IPSET_ATTR_CIDR, address->length);
  if (command->has_timeout)
    mnl_attr_put_u32 (header, IPSET_ATTR_TIMEOUT | NLA_F_NET_BYTEORDER, GUINT32_TO_BE (command->timeout_sec));
  mnl_attr_put_u32 (header, IPSET_ATTR_LINENO, 0);
  mnl_attr_nest_end (header, data);
  return header;
}

/* --- which sets ------------------------------------------------------------------------------------------------------ */

typedef enum
{
  OTHER, /* or none */
  HASH_IP,
  HASH_NET,
} SetKind;

typedef struct
{
  SetKind kind;
  gboolean is_ipv6;
} Set;

static int
note_attribute (const struct nlattr *attribute, void *data)
{
  Set *set = data;

  switch (mnl_attr_get_type (attribute))
    {
    case IPSET_ATTR_TYPENAME:
      if (mnl_attr_validate (attribute, MNL_TYPE_NUL_STRING) >= 0)
        set->kind = g_str_equal (mnl_attr_get_str (attribute), "hash:ip")    ? HASH_IP
                    : g_str_equal (mnl_attr_get_str (attribute), "hash:net") ? HASH_NET
                                                                             : OTHER;
      break;
    case IPSET_ATTR_FAMILY:
      if (mnl_attr_validate (attribute, MNL_TYPE_U8) >= 0)
        set->is_ipv6 = mnl_attr_get_u8 (attribute) == NFPROTO_IPV6;
      break;
    default:
      break;
    }
  return MNL_CB_OK;
}

static void
on_set (const struct nlmsghdr *header, guint32 sequence, int error, gpointer data)
{
  if (error == -1)
    (void) mnl_attr_parse (header, sizeof (struct nfgenmsg), note_attribute, data);
}

static Set
read_set (Netlink *netlink, const char *name)
{
  Set set = { OTHER, FALSE };
  guint8 buffer[NETLINK_MAX_MESSAGE] = { 0 };
  g_autoptr (GByteArray) message = g_byte_array_new ();
  const struct nlmsghdr *header = ipset_message_begin (buffer, IPSET_CMD_HEADER, 0, netlink_take_sequence (netlink, 1), name);

  g_byte_array_append (message, buffer, header->nlmsg_len);
  (void) netlink_exchange (netlink, message, on_set, &set);
  return set;
}

static const Set *
find_set (Netlink *netlink, GHashTable *sets, const char *name)
{
  Set *set = g_hash_table_lookup (sets, name);

  if (set == NULL)
    {
      set = g_new (Set, 1);
      *set = read_set (netlink, name);
      g_hash_table_insert (sets, g_strdup (name), set);
    }
  return set;
}

/* hash:ip takes a network as its addresses one by one.  A test in hash:net also finds networks around the address, so there it is
 * not the same question as whether it was added. */
static gboolean
is_possible (const Set *set, const IpsetCommand *command)
{
  if (set->kind == OTHER || set->is_ipv6 != command->address.is_ipv6)
    return FALSE;
  return set->kind == HASH_IP ? !command->address.is_network : !command->tested;
}

/* --- carrying out ---------------------------------------------------------------------------------------------------- */

typedef struct
{
  FirewallBatch *batch;
  guint32 first_sequence;
  guint owners[MESSAGES_AT_ONCE];
  guint n;
} Work;

static void
on_answer (const struct nlmsghdr *header, guint32 sequence, int error, gpointer data)
{
  const Work *work = data;
  guint32 index = sequence - work->first_sequence;

  if (index >= work->n || error < 0)
    return;
  const IpsetCommand *command = work->batch->elements[work->owners[index]]->pdata[0];
  work->batch->done[work->owners[index]]
      = error == 0 || (error == IPSET_ERR_EXIST && command->tested && command->operation == IPSET_COMMAND_ADD);
}

static void
apply (FirewallBatch *batch)
{
  g_autoptr (Netlink) netlink = netlink_new ();
  g_autoptr (GHashTable) sets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Work work = { .batch = batch };

  for (guint i = 0; netlink != NULL && i < batch->n;)
    {
      g_autoptr (GByteArray) messages = g_byte_array_new ();
      guint8 buffer[NETLINK_MAX_MESSAGE] = { 0 };

      /* A set that is asked for takes a number of its own, so that comes before. */
      for (work.n = 0; i < batch->n && work.n < MESSAGES_AT_ONCE; i++)
        if (is_possible (find_set (netlink, sets, ((const IpsetCommand *) batch->elements[i]->pdata[0])->set),
                         batch->elements[i]->pdata[0]))
          work.owners[work.n++] = i;
      work.first_sequence = netlink_take_sequence (netlink, work.n);
      for (guint j = 0; j < work.n; j++)
        {
          const struct nlmsghdr *header
              = build_command (buffer, batch->elements[work.owners[j]]->pdata[0], work.first_sequence + j);
          g_byte_array_append (messages, buffer, header->nlmsg_len);
        }
      if (work.n > 0)
        (void) netlink_exchange (netlink, messages, on_answer, &work);
    }
}

static void
start (FirewallBatch *batch)
{
  firewall_batch_run_in_thread (batch, apply);
}

const FirewallDriver ipset_driver = { .name = "ipset", .start = start };

/* --- calls of ipset -------------------------------------------------------------------------------------------------- */

static gboolean
is_program (const char *word)
{
  return g_str_equal (word, "ipset") || g_str_has_suffix (word, "/ipset");
}

static gboolean
read_calls (const GPtrArray *calls, const FirewallProgram *program, FirewallCommand *command)
{
  IpsetCommand *one = g_str_equal (program->file, "ipset") ? ipset_command_parse (calls) : NULL;

  if (one == NULL)
    return FALSE;
  command->driver = &ipset_driver;
  command->scope = g_strdup ("");
  command->commands = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (command->commands, one);
  return TRUE;
}

const FirewallTool ipset_tool = { is_program, read_calls };
