#include "store/store-change.h"

#include <math.h>
#include <string.h>

#include "store/ticket-json.h"

/* --- ids and tickets of rows --------------------------------------------------------------------------------------------------- */

void
store_bind_id (SqlStatement *statement, int index, const Address *id)
{
  sql_bind_text (statement, index, address_peek_text (id), (gssize) address_get_length (id));
}

Address *
store_dup_id (SqlStatement *statement, int column)
{
  const char *text = (const char *) sqlite3_column_text (statement, column);
  int len = sqlite3_column_bytes (statement, column);
  g_autoptr (Address) address = NULL;

  if (text == NULL || len == 0)
    return NULL;
  address = address_new (text, len);
  return address_is_valid (address) ? g_steal_pointer (&address) : address_new_raw (text, len);
}

static gboolean
set_time (Ticket *ticket, SqlStatement *statement, int column)
{
  g_autoptr (PyValue) time = sql_dup_number (statement, column);
  gint64 time_usec;
  double seconds;

  if (time == NULL || !py_value_to_double (time, &seconds) || fabs (seconds) > 1e12)
    return FALSE;
  time_usec = (gint64) rint (seconds * G_USEC_PER_SEC);
  ticket_set_time_usec (ticket, time_usec, py_value_type (time) == PY_FLOAT);
  ticket_set_first_time_usec (ticket, time_usec);
  return TRUE;
}

Ticket *
store_dup_ticket (SqlStatement *statement, int id_column, int time_column, int data_column, guint attempts)
{
  g_autoptr (Address) id = store_dup_id (statement, id_column);
  g_autoptr (PyValue) data = NULL;
  g_autoptr (Ticket) ticket = NULL;

  if (id == NULL)
    return NULL;
  ticket = ticket_new (id, 0);
  if (time_column >= 0 && !set_time (ticket, statement, time_column))
    return NULL;
  data = ticket_json_parse (sqlite3_column_blob (statement, data_column),
                            (gsize) sqlite3_column_bytes (statement, data_column));
  ticket_set_data (ticket, data);
  if (py_dict_get_str (data, "failures") == NULL)
    ticket_set_attempts (ticket, attempts);
  return g_steal_pointer (&ticket);
}

/* --- writing --------------------------------------------------------------------------------------------------------------------- */

/* Half a second rounds to even, as Python's round() does. */
static gint64
rounded_seconds (gint64 time_usec)
{
  return (gint64) rint ((double) time_usec / G_USEC_PER_SEC);
}

static gboolean
insert_ban (BanStore *self, const char *sql, const char *jail, const Ticket *ticket, const PyValue *ban_time,
            GBytes *data, GError **error)
{
  SqlStatement *statement = sql_prepare (self->sql, sql, error);

  if (statement == NULL)
    return FALSE;
  sql_bind_text (statement, 1, jail, -1);
  store_bind_id (statement, 2, ticket_peek_id (ticket));
  sql_bind_int (statement, 3, rounded_seconds (ticket_get_time_usec (ticket)));
  sql_bind_value (statement, 4, ban_time);
  sql_bind_int (statement, 5, ticket_get_ban_count (ticket));
  sql_bind_blob (statement, 6, data);
  return sql_run (self->sql, statement, error);
}

static gboolean
add_ban (BanStore *self, const StoreChange *change, GError **error)
{
  g_autoptr (GBytes) data = ticket_json_dump (change->ticket, self->max_matches);

  store_forget_merged (self, ticket_peek_id (change->ticket), change->jail);
  return insert_ban (self, "INSERT INTO bans(jail, ip, timeofban, bantime, bancount, data) VALUES(?, ?, ?, ?, ?, ?)",
                     change->jail, change->ticket, change->number, data, error)
         && insert_ban (
             self, "INSERT OR REPLACE INTO bips(jail, ip, timeofban, bantime, bancount, data) VALUES(?, ?, ?, ?, ?, ?)",
             change->jail, change->ticket, change->number, data, error);
}

gboolean
ban_store_add_ban (BanStore *self, const char *jail, Ticket *ticket, PyValue *default_ban_time, GError **error)
{
  StoreChange *change = store_change_new (add_ban, jail);
  PyValue *own = ticket_peek_ban_time (ticket);

  change->ticket = ticket_ref (ticket);
  change->number = py_value_ref (own != NULL ? own : default_ban_time);
  return store_change_apply (self, change, error);
}

static gboolean
delete_id (BanStore *self, const char *sql, const char *jail, const Address *id, GError **error)
{
  SqlStatement *statement = sql_prepare (self->sql, sql, error);

  if (statement == NULL)
    return FALSE;
  sql_bind_text (statement, 1, jail, -1);
  store_bind_id (statement, 2, id);
  return sql_run (self->sql, statement, error);
}

static gboolean
delete_ban (BanStore *self, const StoreChange *change, GError **error)
{
  store_forget_merged (self, change->id, change->jail);
  return delete_id (self, "DELETE FROM bips WHERE jail = ? AND ip = ?", change->jail, change->id, error)
         && delete_id (self, "DELETE FROM bans WHERE jail = ? AND ip = ?", change->jail, change->id, error);
}

gboolean
ban_store_delete_ban (BanStore *self, const char *jail, const Address *id, GError **error)
{
  StoreChange *change = store_change_new (delete_ban, jail);

  change->id = address_ref (id);
  return store_change_apply (self, change, error);
}

/* --- who is still banned ----------------------------------------------------------------------------------------------------------- */

#define CURRENT_COLUMNS "SELECT ip, timeofban, bantime, bancount, data FROM bips WHERE "
#define CURRENT_LIMITS  " AND (timeofban + bantime > ?3 OR bantime <= -1) AND timeofban > ?4"
#define NO_LIMIT        (-1e15)

static SqlStatement *
prepare_current (BanStore *self, const char *jail, const Address *id, const BanStoreCurrent *query, GError **error)
{
  const char *sql = jail == NULL ? CURRENT_COLUMNS "ip = ?2" CURRENT_LIMITS " ORDER BY timeofban DESC LIMIT 1"
                    : id == NULL ? CURRENT_COLUMNS "jail = ?1" CURRENT_LIMITS " ORDER BY ip"
                                 : CURRENT_COLUMNS "jail = ?1 AND ip = ?2" CURRENT_LIMITS;
  SqlStatement *statement = sql_prepare (self->sql, sql, error);
  double now = (double) query->now_usec / G_USEC_PER_SEC;
  gboolean limited = query->for_ban_time_usec != TICKET_PERMANENT_USEC;

  if (statement == NULL)
    return NULL;
  if (jail != NULL)
    sql_bind_text (statement, 1, jail, -1);
  if (id != NULL)
    store_bind_id (statement, 2, id);
  sql_bind_double (statement, 3, now);
  sql_bind_double (statement, 4, limited ? now - (double) query->for_ban_time_usec / G_USEC_PER_SEC : NO_LIMIT);
  return statement;
}

/* -2 is what an update from an old version left; a longer or permanent one gives way to the maximum. */
static PyValue *
corrected_ban_time (PyValue *stored, const BanStoreCurrent *query)
{
  const PyValue *corrected = stored;
  double seconds = 0;
  double max = -1;

  (void) py_value_to_double (stored, &seconds);
  if (query->max_ban_time != NULL)
    (void) py_value_to_double (query->max_ban_time, &max);
  if (seconds == -2)
    corrected = query->unknown_ban_time;
  else if (max >= 0 && (seconds == -1 || seconds > max))
    corrected = query->max_ban_time;
  return corrected != NULL ? py_value_ref ((PyValue *) corrected) : NULL;
}

static Ticket *
dup_current (BanStore *self, SqlStatement *statement, const BanStoreCurrent *query)
{
  g_autoptr (Ticket) ticket = store_dup_ticket (statement, 0, 1, 4, 0);
  g_autoptr (PyValue) stored = sql_dup_number (statement, 2);

  if (ticket == NULL || stored == NULL)
    {
      log_debug (self->log, STORE_LOGGER, "get current bans: ignore row %s",
                 (const char *) sqlite3_column_text (statement, 0));
      return NULL;
    }
  ticket_take_ban_time (ticket, corrected_ban_time (stored, query));
  if (ticket_get_end_usec (ticket, 0) <= query->now_usec)
    {
      log_debug (self->log, STORE_LOGGER, "ignore ticket (with new max ban-time): too old: %s",
                 address_peek_text (ticket_peek_id (ticket)));
      return NULL;
    }
  ticket_set_ban_count (ticket, (guint) CLAMP (sqlite3_column_int64 (statement, 3), 0, G_MAXINT));
  ticket_trim_matches (ticket, query->max_matches == G_MAXUINT ? self->max_matches : query->max_matches);
  return g_steal_pointer (&ticket);
}

GPtrArray *
ban_store_get_current (BanStore *self, const char *jail, const Address *id, const BanStoreCurrent *query,
                       GError **error)
{
  g_autoptr (GPtrArray) tickets = g_ptr_array_new_with_free_func ((GDestroyNotify) ticket_unref);
  SqlStatement *statement;
  SqlStep step;

  g_return_val_if_fail (jail != NULL || id != NULL, NULL);

  store_changes_run_noted (self);
  statement = prepare_current (self, jail, id, query, error);
  if (statement == NULL)
    return NULL;
  while ((step = sql_step (self->sql, statement, error)) == SQL_ROW)
    {
      Ticket *ticket = dup_current (self, statement, query);

      if (ticket != NULL)
        g_ptr_array_add (tickets, ticket);
    }
  sql_done (statement);
  return step == SQL_DONE ? g_steal_pointer (&tickets) : NULL;
}

/* --- what is known of an id ----------------------------------------------------------------------------------------------------------- */

gboolean
ban_store_get_history (BanStore *self, const char *jail, const Address *id, gboolean all_jails,
                       BanStoreHistory *ret_history, GError **error)
{
  store_changes_run_noted (self);
  const char *sql = all_jails ? "SELECT sum(bancount), max(timeofban), sum(bantime) FROM bips WHERE ip = ?2 GROUP BY ip"
                              : "SELECT bancount, timeofban, bantime FROM bips WHERE ip = ?2 AND jail = ?1";
  SqlStatement *statement = sql_prepare (self->sql, sql, error);
  gboolean found;

  if (statement == NULL)
    return FALSE;
  if (!all_jails)
    sql_bind_text (statement, 1, jail, -1);
  store_bind_id (statement, 2, id);
  found = sql_step (self->sql, statement, error) == SQL_ROW;
  if (found)
    {
      ret_history->ban_count = (guint) CLAMP (sqlite3_column_int64 (statement, 0), 0, G_MAXINT);
      ret_history->time_usec
          = (gint64) rint (CLAMP (sqlite3_column_double (statement, 1), -1e12, 1e12) * G_USEC_PER_SEC);
      ret_history->ban_time_sec = sqlite3_column_double (statement, 2);
    }
  sql_done (statement);
  return found;
}

/* --- all bans of an id as one ticket ---------------------------------------------------------------------------------------------------- */

#define MERGED_MAX 1000 /* tickets kept: as many as actions ask for at about the same time */

static char *
merged_key (const char *jail, const Address *id)
{
  return g_strconcat (jail != NULL ? jail : "", "\1", address_peek_text (id), NULL);
}

void
store_forget_merged (BanStore *self, const Address *id, const char *jail)
{
  g_autofree char *in_jail = NULL;
  g_autofree char *in_all = NULL;

  if (id == NULL)
    {
      g_hash_table_remove_all (self->merged);
      return;
    }
  in_jail = merged_key (jail, id);
  in_all = merged_key (NULL, id);
  g_hash_table_remove (self->merged, in_jail);
  g_hash_table_remove (self->merged, in_all);
}

/* Rows come newest first: older matches go before those that are there, as long as there is room; older values win (1.1.2). */
static Ticket *
merge_older (Ticket *merged /* taken, or NULL */, Ticket *older /* taken */, guint max_matches)
{
  guint attempts;

  if (merged == NULL)
    {
      ticket_trim_matches (older, max_matches);
      return older;
    }
  attempts = ticket_get_attempts (older);
  ticket_trim_matches (older, max_matches - MIN (max_matches, ticket_get_match_count (merged)));
  ticket_add_matches_of (older, merged);
  ticket_merge_missing_values_of (older, merged);
  ticket_set_attempts (older, attempts + ticket_get_attempts (merged));
  ticket_unref (merged);
  return older;
}

static SqlStatement *
prepare_merged (BanStore *self, const char *jail, const Address *id, GError **error)
{
  const char *sql = jail != NULL
                        ? "SELECT ip, timeofban, data FROM bans WHERE jail = ?1 AND ip = ?2 ORDER BY timeofban DESC"
                        : "SELECT ip, timeofban, data FROM bans WHERE ip = ?2 ORDER BY timeofban DESC";
  SqlStatement *statement = sql_prepare (self->sql, sql, error);

  if (statement == NULL)
    return NULL;
  if (jail != NULL)
    sql_bind_text (statement, 1, jail, -1);
  store_bind_id (statement, 2, id);
  return statement;
}

Ticket *
ban_store_get_merged (BanStore *self, const char *jail, const Address *id, GError **error)
{
  g_autofree char *key = merged_key (jail, id);
  Ticket *merged = NULL;
  SqlStatement *statement;
  SqlStep step;

  store_changes_run_noted (self);
  if (g_hash_table_lookup_extended (self->merged, key, NULL, (gpointer *) &merged))
    return merged != NULL ? ticket_ref (merged) : NULL;
  statement = prepare_merged (self, jail, id, error);
  if (statement == NULL)
    return NULL;
  while ((step = sql_step (self->sql, statement, error)) == SQL_ROW)
    {
      Ticket *ticket = store_dup_ticket (statement, 0, 1, 2, 1);

      if (ticket != NULL)
        merged = merge_older (merged, ticket, self->max_matches);
    }
  sql_done (statement);
  if (step == SQL_FAILED)
    {
      ticket_unref (merged);
      return NULL;
    }
  if (g_hash_table_size (self->merged) >= MERGED_MAX)
    g_hash_table_remove_all (self->merged);
  g_hash_table_insert (self->merged, g_steal_pointer (&key), merged);
  return merged != NULL ? ticket_ref (merged) : NULL;
}
