/* Mode date: one detector with a fresh state, given the lines of the request in order. */
#include "probe/probe.h"

#include <math.h>
#include <time.h>

#include "match/date-detector.h"

static PyValue *
fail_with (const GError *error)
{
  return probe_fail (date_error_class (error->code), error->message);
}

static gint64
get_now_usec (const PyValue *holder, gint64 fallback)
{
  const PyValue *member = py_dict_get_str (holder, "now");
  double seconds = 0;

  if (member == NULL || !py_value_to_double (member, &seconds))
    return fallback;
  return llround (seconds * G_USEC_PER_SEC);
}

/* null, a text with one pattern a line, or a list of patterns */
static gboolean
add_patterns (DateDetector *detector, const PyValue *patterns, GError **error)
{
  gsize len = 0;

  if (patterns == NULL || py_value_type (patterns) == PY_NONE)
    return TRUE;
  if (py_value_type (patterns) == PY_STR)
    {
      const char *text = py_str_peek (patterns, &len);
      return date_detector_add_patterns (detector, text, (gssize) len, error);
    }
  for (guint i = 0; py_value_is_seq (patterns) && i < py_seq_length (patterns); i++)
    {
      const PyValue *pattern = py_seq_peek (patterns, i);
      if (py_value_type (pattern) != PY_STR)
        continue;
      const char *text = py_str_peek (pattern, &len);
      if (!date_detector_add_pattern (detector, text, (gssize) len, error))
        return FALSE;
    }
  return TRUE;
}

static PyValue *
make_result (PyValue *time, PyValue *match, const char *before, gsize before_len, const char *after, gsize after_len)
{
  PyValue *result = py_dict_new ();

  py_dict_set_str (result, "time", time);
  py_dict_set_str (result, "match", match);
  py_dict_set_str (result, "rest",
                   py_list_new_items (py_str_new_len (before, (gssize) before_len),
                                      py_str_new_len (after, (gssize) after_len), NULL));
  return result;
}

static PyValue *
answer_line (DateDetector *detector, const char *line, gsize len, gint64 now_usec)
{
  g_autoptr (GError) error = NULL;
  DateMatch match;
  DateTime time;

  DateResult result = date_detector_match (detector, line, len, PY_SEARCH_DEFAULT, now_usec, &match, &error);
  if (result == DATE_RESULT_ERROR)
    return fail_with (error);
  if (result == DATE_RESULT_NONE)
    return make_result (py_none_new (), py_none_new (), "", 0, line, len);

  if (match.end > match.begin)
    result = date_detector_get_time (detector, line, len, &match, now_usec, &time, &error);
  else
    result = DATE_RESULT_NONE;
  if (result == DATE_RESULT_ERROR)
    return fail_with (error);
  return make_result (result == DATE_RESULT_FOUND ? py_float_new (time.seconds) : py_none_new (),
                      py_str_new_len (line + match.begin, (gssize) (match.end - match.begin)), line, match.begin,
                      line + match.end, len - match.end);
}

PyValue *
probe_date (const PyValue *request)
{
  g_autoptr (GError) error = NULL;
  gint64 now_usec = get_now_usec (request, 0);

  g_setenv ("TZ", probe_peek_str (request, "TZ", NULL, "UTC"), TRUE);
  tzset ();
  g_autoptr (DateDetector) detector = date_detector_new (now_usec);
  if (!date_detector_set_default_zone (detector, probe_peek_str (request, "tz", NULL, NULL), &error)
      || !add_patterns (detector, py_dict_get_str (request, "datepattern"), &error))
    return fail_with (error);

  PyValue *results = py_list_new ();
  const PyValue *lines = py_dict_get_str (request, "lines");
  for (guint i = 0; lines != NULL && py_value_is_seq (lines) && i < py_seq_length (lines); i++)
    {
      const PyValue *line = py_seq_peek (lines, i);
      gsize len = 0;
      if (py_value_type (line) == PY_DICT)
        {
          now_usec = get_now_usec (line, now_usec);
          line = py_dict_get_str (line, "line");
        }
      const char *text = line != NULL && py_value_type (line) == PY_STR ? py_str_peek (line, &len) : "";
      py_list_append (results, answer_line (detector, text, len, now_usec));
    }
  PyValue *answer = py_dict_new ();
  py_dict_set_str (answer, "results", results);
  return answer;
}
