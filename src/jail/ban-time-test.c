#include "jail/ban-time.h"

#include "compat/py-repr.h"

static void
set (BanTime *rule, const char *option, const char *value)
{
  g_autoptr (PyValue) text = py_str_new (value);
  g_autoptr (GError) error = NULL;

  if (!ban_time_set (rule, option, text, &error))
    g_error ("%s = %s: %s", option, value, error->message);
}

static void
refuses (int line, BanTime *rule, const char *option, const char *value, const char *expected)
{
  g_autoptr (PyValue) text = py_str_new (value);
  g_autoptr (GError) error = NULL;

  if (ban_time_set (rule, option, text, &error))
    g_error ("line %d: %s = %s was taken", line, option, value);
  if (expected != NULL && g_strcmp0 (error->message, expected) != 0)
    g_error ("line %d: %s instead of %s", line, error->message, expected);
}
#define REFUSES(...) refuses (__LINE__, __VA_ARGS__)

static void
gives (int line, BanTime *rule, gint64 time, gint64 count, double random, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) result = ban_time_calculate (rule, time, count, random, &error);
  g_autofree char *seen = result != NULL ? py_repr (result) : g_strdup (error->message);

  if (g_strcmp0 (seen, expected) != 0)
    g_error ("line %d: %s instead of %s", line, seen, expected);
}
#define GIVES(...) gives (__LINE__, __VA_ARGS__)

static void
test_the_default_doubles_with_each_ban_up_to_twenty_times (void)
{
  g_autoptr (BanTime) rule = ban_time_new ();

  set (rule, "increment", "true");
  GIVES (rule, 600, 1, 0, "1200");
  GIVES (rule, 600, 3, 0, "4800");
  GIVES (rule, 600, 20, 0, "629145600");
  GIVES (rule, 600, 30, 0, "629145600");
}

static void
test_factor_formula_and_multipliers_shape_the_time (void)
{
  g_autoptr (BanTime) factor = ban_time_new ();
  g_autoptr (BanTime) formula = ban_time_new ();
  g_autoptr (BanTime) multipliers = ban_time_new ();

  set (factor, "factor", "3");
  GIVES (factor, 100, 2, 0, "1200");

  set (formula, "formula", "ban.Time * (ban.Count + 1) * banFactor");
  set (formula, "factor", "2");
  GIVES (formula, 100, 1, 0, "400");
  set (formula, "factor", "0.001");
  GIVES (formula, 100, 1, 0, "100"); /* never shorter than the jail's own */

  set (multipliers, "multipliers", "1 5 30 60 300");
  GIVES (multipliers, 100, 1, 0, "500");
  GIVES (multipliers, 100, 4, 0, "30000");
  GIVES (multipliers, 100, 6, 0, "30000");
  set (multipliers, "factor", "0.5");
  GIVES (multipliers, 100, 1, 0, "250.0");
}

static void
test_maxtime_limits_and_rndtime_adds_after_it (void)
{
  g_autoptr (BanTime) rule = ban_time_new ();
  double max;

  set (rule, "increment", "yes");
  g_assert_false (ban_time_get_max (rule, &max));
  set (rule, "maxtime", "5m");
  g_assert_true (ban_time_get_max (rule, &max));
  g_assert_cmpfloat (max, ==, 300);
  GIVES (rule, 100, 1, 0, "200");
  GIVES (rule, 100, 2, 0, "300");
  set (rule, "rndtime", "50");
  GIVES (rule, 100, 2, 0.5, "325.0");
  set (rule, "rndtime", "");
  GIVES (rule, 100, 2, 0.5, "300");
}

static void
test_what_was_set_is_given_back_and_only_increment_becomes_a_bool (void)
{
  g_autoptr (BanTime) rule = ban_time_new ();

  g_assert_null (ban_time_peek (rule, "increment"));
  set (rule, "increment", "On");
  g_assert_cmpint (py_value_type (ban_time_peek (rule, "increment")), ==, PY_BOOL);
  g_assert_true (ban_time_is_increasing (rule));
  set (rule, "increment", "");
  g_assert_false (ban_time_is_increasing (rule));
  set (rule, "overalljails", "true");
  g_assert_true (py_str_equals (ban_time_peek (rule, "overalljails"), "true"));
  g_assert_true (ban_time_is_over_all_jails (rule));
  set (rule, "nonsense", "x");
  g_assert_true (py_str_equals (ban_time_peek (rule, "nonsense"), "x"));
}

static void
test_a_wrong_option_is_kept_but_the_rule_before_stays_in_force (void)
{
  g_autoptr (BanTime) rule = ban_time_new ();

  set (rule, "multipliers", "1 2 4 8");
  REFUSES (rule, "multipliers", "1 x", "invalid literal for int() with base 10: 'x'");
  g_assert_true (py_str_equals (ban_time_peek (rule, "multipliers"), "1 x"));
  GIVES (rule, 100, 2, 0, "400");
  set (rule, "multipliers", "");
  REFUSES (rule, "formula", "__import__('os')", NULL);
  GIVES (rule, 100, 3, 0, "800");
  REFUSES (rule, "maxtime", "nonsense", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ban-time/the default doubles with each ban up to twenty times",
                   test_the_default_doubles_with_each_ban_up_to_twenty_times);
  g_test_add_func ("/ban-time/factor, formula and multipliers shape the time",
                   test_factor_formula_and_multipliers_shape_the_time);
  g_test_add_func ("/ban-time/maxtime limits and rndtime adds after it", test_maxtime_limits_and_rndtime_adds_after_it);
  g_test_add_func ("/ban-time/what was set is given back and only increment becomes a bool",
                   test_what_was_set_is_given_back_and_only_increment_becomes_a_bool);
  g_test_add_func ("/ban-time/a wrong option is kept but the rule before stays in force",
                   test_a_wrong_option_is_kept_but_the_rule_before_stays_in_force);
  return g_test_run ();
}
