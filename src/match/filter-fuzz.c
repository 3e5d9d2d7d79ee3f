/* filter-fuzz.c - lines of a stranger through filters of every kind
 *
 * The first byte chooses the filter (several lines, connections, prefregex, every encoding), the rest is its log.  A second filter that
 * looks for each date with its expression, asks no gate, and is told nothing of a line beforehand, must say the same.  Expressions are kept
 * from one input to the next. */
#include <stdint.h>
#include <string.h>

#include "compat/py-repr.h"
#include "match/filter-private.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static const char *const encodings[]
    = { "utf-8", "latin-1", "utf-16", "utf-16-le", "utf-32-be", "ascii", "shift_jis", "cp1252" };

static const char *const failregexes[] = {
  "login of <F-USER>\\S+</F-USER> from <HOST>(?: port \\d+)?$",
  ".*\\[<HOST>\\].*(?:rejected by local_scan|Unrouteable (address|user)|rejected RCPT.*(relay not permitted|)|See RFC821)",
  "^<F-NOFAIL>connect from</F-NOFAIL> <ADDR>$",
  "^failed for <F-ALT_USER_1>\\S+</F-ALT_USER_1>|<F-TUPLE_ID>\\d+</F-TUPLE_ID> x$",
  "^<F-NOFAIL><F-MLFFORGET>closed</F-MLFFORGET></F-NOFAIL>",
  "^<F-MLFGAINED>welcome</F-MLFGAINED> <F-USER>\\S+</F-USER>$",
  "start$<SKIPLINES>^.*end <SUBNET>$",
  "id=<F-ID>\\S*</F-ID>",
};

static void
on_failure (Failure *failure, gpointer user_data)
{
  g_autoptr (PyValue) time = failure_dup_time (failure), data = failure_dup_data (failure);
  const Address *id = failure_peek_id (failure);

  if (id != NULL && address_peek_text (id) == NULL)
    g_error ("an id without text");
  if (id != NULL && failure->host != NULL)
    g_error ("an id and a host");
  if (py_value_type (data) != PY_DICT || time == NULL)
    g_error ("a failure without data");
  g_autofree char *shown_time = py_repr (time), *shown = py_repr (data);
  g_string_append_printf (user_data, "%s %s\n", shown_time, shown);
}

static FilterPool *
peek_pool (void)
{
  static FilterPool *pool = NULL;

  if (pool == NULL)
    pool = filter_pool_new ();
  return pool;
}

static Filter *
make_filter (uint8_t kind, Clock *clock)
{
  Filter *filter = filter_new_sharing ("fuzz", clock, NULL, peek_pool ());

  (void) filter_set_log_encoding (filter, encodings[kind % G_N_ELEMENTS (encodings)], NULL);
  if (kind & 8)
    (void) filter_set_max_lines (filter, 3, NULL);
  if (kind & 16)
    (void) filter_set_prefregex (filter, "^<F-MLFID>\\s*srv\\[\\d*\\]:? </F-MLFID><F-CONTENT>.+</F-CONTENT>$", NULL);
  if (kind & 32)
    (void) filter_add_ignoreregex (filter, "ignore", NULL);
  filter_set_check_all (filter, kind & 64);
  filter_set_ignore_pending (filter, !(kind & 128));
  for (guint i = 0; i < G_N_ELEMENTS (failregexes); i++)
    (void) filter_add_failregex (filter, failregexes[i], NULL);
  return filter;
}

static void
ask (Filter *filter, LogLine *line, GString *told)
{
  g_autoptr (GError) error = NULL;

  g_string_truncate (told, 0);
  if (!filter_process_line (filter, line, TRUE, on_failure, told, &error))
    {
      if (error == NULL)
        g_error ("a failure without an error");
      g_string_append (told, error->message);
    }
}

/* As a reader tells of lines. */
static void
set_line (LogLine *line, const char *bytes, gsize len)
{
  if (bytes[len - 1] == '\n' && py_text_is_ascii (bytes, len))
    log_line_set_ascii_bytes (line, bytes, len);
  else
    log_line_set_bytes (line, bytes, len);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (Clock) clock = clock_new_settable (1755165600 * (gint64) G_USEC_PER_SEC);
  g_autoptr (Filter) filter = make_filter (size > 0 ? data[0] : 0, clock);
  g_autoptr (Filter) slow = make_filter (size > 0 ? data[0] : 0, clock);
  g_autoptr (LogLine) line = log_line_new ("fuzz"), slow_line = log_line_new ("fuzz");
  g_autoptr (GString) told = g_string_new (NULL), expected = g_string_new (NULL);
  const char *at = (const char *) data + MIN (size, 1), *end = (const char *) data + size;

  filter_set_ungated (slow, TRUE);
  while (at < end)
    {
      const char *newline = memchr (at, '\n', (size_t) (end - at)), *next = newline != NULL ? newline + 1 : end;

      set_line (line, at, (gsize) (next - at));
      log_line_set_bytes (slow_line, at, (gsize) (next - at));
      slow->last_date = 0;
      date_detector_set_by_hand (slow->detector, FALSE);
      ask (filter, line, told);
      ask (slow, slow_line, expected);
      if (!g_string_equal (told, expected))
        g_error ("%s instead of %s", told->str, expected->str);
      clock_advance_usec (clock, G_USEC_PER_SEC);
      at = next;
    }
  return 0;
}
