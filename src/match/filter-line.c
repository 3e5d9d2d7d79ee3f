#include "match/filter-private.h"

#include <string.h>

#include "base/duration.h"
#include "compat/py-repr.h"
#include "match/date-error.h"

#define MINUTE_USEC (60 * G_USEC_PER_SEC)

/* An exception of the reference as repr() shows it. */
static void
fail_with_exception (GError **error, const char *class_name, const char *text)
{
  g_autofree char *shown = py_repr_str (text, -1);

  g_set_error (error, FILTER_ERROR, FILTER_ERROR_PROCESS, "%s(%s)", class_name, shown);
}

static void
fail_with_date_error (GError **error, const GError *reason)
{
  if (reason->domain != DATE_ERROR)
    fail_with_exception (error, "Exception", reason->message);
  else if (reason->code == DATE_ERROR_KEY) /* its text is the repr of the key already */
    g_set_error (error, FILTER_ERROR, FILTER_ERROR_PROCESS, "KeyError(%s)", reason->message);
  else
    fail_with_exception (error, date_error_class ((DateError) reason->code), reason->message);
}

static void
set_now (FilterTime *time, gint64 now_usec)
{
  time->is_set = TRUE;
  time->time = (DateTime){ .usec = now_usec, .seconds = filter_now_sec (now_usec) };
}

/* A date that a line without one may take over: that of a line of the last minute. */
static gboolean
is_last_time_fresh (const Filter *self, gint64 now_usec)
{
  const FilterTime *last = &self->memory->last_time;

  return last->is_set && last->time.usec != 0 && last->time.usec > now_usec - MINUTE_USEC;
}

static void
keep_last (Filter *self, const char *text, gsize len, const DateTime *time)
{
  FilterMemory *memory = self->memory;
  GString *known = memory->last_time_text;

  if (known->len != len || memcmp (known->str, text, len) != 0)
    {
      g_string_truncate (known, 0);
      g_string_append_len (known, text, (gssize) len);
    }
  memory->last_time.is_set = TRUE;
  memory->last_time.time = *time;
  self->last_date = 0;
}

/* --- the date of a line ------------------------------------------------------------------------------------------- */
/* With each line: its expression is compiled when a line is there to be searched, and never is. */
static void
log_broken_template (const Filter *self)
{
  const DateTemplate *broken = date_detector_peek_broken (self->detector);
  g_autofree char *name = NULL, *regex = NULL;

  if (broken == NULL)
    return;
  name = py_repr_str (date_template_peek_name (broken), -1);
  regex = py_repr_str (date_template_peek_regex (broken), -1);
  log_error (self->log, TEMPLATE_LOGGER, "Compile %s failed, expression %s", name, regex);
}

static gboolean
search_date (Filter *self, const char *text, gsize len, PySearchFlags flags, gint64 now_usec, LineDate *ret_date,
             GError **error)
{
  g_autoptr (GError) reason = NULL;
  DateMatch match;
  gboolean first = date_detector_get_n_templates (self->detector) == 0;
  DateResult result = date_detector_match (self->detector, text, len, flags, now_usec, &match, &reason);

  if (first) /* the default templates came with this line */
    log_info (self->log, DETECTOR_LOGGER, "  default date pattern: %u template(s)",
              date_detector_get_n_templates (self->detector));
  while (self->n_date_limits < date_detector_get_n_given_up (self->detector))
    filter_warn_limit (self, NULL, ++self->n_date_limits);
  memset (ret_date, 0, sizeof *ret_date);
  if (result == DATE_RESULT_FOUND)
    {
      ret_date->found = TRUE;
      ret_date->begin = match.begin;
      ret_date->end = match.end;
      if (match.end > match.begin)
        result = date_detector_get_time (self->detector, text, len, &match, now_usec, &ret_date->time, &reason);
      ret_date->has_time = match.end > match.begin && result == DATE_RESULT_FOUND;
    }
  if (result != DATE_RESULT_ERROR)
    return TRUE;
  log_broken_template (self);
  fail_with_date_error (error, reason);
  return FALSE;
}

/* known: what another filter found; NULL: nothing. */
static gboolean
get_date (Filter *self, LogLine *line, const char *text, gsize len, PySearchFlags flags, gint64 now_usec,
          const LineDate *known, LineDate *ret_date, GError **error)
{
  if (known != NULL)
    {
      *ret_date = *known;
      return TRUE;
    }
  if (!search_date (self, text, len, flags, now_usec, ret_date, error))
    return FALSE;
  log_line_put_date (line, self->date_key, ret_date);
  return TRUE;
}

static void
split (LogLine *line, const char *text, gsize len, gsize begin, gsize end, LinePieces *ret_pieces)
{
  *ret_pieces = (LinePieces){ .before = text,
                              .before_len = begin,
                              .date = text + begin,
                              .date_len = end - begin,
                              .after = text + end,
                              .after_len = len - end,
                              .has_line_end = log_line_has_line_end (line, text, len) };
}

/* Of the line before this one, and this one, was told beforehand that they begin alike: then there is no need to look. */
static gboolean
match_as_told (Filter *self, LogLine *line, gint64 now_usec, gsize *ret_begin, gsize *ret_end)
{
  const LineStore *store;
  const LineFinding *finding = log_line_peek_finding (line, &store);

  if (finding == NULL || finding->date_form == 0 || store->for_filter != self || self->last_date_log != line
      || log_line_get_number (line) != self->last_date_line + 1
      || !date_detector_match_told (self->detector, finding->date_form, now_usec, self->last_date))
    return FALSE;
  *ret_begin = finding->date_begin;
  *ret_end = finding->date_end;
  return TRUE;
}

static gboolean
match_again (Filter *self, LogLine *line, const char *text, gsize len, PySearchFlags flags, gsize *ret_begin,
             gsize *ret_end)
{
  gint64 now_usec = log_line_get_now_usec (line, self->clock);

  return match_as_told (self, line, now_usec, ret_begin, ret_end)
         || date_detector_match_again (self->detector, text, len, flags, now_usec, self->last_date, ret_begin, ret_end);
}

static void
remember_line (Filter *self, const LogLine *line)
{
  self->last_date_log = line;
  self->last_date_line = log_line_get_number (line);
}

/* The usual line, without a search: it has the date of the last one, which is kept already, and so its time.  FALSE: date_line() has to
 * look. */
static gboolean
date_line_again (Filter *self, LogLine *line, const char *text, gsize len, PySearchFlags flags, LinePieces *pieces,
                 FilterTime *time)
{
  gsize begin, end;

  if (self->last_date == 0 || !match_again (self, line, text, len, flags, &begin, &end))
    return FALSE;
  remember_line (self, line);
  split (line, text, len, begin, end, pieces);
  if (date_detector_has_fraction (self->detector))
    memcpy (self->memory->last_time_text->str, pieces->date, MIN (pieces->date_len, self->memory->last_time_text->len));
  *time = self->memory->last_time;
  log_line_put_date (line, self->date_key,
                     &(LineDate){ .found = TRUE, .begin = begin, .end = end, .has_time = TRUE, .time = time->time });
  return TRUE;
}

static void
log_bad_date (Filter *self, const char *text, gsize len)
{
  g_autoptr (GString) message = g_string_new ("findFailure failed to parse timeText: ");

  g_string_append_len (message, text, (gssize) len);
  filter_happened (self, FILTER_EVENT_ERROR, NULL, message->str, message->len, 0);
}

/* The line takes over the last date: it is shown with that date's text, and keeps all of its own. */
static void
take_last (Filter *self, const char *text, gsize len, LinePieces *pieces, FilterTime *time)
{
  *pieces = (LinePieces){ .before = "",
                          .date = self->memory->last_time_text->str,
                          .date_len = self->memory->last_time_text->len,
                          .after = text,
                          .after_len = len };
  *time = self->memory->last_time;
}

/* Splits a line at its date and finds its time.  *ret_no_date: there is none in it, or none that can be. */
static gboolean
date_line (Filter *self, LogLine *line, const char *text, gsize len, PySearchFlags flags, gboolean in_operation,
           const LineDate *known, LinePieces *pieces, FilterTime *time, gboolean *ret_no_date, GError **error)
{
  gint64 now_usec = log_line_get_now_usec (line, self->clock);
  LineDate date;

  time->is_set = FALSE;
  if (self->detector == NULL)
    {
      fail_with_exception (error, "AttributeError", "'NoneType' object has no attribute 'matchTime'");
      return FALSE;
    }
  if (!get_date (self, line, text, len, flags, now_usec, known, &date, error))
    return FALSE;
  *pieces = (LinePieces){ .before = "", .date = "", .after = text, .after_len = len };
  if (date.found)
    {
      split (line, text, len, date.begin, date.end, pieces);
      if (date.has_time)
        {
          time->is_set = TRUE;
          time->time = date.time;
          keep_last (self, pieces->date, pieces->date_len, &date.time);
          if (known == NULL)
            self->last_date = date_detector_get_date (self->detector);
          remember_line (self, line);
        }
      else if (date.end > date.begin)
        log_bad_date (self, pieces->date, pieces->date_len);
      else if (is_last_time_fresh (self, now_usec))
        take_last (self, text, len, pieces, time);
      else
        set_now (time, now_usec);
    }
  *ret_no_date = !time->is_set;
  if (time->is_set)
    return TRUE;
  if (is_last_time_fresh (self, now_usec))
    take_last (self, text, len, pieces, time);
  else if (self->check_find_time && in_operation)
    set_now (time, now_usec);
  return TRUE;
}

/* --- dates that do not fit ---------------------------------------------------------------------------------------- */
static void
append_line (GString *out, const LinePieces *line)
{
  g_string_append_len (out, line->before, (gssize) line->before_len);
  g_string_append_len (out, line->date, (gssize) line->date_len);
  g_string_append_len (out, line->after, (gssize) line->after_len);
}

static char *
odd_line_text (const LinePieces *line)
{
  g_autoptr (GString) out = g_string_new ("Please check a jail for a timing issue. Line with odd timestamp: ");

  append_line (out, line);
  return g_strdup (out->str);
}

static void
warn_simulated (Filter *self, const LinePieces *line, gint64 now_usec, gint64 delta_sec)
{
  g_autoptr (PyValue) distance = py_int_new (ABS (delta_sec));
  g_autofree char *shown = duration_format_value (distance);

  filter_warn_once (self, now_usec, &self->next_simulated_warning,
                    g_strdup_printf ("Detected a log entry %s %s the current time in operation mode. "
                                     "This looks like a %s problem. Treating such entries as if they just happened.",
                                     shown, delta_sec < 0 ? "before" : "after",
                                     delta_sec < 0 && delta_sec >= -3300 ? "latency" : "timezone"),
                    odd_line_text (line), NULL);
}

static void
warn_obsolete (Filter *self, const LinePieces *line, gint64 now_usec)
{
  filter_warn_once (self, now_usec, &self->next_ignored_warning,
                    g_strdup_printf ("Ignoring all log entries older than %ss; these are probably"
                                     " messages generated while fail2ban was not running.",
                                     self->find_time_text),
                    odd_line_text (line), NULL);
}

static void
warn_no_date (Filter *self, const FilterEvent *event, const LinePieces *line, gint64 now_usec)
{
  g_autofree char *shown = py_repr_str (line->date, (gssize) line->date_len);
  g_autoptr (GString) matched = g_string_new ("Match without a timestamp: ");

  if (event->text != NULL)
    g_string_append_len (matched, event->text, (gssize) event->len);
  else
    append_line (matched, line);
  filter_warn_once (self, now_usec, &self->next_no_time_warning,
                    g_strdup_printf ("Found a match but no valid date/time found for %s.", shown), g_strdup (matched->str),
                    g_strdup ("Please try setting a custom date pattern (see man page jail.conf(5))."));
}

/* Warnings that are not due cost next to nothing: a log whose clock is wrong has them at every line. */
void
filter_tell_event (Filter *self, const FilterEvent *event, const LinePieces *pieces, gint64 now_usec)
{
  switch (event->kind)
    {
    case FILTER_EVENT_ERROR:
      log_write_text (self->log, LOG_LEVEL_ERROR, FILTER_LOGGER, __func__, event->text, event->len);
      break;
    case FILTER_EVENT_SIMULATED:
      if (now_usec >= self->next_simulated_warning)
        warn_simulated (self, pieces, now_usec, event->number);
      break;
    case FILTER_EVENT_OBSOLETE:
      if (now_usec >= self->next_ignored_warning)
        warn_obsolete (self, pieces, now_usec);
      break;
    case FILTER_EVENT_NO_DATE:
      if (now_usec >= self->next_no_time_warning)
        warn_no_date (self, event, pieces, now_usec);
      break;
    case FILTER_EVENT_GIVEN_UP:
      filter_warn_limit (self, event->text, filter_count_limit (self, event->text));
      break;
    default:
      break;
    }
}

/* New lines are about now, whatever their date says. */
static void
simulate_now (Filter *self, const LinePieces *line, gint64 now_usec, FilterTime *time)
{
  gint64 delta_sec = (time->time.usec - now_usec) / G_USEC_PER_SEC;

  if (ABS (delta_sec) <= 60)
    return;
  filter_happened (self, FILTER_EVENT_SIMULATED, line, NULL, 0, delta_sec);
  set_now (time, now_usec);
  self->memory->last_time = *time;
  self->last_date = 0;
}

static gboolean
is_obsolete (Filter *self, const LinePieces *line, gint64 now_usec, const FilterTime *time)
{
  if (time->time.usec >= now_usec - self->find_time_usec)
    return FALSE;
  filter_happened (self, FILTER_EVENT_OBSOLETE, line, NULL, 0, 0);
  return TRUE;
}

/* --- a line ------------------------------------------------------------------------------------------------------- */
/* The memory is at this line. */
static gboolean
process_line (Filter *self, LogLine *line, gboolean in_operation, FailureFunc func, gpointer user_data,
              GError **error)
{
  LinePieces *pieces = &self->last_line; /* in place: a copy would wait for what was just written */
  FilterTime time;
  gboolean no_date = FALSE;
  const char *text, *date_text;
  gsize len, date_len;
  gint64 time_usec;
  PySearchFlags flags;
  g_autoptr (GError) reason = NULL;

  if (!log_line_get_text (line, self->codec, self->clock, self->log, &text, &len, &flags, &reason))
    {
      fail_with_exception (error, "LookupError", reason->message);
      return FALSE;
    }
  self->memory->now_usec = log_line_get_now_usec (line, self->clock);
  if (log_line_get_entry_time (line, &date_text, &date_len, &time_usec))
    {
      *pieces = (LinePieces){ .before = "", .date = date_text, .date_len = date_len, .after = text, .after_len = len };
      set_now (&time, time_usec);
      keep_last (self, date_text, date_len, &time.time);
    }
  else
    {
      const LineDate *known = log_line_peek_date (line, self->date_key);

      if ((known != NULL || !date_line_again (self, line, text, len, flags, pieces, &time))
          && !date_line (self, line, text, len, flags, in_operation, known, pieces, &time, &no_date, error))
        return FALSE;
    }

  if (self->check_find_time && time.is_set)
    {
      if (in_operation)
        simulate_now (self, pieces, log_line_get_now_usec (line, self->clock), &time);
      else if (is_obsolete (self, pieces, log_line_get_now_usec (line, self->clock), &time))
        return TRUE;
    }
  return filter_find (self, line, pieces, flags, &time, no_date, func, user_data, error);
}

gboolean
filter_process_line (Filter *self, LogLine *line, gboolean in_operation, FailureFunc func, gpointer user_data,
                     GError **error)
{
  g_autoptr (GError) reason = NULL;
  gboolean ok;

  if (filter_begin_line (self, line, in_operation))
    return filter_repeat_line (self, func, user_data, error);
  ok = process_line (self, line, in_operation, func, user_data, &reason);
  filter_end_line (self, line, reason);
  if (!ok)
    g_propagate_error (error, g_steal_pointer (&reason));
  return ok;
}

void
filter_log_failed_line (Filter *self, LogLine *line, const GError *error)
{
  g_autoptr (GString) shown = g_string_new (NULL);
  const char *text, *date_text;
  gsize len, date_len;
  gint64 time_usec;
  PySearchFlags flags;

  if (!log_line_get_text (line, self->codec, self->clock, self->log, &text, &len, &flags, NULL))
    text = "", len = 0;
  if (log_line_get_entry_time (line, &date_text, &date_len, &time_usec))
    {
      g_string_append (shown, "('', ");
      py_repr_append_str (shown, date_text, (gssize) date_len);
      g_string_append (shown, ", ");
      py_repr_append_str (shown, text, (gssize) len);
      g_string_append_c (shown, ')');
    }
  else
    py_repr_append_str (shown, text, (gssize) len);
  log_error (self->log, FILTER_LOGGER, "Failed to process line: %s, caught exception: %s", shown->str, error->message);
}

gboolean
filter_find_time (Filter *self, LogLine *line, gint64 *ret_time_usec)
{
  const char *text;
  gsize len;
  PySearchFlags flags;
  LineDate date;

  if (self->detector == NULL
      || !log_line_get_text (line, self->codec, self->clock, self->log, &text, &len, &flags, NULL)
      || !search_date (self, text, len, flags, clock_get_time_usec (self->clock), &date, NULL) || !date.has_time)
    return FALSE;
  *ret_time_usec = date.time.usec;
  return TRUE;
}
