#include <netinet/in.h>
#include <arpa/inet.h>
#include <string.h>

#include "base/address.h"

#define READS(text, kind, canonical) reads (__LINE__, text, kind, canonical)

static void
reads (int line, const char *text, AddressKind kind, const char *canonical)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Address) address = address_parse (text, -1, &error);

  if (error != NULL || address_get_kind (address) != kind || strcmp (address_peek_text (address), canonical) != 0)
    g_error ("line %d: %s: kind %d, text %s, error %s", line, text,
             address != NULL ? (int) address_get_kind (address) : -1,
             address != NULL ? address_peek_text (address) : "-", error != NULL ? error->message : "-");
}

/* Every row as 1.1.2 answers: str(IPAddr(text)), IPAddr(text).family. */
static void
test_text_is_read_as_fail2ban_reads_it (void)
{
  READS ("192.0.2.1", ADDRESS_IPV4, "192.0.2.1");
  READS ("192.0.2.1/32", ADDRESS_IPV4, "192.0.2.1");
  READS ("192.0.2.7/24", ADDRESS_IPV4, "192.0.2.0/24");
  READS ("192.0.2.7/255.255.255.128", ADDRESS_IPV4, "192.0.2.0/25");
  READS ("192.0.2.7/0.0.0.0", ADDRESS_IPV4, "0.0.0.0");
  READS ("192.0.2.7/999.1.1.1", ADDRESS_IPV4, "0.0.0.0");
  READS ("192.0.2.7/::ffff:0", ADDRESS_IPV4, "192.0.0.0/16");
  READS ("192.0.2.7/24\n", ADDRESS_IPV4, "192.0.2.0/24");
  READS ("192.0.2.7/40", ADDRESS_IPV4, "192.0.2.7");
  READS ("0.0.0.0/0", ADDRESS_IPV4, "0.0.0.0");
  READS ("[192.0.2.1]", ADDRESS_IPV4, "192.0.2.1");
  READS ("2001:DB8::1", ADDRESS_IPV6, "2001:db8::1");
  READS ("2001:db8:0:0:0:0:0:1", ADDRESS_IPV6, "2001:db8::1");
  READS ("[2001:db8::1]", ADDRESS_IPV6, "2001:db8::1");
  READS ("2001:db8::1/64", ADDRESS_IPV6, "2001:db8::/64");
  READS ("2001:db8::1/ffff:ffff::", ADDRESS_IPV6, "2001:db8::/32");
  READS ("2001:db8::1/128", ADDRESS_IPV6, "2001:db8::1");
  READS ("::", ADDRESS_IPV6, "::");
  READS ("::ffff:192.0.2.1", ADDRESS_IPV4, "192.0.2.1");
  READS ("::ffff:c000:201", ADDRESS_IPV4, "192.0.2.1");
  READS ("::ffff:0:0/96", ADDRESS_IPV6, "::ffff:0.0.0.0/96");
  READS ("192.0.2.01", ADDRESS_TEXT, "192.0.2.01");
  READS ("192.0.2", ADDRESS_TEXT, "192.0.2");
  READS ("192.0.2.1/", ADDRESS_TEXT, "192.0.2.1/");
  READS ("192.0.2.1/-1", ADDRESS_TEXT, "192.0.2.1/-1");
  READS ("::ffff:192.0.2.1/96", ADDRESS_TEXT, "::ffff:192.0.2.1/96");
  READS ("fe80::1%eth0", ADDRESS_TEXT, "fe80::1%eth0");
  READS ("[example.org]", ADDRESS_TEXT, "example.org");
  READS ("", ADDRESS_TEXT, "");
  READS ("[]", ADDRESS_TEXT, "[]");
  READS ("2001:db8::1::2", ADDRESS_TEXT, "2001:db8::1::2");
}

static void
test_a_mask_with_holes_is_an_error (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Address) address = address_parse ("192.0.2.1/255.0.255.0", -1, &error);
  g_autoptr (Address) text = address_new ("192.0.2.1/255.0.255.0", -1);

  g_assert_null (address);
  g_assert_error (error, ADDRESS_ERROR, ADDRESS_ERROR_MASK);
  g_assert_cmpstr (error->message, ==, "invalid mask '255.0.255.0', no plen representation");
  g_assert_cmpint (address_get_kind (text), ==, ADDRESS_TEXT);
  g_assert_cmpstr (address_peek_text (text), ==, "192.0.2.1/255.0.255.0");
}

static gboolean
contains (const char *network_text, const char *address_text)
{
  g_autoptr (Address) network = address_new (network_text, -1);
  g_autoptr (Address) address = address_new (address_text, -1);

  return address_contains (network, address);
}

static void
test_a_network_contains_what_shares_its_prefix (void)
{
  g_assert_true (contains ("192.0.2.0/24", "192.0.2.255"));
  g_assert_false (contains ("192.0.2.0/24", "192.0.3.0"));
  g_assert_true (contains ("192.0.2.0/25", "192.0.2.127"));
  g_assert_false (contains ("192.0.2.0/25", "192.0.2.128"));
  g_assert_true (contains ("192.0.2.1", "192.0.2.1"));
  g_assert_true (contains ("2001:db8::/32", "2001:db8:ffff::1"));
  g_assert_false (contains ("2001:db8::/33", "2001:db8:ffff::1"));
  g_assert_false (contains ("0.0.0.0/0", "::1"));
  g_assert_true (contains ("0.0.0.0/0", "192.0.2.1"));
  g_assert_true (contains ("192.0.2.0/24", "192.0.2.128/25"));
  g_assert_false (contains ("example.org", "192.0.2.1"));
  g_assert_true (contains ("example.org", "example.org"));
}

static void
test_kinds_do_not_mix (void)
{
  g_autoptr (Address) ip = address_new ("192.0.2.1", -1);
  g_autoptr (Address) raw = address_new_raw ("192.0.2.1", -1);
  g_autoptr (Address) mapped = address_new ("::ffff:192.0.2.1", -1);
  g_autoptr (Address) network = address_new ("192.0.2.1/33", -1);

  g_assert_false (address_equal (ip, raw));
  g_assert_true (address_equal (ip, mapped));
  g_assert_cmpuint (address_hash (ip), ==, address_hash (mapped));
  g_assert_false (address_equal (ip, network));
  g_assert_true (address_is_single (ip));
  g_assert_false (address_is_single (network));
  g_assert_false (address_is_single (raw));
  g_assert_true (address_is_valid (raw));
  g_assert_cmpint (address_compare (ip, raw), <, 0);
}

/* Addresses of one net, whose texts differ in the last bytes only, are spread over a table as if by chance. */
static void
test_neighbours_have_hashes_of_their_own (void)
{
  for (guint kind = 0; kind < 3; kind++)
    {
      g_autofree guint *counts = g_new0 (guint, 1 << 16);
      guint most = 0;

      for (guint k = 0; k < 1 << 16; k++)
        {
          g_autofree char *text = kind < 2 ? g_strdup_printf (kind == 0 ? "9.9.%u.%u" : "198.51.%u.%u", k >> 8, k & 0xff)
                                           : g_strdup_printf ("2001:db8::%x:%x", 1 + (k >> 8), 1 + (k & 0xff));
          g_autoptr (Address) address = address_new (text, -1);
          guint count = ++counts[address_hash (address) & 0xffff];

          most = MAX (most, count);
        }
      g_assert_cmpuint (most, <=, 12);
    }
}

static void
test_ids_may_hold_any_byte (void)
{
  g_autoptr (Address) raw = address_new_raw ("a\0b", 3);
  g_autoptr (Address) other = address_new_raw ("a\0c", 3);
  g_autoptr (Address) no_ip = address_new ("192.0.2.1\0", 10);
  g_autoptr (Address) same = address_new ("a\0b", 3);

  g_assert_false (address_equal (raw, same));
  g_assert_true (address_is_same_id (raw, same));
  g_assert_cmpuint (address_hash (raw), ==, address_hash (same));
  g_assert_false (address_is_same_id (raw, other));
  g_assert_cmpuint (address_get_length (raw), ==, 3);
  g_assert_false (address_equal (raw, other));
  g_assert_cmpint (address_get_kind (no_ip), ==, ADDRESS_TEXT);
}

static void
test_the_ptr_name_is_the_address_backwards (void)
{
  g_autoptr (Address) ip4 = address_new ("192.0.2.1", -1);
  g_autoptr (Address) ip6 = address_new ("2001:db8::1", -1);
  g_autoptr (Address) name = address_new ("example.org", -1);
  g_autofree char *ptr4 = address_dup_ptr_name (ip4, NULL);
  g_autofree char *ptr4_list = address_dup_ptr_name (ip4, "bl.example.org.");
  g_autofree char *ptr6 = address_dup_ptr_name (ip6, NULL);
  g_autofree char *none = address_dup_ptr_name (name, NULL);

  g_assert_cmpstr (ptr4, ==, "1.2.0.192.in-addr.arpa.");
  g_assert_cmpstr (ptr4_list, ==, "1.2.0.192.bl.example.org.");
  g_assert_cmpstr (ptr6, ==, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.");
  g_assert_cmpstr (none, ==, "");
}

static void
test_what_looks_like_an_address (void)
{
  gsize start, end;

  g_assert_true (address_looks_like_one ("999.1.1.1", -1, NULL, NULL));
  g_assert_true (address_looks_like_one ("[2001:db8::1]", -1, &start, &end));
  g_assert_cmpuint (start, ==, 1);
  g_assert_cmpuint (end, ==, 12);
  g_assert_true (address_looks_like_one ("2001:db8::1]\n", -1, NULL, NULL));
  g_assert_true (address_looks_like_one ("::", -1, NULL, NULL));
  g_assert_true (address_looks_like_one ("1:2:3:4:5:6:7:8", -1, NULL, NULL));
  g_assert_true (address_looks_like_one ("1:2:3:4:5:6::", -1, NULL, NULL));
  g_assert_false (address_looks_like_one ("1:2:3:4:5:6:7:8:9", -1, NULL, NULL));
  g_assert_false (address_looks_like_one ("12345::1", -1, NULL, NULL));
  g_assert_false (address_looks_like_one ("1:", -1, NULL, NULL));
  g_assert_false (address_looks_like_one ("[192.0.2.1]", -1, NULL, NULL));
  g_assert_false (address_looks_like_one ("example.org", -1, NULL, NULL));
  g_assert_false (address_looks_like_one ("", -1, NULL, NULL));
}

static void
test_a_socket_s_address_reads_the_same (void)
{
  struct sockaddr_in in = { .sin_family = AF_INET };
  struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
  struct sockaddr other = { .sa_family = AF_UNIX };
  g_autoptr (Address) a = NULL;
  g_autoptr (Address) b = NULL;

  inet_pton (AF_INET, "192.0.2.1", &in.sin_addr);
  inet_pton (AF_INET6, "2001:db8::1", &in6.sin6_addr);
  a = address_new_from_sockaddr ((const struct sockaddr *) &in);
  b = address_new_from_sockaddr ((const struct sockaddr *) &in6);
  g_assert_cmpstr (address_peek_text (a), ==, "192.0.2.1");
  g_assert_cmpstr (address_peek_text (b), ==, "2001:db8::1");
  g_assert_cmpstr (address_peek_family_name (b), ==, "inet6");
  g_assert_null (address_new_from_sockaddr (&other));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/address/text is read as fail2ban reads it", test_text_is_read_as_fail2ban_reads_it);
  g_test_add_func ("/address/a mask with holes is an error", test_a_mask_with_holes_is_an_error);
  g_test_add_func ("/address/a network contains what shares its prefix",
                   test_a_network_contains_what_shares_its_prefix);
  g_test_add_func ("/address/kinds do not mix", test_kinds_do_not_mix);
  g_test_add_func ("/address/neighbours have hashes of their own", test_neighbours_have_hashes_of_their_own);
  g_test_add_func ("/address/ids may hold any byte", test_ids_may_hold_any_byte);
  g_test_add_func ("/address/the PTR name is the address backwards", test_the_ptr_name_is_the_address_backwards);
  g_test_add_func ("/address/what looks like an address", test_what_looks_like_an_address);
  g_test_add_func ("/address/a socket's address reads the same", test_a_socket_s_address_reads_the_same);
  return g_test_run ();
}
