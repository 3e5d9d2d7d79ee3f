#include "compat/py-int.h"

#include "compat/py-repr.h"

static void
check (int line, const char *text, gssize len, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) value = py_int_parse (text, len, &error);
  g_autofree char *seen = value != NULL ? py_repr (value) : g_strdup (error->message);

  if (g_strcmp0 (seen, expected) != 0)
    g_error ("line %d: %s instead of %s", line, seen, expected);
}
#define READS(text, expected) check (__LINE__, text, -1, expected)

static void
test_what_python_takes_is_taken (void)
{
  READS ("0", "0");
  READS ("-0", "0");
  READS ("+5", "5");
  READS (" 12\n", "12");
  READS ("\xc2\xa0"
         "7",
         "7");
  READS ("007", "7");
  READS ("1_000", "1000");
  READS ("\xd9\xa1\xd9\xa2", "12"); /* Arabic-Indic digits */
  READS ("9223372036854775807", "9223372036854775807");
  READS ("-9223372036854775808", "-9223372036854775808");
  READS ("9223372036854775808", "9223372036854775808");
  READS ("-00123456789012345678901234567890", "-123456789012345678901234567890");
}

static void
test_what_python_refuses_is_refused_with_its_text (void)
{
  READS ("", "invalid literal for int() with base 10: ''");
  READS ("x", "invalid literal for int() with base 10: 'x'");
  READS ("1.5", "invalid literal for int() with base 10: '1.5'");
  READS ("1__0", "invalid literal for int() with base 10: '1__0'");
  READS ("_1", "invalid literal for int() with base 10: '_1'");
  READS ("1_", "invalid literal for int() with base 10: '1_'");
  READS ("- 1", "invalid literal for int() with base 10: '- 1'");
  READS ("1 2", "invalid literal for int() with base 10: '1 2'");
  READS ("0x10", "invalid literal for int() with base 10: '0x10'");
  check (__LINE__, "1\0", 2, "invalid literal for int() with base 10: '1\\x00'");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/py-int/what Python takes is taken", test_what_python_takes_is_taken);
  g_test_add_func ("/py-int/what Python refuses is refused with its text",
                   test_what_python_refuses_is_refused_with_its_text);
  return g_test_run ();
}
