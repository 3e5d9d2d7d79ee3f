/* address.h - whom a line is about: an IPv4 or IPv6 address, a network of them, or any other id
 *
 * An immutable counted value.  Four kinds: IPv4 and IPv6 (one address, or a network when the prefix is shorter), TEXT
 * (was
 * offered as an address and is none: a host name to look up, or rubbish), RAW (an id taken as it is, never parsed:
 * F-ID and
 * everything that is banned by something else than an address).
 * Must not: resolve names (resolver.h), know how an action wants it written.
 *
 * What is parsed, as fail2ban 1.1.2 does it (ipdns.py, each row seen by running it; see address-test.c):
 *   [2001:db8::1]  brackets around the whole text are dropped          2001:DB8::1  canonical text in lower case,
 * shortened
 *   ::ffff:192.0.2.1  an IPv4-mapped address is the IPv4 address       192.0.2.7/24  the network 192.0.2.0/24
 *   192.0.2.0/255.255.255.0  a mask counts as its length; one with holes is an error ("invalid mask …, no plen
 * representation")
 *   192.0.2.1/32  a full prefix is the address alone, also for equality   0.0.0.0/0  prints as 0.0.0.0 (sic)
 *   192.0.2.01, 192.0.2, fe80::1%eth0, ::ffff:0:0/96 with a dotted tail, text with a NUL: no address, kind TEXT
 */
#pragma once
#include <glib.h>

struct sockaddr;

typedef enum
{
  ADDRESS_TEXT,
  ADDRESS_IPV4,
  ADDRESS_IPV6,
  ADDRESS_RAW,
} AddressKind;

typedef struct Address Address; /* opaque: the fields live in address.c */

#define ADDRESS_ERROR (address_error_quark ())
GQuark address_error_quark (void);
typedef enum
{
  ADDRESS_ERROR_MASK, /* a mask that is no prefix; message: "invalid mask '255.0.255.0', no plen representation" */
} AddressError;

/* len < 0: NUL-terminated.  Never fails for text that is no address: that gives kind TEXT.  NULL with error set only
 * for a
 * mask with holes (error may be NULL). */
Address *address_parse (const char *text, gssize len, GError **error);
/* The same where a mask with holes is no address either (kind TEXT): what stands in a log line or comes from a
 * resolver. */
Address *address_new (const char *text, gssize len);
Address *address_new_raw (const char *text, gssize len);
Address *address_new_from_sockaddr (const struct sockaddr *sa); /* AF_INET and AF_INET6 only: NULL for others */
Address *address_ref (const Address *self);                     /* counted, atomically: may cross threads */
void address_unref (Address *self);                             /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Address, address_unref)

AddressKind address_get_kind (const Address *self);
const char *address_peek_text (const Address *self); /* canonical, with "/prefix" for a network */
gsize address_get_length (const Address *self);      /* of that text, which may hold NUL (TEXT, RAW) */
guint address_get_prefix (const Address *self);      /* bits; 0 for TEXT and RAW */
const char *address_peek_family_name (const Address *self);              /* "inet4", "inet6"; NULL for TEXT and RAW */

gboolean address_is_ip (const Address *self);     /* IPv4 or IPv6, also a network */
gboolean address_is_valid (const Address *self);  /* anything but TEXT: an id one can ban */
gboolean address_is_single (const Address *self); /* IPv4 or IPv6 with full prefix */

/* GLib's signatures.  RAW and TEXT compare by text and only with their own kind; a network only equals the same
 * network. */
guint address_hash (gconstpointer self);
/* With a secret, for tables of ids that strangers write: the upper half is the hash.  factor must be odd. */
guint64 address_hash_with (const Address *self, guint64 key, guint64 factor);
gboolean address_equal (gconstpointer a, gconstpointer b);
/* Who is counted or banned: an id from an expression (RAW) and the same text given by hand (TEXT) are one. */
gboolean address_is_same_id (gconstpointer a, gconstpointer b);
int address_compare (gconstpointer a, gconstpointer b); /* total: IPv4 before IPv6 by number, then the rest by bytes */

/* Is address inside self (or equal to it)?  FALSE for names: those are for resolver_contains_name. */
gboolean address_contains (const Address *self, const Address *address);

/* The network of prefix bits around an IPv4 or IPv6 address; prefix at most 32 or 128. */
Address *address_dup_network (const Address *self, guint prefix);

/* "4.3.2.1.in-addr.arpa." and the nibbles of IPv6 before "ip6.arpa."; suffix replaces these domains.  "" for TEXT and
 * RAW. */
char *address_dup_ptr_name (const Address *self, const char *suffix);

/* Is text as a whole written like an address (also one that does not exist, 999.1.1.1), brackets around IPv6 allowed? 
 * Then
 * the span of the address within text is returned. */
gboolean address_looks_like_one (const char *text, gssize len, gsize *ret_start, gsize *ret_end);
