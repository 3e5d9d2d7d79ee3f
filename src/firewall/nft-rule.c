#include "firewall/nft-rule.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <string.h>

/* The kernel aligns what targets are told (XT_ALIGN of a number). */
#define TARGET_INFO_SIZE 8

static const struct
{
  const char *target;
  gint32 verdict;
} verdicts[] = {
  { "ACCEPT", NF_ACCEPT },
  { "DROP", NF_DROP },
  { "RETURN", NFT_RETURN },
};

static guint
address_size (const NftRule *self)
{
  return self->is_ipv6 ? 16 : 4;
}

/* Of the source address in the header; the destination's comes behind it. */
static guint32
payload_offset (const NftRule *self)
{
  return (self->is_ipv6 ? 8 : 12) + (self->is_destination ? address_size (self) : 0);
}

/* --- from iptables --------------------------------------------------------------------------------------------------- */

/* FALSE: with a hole. */
static gboolean
read_mask (const guint8 *mask, guint size, guint8 *ret_length)
{
  guint length = 0;

  while (length < 8 * size && (mask[length / 8] & (0x80 >> length % 8)) != 0)
    length++;
  for (guint bit = length; bit < 8 * size; bit++)
    if ((mask[bit / 8] & (0x80 >> bit % 8)) != 0)
      return FALSE;
  *ret_length = (guint8) length;
  return TRUE;
}

static void
read_target (const IptablesRule *rule, NftRule *ret)
{
  ret->reject_with = rule->reject_with;
  if (rule->reject_with >= 0)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (verdicts); i++)
    if (g_str_equal (verdicts[i].target, rule->target))
      {
        ret->verdict = verdicts[i].verdict;
        return;
      }
  ret->verdict = NFT_JUMP;
  (void) g_strlcpy (ret->chain, rule->target, sizeof ret->chain);
}

gboolean
nft_rule_from_iptables (const IptablesRule *rule, gboolean is_ipv6, NftRule *ret_rule)
{
  const IptablesAddress *address = rule->source.given ? &rule->source : &rule->destination;
  NftRule result;

  if (rule->source.given == rule->destination.given || *rule->in.name != '\0' || *rule->out.name != '\0'
      || rule->protocol_given || rule->n_matches > 0
      || (rule->reject_with >= 0 && rule->reject_with == (is_ipv6 ? (int) IP6T_TCP_RESET : (int) IPT_TCP_RESET)))
    return FALSE;
  memset (&result, 0, sizeof result); /* with what is between its members */
  result.is_ipv6 = is_ipv6 ? 1 : 0;
  result.is_destination = rule->source.given ? 0 : 1;
  result.inverted = address->inverted ? 1 : 0;
  memcpy (result.bytes, address->bytes, address_size (&result));
  if (!read_mask (address->mask, address_size (&result), &result.length) || result.length == 0)
    return FALSE;
  read_target (rule, &result);
  *ret_rule = result;
  return TRUE;
}

/* --- writing --------------------------------------------------------------------------------------------------------- */

typedef struct
{
  struct nlattr *element, *data;
} Expression;

static Expression
begin_expression (struct nlmsghdr *message, const char *name)
{
  Expression expression;

  expression.element = mnl_attr_nest_start (message, NFTA_LIST_ELEM);
  mnl_attr_put_strz (message, NFTA_EXPR_NAME, name);
  expression.data = mnl_attr_nest_start (message, NFTA_EXPR_DATA);
  return expression;
}

static void
end_expression (struct nlmsghdr *message, Expression expression)
{
  mnl_attr_nest_end (message, expression.data);
  mnl_attr_nest_end (message, expression.element);
}

static void
put_number (struct nlmsghdr *message, guint16 type, guint32 number)
{
  mnl_attr_put_u32 (message, type, htonl (number));
}

static void
put_value (struct nlmsghdr *message, guint16 type, const void *bytes, guint size)
{
  struct nlattr *nest = mnl_attr_nest_start (message, type);

  mnl_attr_put (message, NFTA_DATA_VALUE, size, bytes);
  mnl_attr_nest_end (message, nest);
}

static void
put_address (const NftRule *self, struct nlmsghdr *message)
{
  static const guint8 zero[16];
  gboolean masked = self->length % 8 != 0;
  guint size = masked ? address_size (self) : self->length / 8;

  Expression payload = begin_expression (message, "payload");
  put_number (message, NFTA_PAYLOAD_DREG, NFT_REG_1);
  put_number (message, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
  put_number (message, NFTA_PAYLOAD_OFFSET, payload_offset (self));
  put_number (message, NFTA_PAYLOAD_LEN, size);
  end_expression (message, payload);
  if (masked)
    {
      guint8 mask[16] = { 0 };
      for (guint bit = 0; bit < self->length; bit++)
        mask[bit / 8] = (guint8) (mask[bit / 8] | 0x80 >> bit % 8);
      Expression bitwise = begin_expression (message, "bitwise");
      put_number (message, NFTA_BITWISE_SREG, NFT_REG_1);
      put_number (message, NFTA_BITWISE_DREG, NFT_REG_1);
      put_number (message, NFTA_BITWISE_LEN, size);
      put_value (message, NFTA_BITWISE_MASK, mask, size);
      put_value (message, NFTA_BITWISE_XOR, zero, size);
      end_expression (message, bitwise);
    }
  Expression cmp = begin_expression (message, "cmp");
  put_number (message, NFTA_CMP_SREG, NFT_REG_1);
  put_number (message, NFTA_CMP_OP, self->inverted != 0 ? NFT_CMP_NEQ : NFT_CMP_EQ);
  put_value (message, NFTA_CMP_DATA, self->bytes, size);
  end_expression (message, cmp);
}

static void
put_counter (struct nlmsghdr *message)
{
  Expression counter = begin_expression (message, "counter");

  mnl_attr_put_u64 (message, NFTA_COUNTER_BYTES, 0);
  mnl_attr_put_u64 (message, NFTA_COUNTER_PACKETS, 0);
  end_expression (message, counter);
}

static void
put_verdict (const NftRule *self, struct nlmsghdr *message)
{
  Expression immediate = begin_expression (message, "immediate");

  put_number (message, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  struct nlattr *data = mnl_attr_nest_start (message, NFTA_IMMEDIATE_DATA);
  struct nlattr *verdict = mnl_attr_nest_start (message, NFTA_DATA_VERDICT);
  put_number (message, NFTA_VERDICT_CODE, (guint32) self->verdict);
  if (self->verdict == NFT_JUMP)
    mnl_attr_put_strz (message, NFTA_VERDICT_CHAIN, self->chain);
  mnl_attr_nest_end (message, verdict);
  mnl_attr_nest_end (message, data);
  end_expression (message, immediate);
}

static void
put_reject (const NftRule *self, struct nlmsghdr *message)
{
  guint8 info[TARGET_INFO_SIZE] = { 0 };
  guint32 with = (guint32) self->reject_with;
  Expression target = begin_expression (message, "target");

  memcpy (info, &with, sizeof with);
  mnl_attr_put_strz (message, NFTA_TARGET_NAME, "REJECT");
  put_number (message, NFTA_TARGET_REV, 0);
  mnl_attr_put (message, NFTA_TARGET_INFO, sizeof info, info);
  end_expression (message, target);
}

void
nft_rule_put (const NftRule *self, struct nlmsghdr *message)
{
  struct nlattr *expressions = mnl_attr_nest_start (message, NFTA_RULE_EXPRESSIONS);

  put_address (self, message);
  put_counter (message);
  if (self->reject_with >= 0)
    put_reject (self, message);
  else
    put_verdict (self, message);
  mnl_attr_nest_end (message, expressions);

  struct nlattr *compat = mnl_attr_nest_start (message, NFTA_RULE_COMPAT);
  put_number (message, NFTA_RULE_COMPAT_PROTO, 0);
  put_number (message, NFTA_RULE_COMPAT_FLAGS, 0);
  mnl_attr_nest_end (message, compat);
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

#define MAX_ATTRIBUTES 8 /* more than any of these expressions has */

typedef struct
{
  const struct nlattr *attributes[MAX_ATTRIBUTES]; /* by their type; NULL: not there */
} Attributes;

static int
note_attribute (const struct nlattr *attribute, void *data)
{
  Attributes *attributes = data;
  guint16 type = mnl_attr_get_type (attribute);

  if (type < MAX_ATTRIBUTES)
    attributes->attributes[type] = attribute;
  return MNL_CB_OK;
}

static Attributes
read_nested (const struct nlattr *nest)
{
  Attributes attributes = { { NULL } };

  if (nest != NULL)
    (void) mnl_attr_parse_nested (nest, note_attribute, &attributes);
  return attributes;
}

static gboolean
get_number (const Attributes *attributes, guint16 type, guint32 *ret_number)
{
  const struct nlattr *attribute = attributes->attributes[type];

  if (attribute == NULL || mnl_attr_get_payload_len (attribute) != sizeof (guint32))
    return FALSE;
  *ret_number = ntohl (mnl_attr_get_u32 (attribute));
  return TRUE;
}

static gboolean
has_number (const Attributes *attributes, guint16 type, guint32 number)
{
  guint32 found;

  return get_number (attributes, type, &found) && found == number;
}

/* Bytes of a value of exactly this size. */
static const guint8 *
peek_value (const Attributes *attributes, guint16 type, guint size)
{
  Attributes value = read_nested (attributes->attributes[type]);
  const struct nlattr *bytes = value.attributes[NFTA_DATA_VALUE];

  return bytes != NULL && mnl_attr_get_payload_len (bytes) == size ? mnl_attr_get_payload (bytes) : NULL;
}

static const char *
peek_text (const struct nlattr *attribute)
{
  return attribute != NULL && mnl_attr_validate (attribute, MNL_TYPE_NUL_STRING) >= 0 ? mnl_attr_get_str (attribute)
                                                                                     : "";
}

typedef struct
{
  NftRule rule;
  guint size;    /* of what was loaded */
  guint at;      /* of steps */
  gboolean good; /* so far */
} Reading;

static gboolean
read_payload (Reading *reading, const Attributes *data)
{
  NftRule *rule = &reading->rule;
  guint32 offset;

  if (!has_number (data, NFTA_PAYLOAD_DREG, NFT_REG_1)
      || !has_number (data, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER)
      || !get_number (data, NFTA_PAYLOAD_OFFSET, &offset) || !get_number (data, NFTA_PAYLOAD_LEN, &reading->size)
      || reading->size == 0 || reading->size > address_size (rule))
    return FALSE;
  rule->is_destination = offset == payload_offset (rule) ? 0 : 1;
  rule->length = (guint8) (8 * reading->size);
  return offset == payload_offset (rule);
}

static gboolean
read_bitwise (Reading *reading, const Attributes *data)
{
  static const guint8 zero[16];
  const guint8 *mask = peek_value (data, NFTA_BITWISE_MASK, reading->size);
  const guint8 *xor = peek_value (data, NFTA_BITWISE_XOR, reading->size);

  return reading->size == address_size (&reading->rule) && has_number (data, NFTA_BITWISE_SREG, NFT_REG_1)
         && has_number (data, NFTA_BITWISE_DREG, NFT_REG_1) && mask != NULL && xor != NULL
         && memcmp (xor, zero, reading->size) == 0 && read_mask (mask, reading->size, &reading->rule.length)
         && reading->rule.length > 0;
}

static gboolean
read_cmp (Reading *reading, const Attributes *data)
{
  const guint8 *value = peek_value (data, NFTA_CMP_DATA, reading->size);
  guint32 operation;

  if (!has_number (data, NFTA_CMP_SREG, NFT_REG_1) || !get_number (data, NFTA_CMP_OP, &operation)
      || (operation != NFT_CMP_EQ && operation != NFT_CMP_NEQ) || value == NULL)
    return FALSE;
  reading->rule.inverted = operation == NFT_CMP_NEQ ? 1 : 0;
  memcpy (reading->rule.bytes, value, reading->size);
  return TRUE;
}

static gboolean
read_verdict (Reading *reading, const Attributes *data)
{
  Attributes value = read_nested (data->attributes[NFTA_IMMEDIATE_DATA]);
  Attributes verdict = read_nested (value.attributes[NFTA_DATA_VERDICT]);
  guint32 code;

  if (!has_number (data, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT) || !get_number (&verdict, NFTA_VERDICT_CODE, &code))
    return FALSE;
  reading->rule.verdict = (gint32) code;
  reading->rule.reject_with = -1;
  return reading->rule.verdict != NFT_JUMP
         || g_strlcpy (reading->rule.chain, peek_text (verdict.attributes[NFTA_VERDICT_CHAIN]),
                       sizeof reading->rule.chain)
                < sizeof reading->rule.chain;
}

static gboolean
read_reject (Reading *reading, const Attributes *data)
{
  const struct nlattr *info = data->attributes[NFTA_TARGET_INFO];
  guint32 with;

  if (!g_str_equal (peek_text (data->attributes[NFTA_TARGET_NAME]), "REJECT")
      || !has_number (data, NFTA_TARGET_REV, 0) || info == NULL || mnl_attr_get_payload_len (info) < sizeof with)
    return FALSE;
  memcpy (&with, mnl_attr_get_payload (info), sizeof with);
  reading->rule.reject_with = (gint32) with;
  return TRUE;
}

static gboolean
read_counter (Reading *reading, const Attributes *data)
{
  return TRUE;
}

/* In their order; the second may be missing, one of the last two ends the rule. */
static const struct
{
  const char *name;
  gboolean (*read) (Reading *reading, const Attributes *data);
  guint from, to; /* after which of these it may come */
} steps[] = {
  { "payload", read_payload, 0, 0 },   { "bitwise", read_bitwise, 1, 1 },  { "cmp", read_cmp, 1, 2 },
  { "counter", read_counter, 3, 3 },   { "immediate", read_verdict, 4, 4 }, { "target", read_reject, 4, 4 },
};

static int
read_expression (const struct nlattr *element, void *user_data)
{
  Reading *reading = user_data;
  Attributes expression = read_nested (element);
  Attributes data = read_nested (expression.attributes[NFTA_EXPR_DATA]);
  const char *name = peek_text (expression.attributes[NFTA_EXPR_NAME]);

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (g_str_equal (steps[i].name, name) && reading->at >= steps[i].from && reading->at <= steps[i].to
        && steps[i].read (reading, &data))
      {
        reading->at = i + 1;
        return MNL_CB_OK;
      }
  reading->good = FALSE;
  return MNL_CB_STOP;
}

gboolean
nft_rule_read (const struct nlmsghdr *message, gboolean is_ipv6, NftRule *ret_rule, guint64 *ret_handle)
{
  Attributes attributes = { { NULL } };
  Reading reading;

  memset (&reading, 0, sizeof reading);
  reading.rule.is_ipv6 = is_ipv6 ? 1 : 0;
  reading.good = TRUE;
  (void) mnl_attr_parse (message, sizeof (struct nfgenmsg), note_attribute, &attributes);
  const struct nlattr *expressions = attributes.attributes[NFTA_RULE_EXPRESSIONS];
  const struct nlattr *handle = attributes.attributes[NFTA_RULE_HANDLE];
  if (expressions == NULL || handle == NULL || mnl_attr_get_payload_len (handle) != sizeof (guint64))
    return FALSE;
  (void) mnl_attr_parse_nested (expressions, read_expression, &reading);
  if (!reading.good || reading.at < G_N_ELEMENTS (steps) - 1)
    return FALSE;
  *ret_rule = reading.rule;
  *ret_handle = GUINT64_FROM_BE (mnl_attr_get_u64 (handle));
  return TRUE;
}

/* --- as a key -------------------------------------------------------------------------------------------------------- */

guint
nft_rule_hash (gconstpointer self)
{
  const guint8 *bytes = self;
  guint32 hash = 5381;

  for (gsize i = 0; i < sizeof (NftRule); i++)
    hash = hash * 33 + bytes[i];
  return hash;
}

gboolean
nft_rule_equal (gconstpointer self, gconstpointer other)
{
  return memcmp (self, other, sizeof (NftRule)) == 0;
}

/* --- all of a chain -------------------------------------------------------------------------------------------------- */

#define READ_TRIES 5 /* somebody changed the rules while we read */

typedef union
{
  struct nlmsghdr header; /* for its alignment */
  guint8 bytes[NETLINK_MAX_MESSAGE];
} Message;

typedef struct
{
  GPtrArray *messages; /* owned copies: told only when all is well */
  gboolean interrupted;
} Dump;

static void
on_rule (const struct nlmsghdr *header, guint32 sequence, int error, gpointer user_data)
{
  Dump *dump = user_data;

  if ((header->nlmsg_flags & NLM_F_DUMP_INTR) != 0)
    dump->interrupted = TRUE;
  if (error < 0)
    g_ptr_array_add (dump->messages, g_memdup2 (header, header->nlmsg_len));
}

static struct nlmsghdr *
put_question (void *buffer, Netlink *netlink, guint16 type, guint16 flags, guint8 family)
{
  struct nlmsghdr *header = mnl_nlmsg_put_header (buffer);

  header->nlmsg_type = (guint16) (NFNL_SUBSYS_NFTABLES << 8 | type);
  header->nlmsg_flags = (guint16) (NLM_F_REQUEST | flags);
  header->nlmsg_seq = netlink_take_sequence (netlink, 1);
  struct nfgenmsg *general = mnl_nlmsg_put_extra_header (header, sizeof *general);
  *general = (struct nfgenmsg){ .nfgen_family = family, .version = NFNETLINK_V0 };
  return header;
}

gboolean
nft_rules_read (Netlink *netlink, guint8 family, const char *table, const char *chain, NftRuleFunc func, gpointer user_data)
{
  for (guint try = 0; try < READ_TRIES; try++)
    {
      Message buffer = { 0 };
      g_autoptr (GByteArray) request = g_byte_array_new ();
      g_autoptr (GPtrArray) messages = g_ptr_array_new_with_free_func (g_free);
      Dump dump = { .messages = messages };
      struct nlmsghdr *header = put_question (&buffer, netlink, NFT_MSG_GETRULE, NLM_F_DUMP, family);

      mnl_attr_put_strz (header, NFTA_RULE_TABLE, table);
      mnl_attr_put_strz (header, NFTA_RULE_CHAIN, chain);
      g_byte_array_append (request, buffer.bytes, header->nlmsg_len);
      if (netlink_exchange (netlink, request, on_rule, &dump) != NETLINK_ANSWERED)
        return FALSE;
      if (dump.interrupted)
        continue;
      for (guint i = 0; i < messages->len; i++)
        func (messages->pdata[i], user_data);
      return TRUE;
    }
  return FALSE;
}

static void
note_error (const struct nlmsghdr *header, guint32 sequence, int error, gpointer user_data)
{
  *(int *) user_data = error;
}

gboolean
nft_chain_is_missing (Netlink *netlink, guint8 family, const char *table, const char *chain)
{
  Message buffer = { 0 };
  int error = 0;
  g_autoptr (GByteArray) request = g_byte_array_new ();
  struct nlmsghdr *header = put_question (&buffer, netlink, NFT_MSG_GETCHAIN, 0, family);

  mnl_attr_put_strz (header, NFTA_CHAIN_TABLE, table);
  mnl_attr_put_strz (header, NFTA_CHAIN_NAME, chain);
  g_byte_array_append (request, buffer.bytes, header->nlmsg_len);
  return netlink_exchange (netlink, request, note_error, &error) == NETLINK_ANSWERED && error == ENOENT;
}
