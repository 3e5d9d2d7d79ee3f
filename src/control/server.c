#include "control/server.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "base/memory.h"
#include "base/version.h"
#include "compat/py-repr.h"
#include "control/command-table.h"
#include "control/server-private.h"

/* After the commands of a start or a reload: the actions that they let start are done by then, mostly. */
#define TIDY_MSEC          200
#define LOGGER_TRANSMITTER "fail2ban.transmitter"
#define LOGGER_OBSERVER    "fail2ban.observer"

Server *
server_new (const Clock *clock, Log *log)
{
  Server *self = g_new0 (Server, 1);

  self->log = log;
  self->services = jail_services_new (clock, log);
  self->jails = jail_set_new ();
  self->quit_waiters = g_array_new (FALSE, FALSE, sizeof (ServerWaiter));
  g_queue_init (&self->waiting);
  return self;
}

void
server_begin (Server *self)
{
  log_info (self->log, LOGGER_OBSERVER, "Observer start...");
}

void
server_free (Server *self)
{
  if (self == NULL)
    return;
  if (self->tidy != NULL)
    g_source_destroy (self->tidy);
  g_clear_pointer (&self->tidy, g_source_unref);
  jail_set_free (self->jails);
  jail_services_free (self->services);
  g_clear_pointer (&self->reloading, g_hash_table_unref);
  g_array_unref (self->quit_waiters);
  g_queue_clear (&self->waiting);
  g_free (self->log_level);
  g_free (self);
}

JailServices *
server_peek_services (const Server *self)
{
  return self->services;
}

JailSet *
server_peek_jails (const Server *self)
{
  return self->jails;
}

Log *
server_peek_log (const Server *self)
{
  return self->log;
}

/* --- one command ---------------------------------------------------------------------------------------------------------- */

static void
run_call (Call *call)
{
  GError *error = NULL;
  const Command *command = command_table_find (call_peek_words (call), &error);
  PyValue *value = NULL;

  if (command != NULL && call_get_length (call) < command->min_words)
    g_set_error_literal (&error, JAIL_ERROR, JAIL_ERROR_INDEX, "list index out of range");
  if (error == NULL)
    value = command->run (call, &error);
  if (error != NULL)
    call_fail (call, error);
  else if (value != NULL)
    call_return (call, value);
}

/* --- several commands ------------------------------------------------------------------------------------------------------- */

typedef enum
{
  RUN_IN_LOOP, /* a command runs and has not ended yet */
  RUN_ENDED,   /* it ended while the loop looked on */
  RUN_WAITING, /* it takes its time */
} RunState;

typedef struct
{
  Server *server;
  PyValue *commands;
  guint next;
  RunState state;
  PyValue *failure; /* NULL: none yet */
  ServerDone done;
  gpointer user_data;
} Run;

static void run_more (Run *run);

static void
on_run_ended (PyValue *result, gpointer user_data)
{
  Run *run = user_data;
  gboolean waiting = run->state == RUN_WAITING;

  run->state = RUN_ENDED;
  if (py_value_type (result) == PY_EXCEPTION)
    run->failure = py_value_ref (result);
  if (waiting)
    run_more (run);
}

static gboolean
on_tidy (gpointer user_data)
{
  Server *self = user_data;

  g_clear_pointer (&self->tidy, g_source_unref);
  memory_give_back ();
  return G_SOURCE_REMOVE;
}

static void
tidy_later (Server *self)
{
  if (self->tidy != NULL)
    return;
  self->tidy = g_timeout_source_new (TIDY_MSEC);
  g_source_set_callback (self->tidy, on_tidy, self, NULL);
  g_source_attach (self->tidy, NULL);
}

/* FALSE: a command takes its time; it goes on when that has ended. */
static gboolean
run_until_wait (Run *run)
{
  while (run->failure == NULL && run->next < py_seq_length (run->commands))
    {
      PyValue *words = py_seq_peek (run->commands, run->next++);

      run->state = RUN_IN_LOOP;
      run_call (call_new (run->server, words, TRUE, on_run_ended, run));
      if (run->state == RUN_IN_LOOP)
        {
          run->state = RUN_WAITING;
          return FALSE;
        }
    }
  return TRUE;
}

static void
run_more (Run *run)
{
  Server *server = run->server;
  gboolean is_over;

  jail_services_begin_changes (server->services);
  is_over = run_until_wait (run);
  jail_services_commit_changes (server->services);
  if (!is_over)
    return;
  tidy_later (server);
  run->done (run->failure, run->user_data);
  py_value_unref (run->failure);
  py_value_unref (run->commands);
  g_free (run);
}

void
server_run_commands (Server *self, PyValue *commands, ServerDone done, gpointer user_data)
{
  Run *run = g_new0 (Run, 1);

  *run = (Run){ .server = self, .commands = py_value_ref (commands), .done = done, .user_data = user_data };
  run_more (run);
}

/* --- requests ----------------------------------------------------------------------------------------------------------------- */

typedef struct
{
  Server *server;
  PyValue *words;
  gboolean exclusive;
  ServerReply reply;
  gpointer user_data;
} Request;

static void begin_quit (Server *self);

static void
request_free (Request *request)
{
  py_value_unref (request->words);
  g_free (request);
}

static void
reply_shutdown (Request *request)
{
  g_autoptr (PyValue) reply = py_list_new_strs ("SHUTDOWN", NULL);

  request->reply (reply, request->user_data);
  request_free (request);
}

static void run_request (Request *request);

/* The turn of the next one that changes which jails there are. */
static void
next_turn (Server *self)
{
  Request *request;

  g_queue_pop_head (&self->waiting);
  if (self->quitting)
    {
      while ((request = g_queue_pop_head (&self->waiting)) != NULL)
        reply_shutdown (request);
      begin_quit (self);
    }
  else if ((request = g_queue_peek_head (&self->waiting)) != NULL)
    run_request (request);
}

static void
log_failure (Server *self, PyValue *words, const PyValue *exception)
{
  g_autofree char *shown_words = py_repr (words), *shown_exception = py_repr (exception);

  log_error (self->log, LOGGER_TRANSMITTER, "Command %s has failed. Received %s", shown_words, shown_exception);
}

static void
on_request_ended (PyValue *result, gpointer user_data)
{
  Request *request = user_data;
  Server *self = request->server;
  gboolean exclusive = request->exclusive;
  int failed = 0;
  g_autoptr (PyValue) reply = NULL;

  if (py_value_type (result) == PY_EXCEPTION)
    {
      log_failure (self, request->words, result);
      failed = 1;
    }
  reply = py_tuple_new_items (py_int_new (failed), py_value_ref (result), NULL);
  request->reply (reply, request->user_data);
  request_free (request);
  if (exclusive)
    next_turn (self);
}

static void
run_request (Request *request)
{
  run_call (call_new (request->server, request->words, FALSE, on_request_ended, request));
}

void
server_request (Server *self, PyValue *words, ServerReply reply, gpointer user_data)
{
  Request *request = g_new0 (Request, 1);
  const Command *command = command_table_find (words, NULL);

  *request = (Request){ .server = self, .words = py_value_ref (words), .reply = reply, .user_data = user_data };
  if (self->quitting)
    {
      reply_shutdown (request);
      return;
    }
  if (command != NULL && (command->flags & COMMAND_EXCLUSIVE) != 0)
    {
      request->exclusive = TRUE;
      g_queue_push_tail (&self->waiting, request);
      if (self->waiting.length > 1)
        return;
    }
  run_request (request);
}

/* --- jails ------------------------------------------------------------------------------------------------------------------------ */

void
server_start_jail (Server *self, Jail *jail)
{
  gpointer state = self->reloading != NULL ? g_hash_table_lookup (self->reloading, jail) : NULL;

  if (!jail_is_alive (jail))
    jail_start (jail);
  else if (state == RELOAD_ASKED || state == RELOAD_ADDED)
    {
      g_autofree char *repr = py_repr_str (jail_peek_name (jail), -1);

      log_info (self->log, LOGGER_SERVER, "Jail %s reloaded", repr);
    }
  if (state != NULL)
    g_hash_table_replace (self->reloading, jail, RELOAD_STARTED);
  if (jail_is_idle (jail))
    jail_set_idle (jail, FALSE);
}

/* Jails on their way out. */
typedef struct
{
  GPtrArray *jails; /* owned */
  guint open;
  ServerDone done;
  gpointer user_data;
} Stop;

/* From the loop: a jail is not freed from within its own callback. */
static gboolean
on_all_stopped (gpointer user_data)
{
  Stop *stop = user_data;

  g_ptr_array_unref (stop->jails);
  stop->done (NULL, stop->user_data);
  g_free (stop);
  return G_SOURCE_REMOVE;
}

static void
stop_closed (Stop *stop)
{
  if (--stop->open == 0)
    g_idle_add_full (G_PRIORITY_DEFAULT, on_all_stopped, stop, NULL);
}

static void
on_jail_stopped (Jail *jail, gpointer user_data)
{
  stop_closed (user_data);
}

static Stop *
stop_new (ServerDone done, gpointer user_data)
{
  Stop *stop = g_new0 (Stop, 1);

  stop->jails = g_ptr_array_new_with_free_func ((GDestroyNotify) jail_free);
  stop->open = 1;
  stop->done = done;
  stop->user_data = user_data;
  return stop;
}

/* Nobody finds the jail any more from now on. */
static void
stop_add (Server *self, Stop *stop, Jail *jail)
{
  if (self->reloading != NULL)
    g_hash_table_remove (self->reloading, jail);
  jail_set_detach (self->jails, jail);
  g_ptr_array_add (stop->jails, jail);
  stop->open++;
  jail_stop (jail, on_jail_stopped, stop);
}

void
server_stop_jail (Server *self, Jail *jail, ServerDone done, gpointer user_data)
{
  Stop *stop = stop_new (done, user_data);

  stop_add (self, stop, jail);
  stop_closed (stop);
}

void
server_stop_all (Server *self, ServerDone done, gpointer user_data)
{
  Stop *stop = stop_new (done, user_data);

  log_info (self->log, LOGGER_SERVER, "Stopping all jails");
  while (jail_set_size (self->jails) > 0)
    stop_add (self, stop, jail_set_peek_nth (self->jails, 0));
  stop_closed (stop);
}

/* --- log ---------------------------------------------------------------------------------------------------------------------------- */

gboolean
server_set_log_level (Server *self, const char *level, GError **error)
{
  g_autofree char *upper = g_utf8_strup (level, -1);
  int number;

  if (g_strcmp0 (self->log_level, upper) == 0)
    return TRUE;
  if (!log_level_parse (upper, &number, error))
    return FALSE;
  log_set_level (self->log, number);
  g_free (self->log_level);
  self->log_level = g_steal_pointer (&upper);
  return TRUE;
}

const char *
server_peek_log_level (const Server *self)
{
  return self->log_level;
}

static void
log_new_target (Server *self)
{
  const char *target = log_peek_target (self->log);
  g_autofree char *shown = NULL;

  if (g_str_equal (target, "SYSLOG"))
    shown = g_strdup_printf ("SYSLOG (%s)", log_peek_syslog_socket (self->log));
  log_info (self->log, LOGGER_SERVER, "Start Fail2ban v%s", FAIL2BAN_VERSION);
  log_info (self->log, LOGGER_SERVER, "Changed logging target to %s for Fail2ban v%s", shown != NULL ? shown : target,
            FAIL2BAN_VERSION);
}

gboolean
server_set_log_target (Server *self, const char *target, GError **error)
{
  g_autofree char *before = g_strdup (log_peek_target (self->log));
  g_autoptr (GError) local = NULL;

  if (log_set_target (self->log, target, &local))
    {
      if (before != NULL && g_strcmp0 (before, log_peek_target (self->log)) != 0)
        log_new_target (self);
      return TRUE;
    }
  if (!g_error_matches (local, LOG_ERROR, LOG_ERROR_OPEN) && !g_error_matches (local, LOG_ERROR, LOG_ERROR_SYSLOG))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  log_error (self->log, LOGGER_SERVER, "%s", local->message);
  if (local->code == LOG_ERROR_OPEN)
    {
      g_autofree char *repr = before != NULL ? py_repr_str (before, -1) : g_strdup ("None");

      log_info (self->log, LOGGER_SERVER, "Logging to previous target %s", repr);
    }
  g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_GENERAL, "Failed to change log target");
  return FALSE;
}

void
server_set_stack_size (Server *self, gint64 kilobytes)
{
  self->stack_size = kilobytes;
}

gint64
server_get_stack_size (const Server *self)
{
  return self->stack_size;
}

gboolean
server_make_folder_of (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  if (!g_path_is_absolute (folder) || g_mkdir (folder, 0777) == 0 || errno == EEXIST)
    return TRUE;
  jail_set_os_error (error, errno, folder);
  return FALSE;
}

const char *
server_flush_logs (Server *self)
{
  static const char *const streams[] = { "STDOUT", "SYSOUT", "STDERR", "SYSLOG", "SYSTEMD-JOURNAL", NULL };
  const char *target = log_peek_target (self->log);
  g_autofree char *upper = g_ascii_strup (target != NULL ? target : "", -1);
  gboolean rolled = log_flush (self->log);

  log_info (self->log, LOGGER_SERVER, "%s performed on %s", g_strv_contains (streams, upper) ? "flush" : "rollover",
            target);
  return rolled ? "rolled over" : "flushed";
}

/* --- the end --------------------------------------------------------------------------------------------------------------------------- */

void
server_set_quit_func (Server *self, void (*on_quit) (gpointer user_data), ServerDone on_ended, gpointer user_data)
{
  self->on_quit = on_quit;
  self->on_ended = on_ended;
  self->quit_data = user_data;
}

gboolean
server_is_quitting (const Server *self)
{
  return self->quitting;
}

static void
on_quit_stopped (PyValue *failure, gpointer user_data)
{
  Server *self = user_data;

  (void) jail_services_open_store (self->services, NULL, NULL);
  if (self->on_quit != NULL)
    self->on_quit (self->quit_data);
  log_info (self->log, LOGGER_SERVER, "Exiting Fail2ban");
  for (guint i = 0; i < self->quit_waiters->len; i++)
    {
      ServerWaiter *waiter = &g_array_index (self->quit_waiters, ServerWaiter, i);

      if (waiter->done != NULL)
        waiter->done (NULL, waiter->user_data);
    }
  g_array_set_size (self->quit_waiters, 0);
  if (self->on_ended != NULL)
    self->on_ended (NULL, self->quit_data);
}

static void
begin_quit (Server *self)
{
  if (self->ending)
    return;
  self->ending = TRUE;
  log_info (self->log, LOGGER_SERVER, "Shutdown in progress...");
  log_info (self->log, LOGGER_OBSERVER, "Observer stop ... try to end queue 5 seconds");
  log_info (self->log, LOGGER_OBSERVER, "Observer stopped, 0 events remaining.");
  server_stop_all (self, on_quit_stopped, self);
}

static void
wait_for_quit (Server *self, ServerDone done, gpointer user_data)
{
  const ServerWaiter waiter = { done, user_data };

  self->quitting = TRUE;
  g_array_append_val (self->quit_waiters, waiter);
}

void
server_quit (Server *self, ServerDone done, gpointer user_data)
{
  wait_for_quit (self, done, user_data);
  if (self->waiting.head == NULL)
    begin_quit (self);
}

void
server_quit_in_turn (Server *self, ServerDone done, gpointer user_data)
{
  wait_for_quit (self, done, user_data);
  begin_quit (self);
}
