#include "base/duration.h"

#include "compat/py-expr.h"
#include "compat/py-repr.h"

static void
means (guint line, const char *text, const char *wanted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) value = duration_parse (text, -1, &error);
  g_autofree char *shown = value != NULL ? py_repr (value) : g_strdup (py_expr_error_class (error));

  if (!g_str_equal (shown, wanted))
    g_error ("line %u: %s means %s, not %s", line, text, shown, wanted);
}
#define MEANS(...) means (__LINE__, __VA_ARGS__)

static void
test_units_become_seconds (void)
{
  MEANS ("600", "600");
  MEANS ("10m", "600");
  MEANS ("1h 30m", "5400");
  MEANS ("1d12h", "129600");
  MEANS ("1Week 2days", "777600");
  MEANS ("1mo", "2629800.0");
  MEANS ("1year-6mo", "15778800.0");
  MEANS ("-1", "-1");
  MEANS ("1.5d", "129600.0");
  MEANS ("2*(1h 5)", "7210");
}

static void
test_nonsense_is_an_error (void)
{
  MEANS ("", "SyntaxError");
  MEANS ("1hr", "SyntaxError");
  MEANS ("nope", "NameError");
  MEANS ("01h", "SyntaxError");
  MEANS ("1/0", "ZeroDivisionError");
  MEANS ("open('/etc/passwd')", "Refused");
}

static void
test_microseconds_are_rounded_and_bounded (void)
{
  g_autoptr (GError) error = NULL;
  gint64 usec;

  g_assert_true (duration_parse_usec ("0.5s + 1", &usec, NULL));
  g_assert_cmpint (usec, ==, 1500000);
  g_assert_false (duration_parse_usec ("10**30", &usec, &error));
  g_assert_error (error, PY_EXPR_ERROR, PY_EXPR_ERROR_OVERFLOW);
}

static void
test_spans_are_shown_in_three_groups (void)
{
  static const struct
  {
    double seconds;
    const char *text;
  } rows[] = {
    { 0, "0" },          { 59, "59s" },    { 61, "1m 1s" },
    { 3594, "59m 54s" }, { 3595, "1h" },   { 198900, "2d 7h 15m" },
    { 86399.9, "24h" },  { 604795, "7d" }, { 31795200, "1y 3d" },
    { 59.9, "59.9s" },   { -60, "-60s" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = duration_format (rows[i].seconds);
      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/duration/units become seconds", test_units_become_seconds);
  g_test_add_func ("/duration/nonsense is an error", test_nonsense_is_an_error);
  g_test_add_func ("/duration/microseconds are rounded and bounded", test_microseconds_are_rounded_and_bounded);
  g_test_add_func ("/duration/spans are shown in three groups", test_spans_are_shown_in_three_groups);
  return g_test_run ();
}
