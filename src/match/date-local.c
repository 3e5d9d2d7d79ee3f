#include "match/date-local.h"

#include <time.h>

#define SEC_PER_MINUTE 60
#define SEC_PER_DAY    86400

/* Since 1980 every zone has changed its offset at a full minute, so within a minute it is constant */
#define FIRST_STEADY_SEC ((gint64) 10 * 365 * SEC_PER_DAY)

#define MAX_GUESSES 6 /* glibc's number */

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

/* mktime() with tm_isdst = -1 as glibc does it.  It begins with a guess by the offset of its last answer (at first 0) and
 * corrects it until it stays; in a skipped hour two guesses alternate, of which one with summer time is taken.  So in an hour
 * that is repeated or skipped the answer depends on the one before; glibc remembers that for the process, we for ourselves. */
static gboolean
find_epoch (gint64 wall_sec, gint64 last_shift_sec, gint64 *ret_epoch_sec)
{
  gint64 guess = wall_sec + last_shift_sec, last = guess, last_but_one = guess;
  gboolean last_is_summer = FALSE;

  for (guint i = 0; i < MAX_GUESSES; i++)
    {
      time_t t = guess;
      struct tm tm;
      if (localtime_r (&t, &tm) == NULL)
        return FALSE;
      gint64 next = wall_sec - tm.tm_gmtoff;
      gboolean is_summer = tm.tm_isdst != 0;
      gboolean alternates = guess == last_but_one && guess != last && (tm.tm_isdst < 0 || last_is_summer <= is_summer);
      if (next == guess || alternates)
        {
          *ret_epoch_sec = guess;
          return TRUE;
        }
      last_but_one = last;
      last = guess;
      guess = next;
      last_is_summer = is_summer;
    }
  return FALSE;
}

gboolean
date_local_epoch_sec (DateLocal *self, gint64 wall_sec, gint64 *ret_epoch_sec)
{
  gint64 minute = floor_div (wall_sec, SEC_PER_MINUTE);

  if (!self->has_epoch || self->epoch_minute != minute || wall_sec < FIRST_STEADY_SEC)
    {
      gint64 epoch_sec;
      if (!find_epoch (wall_sec, self->epoch_shift_sec, &epoch_sec))
        return FALSE;
      self->has_epoch = TRUE;
      self->epoch_minute = minute;
      self->epoch_shift_sec = epoch_sec - wall_sec;
    }
  *ret_epoch_sec = wall_sec + self->epoch_shift_sec;
  return TRUE;
}
