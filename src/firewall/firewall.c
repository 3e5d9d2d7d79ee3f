#include "firewall/firewall.h"

#include <string.h>

#include "base/background.h"
#include "firewall/firewall-command.h"
#include "firewall/firewall-places.h"

/* A command that hangs must not keep all others from banning. */
#define HOLD_PATIENCE_MSEC 1000

struct FirewallJob
{
  Firewall *firewall;
  FirewallCommand *command;
  gint64 deadline_usec;
  gboolean adopts;
  gconstpointer owner;
  FirewallDone done; /* NULL: cancelled */
  gpointer user_data;
  GList link; /* in pending */
  gboolean is_pending;
};

struct Firewall
{
  GQueue pending; /* of FirewallJob, by their links */
  GQueue batches; /* of FirewallBatch: made of what was pending, to be carried out one after the other */
  FirewallBatch *current;
  GSource *starter;
  FirewallPrograms *programs; /* forgotten with every round */
  GPtrArray *holds;           /* of FirewallHold, not owned */
  FirewallPlaces *places;
  guint look_kinds; /* to be looked at when nothing is under way */
  FirewallFlushed flushed;
  gpointer flushed_data;
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
batch_free (FirewallBatch *batch)
{
  if (batch->work != NULL)
    batch->driver->clear (batch->work);
  g_ptr_array_unref (batch->jobs);
  g_free (batch->path);
  g_free (batch->scope);
  g_free (batch->elements);
  g_free ((gpointer) batch->adopts);
  g_free (batch->done);
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

static void look_now (Firewall *self);
static void start_next (Firewall *self);
static void tell_holds (Firewall *self);
static void schedule (Firewall *self);

/* Everybody hears what became of his command. */
void
firewall_batch_finish (FirewallBatch *batch)
{
  Firewall *self = batch->firewall;

  if (batch->work != NULL)
    batch->driver->clear (g_steal_pointer (&batch->work)); /* no lock is held while others are told */
  self->current = NULL;
  for (guint i = 0; i < batch->jobs->len; i++)
    {
      const FirewallJob *job = batch->jobs->pdata[i];
      if (batch->done[i] && job->owner != NULL)
        firewall_places_note (self->places, job->command, job->owner);
    }
  /* Where nobody tells of changes the first look comes at once, so that there is something to compare the next one with. */
  self->look_kinds |= firewall_places_get_unseen (self->places) & (FIREWALL_PLACE_LEGACY | FIREWALL_PLACE_IPSET);
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
  look_now (self);
  start_next (self);
}

/* --- a driver's thread ---------------------------------------------------------------------------------------------- */

static void
apply_in_thread (gpointer data)
{
  FirewallBatch *batch = data;

  batch->apply (batch);
}

static void
on_applied (gpointer data)
{
  FirewallBatch *batch = data;

  batch->in_thread = FALSE;
  if (batch->firewall != NULL)
    firewall_batch_finish (batch);
  else
    batch_free (batch);
}

void
firewall_batch_run_in_thread (FirewallBatch *self, FirewallApply apply)
{
  self->apply = apply;
  self->in_thread = TRUE;
  background_run (apply_in_thread, on_applied, self);
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
  if (self->current != NULL && self->current->driver->changes_legacy)
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
static FirewallBatch *
take_batch (Firewall *self)
{
  for (GList *link = self->batches.head; link != NULL; link = link->next)
    {
      FirewallBatch *batch = link->data;
      if (batch->driver->changes_legacy && is_held (self))
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
  FirewallBatch *batch = take_batch (self);
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
  gboolean *adopts = g_new0 (gboolean, batch->n);
  batch->adopts = adopts;
  for (guint i = 0; i < batch->n; i++)
    {
      const FirewallJob *job = batch->jobs->pdata[i];
      batch->elements[i] = job->command->commands;
      adopts[i] = job->adopts;
      batch->deadline_usec = MAX (batch->deadline_usec, job->deadline_usec);
    }
  batch->driver->start (batch);
}

static gboolean
is_full (const FirewallBatch *batch)
{
  return batch->driver->max_deletes > 0 && batch->n_deletes >= batch->driver->max_deletes;
}

static gboolean
is_of_same_scope (const FirewallBatch *batch, const FirewallCommand *command)
{
  return g_str_equal (batch->path, command->path) && g_str_equal (batch->scope, command->scope);
}

static FirewallBatch *
batch_for (Firewall *self, const FirewallCommand *command)
{
  /* The last one of its scope: behind one that is full, or another driver's, nothing may slip back into an earlier one. */
  for (GList *link = self->batches.tail; link != NULL; link = link->prev)
    if (is_of_same_scope (link->data, command))
      {
        FirewallBatch *last = link->data;
        if (last->driver == command->driver && !is_full (last))
          return last;
        break;
      }

  FirewallBatch *batch = g_new0 (FirewallBatch, 1);
  batch->firewall = self;
  batch->jobs = g_ptr_array_new_with_free_func (job_free);
  batch->driver = command->driver;
  batch->path = g_strdup (command->path);
  batch->scope = g_strdup (command->scope);
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
      FirewallBatch *batch = batch_for (self, job->command);
      batch->n_deletes += job->command->n_deletes;
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

/* --- what somebody else took away -------------------------------------------------------------------------------------- */

/* Between two batches: what is counted is what the kernel has, unless somebody else changed it. */
static void
look_now (Firewall *self)
{
  guint kinds = self->look_kinds;

  if (self->current != NULL || kinds == 0)
    return;
  self->look_kinds = 0;
  if (firewall_places_look (self->places, kinds) && self->flushed != NULL)
    self->flushed (self->flushed_data);
}

void
firewall_look (Firewall *self, guint kinds)
{
  self->look_kinds |= kinds;
  look_now (self);
}

void
firewall_set_flushed_func (Firewall *self, FirewallFlushed func, gpointer user_data)
{
  self->flushed = func;
  self->flushed_data = user_data;
}

gboolean
firewall_holds (const Firewall *self, guint kinds)
{
  return firewall_places_hold (self->places, kinds);
}

void
firewall_suspect (Firewall *self, guint kinds)
{
  firewall_places_suspect (self->places, kinds);
}

gboolean
firewall_take_loss (Firewall *self, gconstpointer owner)
{
  return firewall_places_take_loss (self->places, owner);
}

void
firewall_forget (Firewall *self, gconstpointer owner)
{
  firewall_places_forget (self->places, owner);
}

/* --- jobs come in ---------------------------------------------------------------------------------------------------- */

FirewallCommand *
firewall_parse (Firewall *self, const char *text, gssize len)
{
  g_return_val_if_fail (self != NULL && text != NULL, NULL);

  return firewall_command_parse (self->programs, text, len);
}

FirewallJob *
firewall_submit (Firewall *self, FirewallCommand *command, const FirewallTerms *terms, FirewallDone done,
                 gpointer user_data)
{
  g_return_val_if_fail (self != NULL && command != NULL && terms != NULL && done != NULL, NULL);

  FirewallJob *job = g_new0 (FirewallJob, 1);
  gint64 now_usec = g_get_monotonic_time ();
  job->firewall = self;
  job->command = command;
  gint64 timeout_usec = terms->timeout_usec;
  job->deadline_usec = timeout_usec > 0 && timeout_usec < G_MAXINT64 - now_usec ? now_usec + timeout_usec : G_MAXINT64;
  if (command->patience_usec < G_MAXINT64)
    job->deadline_usec = MIN (job->deadline_usec, now_usec + command->patience_usec);
  job->adopts = terms->adopts;
  job->owner = terms->owner;
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
  self->places = firewall_places_new ();
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
  firewall_places_free (self->places);
  g_warn_if_fail (self->holds->len == 0);
  g_ptr_array_unref (self->holds);
  if (self->telling)
    self->gone = TRUE;
  else
    g_free (self);
}
