/* date-shape-time.h - the time of a date that was recognised by hand; that of the last one is remembered
 *
 * Must not: look at lines.
 */
#pragma once

#include "match/date-fields.h"
#include "match/date-shape.h"

typedef struct
{
  DateShapeMatch shape;
  gint64 now_usec; /* the clock then: a year that is missing is guessed by it */
  DateTime time;
  gboolean is_known;
} DateShapeTime;

void date_shape_time_forget (DateShapeTime *self);

/* default_zone: minutes, or NULL for the system's, as at every call since the last forget */
DateResult date_shape_time_get (DateShapeTime *self, const DateShapeMatch *shape, const int *default_zone,
                                DateLocal *local, gint64 now_usec, DateTime *ret_time, GError **error);
