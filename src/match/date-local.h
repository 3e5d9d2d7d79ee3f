/* date-local.h - between the epoch and the clock on the wall
 *
 * Wall time is counted in seconds or microseconds since 1 January 1970 on that wall, without a zone.  The system's rules
 * (TZ, through the C library) say what it is worth.  The last answers are kept: lines come minute by minute, and asking the C
 * library costs more than finding the date.
 * Must not: read the clock.
 */
#pragma once
#include <glib.h>

/* All zero at the start */
typedef struct
{
  gboolean has_now, has_epoch;
  gint64 now_minute, now_shift_sec;     /* minute of the epoch; wall - epoch */
  gint64 epoch_minute, epoch_shift_sec; /* minute on the wall; epoch - wall */
} DateLocal;

gint64 date_local_wall_usec (DateLocal *self, gint64 epoch_usec);

/* Like mktime() with tm_isdst = -1.  In the hour that a change of summer time repeats or skips the answer depends on the one
 * before.  FALSE: there is none. */
gboolean date_local_epoch_sec (DateLocal *self, gint64 wall_sec, gint64 *ret_epoch_sec);
