#include "match/date-shape-time.h"

void
date_shape_time_forget (DateShapeTime *self)
{
  self->is_known = FALSE;
}

/* The same date gives the same time again.  Only the year that it lacks depends on now, and that on its whole seconds. */
static gboolean
is_last (const DateShapeTime *self, const DateShapeMatch *shape, gint64 now_usec)
{
  const DateShapeMatch *last = &self->shape;

  return self->is_known && (shape->year >= 0 || now_usec / G_USEC_PER_SEC == self->now_usec / G_USEC_PER_SEC)
         && shape->second == last->second && shape->minute == last->minute && shape->hour == last->hour
         && shape->day == last->day && shape->month == last->month && shape->year == last->year
         && shape->has_zone == last->has_zone && (!shape->has_zone || shape->zone_minutes == last->zone_minutes);
}

DateResult
date_shape_time_get (DateShapeTime *self, const DateShapeMatch *shape, const int *default_zone, DateLocal *local,
                     gint64 now_usec, DateTime *ret_time, GError **error)
{
  DateFields fields;
  DateResult result;

  if (is_last (self, shape, now_usec))
    {
      *ret_time = self->time;
      return DATE_RESULT_FOUND;
    }
  date_fields_init (&fields);
  if (shape->year >= 0)
    fields.year = shape->year;
  fields.month = shape->month;
  fields.day = shape->day;
  fields.hour = shape->hour;
  fields.minute = shape->minute;
  fields.second = shape->second;
  fields.has_zone = shape->has_zone;
  fields.zone_minutes = shape->zone_minutes;
  result = date_fields_get_time (&fields, default_zone, local, now_usec, ret_time, error);
  self->is_known = result == DATE_RESULT_FOUND;
  self->shape = *shape;
  self->now_usec = now_usec;
  self->time = *ret_time;
  return result;
}
