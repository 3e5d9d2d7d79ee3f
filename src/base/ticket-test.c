#include "base/ticket.h"
#include "compat/py-repr.h"

#define SEC ((gint64) G_USEC_PER_SEC)

static Ticket *
some_ticket (gint64 time_usec)
{
  g_autoptr (Address) id = address_new ("192.0.2.1", -1);

  return ticket_new (id, time_usec);
}

static gboolean
has_value (const Ticket *ticket, const char *name, const char *text)
{
  g_autoptr (PyValue) value = ticket_dup_value (ticket, name);

  return py_str_equals (value, text);
}

static void
test_a_ban_ends_after_its_time (void)
{
  g_autoptr (Ticket) ticket = some_ticket (100 * SEC);

  g_assert_cmpint (ticket_get_end_usec (ticket, 10 * SEC), ==, 110 * SEC);
  g_assert_false (ticket_is_over (ticket, 110 * SEC, 10 * SEC));
  g_assert_true (ticket_is_over (ticket, 110 * SEC + 1, 10 * SEC));
  ticket_take_ban_time (ticket, py_float_new (0.5));
  g_assert_cmpint (ticket_get_end_usec (ticket, 10 * SEC), ==, 100 * SEC + 500000);
  ticket_take_ban_time (ticket, py_int_new (-1));
  g_assert_cmpint (ticket_get_end_usec (ticket, 10 * SEC), ==, TICKET_NEVER_USEC);
  g_assert_false (ticket_is_over (ticket, G_MAXINT64 - 1, 10 * SEC));
  ticket_take_ban_time (ticket, NULL);
  g_assert_cmpint (ticket_get_end_usec (ticket, TICKET_PERMANENT_USEC), ==, TICKET_NEVER_USEC);
}

static void
test_absurd_ban_times_do_not_overflow (void)
{
  g_autoptr (Ticket) ticket = some_ticket (100 * SEC);

  ticket_take_ban_time (ticket, py_float_new (1e300));
  g_assert_cmpint (ticket_get_end_usec (ticket, 0), >, 100 * SEC);
  ticket_take_ban_time (ticket, py_float_new (-1e300));
  g_assert_cmpint (ticket_get_end_usec (ticket, 0), <, 0);
}

static void
test_the_rate_counts_when_failures_are_far_apart (void)
{
  g_autoptr (Ticket) ticket = some_ticket (1000 * SEC);

  ticket_set_attempts (ticket, 10);
  ticket_set_retry (ticket, 10);
  ticket_adjust_time (ticket, 1050 * SEC, 100 * SEC);
  g_assert_cmpfloat (ticket_get_retry (ticket), ==, 10);
  ticket_adjust_time (ticket, 1200 * SEC, 100 * SEC);
  g_assert_cmpfloat (ticket_get_retry (ticket), ==, 5);
  g_assert_cmpint (ticket_get_first_time_usec (ticket), ==, 1100 * SEC);
  g_assert_cmpint (ticket_get_time_usec (ticket), ==, 1200 * SEC);
  g_assert_cmpuint (ticket_get_attempts (ticket), ==, 10);
  ticket_adjust_time (ticket, 10 * SEC, 100 * SEC);
  g_assert_cmpint (ticket_get_time_usec (ticket), ==, 1200 * SEC);
}

static void
test_no_retry_means_no_matches (void)
{
  g_autoptr (Ticket) ticket = some_ticket (0);

  ticket_take_match (ticket, py_str_new ("a"));
  ticket_set_retry (ticket, 2);
  g_assert_cmpuint (ticket_get_attempts (ticket), ==, 1);
  ticket_set_retry (ticket, 0);
  g_assert_cmpuint (ticket_get_attempts (ticket), ==, 0);
  g_assert_cmpuint (ticket_get_match_count (ticket), ==, 0);
}

static void
test_the_last_matches_are_kept (void)
{
  g_autoptr (Ticket) ticket = some_ticket (0);
  g_autofree char *text = NULL;

  ticket_take_match (ticket, py_str_new ("a"));
  ticket_take_match (ticket, py_str_new ("b"));
  ticket_take_match (ticket, py_tuple_new_items (py_str_new ("c"), py_str_new ("d"), py_str_new ("e"), NULL));
  ticket_trim_matches (ticket, 2);
  g_assert_cmpuint (ticket_get_match_count (ticket), ==, 2);
  text = ticket_dup_match_text (ticket, 1, NULL);
  g_assert_cmpstr (text, ==, "cde");
}

static void
test_a_copy_is_a_value_of_its_own (void)
{
  g_autoptr (Ticket) ticket = some_ticket (7 * SEC);
  g_autoptr (Ticket) copy = NULL;

  ticket_take_match (ticket, py_str_new ("a"));
  ticket_take_value (ticket, "user", py_str_new ("root"));
  copy = ticket_copy (ticket);
  ticket_take_value (ticket, "user", py_str_new ("other"));
  ticket_trim_matches (ticket, 0);
  g_assert_true (has_value (copy, "user", "root"));
  g_assert_cmpuint (ticket_get_match_count (copy), ==, 1);
  g_assert_cmpint (ticket_get_time_usec (copy), ==, 7 * SEC);
  ticket_take_value (copy, "user", NULL);
  g_assert_false (has_value (copy, "user", "root"));
}

static void
test_a_copy_of_a_common_one_is_not_common (void)
{
  g_autoptr (Ticket) ticket = some_ticket (7), copy = NULL;

  g_assert_false (ticket_is_common (ticket));
  ticket_set_common (ticket);
  copy = ticket_copy (ticket);
  g_assert_true (ticket_is_common (ticket));
  g_assert_false (ticket_is_common (copy));
}

static void
test_data_goes_out_and_comes_back (void)
{
  g_autoptr (Ticket) ticket = some_ticket (0);
  g_autoptr (Ticket) other = some_ticket (0);
  g_autoptr (Address) ip = address_new ("192.0.2.7", -1);
  g_autoptr (PyValue) data = NULL;
  g_autoptr (PyValue) again = NULL;
  g_autofree char *text = NULL;

  ticket_set_attempts (ticket, 3);
  ticket_take_match (ticket, py_str_new ("a"));
  ticket_take_match (ticket, py_str_new ("b"));
  ticket_take_value (ticket, "user", py_str_new ("root"));
  ticket_set_ip (ticket, ip);
  data = ticket_dup_data (ticket, 1);
  text = py_repr (data);
  g_assert_cmpstr (text, ==, "{'matches': ['b'], 'failures': 3, 'user': 'root', 'ip': '192.0.2.7'}");
  ticket_set_data (other, data);
  again = ticket_dup_data (other, G_MAXUINT);
  g_assert_true (py_value_equal (data, again));
  g_assert_cmpfloat (ticket_get_retry (other), ==, 3);
  g_assert_cmpstr (address_peek_text (ticket_peek_ip (other)), ==, "192.0.2.7");
}

static void
test_none_is_left_out (void)
{
  g_autoptr (Ticket) ticket = some_ticket (0);
  g_autoptr (PyValue) data = py_dict_new ();
  g_autoptr (PyValue) out = NULL;
  g_autofree char *text = NULL;

  py_dict_set_str (data, "user", py_none_new ());
  py_dict_set_str (data, "failures", py_str_new ("many"));
  ticket_set_data (ticket, data);
  out = ticket_dup_data (ticket, 0);
  text = py_repr (out);
  g_assert_cmpstr (text, ==, "{'matches': [], 'failures': 0}");
}

static void
test_the_description_is_python_s (void)
{
  g_autoptr (Ticket) ticket = some_ticket (1500000);
  g_autofree char *text = NULL;

  ticket_take_match (ticket, py_str_new ("it's"));
  ticket_take_ban_time (ticket, py_int_new (600));
  text = ticket_dup_description (ticket, "FailTicket");
  g_assert_cmpstr (text, ==, "FailTicket: ip=192.0.2.1 time=1.5 bantime=600 bancount=0 #attempts=0 matches=[\"it's\"]");
}

/* A ticket keeps times and counts in few bits where they fit: beside one that has room for all of them. */
typedef struct
{
  gint64 time_usec, first_usec;
  guint attempts;
  double retry;
} Plain;

static gint64
some_time (void)
{
  switch (g_test_rand_int_range (0, 6))
    {
    case 0:
      return g_test_rand_bit () ? G_MAXINT64 : G_MININT64;
    case 1:
      return g_test_rand_int_range (0, 5000000) * SEC;
    case 2:
      return g_test_rand_int_range (1000, 1010) * SEC + 1;
    default:
      return g_test_rand_int_range (1000, 1100) * SEC;
    }
}

static guint
some_count (void)
{
  static const guint counts[] = { 0, 1, 1, 2, 3, 65534, 65535, 65536, G_MAXUINT };

  return counts[g_test_rand_int_range (0, G_N_ELEMENTS (counts))];
}

static void
change (Ticket *ticket, Plain *plain)
{
  guint count = some_count ();
  double retry = g_test_rand_bit () ? count : 2.5;

  switch (g_test_rand_int_range (0, 6))
    {
    case 0:
      plain->time_usec = some_time ();
      ticket_set_time_usec (ticket, plain->time_usec, FALSE);
      break;
    case 1:
      plain->first_usec = some_time ();
      ticket_set_first_time_usec (ticket, plain->first_usec);
      break;
    case 2:
      plain->attempts = count;
      ticket_set_attempts (ticket, count);
      break;
    case 3:
      plain->retry = retry;
      plain->attempts = retry == 0 ? 0 : MAX (plain->attempts, 1);
      ticket_set_retry (ticket, retry);
      break;
    case 4:
      plain->attempts = count > G_MAXUINT - plain->attempts ? G_MAXUINT : plain->attempts + count;
      plain->retry += retry;
      ticket_add_failure (ticket, count, retry);
      break;
    default:
      if (g_test_rand_bit ())
        ticket_set_ban_count (ticket, g_test_rand_bit ());
      else
        ticket_take_ban_time (ticket, g_test_rand_bit () ? py_int_new (1) : NULL);
      break;
    }
}

static void
test_what_takes_few_bits_is_what_was_set (void)
{
  for (guint round = 0; round < 500; round++)
    {
      g_autoptr (Ticket) ticket = some_ticket (1000 * SEC);
      Plain plain = { 1000 * SEC, 1000 * SEC, 0, 1 };

      for (guint i = 0; i < 30; i++)
        {
          g_autoptr (Ticket) copy = NULL;

          change (ticket, &plain);
          copy = ticket_copy (ticket);
          g_assert_cmpint (ticket_get_time_usec (copy), ==, plain.time_usec);
          g_assert_cmpint (ticket_get_first_time_usec (copy), ==, plain.first_usec);
          g_assert_cmpuint (ticket_get_attempts (copy), ==, plain.attempts);
          g_assert_cmpfloat (ticket_get_retry (copy), ==, plain.retry);
        }
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ticket/a ban ends after its time", test_a_ban_ends_after_its_time);
  g_test_add_func ("/ticket/absurd ban times do not overflow", test_absurd_ban_times_do_not_overflow);
  g_test_add_func ("/ticket/the rate counts when failures are far apart",
                   test_the_rate_counts_when_failures_are_far_apart);
  g_test_add_func ("/ticket/what takes few bits is what was set", test_what_takes_few_bits_is_what_was_set);
  g_test_add_func ("/ticket/no retry means no matches", test_no_retry_means_no_matches);
  g_test_add_func ("/ticket/the last matches are kept", test_the_last_matches_are_kept);
  g_test_add_func ("/ticket/a copy is a value of its own", test_a_copy_is_a_value_of_its_own);
  g_test_add_func ("/ticket/a copy of a common one is not common", test_a_copy_of_a_common_one_is_not_common);
  g_test_add_func ("/ticket/data goes out and comes back", test_data_goes_out_and_comes_back);
  g_test_add_func ("/ticket/None is left out", test_none_is_left_out);
  g_test_add_func ("/ticket/the description is Python's", test_the_description_is_python_s);
  return g_test_run ();
}
