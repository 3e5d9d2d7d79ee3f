/* The first line of the input is a jail's datepattern (";" for a line end; empty: the default templates), the others are log
 * lines.  Whatever they hold: no crash, and the same answers with and without dates recognised by hand and seen again.  Templates are kept from one
 * input to the next. */
#include "match/date-detector.h"

#include <stdint.h>
#include <string.h>

#define NOW_USEC    ((gint64) 1755165600 * G_USEC_PER_SEC)
#define MAX_PATTERN 200
#define MAX_LINES   64

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* The date that was found last, with date_detector_get_date(); 0: none */
typedef struct
{
  guint64 date;
  const DateTemplate *template;
  DateTime time;
} Last;

static DatePool *
peek_pool (void)
{
  static DatePool *pool = NULL;

  if (pool == NULL)
    pool = date_pool_new ();
  return pool;
}

static DateDetector *
make_detector (const char *pattern, gsize len, gboolean by_hand)
{
  g_autoptr (DateDetector) detector = date_detector_new_sharing (NOW_USEC, peek_pool ());
  g_autofree char *text = g_strndup (pattern, MIN (len, MAX_PATTERN));

  if (!py_text_is_wtf8 (text, strlen (text)))
    return NULL;
  g_strdelimit (text, ";", '\n');
  date_detector_set_by_hand (detector, by_hand);
  return date_detector_add_patterns (detector, text, -1, NULL) ? g_steal_pointer (&detector) : NULL;
}

static void
show (GString *out, const char *name, gsize begin, gsize end, DateResult result, const DateTime *time)
{
  g_string_printf (out, "%" G_GSIZE_FORMAT " %" G_GSIZE_FORMAT " %s %d %" G_GINT64_FORMAT, begin, end, name, result, time->usec);
}

static void
ask (DateDetector *detector, const char *line, gsize len, PySearchFlags flags, Last *last, GString *out)
{
  g_autoptr (GError) error = NULL;
  DateMatch match;
  DateTime time = { 0 };
  DateResult result = date_detector_match (detector, line, len, flags, NOW_USEC, &match, &error);

  last->date = 0;
  g_string_printf (out, "%d", result);
  if (result == DATE_RESULT_FOUND)
    {
      if (match.begin > match.end || match.end > len)
        g_error ("a date outside of its line");
      result = date_detector_get_time (detector, line, len, &match, NOW_USEC, &time, &error);
      show (out, date_template_peek_name (match.template), match.begin, match.end, result, &time);
      if (result == DATE_RESULT_FOUND)
        *last = (Last){ date_detector_get_date (detector), match.template, time };
    }
  if (error != NULL)
    g_string_append (out, error->message);
}

/* As a filter asks: the date of the line before, if it is that one again */
static void
ask_quickly (DateDetector *detector, const char *line, gsize len, Last *last, GString *out)
{
  PySearchFlags flags = py_text_is_ascii (line, len) ? PY_SEARCH_IS_ASCII : PY_SEARCH_DEFAULT;
  gsize begin, end;

  if (last->date != 0 && date_detector_match_again (detector, line, len, flags, NOW_USEC, last->date, &begin, &end))
    show (out, date_template_peek_name (last->template), begin, end, DATE_RESULT_FOUND, &last->time);
  else
    ask (detector, line, len, flags, last, out);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *at = (const char *) data, *end = at + size;
  const char *line_end = size > 0 ? memchr (at, '\n', size) : NULL;

  if (line_end == NULL)
    return 0;
  g_autoptr (DateDetector) hand = make_detector (at, line_end - at, TRUE);
  g_autoptr (DateDetector) expression = make_detector (at, line_end - at, FALSE);
  if (hand == NULL || expression == NULL)
    return 0;

  Last last = { 0 }, unused = { 0 };
  g_autoptr (GString) seen = g_string_new (NULL);
  g_autoptr (GString) expected = g_string_new (NULL);
  at = line_end + 1;
  for (guint i = 0; i < MAX_LINES && at < end; i++)
    {
      line_end = memchr (at, '\n', end - at);
      if (line_end == NULL)
        line_end = end;
      if (py_text_is_wtf8 (at, line_end - at))
        {
          ask_quickly (hand, at, line_end - at, &last, seen);
          ask (expression, at, line_end - at, PY_SEARCH_DEFAULT, &unused, expected);
          if (!g_string_equal (seen, expected))
            g_error ("%s instead of %s", seen->str, expected->str);
        }
      at = MIN (line_end + 1, end);
    }
  return 0;
}
