#include "compat/py-strptime.h"

#define SHOWS(directive, expression) shows (__LINE__, directive, expression)

static void
shows (int line, char directive, const char *expected)
{
  g_autoptr (GString) out = g_string_new (NULL);

  py_strptime_append_expression (out, directive);
  if (g_strcmp0 (out->str, expected) != 0)
    g_error ("line %d: %%%c is %s", line, directive, out->str);
}

/* Seen with _strptime.TimeRE of Python 3.11 in the C locale */
static void
test_expressions_are_pythons (void)
{
  SHOWS ('d', "(?P<d>3[0-1]|[1-2]\\d|0[1-9]|[1-9]| [1-9])");
  SHOWS ('I', "(?P<I>1[0-2]|0[1-9]|[1-9])");
  SHOWS ('j', "(?P<j>36[0-6]|3[0-5]\\d|[1-2]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9])");
  SHOWS ('W', "(?P<W>5[0-3]|[0-4]\\d|\\d)");
  SHOWS ('V', "(?P<V>5[0-3]|0[1-9]|[1-4]\\d|\\d)");
  SHOWS ('%', "%");
}

static void
test_longer_names_come_first (void)
{
  SHOWS ('A', "(?P<A>wednesday|thursday|saturday|tuesday|monday|friday|sunday)");
  SHOWS ('B', "(?P<B>september|february|november|december|january|october|august|march|april|june|july|may)");
  SHOWS ('b', "(?P<b>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)");
  SHOWS ('p', "(?P<p>am|pm)");
}

static void
test_composites_are_written_out (void)
{
  SHOWS ('X', "(?P<H>2[0-3]|[0-1]\\d|\\d):(?P<M>[0-5]\\d|\\d):(?P<S>6[0-1]|[0-5]\\d|\\d)");
  SHOWS ('x', "(?P<m>1[0-2]|0[1-9]|[1-9])/(?P<d>3[0-1]|[1-2]\\d|0[1-9]|[1-9]| [1-9])/(?P<y>\\d\\d)");
  g_autoptr (GString) out = g_string_new (NULL);
  py_strptime_append_expression (out, 'c');
  g_assert_true (g_str_has_prefix (out->str, "(?P<a>mon|tue|wed|thu|fri|sat|sun)\\s+(?P<b>jan|"));
  g_assert_true (g_str_has_suffix (out->str, "\\s+(?P<Y>\\d\\d\\d\\d)"));
}

static void
test_names_have_values_in_any_case (void)
{
  g_assert_cmpint (py_strptime_name_value ('b', "jan", 3), ==, 1);
  g_assert_cmpint (py_strptime_name_value ('b', "DEC", 3), ==, 12);
  g_assert_cmpint (py_strptime_name_value ('B', "May", 3), ==, 5);
  g_assert_cmpint (py_strptime_name_value ('B', "jan", 3), ==, -1);
  g_assert_cmpint (py_strptime_name_value ('a', "Mon", 3), ==, 0);
  g_assert_cmpint (py_strptime_name_value ('A', "sunday", 6), ==, 6);
  g_assert_cmpint (py_strptime_name_value ('a', "", 0), ==, -1);
}

static void
test_days_and_dates_turn_into_each_other (void)
{
  int year, month, day;

  g_assert_cmpint (py_date_to_day (1, 1, 1), ==, 1);
  g_assert_cmpint (py_date_to_day (1970, 1, 1), ==, PY_DATE_1970);
  g_assert_cmpint (py_date_to_day (9999, 12, 31), ==, PY_DATE_MAX_DAY);
  gint64 expected_day = 1;
  for (int y = 1; y <= 9999; y++)
    for (int m = 1; m <= 12; m++)
      for (int d = 1; py_date_is_valid (y, m, d); d++, expected_day++)
        {
          if (d != 1 && d < 28 && y % 97 != 0)
            continue;
          g_assert_cmpint (py_date_to_day (y, m, d), ==, expected_day);
          py_date_from_day (expected_day, &year, &month, &day);
          g_assert_cmpint (year * 10000 + month * 100 + day, ==, y * 10000 + m * 100 + d);
        }
}

static void
test_february_has_29_days_in_leap_years_only (void)
{
  g_assert_true (py_date_is_valid (2024, 2, 29));
  g_assert_true (py_date_is_valid (2000, 2, 29));
  g_assert_false (py_date_is_valid (2100, 2, 29));
  g_assert_false (py_date_is_valid (2025, 2, 29));
  g_assert_false (py_date_is_valid (2024, 4, 31));
  g_assert_false (py_date_is_valid (2024, 13, 1));
  g_assert_false (py_date_is_valid (0, 1, 1));
}

/* Seen with time.strptime of Python 3.11 */
static void
test_weeks_are_counted_from_sunday_or_monday (void)
{
  g_assert_cmpint (py_date_day_of_year (2023, 46, 1, FALSE), ==, 318); /* 2023-11-14 */
  g_assert_cmpint (py_date_day_of_year (2023, 46, 1, TRUE), ==, 318);
  g_assert_cmpint (py_date_day_of_year (2024, 46, 6, FALSE), ==, 322);
  g_assert_cmpint (py_date_day_of_year (2024, 46, 6, TRUE), ==, 322);
  g_assert_cmpint (py_date_day_of_year (2023, 0, 0, TRUE), ==, -5); /* before the year began */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/py-strptime/expressions are Python's", test_expressions_are_pythons);
  g_test_add_func ("/py-strptime/longer names come first", test_longer_names_come_first);
  g_test_add_func ("/py-strptime/composites are written out", test_composites_are_written_out);
  g_test_add_func ("/py-strptime/names have values in any case", test_names_have_values_in_any_case);
  g_test_add_func ("/py-strptime/days and dates turn into each other", test_days_and_dates_turn_into_each_other);
  g_test_add_func ("/py-strptime/February has 29 days in leap years only",
                   test_february_has_29_days_in_leap_years_only);
  g_test_add_func ("/py-strptime/weeks are counted from Sunday or Monday",
                   test_weeks_are_counted_from_sunday_or_monday);
  return g_test_run ();
}
