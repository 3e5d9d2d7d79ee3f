/* jail-private.h - the insides of a Jail, shared by the files jail-*.c of this room and nobody else
 *
 * jail.c         birth, start, stop, idle, reload
 * jail-lines.c   a line's failures: looked up, ignored or counted; what of them goes into the database
 * jail-bans.c    tickets become bans, bans end
 * jail-truth.c  bans that the kernel should have and has not
 * jail-by-hand.c bans and unbans by command
 * jail-log.c     reading: files and lines, positions
 * jail-journal.c reading: the journal
 * jail-backend.c which of them it is
 * jail-options.c settings
 * jail-status.c  what `status` and the lists show
 */
#pragma once
#include "action/action-queue.h"
#include "jail/ban-list.h"
#include "jail/ban-time.h"
#include "jail/fail-counter.h"
#include "jail/ignore-list.h"
#include "jail/jail-request.h"
#include "jail/jail-services-private.h"
#include "jail/jail-truth.h"
#include "jail/jail.h"
#include "match/filter.h"

#define LOGGER_JAIL     "fail2ban.jail"
#define LOGGER_FILTER   "fail2ban.filter"
#define LOGGER_ACTIONS  "fail2ban.actions"
#define LOGGER_OBSERVER "fail2ban.observer"

/* Failures that wait for a name or a command.  Beyond that reading pauses until half of them are done. */
#define JAIL_PENDING_MAX 1000

/* jail-log.c */
typedef struct JailLog JailLog;

typedef enum
{
  JAIL_BACKEND_PYINOTIFY,
  JAIL_BACKEND_POLLING,
  JAIL_BACKEND_SYSTEMD,
} JailBackend;

struct Jail
{
  char *name;
  char *backend;            /* as given */
  JailBackend real_backend; /* in use */
  JailServices *services;
  const Clock *clock;
  Log *log;

  gboolean alive;
  gboolean idle;        /* all of it */
  gboolean filter_idle; /* only reading: after too many errors */
  guint errors;         /* lines that failed, halved by each that did not */

  Filter *filter;
  FailCounter *failures;
  IgnoreList *ignore;
  BanTime *ban_time;
  BanList *bans;
  ActionQueue *actions;
  ActionJailFuncs funcs; /* what actions may ask */
  JailLog *logs;
  PyValue *find_time; /* as it is shown: seconds */
  gint64 find_time_usec;

  GQueue pending;  /* jail-lines.c: of Pending, in order */
  gboolean asking; /* the head of pending is being waited for */
  ResolverQuery *query;
  GSource *clean; /* when the next failure is out of findtime */
  GSource *clean_store; /* when more of the database's old rows is due */

  GQueue waiting;       /* jail-bans.c: tickets that an idle jail has not banned yet */
  GHashTable *underway; /* Ticket -> Underway: bans that are not in force yet */
  GQueue unqueued;      /* of them, those that the action queue had no room for */
  GSource *expiry;      /* when the next ban ends */
  gint64 expiry_usec;
  GHashTable *increased; /* Ticket -> char *: what to log when its ban begins */
  GPtrArray *prolongs;   /* timers of actionprolong */
  JailTruth *truth;
  GPtrArray *unbans;     /* requests that are on their way */
};

/* --- jail.c ---------------------------------------------------------------------------------------------------------- */
gint64 jail_now_usec (const Jail *self);
char *jail_format_time (gint64 time_usec); /* "2025-08-14 10:00:00", local; the end of the year 9999 for later ones */
const char *jail_time_text (ClockText *memo, gint64 time_usec); /* the same, lent */
void jail_store_failed (Jail *self, const GError *error); /* logs it */
BanStore *jail_peek_store (const Jail *self);             /* NULL: none */

/* --- jail-lines.c ---------------------------------------------------------------------------------------------------- */
void jail_lines_take_failure (Jail *self, Failure *failure);
void jail_lines_restore (Jail *self, Ticket *ticket /* taken */); /* a ban of the database: asks the ignore lists */
/* Failures that were counted but not decided when the server was killed.  After an orderly stop there are none. */
void jail_lines_restore_failures (Jail *self);
void jail_lines_clear (Jail *self);
gboolean jail_lines_are_decided (const Jail *self);                                /* nothing pending, no ban waiting */
ShellCommand *jail_lines_expand (const char *text, Ticket *ticket, gpointer jail); /* for the ignore lists */
/* When all is decided: writes which failures changed since the last time, and the positions.  Within or without a
 * transaction. */
void jail_lines_save (Jail *self);

/* --- jail-bans.c ----------------------------------------------------------------------------------------------------- */
void jail_bans_init (Jail *self);
void jail_bans_clear (Jail *self);
/* What a filter or the database found: banned at once, or once the jail is neither idle nor stopped. */
void jail_bans_put (Jail *self, Ticket *ticket);
void jail_bans_run (Jail *self);                      /* bans what waits, arms the timer */
void jail_bans_restore (Jail *self);                  /* those of the database, through jail_lines_restore */
/* ActionJailFuncs.ask (jail-python.c) */
PyValue *jail_answer_action (gpointer jail, const char *question, const PyValue *args);

void jail_bans_due (gpointer jail);                   /* before a ban is announced … */
void jail_bans_begin (gpointer jail, Ticket *ticket); /* … and after that: the actions begin with it */
void jail_bans_expire (Jail *self);                   /* lets go whose time is over; the timer does it too */
/* One ban, one unban (the ticket is out of the list already); request may be NULL. */
void jail_bans_ban (Jail *self, Ticket *ticket, JailRequest *request);
void jail_bans_unban (Jail *self, Ticket *ticket, JailRequest *request);
void jail_bans_arm_expiry (Jail *self);     /* after changes of the list */
GPtrArray *jail_unban_list_new (void);      /* jail-by-hand.c: for Jail.unbans */
void jail_bans_finish_unbans (Jail *self);  /* answers requests that still wait for a name */
GPtrArray *jail_bans_take_all (Jail *self); /* at the end */

/* --- jail-log.c ------------------------------------------------------------------------------------------------------ */
gboolean jail_log_open (Jail *self, const char *backend, GError **error); /* chooses the backend, logs which */
void jail_log_close (Jail *self);
void jail_log_start (Jail *self);
void jail_log_stop (Jail *self);   /* positions are saved */
void jail_log_update (Jail *self); /* reads or pauses: by alive, idle, filter_idle and how much is pending */
void jail_log_reload_begin (Jail *self);
void jail_log_reload_end (Jail *self);
/* Between the two the log is held, and what is decided is written in one transaction, perhaps with the next slice's. */
void jail_log_begin_slice (Jail *self); /* when none is open */
void jail_log_end_slice (Jail *self);   /* when one is */
/* now FALSE: lines without consequence may be read again after a crash; they are saved within ten seconds. */
void jail_log_save_positions (Jail *self, gboolean now);
void jail_log_set_encoding (Jail *self);
PyValue *jail_log_dup_paths (const Jail *self);
PyValue *jail_log_dup_journalmatch (const Jail *self);
gboolean jail_log_is_journal (const Jail *self);
