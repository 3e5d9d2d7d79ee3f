#include "base/child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

typedef struct
{
  gboolean over;
  ChildResult result; /* its bytes are reffed */
} Outcome;

static void
on_done (const ChildResult *result, gpointer data)
{
  Outcome *outcome = data;

  outcome->over = TRUE;
  outcome->result = *result;
  g_bytes_ref (outcome->result.output);
  g_bytes_ref (outcome->result.errors);
}

static void
outcome_clear (Outcome *outcome)
{
  g_clear_pointer (&outcome->result.output, g_bytes_unref);
  g_clear_pointer (&outcome->result.errors, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static Child *
begin (const char *command, GBytes *input, double timeout_sec, Outcome *outcome)
{
  const char *argv[] = { "/bin/sh", "-c", command, NULL };
  ChildSpec spec = { .argv = argv, .input = input, .timeout_usec = (gint64) (timeout_sec * G_USEC_PER_SEC) };
  g_autoptr (GError) error = NULL;

  memset (outcome, 0, sizeof *outcome);
  Child *child = child_start (&spec, on_done, outcome, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (outcome->over);
  return child;
}

static void
run (const char *command, GBytes *input, double timeout_sec, Outcome *outcome)
{
  (void) begin (command, input, timeout_sec, outcome);
  while (!outcome->over)
    g_main_context_iteration (NULL, TRUE);
}

static void
assert_text (GBytes *bytes, const char *expected)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  g_assert_cmpmem (data, size, expected, strlen (expected));
}

static void
test_output_and_status_come_back (void)
{
  g_auto (Outcome) outcome = { 0 };

  run ("echo out; echo err >&2; exit 3", NULL, 0, &outcome);
  g_assert_true (outcome.result.ended);
  g_assert_false (outcome.result.timed_out);
  g_assert_cmpint (outcome.result.status, ==, 3);
  assert_text (outcome.result.output, "out\n");
  assert_text (outcome.result.errors, "err\n");
}

static void
test_a_signal_is_a_negative_status (void)
{
  g_auto (Outcome) outcome = { 0 };

  run ("kill -USR1 $$", NULL, 0, &outcome);
  g_assert_cmpint (outcome.result.status, ==, -SIGUSR1);
}

/* The shell obeys SIGTERM; what it started does not, and goes with SIGKILL. */
static void
test_who_takes_too_long_goes_with_everything_it_started (void)
{
  g_auto (Outcome) outcome = { 0 };
  g_auto (Outcome) look = { 0 };

  run ("sh -c 'trap \"\" TERM; echo $$; while :; do sleep 0.05; done' & wait", NULL, 0.2, &outcome);
  g_assert_true (outcome.result.timed_out);
  g_assert_cmpint (outcome.result.status, ==, -SIGTERM);
  g_autofree char *pid
      = g_strndup (g_bytes_get_data (outcome.result.output, NULL), g_bytes_get_size (outcome.result.output));
  g_autofree char *command = g_strdup_printf ("sleep 0.1; ps -o stat= -p %s | grep -v Z", g_strstrip (pid));
  run (command, NULL, 0, &look);
  assert_text (look.result.output, "");
}

static void
test_who_ignores_the_request_is_killed (void)
{
  g_auto (Outcome) outcome = { 0 };

  run ("trap '' TERM; while :; do sleep 0.05; done", NULL, 0.1, &outcome);
  g_assert_true (outcome.result.timed_out);
  g_assert_true (outcome.result.ended);
  g_assert_cmpint (outcome.result.status, ==, -SIGKILL);
}

static void
test_much_output_is_cut_and_hangs_nobody (void)
{
  g_auto (Outcome) outcome = { 0 };

  run ("head -c 1000000 /dev/zero; head -c 1000000 /dev/zero >&2", NULL, 20, &outcome);
  g_assert_cmpint (outcome.result.status, ==, 0);
  g_assert_cmpuint (g_bytes_get_size (outcome.result.output), ==, CHILD_OUTPUT_MAX);
  g_assert_cmpuint (g_bytes_get_size (outcome.result.errors), ==, CHILD_OUTPUT_MAX);
}

static void
test_a_daemon_left_behind_is_not_waited_for (void)
{
  g_auto (Outcome) outcome = { 0 };
  gint64 start_usec = g_get_monotonic_time ();

  run ("sleep 3 & echo done", NULL, 0, &outcome);
  assert_text (outcome.result.output, "done\n");
  g_assert_cmpint (g_get_monotonic_time () - start_usec, <, 2 * G_USEC_PER_SEC);
}

static void
test_input_arrives_whole (void)
{
  g_auto (Outcome) outcome = { 0 };
  g_autoptr (GBytes) input = g_bytes_new_take (g_malloc0 (3000000), 3000000);

  run ("wc -c", input, 20, &outcome);
  assert_text (outcome.result.output, "3000000\n");
}

static void
test_input_that_nobody_reads_is_no_fault (void)
{
  g_auto (Outcome) outcome = { 0 };
  g_autoptr (GBytes) input = g_bytes_new_take (g_malloc0 (3000000), 3000000);

  run ("exit 0", input, 20, &outcome);
  g_assert_cmpint (outcome.result.status, ==, 0);
}

static void
test_the_child_is_on_its_own (void)
{
  g_auto (Outcome) outcome = { 0 };

  run ("read x; echo \"input:$x\"; ls /proc/self/fd | wc -w; ps -o sid= -p $$ | grep -qw $$ && echo own session", NULL,
       0, &outcome);
  assert_text (outcome.result.output, "input:\n4\nown session\n"); /* 0, 1, 2 and ls's own */
}

static void
test_what_is_not_there_is_an_error (void)
{
  const char *argv[] = { "/no/such/program", NULL };
  ChildSpec spec = { .argv = argv };
  g_autoptr (GError) error = NULL;
  Outcome outcome = { 0 };
  int number = 0;

  g_assert_null (child_start (&spec, on_done, &outcome, &number, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_cmpint (number, ==, ENOENT);
}

static void
test_a_cancelled_child_calls_nobody (void)
{
  g_auto (Outcome) outcome = { 0 };

  child_cancel (begin ("sleep 30", NULL, 0, &outcome));
  gint64 end_usec = g_get_monotonic_time () + G_USEC_PER_SEC / 10;
  while (g_get_monotonic_time () < end_usec)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (5000);
    }
  g_assert_false (outcome.over);
  child_cancel (NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/child/output and status come back", test_output_and_status_come_back);
  g_test_add_func ("/child/a signal is a negative status", test_a_signal_is_a_negative_status);
  g_test_add_func ("/child/who takes too long goes with everything it started",
                   test_who_takes_too_long_goes_with_everything_it_started);
  g_test_add_func ("/child/who ignores the request is killed", test_who_ignores_the_request_is_killed);
  g_test_add_func ("/child/much output is cut and hangs nobody", test_much_output_is_cut_and_hangs_nobody);
  g_test_add_func ("/child/a daemon left behind is not waited for", test_a_daemon_left_behind_is_not_waited_for);
  g_test_add_func ("/child/input arrives whole", test_input_arrives_whole);
  g_test_add_func ("/child/input that nobody reads is no fault", test_input_that_nobody_reads_is_no_fault);
  g_test_add_func ("/child/the child is on its own", test_the_child_is_on_its_own);
  g_test_add_func ("/child/what is not there is an error", test_what_is_not_there_is_an_error);
  g_test_add_func ("/child/a cancelled child calls nobody", test_a_cancelled_child_calls_nobody);
  return g_test_run ();
}
