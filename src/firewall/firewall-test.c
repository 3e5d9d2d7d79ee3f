#include "firewall/firewall.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "firewall/firewall-testing.h"

/* Everything here happens in a network namespace of this process (made in main, before there is a thread); PATH leads to one of the
 * two variants by links of our own. */
typedef struct
{
  const char *variant; /* "legacy", "nft" */
  char *folder, *path, *lock;
  Firewall *firewall;
} Fixture;

static gboolean
set_up (Fixture *f, const char *variant)
{
  static const char *const programs[] = { "iptables", "ip6tables", "iptables-save", "ip6tables-save" };

  if (!testing_is_in_namespace ())
    return FALSE;
  f->variant = variant;
  f->folder = g_dir_make_tmp ("firewall-XXXXXX", NULL);
  f->path = g_strdup (g_getenv ("PATH"));
  for (gsize i = 0; i < G_N_ELEMENTS (programs); i++)
    {
      g_autofree char *name = g_strdup_printf ("%.*s-%s%s", (int) strcspn (programs[i], "-"), programs[i], variant,
                                               programs[i] + strcspn (programs[i], "-"));
      g_autofree char *target = g_find_program_in_path (name);
      g_autofree char *link = g_build_filename (f->folder, programs[i], NULL);
      g_assert_nonnull (target);
      g_assert_cmpint (symlink (target, link), ==, 0);
    }
  g_autofree char *path = g_strconcat (f->folder, ":", f->path, NULL);
  f->lock = g_build_filename (f->folder, "lock", NULL);
  (void) g_setenv ("PATH", path, TRUE);
  (void) g_setenv ("XTABLES_LOCKFILE", f->lock, TRUE);
  f->firewall = firewall_new ();
  return TRUE;
}

static void
tear_down (Fixture *f)
{
  g_autofree char *remove = g_strconcat ("rm -rf ", f->folder, NULL);

  firewall_free (f->firewall);
  testing_run ("for i in iptables-legacy ip6tables-legacy iptables-nft ip6tables-nft; do $i -w -F; $i -w -X; done");
  testing_run (remove);
  (void) g_setenv ("PATH", f->path, TRUE);
  g_unsetenv ("XTABLES_LOCKFILE");
  g_free (f->folder);
  g_free (f->path);
  g_free (f->lock);
}

/* Rules by us and rules by the program are the same to both. */
static void
check_same_rules (const char *variant)
{
  static const char *const rules[] = {
    "-s 192.0.2.1 -j DROP",
    "-s 192.0.2.1 -j REJECT",
    "-s 192.0.2.64/26 -j REJECT --reject-with icmp-port-unreachable",
    "-s 192.0.2.1/255.255.0.255 -j REJECT --reject-with icmp-admin-prohibited",
    "-d 192.0.2.1 -j ACCEPT",
    "! -s 192.0.2.1 -i eth0 -j RETURN",
    "-i eth+ ! -o lo -j DROP",
    "-p tcp -j DROP",
    "-p 47 -j DROP",
    "-p all -j DROP",
    "! -p udp -s 192.0.2.1 -j DROP",
    "-p tcp --dport 22 -j DROP",
    "-p tcp -m tcp ! --sport 1:1023 --dport 22: -j other",
    "-p udp --sport 53 -j DROP",
    "-p tcp -m multiport --dports 80,443 -j other",
    "-p tcp -m multiport ! --sports 1,2:3,65535 -s 192.0.2.9 -j DROP",
    "-p udp -m multiport --ports 1:9 -j DROP",
    "-p tcp -j REJECT --reject-with tcp-reset",
    "-s 192.0.2.1 -m comment --comment 'some text, and more' -j DROP",
    "-m conntrack --ctstate NEW,RELATED -s 192.0.2.1 -j DROP",
    "-m conntrack ! --ctstate INVALID,UNTRACKED -j DROP",
  };
  static const char *const rules6[] = {
    "-s 2001:db8::1 -j REJECT --reject-with icmp6-port-unreachable",
    "-s 2001:db8::/33 -j REJECT --reject-with icmp6-adm-prohibited",
    "! -d ::1 -p tcp --dport 22 -j DROP",
    "-p tcp -m multiport --dports 80,443 -i lo -j other",
    "-p icmpv6 -j ACCEPT",
    "-p all -s ::/0 -j REJECT",
    "-p tcp -j REJECT --reject-with tcp-reset",
  };
  Fixture f;
  TestingCount count = { 0 };

  if (!set_up (&f, variant))
    return;
  for (guint version = 0; version < 2; version++)
    {
      const char *program = version == 0 ? "iptables" : "ip6tables";
      const char *const *list = version == 0 ? rules : rules6;
      gsize n = version == 0 ? G_N_ELEMENTS (rules) : G_N_ELEMENTS (rules6);
      g_autoptr (GString) text = g_string_new (NULL);

      g_string_printf (text, "for c in ours theirs other; do %s -w -N $c; done", program);
      testing_run (text->str);
      for (gsize i = 0; i < n; i++)
        {
          testing_submit (f.firewall, &count, "%s -w -A ours %s", program, list[i]);
          g_string_printf (text, "%s -w -A theirs %s", program, list[i]);
          testing_run (text->str);
        }
      testing_wait (&count);
      g_assert_cmpuint (count.failed, ==, 0);

      g_string_printf (text, "%s-save | grep -e '-A ours' | sed 's/ours/X/'", program);
      g_autofree char *ours = testing_shell (text->str, NULL);
      g_string_printf (text, "%s-save | grep -e '-A theirs' | sed 's/theirs/X/'", program);
      g_autofree char *theirs = testing_shell (text->str, NULL);
      g_assert_cmpstr (ours, ==, theirs);

      for (gsize i = 0; i < n; i++)
        {
          testing_submit (f.firewall, &count, "%s -w -D theirs %s", program, list[i]);
          testing_wait (&count);
          if (count.failed > 0)
            g_error ("%s: we do not find what it made of %s", program, list[i]);
          g_string_printf (text, "%s -w -D ours %s", program, list[i]);
          testing_run (text->str);
        }
      g_string_printf (text, "%s-save | grep -c -e '-A ours' -e '-A theirs'", program);
      int status;
      g_autofree char *left = testing_shell (text->str, &status);
      g_assert_cmpstr (left, ==, "0\n");
    }
  tear_down (&f);
}

static void
test_rules_are_the_same_in_legacy_tables (void)
{
  check_same_rules ("legacy");
}

static void
test_rules_are_the_same_in_nf_tables (void)
{
  check_same_rules ("nft");
}

/* One that fails is left out, whatever stands before and after it. */
static void
check_failing_element (const char *variant)
{
  Fixture f;
  TestingCount good = { 0 }, bad = { 0 };

  if (!set_up (&f, variant))
    return;
  testing_run ("iptables -w -N f2b-x; iptables -w -A f2b-x -j RETURN");
  testing_submit (f.firewall, &good, "iptables -w -I f2b-x 1 -s 192.0.2.1 -j DROP");
  testing_submit (f.firewall, &bad, "iptables -w -I f2b-nowhere 1 -s 192.0.2.2 -j DROP");
  testing_submit (f.firewall, &good, "iptables -w -I f2b-x 1 -s 192.0.2.3 -j DROP");
  testing_submit (f.firewall, &bad, "iptables -w -D f2b-x -s 192.0.2.4 -j DROP");
  testing_submit (f.firewall, &bad, "iptables -w -I f2b-x 99 -s 192.0.2.5 -j DROP");
  testing_submit (f.firewall, &bad, "iptables -w -I f2b-x 1 -s 192.0.2.6 -j nosuchchain");
  testing_submit (f.firewall, &bad,
                  "iptables -w -I f2b-x 1 -s 192.0.2.7 -j DROP\niptables -w -D f2b-x -s 192.0.2.8 -j DROP");
  testing_submit (
      f.firewall, &bad,
      "iptables -w -I f2b-x 1 -s 192.0.2.6 -j REJECT --reject-with tcp-reset"); /* the kernel wants -p tcp */
  testing_submit (f.firewall, &good,
                  "iptables -w -D f2b-x -s 192.0.2.1 -j DROP\niptables -w -I f2b-x 1 -s 192.0.2.9 -j DROP");
  testing_wait (&good);
  testing_wait (&bad);
  g_assert_cmpuint (good.failed, ==, 0);
  g_assert_cmpuint (good.done, ==, 3);
  g_assert_cmpuint (bad.done, ==, 0);

  g_autofree char *rules = testing_shell ("iptables-save | grep -e '-A f2b-x'", NULL);
  g_assert_cmpstr (rules, ==,
                   "-A f2b-x -s 192.0.2.9/32 -j DROP\n-A f2b-x -s 192.0.2.3/32 -j DROP\n-A f2b-x -j RETURN\n");
  tear_down (&f);
}

/* Rules that iptables-restore has to write. */
static void
test_a_chain_that_is_gone_is_found_out_at_once (void)
{
  Fixture f;
  TestingCount good = { 0 }, bad = { 0 };

  if (!set_up (&f, "nft"))
    return;
  testing_run ("iptables -w -N f2b-x");
  for (guint i = 1; i <= 200; i++)
    {
      testing_submit (f.firewall, &bad, "iptables -w -I f2b-gone 1 -p tcp -s 192.0.2.%u -j DROP", i);
      testing_submit (f.firewall, &good, "iptables -w -I f2b-x 1 -p tcp -s 192.0.2.%u -j DROP", i);
    }
  gint64 began_usec = g_get_monotonic_time ();
  testing_wait (&bad);
  testing_wait (&good);
  gint64 took_usec = g_get_monotonic_time () - began_usec;
  g_test_message ("200 of 400 left out: %.1f ms", (double) took_usec / 1000);
  g_assert_cmpuint (good.done, ==, 200);
  g_assert_cmpuint (bad.failed, ==, 200);
  g_assert_cmpint (took_usec, <, G_USEC_PER_SEC); /* one process for each took some */
  tear_down (&f);
}

/* Of rules behind one that makes a loop the kernel says the same. */
static void
test_a_rule_that_makes_a_loop_is_refused_alone (void)
{
  Fixture f;
  TestingCount good = { 0 }, bad = { 0 };

  if (!set_up (&f, "nft"))
    return;
  testing_run ("iptables -w -N f2b-x; iptables -w -I INPUT -j f2b-x; iptables -w -N c1; iptables -w -N c2; iptables -w -A c2 -j f2b-x");
  for (guint i = 1; i <= 20; i++)
    testing_submit (f.firewall, i == 7 || i == 13 ? &bad : &good, "iptables -w -I f2b-x 1 -s 192.0.2.%u -j %s", i,
                    i == 7 || i == 13 ? "c2" : "c1");
  testing_wait (&good);
  testing_wait (&bad);
  g_assert_cmpuint (good.done, ==, 18);
  g_assert_cmpuint (bad.failed, ==, 2);
  tear_down (&f);
}

/* As after a kill: the rules of the last run are there, and are to be there once. */
static void
check_adopting (const char *variant)
{
  Fixture f;
  TestingCount count = { 0 };

  if (!set_up (&f, variant))
    return;
  testing_run ("iptables -w -N f2b-x; iptables -w -A f2b-x -j RETURN");
  testing_submit (f.firewall, &count, "iptables -w -I f2b-x 1 -s 192.0.2.1 -j REJECT");
  testing_submit (f.firewall, &count, "iptables -w -I f2b-x 1 -s 192.0.2.2 -j REJECT");
  testing_wait (&count);
  testing_adopt (f.firewall, &count, "iptables -w -I f2b-x 1 -s 192.0.2.1 -j REJECT");
  testing_adopt (f.firewall, &count, "iptables -w -I f2b-x 1 -s 192.0.2.2 -j DROP");
  testing_adopt (f.firewall, &count, "iptables -w -I f2b-x 1 -s 192.0.2.3 -j REJECT\niptables -w -A f2b-x -s 192.0.2.2 -j REJECT");
  testing_submit (f.firewall, &count, "iptables -w -I f2b-x 1 -s 192.0.2.2 -j DROP"); /* iptables adds what it is told to */
  testing_wait (&count);
  g_assert_cmpuint (count.failed, ==, 0);
  g_autofree char *rules = testing_shell ("iptables-save | grep -e '-A f2b-x' | sed 's/.*-s 192.0.2.//;s/ --reject.*//'", NULL);
  g_assert_cmpstr (rules, ==, "2/32 -j DROP\n3/32 -j REJECT\n2/32 -j DROP\n2/32 -j REJECT\n1/32 -j REJECT\n-A f2b-x -j RETURN\n");

  testing_submit (f.firewall, &count, "iptables -w -D f2b-x -s 192.0.2.2 -j DROP");
  testing_submit (f.firewall, &count, "iptables -w -D f2b-x -s 192.0.2.2 -j DROP");
  testing_submit (f.firewall, &count, "iptables -w -I f2b-x 1 -s 192.0.2.4 -j DROP");
  testing_submit (f.firewall, &count, "iptables -w -D f2b-x -s 192.0.2.4 -j DROP"); /* what was just added */
  testing_wait (&count);
  g_assert_cmpuint (count.failed, ==, 0);
  testing_submit (f.firewall, &count, "iptables -w -D f2b-x -s 192.0.2.2 -j DROP");
  testing_wait (&count);
  g_assert_cmpuint (count.failed, ==, 1);
  g_autofree char *left = testing_shell ("iptables-save | grep -c -e DROP -e 192.0.2.4", (int[]){ 0 });
  g_assert_cmpstr (left, ==, "0\n");
  tear_down (&f);
}

static void
test_a_rule_that_is_there_is_not_doubled_legacy (void)
{
  check_adopting ("legacy");
}

static void
test_a_rule_that_is_there_is_not_doubled_nft (void)
{
  check_adopting ("nft");
}

static void
test_a_failing_element_leaves_the_others_alone_legacy (void)
{
  check_failing_element ("legacy");
}

static void
test_a_failing_element_leaves_the_others_alone_nft (void)
{
  check_failing_element ("nft");
}

static void
test_chains_come_and_go_in_legacy_tables (void)
{
  Fixture f;
  TestingCount count = { 0 };

  if (!set_up (&f, "legacy"))
    return;
  testing_submit (f.firewall, &count,
                  "iptables -w -N f2b-x\niptables -w -A f2b-x -j RETURN\niptables -w -I INPUT -p tcp -j f2b-x");
  testing_submit (f.firewall, &count, "iptables -w -C f2b-x -j RETURN");
  testing_wait (&count);
  g_assert_cmpuint (count.failed, ==, 0);
  testing_run ("iptables -C INPUT -p tcp -j f2b-x && iptables -C f2b-x -j RETURN");
  testing_submit (f.firewall, &count, "iptables -w -X f2b-x"); /* is in use */
  testing_wait (&count);
  g_assert_cmpuint (count.failed, ==, 1);
  testing_submit (f.firewall, &count,
                  "iptables -w -D INPUT -p tcp -j f2b-x\niptables -w -F f2b-x\niptables -w -X f2b-x");
  testing_wait (&count);
  g_assert_cmpuint (count.failed, ==, 1);
  g_autofree char *rules = testing_shell ("iptables-save | grep -c f2b-x || true", NULL);
  g_assert_cmpstr (rules, ==, "0\n");
  tear_down (&f);
}

static void
check_speed (const char *variant, double limit_sec)
{
  Fixture f;
  TestingCount count = { 0 };

  if (!set_up (&f, variant))
    return;
  testing_run ("iptables -w -N f2b-x; iptables -w -A f2b-x -j RETURN");
  g_autoptr (GTimer) timer = g_timer_new ();
  for (guint i = 0; i < 1000; i++)
    testing_submit (f.firewall, &count,
                    "iptables -w -I f2b-x 1 -s 198.18.%u.%u -j REJECT --reject-with icmp-port-unreachable", i / 250,
                    i % 250);
  testing_wait (&count);
  double seconds = g_timer_elapsed (timer, NULL);
  g_test_message ("1000 bans (%s): %.1f ms", variant, seconds * 1000);
  g_assert_cmpuint (count.failed, ==, 0);
  g_assert_cmpfloat (seconds, <, limit_sec);
  g_autofree char *rules = testing_shell ("iptables-save | grep -c -e '-A f2b-x'", NULL);
  g_assert_cmpstr (rules, ==, "1001\n");
  tear_down (&f);
}

static void
test_a_thousand_bans_are_one_change_legacy (void)
{
  check_speed ("legacy", 2);
}

static void
test_a_thousand_bans_are_one_change_nft (void)
{
  check_speed ("nft", 5);
}

/* Nothing is done behind the back of somebody who holds the lock. */
static void
test_the_lock_is_waited_for (void)
{
  Fixture f;
  TestingCount count = { 0 };

  if (!set_up (&f, "legacy"))
    return;
  testing_run ("iptables -w -N f2b-x");
  g_autofree char *background = g_strdup_printf ("flock %s sleep 0.3 >/dev/null 2>&1 & sleep 0.1", f.lock);
  testing_run (background);
  gint64 start_usec = g_get_monotonic_time ();
  testing_submit (f.firewall, &count, "iptables -w -I f2b-x 1 -s 192.0.2.1 -j DROP");
  testing_wait (&count);
  g_assert_cmpuint (count.done, ==, 1);
  g_assert_cmpint (g_get_monotonic_time () - start_usec, >, G_USEC_PER_SEC / 10);

  testing_run (background);
  FirewallCommand *command = firewall_parse (f.firewall, "iptables -w -I f2b-x 1 -s 192.0.2.2 -j DROP", -1);
  count.waiting++;
  (void) firewall_submit (f.firewall, command, &(FirewallTerms){ .timeout_usec = G_USEC_PER_SEC / 20 }, testing_on_done, &count);
  testing_wait (&count);
  g_assert_cmpuint (count.failed, ==, 1);
  tear_down (&f);
}

static void
on_ready (gpointer data)
{
  *(gboolean *) data = TRUE;
}

static void
test_who_does_not_wait_for_the_lock_is_left_alone (void)
{
  Fixture f;
  TestingCount count = { 0 };
  gboolean ready = FALSE;

  if (!set_up (&f, "legacy"))
    return;
  testing_run ("iptables -w -N f2b-x");
  testing_submit (f.firewall, &count, "iptables -I f2b-x 1 -s 192.0.2.1 -j DROP"); /* no -w: as well */
  g_main_context_iteration (NULL, FALSE);
  FirewallHold *hold = firewall_hold (f.firewall, on_ready, &ready);
  testing_submit (f.firewall, &count, "iptables -w -I f2b-x 1 -s 192.0.2.2 -j DROP");
  while (!ready)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < 20; i++)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  g_assert_cmpuint (count.done, <=, 1); /* the first was on its way */
  firewall_release (hold);
  testing_wait (&count);
  g_assert_cmpuint (count.done, ==, 2);

  ready = FALSE;
  firewall_release (firewall_hold (f.firewall, on_ready, &ready));
  for (guint i = 0; i < 5; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_false (ready);
  g_assert_true (firewall_wants_hold ("iptables -N x"));
  g_assert_false (firewall_wants_hold ("iptables -w -N x"));
  g_assert_false (firewall_wants_hold ("nft add table x"));
  tear_down (&f);
}

static void
test_a_script_called_iptables_is_not_replaced (void)
{
  Fixture f;

  if (!set_up (&f, "legacy"))
    return;
  g_autofree char *script = g_build_filename (f.folder, "iptables", NULL);
  g_assert_cmpint (g_unlink (script), ==, 0);
  g_assert_true (g_file_set_contents (script, "#!/bin/sh\n", -1, NULL));
  g_assert_cmpint (g_chmod (script, 0755), ==, 0);
  g_autoptr (FirewallCommand) command = firewall_parse (f.firewall, "iptables -w -I f2b-x 1 -s 192.0.2.1 -j DROP", -1);
  g_assert_null (command);
  tear_down (&f);
}

static void
test_cancelled_and_freed_calls_nobody (void)
{
  Fixture f;
  TestingCount count = { 0 };

  if (!set_up (&f, "legacy"))
    return;
  FirewallCommand *command = firewall_parse (f.firewall, "iptables -w -F INPUT", -1);
  FirewallJob *job = firewall_submit (f.firewall, command, &(FirewallTerms){ 0 }, testing_on_done, &count);
  testing_submit (f.firewall, &count, "iptables -w -F INPUT");
  firewall_cancel (job);
  g_main_context_iteration (NULL, FALSE);
  tear_down (&f); /* maybe while the thread works */
  for (guint i = 0; i < 20; i++)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  g_assert_cmpuint (count.done + count.failed, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  testing_enter_namespace ();
  g_test_add_func ("/firewall/rules are the same in legacy tables", test_rules_are_the_same_in_legacy_tables);
  g_test_add_func ("/firewall/rules are the same in nf_tables", test_rules_are_the_same_in_nf_tables);
  g_test_add_func ("/firewall/a failing element leaves the others alone (legacy)",
                   test_a_failing_element_leaves_the_others_alone_legacy);
  g_test_add_func ("/firewall/a failing element leaves the others alone (nft)",
                   test_a_failing_element_leaves_the_others_alone_nft);
  g_test_add_func ("/firewall/a chain that is gone is found out at once", test_a_chain_that_is_gone_is_found_out_at_once);
  g_test_add_func ("/firewall/a rule that makes a loop is refused alone", test_a_rule_that_makes_a_loop_is_refused_alone);
  g_test_add_func ("/firewall/a rule that is there is not doubled (legacy)",
                   test_a_rule_that_is_there_is_not_doubled_legacy);
  g_test_add_func ("/firewall/a rule that is there is not doubled (nft)", test_a_rule_that_is_there_is_not_doubled_nft);
  g_test_add_func ("/firewall/chains come and go in legacy tables", test_chains_come_and_go_in_legacy_tables);
  g_test_add_func ("/firewall/a thousand bans are one change (legacy)", test_a_thousand_bans_are_one_change_legacy);
  g_test_add_func ("/firewall/a thousand bans are one change (nft)", test_a_thousand_bans_are_one_change_nft);
  g_test_add_func ("/firewall/the lock is waited for", test_the_lock_is_waited_for);
  g_test_add_func ("/firewall/who does not wait for the lock is left alone",
                   test_who_does_not_wait_for_the_lock_is_left_alone);
  g_test_add_func ("/firewall/a script called iptables is not replaced", test_a_script_called_iptables_is_not_replaced);
  g_test_add_func ("/firewall/cancelled and freed calls nobody", test_cancelled_and_freed_calls_nobody);
  return g_test_run ();
}
