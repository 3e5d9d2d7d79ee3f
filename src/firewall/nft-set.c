#include "firewall/nft-set.h"

#include <arpa/inet.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

/* nft's own numbers for types of keys (its src/datatype.h: TYPE_IPADDR, TYPE_IP6ADDR). */
#define NFT_TYPE_IPV4 7
#define NFT_TYPE_IPV6 8

/* Elements of such sets are what is written, nothing is counted or merged in nft. */
#define SIMPLE_FLAGS (NFT_SET_INTERVAL | NFT_SET_TIMEOUT | NFT_SET_EVAL)

static int
note_merging (const struct nftnl_udata *attribute, void *data)
{
  gboolean *merges = data;

  if (nftnl_udata_type (attribute) == NFTNL_UDATA_SET_MERGE_ELEMENTS && nftnl_udata_len (attribute) >= sizeof (guint32)
      && nftnl_udata_get_u32 (attribute) != 0)
    *merges = TRUE;
  return 0;
}

/* `auto-merge`: nft itself works out which intervals come of it. */
static gboolean
merges_intervals (const struct nftnl_set *set)
{
  guint32 length = 0;
  const void *data = nftnl_set_get_data (set, NFTNL_SET_USERDATA, &length);
  gboolean merges = FALSE;

  if (data != NULL && nftnl_udata_parse (data, length, note_merging, &merges) < 0)
    return TRUE;
  return merges;
}

static void
read_set (const struct nftnl_set *set, NftSet *ret_set)
{
  guint32 flags = nftnl_set_get_u32 (set, NFTNL_SET_FLAGS);
  guint32 type = nftnl_set_get_u32 (set, NFTNL_SET_KEY_TYPE);
  guint32 length = nftnl_set_get_u32 (set, NFTNL_SET_KEY_LEN);

  ret_set->is_there = TRUE;
  ret_set->forgets = nftnl_set_is_set (set, NFTNL_SET_TIMEOUT) && nftnl_set_get_u64 (set, NFTNL_SET_TIMEOUT) != 0;
  ret_set->is_ipv6 = type == NFT_TYPE_IPV6;
  ret_set->has_intervals = (flags & NFT_SET_INTERVAL) != 0;
  ret_set->is_simple = (flags & ~(guint32) SIMPLE_FLAGS) == 0
                       && ((type == NFT_TYPE_IPV4 && length == 4) || (type == NFT_TYPE_IPV6 && length == 16))
                       && !nftnl_set_is_set (set, NFTNL_SET_EXPR) && !nftnl_set_is_set (set, NFTNL_SET_EXPRESSIONS)
                       && !merges_intervals (set);
}

static void
on_answer (const struct nlmsghdr *header, guint32 sequence, int error, gpointer data)
{
  struct nftnl_set *set = error == -1 ? nftnl_set_alloc () : NULL;

  if (set == NULL)
    return;
  if (nftnl_set_nlmsg_parse (header, set) >= 0)
    read_set (set, data);
  nftnl_set_free (set);
}

NftSet
nft_set_read (Netlink *netlink, guint8 family, const char *table, const char *name)
{
  NftSet result = { 0 };
  guint8 buffer[NETLINK_MAX_MESSAGE] = { 0 };
  struct nftnl_set *set = nftnl_set_alloc ();
  g_autoptr (GByteArray) message = g_byte_array_new ();

  if (set == NULL)
    return result;
  nftnl_set_set_str (set, NFTNL_SET_TABLE, table);
  nftnl_set_set_str (set, NFTNL_SET_NAME, name);
  struct nlmsghdr *header
      = nftnl_nlmsg_build_hdr ((char *) buffer, NFT_MSG_GETSET, family, NLM_F_ACK, netlink_take_sequence (netlink, 1));
  nftnl_set_nlmsg_build_payload (header, set);
  nftnl_set_free (set);
  g_byte_array_append (message, buffer, header->nlmsg_len);
  (void) netlink_exchange (netlink, message, on_answer, &result);
  return result;
}

/* --- how many ---------------------------------------------------------------------------------------------------------- */

typedef struct
{
  gint64 number;
  gboolean is_whole;
} Count;

static int
note_flags (const struct nlattr *attribute, void *user_data)
{
  if (mnl_attr_get_type (attribute) == NFTA_SET_ELEM_FLAGS && mnl_attr_get_payload_len (attribute) == sizeof (guint32))
    *(guint32 *) user_data = ntohl (mnl_attr_get_u32 (attribute));
  return MNL_CB_OK;
}

/* In an interval set, ends are elements too. */
static int
count_element (const struct nlattr *attribute, void *user_data)
{
  Count *count = user_data;
  guint32 flags = 0;

  (void) mnl_attr_parse_nested (attribute, note_flags, &flags);
  count->number += (flags & NFT_SET_ELEM_INTERVAL_END) == 0 ? 1 : 0;
  return MNL_CB_OK;
}

static int
count_list (const struct nlattr *attribute, void *user_data)
{
  if (mnl_attr_get_type (attribute) == NFTA_SET_ELEM_LIST_ELEMENTS)
    (void) mnl_attr_parse_nested (attribute, count_element, user_data);
  return MNL_CB_OK;
}

static void
on_elements (const struct nlmsghdr *header, guint32 sequence, int error, gpointer data)
{
  Count *count = data;

  if (error > 0 || (header->nlmsg_flags & NLM_F_DUMP_INTR) != 0)
    count->is_whole = FALSE;
  if (error == -1)
    (void) mnl_attr_parse (header, sizeof (struct nfgenmsg), count_list, count);
}

gint64
nft_set_count (Netlink *netlink, guint8 family, const char *table, const char *name)
{
  NftSet set = nft_set_read (netlink, family, table, name);
  Count count = { .is_whole = set.is_there && !set.forgets };
  guint8 buffer[NETLINK_MAX_MESSAGE] = { 0 };
  g_autoptr (GByteArray) message = g_byte_array_new ();

  if (!count.is_whole)
    return -1;
  struct nlmsghdr *header = nftnl_nlmsg_build_hdr ((char *) buffer, NFT_MSG_GETSETELEM, family, NLM_F_DUMP,
                                                   netlink_take_sequence (netlink, 1));
  mnl_attr_put_strz (header, NFTA_SET_ELEM_LIST_TABLE, table);
  mnl_attr_put_strz (header, NFTA_SET_ELEM_LIST_SET, name);
  g_byte_array_append (message, buffer, header->nlmsg_len);
  NetlinkOutcome outcome = netlink_exchange (netlink, message, on_elements, &count);
  return outcome == NETLINK_ANSWERED && count.is_whole ? count.number : -1;
}
