#include "firewall/ipset-message.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>

struct nlmsghdr *
ipset_message_begin (guint8 *buffer, enum ipset_cmd command, guint16 flags, guint32 sequence, const char *set)
{
  struct nlmsghdr *header = mnl_nlmsg_put_header (buffer);

  header->nlmsg_type = (guint16) (NFNL_SUBSYS_IPSET << 8 | command);
  header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
  header->nlmsg_seq = sequence;
  struct nfgenmsg *general = mnl_nlmsg_put_extra_header (header, sizeof *general);
  general->nfgen_family = NFPROTO_IPV4;
  general->version = NFNETLINK_V0;
  general->res_id = 0;
  mnl_attr_put_u8 (header, IPSET_ATTR_PROTOCOL, IPSET_PROTOCOL_MIN);
  mnl_attr_put_strz (header, IPSET_ATTR_SETNAME, set);
  return header;
}

static int
note_number (const struct nlattr *attribute, void *user_data)
{
  gint64 *number = user_data;
  guint16 type = mnl_attr_get_type (attribute);

  if (mnl_attr_get_payload_len (attribute) != sizeof (guint32))
    return MNL_CB_OK;
  if (type == IPSET_ATTR_ELEMENTS)
    *number = ntohl (mnl_attr_get_u32 (attribute));
  if (type != IPSET_ATTR_TIMEOUT || ntohl (mnl_attr_get_u32 (attribute)) == 0)
    return MNL_CB_OK;
  *number = -1;
  return MNL_CB_STOP;
}

static int
note_data (const struct nlattr *attribute, void *user_data)
{
  if (mnl_attr_get_type (attribute) == IPSET_ATTR_DATA)
    (void) mnl_attr_parse_nested (attribute, note_number, user_data);
  return MNL_CB_OK;
}

static void
on_set (const struct nlmsghdr *header, guint32 sequence, int error, gpointer user_data)
{
  if (error == -1)
    (void) mnl_attr_parse (header, sizeof (struct nfgenmsg), note_data, user_data);
}

gint64
ipset_count_lasting (Netlink *netlink, const char *set)
{
  guint8 buffer[NETLINK_MAX_MESSAGE] = { 0 };
  gint64 number = -1;
  g_autoptr (GByteArray) message = g_byte_array_new ();
  struct nlmsghdr *header
      = ipset_message_begin (buffer, IPSET_CMD_LIST, NLM_F_DUMP, netlink_take_sequence (netlink, 1), set);

  mnl_attr_put_u32 (header, IPSET_ATTR_FLAGS | NLA_F_NET_BYTEORDER, htonl (IPSET_FLAG_LIST_HEADER));
  g_byte_array_append (message, buffer, header->nlmsg_len);
  (void) netlink_exchange (netlink, message, on_set, &number);
  return number;
}
