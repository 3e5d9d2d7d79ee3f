#include "compat/py-expr.h"

#include "compat/py-repr.h"

static PyValue *
lookup (const char *name, gpointer data)
{
  if (g_str_equal (name, "ban.Time"))
    return py_int_new (600);
  return g_str_equal (name, "ban") ? py_none_new () : NULL;
}

static void
gives (guint line, const char *text, const char *wanted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyExpr) expr = py_expr_new (text, -1, &error);
  g_autoptr (PyValue) value = expr != NULL ? py_expr_eval (expr, lookup, NULL, &error) : NULL;
  g_autofree char *shown = value != NULL ? py_repr (value) : g_strdup (py_expr_error_class (error));

  if (!g_str_equal (shown, wanted))
    g_error ("line %u: %s gives %s, not %s", line, text, shown, wanted);
}
#define GIVES(...) gives (__LINE__, __VA_ARGS__)

static void
test_numbers_have_pythons_types (void)
{
  GIVES ("7 // 2", "3");
  GIVES ("6 / 3", "2.0");
  GIVES ("-7 % 3", "2");
  GIVES ("2 ** -1", "0.5");
  GIVES ("-3 ** 2", "-9");
  GIVES ("2 ** 64", "18446744073709551616");
  GIVES ("True + 1", "2");
  GIVES ("1 if 0 else 2.5", "2.5");
  GIVES ("0 or ban.Time", "600");
  GIVES ("1 < 2 < 2", "False");
  GIVES ("not 0", "True");
  GIVES ("1_000 + 0x1f", "1031");
  GIVES ("round(2.5) + round(3.5)", "6");
  GIVES ("max(1, 1.0)", "1");
  GIVES ("math.floor(-2.5)", "-3");
  GIVES ("(1\n+ 2) # three", "3");
}

static void
test_errors_have_pythons_classes (void)
{
  GIVES ("", "SyntaxError");
  GIVES ("1 +", "SyntaxError");
  GIVES ("  1", "SyntaxError");
  GIVES ("01", "SyntaxError");
  GIVES ("1x", "SyntaxError");
  GIVES ("(1", "SyntaxError");
  GIVES ("1 if 2", "SyntaxError");
  GIVES ("nope", "NameError");
  GIVES ("ban.Nope", "AttributeError");
  GIVES ("ban + 1", "TypeError");
  GIVES ("1 << 1.0", "TypeError");
  GIVES ("1 / 0", "ZeroDivisionError");
  GIVES ("1 >> -1", "ValueError");
  GIVES ("math.exp(1000)", "OverflowError");
}

static void
test_what_is_no_arithmetic_is_refused (void)
{
  GIVES ("'a'", "Refused");
  GIVES ("[1]", "Refused");
  GIVES ("(1, 2)", "Refused");
  GIVES ("lambda: 1", "Refused");
  GIVES ("ban.__class__", "Refused");
  GIVES ("(1).real", "Refused");
  GIVES ("1j", "Refused");
  GIVES ("max(1, 2, key=abs)", "Refused");
  GIVES ("x[0]", "Refused");
  GIVES ("__import__('os')", "Refused");
}

static void
test_work_is_limited (void)
{
  g_autofree char *deep = g_strnfill (10000, '('), *wide = g_strnfill (20000, '1');

  GIVES ("9 ** 9 ** 9", "OverflowError");
  GIVES ("1 << 10 ** 9", "OverflowError");
  GIVES ("math.factorial(10 ** 9)", "OverflowError");
  GIVES ("pow(3 ** 60000, 3 ** 60000, 3 ** 60000)", "OverflowError");
  GIVES (deep, "SyntaxError");
  GIVES (wide, "Refused");
}

static void
test_eval_ignores_blanks_before_the_expression (void)
{
  g_autoptr (PyValue) value = py_expr_eval_text (" \t5\n", -1, NULL);

  g_assert_cmpint (py_int_get (value), ==, 5);
}

static void
test_an_open_bracket_is_named (void)
{
  static const char *const texts[] = { "(", "1 + (", "max(1,", "(1 +", "((1)", "max(1,2", "-(", "1 if (" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (py_expr_new (texts[i], -1, &error));
      g_assert_cmpstr (error->message, ==, "'(' was never closed (<unknown>, line 1)");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/expr/numbers have Python's types", test_numbers_have_pythons_types);
  g_test_add_func ("/expr/errors have Python's classes", test_errors_have_pythons_classes);
  g_test_add_func ("/expr/an open bracket is named", test_an_open_bracket_is_named);
  g_test_add_func ("/expr/what is no arithmetic is refused", test_what_is_no_arithmetic_is_refused);
  g_test_add_func ("/expr/work is limited", test_work_is_limited);
  g_test_add_func ("/expr/eval ignores blanks before the expression", test_eval_ignores_blanks_before_the_expression);
  return g_test_run ();
}
