#include "jail/jail-private.h"

#include "compat/py-repr.h"
#include "jail/ban-increase.h"

/* A ban that is not in force yet. */
typedef struct
{
  GPtrArray *requests; /* who waits for it */
  GList *unqueued;     /* its place in Jail.unqueued; NULL: the action queue has it */
} Underway;

static void
underway_free (gpointer data)
{
  Underway *underway = data;

  g_ptr_array_unref (underway->requests);
  g_free (underway);
}

static void
underway_wait (Underway *underway, JailRequest *request)
{
  if (request == NULL)
    return;
  request->open++;
  g_ptr_array_add (underway->requests, request);
}

/* --- bans ---------------------------------------------------------------------------------------------------------------- */

static void on_room (ActionQueue *queue, gpointer user_data);

static void
on_banned (ActionQueue *queue, Ticket *ticket, gpointer user_data)
{
  Jail *self = user_data;
  Underway *underway = g_hash_table_lookup (self->underway, ticket);

  jail_truth_banned (self->truth);
  if (underway == NULL)
    return;
  for (guint i = 0; i < underway->requests->len; i++)
    jail_request_close (g_ptr_array_index (underway->requests, i));
  g_hash_table_remove (self->underway, ticket);
}

static void
queue_ban (Jail *self, Ticket *ticket)
{
  action_queue_ban (self->actions, ticket, ticket_is_restored (ticket) ? "Restore Ban" : "Ban", on_banned, self);
}

static void
on_room (ActionQueue *queue, gpointer user_data)
{
  Jail *self = user_data;

  while (self->unqueued.head != NULL && action_queue_has_room (self->actions))
    {
      g_autoptr (Ticket) ticket = g_queue_pop_head (&self->unqueued);
      Underway *underway = g_hash_table_lookup (self->underway, ticket);

      underway->unqueued = NULL;
      queue_ban (self, ticket);
    }
}

void
jail_bans_due (gpointer jail)
{
  jail_services_commit_now (((Jail *) jail)->services);
}

void
jail_bans_begin (gpointer jail, Ticket *ticket)
{
  Jail *self = jail;
  BanIncrease *increase = g_hash_table_lookup (self->increased, ticket);

  if (increase == NULL)
    return;
  if (increase->bad != NULL)
    log_info (self->log, LOGGER_OBSERVER, "%s", increase->bad);
  if (increase->increased != NULL)
    log_notice (self->log, LOGGER_OBSERVER, "%s", increase->increased);
  g_hash_table_remove (self->increased, ticket);
}

/* --- actions that can prolong a ban -------------------------------------------------------------------------------------- */

typedef struct
{
  Jail *jail;
  Ticket *ticket;
  GSource *timer;
} Prolong;

static void
prolong_free (gpointer data)
{
  Prolong *prolong = data;

  g_source_destroy (prolong->timer);
  g_source_unref (prolong->timer);
  ticket_unref (prolong->ticket);
  g_free (prolong);
}

static gboolean
on_prolong (gpointer user_data)
{
  Prolong *prolong = user_data;
  Jail *self = prolong->jail;

  if (ban_list_holds (self->bans, prolong->ticket))
    action_queue_prolong (self->actions, prolong->ticket, NULL, NULL);
  g_ptr_array_remove_fast (self->prolongs, prolong);
  return G_SOURCE_REMOVE;
}

static void
prolong_later (Jail *self, Ticket *ticket, gint64 after_usec)
{
  Prolong *prolong = g_new0 (Prolong, 1);

  prolong->jail = self;
  prolong->ticket = ticket_ref (ticket);
  prolong->timer = g_timeout_source_new ((guint) (after_usec / 1000));
  g_source_set_callback (prolong->timer, on_prolong, prolong, NULL);
  g_source_attach (prolong->timer, NULL);
  g_ptr_array_add (self->prolongs, prolong);
}

/* --- one ticket ------------------------------------------------------------------------------------------------------------ */

static void
store_ban (Jail *self, Ticket *ticket)
{
  BanStore *store = jail_peek_store (self);
  g_autoptr (PyValue) ban_time = py_int_new (ban_list_get_ban_time_sec (self->bans));
  g_autoptr (GError) error = NULL;

  if (store != NULL && !ban_store_add_ban (store, self->name, ticket, ban_time, &error))
    jail_store_failed (self, error);
}

static void
increased_free (gpointer data)
{
  ban_increase_clear (data);
  g_free (data);
}

/* The time grows for who is known, and what was decided goes into the database before any action runs. */
static void
settle (Jail *self, Ticket *ticket)
{
  BanIncrease *increase;

  if (ticket_is_restored (ticket))
    return;
  increase = g_new0 (BanIncrease, 1);
  ban_increase_apply (self, ticket, increase);
  if (increase->store)
    store_ban (self, ticket);
  if (increase->prolong_after_usec >= 0)
    prolong_later (self, ticket, increase->prolong_after_usec);
  if (increase->bad != NULL || increase->increased != NULL)
    g_hash_table_replace (self->increased, ticket_ref (ticket), increase);
  else
    increased_free (increase);
}

static void
ban_new (Jail *self, Ticket *ticket, JailRequest *request)
{
  Underway *underway = g_new0 (Underway, 1);

  settle (self, ticket);
  underway->requests = g_ptr_array_new ();
  underway_wait (underway, request);
  if (request != NULL)
    request->count++;
  g_hash_table_replace (self->underway, ticket_ref (ticket), underway);
  if (self->unqueued.head == NULL && action_queue_has_room (self->actions))
    queue_ban (self, ticket);
  else
    {
      g_queue_push_tail (&self->unqueued, ticket_ref (ticket));
      underway->unqueued = self->unqueued.tail;
    }
}

static void
on_rebanned (ActionQueue *queue, Ticket *ticket, guint rebanned, gpointer user_data)
{
  JailRequest *request = user_data;

  request->count += rebanned;
  jail_request_close (request);
}

static void
ban_again (Jail *self, const Ticket *ticket, Ticket *known, JailRequest *request)
{
  gint64 later_usec = ticket_get_time_usec (ticket) - ticket_get_time_usec (known);
  Underway *underway = g_hash_table_lookup (self->underway, known);
  gboolean check = later_usec > 3 * G_USEC_PER_SEC;

  if (underway != NULL)
    {
      underway_wait (underway, request);
      return;
    }
  /* A moment later is normal (the log was ahead of the ban), a minute later something is wrong. */
  log_write (self->log,
             later_usec < 3 * G_USEC_PER_SEC    ? LOG_LEVEL_DEBUG
             : later_usec < 60 * G_USEC_PER_SEC ? LOG_LEVEL_NOTICE
                                                : LOG_LEVEL_WARNING,
             LOGGER_ACTIONS, "[%s] %s already banned", self->name, address_peek_text (ticket_peek_id (known)));
  if (!check && ticket_get_ban_epoch (known) >= action_queue_get_ban_epoch (self->actions))
    return;
  if (request == NULL)
    action_queue_reban (self->actions, known, check, NULL, NULL);
  else
    {
      request->open++;
      action_queue_reban (self->actions, known, check, on_rebanned, request);
    }
}

void
jail_bans_ban (Jail *self, Ticket *ticket, JailRequest *request)
{
  Ticket *known = NULL;

  switch (ban_list_add (self->bans, ticket, jail_now_usec (self), &known))
    {
    case BAN_LIST_ADDED:
      ban_new (self, ticket, request);
      break;
    case BAN_LIST_KNOWN:
      ban_again (self, ticket, known, request);
      break;
    case BAN_LIST_OVER:
      log_info (self->log, LOGGER_ACTIONS, "[%s] Ignore %s, expired bantime", self->name,
                address_peek_text (ticket_peek_id (ticket)));
      break;
    }
}

void
jail_bans_put (Jail *self, Ticket *ticket)
{
  g_queue_push_tail (&self->waiting, ticket_ref (ticket));
  jail_bans_run (self);
}

void
jail_bans_run (Jail *self)
{
  if (self->alive && !self->idle)
    while (self->waiting.head != NULL)
      {
        g_autoptr (Ticket) ticket = g_queue_pop_head (&self->waiting);

        jail_bans_ban (self, ticket, NULL);
      }
  jail_bans_arm_expiry (self);
}

/* --- the end of bans --------------------------------------------------------------------------------------------------------- */

/* Takes the ticket out of what waits for its ban; TRUE: no action knows of it yet. */
static gboolean
forget_unqueued (Jail *self, Ticket *ticket)
{
  Underway *underway = g_hash_table_lookup (self->underway, ticket);

  if (underway == NULL || underway->unqueued == NULL)
    return FALSE;
  g_queue_delete_link (&self->unqueued, underway->unqueued);
  g_hash_table_remove (self->increased, ticket);
  on_banned (self->actions, ticket, self);
  ticket_unref (ticket);
  return TRUE;
}

static void
on_unbanned (ActionQueue *queue, Ticket *ticket, gpointer user_data)
{
  jail_request_close (user_data);
}

/* ticket is out of the ban list already. */
void
jail_bans_unban (Jail *self, Ticket *ticket, JailRequest *request)
{
  jail_truth_ended (self->truth, ticket);
  if (forget_unqueued (self, ticket))
    {
      log_notice (self->log, LOGGER_ACTIONS, "[%s] Unban %s", self->name, address_peek_text (ticket_peek_id (ticket)));
      return;
    }
  if (request == NULL)
    action_queue_unban (self->actions, ticket, "Unban", NULL, NULL);
  else
    {
      request->open++;
      action_queue_unban (self->actions, ticket, "Unban", on_unbanned, request);
    }
}

static void
disarm_expiry (Jail *self)
{
  if (self->expiry != NULL)
    g_source_destroy (self->expiry);
  g_clear_pointer (&self->expiry, g_source_unref);
  self->expiry_usec = TICKET_NEVER_USEC;
}

void
jail_bans_expire (Jail *self)
{
  Ticket *ticket;

  while ((ticket = ban_list_take_over (self->bans, jail_now_usec (self))) != NULL)
    {
      jail_bans_unban (self, ticket, NULL);
      ticket_unref (ticket);
    }
}

static gboolean
on_expiry (gpointer user_data)
{
  Jail *self = user_data;

  jail_bans_expire (self);
  disarm_expiry (self);
  jail_bans_arm_expiry (self);
  return G_SOURCE_REMOVE;
}

/* One timer, at the next end.  It is looked at again at least once an hour, since the time of day can be set. */
void
jail_bans_arm_expiry (Jail *self)
{
  gint64 next_usec = ban_list_get_next_end_usec (self->bans);
  gint64 wait_usec;

  if (!self->alive || self->idle || next_usec == TICKET_NEVER_USEC)
    {
      disarm_expiry (self);
      return;
    }
  if (self->expiry != NULL && self->expiry_usec == next_usec)
    return;
  disarm_expiry (self);
  self->expiry_usec = next_usec;
  /* A ban is over when its end has passed; a millisecond more, so that the timer does not fire just before it. */
  wait_usec = CLAMP (next_usec - jail_now_usec (self), 0, G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC) + 1000;
  self->expiry = g_timeout_source_new ((guint) (wait_usec / 1000));
  g_source_set_callback (self->expiry, on_expiry, self, NULL);
  g_source_attach (self->expiry, NULL);
}

GPtrArray *
jail_bans_take_all (Jail *self)
{
  GPtrArray *tickets = ban_list_take_all (self->bans);

  g_queue_clear_full (&self->waiting, (GDestroyNotify) ticket_unref);
  for (guint i = tickets->len; i-- > 0;)
    {
      g_autoptr (Ticket) ticket = ticket_ref (g_ptr_array_index (tickets, i));

      if (forget_unqueued (self, ticket))
        g_ptr_array_remove_index (tickets, i);
    }
  g_ptr_array_set_size (self->prolongs, 0);
  jail_truth_ended (self->truth, NULL);
  disarm_expiry (self);
  return tickets;
}

/* --- restore ------------------------------------------------------------------------------------------------------------------- */

void
jail_bans_restore (Jail *self)
{
  BanStore *store = jail_peek_store (self);
  g_autoptr (GPtrArray) tickets = NULL;
  g_autoptr (PyValue) max = NULL, own = py_int_new (ban_list_get_ban_time_sec (self->bans));
  g_autoptr (GError) error = NULL;
  gboolean increasing = ban_time_is_increasing (self->ban_time);

  if (store == NULL)
    return;
  if (!increasing)
    max = py_value_ref (own);
  else if (ban_time_peek (self->ban_time, "maxtime") != NULL)
    max = py_value_ref (ban_time_peek (self->ban_time, "maxtime"));

  const BanStoreCurrent query
      = { .now_usec = jail_now_usec (self),
          .for_ban_time_usec = increasing ? TICKET_PERMANENT_USEC : ban_list_get_ban_time_usec (self->bans),
          .max_ban_time = max,
          .unknown_ban_time = own,
          .max_matches = (guint) MAX (fail_counter_get_max_matches (self->failures), 0) };
  tickets = ban_store_get_current (store, self->name, NULL, &query, &error);
  if (tickets == NULL)
    {
      log_error (self->log, LOGGER_JAIL, "Restore bans failed: %s", error->message);
      return;
    }
  for (guint i = 0; i < tickets->len; i++)
    {
      Ticket *ticket = g_ptr_array_index (tickets, i);

      ticket_set_restored (ticket, TRUE);
      jail_lines_restore (self, ticket_ref (ticket));
    }
}

/* --- birth and death ------------------------------------------------------------------------------------------------------------- */

void
jail_bans_init (Jail *self)
{
  g_queue_init (&self->waiting);
  g_queue_init (&self->unqueued);
  self->underway = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) ticket_unref, underway_free);
  self->increased = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) ticket_unref, increased_free);
  self->prolongs = g_ptr_array_new_with_free_func (prolong_free);
  self->unbans = jail_unban_list_new ();
  self->expiry_usec = TICKET_NEVER_USEC;
  action_queue_set_room_func (self->actions, on_room, self);
}

void
jail_bans_clear (Jail *self)
{
  disarm_expiry (self);
  g_queue_clear_full (&self->waiting, (GDestroyNotify) ticket_unref);
  g_queue_clear_full (&self->unqueued, (GDestroyNotify) ticket_unref);
  g_clear_pointer (&self->unbans, g_ptr_array_unref);
  g_clear_pointer (&self->prolongs, g_ptr_array_unref);
  g_clear_pointer (&self->increased, g_hash_table_unref);
  g_clear_pointer (&self->underway, g_hash_table_unref);
}
