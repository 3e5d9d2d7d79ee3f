#include "jail/jail-private.h"

#include <math.h>

#include "compat/py-repr.h"

static PyValue *
pair (const char *name, PyValue *value)
{
  return py_tuple_new_items (py_str_new (name), value, NULL);
}

static const char *
backend_name (const Jail *self)
{
  static const char *const names[] = {
    [JAIL_BACKEND_PYINOTIFY] = "pyinotify",
    [JAIL_BACKEND_POLLING] = "polling",
    [JAIL_BACKEND_SYSTEMD] = "systemd",
  };

  return names[self->real_backend];
}

/* The matches in one text, as `status` of a jail that reads the journal shows them. */
static PyValue *
dup_match_text (Jail *self)
{
  g_autoptr (PyValue) matches = jail_log_dup_journalmatch (self);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < py_seq_length (matches); i++)
    {
      PyValue *match = py_seq_peek (matches, i);

      if (i > 0)
        g_string_append (text, " + ");
      for (guint j = 0; j < py_seq_length (match); j++)
        g_string_append_printf (text, "%s%s", j > 0 ? " " : "", py_str_peek (py_seq_peek (match, j), NULL));
    }
  return py_list_new_items (py_str_take (g_string_free (text, FALSE)), NULL);
}

static PyValue *
filter_status (Jail *self)
{
  PyValue *status
      = py_list_new_items (pair ("Currently failed", py_int_new (fail_counter_get_size (self->failures))),
                           pair ("Total failed", py_int_new ((gint64) fail_counter_get_total (self->failures))), NULL);

  if (jail_log_is_journal (self))
    py_list_append (status, pair ("Journal matches", dup_match_text (self)));
  else
    py_list_append (status, pair ("File list", jail_log_dup_paths (self)));
  return status;
}

/* The question to Team Cymru needs a DNS library that 1.1.2 only has when dnspython is installed; without it, it says this. */
static void
append_cymru (Jail *self, PyValue *status)
{
  static const char *const names[] = { "Banned ASN list", "Banned Country list", "Banned RIR list" };

  log_error (self->log, "fail2ban.banmanager", "dnspython package is required but could not be imported");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    py_list_append (status, pair (names[i], py_list_new_strs ("error", NULL)));
}

static PyValue *
actions_status (Jail *self, const char *flavor)
{
  PyValue *status
      = py_list_new_items (pair ("Currently banned", py_int_new (ban_list_get_size (self->bans))),
                           pair ("Total banned", py_int_new ((gint64) ban_list_get_total (self->bans))), NULL);

  if (!g_str_equal (flavor, "short"))
    py_list_append (status, pair ("Banned IP list", jail_dup_banned (self)));
  if (g_str_equal (flavor, "cymru"))
    append_cymru (self, status);
  return status;
}

static PyValue *
stats (Jail *self)
{
  return py_list_new_items (py_str_new (backend_name (self)),
                            py_tuple_new_items (py_int_new (fail_counter_get_size (self->failures)),
                                                py_int_new ((gint64) fail_counter_get_total (self->failures)), NULL),
                            py_tuple_new_items (py_int_new (ban_list_get_size (self->bans)),
                                                py_int_new ((gint64) ban_list_get_total (self->bans)), NULL),
                            NULL);
}

PyValue *
jail_status (Jail *self, const char *flavor)
{
  static const char *const flavors[] = { "short", "basic", "stats", "cymru", NULL };

  if (!g_strv_contains (flavors, flavor))
    {
      g_autofree char *repr = py_repr_str (flavor, -1);

      log_warning (self->log, LOGGER_ACTIONS,
                   "Unsupported extended jail status flavor %s. Supported: ['short', 'basic', 'stats', 'cymru']", repr);
    }
  if (g_str_equal (flavor, "stats"))
    return stats (self);
  return py_list_new_items (pair ("Filter", filter_status (self)), pair ("Actions", actions_status (self, flavor)),
                            NULL);
}

static PyValue *
id_value (const Ticket *ticket)
{
  const Address *id = ticket_peek_id (ticket);

  return py_str_new_len (address_peek_text (id), (gssize) address_get_length (id));
}

PyValue *
jail_dup_banned (Jail *self)
{
  g_autoptr (GPtrArray) tickets = ban_list_dup_tickets (self->bans);
  PyValue *list = py_list_new ();

  for (guint i = 0; i < tickets->len; i++)
    py_list_append (list, id_value (g_ptr_array_index (tickets, i)));
  return list;
}

gboolean
jail_is_banned (Jail *self, const char *id)
{
  g_autoptr (Address) address = address_new (id, -1);
  g_autoptr (Address) raw = NULL;

  if (ban_list_peek (self->bans, address) != NULL)
    return TRUE;
  raw = address_new_raw (id, -1);
  return ban_list_peek (self->bans, raw) != NULL;
}

static PyValue *
with_time (Jail *self, const Ticket *ticket)
{
  PyValue *own = ticket_peek_ban_time (ticket);
  gint64 default_usec = ban_list_get_ban_time_usec (self->bans);
  g_autofree char *start = jail_format_time (ticket_get_time_usec (ticket));
  g_autofree char *end = jail_format_time (ticket_get_end_usec (ticket, default_usec));
  double seconds;

  if (own == NULL || !py_value_to_double (own, &seconds))
    seconds = (double) ban_list_get_ban_time_sec (self->bans);
  return py_str_printf ("%s \t%s + %.0f = %s", address_peek_text (ticket_peek_id (ticket)), start, trunc (seconds),
                        end);
}

PyValue *
jail_dup_ban_list (Jail *self, gboolean times)
{
  g_autoptr (GPtrArray) tickets = ban_list_dup_by_end (self->bans);
  PyValue *list = py_list_new ();

  for (guint i = 0; i < tickets->len; i++)
    {
      const Ticket *ticket = g_ptr_array_index (tickets, i);

      py_list_append (list, times ? with_time (self, ticket) : id_value (ticket));
    }
  return list;
}

/* --- actions -------------------------------------------------------------------------------------------------------------- */

PyValue *
jail_dup_actions (Jail *self)
{
  return action_queue_dup_names (self->actions);
}

gboolean
jail_add_action (Jail *self, const char *name, GError **error)
{
  return action_queue_add (self->actions, name, error);
}

gboolean
jail_del_action (Jail *self, const char *name, GError **error)
{
  return action_queue_remove (self->actions, name, error);
}

PyValue *
jail_get_action_property (Jail *self, const char *name, const char *property, GError **error)
{
  Action *action = action_queue_peek (self->actions, name, error);

  return action != NULL ? action_get (action, property, error) : NULL;
}

gboolean
jail_set_action_property (Jail *self, const char *name, const char *property, PyValue *value, GError **error)
{
  Action *action = action_queue_peek (self->actions, name, error);

  return action != NULL && action_set (action, property, value, error);
}

PyValue *
jail_dup_action_properties (Jail *self, const char *name, GError **error)
{
  Action *action = action_queue_peek (self->actions, name, error);

  return action != NULL ? action_dup_properties (action) : NULL;
}

PyValue *
jail_dup_action_methods (Jail *self, const char *name, GError **error)
{
  Action *action = action_queue_peek (self->actions, name, error);

  return action != NULL ? action_dup_methods (action) : NULL;
}

gboolean
jail_action_has_method (Jail *self, const char *name, const char *method, gboolean *ret_is_method, GError **error)
{
  Action *action = action_queue_peek (self->actions, name, error);

  if (action == NULL)
    return FALSE;
  *ret_is_method = action_is_method (action, method);
  return TRUE;
}

typedef struct
{
  Jail *jail;
  JailCallDone done;
  gpointer user_data;
} ActionCall;

static void
on_called (ActionQueue *queue, PyValue *result, gpointer user_data)
{
  g_autofree ActionCall *call = user_data;

  call->done (call->jail, result, call->user_data);
}

void
jail_call_action (Jail *self, const char *action, const char *method, const PyValue *kwargs, JailCallDone done,
                  gpointer user_data)
{
  ActionCall *call = g_new0 (ActionCall, 1);

  *call = (ActionCall){ self, done, user_data };
  action_queue_call (self->actions, action, method, kwargs, on_called, call);
}
