#include "base/clock.h"

struct Clock
{
  gboolean settable;
  gint64 time_usec;
  gint64 monotonic_usec;
};

Clock *
clock_new_system (void)
{
  return g_new0 (Clock, 1);
}

Clock *
clock_new_settable (gint64 time_usec)
{
  Clock *self = g_new0 (Clock, 1);

  self->settable = TRUE;
  self->time_usec = time_usec;
  return self;
}

void
clock_free (Clock *self)
{
  g_free (self);
}

gint64
clock_get_time_usec (const Clock *self)
{
  return self->settable ? self->time_usec : g_get_real_time ();
}

gint64
clock_get_monotonic_usec (const Clock *self)
{
  return self->settable ? self->monotonic_usec : g_get_monotonic_time ();
}

void
clock_set_time_usec (Clock *self, gint64 time_usec)
{
  g_return_if_fail (self->settable);

  if (time_usec > self->time_usec)
    self->monotonic_usec += time_usec - self->time_usec;
  self->time_usec = time_usec;
}

void
clock_advance_usec (Clock *self, gint64 step_usec)
{
  g_return_if_fail (self->settable && step_usec >= 0);

  self->time_usec += step_usec;
  self->monotonic_usec += step_usec;
}
