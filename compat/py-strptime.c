#include "compat/py-strptime.h"

#include <string.h>

static const char *const month_names[] = { "january", "february", "march",     "april",   "may",      "june",
                                           "july",    "august",   "september", "october", "november", "december" };
static const char *const day_names[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };
static const char *const noon_names[] = { "am", "pm" };

#define ABBREVIATED 3 /* letters of "jan", "mon" in the C locale */

/* --- expressions --------------------------------------------------------------------------------------------------- */

#define ANY        "\\d"
#define NOT_ZERO   "[1-9]"
#define TO(n)      "[0-" #n "]"
#define OR         "|"
#define TENS_TO(n) TO (n) ANY OR ANY /* 00 to n9, or one digit */
#define FROM_ONE   "0" NOT_ZERO OR NOT_ZERO

static const struct
{
  char directive;
  const char *digits;
} numbers[] = {
  { 'd', "3" TO (1) OR "[1-2]" ANY OR FROM_ONE OR " " NOT_ZERO },
  { 'f', "[0-9]{1,6}" },
  { 'H', "2" TO (3) OR TENS_TO (1) },
  { 'I', "1" TO (2) OR FROM_ONE },
  { 'G', ANY ANY ANY ANY },
  { 'j',
    "36" TO (6) OR "3" TO (5) ANY OR "[1-2]" ANY ANY OR "0" NOT_ZERO ANY OR "00" NOT_ZERO OR NOT_ZERO ANY OR FROM_ONE },
  { 'm', "1" TO (2) OR FROM_ONE },
  { 'M', TENS_TO (5) },
  { 'S', "6" TO (1) OR TENS_TO (5) },
  { 'U', "5" TO (3) OR TENS_TO (4) },
  { 'w', TO (6) },
  { 'u', "[1-7]" },
  { 'V', "5" TO (3) OR "0" NOT_ZERO OR "[1-4]" ANY OR ANY },
  { 'y', ANY ANY },
  { 'Y', ANY ANY ANY ANY },
  { 'W', "5" TO (3) OR TENS_TO (4) },
};

/* What strftime writes for %c, %x, %X in the C locale */
static const struct
{
  char directive;
  const char *format;
} composites[] = { { 'c', "%a %b %d %H:%M:%S %Y" }, { 'x', "%m/%d/%y" }, { 'X', "%H:%M:%S" } };

/* Longer names first: none may hide one that it begins */
static void
append_names (GString *out, const char *const *names, guint n_names, gsize cut)
{
  gboolean first = TRUE;

  for (gsize length = 16; length > 0; length--)
    for (guint i = 0; i < n_names; i++)
      if (MIN (strlen (names[i]), cut) == length)
        {
          g_string_append_printf (out, "%s%.*s", first ? "" : OR, (int) length, names[i]);
          first = FALSE;
        }
}

static void
append_composite (GString *out, const char *format)
{
  for (const char *at = format; *at != '\0'; at++)
    if (*at == '%')
      py_strptime_append_expression (out, *++at);
    else if (*at == ' ')
      g_string_append (out, "\\s+");
    else
      g_string_append_c (out, *at);
}

void
py_strptime_append_expression (GString *out, char directive)
{
  if (directive == '%')
    {
      g_string_append_c (out, '%');
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (composites); i++)
    if (composites[i].directive == directive)
      {
        append_composite (out, composites[i].format);
        return;
      }

  g_string_append_printf (out, "(?P<%c>", directive);
  switch (directive)
    {
    case 'A':
      append_names (out, day_names, G_N_ELEMENTS (day_names), G_MAXSIZE);
      break;
    case 'a':
      append_names (out, day_names, G_N_ELEMENTS (day_names), ABBREVIATED);
      break;
    case 'B':
      append_names (out, month_names, G_N_ELEMENTS (month_names), G_MAXSIZE);
      break;
    case 'b':
      append_names (out, month_names, G_N_ELEMENTS (month_names), ABBREVIATED);
      break;
    case 'p':
      append_names (out, noon_names, G_N_ELEMENTS (noon_names), G_MAXSIZE);
      break;
    default:
      for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
        if (numbers[i].directive == directive)
          g_string_append (out, numbers[i].digits);
      break;
    }
  g_string_append_c (out, ')');
}

/* --- names --------------------------------------------------------------------------------------------------------- */

static int
name_index (const char *const *names, guint n_names, gsize cut, const char *text, gsize len)
{
  for (guint i = 0; i < n_names; i++)
    if (MIN (strlen (names[i]), cut) == len && g_ascii_strncasecmp (names[i], text, len) == 0)
      return i;
  return -1;
}

int
py_strptime_name_value (char directive, const char *text, gsize len)
{
  gsize cut = g_ascii_islower (directive) ? ABBREVIATED : G_MAXSIZE;

  if (g_ascii_tolower (directive) == 'a')
    return name_index (day_names, G_N_ELEMENTS (day_names), cut, text, len);
  g_return_val_if_fail (g_ascii_tolower (directive) == 'b', -1);
  int month = name_index (month_names, G_N_ELEMENTS (month_names), cut, text, len);
  return month < 0 ? -1 : month + 1;
}

/* --- calendar ------------------------------------------------------------------------------------------------------ */

static const int days_before_month[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 };

static gboolean
is_leap (gint64 year)
{
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_before (gint64 year, int month)
{
  return days_before_month[month - 1] + (month > 2 && is_leap (year));
}

gboolean
py_date_is_valid (gint64 year, gint64 month, gint64 day)
{
  if (year < PY_DATE_MIN_YEAR || year > PY_DATE_MAX_YEAR || month < 1 || month > 12 || day < 1)
    return FALSE;
  return day <= days_before_month[month] - days_before_month[month - 1] + (month == 2 && is_leap (year));
}

gint64
py_date_to_day (int year, int month, int day)
{
  gint64 past = year - 1;

  return past * 365 + past / 4 - past / 100 + past / 400 + days_before (year, month) + day;
}

void
py_date_from_day (gint64 day, int *ret_year, int *ret_month, int *ret_day)
{
  /* 146097 days are 400 years; the guess is never too late and at most one year early */
  int year = (int) ((day - 1) * 400 / 146097) + 1;
  while (year < PY_DATE_MAX_YEAR && py_date_to_day (year + 1, 1, 1) <= day)
    year++;
  while (py_date_to_day (year, 1, 1) > day)
    year--;

  int in_year = (int) (day - py_date_to_day (year, 1, 1));
  int month = in_year / 31 + 1;
  while (month < 12 && days_before (year, month + 1) <= in_year)
    month++;
  *ret_year = year;
  *ret_month = month;
  *ret_day = in_year - days_before (year, month) + 1;
}

gint64
py_date_day_of_year (int year, gint64 week, gint64 weekday, gboolean week_starts_monday)
{
  gint64 first = (py_date_to_day (year, 1, 1) - 1) % 7; /* day 1 of year 1 is a Monday */

  if (!week_starts_monday)
    {
      first = (first + 1) % 7;
      weekday = (weekday + 1) % 7;
    }
  if (week == 0)
    return 1 + weekday - first;
  return 1 + (7 - first) % 7 + 7 * (week - 1) + weekday;
}
