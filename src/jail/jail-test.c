/* Jails with real filter, files, database and action queue, and a clock that is set. */
#include "jail/jail.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "compat/py-repr.h"
#include "jail/jail-private.h"

#define START_SEC G_GINT64_CONSTANT (1700000000)

typedef struct
{
  char *folder, *log_path, *store_path;
  Clock *clock;
  Log *log;
  GString *lines; /* what was logged, but debug */
  JailServices *services;
  Jail *jail;
  guint counted;
  gboolean done;
  const char *watched; /* when this is logged … */
  gboolean known;      /* … is the ban of 192.0.2.1 in the database? */
} Fixture;

/* As somebody else sees it. */
static gboolean
is_in_database (Fixture *f, const char *id)
{
  g_autoptr (Address) address = address_new (id, -1);
  g_autoptr (Log) log = log_new ();
  BanStore *store = ban_store_open (f->store_path, f->clock, log, NULL);
  g_autoptr (Ticket) ticket = ban_store_get_merged (store, "j", address, NULL);

  ban_store_free (store);
  return ticket != NULL;
}

static void
on_log (int level, const char *logger, const char *text, gsize len, gpointer data)
{
  Fixture *f = data;

  if (level >= LOG_LEVEL_NOTICE || strstr (text, "Found") != NULL || strstr (text, "Ignore") != NULL)
    g_string_append_printf (f->lines, "%.*s\n", (int) len, text);
  if (f->watched != NULL && strstr (text, f->watched) != NULL)
    f->known = is_in_database (f, "192.0.2.1");
}

static void
open_services (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  f->services = jail_services_new (f->clock, f->log);
  if (!jail_services_open_store (f->services, f->store_path, &error))
    g_error ("%s", error->message);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->folder = g_dir_make_tmp ("jail-test-XXXXXX", NULL);
  f->log_path = g_build_filename (f->folder, "a.log", NULL);
  f->store_path = g_build_filename (f->folder, "store.sqlite3", NULL);
  f->clock = clock_new_settable (START_SEC * G_USEC_PER_SEC);
  f->log = log_new ();
  f->lines = g_string_new (NULL);
  log_set_level (f->log, LOG_LEVEL_INFO);
  log_set_sink (f->log, on_log, f);
  g_assert_true (g_file_set_contents (f->log_path, "", 0, NULL));
  open_services (f);
  g_string_truncate (f->lines, 0);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autoptr (GDir) dir = g_dir_open (f->folder, 0, NULL);
  const char *name;

  jail_free (f->jail);
  jail_services_free (f->services);
  log_free (f->log);
  clock_free (f->clock);
  g_string_free (f->lines, TRUE);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (f->folder, name, NULL);
      (void) g_unlink (path);
    }
  (void) g_rmdir (f->folder);
  g_free (f->folder);
  g_free (f->log_path);
  g_free (f->store_path);
}

static void
set (Fixture *f, const char *option, const char *value)
{
  g_autoptr (PyValue) text = py_str_new (value);
  g_autoptr (GError) error = NULL;

  if (!jail_set (f->jail, option, text, &error))
    g_error ("%s = %s: %s", option, value, error->message);
}

static void
make_jail (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  f->jail = jail_new ("j", "auto", f->services, &error);
  g_assert_no_error (error);
  set (f, "usedns", "no");
  set (f, "datepattern", "^{EPOCH}");
  set (f, "ignoreself", "no");
  g_assert_true (jail_add_failregex (f->jail, "^\\s*fail from <HOST>$", &error));
  g_assert_true (jail_add_log (f->jail, f->log_path, FALSE, &error));
}

static void
append (Fixture *f, const char *id, gint64 offset_sec)
{
  FILE *file = fopen (f->log_path, "a");

  g_assert_nonnull (file);
  (void) fprintf (file, "%" G_GINT64_FORMAT " fail from %s\n", START_SEC + offset_sec, id);
  (void) fclose (file);
}

static gboolean
on_too_long (gpointer data)
{
  g_error ("the loop waited in vain; logged:\n%s", ((Fixture *) data)->lines->str);
  return G_SOURCE_REMOVE;
}

static void
wait_until (Fixture *f, gboolean (*is_so) (Fixture *f, const char *text), const char *text)
{
  guint guard = g_timeout_add_seconds (20, on_too_long, f);

  while (!is_so (f, text))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

static gboolean
is_logged (Fixture *f, const char *text)
{
  return strstr (f->lines->str, text) != NULL;
}

static gboolean
is_done (Fixture *f, const char *unused)
{
  return f->done;
}

static void
on_counted (Jail *jail, guint count, const GError *error, gpointer data)
{
  Fixture *f = data;

  f->counted = count;
  f->done = TRUE;
}

static guint
ban (Fixture *f, const char *id)
{
  g_autoptr (PyValue) ids = py_list_new_strs (id, NULL);

  f->done = FALSE;
  jail_ban (f->jail, ids, on_counted, f);
  g_assert_false (f->done);
  wait_until (f, is_done, NULL);
  return f->counted;
}

static guint
unban (Fixture *f, const char *id)
{
  g_autoptr (PyValue) ids = py_list_new_strs (id, NULL);

  f->done = FALSE;
  jail_unban (f->jail, ids, FALSE, on_counted, f);
  wait_until (f, is_done, NULL);
  return f->counted;
}

static void
on_stopped (Jail *jail, gpointer data)
{
  ((Fixture *) data)->done = TRUE;
}

static void
stop (Fixture *f)
{
  f->done = FALSE;
  jail_stop (f->jail, on_stopped, f);
  wait_until (f, is_done, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    continue;
  g_clear_pointer (&f->jail, jail_free);
}

/* As if the server had been killed: nothing is told to anybody. */
static void
crash (Fixture *f)
{
  g_clear_pointer (&f->jail, jail_free);
  g_clear_pointer (&f->services, jail_services_free);
  open_services (f);
}

static char *
shown (PyValue *value)
{
  g_autoptr (PyValue) owned = value;

  return py_repr (owned);
}

static void
assert_banned (Fixture *f, const char *expected)
{
  g_autofree char *seen = shown (jail_dup_banned (f->jail));

  g_assert_cmpstr (seen, ==, expected);
}

static void
assert_failing (Fixture *f, guint expected)
{
  g_autofree char *seen = shown (jail_status (f->jail, "basic"));
  g_autofree char *text = g_strdup_printf ("('Currently failed', %u)", expected);

  if (strstr (seen, text) == NULL)
    g_error ("%s is not in %s", text, seen);
}

static void
test_three_lines_make_a_ban (Fixture *f, gconstpointer data)
{
  make_jail (f);
  append (f, "192.0.2.1", -3);
  append (f, "192.0.2.2", -3);
  append (f, "192.0.2.1", -2);
  append (f, "192.0.2.1", -1);
  jail_start (f->jail);
  wait_until (f, is_logged, "Ban");
  g_assert_true (g_str_has_suffix (f->lines->str, "[j] Ban 192.0.2.1\n"));
  assert_banned (f, "['192.0.2.1']");
  stop (f);
  g_assert_true (is_logged (f, "[j] Repeal Ban 192.0.2.1\n"));
}

static void
test_a_ban_ends_when_its_time_is_over (Fixture *f, gconstpointer data)
{
  make_jail (f);
  jail_start (f->jail);
  g_assert_cmpuint (ban (f, "192.0.2.1"), ==, 1);
  g_assert_cmpuint (ban (f, "192.0.2.1"), ==, 0);
  clock_advance_usec (f->clock, 600 * G_USEC_PER_SEC);
  jail_bans_expire (f->jail);
  assert_banned (f, "['192.0.2.1']");
  clock_advance_usec (f->clock, 1);
  jail_bans_expire (f->jail);
  assert_banned (f, "[]");
  wait_until (f, is_logged, "[j] Unban 192.0.2.1\n");
}

static void
test_an_idle_jail_reads_later (Fixture *f, gconstpointer data)
{
  make_jail (f);
  set (f, "maxretry", "1");
  jail_start (f->jail);
  jail_set_idle (f->jail, TRUE);
  append (f, "192.0.2.1", 0);
  g_assert_cmpuint (ban (f, "192.0.2.2"), ==, 1);
  assert_banned (f, "['192.0.2.2']");
  jail_set_idle (f->jail, FALSE);
  wait_until (f, is_logged, "Ban 192.0.2.1");
}

static void
test_after_a_crash_no_failure_is_lost_or_counted_twice (Fixture *f, gconstpointer data)
{
  make_jail (f);
  jail_start (f->jail);
  append (f, "192.0.2.1", 0);
  append (f, "192.0.2.1", 0);
  append (f, "192.0.2.9", 0);
  wait_until (f, is_logged, "Found 192.0.2.9");
  crash (f);
  g_string_truncate (f->lines, 0);
  make_jail (f);
  jail_start (f->jail);
  append (f, "192.0.2.9", 0);
  append (f, "192.0.2.1", 0);
  wait_until (f, is_logged, "Ban 192.0.2.1");
  g_assert_cmpstr (f->lines->str, ==,
                   "[j] Found 192.0.2.9 - 2023-11-14 22:13:20\n[j] Found 192.0.2.1 - 2023-11-14 22:13:20\n"
                   "[j] Ban 192.0.2.1\n");
  assert_banned (f, "['192.0.2.1']");
}

/* So many that what the database has of them was tidied up several times. */
static void
test_a_long_history_of_failures_survives_a_crash (Fixture *f, gconstpointer data)
{
  enum
  {
    OFFENDERS = 20,
    ROUNDS = 150
  };

  make_jail (f);
  set (f, "maxretry", "151");
  set (f, "maxmatches", "1");
  jail_start (f->jail);
  append (f, "192.0.2.1", 0); /* once, at the begin of all */
  for (guint round = 0; round < ROUNDS; round++)
    {
      g_autofree char *last = g_strdup_printf ("198.51.100.%u", round);
      g_autofree char *mark = g_strdup_printf ("Found 198.51.100.%u ", round);

      for (guint i = 0; i < OFFENDERS; i++)
        {
          g_autofree char *id = g_strdup_printf ("203.0.113.%u", i);

          append (f, id, 0);
        }
      g_string_truncate (f->lines, 0);
      append (f, last, 0);
      wait_until (f, is_logged, mark);
    }
  while (g_main_context_iteration (NULL, FALSE))
    continue; /* until it is written */
  crash (f);
  make_jail (f);
  set (f, "maxretry", "151");
  jail_start (f->jail);
  g_string_truncate (f->lines, 0);
  append (f, "203.0.113.19", 0);
  wait_until (f, is_logged, "Ban 203.0.113.19");
  assert_failing (f, 1 + ROUNDS + OFFENDERS - 1);
}

static void
test_a_ban_is_in_the_database_before_it_is_announced (Fixture *f, gconstpointer data)
{
  f->watched = "Ban 192.0.2.1";
  make_jail (f);
  set (f, "maxretry", "1");
  jail_start (f->jail);
  append (f, "192.0.2.1", 0);
  wait_until (f, is_logged, "Ban 192.0.2.1");
  g_assert_true (f->known);
}

static void
test_a_stop_forgets_failures_and_keeps_bans (Fixture *f, gconstpointer data)
{
  make_jail (f);
  jail_start (f->jail);
  append (f, "192.0.2.1", 0);
  append (f, "192.0.2.1", 0);
  wait_until (f, is_logged, "Found");
  g_assert_cmpuint (ban (f, "192.0.2.7"), ==, 1);
  stop (f);
  g_string_truncate (f->lines, 0);
  make_jail (f);
  append (f, "192.0.2.1", 0);
  jail_start (f->jail);
  wait_until (f, is_logged, "Found 192.0.2.1");
  wait_until (f, is_logged, "Restore Ban 192.0.2.7");
  assert_banned (f, "['192.0.2.7']");
}

static void
test_a_log_of_old_lines_has_a_position (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *hash = NULL;
  gint64 position = 0;

  append (f, "192.0.2.1", -3600);
  append (f, "192.0.2.1", -3500);
  make_jail (f);
  jail_start (f->jail);
  g_assert_true (ban_store_get_log (jail_peek_store (f->jail), "j", f->log_path, &hash, &position, &error));
  g_assert_no_error (error);
  g_assert_nonnull (hash);
  g_assert_cmpint (position, ==, 2 * strlen ("1700000000 fail from 192.0.2.1\n"));
}

static void
test_the_answers_of_a_command_come_in_the_order_of_the_lines (Fixture *f, gconstpointer data)
{
  make_jail (f);
  set (f, "maxretry", "1");
  set (f, "ignorecommand", "test <ip> = 192.0.2.2");
  append (f, "192.0.2.1", 0);
  append (f, "192.0.2.2", 0);
  append (f, "192.0.2.3", 0);
  jail_start (f->jail);
  wait_until (f, is_logged, "Ban 192.0.2.3");
  g_assert_false (is_logged (f, "Found 192.0.2.2"));
  g_assert_true (is_logged (f, "Ignore 192.0.2.2 by command"));
  g_assert_true (strstr (f->lines->str, "Found 192.0.2.1") < strstr (f->lines->str, "Ignore 192.0.2.2"));
  g_assert_true (strstr (f->lines->str, "Ignore 192.0.2.2") < strstr (f->lines->str, "Found 192.0.2.3"));
}

static void
test_an_ignored_address_is_not_counted (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  make_jail (f);
  set (f, "maxretry", "1");
  g_assert_true (jail_add_ignoreip (f->jail, "192.0.2.0/30", &error));
  append (f, "192.0.2.1", 0);
  append (f, "192.0.2.4", 0);
  jail_start (f->jail);
  wait_until (f, is_logged, "Ban");
  assert_banned (f, "['192.0.2.4']");
  g_assert_true (is_logged (f, "[j] Ignore 192.0.2.1 by ip\n"));
}

static void
test_unban_takes_networks_and_names (Fixture *f, gconstpointer data)
{
  make_jail (f);
  jail_start (f->jail);
  g_assert_cmpuint (ban (f, "192.0.2.1"), ==, 1);
  g_assert_cmpuint (ban (f, "192.0.2.200"), ==, 1);
  g_assert_cmpuint (ban (f, "127.0.0.1"), ==, 1);
  g_assert_cmpuint (unban (f, "192.0.2.0/25"), ==, 1);
  assert_banned (f, "['192.0.2.200', '127.0.0.1']");
  g_assert_cmpuint (unban (f, "localhost"), ==, 1);
  g_assert_cmpuint (unban (f, "nobody.invalid"), ==, 0);
  g_assert_cmpuint (ban (f, "2001:db8::1"), ==, 1);
  g_assert_cmpuint (unban (f, "2001:DB8:0::1"), ==, 1);
  assert_banned (f, "['192.0.2.200']");
}

static void
test_a_known_offender_is_banned_longer (Fixture *f, gconstpointer data)
{
  make_jail (f);
  set (f, "bantime.increment", "true");
  jail_start (f->jail);
  g_assert_cmpuint (ban (f, "192.0.2.1"), ==, 1);
  clock_advance_usec (f->clock, 601 * G_USEC_PER_SEC);
  jail_bans_expire (f->jail);
  g_string_truncate (f->lines, 0);
  g_assert_cmpuint (ban (f, "192.0.2.1"), ==, 1);
  g_assert_true (is_logged (f, "[j] Ban 192.0.2.1\n[j] Increase Ban 192.0.2.1 (2 # 20m -> 2023-11-14 22:43:21)\n"));
  clock_advance_usec (f->clock, 1200 * G_USEC_PER_SEC);
  jail_bans_expire (f->jail);
  assert_banned (f, "['192.0.2.1']");
}

static void
on_reloaded (Jail *jail, const GError *error, gpointer data)
{
  g_assert_no_error (error);
  ((Fixture *) data)->done = TRUE;
}

static void
test_a_reload_keeps_what_is_added_again (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *other = g_build_filename (f->folder, "b.log", NULL), *paths = NULL, *expected = NULL;

  g_assert_true (g_file_set_contents (other, "", 0, NULL));
  make_jail (f);
  g_assert_true (jail_add_log (f->jail, other, FALSE, &error));
  jail_start (f->jail);
  jail_reload_begin (f->jail);
  g_assert_true (jail_is_idle (f->jail));
  g_assert_true (jail_add_log (f->jail, f->log_path, FALSE, &error));
  f->done = FALSE;
  jail_reload_end (f->jail, on_reloaded, f);
  wait_until (f, is_done, NULL);
  jail_set_idle (f->jail, FALSE);
  paths = shown (jail_get (f->jail, "logpath"));
  expected = g_strdup_printf ("['%s']", f->log_path);
  g_assert_cmpstr (paths, ==, expected);
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/jail/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("three lines make a ban", test_three_lines_make_a_ban);
  ADD ("a ban ends when its time is over", test_a_ban_ends_when_its_time_is_over);
  ADD ("an idle jail reads later", test_an_idle_jail_reads_later);
  ADD ("after a crash no failure is lost or counted twice", test_after_a_crash_no_failure_is_lost_or_counted_twice);
  ADD ("a long history of failures survives a crash", test_a_long_history_of_failures_survives_a_crash);
  ADD ("a ban is in the database before it is announced", test_a_ban_is_in_the_database_before_it_is_announced);
  ADD ("a stop forgets failures and keeps bans", test_a_stop_forgets_failures_and_keeps_bans);
  ADD ("a log of old lines has a position", test_a_log_of_old_lines_has_a_position);
  ADD ("the answers of a command come in the order of the lines",
       test_the_answers_of_a_command_come_in_the_order_of_the_lines);
  ADD ("an ignored address is not counted", test_an_ignored_address_is_not_counted);
  ADD ("unban takes networks and names", test_unban_takes_networks_and_names);
  ADD ("a known offender is banned longer", test_a_known_offender_is_banned_longer);
  ADD ("a reload keeps what is added again", test_a_reload_keeps_what_is_added_again);
  return g_test_run ();
}
