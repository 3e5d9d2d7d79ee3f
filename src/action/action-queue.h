/* action-queue.h - everything a jail wants done by its actions, in order and without blocking anybody
 *
 * Holds the actions of one jail in their order and a queue of operations on them: start, ban, unban, flush, stop.  Each
 * operation goes through the actions one after the other; a shell command runs only when everything queued before it is
 * done.  Plain firewall commands (firewall.h) may overtake shell commands of *other* actions, never the order within
 * their own action nor the order of the actions for one ticket, and are carried out together.
 * Must not: decide who is banned and for how long (jail/), keep the list of bans, write to the database.
 *
 * What fail2ban 1.1.2 logs around actions ("Failed to execute ban jail …", "Invariant check failed. …", "Flush ticket(s)
 * with …") is logged here, and also the line that announces an operation ("[j] Ban 192.0.2.1") at the moment it begins, so
 * that announcements and errors stand in the reference's order.
 *
 * Callbacks are called exactly once, from the default main context, never before the function that asked has returned;
 * not at all after action_queue_free.  Everything is per process: one ActionQueue a jail.
 */
#pragma once
#include "action/action.h"
#include "action/command-gate.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/resolver.h"
#include "base/ticket.h"
#include "firewall/firewall-watch.h"
#include "firewall/firewall.h"

/* Tickets waiting to be banned beyond this: action_queue_has_room says FALSE and the jail keeps further offenders in its own,
 * bounded, list.  Unbans, commands and stops are always taken (there are never more of them than bans and clients). */
#define ACTION_QUEUE_MAX 10000

typedef struct ActionQueue ActionQueue; /* opaque: the fields live in action-queue.c */

/* What the server lends to all queues; everything outlives them. */
typedef struct
{
  Log         *log;
  const Clock *clock;
  Resolver    *resolver; /* <ip-host>, <fq-hostname>, whether IPv6 counts */
  Firewall    *firewall; /* NULL: everything through the shell */
  CommandGate *gate;     /* NULL: commands of several jails run at the same time */
  const char  *python_folder;       /* of helper.py (python-folder.h); NULL: no Python actions */
  gint64       python_timeout_usec; /* for one method of one; 0: PYTHON_TIMEOUT_SEC */
} ActionContext;

/* As long as commands have by default. */
#define PYTHON_TIMEOUT_SEC 60

/* <jail.banned>, <jail.banned_total>, <jail.found>, <jail.found_total> */
typedef struct
{
  guint64 banned, banned_total, found, found_total;
} ActionJailCounts;

/* What tags may ask of the jail.  Called lazily, when a command really has the tag; from the loop, so they must be quick. */
typedef struct
{
  /* <bantime> of a ticket without one: the jail's ban time in whole seconds, -1 for ever */
  gint64  (*get_ban_time_sec) (gpointer jail);
  /* Called when a ticket is queued, so that the numbers are those of that moment. */
  void    (*get_counts) (gpointer jail, ActionJailCounts *ret_counts);
  /* <ipmatches>, <ipfailures> (all_jails) and <ipjailmatches>, <ipjailfailures>: the ticket's address with all its bans in
   * the database merged, NULL when there are none (then the ticket itself counts) or on failure.  On failure the error is
   * logged: "Failed to get all bans merged, jail 'j': …" */
  Ticket *(*dup_merged_bans) (gpointer jail, const Ticket *ticket, gboolean all_jails, GError **error);
  /* A ban is about to begin: what led to it has to be in the database before anybody hears of it, so that after a kill it is not
   * begun anew as if it were a new one.  May be NULL. */
  void    (*ban_due) (gpointer jail);
  /* A ban begins: called right after its announcement was logged, before any action runs, so that the jail's own lines about
   * this ban ("Increase Ban …") follow it.  May be NULL. */
  void    (*ban_begins) (gpointer jail, Ticket *ticket);
  /* A Python action asks its jail: "bantime", "findtime", "maxretry", "banlist" (with times), "addbanned" (list of ids),
   * "removebanned" (likewise).  args is a list.  A new reference; NULL: no answer to that.  May be NULL. */
  PyValue *(*ask) (gpointer jail, const char *question, const PyValue *args);
  /* A ban (or reban) is through, but these actions (of Action, lent) failed to put it into the firewall, also after check,
   * repair and a second try.  Called before done.  May be NULL. */
  void    (*ban_refused) (gpointer jail, Ticket *ticket, GPtrArray *actions);
} ActionJailFuncs;

/* context and funcs are copied.  jail_name: as in "Jail('name')". */
ActionQueue *action_queue_new  (const char *jail_name, const ActionContext *context, const ActionJailFuncs *funcs,
                                gpointer jail);
/* Kills what is running (with its process group); nothing is stopped, no callback is called.  NULL is fine. */
void         action_queue_free (ActionQueue *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ActionQueue, action_queue_free)

/* --- the actions ---------------------------------------------------------------------------------------------------- */
/* `set JAIL addaction NAME`.  Between reload_begin and reload_end an existing one is taken over: its commands
 * and timeout go back to their defaults, what else was set stays. */
gboolean action_queue_add       (ActionQueue *self, const char *name, GError **error);
/* `set JAIL delaction NAME`: forgets it without running anything (1.1.2).  An operation on its way still ends. */
gboolean action_queue_remove    (ActionQueue *self, const char *name, GError **error);
Action  *action_queue_peek      (ActionQueue *self, const char *name, GError **error); /* NULL with NO_ACTION */
PyValue *action_queue_dup_names (ActionQueue *self);                                    /* list of str, in order */
guint    action_queue_get_n_actions (ActionQueue *self);

/* --- operations ----------------------------------------------------------------------------------------------------- */
/* done may be NULL everywhere.  What fails has been logged when done is called. */
typedef void (*ActionQueueDone) (ActionQueue *queue, gpointer user_data);
typedef void (*ActionQueueTicketDone) (ActionQueue *queue, Ticket *ticket, gpointer user_data);

/* Starts all actions, in order. */
void action_queue_start (ActionQueue *self, ActionQueueDone done, gpointer user_data);

/* Bans (refs the ticket).  announce: logged as notice when it begins ("[j1] Ban 192.0.2.1" for "Ban"), NULL: not.  Actions with
 * `norestored` leave restored tickets alone.  When all actions were tried, whether they failed or not, the ticket is marked
 * as banned, gets the queue's ban epoch, and done is called. */
void action_queue_ban     (ActionQueue *self, Ticket *ticket, const char *announce, ActionQueueTicketDone done,
                           gpointer user_data);
void action_queue_unban   (ActionQueue *self, Ticket *ticket, const char *announce, ActionQueueTicketDone done,
                           gpointer user_data);
/* actionprolong of those that have one.  The caller makes sure that the ticket is still in the ban list. */
void action_queue_prolong (ActionQueue *self, Ticket *ticket, ActionQueueTicketDone done, gpointer user_data);

/* A host that is banned already (and whose ban is through: ticket_is_banned; while it is queued there is nothing to do)
 * showed up again.  check: its failure came more than 3 s after the ban; then the environments are checked with actioncheck,
 * at most every 3 s, and repaired.  When actions were restarted since this ticket's ban (its ban epoch is older), those ban it
 * again: "[j] Reban ip, action 'x'".  rebanned: 1 when that happened without failure, else 0. */
typedef void (*ActionQueueRebanDone) (ActionQueue *queue, Ticket *ticket, guint rebanned, gpointer user_data);
void action_queue_reban   (ActionQueue *self, Ticket *ticket, gboolean check, ActionQueueRebanDone done, gpointer user_data);

/* --- bans that the kernel should have and has not (jail-truth.h) ------------------------------------------------------ */
/* Does any of the actions ban in the kernel's firewall (by the look of its actionban)? */
gboolean action_queue_is_for_firewall (const ActionQueue *self);
/* actioncheck of those actions, and what it takes to restore an environment that is gone. */
void     action_queue_check   (ActionQueue *self, ActionQueueDone done, gpointer user_data);
/* Of these tickets, those whose ban is older than the environment of such an action are banned again, as action_queue_reban does
 * without check, but together.  Returns how many. */
guint    action_queue_restore (ActionQueue *self, const GPtrArray *tickets);
/* Once more with the actions (of Action) that refused the ticket, as far as the jail still has them, and with those that
 * action_queue_restore would take.  Says "[j] Reban ip".  When that fails too, ban_refused is called again. */
void     action_queue_retry   (ActionQueue *self, Ticket *ticket, GPtrArray *actions, ActionQueueRebanDone done,
                               gpointer user_data);

/* Undoes bans: actions with actionflush run it once ("[j] Flush ticket(s) with x"), the others unban each of the tickets
 * (array of Ticket, reffed).  stopping: the end is near: bans that did not begin yet are
 * dropped (they are through then, without a mark on the ticket), and a failing flush repairs nothing.  Tickets that are not banned are
 * left alone.  announce: "Unban" or "Repeal Ban",
 * logged for each ticket after the flushes; NULL: not. */
void action_queue_flush   (ActionQueue *self, GPtrArray *tickets, gboolean stopping, const char *announce,
                           ActionQueueDone done, gpointer user_data);
/* Stops all actions in reverse order and removes them.  The end of a jail is flush (…, TRUE, "Repeal Ban"), then this. */
void action_queue_stop    (ActionQueue *self, ActionQueueDone done, gpointer user_data);

/* Reload: between begin and end, action_queue_add takes existing actions over.  end: actionreload of those that were taken
 * over, then those that nobody asked for undo their bans (tickets: all current ones) and are stopped and removed, those that are new are
 * started, and done is called; then those of them that are for the firewall ban who is banned (1.1.2 takes new ones out again).  The
 * first failing actionreload ends the reload with error (ACTION_ERROR_RUN), as in 1.1.2; error is lent. */
typedef void (*ActionQueueReloadDone) (ActionQueue *queue, const GError *error, gpointer user_data);
void action_queue_reload_begin (ActionQueue *self);
void action_queue_reload_end   (ActionQueue *self, GPtrArray *tickets, ActionQueueReloadDone done, gpointer user_data);

/* `set JAIL action ACT METHOD [JSON]`: kwargs is a dict, NULL for none.  result is lent: what the method returned, or a
 * PY_EXCEPTION. */
typedef void (*ActionQueueCallDone) (ActionQueue *queue, PyValue *result, gpointer user_data);
void action_queue_call (ActionQueue *self, const char *action, const char *method, const PyValue *kwargs,
                        ActionQueueCallDone done, gpointer user_data);

/* --- Python actions (action-queue-python.c) --------------------------------------------------------------------------
 * What is done with them in the course of time is done by the operations above.  The rest is asked of the object itself and
 * answered at once, or after the method it is busy with: result is lent, the value or a PY_EXCEPTION.  When the queue is freed meanwhile
 * the answer is an exception, from within action_queue_free. */

/* `set JAIL addaction NAME FILE.py JSON`; options: a dict.  Done when the object is there.  keep_broken: one that cannot be made (no
 * python3, an error in the file) is logged and stays, to be tried again by each operation; the answer is a success then.
 * Reload: an object that has `clearAllParams` is cleared and its `reload` called with the options at the end; any other stays when file
 * and options are what they were, else a new one takes its place. */
void     action_queue_python_add    (ActionQueue *self, const char *name, const char *file, const PyValue *options, gboolean keep_broken,
                                     ActionQueueCallDone done, gpointer user_data);
/* FALSE also when there is no such action. */
gboolean action_queue_is_python     (const ActionQueue *self, const char *name);
/* For those of which action_queue_is_python says so. */
void     action_queue_python_get    (ActionQueue *self, const char *name, const char *property, ActionQueueCallDone done, gpointer user_data);
/* pairs: list of [name, value]; methods are called with value as JSON.  The value of the last is the result. */
void     action_queue_python_set    (ActionQueue *self, const char *name, PyValue *pairs, ActionQueueCallDone done, gpointer user_data);
void     action_queue_python_list   (ActionQueue *self, const char *name, gboolean methods, ActionQueueCallDone done, gpointer user_data);

/* --- how full it is -------------------------------------------------------------------------------------------------- */
gboolean action_queue_is_idle  (const ActionQueue *self); /* nothing queued, nothing running */
gboolean action_queue_has_room (const ActionQueue *self); /* for another ban */
/* func is called when there is room again after has_room said no.  NULL: nobody. */
void     action_queue_set_room_func (ActionQueue *self, ActionQueueDone func, gpointer user_data);
/* Rises whenever the environment of an action had to be restored (Ticket's ban epoch). */
guint    action_queue_get_ban_epoch (const ActionQueue *self);
