/* firewall-testing.h - what the tests of this room share: a network namespace, a shell, submissions that are counted
 *
 * Must not: be linked into anything but tests.
 */
#pragma once
#include "firewall/firewall.h"

/* In main, before there is a thread. */
void     testing_enter_namespace (void);
gboolean testing_is_in_namespace (void); /* else the test is skipped */

char *testing_shell (const char *command, int *ret_status); /* its output; ret_status NULL: it has to succeed */
void  testing_run   (const char *command);

typedef struct
{
  guint waiting, done, failed;
} TestingCount;

void testing_on_done (gboolean done, gpointer count); /* a FirewallDone */
void testing_submit (Firewall *firewall, TestingCount *count, const char *format, ...) G_GNUC_PRINTF (3, 4);
void testing_adopt  (Firewall *firewall, TestingCount *count, const char *text); /* what it adds may be there */
void testing_wait   (const TestingCount *count);
