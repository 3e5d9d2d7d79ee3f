#include <glib/gstdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/ban-store-fixture.h"

static void
test_a_new_file_is_made (Fixture *f, gconstpointer data)
{
  g_autofree char *expected = g_strdup_printf ("INFO Connected to fail2ban persistent database '%s'\n"
                                               "WARNING New database created. Version '4'\n",
                                               f->path);

  open_store (f);
  g_assert_cmpstr (f->lines->str, ==, expected);
  SHOWS (f, "SELECT version FROM fail2banDb", "4\n");
  SHOWS (f, "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite%' ORDER BY 1",
         "bans\nbans_ip\nbans_jail_ip\nbans_jail_timeofban_ip\nbips\nbips_ip\nbips_timeofban\nfail2banDb\njails\n"
         "jails_name\nlogs\nlogs_jail_path\nlogs_path\n");
  reopen_store (f);
  g_assert_null (strstr (f->lines->str + strlen (expected), "New database"));
}

static void
test_memory_works (Fixture *f, gconstpointer data)
{
  g_free (f->path);
  f->path = g_strdup (":memory:");
  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
}

static void
test_a_newer_file_is_refused (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  open_store (f);
  SHOWS (f, "UPDATE fail2banDb SET version = 5", "");
  g_clear_pointer (&f->store, ban_store_free);
  g_assert_null (ban_store_open (f->path, f->clock, f->log, &error));
  g_assert_error (error, STORE_ERROR, STORE_ERROR_NEWER);
  g_assert_cmpstr (error->message, ==, "Attempt to travel to future version of database ...how did you get here??");
}

static void
test_a_missing_folder_is_an_error (Fixture *f, gconstpointer data)
{
  g_autofree char *path = g_build_filename (f->dir, "no", "db", NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (ban_store_open (path, f->clock, f->log, &error));
  g_assert_error (error, STORE_ERROR, STORE_ERROR_OPEN);
  g_assert_cmpstr (error->message, ==, "unable to open database file");
}

static void
test_rubbish_is_put_aside (Fixture *f, gconstpointer data)
{
  g_autofree char *backup = g_strconcat (f->path, ".19700112-134640", NULL);

  g_file_set_contents (f->path, "this is not a database, this is not a database, this is not a database", -1, NULL);
  open_store (f);
  SHOWS (f, "SELECT version FROM fail2banDb", "4\n");
  g_assert_true (g_file_test (backup, G_FILE_TEST_EXISTS));
}

static void
test_rows_of_a_damaged_file_are_rescued (Fixture *f, gconstpointer data)
{
  g_autofree char *content = NULL;
  gsize len;

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  ban_store_begin (f->store);
  for (guint i = 0; i < 2000; i++)
    {
      g_autofree char *id = g_strdup_printf ("192.0.%u.%u", i / 250, i % 250);

      ban (f, "j", id, 10, NULL);
    }
  g_assert_true (ban_store_commit (f->store, NULL));
  g_clear_pointer (&f->store, ban_store_free);
  /* The page with the schema's version table is wiped, and one in the middle. */
  g_assert_true (g_file_get_contents (f->path, &content, &len, NULL));
  memset (content + 4096, 0xff, 4096);
  memset (content + len / 2 / 4096 * 4096, 0xff, 4096);
  g_assert_true (g_file_set_contents (f->path, content, (gssize) len, NULL));
  open_store (f);
  SHOWS (f, "SELECT count(*) > 100 FROM bips", "1\n");
}

static void
old_file (Fixture *f, int version)
{
  g_autofree char *text = g_strdup_printf (
      "CREATE TABLE fail2banDb(version INTEGER); INSERT INTO fail2banDb VALUES(%d);"
      "CREATE TABLE jails(name TEXT NOT NULL UNIQUE, enabled INTEGER NOT NULL DEFAULT 1); INSERT INTO jails VALUES('j', 1);"
      "CREATE TABLE logs(jail TEXT NOT NULL, path TEXT, firstlinemd5 TEXT, lastfilepos INTEGER DEFAULT 0);"
      "INSERT INTO logs VALUES('j', '/a', 'h', 7);"
      "CREATE TABLE bans(jail TEXT NOT NULL, ip TEXT, timeofban INTEGER NOT NULL, data JSON);"
      "INSERT INTO bans VALUES('j', '192.0.2.1', %d, '{\"matches\": [\"m\"], \"failures\": 3}');"
      "INSERT INTO bans VALUES('j', '192.0.2.1', %d, '{\"matches\": [\"n\"], \"failures\": 4}');",
      version, NOW_SEC - 50, NOW_SEC - 100);

  g_free (sql (f, text));
}

static void
test_older_files_are_brought_up (Fixture *f, gconstpointer data)
{
  for (int version = 1; version <= 2; version++)
    {
      g_autofree char *expected = g_strdup_printf ("Database updated from '%d' to '4'", version);
      g_autofree char *backup = g_strconcat (f->path, ".19700112-134640", NULL);
      g_autoptr (GPtrArray) tickets = NULL;

      (void) g_unlink (f->path);
      (void) g_unlink (backup);
      old_file (f, version);
      open_store (f);
      g_assert_nonnull (strstr (f->lines->str, expected));
      g_assert_true (g_file_test (backup, G_FILE_TEST_EXISTS));
      SHOWS (f, "SELECT * FROM bips", "192.0.2.1|j|999950|-2|1|{\"matches\": [\"m\"], \"failures\": 3}\n");
      SHOWS (f, "SELECT version, path, lastfilepos FROM fail2banDb, logs", "4|/a|7\n");
      tickets = current (f, "j", 600, NULL);
      g_assert_cmpuint (tickets->len, ==, 1);
      g_assert_cmpint (ticket_get_ban_time_usec (tickets->pdata[0], 0), ==, 600 * (gint64) G_USEC_PER_SEC);
      g_clear_pointer (&f->store, ban_store_free);
    }
}

static void
test_jails_are_enabled_and_disabled (Fixture *f, gconstpointer data)
{
  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "a", NULL));
  g_assert_true (ban_store_add_jail (f->store, "b", NULL));
  g_assert_true (ban_store_disable_all_jails (f->store, NULL));
  g_assert_true (ban_store_add_jail (f->store, "b", NULL));
  SHOWS (f, "SELECT * FROM jails ORDER BY name", "a|0\nb|1\n");
  g_assert_true (ban_store_disable_jail (f->store, "b", NULL));
  SHOWS (f, "SELECT * FROM jails ORDER BY name", "a|0\nb|0\n");
}

static void
test_a_position_holds_for_the_same_first_line (Fixture *f, gconstpointer data)
{
  g_autofree char *hash = NULL;
  g_autofree char *none = NULL;
  gint64 position = 0;

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  g_assert_true (ban_store_add_log (f->store, "j", "/a", "hash", 0, &position, NULL));
  g_assert_cmpint (position, ==, -1);
  g_assert_true (ban_store_update_log (f->store, "j", "/a", "hash", 5000000000, NULL));
  g_assert_true (ban_store_add_log (f->store, "j", "/a", "hash", 0, &position, NULL));
  g_assert_cmpint (position, ==, 5000000000);
  g_assert_true (ban_store_add_log (f->store, "j", "/a", "other", 0, &position, NULL));
  g_assert_cmpint (position, ==, -1);
  SHOWS (f, "SELECT * FROM logs", "j|/a|hash|5000000000\n");
  g_assert_true (ban_store_get_log (f->store, "j", "/a", &hash, &position, NULL));
  g_assert_cmpstr (hash, ==, "hash");
  g_assert_cmpint (position, ==, 5000000000);
  g_assert_true (ban_store_get_log (f->store, "j", "/b", &none, &position, NULL));
  g_assert_null (none);
}

static void
test_a_journal_has_a_time (Fixture *f, gconstpointer data)
{
  gint64 time_usec = -1;

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  g_assert_true (ban_store_get_journal_time (f->store, "j", "systemd-journal", &time_usec, NULL));
  g_assert_cmpint (time_usec, ==, 0);
  g_assert_true (
      ban_store_update_journal (f->store, "j", "systemd-journal", 1500000, "1970-01-01T00:00:01.500000+00:00", NULL));
  g_assert_true (ban_store_get_journal_time (f->store, "j", "systemd-journal", &time_usec, NULL));
  g_assert_cmpint (time_usec, ==, 1500000);
  SHOWS (f, "SELECT * FROM logs", "j|systemd-journal|1970-01-01T00:00:01.500000+00:00|1.5\n");
}

static void
test_a_ban_stands_in_both_tables (Fixture *f, gconstpointer data)
{
  g_autoptr (Address) id = address_new ("192.0.2.1", -1);

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  ban (f, "j", "192.0.2.1", 5, NULL);
  ban (f, "j", "192.0.2.1", 1, py_float_new (12.5));
  SHOWS (f, "SELECT jail, ip, timeofban, bantime, bancount FROM bans",
         "j|192.0.2.1|999995|600|1\nj|192.0.2.1|999999|12.5|1\n");
  SHOWS (f, "SELECT ip, jail, timeofban, bantime, bancount, data FROM bips",
         "192.0.2.1|j|999999|12.5|1|{\"matches\": [\"line of 192.0.2.1 in j, 1 s ago\"], \"failures\": 2}\n");
  g_assert_true (ban_store_delete_ban (f->store, "j", id, NULL));
  SHOWS (f, "SELECT ip FROM bans UNION SELECT ip FROM bips", "");
}

static void
test_an_unknown_jail_is_an_error_and_changes_nothing (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Address) id = address_new ("192.0.2.1", -1);
  g_autoptr (Ticket) ticket = ticket_new (id, NOW_USEC);
  g_autoptr (PyValue) time = py_int_new (1);

  open_store (f);
  g_assert_false (ban_store_add_ban (f->store, "nobody", ticket, time, &error));
  g_assert_error (error, STORE_ERROR, STORE_ERROR_SQL);
  SHOWS (f, "SELECT count(*) FROM bans", "0\n");
}

static void
test_who_is_still_banned (Fixture *f, gconstpointer data)
{
  g_autoptr (PyValue) max = py_int_new (100);
  g_autoptr (GPtrArray) as_stored = NULL;
  g_autoptr (GPtrArray) younger = NULL;
  g_autoptr (GPtrArray) shortened = NULL;
  g_autofree char *ids = NULL;
  g_autofree char *young_ids = NULL;
  g_autofree char *short_ids = NULL;

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  ban (f, "j", "192.0.2.1", 50, py_int_new (100));
  ban (f, "j", "192.0.2.2", 200, py_int_new (100));
  ban (f, "j", "192.0.2.3", 5000, py_int_new (-1));
  ban (f, "j", "192.0.2.4", 200, py_int_new (1000));
  ban (f, "j", "some user", 50, py_float_new (99.5));
  as_stored = current (f, "j", -1, NULL);
  ids = ids_of (as_stored);
  g_assert_cmpstr (ids, ==, "192.0.2.1 192.0.2.3 192.0.2.4 some user");
  g_assert_cmpint (address_get_kind (ticket_peek_id (as_stored->pdata[3])), ==, ADDRESS_RAW);
  g_assert_cmpint (ticket_get_end_usec (as_stored->pdata[1], 0), ==, TICKET_NEVER_USEC);
  g_assert_cmpuint (ticket_get_attempts (as_stored->pdata[0]), ==, 2);
  g_assert_cmpuint (ticket_get_match_count (as_stored->pdata[0]), ==, 1);
  younger = current (f, "j", 100, NULL);
  young_ids = ids_of (younger);
  g_assert_cmpstr (young_ids, ==, "192.0.2.1 some user");
  shortened = current (f, "j", -1, max);
  short_ids = ids_of (shortened);
  g_assert_cmpstr (short_ids, ==, "192.0.2.1 some user");
}

static void
test_the_history_of_an_id (Fixture *f, gconstpointer data)
{
  g_autoptr (Address) id = address_new ("192.0.2.1", -1);
  BanStoreHistory history;

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "a", NULL));
  g_assert_true (ban_store_add_jail (f->store, "b", NULL));
  g_assert_false (ban_store_get_history (f->store, "a", id, FALSE, &history, NULL));
  ban (f, "a", "192.0.2.1", 50, py_int_new (100));
  ban (f, "b", "192.0.2.1", 20, py_float_new (0.5));
  g_assert_true (ban_store_get_history (f->store, "a", id, FALSE, &history, NULL));
  g_assert_cmpuint (history.ban_count, ==, 1);
  g_assert_cmpint (history.time_usec, ==, NOW_USEC - 50 * G_USEC_PER_SEC);
  g_assert_true (ban_store_get_history (f->store, "a", id, TRUE, &history, NULL));
  g_assert_cmpuint (history.ban_count, ==, 2);
  g_assert_cmpfloat (history.ban_time_sec, ==, 100.5);
  g_assert_cmpint (history.time_usec, ==, NOW_USEC - 20 * G_USEC_PER_SEC);
}

static void
test_all_bans_of_an_id_make_one_ticket (Fixture *f, gconstpointer data)
{
  g_autoptr (Address) id = address_new ("192.0.2.1", -1);
  g_autoptr (Ticket) none = NULL;
  g_autoptr (Ticket) all = NULL;
  g_autoptr (Ticket) in_a = NULL;
  g_autofree char *first = NULL;

  open_store (f);
  ban_store_set_max_matches (f->store, 2);
  g_assert_true (ban_store_add_jail (f->store, "a", NULL));
  g_assert_true (ban_store_add_jail (f->store, "b", NULL));
  none = ban_store_get_merged (f->store, NULL, id, NULL);
  g_assert_null (none);
  ban (f, "a", "192.0.2.1", 50, NULL);
  ban (f, "b", "192.0.2.1", 20, NULL);
  ban (f, "a", "192.0.2.1", 10, NULL);
  all = ban_store_get_merged (f->store, NULL, id, NULL);
  g_assert_cmpuint (ticket_get_attempts (all), ==, 6);
  g_assert_cmpuint (ticket_get_match_count (all), ==, 2);
  first = ticket_dup_match_text (all, 0, NULL);
  g_assert_cmpstr (first, ==, "line of 192.0.2.1 in b, 20 s ago");
  in_a = ban_store_get_merged (f->store, "a", id, NULL);
  g_assert_cmpuint (ticket_get_attempts (in_a), ==, 4);
}

static void
test_begin_and_commit_are_one_transaction (Fixture *f, gconstpointer data)
{
  int status;
  pid_t child;

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  g_clear_pointer (&f->store, ban_store_free);
  child = fork ();
  if (child == 0)
    {
      open_store (f);
      ban_store_begin (f->store);
      ban (f, "j", "192.0.2.1", 1, NULL);
      ban_store_update_log (f->store, "j", "/a", "h", 10, NULL);
      ban_store_commit (f->store, NULL);
      ban_store_begin (f->store);
      ban (f, "j", "192.0.2.2", 1, NULL);
      ban_store_update_log (f->store, "j", "/a", "h", 20, NULL);
      kill (getpid (), SIGKILL);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status));
  SHOWS (f, "SELECT ip, lastfilepos FROM bips, logs", "192.0.2.1|10\n");
}

/* No file can grow any more, as on a full disk. */
static void
test_what_could_not_be_written_is_written_later (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Address) id = address_new ("192.0.2.1", -1);
  g_autoptr (Ticket) ticket = ticket_new (id, NOW_USEC);
  g_autoptr (PyValue) time = py_int_new (600);

  (void) signal (SIGXFSZ, SIG_IGN);
  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  set_disk_full (TRUE);
  ban_store_begin (f->store);
  g_assert_false (ban_store_add_ban (f->store, "j", ticket, time, &error));
  g_assert_error (error, STORE_ERROR, STORE_ERROR_SQL);
  g_assert_true (ban_store_update_log (f->store, "j", "/a", "h", 10, NULL)); /* one error for all of it */
  g_assert_true (ban_store_commit (f->store, NULL));
  g_assert_false (ban_store_settle (f->store, NULL));
  set_disk_full (FALSE);
  SHOWS (f, "SELECT count(*) FROM bips UNION ALL SELECT count(*) FROM logs", "0\n0\n");
  ban_store_begin (f->store);
  ban (f, "j", "192.0.2.2", 1, NULL);
  g_assert_true (ban_store_commit (f->store, NULL));
  SHOWS (f, "SELECT ip, lastfilepos FROM bips, logs ORDER BY ip", "192.0.2.1|10\n192.0.2.2|10\n");
  set_disk_full (TRUE);
  g_assert_false (ban_store_delete_ban (f->store, "j", id, NULL));
  set_disk_full (FALSE);
  g_assert_true (ban_store_settle (f->store, NULL));
  SHOWS (f, "SELECT ip FROM bans", "192.0.2.2\n");
}

static void
test_a_lock_of_another_program_holds_nobody_up (Fixture *f, gconstpointer data)
{
  g_autoptr (Address) id = address_new ("192.0.2.1", -1);
  g_autoptr (GError) error = NULL;
  BanStoreHistory history;
  gint64 start_usec;
  sqlite3 *other;

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  other = lock_database (f);
  start_usec = g_get_monotonic_time ();
  for (guint i = 1; i <= 100; i++) /* each would wait by itself */
    {
      g_autofree char *ip = g_strdup_printf ("192.0.2.%u", i);

      g_assert_false (ban_store_get_history (f->store, "j", id, FALSE, &history, NULL));
      ban_store_begin_soon (f->store);
      ban (f, "j", ip, 1, NULL);
      g_assert_true (ban_store_commit_soon (f->store));
      ban_store_begin (f->store);
      (void) ban_store_commit (f->store, NULL);
    }
  g_assert_false (ban_store_settle (f->store, &error));
  g_assert_error (error, STORE_ERROR, STORE_ERROR_SQL);
  g_assert_cmpint (g_get_monotonic_time () - start_usec, <, 2 * G_USEC_PER_SEC);
  unlock_database (other);
  g_assert_true (ban_store_settle (f->store, NULL));
  SHOWS (f, "SELECT count(*) FROM bips", "100\n");
}

static gpointer
unlock_later (gpointer other)
{
  g_usleep (G_USEC_PER_SEC / 5);
  unlock_database (other);
  return NULL;
}

static void
test_who_is_patient_waits_for_another_program (Fixture *f, gconstpointer data)
{
  GThread *thread;

  open_store (f);
  thread = g_thread_new ("other", unlock_later, lock_database (f));
  ban_store_set_patient (f->store, TRUE);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  g_thread_join (thread);
  SHOWS (f, "SELECT name FROM jails", "j\n");
}

static void
test_what_is_noted_is_written_by_the_next_commit (Fixture *f, gconstpointer data)
{
  g_autoptr (Address) id = address_new ("192.0.2.1", -1);
  BanStoreHistory history;

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  for (guint i = 1; i <= 2; i++)
    {
      g_autofree char *ip = g_strdup_printf ("192.0.2.%u", i);
      ban_store_begin_soon (f->store);
      ban (f, "j", ip, 1, NULL);
      ban_store_begin (f->store); /* within, the other kind changes nothing */
      ban_store_update_log (f->store, "j", "/a", "h", 10 * i, NULL);
      g_assert_true (ban_store_commit (f->store, NULL));
      g_assert_true (ban_store_commit_soon (f->store));
    }
  SHOWS (f, "SELECT count(*) FROM bips UNION ALL SELECT count(*) FROM logs", "0\n0\n");
  g_assert_true (ban_store_get_history (f->store, "j", id, FALSE, &history, NULL)); /* who asks sees it */
  SHOWS (f, "SELECT count(*) FROM bips", "0\n");
  ban_store_begin (f->store);
  g_assert_true (ban_store_commit (f->store, NULL));
  SHOWS (f, "SELECT ip, lastfilepos FROM bips, logs ORDER BY ip", "192.0.2.1|20\n192.0.2.2|20\n");

  ban_store_begin_soon (f->store);
  ban (f, "j", "192.0.2.3", 1, NULL);
  g_assert_true (ban_store_commit_soon (f->store));
  g_assert_true (ban_store_delete_ban (f->store, "j", id, NULL)); /* a change of its own takes it along */
  SHOWS (f, "SELECT ip FROM bips ORDER BY ip", "192.0.2.2\n192.0.2.3\n");
  ban_store_begin_soon (f->store);
  g_assert_false (ban_store_commit_soon (f->store)); /* nothing to write */
}

static void
test_a_commit_can_be_prepared_in_parts (Fixture *f, gconstpointer data)
{
  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  g_assert_false (ban_store_prepare (f->store));
  ban_store_begin_soon (f->store);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *ip = g_strdup_printf ("192.0.2.%u", i);
      ban (f, "j", ip, 1, NULL);
    }
  g_assert_true (ban_store_commit_soon (f->store));
  g_assert_true (ban_store_prepare (f->store));
  g_assert_false (ban_store_prepare (f->store));
  SHOWS (f, "SELECT count(*) FROM bips", "0\n");
  ban_store_begin (f->store);
  g_assert_true (ban_store_commit (f->store, NULL));
  SHOWS (f, "SELECT count(*) FROM bips", "100\n");
}

static void
test_what_is_noted_stays_what_it_was (Fixture *f, gconstpointer data)
{
  g_autoptr (Address) id = address_new ("192.0.2.1", -1);
  g_autoptr (Ticket) ticket = ticket_new (id, NOW_USEC);
  g_autoptr (PyValue) time = py_int_new (600);

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  ticket_set_ban_count (ticket, 1);
  ban_store_begin_soon (f->store);
  g_assert_true (ban_store_add_ban (f->store, "j", ticket, time, NULL));
  ticket_set_ban_count (ticket, 7);
  g_assert_true (ban_store_commit_soon (f->store));
  g_clear_pointer (&f->store, ban_store_free); /* writes it, too */
  SHOWS (f, "SELECT ip, bancount FROM bips", "192.0.2.1|1\n");
}

static void
test_a_commit_tells_what_noted_changes_met (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  (void) signal (SIGXFSZ, SIG_IGN);
  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  ban_store_begin_soon (f->store);
  ban (f, "j", "192.0.2.1", 1, NULL);
  g_assert_true (ban_store_commit_soon (f->store));
  set_disk_full (TRUE);
  ban_store_begin (f->store);
  g_assert_false (ban_store_commit (f->store, &error));
  g_assert_error (error, STORE_ERROR, STORE_ERROR_SQL);
  set_disk_full (FALSE);
  SHOWS (f, "SELECT count(*) FROM bips", "0\n");
  g_assert_true (ban_store_settle (f->store, NULL));
  SHOWS (f, "SELECT ip FROM bips", "192.0.2.1\n");
}

static void
test_odd_data_does_no_harm (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) tickets = NULL;

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  SHOWS (
      f,
      "INSERT INTO bips VALUES('192.0.2.1', 'j', 999999, 600, 1, '[1, 2'), ('192.0.2.2', 'j', 999999, 600, 1, NULL), "
      "('192.0.2.3', 'j', 999999, 600, 'x', '{\"matches\": 7, \"failures\": \"x\", \"ip\": []}'), "
      "('192.0.2.4', 'j', 'soon', 600, 1, '{}'), ('', 'j', 999999, 600, 1, '{}')",
      "");
  tickets = current (f, "j", -1, NULL);
  g_assert_cmpuint (tickets->len, ==, 3);
}

static void
test_the_json_is_fail2ban_s (Fixture *f, gconstpointer data)
{
  g_autoptr (Address) id = address_new ("192.0.2.1", -1);
  g_autoptr (Ticket) ticket = ticket_new (id, NOW_USEC);
  g_autoptr (PyValue) time = py_int_new (1);
  PyValue *users = py_set_new ();

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  py_set_add (users, py_str_new ("root"));
  ticket_take_value (ticket, "users", users);
  ticket_take_value (ticket, "odd", py_str_new ("\xed\xb2\x80\xc3\xa9"));
  ticket_take_value (ticket, "none", py_none_new ());
  ticket_take_match (ticket, py_tuple_new_items (py_str_new ("a"), py_str_new ("b"), NULL));
  g_assert_true (ban_store_add_ban (f->store, "j", ticket, time, NULL));
  SHOWS (f, "SELECT data, typeof(data) FROM bips",
         "{\"matches\": [[\"a\", \"b\"]], \"failures\": 0, \"users\": \"['root']\", \"odd\": \"?\xc3\xa9\"}|blob\n");
  ban_store_set_max_matches (f->store, 0);
  g_assert_true (ban_store_add_ban (f->store, "j", ticket, time, NULL));
  SHOWS (f, "SELECT data FROM bips", "{\"failures\": 0, \"users\": \"['root']\", \"odd\": \"?\xc3\xa9\"}\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/ban-store/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("a new file is made", test_a_new_file_is_made);
  ADD ("memory works", test_memory_works);
  ADD ("a newer file is refused", test_a_newer_file_is_refused);
  ADD ("a missing folder is an error", test_a_missing_folder_is_an_error);
  ADD ("rubbish is put aside", test_rubbish_is_put_aside);
  ADD ("rows of a damaged file are rescued", test_rows_of_a_damaged_file_are_rescued);
  ADD ("older files are brought up", test_older_files_are_brought_up);
  ADD ("jails are enabled and disabled", test_jails_are_enabled_and_disabled);
  ADD ("a position holds for the same first line", test_a_position_holds_for_the_same_first_line);
  ADD ("a journal has a time", test_a_journal_has_a_time);
  ADD ("a ban stands in both tables", test_a_ban_stands_in_both_tables);
  ADD ("an unknown jail is an error and changes nothing", test_an_unknown_jail_is_an_error_and_changes_nothing);
  ADD ("who is still banned", test_who_is_still_banned);
  ADD ("the history of an id", test_the_history_of_an_id);
  ADD ("all bans of an id make one ticket", test_all_bans_of_an_id_make_one_ticket);
  ADD ("begin and commit are one transaction", test_begin_and_commit_are_one_transaction);
  ADD ("what could not be written is written later", test_what_could_not_be_written_is_written_later);
  ADD ("a lock of another program holds nobody up", test_a_lock_of_another_program_holds_nobody_up);
  ADD ("who is patient waits for another program", test_who_is_patient_waits_for_another_program);
  ADD ("what is noted is written by the next commit", test_what_is_noted_is_written_by_the_next_commit);
  ADD ("a commit can be prepared in parts", test_a_commit_can_be_prepared_in_parts);
  ADD ("what is noted stays what it was", test_what_is_noted_stays_what_it_was);
  ADD ("a commit tells what noted changes met", test_a_commit_tells_what_noted_changes_met);
  ADD ("odd data does no harm", test_odd_data_does_no_harm);
  ADD ("the JSON is fail2ban's", test_the_json_is_fail2ban_s);
  return g_test_run ();
}
