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
  put_failure (f, "192.0.2.2", 2);
  g_assert_false (ban_store_commit (f->store, NULL));
  set_disk_full (FALSE);
  SHOWS (f, "SELECT count(*) FROM sqlite_master WHERE name = 'failurelog' UNION ALL SELECT count(*) FROM logs", "0\n0\n");
  g_assert_true (ban_store_settle (f->store, NULL));
  SHOWS (f, "SELECT lastfilepos FROM logs", "10\n");
  reopen_store (f);
  HAS_FAILURES (f, "192.0.2.1:1 192.0.2.2:2 ");
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

/* --- jails that count the same ---------------------------------------------------------------------------------------- */
#define N_JAILS 4

static const char *const jails[N_JAILS] = { "j", "k", "l", "m" };

static Ticket *
new_ticket (const char *id_text, guint attempts)
{
  g_autoptr (Address) id = address_new (id_text, -1);
  g_autofree char *line = g_strnfill (300, (char) ('a' + attempts % 26));
  Ticket *ticket = ticket_new (id, NOW_USEC + attempts);

  ticket_set_attempts (ticket, attempts);
  ticket_set_retry (ticket, attempts);
  ticket_take_match (ticket, py_str_new (line));
  return ticket;
}

static void
test_jails_with_the_same_failures_have_one_row (Fixture *f, gconstpointer data)
{
  g_autoptr (Ticket) ticket = new_ticket ("192.0.2.1", 3), other = new_ticket ("192.0.2.2", 4);

  open_store (f);
  for (guint i = 0; i < N_JAILS; i++)
    g_assert_true (ban_store_add_jail (f->store, jails[i], NULL));
  ban_store_begin (f->store);
  for (guint i = 0; i < N_JAILS; i++)
    g_assert_true (ban_store_put_failure (f->store, jails[i], i < 3 ? ticket : other, NULL));
  g_assert_true (ban_store_commit (f->store, NULL));
  SHOWS (f, "SELECT jail, typeof(data) FROM failurelog ORDER BY jail", "|blob\nj|integer\nk|integer\nl|integer\nm|blob\n");
  HAS_FAILURES (f, "192.0.2.1:3 ");
  g_assert_true (ban_store_drop_failures (f->store, "k", NULL));
  reopen_store (f);
  HAS_FAILURES (f, "192.0.2.1:3 ");
  SHOWS (f, "SELECT count(*) FROM failurelog", "4\n");
  g_assert_true (ban_store_drop_failures (f->store, "j", NULL));
  SHOWS (f, "SELECT count(*) FROM failurelog WHERE jail = ''", "1\n");
  g_ptr_array_unref (ban_store_get_failures (f->store, "l", NULL)); /* a jail asks before it drops anything */
  g_assert_true (ban_store_drop_failures (f->store, "l", NULL));
  SHOWS (f, "SELECT jail FROM failurelog", "m\n");
}

static void
test_a_row_that_nobody_refers_to_is_purged (Fixture *f, gconstpointer data)
{
  g_autoptr (Ticket) ticket = new_ticket ("192.0.2.1", 3);

  open_store (f);
  ban_store_set_purge_age (f->store, -1);
  ban_store_begin (f->store);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_true (ban_store_add_jail (f->store, jails[i], NULL));
      g_assert_true (ban_store_put_failure (f->store, jails[i], ticket, NULL));
    }
  g_assert_true (ban_store_commit (f->store, NULL));
  g_assert_true (ban_store_disable_jail (f->store, "k", NULL));
  g_assert_true (ban_store_purge (f->store, NULL));
  HAS_FAILURES (f, "192.0.2.1:3 ");
  g_assert_true (ban_store_disable_jail (f->store, "j", NULL));
  g_assert_true (ban_store_purge (f->store, NULL));
  SHOWS (f, "SELECT count(*) FROM failurelog", "0\n");
}

/* What a jail has counted, and the row in which each was last put. */
typedef struct
{
  GHashTable *tickets; /* id -> Ticket */
  GHashTable *rows;    /* id -> number */
} Counted;

static void
counted_put (Fixture *f, Counted *counted, const char *jail, const char *id, Ticket *ticket /* taken */)
{
  guint32 row = ban_store_get_failure_row (f->store, jail);

  g_assert_true (ban_store_put_failure (f->store, jail, ticket, NULL));
  g_hash_table_insert (counted->rows, g_strdup (id), GUINT_TO_POINTER (row));
  g_hash_table_insert (counted->tickets, g_strdup (id), ticket);
}

static void
counted_drop (Fixture *f, Counted *counted, const char *jail, const char *id_text)
{
  g_autoptr (Address) id = address_new (id_text, -1);

  g_assert_true (ban_store_drop_failure (f->store, jail, id, NULL));
  g_hash_table_remove (counted->tickets, id_text);
  g_hash_table_remove (counted->rows, id_text);
}

typedef struct
{
  Fixture *f;
  Counted *counted;
  const char *jail;
} Asked;

static Ticket *
counted_last (const Address *id, guint32 row, gpointer user_data)
{
  Asked *asked = user_data;
  const char *text = address_peek_text (id);

  if (GPOINTER_TO_UINT (g_hash_table_lookup (asked->counted->rows, text)) != row)
    return NULL;
  g_hash_table_insert (asked->counted->rows, g_strdup (text),
                       GUINT_TO_POINTER (ban_store_get_failure_row (asked->f->store, asked->jail)));
  return g_hash_table_lookup (asked->counted->tickets, text);
}

static void
assert_counted (Fixture *f, const Counted *counted, const char *jail)
{
  g_autoptr (GPtrArray) tickets = ban_store_get_failures (f->store, jail, NULL);

  g_assert_cmpuint (tickets->len, ==, g_hash_table_size (counted->tickets));
  for (guint i = 0; i < tickets->len; i++)
    {
      const Ticket *ticket = tickets->pdata[i];
      const Ticket *wanted = g_hash_table_lookup (counted->tickets, address_peek_text (ticket_peek_id (ticket)));
      g_autofree char *shown = ticket_dup_description (ticket, "");
      g_autofree char *expected = wanted != NULL ? ticket_dup_description (wanted, "") : NULL;

      g_assert_cmpstr (shown, ==, expected);
    }
}

/* As a jail does after a crash */
static void
counted_restore (Fixture *f, Counted *counted, const char *jail)
{
  GHashTableIter iter;
  gpointer id, ticket;

  assert_counted (f, counted, jail);
  ban_store_begin (f->store);
  g_assert_true (ban_store_drop_failures (f->store, jail, NULL));
  g_hash_table_iter_init (&iter, counted->tickets);
  while (g_hash_table_iter_next (&iter, &id, &ticket))
    {
      g_hash_table_insert (counted->rows, g_strdup (id), GUINT_TO_POINTER (ban_store_get_failure_row (f->store, jail)));
      g_assert_true (ban_store_put_failure (f->store, jail, ticket, NULL));
    }
  g_assert_true (ban_store_commit (f->store, NULL));
}

static void
random_transaction (Fixture *f, Counted counted[N_JAILS], guint round)
{
  guint n = (guint) g_test_rand_int_range (1, 6), odd = (guint) g_test_rand_int_range (0, 3 * N_JAILS);

  ban_store_begin (f->store);
  for (guint k = 0; k < n; k++)
    {
      g_autofree char *id = g_strdup_printf ("192.0.2.%d", g_test_rand_int_range (1, 30));
      gboolean drops = g_test_rand_int_range (0, 4) == 0;

      for (guint i = 0; i < N_JAILS; i++)
        {
          if (i == odd) /* misses something */
            continue;
          if (drops)
            counted_drop (f, &counted[i], jails[i], id);
          else
            counted_put (f, &counted[i], jails[i], id, new_ticket (id, 1 + round % 100));
        }
    }
  g_assert_true (ban_store_commit (f->store, NULL));
}

static void
test_rows_that_are_shared_are_as_good_as_own_ones (Fixture *f, gconstpointer data)
{
  Counted counted[N_JAILS];

  open_store (f);
  for (guint i = 0; i < N_JAILS; i++)
    {
      counted[i].tickets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) ticket_unref);
      counted[i].rows = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_assert_true (ban_store_add_jail (f->store, jails[i], NULL));
    }
  for (guint round = 0; round < 400; round++)
    {
      guint which = (guint) g_test_rand_int_range (0, N_JAILS);
      Asked asked = { f, &counted[which], jails[which] };

      random_transaction (f, counted, round);
      if (g_test_rand_bit ())
        (void) ban_store_clean_failures (f->store, jails[which], counted_last, &asked);
      if (g_test_rand_int_range (0, 30) == 0)
        {
          g_assert_true (ban_store_drop_failures (f->store, jails[which], NULL));
          g_hash_table_remove_all (counted[which].tickets);
          g_hash_table_remove_all (counted[which].rows);
        }
      if (g_test_rand_int_range (0, 40) == 0)
        {
          reopen_store (f);
          for (guint i = 0; i < N_JAILS; i++)
            counted_restore (f, &counted[i], jails[i]);
        }
      if (g_test_rand_int_range (0, 5) == 0)
        assert_counted (f, &counted[which], jails[which]);
    }
  for (guint i = 0; i < N_JAILS; i++)
    {
      assert_counted (f, &counted[i], jails[i]);
      g_assert_true (ban_store_drop_failures (f->store, jails[i], NULL));
      g_hash_table_unref (counted[i].tickets);
      g_hash_table_unref (counted[i].rows);
    }
  SHOWS (f, "SELECT count(*) FROM failurelog", "0\n"); /* with the last that refers to a row it goes, too */
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
  ADD ("jails with the same failures have one row", test_jails_with_the_same_failures_have_one_row);
  ADD ("a row that nobody refers to is purged", test_a_row_that_nobody_refers_to_is_purged);
  ADD ("rows that are shared are as good as own ones", test_rows_that_are_shared_are_as_good_as_own_ones);
  return g_test_run ();
}
