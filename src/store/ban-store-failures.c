#include "store/store-change.h"

#include <math.h>
#include <string.h>

#include "store/failure-log.h"

/* Not fail2ban's, and made only when it is needed.  time: of the last failure, in microseconds.  data: the log, or the number of the row
 * that has it; that one belongs to no jail (''), and goes with the last that refers to it. */
#define CREATE_SQL                                                                                                     \
  "CREATE TABLE IF NOT EXISTS failurelog("                                                                             \
  "number INTEGER PRIMARY KEY, jail TEXT NOT NULL, time INTEGER NOT NULL, data BLOB NOT NULL)"

#define DATA_SQL                                                                                                       \
  "CASE typeof(data) WHEN 'integer' "                                                                                  \
  "THEN (SELECT shared.data FROM failurelog AS shared WHERE shared.number = failurelog.data) ELSE data END"
#define SHARED_SQL "CASE typeof(data) WHEN 'integer' THEN data ELSE 0 END"

#define SHARED_MIN 200 /* bytes: shorter logs are written for each jail */

typedef struct
{
  guint32 number;
  guint entries;
  guint32 shared; /* the row that has its data; 0: itself */
} Row;

/* What of a jail is to be written, and what of it is there. */
struct StoreFailures
{
  char *jail;
  GByteArray *log; /* of the open transaction */
  Row next;        /* what it will be; number 0: not given yet */
  gint64 time_usec;
  GArray *rows;    /* of Row, oldest first */
  guint64 entries; /* in rows and in the log */
};

static void
jail_failures_free (gpointer data)
{
  StoreFailures *self = data;

  g_array_unref (self->rows);
  g_byte_array_unref (self->log);
  g_free (self->jail);
  g_free (self);
}

GHashTable *
store_failures_new (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, NULL, jail_failures_free);
}

static StoreFailures *
make_jail (BanStore *self, const char *jail)
{
  StoreFailures *failures = self->last_failures;

  /* A jail's failures come one after the other. */
  if (failures != NULL && strcmp (failures->jail, jail) == 0)
    return failures;
  failures = self->last_failures = g_hash_table_lookup (self->failures, jail);
  if (failures != NULL)
    return failures;
  failures = self->last_failures = g_new0 (StoreFailures, 1);
  failures->log = g_byte_array_new ();
  failures->rows = g_array_new (FALSE, FALSE, sizeof (Row));
  failures->jail = g_strdup (jail);
  g_hash_table_insert (self->failures, failures->jail, failures);
  return failures;
}

GHashTable *
store_failures_shared_new (BanStore *self)
{
  GHashTable *counts = g_hash_table_new (NULL, NULL);
  SqlStatement *statement = self->has_failures
                                ? sql_prepare (self->sql,
                                               "SELECT data, count(*) FROM failurelog WHERE typeof(data) = 'integer' "
                                               "GROUP BY data",
                                               NULL)
                                : NULL;

  while (statement != NULL && sql_step (self->sql, statement, NULL) == SQL_ROW)
    g_hash_table_insert (counts, GUINT_TO_POINTER ((guint) sqlite3_column_int64 (statement, 0)),
                         GUINT_TO_POINTER ((guint) sqlite3_column_int64 (statement, 1)));
  sql_done (statement);
  return counts;
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

guint32
store_failures_last_row (BanStore *self)
{
  SqlStatement *statement
      = self->has_failures ? sql_prepare (self->sql, "SELECT max(number) FROM failurelog", NULL) : NULL;
  guint32 row = 0;

  if (statement != NULL && sql_step (self->sql, statement, NULL) == SQL_ROW)
    row = (guint32) sqlite3_column_int64 (statement, 0);
  sql_done (statement);
  return row;
}

/* What nobody refers to any more, since a jail is gone. */
static gboolean
delete_unshared (BanStore *self, GError **error)
{
  return sql_exec (self->sql,
                   "DELETE FROM failurelog WHERE jail = '' AND number NOT IN "
                   "(SELECT data FROM failurelog WHERE typeof(data) = 'integer')",
                   error);
}

void
store_failures_tidy (BanStore *self)
{
  SqlStatement *statement;
  gboolean empty;

  if (!self->has_failures || !delete_unshared (self, NULL) || (statement = sql_prepare (self->sql, "SELECT 1 FROM failurelog LIMIT 1", NULL)) == NULL)
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
      self->sql,
      "DELETE FROM failurelog WHERE time < ? AND jail <> '' AND jail NOT IN (SELECT name FROM jails WHERE enabled = 1)",
      error);
  if (statement == NULL)
    return FALSE;
  sql_bind_int (statement, 1, before_usec);
  return sql_run (self->sql, statement, error) && delete_unshared (self, error);
}

/* --- writing --------------------------------------------------------------------------------------------------------- */

static gboolean
write_log (BanStore *self, const StoreChange *change, GError **error)
{
  SqlStatement *statement;

  if (!self->has_failures && !sql_exec (self->sql, CREATE_SQL, error))
    return FALSE;
  self->has_failures = TRUE;
  statement = sql_prepare (self->sql, "INSERT INTO failurelog(number, jail, time, data) VALUES(?, ?, ?, ?)", error);
  if (statement == NULL)
    return FALSE;
  sql_bind_int (statement, 1, change->row);
  sql_bind_text (statement, 2, change->jail, -1);
  sql_bind_int (statement, 3, change->position);
  if (change->bytes != NULL)
    sql_bind_blob (statement, 4, change->bytes);
  else
    sql_bind_int (statement, 4, change->shared);
  return sql_run (self->sql, statement, error);
}

guint32
ban_store_get_failure_row (BanStore *self, const char *jail)
{
  StoreFailures *failures = make_jail (self, jail);

  if (failures->next.number == 0)
    failures->next = (Row){ .number = ++self->failure_row };
  return failures->next.number;
}

/* An entry more in the log. */
static gboolean
count_entry (BanStore *self, const char *jail, StoreFailures *failures)
{
  (void) ban_store_get_failure_row (self, jail);
  failures->next.entries++;
  failures->entries++;
  return self->depth > 0;
}

static GBytes *
take_log (StoreFailures *failures)
{
  GBytes *bytes = g_byte_array_free_to_bytes (failures->log);

  failures->log = g_byte_array_new ();
  return bytes;
}

static gboolean
put_row (BanStore *self, StoreChange *change /* taken */, GError **error)
{
  self->puts_failures = TRUE;
  if (store_change_apply (self, change, error))
    return TRUE;
  self->has_failures = store_failures_exist (self); /* the table went with the change */
  return FALSE;
}

/* bytes: the log, taken; or NULL, and shared is the row that has it. */
static gboolean
flush_log (BanStore *self, StoreFailures *failures, GBytes *bytes, guint32 shared, GError **error)
{
  StoreChange *change = store_change_new (write_log, failures->jail);

  change->position = failures->time_usec;
  change->row = failures->next.number;
  change->bytes = bytes;
  change->shared = failures->next.shared = shared;
  g_array_append_val (failures->rows, failures->next);
  failures->next = (Row){ 0 };
  return put_row (self, change, error);
}

static gboolean
flush_jail (BanStore *self, StoreFailures *failures, GError **error)
{
  return failures->log->len == 0 || flush_log (self, failures, take_log (failures), 0, error);
}

static gboolean
have_same_log (const StoreFailures *a, const StoreFailures *b)
{
  return a->log->len >= SHARED_MIN && a->log->len == b->log->len && memcmp (a->log->data, b->log->data, a->log->len) == 0;
}

/* Jails that have counted the same failures: their log is written once, in a row that all of theirs refer to. */
static gboolean
flush_same (BanStore *self, const GPtrArray *jails, GError **error)
{
  StoreFailures *first = g_ptr_array_index (jails, 0);
  StoreChange *change;
  guint32 shared;
  gboolean ok;

  if (jails->len == 1)
    return flush_jail (self, first, error);
  shared = ++self->failure_row;
  change = store_change_new (write_log, "");
  change->position = first->time_usec;
  change->row = shared;
  change->bytes = take_log (first);
  g_hash_table_insert (self->shared_failures, GUINT_TO_POINTER (shared), GUINT_TO_POINTER (jails->len));
  ok = put_row (self, change, error);
  for (guint i = 0; i < jails->len; i++)
    {
      StoreFailures *failures = g_ptr_array_index (jails, i);

      g_byte_array_set_size (failures->log, 0);
      ok = flush_log (self, failures, NULL, shared, ok ? error : NULL) && ok;
    }
  return ok;
}

gboolean
store_failures_flush (BanStore *self, GError **error)
{
  g_autoptr (GPtrArray) left = g_ptr_array_new (), same = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer failures;
  gboolean ok = TRUE;

  g_hash_table_iter_init (&iter, self->failures);
  while (g_hash_table_iter_next (&iter, NULL, &failures))
    if (((StoreFailures *) failures)->log->len > 0)
      g_ptr_array_add (left, failures);
  while (left->len > 0)
    {
      g_ptr_array_set_size (same, 0);
      g_ptr_array_add (same, g_ptr_array_steal_index (left, left->len - 1));
      for (guint i = left->len; i-- > 0;)
        if (have_same_log (same->pdata[0], left->pdata[i]))
          g_ptr_array_add (same, g_ptr_array_steal_index_fast (left, i));
      ok = flush_same (self, same, ok ? error : NULL) && ok;
    }
  return ok;
}

gboolean
ban_store_put_failure (BanStore *self, const char *jail, Ticket *ticket, GError **error)
{
  StoreFailures *failures = make_jail (self, jail);

  failure_log_put (failures->log, ticket);
  failures->time_usec = MAX (failures->time_usec, ticket_get_time_usec (ticket));
  return count_entry (self, jail, failures) || flush_jail (self, failures, error);
}

gboolean
ban_store_drop_failure (BanStore *self, const char *jail, const Address *id, GError **error)
{
  StoreFailures *failures = make_jail (self, jail);

  if (failures->entries == 0)
    return TRUE;
  failure_log_drop (failures->log, id);
  return count_entry (self, jail, failures) || flush_jail (self, failures, error);
}

static gboolean
drop_row (BanStore *self, const StoreChange *change, GError **error)
{
  SqlStatement *statement;

  if (!self->has_failures)
    return TRUE;
  statement = sql_prepare (self->sql, "DELETE FROM failurelog WHERE number = ?", error);
  if (statement == NULL)
    return FALSE;
  sql_bind_int (statement, 1, change->row);
  return sql_run (self->sql, statement, error);
}

/* A row of the jail's own goes, by the caller. */
static void
release_shared (BanStore *self, const char *jail, const Row *row)
{
  gpointer key = GUINT_TO_POINTER (row->shared);
  guint count = row->shared != 0 ? GPOINTER_TO_UINT (g_hash_table_lookup (self->shared_failures, key)) : 0;
  StoreChange *change;

  if (count > 1)
    g_hash_table_insert (self->shared_failures, key, GUINT_TO_POINTER (count - 1));
  if (count != 1)
    return;
  g_hash_table_remove (self->shared_failures, key);
  change = store_change_new (drop_row, jail);
  change->row = row->shared;
  (void) store_change_apply (self, change, NULL); /* owed, if at all, behind the row itself */
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
  StoreFailures *failures = make_jail (self, jail);

  g_byte_array_set_size (failures->log, 0);
  for (guint i = 0; i < failures->rows->len; i++)
    release_shared (self, jail, &g_array_index (failures->rows, Row, i));
  g_array_set_size (failures->rows, 0);
  failures->next = (Row){ 0 };
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

typedef struct
{
  BanStore *store;
  const char *jail;
  guint32 row;
  BanStoreLast last;
  gpointer user_data;
} Cleaning;

static void
put_again (const Address *id, gpointer user_data)
{
  const Cleaning *cleaning = user_data;
  Ticket *ticket = cleaning->last (id, cleaning->row, cleaning->user_data);

  if (ticket != NULL)
    (void) ban_store_put_failure (cleaning->store, cleaning->jail, ticket, NULL);
}

/* FALSE: it is not there yet, or cannot be read. */
static gboolean
put_row_again (const Cleaning *cleaning)
{
  Sql *sql = cleaning->store->sql;
  SqlStatement *statement = sql_prepare (sql, "SELECT " DATA_SQL " FROM failurelog WHERE number = ?", NULL);
  gboolean found;

  if (statement == NULL)
    return FALSE;
  sql_bind_int (statement, 1, cleaning->row);
  found = sql_step (sql, statement, NULL) == SQL_ROW;
  if (found)
    failure_log_each (sqlite3_column_blob (statement, 0), (gsize) sqlite3_column_bytes (statement, 0), put_again,
                      (gpointer) cleaning);
  sql_done (statement);
  return found;
}

guint
ban_store_clean_failures (BanStore *self, const char *jail, BanStoreLast last, gpointer user_data)
{
  StoreFailures *failures = make_jail (self, jail);
  Row row;
  StoreChange *change;

  if (failures->rows->len == 0)
    return 0;
  row = g_array_index (failures->rows, Row, 0);
  ban_store_begin (self);
  if (put_row_again (&(Cleaning){ self, jail, row.number, last, user_data }))
    {
      g_array_remove_index (failures->rows, 0);
      failures->entries -= row.entries;
      change = store_change_new (drop_row, jail);
      change->row = row.number;
      (void) store_change_apply (self, change, NULL); /* owed, if at all, behind the row itself */
      release_shared (self, jail, &row);
    }
  else
    row.entries = 0;
  (void) ban_store_commit (self, NULL);
  return row.entries;
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 x = ticket_get_time_usec (*(Ticket *const *) a), y = ticket_get_time_usec (*(Ticket *const *) b);

  return (x > y) - (x < y);
}

static gboolean
replay_rows (BanStore *self, const char *jail, GHashTable *tickets, GArray *rows, GError **error)
{
  SqlStatement *statement
      = sql_prepare (self->sql,
                     "SELECT " DATA_SQL ", number, " SHARED_SQL " FROM failurelog WHERE jail = ? ORDER BY number", error);
  SqlStep step;

  if (statement == NULL)
    return FALSE;
  sql_bind_text (statement, 1, jail, -1);
  while ((step = sql_step (self->sql, statement, error)) == SQL_ROW)
    {
      const void *bytes = sqlite3_column_blob (statement, 0);
      Row row = { .number = (guint32) sqlite3_column_int64 (statement, 1),
                  .shared = (guint32) sqlite3_column_int64 (statement, 2) };

      row.entries = failure_log_replay (bytes, (gsize) sqlite3_column_bytes (statement, 0), tickets);
      g_array_append_val (rows, row);
    }
  sql_done (statement);
  return step == SQL_DONE;
}

GPtrArray *
ban_store_get_failures (BanStore *self, const char *jail, GError **error)
{
  g_autoptr (GHashTable) tickets = failure_log_tickets_new ();
  StoreFailures *failures = make_jail (self, jail);
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) ticket_unref);
  GHashTableIter iter;
  gpointer ticket;

  store_changes_run_noted (self);
  g_array_set_size (failures->rows, 0);
  if (self->has_failures && !replay_rows (self, jail, tickets, failures->rows, error))
    {
      g_ptr_array_unref (list);
      return NULL;
    }
  (void) failure_log_replay (failures->log->data, failures->log->len, tickets);
  failures->entries = failures->next.entries;
  for (guint i = 0; i < failures->rows->len; i++)
    failures->entries += g_array_index (failures->rows, Row, i).entries;
  g_hash_table_iter_init (&iter, tickets);
  while (g_hash_table_iter_next (&iter, NULL, &ticket))
    g_ptr_array_add (list, ticket_ref (ticket));
  g_ptr_array_sort (list, compare_times);
  return list;
}
