/* py-float.h - float("..."): decimal numbers as Python reads them from text
 *
 * White space around, a sign, decimal digits of any script, single underscores between digits, a fraction, an exponent;
 * "inf", "infinity" and "nan" in any case.
 */
#pragma once
#include <glib.h>

/* FALSE where Python raises ValueError. */
gboolean py_float_parse (const char *text, gsize len, double *ret_value);
