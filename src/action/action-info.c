#include "action/action-info.h"

#include <string.h>

#include "compat/py-repr.h"

struct ActionInfo
{
  Ticket *ticket;    /* NULL: plain */
  PyValue *plain;    /* NULL: a ticket */
  GHashTable *known; /* tag -> PyValue: asked for or set */
  PyValue *data;     /* the ticket's whole data, once a field was asked for */
  Ticket *merged[2]; /* with this jail's bans, with those of all jails; once asked for */

  char *jail_name;
  ActionJailFuncs funcs;
  gpointer jail;
  ActionJailCounts counts;
  gboolean has_counts;
  Log *log;
};

static ActionInfo *
info_new (void)
{
  ActionInfo *self = g_new0 (ActionInfo, 1);

  self->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) py_value_unref);
  return self;
}

ActionInfo *
action_info_new (Ticket *ticket, gint64 now_usec, const char *jail_name, const ActionJailFuncs *funcs, gpointer jail,
                 const ActionJailCounts *counts, Log *log)
{
  ActionInfo *self = info_new ();

  if (ticket != NULL)
    self->ticket = ticket_ref (ticket);
  else
    {
      g_autoptr (Address) nobody = address_new ("", 0);
      self->ticket = ticket_new (nobody, now_usec);
    }
  self->jail_name = g_strdup (jail_name);
  self->funcs = *funcs;
  self->jail = jail;
  self->log = log;
  if (counts != NULL)
    {
      self->counts = *counts;
      self->has_counts = TRUE;
    }
  return self;
}

ActionInfo *
action_info_new_plain (PyValue *dict)
{
  g_return_val_if_fail (py_value_type (dict) == PY_DICT, NULL);

  ActionInfo *self = info_new ();
  self->plain = py_value_ref (dict);
  return self;
}

void
action_info_free (ActionInfo *self)
{
  if (self == NULL)
    return;
  ticket_unref (self->ticket);
  py_value_unref (self->plain);
  g_hash_table_unref (self->known);
  py_value_unref (self->data);
  for (gsize i = 0; i < G_N_ELEMENTS (self->merged); i++)
    ticket_unref (self->merged[i]);
  g_free (self->jail_name);
  g_free (self);
}

/* --- the tags of a ticket -------------------------------------------------------------------------------------------- */

static PyValue *
str_or_none (const char *text)
{
  return text != NULL ? py_str_new (text) : py_none_new ();
}

static PyValue *
address_value (const Address *address)
{
  return py_str_new_len (address_peek_text (address), (gssize) address_get_length (address));
}

static PyValue *
get_ip (ActionInfo *self)
{
  return address_value (ticket_peek_ip (self->ticket));
}

static PyValue *
get_family (ActionInfo *self)
{
  (void) action_info_peek (self,
                           "ip"); /* who knows the family knows the address: 1.1.2 shows both after a failed start */
  return str_or_none (address_peek_family_name (ticket_peek_ip (self->ticket)));
}

static PyValue *
get_reverse (ActionInfo *self)
{
  return py_str_take (address_dup_ptr_name (ticket_peek_ip (self->ticket), ""));
}

static PyValue *
get_host (ActionInfo *self)
{
  return py_none_new (); /* nobody looked it up: see the header */
}

static PyValue *
get_id (ActionInfo *self)
{
  return address_value (ticket_peek_id (self->ticket));
}

static PyValue *
get_failures (ActionInfo *self)
{
  return py_int_new (ticket_get_attempts (self->ticket));
}

static PyValue *
get_time (ActionInfo *self)
{
  return ticket_dup_time (self->ticket);
}

static PyValue *
get_ban_time (ActionInfo *self)
{
  const PyValue *seconds = ticket_peek_ban_time (self->ticket);
  double number;

  if (seconds == NULL)
    return py_int_new (self->funcs.get_ban_time_sec != NULL ? self->funcs.get_ban_time_sec (self->jail) : 0);
  if (py_value_type (seconds) == PY_FLOAT && py_value_to_double (seconds, &number))
    return py_int_new ((gint64) number);
  return py_value_ref ((PyValue *) seconds);
}

static PyValue *
get_ban_count (ActionInfo *self)
{
  return py_int_new (ticket_get_ban_count (self->ticket));
}

static PyValue *
join_matches (const Ticket *ticket)
{
  g_autoptr (GString) lines = g_string_new (NULL);

  for (guint i = 0; i < ticket_get_match_count (ticket); i++)
    {
      gsize length;
      g_autofree char *line = ticket_dup_match_text (ticket, i, &length);
      if (i > 0)
        g_string_append_c (lines, '\n');
      g_string_append_len (lines, line, (gssize) length);
    }
  return py_str_new_len (lines->str, (gssize) lines->len);
}

static PyValue *
get_matches (ActionInfo *self)
{
  return join_matches (self->ticket);
}

static PyValue *
get_restored (ActionInfo *self)
{
  return py_int_new (ticket_is_restored (self->ticket) ? 1 : 0);
}

static PyValue *
peek_data (ActionInfo *self)
{
  if (self->data == NULL)
    self->data = ticket_dup_data (self->ticket, G_MAXUINT);
  return self->data;
}

static PyValue *
get_data (ActionInfo *self)
{
  return py_value_ref (peek_data (self));
}

/* The bans of this address in the database as one ticket; the ticket itself when there are none. */
static const Ticket *
peek_merged (ActionInfo *self, gboolean all_jails)
{
  Ticket **merged = &self->merged[all_jails ? 1 : 0];
  g_autoptr (GError) error = NULL;

  if (*merged == NULL && self->funcs.dup_merged_bans != NULL)
    *merged = self->funcs.dup_merged_bans (self->jail, self->ticket, all_jails, &error);
  if (error != NULL)
    log_error (self->log, "fail2ban.actions", "Failed to get %s bans merged, jail '%s': %s", all_jails ? "all" : "jail",
               self->jail_name, error->message);
  if (*merged == NULL)
    *merged = ticket_ref (self->ticket);
  return *merged;
}

static PyValue *
get_ip_matches (ActionInfo *self)
{
  return join_matches (peek_merged (self, TRUE));
}

static PyValue *
get_ip_jail_matches (ActionInfo *self)
{
  return join_matches (peek_merged (self, FALSE));
}

static PyValue *
get_ip_failures (ActionInfo *self)
{
  return py_int_new (ticket_get_attempts (peek_merged (self, TRUE)));
}

static PyValue *
get_ip_jail_failures (ActionInfo *self)
{
  return py_int_new (ticket_get_attempts (peek_merged (self, FALSE)));
}

static PyValue *
get_raw_ticket (ActionInfo *self)
{
  return py_str_take (ticket_dup_description (self->ticket, "BanTicket"));
}

static PyValue *
get_jail_name (ActionInfo *self)
{
  return py_str_new (self->jail_name);
}

static const ActionJailCounts *
peek_counts (ActionInfo *self)
{
  if (!self->has_counts && self->funcs.get_counts != NULL)
    self->funcs.get_counts (self->jail, &self->counts);
  self->has_counts = TRUE;
  return &self->counts;
}

static PyValue *
get_banned (ActionInfo *self)
{
  return py_int_new ((gint64) peek_counts (self)->banned);
}

static PyValue *
get_banned_total (ActionInfo *self)
{
  return py_int_new ((gint64) peek_counts (self)->banned_total);
}

static PyValue *
get_found (ActionInfo *self)
{
  return py_int_new ((gint64) peek_counts (self)->found);
}

static PyValue *
get_found_total (ActionInfo *self)
{
  return py_int_new ((gint64) peek_counts (self)->found_total);
}

/* In the order in which 1.1.2 shows them in "info 'ActionInfo({…})'". */
static const struct
{
  const char *tag;
  PyValue *(*get) (ActionInfo *self);
  gboolean always_shown;
  gboolean expensive; /* takes the database or a name server */
} tags[] = {
  { "ip", get_ip, FALSE },
  { "family", get_family, FALSE },
  { "ip-rev", get_reverse, FALSE },
  { "ip-host", get_host, FALSE, TRUE },
  { "fid", get_id, TRUE },
  { "failures", get_failures, FALSE },
  { "time", get_time, FALSE },
  { "bantime", get_ban_time, FALSE },
  { "bancount", get_ban_count, FALSE },
  { "matches", get_matches, FALSE },
  { "restored", get_restored, FALSE },
  { "F-*", get_data, FALSE },
  { "ipmatches", get_ip_matches, FALSE, TRUE },
  { "ipjailmatches", get_ip_jail_matches, FALSE, TRUE },
  { "ipfailures", get_ip_failures, FALSE, TRUE },
  { "ipjailfailures", get_ip_jail_failures, FALSE, TRUE },
  { "raw-ticket", get_raw_ticket, TRUE },
  { "jail.name", get_jail_name, FALSE },
  { "jail.banned", get_banned, FALSE },
  { "jail.banned_total", get_banned_total, FALSE },
  { "jail.found", get_found, FALSE },
  { "jail.found_total", get_found_total, FALSE },
};

/* --- asking ---------------------------------------------------------------------------------------------------------- */

void
action_info_set (ActionInfo *self, const char *tag, PyValue *value)
{
  g_hash_table_replace (self->known, g_strdup (tag), value);
}

void
action_info_set_host (ActionInfo *self, const char *name)
{
  action_info_set (self, "ip-host", name != NULL ? py_str_new (name) : py_none_new ());
}

PyValue *
action_info_peek (ActionInfo *self, const char *tag)
{
  PyValue *value = g_hash_table_lookup (self->known, tag);

  if (value != NULL || self->ticket == NULL)
    return value != NULL ? value : py_dict_get_str (self->plain, tag);
  for (gsize i = 0; i < G_N_ELEMENTS (tags); i++)
    if (g_str_equal (tags[i].tag, tag))
      {
        value = tags[i].get (self);
        action_info_set (self, tag, value);
        return value;
      }
  return NULL;
}

PyValue *
action_info_dup_values (ActionInfo *self)
{
  if (self->ticket == NULL)
    return py_value_ref (self->plain);

  PyValue *values = py_dict_new ();
  for (gsize i = 0; i < G_N_ELEMENTS (tags); i++)
    if (!tags[i].expensive)
      py_dict_set_str (values, tags[i].tag, tags[i].get (self));
  return values;
}

PyValue *
action_info_peek_field (ActionInfo *self, const char *field)
{
  if (self->ticket != NULL)
    return py_dict_get_str (peek_data (self), field);
  PyValue *data = py_dict_get_str (self->plain, "F-*");
  return data != NULL && py_value_type (data) == PY_DICT ? py_dict_get_str (data, field) : NULL;
}

char *
action_info_dup_family (ActionInfo *self)
{
  const PyValue *value = action_info_peek (self, "family");

  if (value == NULL)
    return g_strdup ("");
  return py_value_type (value) == PY_NONE ? NULL : py_str (value, NULL);
}

const Address *
action_info_peek_address (ActionInfo *self)
{
  return self->ticket != NULL ? ticket_peek_ip (self->ticket) : NULL;
}

gboolean
action_info_is_restored (ActionInfo *self)
{
  return self->ticket != NULL && ticket_is_restored (self->ticket);
}

char *
action_info_dup_repr (ActionInfo *self)
{
  if (self->ticket == NULL)
    return py_repr (self->plain);

  GString *out = g_string_new ("ActionInfo({");
  const char *separator = "";
  for (gsize i = 0; i < G_N_ELEMENTS (tags); i++)
    {
      const PyValue *value = g_hash_table_lookup (self->known, tags[i].tag);
      if (value == NULL && !tags[i].always_shown)
        continue;
      g_string_append_printf (out, "%s'%s': ", separator, tags[i].tag);
      separator = ", ";
      if (value != NULL)
        py_repr_append (out, value);
      else /* 1.1.2 shows its own innards here; scripts that parse the line skip this part */
        g_string_append_printf (out, "<function Actions.ActionInfo.<lambda> at %p>", (void *) &tags[i]);
    }
  g_string_append (out, "})");
  return g_string_free (out, FALSE);
}
