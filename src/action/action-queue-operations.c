#include "action/action-queue.h"

#include "action/action-queue-private.h"

/* Two checks of the environments are at least so far apart (1.1.2). */
#define CHECK_INTERVAL_USEC (3 * G_USEC_PER_SEC)

/* So many unbans are made at a time: as many as are looked at for what can go to the kernel together (action-queue.c). */
#define UNDO_MAX 4096

/* --- operations without a ticket ------------------------------------------------------------------------------------- */

static void
done_plain (Operation *operation)
{
  if (operation->callback != NULL)
    ((ActionQueueDone) operation->callback) (operation->queue, operation->user_data);
}

void
action_queue_start (ActionQueue *self, ActionQueueDone done, gpointer user_data)
{
  action_queue_push (self, operation_new (self, OPERATION_START, done_plain, (OperationCallback) done, user_data));
}

void
action_queue_stop (ActionQueue *self, ActionQueueDone done, gpointer user_data)
{
  action_queue_push (self, operation_new (self, OPERATION_STOP, done_plain, (OperationCallback) done, user_data));
}

static void done_flush (Operation *operation);

/* What is left when these tickets are undone: others, or only to tell the caller. */
static Operation *
new_rest (const Operation *flush, guint n_undone)
{
  Operation *rest;

  if (n_undone == flush->tickets->len)
    return operation_new (flush->queue, OPERATION_NOTIFY, done_plain, flush->callback, flush->user_data);
  rest = operation_new (flush->queue, OPERATION_FLUSH, done_flush, flush->callback, flush->user_data);
  rest->actions = g_ptr_array_new ();
  rest->tickets = g_ptr_array_ref (flush->tickets);
  rest->unflushed = g_ptr_array_ref (flush->unflushed);
  rest->announce = g_strdup (flush->announce);
  rest->n_undone = n_undone;
  return rest;
}

/* The flushes are done; what they did not cover is undone ticket by ticket, in portions, and then the caller is told. */
static void
done_flush (Operation *operation)
{
  ActionQueue *self = operation->queue;
  guint end = operation->n_undone + MIN (operation->tickets->len - operation->n_undone, UNDO_MAX);

  action_queue_push_front (self, new_rest (operation, end));
  for (guint i = end; i-- > operation->n_undone;)
    {
      if (!ticket_is_banned (operation->tickets->pdata[i]))
        continue; /* its ban was dropped */
      Operation *unban = operation_new (self, OPERATION_UNBAN, NULL, NULL, NULL);
      operation_set_ticket (unban, operation->tickets->pdata[i], operation->announce);
      unban->actions = g_ptr_array_ref (operation->unflushed);
      action_queue_push_front (self, unban);
    }
}

static GPtrArray *
ref_tickets (const GPtrArray *tickets)
{
  GPtrArray *reffed = g_ptr_array_new_with_free_func ((GDestroyNotify) ticket_unref);

  for (guint i = 0; tickets != NULL && i < tickets->len; i++)
    g_ptr_array_add (reffed, ticket_ref (tickets->pdata[i]));
  return reffed;
}

/* actions NULL: all. */
static Operation *
new_flush (ActionQueue *self, GPtrArray *actions, const GPtrArray *tickets, gboolean stopping, const char *announce,
           ActionQueueDone done, gpointer user_data)
{
  Operation *operation = operation_new (self, OPERATION_FLUSH, done_flush, (OperationCallback) done, user_data);

  operation->actions = actions != NULL ? g_ptr_array_ref (actions) : NULL;
  operation->tickets = ref_tickets (tickets);
  operation->unflushed = g_ptr_array_new_with_free_func ((GDestroyNotify) action_unref);
  operation->stopping = stopping;
  operation->announce = g_strdup (announce);
  return operation;
}

/* Bans that nobody has begun with would only be undone again: a jail with a slow action would take for ever to stop. */
static void
drop_waiting_bans (ActionQueue *self)
{
  for (GList *link = self->operations.head, *next; link != NULL; link = next)
    {
      Operation *operation = link->data;
      next = link->next;
      if ((operation->kind != OPERATION_BAN && !operation->is_batched) || operation->begun)
        continue;
      operation->dropped = TRUE;
      operation->rebanned = 0;
      action_queue_finish (self, operation);
    }
}

void
action_queue_flush (ActionQueue *self, GPtrArray *tickets, gboolean stopping, const char *announce,
                    ActionQueueDone done, gpointer user_data)
{
  if (stopping)
    drop_waiting_bans (self);
  action_queue_push (self, new_flush (self, NULL, tickets, stopping, announce, done, user_data));
}

/* --- tickets --------------------------------------------------------------------------------------------------------- */

static void
done_ticket (Operation *operation)
{
  if (operation->callback != NULL)
    ((ActionQueueTicketDone) operation->callback) (operation->queue, operation->ticket, operation->user_data);
}

static void
mark_banned (const ActionQueue *self, Ticket *ticket, guint epoch)
{
  ticket_set_banned (ticket, TRUE);
  if (self->epoch > 0)
    ticket_set_ban_epoch (ticket, MIN (epoch, self->epoch));
}

static void
tell_refused (const Operation *operation)
{
  const ActionQueue *self = operation->queue;

  if (operation->refused != NULL && self->funcs.ban_refused != NULL)
    self->funcs.ban_refused (self->jail, operation->ticket, operation->refused);
}

static void
done_ban (Operation *operation)
{
  if (!operation->dropped)
    mark_banned (operation->queue, operation->ticket, operation->epoch);
  tell_refused (operation);
  done_ticket (operation);
}

static void
done_reban (Operation *operation)
{
  if (operation->rebanned > 0)
    mark_banned (operation->queue, operation->ticket, operation->epoch);
  tell_refused (operation);
  if (operation->callback != NULL)
    ((ActionQueueRebanDone) operation->callback) (operation->queue, operation->ticket, operation->rebanned,
                                                  operation->user_data);
}

static void
push_ticket (ActionQueue *self, OperationKind kind, Ticket *ticket, const char *announce, OperationDone done,
             OperationCallback callback, gpointer user_data)
{
  Operation *operation = operation_new (self, kind, done, callback, user_data);

  operation_set_ticket (operation, ticket, announce);
  action_queue_push (self, operation);
}

void
action_queue_ban (ActionQueue *self, Ticket *ticket, const char *announce, ActionQueueTicketDone done,
                  gpointer user_data)
{
  push_ticket (self, OPERATION_BAN, ticket, announce, done_ban, (OperationCallback) done, user_data);
}

void
action_queue_unban (ActionQueue *self, Ticket *ticket, const char *announce, ActionQueueTicketDone done,
                    gpointer user_data)
{
  push_ticket (self, OPERATION_UNBAN, ticket, announce, done_ticket, (OperationCallback) done, user_data);
}

void
action_queue_prolong (ActionQueue *self, Ticket *ticket, ActionQueueTicketDone done, gpointer user_data)
{
  push_ticket (self, OPERATION_PROLONG, ticket, NULL, done_ticket, (OperationCallback) done, user_data);
}

void
action_queue_reban (ActionQueue *self, Ticket *ticket, gboolean check, ActionQueueRebanDone done, gpointer user_data)
{
  gint64 now_usec = clock_get_time_usec (self->context.clock);
  Operation *operation = operation_new (self, OPERATION_REBAN, done_reban, (OperationCallback) done, user_data);

  operation_set_ticket (operation, ticket, NULL);
  operation_fix_actions (operation);
  operation->checking = TRUE;
  /* A ticket of an older epoch is banned again without asking. */
  if (check && ticket_get_ban_epoch (ticket) == self->epoch && now_usec > self->last_check_usec + CHECK_INTERVAL_USEC)
    self->last_check_usec = now_usec;
  else
    operation->index = operation->actions->len;
  action_queue_push (self, operation);
}

/* --- what is in the kernel ------------------------------------------------------------------------------------------- */

gboolean
action_queue_is_for_firewall (const ActionQueue *self)
{
  for (guint i = 0; i < self->actions->len; i++)
    if (action_is_for_firewall (self->actions->pdata[i]))
      return TRUE;
  return FALSE;
}

/* Those of them that are for the firewall. */
static GPtrArray *
ref_firewall_actions (const GPtrArray *actions)
{
  GPtrArray *those = g_ptr_array_new_with_free_func ((GDestroyNotify) action_unref);

  for (guint i = 0; i < actions->len; i++)
    if (action_is_for_firewall (actions->pdata[i]))
      g_ptr_array_add (those, action_ref (actions->pdata[i]));
  return those;
}

void
action_queue_check (ActionQueue *self, ActionQueueDone done, gpointer user_data)
{
  Operation *operation = operation_new (self, OPERATION_CHECK, done_plain, (OperationCallback) done, user_data);

  operation->actions = ref_firewall_actions (self->actions);
  action_queue_push (self, operation);
}

/* The newest epoch of an action whose bans a repair takes away with it. */
static guint
firewall_epoch (const ActionQueue *self)
{
  guint epoch = 0;

  for (guint i = 0; i < self->actions->len; i++)
    {
      Action *action = self->actions->pdata[i];
      if (action->ban_epoch > epoch && action_is_for_firewall (action))
        epoch = action->ban_epoch;
    }
  return epoch;
}

guint
action_queue_restore (ActionQueue *self, const GPtrArray *tickets)
{
  guint epoch = firewall_epoch (self), count = 0;

  for (guint i = 0; i < tickets->len; i++)
    {
      Ticket *ticket = tickets->pdata[i];
      if (!ticket_is_banned (ticket) || ticket_get_ban_epoch (ticket) >= epoch)
        continue;
      Operation *operation = operation_new (self, OPERATION_REBAN, done_reban, NULL, NULL);
      operation_set_ticket (operation, ticket, NULL);
      operation_fix_actions (operation);
      operation->checking = TRUE;
      operation->is_batched = TRUE;
      operation->index = operation->actions->len;
      action_queue_push (self, operation);
      count++;
    }
  return count;
}

/* By these actions, without a look at their environments. */
static Operation *
new_reban (ActionQueue *self, Ticket *ticket, const char *announce, GPtrArray *actions, ActionQueueRebanDone done, gpointer user_data)
{
  Operation *operation = operation_new (self, OPERATION_REBAN, done_reban, (OperationCallback) done, user_data);

  operation_set_ticket (operation, ticket, announce);
  operation->actions = g_ptr_array_ref (actions);
  operation->is_batched = TRUE;
  operation->rebanned = 1; /* until one fails */
  return operation;
}

void
action_queue_retry (ActionQueue *self, Ticket *ticket, GPtrArray *actions, ActionQueueRebanDone done,
                    gpointer user_data)
{
  g_autoptr (GPtrArray) those = g_ptr_array_new_with_free_func ((GDestroyNotify) action_unref);

  for (guint i = 0; i < self->actions->len; i++)
    {
      Action *action = self->actions->pdata[i];
      if (g_ptr_array_find (actions, action, NULL)
          || (action->ban_epoch > ticket_get_ban_epoch (ticket) && action_is_for_firewall (action)))
        g_ptr_array_add (those, action_ref (action));
    }
  action_queue_push (self, new_reban (self, ticket, "Reban", those, done, user_data));
}

/* --- reload ---------------------------------------------------------------------------------------------------------- */

void
action_queue_reload_begin (ActionQueue *self)
{
  self->reloading = TRUE;
  for (guint i = 0; i < self->actions->len; i++)
    {
      Action *action = self->actions->pdata[i];
      action->taken_over = FALSE;
      action->is_new = FALSE;
    }
}

static void
done_reload_end (Operation *operation)
{
  ((ActionQueueReloadDone) operation->callback) (operation->queue, NULL, operation->user_data);
}

/* Who is banned has to be in the firewall by these, too: after a restart he would be. */
static void
put_in_force (ActionQueue *self, GPtrArray *fresh, const GPtrArray *tickets)
{
  g_autoptr (GPtrArray) actions = ref_firewall_actions (fresh);

  for (guint i = actions->len > 0 ? tickets->len : 0; i-- > 0;)
    if (ticket_is_banned (tickets->pdata[i]))
      action_queue_push_front (self, new_reban (self, tickets->pdata[i], NULL, actions, NULL, NULL));
}

/* In reverse order, since each goes to the front. */
static void
push_end_of_reload (ActionQueue *self, const Operation *reload, GPtrArray *obsolete, GPtrArray *fresh)
{
  put_in_force (self, fresh, reload->tickets);
  if (reload->callback != NULL)
    action_queue_push_front (self,
                             operation_new (self, OPERATION_NOTIFY, done_reload_end, reload->callback, reload->user_data));
  if (fresh->len > 0)
    {
      Operation *start = operation_new (self, OPERATION_START, NULL, NULL, NULL);

      start->actions = g_ptr_array_ref (fresh);
      action_queue_push_front (self, start);
    }
  if (obsolete->len > 0)
    {
      Operation *stop = operation_new (self, OPERATION_STOP, NULL, NULL, NULL);

      stop->actions = g_ptr_array_new_with_free_func ((GDestroyNotify) action_unref);
      for (guint i = obsolete->len; i-- > 0;)
        g_ptr_array_add (stop->actions, action_ref (obsolete->pdata[i]));
      action_queue_push_front (self, stop);
      action_queue_push_front (self, new_flush (self, obsolete, reload->tickets, TRUE, NULL, NULL, NULL));
    }
}

/* The actionreloads are through; now those that nobody asked for go, and then those come that are new: both may use one chain. */
static void
done_reload (Operation *operation)
{
  ActionQueue *self = operation->queue;
  ActionQueueReloadDone done = (ActionQueueReloadDone) operation->callback;
  g_autoptr (GPtrArray) obsolete = g_ptr_array_new_with_free_func ((GDestroyNotify) action_unref);
  g_autoptr (GPtrArray) fresh = g_ptr_array_new_with_free_func ((GDestroyNotify) action_unref);

  if (operation->error != NULL)
    {
      if (done != NULL)
        done (self, operation->error, operation->user_data);
      return;
    }
  for (guint i = 0; i < self->actions->len; i++)
    {
      Action *action = self->actions->pdata[i];
      if (action->is_new)
        g_ptr_array_add (fresh, action_ref (action));
      else if (!action->taken_over)
        g_ptr_array_add (obsolete, action_ref (action));
    }
  push_end_of_reload (self, operation, obsolete, fresh);
}

void
action_queue_reload_end (ActionQueue *self, GPtrArray *tickets, ActionQueueReloadDone done, gpointer user_data)
{
  Operation *operation = operation_new (self, OPERATION_RELOAD, done_reload, (OperationCallback) done, user_data);

  self->reloading = FALSE;
  operation->tickets = ref_tickets (tickets);
  operation->actions = g_ptr_array_new_with_free_func ((GDestroyNotify) action_unref);
  for (guint i = 0; i < self->actions->len; i++)
    if (((const Action *) self->actions->pdata[i])->taken_over)
      g_ptr_array_add (operation->actions, action_ref (self->actions->pdata[i]));
  action_queue_push (self, operation);
}

/* --- calls ----------------------------------------------------------------------------------------------------------- */

static void
done_call (Operation *operation)
{
  if (operation->callback != NULL)
    ((ActionQueueCallDone) operation->callback) (operation->queue, operation->result, operation->user_data);
}

void
action_queue_call (ActionQueue *self, const char *action_name, const char *method, const PyValue *kwargs,
                   ActionQueueCallDone done, gpointer user_data)
{
  Operation *operation = operation_new (self, OPERATION_CALL, done_call, (OperationCallback) done, user_data);
  g_autoptr (GError) error = NULL;
  Action *action = action_queue_peek (self, action_name, &error);

  operation->actions = g_ptr_array_new_with_free_func ((GDestroyNotify) action_unref);
  operation->kwargs = kwargs != NULL ? py_value_ref ((PyValue *) kwargs) : NULL;
  if (action == NULL)
    operation->result = action_error_to_exception (error);
  else if (action_call_prepare (action, method, operation->kwargs, &operation->call, &operation->result))
    g_ptr_array_add (operation->actions, action_ref (action));
  action_queue_push (self, operation);
}
