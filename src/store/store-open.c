#include "store/store-open.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/ban-store-private.h"
#include "store/store-schema.h"

#define COPY_CHUNK (16 * 1024 * 1024)

typedef struct
{
  const char *path;
  const Clock *clock;
  Log *log;
} Opener;

/* fail2ban keeps the journal in memory; then a kill within a commit can damage the file.  On disk it costs a few system calls a
 * transaction, and none of them waits for the disk. */
static const char settings[] = "PRAGMA foreign_keys = ON; PRAGMA synchronous = OFF; PRAGMA journal_mode = DELETE; "
                               "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -512;";

static Sql *
connect (const Opener *self, GError **error)
{
  g_autoptr (GError) problem = NULL;
  Sql *sql = sql_open (self->path, &problem);

  if (sql != NULL)
    {
      log_info (self->log, STORE_LOGGER, "Connected to fail2ban persistent database '%s'", self->path);
      return sql;
    }
  log_error (self->log, STORE_LOGGER, "Error connecting to fail2ban persistent database '%s': %s", self->path,
             problem->message);
  g_propagate_error (error, g_steal_pointer (&problem));
  return NULL;
}

static char *
backup_path (const Opener *self)
{
  time_t now = (time_t) (clock_get_time_usec (self->clock) / G_USEC_PER_SEC);
  struct tm utc;
  char stamp[32];

  gmtime_r (&now, &utc);
  strftime (stamp, sizeof stamp, "%Y%m%d-%H%M%S", &utc);
  return g_strdup_printf ("%s.%s", self->path, stamp);
}

static gboolean
is_file (const char *path)
{
  return g_file_test (path, G_FILE_TEST_IS_REGULAR);
}

/* --- new ----------------------------------------------------------------------------------------------------------------- */

static gboolean
create_new (const Opener *self, Sql *sql, GError **error)
{
  if (!store_schema_create (sql, error))
    return FALSE;
  log_warning (self->log, STORE_LOGGER, "New database created. Version '%d'", BAN_STORE_VERSION);
  return TRUE;
}

/* --- damaged --------------------------------------------------------------------------------------------------------------- */

static gboolean
put_aside (const Opener *self, const char *backup, GError **error)
{
  log_info (self->log, STORE_LOGGER, "Trying to repair database %s", self->path);
  if (is_file (backup))
    (void) g_unlink (self->path);
  else if (g_rename (self->path, backup) < 0)
    {
      g_set_error (error, STORE_ERROR, STORE_ERROR_OPEN, "%s", g_strerror (errno));
      return FALSE;
    }
  else
    log_info (self->log, STORE_LOGGER, "  Database backup created: %s", backup);
  return TRUE;
}

static void
rescue (const Opener *self, Sql *sql, const char *backup)
{
  gint64 rows = store_schema_rescue (sql, backup);
  struct stat info;

  if (rows > 0 && stat (self->path, &info) == 0)
    log_info (self->log, STORE_LOGGER, "  Repair seems to be successful, restored %" G_GINT64_FORMAT " byte(s).",
              (gint64) info.st_size);
  else
    {
      log_info (self->log, STORE_LOGGER, "  Repair seems to be failed, restored 0 byte(s).");
      log_error (self->log, STORE_LOGGER, "  Error repairing of fail2ban database '%s': Recreate ...", self->path);
    }
}

static Sql *
repair (const Opener *self, GError **error)
{
  g_autofree char *backup = backup_path (self);
  g_autoptr (Sql) sql = NULL;

  if (!put_aside (self, backup, error))
    return NULL;
  sql = connect (self, error);
  if (sql == NULL || !sql_exec (sql, settings, error) || !create_new (self, sql, error))
    return NULL;
  rescue (self, sql, backup);
  /* Once more, without the damaged file attached. */
  g_clear_pointer (&sql, sql_free);
  sql = connect (self, error);
  if (sql == NULL || !sql_exec (sql, settings, error))
    return NULL;
  return g_steal_pointer (&sql);
}

/* --- older ------------------------------------------------------------------------------------------------------------------ */

static gboolean
copy_bytes (int from, int to)
{
  gssize n;

  do
    n = sendfile (to, from, NULL, COPY_CHUNK);
  while (n > 0 || (n < 0 && errno == EINTR));
  return n == 0;
}

static gboolean
copy_file (const char *from_path, const char *to_path, GError **error)
{
  int from = open (from_path, O_RDONLY | O_CLOEXEC);
  int to = open (to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  gboolean ok = from >= 0 && to >= 0 && copy_bytes (from, to);
  int problem = errno;

  if (from >= 0)
    close (from);
  if (to >= 0 && close (to) < 0)
    ok = FALSE;
  if (!ok)
    g_set_error (error, STORE_ERROR, STORE_ERROR_UPDATE, "%s: %s", to_path, g_strerror (problem));
  return ok;
}

static gboolean
upgrade (const Opener *self, Sql *sql, gint64 version, GError **error)
{
  g_autofree char *backup = backup_path (self);

  log_info (self->log, STORE_LOGGER, "Upgrade database: %s from version '%" G_GINT64_FORMAT "'", backup, version);
  if (is_file (self->path) && !is_file (backup))
    {
      if (!copy_file (self->path, backup, error))
        return FALSE;
      log_info (self->log, STORE_LOGGER, "  Database backup created: %s", backup);
    }
  return store_schema_upgrade (sql, version, error);
}

static Sql *
open_older (const Opener *self, Sql *sql /* taken */, gint64 version, GError **error)
{
  g_autoptr (Sql) owned = sql;
  g_autoptr (GError) problem = NULL;

  if (upgrade (self, sql, version, &problem))
    {
      log_warning (self->log, STORE_LOGGER, "Database updated from '%" G_GINT64_FORMAT "' to '%d'", version,
                   BAN_STORE_VERSION);
      return g_steal_pointer (&owned);
    }
  log_error (self->log, STORE_LOGGER, "Failed to upgrade database '%s': %s", self->path, problem->message);
  g_clear_pointer (&owned, sql_free);
  return repair (self, error);
}

/* --- whatever is there --------------------------------------------------------------------------------------------------------- */

/* Python's sqlite3 has one class for "there is no such table, it is locked, the disk is full", another for damage. */
static gboolean
is_damaged (const Sql *sql)
{
  return sql_last_code (sql) == SQLITE_NOTADB || sql_last_code (sql) == SQLITE_CORRUPT;
}

static gboolean
is_new (const Sql *sql)
{
  return sql_last_code (sql) == SQLITE_ERROR; /* no such table */
}

static Sql *
open_unreadable (const Opener *self, Sql *sql /* taken */, GError *problem, GError **error)
{
  g_autoptr (Sql) owned = sql;

  if (is_new (sql))
    return create_new (self, sql, error) ? g_steal_pointer (&owned) : NULL;
  log_error (self->log, STORE_LOGGER, "Error opening fail2ban persistent database '%s': %s", self->path,
             problem->message);
  if (!is_damaged (sql) || !is_file (self->path))
    {
      g_propagate_error (error, g_error_copy (problem));
      return NULL;
    }
  g_clear_pointer (&owned, sql_free);
  return repair (self, error);
}

Sql *
store_open (const char *path, const Clock *clock, Log *log, GError **error)
{
  Opener self = { path, clock, log };
  g_autoptr (GError) problem = NULL;
  g_autoptr (Sql) sql = connect (&self, error);
  gint64 version = 0;

  if (sql == NULL)
    return NULL;
  if (!sql_exec (sql, settings, &problem) || !store_schema_get_version (sql, &version, &problem))
    return open_unreadable (&self, g_steal_pointer (&sql), problem, error);
  if (version > BAN_STORE_VERSION)
    {
      g_set_error (error, STORE_ERROR, STORE_ERROR_NEWER,
                   "Attempt to travel to future version of database ...how did you get here??");
      return NULL;
    }
  if (version == 0)
    return create_new (&self, sql, error) ? g_steal_pointer (&sql) : NULL;
  if (version < BAN_STORE_VERSION)
    return open_older (&self, g_steal_pointer (&sql), version, error);
  /* The version is right, but something may be missing still. */
  return store_schema_create (sql, error) ? g_steal_pointer (&sql) : NULL;
}
