#include "jail/jail.h"

#include "compat/py-repr.h"
#include "jail/jail-private.h"

/* iptables allows 30 characters for a chain, and "f2b-" comes before the name. */
#define NAME_MAX_GOOD 26

/* --- helpers for the whole room ---------------------------------------------------------------------------------------- */

gint64
jail_now_usec (const Jail *self)
{
  return clock_get_time_usec (self->clock);
}

const char *
jail_time_text (ClockText *memo, gint64 time_usec)
{
  gint64 seconds = time_usec / G_USEC_PER_SEC;

  if (seconds >= 253402214400) /* the last day of the year 9999: beyond it is "for ever" */
    return "9999-12-31 23:59:59";
  return clock_text_of (memo, seconds);
}

char *
jail_format_time (gint64 time_usec)
{
  ClockText memo = { 0 };

  return g_strdup (jail_time_text (&memo, time_usec));
}

BanStore *
jail_peek_store (const Jail *self)
{
  return self->services->store;
}

void
jail_store_failed (Jail *self, const GError *error)
{
  jail_services_store_failed (self->services, self->name, error);
}

/* --- what actions ask ---------------------------------------------------------------------------------------------------- */

static gint64
get_ban_time_sec (gpointer jail)
{
  return ban_list_get_ban_time_sec (((Jail *) jail)->bans);
}

static void
get_counts (gpointer jail, ActionJailCounts *ret_counts)
{
  Jail *self = jail;

  ret_counts->banned = ban_list_get_size (self->bans);
  ret_counts->banned_total = ban_list_get_total (self->bans);
  ret_counts->found = fail_counter_get_size (self->failures);
  ret_counts->found_total = fail_counter_get_total (self->failures);
}

static Ticket *
dup_merged_bans (gpointer jail, const Ticket *ticket, gboolean all_jails, GError **error)
{
  Jail *self = jail;
  BanStore *store = jail_peek_store (self);

  if (store == NULL)
    return NULL;
  return ban_store_get_merged (store, all_jails ? NULL : self->name, ticket_peek_ip (ticket), error);
}

/* --- birth and death ----------------------------------------------------------------------------------------------------- */

static void
make_parts (Jail *self)
{
  const ActionContext context = {
    .log = self->log,
    .clock = self->clock,
    .resolver = self->services->resolver,
    .firewall = self->services->firewall,
    .gate = self->services->gate,
    .python_folder = self->services->python_folder,
  };

  self->funcs = (ActionJailFuncs){ .get_ban_time_sec = get_ban_time_sec,
                                   .get_counts = get_counts,
                                   .dup_merged_bans = dup_merged_bans,
                                   .ban_due = jail_bans_due,
                                   .ban_begins = jail_bans_begin,
                                   .ban_refused = jail_truth_refused,
                                   .ask = jail_answer_action };
  self->filter = filter_new_sharing (self->name, (Clock *) self->clock, self->log, self->services->filters);
  self->failures = fail_counter_new ();
  fail_counter_track_changes (self->failures, jail_peek_store (self) != NULL);
  self->ignore = ignore_list_new (self->name, self->clock, self->log, self->services->resolver, self->services->gate);
  ignore_list_set_expand (self->ignore, jail_lines_expand, self);
  ignore_list_set_python_folder (self->ignore, self->services->python_folder);
  self->ban_time = ban_time_new ();
  self->bans = ban_list_new ();
  self->actions = action_queue_new (self->name, &context, &self->funcs, self);
  self->find_time = py_int_new (600);
  self->find_time_usec = 600 * G_USEC_PER_SEC;
  g_queue_init (&self->pending);
  self->truth = jail_truth_new (self);
  jail_bans_init (self);
}

static void
register_in_store (Jail *self)
{
  BanStore *store = jail_peek_store (self);
  g_autoptr (GError) error = NULL;

  if (store != NULL && !ban_store_add_jail (store, self->name, &error))
    jail_store_failed (self, error);
}

Jail *
jail_new (const char *name, const char *backend, JailServices *services, GError **error)
{
  g_return_val_if_fail (name != NULL && backend != NULL && services != NULL, NULL);

  g_autoptr (Jail) self = g_new0 (Jail, 1);

  self->name = g_strdup (name);
  self->backend = g_strdup (backend);
  self->services = services;
  self->clock = services->clock;
  self->log = services->log;
  make_parts (self);
  if (g_utf8_strlen (name, -1) >= NAME_MAX_GOOD)
    {
      g_autofree char *repr = py_repr_str (name, -1);

      log_warning (self->log, LOGGER_JAIL,
                   "Jail name %s might be too long and some commands might not function correctly. Please shorten",
                   repr);
    }
  log_info (self->log, LOGGER_JAIL, "Creating new jail '%s'", name);
  if (!jail_log_open (self, backend, error))
    return NULL;
  register_in_store (self);
  return g_steal_pointer (&self);
}

void
jail_free (Jail *self)
{
  if (self == NULL)
    return;
  jail_log_close (self);
  jail_lines_clear (self);
  jail_bans_clear (self);
  jail_truth_free (self->truth);
  action_queue_free (self->actions);
  ban_list_free (self->bans);
  ban_time_free (self->ban_time);
  ignore_list_free (self->ignore);
  fail_counter_free (self->failures);
  filter_free (self->filter);
  py_value_unref (self->find_time);
  g_free (self->backend);
  g_free (self->name);
  g_free (self);
}

const char *
jail_peek_name (const Jail *self)
{
  return self->name;
}

const char *
jail_peek_backend (const Jail *self)
{
  return self->backend;
}

/* --- start and stop ------------------------------------------------------------------------------------------------------ */

void
jail_start (Jail *self)
{
  g_return_if_fail (!self->alive);

  log_debug (self->log, LOGGER_JAIL, "Starting jail '%s'", self->name);
  self->alive = TRUE;
  action_queue_start (self->actions, NULL, NULL);
  jail_lines_restore_failures (self);
  jail_bans_restore (self);
  jail_log_start (self);
  log_info (self->log, LOGGER_JAIL, "Jail '%s' started", self->name);
}

gboolean
jail_is_alive (const Jail *self)
{
  return self->alive;
}

typedef struct
{
  Jail *jail;
  JailDone done;
  gpointer user_data;
} Stop;

static void
on_stopped (ActionQueue *queue, gpointer user_data)
{
  g_autofree Stop *stop = user_data;
  BanStore *store = jail_peek_store (stop->jail);
  g_autoptr (GError) error = NULL;

  if (store != NULL && !ban_store_disable_jail (store, stop->jail->name, &error))
    jail_store_failed (stop->jail, error);
  log_info (stop->jail->log, LOGGER_JAIL, "Jail '%s' stopped", stop->jail->name);
  if (stop->done != NULL)
    stop->done (stop->jail, stop->user_data);
}

static void
on_repealed (ActionQueue *queue, gpointer user_data)
{
  action_queue_stop (queue, on_stopped, user_data);
}

void
jail_stop (Jail *self, JailDone done, gpointer user_data)
{
  BanStore *store = jail_peek_store (self);
  g_autoptr (GPtrArray) tickets = NULL;
  g_autoptr (GError) error = NULL;
  Stop *stop = g_new0 (Stop, 1);

  *stop = (Stop){ self, done, user_data };
  log_debug (self->log, LOGGER_JAIL, "Stopping jail '%s'", self->name);
  self->idle = FALSE;
  jail_bans_run (self); /* who was to be banned while it was idle: the database knows of them then */
  jail_log_stop (self);
  self->alive = FALSE;
  jail_lines_clear (self);
  jail_bans_finish_unbans (self);
  jail_services_commit_now (self->services); /* somebody may wait for it */
  if (store != NULL && !ban_store_drop_failures (store, self->name, &error))
    jail_store_failed (self, error);
  tickets = jail_bans_take_all (self);
  action_queue_flush (self->actions, tickets, TRUE, "Repeal Ban", on_repealed, stop);
}

/* --- idle and reload ----------------------------------------------------------------------------------------------------- */

gboolean
jail_is_idle (const Jail *self)
{
  return self->idle || self->filter_idle;
}

void
jail_set_idle (Jail *self, gboolean idle)
{
  self->idle = idle;
  self->filter_idle = FALSE;
  jail_log_update (self);
  jail_bans_run (self);
  jail_lines_save (self);
}

void
jail_reload_begin (Jail *self)
{
  jail_set_idle (self, TRUE);
  filter_clear (self->filter);
  ignore_list_clear (self->ignore);
  jail_log_reload_begin (self);
  action_queue_reload_begin (self->actions);
}

typedef struct
{
  Jail *jail;
  JailReloadDone done;
  gpointer user_data;
} Reload;

static void
on_reloaded (ActionQueue *queue, const GError *error, gpointer user_data)
{
  g_autofree Reload *reload = user_data;

  if (reload->done != NULL)
    reload->done (reload->jail, error, reload->user_data);
}

void
jail_reload_end (Jail *self, JailReloadDone done, gpointer user_data)
{
  g_autoptr (GPtrArray) tickets = ban_list_dup_tickets (self->bans);
  Reload *reload = g_new0 (Reload, 1);

  *reload = (Reload){ self, done, user_data };
  jail_log_reload_end (self);
  action_queue_reload_end (self->actions, tickets, on_reloaded, reload);
}
