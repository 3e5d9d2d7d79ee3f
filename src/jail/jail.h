/* jail.h - one jail: lines come in, offenders are counted, banned, and let go again
 *
 * The place where filter, sources, database and actions meet.  A line's failures go one after the other: name looked up,
 * ignore lists asked, counted, banned when maxretry is reached; what has to be waited for holds up only what came after it
 * in the same jail.  What a slice of lines changed (positions, failures, bans) is one transaction of the database.
 * Must not: block; know the socket; know other jails.
 *
 * Logs what 1.1.2 logs, as fail2ban.jail, .filter, .actions and .observer.  Callbacks are called exactly once, never before the
 * function that asked has returned, and not at all once the jail is freed.
 */
#pragma once
#include "compat/py-value.h"
#include "jail/jail-error.h"
#include "jail/jail-services.h"

typedef struct Jail Jail;

/* backend: "auto", "pyinotify", "polling", "systemd", with options in brackets behind it.  services outlives the jail.
 * Errors: JAIL_ERROR_VALUE (unknown backend), JAIL_ERROR_RUNTIME (none works). */
Jail *jail_new (const char *name, const char *backend, JailServices *services, GError **error);
void jail_free (Jail *self); /* whatever is running is dropped; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Jail, jail_free)

const char *jail_peek_name (const Jail *self);
const char *jail_peek_backend (const Jail *self); /* as it was given */

typedef void (*JailDone) (Jail *jail, gpointer user_data);

/* --- its life --------------------------------------------------------------------------------------------------------- */
/* Starts the actions, bans again who is still banned according to the database, begins to read. */
void jail_start (Jail *self);
gboolean jail_is_alive (const Jail *self); /* between start and stop */
/* Reads no more, repeals all bans, stops the actions; done may be NULL.  The jail can only be freed afterwards. */
void jail_stop (Jail *self, JailDone done, gpointer user_data);

/* An idle jail reads nothing and neither bans nor unbans by itself; commands still work. */
gboolean jail_is_idle (const Jail *self);
void jail_set_idle (Jail *self, gboolean idle);

/* Reload.  begin: goes idle, expressions and ignored addresses are forgotten.  Between begin and end, logs and actions that are
 * added again are taken over.  end: what was not added again goes: logs, and actions with their bans.  error is lent. */
typedef void (*JailReloadDone) (Jail *jail, const GError *error, gpointer user_data);
void jail_reload_begin (Jail *self);
void jail_reload_end (Jail *self, JailReloadDone done, gpointer user_data);

/* --- by hand ---------------------------------------------------------------------------------------------------------- */
/* error is lent, NULL when all went well. */
typedef void (*JailCountDone) (Jail *jail, guint count, const GError *error, gpointer user_data);

/* ids: list of str.  Count: who was not banned before.  Done when the bans are in force. */
void jail_ban (Jail *self, PyValue *ids, JailCountDone done, gpointer user_data);
/* ids: list of str: ids, networks (all of their addresses that are banned), names (likewise).  Also deletes them from the
 * database, banned or not.  report_absent: who is not banned makes an error at the end ("not banned: ['…']"). */
void jail_unban (Jail *self, PyValue *ids, gboolean report_absent, JailCountDone done, gpointer user_data);
void jail_unban_all (Jail *self, JailCountDone done, gpointer user_data);
/* A failure without a log line: as many as there are matches (list of str), at least one.  Count 0: the id is ignored. */
void jail_attempt (Jail *self, const char *id, PyValue *matches, JailCountDone done, gpointer user_data);

/* --- looking at it ------------------------------------------------------------------------------------------------------ */
PyValue *jail_status (Jail *self,
                      const char *flavor); /* "basic", "short", "stats", "cymru"; others as basic, with a warning */
PyValue *jail_dup_banned (Jail *self);     /* list of str, in order of the bans */
gboolean jail_is_banned (Jail *self, const char *id);
PyValue *jail_dup_ban_list (Jail *self, gboolean with_time); /* in order of their ends; "IP \tTIME + SECONDS = END" */

/* --- settings ------------------------------------------------------------------------------------------------------------
 * jail_set and jail_get know the options of `set JAIL …` and `get JAIL …` that hold one value or a list: bantime, findtime,
 * maxretry, maxmatches, maxlines, usedns, datepattern, logtimezone, logencoding, prefregex, failregex, ignoreregex,
 * ignoreself, ignoreip, ignorecommand, ignorecache, logpath, journalmatch, bantime.* */
gboolean jail_set (Jail *self, const char *option, PyValue *value, GError **error);
PyValue *jail_get (Jail *self, const char *option);
/* "1", "on", "true", "yes" in any case, or a true value: what fail2ban takes for yes. */
gboolean jail_option_is_yes (const PyValue *value);

gboolean jail_add_log (Jail *self, const char *path, gboolean tail, GError **error);
void jail_del_log (Jail *self, const char *path);
gboolean jail_add_journalmatch (Jail *self, PyValue *words, GError **error);
gboolean jail_del_journalmatch (Jail *self, PyValue *words, GError **error);
gboolean jail_add_failregex (Jail *self, const char *regex, GError **error);
void jail_del_failregex (Jail *self, gint64 index);
gboolean jail_add_ignoreregex (Jail *self, const char *regex, GError **error);
void jail_del_ignoreregex (Jail *self, gint64 index);
gboolean jail_add_ignoreip (Jail *self, const char *text, GError **error);
gboolean jail_del_ignoreip (Jail *self, const char *text, GError **error);

/* --- actions ------------------------------------------------------------------------------------------------------------ */
PyValue *jail_dup_actions (Jail *self); /* list of names */
gboolean jail_add_action (Jail *self, const char *name, GError **error);
gboolean jail_del_action (Jail *self, const char *name, GError **error);
PyValue *jail_get_action_property (Jail *self, const char *action, const char *property, GError **error);
gboolean jail_set_action_property (Jail *self, const char *action, const char *property, PyValue *value,
                                   GError **error);
PyValue *jail_dup_action_properties (Jail *self, const char *action, GError **error);
PyValue *jail_dup_action_methods (Jail *self, const char *action, GError **error);
/* NULL with error: no such action. */
gboolean jail_action_has_method (Jail *self, const char *action, const char *name, gboolean *ret_is_method,
                                 GError **error);
/* result is lent: what the method returned, or a PY_EXCEPTION. */
typedef void (*JailCallDone) (Jail *jail, PyValue *result, gpointer user_data);
void jail_call_action (Jail *self, const char *action, const char *method, const PyValue *kwargs, JailCallDone done,
                       gpointer user_data);

/* Python actions (action-queue.h says what keep_broken means).  The functions above are for the others; get, set and list ask an
 * object in a process of its own.  When the jail is freed meanwhile they are answered with an exception. */
void jail_add_python_action (Jail *self, const char *name, const char *file, const PyValue *options,
                             gboolean keep_broken, JailCallDone done, gpointer user_data);
gboolean jail_action_is_python (Jail *self, const char *name); /* FALSE also when there is no such action */
void jail_get_python_property (Jail *self, const char *action, const char *property, JailCallDone done,
                               gpointer user_data);
/* pairs: list of [name, value]; what is a method is called with value as JSON.  The result is the last one's. */
void jail_set_python_properties (Jail *self, const char *action, PyValue *pairs, JailCallDone done, gpointer user_data);
/* The names of its methods, or of its properties. */
void jail_list_python (Jail *self, const char *action, gboolean methods, JailCallDone done, gpointer user_data);
