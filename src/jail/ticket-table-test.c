#include "jail/ticket-table.h"

static Ticket *
ticket_of (guint number)
{
  g_autofree char *text = g_strdup_printf ("192.0.%u.%u", number / 256, number % 256);
  g_autoptr (Address) id = address_new (text, -1);

  return ticket_new (id, number);
}

static guint
place_of (const TicketTable *table, guint number)
{
  g_autoptr (Ticket) ticket = ticket_of (number);

  return ticket_table_find (table, ticket_peek_id (ticket));
}

static void
add (TicketTable *table, guint number)
{
  g_autoptr (Ticket) ticket = ticket_of (number);

  (void) ticket_table_add (table, ticket, NULL);
}

static void
take (TicketTable *table, guint number)
{
  g_autoptr (Ticket) ticket = ticket_table_take (table, place_of (table, number));

  g_assert_cmpint (ticket_get_time_usec (ticket), ==, number);
}

static char *
dup_order (const TicketTable *table)
{
  GString *text = g_string_new (NULL);

  for (guint place = ticket_table_first (table); place != TICKET_TABLE_NOWHERE; place = ticket_table_next (table, place))
    g_string_append_printf (text, " %d", (int) ticket_get_time_usec (ticket_table_peek (table, place)));
  return g_string_free (text, FALSE);
}

static void
test_the_order_is_that_of_coming (void)
{
  TicketTable *table = ticket_table_new ();
  g_autofree char *before = NULL, *after = NULL;

  for (guint i = 1; i <= 6; i++)
    add (table, i);
  before = dup_order (table);
  g_assert_cmpstr (before, ==, " 1 2 3 4 5 6");
  take (table, 1);
  take (table, 4);
  take (table, 6);
  add (table, 4);
  add (table, 7);
  after = dup_order (table);
  g_assert_cmpstr (after, ==, " 2 3 5 4 7");
  g_assert_cmpuint (ticket_table_size (table), ==, 5);
  ticket_table_free (table);
}

static void
test_an_empty_table_has_nothing (void)
{
  TicketTable *table = ticket_table_new ();

  for (guint round = 0; round < 3; round++)
    {
      g_assert_cmpuint (ticket_table_first (table), ==, TICKET_TABLE_NOWHERE);
      g_assert_cmpuint (place_of (table, 1), ==, TICKET_TABLE_NOWHERE);
      g_assert_cmpuint (ticket_table_size (table), ==, 0);
      add (table, 1);
      take (table, 1);
    }
  ticket_table_free (table);
}

static void
test_a_mark_stays_with_its_ticket (void)
{
  TicketTable *table = ticket_table_new ();

  add (table, 1);
  g_assert_cmpuint (ticket_table_get_mark (table, place_of (table, 1)), ==, 0);
  ticket_table_set_mark (table, place_of (table, 1), 77);
  for (guint i = 2; i < 1000; i++)
    add (table, i);
  g_assert_cmpuint (ticket_table_get_mark (table, place_of (table, 1)), ==, 77);
  take (table, 1);
  add (table, 1);
  g_assert_cmpuint (ticket_table_get_mark (table, place_of (table, 1)), ==, 0);
  ticket_table_free (table);
}

static void
test_gaps_close_and_the_order_stays (void)
{
  TicketTable *table = ticket_table_new ();
  gboolean ever_moved = FALSE;

  for (guint i = 0; i < 20; i++)
    add (table, i);
  for (guint i = 20; i < 2000; i++)
    {
      g_autoptr (Ticket) oldest = ticket_table_take (table, ticket_table_first (table));
      g_autoptr (Ticket) ticket = ticket_of (i);
      gboolean moved = FALSE;
      guint expected = i - 19;

      g_assert_cmpint (ticket_get_time_usec (oldest), ==, i - 20);
      g_assert_cmpuint (ticket_table_add (table, ticket, &moved), ==, place_of (table, i));
      ever_moved = ever_moved || moved;
      for (guint place = ticket_table_first (table); place != TICKET_TABLE_NOWHERE; place = ticket_table_next (table, place))
        g_assert_cmpint (ticket_get_time_usec (ticket_table_peek (table, place)), ==, expected++);
      g_assert_cmpuint (expected, ==, i + 1);
      g_assert_cmpuint (place_of (table, i), <, 64);
    }
  g_assert_true (ever_moved);
  ticket_table_free (table);
}

/* Against a GHashTable, in random steps. */
static void
test_it_is_what_a_hash_table_would_be (void)
{
  enum
  {
    IDS = 3000,
    STEPS = 60000
  };
  TicketTable *table = ticket_table_new ();
  g_autoptr (GHashTable) twin = g_hash_table_new (NULL, NULL);

  for (guint step = 0; step < STEPS; step++)
    {
      guint number = (guint) g_test_rand_int_range (0, step / 20000 % 2 == 0 ? IDS : IDS / 10);
      gboolean known = g_hash_table_contains (twin, GUINT_TO_POINTER (number));

      g_assert_true (known == (place_of (table, number) != TICKET_TABLE_NOWHERE));
      if (known)
        {
          take (table, number);
          g_hash_table_remove (twin, GUINT_TO_POINTER (number));
        }
      else
        {
          add (table, number);
          g_hash_table_add (twin, GUINT_TO_POINTER (number));
        }
      g_assert_cmpuint (ticket_table_size (table), ==, g_hash_table_size (twin));
    }
  for (guint place = ticket_table_first (table); place != TICKET_TABLE_NOWHERE; place = ticket_table_next (table, place))
    g_assert_true (g_hash_table_remove (twin, GSIZE_TO_POINTER (ticket_get_time_usec (ticket_table_peek (table, place)))));
  g_assert_cmpuint (g_hash_table_size (twin), ==, 0);
  ticket_table_free (table);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ticket-table/the order is that of coming", test_the_order_is_that_of_coming);
  g_test_add_func ("/ticket-table/an empty table has nothing", test_an_empty_table_has_nothing);
  g_test_add_func ("/ticket-table/a mark stays with its ticket", test_a_mark_stays_with_its_ticket);
  g_test_add_func ("/ticket-table/gaps close and the order stays", test_gaps_close_and_the_order_stays);
  g_test_add_func ("/ticket-table/it is what a hash table would be", test_it_is_what_a_hash_table_would_be);
  return g_test_run ();
}
