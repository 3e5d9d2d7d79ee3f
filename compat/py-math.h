/* py-math.h - the functions and constants of Python's math module, for py-expr
 *
 * Those that take numbers and give one.  Domain and range errors, and what is int and what is float, as in Python 3.11.
 * Must not: hold the loop: factorial and its like are bounded by PY_BIGINT_MAX_BITS.
 */
#pragma once
#include "compat/py-value.h"

/* A new reference to a constant's value (pi, e, tau, inf, nan), None for the name of a function, NULL for neither. */
PyValue *py_math_get (const char *name);
/* name is one that py_math_get answers with None.  Errors: PY_EXPR_ERROR. */
PyValue *py_math_call (const char *name, PyValue *const *args, guint n_args, GError **error);
