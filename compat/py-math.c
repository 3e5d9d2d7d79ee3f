#include "compat/py-math.h"

#include <errno.h>
#include <math.h>

#include "compat/py-bigint.h"
#include "compat/py-expr.h"
#include "compat/py-number.h"

typedef struct MathFunction MathFunction;
typedef PyValue *(*MathFunc) (const MathFunction *self, PyValue *const *args, guint n, GError **error);

struct MathFunction
{
  const char *name;
  guint min_args, max_args;
  MathFunc call;
  double (*f1) (double);
  double (*f2) (double, double);
  gboolean overflows; /* an infinite result is a range error, not a domain error */
};

static PyValue *
domain_error (GError **error)
{
  return py_number_fail (error, PY_EXPR_ERROR_VALUE, "math domain error");
}

static PyValue *
range_error (GError **error)
{
  return py_number_fail (error, PY_EXPR_ERROR_OVERFLOW, "math range error");
}

static gboolean
get_double (const PyValue *value, double *ret_value, GError **error)
{
  if (!py_number_is_int (value) && py_value_type (value) != PY_FLOAT)
    py_number_fail (error, PY_EXPR_ERROR_TYPE, "must be real number, not %s", py_value_type_name (value));
  else if (!py_value_to_double (value, ret_value))
    py_number_fail (error, PY_EXPR_ERROR_OVERFLOW, "int too large to convert to float");
  else
    return TRUE;
  return FALSE;
}

static PyBigint *
dup_int (const PyValue *value, GError **error)
{
  if (py_number_is_int (value))
    return py_number_dup_bigint (value);
  py_number_fail (error, PY_EXPR_ERROR_TYPE, "'%s' object cannot be interpreted as an integer",
                  py_value_type_name (value));
  return NULL;
}

static PyValue *
take_int (PyBigint *value, GError **error)
{
  return value != NULL ? py_int_take_bigint (value)
                       : py_number_fail (error, PY_EXPR_ERROR_OVERFLOW, "too many digits in integer");
}

/* --- floats ------------------------------------------------------------------------------------------------------- */

static PyValue *
call_f1 (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  double x;

  if (!get_double (args[0], &x, error))
    return NULL;
  double result = self->f1 (x);
  if (isnan (result) && !isnan (x))
    return domain_error (error);
  if (isinf (result) && isfinite (x))
    return self->overflows ? range_error (error) : domain_error (error);
  return py_float_new (result);
}

static PyValue *
call_f2 (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  double x, y;

  if (!get_double (args[0], &x, error) || !get_double (args[1], &y, error))
    return NULL;
  double result = self->f2 (x, y);
  if (isnan (result) && !isnan (x) && !isnan (y))
    return domain_error (error);
  if (isinf (result) && isfinite (x) && isfinite (y))
    return self->overflows ? range_error (error) : domain_error (error);
  return py_float_new (result);
}

static PyValue *
call_pow (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  double x, y;

  if (!get_double (args[0], &x, error) || !get_double (args[1], &y, error))
    return NULL;
  double result = pow (x, y);
  if (isnan (result) && !isnan (x) && !isnan (y))
    return domain_error (error);
  if (isinf (result) && isfinite (x) && isfinite (y))
    return x == 0 ? domain_error (error) : range_error (error);
  return py_float_new (result);
}

/* The poles of gamma are the integers up to 0; of lgamma too, but there they are domain errors of an infinite result. */
static PyValue *
call_gamma (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  double x;

  if (!get_double (args[0], &x, error))
    return NULL;
  if (isfinite (x) && x <= 0 && x == floor (x))
    return domain_error (error);
  return call_f1 (self, args, n, error);
}

/* An int of any size: log (mantissa) + exponent * log (2). */
static PyValue *
log_of (const PyValue *value, double (*f) (double), GError **error)
{
  double x;

  if (py_value_type (value) != PY_BIGINT)
    {
      if (!get_double (value, &x, error))
        return NULL;
      if (x <= 0)
        return domain_error (error);
      return py_float_new (f (x));
    }
  const PyBigint *big = py_bigint_peek (value);
  if (py_bigint_sign (big) <= 0)
    return domain_error (error);
  if (py_bigint_to_double (big, &x))
    return py_float_new (f (x));
  guint bits = py_bigint_bit_length (big);
  g_autoptr (PyBigint) upper = py_bigint_shift_right (big, bits - 64);
  (void) py_bigint_to_double (upper, &x);
  return py_float_new (f (x) + f (2) * (bits - 64));
}

static PyValue *
call_log (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  g_autoptr (PyValue) result = log_of (args[0], self->f1, error);

  if (n == 1 || result == NULL)
    return g_steal_pointer (&result);
  g_autoptr (PyValue) base = log_of (args[1], self->f1, error);
  return base != NULL ? py_number_binary (PY_OP_DIVIDE, result, base, error) : NULL;
}

static PyValue *
call_ldexp (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  double x;
  gint64 exponent;

  if (!get_double (args[0], &x, error))
    return NULL;
  g_autoptr (PyBigint) wide = dup_int (args[1], error);
  if (wide == NULL)
    return NULL;
  if (!py_bigint_to_int (wide, &exponent))
    exponent = py_bigint_sign (wide) * (gint64) G_MAXINT32;
  double result = ldexp (x, (int) CLAMP (exponent, -G_MAXINT32, G_MAXINT32));
  return isinf (result) && isfinite (x) ? range_error (error) : py_float_new (result);
}

static PyValue *
call_hypot (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  double sum = 0, x;

  for (guint i = 0; i < n; i++)
    {
      if (!get_double (args[i], &x, error))
        return NULL;
      sum = hypot (sum, x);
    }
  return py_float_new (sum);
}

/* a and b differ by less than a billionth of the larger one. */
static PyValue *
call_isclose (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  double a, b;

  if (!get_double (args[0], &a, error) || !get_double (args[1], &b, error))
    return NULL;
  if (isinf (a) || isinf (b))
    return py_bool_new (a == b);
  return py_bool_new (fabs (a - b) <= 1e-9 * MAX (fabs (a), fabs (b)));
}

static PyValue *
call_is (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  double x;

  if (!get_double (args[0], &x, error))
    return NULL;
  return py_bool_new (g_str_equal (self->name, "isnan")   ? isnan (x)
                      : g_str_equal (self->name, "isinf") ? isinf (x)
                                                          : isfinite (x));
}

static double
degrees (double x)
{
  return x * (180 / G_PI);
}

static double
radians (double x)
{
  return x * (G_PI / 180);
}

/* The distance to the next float away from zero. */
static double
unit_in_last_place (double x)
{
  x = fabs (x);
  if (isnan (x) || isinf (x))
    return x;
  double next = nextafter (x, G_MAXDOUBLE);
  return next == x ? x - nextafter (x, 0) : next - x;
}

/* --- ints --------------------------------------------------------------------------------------------------------- */

static PyValue *
call_to_int (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  double x;

  if (py_number_is_int (args[0]))
    return py_number_to_int (args[0], error);
  if (!get_double (args[0], &x, error))
    return NULL;
  g_autoptr (PyValue) rounded = py_float_new (self->f1 (x));
  return py_number_to_int (rounded, error);
}

#define MAX_FACTORS 20000 /* 20000! is beyond PY_BIGINT_MAX_BITS */

/* a * (a - 1) * …, k factors; NULL when it is too large */
static PyBigint *
falling_product (const PyBigint *a, const PyBigint *k)
{
  g_autoptr (PyBigint) one = py_bigint_new_int (1);
  g_autoptr (PyBigint) factor = py_bigint_copy (a);
  g_autoptr (PyBigint) product = py_bigint_new_int (1);
  gint64 count;

  if (!py_bigint_to_int (k, &count) || count > MAX_FACTORS)
    return NULL;
  for (gint64 i = 0; i < count && product != NULL; i++)
    {
      PyBigint *next_product = py_bigint_multiply (product, factor);
      PyBigint *next_factor = py_bigint_subtract (factor, one);
      py_bigint_free (product);
      py_bigint_free (factor);
      product = next_product;
      factor = next_factor;
    }
  return g_steal_pointer (&product);
}

/* An argument that counts. */
static PyBigint *
dup_count (const PyValue *value, const char *what, GError **error)
{
  g_autoptr (PyBigint) number = dup_int (value, error);

  if (number == NULL || py_bigint_sign (number) >= 0)
    return g_steal_pointer (&number);
  py_number_fail (error, PY_EXPR_ERROR_VALUE, "%s", what);
  return NULL;
}

static PyValue *
call_factorial (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  g_autoptr (PyBigint) count = dup_count (args[0], "factorial() not defined for negative values", error);

  return count != NULL ? take_int (falling_product (count, count), error) : NULL;
}

static PyValue *
call_perm (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  g_autoptr (PyBigint) total = dup_count (args[0], "n must be a non-negative integer", error);
  g_autoptr (PyBigint) count
      = total != NULL ? dup_count (args[n == 2 ? 1 : 0], "k must be a non-negative integer", error) : NULL;

  if (count == NULL)
    return NULL;
  return py_bigint_compare (count, total) > 0 ? py_int_new (0) : take_int (falling_product (total, count), error);
}

static PyValue *
call_comb (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  g_autoptr (PyBigint) total = dup_count (args[0], "n must be a non-negative integer", error);
  g_autoptr (PyBigint) count = total != NULL ? dup_count (args[1], "k must be a non-negative integer", error) : NULL;
  PyBigint *result = NULL;

  if (count == NULL)
    return NULL;
  if (py_bigint_compare (count, total) > 0)
    return py_int_new (0);
  g_autoptr (PyBigint) rest = py_bigint_subtract (total, count);
  const PyBigint *fewer = py_bigint_compare (rest, count) < 0 ? rest : count;
  g_autoptr (PyBigint) above = falling_product (total, fewer);
  g_autoptr (PyBigint) below = falling_product (fewer, fewer);
  if (above != NULL && below != NULL)
    py_bigint_divide (above, below, &result, NULL);
  return take_int (result, error);
}

/* Newton's method from above. */
static PyValue *
call_isqrt (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  g_autoptr (PyBigint) number = dup_int (args[0], error);
  g_autoptr (PyBigint) one = py_bigint_new_int (1);

  if (number == NULL)
    return NULL;
  if (py_bigint_sign (number) < 0)
    return py_number_fail (error, PY_EXPR_ERROR_VALUE, "isqrt() argument must be nonnegative");
  if (py_bigint_sign (number) == 0)
    return py_int_new (0);
  g_autoptr (PyBigint) guess = py_bigint_shift_left (one, (py_bigint_bit_length (number) + 1) / 2);
  for (;;)
    {
      g_autoptr (PyBigint) quotient = NULL;
      py_bigint_divide (number, guess, &quotient, NULL);
      g_autoptr (PyBigint) sum = py_bigint_add (guess, quotient);
      g_autoptr (PyBigint) next = py_bigint_shift_right (sum, 1);
      if (py_bigint_compare (next, guess) >= 0)
        return take_int (g_steal_pointer (&guess), error);
      py_bigint_free (guess);
      guess = g_steal_pointer (&next);
    }
}

static PyBigint *
greatest_common_divisor (const PyBigint *a, const PyBigint *b)
{
  g_autoptr (PyBigint) x = py_bigint_copy (a);
  g_autoptr (PyBigint) y = py_bigint_copy (b);

  while (py_bigint_sign (y) != 0)
    {
      PyBigint *rest = NULL;
      py_bigint_divide (x, y, NULL, &rest);
      py_bigint_free (x);
      x = g_steal_pointer (&y);
      y = rest;
    }
  return py_bigint_sign (x) < 0 ? py_bigint_negate (x) : g_steal_pointer (&x);
}

static PyValue *
call_gcd (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  gboolean lcm = g_str_equal (self->name, "lcm");
  g_autoptr (PyBigint) result = py_bigint_new_int (lcm ? 1 : 0);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PyBigint) next = dup_int (args[i], error);
      if (next == NULL)
        return NULL;
      PyBigint *divisor = greatest_common_divisor (result, next);
      if (lcm && py_bigint_sign (divisor) != 0)
        {
          g_autoptr (PyBigint) part = NULL;
          py_bigint_divide (next, divisor, &part, NULL);
          PyBigint *product = py_bigint_multiply (result, part);
          py_bigint_free (divisor);
          if (product == NULL)
            return take_int (NULL, error);
          divisor = product;
        }
      py_bigint_free (result);
      result = divisor;
    }
  PyBigint *size = py_bigint_sign (result) < 0 ? py_bigint_negate (result) : py_bigint_copy (result);
  return take_int (size, error);
}

/* Those that take or give a sequence: no number. */
static PyValue *
call_sequence (const MathFunction *self, PyValue *const *args, guint n, GError **error)
{
  return py_number_fail (error, PY_EXPR_ERROR_TYPE, "math.%s() deals with sequences, not with numbers", self->name);
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static const MathFunction functions[] = {
  { "acos", 1, 1, call_f1, acos, NULL, FALSE },
  { "acosh", 1, 1, call_f1, acosh, NULL, FALSE },
  { "asin", 1, 1, call_f1, asin, NULL, FALSE },
  { "asinh", 1, 1, call_f1, asinh, NULL, FALSE },
  { "atan", 1, 1, call_f1, atan, NULL, FALSE },
  { "atan2", 2, 2, call_f2, NULL, atan2, FALSE },
  { "atanh", 1, 1, call_f1, atanh, NULL, FALSE },
  { "cbrt", 1, 1, call_f1, cbrt, NULL, FALSE },
  { "ceil", 1, 1, call_to_int, ceil, NULL, FALSE },
  { "comb", 2, 2, call_comb, NULL, NULL, FALSE },
  { "copysign", 2, 2, call_f2, NULL, copysign, FALSE },
  { "cos", 1, 1, call_f1, cos, NULL, FALSE },
  { "cosh", 1, 1, call_f1, cosh, NULL, TRUE },
  { "degrees", 1, 1, call_f1, degrees, NULL, TRUE },
  { "dist", 2, 2, call_sequence, NULL, NULL, FALSE },
  { "erf", 1, 1, call_f1, erf, NULL, FALSE },
  { "erfc", 1, 1, call_f1, erfc, NULL, FALSE },
  { "exp", 1, 1, call_f1, exp, NULL, TRUE },
  { "exp2", 1, 1, call_f1, exp2, NULL, TRUE },
  { "expm1", 1, 1, call_f1, expm1, NULL, TRUE },
  { "fabs", 1, 1, call_f1, fabs, NULL, FALSE },
  { "factorial", 1, 1, call_factorial, NULL, NULL, FALSE },
  { "floor", 1, 1, call_to_int, floor, NULL, FALSE },
  { "fmod", 2, 2, call_f2, NULL, fmod, FALSE },
  { "frexp", 1, 1, call_sequence, NULL, NULL, FALSE },
  { "fsum", 1, 1, call_sequence, NULL, NULL, FALSE },
  { "gamma", 1, 1, call_gamma, tgamma, NULL, TRUE },
  { "gcd", 0, G_MAXUINT, call_gcd, NULL, NULL, FALSE },
  { "hypot", 0, G_MAXUINT, call_hypot, NULL, NULL, FALSE },
  { "isclose", 2, 2, call_isclose, NULL, NULL, FALSE },
  { "isfinite", 1, 1, call_is, NULL, NULL, FALSE },
  { "isinf", 1, 1, call_is, NULL, NULL, FALSE },
  { "isnan", 1, 1, call_is, NULL, NULL, FALSE },
  { "isqrt", 1, 1, call_isqrt, NULL, NULL, FALSE },
  { "lcm", 0, G_MAXUINT, call_gcd, NULL, NULL, FALSE },
  { "ldexp", 2, 2, call_ldexp, NULL, NULL, FALSE },
  { "lgamma", 1, 1, call_gamma, lgamma, NULL, TRUE },
  { "log", 1, 2, call_log, log, NULL, FALSE },
  { "log10", 1, 1, call_log, log10, NULL, FALSE },
  { "log1p", 1, 1, call_f1, log1p, NULL, FALSE },
  { "log2", 1, 1, call_log, log2, NULL, FALSE },
  { "modf", 1, 1, call_sequence, NULL, NULL, FALSE },
  { "nextafter", 2, 2, call_f2, NULL, nextafter, TRUE },
  { "perm", 1, 2, call_perm, NULL, NULL, FALSE },
  { "pow", 2, 2, call_pow, NULL, NULL, TRUE },
  { "prod", 1, 1, call_sequence, NULL, NULL, FALSE },
  { "radians", 1, 1, call_f1, radians, NULL, FALSE },
  { "remainder", 2, 2, call_f2, NULL, remainder, FALSE },
  { "sin", 1, 1, call_f1, sin, NULL, FALSE },
  { "sinh", 1, 1, call_f1, sinh, NULL, TRUE },
  { "sqrt", 1, 1, call_f1, sqrt, NULL, FALSE },
  { "tan", 1, 1, call_f1, tan, NULL, FALSE },
  { "tanh", 1, 1, call_f1, tanh, NULL, FALSE },
  { "trunc", 1, 1, call_to_int, trunc, NULL, FALSE },
  { "ulp", 1, 1, call_f1, unit_in_last_place, NULL, FALSE },
};

static const MathFunction *
find_function (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    if (g_str_equal (functions[i].name, name))
      return &functions[i];
  return NULL;
}

PyValue *
py_math_get (const char *name)
{
  static const struct
  {
    const char *name;
    double value;
  } constants[] = {
    { "e", G_E }, { "inf", HUGE_VAL }, { "nan", (double) NAN }, { "pi", G_PI }, { "tau", 2 * G_PI },
  };

  for (guint i = 0; i < G_N_ELEMENTS (constants); i++)
    if (g_str_equal (constants[i].name, name))
      return py_float_new (constants[i].value);
  return find_function (name) != NULL ? py_none_new () : NULL;
}

PyValue *
py_math_call (const char *name, PyValue *const *args, guint n_args, GError **error)
{
  const MathFunction *function = find_function (name);

  g_return_val_if_fail (function != NULL, NULL);
  if (n_args >= function->min_args && n_args <= function->max_args)
    return function->call (function, args, n_args, error);
  if (function->max_args == 1)
    return py_number_fail (error, PY_EXPR_ERROR_TYPE, "math.%s() takes exactly one argument (%u given)", name, n_args);
  return py_number_fail (error, PY_EXPR_ERROR_TYPE, "%s expected %s%u argument%s, got %u", name,
                         function->min_args == function->max_args ? ""
                         : n_args < function->min_args            ? "at least "
                                                                  : "at most ",
                         n_args < function->min_args ? function->min_args : function->max_args,
                         (n_args < function->min_args ? function->min_args : function->max_args) == 1 ? "" : "s",
                         n_args);
}
