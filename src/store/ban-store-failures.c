#include "store/store-change.h"

#include <math.h>

#include "store/failure-log.h"

/* Not fail2ban's, and made only when it is needed.  time: of the last failure, in microseconds. */
#define CREATE_SQL                                                                                                     \
  "CREATE TABLE IF NOT EXISTS failurelog("                                                                             \
  "number INTEGER PRIMARY KEY, jail TEXT NOT NULL, time INTEGER NOT NULL, data BLOB NOT NULL)"

/* What of a jail is to be written, and how much of it there is. */
typedef struct
{
  GByteArray *log; /* of the open transaction */
  gint64 time_usec;
  guint64 entries; /* in the table and in the log */
} JailFailures;

static void
jail_failures_free (gpointer data)
{
  JailFailures *self = data;

  g_byte_array_unref (self->log);
  g_free (self);
}

GHashTable *
store_failures_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, jail_failures_free);
}

static JailFailures *
make_jail (BanStore *self, const char *jail)
{
  JailFailures *failures = g_hash_table_lookup (self->failures, jail);

  if (failures != NULL)
    return failures;
  failures = g_new0 (JailFailures, 1);
  failures->log = g_byte_array_new ();
  g_hash_table_insert (self->failures, g_strdup (jail), failures);
  return failures;
}

/* --- the table ------------------------------------------------------------------------------------------------------- */

gboolean
store_failures_exist (BanStore *self)
{
  SqlStatement *statement
      = sql_prepare (self->sql, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'failurelog'", NULL);
  gboolean found = statement != NULL && sql_step (self->sql, statement, NULL) == SQL_ROW;

  sql_done (statement);
  return found;
}

void
store_failures_tidy (BanStore *self)
{
  SqlStatement *statement;
  gboolean empty;

  if (!self->has_failures || (statement = sql_prepare (self->sql, "SELECT 1 FROM failurelog LIMIT 1", NULL)) == NULL)
    return;
  empty = sql_step (self->sql, statement, NULL) == SQL_DONE;
  sql_done (statement);
  if (empty && sql_exec (self->sql, "DROP TABLE failurelog", NULL))
    self->has_failures = FALSE;
}

/* A jail that is there forgets by itself. */
gboolean
store_failures_purge (BanStore *self, gint64 before_usec, GError **error)
{
  SqlStatement *statement;

  if (!self->has_failures)
    return TRUE;
  statement = sql_prepare (
      self->sql, "DELETE FROM failurelog WHERE time < ? AND jail NOT IN (SELECT name FROM jails WHERE enabled = 1)", error);
  if (statement == NULL)
    return FALSE;
  sql_bind_int (statement, 1, before_usec);
  return sql_run (self->sql, statement, error);
}

/* --- writing --------------------------------------------------------------------------------------------------------- */

static gboolean
write_log (BanStore *self, const StoreChange *change, GError **error)
{
  SqlStatement *statement;

  if (!self->has_failures && !sql_exec (self->sql, CREATE_SQL, error))
    return FALSE;
  self->has_failures = TRUE;
  statement = sql_prepare (self->sql, "INSERT INTO failurelog(jail, time, data) VALUES(?, ?, ?)", error);
  if (statement == NULL)
    return FALSE;
  sql_bind_text (statement, 1, change->jail, -1);
  sql_bind_int (statement, 2, change->position);
  sql_bind_blob (statement, 3, change->bytes);
  return sql_run (self->sql, statement, error);
}

static gboolean
flush_jail (BanStore *self, const char *jail, JailFailures *failures, GError **error)
{
  StoreChange *change;

  if (failures->log->len == 0)
    return TRUE;
  change = store_change_new (write_log, jail);
  change->position = failures->time_usec;
  change->bytes = g_byte_array_free_to_bytes (failures->log);
  failures->log = g_byte_array_new ();
  self->puts_failures = TRUE;
  if (store_change_apply (self, change, error))
    return TRUE;
  self->has_failures = store_failures_exist (self); /* the table went with the change */
  return FALSE;
}

gboolean
store_failures_flush (BanStore *self, GError **error)
{
  GHashTableIter iter;
  gpointer jail, failures;
  gboolean ok = TRUE;

  g_hash_table_iter_init (&iter, self->failures);
  while (g_hash_table_iter_next (&iter, &jail, &failures))
    ok = flush_jail (self, jail, failures, ok ? error : NULL) && ok;
  return ok;
}

gboolean
ban_store_put_failure (BanStore *self, const char *jail, Ticket *ticket, GError **error)
{
  JailFailures *failures = make_jail (self, jail);

  failure_log_put (failures->log, ticket);
  failures->time_usec = MAX (failures->time_usec, ticket_get_time_usec (ticket));
  failures->entries++;
  return self->depth > 0 || flush_jail (self, jail, failures, error);
}

gboolean
ban_store_drop_failure (BanStore *self, const char *jail, const Address *id, GError **error)
{
  JailFailures *failures = make_jail (self, jail);

  if (failures->entries == 0)
    return TRUE;
  failure_log_drop (failures->log, id);
  failures->entries++;
  return self->depth > 0 || flush_jail (self, jail, failures, error);
}

static gboolean
drop_failures (BanStore *self, const StoreChange *change, GError **error)
{
  return !self->has_failures
         || store_run_texts (self, "DELETE FROM failurelog WHERE jail = ?", change->jail, NULL, error);
}

gboolean
ban_store_drop_failures (BanStore *self, const char *jail, GError **error)
{
  JailFailures *failures = make_jail (self, jail);

  g_byte_array_set_size (failures->log, 0);
  failures->entries = 0;
  if (!self->has_failures && !self->puts_failures)
    return TRUE;
  return store_change_apply (self, store_change_new (drop_failures, jail), error);
}

gboolean
ban_store_failures_are_stale (BanStore *self, const char *jail, guint count)
{
  guint64 entries = make_jail (self, jail)->entries;

  return entries > (count == 0 ? 0 : (guint64) BAN_STORE_STALE_FACTOR * (count + BAN_STORE_STALE_MIN));
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 x = ticket_get_time_usec (*(Ticket *const *) a), y = ticket_get_time_usec (*(Ticket *const *) b);

  return (x > y) - (x < y);
}

static gboolean
replay_rows (BanStore *self, const char *jail, GHashTable *tickets, guint64 *ret_entries, GError **error)
{
  SqlStatement *statement
      = sql_prepare (self->sql, "SELECT data FROM failurelog WHERE jail = ? ORDER BY number", error);
  SqlStep step;

  if (statement == NULL)
    return FALSE;
  sql_bind_text (statement, 1, jail, -1);
  while ((step = sql_step (self->sql, statement, error)) == SQL_ROW)
    {
      const void *bytes = sqlite3_column_blob (statement, 0);

      *ret_entries += failure_log_replay (bytes, (gsize) sqlite3_column_bytes (statement, 0), tickets);
    }
  sql_done (statement);
  return step == SQL_DONE;
}

GPtrArray *
ban_store_get_failures (BanStore *self, const char *jail, GError **error)
{
  g_autoptr (GHashTable) tickets = failure_log_tickets_new ();
  JailFailures *failures = make_jail (self, jail);
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) ticket_unref);
  GHashTableIter iter;
  gpointer ticket;
  guint64 entries = 0;

  store_changes_run_noted (self);
  if (self->has_failures && !replay_rows (self, jail, tickets, &entries, error))
    {
      g_ptr_array_unref (list);
      return NULL;
    }
  entries += failure_log_replay (failures->log->data, failures->log->len, tickets);
  failures->entries = entries;
  g_hash_table_iter_init (&iter, tickets);
  while (g_hash_table_iter_next (&iter, NULL, &ticket))
    g_ptr_array_add (list, ticket_ref (ticket));
  g_ptr_array_sort (list, compare_times);
  return list;
}
