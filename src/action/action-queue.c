#include "action/action-queue.h"

#include <string.h>

#include "action/action-queue-private.h"
#include "action/python-action.h"

/* So many operations are looked at for firewall commands that could go along with the first one's. */
#define LOOK_AHEAD 4096

/* So long at most, twice, before others have their turn in the loop: fifty thousand bans may end at once. */
#define SLICE_USEC 3000

/* --- life ------------------------------------------------------------------------------------------------------------ */

ActionQueue *
action_queue_new (const char *jail_name, const ActionContext *context, const ActionJailFuncs *funcs, gpointer jail)
{
  g_return_val_if_fail (jail_name != NULL && context != NULL && funcs != NULL, NULL);

  ActionQueue *self = g_new0 (ActionQueue, 1);
  self->jail_name = g_strdup (jail_name);
  self->context = *context;
  self->funcs = *funcs;
  self->jail = jail;
  self->actions = g_ptr_array_new_with_free_func ((GDestroyNotify) action_unref);
  self->asks = g_ptr_array_new ();
  self->last_check_usec = G_MININT64 / 2;
  g_queue_init (&self->operations);
  g_queue_init (&self->finished);
  return self;
}

static void
free_operations (GQueue *queue)
{
  GList *link;

  while ((link = g_queue_pop_head_link (queue)) != NULL)
    operation_free (link->data);
}

void
action_queue_free (ActionQueue *self)
{
  if (self == NULL)
    return;
  action_queue_end_asks (self);
  g_ptr_array_unref (self->asks);
  free_operations (&self->operations);
  free_operations (&self->finished);
  if (self->pump != NULL)
    g_source_destroy (self->pump);
  g_clear_pointer (&self->pump, g_source_unref);
  g_ptr_array_unref (self->actions);
  action_info_free (self->info);
  resolver_cancel (self->own_name_query);
  g_free (self->own_name);
  g_free (self->jail_name);
  if (self->telling)
    self->gone = TRUE;
  else
    g_free (self);
}

/* --- what the actions of this queue ask for (action-private.h) ------------------------------------------------------- */

const char *
action_queue_peek_jail_name (const ActionQueue *self)
{
  return self->jail_name;
}

const ActionContext *
action_queue_peek_context (const ActionQueue *self)
{
  return &self->context;
}

char *
action_queue_dup_builtin_tag (ActionQueue *self, const char *tag)
{
  if (g_str_equal (tag, "br"))
    return g_strdup ("\n");
  if (g_str_equal (tag, "sp"))
    return g_strdup (" ");
  if (g_str_equal (tag, "fq-hostname") && self->own_name != NULL)
    return g_strdup (self->own_name);
  if (g_str_equal (tag, "fq-hostname") || g_str_equal (tag, "sh-hostname"))
    return resolver_dup_own_name (self->context.resolver, *tag == 'f');
  return NULL;
}

void
action_queue_bump_epoch (ActionQueue *self, Action *action)
{
  action->ban_epoch = ++self->epoch;
}

ActionInfo *
action_queue_new_info (ActionQueue *self, Ticket *ticket)
{
  ActionJailCounts counts = { 0 };

  if (self->funcs.get_counts != NULL)
    self->funcs.get_counts (self->jail, &counts);
  return action_info_new (ticket, clock_get_time_usec (self->context.clock), self->jail_name, &self->funcs, self->jail,
                          &counts, self->context.log);
}

ActionInfo *
action_queue_peek_info (ActionQueue *self)
{
  if (self->info == NULL)
    self->info = action_queue_new_info (self, NULL);
  return self->info;
}

GPtrArray *
action_queue_dup_actions (ActionQueue *self)
{
  GPtrArray *actions = g_ptr_array_new_with_free_func ((GDestroyNotify) action_unref);

  for (guint i = 0; i < self->actions->len; i++)
    g_ptr_array_add (actions, action_ref (self->actions->pdata[i]));
  return actions;
}

void
action_queue_forget (ActionQueue *self, Action *action)
{
  (void) g_ptr_array_remove (self->actions, action);
}

void
action_queue_append (ActionQueue *self, Action *action)
{
  g_ptr_array_add (self->actions, action);
}

gboolean
action_queue_is_reloading (const ActionQueue *self)
{
  return self->reloading;
}

GPtrArray *
action_queue_peek_asks (ActionQueue *self)
{
  return self->asks;
}

PyValue *
action_queue_ask_jail (ActionQueue *self, const char *question, const PyValue *args)
{
  return self->funcs.ask != NULL ? self->funcs.ask (self->jail, question, args) : NULL;
}

void
action_queue_tell_due (ActionQueue *self)
{
  if (self->funcs.ban_due != NULL)
    self->funcs.ban_due (self->jail);
}

void
action_queue_tell_begin (ActionQueue *self, Ticket *ticket)
{
  if (self->funcs.ban_begins != NULL)
    self->funcs.ban_begins (self->jail, ticket);
}

/* --- the actions ----------------------------------------------------------------------------------------------------- */

Action *
action_queue_find (const ActionQueue *self, const char *name)
{
  for (guint i = 0; i < self->actions->len; i++)
    if (g_str_equal (action_peek_name (self->actions->pdata[i]), name))
      return self->actions->pdata[i];
  return NULL;
}

gboolean
action_queue_add (ActionQueue *self, const char *name, GError **error)
{
  g_return_val_if_fail (name != NULL, FALSE);

  Action *known = action_queue_find (self, name);
  if (known != NULL && !self->reloading)
    {
      g_set_error (error, ACTION_ERROR, ACTION_ERROR_EXISTS, "Action %s already exists", name);
      return FALSE;
    }
  if (known != NULL && known->python != NULL)
    {
      g_clear_pointer (&known->python,
                       python_action_free); /* a file of this name that is no Python came in its place */
      g_clear_pointer (&known->python_options, py_value_unref);
    }
  if (known != NULL)
    {
      action_clear (known);
      known->taken_over = TRUE;
      return TRUE;
    }
  Action *action = action_new (self, name);
  action->taken_over = FALSE;
  action->is_new = self->reloading;
  g_ptr_array_add (self->actions, action);
  return TRUE;
}

gboolean
action_queue_remove (ActionQueue *self, const char *name, GError **error)
{
  Action *action = action_queue_peek (self, name, error);

  if (action == NULL)
    return FALSE;
  action_queue_forget (self, action);
  return TRUE;
}

Action *
action_queue_peek (ActionQueue *self, const char *name, GError **error)
{
  Action *action = action_queue_find (self, name);

  if (action == NULL)
    g_set_error (error, ACTION_ERROR, ACTION_ERROR_NO_ACTION, "Invalid Action name: %s", name);
  return action;
}

PyValue *
action_queue_dup_names (ActionQueue *self)
{
  PyValue *names = py_list_new ();

  for (guint i = 0; i < self->actions->len; i++)
    py_list_append (names, py_str_new (action_peek_name (self->actions->pdata[i])));
  return names;
}

guint
action_queue_get_n_actions (ActionQueue *self)
{
  return self->actions->len;
}

/* --- order ----------------------------------------------------------------------------------------------------------- */

void
action_queue_finish (ActionQueue *self, Operation *operation)
{
  g_queue_unlink (&self->operations, &operation->link);
  g_queue_push_tail_link (&self->finished, &operation->link);
}

static void
on_own_name (const char *name, gpointer data)
{
  ActionQueue *self = data;

  self->own_name_query = NULL;
  self->own_name = g_strdup (name != NULL ? name : "");
  action_queue_wake (self);
}

/* <fq-hostname> may take a name server; TRUE when it has to be waited for. */
static gboolean
awaits_own_name (ActionQueue *self)
{
  if (self->own_name_query != NULL || self->own_name != NULL)
    return self->own_name_query != NULL;
  for (guint i = 0; i < self->actions->len && self->own_name_query == NULL; i++)
    if (action_mentions_tag (self->actions->pdata[i], "fq-hostname"))
      self->own_name_query = resolver_query_own_name (self->context.resolver, on_own_name, self);
  return self->own_name_query != NULL;
}

/* It is its turn.  Returns whether it is through. */
static gboolean
drive_first (Operation *operation)
{
  if (operation->task != NULL)
    action_task_allow (operation->task);
  else
    operation_start_next (operation, TRUE);
  while (operation->task != NULL && action_task_settle (operation->task))
    operation_start_next (operation, TRUE);
  return operation->task == NULL;
}

/* Whether an earlier operation still has to come to this action. */
static gboolean
is_blocked (const ActionQueue *self, const Action *action)
{
  return action->blocked_at == self->pump_count;
}

static void
block_rest (const ActionQueue *self, const Operation *operation)
{
  guint from = operation->index + (operation->task != NULL && action_task_is_in_flight (operation->task) ? 1 : 0);

  for (guint i = from; i < operation->actions->len; i++)
    ((Action *) operation->actions->pdata[i])->blocked_at = self->pump_count;
}

static ActionMethod
early_method (const Operation *operation)
{
  return operation->kind == OPERATION_BAN     ? ACTION_METHOD_BAN
         : operation->kind == OPERATION_REBAN ? ACTION_METHOD_REBAN
                                              : ACTION_METHOD_UNBAN;
}

/* It is not its turn: only what goes straight to the kernel.  Returns whether it is through. */
static gboolean
drive_early (ActionQueue *self, Operation *operation)
{
  if (operation->task != NULL)
    {
      if (action_task_may_retry (operation->task) && !is_blocked (self, operation->actions->pdata[operation->index]))
        action_task_retry (operation->task);
      return FALSE;
    }
  Action *action = operation_peek_next (operation);
  if (action == NULL)
    return operation->begun; /* one that has nothing to do still waits, to be announced in order */
  if (!is_blocked (self, action) && action_may_overtake (action, early_method (operation), operation->info))
    operation_start_next (operation, FALSE);
  return FALSE;
}

/* When it is told that it is through it puts more to the front of the queue. */
static gboolean
has_sequel (const Operation *operation)
{
  return operation->kind == OPERATION_FLUSH || operation->kind == OPERATION_RELOAD;
}

static void
drive (ActionQueue *self)
{
  gint64 end_usec = g_get_monotonic_time () + SLICE_USEC;
  gboolean first = TRUE;
  guint looked_at = 0;

  if (awaits_own_name (self))
    return;
  self->pump_count++;
  for (GList *link = self->operations.head, *next; link != NULL && looked_at < LOOK_AHEAD; link = next)
    {
      Operation *operation = link->data;
      next = link->next;
      if (!first && !operation_may_overtake (operation))
        break;
      if (first ? drive_first (operation) : drive_early (self, operation))
        {
          action_queue_finish (self, operation);
          if (!has_sequel (operation) && g_get_monotonic_time () < end_usec)
            continue;
          action_queue_wake (self);
          break;
        }
      if (first && !operation_may_overtake (operation))
        break;
      first = FALSE;
      looked_at++;
      block_rest (self, operation);
    }
}

static void
tell_room (ActionQueue *self)
{
  if (!self->room_wanted || self->n_bans > ACTION_QUEUE_MAX / 2)
    return;
  self->room_wanted = FALSE;
  if (self->room_func != NULL)
    self->room_func (self, self->room_data);
}

static void
tell (ActionQueue *self, Operation *operation)
{
  if (operation->kind == OPERATION_BAN)
    self->n_bans--;
  if (operation->done != NULL)
    operation->done (operation);
  operation_free (operation);
}

static void
tell_finished (ActionQueue *self)
{
  gint64 end_usec = g_get_monotonic_time () + SLICE_USEC;
  GList *link;

  while (!self->gone && (link = g_queue_pop_head_link (&self->finished)) != NULL)
    {
      tell (self, link->data);
      if (g_get_monotonic_time () < end_usec || self->gone)
        continue;
      action_queue_wake (self);
      break;
    }
}

static gboolean
on_pump (gpointer data)
{
  ActionQueue *self = data;
  Log *log = self->context.log;

  g_source_unref (g_steal_pointer (&self->pump));
  log_hold (log);
  if (g_queue_is_empty (&self->finished)) /* else one of them may have a sequel, which comes first */
    drive (self);
  else
    action_queue_wake (self);

  self->telling = TRUE;
  tell_finished (self);
  if (!self->gone)
    tell_room (self);
  self->telling = FALSE;
  if (self->gone)
    g_free (self);
  log_release (log);
  return G_SOURCE_REMOVE;
}

void
action_queue_wake (ActionQueue *self)
{
  if (self->pump != NULL)
    return;
  self->pump = g_idle_source_new ();
  g_source_set_priority (self->pump, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->pump, on_pump, self, NULL);
  g_source_attach (self->pump, NULL);
}

void
action_queue_push (ActionQueue *self, Operation *operation)
{
  if (operation->kind == OPERATION_BAN)
    self->n_bans++;
  g_queue_push_tail_link (&self->operations, &operation->link);
  action_queue_wake (self);
}

void
action_queue_push_front (ActionQueue *self, Operation *operation)
{
  g_queue_push_head_link (&self->operations, &operation->link);
  action_queue_wake (self);
}

/* --- how full it is -------------------------------------------------------------------------------------------------- */

gboolean
action_queue_is_idle (const ActionQueue *self)
{
  return g_queue_is_empty ((GQueue *) &self->operations) && g_queue_is_empty ((GQueue *) &self->finished);
}

gboolean
action_queue_has_room (const ActionQueue *self)
{
  if (self->n_bans < ACTION_QUEUE_MAX)
    return TRUE;
  ((ActionQueue *) self)->room_wanted = TRUE;
  return FALSE;
}

void
action_queue_set_room_func (ActionQueue *self, ActionQueueDone func, gpointer user_data)
{
  self->room_func = func;
  self->room_data = user_data;
}

guint
action_queue_get_ban_epoch (const ActionQueue *self)
{
  return self->epoch;
}
