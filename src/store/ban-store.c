#include "store/ban-store.h"

#include <math.h>
#include <string.h>

#include "store/store-change.h"
#include "store/store-open.h"

#define PREPARE_AT_ONCE 64 /* changes; a ban takes some 20 us */

G_DEFINE_QUARK (fail2ban - store - error, store_error)

BanStore *
ban_store_open (const char *path, const Clock *clock, Log *log, GError **error)
{
  Sql *sql = store_open (path, clock, log, error);
  BanStore *self;

  if (sql == NULL)
    return NULL;
  self = g_new0 (BanStore, 1);
  self->path = g_strdup (path);
  self->clock = clock;
  self->log = log;
  self->sql = sql;
  self->purge_age_sec = BAN_STORE_DEFAULT_PURGE_AGE;
  self->max_matches = BAN_STORE_DEFAULT_MAX_MATCHES;
  store_changes_init (self);
  self->merged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) ticket_unref);
  self->has_failures = store_failures_exist (self);
  self->failures = store_failures_new ();
  self->shared_failures = store_failures_shared_new (self);
  self->failure_row = store_failures_last_row (self);
  ban_store_set_patient (self, FALSE);
  return self;
}

void
ban_store_free (BanStore *self)
{
  if (self == NULL)
    return;
  ban_store_set_patient (self, TRUE);
  store_changes_run_noted (self);
  (void) store_failures_flush (self, NULL);
  if (sql_in_transaction (self->sql))
    (void) sql_exec (self->sql, "COMMIT", NULL);
  self->depth = 0;
  (void) ban_store_settle (self, NULL);
  store_failures_tidy (self);
  store_changes_clear (self);
  sql_free (self->sql);
  log_info (self->log, STORE_LOGGER, "Connection to database closed.");
  g_hash_table_unref (self->merged);
  g_hash_table_unref (self->failures);
  g_hash_table_unref (self->shared_failures);
  g_free (self->path);
  g_free (self);
}

const char *
ban_store_peek_path (const BanStore *self)
{
  return self->path;
}

gint64
ban_store_get_purge_age (const BanStore *self)
{
  return self->purge_age_sec;
}

void
ban_store_set_purge_age (BanStore *self, gint64 seconds)
{
  self->purge_age_sec = seconds;
}

guint
ban_store_get_max_matches (const BanStore *self)
{
  return self->max_matches;
}

void
ban_store_set_max_matches (BanStore *self, guint count)
{
  self->max_matches = count;
  store_forget_merged (self, NULL, NULL);
}

void
ban_store_set_patient (BanStore *self, gboolean patient)
{
  self->is_patient = patient;
  sql_set_patience (self->sql, patient ? SQL_PATIENT_USEC : self->owed->len > 0 ? 0 : BAN_STORE_WAIT_MSEC * 1000);
}

/* --- transactions ---------------------------------------------------------------------------------------------------------- */

void
ban_store_begin (BanStore *self)
{
  self->depth++;
}

/* A transaction, and in it first what is owed. */
static gboolean
begin (BanStore *self, GError **error)
{
  return sql_exec (self->sql, "BEGIN IMMEDIATE", error) && store_changes_repay (self, error);
}

static gboolean
commit (BanStore *self, GError **error)
{
  if (!sql_in_transaction (self->sql))
    return TRUE;
  if (sql_exec (self->sql, "COMMIT", error))
    {
      store_changes_committed (self);
      return TRUE;
    }
  store_changes_failed (self);
  return FALSE;
}

gboolean
ban_store_commit (BanStore *self, GError **error)
{
  g_return_val_if_fail (self->depth > 0, FALSE);

  if (self->depth == 1)
    {
      store_changes_run_noted (self);
      (void) store_failures_flush (self, self->missed == NULL ? &self->missed : NULL);
    }
  if (--self->depth > 0)
    return TRUE;
  self->broken = FALSE;
  gboolean done = commit (self, error);
  if (self->missed == NULL)
    return done;
  g_clear_error (error);
  g_propagate_error (error, g_steal_pointer (&self->missed));
  return FALSE;
}

void
ban_store_begin_soon (BanStore *self)
{
  self->noting++;
  ban_store_begin (self);
}

gboolean
ban_store_commit_soon (BanStore *self)
{
  g_return_val_if_fail (self->depth > 0 && self->noting > 0, FALSE);

  if (self->depth == 1)
    (void) store_failures_flush (self, NULL); /* notes them */
  self->noting--;
  if (--self->depth > 0)
    return FALSE;
  self->broken = FALSE;
  return self->noted->length > 0 || self->missed != NULL || sql_in_transaction (self->sql);
}

gboolean
ban_store_prepare (BanStore *self)
{
  return store_changes_run_some (self, PREPARE_AT_ONCE);
}

gboolean
ban_store_is_sweeping (const BanStore *self)
{
  return self->sweep.goes_on;
}

gboolean
ban_store_settle (BanStore *self, GError **error)
{
  return self->depth > 0 || self->owed->len == 0 || (begin (self, error) && commit (self, error));
}

gboolean
store_change_begin (BanStore *self, GError **error)
{
  if (!ban_store_settle (self, error))
    return FALSE;
  if (self->depth > 0 && !sql_in_transaction (self->sql) && !begin (self, error))
    return FALSE;
  return sql_repeat (self->sql, "SAVEPOINT change", error);
}

gboolean
store_change_end (BanStore *self, gboolean ok, GError **error)
{
  if (ok && sql_repeat (self->sql, "RELEASE change", error))
    return self->depth > 0 || commit (self, error);
  /* Not there any more when sqlite undid the whole transaction by itself (disk full). */
  (void) sql_exec (self->sql, "ROLLBACK TO change", NULL);
  (void) sql_exec (self->sql, "RELEASE change", NULL);
  return FALSE;
}

gboolean
store_run_texts (BanStore *self, const char *sql, const char *first, const char *second, GError **error)
{
  SqlStatement *statement = sql_prepare (self->sql, sql, error);

  if (statement == NULL)
    return FALSE;
  if (first != NULL)
    sql_bind_text (statement, 1, first, -1);
  if (second != NULL)
    sql_bind_text (statement, 2, second, -1);
  return sql_run (self->sql, statement, error);
}

/* --- jails ------------------------------------------------------------------------------------------------------------------- */

static gboolean
add_jail (BanStore *self, const StoreChange *change, GError **error)
{
  return store_run_texts (self,
                          "INSERT INTO jails(name, enabled) VALUES(?, 1) "
                          "ON CONFLICT(name) DO UPDATE SET enabled = 1 WHERE enabled != 1",
                          change->jail, NULL, error);
}

gboolean
ban_store_add_jail (BanStore *self, const char *jail, GError **error)
{
  return store_change_apply (self, store_change_new (add_jail, jail), error);
}

static gboolean
disable_jail (BanStore *self, const StoreChange *change, GError **error)
{
  return store_run_texts (self, "UPDATE jails SET enabled = 0 WHERE name = ?", change->jail, NULL, error);
}

gboolean
ban_store_disable_jail (BanStore *self, const char *jail, GError **error)
{
  return store_change_apply (self, store_change_new (disable_jail, jail), error);
}

static gboolean
disable_all_jails (BanStore *self, const StoreChange *change, GError **error)
{
  return store_run_texts (self, "UPDATE jails SET enabled = 0", NULL, NULL, error);
}

gboolean
ban_store_disable_all_jails (BanStore *self, GError **error)
{
  return store_change_apply (self, store_change_new (disable_all_jails, NULL), error);
}

/* --- positions ----------------------------------------------------------------------------------------------------------------- */

static gboolean
write_position (BanStore *self, const StoreChange *change, GError **error)
{
  SqlStatement *statement = sql_prepare (self->sql,
                                         "INSERT INTO logs(jail, path, firstlinemd5, lastfilepos) VALUES(?, ?, ?, ?) "
                                         "ON CONFLICT(jail, path) DO UPDATE SET firstlinemd5 = excluded.firstlinemd5, "
                                         "lastfilepos = excluded.lastfilepos",
                                         error);

  if (statement == NULL)
    return FALSE;
  sql_bind_text (statement, 1, change->jail, -1);
  sql_bind_text (statement, 2, change->path, -1);
  sql_bind_text (statement, 3, change->hash, -1);
  if (change->is_time)
    sql_bind_double (statement, 4, (double) change->position / G_USEC_PER_SEC);
  else
    sql_bind_int (statement, 4, change->position);
  return sql_run (self->sql, statement, error);
}

static gboolean
apply_position (BanStore *self, const char *jail, const char *path, const char *hash, gint64 position, gboolean is_time,
                GError **error)
{
  StoreChange *change = store_change_new (write_position, jail);

  change->path = g_strdup (path);
  change->hash = g_strdup (hash);
  change->position = position;
  change->is_time = is_time;
  return store_change_apply (self, change, error);
}

/* The row of a log: FALSE with error; without a row *ret_hash is NULL. */
static gboolean
read_position (BanStore *self, const char *jail, const char *path, char **ret_hash, double *ret_position,
               GError **error)
{
  store_changes_run_noted (self);
  SqlStatement *statement
      = sql_prepare (self->sql, "SELECT firstlinemd5, lastfilepos FROM logs WHERE jail = ? AND path = ?", error);
  SqlStep step;

  if (statement == NULL)
    return FALSE;
  sql_bind_text (statement, 1, jail, -1);
  sql_bind_text (statement, 2, path, -1);
  step = sql_step (self->sql, statement, error);
  *ret_hash = NULL;
  *ret_position = 0;
  if (step == SQL_ROW)
    {
      *ret_hash = g_strdup ((const char *) sqlite3_column_text (statement, 0));
      *ret_position = sqlite3_column_double (statement, 1);
    }
  sql_done (statement);
  return step != SQL_FAILED;
}

gboolean
ban_store_add_log (BanStore *self, const char *jail, const char *path, const char *hash, gint64 position,
                   gint64 *ret_position, GError **error)
{
  g_autofree char *known_hash = NULL;
  double known;

  if (!read_position (self, jail, path, &known_hash, &known, error))
    return FALSE;
  *ret_position = g_strcmp0 (known_hash, hash) == 0 ? (gint64) known : -1;
  return known_hash != NULL || apply_position (self, jail, path, hash, position, FALSE, error);
}

gboolean
ban_store_get_log (BanStore *self, const char *jail, const char *path, char **ret_hash, gint64 *ret_position,
                   GError **error)
{
  double position;

  if (!read_position (self, jail, path, ret_hash, &position, error))
    return FALSE;
  *ret_position = (gint64) CLAMP (position, 0, 1e18);
  return TRUE;
}

gboolean
ban_store_update_log (BanStore *self, const char *jail, const char *path, const char *hash, gint64 position,
                      GError **error)
{
  return apply_position (self, jail, path, hash, position, FALSE, error);
}

gboolean
ban_store_get_journal_time (BanStore *self, const char *jail, const char *name, gint64 *ret_time_usec, GError **error)
{
  g_autofree char *iso = NULL;
  double seconds;

  if (!read_position (self, jail, name, &iso, &seconds, error))
    return FALSE;
  *ret_time_usec = (gint64) rint (CLAMP (seconds, 0, 1e12) * G_USEC_PER_SEC);
  return TRUE;
}

gboolean
ban_store_update_journal (BanStore *self, const char *jail, const char *name, gint64 time_usec, const char *iso,
                          GError **error)
{
  return apply_position (self, jail, name, iso, time_usec, TRUE, error);
}
