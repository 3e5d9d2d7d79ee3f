/* A jail with real rules, in a network namespace of this process. */
#include "jail/jail-truth.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "jail/jail-private.h"

#define N_BANS 1000

typedef struct
{
  const char *variant; /* "legacy", "nft" */
  char *folder, *path;
  Clock *clock;
  Log *log;
  GString *lines; /* notices and worse */
  JailServices *services;
  Jail *jail;
  gsize seen; /* of lines, when the rules were counted */
  gboolean stopped, time_is_up;
  const struct Emptied *emptied;
} Fixture;

static char *
shell (const char *command)
{
  const char *argv[] = { "/bin/sh", "-c", command, NULL };
  g_autofree char *errors = NULL;
  char *output = NULL;
  int status = -1;

  g_assert_true (
      g_spawn_sync (NULL, (char **) argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &errors, &status, NULL));
  if (status != 0)
    g_error ("%s: %s", command, errors);
  return output;
}

static void
run (const char *command)
{
  g_free (shell (command));
}

static void
on_log (int level, const char *logger, const char *text, gsize len, gpointer data)
{
  if (level >= LOG_LEVEL_NOTICE)
    g_string_append_printf (((Fixture *) data)->lines, "%.*s\n", (int) len, text);
}

static void
set_up_tools (Fixture *f)
{
  static const char *const programs[] = { "iptables", "ip6tables", "iptables-save", "iptables-restore" };

  f->folder = g_dir_make_tmp ("truth-XXXXXX", NULL);
  f->path = g_strdup (g_getenv ("PATH"));
  for (gsize i = 0; i < G_N_ELEMENTS (programs); i++)
    {
      g_autofree char *name = g_strdup_printf ("%.*s-%s%s", (int) strcspn (programs[i], "-"), programs[i], f->variant,
                                               programs[i] + strcspn (programs[i], "-"));
      g_autofree char *target = g_find_program_in_path (name);
      g_autofree char *link = g_build_filename (f->folder, programs[i], NULL);
      g_assert_nonnull (target);
      g_assert_cmpint (symlink (target, link), ==, 0);
    }
  g_autofree char *path = g_strconcat (f->folder, ":", f->path, NULL);
  g_autofree char *lock = g_build_filename (f->folder, "lock", NULL);
  (void) g_setenv ("PATH", path, TRUE);
  (void) g_setenv ("XTABLES_LOCKFILE", lock, TRUE);
}

static void
set_action (Fixture *f, const char *property, const char *value)
{
  g_autoptr (PyValue) text = py_str_new (value);
  g_autoptr (GError) error = NULL;

  if (!jail_set_action_property (f->jail, "ipt", property, text, &error))
    g_error ("%s: %s", property, error->message);
}

static gboolean
set_up (Fixture *f, const char *variant, const char *action_ban)
{
  memset (f, 0, sizeof *f);
  if (g_getenv ("TRUTH_TEST_NAMESPACE") == NULL)
    {
      g_test_skip ("needs root for a network namespace");
      return FALSE;
    }
  f->variant = variant;
  set_up_tools (f);
  f->clock = clock_new_settable (G_GINT64_CONSTANT (1700000000) * G_USEC_PER_SEC);
  f->log = log_new ();
  f->lines = g_string_new (NULL);
  log_set_level (f->log, LOG_LEVEL_INFO);
  log_set_sink (f->log, on_log, f);
  f->services = jail_services_new (f->clock, f->log);
  f->jail = jail_new ("j", "polling", f->services, NULL);
  g_assert_true (jail_add_action (f->jail, "ipt", NULL));
  set_action (f, "actionstart", "iptables -w -N f2b-j 2>/dev/null; iptables -w -I INPUT -j f2b-j");
  set_action (f, "actionstop", "iptables -w -D INPUT -j f2b-j; iptables -w -F f2b-j; iptables -w -X f2b-j");
  set_action (f, "actionflush", "iptables -w -F f2b-j");
  set_action (f, "actioncheck", "iptables -w -C INPUT -j f2b-j");
  set_action (f, "actionban", action_ban);
  set_action (f, "actionstart_on_demand", "true"); /* as the stock actions for iptables */
  set_action (f, "actionunban", "iptables -w -D f2b-j -s <ip> -j DROP");
  jail_start (f->jail);
  return TRUE;
}

static void
on_stopped (Jail *jail, gpointer data)
{
  ((Fixture *) data)->stopped = TRUE;
}

static gboolean
is_stopped (Fixture *f)
{
  return f->stopped;
}

static gboolean
on_too_long (gpointer data)
{
  g_error ("the loop waited in vain; logged:\n%s", ((Fixture *) data)->lines->str);
  return G_SOURCE_REMOVE;
}

static void
wait_until (Fixture *f, gboolean (*is_so) (Fixture *f))
{
  guint guard = g_timeout_add_seconds (20, on_too_long, f);

  while (!is_so (f))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

static void
tear_down (Fixture *f)
{
  g_autofree char *remove = g_strconcat ("rm -rf ", f->folder, NULL);

  jail_stop (f->jail, on_stopped, f);
  wait_until (f, is_stopped);
  jail_free (f->jail);
  jail_services_free (f->services);
  log_free (f->log);
  clock_free (f->clock);
  g_string_free (f->lines, TRUE);
  run ("iptables -w -F; iptables -w -X");
  run (remove);
  (void) g_setenv ("PATH", f->path, TRUE);
  g_unsetenv ("XTABLES_LOCKFILE");
  g_free (f->folder);
  g_free (f->path);
}

/* --- helpers --------------------------------------------------------------------------------------------------------- */

static void
ban (Fixture *f, guint number, guint failures)
{
  g_autofree char *text = g_strdup_printf ("10.0.%u.%u", number / 250, number % 250 + 1);
  g_autoptr (Address) id = address_new (text, -1);
  g_autoptr (Ticket) ticket = ticket_new (id, clock_get_time_usec (f->clock));

  ticket_set_attempts (ticket, failures);
  jail_bans_ban (f->jail, ticket, NULL);
}

static gboolean
is_idle (Fixture *f)
{
  return action_queue_is_idle (f->jail->actions);
}

static guint
count_lines (const char *text, const char *part)
{
  guint count = 0;

  for (const char *at = text; (at = strstr (at, part)) != NULL; at += strlen (part))
    count++;
  return count;
}

static guint
count_rules (void)
{
  g_autofree char *rules = shell ("iptables-save");

  return strstr (rules, "-A INPUT -j f2b-j\n") != NULL ? count_lines (rules, "-A f2b-j -s ") : 0;
}

/* Looks at the rules when something was logged and all is quiet. */
static gboolean
is_all_in_force (Fixture *f)
{
  if (!is_idle (f) || f->seen == f->lines->len)
    return FALSE;
  f->seen = f->lines->len;
  return count_rules () == N_BANS;
}

/* --- what somebody flushed ------------------------------------------------------------------------------------------- */

static void
check_flush (const char *variant, const char *flush)
{
  Fixture f;

  if (!set_up (&f, variant, "iptables -w -I f2b-j 1 -s <ip> -j DROP"))
    return;
  for (guint i = 0; i < N_BANS / 2; i++)
    ban (&f, i, 1);
  wait_until (&f, is_idle);
  g_assert_cmpuint (count_rules (), ==, N_BANS / 2);

  /* More are on their way when it happens. */
  for (guint i = N_BANS / 2; i < N_BANS; i++)
    ban (&f, i, 1);
  g_main_context_iteration (NULL, FALSE);
  run (flush);
  gint64 flushed_usec = g_get_monotonic_time ();
  f.seen = f.lines->len;
  wait_until (&f, is_all_in_force);
  g_test_message ("all bans back after %" G_GINT64_FORMAT " ms", (g_get_monotonic_time () - flushed_usec) / 1000);
  g_assert_nonnull (strstr (f.lines->str, "[j] Reban 10.0.0.1, action 'ipt'\n"));
  g_assert_nonnull (strstr (f.lines->str, "] The firewall had lost "));
  g_assert_cmpuint (jail_truth_count_refused (f.jail->truth), ==, 0);
  tear_down (&f);
}

static void
test_all_bans_are_back_after_a_flush_of_legacy_tables (void)
{
  check_flush ("legacy", "iptables -w -F");
}

static void
test_all_bans_are_back_after_their_legacy_chains_are_gone (void)
{
  check_flush ("legacy", "iptables -w -F && iptables -w -X");
}

static void
test_all_bans_are_back_after_a_flush_of_nf_tables (void)
{
  check_flush ("nft", "iptables -w -F && iptables -w -X");
}

static void
test_all_bans_are_back_after_a_flush_of_the_ruleset (void)
{
  check_flush ("nft", "nft flush ruleset");
}

/* --- what somebody emptied ------------------------------------------------------------------------------------------- */

/* An action, how its bans are taken away while its chain or set stays, and how many there are. */
typedef struct Emptied
{
  const char *variant, *start, *stop, *check, *ban, *unban, *flush, *take_one, *count;
} Emptied;

static const Emptied legacy_chain = {
  "legacy",
  "iptables -w -N f2b-j; iptables -w -A f2b-j -j RETURN; iptables -w -I INPUT -j f2b-j",
  "iptables -w -D INPUT -j f2b-j; iptables -w -F f2b-j; iptables -w -X f2b-j",
  "iptables -w -C INPUT -j f2b-j",
  "iptables -w -I f2b-j 1 -s <ip> -j REJECT",
  "iptables -w -D f2b-j -s <ip> -j REJECT",
  "iptables -w -F f2b-j",
  "iptables -w -D f2b-j -s 10.0.0.1 -j REJECT",
  "iptables-save | grep -c -e '-A f2b-j -s' || :",
};

static const Emptied nft_chain = {
  "nft",
  "iptables -w -N f2b-j; iptables -w -A f2b-j -j RETURN; iptables -w -I INPUT -j f2b-j",
  "iptables -w -D INPUT -j f2b-j; iptables -w -F f2b-j; iptables -w -X f2b-j",
  "iptables -w -C INPUT -j f2b-j",
  "iptables -w -I f2b-j 1 -s <ip> -j REJECT",
  "iptables -w -D f2b-j -s <ip> -j REJECT",
  "iptables -w -F f2b-j",
  "iptables -w -D f2b-j -s 10.0.0.1 -j REJECT",
  "iptables-save | grep -c -e '-A f2b-j -s' || :",
};

static const Emptied ipset = {
  "nft",
  "ipset create f2b-j hash:ip maxelem 100000",
  "ipset flush f2b-j; ipset destroy f2b-j",
  "",
  "ipset add f2b-j <ip> -exist",
  "ipset del f2b-j <ip> -exist",
  "ipset flush f2b-j",
  "ipset del f2b-j 10.0.0.1",
  "ipset save f2b-j | grep -c '^add' || :",
};

static const Emptied nft_hash_set = {
  "nft",
  "nft add table inet f2b-t; nft add set inet f2b-t s '{ type ipv4_addr; }'",
  "nft delete table inet f2b-t",
  "nft list set inet f2b-t s >/dev/null",
  "nft add element inet f2b-t s { <ip> }",
  "nft delete element inet f2b-t s { <ip> }",
  "nft flush set inet f2b-t s",
  "nft delete element inet f2b-t s { 10.0.0.1 }",
  "nft list set inet f2b-t s | grep -o '10\\.0\\.' | wc -l",
};

static const Emptied nft_interval_set = {
  "nft",
  "nft add table inet f2b-t; nft add set inet f2b-t s '{ type ipv4_addr; flags interval; }'",
  "nft delete table inet f2b-t",
  "nft list set inet f2b-t s >/dev/null",
  "nft add element inet f2b-t s { <ip> }",
  "nft delete element inet f2b-t s { <ip> }",
  "nft flush set inet f2b-t s",
  "nft delete element inet f2b-t s { 10.0.0.1 }",
  "nft list set inet f2b-t s | grep -o '10\\.0\\.' | wc -l",
};

static gboolean
set_up_emptied (Fixture *f, const Emptied *what)
{
  if (!set_up (f, what->variant, what->ban))
    return FALSE;
  set_action (f, "actionstart", what->start);
  set_action (f, "actionstop", what->stop);
  set_action (f, "actionflush", "");
  set_action (f, "actioncheck", what->check);
  set_action (f, "actionunban", what->unban);
  f->emptied = what;
  return TRUE;
}

static guint
count_bans (const Fixture *f)
{
  g_autofree char *number = shell (f->emptied->count);

  return (guint) g_ascii_strtoull (number, NULL, 10);
}

static gboolean
are_all_back (Fixture *f)
{
  if (!is_idle (f) || f->seen == f->lines->len)
    return FALSE;
  f->seen = f->lines->len;
  return strstr (f->lines->str, "] The firewall had lost ") != NULL && count_bans (f) == N_BANS;
}

static void
test_bans_are_back_after_their_place_was_emptied (gconstpointer data)
{
  Fixture f;

  if (!set_up_emptied (&f, data))
    return;
  for (guint i = 0; i < N_BANS / 2; i++)
    ban (&f, i, 1);
  wait_until (&f, is_idle);
  g_assert_cmpuint (count_bans (&f), ==, N_BANS / 2);

  /* More are on their way when it happens. */
  for (guint i = N_BANS / 2; i < N_BANS; i++)
    ban (&f, i, 1);
  g_main_context_iteration (NULL, FALSE);
  run (f.emptied->flush);
  gint64 flushed_usec = g_get_monotonic_time ();
  wait_until (&f, are_all_back);
  g_test_message ("all bans back after %" G_GINT64_FORMAT " ms", (g_get_monotonic_time () - flushed_usec) / 1000);
  g_assert_nonnull (strstr (f.lines->str, "[j] Reban 10.0.0.1, action 'ipt'\n"));
  tear_down (&f);
}

static gboolean
on_time (gpointer data)
{
  ((Fixture *) data)->time_is_up = TRUE;
  return G_SOURCE_REMOVE;
}

static gboolean
is_time_up (Fixture *f)
{
  return f->time_is_up;
}

/* Longer than a flush would go unnoticed. */
static void
let_time_pass (Fixture *f)
{
  f->time_is_up = FALSE;
  (void) g_timeout_add (2200, on_time, f);
  wait_until (f, is_time_up);
}

static void
test_a_ban_that_was_taken_out_by_hand_stays_out (gconstpointer data)
{
  Fixture f;

  if (!set_up_emptied (&f, data))
    return;
  for (guint i = 0; i < 4; i++)
    ban (&f, i, 1);
  let_time_pass (&f); /* until somebody has counted them */
  run (f.emptied->take_one);
  let_time_pass (&f);
  g_assert_cmpuint (count_bans (&f), ==, 3);
  g_assert_null (strstr (f.lines->str, "had lost"));

  /* Our own unbans are no loss. */
  g_autoptr (GPtrArray) tickets = ban_list_dup_tickets (f.jail->bans);
  for (guint i = 0; i < tickets->len; i++)
    {
      if (g_str_equal (address_peek_text (ticket_peek_id (tickets->pdata[i])), "10.0.0.2"))
        continue;
      Ticket *ticket = ban_list_take (f.jail->bans, ticket_peek_id (tickets->pdata[i]));
      jail_bans_unban (f.jail, ticket, NULL);
      ticket_unref (ticket);
    }
  let_time_pass (&f);
  g_assert_cmpuint (count_bans (&f), ==, 1);
  g_assert_null (strstr (f.lines->str, "had lost"));
  tear_down (&f);
}

/* --- what the kernel refused ----------------------------------------------------------------------------------------- */

static gboolean
is_none_refused (Fixture *f)
{
  return jail_truth_count_refused (f->jail->truth) == 0;
}

static void
check_refusal (const char *variant)
{
  Fixture f;

  if (!set_up (&f, variant, "iptables -w -I f2b-j 1 -s <ip> -j C<failures>"))
    return;
  /* A chain that jumps to where it is jumped to from is a loop, which the kernel refuses. */
  run ("iptables -w -N f2b-j; iptables -w -N C1; iptables -w -A C1 -j DROP; iptables -w -N C2; iptables -w -A C2 -j f2b-j");
  for (guint i = 0; i < N_BANS; i++)
    ban (&f, i, i == 500 ? 2 : 1);
  wait_until (&f, is_idle);
  g_assert_cmpuint (count_rules (), ==, N_BANS - 1);
  g_assert_cmpuint (count_lines (f.lines->str, "Failed to execute ban"), ==, 1);
  g_assert_null (strstr (f.lines->str, "is not in force"));
  g_assert_cmpuint (jail_truth_count_refused (f.jail->truth), ==, 1);

  jail_truth_retry_now (f.jail->truth);
  wait_until (&f, is_idle);
  g_assert_nonnull (strstr (f.lines->str, "\n[j] 10.0.2.1 is not in force, trying again in 20 s\n"));
  g_assert_cmpuint (count_rules (), ==, N_BANS - 1);

  run ("iptables -w -F C2");
  jail_truth_retry_now (f.jail->truth);
  wait_until (&f, is_none_refused);
  g_assert_cmpuint (count_rules (), ==, N_BANS);
  g_assert_nonnull (strstr (f.lines->str, "\n[j] 10.0.2.1 is in force now\n"));
  tear_down (&f);
}

static void
test_one_of_a_thousand_that_is_refused_is_tried_again_legacy (void)
{
  check_refusal ("legacy");
}

static void
test_one_of_a_thousand_that_is_refused_is_tried_again_nft (void)
{
  check_refusal ("nft");
}

static void
test_who_is_unbanned_is_not_tried_again (void)
{
  Fixture f;

  if (!set_up (&f, "nft", "iptables -w -I f2b-j 1 -s <ip> -j no-such-chain"))
    return;
  ban (&f, 1, 1);
  wait_until (&f, is_idle);
  g_assert_cmpuint (jail_truth_count_refused (f.jail->truth), ==, 1);
  g_autoptr (GPtrArray) tickets = ban_list_dup_tickets (f.jail->bans);
  Ticket *ticket = ban_list_take (f.jail->bans, ticket_peek_id (tickets->pdata[0]));
  jail_bans_unban (f.jail, ticket, NULL);
  ticket_unref (ticket);
  g_assert_cmpuint (jail_truth_count_refused (f.jail->truth), ==, 0);
  tear_down (&f);
}

#define ADD_EMPTIED(name, what)                                                                                        \
  g_test_add_data_func ("/truth/all bans are back after a flush of " name, what,                                       \
                        test_bans_are_back_after_their_place_was_emptied);                                             \
  g_test_add_data_func ("/truth/a ban that was taken by hand out of " name " stays out", what,                         \
                        test_a_ban_that_was_taken_out_by_hand_stays_out)

static void
test_several_commands_are_not_tried_again (void)
{
  Fixture f;

  if (!set_up (&f, "nft", "iptables -w -I f2b-j 1 -s <ip> -j DROP\niptables -w -I f2b-j 1 -s <ip> -j no-such-chain"))
    return;
  ban (&f, 1, 1);
  wait_until (&f, is_idle);
  g_assert_nonnull (strstr (f.lines->str, "Failed to execute ban"));
  g_assert_cmpuint (jail_truth_count_refused (f.jail->truth), ==, 0);
  tear_down (&f);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("TRUTH_TEST_NAMESPACE");
  if (geteuid () == 0 && unshare (CLONE_NEWNET) == 0)
    (void) g_setenv ("TRUTH_TEST_NAMESPACE", "yes", TRUE);
  g_test_add_func ("/truth/all bans are back after a flush of legacy tables",
                   test_all_bans_are_back_after_a_flush_of_legacy_tables);
  g_test_add_func ("/truth/all bans are back after their legacy chains are gone",
                   test_all_bans_are_back_after_their_legacy_chains_are_gone);
  g_test_add_func ("/truth/all bans are back after a flush of nf_tables",
                   test_all_bans_are_back_after_a_flush_of_nf_tables);
  g_test_add_func ("/truth/all bans are back after a flush of the ruleset",
                   test_all_bans_are_back_after_a_flush_of_the_ruleset);
  ADD_EMPTIED ("a legacy chain", &legacy_chain);
  ADD_EMPTIED ("a chain of nf_tables", &nft_chain);
  ADD_EMPTIED ("an ipset", &ipset);
  ADD_EMPTIED ("an nft hash set", &nft_hash_set);
  ADD_EMPTIED ("an nft interval set", &nft_interval_set);
  g_test_add_func ("/truth/one of a thousand that is refused is tried again (legacy)",
                   test_one_of_a_thousand_that_is_refused_is_tried_again_legacy);
  g_test_add_func ("/truth/one of a thousand that is refused is tried again (nft)",
                   test_one_of_a_thousand_that_is_refused_is_tried_again_nft);
  g_test_add_func ("/truth/several commands are not tried again", test_several_commands_are_not_tried_again);
  g_test_add_func ("/truth/who is unbanned is not tried again", test_who_is_unbanned_is_not_tried_again);
  return g_test_run ();
}
