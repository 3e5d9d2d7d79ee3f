/* Addresses, networks and lists of them from any bytes: what is canonical reads back as itself. */
#include "base/address-set.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *text = (const char *) data;
  g_autoptr (Address) address = address_new (text, (gssize) size);
  g_autoptr (Address) raw = address_new_raw (text, (gssize) size);
  g_autofree char *ptr_name = address_dup_ptr_name (address, NULL);
  g_autoptr (AddressSet) set = address_set_new ();
  gsize start, end;

  g_assert_cmpuint (address_get_length (raw), ==, size);
  g_assert_nonnull (ptr_name);
  g_assert_true (address_contains (address, address));
  if (address_is_single (address))
    {
      g_autoptr (Address) again = address_parse (address_peek_text (address), -1, NULL);

      g_assert_true (address_equal (address, again));
      g_assert_cmpuint (address_hash (address), ==, address_hash (again));
    }
  if (address_looks_like_one (text, (gssize) size, &start, &end))
    g_assert_true (start < end && end <= size);
  if (address_set_add_text (set, text, (gssize) size, NULL))
    for (guint i = 0; i < address_set_size (set); i++)
      g_assert_true (address_set_contains (set, address_set_peek (set, i)));
  return 0;
}
