#include "match/date-error.h"

G_DEFINE_QUARK (date - error - quark, date_error)

const char *
date_error_class (DateError code)
{
  static const char *const names[] = {
    [DATE_ERROR_REGEX] = "error",
    [DATE_ERROR_VALUE] = "ValueError",
    [DATE_ERROR_TYPE] = "TypeError",
    [DATE_ERROR_KEY] = "KeyError",
    [DATE_ERROR_INDEX] = "IndexError",
    [DATE_ERROR_OVERFLOW] = "OverflowError",
    [DATE_ERROR_ATTRIBUTE] = "AttributeError",
    [DATE_ERROR_RECURSION] = "RecursionError",
  };

  g_return_val_if_fail ((guint) code < G_N_ELEMENTS (names), "Exception");
  return names[code];
}
