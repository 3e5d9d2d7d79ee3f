#include "firewall/iptables-values.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

gboolean
iptables_parse_number (const char *text, guint max, guint *ret_value)
{
  guint64 value;

  if (text == NULL || !g_ascii_isdigit (*text) || (text[0] == '0' && text[1] != '\0')
      || !g_ascii_string_to_unsigned (text, 10, 0, max, &value, NULL))
    return FALSE;
  *ret_value = (guint) value;
  return TRUE;
}

static gboolean
parse_port (const char *text, guint16 *ret_port)
{
  guint value;

  if (!iptables_parse_number (text, 65535, &value))
    return FALSE;
  *ret_port = (guint16) value;
  return TRUE;
}

gboolean
iptables_parse_port_range (const char *text, guint16 *ret_from, guint16 *ret_to, gboolean *ret_is_range)
{
  const char *colon = text != NULL ? strchr (text, ':') : NULL;

  *ret_is_range = colon != NULL;
  if (colon == NULL)
    {
      if (!parse_port (text, ret_from))
        return FALSE;
      *ret_to = *ret_from;
      return TRUE;
    }
  g_autofree char *from = g_strndup (text, (gsize) (colon - text));
  *ret_from = 0;
  *ret_to = 65535;
  return (*from == '\0' || parse_port (from, ret_from)) && (colon[1] == '\0' || parse_port (colon + 1, ret_to))
         && *ret_from <= *ret_to;
}

static void
mask_from_prefix (guint8 mask[16], guint prefix)
{
  memset (mask, 0, 16);
  for (guint bit = 0; bit < prefix; bit++)
    mask[bit / 8] |= (guint8) (0x80 >> (bit % 8));
}

gboolean
iptables_parse_address (const char *text, gboolean is_ipv6, IptablesAddress *ret_address)
{
  guint full = is_ipv6 ? 128 : 32, prefix = full;
  const char *slash = text != NULL ? strchr (text, '/') : NULL;

  if (text == NULL || strlen (text) > 100)
    return FALSE;
  g_autofree char *host = slash != NULL ? g_strndup (text, (gsize) (slash - text)) : g_strdup (text);
  if (inet_pton (is_ipv6 ? AF_INET6 : AF_INET, host, ret_address->bytes) != 1)
    return FALSE;
  mask_from_prefix (ret_address->mask, prefix);
  if (slash != NULL && iptables_parse_number (slash + 1, full, &prefix))
    mask_from_prefix (ret_address->mask, prefix);
  else if (slash != NULL && (is_ipv6 || inet_pton (AF_INET, slash + 1, ret_address->mask) != 1))
    return FALSE;
  for (guint i = 0; i < full / 8; i++)
    ret_address->bytes[i] &= ret_address->mask[i];
  return TRUE;
}

static const struct
{
  const char *name;
  guint8 number;
} protocols[] = {
  { "all", 0 },
  { "icmp", IPPROTO_ICMP },
  { "tcp", IPPROTO_TCP },
  { "udp", IPPROTO_UDP },
  { "sctp", IPPROTO_SCTP },
  { "udplite", IPPROTO_UDPLITE },
  { "ipv6-icmp", IPPROTO_ICMPV6 },
  { "icmpv6", IPPROTO_ICMPV6 },
};

/* iptables warns about these with IPv6: they are headers, not protocols. */
static gboolean
is_extension_header (guint protocol)
{
  return protocol == IPPROTO_ROUTING || protocol == IPPROTO_ESP || protocol == IPPROTO_AH || protocol == IPPROTO_DSTOPTS
         || protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_FRAGMENT;
}

gboolean
iptables_parse_protocol (const char *text, gboolean is_ipv6, guint8 *ret_protocol)
{
  guint number;

  if (text == NULL)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (protocols); i++)
    if (g_ascii_strcasecmp (protocols[i].name, text) == 0)
      {
        *ret_protocol = protocols[i].number;
        return TRUE;
      }
  if (!iptables_parse_number (text, 255, &number) || number == 0 || (is_ipv6 && is_extension_header (number)))
    return FALSE;
  *ret_protocol = (guint8) number;
  return TRUE;
}

gboolean
iptables_is_name (const char *text, gsize size)
{
  if (text == NULL || !(g_ascii_isalnum (*text) || *text == '_') || strlen (text) >= size)
    return FALSE;
  for (; *text != '\0'; text++)
    if (!g_ascii_isalnum (*text) && strchr ("_-.:+", *text) == NULL)
      return FALSE;
  return TRUE;
}

gboolean
iptables_parse_interface (const char *text, IptablesInterface *ret_interface)
{
  if (!iptables_is_name (text, sizeof ret_interface->name))
    return FALSE;
  (void) g_strlcpy (ret_interface->name, text, sizeof ret_interface->name);
  return TRUE;
}
