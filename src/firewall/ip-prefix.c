#include "firewall/ip-prefix.h"

#include <arpa/inet.h>
#include <string.h>

#include "firewall/iptables-values.h"

guint
ip_prefix_size (const IpPrefix *self)
{
  return self->is_ipv6 ? 16 : 4;
}

static gboolean
has_host_bits (const IpPrefix *self)
{
  for (guint bit = self->length; bit < 8 * ip_prefix_size (self); bit++)
    if ((self->bytes[bit / 8] & (0x80 >> bit % 8)) != 0)
      return TRUE;
  return FALSE;
}

gboolean
ip_prefix_parse (const char *text, IpPrefix *ret_prefix)
{
  IpPrefix prefix = { 0 };
  guint length;

  if (text == NULL || strlen (text) >= 64)
    return FALSE;
  const char *slash = strchr (text, '/');
  g_autofree char *address = slash != NULL ? g_strndup (text, (gsize) (slash - text)) : g_strdup (text);
  prefix.is_ipv6 = strchr (address, ':') != NULL;
  /* The forms that mix both notations are more than one library agrees on. */
  if ((prefix.is_ipv6 && strchr (address, '.') != NULL)
      || inet_pton (prefix.is_ipv6 ? AF_INET6 : AF_INET, address, prefix.bytes) != 1)
    return FALSE;

  prefix.length = (guint8) (8 * ip_prefix_size (&prefix));
  prefix.is_network = slash != NULL;
  if (slash != NULL)
    {
      if (!iptables_parse_number (slash + 1, prefix.length, &length) || length == 0)
        return FALSE;
      prefix.length = (guint8) length;
    }
  if (has_host_bits (&prefix))
    return FALSE;
  *ret_prefix = prefix;
  return TRUE;
}

gboolean
ip_prefix_get_end (const IpPrefix *self, guint8 *ret_bytes)
{
  guint8 end[16];
  guint at = (guint) (self->length - 1) / 8;
  guint step = 1U << (7 - (self->length - 1) % 8);

  memcpy (end, self->bytes, sizeof end);
  for (;;)
    {
      guint sum = end[at] + step;
      end[at] = (guint8) sum;
      if (sum <= 0xff)
        break;
      if (at == 0)
        return FALSE;
      at--;
      step = 1;
    }
  memcpy (ret_bytes, end, ip_prefix_size (self));
  return TRUE;
}

gboolean
ip_prefix_equal (const IpPrefix *self, const IpPrefix *other)
{
  return self->is_ipv6 == other->is_ipv6 && self->is_network == other->is_network && self->length == other->length
         && memcmp (self->bytes, other->bytes, ip_prefix_size (self)) == 0;
}
