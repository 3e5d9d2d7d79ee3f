/* The JSON column from any bytes: what became a ticket can be written and read again. */
#include "store/ticket-json.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PyValue) dict = ticket_json_parse (data, size);
  g_autoptr (Address) id = address_new_raw ("x", 1);
  g_autoptr (Ticket) ticket = ticket_new (id, 0);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (PyValue) again = NULL;
  g_autofree char *match = NULL;
  gsize len;
  gconstpointer text;

  g_assert_cmpint (py_value_type (dict), ==, PY_DICT);
  ticket_set_data (ticket, dict);
  if (ticket_get_match_count (ticket) > 0)
    match = ticket_dup_match_text (ticket, 0, NULL);
  bytes = ticket_json_dump (ticket, 10);
  text = g_bytes_get_data (bytes, &len);
  g_assert_true (g_utf8_validate (text, (gssize) len, NULL));
  again = ticket_json_parse (text, len);
  g_assert_cmpint (py_value_type (again), ==, PY_DICT);
  return 0;
}
