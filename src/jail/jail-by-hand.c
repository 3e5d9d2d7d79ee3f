#include "jail/jail-private.h"

#include "compat/py-repr.h"

static Address *
parse_id (PyValue *id, GError **error)
{
  gsize len;
  const char *text;

  if (py_value_type (id) != PY_STR)
    {
      g_autofree char *repr = py_repr (id);
      return address_new_raw (repr, -1);
    }
  text = py_str_peek (id, &len);
  return address_parse (text, (gssize) len, error);
}

void
jail_ban (Jail *self, PyValue *ids, JailCountDone done, gpointer user_data)
{
  JailRequest *request = jail_request_new (self, done, user_data);
  gint64 now_usec = jail_now_usec (self);
  BanStore *store = jail_peek_store (self);

  if (store != NULL)
    ban_store_begin (store);
  for (guint i = 0; i < py_seq_length (ids) && request->error == NULL; i++)
    {
      g_autoptr (Address) id = parse_id (py_seq_peek (ids, i), &request->error);
      g_autoptr (Ticket) ticket = NULL;

      if (id == NULL)
        break;
      ticket = ticket_new (id, now_usec);
      ticket_set_time_usec (ticket, now_usec, TRUE);
      jail_bans_ban (self, ticket, request);
    }
  if (store != NULL)
    {
      g_autoptr (GError) error = NULL;

      if (!ban_store_commit (store, &error))
        jail_store_failed (self, error);
    }
  jail_bans_arm_expiry (self);
  jail_request_made (request);
}

typedef struct
{
  JailRequest *request;
  ResolverQuery *query;
  gboolean hurry; /* the jail ends: names are not looked up any more */
  PyValue *ids;
  guint next;
  gboolean report_absent;
  PyValue *absent; /* list of str */
} Unban;

static void unban_next (Unban *unban);

static void
delete_from_store (Jail *self, const Address *id)
{
  BanStore *store = jail_peek_store (self);
  g_autoptr (GError) error = NULL;

  if (store != NULL && !ban_store_delete_ban (store, self->name, id, &error))
    jail_store_failed (self, error);
}

static gboolean
unban_one (Jail *self, const Address *id, JailRequest *request)
{
  g_autoptr (Ticket) ticket = NULL;

  delete_from_store (self, id);
  ticket = ban_list_take (self->bans, id);
  if (ticket == NULL)
    return FALSE;
  jail_bans_unban (self, ticket, request);
  request->count++;
  return TRUE;
}

/* All that are banned and lie in the network, or belong to the name. */
static guint
unban_within (Jail *self, const Address *network, AddressSet *names, JailRequest *request)
{
  g_autoptr (GPtrArray) tickets = ban_list_dup_tickets (self->bans);
  guint found = 0;

  for (guint i = 0; i < tickets->len; i++)
    {
      const Address *id = ticket_peek_id (g_ptr_array_index (tickets, i));

      if (names != NULL ? address_set_contains (names, id) : address_contains (network, id))
        found += unban_one (self, id, request) ? 1 : 0;
    }
  return found;
}

static void
report_absent (Unban *unban, PyValue *id)
{
  Jail *self = unban->request->jail;
  g_autofree char *text = py_str (id, NULL);

  log_msg (self->log, LOGGER_ACTIONS, "%s is not banned", text);
  if (unban->report_absent)
    py_list_append (unban->absent, py_value_ref (id));
}

static void
on_unban_name (const char *name, AddressSet *addresses, gpointer user_data)
{
  Unban *unban = user_data;
  Jail *self = unban->request->jail;

  unban->query = NULL;
  if (unban_within (self, NULL, addresses, unban->request) == 0)
    report_absent (unban, py_seq_peek (unban->ids, unban->next - 1));
  unban_next (unban);
}

/* FALSE: a name has to be looked up first. */
static gboolean
unban_word (Unban *unban, PyValue *word)
{
  Jail *self = unban->request->jail;
  g_autoptr (Address) id = parse_id (word, NULL);

  if (id != NULL && unban_one (self, id, unban->request))
    return TRUE;
  if (id != NULL && address_get_kind (id) == ADDRESS_TEXT && address_get_length (id) > 0 && !unban->hurry)
    {
      unban->query = resolver_query_name (self->services->resolver, address_peek_text (id),
                                          (gssize) address_get_length (id), on_unban_name, unban);
      return FALSE;
    }
  if (id == NULL || !address_is_ip (id) || address_is_single (id) || unban_within (self, id, NULL, unban->request) == 0)
    report_absent (unban, word);
  return TRUE;
}

static void
unban_next (Unban *unban)
{
  JailRequest *request = unban->request;

  while (unban->next < py_seq_length (unban->ids))
    if (!unban_word (unban, py_seq_peek (unban->ids, unban->next++)))
      return;
  if (py_seq_length (unban->absent) > 0)
    {
      g_autofree char *repr = py_repr (unban->absent);

      g_set_error (&request->error, JAIL_ERROR, JAIL_ERROR_VALUE, "not banned: %s", repr);
    }
  jail_bans_arm_expiry (request->jail);
  g_ptr_array_remove_fast (request->jail->unbans, unban);
  jail_request_made (request);
}

static void
unban_free (gpointer data)
{
  Unban *unban = data;

  resolver_cancel (unban->query);
  py_value_unref (unban->ids);
  py_value_unref (unban->absent);
  g_free (unban);
}

void
jail_unban (Jail *self, PyValue *ids, gboolean report, JailCountDone done, gpointer user_data)
{
  Unban *unban = g_new0 (Unban, 1);

  unban->request = jail_request_new (self, done, user_data);
  unban->ids = py_value_ref (ids);
  unban->report_absent = report;
  unban->absent = py_list_new ();
  g_ptr_array_add (self->unbans, unban);
  unban_next (unban);
}

void
jail_bans_finish_unbans (Jail *self)
{
  while (self->unbans->len > 0)
    {
      Unban *unban = g_ptr_array_index (self->unbans, 0);

      unban->hurry = TRUE;
      resolver_cancel (g_steal_pointer (&unban->query));
      report_absent (unban, py_seq_peek (unban->ids, unban->next - 1));
      unban_next (unban);
    }
}

static void
on_flushed (ActionQueue *queue, gpointer user_data)
{
  jail_request_close (user_data);
}

static void
on_forgotten (gpointer user_data)
{
  jail_request_close (user_data);
}

/* Of many rows, so not all at once; the answer waits for it. */
static void
forget_all (Jail *self, JailRequest *request)
{
  BanStore *store = jail_peek_store (self);

  if (store == NULL)
    return;
  ban_store_begin_soon (store);
  (void) ban_store_delete_bans (store, self->name, NULL); /* only noted: what fails is told by the commit */
  jail_services_commit_soon (self->services, self->name);
  request->open++;
  jail_services_when_committed (self->services, on_forgotten, request);
}

void
jail_unban_all (Jail *self, JailCountDone done, gpointer user_data)
{
  JailRequest *request = jail_request_new (self, done, user_data);
  guint count = ban_list_get_size (self->bans);
  g_autoptr (GPtrArray) tickets = jail_bans_take_all (self);

  request->count = count;
  forget_all (self, request);
  request->open++;
  action_queue_flush (self->actions, tickets, FALSE, "Unban", on_flushed, request);
  jail_request_made (request);
}

/* The jail's list of requests that wait for a name. */
GPtrArray *
jail_unban_list_new (void)
{
  return g_ptr_array_new_with_free_func (unban_free);
}
