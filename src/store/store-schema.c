#include "store/store-schema.h"

#include "store/ban-store.h"

/* Tables, columns, constraints and indexes are fail2ban's: the same file serves both programs, and others read it. */
#define LOGS_SQL                                                                                                       \
  "CREATE TABLE IF NOT EXISTS logs("                                                                                   \
  "jail TEXT NOT NULL, path TEXT, firstlinemd5 TEXT, lastfilepos INTEGER DEFAULT 0, "                                  \
  "FOREIGN KEY(jail) REFERENCES jails(name) ON DELETE CASCADE, "                                                       \
  "UNIQUE(jail, path), UNIQUE(jail, path, firstlinemd5));"                                                             \
  "CREATE INDEX IF NOT EXISTS logs_path ON logs(path);"                                                                \
  "CREATE INDEX IF NOT EXISTS logs_jail_path ON logs(jail, path);"
#define BANS_SQL                                                                                                       \
  "CREATE TABLE IF NOT EXISTS bans("                                                                                   \
  "jail TEXT NOT NULL, ip TEXT, timeofban INTEGER NOT NULL, bantime INTEGER NOT NULL, "                                \
  "bancount INTEGER NOT NULL default 1, data JSON, FOREIGN KEY(jail) REFERENCES jails(name));"                         \
  "CREATE INDEX IF NOT EXISTS bans_jail_timeofban_ip ON bans(jail, timeofban);"                                        \
  "CREATE INDEX IF NOT EXISTS bans_jail_ip ON bans(jail, ip);"                                                         \
  "CREATE INDEX IF NOT EXISTS bans_ip ON bans(ip);"
#define BIPS_SQL                                                                                                       \
  "CREATE TABLE IF NOT EXISTS bips("                                                                                   \
  "ip TEXT NOT NULL, jail TEXT NOT NULL, timeofban INTEGER NOT NULL, bantime INTEGER NOT NULL, "                       \
  "bancount INTEGER NOT NULL default 1, data JSON, PRIMARY KEY(ip, jail), "                                            \
  "FOREIGN KEY(jail) REFERENCES jails(name));"                                                                         \
  "CREATE INDEX IF NOT EXISTS bips_timeofban ON bips(timeofban);"                                                      \
  "CREATE INDEX IF NOT EXISTS bips_ip ON bips(ip);"

static const char create_sql[] = "CREATE TABLE IF NOT EXISTS fail2banDb(version INTEGER);"
                                 "CREATE TABLE IF NOT EXISTS jails("
                                 "name TEXT NOT NULL UNIQUE, enabled INTEGER NOT NULL DEFAULT 1);"
                                 "CREATE INDEX IF NOT EXISTS jails_name ON jails(name);" LOGS_SQL BANS_SQL BIPS_SQL
                                 "INSERT INTO fail2banDb(version) "
                                 "SELECT 4 WHERE NOT EXISTS (SELECT 1 FROM fail2banDb LIMIT 1);";

G_STATIC_ASSERT (BAN_STORE_VERSION == 4);

static gboolean
in_transaction (Sql *sql, gboolean (*func) (Sql *, gint64, GError **), gint64 argument, GError **error)
{
  if (!sql_exec (sql, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (func (sql, argument, error) && sql_exec (sql, "COMMIT", error))
    return TRUE;
  (void) sql_exec (sql, "ROLLBACK", NULL);
  return FALSE;
}

static gboolean
create (Sql *sql, gint64 unused, GError **error)
{
  return sql_exec (sql, create_sql, error);
}

gboolean
store_schema_create (Sql *sql, GError **error)
{
  return in_transaction (sql, create, 0, error);
}

gboolean
store_schema_get_version (Sql *sql, gint64 *ret_version, GError **error)
{
  SqlStatement *statement = sql_prepare (sql, "SELECT version FROM fail2banDb LIMIT 1", error);
  SqlStep step;

  if (statement == NULL)
    return FALSE;
  step = sql_step (sql, statement, error);
  if (step != SQL_FAILED)
    *ret_version = step == SQL_ROW ? sqlite3_column_int64 (statement, 0) : 0;
  sql_done (statement);
  return step != SQL_FAILED;
}

/* --- from older versions ------------------------------------------------------------------------------------------------- */

static gboolean
has_table (Sql *sql, const char *name)
{
  SqlStatement *statement = sql_prepare (sql, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", NULL);
  gboolean found;

  if (statement == NULL)
    return FALSE;
  sql_bind_text (statement, 1, name, -1);
  found = sql_step (sql, statement, NULL) == SQL_ROW;
  sql_done (statement);
  return found;
}

static gboolean
upgrade (Sql *sql, gint64 version, GError **error)
{
  if (version < 2 && has_table (sql, "logs")
      && !sql_exec (sql,
                    "CREATE TEMPORARY TABLE logs_old AS SELECT * FROM logs; DROP TABLE logs;" LOGS_SQL
                    "INSERT OR REPLACE INTO logs SELECT * FROM logs_old; DROP TABLE logs_old;",
                    error))
    return FALSE;
  if (version < 3 && has_table (sql, "bans")
      && !sql_exec (
          sql,
          "CREATE TEMPORARY TABLE bans_old AS SELECT jail, ip, timeofban, data FROM bans; DROP TABLE bans;" BANS_SQL
          "INSERT INTO bans SELECT jail, ip, timeofban, -2, 1, data FROM bans_old; DROP TABLE bans_old;",
          error))
    return FALSE;
  if (!has_table (sql, "bips")
      && (!sql_exec (sql, BIPS_SQL, error)
          || (has_table (sql, "bans")
              && !sql_exec (sql,
                            "INSERT OR REPLACE INTO bips(ip, jail, timeofban, bantime, bancount, data) "
                            "SELECT ip, jail, timeofban, bantime, bancount, data FROM bans WHERE ip IS NOT NULL "
                            "ORDER BY timeofban",
                            error))))
    return FALSE;
  return sql_exec (sql, "UPDATE fail2banDb SET version = 4;", error) && sql_exec (sql, create_sql, error);
}

gboolean
store_schema_upgrade (Sql *sql, gint64 version, GError **error)
{
  return in_transaction (sql, upgrade, version, error);
}

/* --- from damaged files ---------------------------------------------------------------------------------------------------- */

/* Older files lack columns; what is missing has the value behind it. */
static const struct
{
  const char *select;
  const char *insert;
  int columns;
} rescue_tables[] = {
  { "SELECT name, enabled FROM damaged.jails", "INSERT OR IGNORE INTO jails(name, enabled) VALUES(?, ?)", 2 },
  { "SELECT jail, path, firstlinemd5, lastfilepos FROM damaged.logs",
    "INSERT OR IGNORE INTO logs(jail, path, firstlinemd5, lastfilepos) VALUES(?, ?, ?, ?)", 4 },
  { "SELECT jail, ip, timeofban, bantime, bancount, data FROM damaged.bans",
    "INSERT INTO bans(jail, ip, timeofban, bantime, bancount, data) VALUES(?, ?, ?, ?, ?, ?)", 6 },
  { "SELECT ip, jail, timeofban, bantime, bancount, data FROM damaged.bips",
    "INSERT OR REPLACE INTO bips(ip, jail, timeofban, bantime, bancount, data) VALUES(?, ?, ?, ?, ?, ?)", 6 },
};

/* Row by row, so that what stands before the damage is kept. */
static gint64
rescue_table (Sql *sql, guint table)
{
  SqlStatement *from = sql_prepare (sql, rescue_tables[table].select, NULL);
  SqlStatement *to = sql_prepare (sql, rescue_tables[table].insert, NULL);
  gint64 rows = 0;

  while (from != NULL && to != NULL && sql_step (sql, from, NULL) == SQL_ROW)
    {
      for (int i = 0; i < rescue_tables[table].columns; i++)
        (void) sqlite3_bind_value (to, i + 1, sqlite3_column_value (from, i));
      rows += sql_run (sql, to, NULL);
    }
  sql_done (from);
  return rows;
}

gint64
store_schema_rescue (Sql *sql, const char *damaged_path)
{
  SqlStatement *attach = sql_prepare (sql, "ATTACH DATABASE ? AS damaged", NULL);
  gint64 rows = 0;

  if (attach == NULL)
    return 0;
  sql_bind_text (attach, 1, damaged_path, -1);
  if (!sql_run (sql, attach, NULL))
    return 0;
  for (guint i = 0; i < G_N_ELEMENTS (rescue_tables); i++)
    rows += rescue_table (sql, i);
  return rows;
}
