#include "store/failure-log.h"

static Ticket *
ticket_of (const char *text, guint attempts)
{
  g_autoptr (Address) id = address_new (text, -1);
  Ticket *ticket = ticket_new (id, 1234567);

  ticket_set_first_time_usec (ticket, -5);
  ticket_set_attempts (ticket, attempts);
  ticket_set_retry (ticket, 1.5);
  ticket_take_match (ticket, py_str_new ("a line of 192.0.2.1"));
  ticket_take_value (ticket, "ip4", py_str_new ("192.0.2.1"));
  return ticket;
}

static void
put (GByteArray *log, const char *text, guint attempts)
{
  g_autoptr (Ticket) ticket = ticket_of (text, attempts);

  failure_log_put (log, ticket);
}

static Ticket *
peek (GHashTable *tickets, const char *text)
{
  g_autoptr (Address) id = address_new (text, -1);

  return g_hash_table_lookup (tickets, id);
}

static void
test_a_ticket_is_what_it_was (void)
{
  g_autoptr (GByteArray) log = g_byte_array_new ();
  g_autoptr (GHashTable) tickets = failure_log_tickets_new ();
  g_autoptr (PyValue) value = NULL;
  Ticket *ticket;

  put (log, "192.0.2.1", 7);
  g_assert_cmpuint (failure_log_replay (log->data, log->len, tickets), ==, 1);
  ticket = peek (tickets, "192.0.2.1");
  value = ticket_dup_value (ticket, "ip4");
  g_assert_cmpint (ticket_get_time_usec (ticket), ==, 1234567);
  g_assert_cmpint (ticket_get_first_time_usec (ticket), ==, -5);
  g_assert_cmpuint (ticket_get_attempts (ticket), ==, 7);
  g_assert_cmpfloat (ticket_get_retry (ticket), ==, 1.5);
  g_assert_cmpuint (ticket_get_match_count (ticket), ==, 1);
  g_assert_true (py_str_equals (value, "192.0.2.1"));
}

static void
test_later_entries_replace_and_drop_earlier_ones (void)
{
  g_autoptr (GByteArray) log = g_byte_array_new ();
  g_autoptr (GHashTable) tickets = failure_log_tickets_new ();
  g_autoptr (Address) gone = address_new ("192.0.2.2", -1);

  put (log, "192.0.2.1", 1);
  put (log, "192.0.2.2", 1);
  put (log, "192.0.2.1", 2);
  failure_log_drop (log, gone);
  g_assert_cmpuint (failure_log_replay (log->data, log->len, tickets), ==, 4);
  g_assert_cmpuint (g_hash_table_size (tickets), ==, 1);
  g_assert_cmpuint (ticket_get_attempts (peek (tickets, "192.0.2.1")), ==, 2);
}

static void
test_what_makes_no_sense_ends_the_log (void)
{
  g_autoptr (GByteArray) log = g_byte_array_new ();
  guint first;

  put (log, "192.0.2.1", 1);
  first = log->len;
  put (log, "192.0.2.2", 1);
  for (guint len = 0; len < log->len; len++)
    {
      g_autoptr (GHashTable) tickets = failure_log_tickets_new ();

      g_assert_cmpuint (failure_log_replay (log->data, len, tickets), ==, len < first ? 0 : 1);
    }
  for (guint at = 0; at < log->len; at++)
    {
      g_autoptr (GHashTable) tickets = failure_log_tickets_new ();

      log->data[at] ^= 0x55;
      g_assert_cmpuint (failure_log_replay (log->data, log->len, tickets), <=, 2);
      log->data[at] ^= 0x55;
    }
}

static void
test_a_log_of_another_version_is_none (void)
{
  g_autoptr (GByteArray) log = g_byte_array_new ();
  g_autoptr (GHashTable) tickets = failure_log_tickets_new ();

  put (log, "192.0.2.1", 1);
  log->data[0]++;
  g_assert_cmpuint (failure_log_replay (log->data, log->len, tickets), ==, 0);
  g_assert_cmpuint (failure_log_replay (NULL, 0, tickets), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/failure-log/a ticket is what it was", test_a_ticket_is_what_it_was);
  g_test_add_func ("/failure-log/later entries replace and drop earlier ones",
                   test_later_entries_replace_and_drop_earlier_ones);
  g_test_add_func ("/failure-log/what makes no sense ends the log", test_what_makes_no_sense_ends_the_log);
  g_test_add_func ("/failure-log/a log of another version is none", test_a_log_of_another_version_is_none);
  return g_test_run ();
}
