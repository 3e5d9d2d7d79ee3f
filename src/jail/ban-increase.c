#include "jail/ban-increase.h"

#include "base/duration.h"
#include "compat/py-repr.h"

/* Actions learn of a longer time this long before the first one is over, but within ten seconds (1.1.2: banFound). */
#define PROLONG_MARGIN_SEC 5
#define PROLONG_MAX_SEC    10

void
ban_increase_clear (BanIncrease *self)
{
  g_clear_pointer (&self->bad, g_free);
  g_clear_pointer (&self->increased, g_free);
}

/* FALSE: nothing is known, or the question does not arise. */
static gboolean
get_history (Jail *self, const Ticket *ticket, gboolean all_jails, BanStoreHistory *ret_history)
{
  BanStore *store = jail_peek_store (self);
  g_autoptr (GError) error = NULL;

  if (store == NULL || !self->alive || !ban_time_is_increasing (self->ban_time))
    return FALSE;
  if (ban_store_get_history (store, self->name, ticket_peek_id (ticket), all_jails, ret_history, &error))
    return TRUE;
  if (error != NULL)
    jail_store_failed (self, error);
  return FALSE;
}

/* The new time of the ban, or NULL when nothing changes. */
static PyValue *
increase (Jail *self, Ticket *ticket, gint64 ban_time_sec, BanIncrease *ret)
{
  BanStoreHistory history;
  g_autoptr (PyValue) time = NULL;
  g_autoptr (GError) error = NULL;

  if (ban_time_sec <= 0 || !get_history (self, ticket, ban_time_is_over_all_jails (self->ban_time), &history))
    return NULL;
  if (history.ban_count >= ticket_get_ban_count (ticket))
    ticket_set_ban_count (ticket, history.ban_count + 1);
  log_debug (self->log, LOGGER_OBSERVER, "IP %s was already banned: %u #, %" G_GINT64_FORMAT,
             address_peek_text (ticket_peek_id (ticket)), history.ban_count, history.time_usec / G_USEC_PER_SEC);
  if (history.ban_count > 0)
    time = ban_time_calculate (self->ban_time, ban_time_sec, history.ban_count, g_rand_double (self->services->random),
                               &error);
  else
    time = py_int_new (ban_time_sec);
  if (time == NULL)
    {
      log_error (self->log, LOGGER_OBSERVER, "%s", error->message);
      return NULL;
    }
  if (ticket_get_time_usec (ticket) > history.time_usec)
    {
      g_autofree char *last = jail_format_time (history.time_usec);
      g_autofree char *from = duration_format ((double) ban_time_sec);
      g_autofree char *to = duration_format_value (time);

      ret->bad = g_strdup_printf ("[%s] IP %s is bad: %u # last %s - incr %s to %s", self->name,
                                  address_peek_text (ticket_peek_id (ticket)), history.ban_count, last, from, to);
    }
  else
    ret->store = FALSE; /* a line read again: this ban is in the database already */
  return g_steal_pointer (&time);
}

static void
announce (Jail *self, const Ticket *ticket, const PyValue *time, double before_sec, BanIncrease *ret)
{
  double seconds = 0;
  g_autofree char *length = NULL, *end = NULL;

  (void) py_value_to_double (time, &seconds);
  if (seconds == -1)
    {
      length = g_strdup ("permanent");
      end = g_strdup ("infinite");
    }
  else
    {
      length = duration_format_value (time);
      end = jail_format_time (ticket_get_end_usec (ticket, 0));
    }
  ret->increased
      = g_strdup_printf ("[%s] Increase Ban %s (%u # %s -> %s)", self->name,
                         address_peek_text (ticket_peek_id (ticket)), ticket_get_ban_count (ticket), length, end);
  ret->prolong_after_usec
      = (gint64) (CLAMP (seconds - before_sec - PROLONG_MARGIN_SEC, 0, PROLONG_MAX_SEC) * G_USEC_PER_SEC);
}

void
ban_increase_apply (Jail *self, Ticket *ticket, BanIncrease *ret)
{
  gint64 ban_time_sec = ban_list_get_ban_time_sec (self->bans);
  double seconds = (double) ban_time_sec;

  *ret = (BanIncrease){ .store = TRUE, .prolong_after_usec = -1 };
  if (ban_time_sec != -1 && ticket_peek_ban_time (ticket) == NULL)
    {
      PyValue *time = increase (self, ticket, ban_time_sec, ret);

      if (time != NULL)
        {
          ticket_take_ban_time (ticket, time);
          ban_list_update (self->bans, ticket);
          (void) py_value_to_double (time, &seconds);
        }
    }
  if (ticket_is_over (ticket, jail_now_usec (self), ban_list_get_ban_time_usec (self->bans)))
    {
      log_debug (self->log, LOGGER_OBSERVER, "Ignore old bantime of %s", address_peek_text (ticket_peek_id (ticket)));
      ret->store = FALSE;
      return;
    }
  if (seconds != (double) ban_time_sec)
    announce (self, ticket, ticket_peek_ban_time (ticket), (double) ban_time_sec, ret);
}

gboolean
ban_increase_count_failure (Jail *self, Ticket *ticket)
{
  BanStoreHistory history;
  gint64 max_retry = fail_counter_get_max_retry (self->failures);
  g_autoptr (PyValue) count = NULL;
  g_autofree char *shown = NULL, *time = NULL;
  double retry;

  if (!get_history (self, ticket, FALSE, &history))
    return FALSE;
  history.ban_count = MAX (history.ban_count, ticket_get_ban_count (ticket));
  /* Half of two to the power of the bans, and one: 1.1.2 divides, so it shows a float, unless maxretry is less. */
  retry = (double) (1 << MIN (history.ban_count, 20)) / 2 + 1;
  if ((double) max_retry < retry)
    count = py_int_new (max_retry);
  else
    count = py_float_new (retry);
  retry = MIN (retry, (double) max_retry);
  if (ticket_get_time_usec (ticket) <= history.time_usec)
    {
      log_debug (self->log, LOGGER_OBSERVER, "[%s] Ignore failure %s before last ban, restored", self->name,
                 address_peek_text (ticket_peek_id (ticket)));
      return FALSE;
    }
  if (retry <= 1)
    return FALSE;
  shown = py_repr (count);
  time = jail_format_time (ticket_get_time_usec (ticket));
  log_info (self->log, LOGGER_OBSERVER, "[%s] Found %s, bad - %s, %u # -> %s%s", self->name,
            address_peek_text (ticket_peek_id (ticket)), time, history.ban_count, shown,
            retry >= (double) max_retry ? ", Ban" : "");
  retry = fail_counter_add_known (self->failures, ticket, retry - 1);
  if (history.ban_count > ticket_get_ban_count (ticket))
    ticket_set_ban_count (ticket, history.ban_count);
  return retry >= (double) max_retry;
}
