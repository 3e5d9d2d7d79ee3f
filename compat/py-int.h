/* py-int.h - int ("…"): whole numbers as Python reads them from text
 *
 * White space around, a sign, decimal digits of any script, single underscores between digits; any size.
 * Must not: read other bases, floats or expressions (py-expr does).
 */
#pragma once
#include "compat/py-value.h"

#define PY_INT_ERROR (py_int_error_quark ())
GQuark py_int_error_quark (void);
typedef enum
{
  PY_INT_ERROR_VALUE, /* Python: ValueError, the message is Python's */
} PyIntError;

#define PY_INT_MAX_DIGITS 4300 /* Python's own limit (sys.set_int_max_str_digits) */

PyValue *py_int_parse (const char *text, gssize len, GError **error); /* len < 0: NUL-terminated */
/* The same for a plain number; what does not fit is an error as well. */
gboolean py_int_parse_int64 (const char *text, gssize len, gint64 *ret_value, GError **error);
