/* ban-store.h - what survives a restart: bans, the history of offenders, how far each log was read
 *
 * fail2ban's own sqlite file (schema 4), so that a host can switch between the two programs and back: table by table
 * as in
 * docs/DATABASE.md.  Older versions are brought up, newer ones refused, damaged files repaired or put aside.
 * Must not: know what a jail is (names come in), decide who is restored (jail/ filters), read the clock on its own.
 *
 * One transaction for what belongs together: between begin and commit all changes are on disk together or not at all,
 * also
 * after kill -9.  So a slice of lines is read like this:
 *   ban_store_begin (store);  … lines -> failures -> ban_store_put_failure, ban_store_add_ban …
 *   ban_store_update_log (store, jail, path, hash, position);  ban_store_commit (store, &error);
 * Without begin each call is a transaction of its own.
 *
 * Errors (STORE_ERROR): the caller logs and goes on.  When the disk is full, the file locked by another program, …: nothing is changed
 * then, but the changes are kept (STORE_OWED_MAX) and written with the next ones, or by ban_store_settle; until then the
 * database is what it was before, with positions and bans that belong together.
 */
#pragma once
#include "base/clock.h"
#include "base/log.h"
#include "base/ticket.h"

#define STORE_ERROR (store_error_quark ())
GQuark store_error_quark (void);
typedef enum
{
  STORE_ERROR_OPEN,   /* cannot be opened or created */
  STORE_ERROR_NEWER,  /* a later version wrote it */
  STORE_ERROR_UPDATE, /* could not be brought up to this version */
  STORE_ERROR_SQL,    /* a statement failed; sqlite's message */
} StoreError;

#define BAN_STORE_VERSION             4
#define BAN_STORE_DEFAULT_PURGE_AGE   (24 * 60 * 60)
#define BAN_STORE_DEFAULT_MAX_MATCHES 10

typedef struct BanStore BanStore;

/* path: a file, created when missing (its folder must exist), or ":memory:".  Logs as "fail2ban.database" what
 * fail2ban logs: connected, new
 * database, updated, repair.  clock and log outlive it; log may be NULL.  All jails stay as they were: the server calls
 * ban_store_disable_all_jails next. */
BanStore *ban_store_open (const char *path, const Clock *clock, Log *log, GError **error);
void      ban_store_free (BanStore *self); /* commits what is open, logs "Connection to database closed."; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BanStore, ban_store_free)

const char *ban_store_peek_path      (const BanStore *self);
gint64      ban_store_get_purge_age  (const BanStore *self); /* seconds */
void        ban_store_set_purge_age  (BanStore *self, gint64 seconds);
guint       ban_store_get_max_matches (const BanStore *self); /* lines kept of a ticket; 0: none */
void        ban_store_set_max_matches (BanStore *self, guint count);

/* --- transactions --------------------------------------------------------------------------------------------------
 * */
/* May be nested: the outermost commit writes.  begin costs nothing until the first change. */
void     ban_store_begin    (BanStore *self);
gboolean ban_store_commit   (BanStore *self, GError **error);
/* As begin and commit, for changes that others wait behind: what was changed is only noted, and written with the next commit of
 * the other kind, before anything is read, or when a thousand changes are together.  The error comes from that commit.
 * commit_soon returns whether something is to be written: then the caller has to see to it that a commit comes soon. */
void     ban_store_begin_soon  (BanStore *self);
gboolean ban_store_commit_soon (BanStore *self);
/* Does some of that commit's work, at most some milliseconds; FALSE: only the commit itself is left. */
gboolean ban_store_prepare     (BanStore *self);
/* Is what is left too much to be done at once, some 20 ms?  Only ban_store_delete_bans and ban_store_purge can be. */
gboolean ban_store_is_sweeping (const BanStore *self);
gboolean ban_store_settle   (BanStore *self, GError **error); /* tries to write what could not be written; TRUE: nothing is left of it */

/* Another program may have the file locked.  The loop must not stand still for it, so what is not to be had within BAN_STORE_WAIT_MSEC
 * fails: changes are owed then, and until something is written again nothing waits at all.  A start is worth more: what it does not
 * read it does not know.  With patient the waiting is up to five seconds, once. */
#define BAN_STORE_WAIT_MSEC 15
void     ban_store_set_patient (BanStore *self, gboolean patient);

/* --- jails ---------------------------------------------------------------------------------------------------------
 * */
gboolean ban_store_add_jail          (BanStore *self, const char *jail, GError **error); /* or enables it again */
gboolean ban_store_disable_jail      (BanStore *self, const char *jail, GError **error);
gboolean ban_store_disable_all_jails (BanStore *self, GError **error);

/* --- positions -----------------------------------------------------------------------------------------------------
 * */
/* hash: SHA-1 of the first line (40 hex digits), "" while the file has no complete one. */
/* A log was added at hash and position (0, or its end for tail): makes its row when there is none and says where
 * reading goes on:
 * the stored position when the hash is still the same, else -1.  The row is left as it is in either case (1.1.2). */
gboolean ban_store_add_log    (BanStore *self, const char *jail, const char *path, const char *hash, gint64 position,
                               gint64 *ret_position, GError **error);
/* The row as it is: *ret_hash (the caller's) is NULL when there is none. */
gboolean ban_store_get_log    (BanStore *self, const char *jail, const char *path, char **ret_hash, gint64 *ret_position,
                               GError **error);
gboolean ban_store_update_log (BanStore *self, const char *jail, const char *path, const char *hash, gint64 position,
                               GError **error);
/* Journals: name is "systemd-journal", the time that of the last entry read, iso its text
 * ("2025-08-14T10:00:00.500000+00:00").
 * *ret_time_usec is 0 when unknown. */
gboolean ban_store_get_journal_time (BanStore *self, const char *jail, const char *name, gint64 *ret_time_usec, GError **error);
gboolean ban_store_update_journal   (BanStore *self, const char *jail, const char *name, gint64 time_usec, const char *iso,
                                     GError **error);

/* --- bans ----------------------------------------------------------------------------------------------------------
 * */
/* One row more in bans, the row of bips replaced.  default_ban_time: seconds (PY_INT or PY_FLOAT) for a ticket without
 * one. */
gboolean ban_store_add_ban     (BanStore *self, const char *jail, Ticket *ticket, PyValue *default_ban_time,
                                GError **error);
/* Deletes from both tables, also who is not banned. */
gboolean ban_store_delete_ban  (BanStore *self, const char *jail, const Address *id, GError **error);
gboolean ban_store_delete_bans (BanStore *self, const char *jail, GError **error); /* all of the jail */

/* Whom to ban again at the start of a jail. */
typedef struct
{
  gint64         now_usec;
  gint64         for_ban_time_usec;     /* only bans younger than this; TICKET_PERMANENT_USEC: all.  Without increment the
                                           jail's ban time, with it bantime.maxtime or permanent */
  const PyValue *max_ban_time;          /* NULL or -1: as stored; else a longer or permanent one becomes this (jail's getMaxBanTime) */
  const PyValue *unknown_ban_time;      /* instead of -2, which an update from versions before 3 left */
  guint          max_matches;           /* G_MAXUINT: ban_store_get_max_matches */
} BanStoreCurrent;
/* Tickets (GPtrArray of Ticket, owned) ordered by id, with ban time, ban count, data; not marked as restored.  Rows
 * that make
 * no sense are left out (debug line).  id NULL: all of the jail; jail NULL: the last ban of the id in any jail. */
GPtrArray *ban_store_get_current (BanStore *self, const char *jail, const Address *id, const BanStoreCurrent *query,
                                  GError **error);

/* What is known of an offender, for ban time increment.  FALSE without error: nothing. */
typedef struct
{
  guint  ban_count;
  gint64 time_usec;    /* of the last ban */
  double ban_time_sec; /* -1: permanent; with all_jails: sum over them */
} BanStoreHistory;
gboolean ban_store_get_history (BanStore *self, const char *jail, const Address *id, gboolean all_jails,
                                BanStoreHistory *ret_history, GError **error);

/* All bans of an id (jail NULL: in any jail) as one ticket: <ipmatches>, <ipfailures>, <ipjailmatches>,
 * <ipjailfailures>.
 * Oldest match first, the last max_matches of them.  NULL without error: never banned.  Cached until the id is banned
 * again. */
Ticket *ban_store_get_merged (BanStore *self, const char *jail, const Address *id, GError **error);

/* --- failures that are no ban yet
 * ------------------------------------------------------------------------------------ */
/* Not in fail2ban's schema: a table of our own, "failurelog", made with the first row and dropped with the last.  It is what
 * makes a position and the counting of the lines before it one transaction.  fail2ban leaves such a table alone.
 * It is a log: a row says what one transaction changed.  When there is much more in it than failures, the jail cleans the oldest
 * rows: what is still the last word about a ticket is put again, then the row goes. */
#define BAN_STORE_STALE_FACTOR 4
#define BAN_STORE_STALE_MIN    256
gboolean   ban_store_put_failure    (BanStore *self, const char *jail, Ticket *ticket, GError **error);
gboolean   ban_store_drop_failure   (BanStore *self, const char *jail, const Address *id, GError **error);
gboolean   ban_store_drop_failures  (BanStore *self, const char *jail, GError **error); /* all of the jail */
/* The row that ban_store_put_failure writes to at the moment. */
guint32    ban_store_get_failure_row    (BanStore *self, const char *jail);
/* count: how many failures the jail has; when there are none, a log with anything in it is stale. */
gboolean   ban_store_failures_are_stale (BanStore *self, const char *jail, guint count);
/* Drops the oldest row.  last says of each id in it what is to be put again: its ticket when that was last put into this row, else
 * NULL.  Returns how many entries went; 0: none, since there is but one row or it cannot be read now. */
typedef Ticket *(*BanStoreLast) (const Address *id, guint32 row, gpointer user_data);
guint      ban_store_clean_failures     (BanStore *self, const char *jail, BanStoreLast last, gpointer user_data);
GPtrArray *ban_store_get_failures   (BanStore *self, const char *jail, GError **error); /* owned Tickets, by time */

/* Once an hour: history older than purge_age, disabled jails without any.  As ban_store_delete_bans it looks at whole tables, so both
 * belong between begin_soon and commit_soon where there may be many rows. */
gboolean ban_store_purge (BanStore *self, GError **error);
