/* ban-store-fixture.h - what the tests of the database begin with: a store in a folder of its own, and what others see in its file
 *
 * For tests only, each of which includes it once.
 */
#pragma once
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/resource.h>

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

G_GNUC_UNUSED static void
on_log (int level, const char *logger, const char *text, gsize len, gpointer data)
{
  char name[16];

  g_string_append_printf (data, "%s %s\n", log_level_name (level, name), text);
}

G_GNUC_UNUSED static void
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

G_GNUC_UNUSED static void
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

G_GNUC_UNUSED static void
open_store (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  f->store = ban_store_open (f->path, f->clock, f->log, &error);
  g_assert_no_error (error);
}

G_GNUC_UNUSED static void
reopen_store (Fixture *f)
{
  g_clear_pointer (&f->store, ban_store_free);
  open_store (f);
}

G_GNUC_UNUSED static int
append_row (void *data, int n, char **values, char **names)
{
  for (int i = 0; i < n; i++)
    g_string_append_printf (data, "%s%s", i > 0 ? "|" : "", values[i] != NULL ? values[i] : "NULL");
  g_string_append_c (data, '\n');
  return 0;
}

/* What another program sees in the file, or does to it. */
G_GNUC_UNUSED static char *
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

G_GNUC_UNUSED static void
shows (int line, Fixture *f, const char *text, const char *expected)
{
  g_autofree char *rows = sql (f, text);

  if (strcmp (rows, expected) != 0)
    g_error ("line %d: got '%s', expected '%s'", line, rows, expected);
}

G_GNUC_UNUSED static void
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

G_GNUC_UNUSED static GPtrArray *
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

G_GNUC_UNUSED static char *
ids_of (GPtrArray *tickets)
{
  GString *ids = g_string_new (NULL);

  for (guint i = 0; i < tickets->len; i++)
    g_string_append_printf (ids, "%s%s", i > 0 ? " " : "", address_peek_text (ticket_peek_id (tickets->pdata[i])));
  return g_string_free (ids, FALSE);
}

G_GNUC_UNUSED static void
set_disk_full (gboolean full)
{
  struct rlimit limit;

  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  limit.rlim_cur = full ? 0 : limit.rlim_max;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
}
G_GNUC_UNUSED static sqlite3 *
lock_database (Fixture *f)
{
  sqlite3 *other = NULL;

  g_assert_cmpint (sqlite3_open (f->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN EXCLUSIVE", NULL, NULL, NULL), ==, SQLITE_OK);
  return other;
}

G_GNUC_UNUSED static void
unlock_database (sqlite3 *other)
{
  g_assert_cmpint (sqlite3_exec (other, "ROLLBACK", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (other);
}
