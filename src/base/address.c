#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* There may be hundreds of thousands of them: one of IPv4 is 8 bytes and its text, which is the longest that malloc has in 32 bytes.
 * Its number is read from the text whenever it is asked for. */
struct Address
{
  gatomicrefcount refs;
  guint8 kind;      /* AddressKind */
  guint8 ip_length; /* of the text of an address */
  guint16 prefix;
  char rest[]; /* IPv6: the 16 bytes; TEXT and RAW: the text's length, a gsize.  Then the text, canonical, NUL-terminated */
};

/* What an address is made of before it is known to be worth an allocation. */
typedef struct
{
  AddressKind kind;
  guint prefix;
  guint8 bytes[16];
} Parsed;

#define PREFIX_UNSET  (-1)
#define PREFIX_MAX    G_MAXUINT16 /* "/4000" is accepted (and means all bits); beyond this they are all the same */
#define ADDRESS_CHARS 48          /* more than any spelling of an address has */

G_DEFINE_QUARK (fail2ban - address - error, address_error)

static guint
full_prefix (AddressKind kind)
{
  return kind == ADDRESS_IPV4 ? 32 : kind == ADDRESS_IPV6 ? 128 : 0;
}

static gsize
byte_count (AddressKind kind)
{
  return full_prefix (kind) / 8;
}

static void
clear_host_bits (guint8 *bytes, gsize size, guint prefix)
{
  for (gsize i = 0; i < size; i++)
    {
      guint kept = prefix <= i * 8 ? 0 : MIN (prefix - i * 8, 8);

      bytes[i] &= (guint8) (0xff << (8 - kept));
    }
}

/* Where in rest the text stands. */
static gsize
text_start (AddressKind kind)
{
  return kind == ADDRESS_IPV4 ? 0 : kind == ADDRESS_IPV6 ? 16 : sizeof (gsize);
}

/* In network order; what the kind has no bytes for is 0. */
static void
read_bytes (const Address *self, guint8 bytes[16])
{
  if (self->kind == ADDRESS_IPV6)
    {
      memcpy (bytes, self->rest, 16);
      return;
    }
  memset (bytes, 0, 16);
  if (self->kind != ADDRESS_IPV4)
    return;
  for (const char *at = self->rest; *at != '\0' && *at != '/'; at++)
    if (*at == '.')
      bytes++;
    else
      *bytes = (guint8) (*bytes * 10 + (*at - '0'));
}

/* --- construction ---------------------------------------------------------------------------------------------------- */

static Address *
address_alloc (const Parsed *parsed, const char *text, gsize length)
{
  gsize start = text_start (parsed->kind);
  Address *self = g_malloc (sizeof *self + start + length + 1);

  g_atomic_ref_count_init (&self->refs);
  self->kind = (guint8) parsed->kind;
  self->prefix = (guint16) parsed->prefix;
  self->ip_length = address_is_ip (self) ? (guint8) length : 0;
  if (parsed->kind == ADDRESS_IPV6)
    memcpy (self->rest, parsed->bytes, sizeof parsed->bytes);
  else if (parsed->kind != ADDRESS_IPV4)
    memcpy (self->rest, &length, sizeof length);
  if (length > 0)
    memcpy (self->rest + start, text, length);
  self->rest[start + length] = '\0';
  return self;
}

static Address *
address_from_parsed (const Parsed *parsed)
{
  char text[INET6_ADDRSTRLEN + 8];

  inet_ntop (parsed->kind == ADDRESS_IPV4 ? AF_INET : AF_INET6, parsed->bytes, text, INET6_ADDRSTRLEN);
  /* A prefix of 0 is not printed: ipdns.py tests the number for truth. */
  if (parsed->prefix > 0 && parsed->prefix < full_prefix (parsed->kind))
    {
      gsize end = strlen (text);

      g_snprintf (text + end, sizeof text - end, "/%u", parsed->prefix);
    }
  return address_alloc (parsed, text, strlen (text));
}

static gboolean
is_ipv4_mapped (const guint8 bytes[16])
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };

  return memcmp (bytes, mapped, sizeof mapped) == 0;
}

static void
parsed_set_ipv6 (Parsed *parsed, const guint8 bytes[16], gint prefix)
{
  memset (parsed, 0, sizeof *parsed);
  if (prefix == PREFIX_UNSET && is_ipv4_mapped (bytes))
    {
      parsed->kind = ADDRESS_IPV4;
      parsed->prefix = 32;
      memcpy (parsed->bytes, bytes + 12, 4);
      return;
    }
  parsed->kind = ADDRESS_IPV6;
  parsed->prefix = prefix == PREFIX_UNSET ? 128 : (guint) prefix;
  memcpy (parsed->bytes, bytes, 16);
  clear_host_bits (parsed->bytes, 16, parsed->prefix);
}

static void
parsed_set_ipv4 (Parsed *parsed, const guint8 bytes[4], gint prefix)
{
  memset (parsed, 0, sizeof *parsed);
  parsed->kind = ADDRESS_IPV4;
  parsed->prefix = prefix == PREFIX_UNSET ? 32 : (guint) prefix;
  memcpy (parsed->bytes, bytes, 4);
  clear_host_bits (parsed->bytes, 4, parsed->prefix);
}

/* The address alone, without brackets and prefix. */
static gboolean
parse_plain (const char *text, gsize len, gint prefix, Parsed *ret_parsed)
{
  char buffer[ADDRESS_CHARS];
  guint8 bytes[16];

  if (len == 0 || len >= sizeof buffer || memchr (text, '\0', len) != NULL)
    return FALSE;
  memcpy (buffer, text, len);
  buffer[len] = '\0';
  if (inet_pton (AF_INET, buffer, bytes) == 1)
    parsed_set_ipv4 (ret_parsed, bytes, prefix);
  else if (inet_pton (AF_INET6, buffer, bytes) == 1)
    parsed_set_ipv6 (ret_parsed, bytes, prefix);
  else
    return FALSE;
  return TRUE;
}

/* --- what looks like an address (ipdns.py, IP_4_RE and IP_6_RE: they are wider than inet_pton in places, narrower in others) --- */

static gsize
span_of (const char *text, gsize len, gsize max, gboolean (*is_one) (char))
{
  gsize n = 0;

  while (n < len && n < max && is_one (text[n]))
    n++;
  return n;
}

static gboolean
is_digit (char c)
{
  return g_ascii_isdigit (c);
}

static gboolean
is_xdigit (char c)
{
  return g_ascii_isxdigit (c);
}

static gboolean
looks_like_ipv4 (const char *text, gsize len)
{
  for (guint part = 0; part < 4; part++)
    {
      gsize n = span_of (text, len, 3, is_digit);

      if (n == 0)
        return FALSE;
      text += n;
      len -= n;
      if (part < 3)
        {
          if (len == 0 || *text != '.')
            return FALSE;
          text++;
          len--;
        }
    }
  return len == 0;
}

/* One to seven heads (a group with one or two colons, or a lone colon), then a group or the second of two colons. */
static gboolean
looks_like_ipv6_tail (const char *text, gsize len, guint heads, gboolean after_colon)
{
  gsize n = span_of (text, len, 5, is_xdigit);

  if (heads >= 1)
    {
      if (n == len && n >= 1 && n <= 4)
        return TRUE;
      if (len == 1 && *text == ':' && after_colon)
        return TRUE;
    }
  if (heads == 7 || n > 4 || n == len || text[n] != ':')
    return FALSE;
  if (n >= 1 && n + 1 < len && text[n + 1] == ':' && looks_like_ipv6_tail (text + n + 2, len - n - 2, heads + 1, TRUE))
    return TRUE;
  return looks_like_ipv6_tail (text + n + 1, len - n - 1, heads + 1, TRUE);
}

static gboolean
looks_like_ipv6 (const char *text, gsize len)
{
  return looks_like_ipv6_tail (text, len, 0, FALSE);
}

gboolean
address_looks_like_one (const char *text, gssize len, gsize *ret_start, gsize *ret_end)
{
  gsize start = 0;
  gsize end = len < 0 ? strlen (text) : (gsize) len;

  if (end > 0 && text[end - 1] == '\n') /* Python's $ matches before a final newline */
    end--;
  if (!looks_like_ipv4 (text, end))
    {
      if (start < end && text[start] == '[')
        start++;
      if (start < end && text[end - 1] == ']')
        end--;
      if (!looks_like_ipv6 (text + start, end - start))
        return FALSE;
    }
  if (ret_start != NULL)
    *ret_start = start;
  if (ret_end != NULL)
    *ret_end = end;
  return TRUE;
}

/* --- prefixes and masks ------------------------------------------------------------------------------------------------ */

static gint
mask_length (const guint8 *bytes, gsize size)
{
  guint length = 0;

  while (length < size * 8 && (bytes[length / 8] & (0x80 >> length % 8)))
    length++;
  for (guint bit = length; bit < size * 8; bit++)
    if (bytes[bit / 8] & (0x80 >> bit % 8))
      return -1;
  return (gint) length;
}

/* ipdns.py looks the mask up by its number, whatever the family: an IPv6 mask below 2^32 counts as an IPv4 one, and what is no
 * address at all (999.1.1.1) has the number 0. */
static gint
prefix_of_mask (const char *text, gsize len, GError **error)
{
  static const guint8 zeros[12];
  g_autoptr (Address) address = NULL;
  Parsed mask;
  gint prefix;

  if (!parse_plain (text, len, PREFIX_UNSET, &mask))
    return 0;
  if (mask.kind == ADDRESS_IPV4)
    prefix = mask_length (mask.bytes, 4);
  else if (memcmp (mask.bytes, zeros, sizeof zeros) == 0)
    prefix = mask_length (mask.bytes + 12, 4);
  else
    prefix = mask_length (mask.bytes, 16);
  if (prefix >= 0)
    return prefix;

  address = address_from_parsed (&mask);
  g_set_error (error, ADDRESS_ERROR, ADDRESS_ERROR_MASK, "invalid mask '%s', no plen representation", address_peek_text (address));
  return -1;
}

/* Splits "address/prefix" and "address/mask".  Leaves *len and *prefix alone when it is not written like that; FALSE only for
 * a mask with holes. */
static gboolean
split_prefix (const char *text, gsize *len, gint *prefix, GError **error)
{
  gsize end = *len > 0 && text[*len - 1] == '\n' ? *len - 1 : *len;
  const char *slash = memchr (text, '/', end);
  const char *rest;
  gsize rest_len;
  gint value = 0;

  if (slash == NULL)
    return TRUE;
  rest = slash + 1;
  rest_len = end - (gsize) (rest - text);
  if (!looks_like_ipv4 (text, (gsize) (slash - text)) && !looks_like_ipv6 (text, (gsize) (slash - text)))
    return TRUE;

  if (rest_len > 0 && span_of (rest, rest_len, rest_len, is_digit) == rest_len)
    for (gsize i = 0; i < rest_len; i++)
      value = MIN (value * 10 + (rest[i] - '0'), PREFIX_MAX);
  else if (looks_like_ipv4 (rest, rest_len) || looks_like_ipv6 (rest, rest_len))
    value = prefix_of_mask (rest, rest_len, error);
  else
    return TRUE;

  if (value < 0)
    return FALSE;
  *prefix = value;
  *len = (gsize) (slash - text);
  return TRUE;
}

static void
strip_brackets (const char **text, gsize *len)
{
  if (*len > 2 && (*text)[0] == '[' && (*text)[*len - 1] == ']')
    {
      *text += 1;
      *len -= 2;
    }
}

/* "192.0.2.1" as it is printed again: what nearly all of them are.  Others go the long way. */
static gboolean
parse_canonical_ipv4 (const char *text, gsize len, Parsed *ret_parsed)
{
  guint8 bytes[4];
  gsize at = 0;

  for (guint part = 0; part < 4; part++)
    {
      gsize start = at;
      guint value = 0;

      while (at < len && at - start < 3 && g_ascii_isdigit (text[at]))
        value = value * 10 + (guint) (text[at++] - '0');
      if (at == start || value > 255 || (text[start] == '0' && at - start > 1))
        return FALSE;
      if (part < 3 && (at == len || text[at++] != '.'))
        return FALSE;
      bytes[part] = (guint8) value;
    }
  if (at != len)
    return FALSE;
  parsed_set_ipv4 (ret_parsed, bytes, PREFIX_UNSET);
  return TRUE;
}

Address *
address_parse (const char *text, gssize length, GError **error)
{
  static const Parsed no_address = { .kind = ADDRESS_TEXT };
  gsize len = length < 0 ? strlen (text) : (gsize) length;
  gsize plain_len;
  gint prefix = PREFIX_UNSET;
  Parsed parsed;

  if (parse_canonical_ipv4 (text, len, &parsed))
    return address_alloc (&parsed, text, len);
  strip_brackets (&text, &len);
  plain_len = len;
  if (!split_prefix (text, &plain_len, &prefix, error))
    return NULL;
  if (parse_plain (text, plain_len, prefix, &parsed))
    return address_from_parsed (&parsed);
  return address_alloc (&no_address, text, plain_len);
}

Address *
address_new (const char *text, gssize length)
{
  static const Parsed no_address = { .kind = ADDRESS_TEXT };
  gsize len = length < 0 ? strlen (text) : (gsize) length;
  Address *self = address_parse (text, length, NULL);

  if (self != NULL)
    return self;
  strip_brackets (&text, &len);
  return address_alloc (&no_address, text, len);
}

Address *
address_new_raw (const char *text, gssize length)
{
  static const Parsed raw = { .kind = ADDRESS_RAW };

  return address_alloc (&raw, text, length < 0 ? strlen (text) : (gsize) length);
}

Address *
address_new_from_sockaddr (const struct sockaddr *sa)
{
  Parsed parsed;

  if (sa->sa_family == AF_INET)
    {
      struct sockaddr_in in;

      memcpy (&in, sa, sizeof in);
      parsed_set_ipv4 (&parsed, (const guint8 *) &in.sin_addr, PREFIX_UNSET);
    }
  else if (sa->sa_family == AF_INET6)
    {
      struct sockaddr_in6 in6;

      memcpy (&in6, sa, sizeof in6);
      parsed_set_ipv6 (&parsed, in6.sin6_addr.s6_addr, PREFIX_UNSET);
    }
  else
    return NULL;
  return address_from_parsed (&parsed);
}

Address *
address_ref (const Address *self)
{
  Address *counted = (Address *) self; /* the count is not part of the value */

  g_atomic_ref_count_inc (&counted->refs);
  return counted;
}

void
address_unref (Address *self)
{
  if (self != NULL && g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

AddressKind
address_get_kind (const Address *self)
{
  return self->kind;
}

const char *
address_peek_text (const Address *self)
{
  return self->rest + text_start (self->kind);
}

gsize
address_get_length (const Address *self)
{
  gsize length;

  if (address_is_ip (self))
    return self->ip_length;
  memcpy (&length, self->rest, sizeof length);
  return length;
}

guint
address_get_prefix (const Address *self)
{
  return self->prefix;
}

const char *
address_peek_family_name (const Address *self)
{
  return self->kind == ADDRESS_IPV4 ? "inet4" : self->kind == ADDRESS_IPV6 ? "inet6" : NULL;
}

gboolean
address_is_ip (const Address *self)
{
  return self->kind == ADDRESS_IPV4 || self->kind == ADDRESS_IPV6;
}

gboolean
address_is_valid (const Address *self)
{
  return self->kind != ADDRESS_TEXT;
}

gboolean
address_is_single (const Address *self)
{
  return address_is_ip (self) && self->prefix == full_prefix (self->kind);
}

guint64
address_hash_with (const Address *self, guint64 key, guint64 factor)
{
  const char *text = address_peek_text (self);
  gsize left = address_get_length (self);
  guint64 hash = key ^ left, part;

  for (; left >= sizeof part; left -= sizeof part, text += sizeof part)
    {
      memcpy (&part, text, sizeof part);
      hash = (hash ^ part) * factor;
      hash ^= hash >> 32;
    }
  part = 0;
  memcpy (&part, text, left);
  hash = (hash ^ part) * factor;
  hash ^= hash >> 32; /* the last bytes count in all bits */
  return hash * factor;
}

/* Of the text alone: what is equal is written alike, and TEXT and RAW may be the same id. */
guint
address_hash (gconstpointer self)
{
  return (guint) (address_hash_with (self, G_GUINT64_CONSTANT (0xcbf29ce484222325), G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)) >> 32);
}

/* Equal addresses are written alike; 0.0.0.0/0 is written as 0.0.0.0. */
gboolean
address_equal (gconstpointer pa, gconstpointer pb)
{
  const Address *a = pa, *b = pb;
  gsize length = address_get_length (a);

  return a == b
         || (a->kind == b->kind && a->prefix == b->prefix && length == address_get_length (b)
             && memcmp (address_peek_text (a), address_peek_text (b), length) == 0);
}

gboolean
address_is_same_id (gconstpointer pa, gconstpointer pb)
{
  const Address *a = pa, *b = pb;
  gsize length = address_get_length (a);

  return address_equal (a, b)
         || (!address_is_ip (a) && !address_is_ip (b) && length == address_get_length (b)
             && memcmp (address_peek_text (a), address_peek_text (b), length) == 0);
}

static int
kind_order (AddressKind kind)
{
  static const int order[] = { [ADDRESS_IPV4] = 0, [ADDRESS_IPV6] = 1, [ADDRESS_TEXT] = 2, [ADDRESS_RAW] = 3 };

  return order[kind];
}

int
address_compare (gconstpointer pa, gconstpointer pb)
{
  const Address *a = pa;
  const Address *b = pb;
  guint8 a_bytes[16], b_bytes[16];
  gsize a_length, b_length;
  int order;

  if (a->kind != b->kind)
    return kind_order (a->kind) - kind_order (b->kind);
  if (address_is_ip (a))
    {
      read_bytes (a, a_bytes);
      read_bytes (b, b_bytes);
      order = memcmp (a_bytes, b_bytes, sizeof a_bytes);
      return order != 0 ? order : (int) a->prefix - (int) b->prefix;
    }
  a_length = address_get_length (a);
  b_length = address_get_length (b);
  order = memcmp (address_peek_text (a), address_peek_text (b), MIN (a_length, b_length));
  return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

gboolean
address_contains (const Address *self, const Address *address)
{
  guint8 network[16], bytes[16];

  if (address_equal (self, address))
    return TRUE;
  if (!address_is_ip (self) || self->kind != address->kind)
    return FALSE;
  read_bytes (self, network);
  read_bytes (address, bytes);
  clear_host_bits (bytes, byte_count (self->kind), self->prefix);
  return memcmp (bytes, network, byte_count (self->kind)) == 0;
}

Address *
address_dup_network (const Address *self, guint prefix)
{
  Parsed parsed = { .kind = self->kind, .prefix = prefix };

  g_return_val_if_fail (address_is_ip (self) && prefix <= full_prefix (self->kind), NULL);

  read_bytes (self, parsed.bytes);
  clear_host_bits (parsed.bytes, byte_count (self->kind), prefix);
  return address_from_parsed (&parsed);
}

char *
address_dup_ptr_name (const Address *self, const char *suffix)
{
  g_autoptr (GString) name = g_string_new (NULL);
  guint8 bytes[16];

  read_bytes (self, bytes);
  if (self->kind == ADDRESS_IPV4)
    {
      g_auto (GStrv) parts = g_strsplit (address_peek_text (self), ".", -1);

      for (guint i = g_strv_length (parts); i > 0; i--)
        g_string_append_printf (name, "%s.", parts[i - 1]);
    }
  else if (self->kind == ADDRESS_IPV6)
    for (guint i = sizeof bytes; i > 0; i--)
      g_string_append_printf (name, "%x.%x.", bytes[i - 1] & 0xf, bytes[i - 1] >> 4);
  else
    return g_strdup ("");
  if (suffix == NULL)
    suffix = self->kind == ADDRESS_IPV4 ? "in-addr.arpa." : "ip6.arpa.";
  g_string_append (name, suffix);
  return g_string_free (g_steal_pointer (&name), FALSE);
}
