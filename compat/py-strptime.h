/* py-strptime.h - what Python's strptime knows of directives, names and the calendar
 *
 * The expressions that _strptime.TimeRE of Python 3.11 makes of %d, %B, %c, ... in the C locale (fail2ban never sets
 * another one for LC_TIME), the names of months and days, and the calendar of the module datetime: Gregorian without
 * beginning, years 1 to 9999, days counted from 1 January of year 1, which is day 1.
 * Must not: know fail2ban's own directives, time zones, or what year it is.
 */
#pragma once
#include <glib.h>

/* The directives, in the order of Python's table; without %z and %Z, which fail2ban replaces. */
#define PY_STRPTIME_DIRECTIVES "dfHIGjmMSUwuVyYAaBbp%WcxX"

/* Appends the expression of one of them, e.g. "(?P<p>am|pm)". */
void py_strptime_append_expression (GString *out, char directive);

/* What a name stands for, in any case of ASCII letters: 'B' and 'b' give 1 to 12, 'A' and 'a' 0 (Monday) to 6.
 * -1: no such name. */
int py_strptime_name_value (char directive, const char *text, gsize len);

#define PY_DATE_MIN_YEAR 1
#define PY_DATE_MAX_YEAR 9999
#define PY_DATE_MAX_DAY  3652059 /* 31 December 9999 */
#define PY_DATE_1970     719163  /* 1 January 1970 */

gboolean py_date_is_valid (gint64 year, gint64 month, gint64 day);
gint64 py_date_to_day (int year, int month, int day);                            /* the date must be valid */
void py_date_from_day (gint64 day, int *ret_year, int *ret_month, int *ret_day); /* 1 to PY_DATE_MAX_DAY */

/* The day of the year (1: 1 January; may lie outside the year) of a weekday (0: Monday) in a week as %W (weeks start on
 * Monday) or %U (on Sunday) count them.  The year must be valid. */
gint64 py_date_day_of_year (int year, gint64 week, gint64 weekday, gboolean week_starts_monday);
