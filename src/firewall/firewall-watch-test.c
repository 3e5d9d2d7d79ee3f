/* In a network namespace of this process. */
#include "firewall/firewall-watch.h"

#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "firewall/firewall-testing.h"

static gboolean
is_in_namespace (void)
{
  if (g_getenv ("FIREWALL_TEST_NAMESPACE") != NULL)
    return TRUE;
  g_test_skip ("needs root for a network namespace");
  return FALSE;
}

static void
run (const char *command)
{
  if (system (command) != 0)
    g_error ("failed: %s", command);
}

typedef struct
{
  guint told;
  gboolean over;
} Told;

static void
on_told (gpointer data)
{
  ((Told *) data)->told++;
}

static gboolean
on_over (gpointer data)
{
  ((Told *) data)->over = TRUE;
  return G_SOURCE_REMOVE;
}

/* Whether the watcher is told within two seconds. */
static gboolean
is_told (Told *told)
{
  told->told = 0;
  told->over = FALSE;
  guint timer = g_timeout_add (2000, on_over, told);
  while (told->told == 0 && !told->over)
    g_main_context_iteration (NULL, TRUE);
  if (!told->over)
    g_source_remove (timer);
  return told->told > 0;
}

/* The messages of a command are there when it ends. */
static gboolean
is_suspicious (const FirewallWatch *watch)
{
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  return firewall_watch_suspects (watch);
}

static void
test_a_flush_is_told (const char *tool, const char *flush)
{
  g_autofree char *add = g_strdup_printf (
      "%s -w -N f2b-x && %s -w -I INPUT -j f2b-x && %s -w -I f2b-x -s 192.0.2.1 -j DROP", tool, tool, tool);
  g_autofree char *unban = g_strdup_printf ("%s -w -D f2b-x -s 192.0.2.1 -j DROP", tool);
  Told told = { 0 };

  if (!is_in_namespace ())
    return;
  g_autoptr (Firewall) firewall = firewall_new ();
  g_autoptr (FirewallWatch) watch = firewall_watch_new (firewall);
  FirewallWatcher *watcher = firewall_watch_add (watch, on_told, &told);
  run (add);
  firewall_watch_look (watch);
  run (unban);
  g_assert_false (is_suspicious (watch));
  run (flush);
  g_assert_true (is_told (&told));
  firewall_watch_remove (watcher);
  run ("iptables-legacy -w -F; iptables-legacy -w -X; iptables-nft -w -F; iptables-nft -w -X");
}

static void
test_a_flush_of_legacy_tables_is_told (void)
{
  test_a_flush_is_told ("iptables-legacy", "iptables-legacy -w -F");
}

static void
test_a_flush_of_nf_tables_is_told (void)
{
  test_a_flush_is_told ("iptables-nft", "iptables-nft -w -F");
}

static void
test_a_flush_of_the_ruleset_is_told (void)
{
  Told told = { 0 };

  if (!is_in_namespace ())
    return;
  g_autoptr (Firewall) firewall = firewall_new ();
  g_autoptr (FirewallWatch) watch = firewall_watch_new (firewall);
  FirewallWatcher *watcher = firewall_watch_add (watch, on_told, &told);
  run ("nft add table inet f2b-table && nft add set inet f2b-table s '{ type ipv4_addr; }'"
       " && nft add element inet f2b-table s '{ 192.0.2.1 }' && nft delete element inet f2b-table s '{ 192.0.2.1 }'");
  g_assert_false (is_suspicious (watch));
  run ("nft flush ruleset");
  g_assert_true (is_told (&told));
  firewall_watch_remove (watcher);
}

static void
test_bans_that_end_by_themselves_are_no_loss (void)
{
  const guint all = FIREWALL_PLACE_LEGACY | FIREWALL_PLACE_IPSET | FIREWALL_PLACE_NFT_SET | FIREWALL_PLACE_NFT_RULES;
  TestingCount own = { 0 }, set = { 0 };
  Told told = { 0 };

  if (!is_in_namespace ())
    return;
  g_autoptr (Firewall) firewall = firewall_new ();
  firewall_set_flushed_func (firewall, on_told, &told);
  run ("ipset create own hash:ip timeout 0 && ipset create set hash:ip timeout 1 && nft add table inet t"
       " && nft add set inet t own '{ type ipv4_addr; flags timeout; }'"
       " && nft add set inet t own1s '{ type ipv4_addr; timeout 1s; }'");
  testing_submit (firewall, &own, "ipset add own 192.0.2.1 timeout 1");
  testing_submit (firewall, &own, "nft add element inet t own { 192.0.2.1 timeout 1s }");
  testing_wait (&own);
  g_assert_cmpuint (own.done, ==, 2);
  g_assert_false (firewall_holds (firewall, all));

  testing_submit (firewall, &set, "ipset add set 192.0.2.1");
  testing_submit (firewall, &set, "nft add element inet t own1s { 192.0.2.1 }");
  testing_wait (&set);
  g_assert_cmpuint (set.done, ==, 2);
  g_usleep (1500 * 1000);
  firewall_look (firewall, all);
  g_assert_cmpuint (told.told, ==, 0);
  g_assert_false (firewall_take_loss (firewall, &set));
  run ("ipset destroy own; ipset destroy set; nft delete table inet t");
}

static void
test_who_does_not_watch_is_not_woken (void)
{
  if (!is_in_namespace ())
    return;
  g_autoptr (Firewall) firewall = firewall_new ();
  g_autoptr (FirewallWatch) watch = firewall_watch_new (firewall);
  Told told = { 0 };
  firewall_watch_remove (firewall_watch_add (watch, on_told, &told));
  run ("iptables-nft -w -A INPUT -j DROP && nft flush ruleset");
  g_assert_false (g_main_context_pending (NULL));
  g_assert_cmpuint (told.told, ==, 0);
}

static void
test_commands_of_firewalls_are_known (void)
{
  g_assert_true (firewall_watch_concerns ("iptables -w -I f2b-x 1 -s <ip> -j DROP"));
  g_assert_true (firewall_watch_concerns ("nft add element inet f2b-table s { <ip> }"));
  g_assert_true (firewall_watch_concerns ("ipset add s <ip> -exist"));
  g_assert_false (firewall_watch_concerns ("printf %s '<ip> was banned' | mail root"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("FIREWALL_TEST_NAMESPACE");
  if (geteuid () == 0 && unshare (CLONE_NEWNET) == 0)
    (void) g_setenv ("FIREWALL_TEST_NAMESPACE", "yes", TRUE);
  g_test_add_func ("/firewall-watch/a flush of legacy tables is told", test_a_flush_of_legacy_tables_is_told);
  g_test_add_func ("/firewall-watch/a flush of nf_tables is told", test_a_flush_of_nf_tables_is_told);
  g_test_add_func ("/firewall-watch/a flush of the ruleset is told", test_a_flush_of_the_ruleset_is_told);
  g_test_add_func ("/firewall-watch/bans that end by themselves are no loss", test_bans_that_end_by_themselves_are_no_loss);
  g_test_add_func ("/firewall-watch/who does not watch is not woken", test_who_does_not_watch_is_not_woken);
  g_test_add_func ("/firewall-watch/commands of firewalls are known", test_commands_of_firewalls_are_known);
  return g_test_run ();
}
