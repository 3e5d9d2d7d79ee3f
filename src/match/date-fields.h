/* date-fields.h - the parts of a date, and the time that they make
 *
 * Fields are set from the text that a directive matched; what is missing is guessed as fail2ban does: this year, or the last
 * when the date would lie more than a day ahead; today, or yesterday when it would lie ahead (1.1.2).
 * Must not: search text, read the clock.
 */
#pragma once
#include "match/date-error.h"
#include "match/date-local.h"

typedef enum
{
  DATE_RESULT_NONE, /* no template matches, or the text is no date: Feb 30 */
  DATE_RESULT_FOUND,
  DATE_RESULT_ERROR, /* the line is lost; error says why.  The detector lives on */
} DateResult;

/* A time as the reference has it: an int when the line (or logtimezone) names a zone and for TAI64N, a float otherwise.
 * `-o row` of fail2ban-regex shows the difference. */
typedef struct
{
  gint64 usec;    /* since the epoch, rounded; saturates */
  double seconds; /* the same as the reference's float */
  gboolean is_int;
  gint64 int_seconds; /* when is_int */
} DateTime;

void date_time_set_int (DateTime *self, gint64 seconds);
void date_time_set_float (DateTime *self, double seconds);

#define DATE_FIELD_MISSING G_MININT64

typedef struct
{
  gint64 year, month, day, hour, minute, second; /* year, month, day may be missing; the others then 0 */
  gint64 weekday, year_day, week;                /* Monday 0; 1 January 1; may be missing */
  gboolean week_starts_monday;
  gboolean has_zone;
  int zone_minutes;
} DateFields;

void date_fields_init (DateFields *self);

/* The directives that mean something in a date; others (%f, %u, %G, ...) match and are not looked at. */
#define DATE_FIELD_DIRECTIVES "yYmBbdHIMSAawjUWzZ"

/* What a directive matched.  `noon` is what %p matched, for %I only: "" without a %p, NULL when it took no part in the match.
 * DATE_RESULT_NONE: no such month, no number, ...; the text is no date. */
DateResult date_fields_set (DateFields *self, char directive, const char *text, gsize len, const char *noon,
                            gsize noon_len, GError **error);

/* default_zone: minutes east of UTC for a date without zone, or NULL for the system's zone. */
DateResult date_fields_get_time (const DateFields *self, const int *default_zone, DateLocal *local, gint64 now_usec,
                                 DateTime *ret_time, GError **error);
