#include "match/failure.h"

#include "compat/py-repr.h"

/* An address of <ADDR> and its like, with the prefix of <CIDR>. */
static Address *
make_address (const char *text, gsize len, const Capture *cidr)
{
  if (cidr != NULL && cidr->kind == CAPTURED_TEXT && cidr->len > 0)
    {
      g_autofree char *network = g_strdup_printf ("%.*s/%.*s", (int) len, text, (int) cidr->len, cidr->text);
      g_autoptr (Address) address = address_new (network, -1);
      if (address_is_ip (address))
        return g_steal_pointer (&address);
    }
  return address_new (text, (gssize) len);
}

static Address *
make_id (const Failure *self)
{
  const char *text = self->whom->text;
  gsize len = self->whom->len;
  g_autofree char *shown = NULL;

  if (self->whom->kind != CAPTURED_TEXT)
    {
      g_autoptr (PyValue) value = capture_dup_value (self->whom);

      text = shown = py_str (value, &len);
    }
  return self->whom_is_raw ? address_new_raw (text, (gssize) len) : make_address (text, len, self->cidr);
}

void
failure_clear (Failure *self)
{
  g_clear_pointer (&self->id, address_unref);
  g_clear_pointer (&self->data, ticket_data_free);
  g_clear_pointer (&self->ticket, ticket_unref);
}

gboolean
failure_has_id (const Failure *self)
{
  return self->id != NULL || self->whom != NULL;
}

const Address *
failure_peek_id (Failure *self)
{
  if (self->id == NULL && self->whom != NULL)
    self->id = make_id (self);
  return self->id;
}

PyValue *
failure_dup_id_value (Failure *self)
{
  const Address *id;
  const Capture *fid = captures_peek_some (self->captures, CAPTURE_FID);

  if (!failure_has_id (self))
    return NULL;
  if (fid != NULL && fid->kind == CAPTURED_VALUE)
    return py_value_ref (fid->value);
  id = failure_peek_id (self);
  return py_str_new_len (address_peek_text (id), (gssize) address_get_length (id));
}

gboolean
failure_is_no_failure (const Failure *self)
{
  return captures_truth (self->captures, CAPTURE_NOFAIL);
}

PyValue *
failure_dup_data (Failure *self)
{
  return captures_dup_dict (self->captures);
}

/* Nothing of what tickets keep in a way of their own is there but the lines and the text of an address. */
static gboolean
is_plain (const Captures *captures, const Capture *ip)
{
  const Capture *matches = captures_peek (captures, CAPTURE_MATCHES);

  return (matches == NULL || matches->kind == CAPTURED_LINES) && (ip == NULL || ip->kind == CAPTURED_TEXT)
         && captures_peek (captures, CAPTURE_FAILURES) == NULL
         && captures_peek (captures, CAPTURE_NOFAIL_MATCHES) == NULL;
}

static TicketData *
dup_ticket_data (Failure *self)
{
  TicketData *data;

  if (self->data == NULL)
    self->data = captures_dup_ticket_data (self->captures);
  data = ticket_data_copy (self->data);
  if (data != self->data) /* it had its full number of owners: the next ones get the new block */
    {
      ticket_data_free (self->data);
      self->data = ticket_data_copy (data);
    }
  return data;
}

void
failure_give_data (Failure *self, Ticket *ticket)
{
  const Capture *ip = captures_peek_some (self->captures, CAPTURE_IP);
  g_autoptr (PyValue) data = NULL;
  g_autoptr (Address) address = NULL;

  if (!is_plain (self->captures, ip))
    {
      data = failure_dup_data (self);
      ticket_set_data (ticket, data);
      return;
    }
  ticket_take_data (ticket, dup_ticket_data (self));
  if (ip == NULL)
    return;
  address = address_new (ip->text, (gssize) ip->len);
  ticket_set_ip (ticket, address);
}

void
failure_keep_ticket (Failure *self, Ticket *ticket)
{
  if (!self->is_for_many)
    return;
  ticket_set_common (ticket);
  ticket_unref (self->ticket);
  self->ticket = ticket_ref (ticket);
}

Ticket *
failure_peek_ticket (const Failure *self)
{
  return self->ticket;
}

PyValue *
failure_dup_time (const Failure *failure)
{
  if (!failure->has_time)
    return py_none_new ();
  if (failure->time_is_int)
    return py_int_new (failure->time_usec / G_USEC_PER_SEC);
  return py_float_new (failure->time_sec);
}
