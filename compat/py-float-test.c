#include "compat/py-float.h"

#include <math.h>
#include <string.h>

static void
reads (int line, const char *text, double expected)
{
  double seen = 0;

  if (!py_float_parse (text, strlen (text), &seen))
    g_error ("line %d: '%s' is refused", line, text);
  if (!(seen == expected || (isnan (seen) && isnan (expected))))
    g_error ("line %d: '%s' is %.17g", line, text, seen);
}
#define READS(text, expected) reads (__LINE__, text, expected)

static void
refuses (int line, const char *text)
{
  double seen = 0;

  if (py_float_parse (text, strlen (text), &seen))
    g_error ("line %d: '%s' is %.17g", line, text, seen);
}
#define REFUSES(text) refuses (__LINE__, text)

/* Seen with Python 3.11 */
static void
test_what_python_takes_is_taken (void)
{
  READS ("1700000000", 1700000000);
  READS ("1700000000.123456", 1700000000.123456);
  READS ("1700000000123.4", 1700000000123.4);
  READS ("12345678901234567890", 12345678901234567890.0);
  READS (" 1_0.5 ", 10.5);
  READS ("1e3", 1000);
  READS ("\xd9\xa3.\xd9\xa5", 3.5); /* Arabic-Indic digits */
  READS ("-Infinity", -HUGE_VAL);
  READS ("nan", (double) NAN);
  READS ("1.", 1);
  READS (".5", 0.5);
  READS ("+1", 1);
}

static void
test_what_python_refuses_is_refused (void)
{
  static const char *const texts[]
      = { "", ".", "1__0", "1e", "0x1", "1_", "- 1", "1 2", "1.2.3", "infin", "t=", "1\303\251" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    REFUSES (texts[i]);
}

/* The short way and the long way of the parser give the same double */
static void
test_plain_numbers_are_exact (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  char text[32], longer[40];

  for (guint i = 0; i < 20000; i++)
    {
      double seen = 0, expected = 0;
      g_snprintf (text, sizeof text, "%u.%06u", g_rand_int (rand), g_rand_int_range (rand, 0, 1000000));
      text[11 + g_rand_int_range (rand, 0, 5)] = '\0';
      if (text[strlen (text) - 1] == '.')
        continue;
      g_snprintf (longer, sizeof longer, "%s%s", text, strchr (text, '.') != NULL ? "00000000000000000" : ".");
      g_assert_true (py_float_parse (text, strlen (text), &seen));
      g_assert_true (py_float_parse (longer, strlen (longer), &expected));
      g_assert_cmpfloat (seen, ==, expected);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/py-float/what Python takes is taken", test_what_python_takes_is_taken);
  g_test_add_func ("/py-float/what Python refuses is refused", test_what_python_refuses_is_refused);
  g_test_add_func ("/py-float/plain numbers are exact", test_plain_numbers_are_exact);
  return g_test_run ();
}
