#include <glib/gstdio.h>
#include <string.h>

#include "firewall/firewall-testing.h"
#include "firewall/firewall.h"

/* In a network namespace of this process.  What we did is compared with what nft and ipset make of the same words. */

static void
remove_all (void)
{
  testing_run ("nft flush ruleset; ipset destroy");
}

static gboolean
is_understood (Firewall *firewall, const char *text)
{
  g_autoptr (FirewallCommand) command = firewall_parse (firewall, text, -1);

  return command != NULL;
}

/* --- words ----------------------------------------------------------------------------------------------------------- */

static void
test_plain_element_commands_are_understood (void)
{
  static const char *const texts[] = {
    "nft add element inet f2b-table addr-set-sshd \\{ 192.0.2.1 \\}",
    "nft add element inet f2b-table addr-set-sshd { 192.0.2.1 }",
    "nft 'add element inet t s {192.0.2.0/24}'",
    "nft add element t s \\{ 192.0.2.1 timeout 600s \\}",
    "nft delete element ip6 t s \\{ 2001:db8::1 \\}\nnft delete element ip t s \\{ 192.0.2.1 \\}",
    "ipset -exist add f2b-sshd 192.0.2.1 timeout 600",
    "ipset add f2b-sshd6 2001:db8::1 timeout 0 -exist",
    "ipset --test f2b-sshd 192.0.2.1 ||  ipset --add f2b-sshd 192.0.2.1",
    "ipset --test f2b-sshd 192.0.2.1 && ipset --del f2b-sshd 192.0.2.1",
    "ipset -D f2b-sshd 192.0.2.0/24",
  };
  g_autoptr (Firewall) firewall = firewall_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    if (!is_understood (firewall, texts[i]))
      g_error ("not understood: %s", texts[i]);
}

static void
test_everything_else_is_for_the_shell (void)
{
  static const char *const texts[] = {
    "nft add element inet t s \\{ 192.0.2.1, 192.0.2.2 \\}",
    "nft add element inet t s \\{ 192.0.2.1-192.0.2.3 \\}",
    "nft add element inet t s \\{ 192.0.2.1 comment x \\}",
    "nft add element inet t s \\{ 192.0.2.1 timeout 600 \\}",
    "nft add element inet t s \\{ localhost \\}",
    "nft add element inet t s \\{ 192.0.2.1/24 \\}",
    "nft add element inet t s \\{ 192.0.2.01 \\}",
    "nft add element inet t s \\{ ::ffff:192.0.2.1 \\}",
    "nft add element inet t s \\{ 192.0.2.1 \\}\\; flush ruleset",
    "nft add element inet t s \\{ 192.0.2.1 \\} && true",
    "nft create element inet t s \\{ 192.0.2.1 \\}",
    "nft -a add element inet t s \\{ 192.0.2.1 \\}",
    "nft add rule inet t c drop",
    "nft flush set inet t s",
    "nft add element inet t @s \\{ 192.0.2.1 \\}",
    "nft add element inet t s 192.0.2.1",
    "ipset test f2b-sshd 192.0.2.1",
    "ipset flush f2b-sshd",
    "ipset add f2b-sshd 192.0.2.1 timeout 010",
    "ipset add f2b-sshd 192.0.2.1 timeout 2147484",
    "ipset add f2b-sshd 192.0.2.1,tcp:22",
    "ipset add f2b-sshd 192.0.2.1-192.0.2.3",
    "ipset add f2b-sshd 192.0.2.1 comment x",
    "ipset add f2b-sshd localhost",
    "ipset del f2b-sshd 192.0.2.1 timeout 5",
    "ipset test a 192.0.2.1 || ipset add b 192.0.2.1",
    "ipset test a 192.0.2.1 || ipset add a 192.0.2.2",
    "ipset test a 192.0.2.1 && ipset add a 192.0.2.1",
    "ipset test a 192.0.2.1; ipset add a 192.0.2.1",
    "ipset add a 192.0.2.1\nipset add b 192.0.2.1",
    "ipset add a 192.0.2.1 timeout $([ \"600\" -le 2147483 ] && echo \"600\" || echo 0)",
    "ipset add a 192.0.2.1; nft add element inet t s \\{ 192.0.2.1 \\}",
  };
  g_autoptr (Firewall) firewall = firewall_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    if (is_understood (firewall, texts[i]))
      g_error ("understood: %s", texts[i]);
}

static void
test_a_script_in_the_place_of_the_tool_is_not_replaced (void)
{
  static const char *const names[] = { "nft", "ipset" };
  g_autofree char *folder = g_dir_make_tmp ("firewall-XXXXXX", NULL);
  g_autofree char *old_path = g_strdup (g_getenv ("PATH"));
  g_autofree char *path = g_strconcat (folder, ":", old_path, NULL);
  g_autoptr (Firewall) firewall = firewall_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *script = g_build_filename (folder, names[i], NULL);
      g_assert_true (g_file_set_contents (script, "#!/bin/sh\n", -1, NULL));
      g_assert_cmpint (g_chmod (script, 0755), ==, 0);
    }
  (void) g_setenv ("PATH", path, TRUE);
  g_assert_false (is_understood (firewall, "nft add element inet t s { 192.0.2.1 }"));
  g_assert_false (is_understood (firewall, "ipset add s 192.0.2.1"));
  (void) g_setenv ("PATH", old_path, TRUE);
  g_autofree char *remove = g_strconcat ("rm -rf ", folder, NULL);
  testing_run (remove);
}

/* --- the same as the program ----------------------------------------------------------------------------------------- */

static char *
with (const char *text, const char *placeholder, const char *value)
{
  g_auto (GStrv) parts = g_strsplit (text, placeholder, -1);

  return g_strjoinv (value, parts);
}

/* Each of the commands ("SET" stands for the set) is given to us, for one set, and to the program, for another one: both succeed and
 * leave the same behind, or we say that nothing happened and both sets are as they were.  An '=' in front: we have to do it
 * ourselves. */
static void
compare (const char *make, const char *list, const char *const *commands, gsize n_commands)
{
  g_autoptr (Firewall) firewall = firewall_new ();

  testing_run (make);
  for (gsize i = 0; i < n_commands; i++)
    {
      gboolean must = *commands[i] == '=';
      const char *text = commands[i] + (must ? 1 : 0);
      g_autofree char *ours = with (text, "SET", "ours"), *theirs = with (text, "SET", "theirs");
      g_autofree char *list_ours = with (list, "SET", "ours"), *list_theirs = with (list, "SET", "theirs");
      TestingCount count = { 0 };
      int status;

      testing_submit (firewall, &count, "%s", ours);
      testing_wait (&count);
      g_free (testing_shell (theirs, &status));
      if (count.done != 0 && status != 0)
        g_error ("we do what the program refuses: %s", commands[i]);
      if (must && count.done == 0)
        g_error ("not done: %s", commands[i]);
      if (count.done == 0 && status == 0)
        testing_run (ours);
      g_autofree char *seen = testing_shell (list_ours, NULL), *expected = testing_shell (list_theirs, NULL);
      if (!g_str_equal (seen, expected))
        g_error ("%s leaves\n%s\nand not\n%s", commands[i], seen, expected);
    }
  remove_all ();
}

#define NFT_LIST "nft list set inet t SET | grep -v set | sed 's/ expires [0-9a-z]*//g'"

static void
test_elements_of_an_nft_hash_set (void)
{
  static const char *const commands[] = {
    "=nft add element inet t SET { 192.0.2.1 }",       "=nft add element inet t SET { 192.0.2.1 }",
    "=nft add element inet t SET { 192.0.2.7 }",       "nft add element inet t SET { 192.0.2.8 timeout 5s }",
    "nft add element inet t SET { 192.0.2.0/24 }",     "nft add element inet t SET { 192.0.2.9/32 }",
    "nft add element inet t SET { 2001:db8::1 }",      "=nft delete element inet t SET { 192.0.2.1 }",
    "nft delete element inet t SET { 192.0.2.1 }",     "nft add element inet nosuch SET { 192.0.2.1 }",
    "nft add element ip t SET { 192.0.2.1 }",          "=nft add element inet t SET { 0.0.0.0 }",
    "=nft add element inet t SET { 255.255.255.255 }",
  };

  if (!testing_is_in_namespace ())
    return;
  compare ("nft add table inet t; for s in ours theirs; do nft add set inet t $s '{ type ipv4_addr; }'; done", NFT_LIST,
           commands, G_N_ELEMENTS (commands));
}

static void
test_elements_of_an_nft_interval_set (void)
{
  static const char *const commands[] = {
    "=nft add element inet t SET { 192.0.2.1 }",          "=nft add element inet t SET { 192.0.2.1 }",
    "=nft add element inet t SET { 198.51.100.0/24 }",    "=nft add element inet t SET { 198.51.100.0/24 }",
    "nft add element inet t SET { 198.51.100.0 }",        "nft add element inet t SET { 198.51.100.7 }",
    "nft add element inet t SET { 198.51.100.255 }",      "nft add element inet t SET { 198.51.0.0/16 }",
    "=nft add element inet t SET { 198.51.101.0 }",       "=nft add element inet t SET { 198.51.99.255 }",
    "nft delete element inet t SET { 198.51.100.0 }",     "nft delete element inet t SET { 198.51.100.7 }",
    "nft delete element inet t SET { 198.51.100.255 }",   "=nft add element inet t SET { 192.0.2.2 }",
    "=nft add element inet t SET { 192.0.2.3 }",          "=nft delete element inet t SET { 192.0.2.2 }",
    "nft delete element inet t SET { 192.0.2.2 }",        "nft delete element inet t SET { 192.0.2.0/30 }",
    "nft add element inet t SET { 255.255.255.255 }",     "nft add element inet t SET { 0.0.0.0 }",
    "=nft delete element inet t SET { 198.51.100.0/24 }", "nft add element inet t SET { 203.0.113.1 timeout 5s }",
  };

  if (!testing_is_in_namespace ())
    return;
  compare (
      "nft add table inet t; for s in ours theirs; do nft add set inet t $s '{ type ipv4_addr; flags interval; }'; done",
      NFT_LIST, commands, G_N_ELEMENTS (commands));
}

static void
test_elements_of_an_nft_set_of_ipv6_addresses (void)
{
  static const char *const commands[] = {
    "=nft add element inet t SET { 2001:db8::1 }",
    "=nft add element inet t SET { 2001:db8:1::/48 }",
    "nft add element inet t SET { 2001:db8:1::2 }",
    "=nft delete element inet t SET { 2001:db8::1 }",
    "nft delete element inet t SET { 2001:db8:1:: }",
    "nft add element inet t SET { 192.0.2.1 }",
    "=nft add element inet t SET { 2001:db8::ffff:ffff:ffff:ffff }",
    "nft add element inet t SET { ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff }",
  };

  if (!testing_is_in_namespace ())
    return;
  compare (
      "nft add table inet t; for s in ours theirs; do nft add set inet t $s '{ type ipv6_addr; flags interval; }'; done",
      NFT_LIST, commands, G_N_ELEMENTS (commands));
}

static void
test_elements_of_an_nft_set_with_timeouts (void)
{
  static const char *const commands[] = {
    "=nft add element inet t SET { 192.0.2.1 timeout 600s }",     "=nft add element inet t SET { 192.0.2.2 }",
    "=nft add element inet t SET { 192.0.2.3 timeout 2h }",       "=nft delete element inet t SET { 192.0.2.1 }",
    "=nft add element inet t SET { 198.51.100.0/24 timeout 1d }",
  };

  if (!testing_is_in_namespace ())
    return;
  compare ("nft add table inet t; for s in ours theirs; do"
           " nft add set inet t $s '{ type ipv4_addr; flags interval,timeout; timeout 1h; }'; done",
           NFT_LIST, commands, G_N_ELEMENTS (commands));
}

static void
test_nft_sets_that_are_more_than_addresses_are_left_to_nft (void)
{
  static const char *const sets[] = {
    "type ipv4_addr; flags interval; auto-merge;",
    "type ipv4_addr; counter;",
    "type ipv4_addr . inet_service;",
    "type inet_service;",
  };
  g_autoptr (Firewall) firewall = firewall_new ();

  if (!testing_is_in_namespace ())
    return;
  testing_run ("nft add table inet t; nft add map inet t m '{ type ipv4_addr : verdict; }'");
  for (gsize i = 0; i < G_N_ELEMENTS (sets); i++)
    {
      g_autofree char *make = g_strdup_printf ("nft add set inet t s%d '{ %s }'", (int) i, sets[i]);
      TestingCount count = { 0 };
      testing_run (make);
      testing_submit (firewall, &count, "nft add element inet t s%d { 192.0.2.1 }", (int) i);
      testing_submit (firewall, &count, "nft add element inet t m { 192.0.2.1 }");
      testing_wait (&count);
      g_assert_cmpuint (count.done, ==, 0);
    }
  remove_all ();
}

#define IPSET_LIST "ipset list SET | sed -e '1,/^Members/d' -e 's/timeout [1-9][0-9]*/timeout N/' | sort"

static void
test_elements_of_ipsets (void)
{
  static const char *const commands[] = {
    "=ipset -exist add SET 192.0.2.1 timeout 600",
    "=ipset -exist add SET 192.0.2.1 timeout 0",
    "=ipset add SET 192.0.2.2 timeout 500 -exist",
    "=ipset add SET 192.0.2.3",
    "ipset add SET 192.0.2.3",
    "=ipset -exist del SET 192.0.2.9",
    "ipset del SET 192.0.2.9",
    "=ipset del SET 192.0.2.2",
    "ipset add SET 192.0.2.64/30",
    "ipset add SET 2001:db8::1",
    "=ipset --test SET 192.0.2.5 ||  ipset --add SET 192.0.2.5",
    "=ipset --test SET 192.0.2.5 ||  ipset --add SET 192.0.2.5",
    "=ipset --test SET 192.0.2.1 || ipset add SET 192.0.2.1 timeout 100",
    "=ipset --test SET 192.0.2.5 && ipset --del SET 192.0.2.5",
    "ipset --test SET 192.0.2.5 && ipset --del SET 192.0.2.5",
    "ipset -exist add SET 0.0.0.0",
    "ipset add nosuchset 192.0.2.1",
  };

  if (!testing_is_in_namespace ())
    return;
  compare ("for s in ours theirs; do ipset create $s hash:ip timeout 0; done", IPSET_LIST, commands,
           G_N_ELEMENTS (commands));
  compare ("for s in ours theirs; do ipset create $s iphash; done", IPSET_LIST,
           (const char *const[]){ "=ipset add SET 192.0.2.1", "ipset -exist add SET 192.0.2.2 timeout 5",
                                  "=ipset del SET 192.0.2.1" },
           3);
}

static void
test_elements_of_ipsets_of_networks_and_ipv6 (void)
{
  static const char *const networks[] = {
    "=ipset add SET 192.0.2.1",
    "=ipset add SET 198.51.100.0/24",
    "ipset add SET 198.51.100.0/24",
    "ipset test SET 198.51.100.9 || ipset add SET 198.51.100.9",
    "ipset test SET 198.51.100.9 && ipset del SET 198.51.100.9",
    "=ipset del SET 198.51.100.0/24",
    "=ipset -exist add SET 203.0.113.7/32",
  };
  static const char *const ipv6[] = {
    "=ipset -exist add SET 2001:db8::1 timeout 5",
    "ipset -exist add SET 192.0.2.1",
    "ipset -exist add SET 2001:db8::/64",
    "=ipset -exist del SET 2001:db8::1",
  };

  if (!testing_is_in_namespace ())
    return;
  compare ("for s in ours theirs; do ipset create $s hash:net; done", IPSET_LIST, networks, G_N_ELEMENTS (networks));
  compare ("for s in ours theirs; do ipset create $s hash:ip family inet6 timeout 0; done", IPSET_LIST, ipv6,
           G_N_ELEMENTS (ipv6));
}

/* --- together -------------------------------------------------------------------------------------------------------- */

/* 1000 of them, and the kernel refuses one. */
static void
check_thousand (const char *make, const char *good, const char *bad, const char *count_command)
{
  g_autoptr (Firewall) firewall = firewall_new ();
  TestingCount accepted = { 0 }, refused = { 0 };

  testing_run (make);
  g_autoptr (GTimer) timer = g_timer_new ();
  for (guint i = 0; i < 999; i++)
    {
      g_autofree char *ip = g_strdup_printf ("198.18.%u.%u", i / 250, i % 250 + 1);
      g_autofree char *text = with (good, "IP", ip);
      testing_submit (firewall, &accepted, "%s", text);
      if (i == 500)
        testing_submit (firewall, &refused, "%s", bad);
    }
  testing_wait (&accepted);
  testing_wait (&refused);
  g_test_message ("%.1f ms", g_timer_elapsed (timer, NULL) * 1000);
  g_assert_cmpuint (accepted.done, ==, 999);
  g_assert_cmpuint (refused.failed, ==, 1);
  g_autofree char *seen = testing_shell (count_command, NULL);
  g_assert_cmpstr (seen, ==, "999\n");
  remove_all ();
}

static void
test_one_refused_of_a_thousand_leaves_the_others_alone (void)
{
  if (!testing_is_in_namespace ())
    return;
  check_thousand ("nft add table inet t; nft add set inet t s '{ type ipv4_addr; }'",
                  "nft add element inet t s \\{ IP \\}", "nft delete element inet t s \\{ 192.0.2.1 \\}",
                  "nft list set inet t s | grep -o '198[.0-9]*' | wc -l");
  check_thousand ("nft add table inet t; nft add set inet t s '{ type ipv4_addr; flags interval; }'",
                  "nft add element inet t s \\{ IP \\}", "nft add element inet t s \\{ 198.18.0.0/24 \\}",
                  "nft list set inet t s | grep -o '198[.0-9]*' | wc -l");
  check_thousand ("ipset create s hash:ip", "ipset add s IP", "ipset del s 192.0.2.1", "ipset list s | grep -c ^198");
}

static void
test_commands_take_effect_in_the_order_they_came_in (void)
{
  g_autoptr (Firewall) firewall = firewall_new ();
  TestingCount count = { 0 };

  if (!testing_is_in_namespace ())
    return;
  testing_run (
      "nft add table inet t; nft add set inet t s '{ type ipv4_addr; flags interval; }'; ipset create s hash:ip");
  for (guint i = 0; i < 5; i++)
    {
      testing_submit (firewall, &count, "nft add element inet t s { 192.0.2.1 }");
      testing_submit (firewall, &count, "ipset add s 192.0.2.1");
      testing_submit (firewall, &count, "nft delete element inet t s { 192.0.2.1 }");
      testing_submit (firewall, &count, "ipset del s 192.0.2.1");
    }
  testing_submit (firewall, &count, "nft add element inet t s { 192.0.2.2 }");
  testing_wait (&count);
  g_assert_cmpuint (count.failed, ==, 0);
  g_autofree char *seen
      = testing_shell ("nft list set inet t s | grep -o '192[.0-9]*'; ipset list s | grep -c ^192 || true", NULL);
  g_assert_cmpstr (seen, ==, "192.0.2.2\n0\n");
  remove_all ();
}

/* Half of a submission is no submission. */
static void
test_several_nft_commands_are_done_together_or_not_at_all (void)
{
  g_autoptr (Firewall) firewall = firewall_new ();
  TestingCount count = { 0 };

  if (!testing_is_in_namespace ())
    return;
  testing_run ("nft add table inet t; nft add set inet t s '{ type ipv4_addr; }'");
  testing_submit (firewall, &count,
                  "nft add element inet t s { 192.0.2.1 }\nnft delete element inet t s { 192.0.2.9 }");
  testing_submit (firewall, &count, "nft add element inet t s { 192.0.2.2 }\nnft add element inet t s { 192.0.2.3 }");
  testing_wait (&count);
  g_assert_cmpuint (count.done, ==, 1);
  g_autofree char *seen = testing_shell ("nft list set inet t s | grep -o '192[.0-9]*'", NULL);
  g_assert_cmpstr (seen, ==, "192.0.2.2\n192.0.2.3\n");
  remove_all ();
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  testing_enter_namespace ();
  g_test_add_func ("/sets/plain element commands are understood", test_plain_element_commands_are_understood);
  g_test_add_func ("/sets/everything else is for the shell", test_everything_else_is_for_the_shell);
  g_test_add_func ("/sets/a script in the place of the tool is not replaced",
                   test_a_script_in_the_place_of_the_tool_is_not_replaced);
  g_test_add_func ("/sets/elements of an nft hash set", test_elements_of_an_nft_hash_set);
  g_test_add_func ("/sets/elements of an nft interval set", test_elements_of_an_nft_interval_set);
  g_test_add_func ("/sets/elements of an nft set of IPv6 addresses", test_elements_of_an_nft_set_of_ipv6_addresses);
  g_test_add_func ("/sets/elements of an nft set with timeouts", test_elements_of_an_nft_set_with_timeouts);
  g_test_add_func ("/sets/nft sets that are more than addresses are left to nft",
                   test_nft_sets_that_are_more_than_addresses_are_left_to_nft);
  g_test_add_func ("/sets/elements of ipsets", test_elements_of_ipsets);
  g_test_add_func ("/sets/elements of ipsets of networks and IPv6", test_elements_of_ipsets_of_networks_and_ipv6);
  g_test_add_func ("/sets/one refused of a thousand leaves the others alone",
                   test_one_refused_of_a_thousand_leaves_the_others_alone);
  g_test_add_func ("/sets/commands take effect in the order they came in",
                   test_commands_take_effect_in_the_order_they_came_in);
  g_test_add_func ("/sets/several nft commands are done together or not at all",
                   test_several_nft_commands_are_done_together_or_not_at_all);
  return g_test_run ();
}
