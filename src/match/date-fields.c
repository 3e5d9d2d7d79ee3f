#include "match/date-fields.h"

#include <math.h>
#include <string.h>

#include "compat/py-int.h"
#include "compat/py-repr.h"
#include "compat/py-strptime.h"
#include "match/date-zone.h"

#define SEC_PER_DAY ((gint64) 86400)

/* --- times --------------------------------------------------------------------------------------------------------- */

void
date_time_set_int (DateTime *self, gint64 seconds)
{
  self->is_int = TRUE;
  self->int_seconds = seconds;
  self->seconds = (double) seconds;
  self->usec = CLAMP (seconds, G_MININT64 / G_USEC_PER_SEC, G_MAXINT64 / G_USEC_PER_SEC) * G_USEC_PER_SEC;
}

void
date_time_set_float (DateTime *self, double seconds)
{
  self->is_int = FALSE;
  self->int_seconds = 0;
  self->seconds = seconds;
  if (seconds >= (double) (G_MAXINT64 / G_USEC_PER_SEC))
    self->usec = G_MAXINT64;
  else if (!(seconds > (double) (G_MININT64 / G_USEC_PER_SEC)))
    self->usec = G_MININT64;
  else
    self->usec = llround (seconds * G_USEC_PER_SEC);
}

/* --- setting ------------------------------------------------------------------------------------------------------- */

void
date_fields_init (DateFields *self)
{
  *self = (DateFields){
    .year = DATE_FIELD_MISSING,
    .month = DATE_FIELD_MISSING,
    .day = DATE_FIELD_MISSING,
    .weekday = DATE_FIELD_MISSING,
    .year_day = DATE_FIELD_MISSING,
    .week = DATE_FIELD_MISSING,
  };
}

/* int(): beyond gint64 the nearer end.  FALSE: no number. */
static gboolean
parse_int (const char *text, gsize len, gint64 *ret_number)
{
  gint64 number = 0;
  gsize i;

  for (i = 0; i < len && len <= 18 && g_ascii_isdigit (text[i]); i++)
    number = number * 10 + (text[i] - '0');
  if (len > 0 && i == len)
    {
      *ret_number = number;
      return TRUE;
    }

  g_autoptr (PyValue) value = py_int_parse (text, (gssize) len, NULL);
  if (value == NULL)
    return FALSE;
  double sign = 0;
  if (py_value_type (value) == PY_INT)
    *ret_number = py_int_get (value);
  else
    *ret_number = py_value_to_double (value, &sign) && sign < 0 ? G_MININT64 + 1 : G_MAXINT64;
  return TRUE;
}

static gboolean
equals (const char *text, gsize len, const char *word)
{
  return len == strlen (word) && g_ascii_strncasecmp (text, word, len) == 0;
}

static DateResult
set_hour12 (DateFields *self, gint64 hour, const char *noon, gsize noon_len, GError **error)
{
  if (noon == NULL)
    {
      g_set_error_literal (error, DATE_ERROR, DATE_ERROR_ATTRIBUTE, "'NoneType' object has no attribute 'lower'");
      return DATE_RESULT_ERROR;
    }
  if ((noon_len == 0 || equals (noon, noon_len, "am")) && hour == 12)
    hour = 0;
  else if (equals (noon, noon_len, "pm") && hour != 12 && hour < G_MAXINT64 - 12)
    hour += 12;
  self->hour = hour;
  return DATE_RESULT_FOUND;
}

static DateResult
set_zone (DateFields *self, const char *text, gsize len, GError **error)
{
  gsize name_len = 0;

  switch (date_zone_parse (text, len, &self->zone_minutes, &name_len))
    {
    case DATE_ZONE_OK:
      self->has_zone = TRUE;
      return DATE_RESULT_FOUND;
    case DATE_ZONE_UNKNOWN:
      {
        g_autofree char *repr = py_repr_str (text, name_len);
        g_set_error_literal (error, DATE_ERROR, DATE_ERROR_KEY, repr);
        return DATE_RESULT_ERROR;
      }
    case DATE_ZONE_MALFORMED:
    default:
      return DATE_RESULT_NONE;
    }
}

/* %A %a %B %b: the value of a name */
static DateResult
set_name (char directive, const char *text, gsize len, gint64 *ret_value)
{
  int value = py_strptime_name_value (directive, text, len);

  if (value < 0)
    return DATE_RESULT_NONE;
  *ret_value = value;
  return DATE_RESULT_FOUND;
}

DateResult
date_fields_set (DateFields *self, char directive, const char *text, gsize len, const char *noon, gsize noon_len,
                 GError **error)
{
  gint64 number = 0;

  if (strchr ("AaBb", directive) != NULL)
    return set_name (directive, text, len, g_ascii_tolower (directive) == 'a' ? &self->weekday : &self->month);
  if (directive == 'z' || directive == 'Z')
    return set_zone (self, text, len, error);
  if (!parse_int (text, len, &number))
    return DATE_RESULT_NONE;

  switch (directive)
    {
    case 'y':
      self->year = number <= 2000 ? MAX (number, -G_MAXINT32) + 2000 : number;
      break;
    case 'Y':
      self->year = number;
      break;
    case 'm':
      self->month = number;
      break;
    case 'd':
      self->day = number;
      break;
    case 'H':
      self->hour = number;
      break;
    case 'I':
      return set_hour12 (self, number, noon, noon_len, error);
    case 'M':
      self->minute = number;
      break;
    case 'S':
      self->second = number;
      break;
    case 'w': /* Sunday is 0 there, 6 here */
      self->weekday = number < 1 ? 6 : number - 1;
      break;
    case 'j':
      self->year_day = number;
      break;
    case 'U':
    case 'W':
      self->week = number;
      self->week_starts_monday = directive == 'W';
      break;
    default:
      g_return_val_if_reached (DATE_RESULT_NONE);
    }
  return DATE_RESULT_FOUND;
}

/* --- the time ------------------------------------------------------------------------------------------------------ */

static DateResult
fail_overflow (GError **error, const char *message)
{
  g_set_error_literal (error, DATE_ERROR, DATE_ERROR_OVERFLOW, message);
  return DATE_RESULT_ERROR;
}

/* What a C int as an argument of Python's datetime() must be */
static DateResult
check_int (gint64 value, GError **error)
{
  if (value == DATE_FIELD_MISSING)
    {
      g_set_error_literal (error, DATE_ERROR, DATE_ERROR_TYPE, "'NoneType' object cannot be interpreted as an integer");
      return DATE_RESULT_ERROR;
    }
  if (value > G_MAXINT32)
    return fail_overflow (error, "signed integer is greater than maximum");
  if (value < G_MININT32)
    return fail_overflow (error, "signed integer is less than minimum");
  return DATE_RESULT_FOUND;
}

static void
split_day (gint64 day, gint64 *ret_year, gint64 *ret_month, gint64 *ret_day)
{
  int year, month, month_day;

  py_date_from_day (day, &year, &month, &month_day);
  *ret_year = year;
  *ret_month = month;
  *ret_day = month_day;
}

/* The date of a day of the year, from %j or from a week and a weekday, when there are no month and day */
static DateResult
use_year_day (DateFields *self, GError **error)
{
  DateResult result;

  gboolean has_week = self->week != DATE_FIELD_MISSING && self->weekday != DATE_FIELD_MISSING;
  if (self->year_day == DATE_FIELD_MISSING && !has_week)
    return DATE_RESULT_FOUND;
  if ((result = check_int (self->year, error)) != DATE_RESULT_FOUND)
    return result;
  if (self->year < PY_DATE_MIN_YEAR || self->year > PY_DATE_MAX_YEAR)
    return DATE_RESULT_NONE;
  if (self->year_day == DATE_FIELD_MISSING)
    self->year_day = py_date_day_of_year ((int) self->year, MIN (self->week, G_MAXINT32),
                                          MIN (self->weekday, G_MAXINT32), self->week_starts_monday);

  gint64 before = py_date_to_day ((int) self->year, 1, 1) - 1;
  gint64 day = self->year_day > G_MAXINT64 - before ? G_MAXINT64 : before + self->year_day;
  if ((result = check_int (day, error)) != DATE_RESULT_FOUND)
    return result;
  if (day < 1 || day > PY_DATE_MAX_DAY)
    return DATE_RESULT_NONE;
  split_day (day, &self->year, &self->month, &self->day);
  return DATE_RESULT_FOUND;
}

/* Seconds since 1970 on the wall; the arguments are checked in the order in which Python does */
static DateResult
get_wall (const DateFields *self, gint64 *ret_wall_sec, GError **error)
{
  const gint64 arguments[] = { self->year, self->month, self->day, self->hour, self->minute, self->second };

  for (guint i = 0; i < G_N_ELEMENTS (arguments); i++)
    {
      DateResult result = check_int (arguments[i], error);
      if (result != DATE_RESULT_FOUND)
        return result;
    }
  if (!py_date_is_valid (self->year, self->month, self->day) || self->hour < 0 || self->hour > 23 || self->minute < 0
      || self->minute > 59 || self->second < 0 || self->second > 59)
    return DATE_RESULT_NONE;
  gint64 day = py_date_to_day ((int) self->year, (int) self->month, (int) self->day) - PY_DATE_1970;
  *ret_wall_sec = day * SEC_PER_DAY + self->hour * 3600 + self->minute * 60 + self->second;
  return DATE_RESULT_FOUND;
}

/* The date without its time of day moves into the year before; a zone that had carried it over midnight is forgotten then,
 * as in the reference */
static DateResult
use_last_year (const DateFields *self, gint64 *wall_sec)
{
  if (!py_date_is_valid (self->year - 1, self->month, self->day))
    return DATE_RESULT_NONE;
  gint64 in_day = ((*wall_sec % SEC_PER_DAY) + SEC_PER_DAY) % SEC_PER_DAY;
  gint64 day = py_date_to_day ((int) self->year - 1, (int) self->month, (int) self->day) - PY_DATE_1970;
  *wall_sec = day * SEC_PER_DAY + in_day;
  return DATE_RESULT_FOUND;
}

DateResult
date_fields_get_time (const DateFields *self, const int *default_zone, DateLocal *local, gint64 now_usec,
                      DateTime *ret_time, GError **error)
{
  DateFields date = *self;
  DateResult result;
  gint64 wall_sec = 0, now_wall_usec = 0;
  gboolean no_year = date.year == DATE_FIELD_MISSING, no_day = FALSE;

  if (no_year || date.month == DATE_FIELD_MISSING)
    now_wall_usec = date_local_wall_usec (local, now_usec);
  gint64 now_day = now_wall_usec / (G_USEC_PER_SEC * SEC_PER_DAY) + PY_DATE_1970;
  gint64 now_year, now_month, now_month_day;
  if (no_year)
    split_day (now_day, &date.year, &now_month, &now_month_day);

  if (date.month == DATE_FIELD_MISSING || date.day == DATE_FIELD_MISSING)
    if ((result = use_year_day (&date, error)) != DATE_RESULT_FOUND)
      return result;
  if (date.month == DATE_FIELD_MISSING && date.day == DATE_FIELD_MISSING)
    {
      no_day = TRUE;
      split_day (now_day, &now_year, &date.month, &date.day);
    }
  if ((result = get_wall (&date, &wall_sec, error)) != DATE_RESULT_FOUND)
    return result;

  gboolean has_zone = date.has_zone || default_zone != NULL;
  if (has_zone)
    {
      wall_sec -= (date.has_zone ? date.zone_minutes : *default_zone) * 60;
      if (wall_sec < (1 - PY_DATE_1970) * SEC_PER_DAY || wall_sec >= (PY_DATE_MAX_DAY + 1 - PY_DATE_1970) * SEC_PER_DAY)
        return fail_overflow (error, "date value out of range");
    }
  if (no_day && wall_sec * G_USEC_PER_SEC > now_wall_usec)
    wall_sec -= SEC_PER_DAY;
  if (no_year && wall_sec * G_USEC_PER_SEC > now_wall_usec + SEC_PER_DAY * G_USEC_PER_SEC)
    if ((result = use_last_year (&date, &wall_sec)) != DATE_RESULT_FOUND)
      return result;

  if (has_zone)
    {
      date_time_set_int (ret_time, wall_sec);
      return DATE_RESULT_FOUND;
    }
  gint64 epoch_sec;
  if (!date_local_epoch_sec (local, wall_sec, &epoch_sec))
    return fail_overflow (error, "mktime argument out of range");
  date_time_set_float (ret_time, (double) epoch_sec);
  return DATE_RESULT_FOUND;
}
