#include "base/ticket.h"

#include <math.h>
#include <string.h>

#include "compat/py-repr.h"

/* What few tickets have that are not banned. */
typedef struct
{
  Address *ip;       /* NULL: the id */
  PyValue *ban_time; /* NULL: unset */
  guint ban_count;
  guint ban_epoch;
  guint attempts;         /* when the ticket's are ATTEMPTS_ELSEWHERE */
  gint64 first_time_usec; /* when the ticket's first_sec is FIRST_ELSEWHERE */
  double retry;           /* unless retry_is_attempts */
} TicketExtra;

#define REFS_MAX           ((1u << 20) - 1) /* such a ticket stays for ever */
#define ATTEMPTS_ELSEWHERE ((1u << 16) - 1)
#define FIRST_ELSEWHERE    ((1u << 22) - 1)

/* There may be a hundred thousand of them: 40 bytes, which malloc makes 48. */
struct Ticket
{
  guint64 refs : 20;
  guint64 time_is_float : 1;
  guint64 unmatched : 1; /* none are to be kept: the data has no list of them, not even an empty one */
  guint64 restored : 1;
  guint64 banned : 1;
  guint64 retry_is_attempts : 1; /* as nearly always; at least 1 */
  guint64 common : 1;
  guint64 attempts : 16;
  guint64 first_sec : 22; /* so long before time_usec */
  Address *id;
  gint64 time_usec;
  TicketData *data;   /* matches and captured values */
  TicketExtra *extra; /* NULL: none of it is set */
};

G_STATIC_ASSERT (sizeof (Ticket) <= 40);

static TicketExtra *
make_extra (Ticket *self)
{
  if (self->extra == NULL)
    self->extra = g_new0 (TicketExtra, 1);
  return self->extra;
}

static void
drop_extra (Ticket *self)
{
  const TicketExtra *extra = self->extra;

  if (extra == NULL || extra->ip != NULL || extra->ban_time != NULL || extra->ban_count != 0 || extra->ban_epoch != 0
      || self->attempts == ATTEMPTS_ELSEWHERE || self->first_sec == FIRST_ELSEWHERE || !self->retry_is_attempts)
    return;
  g_clear_pointer (&self->extra, g_free);
}

static void
put_first_time (Ticket *self, gint64 first_usec)
{
  gint64 before_usec;

  if (!__builtin_sub_overflow (self->time_usec, first_usec, &before_usec) && before_usec >= 0
      && before_usec % G_USEC_PER_SEC == 0 && before_usec / G_USEC_PER_SEC < FIRST_ELSEWHERE)
    {
      self->first_sec = (guint) (before_usec / G_USEC_PER_SEC) & FIRST_ELSEWHERE;
      drop_extra (self);
      return;
    }
  self->first_sec = FIRST_ELSEWHERE;
  make_extra (self)->first_time_usec = first_usec;
}

static void
put_time (Ticket *self, gint64 time_usec)
{
  gint64 first_usec = ticket_get_first_time_usec (self);

  self->time_usec = time_usec;
  put_first_time (self, first_usec);
}

static void
put_retry (Ticket *self, double retry)
{
  self->retry_is_attempts = retry == MAX (ticket_get_attempts (self), 1);
  if (self->retry_is_attempts)
    drop_extra (self);
  else
    make_extra (self)->retry = retry;
}

static void
put_attempts (Ticket *self, guint attempts)
{
  double retry = ticket_get_retry (self);

  self->attempts = MIN (attempts, ATTEMPTS_ELSEWHERE) & ATTEMPTS_ELSEWHERE;
  if (attempts >= ATTEMPTS_ELSEWHERE)
    make_extra (self)->attempts = attempts;
  put_retry (self, retry);
}

Ticket *
ticket_new (const Address *id, gint64 time_usec)
{
  Ticket *self = g_new0 (Ticket, 1);

  self->refs = 1;
  self->id = address_ref (id);
  self->time_usec = time_usec;
  self->retry_is_attempts = TRUE;
  return self;
}

Ticket *
ticket_copy (const Ticket *self)
{
  Ticket *copy = g_memdup2 (self, sizeof *self);

  copy->refs = 1;
  copy->common = FALSE;
  copy->id = address_ref (self->id);
  copy->data = ticket_data_copy (self->data);
  if (self->extra == NULL)
    return copy;
  copy->extra = g_memdup2 (self->extra, sizeof *self->extra);
  copy->extra->ip = self->extra->ip != NULL ? address_ref (self->extra->ip) : NULL;
  copy->extra->ban_time = self->extra->ban_time != NULL ? py_value_ref (self->extra->ban_time) : NULL;
  return copy;
}

Ticket *
ticket_ref (Ticket *self)
{
  if (self->refs < REFS_MAX)
    self->refs++;
  return self;
}

void
ticket_unref (Ticket *self)
{
  if (self == NULL || self->refs == REFS_MAX || --self->refs > 0)
    return;
  address_unref (self->id);
  ticket_data_free (self->data);
  if (self->extra != NULL)
    {
      address_unref (self->extra->ip);
      py_value_unref (self->extra->ban_time);
      g_free (self->extra);
    }
  g_free (self);
}

void
ticket_set_common (Ticket *self)
{
  self->common = TRUE;
}

gboolean
ticket_is_common (const Ticket *self)
{
  return self->common;
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
  return self->extra != NULL && self->extra->ip != NULL ? self->extra->ip : self->id;
}

void
ticket_set_ip (Ticket *self, const Address *ip)
{
  Address *old;

  if (ip == NULL && self->extra == NULL)
    return;
  old = make_extra (self)->ip;
  self->extra->ip = ip != NULL ? address_ref (ip) : NULL;
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
  put_time (self, time_usec);
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
  return self->extra != NULL ? self->extra->ban_time : NULL;
}

void
ticket_take_ban_time (Ticket *self, PyValue *seconds)
{
  if (seconds == NULL && self->extra == NULL)
    return;
  py_value_unref (make_extra (self)->ban_time);
  self->extra->ban_time = seconds;
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
  return self->first_sec == FIRST_ELSEWHERE ? self->extra->first_time_usec
                                            : self->time_usec - (gint64) self->first_sec * G_USEC_PER_SEC;
}

void
ticket_set_first_time_usec (Ticket *self, gint64 time_usec)
{
  put_first_time (self, time_usec);
}

void
ticket_adjust_time (Ticket *self, gint64 time_usec, gint64 find_time_usec)
{
  gint64 first_usec = ticket_get_first_time_usec (self);

  if (time_usec <= self->time_usec)
    return;
  if (first_usec < time_usec - find_time_usec)
    {
      double seen_sec = (double) (time_usec - first_usec) / G_USEC_PER_SEC;
      double window_sec = (double) find_time_usec / G_USEC_PER_SEC;

      put_retry (self, rint (ticket_get_retry (self) / seen_sec * window_sec));
      first_usec = time_usec - find_time_usec;
    }
  self->time_usec = time_usec;
  put_first_time (self, first_usec);
}

/* --- counts ---------------------------------------------------------------------------------------------------------- */

guint
ticket_get_ban_count (const Ticket *self)
{
  return self->extra != NULL ? self->extra->ban_count : 0;
}

void
ticket_set_ban_count (Ticket *self, guint count)
{
  make_extra (self)->ban_count = count;
}

guint
ticket_get_attempts (const Ticket *self)
{
  return self->attempts == ATTEMPTS_ELSEWHERE ? self->extra->attempts : (guint) self->attempts;
}

void
ticket_set_attempts (Ticket *self, guint attempts)
{
  put_attempts (self, attempts);
}

double
ticket_get_retry (const Ticket *self)
{
  return self->retry_is_attempts ? (double) MAX (ticket_get_attempts (self), 1) : self->extra->retry;
}

void
ticket_set_retry (Ticket *self, double retry)
{
  put_retry (self, retry);
  if (ticket_get_attempts (self) == 0)
    put_attempts (self, 1);
  if (retry == 0)
    {
      put_attempts (self, 0);
      self->data = ticket_data_keep_last (self->data, 0);
    }
}

void
ticket_add_failure (Ticket *self, guint attempts, double retry)
{
  guint known = ticket_get_attempts (self);

  retry += ticket_get_retry (self);
  self->retry_is_attempts = TRUE; /* until both are set */
  put_attempts (self, attempts > G_MAXUINT - known ? G_MAXUINT : known + attempts);
  put_retry (self, retry);
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
  py_dict_set_str (data, "failures", py_int_new (ticket_get_attempts (self)));
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
      put_attempts (self, 0);
      put_retry (self, 1);
      return;
    }
  put_attempts (self, (guint) CLAMP (count, 0, G_MAXINT));
  put_retry (self, ticket_get_attempts (self));
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
  return self->extra != NULL ? self->extra->ban_epoch : 0;
}

void
ticket_set_ban_epoch (Ticket *self, guint epoch)
{
  make_extra (self)->ban_epoch = epoch;
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
                          address_peek_text (self->id), time_text, ban_time_text, ticket_get_ban_count (self), ticket_get_attempts (self),
                          matches_text);
}
