#include "base/clock.h"

#include <time.h>

static void
test_a_settable_clock_stands_still (void)
{
  g_autoptr (Clock) clock = clock_new_settable (5);

  g_assert_cmpint (clock_get_time_usec (clock), ==, 5);
  g_assert_cmpint (clock_get_time_usec (clock), ==, 5);
  clock_advance_usec (clock, 10);
  g_assert_cmpint (clock_get_time_usec (clock), ==, 15);
  g_assert_cmpint (clock_get_monotonic_usec (clock), ==, 10);
}

static void
test_setting_it_back_keeps_the_monotonic_reading (void)
{
  g_autoptr (Clock) clock = clock_new_settable (100);

  clock_set_time_usec (clock, 150);
  g_assert_cmpint (clock_get_monotonic_usec (clock), ==, 50);
  g_assert_cmpint (clock_get_coarse_usec (clock), ==, 50);
  clock_set_time_usec (clock, 20);
  g_assert_cmpint (clock_get_time_usec (clock), ==, 20);
  g_assert_cmpint (clock_get_monotonic_usec (clock), ==, 50);
}

static void
test_the_system_clock_is_the_system_s (void)
{
  g_autoptr (Clock) clock = clock_new_system ();
  gint64 before = g_get_real_time ();
  gint64 now = clock_get_time_usec (clock);

  g_assert_cmpint (now, >=, before);
  g_assert_cmpint (now, <=, g_get_real_time ());
  g_assert_cmpint (clock_get_monotonic_usec (clock), <=, clock_get_monotonic_usec (clock));
  now = clock_get_coarse_usec (clock);
  g_assert_cmpint (now, <=, clock_get_monotonic_usec (clock));
  g_assert_cmpint (now, >, clock_get_monotonic_usec (clock) - G_USEC_PER_SEC);
}

static void
test_a_time_is_shown_as_the_clock_on_the_wall_does (void)
{
  static const gint64 times[]
      = { 0, -1, 1755165600, 1743296399, 1743296400, 951782400, 32503679999, 253402300799, 253402300800 };

  for (gsize i = 0; i < G_N_ELEMENTS (times); i++)
    {
      time_t seconds = (time_t) times[i];
      struct tm local;
      char text[CLOCK_TEXT_SIZE], wanted[64];

      clock_format_local (times[i], text);
      g_assert_nonnull (localtime_r (&seconds, &local));
      g_assert_cmpuint (strftime (wanted, sizeof wanted, "%Y-%m-%d %H:%M:%S", &local), >, 0);
      g_assert_cmpstr (text, ==, wanted);
    }
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "Europe/Berlin", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/clock/a settable clock stands still", test_a_settable_clock_stands_still);
  g_test_add_func ("/clock/setting it back keeps the monotonic reading",
                   test_setting_it_back_keeps_the_monotonic_reading);
  g_test_add_func ("/clock/the system clock is the system's", test_the_system_clock_is_the_system_s);
  g_test_add_func ("/clock/a time is shown as the clock on the wall does",
                   test_a_time_is_shown_as_the_clock_on_the_wall_does);
  return g_test_run ();
}
