#include "firewall/firewall-testing.h"

#include <sched.h>
#include <unistd.h>

void
testing_enter_namespace (void)
{
  g_unsetenv ("FIREWALL_TEST_NAMESPACE");
  if (geteuid () == 0 && unshare (CLONE_NEWNET) == 0)
    (void) g_setenv ("FIREWALL_TEST_NAMESPACE", "yes", TRUE);
}

gboolean
testing_is_in_namespace (void)
{
  if (g_getenv ("FIREWALL_TEST_NAMESPACE") != NULL)
    return TRUE;
  g_test_skip ("needs root for a network namespace");
  return FALSE;
}

char *
testing_shell (const char *command, int *ret_status)
{
  const char *argv[] = { "/bin/sh", "-c", command, NULL };
  g_autofree char *errors = NULL;
  char *output = NULL;
  int status = -1;

  g_assert_true (
      g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &errors, &status, NULL));
  if (ret_status != NULL)
    *ret_status = status;
  else if (status != 0)
    g_error ("%s: %s", command, errors);
  return output;
}

void
testing_run (const char *command)
{
  g_free (testing_shell (command, NULL));
}

void
testing_on_done (gboolean done, gpointer data)
{
  TestingCount *count = data;

  count->waiting--;
  count->done += done ? 1 : 0;
  count->failed += done ? 0 : 1;
}

static void
submit (Firewall *firewall, TestingCount *count, const char *text, gboolean adopts)
{
  FirewallCommand *command = firewall_parse (firewall, text, -1);
  if (command == NULL)
    g_error ("not understood: %s", text);
  count->waiting++;
  const FirewallTerms terms = { .timeout_usec = 10 * G_USEC_PER_SEC, .adopts = adopts, .owner = count };
  (void) firewall_submit (firewall, command, &terms, testing_on_done, count);
}

void
testing_submit (Firewall *firewall, TestingCount *count, const char *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);

  submit (firewall, count, text, FALSE);
}

void
testing_adopt (Firewall *firewall, TestingCount *count, const char *text)
{
  submit (firewall, count, text, TRUE);
}

void
testing_wait (const TestingCount *count)
{
  while (count->waiting > 0)
    g_main_context_iteration (NULL, TRUE);
}
