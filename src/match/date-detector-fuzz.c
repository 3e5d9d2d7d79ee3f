/* The first line of the input is a jail's datepattern (";" for a line end; empty: the default templates), the others are log
 * lines.  Whatever they hold: no crash, and the same answers with and without dates recognised by hand.  Templates are kept from one
 * input to the next. */
#include "match/date-detector.h"

#include <stdint.h>
#include <string.h>

#define NOW_USEC    ((gint64) 1755165600 * G_USEC_PER_SEC)
#define MAX_PATTERN 200
#define MAX_LINES   64

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

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
ask (DateDetector *detector, const char *line, gsize len, GString *out)
{
  g_autoptr (GError) error = NULL;
  DateMatch match;
  DateTime time = { 0 };
  DateResult result = date_detector_match (detector, line, len, PY_SEARCH_DEFAULT, NOW_USEC, &match, &error);

  g_string_printf (out, "%d", result);
  if (result == DATE_RESULT_FOUND)
    {
      if (match.begin > match.end || match.end > len)
        g_error ("a date outside of its line");
      result = date_detector_get_time (detector, line, len, &match, NOW_USEC, &time, &error);
      g_string_append_printf (out, " %" G_GSIZE_FORMAT " %" G_GSIZE_FORMAT " %s %d %" G_GINT64_FORMAT, match.begin,
                              match.end, date_template_peek_name (match.template), result, time.usec);
    }
  if (error != NULL)
    g_string_append (out, error->message);
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
          ask (hand, at, line_end - at, seen);
          ask (expression, at, line_end - at, expected);
          if (!g_string_equal (seen, expected))
            g_error ("%s instead of %s", seen->str, expected->str);
        }
      at = MIN (line_end + 1, end);
    }
  return 0;
}
