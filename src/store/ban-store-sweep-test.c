#include "store/ban-store-fixture.h"

static void
test_purge_forgets_what_is_old (Fixture *f, gconstpointer data)
{
  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  g_assert_true (ban_store_add_jail (f->store, "gone", NULL));
  g_assert_true (ban_store_disable_jail (f->store, "gone", NULL));
  g_assert_true (ban_store_update_log (f->store, "gone", "/a", "h", 1, NULL));
  ban (f, "j", "192.0.2.1", 100, NULL);
  ban (f, "j", "192.0.2.2", 90000, py_int_new (600));
  ban (f, "j", "192.0.2.3", 90000, py_int_new (-1));
  ban (f, "j", "192.0.2.4", 90000, py_int_new (3000));
  g_assert_true (ban_store_purge (f->store, NULL));
  SHOWS (f, "SELECT ip FROM bans", "192.0.2.1\n");
  SHOWS (f, "SELECT ip FROM bips ORDER BY ip", "192.0.2.1\n192.0.2.3\n192.0.2.4\n");
  SHOWS (f, "SELECT name FROM jails", "j\n");
  SHOWS (f, "SELECT count(*) FROM logs", "0\n");
}

#define MANY 300 /* more than one part */

static void
ban_many (Fixture *f, const char *jail, guint count, gint64 age_sec)
{
  ban_store_begin (f->store);
  for (guint i = 0; i < count; i++)
    {
      g_autofree char *ip = g_strdup_printf ("10.0.%u.%u", i / 256, i % 256);

      ban (f, jail, ip, age_sec, NULL);
    }
  g_assert_true (ban_store_commit (f->store, NULL));
}

static void
open_with_two_jails (Fixture *f, gint64 age_sec)
{
  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "a", NULL));
  g_assert_true (ban_store_add_jail (f->store, "b", NULL));
  ban_many (f, "a", MANY, age_sec);
  ban_many (f, "b", MANY, age_sec);
}

#define COUNT_ALL "SELECT count(*) FROM bips UNION ALL SELECT count(*) FROM bans"

static void
test_all_bans_of_a_jail_are_deleted_and_no_other (Fixture *f, gconstpointer data)
{
  open_with_two_jails (f, 1);
  g_assert_true (ban_store_delete_bans (f->store, "a", NULL));
  SHOWS (f, "SELECT jail, count(*) FROM bips GROUP BY 1 UNION ALL SELECT jail, count(*) FROM bans GROUP BY 1", "b|300\nb|300\n");
  g_assert_true (ban_store_delete_bans (f->store, "b", NULL));
  SHOWS (f, COUNT_ALL, "0\n0\n");
  g_assert_true (ban_store_delete_bans (f->store, "b", NULL)); /* of nothing */
}

/* What is noted behind it, and who is banned anew, stays. */
static void
test_a_sweep_goes_in_parts_and_leaves_what_comes_later (Fixture *f, gconstpointer data)
{
  guint parts = 0;

  open_with_two_jails (f, 1);
  ban_store_begin_soon (f->store);
  g_assert_true (ban_store_delete_bans (f->store, "a", NULL));
  g_assert_true (ban_store_commit_soon (f->store));
  g_assert_false (ban_store_is_sweeping (f->store));
  g_assert_true (ban_store_prepare (f->store));
  g_assert_true (ban_store_is_sweeping (f->store));
  ban_store_begin_soon (f->store);
  ban (f, "a", "10.0.0.1", 0, NULL);
  g_assert_true (ban_store_commit_soon (f->store));
  while (ban_store_prepare (f->store))
    parts++;
  g_assert_cmpuint (parts, >, 2 * (2 * MANY / 256));
  g_assert_false (ban_store_is_sweeping (f->store));
  SHOWS (f, COUNT_ALL, "600\n600\n"); /* one transaction */
  ban_store_begin (f->store);
  g_assert_true (ban_store_commit (f->store, NULL));
  SHOWS (f, "SELECT ip FROM bips WHERE jail = 'a' UNION ALL SELECT ip FROM bans WHERE jail = 'a'", "10.0.0.1\n10.0.0.1\n");
  SHOWS (f, COUNT_ALL, "301\n301\n");
}

static void
test_who_reads_sees_a_sweep_done (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) tickets = NULL;

  open_with_two_jails (f, 1);
  ban_store_begin_soon (f->store);
  g_assert_true (ban_store_delete_bans (f->store, "a", NULL));
  g_assert_true (ban_store_commit_soon (f->store));
  g_assert_true (ban_store_prepare (f->store));
  tickets = current (f, "a", -1, NULL);
  g_assert_cmpuint (tickets->len, ==, 0);
}

/* What a part deleted is there again when the transaction is undone, so it begins anew. */
static void
test_a_sweep_that_could_not_be_written_begins_anew (Fixture *f, gconstpointer data)
{
  (void) signal (SIGXFSZ, SIG_IGN);
  open_with_two_jails (f, 1);
  ban_store_begin_soon (f->store);
  g_assert_true (ban_store_delete_bans (f->store, "a", NULL));
  g_assert_true (ban_store_commit_soon (f->store));
  g_assert_true (ban_store_prepare (f->store));
  g_assert_true (ban_store_prepare (f->store));
  set_disk_full (TRUE);
  ban_store_begin (f->store);
  g_assert_false (ban_store_commit (f->store, NULL));
  set_disk_full (FALSE);
  SHOWS (f, COUNT_ALL, "600\n600\n");
  g_assert_true (ban_store_settle (f->store, NULL));
  SHOWS (f, "SELECT jail, count(*) FROM bips GROUP BY 1 UNION ALL SELECT jail, count(*) FROM bans GROUP BY 1", "b|300\nb|300\n");
}

static void
test_a_purge_goes_in_parts (Fixture *f, gconstpointer data)
{
  open_with_two_jails (f, 90000);
  ban (f, "b", "192.0.2.1", 1, NULL);
  g_assert_true (ban_store_disable_jail (f->store, "a", NULL));
  ban_store_begin_soon (f->store);
  g_assert_true (ban_store_purge (f->store, NULL));
  g_assert_true (ban_store_commit_soon (f->store));
  g_assert_true (ban_store_prepare (f->store));
  g_assert_true (ban_store_is_sweeping (f->store));
  while (ban_store_prepare (f->store))
    SHOWS (f, COUNT_ALL, "601\n601\n");
  ban_store_begin (f->store);
  g_assert_true (ban_store_commit (f->store, NULL));
  SHOWS (f, COUNT_ALL, "1\n1\n");
  SHOWS (f, "SELECT name FROM jails", "b\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/ban-store-sweep/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("purge forgets what is old", test_purge_forgets_what_is_old);
  ADD ("all bans of a jail are deleted and no other", test_all_bans_of_a_jail_are_deleted_and_no_other);
  ADD ("a sweep goes in parts and leaves what comes later", test_a_sweep_goes_in_parts_and_leaves_what_comes_later);
  ADD ("who reads sees a sweep done", test_who_reads_sees_a_sweep_done);
  ADD ("a sweep that could not be written begins anew", test_a_sweep_that_could_not_be_written_begins_anew);
  ADD ("a purge goes in parts", test_a_purge_goes_in_parts);
  return g_test_run ();
}
