#include "base/clock.h"

#include <time.h>

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

gint64
clock_get_coarse_usec (const Clock *self)
{
  struct timespec now;

  if (self->settable || clock_gettime (CLOCK_MONOTONIC_COARSE, &now) != 0)
    return clock_get_monotonic_usec (self);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
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

/* Two digits and what follows them */
static char *
put_two (char *at, int number, char next)
{
  at[0] = (char) ('0' + number / 10);
  at[1] = (char) ('0' + number % 10);
  at[2] = next;
  return at + 3;
}

void
clock_format_local (gint64 time_sec, char ret_text[CLOCK_TEXT_SIZE])
{
  time_t seconds = (time_t) time_sec;
  struct tm local;
  char *at = ret_text;
  int year;

  if (localtime_r (&seconds, &local) == NULL)
    local = (struct tm){ .tm_year = 70, .tm_mday = 1 };
  year = local.tm_year + 1900;
  if (year < 1000 || year > 9999)
    {
      (void) strftime (ret_text, CLOCK_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &local);
      return;
    }
  at = put_two (at, year / 100, '\0') - 1;
  at = put_two (at, year % 100, '-');
  at = put_two (at, local.tm_mon + 1, '-');
  at = put_two (at, local.tm_mday, ' ');
  at = put_two (at, local.tm_hour, ':');
  at = put_two (at, local.tm_min, ':');
  (void) put_two (at, local.tm_sec, '\0');
}

const char *
clock_text_of (ClockText *self, gint64 time_sec)
{
  if (self->time_sec != time_sec || self->text[0] == '\0')
    clock_format_local (time_sec, self->text);
  self->time_sec = time_sec;
  return self->text;
}
