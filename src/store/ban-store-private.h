/* ban-store-private.h - what the files of ban-store share
 *
 * ban-store.c: life, transactions, jails, positions.  ban-store-bans.c: bans.  ban-store-sweep.c: what deletes many rows.
 * ban-store-failures.c: our own table.
 */
#pragma once
#include "store/ban-store.h"
#include "store/sql.h"

/* How far the change that is being run has come, when it has parts. */
typedef struct
{
  gboolean goes_on; /* it is to be run again */
  guint    table;
  gint64   row; /* the last one that was looked at */
} StoreSweep;

typedef struct StoreFailures StoreFailures;

struct BanStore
{
  char        *path;
  const Clock *clock;
  Log         *log;
  Sql         *sql;
  gint64       purge_age_sec;
  guint        max_matches;
  guint        depth;        /* of begin */
  GHashTable  *merged;       /* jail "\1" id -> Ticket or NULL: ban_store_get_merged */
  gboolean     has_failures; /* our own table is there */
  gboolean     puts_failures; /* or a change that is on its way makes it */
  GHashTable  *failures;     /* ban-store-failures.c: jail -> StoreFailures, what is to be written of it */
  StoreFailures *last_failures; /* of the jail that was last asked for; NULL: none yet */
  GHashTable  *shared_failures; /* number of a row that several of jails refer to -> how many */
  guint32      failure_row;  /* the last number given to a row */
  GPtrArray   *open;         /* of StoreChange: those of the open transaction */
  GPtrArray   *owed;         /* those that could not be written yet */
  GQueue      *noted;        /* of StoreChange: those that are not run yet */
  guint        noting;       /* of begin_soon */
  GError      *missed;       /* why noted ones failed, for the next commit to tell */
  StoreSweep   sweep;        /* of the first noted change, or of the one that is run now */
  gboolean     is_patient;   /* the loop may wait for another program */
  gboolean     broken;       /* a change of this transaction could not be written: what comes now is owed, too */
};

typedef struct StoreChange StoreChange;

#define STORE_LOGGER "fail2ban.database"

/* A change of one or more statements: all of them or none, within the transaction that is open or in one of its own.
 *   if (!store_change_begin (self, error)) return FALSE;
 *   ok = …;
 *   return store_change_end (self, ok, error); */
gboolean store_change_begin (BanStore *self, GError **error);
gboolean store_change_end   (BanStore *self, gboolean ok, GError **error);

/* Runs a statement with up to two texts: jail and another (NULL: not bound). */
gboolean store_run_texts (BanStore *self, const char *sql, const char *first, const char *second, GError **error);

void   store_bind_id  (SqlStatement *statement, int index, const Address *id);
/* An id from a row: what is no address is an id of its own kind. */
Address *store_dup_id (SqlStatement *statement, int column);
/* A ticket from id, time (-1: none) and JSON in these columns; NULL when the row makes no sense.  attempts: when the
 * JSON does not
 * say. */
Ticket *store_dup_ticket (SqlStatement *statement, int id_column, int time_column, int data_column, guint attempts);

gboolean store_failures_exist (BanStore *self);
guint32  store_failures_last_row (BanStore *self); /* 0: there are none */
GHashTable *store_failures_new (void);
GHashTable *store_failures_shared_new (BanStore *self);
gboolean store_failures_flush (BanStore *self, GError **error); /* before the commit of a transaction */
void     store_failures_tidy  (BanStore *self); /* drops the table when it is empty */
gboolean store_failures_purge (BanStore *self, gint64 before_usec, GError **error);

void store_forget_merged (BanStore *self, const Address *id /* NULL: all */, const char *jail);
