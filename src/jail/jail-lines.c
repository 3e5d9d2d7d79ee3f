#include "jail/jail-private.h"

#include "action/action-info.h"
#include "action/tags.h"
#include "compat/py-repr.h"
#include "jail/ban-increase.h"

/* Entries of the database's log of failures that are cleaned at a time, and how long after it goes on. */
#define CLEAN_STORE_MIN  1000
#define CLEAN_STORE_MSEC 500

typedef enum
{
  PENDING_FAILURE, /* found in a line */
  PENDING_ATTEMPT, /* reported by hand */
  PENDING_RESTORE, /* banned before the restart */
} PendingKind;

/* Something about an offender that waits for its turn. */
typedef struct
{
  PendingKind kind;
  Ticket *ticket; /* of a host: without its id yet */
  char *host;     /* a name to look up first; NULL: none */
  gboolean warn;  /* say what the name was taken for */
  double count;
  JailCountDone done; /* attempts */
  gpointer user_data;
} Pending;

static void run (Jail *self);

static void
pending_clear (Pending *pending)
{
  ticket_unref (pending->ticket);
  g_free (pending->host);
}

static void
pending_free (Pending *pending)
{
  pending_clear (pending);
  g_free (pending);
}

/* --- what a decision does -------------------------------------------------------------------------------------------------- */

static void arm_clean (Jail *self, gint64 next_usec);

static gboolean
on_clean (gpointer user_data)
{
  Jail *self = user_data;
  gint64 next_usec = fail_counter_clean (self->failures, jail_now_usec (self));

  g_clear_pointer (&self->clean, g_source_unref);
  jail_lines_save (self);
  if (next_usec != 0)
    arm_clean (self, next_usec);
  return G_SOURCE_REMOVE;
}

/* Not more often than every five seconds (1.1.2's interval), not later than in an hour (the time of day can be set). */
static void
arm_clean (Jail *self, gint64 next_usec)
{
  gint64 wait_usec;

  if (self->clean != NULL)
    return;
  wait_usec = CLAMP (next_usec - jail_now_usec (self), 5 * G_USEC_PER_SEC, G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC);
  self->clean = g_timeout_source_new ((guint) (wait_usec / 1000));
  g_source_set_callback (self->clean, on_clean, self, NULL);
  g_source_attach (self->clean, NULL);
}

static void
ban_when_over_limit (Jail *self, const Address *id)
{
  g_autoptr (Ticket) over = fail_counter_take_over_limit (self->failures, id);

  if (over != NULL)
    jail_bans_put (self, over);
}

static void
count_failure (Jail *self, Ticket *ticket, double count)
{
  double retry = fail_counter_add (self->failures, ticket, count);

  if (log_enabled (self->log, LOG_LEVEL_DEBUG))
    {
      g_autofree char *summary = fail_counter_dup_summary (self->failures);

      log_debug (self->log, "fail2ban.failmanager",
                 "Total # of detected failures: %" G_GUINT64_FORMAT ". Current failures from %u IPs (IP:count): %s",
                 fail_counter_get_total (self->failures), fail_counter_get_size (self->failures), summary);
    }
  if (retry >= (double) fail_counter_get_max_retry (self->failures))
    ban_when_over_limit (self, ticket_peek_id (ticket));
  if (ban_increase_count_failure (self, ticket))
    ban_when_over_limit (self, ticket_peek_id (ticket));
  arm_clean (self, ticket_get_time_usec (ticket) + self->find_time_usec);
}

/* "[sshd] Found 192.0.2.1 - 2025-08-14 10:00:00": the line that a busy server writes most, so without a format. */
static void
log_failure (Jail *self, const char *what, const Ticket *ticket)
{
  const Address *id = ticket_peek_id (ticket);
  const char *time;

  if (!log_enabled (self->log, LOG_LEVEL_INFO))
    return;
  time = jail_time_text (&self->services->last_time, ticket_get_time_usec (ticket));
  const LogPart parts[] = {
    { "[", 1 },
    { self->name, strlen (self->name) },
    { what, strlen (what) },
    { address_peek_text (id), address_get_length (id) },
    { " - ", 3 },
    { time, strlen (time) },
  };
  log_write_parts (self->log, LOG_LEVEL_INFO, LOGGER_FILTER, __func__, parts, G_N_ELEMENTS (parts));
}

/* What the record of an offender makes of a ticket concerns this jail only. */
static void
own_ticket (Pending *pending)
{
  Ticket *common = pending->ticket;

  pending->ticket = ticket_copy (common);
  ticket_unref (common);
}

static void
decide_failure (Jail *self, Pending *pending)
{
  if (ticket_is_common (pending->ticket) && ban_time_is_increasing (self->ban_time))
    own_ticket (pending);
  log_failure (self, "] Found ", pending->ticket);
  count_failure (self, pending->ticket, pending->count);
}

static void
decide_attempt (Jail *self, Pending *pending)
{
  log_failure (self, "] Attempt ", pending->ticket);
  count_failure (self, pending->ticket, pending->count);
}

static void
decide_restore (Jail *self, Pending *pending)
{
  if (!ticket_is_over (pending->ticket, jail_now_usec (self), ban_list_get_ban_time_usec (self->bans)))
    jail_bans_put (self, pending->ticket);
}

static void
decide (Jail *self, Pending *pending, gboolean ignored)
{
  static void (*const deciders[]) (Jail *, Pending *) = {
    [PENDING_FAILURE] = decide_failure,
    [PENDING_ATTEMPT] = decide_attempt,
    [PENDING_RESTORE] = decide_restore,
  };

  if (!ignored)
    deciders[pending->kind](self, pending);
  if (pending->done != NULL)
    pending->done (self, ignored ? 0 : 1, NULL, pending->user_data);
}

/* --- one after the other ---------------------------------------------------------------------------------------------------- */

/* Something that was waited for is there.  Other jails wait for it, too, mostly: one transaction for all. */
static void
go_on (Jail *self)
{
  jail_log_begin_slice (self);
  run (self);
  jail_log_end_slice (self);
  jail_log_update (self);
}

/* A failure for each address of the name takes the place of the one that waited. */
static void
spread (Jail *self, AddressSet *addresses)
{
  Pending *pending = g_queue_pop_head (&self->pending);
  g_autoptr (GString) shown = g_string_new (NULL);

  for (guint i = address_set_size (addresses); i-- > 0;)
    {
      const Address *address = address_set_peek (addresses, i);
      Pending *one = g_new0 (Pending, 1);

      one->kind = pending->kind;
      one->count = pending->count;
      one->ticket = ticket_copy (pending->ticket);
      ticket_set_id (one->ticket, address);
      g_queue_push_head (&self->pending, one);
    }
  if (pending->warn && address_set_size (addresses) > 0)
    {
      for (guint i = 0; i < address_set_size (addresses); i++)
        g_string_append_printf (shown, "%s'%s'", i > 0 ? ", " : "",
                                address_peek_text (address_set_peek (addresses, i)));
      log_warning (self->log, "fail2ban.ipdns", "Determined IP using DNS Lookup: %s = {%s}", pending->host, shown->str);
    }
  pending_free (pending);
}

static void
on_name (const char *name, AddressSet *addresses, gpointer user_data)
{
  Jail *self = user_data;

  self->query = NULL;
  self->asking = FALSE;
  spread (self, addresses);
  go_on (self);
}

static void
on_ignore_answer (gboolean ignored, gpointer user_data)
{
  Jail *self = user_data;
  Pending *pending = g_queue_pop_head (&self->pending);

  self->asking = FALSE;
  decide (self, pending, ignored);
  pending_free (pending);
  go_on (self);
}

/* FALSE: the answer comes later. */
static gboolean
run_head (Jail *self, Pending *pending)
{
  AddressSet *addresses;

  if (pending->host != NULL)
    {
      if (!resolver_peek_name (self->services->resolver, pending->host, -1, &addresses))
        {
          self->query = resolver_query_name (self->services->resolver, pending->host, -1, on_name, self);
          return FALSE;
        }
      spread (self, addresses);
      return TRUE;
    }
  switch (ignore_list_ask (self->ignore, pending->ticket, on_ignore_answer, self))
    {
    case IGNORE_LATER:
      return FALSE;
    case IGNORE_YES:
      g_queue_pop_head (&self->pending);
      decide (self, pending, TRUE);
      break;
    case IGNORE_NO:
      g_queue_pop_head (&self->pending);
      decide (self, pending, FALSE);
      break;
    }
  pending_free (pending);
  return TRUE;
}

static void
run (Jail *self)
{
  while (!self->asking && self->pending.head != NULL)
    self->asking = !run_head (self, self->pending.head->data);
}

static void
push (Jail *self, Pending *pending)
{
  g_queue_push_tail (&self->pending, pending);
  run (self);
}

/* Most have nothing to wait for, and nobody before them: then without the queue.  Takes what pending has. */
static void
take (Jail *self, Pending *pending)
{
  IgnoreAnswer answer;

  if (pending->host != NULL || self->asking || self->pending.head != NULL)
    {
      push (self, g_memdup2 (pending, sizeof *pending));
      return;
    }
  answer = ignore_list_ask (self->ignore, pending->ticket, on_ignore_answer, self);
  if (answer == IGNORE_LATER)
    {
      self->asking = TRUE;
      g_queue_push_tail (&self->pending, g_memdup2 (pending, sizeof *pending));
      return;
    }
  decide (self, pending, answer == IGNORE_YES);
  pending_clear (pending);
}

gboolean
jail_lines_are_decided (const Jail *self)
{
  return self->pending.head == NULL && self->waiting.head == NULL;
}

void
jail_lines_clear (Jail *self)
{
  Pending *pending;

  resolver_cancel (g_steal_pointer (&self->query));
  ignore_list_cancel (self->ignore);
  self->asking = FALSE;
  while ((pending = g_queue_pop_head (&self->pending)) != NULL)
    {
      if (pending->done != NULL)
        pending->done (self, 0, NULL, pending->user_data);
      pending_free (pending);
    }
  if (self->clean != NULL)
    g_source_destroy (self->clean);
  g_clear_pointer (&self->clean, g_source_unref);
  if (self->clean_store != NULL)
    g_source_destroy (self->clean_store);
  g_clear_pointer (&self->clean_store, g_source_unref);
}

/* --- what comes in ------------------------------------------------------------------------------------------------------------ */

static Ticket *
new_ticket (Failure *failure)
{
  g_autoptr (Address) name = NULL;

  if (failure_has_id (failure))
    return ticket_new (failure_peek_id (failure), failure->time_usec);
  name = address_new_raw (failure->host, -1);
  return ticket_new (name, failure->time_usec);
}

static Ticket *
make_ticket (Failure *failure)
{
  Ticket *ticket = new_ticket (failure);
  gint64 now_usec = failure->now_usec;

  failure_give_data (failure, ticket);
  /* Lines of the future (a wrong zone) count as now, so that they cannot ban for longer. */
  ticket_set_time_usec (ticket, MIN (failure->time_usec, now_usec),
                        failure->time_usec > now_usec || !failure->time_is_int);
  ticket_set_first_time_usec (ticket, ticket_get_time_usec (ticket));
  return ticket;
}

/* Jails that are told of the same failure have one ticket together until they count more. */
static Ticket *
take_ticket (Failure *failure)
{
  Ticket *ticket = failure_peek_ticket (failure);

  if (ticket != NULL)
    return ticket_ref (ticket);
  ticket = make_ticket (failure);
  if (failure->host != NULL || ticket_get_attempts (ticket) > 0 || ticket_get_retry (ticket) != 1)
    return ticket;
  ticket_set_attempts (ticket, 1); /* as the counter would do it */
  failure_keep_ticket (failure, ticket);
  return ticket;
}

void
jail_lines_take_failure (Jail *self, Failure *failure)
{
  Pending pending = { .kind = PENDING_FAILURE, .count = 1, .warn = failure->resolve_warn };

  if (!failure_has_id (failure) && failure->host == NULL)
    return;
  if (failure_has_id (failure))
    fail_counter_expect (self->failures, failure_peek_id (failure));
  pending.host = g_strdup (failure->host);
  pending.ticket = take_ticket (failure);
  take (self, &pending);
}

void
jail_lines_restore (Jail *self, Ticket *ticket)
{
  Pending *pending = g_new0 (Pending, 1);

  pending->kind = PENDING_RESTORE;
  pending->ticket = ticket;
  push (self, pending);
}

typedef struct
{
  Jail *jail;
  guint count;
  GError *error;
  JailCountDone done;
  gpointer user_data;
} Answer;

static gboolean
on_answer (gpointer user_data)
{
  Answer *answer = user_data;

  answer->done (answer->jail, answer->count, answer->error, answer->user_data);
  g_clear_error (&answer->error);
  g_free (answer);
  return G_SOURCE_REMOVE;
}

/* The answer never comes before jail_attempt has returned. */
static void
answer_later (Jail *jail, guint count, const GError *error, gpointer user_data)
{
  Answer *answer = user_data;

  answer->count = count;
  answer->error = error != NULL ? g_error_copy (error) : NULL;
  g_idle_add_full (G_PRIORITY_DEFAULT, on_answer, answer, NULL);
}

void
jail_attempt (Jail *self, const char *id, PyValue *matches, JailCountDone done, gpointer user_data)
{
  Answer *answer = g_new0 (Answer, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (Address) address = address_parse (id, -1, &error);
  Pending *pending;

  *answer = (Answer){ .jail = self, .done = done, .user_data = user_data };
  if (address == NULL)
    {
      answer_later (self, 0, error, answer);
      return;
    }
  pending = g_new0 (Pending, 1);
  pending->kind = PENDING_ATTEMPT;
  pending->ticket = ticket_new (address, jail_now_usec (self));
  ticket_set_time_usec (pending->ticket, jail_now_usec (self), TRUE);
  for (guint i = 0; i < py_seq_length (matches); i++)
    ticket_take_match (pending->ticket, py_value_ref (py_seq_peek (matches, i)));
  pending->count = MAX (py_seq_length (matches), 1);
  pending->done = answer_later;
  pending->user_data = answer;
  push (self, pending);
  jail_lines_save (self);
}

/* --- what stays ------------------------------------------------------------------------------------------------------------------ */

/* Where failures go, and what went wrong first. */
typedef struct
{
  Jail *jail;
  BanStore *store;
  GError *error;
} Saving;

static GError **
problem_of (Saving *saving)
{
  return saving->error == NULL ? &saving->error : NULL;
}

static void
report_problem (Saving *saving)
{
  if (saving->error != NULL)
    jail_store_failed (saving->jail, saving->error);
  g_clear_error (&saving->error);
}

static guint32
put_failure (Saving *saving, Ticket *ticket)
{
  const char *jail = saving->jail->name;
  guint32 row = ban_store_get_failure_row (saving->store, jail);

  (void) ban_store_put_failure (saving->store, jail, ticket, problem_of (saving));
  return row;
}

static guint32
save_change (Ticket *ticket, gboolean is_there, gpointer user_data)
{
  Saving *saving = user_data;

  if (is_there)
    return put_failure (saving, ticket);
  (void) ban_store_drop_failure (saving->store, saving->jail->name, ticket_peek_id (ticket), problem_of (saving));
  return 0;
}

/* What of a row that goes has to be put again: the store does it when this returns. */
static Ticket *
last_put (const Address *id, guint32 row, gpointer user_data)
{
  Jail *self = user_data;

  if (fail_counter_get_mark (self->failures, id) != row)
    return NULL;
  fail_counter_set_mark (self->failures, id, ban_store_get_failure_row (jail_peek_store (self), self->name));
  return fail_counter_peek (self->failures, id);
}

static gboolean
on_clean_store (gpointer user_data)
{
  Jail *self = user_data;

  g_clear_pointer (&self->clean_store, g_source_unref);
  jail_lines_save (self);
  return G_SOURCE_REMOVE;
}

/* As many old entries as there may be new ones, and some more; the rest a moment later. */
static void
clean_store (Jail *self, BanStore *store, guint budget)
{
  guint count = fail_counter_get_size (self->failures);
  guint cleaned = 1;

  for (guint done = 0; done < budget && cleaned > 0 && ban_store_failures_are_stale (store, self->name, count); done += cleaned)
    cleaned = ban_store_clean_failures (store, self->name, last_put, self);
  if (self->clean_store != NULL || !ban_store_failures_are_stale (store, self->name, count))
    return;
  self->clean_store = g_timeout_source_new (CLEAN_STORE_MSEC);
  g_source_set_callback (self->clean_store, on_clean_store, self, NULL);
  g_source_attach (self->clean_store, NULL);
}

/* They are written anew, so that it is known in which row each of them is. */
void
jail_lines_restore_failures (Jail *self)
{
  BanStore *store = jail_peek_store (self);
  Saving saving = { .jail = self, .store = store };
  g_autoptr (GPtrArray) tickets = NULL;

  if (store == NULL)
    return;
  tickets = ban_store_get_failures (store, self->name, &saving.error);
  if (tickets != NULL && tickets->len > 0)
    {
      ban_store_begin (store);
      (void) ban_store_drop_failures (store, self->name, &saving.error);
      for (guint i = 0; i < tickets->len; i++)
        {
          Ticket *ticket = tickets->pdata[i];

          fail_counter_restore (self->failures, ticket);
          fail_counter_set_mark (self->failures, ticket_peek_id (ticket), put_failure (&saving, ticket));
        }
      (void) ban_store_commit (store, problem_of (&saving));
      arm_clean (self, ticket_get_time_usec (tickets->pdata[0]) + self->find_time_usec);
    }
  report_problem (&saving);
}

void
jail_lines_save (Jail *self)
{
  BanStore *store = jail_peek_store (self);
  Saving saving = { .jail = self, .store = store };
  guint count = fail_counter_count_changes (self->failures);

  /* What was decided after something that is still open is written with it: the position has to stand behind both. */
  if (store == NULL || !jail_lines_are_decided (self))
    return;
  ban_store_begin (store);
  fail_counter_take_changes (self->failures, save_change, &saving);
  clean_store (self, store, CLEAN_STORE_MIN + 2 * count);
  jail_log_save_positions (self, count > 0);
  (void) ban_store_commit (store, problem_of (&saving));
  report_problem (&saving);
}

/* --- tags of ignorecommand and ignorecache ----------------------------------------------------------------------------------------- */

static GString *
look_up_tag (const char *name, gboolean field, gpointer user_data)
{
  ActionInfo *info = user_data;
  PyValue *value = field ? action_info_peek_field (info, name) : action_info_peek (info, name);
  g_autofree char *text = NULL;
  gsize len;

  if (value == NULL)
    return NULL;
  text = py_str (value, &len);
  return g_string_new_len (text, (gssize) len);
}

ShellCommand *
jail_lines_expand (const char *text, Ticket *ticket, gpointer user_data)
{
  Jail *self = user_data;
  g_autoptr (ActionInfo) info
      = action_info_new (ticket, jail_now_usec (self), self->name, &self->funcs, self, NULL, self->log);
  const Address *id = ticket_peek_id (ticket);
  const char *host = NULL;

  if (tags_contain (text, "ip-host") && address_is_ip (id) && resolver_peek_address (self->services->resolver, id, &host))
    action_info_set_host (info, host); /* the ignore list has waited for it */
  return tags_replace_dynamic (text, strlen (text), look_up_tag, info);
}
