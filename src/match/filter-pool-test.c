#include "match/filter-pool.h"

#include <string.h>

#include "match/filter-private.h"

static void
test_equal_expressions_are_one (void)
{
  g_autoptr (FilterPool) pool = filter_pool_new ();
  g_autoptr (Failregex) a = filter_pool_ref_regex (pool, "bad <HOST>", FAILREGEX_DEFAULT, NULL);
  g_autoptr (Failregex) b = filter_pool_ref_regex (pool, "bad <HOST>", FAILREGEX_DEFAULT, NULL);
  g_autoptr (Failregex) no_dns = filter_pool_ref_regex (pool, "bad <HOST>", FAILREGEX_NO_DNS, NULL);
  g_autoptr (Failregex) lines = filter_pool_ref_regex (pool, "bad <HOST>", FAILREGEX_MULTILINE, NULL);
  g_autoptr (Failregex) alone = filter_pool_ref_regex (NULL, "bad <HOST>", FAILREGEX_DEFAULT, NULL);

  g_assert_true (a == b);
  g_assert_true (a != no_dns && a != lines && no_dns != lines && a != alone);
  g_assert_cmpuint (filter_pool_get_length (pool), ==, 3);
}

static void
test_a_wrong_expression_is_refused_each_time (void)
{
  g_autoptr (FilterPool) pool = filter_pool_new ();

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (filter_pool_ref_regex (pool, "bad (", FAILREGEX_DEFAULT, &error));
      g_assert_error (error, FAILREGEX_ERROR, FAILREGEX_ERROR_INVALID);
    }
  g_assert_cmpuint (filter_pool_get_length (pool), ==, 0);
}

static void
test_what_nobody_holds_is_forgotten (void)
{
  g_autoptr (FilterPool) pool = filter_pool_new ();
  g_autoptr (Failregex) held = filter_pool_ref_regex (pool, "held <HOST>", FAILREGEX_DEFAULT, NULL);

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *pattern = g_strdup_printf ("bad%u <HOST>", i);
      g_autoptr (Failregex) regex = filter_pool_ref_regex (pool, pattern, FAILREGEX_DEFAULT, NULL);

      g_assert_nonnull (regex);
      g_assert_cmpuint (filter_pool_get_length (pool), <=, 64);
    }
  g_autoptr (Failregex) again = filter_pool_ref_regex (pool, "held <HOST>", FAILREGEX_DEFAULT, NULL);
  g_assert_true (again == held);
}

static void
count (Failure *failure, gpointer user_data)
{
  ++*(guint *) user_data;
}

static guint
ask (Filter *filter, LogLine *line, const char *text)
{
  guint n = 0;

  log_line_set_text (line, text, strlen (text));
  g_assert_true (filter_process_line (filter, line, TRUE, count, &n, NULL));
  return n;
}

static void
test_filters_share_a_gate_until_one_changes (void)
{
  g_autoptr (FilterPool) pool = filter_pool_new ();
  g_autoptr (LogLine) line = log_line_new ("x.log");
  Clock *clock = clock_new_settable (1755165600 * (gint64) G_USEC_PER_SEC);
  Filter *a = filter_new_sharing ("a", clock, NULL, pool), *b = filter_new_sharing ("b", clock, NULL, pool);

  g_assert_true (filter_add_failregex (a, "bad <HOST>", NULL));
  g_assert_true (filter_add_failregex (b, "bad <HOST>", NULL));
  g_assert_cmpuint (ask (a, line, "bad 192.0.2.1"), ==, 1);
  g_assert_cmpuint (ask (b, line, "bad 192.0.2.1"), ==, 1);
  g_assert_true (filter_get_gate (a) == filter_get_gate (b));
  g_assert_true (filter_add_failregex (b, "worse <HOST>", NULL));
  g_assert_cmpuint (ask (b, line, "worse 192.0.2.1"), ==, 1);
  g_assert_cmpuint (ask (a, line, "worse 192.0.2.1"), ==, 0);
  g_assert_true (filter_get_gate (a) != filter_get_gate (b));
  filter_free (a);
  g_assert_cmpuint (ask (b, line, "bad 192.0.2.1"), ==, 1);
  filter_free (b);
  clock_free (clock);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pool/equal expressions are one", test_equal_expressions_are_one);
  g_test_add_func ("/pool/a wrong expression is refused each time", test_a_wrong_expression_is_refused_each_time);
  g_test_add_func ("/pool/what nobody holds is forgotten", test_what_nobody_holds_is_forgotten);
  g_test_add_func ("/pool/filters share a gate until one changes", test_filters_share_a_gate_until_one_changes);
  return g_test_run ();
}
