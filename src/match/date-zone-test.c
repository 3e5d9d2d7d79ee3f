#include "match/date-zone.h"

#include <string.h>

static void
parses (int line, const char *text, DateZoneResult expected, int expected_minutes)
{
  int minutes = 0;
  gsize name_len = 0;
  DateZoneResult result = date_zone_parse (text, strlen (text), &minutes, &name_len);

  if (result != expected || (result == DATE_ZONE_OK && minutes != expected_minutes))
    g_error ("line %d: '%s' gives %d, %d minutes", line, text, result, minutes);
}
#define IS(text, minutes) parses (__LINE__, text, DATE_ZONE_OK, minutes)
#define MALFORMED(text)   parses (__LINE__, text, DATE_ZONE_MALFORMED, 0)
#define UNKNOWN(text)     parses (__LINE__, text, DATE_ZONE_UNKNOWN, 0)

/* Seen with fail2ban 1.1.2, fail2ban-regex --timezone */
static void
test_names_and_offsets_add_up (void)
{
  IS ("UTC", 0);
  IS ("Z", 0);
  IS ("A", 60);
  IS ("CET", 60);
  IS ("NPT", 345);
  IS ("MART", -570);
  IS ("YEKST", 360);
  IS ("+01", 60);
  IS ("-0330", -210);
  IS ("+19:59", 1199);
  IS ("CET+0100", 120);
  IS ("UTC-02:30", -150);
  IS ("", 0);
  IS ("+0160", 120);
  IS ("UTC\n", 0);
  IS ("+0\331\243", 180); /* an Arabic-Indic three */
}

static void
test_other_shapes_are_malformed (void)
{
  MALFORMED ("utc");
  MALFORMED ("AB");
  MALFORMED ("UTCUTC");
  MALFORMED ("UTC+1");
  MALFORMED ("+2000");
  MALFORMED ("+1");
  MALFORMED ("UTC+01000");
  MALFORMED ("+010");
  MALFORMED ("+01:");
  MALFORMED (" UTC");
  MALFORMED ("Europe/Berlin");
  MALFORMED ("+");
}

static void
test_names_that_nobody_has_are_unknown (void)
{
  UNKNOWN ("XYZ");
  UNKNOWN ("IST");
  UNKNOWN ("ABCDE+0100");
}

#define N_SHORT_NAMES 206 /* of one, three and four letters */

/* A table that is searched by halves must be sorted: every row must be found */
static void
test_every_name_is_found (void)
{
  static const char *const long_names[]
      = { "ANAST", "EASST", "IRKST", "KRAST", "MAGST", "NOVST", "OMSST", "PETST", "VLAST", "YAKST", "YEKST" };
  guint n_found = 0;
  int minutes;
  gsize name_len;

  for (guint i = 0; i < 26 * 26 * 26 * 26; i++)
    {
      char name[] = { 'A' + i / 17576, 'A' + i / 676 % 26, 'A' + i / 26 % 26, 'A' + i % 26, '\0' };
      n_found += date_zone_parse (name, 4, &minutes, &name_len) == DATE_ZONE_OK;
      if (i % 26 == 0)
        n_found += date_zone_parse (name, 3, &minutes, &name_len) == DATE_ZONE_OK;
      if (i % 17576 == 0)
        n_found += date_zone_parse (name, 1, &minutes, &name_len) == DATE_ZONE_OK;
    }
  g_assert_cmpuint (n_found, ==, N_SHORT_NAMES);
  for (guint i = 0; i < G_N_ELEMENTS (long_names); i++)
    g_assert_cmpint (date_zone_parse (long_names[i], 5, &minutes, &name_len), ==, DATE_ZONE_OK);
}

static void
test_an_option_is_refused_with_the_references_text (void)
{
  g_autoptr (GError) error = NULL;
  int minutes = 7;

  g_assert_true (date_zone_check ("UTC+0200", &minutes, &error));
  g_assert_cmpint (minutes, ==, 120);
  g_assert_false (date_zone_check ("utc", &minutes, &error));
  g_assert_error (error, DATE_ERROR, DATE_ERROR_VALUE);
  g_assert_cmpstr (error->message, ==, "Unknown or unsupported time zone: 'utc'");
  g_clear_error (&error);
  g_assert_false (date_zone_check ("XYZ+01", &minutes, &error));
  g_assert_error (error, DATE_ERROR, DATE_ERROR_KEY);
  g_assert_cmpstr (error->message, ==, "'XYZ'");
  g_assert_cmpint (minutes, ==, 120);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/date-zone/names and offsets add up", test_names_and_offsets_add_up);
  g_test_add_func ("/date-zone/other shapes are malformed", test_other_shapes_are_malformed);
  g_test_add_func ("/date-zone/names that nobody has are unknown", test_names_that_nobody_has_are_unknown);
  g_test_add_func ("/date-zone/every name is found", test_every_name_is_found);
  g_test_add_func ("/date-zone/an option is refused with the reference's text",
                   test_an_option_is_refused_with_the_references_text);
  return g_test_run ();
}
