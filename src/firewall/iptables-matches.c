#include <netinet/in.h> /* before the kernel's headers, which then keep their copy of it to themselves */
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/xt_conntrack.h>
#include <string.h>

#include "firewall/iptables-reader.h"
#include "firewall/iptables-values.h"

static IptablesMatch *
last_match (IptablesReader *r, IptablesMatchKind kind)
{
  IptablesRule *rule = &r->command->rule;

  /* Options belong to the latest match of their kind: two of one kind would need care that nobody needs. */
  for (guint i = 0; i < rule->n_matches; i++)
    if (rule->matches[i].kind == kind)
      return &rule->matches[i];
  return NULL;
}

static IptablesMatch *
add_match (IptablesReader *r, IptablesMatchKind kind)
{
  IptablesRule *rule = &r->command->rule;

  if (rule->n_matches >= IPTABLES_MAX_MATCHES || last_match (r, kind) != NULL)
    return NULL;
  if (rule->matches == NULL)
    rule->matches = g_new0 (IptablesMatch, IPTABLES_MAX_MATCHES);
  IptablesMatch *match = &rule->matches[rule->n_matches++];
  match->kind = kind;
  match->source.to = match->destination.to = 65535;
  match->ports_kind = IPTABLES_PORTS_UNSET;
  return match;
}

gboolean
iptables_read_match (IptablesReader *r)
{
  static const struct
  {
    const char *name;
    IptablesMatchKind kind;
  } matches[] = {
    { "tcp", IPTABLES_TCP },
    { "udp", IPTABLES_UDP },
    { "multiport", IPTABLES_MULTIPORT },
    { "comment", IPTABLES_COMMENT },
    { "conntrack", IPTABLES_CONNTRACK },
  };
  const char *name = iptables_take_value (r);

  for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (matches); i++)
    if (g_str_equal (matches[i].name, name))
      return add_match (r, matches[i].kind) != NULL;
  return FALSE;
}

/* --sport and --dport: of -m tcp or udp, or of -p tcp or udp, which then bring the match along. */
static gboolean
read_port (IptablesReader *r, gboolean is_source)
{
  const IptablesRule *rule = &r->command->rule;
  IptablesMatch *match = last_match (r, IPTABLES_TCP);
  gboolean is_range;

  if (rule->protocol_inverted || (rule->protocol != IPPROTO_TCP && rule->protocol != IPPROTO_UDP))
    return FALSE;
  IptablesMatchKind kind = rule->protocol == IPPROTO_TCP ? IPTABLES_TCP : IPTABLES_UDP;
  match = last_match (r, kind);
  if (match == NULL)
    match = add_match (r, kind);
  if (match == NULL)
    return FALSE;
  IptablesPorts *ports = is_source ? &match->source : &match->destination;
  if (ports->from != 0 || ports->to != 65535 || ports->inverted)
    return FALSE; /* a second time */
  ports->inverted = iptables_take_inverted (r);
  return iptables_parse_port_range (iptables_take_value (r), &ports->from, &ports->to, &is_range);
}

gboolean
iptables_read_source_port (IptablesReader *r)
{
  return read_port (r, TRUE);
}

gboolean
iptables_read_destination_port (IptablesReader *r)
{
  return read_port (r, FALSE);
}

static gboolean
read_ports (IptablesReader *r, IptablesPortsKind kind)
{
  IptablesMatch *match = last_match (r, IPTABLES_MULTIPORT);
  guint places = 0;

  if (match == NULL || match->ports_kind != IPTABLES_PORTS_UNSET)
    return FALSE;
  const char *list = iptables_take_value (r);
  if (list == NULL)
    return FALSE;
  match->ports_kind = kind;
  match->inverted = iptables_take_inverted (r);
  g_auto (GStrv) words = g_strsplit (list, ",", IPTABLES_MAX_PORTS + 1);
  for (guint i = 0; words[i] != NULL; i++)
    {
      if (i >= IPTABLES_MAX_PORTS
          || !iptables_parse_port_range (words[i], &match->ports[i].from, &match->ports[i].to,
                                         &match->ports[i].is_range)
          || (match->ports[i].is_range && match->ports[i].from == match->ports[i].to))
        return FALSE;
      places += match->ports[i].is_range ? 2 : 1;
      match->n_ports++;
    }
  return match->n_ports > 0 && places <= IPTABLES_MAX_PORTS;
}

gboolean
iptables_read_source_ports (IptablesReader *r)
{
  return read_ports (r, IPTABLES_PORTS_SOURCE);
}

gboolean
iptables_read_destination_ports (IptablesReader *r)
{
  return read_ports (r, IPTABLES_PORTS_DESTINATION);
}

gboolean
iptables_read_either_ports (IptablesReader *r)
{
  return read_ports (r, IPTABLES_PORTS_EITHER);
}

gboolean
iptables_read_comment (IptablesReader *r)
{
  IptablesMatch *match = last_match (r, IPTABLES_COMMENT);
  const char *text = iptables_take_value (r);

  if (match == NULL || text == NULL || *match->comment != '\0' || *text == '\0'
      || strlen (text) >= sizeof match->comment)
    return FALSE;
  /* Nothing that would have to be quoted for iptables-restore, but blanks. */
  for (const char *at = text; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && strchr (" _-.:,/@()=+", *at) == NULL)
      return FALSE;
  (void) g_strlcpy (match->comment, text, sizeof match->comment);
  return TRUE;
}

gboolean
iptables_read_states (IptablesReader *r)
{
  static const struct
  {
    const char *name;
    guint16 bit;
  } states[] = {
    { "INVALID", XT_CONNTRACK_STATE_INVALID },
    { "NEW", XT_CONNTRACK_STATE_BIT (IP_CT_NEW) },
    { "ESTABLISHED", XT_CONNTRACK_STATE_BIT (IP_CT_ESTABLISHED) },
    { "RELATED", XT_CONNTRACK_STATE_BIT (IP_CT_RELATED) },
    { "UNTRACKED", XT_CONNTRACK_STATE_UNTRACKED },
  };
  IptablesMatch *match = last_match (r, IPTABLES_CONNTRACK);
  const char *list = iptables_take_value (r);

  if (match == NULL || list == NULL || match->states != 0)
    return FALSE;
  match->inverted = iptables_take_inverted (r);
  g_auto (GStrv) words = g_strsplit (list, ",", 8);
  for (guint i = 0; words[i] != NULL; i++)
    {
      gsize row = 0;
      while (row < G_N_ELEMENTS (states) && !g_str_equal (states[row].name, words[i]))
        row++;
      if (row == G_N_ELEMENTS (states))
        return FALSE;
      match->states |= states[row].bit;
    }
  return match->states != 0;
}

/* Ports of a multiport need a protocol that has some; a tcp match needs tcp. */
gboolean
iptables_matches_fit_protocol (const IptablesRule *rule)
{
  gboolean has_ports = !rule->protocol_inverted
                       && (rule->protocol == IPPROTO_TCP || rule->protocol == IPPROTO_UDP
                           || rule->protocol == IPPROTO_SCTP || rule->protocol == IPPROTO_UDPLITE);

  for (guint i = 0; i < rule->n_matches; i++)
    {
      const IptablesMatch *match = &rule->matches[i];
      switch (match->kind)
        {
        case IPTABLES_TCP:
        case IPTABLES_UDP:
          if (rule->protocol_inverted || rule->protocol != (match->kind == IPTABLES_TCP ? IPPROTO_TCP : IPPROTO_UDP))
            return FALSE;
          break;
        case IPTABLES_MULTIPORT:
          if (!has_ports || match->ports_kind == IPTABLES_PORTS_UNSET)
            return FALSE;
          break;
        case IPTABLES_COMMENT:
          if (*match->comment == '\0')
            return FALSE;
          break;
        case IPTABLES_CONNTRACK:
          if (match->states == 0)
            return FALSE;
          break;
        default:
          return FALSE;
        }
    }
  return TRUE;
}
