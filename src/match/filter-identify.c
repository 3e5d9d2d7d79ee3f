#include "match/filter-private.h"

#include <string.h>

#include "compat/py-repr.h"

/* The failure as far as it does not depend on who it was. */
static void
init_failure (Failure *failure, const FilterReport *to, guint index, Captures *fail)
{
  *failure = (Failure){
    .regex_index = index,
    .has_time = to->time->is_set,
    .time_usec = to->time->time.usec,
    .time_is_int = to->time->time.is_int,
    .time_sec = to->time->time.seconds,
    .now_usec = to->filter->memory->now_usec,
    .captures = fail,
  };
}

static void
report (const FilterReport *to, const Failure *failure)
{
  filter_report (to->filter, failure, NULL, to->func, to->user_data);
}

static gboolean
are_names_ids (const Filter *self)
{
  return self->raw_host || *self->use_dns == 'r';
}

/* An id as it was captured: an address if it is written like one, unless names are ids too.  Only with a mask there can be
 * something wrong with it, so that is found out at once. */
static gboolean
set_id (const FilterReport *to, Failure *failure, const Capture *captured, GError **error)
{
  g_autoptr (GError) reason = NULL;

  failure->whom = captured;
  failure->whom_is_raw = captured->kind != CAPTURED_TEXT || are_names_ids (to->filter);
  if (failure->whom_is_raw || memchr (captured->text, '/', captured->len) == NULL)
    return TRUE;
  failure->id = address_parse (captured->text, (gssize) captured->len, &reason);
  if (failure->id != NULL)
    return TRUE;
  g_autofree char *shown = py_repr_str (reason->message, -1);
  g_set_error (error, FILTER_ERROR, FILTER_ERROR_PROCESS, "ValueError(%s)", shown);
  return FALSE;
}

static void
set_address (Failure *failure, const Capture *captured)
{
  failure->whom = captured;
  failure->cidr = captures_peek_some (failure->captures, CAPTURE_CIDR);
}

/* A host name: to be looked up by who is told, unless it is an address. */
static void
report_host (const FilterReport *to, Failure *failure, const Capture *name)
{
  gsize start, end;
  const char *mode = to->filter->use_dns;

  if (address_looks_like_one (name->text, (gssize) name->len, &start, &end))
    {
      g_autoptr (Address) id = address_new (name->text + start, (gssize) (end - start));
      if (address_is_valid (id))
        {
          failure->id = g_steal_pointer (&id);
          report (to, failure);
          return;
        }
    }
  if ((g_str_equal (mode, "yes") || g_str_equal (mode, "warn")) && memchr (name->text, '\0', name->len) == NULL)
    {
      failure->resolve_warn = g_str_equal (mode, "warn");
      filter_report (to->filter, failure, g_strndup (name->text, name->len), to->func, to->user_data);
    }
}

static gboolean
are_equal (const Capture *a, const Capture *b)
{
  if (a->kind == CAPTURED_TEXT && b->kind == CAPTURED_TEXT)
    return a->len == b->len && memcmp (a->text, b->text, a->len) == 0;
  g_autoptr (PyValue) left = capture_dup_value (a), right = capture_dup_value (b);
  return py_value_equal (left, right);
}

/* The failure has both an id of its own and an address: data gets that as "ip". */
static gboolean
set_id_and_address (const FilterReport *to, Failure *failure, const Capture *fid, GError **error)
{
  const Address *address = failure_peek_id (failure);

  captures_copy_text (failure->captures, CAPTURE_IP, address_peek_text (address), address_get_length (address));
  g_clear_pointer (&failure->id, address_unref);
  failure->cidr = NULL;
  fid = captures_peek (failure->captures, CAPTURE_FID); /* it may have moved */
  return set_id (to, failure, fid, error);
}

static FilterStep
step_after_report (const Filter *self)
{
  return self->check_all ? FILTER_STEP_NEXT : FILTER_STEP_DONE;
}

/* Who it was, told to the callback. */
FilterStep
filter_identify (const FilterReport *to, guint index, Captures *fail, gboolean has_mlfid, GError **error)
{
  Filter *self = to->filter;
  const Capture *fid = captures_peek_some (fail, CAPTURE_FID), *ip = captures_peek_some (fail, CAPTURE_IP4),
                *name = NULL;
  Failure failure;

  init_failure (&failure, to, index, fail);
  if (ip == NULL)
    ip = captures_peek_some (fail, CAPTURE_IP6);
  if (ip == NULL)
    name = captures_peek_some (fail, CAPTURE_DNS);
  if (fid == NULL && ip == NULL && name == NULL)
    {
      g_return_val_if_fail (has_mlfid, FILTER_STEP_NEXT);
      captures_set_one (fail, CAPTURE_MLFPENDING);
      if (!self->check_all && self->ignore_pending)
        return FILTER_STEP_DONE;
      report (to, &failure);
      return step_after_report (self);
    }
  if (name != NULL && name->kind == CAPTURED_TEXT && !are_names_ids (self))
    {
      report_host (to, &failure, name);
      return step_after_report (self);
    }
  if (ip != NULL)
    set_address (&failure, ip);
  else if (!set_id (to, &failure, name != NULL ? name : fid, error))
    return FILTER_STEP_EXCEPTION;
  if (fid != NULL && (ip != NULL || name != NULL) && !are_equal (fid, ip != NULL ? ip : name)
      && !set_id_and_address (to, &failure, fid, error))
    return FILTER_STEP_EXCEPTION;
  report (to, &failure);
  return step_after_report (self);
}
