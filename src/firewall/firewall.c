#include "firewall/firewall.h"

#include <gio/gio.h>
#include <string.h>

#include "base/child.h"
#include "firewall/firewall-command.h"
#include "firewall/iptables-legacy.h"
#include "firewall/iptables-restore.h"
#include "firewall/xtables-lock.h"

/* A restore of some thousand lines takes under a second; what takes longer hangs. */
#define RESTORE_TIMEOUT_USEC (60 * G_USEC_PER_SEC)
#define MAX_RESTORED_DELETES 128

/* A command that hangs must not keep all others from banning. */
#define HOLD_PATIENCE_MSEC 1000

/* Without -w iptables gives up at once.  Then the shell is asked, and gives the same answer in iptables' own words; but first we wait
 * for as long as one of our own changes may take. */
#define UNASKED_WAIT_USEC (G_USEC_PER_SEC / 2)

struct FirewallJob
{
  Firewall *firewall;
  FirewallCommand *command;
  gint64 deadline_usec;
  FirewallDone done; /* NULL: cancelled */
  gpointer user_data;
  GList link; /* in pending */
  gboolean is_pending;
};

/* What goes into one transaction. */
typedef struct
{
  Firewall *firewall; /* NULL: gone; only the thread's work is waited for */
  GPtrArray *jobs;    /* of FirewallJob, owned */
  IptablesVariant variant;
  char *path;
  gboolean is_ipv6;
  char *table;

  guint n_deletes;
  guint n;
  GPtrArray **elements; /* of IptablesCommand, lent by the jobs */
  gboolean *done;

  XtablesLock *lock;
  gboolean in_thread;
  Child *child;
  gboolean *left_out; /* for iptables-restore: did not work */
  GQueue spans;       /* of Span: still to be restored */
} Batch;

typedef struct
{
  guint from, to;
} Span;

struct Firewall
{
  GQueue pending; /* of FirewallJob, by their links */
  GQueue batches; /* of Batch: made of what was pending, to be carried out one after the other */
  Batch *current;
  GSource *starter;
  FirewallPrograms *programs; /* forgotten with every round */
  GPtrArray *holds;           /* of FirewallHold, not owned */
  gboolean telling, gone;
};

/* --- jobs ------------------------------------------------------------------------------------------------------------ */

static void
job_free (gpointer data)
{
  FirewallJob *job = data;

  firewall_command_free (job->command);
  g_free (job);
}

static void
batch_free (Batch *batch)
{
  g_ptr_array_unref (batch->jobs);
  g_free (batch->path);
  g_free (batch->table);
  g_free (batch->elements);
  g_free (batch->done);
  g_free (batch->left_out);
  xtables_lock_free (batch->lock);
  child_cancel (batch->child);
  g_queue_clear_full (&batch->spans, g_free);
  g_free (batch);
}

struct FirewallHold
{
  Firewall *firewall;
  FirewallReady ready;
  gpointer user_data;
  GSource *source;  /* calls ready; later: loses patience */
  gboolean is_over; /* we lost it */
};

static void start_next (Firewall *self);
static void tell_holds (Firewall *self);
static void schedule (Firewall *self);

/* Everybody hears what became of his command. */
static void
finish_batch (Batch *batch)
{
  Firewall *self = batch->firewall;

  g_clear_pointer (&batch->lock, xtables_lock_free);
  self->current = NULL;
  self->telling = TRUE;
  for (guint i = 0; i < batch->jobs->len && !self->gone; i++)
    {
      FirewallJob *job = batch->jobs->pdata[i];
      FirewallDone done = job->done;
      job->done = NULL;
      if (done != NULL)
        done (batch->done[i], job->user_data);
    }
  self->telling = FALSE;
  batch_free (batch);
  if (self->gone)
    {
      g_free (self);
      return;
    }
  tell_holds (self);
  start_next (self);
}

/* --- legacy: a thread changes the table ------------------------------------------------------------------------------ */

static void
apply_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Batch *batch = data;

  iptables_legacy_apply (batch->table, batch->is_ipv6, batch->elements, batch->n, batch->done);
  g_task_return_boolean (task, TRUE);
}

static void
on_applied (GObject *source, GAsyncResult *result, gpointer data)
{
  Batch *batch = data;

  batch->in_thread = FALSE;
  if (batch->firewall != NULL)
    finish_batch (batch);
  else
    batch_free (batch);
}

static void
on_lock (gboolean held, gpointer data)
{
  Batch *batch = data;

  if (!held)
    {
      finish_batch (batch);
      return;
    }
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_applied, batch);
  g_task_set_task_data (task, batch, NULL);
  batch->in_thread = TRUE;
  g_task_run_in_thread (task, apply_in_thread);
}

static void
start_legacy (Batch *batch)
{
  gint64 deadline_usec = 0;

  for (guint i = 0; i < batch->jobs->len; i++)
    deadline_usec = MAX (deadline_usec, ((const FirewallJob *) batch->jobs->pdata[i])->deadline_usec);
  batch->lock = xtables_lock_new (deadline_usec, on_lock, batch);
}

/* --- nf_tables: iptables-restore does -------------------------------------------------------------------------------- */

static void restore_next (Batch *batch);

static void
push_span (Batch *batch, guint from, guint to)
{
  if (from >= to)
    return;
  Span *span = g_new (Span, 1);
  span->from = from;
  span->to = to;
  g_queue_push_head (&batch->spans, span);
}

static void
set_done (Batch *batch, const Span *span)
{
  for (guint i = span->from; i < span->to; i++)
    batch->done[i] = !batch->left_out[i];
}

/* Nothing of the span took effect.  One that is named is left out, otherwise halves are tried. */
static void
split_span (Batch *batch, const Span *span, const ChildResult *result)
{
  gsize size;
  const char *errors = g_bytes_get_data (result->errors, &size);
  int culprit = iptables_restore_find_culprit (errors, size, batch->elements, batch->left_out, span->from, span->to);
  guint middle = span->from + (span->to - span->from) / 2;

  if (result->timed_out || !result->ended)
    return; /* all of it is for the shell */
  if (culprit >= 0)
    {
      batch->left_out[culprit] = TRUE;
      push_span (batch, span->from, span->to);
    }
  else if (span->to - span->from > 1)
    {
      push_span (batch, middle, span->to);
      push_span (batch, span->from, middle);
    }
}

static void
on_restored (const ChildResult *result, gpointer data)
{
  Batch *batch = data;
  g_autofree Span *span = g_queue_pop_head (&batch->spans);

  batch->child = NULL;
  if (result->ended && result->status == 0)
    set_done (batch, span);
  else
    split_span (batch, span, result);
  restore_next (batch);
}

/* The span at the head of the queue stays there while it is restored. */
static void
restore_next (Batch *batch)
{
  const char *const argv[] = { batch->is_ipv6 ? "ip6tables-restore" : "iptables-restore", "--noflush", "-w", NULL };
  const Span *span;

  while ((span = g_queue_peek_head (&batch->spans)) != NULL)
    {
      g_autoptr (GBytes) input
          = iptables_restore_write (batch->table, batch->elements, batch->left_out, span->from, span->to);
      if (input != NULL)
        {
          ChildSpec spec = { .argv = argv, .path = batch->path, .input = input, .timeout_usec = RESTORE_TIMEOUT_USEC };
          batch->child = child_start (&spec, on_restored, batch, NULL, NULL);
          if (batch->child != NULL)
            return;
        }
      g_free (g_queue_pop_head (&batch->spans));
    }
  finish_batch (batch);
}

static void
start_nft (Batch *batch)
{
  batch->left_out = g_new0 (gboolean, batch->n);
  push_span (batch, 0, batch->n);
  restore_next (batch);
}

/* --- who wants the legacy tables for himself --------------------------------------------------------------------------- */

static gboolean
on_hold_over (gpointer data)
{
  FirewallHold *hold = data;

  g_source_unref (g_steal_pointer (&hold->source));
  hold->is_over = TRUE;
  schedule (hold->firewall);
  return G_SOURCE_REMOVE;
}

static gboolean
on_hold_ready (gpointer data)
{
  FirewallHold *hold = data;

  g_source_unref (g_steal_pointer (&hold->source));
  hold->source = g_timeout_source_new (HOLD_PATIENCE_MSEC);
  g_source_set_callback (hold->source, on_hold_over, hold, NULL);
  g_source_attach (hold->source, NULL);
  FirewallReady ready = hold->ready;
  hold->ready = NULL;
  ready (hold->user_data);
  return G_SOURCE_REMOVE;
}

/* Nothing of ours is on its way to the legacy tables. */
static void
tell_holds (Firewall *self)
{
  if (self->current != NULL && self->current->variant == IPTABLES_LEGACY)
    return;
  for (guint i = 0; i < self->holds->len; i++)
    {
      FirewallHold *hold = self->holds->pdata[i];
      if (hold->ready == NULL || hold->source != NULL)
        continue;
      hold->source = g_idle_source_new ();
      g_source_set_priority (hold->source, G_PRIORITY_DEFAULT);
      g_source_set_callback (hold->source, on_hold_ready, hold, NULL);
      g_source_attach (hold->source, NULL);
    }
}

FirewallHold *
firewall_hold (Firewall *self, FirewallReady ready, gpointer user_data)
{
  g_return_val_if_fail (self != NULL && ready != NULL, NULL);

  FirewallHold *hold = g_new0 (FirewallHold, 1);
  hold->firewall = self;
  hold->ready = ready;
  hold->user_data = user_data;
  g_ptr_array_add (self->holds, hold);
  tell_holds (self);
  return hold;
}

void
firewall_release (FirewallHold *hold)
{
  if (hold == NULL)
    return;
  Firewall *self = hold->firewall;
  (void) g_ptr_array_remove (self->holds, hold);
  if (hold->source != NULL)
    g_source_destroy (hold->source);
  g_clear_pointer (&hold->source, g_source_unref);
  g_free (hold);
  schedule (self);
}

gboolean
firewall_wants_hold (const char *text)
{
  return (strstr (text, "iptables") != NULL || strstr (text, "ip6tables") != NULL) && strstr (text, " -w") == NULL
         && strstr (text, " --wait") == NULL;
}

/* --- batches --------------------------------------------------------------------------------------------------------- */

static gboolean
is_held (const Firewall *self)
{
  for (guint i = 0; i < self->holds->len; i++)
    if (!((const FirewallHold *) self->holds->pdata[i])->is_over)
      return TRUE;
  return FALSE;
}

/* The first that may start. */
static Batch *
take_batch (Firewall *self)
{
  for (GList *link = self->batches.head; link != NULL; link = link->next)
    {
      Batch *batch = link->data;
      if (batch->variant == IPTABLES_LEGACY && is_held (self))
        continue;
      g_queue_delete_link (&self->batches, link);
      return batch;
    }
  return NULL;
}

static void
start_next (Firewall *self)
{
  if (self->current != NULL)
    return;
  Batch *batch = take_batch (self);
  if (batch == NULL)
    {
      if (!g_queue_is_empty (&self->pending))
        schedule (self);
      return;
    }
  self->current = batch;
  batch->n = batch->jobs->len;
  batch->elements = g_new0 (GPtrArray *, batch->n);
  batch->done = g_new0 (gboolean, batch->n);
  for (guint i = 0; i < batch->n; i++)
    batch->elements[i] = ((FirewallJob *) batch->jobs->pdata[i])->command->commands;
  if (batch->variant == IPTABLES_LEGACY)
    start_legacy (batch);
  else
    start_nft (batch);
}

/* To find a rule iptables-restore compares it with each of the chain: 17 ms among 20,000 (1.8.9).  So that others do not wait for
 * minutes, and the time limit does not fall in between, not too many of these go together. */
static gboolean
is_full (const Batch *batch)
{
  return batch->variant == IPTABLES_NFT && batch->n_deletes >= MAX_RESTORED_DELETES;
}

static gboolean
is_for_table (const Batch *batch, const FirewallCommand *command)
{
  const IptablesCommand *first = command->commands->pdata[0];

  return batch->is_ipv6 == first->is_ipv6 && g_str_equal (batch->path, command->path)
         && g_str_equal (batch->table, first->table);
}

static Batch *
batch_for (Firewall *self, const FirewallCommand *command)
{
  const IptablesCommand *first = command->commands->pdata[0];

  /* The last one of its table: behind one that is full nothing may slip back into an earlier one. */
  for (GList *link = self->batches.tail; link != NULL; link = link->prev)
    if (is_for_table (link->data, command))
      {
        if (!is_full (link->data))
          return link->data;
        break;
      }

  Batch *batch = g_new0 (Batch, 1);
  batch->firewall = self;
  batch->jobs = g_ptr_array_new_with_free_func (job_free);
  batch->variant = command->variant;
  batch->path = g_strdup (command->path);
  batch->is_ipv6 = first->is_ipv6;
  batch->table = g_strdup (first->table);
  g_queue_init (&batch->spans);
  g_queue_push_tail (&self->batches, batch);
  return batch;
}

/* Everything that waits, sorted into transactions. */
static gboolean
on_start (gpointer data)
{
  Firewall *self = data;
  GList *link;

  g_source_unref (g_steal_pointer (&self->starter));
  if (self->current != NULL)
    return G_SOURCE_REMOVE;
  while ((link = g_queue_pop_head_link (&self->pending)) != NULL)
    {
      FirewallJob *job = link->data;
      job->is_pending = FALSE;
      Batch *batch = batch_for (self, job->command);
      batch->n_deletes += firewall_command_count (job->command, IPTABLES_DELETE);
      g_ptr_array_add (batch->jobs, job);
    }
  firewall_programs_forget (self->programs);
  start_next (self);
  return G_SOURCE_REMOVE;
}

static void
schedule (Firewall *self)
{
  if (self->starter != NULL || self->current != NULL)
    return;
  self->starter = g_idle_source_new ();
  g_source_set_priority (self->starter, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->starter, on_start, self, NULL);
  g_source_attach (self->starter, NULL);
}

FirewallCommand *
firewall_parse (Firewall *self, const char *text, gssize len)
{
  g_return_val_if_fail (self != NULL && text != NULL, NULL);

  return firewall_command_parse (self->programs, text, len);
}

FirewallJob *
firewall_submit (Firewall *self, FirewallCommand *command, gint64 timeout_usec, FirewallDone done, gpointer user_data)
{
  g_return_val_if_fail (self != NULL && command != NULL && done != NULL, NULL);

  FirewallJob *job = g_new0 (FirewallJob, 1);
  gint64 now_usec = g_get_monotonic_time ();
  job->firewall = self;
  job->command = command;
  job->deadline_usec = timeout_usec > 0 && timeout_usec < G_MAXINT64 - now_usec ? now_usec + timeout_usec : G_MAXINT64;
  for (guint i = 0; i < command->commands->len; i++)
    {
      const IptablesCommand *one = command->commands->pdata[i];
      gint64 wait_usec = one->waits ? one->wait_sec * (gint64) G_USEC_PER_SEC : UNASKED_WAIT_USEC;
      if (wait_usec >= 0)
        job->deadline_usec = MIN (job->deadline_usec, now_usec + wait_usec);
    }
  job->done = done;
  job->user_data = user_data;
  job->link.data = job;
  job->is_pending = TRUE;
  g_queue_push_tail_link (&self->pending, &job->link);
  schedule (self);
  return job;
}

void
firewall_cancel (FirewallJob *job)
{
  if (job == NULL)
    return;
  job->done = NULL;
  if (!job->is_pending)
    return; /* its batch frees it */
  g_queue_unlink (&job->firewall->pending, &job->link);
  job_free (job);
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

Firewall *
firewall_new (void)
{
  Firewall *self = g_new0 (Firewall, 1);

  g_queue_init (&self->pending);
  g_queue_init (&self->batches);
  self->programs = firewall_programs_new ();
  self->holds = g_ptr_array_new ();
  return self;
}

void
firewall_free (Firewall *self)
{
  GList *link;

  if (self == NULL)
    return;
  if (self->starter != NULL)
    g_source_destroy (self->starter);
  g_clear_pointer (&self->starter, g_source_unref);
  while ((link = g_queue_pop_head_link (&self->pending)) != NULL)
    job_free (link->data);
  g_queue_clear_full (&self->batches, (GDestroyNotify) batch_free);
  /* A thread at work is left to finish what it holds the lock for. */
  if (self->current != NULL && self->current->in_thread)
    self->current->firewall = NULL;
  else if (self->current != NULL)
    batch_free (self->current);
  firewall_programs_free (self->programs);
  g_warn_if_fail (self->holds->len == 0);
  g_ptr_array_unref (self->holds);
  if (self->telling)
    self->gone = TRUE;
  else
    g_free (self);
}
