#include "jail/jail-truth.h"

#include "jail/jail-private.h"

/* Those that are due within that time go together. */
#define RETRY_SLACK_USEC G_USEC_PER_SEC

typedef struct
{
  GPtrArray *actions; /* of Action: those that refused it */
  guint tries;
  gint64 due_usec; /* monotonic */
  gboolean is_underway;
} Refused;

struct JailTruth
{
  Jail *jail;
  FirewallWatcher *watcher; /* while there are bans that somebody could flush */
  gboolean checking;        /* the actions are asked */
  gboolean check_again;     /* something happened since they were */
  guint epoch;              /* bans that are older than this are back or on their way */
  GSource *restore;
  GHashTable *refused; /* Ticket -> Refused */
  GSource *retry;
};

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* --- somebody took rules away ---------------------------------------------------------------------------------------------- */

static void arm_retry (JailTruth *self);
static void check (JailTruth *self);
static void retry_until (JailTruth *self, gint64 until_usec);

/* Those that were refused have a try of their own. */
static guint
put_back (JailTruth *self)
{
  g_autoptr (GPtrArray) tickets = ban_list_dup_tickets (self->jail->bans);
  g_autoptr (GPtrArray) accepted = g_ptr_array_new ();

  for (guint i = 0; i < tickets->len; i++)
    if (!g_hash_table_contains (self->refused, tickets->pdata[i]))
      g_ptr_array_add (accepted, tickets->pdata[i]);
  return action_queue_restore (self->jail->actions, accepted);
}

static void
on_checked (ActionQueue *queue, gpointer user_data)
{
  JailTruth *self = user_data;
  Jail *jail = self->jail;
  guint count = put_back (self);

  self->checking = FALSE;
  if (self->epoch != action_queue_get_ban_epoch (queue))
    retry_until (self, G_MAXINT64); /* the reason may be gone */
  self->epoch = action_queue_get_ban_epoch (queue);
  if (count > 0)
    log_warning (jail->log, LOGGER_ACTIONS, "[%s] The firewall had lost %u ban(s), putting them back", jail->name,
                 count);
  arm_retry (self);
  if (self->check_again && self->watcher != NULL)
    check (self);
  self->check_again = FALSE;
}

/* The check is queued behind what was put back before, so that nothing is put back twice. */
static void
check (JailTruth *self)
{
  self->check_again = self->checking;
  if (self->checking)
    return;
  self->checking = TRUE;
  action_queue_check (self->jail->actions, on_checked, self);
}

static void
on_suspicion (gpointer user_data)
{
  check (user_data);
}

static gboolean
on_restore (gpointer user_data)
{
  JailTruth *self = user_data;

  clear_source (&self->restore);
  check (self);
  return G_SOURCE_REMOVE;
}

/* --- the kernel refused ------------------------------------------------------------------------------------------------------ */

static void
refused_free (gpointer data)
{
  Refused *refused = data;

  g_ptr_array_unref (refused->actions);
  g_free (refused);
}

static void
on_retried (ActionQueue *queue, Ticket *ticket, guint rebanned, gpointer user_data)
{
  JailTruth *self = user_data;
  Refused *refused = g_hash_table_lookup (self->refused, ticket);

  if (refused == NULL)
    return;
  refused->is_underway = FALSE;
  if (rebanned > 0)
    {
      log_notice (self->jail->log, LOGGER_ACTIONS, "[%s] %s is in force now", self->jail->name,
                  address_peek_text (ticket_peek_id (ticket)));
      g_hash_table_remove (self->refused, ticket);
    }
  arm_retry (self);
}

static void
retry_until (JailTruth *self, gint64 until_usec)
{
  GHashTableIter iter;
  gpointer ticket, value;

  if (self->checking)
    return; /* what is to be done is known when that is through */
  g_hash_table_iter_init (&iter, self->refused);
  while (g_hash_table_iter_next (&iter, &ticket, &value))
    {
      Refused *refused = value;
      if (refused->is_underway || refused->due_usec > until_usec)
        continue;
      refused->is_underway = TRUE;
      action_queue_retry (self->jail->actions, ticket, refused->actions, on_retried, self);
    }
}

static gboolean
on_retry (gpointer user_data)
{
  JailTruth *self = user_data;

  retry_until (self, g_get_monotonic_time () + RETRY_SLACK_USEC);
  arm_retry (self);
  return G_SOURCE_REMOVE;
}

/* One timer, for the first that is due. */
static void
arm_retry (JailTruth *self)
{
  gint64 next_usec = G_MAXINT64;
  GHashTableIter iter;
  gpointer value;

  clear_source (&self->retry);
  if (self->checking)
    return;
  g_hash_table_iter_init (&iter, self->refused);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (!((const Refused *) value)->is_underway)
      next_usec = MIN (next_usec, ((const Refused *) value)->due_usec);
  if (next_usec == G_MAXINT64)
    return;
  self->retry = g_timeout_source_new ((guint) (MAX (next_usec - g_get_monotonic_time (), 0) / 1000));
  g_source_set_callback (self->retry, on_retry, self, NULL);
  g_source_attach (self->retry, NULL);
}

static gint64
wait_sec (guint tries)
{
  return MIN ((gint64) JAIL_TRUTH_FIRST_RETRY_SEC << MIN (tries, 10), JAIL_TRUTH_MAX_RETRY_SEC);
}

void
jail_truth_refused (gpointer user_data, Ticket *ticket, GPtrArray *actions)
{
  Jail *jail = user_data;
  JailTruth *self = jail->truth;
  Refused *refused = g_hash_table_lookup (self->refused, ticket);

  if (!ban_list_holds (jail->bans, ticket))
    return;
  if (refused == NULL)
    {
      refused = g_new0 (Refused, 1);
      g_hash_table_insert (self->refused, ticket_ref (ticket), refused);
    }
  g_clear_pointer (&refused->actions, g_ptr_array_unref);
  refused->actions = g_ptr_array_ref (actions);
  gint64 seconds = wait_sec (refused->tries);
  refused->due_usec = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  /* Of the first time the queue's error has just told, in the reference's words; who reads along finds no more than that. */
  if (refused->tries++ > 0)
    log_warning (jail->log, LOGGER_ACTIONS, "[%s] %s is not in force, trying again in %" G_GINT64_FORMAT " s", jail->name,
                 address_peek_text (ticket_peek_id (ticket)), seconds);
  if (self->retry == NULL)
    arm_retry (self);
}

void
jail_truth_retry_now (JailTruth *self)
{
  retry_until (self, G_MAXINT64);
  arm_retry (self);
}

guint
jail_truth_count_refused (const JailTruth *self)
{
  return g_hash_table_size (self->refused);
}

/* --- bans come and go ---------------------------------------------------------------------------------------------------------- */

void
jail_truth_banned (JailTruth *self)
{
  Jail *jail = self->jail;

  if (ban_list_get_size (jail->bans) == 0)
    return;
  if (self->watcher != NULL)
    firewall_watch_look (jail->services->watch);
  else if (action_queue_is_for_firewall (jail->actions))
    self->watcher = firewall_watch_add (jail->services->watch, on_suspicion, self);
  else
    return;
  if (self->restore != NULL || self->checking || action_queue_get_ban_epoch (jail->actions) == self->epoch)
    return;
  self->restore = g_timeout_source_new (JAIL_TRUTH_RESTORE_MSEC);
  g_source_set_callback (self->restore, on_restore, self, NULL);
  g_source_attach (self->restore, NULL);
}

void
jail_truth_ended (JailTruth *self, const Ticket *ticket)
{
  if (ticket != NULL)
    (void) g_hash_table_remove (self->refused, ticket);
  if (ban_list_get_size (self->jail->bans) > 0)
    return;
  g_hash_table_remove_all (self->refused);
  clear_source (&self->retry);
  clear_source (&self->restore);
  g_clear_pointer (&self->watcher, firewall_watch_remove);
}

JailTruth *
jail_truth_new (Jail *jail)
{
  JailTruth *self = g_new0 (JailTruth, 1);

  self->jail = jail;
  self->refused = g_hash_table_new_full (NULL, NULL, (GDestroyNotify) ticket_unref, refused_free);
  return self;
}

void
jail_truth_free (JailTruth *self)
{
  if (self == NULL)
    return;
  clear_source (&self->retry);
  clear_source (&self->restore);
  firewall_watch_remove (self->watcher);
  g_hash_table_unref (self->refused);
  g_free (self);
}
