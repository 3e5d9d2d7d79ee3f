#include "store/sql.h"

#include "store/ban-store.h"

#define LOOK_USEC (2 * 1000) /* between two looks whether the other program is ready */

struct Sql
{
  sqlite3 *db;
  GHashTable *statements; /* text (by address) -> sqlite3_stmt */
  int last_code;
  gint64 patience_usec; /* what is left of it */
};

static void
finalize (gpointer statement)
{
  sqlite3_finalize (statement);
}

static gboolean
fail (Sql *self, GError **error)
{
  if (error == NULL)
    return FALSE;
  self->last_code = sqlite3_errcode (self->db) & 0xff;
  g_set_error (error, STORE_ERROR, STORE_ERROR_SQL, "%s", sqlite3_errmsg (self->db));
  return FALSE;
}

/* Another program has the file locked.  0: give up. */
static int
on_busy (void *data, int count)
{
  Sql *self = data;

  if (self->patience_usec <= 0)
    return 0;
  self->patience_usec -= LOOK_USEC;
  g_usleep (LOOK_USEC);
  return 1;
}

void
sql_set_patience (Sql *self, gint64 usec)
{
  self->patience_usec = usec;
}

Sql *
sql_open (const char *path, GError **error)
{
  g_autoptr (Sql) self = g_new0 (Sql, 1);

  self->statements = g_hash_table_new_full (NULL, NULL, NULL, finalize);
  if (sqlite3_open_v2 (path, &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
    {
      g_set_error (error, STORE_ERROR, STORE_ERROR_OPEN, "%s",
                   self->db != NULL ? sqlite3_errmsg (self->db) : "out of memory");
      return NULL;
    }
  sql_set_patience (self, SQL_PATIENT_USEC);
  (void) sqlite3_busy_handler (self->db, on_busy, self);
  return g_steal_pointer (&self);
}

void
sql_free (Sql *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->statements); /* before the connection */
  sqlite3_close (self->db);
  g_free (self);
}

int
sql_last_code (const Sql *self)
{
  return self->last_code;
}

gint64
sql_changes (const Sql *self)
{
  return sqlite3_changes (self->db);
}

gboolean
sql_in_transaction (const Sql *self)
{
  return sqlite3_get_autocommit (self->db) == 0;
}

gboolean
sql_exec (Sql *self, const char *text, GError **error)
{
  return sqlite3_exec (self->db, text, NULL, NULL, NULL) == SQLITE_OK || fail (self, error);
}

SqlStatement *
sql_prepare (Sql *self, const char *text, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (self->statements, text);

  if (statement != NULL)
    return statement;
  if (sqlite3_prepare_v3 (self->db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
    {
      fail (self, error);
      return NULL;
    }
  g_hash_table_insert (self->statements, (gpointer) text, statement);
  return statement;
}

void
sql_bind_text (SqlStatement *statement, int index, const char *text, gssize len)
{
  (void) sqlite3_bind_text (statement, index, text, (int) MIN (len, G_MAXINT), SQLITE_TRANSIENT);
}

void
sql_bind_blob (SqlStatement *statement, int index, GBytes *bytes)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  (void) sqlite3_bind_blob64 (statement, index, data, size, SQLITE_TRANSIENT);
}

void
sql_bind_int (SqlStatement *statement, int index, gint64 value)
{
  (void) sqlite3_bind_int64 (statement, index, value);
}

void
sql_bind_double (SqlStatement *statement, int index, double value)
{
  (void) sqlite3_bind_double (statement, index, value);
}

void
sql_bind_value (SqlStatement *statement, int index, const PyValue *value)
{
  double number;

  if (value != NULL && (py_value_type (value) == PY_INT || py_value_type (value) == PY_BOOL))
    sql_bind_int (statement, index, py_int_get (value));
  else if (value != NULL && py_value_to_double (value, &number))
    sql_bind_double (statement, index, number);
  else
    (void) sqlite3_bind_null (statement, index);
}

SqlStep
sql_step (Sql *self, SqlStatement *statement, GError **error)
{
  int result = sqlite3_step (statement);

  if (result == SQLITE_ROW)
    return SQL_ROW;
  if (result == SQLITE_DONE)
    return SQL_DONE;
  fail (self, error);
  return SQL_FAILED;
}

void
sql_done (SqlStatement *statement)
{
  if (statement == NULL)
    return;
  (void) sqlite3_reset (statement);
  (void) sqlite3_clear_bindings (statement);
}

gboolean
sql_run (Sql *self, SqlStatement *statement, GError **error)
{
  gboolean ok = sql_step (self, statement, error) != SQL_FAILED;

  sql_done (statement);
  return ok;
}

gboolean
sql_repeat (Sql *self, const char *text, GError **error)
{
  SqlStatement *statement = sql_prepare (self, text, error);

  return statement != NULL && sql_run (self, statement, error);
}

PyValue *
sql_dup_number (SqlStatement *statement, int column)
{
  switch (sqlite3_column_type (statement, column))
    {
    case SQLITE_INTEGER:
      return py_int_new (sqlite3_column_int64 (statement, column));
    case SQLITE_FLOAT:
      return py_float_new (sqlite3_column_double (statement, column));
    default:
      return NULL;
    }
}
