/* store-change.h - a change of the database that is not forgotten when it cannot be written
 *
 * Changes of a transaction are remembered until its commit.  When the disk is full, the file locked or not writable, they are owed: the
 * next transaction writes them first, in their order, or fails with them.  So a position never gets ahead of the bans that came
 * before it.  What the database refuses for good (an unknown jail) is an error and is dropped.
 * Internal to store/.  Must not: know a table.
 */
#pragma once
#include "store/ban-store-private.h"

#define STORE_OWED_MAX  100000 /* changes; then the oldest are given up */
#define STORE_NOTED_MAX 1024   /* changes; then they are run, in some 20 ms */

/* A change of many rows does a part and sets self->sweep.goes_on; then it is run again until it does not. */
typedef gboolean (*StoreChangeRun) (BanStore *self, const StoreChange *change, GError **error);

/* What a change needs, each NULL or 0 when it does not. */
struct StoreChange
{
  StoreChangeRun run;
  char *jail;
  char *path;
  char *hash;
  Ticket *ticket;
  Address *id;
  GBytes *bytes;
  PyValue *number;
  gint64 position;
  guint32 row, shared;
  gboolean is_time; /* the position */
};

StoreChange *store_change_new (StoreChangeRun run, const char *jail);
/* Runs it, within the transaction that is open or in one of its own.  FALSE: it was refused, or is owed; of a transaction only the first
 * change that fails is reported. */
gboolean     store_change_apply (BanStore *self, StoreChange *change /* taken */, GError **error);

/* Runs what was only noted (ban_store_begin_soon), in its order and in one transaction.  A failure is told by the next commit. */
void     store_changes_run_noted (BanStore *self);
/* At most so many, and not beyond a part of one that has parts.  TRUE: there are more */
gboolean store_changes_run_some  (BanStore *self, guint most);

void     store_changes_init      (BanStore *self);
void     store_changes_clear     (BanStore *self);
void     store_changes_committed (BanStore *self);
void     store_changes_failed    (BanStore *self); /* undoes the open transaction: all of it is owed */
/* Writes what is owed: at the begin of a transaction. */
gboolean store_changes_repay     (BanStore *self, GError **error);
