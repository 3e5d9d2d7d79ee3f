#include "action/command-gate.h"

struct CommandPass
{
  CommandGateOpen open;
  gpointer user_data;
};

struct CommandGate
{
  GQueue waiting;      /* of CommandPass */
  CommandPass *inside; /* the one that others wait for; not owned */
  GSource *patience;
  GSource *next; /* lets the next one in, from the loop */
};

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

CommandGate *
command_gate_new (void)
{
  CommandGate *self = g_new0 (CommandGate, 1);

  g_queue_init (&self->waiting);
  return self;
}

void
command_gate_free (CommandGate *self)
{
  if (self == NULL)
    return;
  g_warn_if_fail (self->inside == NULL && g_queue_is_empty (&self->waiting));
  clear_source (&self->patience);
  clear_source (&self->next);
  g_queue_clear (&self->waiting);
  g_free (self);
}

static gboolean on_next (gpointer data);

static void
schedule_next (CommandGate *self)
{
  if (self->next != NULL || self->inside != NULL || g_queue_is_empty (&self->waiting))
    return;
  self->next = g_idle_source_new ();
  g_source_set_priority (self->next, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->next, on_next, self, NULL);
  g_source_attach (self->next, NULL);
}

static gboolean
on_impatient (gpointer data)
{
  CommandGate *self = data;

  self->inside = NULL; /* it goes on, but nobody waits for it any more */
  clear_source (&self->patience);
  schedule_next (self);
  return G_SOURCE_REMOVE;
}

static void
let_in (CommandGate *self, CommandPass *pass)
{
  self->inside = pass;
  clear_source (&self->patience);
  self->patience = g_timeout_source_new (COMMAND_GATE_PATIENCE_USEC / 1000);
  g_source_set_callback (self->patience, on_impatient, self, NULL);
  g_source_attach (self->patience, NULL);
  pass->open (pass->user_data);
}

static gboolean
on_next (gpointer data)
{
  CommandGate *self = data;

  clear_source (&self->next);
  CommandPass *pass = self->inside == NULL ? g_queue_pop_head (&self->waiting) : NULL;
  if (pass != NULL)
    let_in (self, pass);
  return G_SOURCE_REMOVE;
}

CommandPass *
command_gate_enter (CommandGate *self, CommandGateOpen open, gpointer user_data)
{
  CommandPass *pass = g_new0 (CommandPass, 1);

  pass->open = open;
  pass->user_data = user_data;
  g_queue_push_tail (&self->waiting, pass);
  schedule_next (self);
  return pass;
}

void
command_gate_leave (CommandGate *self, CommandPass *pass)
{
  if (self->inside == pass)
    {
      self->inside = NULL;
      clear_source (&self->patience);
    }
  else
    g_queue_remove (&self->waiting, pass);
  g_free (pass);
  schedule_next (self);
}
