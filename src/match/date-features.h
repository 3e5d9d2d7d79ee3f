/* date-features.h - what a line must hold for a date of some kind to be in it
 *
 * One pass over a line without a usual date (date-shape.h) spares most of the default templates' searches.
 * Must not: say more than "cannot match".
 */
#pragma once
#include <glib.h>

typedef enum
{
  DATE_FEATURE_NONE = 0,
  DATE_FEATURE_CLOCK = 1 << 0,    /* 1:02:3 */
  DATE_FEATURE_YEAR = 1 << 1,     /* 20xx, one of - / . and a digit */
  DATE_FEATURE_NUMBERS = 1 << 2,  /* 1/02/3 or 1-02-3; the second may have a blank in front */
  DATE_FEATURE_DIGITS_6 = 1 << 3, /* so many in a row */
  DATE_FEATURE_DIGITS_8 = 1 << 4,
  DATE_FEATURE_DIGITS_10 = 1 << 5,
  DATE_FEATURE_MONTH_BLANK = 1 << 6, /* jan to dec, in any case, also as the end of a word, then a blank */
  DATE_FEATURE_MONTH_DASH = 1 << 7,  /* the same, then - or / */
  DATE_FEATURE_AT = 1 << 8,          /* @ */
  DATE_FEATURE_ALL = (1 << 9) - 1,
} DateFeatures;

/* The line must be ASCII: beyond it there are more digits and letters than are looked for. */
DateFeatures date_features_of (const char *line, gsize len);
