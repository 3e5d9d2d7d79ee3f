/* sql.h - sqlite, as far as the store needs it: statements that are kept, values that are bound, errors as GError
 *
 * Internal to store/.  Must not: know a table.
 */
#pragma once
#include <sqlite3.h>

#include "compat/py-value.h"

typedef struct Sql Sql;

/* Opens or creates.  Errors: STORE_ERROR_OPEN with sqlite's message. */
Sql *sql_open (const char *path, GError **error);
void sql_free (Sql *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sql, sql_free)

/* How long to wait, from now on and altogether, while another program has the file locked; then an operation fails with SQLITE_BUSY at
 * once.  At first SQL_PATIENT_USEC, as long as Python's sqlite3 waits. */
#define SQL_PATIENT_USEC (5 * G_USEC_PER_SEC)
void sql_set_patience (Sql *self, gint64 usec);

int         sql_last_code (const Sql *self); /* sqlite's primary result code of the last failure that was reported */
gint64      sql_changes   (const Sql *self); /* rows changed by the last statement */
gboolean    sql_in_transaction (const Sql *self);

/* One or more statements without values.  Errors here and below: STORE_ERROR_SQL. */
gboolean sql_exec (Sql *self, const char *text, GError **error);

/* A statement, ready to be bound.  text is a constant: it is the key under which the statement is kept.  The statement
 * is the Sql's and in use
 * until sql_done. */
typedef sqlite3_stmt SqlStatement;
SqlStatement *sql_prepare (Sql *self, const char *text, GError **error);
void          sql_bind_text   (SqlStatement *statement, int index, const char *text, gssize len); /* text NULL: null */
void          sql_bind_blob   (SqlStatement *statement, int index, GBytes *bytes);
void          sql_bind_int    (SqlStatement *statement, int index, gint64 value);
void          sql_bind_double (SqlStatement *statement, int index, double value);
void          sql_bind_value  (SqlStatement *statement, int index, const PyValue *value); /* PY_INT, PY_FLOAT; else null */

typedef enum
{
  SQL_ROW,
  SQL_DONE,
  SQL_FAILED,
} SqlStep;
SqlStep  sql_step (Sql *self, SqlStatement *statement, GError **error);
void     sql_done (SqlStatement *statement); /* NULL is fine */
/* For statements without rows: step and done. */
gboolean sql_run  (Sql *self, SqlStatement *statement, GError **error);
/* As sql_exec, for a constant text that comes again and again: prepared once. */
gboolean sql_repeat (Sql *self, const char *text, GError **error);

PyValue *sql_dup_number (SqlStatement *statement, int column); /* PY_INT or PY_FLOAT; NULL for others */
