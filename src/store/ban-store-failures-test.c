#include "store/ban-store-fixture.h"

static gboolean
has_value (const Ticket *ticket, const char *name, const char *text)
{
  g_autoptr (PyValue) value = ticket_dup_value (ticket, name);

  return py_str_equals (value, text);
}

static void
test_failures_come_back (Fixture *f, gconstpointer data)
{
  g_autoptr (Address) id = address_new ("192.0.2.1", -1);
  g_autoptr (Ticket) ticket = ticket_new (id, NOW_USEC - 7);
  g_autoptr (GPtrArray) tickets = NULL;
  Ticket *back;

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  SHOWS (f, "SELECT count(*) FROM sqlite_master WHERE name = 'failurelog'", "0\n");
  ticket_set_attempts (ticket, 2);
  ticket_set_retry (ticket, 3);
  ticket_take_match (ticket, py_tuple_new_items (py_str_new ("a"), py_str_new ("b"), NULL));
  ticket_take_value (ticket, "user", py_str_new ("root"));
  g_assert_true (ban_store_put_failure (f->store, "j", ticket, NULL));
  reopen_store (f);
  tickets = ban_store_get_failures (f->store, "j", NULL);
  g_assert_cmpuint (tickets->len, ==, 1);
  back = tickets->pdata[0];
  g_assert_cmpint (ticket_get_time_usec (back), ==, NOW_USEC - 7);
  g_assert_cmpuint (ticket_get_attempts (back), ==, 2);
  g_assert_cmpfloat (ticket_get_retry (back), ==, 3);
  g_assert_true (has_value (back, "user", "root"));
  g_assert_true (ban_store_drop_failure (f->store, "j", id, NULL));
  g_assert_true (ban_store_failures_are_stale (f->store, "j", 0));
  g_assert_true (ban_store_drop_failures (f->store, "j", NULL));
  reopen_store (f);
  SHOWS (f, "SELECT count(*) FROM sqlite_master WHERE name = 'failurelog'", "0\n");
}

static void
put_failure (Fixture *f, const char *id_text, guint attempts)
{
  g_autoptr (Address) id = address_new (id_text, -1);
  g_autoptr (Ticket) ticket = ticket_new (id, NOW_USEC + attempts);

  ticket_set_retry (ticket, attempts);
  ticket_set_attempts (ticket, attempts);
  g_assert_true (ban_store_put_failure (f->store, "j", ticket, NULL));
}

static void
drop_failure (Fixture *f, const char *id_text)
{
  g_autoptr (Address) id = address_new (id_text, -1);

  g_assert_true (ban_store_drop_failure (f->store, "j", id, NULL));
}

static char *
dup_failures (Fixture *f)
{
  g_autoptr (GPtrArray) tickets = ban_store_get_failures (f->store, "j", NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < tickets->len; i++)
    g_string_append_printf (text, "%s:%u ", address_peek_text (ticket_peek_id (tickets->pdata[i])),
                            ticket_get_attempts (tickets->pdata[i]));
  return g_string_free (text, FALSE);
}

#define HAS_FAILURES(f, text)                                                                                          \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *failures_ = dup_failures (f);                                                                     \
    g_assert_cmpstr (failures_, ==, text);                                                                             \
  }                                                                                                                    \
  G_STMT_END

static void
test_failures_are_what_happened_last (Fixture *f, gconstpointer data)
{
  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  put_failure (f, "192.0.2.1", 1);
  ban_store_begin (f->store);
  put_failure (f, "192.0.2.1", 3);
  put_failure (f, "2001:db8::1", 2);
  put_failure (f, "an id of its own", 4);
  put_failure (f, "192.0.2.2", 1);
  drop_failure (f, "192.0.2.2");
  HAS_FAILURES (f, "2001:db8::1:2 192.0.2.1:3 an id of its own:4 "); /* as they will be */
  SHOWS (f, "SELECT count(*) FROM failurelog", "1\n");
  g_assert_true (ban_store_commit (f->store, NULL));
  SHOWS (f, "SELECT count(*), max(time) FROM failurelog", "2|1000000000004\n");
  reopen_store (f);
  HAS_FAILURES (f, "2001:db8::1:2 192.0.2.1:3 an id of its own:4 ");
  g_assert_true (ban_store_drop_failures (f->store, "j", NULL));
  put_failure (f, "192.0.2.9", 9);
  HAS_FAILURES (f, "192.0.2.9:9 ");
}

static void
test_a_log_of_failures_becomes_stale (Fixture *f, gconstpointer data)
{
  guint puts = 0;

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  ban_store_begin (f->store);
  for (; !ban_store_failures_are_stale (f->store, "j", 1); puts++)
    put_failure (f, "192.0.2.1", 1);
  g_assert_true (ban_store_commit (f->store, NULL));
  g_assert_cmpuint (puts, ==, BAN_STORE_STALE_FACTOR * (1 + BAN_STORE_STALE_MIN) + 1);
  g_assert_false (ban_store_failures_are_stale (f->store, "j", 2));
  reopen_store (f);
  HAS_FAILURES (f, "192.0.2.1:1 ");
  g_assert_true (ban_store_failures_are_stale (f->store, "j", 1)); /* it is known again how much there is */
  g_assert_true (ban_store_drop_failures (f->store, "j", NULL));
  g_assert_false (ban_store_failures_are_stale (f->store, "j", 0));
}

static Ticket *
none_is_last (const Address *id, guint32 row, gpointer user_data)
{
  g_string_append_printf (user_data, "%s@%u ", address_peek_text (id), row);
  return NULL;
}

static Ticket *
first_is_last (const Address *id, guint32 row, gpointer user_data)
{
  Ticket *ticket = user_data;

  return address_equal (ticket_peek_id (ticket), id) ? ticket : NULL;
}

static void
test_the_oldest_row_of_failures_is_cleaned_first (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) asked = g_string_new (NULL);
  g_autoptr (Address) id = address_new ("192.0.2.1", -1);
  g_autoptr (Ticket) ticket = ticket_new (id, NOW_USEC + 5);

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  g_assert_cmpuint (ban_store_clean_failures (f->store, "j", none_is_last, asked), ==, 0);
  ban_store_begin (f->store);
  put_failure (f, "192.0.2.1", 1);
  put_failure (f, "192.0.2.2", 2);
  g_assert_cmpuint (ban_store_get_failure_row (f->store, "j"), ==, 1);
  g_assert_true (ban_store_commit (f->store, NULL));
  put_failure (f, "192.0.2.3", 3);
  g_assert_cmpuint (ban_store_get_failure_row (f->store, "j"), ==, 3);
  g_assert_cmpuint (ban_store_clean_failures (f->store, "j", first_is_last, ticket), ==, 2);
  SHOWS (f, "SELECT number FROM failurelog", "2\n3\n");
  HAS_FAILURES (f, "192.0.2.3:3 192.0.2.1:1 "); /* a retry without attempts is one */
  g_assert_cmpuint (ban_store_clean_failures (f->store, "j", none_is_last, asked), ==, 1);
  g_assert_cmpuint (ban_store_clean_failures (f->store, "j", none_is_last, asked), ==, 1);
  g_assert_cmpstr (asked->str, ==, "192.0.2.3@2 192.0.2.1@3 ");
  g_assert_false (ban_store_failures_are_stale (f->store, "j", 0));
  put_failure (f, "192.0.2.9", 9);
  reopen_store (f);
  g_assert_cmpuint (ban_store_get_failure_row (f->store, "j"), ==, 5); /* no number twice */
}

static void
test_failures_and_positions_are_committed_together (Fixture *f, gconstpointer data)
{
  (void) signal (SIGXFSZ, SIG_IGN);
  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  set_disk_full (TRUE);
  ban_store_begin (f->store);
  put_failure (f, "192.0.2.1", 1);
  (void) ban_store_update_log (f->store, "j", "/a", "h", 10, NULL);
  (void) ban_store_commit (f->store, NULL);
  ban_store_begin (f->store);
  put_failure (f, "192.0.2.2", 1);
  g_assert_false (ban_store_commit (f->store, NULL));
  set_disk_full (FALSE);
  SHOWS (f, "SELECT count(*) FROM sqlite_master WHERE name = 'failurelog' UNION ALL SELECT count(*) FROM logs", "0\n0\n");
  g_assert_true (ban_store_settle (f->store, NULL));
  SHOWS (f, "SELECT lastfilepos FROM logs", "10\n");
  reopen_store (f);
  HAS_FAILURES (f, "192.0.2.1:1 192.0.2.2:1 ");
}

static void
test_only_failures_of_jails_that_are_gone_are_purged (Fixture *f, gconstpointer data)
{
  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  put_failure (f, "192.0.2.1", 1);
  ban_store_set_purge_age (f->store, -1);
  g_assert_true (ban_store_purge (f->store, NULL));
  HAS_FAILURES (f, "192.0.2.1:1 ");
  g_assert_true (ban_store_disable_jail (f->store, "j", NULL));
  g_assert_true (ban_store_purge (f->store, NULL));
  HAS_FAILURES (f, "");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/ban-store-failures/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("failures come back", test_failures_come_back);
  ADD ("failures are what happened last", test_failures_are_what_happened_last);
  ADD ("a log of failures becomes stale", test_a_log_of_failures_becomes_stale);
  ADD ("the oldest row of failures is cleaned first", test_the_oldest_row_of_failures_is_cleaned_first);
  ADD ("failures and positions are committed together", test_failures_and_positions_are_committed_together);
  ADD ("only failures of jails that are gone are purged", test_only_failures_of_jails_that_are_gone_are_purged);
  return g_test_run ();
}
