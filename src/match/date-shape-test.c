#include "match/date-detector.h"

#include <string.h>
#include <time.h>

#define NOW_USEC ((gint64) 1755165600 * G_USEC_PER_SEC) /* 2025-08-14 10:00 UTC */
#define N_LINES  20000

/* All patterns that date-shape.c knows, and the default templates */
static const char *const patterns[] = {
  DATE_SHAPE_LINE_BEGIN DATE_SHAPE_ISO ("(?:T|  ?)"),
  DATE_SHAPE_LINE_BEGIN DATE_SHAPE_ISO ("[T ]"),
  DATE_SHAPE_LINE_BEGIN DATE_SHAPE_SYSLOG,
  "^" DATE_SHAPE_ISO ("(?:T|  ?)"),
  "^" DATE_SHAPE_ISO ("[T ]"),
  "^" DATE_SHAPE_SYSLOG,
  "^{DATE}",
  DATE_SHAPE_LINE_BEGIN "%Y-%m-%d %H:%M:%S",
  "^%Y-%m-%d %H:%M:%S",
  "%Y-%m-%d %H:%M:%S",
  "^[^\\[]*\\[(" DATE_SHAPE_DASH ")",
  "^[^\\[]*\\[({DATE})",
  DATE_SHAPE_LINE_BEGIN,
  NULL,
};

/* --- lines that look like dates, nearly ---------------------------------------------------------------------------- */

static const char *
pick (GRand *rand, const char *const *words)
{
  return words[g_rand_int_range (rand, 0, (gint32) g_strv_length ((char **) words))];
}

static int
number (GRand *rand, int first, int last)
{
  /* One in eight a little outside */
  return g_rand_int_range (rand, 0, 8) > 0 ? g_rand_int_range (rand, first, last + 1)
                                           : g_rand_int_range (rand, MAX (first - 2, 0), last + 4);
}

static void
append_clock (GString *out, GRand *rand)
{
  static const char *const fractions[] = { "", "", "", ".1", ".123456", ",123", ".1234567", ".", ".12a", ",", NULL };

  g_string_append_printf (out, g_rand_int_range (rand, 0, 10) > 0 ? "%02d:" : "%2d:", number (rand, 0, 23));
  g_string_append_printf (out, "%02d:%02d%s", number (rand, 0, 59), number (rand, 0, 59), pick (rand, fractions));
}

static void
append_iso (GString *out, GRand *rand)
{
  static const char *const separators[] = { "-", "-", "-", "/", ".", ":", NULL };
  static const char *const between[] = { " ", " ", "T", "T", "  ", "t", "", NULL };
  static const char *const zones[]
      = { "",    "",       "Z",      " Z",   "+0100", "-05:30",  " +01", " UTC", "UTC",      " GMTx",
          " -0", " -12:3", " +2000", " - x", "  Z",   "\t+0059", " Zab", "Z1",   " +01:00x", NULL };
  const char *separator = pick (rand, separators);

  g_string_append_printf (out, "%04d%s%02d%s", number (rand, 1999, 2030), separator, number (rand, 1, 12),
                          g_rand_int_range (rand, 0, 30) > 0 ? separator : pick (rand, separators));
  g_string_append_printf (out, g_rand_int_range (rand, 0, 10) > 0 ? "%02d" : "%2d", number (rand, 1, 31));
  g_string_append (out, pick (rand, between));
  append_clock (out, rand);
  g_string_append (out, pick (rand, zones));
}

static void
append_syslog (GString *out, GRand *rand)
{
  static const char *const days[] = { "", "", "", "Mon ", "tue ", "SUN ", "Sat", "Foo ", "Jan ", NULL };
  static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",  "Aug", "Sep",
                                        "Oct", "Nov", "Dec", "DEC", "jun", "Foo", "Mond", "Ju",  NULL };
  static const char *const years[]
      = { "", "", "", " 2024", " 2024x", " 2034", " 1999", " 20", " 20240", "  2024", NULL };

  g_string_append (out, pick (rand, days));
  g_string_append (out, pick (rand, months));
  g_string_append_printf (out, g_rand_int_range (rand, 0, 2) > 0 ? " %2d " : " %02d ", number (rand, 1, 31));
  append_clock (out, rand);
  g_string_append (out, pick (rand, years));
}

static void
append_dash (GString *out, GRand *rand)
{
  static const char *const before[] = { "[", "[", "[", "- - [", "\303\251[", "[x[", "[ ", "", NULL };
  static const char *const separators[] = { "/", "/", "/", "-", ".", NULL };
  static const char *const months[] = { "Oct", "oct", "JAN", "May", "Mai", "October", "\305\277ep", NULL };
  static const char *const between[] = { ":", ":", " ", "", "T", NULL };
  static const char *const zones[] = { "",       " +0100", " -05:30]", " -0530] x", "+0100", "  +0100", " +01",
                                       " +2000", " Z]",    " GMT",     "]",         "] x",   NULL };
  const char *separator = pick (rand, separators);

  g_string_append (out, pick (rand, before));
  g_string_append_printf (out, g_rand_int_range (rand, 0, 10) > 0 ? "%02d%s" : "%2d%s", number (rand, 1, 31),
                          separator);
  g_string_append_printf (out, "%s%s%04d%s", pick (rand, months), separator, number (rand, 1999, 2030),
                          pick (rand, between));
  append_clock (out, rand);
  g_string_append (out, pick (rand, zones));
}

/* The other default templates' dates */
static void
append_rare (GString *out, GRand *rand)
{
  static const char *const dates[] = {
    "14/11/2023 10:20:30",
    "14-11-23  1:20:30",
    "31/Oct/2006:09:22:55 -0000",
    "26-Jul-2007 15:20:52",
    "05/20/2008:01:57:39",
    "01-27-2012 16:22:44.252",
    "1699957230",
    "audit(1699957230.123:4",
    "[1699957230]",
    "10:20:30",
    "<09/16/08@05:03:30>",
    "130322 11:46:11",
    "130322  1:46:11",
    "Apr-27-13 02:33:06",
    "Jan 23, 2005 9:59:59 PM",
    "20050123T215959",
    "20050123-21:59:59,5",
    "20050123  215959 +0100",
    "PDT Apr 16 21:05:29",
    "+00:00 Jan 23 21:59:59",
    "@4000000041f427bf0ed0f23c",
    "Sun Jan  3 2005 1:2:3",
    "05/ 3/2008:01:57:39",
    NULL,
  };

  g_string_append (out, pick (rand, dates));
}

static void
mutate (GString *line, GRand *rand)
{
  static const char *const bits[] = { " ",  "0",    "9",        ":",        "-",        "Z",        "a", "_", "[",
                                      "\t", "\x1f", "\303\251", "\305\277", "\331\243", "\302\240", ".", NULL };
  gsize at = g_rand_int_range (rand, 0, (gint32) line->len + 1);
  const char *bit = pick (rand, bits);

  while (at < line->len && ((guchar) line->str[at] & 0xc0) == 0x80)
    at++;
  if (g_rand_boolean (rand) && at < line->len)
    g_string_erase (line, (gssize) at, g_utf8_next_char (line->str + at) - (line->str + at));
  if (g_rand_int_range (rand, 0, 3) > 0)
    g_string_insert (line, (gssize) at, bit);
}

static void
make_line (GString *line, GRand *rand)
{
  static const char *const before[]
      = { "", "", "", "", "[", "[[", "<1", "  ", "(((", "x ", "\303\251 ", "\302\240", "\"[[", NULL };
  static const char *const after[]
      = { "",         "",         " host sshd[1]: x",     " x",    "] x", "x", "_", "0", ": a",
          "\303\251", "\302\240", " 2024-01-01 00:00:00", " 2023", "\t",  "-", NULL };

  g_string_assign (line, pick (rand, before));
  do
    switch (g_rand_int_range (rand, 0, 4))
      {
      case 2:
        append_dash (line, rand);
        break;
      case 0:
        append_iso (line, rand);
        break;
      case 1:
        append_syslog (line, rand);
        break;
      default:
        append_rare (line, rand);
        break;
      }
  while (g_rand_int_range (rand, 0, 4) == 0);
  g_string_append (line, pick (rand, after));
  while (g_rand_int_range (rand, 0, 3) == 0)
    mutate (line, rand);
}

/* The next line of a log mostly begins as the last one did, and goes on otherwise. */
static void
make_next_line (GString *line, GRand *rand)
{
  static const char *const ends[]
      = { "",     " x", " host sshd[1]: x", " 2023 x",  "  +0100 x", " Z x", ".5 x", "]", "Z", " +01",
          " 202", ",",  ": a b c d",        "\303\251", "5",         NULL };
  gsize keep = (gsize) g_rand_int_range (rand, 0, (gint32) line->len + 1);

  if (g_rand_int_range (rand, 0, 3) == 0)
    {
      make_line (line, rand);
      return;
    }
  if (g_rand_boolean (rand))
    keep = MIN (line->len, (gsize) g_rand_int_range (rand, 15, 36));
  while (keep > 0 && keep < line->len && ((guchar) line->str[keep] & 0xc0) == 0x80)
    keep--;
  g_string_truncate (line, keep);
  g_string_append (line, pick (rand, ends));
}

static void
assert_same_ranking (const DateDetector *a, const DateDetector *b)
{
  g_assert_cmpuint (date_detector_get_n_templates (a), ==, date_detector_get_n_templates (b));
  for (guint i = 0; i < date_detector_get_n_templates (a); i++)
    {
      g_assert_cmpstr (date_template_peek_name (date_detector_peek_template (a, i)), ==,
                       date_template_peek_name (date_detector_peek_template (b, i)));
      g_assert_cmpuint (date_detector_get_hits (a, i), ==, date_detector_get_hits (b, i));
    }
}

/* --- both ways ----------------------------------------------------------------------------------------------------- */

static DateDetector *
make_detector (const char *pattern, gboolean by_hand)
{
  DateDetector *detector = date_detector_new (NOW_USEC);

  g_assert_true (date_detector_add_patterns (detector, pattern != NULL ? pattern : "", -1, NULL));
  date_detector_set_by_hand (detector, by_hand);
  return detector;
}

/* What a detector says of a line, as text.  *ret_by_hand counts those that needed no expression. */
static char *
describe (DateDetector *detector, const GString *line, guint *ret_by_hand)
{
  g_autoptr (GError) error = NULL;
  DateMatch match;
  DateTime time = { 0 };
  DateResult result = date_detector_match (detector, line->str, line->len, PY_SEARCH_DEFAULT, NOW_USEC, &match, &error);

  if (result == DATE_RESULT_ERROR)
    return g_strdup (error->message);
  if (result == DATE_RESULT_NONE)
    return g_strdup ("no match");
  *ret_by_hand += match.by_hand;
  result = date_detector_get_time (detector, line->str, line->len, &match, NOW_USEC, &time, &error);
  if (result == DATE_RESULT_ERROR)
    return g_strdup (error->message);
  return g_strdup_printf ("%" G_GSIZE_FORMAT " to %" G_GSIZE_FORMAT " by %s: %s%" G_GINT64_FORMAT, match.begin,
                          match.end, date_template_peek_name (match.template),
                          result == DATE_RESULT_NONE ? "no date"
                          : time.is_int              ? "int "
                                                     : "",
                          time.usec);
}

static void
test_by_hand_and_by_expression_agree (gconstpointer data)
{
  const char *pattern = data;
  g_autoptr (DateDetector) hand = make_detector (pattern, TRUE);
  g_autoptr (DateDetector) expression = make_detector (pattern, FALSE);
  g_autoptr (GRand) rand = g_rand_new_with_seed (42);
  g_autoptr (GString) line = g_string_new (NULL);
  guint n_by_hand = 0, n_none = 0;

  for (guint i = 0; i < N_LINES; i++)
    {
      make_next_line (line, rand);
      g_autofree char *seen = describe (hand, line, &n_by_hand);
      g_autofree char *expected = describe (expression, line, &n_none);
      if (strcmp (seen, expected) != 0)
        g_error ("'%s' with %s: %s instead of %s", line->str, pattern, seen, expected);
    }
  assert_same_ranking (hand, expression);
  g_assert_cmpuint (n_none, ==, 0);
  g_assert_cmpuint (n_by_hand, >, N_LINES / 1000);
}

/* --- alone --------------------------------------------------------------------------------------------------------- */

#define ISO    DATE_SHAPE_LINE_BEGIN DATE_SHAPE_ISO ("(?:T|  ?)")
#define SYSLOG DATE_SHAPE_LINE_BEGIN DATE_SHAPE_SYSLOG

static void
recognises (int line, const char *pattern, const char *text, DateShapeResult expected, gsize expected_end)
{
  const DateShape *shape = date_shape_find (pattern);
  DateShapeMatch match = { 0 };
  DateShapeResult result = date_shape_recognise (shape, 0x7, text, strlen (text), &match);

  if (result != expected || (result == DATE_SHAPE_MATCH && match.end != expected_end))
    g_error ("line %d: '%s' gives %d, ends at %" G_GSIZE_FORMAT, line, text, result, match.end);
}
#define FINDS(pattern, text, end) recognises (__LINE__, pattern, text, DATE_SHAPE_MATCH, end)
#define NONE(pattern, text)       recognises (__LINE__, pattern, text, DATE_SHAPE_NO_MATCH, 0)
#define UNSURE(pattern, text)     recognises (__LINE__, pattern, text, DATE_SHAPE_UNSURE, 0)

static void
test_the_usual_shapes_need_no_expression (void)
{
  FINDS (ISO, "2012-09-27 09:44:40 [12118] H=(mail.example.com)", 19);
  FINDS (ISO, "2024-02-29T23:59:59.123456+01:00 host", 32);
  FINDS (ISO, "[2024/02/29 23:59:59,123] x", 24);
  FINDS (ISO, "2024-02-29 23:59:59 Z", 21);
  FINDS (ISO, "2024-02-29 23:59:59 - x", 19);
  FINDS (SYSLOG, "Jan 23 21:59:59 host sshd[1]: x", 15);
  FINDS (SYSLOG, "Jan  3 21:59:59 host", 15);
  FINDS (SYSLOG, "[Sun Jan 23 21:59:59.123456 2005] [error]", 32);
  FINDS ("^" DATE_SHAPE_ISO ("(?:T|  ?)"), "2026-11-27 01:02:03,123 fail2ban.actions", 23);
  FINDS ("^" DATE_SHAPE_SYSLOG, "Jan 23 21:59:59.5 2005 x", 22);
  FINDS ("%Y-%m-%d %H:%M:%S", "1999-01-01 00:00:00.5", 19);
}

#define BRACKET "^[^\\[]*\\[(" DATE_SHAPE_DASH ")"

static void
test_the_dates_of_web_servers_need_no_expression (void)
{
  FINDS (BRACKET, "192.0.2.1 - - [31/Oct/2006:09:22:55 -0000] \"GET\"", 41);
  FINDS (BRACKET, "[31-oct-2006 09:22:55] x", 21);
  NONE (BRACKET, "192.0.2.1 - - 31/Oct/2006:09:22:55 -0000");
  NONE (BRACKET, "[x] [31/Oct/2006:09:22:55 -0000]");
  UNSURE (BRACKET, "[31/Oct/2006:09:22:55.1 -0000]");
  UNSURE (BRACKET, "[ 1/Oct/2006:09:22:55 -0000]");
  UNSURE (BRACKET, "[31/Oct-2006:09:22:55 -0000]");
  UNSURE (BRACKET, "\303\251 [31/Oct/2006:09:22:55 -0000]");
}

static void
test_other_lines_are_turned_away_at_once (void)
{
  NONE (ISO, "Jan 23 21:59:59 host");
  NONE (SYSLOG, "2012-09-27 09:44:40 x");
  NONE (SYSLOG, "192.0.2.1 - - [x");
  NONE (SYSLOG, "Foo 23 21:59:59");
}

static void
test_in_doubt_the_expression_decides (void)
{
  UNSURE (ISO, "2012-9-27 09:44:40");
  UNSURE (ISO, "2012-09-27 09:44:60");
  UNSURE (ISO, "2012-09-27 09:44:40\303\251");
  UNSURE (ISO, "2012-09-27 09:44:40x");
  NONE ("^" DATE_SHAPE_ISO ("(?:T|  ?)"), "[2012-09-27 09:44:40]");
  UNSURE (ISO, "2012-09-27 09:44:40 +01 x");
  UNSURE (SYSLOG, "Jan 32 21:59:59");
  UNSURE (SYSLOG, "Jan 3 21:59:59 host");
  UNSURE (SYSLOG, "\305\277un Jan");
  UNSURE ("%Y-%m-%d %H:%M:%S", "x 1999-01-01 00:00:00");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_setenv ("TZ", "UTC", TRUE);
  tzset ();
  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    {
      g_autofree char *path = g_strdup_printf ("/date-shape/by hand and by expression agree/%u", i);
      g_test_add_data_func (path, patterns[i], test_by_hand_and_by_expression_agree);
    }
  g_test_add_func ("/date-shape/the usual shapes need no expression", test_the_usual_shapes_need_no_expression);
  g_test_add_func ("/date-shape/the dates of web servers need no expression",
                   test_the_dates_of_web_servers_need_no_expression);
  g_test_add_func ("/date-shape/other lines are turned away at once", test_other_lines_are_turned_away_at_once);
  g_test_add_func ("/date-shape/in doubt the expression decides", test_in_doubt_the_expression_decides);
  return g_test_run ();
}
