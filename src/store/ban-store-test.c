#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/ban-store.h"

#define NOW_SEC  1000000
#define NOW_USEC (NOW_SEC * (gint64) G_USEC_PER_SEC)

typedef struct
{
  char *dir;
  char *path;
  Clock *clock;
  Log *log;
  GString *lines;
  BanStore *store;
} Fixture;

static void
on_log (int level, const char *logger, const char *text, gsize len, gpointer data)
{
  char name[16];

  g_string_append_printf (data, "%s %s\n", log_level_name (level, name), text);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("ban-store-XXXXXX", NULL);
  f->path = g_build_filename (f->dir, "db", NULL);
  f->clock = clock_new_settable (NOW_USEC);
  f->log = log_new ();
  f->lines = g_string_new (NULL);
  log_set_level (f->log, LOG_LEVEL_INFO);
  log_set_sink (f->log, on_log, f->lines);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s'", f->dir);

  ban_store_free (f->store);
  g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL);
  clock_free (f->clock);
  log_free (f->log);
  g_string_free (f->lines, TRUE);
  g_free (f->dir);
  g_free (f->path);
}

static void
open_store (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  f->store = ban_store_open (f->path, f->clock, f->log, &error);
  g_assert_no_error (error);
}

static void
reopen_store (Fixture *f)
{
  g_clear_pointer (&f->store, ban_store_free);
  open_store (f);
}

static int
append_row (void *data, int n, char **values, char **names)
{
  for (int i = 0; i < n; i++)
    g_string_append_printf (data, "%s%s", i > 0 ? "|" : "", values[i] != NULL ? values[i] : "NULL");
  g_string_append_c (data, '\n');
  return 0;
}

/* What another program sees in the file, or does to it. */
static char *
sql (Fixture *f, const char *text)
{
  GString *rows = g_string_new (NULL);
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open (f->path, &db), ==, SQLITE_OK);
  if (sqlite3_exec (db, text, append_row, rows, NULL) != SQLITE_OK)
    g_error ("%s: %s", text, sqlite3_errmsg (db));
  sqlite3_close (db);
  return g_string_free (rows, FALSE);
}

#define SHOWS(f, text, expected) shows (__LINE__, f, text, expected)

static void
shows (int line, Fixture *f, const char *text, const char *expected)
{
  g_autofree char *rows = sql (f, text);

  if (strcmp (rows, expected) != 0)
    g_error ("line %d: got '%s', expected '%s'", line, rows, expected);
}

static void
ban (Fixture *f, const char *jail, const char *id_text, gint64 age_sec, PyValue *ban_time /* taken */)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Address) id = address_new (id_text, -1);
  g_autoptr (Ticket) ticket = ticket_new (id, NOW_USEC - age_sec * G_USEC_PER_SEC);
  g_autoptr (PyValue) default_time = py_int_new (600);

  ticket_take_ban_time (ticket, ban_time);
  ticket_set_ban_count (ticket, 1);
  ticket_set_attempts (ticket, 2);
  ticket_take_match (ticket, py_str_printf ("line of %s in %s, %d s ago", id_text, jail, (int) age_sec));
  g_assert_true (ban_store_add_ban (f->store, jail, ticket, default_time, &error));
  g_assert_no_error (error);
}

static GPtrArray *
current (Fixture *f, const char *jail, gint64 for_sec, PyValue *max /* lent */)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) unknown = py_int_new (600);
  BanStoreCurrent query
      = { NOW_USEC, for_sec < 0 ? TICKET_PERMANENT_USEC : for_sec * G_USEC_PER_SEC, max, unknown, G_MAXUINT };
  GPtrArray *tickets = ban_store_get_current (f->store, jail, NULL, &query, &error);

  g_assert_no_error (error);
  return tickets;
}

static char *
ids_of (GPtrArray *tickets)
{
  GString *ids = g_string_new (NULL);

  for (guint i = 0; i < tickets->len; i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? " " : "", address_peek_text (ticket_peek_id (tickets->pdata[i])));
  return g_string_free (ids, FALSE);
}

/* --- tests ------------------------------------------------------------------------------------------------------------------- */

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
set_disk_full (gboolean full)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  limit.rlim_cur = full ? 0 : limit.rlim_max;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}

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

static gboolean
has_value (const Ticket *ticket, const char *name, const char *text)
{
  g_autoptr (PyValue) value = ticket_dup_value (ticket, name);

  return py_str_equals (value, text);
}

static sqlite3 *
lock_database (Fixture *f)
{
  sqlite3 *other = NULL;

  g_assert_cmpint (sqlite3_open (f->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), ==, SQLITE_OK);
  return other;
}

static void
unlock_database (sqlite3 *other)
{
  g_assert_cmpint (sqlite3_exec (other, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
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
test_failures_come_back (Fixture *f, gconstpointer data)
{
  g_autoptr (Address) id = address_new ("192.0.2.1", -1);
  g_autoptr (Ticket) ticket = ticket_new (id, NOW_USEC - 7);
  g_autoptr (GPtrArray) tickets = NULL;
  Ticket *back;

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  SHOWS (f, "SELECT count(*) FROM sqlite_master WHERE name = 'failurelog'", "0\n");
  ticket_set_attempts (ticket, 2);
  ticket_set_retry (ticket, 3);
  ticket_take_match (ticket, py_tuple_new_items (py_str_new ("a"), py_str_new ("b"), NULL));
  ticket_take_value (ticket, "user", py_str_new ("root"));
  g_assert_true (ban_store_put_failure (f->store, "j", ticket, NULL));
  reopen_store (f);
  tickets = ban_store_get_failures (f->store, "j", NULL);
  g_assert_cmpuint (tickets->len, ==, 1);
  back = tickets->pdata[0];
  g_assert_cmpint (ticket_get_time_usec (back), ==, NOW_USEC - 7);
  g_assert_cmpuint (ticket_get_attempts (back), ==, 2);
  g_assert_cmpfloat (ticket_get_retry (back), ==, 3);
  g_assert_true (has_value (back, "user", "root"));
  g_assert_true (ban_store_drop_failure (f->store, "j", id, NULL));
  g_assert_true (ban_store_failures_are_stale (f->store, "j", 0));
  g_assert_true (ban_store_drop_failures (f->store, "j", NULL));
  reopen_store (f);
  SHOWS (f, "SELECT count(*) FROM sqlite_master WHERE name = 'failurelog'", "0\n");
}

static void
put_failure (Fixture *f, const char *id_text, guint attempts)
{
  g_autoptr (Address) id = address_new (id_text, -1);
  g_autoptr (Ticket) ticket = ticket_new (id, NOW_USEC + attempts);

  ticket_set_retry (ticket, attempts);
  ticket_set_attempts (ticket, attempts);
  g_assert_true (ban_store_put_failure (f->store, "j", ticket, NULL));
}

static void
drop_failure (Fixture *f, const char *id_text)
{
  g_autoptr (Address) id = address_new (id_text, -1);

  g_assert_true (ban_store_drop_failure (f->store, "j", id, NULL));
}

static char *
dup_failures (Fixture *f)
{
  g_autoptr (GPtrArray) tickets = ban_store_get_failures (f->store, "j", NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < tickets->len; i++)
    g_string_append_printf (text, "%s:%u ", address_peek_text (ticket_peek_id (tickets->pdata[i])),
                            ticket_get_attempts (tickets->pdata[i]));
  return g_string_free (text, FALSE);
}

#define HAS_FAILURES(f, text)                                                                                          \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *failures_ = dup_failures (f);                                                                     \
    g_assert_cmpstr (failures_, ==, text);                                                                             \
  }                                                                                                                    \
  G_STMT_END

static void
test_failures_are_what_happened_last (Fixture *f, gconstpointer data)
{
  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  put_failure (f, "192.0.2.1", 1);
  ban_store_begin (f->store);
  put_failure (f, "192.0.2.1", 3);
  put_failure (f, "2001:db8::1", 2);
  put_failure (f, "an id of its own", 4);
  put_failure (f, "192.0.2.2", 1);
  drop_failure (f, "192.0.2.2");
  HAS_FAILURES (f, "2001:db8::1:2 192.0.2.1:3 an id of its own:4 "); /* as they will be */
  SHOWS (f, "SELECT count(*) FROM failurelog", "1\n");
  g_assert_true (ban_store_commit (f->store, NULL));
  SHOWS (f, "SELECT count(*), max(time) FROM failurelog", "2|1000000000004\n");
  reopen_store (f);
  HAS_FAILURES (f, "2001:db8::1:2 192.0.2.1:3 an id of its own:4 ");
  g_assert_true (ban_store_drop_failures (f->store, "j", NULL));
  put_failure (f, "192.0.2.9", 9);
  HAS_FAILURES (f, "192.0.2.9:9 ");
}

static void
test_a_log_of_failures_becomes_stale (Fixture *f, gconstpointer data)
{
  guint puts = 0;

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  ban_store_begin (f->store);
  for (; !ban_store_failures_are_stale (f->store, "j", 1); puts++)
    put_failure (f, "192.0.2.1", 1);
  g_assert_true (ban_store_commit (f->store, NULL));
  g_assert_cmpuint (puts, ==, BAN_STORE_STALE_FACTOR * (1 + BAN_STORE_STALE_MIN) + 1);
  g_assert_false (ban_store_failures_are_stale (f->store, "j", 2));
  reopen_store (f);
  HAS_FAILURES (f, "192.0.2.1:1 ");
  g_assert_true (ban_store_failures_are_stale (f->store, "j", 1)); /* it is known again how much there is */
  g_assert_true (ban_store_drop_failures (f->store, "j", NULL));
  g_assert_false (ban_store_failures_are_stale (f->store, "j", 0));
}

static Ticket *
none_is_last (const Address *id, guint32 row, gpointer user_data)
{
  g_string_append_printf (user_data, "%s@%u ", address_peek_text (id), row);
  return NULL;
}

static Ticket *
first_is_last (const Address *id, guint32 row, gpointer user_data)
{
  Ticket *ticket = user_data;

  return address_equal (ticket_peek_id (ticket), id) ? ticket : NULL;
}

static void
test_the_oldest_row_of_failures_is_cleaned_first (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) asked = g_string_new (NULL);
  g_autoptr (Address) id = address_new ("192.0.2.1", -1);
  g_autoptr (Ticket) ticket = ticket_new (id, NOW_USEC + 5);

  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  g_assert_cmpuint (ban_store_clean_failures (f->store, "j", none_is_last, asked), ==, 0);
  ban_store_begin (f->store);
  put_failure (f, "192.0.2.1", 1);
  put_failure (f, "192.0.2.2", 2);
  g_assert_cmpuint (ban_store_get_failure_row (f->store, "j"), ==, 1);
  g_assert_true (ban_store_commit (f->store, NULL));
  put_failure (f, "192.0.2.3", 3);
  g_assert_cmpuint (ban_store_get_failure_row (f->store, "j"), ==, 3);
  g_assert_cmpuint (ban_store_clean_failures (f->store, "j", first_is_last, ticket), ==, 2);
  SHOWS (f, "SELECT number FROM failurelog", "2\n3\n");
  HAS_FAILURES (f, "192.0.2.3:3 192.0.2.1:1 "); /* a retry without attempts is one */
  g_assert_cmpuint (ban_store_clean_failures (f->store, "j", none_is_last, asked), ==, 1);
  g_assert_cmpuint (ban_store_clean_failures (f->store, "j", none_is_last, asked), ==, 1);
  g_assert_cmpstr (asked->str, ==, "192.0.2.3@2 192.0.2.1@3 ");
  g_assert_false (ban_store_failures_are_stale (f->store, "j", 0));
  put_failure (f, "192.0.2.9", 9);
  reopen_store (f);
  g_assert_cmpuint (ban_store_get_failure_row (f->store, "j"), ==, 5); /* no number twice */
}

static void
test_failures_and_positions_are_committed_together (Fixture *f, gconstpointer data)
{
  (void) signal (SIGXFSZ, SIG_IGN);
  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  set_disk_full (TRUE);
  ban_store_begin (f->store);
  put_failure (f, "192.0.2.1", 1);
  (void) ban_store_update_log (f->store, "j", "/a", "h", 10, NULL);
  (void) ban_store_commit (f->store, NULL);
  ban_store_begin (f->store);
  put_failure (f, "192.0.2.2", 1);
  g_assert_false (ban_store_commit (f->store, NULL));
  set_disk_full (FALSE);
  SHOWS (f, "SELECT count(*) FROM sqlite_master WHERE name = 'failurelog' UNION ALL SELECT count(*) FROM logs", "0\n0\n");
  g_assert_true (ban_store_settle (f->store, NULL));
  SHOWS (f, "SELECT lastfilepos FROM logs", "10\n");
  reopen_store (f);
  HAS_FAILURES (f, "192.0.2.1:1 192.0.2.2:1 ");
}

static void
test_only_failures_of_jails_that_are_gone_are_purged (Fixture *f, gconstpointer data)
{
  open_store (f);
  g_assert_true (ban_store_add_jail (f->store, "j", NULL));
  put_failure (f, "192.0.2.1", 1);
  ban_store_set_purge_age (f->store, -1);
  g_assert_true (ban_store_purge (f->store, NULL));
  HAS_FAILURES (f, "192.0.2.1:1 ");
  g_assert_true (ban_store_disable_jail (f->store, "j", NULL));
  g_assert_true (ban_store_purge (f->store, NULL));
  HAS_FAILURES (f, "");
}

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
  ADD ("failures come back", test_failures_come_back);
  ADD ("failures are what happened last", test_failures_are_what_happened_last);
  ADD ("a log of failures becomes stale", test_a_log_of_failures_becomes_stale);
  ADD ("the oldest row of failures is cleaned first", test_the_oldest_row_of_failures_is_cleaned_first);
  ADD ("failures and positions are committed together", test_failures_and_positions_are_committed_together);
  ADD ("only failures of jails that are gone are purged", test_only_failures_of_jails_that_are_gone_are_purged);
  ADD ("purge forgets what is old", test_purge_forgets_what_is_old);
  ADD ("odd data does no harm", test_odd_data_does_no_harm);
  ADD ("the JSON is fail2ban's", test_the_json_is_fail2ban_s);
  return g_test_run ();
}
