#include "store/store-change.h"

#include <math.h>

#include "store/ticket-json.h"

/* Not fail2ban's, and made only when it is needed.  Times are microseconds. */
#define CREATE_SQL                                                                                                     \
  "CREATE TABLE IF NOT EXISTS failures("                                                                               \
  "jail TEXT NOT NULL, ip TEXT NOT NULL, firsttime INTEGER NOT NULL, lasttime INTEGER NOT NULL, "                      \
  "retry REAL NOT NULL, data JSON, PRIMARY KEY(jail, ip)) WITHOUT ROWID"

gboolean
store_failures_exist (BanStore *self)
{
  SqlStatement *statement
      = sql_prepare (self->sql, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'failures'", NULL);
  gboolean found = statement != NULL && sql_step (self->sql, statement, NULL) == SQL_ROW;

  sql_done (statement);
  return found;
}

void
store_failures_tidy (BanStore *self)
{
  SqlStatement *statement;
  gboolean empty;

  if (!self->has_failures || (statement = sql_prepare (self->sql, "SELECT 1 FROM failures LIMIT 1", NULL)) == NULL)
    return;
  empty = sql_step (self->sql, statement, NULL) == SQL_DONE;
  sql_done (statement);
  if (empty && sql_exec (self->sql, "DROP TABLE failures", NULL))
    self->has_failures = FALSE;
}

gboolean
store_failures_purge (BanStore *self, gint64 before_usec, GError **error)
{
  SqlStatement *statement;

  if (!self->has_failures)
    return TRUE;
  statement = sql_prepare (self->sql, "DELETE FROM failures WHERE lasttime < ?", error);
  if (statement == NULL)
    return FALSE;
  sql_bind_int (statement, 1, before_usec);
  return sql_run (self->sql, statement, error);
}

static gboolean
put_failure (BanStore *self, const StoreChange *change, GError **error)
{
  const Ticket *ticket = change->ticket;
  g_autoptr (GBytes) data = ticket_json_dump (ticket, self->max_matches);
  SqlStatement *statement;

  if (!self->has_failures && !sql_exec (self->sql, CREATE_SQL, error))
    return FALSE;
  self->has_failures = TRUE;
  statement = sql_prepare (self->sql,
                           "INSERT OR REPLACE INTO failures(jail, ip, firsttime, lasttime, retry, data) "
                           "VALUES(?, ?, ?, ?, ?, ?)",
                           error);
  if (statement == NULL)
    return FALSE;
  sql_bind_text (statement, 1, change->jail, -1);
  store_bind_id (statement, 2, ticket_peek_id (ticket));
  sql_bind_int (statement, 3, ticket_get_first_time_usec (ticket));
  sql_bind_int (statement, 4, ticket_get_time_usec (ticket));
  sql_bind_double (statement, 5, ticket_get_retry (ticket));
  sql_bind_blob (statement, 6, data);
  return sql_run (self->sql, statement, error);
}

gboolean
ban_store_put_failure (BanStore *self, const char *jail, Ticket *ticket, GError **error)
{
  StoreChange *change = store_change_new (put_failure, jail);

  change->ticket = ticket_ref (ticket);
  self->puts_failures = TRUE;
  if (store_change_apply (self, change, error))
    return TRUE;
  self->has_failures = store_failures_exist (self); /* the table went with the change */
  return FALSE;
}

static gboolean
drop_failure (BanStore *self, const StoreChange *change, GError **error)
{
  SqlStatement *statement;

  if (!self->has_failures)
    return TRUE;
  statement = sql_prepare (self->sql, "DELETE FROM failures WHERE jail = ? AND ip = ?", error);
  if (statement == NULL)
    return FALSE;
  sql_bind_text (statement, 1, change->jail, -1);
  store_bind_id (statement, 2, change->id);
  return sql_run (self->sql, statement, error);
}

gboolean
ban_store_drop_failure (BanStore *self, const char *jail, const Address *id, GError **error)
{
  StoreChange *change;

  if (!self->has_failures && !self->puts_failures)
    return TRUE;
  change = store_change_new (drop_failure, jail);
  change->id = address_ref (id);
  return store_change_apply (self, change, error);
}

static gboolean
drop_failures (BanStore *self, const StoreChange *change, GError **error)
{
  return !self->has_failures
         || store_run_texts (self, "DELETE FROM failures WHERE jail = ?", change->jail, NULL, error);
}

gboolean
ban_store_drop_failures (BanStore *self, const char *jail, GError **error)
{
  if (!self->has_failures && !self->puts_failures)
    return TRUE;
  return store_change_apply (self, store_change_new (drop_failures, jail), error);
}

static Ticket *
dup_failure (SqlStatement *statement)
{
  Ticket *ticket = store_dup_ticket (statement, 0, -1, 4, 0);
  double retry = sqlite3_column_double (statement, 3);

  if (ticket == NULL)
    return NULL;
  ticket_set_first_time_usec (ticket, sqlite3_column_int64 (statement, 1));
  ticket_set_time_usec (ticket, sqlite3_column_int64 (statement, 2), TRUE);
  if (retry > 0)
    ticket_set_retry (ticket, retry);
  return ticket;
}

GPtrArray *
ban_store_get_failures (BanStore *self, const char *jail, GError **error)
{
  g_autoptr (GPtrArray) tickets = g_ptr_array_new_with_free_func ((GDestroyNotify) ticket_unref);
  SqlStatement *statement;
  SqlStep step;

  store_changes_run_noted (self);
  if (!self->has_failures)
    return g_steal_pointer (&tickets);
  statement = sql_prepare (
      self->sql, "SELECT ip, firsttime, lasttime, retry, data FROM failures WHERE jail = ? ORDER BY lasttime", error);
  if (statement == NULL)
    return NULL;
  sql_bind_text (statement, 1, jail, -1);
  while ((step = sql_step (self->sql, statement, error)) == SQL_ROW)
    {
      Ticket *ticket = dup_failure (statement);

      if (ticket != NULL)
        g_ptr_array_add (tickets, ticket);
    }
  sql_done (statement);
  return step == SQL_DONE ? g_steal_pointer (&tickets) : NULL;
}
