#include "base/address-set.h"

static gboolean
contains (const AddressSet *set, const char *text)
{
  g_autoptr (Address) address = address_new (text, -1);

  return address_set_contains (set, address);
}

static AddressSet *
set_of (const char *text)
{
  AddressSet *set = address_set_new ();
  g_autoptr (GError) error = NULL;

  g_assert_true (address_set_add_text (set, text, -1, &error));
  g_assert_no_error (error);
  return set;
}

static void
test_addresses_networks_and_names_are_found (void)
{
  g_autoptr (AddressSet) set = set_of ("192.0.2.1 198.51.100.0/24, 2001:db8::/32 example.org");

  g_assert_cmpuint (address_set_size (set), ==, 4);
  g_assert_true (contains (set, "192.0.2.1"));
  g_assert_false (contains (set, "192.0.2.2"));
  g_assert_true (contains (set, "198.51.100.77"));
  g_assert_true (contains (set, "2001:db8:1::"));
  g_assert_false (contains (set, "2001:db9::"));
  g_assert_true (contains (set, "example.org"));
  g_assert_false (contains (set, "example.net"));
}

static void
test_comments_end_with_their_line (void)
{
  g_autoptr (AddressSet) set = set_of ("# 192.0.2.1\n192.0.2.2 ; 192.0.2.3\n192.0.2.4#5,#x\n;end");

  g_assert_cmpuint (address_set_size (set), ==, 3);
  g_assert_true (contains (set, "192.0.2.2"));
  g_assert_true (contains (set, "192.0.2.4#5"));
  g_assert_true (contains (set, "#x"));
}

static void
test_the_whole_internet_is_a_network_too (void)
{
  g_autoptr (AddressSet) set = set_of ("0.0.0.0/0");

  g_assert_true (contains (set, "203.0.113.1"));
  g_assert_false (contains (set, "::1"));
}

static void
test_prefixes_beyond_the_end_mean_one_address (void)
{
  g_autoptr (AddressSet) set = set_of ("192.0.2.1/40");

  g_assert_true (contains (set, "192.0.2.1"));
  g_assert_false (contains (set, "192.0.2.2"));
}

static void
test_what_was_removed_is_gone (void)
{
  g_autoptr (AddressSet) set = set_of ("192.0.2.0/24 192.0.2.1");
  g_autoptr (Address) network = address_new ("192.0.2.9/24", -1);

  g_assert_true (address_set_remove (set, network));
  g_assert_false (address_set_remove (set, network));
  g_assert_true (contains (set, "192.0.2.1"));
  g_assert_false (contains (set, "192.0.2.2"));
  g_assert_cmpstr (address_peek_text (address_set_peek (set, 0)), ==, "192.0.2.1");
  address_set_clear (set);
  g_assert_false (contains (set, "192.0.2.1"));
}

static void
test_a_mask_with_holes_ends_the_list (void)
{
  g_autoptr (AddressSet) set = address_set_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (address_set_add_text (set, "192.0.2.1 192.0.2.0/255.0.255.0 192.0.2.2", -1, &error));
  g_assert_error (error, ADDRESS_ERROR, ADDRESS_ERROR_MASK);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/address-set/addresses, networks and names are found", test_addresses_networks_and_names_are_found);
  g_test_add_func ("/address-set/comments end with their line", test_comments_end_with_their_line);
  g_test_add_func ("/address-set/the whole internet is a network too", test_the_whole_internet_is_a_network_too);
  g_test_add_func ("/address-set/prefixes beyond the end mean one address",
                   test_prefixes_beyond_the_end_mean_one_address);
  g_test_add_func ("/address-set/what was removed is gone", test_what_was_removed_is_gone);
  g_test_add_func ("/address-set/a mask with holes ends the list", test_a_mask_with_holes_ends_the_list);
  return g_test_run ();
}
