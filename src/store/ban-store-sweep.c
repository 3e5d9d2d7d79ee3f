/* Deletes many rows.  50,000 of them take a second, so it is done in parts: each looks at the next rows of a table in the order of
 * their numbers.  A row that comes meanwhile belongs to a change that is noted behind this one, and is not there yet. */
#include "store/store-change.h"

#define ROWS_AT_ONCE    128 /* of both tables and their indexes some 2 ms */
#define OUTDATED_FACTOR "3" /* a bad id is forgotten after so many times its ban time */

typedef struct
{
  const char *find_last; /* of the rows to look at: ?1 is the one before them, ?2 how many come before the last */
  const char *delete_between;
} SweptTable;

typedef void (*BindCondition) (SqlStatement *statement, const StoreChange *change);

/* The + keeps sqlite from an index that would go through all rows of the jail each time. */
#define FIND_LAST(table)       "SELECT rowid FROM " table " WHERE rowid > ?1 ORDER BY rowid LIMIT 1 OFFSET ?2"
#define DELETE_BETWEEN(table) "DELETE FROM " table " WHERE rowid > ?1 AND rowid <= ?2 AND "

static const SweptTable jail_tables[] = {
  { FIND_LAST ("bips"), DELETE_BETWEEN ("bips") "+jail = ?3" },
  { FIND_LAST ("bans"), DELETE_BETWEEN ("bans") "+jail = ?3" },
};
static const SweptTable old_tables[] = {
  { FIND_LAST ("bans"), DELETE_BETWEEN ("bans") "timeofban < ?3" },
  { FIND_LAST ("bips"), DELETE_BETWEEN ("bips") "timeofban < CAST(?3 AS INTEGER) AND bantime != -1 "
                        "AND timeofban + bantime * " OUTDATED_FACTOR " < CAST(?3 AS INTEGER)" },
};

static gboolean
find_last (BanStore *self, const SweptTable *table, gint64 *ret_row, GError **error)
{
  SqlStatement *statement = sql_prepare (self->sql, table->find_last, error);
  SqlStep step;

  if (statement == NULL)
    return FALSE;
  sql_bind_int (statement, 1, self->sweep.row);
  sql_bind_int (statement, 2, ROWS_AT_ONCE - 1);
  step = sql_step (self->sql, statement, error);
  *ret_row = step == SQL_ROW ? sqlite3_column_int64 (statement, 0) : G_MAXINT64;
  sql_done (statement);
  return step != SQL_FAILED;
}

static gboolean
sweep_next_rows (BanStore *self, const SweptTable *table, const StoreChange *change, BindCondition bind, GError **error)
{
  SqlStatement *statement;
  gint64 last;

  if (!find_last (self, table, &last, error))
    return FALSE;
  statement = sql_prepare (self->sql, table->delete_between, error);
  if (statement == NULL)
    return FALSE;
  sql_bind_int (statement, 1, self->sweep.row);
  sql_bind_int (statement, 2, last);
  bind (statement, change);
  if (!sql_run (self->sql, statement, error))
    return FALSE;
  self->sweep.row = last;
  return TRUE;
}

/* A part of it.  self->sweep.goes_on: there are more. */
static gboolean
sweep (BanStore *self, const SweptTable *tables, guint n_tables, const StoreChange *change, BindCondition bind, GError **error)
{
  store_forget_merged (self, NULL, NULL);
  if (!sweep_next_rows (self, &tables[self->sweep.table], change, bind, error))
    return FALSE;
  if (self->sweep.row == G_MAXINT64)
    {
      self->sweep.table++;
      self->sweep.row = 0;
    }
  self->sweep.goes_on = self->sweep.table < n_tables;
  return TRUE;
}

/* --- all bans of a jail ------------------------------------------------------------------------------------------------------ */
static void
bind_jail (SqlStatement *statement, const StoreChange *change)
{
  sql_bind_text (statement, 3, change->jail, -1);
}

static gboolean
delete_bans (BanStore *self, const StoreChange *change, GError **error)
{
  return sweep (self, jail_tables, G_N_ELEMENTS (jail_tables), change, bind_jail, error);
}

gboolean
ban_store_delete_bans (BanStore *self, const char *jail, GError **error)
{
  return store_change_apply (self, store_change_new (delete_bans, jail), error);
}

/* --- purge ------------------------------------------------------------------------------------------------------------------- */
static void
bind_age (SqlStatement *statement, const StoreChange *change)
{
  sql_bind_double (statement, 3, (double) change->position / G_USEC_PER_SEC);
}

static gboolean
purge_jails (BanStore *self, GError **error)
{
  return store_run_texts (self,
                          "DELETE FROM jails WHERE enabled = 0 "
                          "AND NOT EXISTS (SELECT 1 FROM bans WHERE jail = jails.name) "
                          "AND NOT EXISTS (SELECT 1 FROM bips WHERE jail = jails.name)",
                          NULL, NULL, error);
}

static gboolean
purge (BanStore *self, const StoreChange *change, GError **error)
{
  return sweep (self, old_tables, G_N_ELEMENTS (old_tables), change, bind_age, error)
         && (self->sweep.goes_on || (store_failures_purge (self, change->position, error) && purge_jails (self, error)));
}

gboolean
ban_store_purge (BanStore *self, GError **error)
{
  StoreChange *change = store_change_new (purge, NULL);

  change->position = clock_get_time_usec (self->clock) - self->purge_age_sec * G_USEC_PER_SEC;
  return store_change_apply (self, change, error);
}
