#include "action/command-gate.h"

typedef struct
{
  GString *order;
  char name;
} Entrant;

static void
on_open (gpointer data)
{
  Entrant *entrant = data;

  g_string_append_c (entrant->order, entrant->name);
}

static void
turn (guint milliseconds)
{
  gint64 end_usec = g_get_monotonic_time () + milliseconds * 1000;

  do
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (500);
    }
  while (g_get_monotonic_time () < end_usec);
}

static void
test_one_after_the_other (void)
{
  g_autoptr (GString) order = g_string_new (NULL);
  CommandGate *gate = command_gate_new ();
  Entrant a = { order, 'a' }, b = { order, 'b' }, c = { order, 'c' };

  CommandPass *pass_a = command_gate_enter (gate, on_open, &a);
  g_assert_cmpstr (order->str, ==, "");
  CommandPass *pass_b = command_gate_enter (gate, on_open, &b);
  CommandPass *pass_c = command_gate_enter (gate, on_open, &c);
  turn (20);
  g_assert_cmpstr (order->str, ==, "a");
  command_gate_leave (gate, pass_b); /* gave up waiting */
  turn (10);
  g_assert_cmpstr (order->str, ==, "a");
  command_gate_leave (gate, pass_a);
  turn (10);
  g_assert_cmpstr (order->str, ==, "ac");
  command_gate_leave (gate, pass_c);
  command_gate_free (gate);
}

static void
test_who_dawdles_keeps_nobody (void)
{
  g_autoptr (GString) order = g_string_new (NULL);
  CommandGate *gate = command_gate_new ();
  Entrant a = { order, 'a' }, b = { order, 'b' };

  CommandPass *pass_a = command_gate_enter (gate, on_open, &a);
  CommandPass *pass_b = command_gate_enter (gate, on_open, &b);
  turn (COMMAND_GATE_PATIENCE_USEC / 1000 / 2);
  g_assert_cmpstr (order->str, ==, "a");
  turn (COMMAND_GATE_PATIENCE_USEC / 1000);
  g_assert_cmpstr (order->str, ==, "ab");
  command_gate_leave (gate, pass_a);
  command_gate_leave (gate, pass_b);
  command_gate_free (gate);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/command-gate/one after the other", test_one_after_the_other);
  g_test_add_func ("/command-gate/who dawdles keeps nobody", test_who_dawdles_keeps_nobody);
  return g_test_run ();
}
