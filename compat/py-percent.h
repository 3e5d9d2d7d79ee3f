/* py-percent.h - Python's `text % mapping`, for mappings of str to str
 *
 * What a text with stray percent characters becomes, or which exception it raises, is what fail2ban's users see of a date
 * pattern that is none.  Must not: format numbers (every number format is an error for text, as in Python).
 */
#pragma once
#include <glib.h>

/* The class of Python's exception; the message is its str(). */
#define PY_PERCENT_ERROR (py_percent_error_quark ())
GQuark py_percent_error_quark (void);
typedef enum
{
  PY_PERCENT_ERROR_VALUE, /* ValueError: "incomplete format" */
  PY_PERCENT_ERROR_TYPE,  /* TypeError: "not enough arguments for format string" */
  PY_PERCENT_ERROR_KEY,   /* KeyError: "'foo'" */
} PyPercentError;

typedef struct
{
  guint n;
  const char *(*peek_key) (gconstpointer user, guint i);
  const char *(*peek_value) (gconstpointer user, guint i);
  gconstpointer user;
} PyPercentMapping;

/* NULL on error.  Widths are bounded (65536) where Python's are not. */
GString *py_percent_format (const char *format, gsize len, const PyPercentMapping *mapping, GError **error);
