#include "firewall/iptables-entry.h"

#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_comment.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <string.h>

gboolean
iptables_entry_knows_target (const IptablesRule *rule)
{
  static const char *const targets[] = { "ACCEPT", "DROP", "RETURN", "REJECT" };

  for (gsize i = 0; i < G_N_ELEMENTS (targets); i++)
    if (g_str_equal (rule->target, targets[i]))
      return TRUE;
  return FALSE;
}

/* --- the head -------------------------------------------------------------------------------------------------------- */

/* "eth+" stands for all that begin with eth: no NUL is compared. */
static void
fill_interface (const IptablesInterface *interface, char *name, unsigned char *mask)
{
  gsize length = strlen (interface->name);

  (void) g_strlcpy (name, interface->name, IFNAMSIZ);
  if (length == 0)
    return;
  memset (mask, 0xff, interface->name[length - 1] == '+' ? length - 1 : length + 1);
}

static void
fill_ipv4 (struct ipt_ip *ip, const IptablesRule *rule)
{
  memcpy (&ip->src, rule->source.bytes, sizeof ip->src);
  memcpy (&ip->smsk, rule->source.mask, sizeof ip->smsk);
  memcpy (&ip->dst, rule->destination.bytes, sizeof ip->dst);
  memcpy (&ip->dmsk, rule->destination.mask, sizeof ip->dmsk);
  fill_interface (&rule->in, ip->iniface, ip->iniface_mask);
  fill_interface (&rule->out, ip->outiface, ip->outiface_mask);
  ip->proto = rule->protocol;
  ip->invflags
      = (guint8) ((rule->source.inverted ? IPT_INV_SRCIP : 0) | (rule->destination.inverted ? IPT_INV_DSTIP : 0)
                  | (rule->in.inverted ? IPT_INV_VIA_IN : 0) | (rule->out.inverted ? IPT_INV_VIA_OUT : 0)
                  | (rule->protocol_inverted ? IPT_INV_PROTO : 0));
}

static void
fill_ipv6 (struct ip6t_ip6 *ip, const IptablesRule *rule)
{
  memcpy (&ip->src, rule->source.bytes, sizeof ip->src);
  memcpy (&ip->smsk, rule->source.mask, sizeof ip->smsk);
  memcpy (&ip->dst, rule->destination.bytes, sizeof ip->dst);
  memcpy (&ip->dmsk, rule->destination.mask, sizeof ip->dmsk);
  fill_interface (&rule->in, ip->iniface, ip->iniface_mask);
  fill_interface (&rule->out, ip->outiface, ip->outiface_mask);
  ip->proto = rule->protocol;
  ip->flags = rule->protocol_given ? IP6T_F_PROTO : 0;
  ip->invflags
      = (guint8) ((rule->source.inverted ? IP6T_INV_SRCIP : 0) | (rule->destination.inverted ? IP6T_INV_DSTIP : 0)
                  | (rule->in.inverted ? IP6T_INV_VIA_IN : 0) | (rule->out.inverted ? IP6T_INV_VIA_OUT : 0)
                  | (rule->protocol_inverted ? IP6T_INV_PROTO : 0));
}

/* --- matches --------------------------------------------------------------------------------------------------------- */

/* Appends the head of a match or target and its data, zeroed and aligned; returns where the data begins. */
static gsize
append_extension (GByteArray *entry, gsize head_size, gsize data_size)
{
  gsize start = entry->len;

  g_byte_array_set_size (entry, (guint) (start + XT_ALIGN (head_size) + XT_ALIGN (data_size)));
  memset (entry->data + start, 0, entry->len - start);
  return start + XT_ALIGN (head_size);
}

static gpointer
append_match (GByteArray *entry, const char *name, guint8 revision, gsize data_size)
{
  gsize start = entry->len;
  gsize data = append_extension (entry, sizeof (struct xt_entry_match), data_size);
  struct xt_entry_match *match = (gpointer) (entry->data + start);

  match->u.match_size = (guint16) (entry->len - start);
  match->u.user.revision = revision;
  (void) g_strlcpy (match->u.user.name, name, sizeof match->u.user.name);
  return entry->data + data;
}

static void
append_tcp (GByteArray *entry, const IptablesMatch *match)
{
  struct xt_tcp *tcp = append_match (entry, "tcp", 0, sizeof *tcp);

  tcp->spts[0] = match->source.from;
  tcp->spts[1] = match->source.to;
  tcp->dpts[0] = match->destination.from;
  tcp->dpts[1] = match->destination.to;
  tcp->invflags = (guint8) ((match->source.inverted ? XT_TCP_INV_SRCPT : 0)
                            | (match->destination.inverted ? XT_TCP_INV_DSTPT : 0));
}

static void
append_udp (GByteArray *entry, const IptablesMatch *match)
{
  struct xt_udp *udp = append_match (entry, "udp", 0, sizeof *udp);

  udp->spts[0] = match->source.from;
  udp->spts[1] = match->source.to;
  udp->dpts[0] = match->destination.from;
  udp->dpts[1] = match->destination.to;
  udp->invflags = (guint8) ((match->source.inverted ? XT_UDP_INV_SRCPT : 0)
                            | (match->destination.inverted ? XT_UDP_INV_DSTPT : 0));
}

static void
append_multiport (GByteArray *entry, const IptablesMatch *match)
{
  static const guint8 kinds[] = {
    [IPTABLES_PORTS_SOURCE] = XT_MULTIPORT_SOURCE,
    [IPTABLES_PORTS_DESTINATION] = XT_MULTIPORT_DESTINATION,
    [IPTABLES_PORTS_EITHER] = XT_MULTIPORT_EITHER,
  };
  struct xt_multiport_v1 *multiport = append_match (entry, "multiport", 1, sizeof *multiport);

  multiport->flags = kinds[match->ports_kind];
  multiport->invert = match->inverted ? 1 : 0;
  for (guint i = 0; i < match->n_ports; i++)
    {
      multiport->ports[multiport->count] = match->ports[i].from;
      multiport->pflags[multiport->count++] = match->ports[i].is_range ? 1 : 0;
      if (match->ports[i].is_range)
        multiport->ports[multiport->count++] = match->ports[i].to;
    }
}

static void
append_comment (GByteArray *entry, const IptablesMatch *match)
{
  struct xt_comment_info *comment = append_match (entry, "comment", 0, sizeof *comment);

  (void) g_strlcpy (comment->comment, match->comment, sizeof comment->comment);
}

static void
append_conntrack (GByteArray *entry, const IptablesMatch *match)
{
  struct xt_conntrack_mtinfo3 *conntrack = append_match (entry, "conntrack", 3, sizeof *conntrack);

  conntrack->match_flags = XT_CONNTRACK_STATE;
  conntrack->invert_flags = match->inverted ? XT_CONNTRACK_STATE : 0;
  conntrack->state_mask = match->states;
}

static void (*const append_kind[]) (GByteArray *entry, const IptablesMatch *match) = {
  [IPTABLES_TCP] = append_tcp,
  [IPTABLES_UDP] = append_udp,
  [IPTABLES_MULTIPORT] = append_multiport,
  [IPTABLES_COMMENT] = append_comment,
  [IPTABLES_CONNTRACK] = append_conntrack,
};

/* --- the target ------------------------------------------------------------------------------------------------------ */

/* A verdict, or the name of a chain: libiptc looks that up. */
static gpointer
append_target (GByteArray *entry, const char *name, gsize data_size)
{
  gsize start = entry->len;
  gsize data = append_extension (entry, sizeof (struct xt_entry_target), data_size);
  struct xt_entry_target *target = (gpointer) (entry->data + start);

  target->u.target_size = (guint16) (entry->len - start);
  (void) g_strlcpy (target->u.user.name, name, sizeof target->u.user.name);
  return entry->data + data;
}

gpointer
iptables_entry_new (const IptablesRule *rule, gboolean is_ipv6, gboolean is_chain, gsize *ret_size)
{
  GByteArray *entry = g_byte_array_new ();
  gsize head = is_ipv6 ? sizeof (struct ip6t_entry) : sizeof (struct ipt_entry);

  g_byte_array_set_size (entry, (guint) head);
  memset (entry->data, 0, head);
  for (guint i = 0; i < rule->n_matches; i++)
    append_kind[rule->matches[i].kind](entry, &rule->matches[i]);
  gsize target_at = entry->len;

  if (rule->reject_with < 0 || is_chain)
    (void) append_target (entry, rule->target, sizeof (int));
  else if (is_ipv6)
    ((struct ip6t_reject_info *) append_target (entry, "REJECT", sizeof (struct ip6t_reject_info)))->with
        = (guint32) rule->reject_with;
  else
    ((struct ipt_reject_info *) append_target (entry, "REJECT", sizeof (struct ipt_reject_info)))->with
        = (enum ipt_reject_with) rule->reject_with;

  *ret_size = entry->len;
  if (is_ipv6)
    {
      struct ip6t_entry *e = (gpointer) entry->data;
      fill_ipv6 (&e->ipv6, rule);
      e->target_offset = (guint16) target_at;
      e->next_offset = (guint16) entry->len;
    }
  else
    {
      struct ipt_entry *e = (gpointer) entry->data;
      fill_ipv4 (&e->ip, rule);
      e->target_offset = (guint16) target_at;
      e->next_offset = (guint16) entry->len;
    }
  return g_byte_array_free (entry, FALSE);
}
