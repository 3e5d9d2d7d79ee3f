#include "action/operation.h"

#include <string.h>

#include "action/python-action.h"
#include "compat/py-repr.h"

#define LOGGER "fail2ban.actions"

Operation *
operation_new (ActionQueue *queue, OperationKind kind, OperationDone done, OperationCallback callback,
               gpointer user_data)
{
  Operation *self = g_new0 (Operation, 1);

  self->queue = queue;
  self->kind = kind;
  self->link.data = self;
  self->epoch = G_MAXUINT;
  self->done = done;
  self->callback = callback;
  self->user_data = user_data;
  return self;
}

void
operation_free (Operation *self)
{
  if (self == NULL)
    return;
  action_task_free (self->task);
  g_clear_pointer (&self->actions, g_ptr_array_unref);
  ticket_unref (self->ticket);
  action_info_free (self->info);
  g_free (self->announce);
  g_clear_pointer (&self->tickets, g_ptr_array_unref);
  g_clear_pointer (&self->unflushed, g_ptr_array_unref);
  g_clear_pointer (&self->refused, g_ptr_array_unref);
  action_info_free (self->call.info);
  py_value_unref (self->kwargs);
  py_value_unref (self->result);
  g_clear_error (&self->error);
  g_free (self);
}

void
operation_set_ticket (Operation *self, Ticket *ticket, const char *announce)
{
  self->ticket = ticket_ref (ticket);
  self->announce = g_strdup (announce);
  self->info = action_queue_new_info (self->queue, ticket);
}

static Log *
log_of (const Operation *self)
{
  return action_queue_peek_context (self->queue)->log;
}

static const char *
jail_of (const Operation *self)
{
  return action_queue_peek_jail_name (self->queue);
}

gboolean
operation_may_overtake (const Operation *self)
{
  return self->kind == OPERATION_BAN || self->kind == OPERATION_UNBAN
         || (self->kind == OPERATION_REBAN && self->is_batched);
}

/* --- which action is next -------------------------------------------------------------------------------------------- */

/* `actionprolong` that is not blank */
static gboolean
can_prolong (const Action *action)
{
  if (action->python != NULL)
    return python_action_peek_traits (action->python)->prolongs;

  g_autofree char *text = action_is_true (action, "actionprolong") ? action_dup_text (action, "actionprolong") : NULL;

  return text != NULL && *g_strchug (text) != '\0';
}

static gboolean
leaves_restored_alone (const Action *action)
{
  return action->python != NULL ? python_action_peek_traits (action->python)->norestored
                                : action_is_true (action, "norestored");
}

/* Once for all tickets. */
static gboolean
can_flush (const Action *action)
{
  return action->python != NULL ? python_action_peek_traits (action->python)->flushes
                                : !action_is_empty (action, "actionflush");
}

static gboolean
can_check (const Action *action)
{
  return action->python == NULL || python_action_peek_traits (action->python)->checks;
}

static void
leave_to_unban (Operation *self, const Action *action)
{
  log_debug (log_of (self), LOGGER, "  Unban tickets each individually");
  g_ptr_array_add (self->unflushed, action_ref ((Action *) action));
}

static gboolean
takes_part (Operation *self, const Action *action)
{
  switch (self->kind)
    {
    case OPERATION_BAN:
      return !ticket_is_restored (self->ticket) || !leaves_restored_alone (action);
    case OPERATION_PROLONG:
      return can_prolong (action) && (!ticket_is_restored (self->ticket) || !leaves_restored_alone (action));
    case OPERATION_FLUSH:
      if (can_flush (action))
        return TRUE;
      leave_to_unban (self, action);
      return FALSE;
    case OPERATION_REBAN:
      return !self->checking || can_check (action);
    case OPERATION_RELOAD:
      return action->python == NULL || action->python_options != NULL;
    case OPERATION_START:
    case OPERATION_UNBAN:
    case OPERATION_STOP:
    case OPERATION_CALL:
    case OPERATION_CHECK:
    case OPERATION_NOTIFY:
    default:
      return TRUE;
    }
}

void
operation_fix_actions (Operation *self)
{
  if (self->actions != NULL)
    return;
  self->actions = self->kind == OPERATION_NOTIFY ? g_ptr_array_new () : action_queue_dup_actions (self->queue);
  if (self->kind == OPERATION_STOP)
    for (guint i = 0, j = self->actions->len; i + 1 < j; i++)
      {
        j--;
        gpointer swapped = self->actions->pdata[i];
        self->actions->pdata[i] = self->actions->pdata[j];
        self->actions->pdata[j] = swapped;
      }
}

/* Once all environments were looked at: who has to ban again? */
static void
choose_rebanning (Operation *self)
{
  guint epoch = ticket_get_ban_epoch (self->ticket);
  gboolean all = !ticket_is_banned (self->ticket);
  g_autoptr (GPtrArray) chosen = g_ptr_array_new_with_free_func ((GDestroyNotify) action_unref);

  self->checking = FALSE;
  self->index = 0;
  for (guint i = 0; i < self->actions->len; i++)
    {
      Action *action = self->actions->pdata[i];
      if (all || action->ban_epoch > epoch)
        g_ptr_array_add (chosen, action_ref (action));
    }
  if (!all && epoch >= action_queue_get_ban_epoch (self->queue))
    g_ptr_array_set_size (self->actions, 0);
  else
    {
      if (chosen->len > 0)
        {
          g_ptr_array_unref (self->actions);
          self->actions = g_steal_pointer (&chosen);
        }
      self->rebanned = 1; /* until one fails */
      const char *id = address_peek_text (ticket_peek_id (self->ticket));
      if (self->actions->len == 1)
        {
          g_autofree char *name = py_repr_str (((const Action *) self->actions->pdata[0])->name, -1);
          log_notice (log_of (self), LOGGER, "[%s] Reban %s, action %s", jail_of (self), id, name);
        }
      else
        log_notice (log_of (self), LOGGER, "[%s] Reban %s", jail_of (self), id);
    }
}

Action *
operation_peek_next (Operation *self)
{
  operation_fix_actions (self);
  for (;;)
    {
      while (self->index < self->actions->len && !takes_part (self, self->actions->pdata[self->index]))
        self->index++;
      if (self->index < self->actions->len)
        return self->actions->pdata[self->index];
      if (self->kind != OPERATION_REBAN || !self->checking)
        return NULL;
      choose_rebanning (self);
    }
}

/* --- what went wrong ------------------------------------------------------------------------------------------------- */

static const struct
{
  const char *verb; /* "Failed to <verb> jail" */
  gboolean with_info;
} complaints[] = {
  [OPERATION_START] = { "start", FALSE },        [OPERATION_BAN] = { "execute ban", TRUE },
  [OPERATION_UNBAN] = { "execute unban", TRUE }, [OPERATION_PROLONG] = { "execute ban", TRUE },
  [OPERATION_REBAN] = { "execute reban", TRUE }, [OPERATION_FLUSH] = { "flush bans in", FALSE },
  [OPERATION_STOP] = { "stop", FALSE },
};

static void
complain (Operation *self, const Action *action, const GError *error)
{
  const char *verb = complaints[self->kind].verb;

  if (!complaints[self->kind].with_info)
    {
      log_error (log_of (self), LOGGER, "Failed to %s jail '%s' action '%s': %s", verb, jail_of (self), action->name,
                 error->message);
      return;
    }
  g_autofree char *info = action_info_dup_repr (self->info);
  log_error (log_of (self), LOGGER, "Failed to %s jail '%s' action '%s' info '%s': %s", verb, jail_of (self),
             action->name, info, error->message);
}

/* --- one action ------------------------------------------------------------------------------------------------------ */

static void
flush_done (Operation *self, const Action *action, gboolean value, const GError *error)
{
  if (self->checking)
    {
      self->checking = FALSE;
      if (error != NULL)
        log_error (log_of (self), LOGGER, "[%s] unhandled error in actions thread: %s", jail_of (self), error->message);
      self->index++;
      return;
    }
  if (error != NULL)
    {
      complain (self, action, error);
      log_info (log_of (self), LOGGER, "No flush occurred, do consistency check");
      self->checking = can_check (action); /* the same action again */
    }
  if (self->checking)
    return;
  /* A Python action may say that it did not flush, or fail and have nothing to check. */
  if (error != NULL || (action->python != NULL && !value))
    leave_to_unban (self, action);
  self->index++;
}

static void
note_refused (Operation *self, guint from, guint to)
{
  for (guint i = from; i < to; i++)
    {
      Action *action = self->actions->pdata[i];
      if (!action_is_for_firewall (action) || !action_ban_is_one_command (action))
        continue;
      if (self->refused == NULL)
        self->refused = g_ptr_array_new_with_free_func ((GDestroyNotify) action_unref);
      g_ptr_array_add (self->refused, action_ref (action));
    }
}

static void
reban_done (Operation *self, const Action *action, const GError *error)
{
  if (self->checking)
    {
      if (error != NULL)
        log_error (log_of (self), LOGGER, "[%s] unhandled error in actions thread: %s", jail_of (self), error->message);
      self->index++;
    }
  else if (error != NULL)
    {
      complain (self, action, error);
      note_refused (self, self->index, self->actions->len);
      self->rebanned = 0;
      self->index = self->actions->len;
    }
  else
    self->index++;
}

static void
on_task_done (gboolean value, const GError *error, gpointer data)
{
  Operation *self = data;
  Action *action = self->actions->pdata[self->index];

  self->task = NULL;
  if (self->overtaking)
    self->epoch = MIN (self->epoch, action_queue_get_ban_epoch (self->queue));
  self->overtaking = FALSE;

  switch (self->kind)
    {
    case OPERATION_FLUSH:
      flush_done (self, action, value, error);
      break;
    case OPERATION_REBAN:
      reban_done (self, action, error);
      break;
    case OPERATION_RELOAD:
      if (error != NULL)
        self->error = g_error_copy (error);
      self->index = error != NULL ? self->actions->len : self->index + 1;
      break;
    case OPERATION_CALL:
      self->result = action_call_result (self->call.method, value, error);
      self->index++;
      break;
    case OPERATION_STOP:
      if (error != NULL)
        complain (self, action, error);
      action_queue_forget (self->queue, action);
      log_debug (log_of (self), LOGGER, "%s: action %s terminated", jail_of (self), action->name);
      self->index++;
      break;
    case OPERATION_CHECK:
      if (error != NULL)
        log_error (log_of (self), LOGGER, "[%s] unhandled error in actions thread: %s", jail_of (self), error->message);
      self->index++;
      break;
    case OPERATION_BAN:
      if (error != NULL)
        note_refused (self, self->index, self->index + 1);
      G_GNUC_FALLTHROUGH;
    case OPERATION_START:
    case OPERATION_UNBAN:
    case OPERATION_PROLONG:
      if (error != NULL)
        complain (self, action, error);
      self->index++;
      break;
    case OPERATION_NOTIFY:
    default:
      g_assert_not_reached ();
    }
  action_queue_wake (self->queue);
}

static void
announce (Operation *self)
{
  if (self->begun)
    return;
  self->begun = TRUE;
  if (self->kind == OPERATION_BAN)
    action_queue_tell_due (self->queue);
  if (self->announce != NULL && self->ticket != NULL)
    log_notice (log_of (self), LOGGER, "[%s] %s %s", jail_of (self), self->announce,
                address_peek_text (ticket_peek_id (self->ticket)));
  if (self->kind == OPERATION_BAN)
    action_queue_tell_begin (self->queue, self->ticket);
}

static void
announce_step (const Operation *self, const Action *action)
{
  if (self->kind == OPERATION_FLUSH && !self->checking)
    log_notice (log_of (self), LOGGER, "[%s] Flush ticket(s) with %s", jail_of (self), action->name);
  else if ((self->kind == OPERATION_UNBAN || (self->kind == OPERATION_REBAN && !self->checking))
           && log_enabled (log_of (self), LOG_LEVEL_DEBUG))
    {
      g_autofree char *name = py_repr_str (action->name, -1);
      log_debug (log_of (self), LOGGER, "[%s] action %s: %s %s", jail_of (self), name,
                 self->kind == OPERATION_UNBAN ? "unban" : "reban", address_peek_text (ticket_peek_id (self->ticket)));
    }
}

/* An action that does not start on demand is stopped by a failing ban and left so (1.1.2). */
static ActionMethod
check_method (const Action *action)
{
  g_autoptr (GPtrArray) started = action_dup_started (action, 0);

  return started->len == 0 && action->families->len > 0 && !action_starts_on_demand (action) ? ACTION_METHOD_START
                                                                                             : ACTION_METHOD_CHECK;
}

static const ActionMethod methods[] = {
  [OPERATION_START] = ACTION_METHOD_START, [OPERATION_BAN] = ACTION_METHOD_BAN,
  [OPERATION_UNBAN] = ACTION_METHOD_UNBAN, [OPERATION_PROLONG] = ACTION_METHOD_PROLONG,
  [OPERATION_REBAN] = ACTION_METHOD_REBAN, [OPERATION_FLUSH] = ACTION_METHOD_FLUSH,
  [OPERATION_STOP] = ACTION_METHOD_STOP,   [OPERATION_RELOAD] = ACTION_METHOD_RELOAD,
};

void
operation_start_next (Operation *self, gboolean allowed)
{
  g_return_if_fail (self->task == NULL);

  announce (self);
  Action *action = operation_peek_next (self);
  if (action == NULL)
    return;
  announce_step (self, action);

  ActionTaskSpec spec = { .action = action, .info = self->info, .allowed = allowed };
  if (spec.info == NULL)
    spec.info = action_queue_peek_info (self->queue);
  if (self->checking)
    {
      spec.method = ACTION_METHOD_CHECK;
      spec.info = action_queue_peek_info (self->queue);
      spec.repair = self->kind == OPERATION_FLUSH && self->stopping ? ACTION_REPAIR_NOT_FOR_FLUSH : ACTION_REPAIR;
    }
  else if (self->kind == OPERATION_CALL)
    {
      spec.method = self->call.method;
      spec.query = self->call.query;
      if (self->call.info != NULL)
        spec.info = self->call.info;
    }
  else if (self->kind == OPERATION_CHECK)
    spec.method = check_method (action);
  else
    spec.method = methods[self->kind];
  self->overtaking = !allowed;
  self->task = action_task_new (&spec, on_task_done, self);
}
