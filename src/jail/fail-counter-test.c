#include "jail/fail-counter.h"

#include <stdlib.h>
#include <string.h>

#define SEC G_USEC_PER_SEC

static Ticket *
ticket_at (const char *id, gint64 time_sec)
{
  g_autoptr (Address) address = address_new (id, -1);

  return ticket_new (address, time_sec * SEC);
}

static double
fail (FailCounter *counter, const char *id, gint64 time_sec)
{
  g_autoptr (Ticket) ticket = ticket_at (id, time_sec);

  ticket_take_match (ticket, py_str_printf ("line of %" G_GINT64_FORMAT, time_sec));
  return fail_counter_add (counter, ticket, 1);
}

static Ticket *
take (FailCounter *counter, const char *id)
{
  g_autoptr (Address) address = address_new (id, -1);

  return fail_counter_take_over_limit (counter, address);
}

static void
test_the_last_of_maxretry_failures_gives_the_ticket (void)
{
  g_autoptr (FailCounter) counter = fail_counter_new ();
  g_autoptr (Ticket) ticket = NULL;

  g_assert_cmpfloat (fail (counter, "192.0.2.1", 100), ==, 1);
  g_assert_cmpfloat (fail (counter, "192.0.2.2", 100), ==, 1);
  g_assert_cmpfloat (fail (counter, "192.0.2.1", 101), ==, 2);
  g_assert_null (take (counter, "192.0.2.1"));
  g_assert_cmpfloat (fail (counter, "192.0.2.1", 102), ==, 3);
  ticket = take (counter, "192.0.2.1");
  g_assert_nonnull (ticket);
  g_assert_cmpint (ticket_get_time_usec (ticket), ==, 102 * SEC);
  g_assert_cmpuint (ticket_get_attempts (ticket), ==, 3);
  g_assert_cmpuint (ticket_get_match_count (ticket), ==, 3);
  g_assert_null (take (counter, "192.0.2.1"));
  g_assert_cmpuint (fail_counter_get_size (counter), ==, 1);
  g_assert_cmpuint (fail_counter_get_total (counter), ==, 4);
}

static void
test_an_older_line_counts_but_does_not_move_the_time_back (void)
{
  g_autoptr (FailCounter) counter = fail_counter_new ();
  g_autoptr (Ticket) ticket = NULL;

  (void) fail (counter, "192.0.2.1", 500);
  (void) fail (counter, "192.0.2.1", 400);
  (void) fail (counter, "192.0.2.1", 450);
  ticket = take (counter, "192.0.2.1");
  g_assert_nonnull (ticket);
  g_assert_cmpint (ticket_get_time_usec (ticket), ==, 500 * SEC);
}

static void
test_beyond_findtime_the_rate_is_estimated (void)
{
  g_autoptr (FailCounter) counter = fail_counter_new ();

  fail_counter_set_max_retry (counter, 100);
  (void) fail (counter, "192.0.2.1", 0);
  (void) fail (counter, "192.0.2.1", 300);
  g_assert_cmpfloat (fail (counter, "192.0.2.1", 600), ==, 3);
  /* three in 1200 s are 1.5 in 600, rounded to the even 2, and this one */
  g_assert_cmpfloat (fail (counter, "192.0.2.1", 1200), ==, 3);
}

static void
test_only_the_last_matches_are_kept (void)
{
  g_autoptr (FailCounter) counter = fail_counter_new ();
  g_autoptr (Ticket) ticket = NULL;
  g_autofree char *first = NULL;

  fail_counter_set_max_matches (counter, 2);
  for (int i = 1; i <= 3; i++)
    (void) fail (counter, "192.0.2.1", i);
  ticket = take (counter, "192.0.2.1");
  g_assert_cmpuint (ticket_get_match_count (ticket), ==, 2);
  first = ticket_dup_match_text (ticket, 0, NULL);
  g_assert_cmpstr (first, ==, "line of 2");
}

static void
test_a_known_offender_counts_more_but_is_not_taken_up_again (void)
{
  g_autoptr (FailCounter) counter = fail_counter_new ();
  g_autoptr (Ticket) first = ticket_at ("192.0.2.1", 10);
  g_autoptr (Ticket) banned = NULL;

  g_assert_cmpfloat (fail_counter_add (counter, first, 1), ==, 1);
  g_assert_cmpfloat (fail_counter_add_known (counter, first, 2), ==, 3);
  g_assert_cmpuint (ticket_get_attempts (first), ==, 2);
  banned = take (counter, "192.0.2.1");
  g_assert_true (banned == first);
  (void) fail_counter_add_known (counter, first, 2);
  g_assert_cmpuint (fail_counter_get_size (counter), ==, 0);
}

static void
test_who_is_out_of_findtime_is_forgotten_and_the_next_is_known (void)
{
  g_autoptr (FailCounter) counter = fail_counter_new ();

  (void) fail (counter, "192.0.2.1", 100);
  (void) fail (counter, "192.0.2.2", 200);
  g_assert_cmpint (fail_counter_clean (counter, 699 * SEC), ==, 700 * SEC);
  g_assert_cmpuint (fail_counter_get_size (counter), ==, 2);
  g_assert_cmpint (fail_counter_clean (counter, 700 * SEC), ==, 800 * SEC);
  g_assert_cmpuint (fail_counter_get_size (counter), ==, 1);
  g_assert_cmpint (fail_counter_clean (counter, 2000 * SEC), ==, 0);
}

/* "+ID" for who is there, "-ID" for who went; the marks are 1, 2, … */
static guint32
note_change (Ticket *ticket, gboolean is_there, gpointer user_data)
{
  GString *noted = user_data;

  g_string_append_printf (noted, "%s%s ", is_there ? "+" : "-", address_peek_text (ticket_peek_id (ticket)) + strlen ("192.0.2."));
  return (guint32) noted->len;
}

static char *
changes_of (FailCounter *counter)
{
  GString *noted = g_string_new (NULL);

  fail_counter_take_changes (counter, note_change, noted);
  return g_string_free (noted, FALSE);
}

#define CHANGES(counter, expected)                                                                                     \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *changes_ = changes_of (counter);                                                                  \
    g_assert_cmpstr (changes_, ==, expected);                                                                          \
  }                                                                                                                    \
  G_STMT_END

static void
test_changes_are_told_once (void)
{
  g_autoptr (FailCounter) counter = fail_counter_new ();

  (void) fail (counter, "192.0.2.1", 100);
  fail_counter_track_changes (counter, TRUE);
  CHANGES (counter, "");
  (void) fail (counter, "192.0.2.1", 101);
  (void) fail (counter, "192.0.2.2", 101);
  (void) fail (counter, "192.0.2.1", 102);
  g_assert_cmpuint (fail_counter_count_changes (counter), ==, 2);
  ticket_unref (take (counter, "192.0.2.1"));
  CHANGES (counter, "-1 +2 ");
  CHANGES (counter, "");
  fail_counter_set_max_retry (counter, 1);
  ticket_unref (take (counter, "192.0.2.2"));
  CHANGES (counter, "-2 ");
}

static void
test_who_went_and_came_again_is_told_as_he_is_now (void)
{
  g_autoptr (FailCounter) counter = fail_counter_new ();

  fail_counter_track_changes (counter, TRUE);
  for (guint i = 0; i < 3; i++)
    (void) fail (counter, "192.0.2.1", 100 + i);
  ticket_unref (take (counter, "192.0.2.1"));
  (void) fail (counter, "192.0.2.1", 103);
  CHANGES (counter, "+1 +1 ");
}

/* What two counters do with a ticket that is common to them is what they do with one each. */
static void
test_a_common_ticket_is_not_changed (void)
{
  FailCounter *counters[] = { fail_counter_new (), fail_counter_new () };
  g_autoptr (Ticket) common = ticket_at ("192.0.2.1", 100), other = NULL, first = NULL, second = NULL;

  ticket_take_match (common, py_str_new ("line of 100"));
  ticket_set_attempts (common, 1);
  ticket_set_common (common);
  for (guint i = 0; i < 2; i++)
    {
      fail_counter_track_changes (counters[i], TRUE);
      g_assert_cmpfloat (fail_counter_add (counters[i], common, 1), ==, 1);
      CHANGES (counters[i], "+1 ");
    }
  other = ticket_at ("192.0.2.1", 101);
  ticket_set_attempts (other, 1);
  ticket_set_common (other);
  g_assert_cmpfloat (fail_counter_add (counters[0], other, 1), ==, 2);
  g_assert_cmpfloat (fail (counters[0], "192.0.2.1", 102), ==, 3);
  CHANGES (counters[0], "+1 ");
  CHANGES (counters[1], "");
  g_assert_cmpfloat (fail_counter_get_total (counters[1]), ==, 1);
  g_assert_cmpfloat (ticket_get_retry (common), ==, 1);
  g_assert_cmpint (ticket_get_time_usec (common), ==, 100 * SEC);
  g_assert_cmpuint (ticket_get_match_count (common), ==, 1);
  g_assert_cmpfloat (ticket_get_retry (other), ==, 1);
  first = take (counters[0], "192.0.2.1");
  g_assert_cmpuint (ticket_get_attempts (first), ==, 3);
  g_assert_cmpuint (ticket_get_match_count (first), ==, 2);
  g_assert_null (take (counters[1], "192.0.2.1"));
  fail_counter_set_max_retry (counters[1], 1);
  second = take (counters[1], "192.0.2.1");
  g_assert_false (ticket_is_common (second)); /* whoever bans changes it */
  g_assert_true (second != common);
  for (guint i = 0; i < 2; i++)
    {
      CHANGES (counters[i], "-1 ");
      fail_counter_free (counters[i]);
    }
}

/* Tickets change their places when others come and go. */
static void
test_changes_of_many_are_those_that_were_made (void)
{
  g_autoptr (FailCounter) counter = fail_counter_new ();
  g_autoptr (GHashTable) wanted = g_hash_table_new (NULL, NULL);

  fail_counter_track_changes (counter, TRUE);
  fail_counter_set_max_retry (counter, 1000000);
  for (guint round = 0; round < 300; round++)
    {
      g_autofree char *told = NULL;
      g_auto (GStrv) words = NULL;

      g_hash_table_remove_all (wanted);
      for (guint i = 0; i < 40; i++)
        {
          guint number = (guint) g_test_rand_int_range (1, 200);
          g_autofree char *text = g_strdup_printf ("192.0.2.%u", number);
          gboolean goes = g_test_rand_int_range (0, 3) == 0;
          Ticket *gone;

          fail_counter_set_max_retry (counter, goes ? 1 : 1000000);
          gone = goes ? take (counter, text) : NULL;
          if (!goes)
            (void) fail (counter, text, 100 + round);
          if (!goes || gone != NULL)
            g_hash_table_insert (wanted, GUINT_TO_POINTER (number), GUINT_TO_POINTER (goes ? '-' : '+'));
          ticket_unref (gone);
        }
      told = changes_of (counter);
      words = g_strsplit (told, " ", -1);
      for (guint i = g_strv_length (words); i-- > 0;) /* the last word counts */
        {
          guint number = (guint) strtoul (*words[i] != '\0' ? words[i] + 1 : "0", NULL, 10);
          g_autofree char *text = g_strdup_printf ("192.0.2.%u", number);
          g_autoptr (Address) id = address_new (text, -1);
          gpointer sign = g_hash_table_lookup (wanted, GUINT_TO_POINTER (number));

          if (sign == NULL)
            continue;
          g_assert_cmpint (*words[i], ==, (char) GPOINTER_TO_UINT (sign));
          g_assert_cmpint (fail_counter_peek (counter, id) != NULL, ==, *words[i] == '+');
          g_assert_cmpint (fail_counter_get_mark (counter, id) != 0, ==, *words[i] == '+');
          g_hash_table_remove (wanted, GUINT_TO_POINTER (number));
        }
      g_assert_cmpuint (g_hash_table_size (wanted), ==, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func ("/fail-counter/" name, func)
  ADD ("the last of maxretry failures gives the ticket", test_the_last_of_maxretry_failures_gives_the_ticket);
  ADD ("an older line counts but does not move the time back",
       test_an_older_line_counts_but_does_not_move_the_time_back);
  ADD ("beyond findtime the rate is estimated", test_beyond_findtime_the_rate_is_estimated);
  ADD ("only the last matches are kept", test_only_the_last_matches_are_kept);
  ADD ("a known offender counts more but is not taken up again",
       test_a_known_offender_counts_more_but_is_not_taken_up_again);
  ADD ("who is out of findtime is forgotten and the next is known",
       test_who_is_out_of_findtime_is_forgotten_and_the_next_is_known);
  ADD ("changes are told once", test_changes_are_told_once);
  ADD ("who went and came again is told as he is now", test_who_went_and_came_again_is_told_as_he_is_now);
  ADD ("a common ticket is not changed", test_a_common_ticket_is_not_changed);
  ADD ("changes of many are those that were made", test_changes_of_many_are_those_that_were_made);
  return g_test_run ();
}
