#include "match/date-local.h"

#include <time.h>

#include "compat/py-strptime.h"

#define SEC_PER_MINUTE 60
#define SEC_PER_DAY    86400

/* Since 1980 every zone has changed its offset at a full minute, so within a minute it is constant */
#define FIRST_STEADY_SEC ((gint64) 10 * 365 * SEC_PER_DAY)

static gint64
floor_div (gint64 a, gint64 b)
{
  return a / b - (a % b < 0);
}

gint64
date_local_wall_usec (DateLocal *self, gint64 epoch_usec)
{
  gint64 sec = floor_div (epoch_usec, G_USEC_PER_SEC), minute = floor_div (sec, SEC_PER_MINUTE);

  if (!self->has_now || self->now_minute != minute || sec < FIRST_STEADY_SEC)
    {
      time_t t = sec;
      struct tm tm;
      if (localtime_r (&t, &tm) == NULL)
        return epoch_usec;
      self->has_now = TRUE;
      self->now_minute = minute;
      self->now_shift_sec = tm.tm_gmtoff;
    }
  return epoch_usec + self->now_shift_sec * G_USEC_PER_SEC;
}

static gboolean
ask_mktime (gint64 wall_sec, gint64 *ret_epoch_sec)
{
  gint64 days = floor_div (wall_sec, SEC_PER_DAY);
  int in_day = (int) (wall_sec - days * SEC_PER_DAY);
  int year, month, day;

  py_date_from_day (days + PY_DATE_1970, &year, &month, &day);
  struct tm tm = { .tm_year = year - 1900,
                   .tm_mon = month - 1,
                   .tm_mday = day,
                   .tm_hour = in_day / 3600,
                   .tm_min = in_day / 60 % 60,
                   .tm_sec = in_day % 60,
                   .tm_wday = -1,
                   .tm_isdst = -1 };
  time_t t = mktime (&tm);
  if (t == (time_t) -1 && tm.tm_wday == -1)
    return FALSE;
  *ret_epoch_sec = t;
  return TRUE;
}

gboolean
date_local_epoch_sec (DateLocal *self, gint64 wall_sec, gint64 *ret_epoch_sec)
{
  gint64 minute = floor_div (wall_sec, SEC_PER_MINUTE);

  if (!self->has_epoch || self->epoch_minute != minute || wall_sec < FIRST_STEADY_SEC)
    {
      gint64 epoch_sec;
      if (!ask_mktime (wall_sec, &epoch_sec))
        return FALSE;
      self->has_epoch = TRUE;
      self->epoch_minute = minute;
      self->epoch_shift_sec = epoch_sec - wall_sec;
    }
  *ret_epoch_sec = wall_sec + self->epoch_shift_sec;
  return TRUE;
}
