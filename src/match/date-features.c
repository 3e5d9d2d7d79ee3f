#include "match/date-features.h"

static inline gboolean
is_digit_at (const char *at, const char *end)
{
  return at < end && g_ascii_isdigit (*at);
}

/* One or two digits, `separator`, a digit? */
static gboolean
is_second_part (const char *at, const char *end, char separator)
{
  if (!is_digit_at (at, end))
    return FALSE;
  at += is_digit_at (at + 1, end) ? 2 : 1;
  return at < end && *at == separator && is_digit_at (at + 1, end);
}

/* From the digits between start and at, and what follows them */
static DateFeatures
features_of_number (const char *start, const char *at, const char *end)
{
  DateFeatures features = DATE_FEATURE_NONE;
  gsize n = at - start;

  if (n >= 6)
    features |= DATE_FEATURE_DIGITS_6;
  if (n >= 8)
    features |= DATE_FEATURE_DIGITS_8;
  if (n >= 10)
    features |= DATE_FEATURE_DIGITS_10;
  if (at == end)
    return features;

  const char *next = at + 1;
  if (*at == ':' && is_second_part (next, end, ':'))
    features |= DATE_FEATURE_CLOCK;
  if ((*at == '-' || *at == '/') && is_second_part (next + (next < end && *next == ' '), end, *at))
    features |= DATE_FEATURE_NUMBERS;
  if ((*at == '-' || *at == '/' || *at == '.') && n >= 4 && at[-4] == '2' && at[-3] == '0' && is_digit_at (next, end))
    features |= DATE_FEATURE_YEAR;
  return features;
}

static gboolean
is_month (const char *at)
{
#define LETTERS(a, b, c) ((guint) (a) << 16 | (guint) (b) << 8 | (guint) (c))
  switch (LETTERS ((guchar) at[0] | 0x20, (guchar) at[1] | 0x20, (guchar) at[2] | 0x20))
    {
    case LETTERS ('j', 'a', 'n'):
    case LETTERS ('f', 'e', 'b'):
    case LETTERS ('m', 'a', 'r'):
    case LETTERS ('a', 'p', 'r'):
    case LETTERS ('m', 'a', 'y'):
    case LETTERS ('j', 'u', 'n'):
    case LETTERS ('j', 'u', 'l'):
    case LETTERS ('a', 'u', 'g'):
    case LETTERS ('s', 'e', 'p'):
    case LETTERS ('o', 'c', 't'):
    case LETTERS ('n', 'o', 'v'):
    case LETTERS ('d', 'e', 'c'):
      return TRUE;
    default:
      return FALSE;
    }
#undef LETTERS
}

DateFeatures
date_features_of (const char *line, gsize len)
{
  const char *at = line, *end = line + len;
  DateFeatures features = DATE_FEATURE_NONE;

  while (at < end)
    {
      if (g_ascii_isdigit (*at))
        {
          const char *start = at;
          while (is_digit_at (at, end))
            at++;
          features |= features_of_number (start, at, end);
          continue;
        }
      if (*at == '@')
        features |= DATE_FEATURE_AT;
      else if (end - at > 3 && (at[3] == ' ' || at[3] == '-' || at[3] == '/') && is_month (at))
        features |= at[3] == ' ' ? DATE_FEATURE_MONTH_BLANK : DATE_FEATURE_MONTH_DASH;
      at++;
    }
  return features;
}
