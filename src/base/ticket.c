#include "base/ticket.h"

#include <math.h>
#include <string.h>

#include "compat/py-repr.h"

/* What only bans have, and few other tickets. */
typedef struct
{
  Address *ip;       /* NULL: the id */
  PyValue *ban_time; /* NULL: unset */
  guint ban_count;
  guint ban_epoch;
} TicketBan;

/* There may be a hundred thousand of them: 56 bytes, which malloc makes 64. */
struct Ticket
{
  guint refs : 28;
  guint time_is_float : 1;
  guint unmatched : 1; /* none are to be kept: the data has no list of them, not even an empty one */
  guint restored : 1;
  guint banned : 1;
  guint attempts;
  Address *id;
  gint64 time_usec;
  gint64 first_time_usec;
  double retry;
  TicketData *data; /* matches and captured values */
  TicketBan *ban;   /* NULL: none of it is set */
};

static TicketBan *
make_ban (Ticket *self)
{
  if (self->ban == NULL)
    self->ban = g_new0 (TicketBan, 1);
  return self->ban;
}

Ticket *
ticket_new (const Address *id, gint64 time_usec)
{
  Ticket *self = g_new0 (Ticket, 1);

  self->refs = 1;
  self->id = address_ref (id);
  self->time_usec = time_usec;
  self->first_time_usec = time_usec;
  self->retry = 1;
  return self;
}

Ticket *
ticket_copy (const Ticket *self)
{
  Ticket *copy = g_memdup2 (self, sizeof *self);

  copy->refs = 1;
  copy->id = address_ref (self->id);
  copy->data = ticket_data_copy (self->data);
  if (self->ban == NULL)
    return copy;
  copy->ban = g_memdup2 (self->ban, sizeof *self->ban);
  copy->ban->ip = self->ban->ip != NULL ? address_ref (self->ban->ip) : NULL;
  copy->ban->ban_time = self->ban->ban_time != NULL ? py_value_ref (self->ban->ban_time) : NULL;
  return copy;
}

Ticket *
ticket_ref (Ticket *self)
{
  self->refs++;
  return self;
}

void
ticket_unref (Ticket *self)
{
  if (self == NULL || --self->refs > 0)
    return;
  address_unref (self->id);
  ticket_data_free (self->data);
  if (self->ban != NULL)
    {
      address_unref (self->ban->ip);
      py_value_unref (self->ban->ban_time);
      g_free (self->ban);
    }
  g_free (self);
}

const Address *
ticket_peek_id (const Ticket *self)
{
  return self->id;
}

void
ticket_set_id (Ticket *self, const Address *id)
{
  Address *old = self->id;

  self->id = address_ref (id);
  address_unref (old);
}

const Address *
ticket_peek_ip (const Ticket *self)
{
  return self->ban != NULL && self->ban->ip != NULL ? self->ban->ip : self->id;
}

void
ticket_set_ip (Ticket *self, const Address *ip)
{
  Address *old;

  if (ip == NULL && self->ban == NULL)
    return;
  old = make_ban (self)->ip;
  self->ban->ip = ip != NULL ? address_ref (ip) : NULL;
  address_unref (old);
}

/* --- times ----------------------------------------------------------------------------------------------------------- */

gint64
ticket_get_time_usec (const Ticket *self)
{
  return self->time_usec;
}

gboolean
ticket_time_is_float (const Ticket *self)
{
  return self->time_is_float;
}

void
ticket_set_time_usec (Ticket *self, gint64 time_usec, gboolean is_float)
{
  self->time_usec = time_usec;
  self->time_is_float = is_float != FALSE;
}

PyValue *
ticket_dup_time (const Ticket *self)
{
  if (self->time_is_float || self->time_usec % G_USEC_PER_SEC != 0)
    return py_float_new ((double) self->time_usec / G_USEC_PER_SEC);
  return py_int_new (self->time_usec / G_USEC_PER_SEC);
}

PyValue *
ticket_peek_ban_time (const Ticket *self)
{
  return self->ban != NULL ? self->ban->ban_time : NULL;
}

void
ticket_take_ban_time (Ticket *self, PyValue *seconds)
{
  if (seconds == NULL && self->ban == NULL)
    return;
  py_value_unref (make_ban (self)->ban_time);
  self->ban->ban_time = seconds;
}

gint64
ticket_get_ban_time_usec (const Ticket *self, gint64 default_usec)
{
  const PyValue *own = ticket_peek_ban_time (self);
  double seconds;

  if (own == NULL || !py_value_to_double (own, &seconds))
    return default_usec;
  if (seconds == -1)
    return TICKET_PERMANENT_USEC;
  /* Far beyond any date, and still safe to add to one. */
  return (gint64) CLAMP (rint (seconds * G_USEC_PER_SEC), -(double) (G_MAXINT64 / 4), (double) (G_MAXINT64 / 4));
}

gint64
ticket_get_end_usec (const Ticket *self, gint64 default_usec)
{
  gint64 ban_time_usec = ticket_get_ban_time_usec (self, default_usec);

  return ban_time_usec == TICKET_PERMANENT_USEC ? TICKET_NEVER_USEC : self->time_usec + ban_time_usec;
}

gboolean
ticket_is_over (const Ticket *self, gint64 now_usec, gint64 default_usec)
{
  return now_usec > ticket_get_end_usec (self, default_usec);
}

gint64
ticket_get_first_time_usec (const Ticket *self)
{
  return self->first_time_usec;
}

void
ticket_set_first_time_usec (Ticket *self, gint64 time_usec)
{
  self->first_time_usec = time_usec;
}

void
ticket_adjust_time (Ticket *self, gint64 time_usec, gint64 find_time_usec)
{
  if (time_usec <= self->time_usec)
    return;
  if (self->first_time_usec < time_usec - find_time_usec)
    {
      double seen_sec = (double) (time_usec - self->first_time_usec) / G_USEC_PER_SEC;
      double window_sec = (double) find_time_usec / G_USEC_PER_SEC;

      self->retry = rint (self->retry / seen_sec * window_sec);
      self->first_time_usec = time_usec - find_time_usec;
    }
  self->time_usec = time_usec;
}

/* --- counts ---------------------------------------------------------------------------------------------------------- */

guint
ticket_get_ban_count (const Ticket *self)
{
  return self->ban != NULL ? self->ban->ban_count : 0;
}

void
ticket_set_ban_count (Ticket *self, guint count)
{
  make_ban (self)->ban_count = count;
}

guint
ticket_get_attempts (const Ticket *self)
{
  return self->attempts;
}

void
ticket_set_attempts (Ticket *self, guint attempts)
{
  self->attempts = attempts;
}

double
ticket_get_retry (const Ticket *self)
{
  return self->retry;
}

void
ticket_set_retry (Ticket *self, double retry)
{
  self->retry = retry;
  if (self->attempts == 0)
    self->attempts = 1;
  if (retry == 0)
    {
      self->attempts = 0;
      self->data = ticket_data_keep_last (self->data, 0);
    }
}

void
ticket_add_failure (Ticket *self, guint attempts, double retry)
{
  self->attempts = attempts > G_MAXUINT - self->attempts ? G_MAXUINT : self->attempts + attempts;
  self->retry += retry;
}

/* --- matches --------------------------------------------------------------------------------------------------------- */

guint
ticket_get_match_count (const Ticket *self)
{
  return ticket_data_count_matches (self->data);
}

char *
ticket_dup_match_text (const Ticket *self, guint index, gsize *ret_len)
{
  return ticket_data_dup_match_text (self->data, index, ret_len);
}

void
ticket_take_match (Ticket *self, PyValue *match)
{
  self->data = ticket_data_add_match (self->data, match);
  self->unmatched = FALSE;
  py_value_unref (match);
}

void
ticket_trim_matches (Ticket *self, guint max_matches)
{
  self->unmatched = max_matches == 0;
  self->data = ticket_data_keep_last (self->data, max_matches);
}

void
ticket_add_matches_of (Ticket *self, const Ticket *other)
{
  if (ticket_data_count_matches (other->data) == 0)
    return;
  self->unmatched = FALSE;
  self->data = ticket_data_add_matches (self->data, other->data);
}

/* --- captured values ------------------------------------------------------------------------------------------------- */

PyValue *
ticket_dup_value (const Ticket *self, const char *name)
{
  return ticket_data_dup_value (self->data, name);
}

void
ticket_take_value (Ticket *self, const char *name, PyValue *value)
{
  g_autoptr (PyValue) values = ticket_data_dup_values (self->data);

  py_dict_set_str (values, name, value != NULL ? value : py_none_new ());
  self->data = ticket_data_set_values (self->data, values);
}

void
ticket_merge_missing_values_of (Ticket *self, const Ticket *other)
{
  g_autoptr (PyValue) values = ticket_data_dup_values (self->data);
  g_autoptr (PyValue) more = ticket_data_dup_values (other->data);

  for (guint i = 0; i < py_dict_length (more); i++)
    {
      PyValue *key = py_dict_peek_key (more, i);

      if (py_dict_get (values, key) == NULL)
        py_dict_set (values, py_value_ref (key), py_value_ref (py_dict_peek_value (more, i)));
    }
  self->data = ticket_data_set_values (self->data, values);
}

static PyValue *
dup_matches (const Ticket *self, guint max_matches)
{
  PyValue *list = py_list_new ();
  guint count = ticket_data_count_matches (self->data);

  for (guint i = count > max_matches ? count - max_matches : 0; i < count; i++)
    py_list_append (list, ticket_data_dup_match (self->data, i));
  return list;
}

PyValue *
ticket_dup_data (const Ticket *self, guint max_matches)
{
  PyValue *data = py_dict_new ();
  g_autoptr (PyValue) values = ticket_data_dup_values (self->data);
  const Address *ip = ticket_peek_ip (self);

  /* Without any lines the empty list stays, also where none are to be kept (database.py, addBan). */
  if (!self->unmatched && (max_matches > 0 || ticket_get_match_count (self) == 0))
    py_dict_set_str (data, "matches", dup_matches (self, max_matches));
  py_dict_set_str (data, "failures", py_int_new (self->attempts));
  py_dict_update (data, values, PY_DICT_UPDATE_ALL);
  if (ip != self->id)
    py_dict_set_str (data, "ip", py_str_new_len (address_peek_text (ip), (gssize) address_get_length (ip)));
  return data;
}

static void
set_attempts_value (Ticket *self, const PyValue *failures)
{
  double count = 0;

  if (failures == NULL || !py_value_to_double (failures, &count))
    {
      self->attempts = 0;
      self->retry = 1;
      return;
    }
  self->attempts = (guint) CLAMP (count, 0, G_MAXINT);
  self->retry = self->attempts;
}

static void
set_ip_value (Ticket *self, const PyValue *value)
{
  g_autoptr (Address) ip = NULL;
  const char *text;
  gsize len;

  if (value == NULL || py_value_type (value) != PY_STR)
    return;
  text = py_str_peek (value, &len);
  ip = address_new (text, (gssize) len);
  ticket_set_ip (self, ip);
}

void
ticket_set_data (Ticket *self, const PyValue *dict)
{
  static const char *const beside[] = { "matches", "failures", "ip", NULL };

  ticket_data_free (self->data);
  self->data = ticket_data_new (py_dict_get_str (dict, "matches"), dict, beside);
  self->unmatched = FALSE;
  set_attempts_value (self, py_dict_get_str (dict, "failures"));
  ticket_set_ip (self, NULL);
  set_ip_value (self, py_dict_get_str (dict, "ip"));
}

const TicketData *
ticket_peek_data (const Ticket *self)
{
  return self->data;
}

void
ticket_take_data (Ticket *self, TicketData *data)
{
  ticket_data_free (self->data);
  self->data = data;
}

/* --- flags ----------------------------------------------------------------------------------------------------------- */

gboolean
ticket_is_restored (const Ticket *self)
{
  return self->restored;
}

void
ticket_set_restored (Ticket *self, gboolean restored)
{
  self->restored = restored != FALSE;
}

gboolean
ticket_is_banned (const Ticket *self)
{
  return self->banned;
}

void
ticket_set_banned (Ticket *self, gboolean banned)
{
  self->banned = banned != FALSE;
}

guint
ticket_get_ban_epoch (const Ticket *self)
{
  return self->ban != NULL ? self->ban->ban_epoch : 0;
}

void
ticket_set_ban_epoch (Ticket *self, guint epoch)
{
  make_ban (self)->ban_epoch = epoch;
}

char *
ticket_dup_description (const Ticket *self, const char *class_name)
{
  g_autoptr (PyValue) time = ticket_dup_time (self);
  g_autoptr (PyValue) matches = dup_matches (self, G_MAXUINT);
  g_autofree char *time_text = py_repr (time);
  const PyValue *ban_time = ticket_peek_ban_time (self);
  g_autofree char *ban_time_text = ban_time != NULL ? py_repr (ban_time) : g_strdup ("None");
  g_autofree char *matches_text = py_repr (matches);

  return g_strdup_printf ("%s: ip=%s time=%s bantime=%s bancount=%u #attempts=%u matches=%s", class_name,
                          address_peek_text (self->id), time_text, ban_time_text, ticket_get_ban_count (self), self->attempts,
                          matches_text);
}
