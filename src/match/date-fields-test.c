#include "match/date-fields.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOW 1700000000 /* 2023-11-14 22:13:20 UTC, a Tuesday */

/* fields: "Y=2023 m=11 ..."; an empty value after '=' is an empty text */
static DateResult
resolve (const char *fields, gint64 now_sec, const int *zone, DateTime *ret_time, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (fields, " ", -1);
  DateLocal local = { 0 };
  DateFields date;

  date_fields_init (&date);
  for (guint i = 0; parts[i] != NULL && *parts[i] != '\0'; i++)
    {
      const char *noon = strstr (fields, "p=");
      DateResult result;
      if (parts[i][0] == 'p')
        continue;
      result = date_fields_set (&date, parts[i][0], parts[i] + 2, strlen (parts[i] + 2), noon != NULL ? noon + 2 : "",
                                noon != NULL ? 2 : 0, error);
      if (result != DATE_RESULT_FOUND)
        return result;
    }
  return date_fields_get_time (&date, zone, &local, now_sec * G_USEC_PER_SEC, ret_time, error);
}

static void
is_at (int line, gint64 now_sec, const char *fields, gint64 expected)
{
  g_autoptr (GError) error = NULL;
  DateTime time = { 0 };
  DateResult result = resolve (fields, now_sec, NULL, &time, &error);

  if (result != DATE_RESULT_FOUND || time.usec != expected * G_USEC_PER_SEC)
    g_error ("line %d: '%s' gives %d, %" G_GINT64_FORMAT, line, fields, result, time.usec / G_USEC_PER_SEC);
}
#define IS(fields, expected)             is_at (__LINE__, NOW, fields, expected)
#define IS_AT(now_sec, fields, expected) is_at (__LINE__, now_sec, fields, expected)

static void
is_none_at (int line, gint64 now_sec, const char *fields)
{
  DateTime time = { 0 };

  if (resolve (fields, now_sec, NULL, &time, NULL) != DATE_RESULT_NONE)
    g_error ("line %d: '%s' is a date", line, fields);
}
#define IS_NONE(fields)             is_none_at (__LINE__, NOW, fields)
#define IS_NONE_AT(now_sec, fields) is_none_at (__LINE__, now_sec, fields)

static void
fails (int line, const char *fields, DateError code, const char *message)
{
  g_autoptr (GError) error = NULL;
  DateTime time = { 0 };

  if (resolve (fields, NOW, NULL, &time, &error) != DATE_RESULT_ERROR || error->code != (int) code
      || strcmp (error->message, message) != 0)
    g_error ("line %d: '%s': %s", line, fields, error != NULL ? error->message : "no error");
}
#define FAILS(fields, code, message) fails (__LINE__, fields, code, message)

/* All of these seen with fail2ban 1.1.2 */
static void
test_full_dates_need_no_clock (void)
{
  IS ("Y=2023 m=11 d=14 H=10 M=20 S=30", 1699957230);
  IS ("Y=2023 b=nov d=14 H=10 M=20 S=30", 1699957230);
  IS ("Y=1999 B=December d=31 H=23 M=59 S=59", 946684799);
  IS ("Y=2024 m=2 d=29", 1709164800);
  IS ("Y=1969 m=12 d=31", -86400);
}

static void
test_two_digit_years_lie_after_2000 (void)
{
  IS ("y=23 m=11 d=14", 1699920000);
  IS ("y=69 m=1 d=1", 3124224000);
  IS ("y=0 m=1 d=1", 946684800);
}

static void
test_hours_of_twelve_follow_noon (void)
{
  IS ("Y=2023 m=11 d=14 I=12 p=AM", 1699920000);
  IS ("Y=2023 m=11 d=14 I=12 p=PM", 1699963200);
  IS ("Y=2023 m=11 d=14 I=1 p=pm", 1699966800);
  IS ("Y=2023 m=11 d=14 I=12", 1699920000);
}

static void
test_a_missing_year_is_this_or_the_last (void)
{
  IS ("m=11 d=14 H=10", 1699956000);
  IS ("m=11 d=15 H=22", 1700085600); /* up to a day ahead is this year */
  IS ("m=11 d=15 H=23", 1668553200); /* beyond it is the last */
  IS ("m=12 d=31", 1672444800);
  IS ("m=1 d=1", 1672531200);
  IS_NONE ("m=2 d=29");
  IS_AT (1704067200, "m=12 d=31 H=23", 1704063600); /* 2024-01-01: the year just over */
  IS_AT (1711000000, "m=2 d=29", 1709164800);
  IS_NONE_AT (1708000000, "m=2 d=29"); /* 2024-02-15: too far ahead, and none in the year before */
}

static void
test_a_missing_day_is_today_or_yesterday (void)
{
  IS ("H=10", 1699956000);
  IS ("H=23", 1699916400);
  IS ("Y=2023 H=23", 1699916400);
  IS ("", 1699920000);
}

static void
test_days_of_the_year_and_weeks_make_a_date (void)
{
  IS ("Y=2023 j=318", 1699920000);
  IS ("Y=2023 W=46 w=2", 1699920000);
  IS ("Y=2023 U=46 a=tue", 1699920000);
  IS ("Y=2023 W=0 A=Monday", 1672012800);
  IS ("Y=2023 j=366", 1704067200);
  IS ("Y=2023 W=46", 1699920000); /* no weekday: today */
}

static void
test_zones_make_the_time_an_int (void)
{
  const int zone = 120;
  DateTime time = { 0 };

  IS ("Y=2023 m=11 d=14 H=10 z=+0100", 1699952400);
  IS ("Y=2023 m=11 d=14 H=10 z=GMT", 1699956000);
  IS ("Y=2023 m=11 d=14 H=10 Z=CET", 1699952400);
  g_assert_cmpint (resolve ("Y=2023 m=11 d=14 H=10", NOW, &zone, &time, NULL), ==, DATE_RESULT_FOUND);
  g_assert_true (time.is_int);
  g_assert_cmpint (time.int_seconds, ==, 1699948800);
  g_assert_cmpint (resolve ("Y=2023 m=11 d=14 H=10 z=Z", NOW, &zone, &time, NULL), ==, DATE_RESULT_FOUND);
  g_assert_cmpint (time.int_seconds, ==, 1699956000);
  g_assert_cmpint (resolve ("Y=2023 m=11 d=14 H=10", NOW, NULL, &time, NULL), ==, DATE_RESULT_FOUND);
  g_assert_false (time.is_int);
}

static void
test_what_is_no_date_is_none (void)
{
  IS_NONE ("Y=2023 m=2 d=30");
  IS_NONE ("Y=2023 m=11 d=14 S=60");
  IS_NONE ("Y=2023 m=11 d=14 H=24");
  IS_NONE ("Y=0 m=1 d=1");
  IS_NONE ("Y=10000 m=1 d=1");
  IS_NONE ("Y=x");
  IS_NONE ("b=foo");
  IS_NONE ("z=utc");
  IS_NONE ("Y=9999 j=366");
}

static void
test_half_dates_are_errors (void)
{
  FAILS ("m=11", DATE_ERROR_TYPE, "'NoneType' object cannot be interpreted as an integer");
  FAILS ("d=11", DATE_ERROR_TYPE, "'NoneType' object cannot be interpreted as an integer");
  FAILS ("Z=XYZ", DATE_ERROR_KEY, "'XYZ'");
  FAILS ("S=1700000000123456", DATE_ERROR_OVERFLOW, "signed integer is greater than maximum");
  FAILS ("Y=1 m=1 d=1 z=+01", DATE_ERROR_OVERFLOW, "date value out of range");
}

static void
test_the_systems_zone_has_summers (void)
{
  DateLocal local = { 0 };
  gint64 epoch = 0;

  g_setenv ("TZ", "Europe/Berlin", TRUE);
  tzset ();
  if (date_local_wall_usec (&local, 0) != 3600 * (gint64) G_USEC_PER_SEC)
    g_test_skip ("no zone Europe/Berlin on this machine");
  else
    {
      IS ("Y=2023 m=7 d=1 H=12", 1688205600);
      IS ("Y=2023 m=12 d=1 H=12", 1701428400);
      /* What is kept for a minute does not leak into the next one: the night of the change, minute by minute */
      for (gint64 wall = 1679788800; wall < 1679788800 + 4 * 3600; wall += 20)
        {
          DateLocal fresh = { .epoch_shift_sec = local.epoch_shift_sec };
          gint64 expected = 0;
          g_assert_true (date_local_epoch_sec (&fresh, wall, &expected));
          g_assert_true (date_local_epoch_sec (&local, wall, &epoch));
          g_assert_cmpint (epoch, ==, expected);
        }
    }
  g_setenv ("TZ", "UTC", TRUE);
  tzset ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("TZ", "UTC", TRUE);
  tzset ();
  g_test_add_func ("/date-fields/full dates need no clock", test_full_dates_need_no_clock);
  g_test_add_func ("/date-fields/two-digit years lie after 2000", test_two_digit_years_lie_after_2000);
  g_test_add_func ("/date-fields/hours of twelve follow noon", test_hours_of_twelve_follow_noon);
  g_test_add_func ("/date-fields/a missing year is this or the last", test_a_missing_year_is_this_or_the_last);
  g_test_add_func ("/date-fields/a missing day is today or yesterday", test_a_missing_day_is_today_or_yesterday);
  g_test_add_func ("/date-fields/days of the year and weeks make a date", test_days_of_the_year_and_weeks_make_a_date);
  g_test_add_func ("/date-fields/zones make the time an int", test_zones_make_the_time_an_int);
  g_test_add_func ("/date-fields/what is no date is none", test_what_is_no_date_is_none);
  g_test_add_func ("/date-fields/half dates are errors", test_half_dates_are_errors);
  g_test_add_func ("/date-fields/the system's zone has summers", test_the_systems_zone_has_summers);
  return g_test_run ();
}
