/* server.h - the jails, the commands that are on their way, and the end of it all
 *
 * Commands come in as values and are answered as values; who brings them (control/listener, a test) is not the server's
 * affair.  A command that has to wait holds up nobody but the connection that sent it; those that change which jails there are go
 * one after the other.
 * Must not: block; open jail.conf.
 *
 * Logs as fail2ban.server and fail2ban.transmitter.  A failed command is logged here, once: "Command […] has failed. Received …".
 */
#pragma once
#include "compat/py-value.h"
#include "jail/jail-set.h"

typedef struct Server Server;

Server *server_new (const Clock *clock, Log *log); /* both outlive it */
void server_free (Server *self); /* NULL is fine; jails are dropped as they are: server_quit comes first */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Server, server_free)

JailServices *server_peek_services (const Server *self);
JailSet *server_peek_jails (const Server *self);
Log *server_peek_log (const Server *self);

/* One request of a client.  reply is lent: the tuple (0, value) or (1, exception), or ['SHUTDOWN'] when the end has begun. */
typedef void (*ServerReply) (PyValue *reply, gpointer user_data);
void server_request (Server *self, PyValue *request, ServerReply reply, gpointer user_data);

/* failure: the exception, lent; NULL when all went well. */
typedef void (*ServerDone) (PyValue *failure, gpointer user_data);
/* Runs commands one after the other, quietly, until one fails.  commands: a list of lists.  For server-stream and reload. */
void server_run_commands (Server *self, PyValue *commands, ServerDone done, gpointer user_data);

/* --- jails --------------------------------------------------------------------------------------------------------------- */
/* During a reload an existing jail with the same backend is taken over, one with another is restarted: then done comes after it
 * has stopped. */
void server_add_jail (Server *self, const char *name, const char *backend, ServerDone done, gpointer user_data);
void server_start_jail (Server *self, Jail *jail);
void server_stop_jail (Server *self, Jail *jail, ServerDone done, gpointer user_data);
void server_stop_all (Server *self, ServerDone done, gpointer user_data);
/* jail: a name or "--all"; options: list of str; commands: list of lists.  done comes when all is as the commands say. */
void server_reload (Server *self, const char *jail, PyValue *options, PyValue *commands, ServerDone done,
                    gpointer user_data);

/* --- log and the rest ------------------------------------------------------------------------------------------------------- */
/* The level by name or number; kept as it was written, in upper case (`get loglevel`). */
gboolean server_set_log_level (Server *self, const char *level, GError **error);
const char *server_peek_log_level (const Server *self); /* NULL before the first one */
/* Logs why it failed, and the change when it was not the first target.  Errors: JAIL_ERROR_GENERAL, LOG_ERROR. */
gboolean server_set_log_target (Server *self, const char *target, GError **error);
void server_set_stack_size (Server *self, gint64 kilobytes); /* kept for `get thread` only */
gint64 server_get_stack_size (const Server *self);
/* Makes the folder of an absolute path when it is missing (its last level only). */
gboolean server_make_folder_of (const char *path, GError **error);
/* "flushlogs": opens the log file anew; returns "rolled over" or "flushed". */
const char *server_flush_logs (Server *self);

void server_begin (Server *self); /* logs what 1.1.2 logs when its observer starts */

/* The end: no command is taken any more, all jails are stopped, the database is closed.  Asked again: done comes with the first.
 * on_quit is called once when all is stopped, before the answer to `stop`: it closes the socket.  on_ended is called after that
 * answer.  done may be NULL. */
void server_set_quit_func (Server *self, void (*on_quit) (gpointer user_data), ServerDone on_ended, gpointer user_data);
void server_quit (Server *self, ServerDone done, gpointer user_data);         /* after the command that is on its way */
void server_quit_in_turn (Server *self, ServerDone done, gpointer user_data); /* for the command `stop` itself */
gboolean server_is_quitting (const Server *self);
