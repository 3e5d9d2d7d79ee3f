/* clock.h - what time it is, for everybody who asks
 *
 * Passed in, never global, so that a test or a scenario sets the time instead of sleeping on it.  A settable clock
 * stands
 * still until it is told otherwise; both of its readings move together.
 * Must not: be shared between threads; arm timers (deadlines are the loop's).
 */
#pragma once
#include <glib.h>

typedef struct Clock Clock; /* opaque: the fields live in clock.c */

Clock *clock_new_system (void);
Clock *clock_new_settable (gint64 time_usec);
void clock_free (Clock *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Clock, clock_free)

gint64 clock_get_time_usec (const Clock *self);      /* microseconds since 1970, UTC */
gint64 clock_get_monotonic_usec (const Clock *self); /* for ages and intervals: never jumps back */
gint64 clock_get_coarse_usec (const Clock *self);    /* the same, some milliseconds behind, for a fifth of the price */

/* For settable clocks only. */
void clock_set_time_usec (Clock *self,
                          gint64 time_usec); /* the monotonic reading never goes back: it keeps its place then */
void clock_advance_usec (Clock *self, gint64 step_usec);

/* Writes "2025-08-14 10:00:00", the local time; log lines and messages are full of it. */
#define CLOCK_TEXT_SIZE 32
void clock_format_local (gint64 time_sec, char ret_text[CLOCK_TEXT_SIZE]);
/* The same for who asks for one second again and again; all zero at first.  Lent until it is asked for another one. */
typedef struct
{
  gint64 time_sec;
  char text[CLOCK_TEXT_SIZE];
} ClockText;
const char *clock_text_of (ClockText *self, gint64 time_sec);
