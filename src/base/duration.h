/* duration.h - fail2ban's time spans as text: "1h 30m", "10m", 600
 *
 * duration_parse evaluates what bantime, findtime and --str2sec accept: units (s m h d w mo y and their longer forms) become
 * factors, neighbours are added, the rest is Python arithmetic.  duration_format is the short text of `seconds2str`.
 * Must not: evaluate anything but arithmetic.
 */
#pragma once
#include "compat/py-value.h"

/* The number as Python has it (int, bigint or float; "3 > 2" is a bool).  Errors: PY_EXPR_ERROR. */
PyValue *duration_parse (const char *text, gssize len, GError **error);
/* The same in microseconds, rounded; PY_EXPR_ERROR_OVERFLOW beyond gint64 (both ends). */
gboolean duration_parse_usec (const char *text, gint64 *ret_usec, GError **error);
/* "1y 3w 4d", "59m 50s", at most three groups; seconds an int or a float as in Python ("1.5s"). */
char *duration_format (double seconds);
char *duration_format_value (const PyValue *seconds);
