#include "compat/py-number.h"

#include <errno.h>
#include <math.h>

#include "compat/py-bigint.h"
#include "compat/py-expr.h"

PyValue *
py_number_fail (GError **error, int code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, PY_EXPR_ERROR, code, text);
  return NULL;
}

static PyValue *
set_too_large (GError **error)
{
  return py_number_fail (error, PY_EXPR_ERROR_OVERFLOW, "too many digits in integer");
}

static gboolean
is_small_int (const PyValue *value)
{
  return py_value_type (value) == PY_INT || py_value_type (value) == PY_BOOL;
}

gboolean
py_number_is_int (const PyValue *value)
{
  return is_small_int (value) || py_value_type (value) == PY_BIGINT;
}

PyBigint *
py_number_dup_bigint (const PyValue *value)
{
  return is_small_int (value) ? py_bigint_new_int (py_int_get (value)) : py_bigint_copy (py_bigint_peek (value));
}

static gboolean
to_double (const PyValue *value, double *ret_value, GError **error)
{
  if (py_value_to_double (value, ret_value))
    return TRUE;
  py_number_fail (error, PY_EXPR_ERROR_OVERFLOW, "int too large to convert to float");
  return FALSE;
}

static int
int_sign (const PyValue *value)
{
  if (!is_small_int (value))
    return py_bigint_sign (py_bigint_peek (value));
  return (py_int_get (value) > 0) - (py_int_get (value) < 0);
}

/* --- ints --------------------------------------------------------------------------------------------------------- */

static PyValue *
take_result (PyBigint *result, GError **error)
{
  return result != NULL ? py_int_take_bigint (result) : set_too_large (error);
}

static PyValue *
int_power (const PyValue *a, const PyValue *b, GError **error)
{
  if (int_sign (b) < 0) /* the result is a float */
    {
      g_autoptr (PyValue) base = py_number_to_float (a, error);
      g_autoptr (PyValue) exponent = base != NULL ? py_number_to_float (b, error) : NULL;
      return exponent != NULL ? py_number_binary (PY_OP_POWER, base, exponent, error) : NULL;
    }
  g_autoptr (PyBigint) base = py_number_dup_bigint (a);
  if (py_bigint_bit_length (base) <= 1) /* 0, 1, -1 to the power of whatever */
    {
      gboolean odd = is_small_int (b) ? (py_int_get (b) & 1) != 0 : py_bigint_is_odd (py_bigint_peek (b));
      if (int_sign (b) == 0)
        return py_int_new (1);
      return py_int_new (py_bigint_sign (base) >= 0 || odd ? py_bigint_sign (base) : 1);
    }
  if (!is_small_int (b) || py_int_get (b) > PY_BIGINT_MAX_BITS)
    return set_too_large (error);
  return take_result (py_bigint_power (base, (guint) py_int_get (b)), error);
}

static PyValue *
int_shift (PyBinaryOp op, const PyValue *a, const PyValue *b, GError **error)
{
  if (int_sign (b) < 0)
    return py_number_fail (error, PY_EXPR_ERROR_VALUE, "negative shift count");
  gboolean far = !is_small_int (b) || py_int_get (b) > PY_BIGINT_MAX_BITS;
  g_autoptr (PyBigint) value = py_number_dup_bigint (a);
  guint bits = far ? PY_BIGINT_MAX_BITS + 1 : (guint) py_int_get (b);
  return take_result (op == PY_OP_SHIFT_LEFT ? py_bigint_shift_left (value, bits) : py_bigint_shift_right (value, bits),
                      error);
}

static PyValue *
int_true_divide (const PyBigint *a, const PyBigint *b, GError **error)
{
  double quotient;

  if (!py_bigint_true_divide (a, b, &quotient))
    return py_number_fail (error, PY_EXPR_ERROR_OVERFLOW, "integer division result too large for a float");
  return py_float_new (quotient);
}

static PyValue *
int_divide (PyBinaryOp op, const PyBigint *a, const PyBigint *b, GError **error)
{
  PyBigint *result = NULL;

  if (py_bigint_sign (b) == 0)
    return py_number_fail (error, PY_EXPR_ERROR_ZERO_DIVISION, "%s",
                           op == PY_OP_DIVIDE         ? "division by zero"
                           : op == PY_OP_FLOOR_DIVIDE ? "integer division or modulo by zero"
                                                      : "integer modulo by zero");
  if (op == PY_OP_DIVIDE)
    return int_true_divide (a, b, error);
  py_bigint_divide (a, b, op == PY_OP_FLOOR_DIVIDE ? &result : NULL, op == PY_OP_MODULO ? &result : NULL);
  return take_result (result, error);
}

static PyValue *
bool_bitwise (PyBinaryOp op, gint64 a, gint64 b)
{
  return py_bool_new ((op == PY_OP_AND ? a & b : op == PY_OP_OR ? a | b : a ^ b) != 0);
}

static PyValue *
int_binary (PyBinaryOp op, const PyValue *a_value, const PyValue *b_value, GError **error)
{
  gint64 sum;

  if (is_small_int (a_value) && is_small_int (b_value)) /* the common case, without a detour */
    {
      gint64 x = py_int_get (a_value), y = py_int_get (b_value);
      gboolean done = op == PY_OP_ADD        ? !__builtin_add_overflow (x, y, &sum)
                      : op == PY_OP_SUBTRACT ? !__builtin_sub_overflow (x, y, &sum)
                      : op == PY_OP_MULTIPLY ? !__builtin_mul_overflow (x, y, &sum)
                                             : FALSE;
      if (done)
        return py_int_new (sum);
      if (op >= PY_OP_AND && py_value_type (a_value) == PY_BOOL && py_value_type (b_value) == PY_BOOL)
        return bool_bitwise (op, x, y);
    }
  if (op == PY_OP_POWER)
    return int_power (a_value, b_value, error);
  if (op == PY_OP_SHIFT_LEFT || op == PY_OP_SHIFT_RIGHT)
    return int_shift (op, a_value, b_value, error);
  g_autoptr (PyBigint) a = py_number_dup_bigint (a_value);
  g_autoptr (PyBigint) b = py_number_dup_bigint (b_value);
  switch (op)
    {
    case PY_OP_ADD:
      return take_result (py_bigint_add (a, b), error);
    case PY_OP_SUBTRACT:
      return take_result (py_bigint_subtract (a, b), error);
    case PY_OP_MULTIPLY:
      return take_result (py_bigint_multiply (a, b), error);
    case PY_OP_DIVIDE:
    case PY_OP_FLOOR_DIVIDE:
    case PY_OP_MODULO:
      return int_divide (op, a, b, error);
    case PY_OP_AND:
    case PY_OP_OR:
    case PY_OP_XOR:
      return take_result (py_bigint_bitwise (a, b, op == PY_OP_AND ? '&' : op == PY_OP_OR ? '|' : '^'), error);
    case PY_OP_POWER:
    case PY_OP_SHIFT_LEFT:
    case PY_OP_SHIFT_RIGHT:
      break;
    }
  g_return_val_if_reached (NULL);
}

/* --- floats ------------------------------------------------------------------------------------------------------- */

/* The remainder has the divisor's sign, and a zero too. */
static double
float_modulo (double a, double b)
{
  double rest = fmod (a, b);

  if (rest == 0)
    return copysign (0, b);
  return (b < 0) != (rest < 0) ? rest + b : rest;
}

static double
float_floor_divide (double a, double b)
{
  double rest = fmod (a, b);
  double quotient = (a - rest) / b;

  if (rest != 0 && (b < 0) != (rest < 0))
    quotient -= 1;
  if (quotient == 0)
    return copysign (0, a / b);
  double whole = floor (quotient);
  return quotient - whole > 0.5 ? whole + 1 : whole;
}

static PyValue *
float_power (double a, double b, GError **error)
{
  if (a == 0 && b < 0)
    return py_number_fail (error, PY_EXPR_ERROR_ZERO_DIVISION, "0.0 cannot be raised to a negative power");
  if (a < 0 && isfinite (a) && isfinite (b) && b != floor (b))
    return py_number_fail (error, PY_EXPR_ERROR_TYPE, "not a number: complex");
  double result = pow (a, b);
  if (isinf (result) && isfinite (a) && isfinite (b))
    return py_number_fail (error, PY_EXPR_ERROR_OVERFLOW, "(%d, '%s')", ERANGE, "Numerical result out of range");
  return py_float_new (result);
}

static PyValue *
float_binary (PyBinaryOp op, double a, double b, GError **error)
{
  gboolean zero = b == 0 && (op == PY_OP_DIVIDE || op == PY_OP_FLOOR_DIVIDE || op == PY_OP_MODULO);

  if (zero)
    return py_number_fail (error, PY_EXPR_ERROR_ZERO_DIVISION, "%s",
                           op == PY_OP_DIVIDE         ? "float division by zero"
                           : op == PY_OP_FLOOR_DIVIDE ? "float floor division by zero"
                                                      : "float modulo");
  switch (op)
    {
    case PY_OP_ADD:
      return py_float_new (a + b);
    case PY_OP_SUBTRACT:
      return py_float_new (a - b);
    case PY_OP_MULTIPLY:
      return py_float_new (a * b);
    case PY_OP_DIVIDE:
      return py_float_new (a / b);
    case PY_OP_FLOOR_DIVIDE:
      return py_float_new (float_floor_divide (a, b));
    case PY_OP_MODULO:
      return py_float_new (float_modulo (a, b));
    case PY_OP_POWER:
      return float_power (a, b, error);
    case PY_OP_SHIFT_LEFT:
    case PY_OP_SHIFT_RIGHT:
    case PY_OP_AND:
    case PY_OP_OR:
    case PY_OP_XOR:
      break;
    }
  g_return_val_if_reached (NULL);
}

/* --- both --------------------------------------------------------------------------------------------------------- */

static gboolean
is_number (const PyValue *value)
{
  return py_number_is_int (value) || py_value_type (value) == PY_FLOAT;
}

PyValue *
py_number_binary (PyBinaryOp op, const PyValue *a, const PyValue *b, GError **error)
{
  static const char *const names[] = { "+", "-", "*", "/", "//", "%", "** or pow()", "<<", ">>", "&", "|", "^" };
  double x, y;

  g_return_val_if_fail (a != NULL && b != NULL, NULL);
  if (py_number_is_int (a) && py_number_is_int (b))
    return int_binary (op, a, b, error);
  if (!is_number (a) || !is_number (b) || op >= PY_OP_SHIFT_LEFT)
    return py_number_fail (error, PY_EXPR_ERROR_TYPE, "unsupported operand type(s) for %s: '%s' and '%s'", names[op],
                           py_value_type_name (a), py_value_type_name (b));
  if (!to_double (a, &x, error) || !to_double (b, &y, error))
    return NULL;
  return float_binary (op, x, y, error);
}

PyValue *
py_number_unary (char op, const PyValue *a, GError **error)
{
  g_return_val_if_fail (a != NULL, NULL);
  if (py_value_type (a) == PY_FLOAT && op != '~')
    return py_float_new (op == '-' ? -py_float_get (a) : py_float_get (a));
  if (!py_number_is_int (a))
    return py_number_fail (error, PY_EXPR_ERROR_TYPE, "bad operand type for unary %c: '%s'", op,
                           py_value_type_name (a));
  g_autoptr (PyBigint) value = py_number_dup_bigint (a);
  if (op == '+')
    return py_int_take_bigint (g_steal_pointer (&value));
  PyBigint *opposite = py_bigint_negate (value);
  if (op == '-')
    return py_int_take_bigint (opposite);
  g_autoptr (PyBigint) one = py_bigint_new_int (1); /* ~a is -a - 1 */
  g_autoptr (PyBigint) rest = opposite;
  return take_result (py_bigint_subtract (rest, one), error);
}

/* -1, 0, 1; what has no order (NaN) is left to the caller. */
static int
number_order (const PyValue *a, const PyValue *b)
{
  if (py_value_type (a) == PY_FLOAT && py_value_type (b) == PY_FLOAT)
    return (py_float_get (a) > py_float_get (b)) - (py_float_get (a) < py_float_get (b));
  if (py_value_type (a) == PY_FLOAT)
    return -number_order (b, a);
  g_autoptr (PyBigint) x = py_number_dup_bigint (a);
  if (py_value_type (b) == PY_FLOAT)
    return py_bigint_compare_double (x, py_float_get (b));
  g_autoptr (PyBigint) y = py_number_dup_bigint (b);
  return py_bigint_compare (x, y);
}

static gboolean
is_nan (const PyValue *value)
{
  return py_value_type (value) == PY_FLOAT && isnan (py_float_get (value));
}

gboolean
py_number_compare (PyCompareOp op, const PyValue *a, const PyValue *b, gboolean *ret_result, GError **error)
{
  static const char *const names[] = { "<", "<=", "==", "!=", ">", ">=" };
  gboolean equality = op == PY_COMPARE_EQ || op == PY_COMPARE_NE;

  g_return_val_if_fail (a != NULL && b != NULL && ret_result != NULL, FALSE);
  if (!is_number (a) || !is_number (b))
    {
      if (equality) /* objects are equal to themselves only */
        *ret_result = (py_value_type (a) == py_value_type (b)) == (op == PY_COMPARE_EQ);
      else
        py_number_fail (error, PY_EXPR_ERROR_TYPE, "'%s' not supported between instances of '%s' and '%s'", names[op],
                        py_value_type_name (a), py_value_type_name (b));
      return equality;
    }
  if (is_nan (a) || is_nan (b))
    {
      *ret_result = op == PY_COMPARE_NE;
      return TRUE;
    }
  int order = number_order (a, b);
  const gboolean results[] = { order<0, order <= 0, order == 0, order != 0, order> 0, order >= 0 };
  *ret_result = results[op];
  return TRUE;
}

/* --- built-in functions ------------------------------------------------------------------------------------------- */

static PyValue *
float_to_int (double value, GError **error)
{
  if (isnan (value))
    return py_number_fail (error, PY_EXPR_ERROR_VALUE, "cannot convert float NaN to integer");
  if (isinf (value))
    return py_number_fail (error, PY_EXPR_ERROR_OVERFLOW, "cannot convert float infinity to integer");
  return py_int_take_bigint (py_bigint_new_double (value));
}

PyValue *
py_number_to_int (const PyValue *value, GError **error)
{
  if (py_value_type (value) == PY_FLOAT)
    return float_to_int (py_float_get (value), error);
  if (py_number_is_int (value))
    return py_number_unary ('+', value, error);
  return py_number_fail (error, PY_EXPR_ERROR_TYPE,
                         "int() argument must be a string, a bytes-like object or a real number, not '%s'",
                         py_value_type_name (value));
}

PyValue *
py_number_to_float (const PyValue *value, GError **error)
{
  double number;

  if (!is_number (value))
    return py_number_fail (error, PY_EXPR_ERROR_TYPE, "float() argument must be a string or a real number, not '%s'",
                           py_value_type_name (value));
  return to_double (value, &number, error) ? py_float_new (number) : NULL;
}

PyValue *
py_number_abs (const PyValue *value, GError **error)
{
  if (py_value_type (value) == PY_FLOAT)
    return py_float_new (fabs (py_float_get (value)));
  if (!py_number_is_int (value))
    return py_number_fail (error, PY_EXPR_ERROR_TYPE, "bad operand type for abs(): '%s'", py_value_type_name (value));
  return py_number_unary (int_sign (value) < 0 ? '-' : '+', value, error);
}

/* doubled / 2 to a multiple of 10**n, half to even; doubled, so that a lowest bit can say "and a little more". */
static PyValue *
round_doubled (const PyBigint *doubled, guint n, GError **error)
{
  g_autoptr (PyBigint) ten = py_bigint_new_int (10);
  g_autoptr (PyBigint) unit = n <= PY_BIGINT_MAX_DIGITS * 10 ? py_bigint_power (ten, n) : NULL;
  g_autoptr (PyBigint) quotient = NULL;
  g_autoptr (PyBigint) rest = NULL;

  if (unit == NULL) /* more than any number that there is */
    return py_int_new (0);
  g_autoptr (PyBigint) twice = py_bigint_shift_left (unit, 1);
  if (twice == NULL)
    return py_int_new (0);
  py_bigint_divide (doubled, twice, &quotient, &rest); /* rest is not negative; half the divisor is unit */
  int order = py_bigint_compare (rest, unit);
  if (order > 0 || (order == 0 && py_bigint_is_odd (quotient)))
    {
      g_autoptr (PyBigint) one = py_bigint_new_int (1);
      PyBigint *next = py_bigint_add (quotient, one);
      py_bigint_free (quotient);
      quotient = next;
    }
  return take_result (quotient != NULL ? py_bigint_multiply (quotient, unit) : NULL, error);
}

static PyValue *
int_round (const PyValue *value, guint n, GError **error)
{
  g_autoptr (PyBigint) number = py_number_dup_bigint (value);
  g_autoptr (PyBigint) doubled = py_bigint_shift_left (number, 1);

  return doubled != NULL ? round_doubled (doubled, n, error) : set_too_large (error);
}

/* To a multiple of 10**n, for a float. */
static PyValue *
float_round_before_point (double value, guint n, GError **error)
{
  double size = fabs (value);
  g_autoptr (PyBigint) whole = py_bigint_new_double (trunc (size));
  g_autoptr (PyBigint) shifted = py_bigint_shift_left (whole, 1);
  g_autoptr (PyBigint) more = py_bigint_new_int (size != trunc (size) ? 1 : 0);
  g_autoptr (PyBigint) doubled = py_bigint_add (shifted, more);
  g_autoptr (PyValue) rounded = round_doubled (doubled, n, error);
  double number;

  if (rounded == NULL)
    return NULL;
  if (!py_value_to_double (rounded, &number))
    return py_number_fail (error, PY_EXPR_ERROR_OVERFLOW, "rounded value too large to represent");
  return py_float_new (copysign (number, value));
}

/* digits behind the point (negative: before it); exact decimals, since printf knows them all. */
static PyValue *
float_round (double value, gint64 digits, GError **error)
{
  char buffer[700]; /* 309 digits before the point, 323 behind it */

  if (value == 0 || !isfinite (value) || digits > 323)
    return py_float_new (value);
  if (digits < -308)
    return py_float_new (copysign (0, value));
  if (digits < 0)
    return float_round_before_point (value, (guint) -digits, error);
  g_autofree char *format = g_strdup_printf ("%%.%df", (int) digits);
  g_ascii_formatd (buffer, sizeof buffer, format, value);
  return py_float_new (g_ascii_strtod (buffer, NULL));
}

PyValue *
py_number_round (const PyValue *value, const PyValue *digits, GError **error)
{
  if (!is_number (value))
    return py_number_fail (error, PY_EXPR_ERROR_TYPE, "type %s doesn't define __round__ method",
                           py_value_type_name (value));
  if (digits == NULL)
    return py_value_type (value) == PY_FLOAT ? float_to_int (rint (py_float_get (value)), error)
                                             : py_number_unary ('+', value, error);
  if (!py_number_is_int (digits))
    return py_number_fail (error, PY_EXPR_ERROR_TYPE, "'%s' object cannot be interpreted as an integer",
                           py_value_type_name (digits));
  gint64 n
      = is_small_int (digits) ? CLAMP (py_int_get (digits), -G_MAXINT32, G_MAXINT32) : int_sign (digits) * G_MAXINT32;
  if (py_value_type (value) == PY_FLOAT)
    return float_round (py_float_get (value), n, error);
  if (n >= 0)
    return py_number_unary ('+', value, error);
  return int_round (value, (guint) -n, error);
}

/* --- pow (a, b, modulus) ------------------------------------------------------------------------------------------ */

static PyBigint *
modulo (const PyBigint *a, const PyBigint *modulus)
{
  PyBigint *rest = NULL;

  py_bigint_divide (a, modulus, NULL, &rest);
  return rest;
}

/* The x with a * x == 1 modulo m, by Euclid's algorithm; NULL when there is none. */
static PyBigint *
inverse_modulo (const PyBigint *a, const PyBigint *m)
{
  g_autoptr (PyBigint) r0 = py_bigint_copy (m);
  g_autoptr (PyBigint) r1 = modulo (a, m);
  g_autoptr (PyBigint) x0 = py_bigint_new_int (0);
  g_autoptr (PyBigint) x1 = py_bigint_new_int (1);

  while (py_bigint_sign (r1) != 0)
    {
      g_autoptr (PyBigint) quotient = NULL;
      g_autoptr (PyBigint) rest = NULL;
      py_bigint_divide (r0, r1, &quotient, &rest);
      g_autoptr (PyBigint) product = py_bigint_multiply (quotient, x1);
      g_autoptr (PyBigint) next = py_bigint_subtract (x0, product);
      py_bigint_free (r0);
      py_bigint_free (x0);
      r0 = g_steal_pointer (&r1);
      x0 = g_steal_pointer (&x1);
      r1 = g_steal_pointer (&rest);
      x1 = g_steal_pointer (&next);
    }
  g_autoptr (PyBigint) one = py_bigint_new_int (1);
  return py_bigint_compare (r0, one) == 0 ? modulo (x0, m) : NULL;
}

PyValue *
py_number_power_modulo (const PyValue *a_value, const PyValue *b_value, const PyValue *modulus, GError **error)
{
  if (!py_number_is_int (a_value) || !py_number_is_int (b_value) || !py_number_is_int (modulus))
    return py_number_fail (error, PY_EXPR_ERROR_TYPE,
                           "pow() 3rd argument not allowed unless all arguments are integers");
  if (int_sign (modulus) == 0)
    return py_number_fail (error, PY_EXPR_ERROR_VALUE, "pow() 3rd argument cannot be 0");
  g_autoptr (PyBigint) sign = py_number_dup_bigint (modulus);
  g_autoptr (PyBigint) m = py_bigint_sign (sign) < 0 ? py_bigint_negate (sign) : py_bigint_copy (sign);
  g_autoptr (PyBigint) base = py_number_dup_bigint (a_value);
  g_autoptr (PyBigint) exponent = py_number_dup_bigint (b_value);
  /* bits * bits * bits of work: a second or so */
  if ((guint64) py_bigint_bit_length (m) * py_bigint_bit_length (m) / 1024 * MAX (py_bigint_bit_length (exponent), 32)
      > G_GUINT64_CONSTANT (1) << 32)
    return set_too_large (error);
  if (py_bigint_sign (exponent) < 0)
    {
      PyBigint *inverse = inverse_modulo (base, m);
      if (inverse == NULL)
        return py_number_fail (error, PY_EXPR_ERROR_VALUE, "base is not invertible for the given modulus");
      py_bigint_free (base);
      base = inverse;
      PyBigint *opposite = py_bigint_negate (exponent);
      py_bigint_free (exponent);
      exponent = opposite;
    }
  g_autoptr (PyBigint) one = py_bigint_new_int (1);
  g_autoptr (PyBigint) result = modulo (one, m);
  g_autoptr (PyBigint) square = modulo (base, m);
  while (py_bigint_sign (exponent) > 0)
    {
      g_autoptr (PyBigint) product = py_bigint_multiply (square, square);
      if (product == NULL)
        return set_too_large (error);
      if (py_bigint_is_odd (exponent))
        {
          g_autoptr (PyBigint) next = py_bigint_multiply (result, square);
          if (next == NULL)
            return set_too_large (error);
          py_bigint_free (result);
          result = modulo (next, m);
        }
      py_bigint_free (square);
      square = modulo (product, m);
      PyBigint *half = py_bigint_shift_right (exponent, 1);
      py_bigint_free (exponent);
      exponent = half;
    }
  return py_int_take_bigint (modulo (result, sign)); /* of the modulus' sign, as Python's % */
}
