/* py-number.h - arithmetic on Python's numbers: bool, int of any size, float
 *
 * For py-expr: operators and the functions that Python has built in, with Python 3.11's result types, rounding and error
 * messages (PY_EXPR_ERROR).  None stands for an object that is no number: every operation on it is a TypeError.
 * Must not: hold the loop: what would need more than PY_BIGINT_MAX_BITS, or minutes, is an OverflowError.
 */
#pragma once
#include "compat/py-value.h"

typedef enum
{
  PY_OP_ADD,
  PY_OP_SUBTRACT,
  PY_OP_MULTIPLY,
  PY_OP_DIVIDE,
  PY_OP_FLOOR_DIVIDE,
  PY_OP_MODULO,
  PY_OP_POWER,
  PY_OP_SHIFT_LEFT,
  PY_OP_SHIFT_RIGHT,
  PY_OP_AND,
  PY_OP_OR,
  PY_OP_XOR,
} PyBinaryOp;

typedef enum
{
  PY_COMPARE_LT,
  PY_COMPARE_LE,
  PY_COMPARE_EQ,
  PY_COMPARE_NE,
  PY_COMPARE_GT,
  PY_COMPARE_GE,
} PyCompareOp;

gboolean py_number_is_int (const PyValue *value); /* bool, int of any size */

PyValue *py_number_binary (PyBinaryOp op, const PyValue *a, const PyValue *b, GError **error);
PyValue *py_number_unary (char op, const PyValue *a, GError **error); /* '+', '-', '~' */
gboolean py_number_compare (PyCompareOp op, const PyValue *a, const PyValue *b, gboolean *ret_result, GError **error);

/* int (x): towards zero; float (x); abs (x) */
PyValue *py_number_to_int (const PyValue *value, GError **error);
PyValue *py_number_to_float (const PyValue *value, GError **error);
PyValue *py_number_abs (const PyValue *value, GError **error);
/* round (x) and round (x, digits), half to even; digits may be NULL. */
PyValue *py_number_round (const PyValue *value, const PyValue *digits, GError **error);
/* pow (a, b, modulus) of ints; a negative b wants the inverse. */
PyValue *py_number_power_modulo (const PyValue *a, const PyValue *b, const PyValue *modulus, GError **error);
/* A new PyBigint of any int. */
struct PyBigint *py_number_dup_bigint (const PyValue *value);
/* What a function of arithmetic ends with when it fails: sets a PyExprError code with this text.  Always NULL. */
PyValue *py_number_fail (GError **error, int code, const char *format, ...) G_GNUC_PRINTF (3, 4);
