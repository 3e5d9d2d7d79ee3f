#include "match/filter-private.h"

#include <string.h>

#include "compat/py-repr.h"

PyValue *
filter_get_captured (const PyValue *fail, const char *key)
{
  PyValue *value = py_dict_get_str (fail, key);

  return value == NULL || py_value_type (value) == PY_NONE ? NULL : value;
}

static void
report (const FilterReport *to, guint index, PyValue *fail, const Address *id, PyValue *id_value, const char *host)
{
  Failure failure = {
    .regex_index = index,
    .id = id,
    .id_value = id_value,
    .host = host,
    .resolve_warn = host != NULL && g_str_equal (to->filter->use_dns, "warn"),
    .has_time = to->time->is_set,
    .time_usec = to->time->time.usec,
    .time_is_int = to->time->time.is_int,
    .time_sec = to->time->time.seconds,
    .data = fail,
  };

  to->func (&failure, to->user_data);
}

/* An id as it was captured: an address if it is written like one, unless names are ids too. */
static Address *
make_id (const FilterReport *to, const PyValue *value, GError **error)
{
  gsize len;
  gboolean raw = to->filter->raw_host || g_str_equal (to->filter->use_dns, "raw");
  g_autofree char *text = py_str (value, &len);
  g_autoptr (GError) reason = NULL;
  Address *id;

  if (raw || py_value_type (value) != PY_STR)
    return address_new_raw (text, (gssize) len);
  id = address_parse (text, (gssize) len, &reason);
  if (id == NULL)
    {
      g_autofree char *shown = py_repr_str (reason->message, -1);
      g_set_error (error, FILTER_ERROR, FILTER_ERROR_PROCESS, "ValueError(%s)", shown);
    }
  return id;
}

/* An address of <ADDR> and its like, with the prefix of <CIDR>. */
static Address *
make_address (const PyValue *ip, const PyValue *fail)
{
  gsize len, cidr_len;
  g_autofree char *text = py_str (ip, &len);
  const PyValue *cidr = filter_get_captured (fail, "cidr");

  if (cidr != NULL && py_value_type (cidr) == PY_STR && *py_str_peek (cidr, &cidr_len) != '\0')
    {
      g_autofree char *network = g_strdup_printf ("%s/%s", text, py_str_peek (cidr, NULL));
      g_autoptr (Address) address = address_new (network, -1);
      if (address_is_ip (address))
        return g_steal_pointer (&address);
    }
  return address_new (text, (gssize) len);
}

static PyValue *
address_value (const Address *address)
{
  return py_str_new_len (address_peek_text (address), (gssize) address_get_length (address));
}

/* A host name: to be looked up by who is told, unless it is an address. */
static void
report_host (const FilterReport *to, guint index, PyValue *fail, const PyValue *name)
{
  gsize len, start, end;
  const char *text = py_str_peek (name, &len);

  if (address_looks_like_one (text, (gssize) len, &start, &end))
    {
      g_autoptr (Address) id = address_new (text + start, (gssize) (end - start));
      if (address_is_valid (id))
        {
          g_autoptr (PyValue) shown = address_value (id);
          report (to, index, fail, id, shown, NULL);
          return;
        }
    }
  if ((g_str_equal (to->filter->use_dns, "yes") || g_str_equal (to->filter->use_dns, "warn"))
      && memchr (text, '\0', len) == NULL)
    report (to, index, fail, NULL, NULL, text);
}

/* Who it was, told to the callback. */
FilterStep
filter_identify (const FilterReport *to, guint index, PyValue *fail, gboolean has_mlfid, GError **error)
{
  Filter *self = to->filter;
  PyValue *fid = filter_get_captured (fail, "fid"), *ip = filter_get_captured (fail, "ip4"), *name = NULL;
  gboolean names_are_ids = self->raw_host || g_str_equal (self->use_dns, "raw");
  g_autoptr (Address) id = NULL;
  g_autoptr (PyValue) shown = NULL;

  if (ip == NULL)
    ip = filter_get_captured (fail, "ip6");
  if (ip == NULL)
    name = filter_get_captured (fail, "dns");
  if (fid == NULL && ip == NULL && name == NULL)
    {
      g_return_val_if_fail (has_mlfid, FILTER_STEP_NEXT);
      py_dict_set_str (fail, "mlfpending", py_int_new (1));
      if (!self->check_all && self->ignore_pending)
        return FILTER_STEP_DONE;
      report (to, index, fail, NULL, NULL, NULL);
      return self->check_all ? FILTER_STEP_NEXT : FILTER_STEP_DONE;
    }
  if (name != NULL && !names_are_ids && py_value_type (name) == PY_STR)
    {
      report_host (to, index, fail, name);
      return self->check_all ? FILTER_STEP_NEXT : FILTER_STEP_DONE;
    }
  if (name != NULL || ip != NULL)
    {
      const PyValue *whom = ip != NULL ? ip : name;
      g_autoptr (Address) address = ip != NULL ? make_address (ip, fail) : make_id (to, name, error);

      if (address == NULL)
        return FILTER_STEP_EXCEPTION;
      if (fid == NULL || py_value_equal (fid, whom))
        id = g_steal_pointer (&address);
      else
        py_dict_set_str (fail, "ip", address_value (address));
    }
  if (id == NULL)
    {
      id = make_id (to, fid, error);
      if (id == NULL)
        return FILTER_STEP_EXCEPTION;
    }
  if (fid != NULL && py_value_type (fid) == PY_TUPLE)
    shown = py_value_ref (fid);
  else
    shown = address_value (id);
  report (to, index, fail, id, shown, NULL);
  return self->check_all ? FILTER_STEP_NEXT : FILTER_STEP_DONE;
}
