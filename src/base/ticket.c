#include "base/ticket.h"

#include <math.h>
#include <string.h>

#include "compat/py-repr.h"

struct Ticket
{
  guint refs;
  Address *id;
  Address *ip; /* NULL: the id */
  gint64 time_usec;
  gint64 first_time_usec;
  gboolean time_is_float;
  PyValue *ban_time; /* NULL: unset */
  guint ban_count;
  guint attempts;
  double retry;
  GPtrArray *matches; /* of PyValue */
  gboolean unmatched; /* none are to be kept: the data has no list of them, not even an empty one */
  PyValue *values;    /* dict; replaced, never changed, when others may hold it */
  guint ban_epoch;
  gboolean restored : 1;
  gboolean banned : 1;
};

Ticket *
ticket_new (const Address *id, gint64 time_usec)
{
  Ticket *self = g_new0 (Ticket, 1);

  self->refs = 1;
  self->id = address_ref (id);
  self->time_usec = time_usec;
  self->first_time_usec = time_usec;
  self->retry = 1;
  self->matches = g_ptr_array_new_with_free_func ((GDestroyNotify) py_value_unref);
  self->values = py_dict_new ();
  return self;
}

Ticket *
ticket_copy (const Ticket *self)
{
  Ticket *copy = ticket_new (self->id, self->time_usec);
  GPtrArray *matches = copy->matches;
  PyValue *values = copy->values;

  *copy = *self;
  copy->refs = 1;
  copy->id = address_ref (self->id);
  copy->ip = self->ip != NULL ? address_ref (self->ip) : NULL;
  copy->ban_time = self->ban_time != NULL ? py_value_ref (self->ban_time) : NULL;
  copy->matches = matches;
  copy->values = values;
  address_unref (self->id); /* the one ticket_new took */
  ticket_add_matches_of (copy, self);
  ticket_merge_values_of (copy, self);
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
  address_unref (self->ip);
  py_value_unref (self->ban_time);
  g_ptr_array_unref (self->matches);
  py_value_unref (self->values);
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
  return self->ip != NULL ? self->ip : self->id;
}

void
ticket_set_ip (Ticket *self, const Address *ip)
{
  Address *old = self->ip;

  self->ip = ip != NULL ? address_ref (ip) : NULL;
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
  self->time_is_float = is_float;
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
  return self->ban_time;
}

void
ticket_take_ban_time (Ticket *self, PyValue *seconds)
{
  py_value_unref (self->ban_time);
  self->ban_time = seconds;
}

gint64
ticket_get_ban_time_usec (const Ticket *self, gint64 default_usec)
{
  double seconds;

  if (self->ban_time == NULL || !py_value_to_double (self->ban_time, &seconds))
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
  return self->ban_count;
}

void
ticket_set_ban_count (Ticket *self, guint count)
{
  self->ban_count = count;
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
      g_ptr_array_set_size (self->matches, 0);
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
  return self->matches->len;
}

PyValue *
ticket_peek_match (const Ticket *self, guint index)
{
  g_return_val_if_fail (index < self->matches->len, NULL);

  return self->matches->pdata[index];
}

char *
ticket_dup_match_text (const Ticket *self, guint index, gsize *ret_len)
{
  g_autoptr (GString) text = g_string_new (NULL);
  PyValue *match = ticket_peek_match (self, index);
  const char *piece;
  gsize len;

  if (py_value_is_seq (match))
    for (guint i = 0; i < py_seq_length (match); i++)
      {
        if (py_value_type (py_seq_peek (match, i)) != PY_STR)
          continue;
        piece = py_str_peek (py_seq_peek (match, i), &len);
        g_string_append_len (text, piece, (gssize) len);
      }
  else if (match != NULL && py_value_type (match) == PY_STR)
    {
      piece = py_str_peek (match, &len);
      g_string_append_len (text, piece, (gssize) len);
    }
  if (ret_len != NULL)
    *ret_len = text->len;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

void
ticket_take_match (Ticket *self, PyValue *match)
{
  g_ptr_array_add (self->matches, match);
  self->unmatched = FALSE;
}

void
ticket_trim_matches (Ticket *self, guint max_matches)
{
  self->unmatched = max_matches == 0;
  if (self->matches->len > max_matches)
    g_ptr_array_remove_range (self->matches, 0, self->matches->len - max_matches);
}

void
ticket_add_matches_of (Ticket *self, const Ticket *other)
{
  guint count = other->matches->len;

  if (count > 0)
    self->unmatched = FALSE;
  for (guint i = 0; i < count; i++)
    g_ptr_array_add (self->matches, py_value_ref (other->matches->pdata[i]));
}

/* --- captured values ------------------------------------------------------------------------------------------------- */

PyValue *
ticket_peek_value (const Ticket *self, const char *name)
{
  return py_dict_get_str (self->values, name);
}

static gboolean
is_none (const PyValue *value)
{
  return value == NULL || py_value_type (value) == PY_NONE;
}

/* Dicts have no removal: a new one without the key. */
static void
remove_value (Ticket *self, const char *name)
{
  PyValue *rest;

  if (py_dict_get_str (self->values, name) == NULL)
    return;
  rest = py_dict_new ();
  for (guint i = 0; i < py_dict_length (self->values); i++)
    if (!py_str_equals (py_dict_peek_key (self->values, i), name))
      py_dict_set (rest, py_value_ref (py_dict_peek_key (self->values, i)),
                   py_value_ref (py_dict_peek_value (self->values, i)));
  py_value_unref (self->values);
  self->values = rest;
}

void
ticket_take_value (Ticket *self, const char *name, PyValue *value)
{
  if (!is_none (value))
    {
      py_dict_set_str (self->values, name, value);
      return;
    }
  py_value_unref (value);
  remove_value (self, name);
}

void
ticket_merge_values_of (Ticket *self, const Ticket *other)
{
  if (self == other)
    return;
  for (guint i = 0; i < py_dict_length (other->values); i++)
    py_dict_set (self->values, py_value_ref (py_dict_peek_key (other->values, i)),
                 py_value_ref (py_dict_peek_value (other->values, i)));
}

void
ticket_merge_missing_values_of (Ticket *self, const Ticket *other)
{
  for (guint i = 0; i < py_dict_length (other->values); i++)
    {
      PyValue *key = py_dict_peek_key (other->values, i);

      if (py_dict_get (self->values, key) == NULL)
        py_dict_set (self->values, py_value_ref (key), py_value_ref (py_dict_peek_value (other->values, i)));
    }
}

PyValue *
ticket_peek_values (const Ticket *self)
{
  return self->values;
}

static PyValue *
dup_matches (const Ticket *self, guint max_matches)
{
  PyValue *list = py_list_new ();
  guint count = self->matches->len;

  for (guint i = count > max_matches ? count - max_matches : 0; i < count; i++)
    py_list_append (list, py_value_ref (self->matches->pdata[i]));
  return list;
}

PyValue *
ticket_dup_data (const Ticket *self, guint max_matches)
{
  PyValue *data = py_dict_new ();

  /* Without any lines the empty list stays, also where none are to be kept (database.py, addBan). */
  if (!self->unmatched && (max_matches > 0 || self->matches->len == 0))
    py_dict_set_str (data, "matches", dup_matches (self, max_matches));
  py_dict_set_str (data, "failures", py_int_new (self->attempts));
  for (guint i = 0; i < py_dict_length (self->values); i++)
    py_dict_set (data, py_value_ref (py_dict_peek_key (self->values, i)),
                 py_value_ref (py_dict_peek_value (self->values, i)));
  if (self->ip != NULL)
    py_dict_set_str (data, "ip", py_str_new_len (address_peek_text (self->ip), (gssize) address_get_length (self->ip)));
  return data;
}

static void
set_matches (Ticket *self, const PyValue *matches)
{
  g_ptr_array_set_size (self->matches, 0);
  self->unmatched = FALSE;
  if (!py_value_is_seq (matches))
    return;
  for (guint i = 0; i < py_seq_length (matches); i++)
    g_ptr_array_add (self->matches, py_value_ref (py_seq_peek (matches, i)));
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
set_ip_value (Ticket *self, PyValue *value)
{
  g_autoptr (Address) ip = NULL;
  const char *text;
  gsize len;

  if (py_value_type (value) != PY_STR)
    return;
  text = py_str_peek (value, &len);
  ip = address_new (text, (gssize) len);
  ticket_set_ip (self, ip);
}

void
ticket_set_data (Ticket *self, const PyValue *dict)
{
  set_matches (self, py_dict_get_str (dict, "matches"));
  set_attempts_value (self, py_dict_get_str (dict, "failures"));
  ticket_set_ip (self, NULL);
  py_value_unref (self->values);
  self->values = py_dict_new ();
  for (guint i = 0; i < py_dict_length (dict); i++)
    {
      PyValue *key = py_dict_peek_key (dict, i);
      PyValue *value = py_dict_peek_value (dict, i);

      if (is_none (value) || py_str_equals (key, "matches") || py_str_equals (key, "failures"))
        continue;
      if (py_str_equals (key, "ip"))
        set_ip_value (self, value);
      else
        py_dict_set (self->values, py_value_ref (key), py_value_ref (value));
    }
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
  return self->ban_epoch;
}

void
ticket_set_ban_epoch (Ticket *self, guint epoch)
{
  self->ban_epoch = epoch;
}

char *
ticket_dup_description (const Ticket *self, const char *class_name)
{
  g_autoptr (PyValue) time = ticket_dup_time (self);
  g_autoptr (PyValue) matches = py_list_new ();
  g_autofree char *time_text = py_repr (time);
  g_autofree char *ban_time_text = self->ban_time != NULL ? py_repr (self->ban_time) : g_strdup ("None");
  g_autofree char *matches_text = NULL;

  for (guint i = 0; i < self->matches->len; i++)
    py_list_append (matches, py_value_ref (self->matches->pdata[i]));
  matches_text = py_repr (matches);
  return g_strdup_printf ("%s: ip=%s time=%s bantime=%s bancount=%u #attempts=%u matches=%s", class_name,
                          address_peek_text (self->id), time_text, ban_time_text, self->ban_count, self->attempts,
                          matches_text);
}
