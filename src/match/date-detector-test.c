#include "match/date-detector.h"

#include <string.h>
#include <time.h>

#define NOW_SEC 1700000000 /* 2023-11-14 22:13:20 UTC */

static DateDetector *
make_detector (const char *patterns)
{
  DateDetector *detector = date_detector_new (NOW_SEC * (gint64) G_USEC_PER_SEC);
  g_autoptr (GError) error = NULL;

  if (!date_detector_add_patterns (detector, patterns, -1, &error))
    g_error ("%s", error->message);
  return detector;
}

/* "date text|seconds", "-" without a match, "text|" without a time, an error's class and message */
static char *
ask_at (DateDetector *detector, const char *line, gint64 now_usec)
{
  g_autoptr (GError) error = NULL;
  DateMatch match;
  DateTime time = { 0 };
  DateResult result = date_detector_match (detector, line, strlen (line), PY_SEARCH_DEFAULT, now_usec, &match, &error);

  if (result == DATE_RESULT_NONE)
    return g_strdup ("-");
  g_autofree char *text = result == DATE_RESULT_FOUND ? g_strndup (line + match.begin, match.end - match.begin) : NULL;
  if (result == DATE_RESULT_FOUND && match.end > match.begin)
    result = date_detector_get_time (detector, line, strlen (line), &match, now_usec, &time, &error);
  if (result == DATE_RESULT_ERROR)
    return g_strdup_printf ("%s: %s", date_error_class (error->code), error->message);
  if (result == DATE_RESULT_NONE || match.begin == match.end)
    return g_strconcat (text, "|", NULL);
  return g_strdup_printf ("%s|%.16g", text, time.seconds);
}

static void
answers (int line, DateDetector *detector, const char *text, const char *expected)
{
  g_autofree char *seen = ask_at (detector, text, NOW_SEC * (gint64) G_USEC_PER_SEC);

  if (strcmp (seen, expected) != 0)
    g_error ("line %d: '%s' gives %s", line, text, seen);
}
#define ANSWERS(detector, text, expected) answers (__LINE__, detector, text, expected)

static const char *
peek_name (DateDetector *detector, guint i)
{
  return date_template_peek_name (date_detector_peek_template (detector, i));
}

/* Everything here was seen with fail2ban 1.1.2 */
static void
test_the_default_templates_know_the_usual_dates (void)
{
  static const char *const lines[][2] = {
    { "2023-11-14T10:20:30.981746+01:00 x", "2023-11-14T10:20:30.981746+01:00|1699953630" },
    { "Tue Nov 14 10:20:30.011 2023 x", "Tue Nov 14 10:20:30.011 2023|1699957230" },
    { "Nov 14 10:20:30 host x", "Nov 14 10:20:30|1699957230" },
    { "14/11/2023 10:20:30 x", "14/11/2023 10:20:30|1699957230" },
    { "192.0.2.1 - - [14/Nov/2023:10:20:30 -0500] x", "14/Nov/2023:10:20:30 -0500|1699975230" },
    { "11/14/2023:10:20:30 x", "11/14/2023:10:20:30|1699957230" },
    { "1699957230 x", "1699957230|1699957230" },
    { "type=A msg=audit(1699957230.123:42): x", "1699957230.123|1699957230.123" },
    { "10:20:30 x", "10:20:30|1699957230" },
    { "<11/14/23@10:20:30> x", "<11/14/23@10:20:30>|1699957230" },
    { "231114 10:20:30 x", "231114 10:20:30|1699957230" },
    { "Nov 14, 2023 10:20:30 AM x", "Nov 14, 2023 10:20:30 AM|1699957230" },
    { "Nov-14-23 10:20:30 x", "Nov-14-23 10:20:30|1699957230" },
    { "20231114T102030 x", "20231114T102030|1699957230" },
    { "PDT Nov 14 10:20:30 x", "PDT Nov 14 10:20:30|1699982430" },
    { "@400000006553496e0ed0f23c x", "@400000006553496e0ed0f23c|1699957102" },
    { "2023-11-31 10:20:30 x", "2023-11-31 10:20:30|" },
    { "no date", "-" },
    { "", "-" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (DateDetector) detector = make_detector ("");
      ANSWERS (detector, lines[i][0], lines[i][1]);
    }
}

static void
test_templates_come_at_the_first_line (void)
{
  g_autoptr (DateDetector) detector = make_detector ("");

  g_assert_cmpuint (date_detector_get_n_templates (detector), ==, 0);
  ANSWERS (detector, "x", "-");
  g_assert_cmpuint (date_detector_get_n_templates (detector), ==, 31);
  g_assert_cmpstr (peek_name (detector, 0), ==,
                   "{^LN-BEG}ExYear(?P<_sep>[-/.])Month(?P=_sep)Day(?:T|  ?)24hour:Minute:Second(?:[.,]Microseconds)?"
                   "(?:\\s*Zone offset)?");
  g_assert_cmpstr (peek_name (detector, 30), ==, "TAI64N");
}

static void
test_the_template_in_use_moves_up (void)
{
  g_autoptr (DateDetector) detector = make_detector ("");

  ANSWERS (detector, "Nov 14 10:20:30 host", "Nov 14 10:20:30|1699957230");
  g_assert_cmpstr (peek_name (detector, 0), ==,
                   "{^LN-BEG}(?:DAY )?MON Day %k:Minute:Second(?:\\.Microseconds)?(?: ExYear)?");
  g_assert_cmpuint (date_detector_get_hits (detector, 0), ==, 1);
  g_assert_cmpfloat (date_detector_get_weight (detector, 0), ==, 100);
  ANSWERS (detector, "Nov 14 10:20:31 host", "Nov 14 10:20:31|1699957231");
  g_assert_cmpuint (date_detector_get_hits (detector, 0), ==, 2);
}

static void
test_the_place_of_the_last_date_counts (void)
{
  g_autoptr (DateDetector) detector = make_detector ("%H:%M:%S\n%Y-%m-%d %H:%M:%S");

  ANSWERS (detector, "a 2023-11-14 10:20:30", "2023-11-14 10:20:30|1699957230");
  ANSWERS (detector, "a 2023-11-14 10:20:31 11:00:00", "2023-11-14 10:20:31|1699957231");
  ANSWERS (detector, "\303\251 2023-11-14 10:20:32 x", "2023-11-14 10:20:32|1699957232");
}

static void
test_words_in_braces_stand_for_templates (void)
{
  g_autoptr (DateDetector) none = make_detector ("{NONE}");
  g_autoptr (DateDetector) begin = make_detector ("{^LN-BEG}");
  g_autoptr (DateDetector) epoch = make_detector ("t={EPOCH};");
  g_autoptr (DateDetector) date = make_detector ("^[^\\[]*\\[({DATE})");
  g_autoptr (DateDetector) defaults = make_detector ("{default}");

  ANSWERS (none, "x", "|");
  ANSWERS (begin, "a 2023-11-14 10:20:30", "-");
  ANSWERS (begin, "[2023-11-14 10:20:30", "2023-11-14 10:20:30|1699957230");
  g_assert_cmpuint (date_detector_get_n_templates (begin), ==, 17);
  ANSWERS (epoch, "a t=1699957230.5; x", "-");
  ANSWERS (epoch, "a t=1699957230.500; x", "t=1699957230.500;|1699957230.5");
  ANSWERS (date, "a - - [14/Nov/2023:10:20:30 +0000] x", "14/Nov/2023:10:20:30 +0000|1699957230");
  g_assert_cmpuint (date_detector_get_n_templates (date), ==, 17);
  ANSWERS (defaults, "a 2023-11-14 10:20:30", "2023-11-14 10:20:30|1699957230");
}

static void
test_errors_lose_a_line_and_no_more (void)
{
  g_autoptr (DateDetector) broken = make_detector ("[%Y");
  g_autoptr (DateDetector) half = make_detector ("%d %H:%M");
  g_autoptr (DateDetector) zone = make_detector ("%H:%M %ExZ");
  g_autoptr (DateDetector) empty = make_detector ("$");
  g_autoptr (DateDetector) noon = make_detector ("%I:%M(?: %p)?");

  ANSWERS (broken, "2023", "error: unterminated character set at position 12");
  ANSWERS (broken, "2023", "error: unterminated character set at position 12");
  ANSWERS (half, "14 10:20", "TypeError: 'NoneType' object cannot be interpreted as an integer");
  ANSWERS (zone, "10:20 XYZ", "KeyError: 'XYZ'");
  ANSWERS (zone, "10:20 CET", "10:20 CET|1699953600");
  ANSWERS (empty, "x", "IndexError: string index out of range");
  ANSWERS (noon, "10:20", "AttributeError: 'NoneType' object has no attribute 'lower'");
  ANSWERS (noon, "10:20 PM", "10:20 PM|1699914000");
}

static void
test_a_group_without_part_is_an_empty_date (void)
{
  g_autoptr (DateDetector) detector = make_detector ("(a)?%Y");
  DateMatch match;

  g_assert_cmpint (date_detector_match (detector, "2023 x\303\251", 8, PY_SEARCH_DEFAULT, 0, &match, NULL), ==,
                   DATE_RESULT_FOUND);
  g_assert_cmpuint (match.begin, ==, 6);
  g_assert_cmpuint (match.end, ==, 6);
}

static void
test_patterns_that_are_none_are_refused (void)
{
  g_autoptr (DateDetector) detector = make_detector ("EPOCH");
  g_autoptr (GError) error = NULL;

  g_assert_false (date_detector_add_pattern (detector, "%Y %q", -1, &error));
  g_assert_error (error, DATE_ERROR, DATE_ERROR_TYPE);
  g_clear_error (&error);
  g_assert_false (date_detector_add_pattern (detector, "epoch", -1, &error));
  g_assert_error (error, DATE_ERROR, DATE_ERROR_VALUE);
  g_assert_cmpstr (error->message, ==, "There is already a template with name Epoch");
  g_clear_error (&error);
  g_assert_false (date_detector_set_default_zone (detector, "utc", &error));
  g_assert_error (error, DATE_ERROR, DATE_ERROR_VALUE);
}

static void
test_a_default_zone_is_for_dates_without_one (void)
{
  g_autoptr (DateDetector) detector = make_detector ("{^LN-BEG}");

  g_assert_true (date_detector_set_default_zone (detector, "CET", NULL));
  ANSWERS (detector, "2023-11-14 10:20:30", "2023-11-14 10:20:30|1699953630");
  ANSWERS (detector, "2023-11-14 10:20:30Z", "2023-11-14 10:20:30Z|1699957230");
  g_assert_true (date_detector_set_default_zone (detector, NULL, NULL));
  ANSWERS (detector, "2023-11-14 10:20:30", "2023-11-14 10:20:30|1699957230");
}

static void
test_detectors_that_share_templates_do_not_share_what_they_saw (void)
{
  g_autoptr (DatePool) pool = date_pool_new ();
  g_autoptr (DateDetector) one = date_detector_new_sharing (NOW_SEC * (gint64) G_USEC_PER_SEC, pool);
  DateDetector *other = date_detector_new_sharing (NOW_SEC * (gint64) G_USEC_PER_SEC, pool);

  ANSWERS (one, "2023-11-14 22:13:19 x", "2023-11-14 22:13:19|1699999999");
  ANSWERS (other, "Nov 14 22:13:19 x", "Nov 14 22:13:19|1699999999");
  g_assert_true (date_detector_peek_template (one, 0) != date_detector_peek_template (other, 0));
  g_assert_cmpuint (date_detector_get_hits (one, 0), ==, 1);
  g_assert_cmpuint (date_detector_get_hits (other, 0), ==, 1);
  date_detector_free (other);
  ANSWERS (one, "Nov 14 22:13:18 x", "Nov 14 22:13:18|1699999998");
}

static void
test_a_pool_may_go_before_its_detectors (void)
{
  DatePool *pool = date_pool_new ();
  g_autoptr (DateDetector) one = date_detector_new_sharing (NOW_SEC * (gint64) G_USEC_PER_SEC, pool);

  date_pool_free (pool);
  ANSWERS (one, "2023-11-14 22:13:19 x", "2023-11-14 22:13:19|1699999999");
}

/* A date is kept as long as now can change nothing about it: a year is added while it is no more than a day ahead. */
static void
test_a_kept_date_is_the_date_that_is_found_anew (void)
{
  static const char *const lines[] = { "Nov 15 22:13:20 x", "2023-11-15 22:13:20 x", "Nov 15 22:13:20 x" };
  const gint64 day_before_usec = NOW_SEC * (gint64) G_USEC_PER_SEC;
  const gint64 steps[] = { -1000000,
                           -1,
                           0,
                           1,
                           999999,
                           1000000,
                           -999999,
                           2000000,
                           -500000,
                           500000,
                           G_GINT64_CONSTANT (47 * 86400 * 1000000),
                           G_GINT64_CONSTANT (46 * 86400 * 1000000) };
  g_autoptr (DateDetector) kept = date_detector_new (day_before_usec);

  for (gsize i = 0; i < G_N_ELEMENTS (lines); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (steps); j++)
      {
        g_autoptr (DateDetector) anew = date_detector_new (day_before_usec);
        g_autofree char *seen = ask_at (kept, lines[i], day_before_usec + steps[j]),
                        *wanted = ask_at (anew, lines[i], day_before_usec + steps[j]);

        g_assert_cmpstr (seen, ==, wanted);
      }
  g_autofree char *last_year = ask_at (kept, lines[0], day_before_usec - 1),
                  *this_year = ask_at (kept, lines[0], day_before_usec);
  g_assert_cmpstr (last_year, ==, "Nov 15 22:13:20|1668550400");
  g_assert_cmpstr (this_year, ==, "Nov 15 22:13:20|1700086400");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("TZ", "UTC", TRUE);
  tzset ();
  g_test_add_func ("/date-detector/the default templates know the usual dates",
                   test_the_default_templates_know_the_usual_dates);
  g_test_add_func ("/date-detector/templates come at the first line", test_templates_come_at_the_first_line);
  g_test_add_func ("/date-detector/the template in use moves up", test_the_template_in_use_moves_up);
  g_test_add_func ("/date-detector/the place of the last date counts", test_the_place_of_the_last_date_counts);
  g_test_add_func ("/date-detector/words in braces stand for templates", test_words_in_braces_stand_for_templates);
  g_test_add_func ("/date-detector/errors lose a line and no more", test_errors_lose_a_line_and_no_more);
  g_test_add_func ("/date-detector/a group without part is an empty date", test_a_group_without_part_is_an_empty_date);
  g_test_add_func ("/date-detector/patterns that are none are refused", test_patterns_that_are_none_are_refused);
  g_test_add_func ("/date-detector/detectors that share templates do not share what they saw",
                   test_detectors_that_share_templates_do_not_share_what_they_saw);
  g_test_add_func ("/date-detector/a pool may go before its detectors", test_a_pool_may_go_before_its_detectors);
  g_test_add_func ("/date-detector/a default zone is for dates without one",
                   test_a_default_zone_is_for_dates_without_one);
  g_test_add_func ("/date-detector/a kept date is the date that is found anew",
                   test_a_kept_date_is_the_date_that_is_found_anew);
  return g_test_run ();
}
