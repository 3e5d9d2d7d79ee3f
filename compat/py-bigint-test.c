#include "compat/py-bigint.h"

#include <math.h>
#include <string.h>

static PyBigint *
from_text (const char *text)
{
  gboolean negative = *text == '-';
  g_autoptr (PyBigint) value = py_bigint_new_digits (text + negative, strlen (text) - (gsize) negative, 10);

  return negative ? py_bigint_negate (value) : g_steal_pointer (&value);
}

static void
assert_text (guint line, PyBigint *take_value, const char *wanted)
{
  g_autoptr (PyBigint) value = take_value;
  g_autofree char *text = value != NULL ? py_bigint_to_string (value) : g_strdup ("NULL");

  if (!g_str_equal (text, wanted))
    g_error ("line %u: %s, not %s", line, text, wanted);
}
#define GIVES(value, wanted) assert_text (__LINE__, value, wanted)

static void
test_decimal_text_comes_back (void)
{
  GIVES (from_text ("0"), "0");
  GIVES (from_text ("-1"), "-1");
  GIVES (from_text ("1000000000"), "1000000000");
  GIVES (from_text ("-123456789012345678901234567890"), "-123456789012345678901234567890");
  g_assert_null (py_bigint_new_digits ("", 0, 10));
  g_assert_null (py_bigint_new_digits ("12a", 3, 10));
  GIVES (py_bigint_new_digits ("ffffffffffffffffff", 18, 16), "4722366482869645213695");
}

static void
test_division_floors (void)
{
  static const char *const rows[][4] = {
    { "7", "2", "3", "1" },
    { "-7", "2", "-4", "1" },
    { "7", "-2", "-4", "-1" },
    { "-7", "-2", "3", "-1" },
    { "6", "-2", "-3", "0" },
    { "100000000000000000000000000000000000000000", "-30000000000000000000007", "-3333333333333333332556",
      "-25555555555555555557892" },
    { "340282366920938463463374607431768211455", "18446744073709551616", "18446744073709551615",
      "18446744073709551615" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PyBigint) a = from_text (rows[i][0]);
      g_autoptr (PyBigint) b = from_text (rows[i][1]);
      PyBigint *quotient, *rest;
      py_bigint_divide (a, b, &quotient, &rest);
      g_autoptr (PyBigint) product = py_bigint_multiply (quotient, b);
      GIVES (py_bigint_add (product, rest), rows[i][0]);
      if (i != 5)
        {
          GIVES (py_bigint_copy (quotient), rows[i][2]);
          GIVES (py_bigint_copy (rest), rows[i][3]);
        }
      py_bigint_free (quotient);
      py_bigint_free (rest);
    }
}

static void
test_shifts_and_bits_are_those_of_infinite_twos_complement (void)
{
  g_autoptr (PyBigint) minus_nine = py_bigint_new_int (-9);
  g_autoptr (PyBigint) three = py_bigint_new_int (3);
  g_autoptr (PyBigint) wide = py_bigint_shift_left (three, 100);

  GIVES (py_bigint_copy (wide), "3802951800684688204490109616128");
  GIVES (py_bigint_shift_right (minus_nine, 2), "-3");
  GIVES (py_bigint_shift_right (minus_nine, 1000), "-1");
  GIVES (py_bigint_bitwise (minus_nine, three, '&'), "3");
  GIVES (py_bigint_bitwise (minus_nine, three, '|'), "-9");
  GIVES (py_bigint_bitwise (minus_nine, wide, '^'), "-3802951800684688204490109616137");
}

static void
test_bytes_are_the_shortest_twos_complement (void)
{
  static const struct
  {
    gint64 value;
    const char *bytes;
    guint len;
  } rows[] = {
    { 0, "", 0 },        { 1, "\1", 1 },          { -1, "\xff", 1 },    { 127, "\x7f", 1 },    { 128, "\x80\0", 2 },
    { -128, "\x80", 1 }, { -129, "\x7f\xff", 2 }, { 255, "\xff\0", 2 }, { -256, "\0\xff", 2 }, { 32768, "\0\x80\0", 3 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PyBigint) value = py_bigint_new_int (rows[i].value);
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      py_bigint_to_bytes (value, bytes);
      g_assert_cmpmem (bytes->data, bytes->len, rows[i].bytes, rows[i].len);
      g_autoptr (PyBigint) back = py_bigint_new_bytes (bytes->data, bytes->len);
      g_assert_cmpint (py_bigint_compare (back, value), ==, 0);
    }
}

static void
test_doubles_are_rounded_once_and_to_even (void)
{
  g_autoptr (PyBigint) tie = from_text ("9007199254740993"); /* 2**53 + 1 */
  g_autoptr (PyBigint) above = from_text ("9007199254740995");
  g_autoptr (PyBigint) huge = py_bigint_shift_left (tie, 1000);
  g_autoptr (PyBigint) three = py_bigint_new_int (3);
  double value;

  g_assert_true (py_bigint_to_double (tie, &value));
  g_assert_true (value == 9007199254740992.0);
  g_assert_true (py_bigint_to_double (above, &value));
  g_assert_true (value == 9007199254740996.0);
  g_assert_false (py_bigint_to_double (huge, &value));
  g_assert_true (py_bigint_true_divide (huge, huge, &value));
  g_assert_true (value == 1.0);
  g_assert_true (py_bigint_true_divide (three, huge, &value));
  g_assert_true (value == 0x0.0000000600000p-1022);
  g_assert_cmpint (py_bigint_compare_double (tie, 9007199254740992.0), ==, 1);
  g_assert_cmpint (py_bigint_compare_double (tie, HUGE_VAL), ==, -1);
}

static void
test_what_grows_too_large_is_refused (void)
{
  g_autoptr (PyBigint) ten = py_bigint_new_int (10);

  g_assert_null (py_bigint_power (ten, 100000));
  g_assert_null (py_bigint_shift_left (ten, PY_BIGINT_MAX_BITS));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bigint/decimal text comes back", test_decimal_text_comes_back);
  g_test_add_func ("/bigint/division floors", test_division_floors);
  g_test_add_func ("/bigint/shifts and bits are those of infinite two's complement",
                   test_shifts_and_bits_are_those_of_infinite_twos_complement);
  g_test_add_func ("/bigint/bytes are the shortest two's complement", test_bytes_are_the_shortest_twos_complement);
  g_test_add_func ("/bigint/doubles are rounded once and to even", test_doubles_are_rounded_once_and_to_even);
  g_test_add_func ("/bigint/what grows too large is refused", test_what_grows_too_large_is_refused);
  return g_test_run ();
}
