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

/* Against a plain array, in random steps. */
static void
add_to_both (BanList *list, GPtrArray *twin, guint number)
{
  g_autofree char *text = g_strdup_printf ("192.0.%u.%u", number / 256, number % 256);
  g_autoptr (Address) id = address_new (text, -1);
  g_autoptr (Ticket) ticket = ticket_new (id, g_test_rand_int_range (0, 50) * G_USEC_PER_SEC);
  gboolean known = ban_list_peek (list, id) != NULL;

  if (g_test_rand_bit ())
    ticket_take_ban_time (ticket, py_int_new (g_test_rand_int_range (600, 640)));
  g_assert_cmpint (ban_list_add (list, ticket, 0, NULL), ==, known ? BAN_LIST_KNOWN : BAN_LIST_ADDED);
  if (!known)
    g_ptr_array_add (twin, ticket_ref (ticket));
}

static Ticket *
first_to_end (const BanList *list, const GPtrArray *twin)
{
  gint64 usec = ban_list_get_ban_time_usec (list);
  Ticket *first = NULL;

  for (guint i = 0; i < twin->len; i++)
    if (first == NULL || ticket_get_end_usec (twin->pdata[i], usec) < ticket_get_end_usec (first, usec))
      first = twin->pdata[i];
  return first;
}

static void
take_from_both (BanList *list, GPtrArray *twin, gboolean over)
{
  Ticket *expected = over ? first_to_end (list, twin) : twin->pdata[g_test_rand_int_range (0, (gint32) twin->len)];
  g_autoptr (Ticket) ticket = NULL;

  if (over)
    g_assert_cmpint (ban_list_get_next_end_usec (list), ==,
                     ticket_get_end_usec (expected, ban_list_get_ban_time_usec (list)));
  ticket = over ? ban_list_take_over (list, G_MAXINT64) : ban_list_take (list, ticket_peek_id (expected));
  g_assert_true (ticket == expected);
  g_assert_true (g_ptr_array_remove (twin, expected));
}

static void
test_both_orders_hold_whatever_comes_and_goes (void)
{
  BanList *list = ban_list_new ();
  g_autoptr (GPtrArray) twin = g_ptr_array_new_with_free_func ((GDestroyNotify) ticket_unref);

  for (guint step = 0; step < 10000; step++)
    {
      guint what = (guint) g_test_rand_int_range (0, 100);

      if (twin->len == 0 || what < (step / 1000 % 2 == 0 ? 70 : 35))
        add_to_both (list, twin, (guint) g_test_rand_int_range (0, 300));
      else if (what < 99)
        take_from_both (list, twin, what % 2 == 0);
      else
        ban_list_set_ban_time_sec (list, g_test_rand_int_range (590, 650));
      g_assert_cmpuint (ban_list_get_size (list), ==, twin->len);
      if (step % 50 == 0)
        {
          g_autoptr (GPtrArray) tickets = ban_list_dup_tickets (list), by_end = ban_list_dup_by_end (list);

          for (guint i = 0; i < twin->len; i++)
            g_assert_true (tickets->pdata[i] == twin->pdata[i]);
          g_assert_true (twin->len == 0 || by_end->pdata[0] == first_to_end (list, twin));
        }
    }
  ban_list_free (list);
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
  g_test_add_func ("/ban-list/both orders hold whatever comes and goes", test_both_orders_hold_whatever_comes_and_goes);
  return g_test_run ();
}
