#include "jail/ban-list.h"

#define SEC G_USEC_PER_SEC

static Ticket *
ban (BanList *list, const char *id, gint64 time_sec, gint64 now_sec, BanListResult expected)
{
  g_autoptr (Address) address = address_new (id, -1);
  g_autoptr (Ticket) ticket = ticket_new (address, time_sec * SEC);
  Ticket *known = ticket;

  g_assert_cmpint (ban_list_add (list, ticket, now_sec * SEC, &known), ==, expected);
  return expected == BAN_LIST_OVER ? NULL : known;
}

static char *
dup_ids (GPtrArray *tickets)
{
  g_autoptr (GPtrArray) owned = tickets;
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < owned->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", address_peek_text (ticket_peek_id (owned->pdata[i])));
  return g_string_free (text, FALSE);
}

static void
test_a_ban_ends_after_its_time_has_passed (void)
{
  g_autoptr (BanList) list = ban_list_new ();
  g_autoptr (Ticket) over = NULL;

  g_assert_cmpint (ban_list_get_next_end_usec (list), ==, TICKET_NEVER_USEC);
  (void) ban (list, "192.0.2.1", 100, 100, BAN_LIST_ADDED);
  (void) ban (list, "192.0.2.2", 50, 100, BAN_LIST_ADDED);
  g_assert_cmpint (ban_list_get_next_end_usec (list), ==, 650 * SEC);
  g_assert_null (ban_list_take_over (list, 650 * SEC));
  over = ban_list_take_over (list, 650 * SEC + 1);
  g_assert_cmpstr (address_peek_text (ticket_peek_id (over)), ==, "192.0.2.2");
  g_assert_null (ban_list_take_over (list, 650 * SEC + 1));
  g_assert_cmpuint (ban_list_get_size (list), ==, 1);
  g_assert_cmpuint (ban_list_get_total (list), ==, 2);
}

static void
test_a_ban_that_would_be_over_is_none (void)
{
  g_autoptr (BanList) list = ban_list_new ();

  (void) ban (list, "192.0.2.1", 100, 701, BAN_LIST_OVER);
  (void) ban (list, "192.0.2.1", 100, 700, BAN_LIST_ADDED);
}

static void
test_who_is_banned_again_stays_longer_from_his_first_time (void)
{
  g_autoptr (BanList) list = ban_list_new ();
  Ticket *first = ban (list, "192.0.2.1", 100, 100, BAN_LIST_ADDED);

  g_assert_cmpuint (ticket_get_ban_count (first), ==, 1);
  g_assert_true (ban (list, "192.0.2.1", 160, 160, BAN_LIST_KNOWN) == first);
  g_assert_cmpint (ticket_get_time_usec (first), ==, 100 * SEC);
  g_assert_cmpint (ban_list_get_next_end_usec (list), ==, 760 * SEC);
  (void) ban (list, "192.0.2.1", 90, 160, BAN_LIST_KNOWN);
  g_assert_cmpint (ban_list_get_next_end_usec (list), ==, 760 * SEC);
}

static void
test_a_new_bantime_moves_the_bans_without_one_of_their_own (void)
{
  g_autoptr (BanList) list = ban_list_new ();
  Ticket *own = ban (list, "192.0.2.1", 100, 100, BAN_LIST_ADDED);
  g_autofree char *order = NULL;

  (void) ban (list, "192.0.2.2", 100, 100, BAN_LIST_ADDED);
  ticket_take_ban_time (own, py_int_new (1000));
  ban_list_update (list, own);
  g_assert_cmpint (ban_list_get_next_end_usec (list), ==, 700 * SEC);
  ban_list_set_ban_time_sec (list, 5000);
  g_assert_cmpint (ban_list_get_next_end_usec (list), ==, 1100 * SEC);
  ban_list_set_ban_time_sec (list, -1);
  ban_list_set_ban_time_sec (list, 10);
  g_assert_cmpint (ban_list_get_next_end_usec (list), ==, 110 * SEC);
  order = dup_ids (ban_list_dup_by_end (list));
  g_assert_cmpstr (order, ==, "192.0.2.2 192.0.2.1");
}

static void
test_a_permanent_ban_never_ends (void)
{
  g_autoptr (BanList) list = ban_list_new ();

  ban_list_set_ban_time_sec (list, -1);
  (void) ban (list, "192.0.2.1", 100, 1000000, BAN_LIST_ADDED);
  g_assert_cmpint (ban_list_get_next_end_usec (list), ==, TICKET_NEVER_USEC);
  g_assert_null (ban_list_take_over (list, G_MAXINT64 / 2));
  ban_list_set_ban_time_sec (list, G_MAXINT64); /* as good as permanent, and no overflow */
  g_assert_null (ban_list_take_over (list, G_MAXINT64 / 4));
}

static void
test_lists_come_in_the_order_of_bans_and_of_ends (void)
{
  g_autoptr (BanList) list = ban_list_new ();
  g_autofree char *bans = NULL, *ends = NULL, *rest = NULL;
  g_autoptr (Address) id = address_new ("192.0.2.2", -1);
  g_autoptr (Ticket) taken = NULL;

  (void) ban (list, "192.0.2.3", 300, 300, BAN_LIST_ADDED);
  (void) ban (list, "192.0.2.2", 100, 300, BAN_LIST_ADDED);
  (void) ban (list, "192.0.2.1", 100, 300, BAN_LIST_ADDED);
  bans = dup_ids (ban_list_dup_tickets (list));
  ends = dup_ids (ban_list_dup_by_end (list));
  g_assert_cmpstr (bans, ==, "192.0.2.3 192.0.2.2 192.0.2.1");
  g_assert_cmpstr (ends, ==, "192.0.2.2 192.0.2.1 192.0.2.3");
  taken = ban_list_take (list, id);
  g_assert_nonnull (taken);
  g_assert_null (ban_list_peek (list, id));
  rest = dup_ids (ban_list_take_all (list));
  g_assert_cmpstr (rest, ==, "192.0.2.3 192.0.2.1");
  g_assert_cmpuint (ban_list_get_size (list), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func ("/ban-list/" name, func)
  ADD ("a ban ends after its time has passed", test_a_ban_ends_after_its_time_has_passed);
  ADD ("a ban that would be over is none", test_a_ban_that_would_be_over_is_none);
  ADD ("who is banned again stays longer from his first time",
       test_who_is_banned_again_stays_longer_from_his_first_time);
  ADD ("a new bantime moves the bans without one of their own",
       test_a_new_bantime_moves_the_bans_without_one_of_their_own);
  ADD ("a permanent ban never ends", test_a_permanent_ban_never_ends);
  ADD ("lists come in the order of bans and of ends", test_lists_come_in_the_order_of_bans_and_of_ends);
  return g_test_run ();
}
