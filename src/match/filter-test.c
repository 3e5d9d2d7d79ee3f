#include "match/filter.h"

#include <string.h>

#include "compat/py-repr.h"
#include "match/filter-private.h"

#define NOW_SEC 1755165600 /* 2025-08-14 10:00:00 UTC */

typedef struct
{
  Clock *clock;
  Log *log;
  Filter *filter;
  LogLine *line;
  GString *logged; /* warnings and errors */
  GString *found;  /* the failures of the last lines: "INDEX ID@TIME\n" */
  PyValue *data;   /* of the last failure */
} Fixture;

static void
on_log (int level, const char *logger, const char *text, gsize len, gpointer data)
{
  Fixture *f = data;

  if (level < LOG_LEVEL_WARNING)
    return;
  g_string_append_len (f->logged, text, (gssize) len);
  g_string_append_c (f->logged, '\n');
}

static void
set_up (Fixture *f, gconstpointer unused)
{
  f->clock = clock_new_settable (NOW_SEC * (gint64) G_USEC_PER_SEC);
  f->log = log_new ();
  f->logged = g_string_new (NULL);
  f->found = g_string_new (NULL);
  f->filter = filter_new ("box", f->clock, f->log);
  f->line = log_line_new ("x.log");
  f->data = NULL;
  log_set_level (f->log, LOG_LEVEL_WARNING);
  log_set_sink (f->log, on_log, f);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  filter_free (f->filter);
  log_line_free (f->line);
  log_free (f->log);
  clock_free (f->clock);
  py_value_unref (f->data);
  g_string_free (f->logged, TRUE);
  g_string_free (f->found, TRUE);
}

static void
on_failure (Failure *failure, gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr (PyValue) time = failure_dup_time (failure);
  g_autofree char *when = py_repr (time);

  g_string_append_printf (f->found, "%u %s@%s\n", failure->regex_index,
                          failure_has_id (failure) ? address_peek_text (failure_peek_id (failure))
                          : failure->host != NULL  ? failure->host
                                                   : "?",
                          when);
  py_value_unref (f->data);
  f->data = failure_dup_data (failure);
}

static void
add (Fixture *f, const char *regex)
{
  g_autoptr (GError) error = NULL;

  (void) filter_add_failregex (f->filter, regex, &error);
  g_assert_no_error (error);
}

/* Feeds the lines of a text; the failures are then in f->found. */
static void
feed (Fixture *f, gboolean in_operation, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  g_string_truncate (f->found, 0);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;
      log_line_set_bytes (f->line, lines[i], strlen (lines[i]));
      (void) filter_process_line (f->filter, f->line, in_operation, on_failure, f, &error);
      g_assert_no_error (error);
    }
}

#define FINDS(text, failures)                                                                                          \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    feed (f, TRUE, text);                                                                                              \
    g_assert_cmpstr (f->found->str, ==, failures);                                                                     \
  }                                                                                                                    \
  G_STMT_END

static void
assert_data (Fixture *f, const char *key, const char *shown)
{
  PyValue *value = py_dict_get_str (f->data, key);
  g_autofree char *got = value != NULL ? py_repr (value) : g_strdup ("nothing");

  g_assert_cmpstr (got, ==, shown);
}

/* --- expressions -------------------------------------------------------------------------------------------------- */
static void
test_an_expression_finds_an_address_and_its_time (Fixture *f, gconstpointer unused)
{
  add (f, "login of <F-USER>\\S+</F-USER> from <HOST>$");
  FINDS ("2025-08-14 09:59:58 box: login of eve from 192.0.2.7", "0 192.0.2.7@1755165598.0\n");
  assert_data (f, "user", "'eve'");
  assert_data (f, "matches", "[('', '2025-08-14 09:59:58', ' box: login of eve from 192.0.2.7')]");
  FINDS ("2025-08-14 09:59:58 box: all is well", "");
  FINDS ("2025-08-14T09:59:58+00:00 login of eve from 2001:DB8::1", "0 2001:db8::1@1755165598\n");
}

static void
test_the_first_expression_that_matches_ends_the_line (Fixture *f, gconstpointer unused)
{
  add (f, "a <HOST>");
  add (f, "<HOST>$");
  FINDS ("2025-08-14 10:00:00 a 192.0.2.1 and 192.0.2.2", "0 192.0.2.1@1755165600.0\n");
  filter_set_check_all (f->filter, TRUE);
  FINDS ("2025-08-14 10:00:00 a 192.0.2.1 and 192.0.2.2", "0 192.0.2.1@1755165600.0\n1 192.0.2.2@1755165600.0\n");
}

static void
test_expressions_that_cannot_be_used_are_refused_and_logged (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (filter_add_failregex (f->filter, "no id", &error));
  g_assert_error (error, FILTER_ERROR, FILTER_ERROR_REGEX);
  g_assert_cmpstr (error->message, ==, "No failure-id group in 'no id'");
  g_assert_cmpstr (f->logged->str, ==, "No failure-id group in 'no id'\n");
  g_clear_error (&error);
  g_assert_false (filter_add_ignoreregex (f->filter, "(", &error));
  g_assert_error (error, FILTER_ERROR, FILTER_ERROR_REGEX);
  g_clear_error (&error);
  g_assert_false (filter_add_failregex (f->filter, "<HOST>a{99999999999}", &error));
  g_assert_error (error, PY_REGEX_ERROR, PY_REGEX_ERROR_OVERFLOW);
  g_assert_cmpuint (filter_n_failregex (f->filter), ==, 0);
}

static void
test_expressions_are_removed_by_index (Fixture *f, gconstpointer unused)
{
  add (f, "a<IP4>");
  add (f, "b<IP4>");
  add (f, "c<IP4>");
  filter_del_failregex (f->filter, 0);
  filter_del_failregex (f->filter, -1);
  g_assert_cmpuint (filter_n_failregex (f->filter), ==, 1);
  g_assert_true (g_str_has_prefix (filter_peek_failregex (f->filter, 0), "b(?:"));
  g_assert_cmpstr (f->logged->str, ==, "");
  filter_del_failregex (f->filter, 7);
  g_assert_cmpstr (f->logged->str, ==, "Cannot remove regular expression. Index 7 is not valid\n");
  filter_clear (f->filter);
  g_assert_cmpuint (filter_n_failregex (f->filter), ==, 0);
}

static void
test_ignoreregex_ends_a_match (Fixture *f, gconstpointer unused)
{
  add (f, "from <HOST>");
  g_assert_true (filter_add_ignoreregex (f->filter, "user=admin", NULL));
  FINDS ("2025-08-14 10:00:00 user=eve from 192.0.2.1\n2025-08-14 10:00:00 user=admin from 192.0.2.2",
         "0 192.0.2.1@1755165600.0\n");
  filter_del_all_ignoreregex (f->filter);
  FINDS ("2025-08-14 10:00:00 user=admin from 192.0.2.2", "0 192.0.2.2@1755165600.0\n");
}

static void
test_prefregex_narrows_the_line_to_its_content (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (filter_set_prefregex (f->filter, "^ <F-SRV>\\w+</F-SRV>: <F-CONTENT>.*</F-CONTENT>$", &error));
  add (f, "^bad <HOST>$");
  FINDS ("2025-08-14 10:00:00 srv: bad 192.0.2.1\n2025-08-14 10:00:00 bad 192.0.2.2", "0 192.0.2.1@1755165600.0\n");
  assert_data (f, "srv", "'srv'");
  assert_data (f, "content", "nothing");
  g_assert_true (filter_set_prefregex (f->filter, NULL, &error));
  FINDS ("2025-08-14 10:00:00 srv: bad 192.0.2.1", "");
}

static void
test_the_id_may_come_from_the_prefregex (Fixture *f, gconstpointer unused)
{
  g_assert_true (filter_set_prefregex (f->filter, "^ <ADDR> <F-CONTENT>.*</F-CONTENT>$", NULL));
  add (f, "^bad$");
  FINDS ("2025-08-14 10:00:00 192.0.2.9 bad", "0 192.0.2.9@1755165600.0\n");
}

/* --- ids ---------------------------------------------------------------------------------------------------------- */
static void
test_host_names_are_told_unresolved (Fixture *f, gconstpointer unused)
{
  add (f, "from <HOST>$");
  FINDS ("2025-08-14 10:00:00 from mail.example.com", "0 mail.example.com@1755165600.0\n");
  filter_set_use_dns (f->filter, "No");
  g_assert_cmpstr (filter_peek_use_dns (f->filter), ==, "no");
  FINDS ("2025-08-14 10:00:00 from mail.example.com", ""); /* a name would have to be looked up */
  filter_set_use_dns (f->filter, "raw");
  FINDS ("2025-08-14 10:00:00 from mail.example.com", "0 mail.example.com@1755165600.0\n");
  filter_set_use_dns (f->filter, "perhaps");
  g_assert_cmpstr (f->logged->str, ==, "Incorrect value 'perhaps' specified for usedns. Using safe 'no'\n");
}

static void
test_an_id_of_its_own_keeps_the_address_beside_it (Fixture *f, gconstpointer unused)
{
  add (f, "session <F-ID>\\w+</F-ID> of <ADDR>");
  FINDS ("2025-08-14 10:00:00 session abc of 192.0.2.1", "0 abc@1755165600.0\n");
  assert_data (f, "ip", "'192.0.2.1'");
  FINDS ("2025-08-14 10:00:00 session 7 of 2001:DB8:0::1", "0 7@1755165600.0\n");
  assert_data (f, "ip", "'2001:db8::1'");
}

static void
test_networks (Fixture *f, gconstpointer unused)
{
  add (f, "net <SUBNET>");
  FINDS ("2025-08-14 10:00:00 net 192.0.2.77/24", "0 192.0.2.0/24@1755165600.0\n");
  FINDS ("2025-08-14 10:00:00 net 2001:db8:1:2::5/48", "0 2001:db8:1::/48@1755165600.0\n");
}

static void
test_a_match_without_any_id_is_an_error_in_the_log (Fixture *f, gconstpointer unused)
{
  add (f, "bad(?: <IP4>)?");
  add (f, "worse <IP4>");
  FINDS ("2025-08-14 10:00:00 bad", "");
  g_assert_true (g_str_has_prefix (f->logged->str, "No group found in ' bad\n' using 're.compile('bad"));
}

/* --- dates -------------------------------------------------------------------------------------------------------- */
static void
test_a_line_without_date_takes_the_last_one_or_now (Fixture *f, gconstpointer unused)
{
  add (f, "bad <HOST>");
  FINDS ("bad 192.0.2.1", "0 192.0.2.1@1755165600.0\n");
  g_assert_true (g_str_has_prefix (f->logged->str, "[box] Found a match but no valid date/time found for ''.\n"
                                                   "[box] Match without a timestamp: bad 192.0.2.1\n"));
  g_string_truncate (f->logged, 0);
  FINDS ("2025-08-14 09:59:50 x\nbad 192.0.2.1", "0 192.0.2.1@1755165590.0\n");
  clock_advance_usec (f->clock, 100 * G_USEC_PER_SEC);
  FINDS ("bad 192.0.2.1", "0 192.0.2.1@1755165700.0\n");
  g_assert_cmpstr (f->logged->str, ==, ""); /* the warning comes once a day */
}

static void
test_a_new_line_of_another_time_happened_now (Fixture *f, gconstpointer unused)
{
  add (f, "bad <HOST>");
  FINDS ("2025-08-14 09:59:00 bad 192.0.2.1", "0 192.0.2.1@1755165540.0\n");
  FINDS ("2025-08-14 09:58:59 bad 192.0.2.1", "0 192.0.2.1@1755165600.0\n");
  g_assert_cmpstr (
      f->logged->str, ==,
      "[box] Detected a log entry 1m 1s before the current time in operation mode. This looks like a latency "
      "problem. Treating such entries as if they just happened.\n"
      "[box] Please check a jail for a timing issue. Line with odd timestamp: 2025-08-14 09:58:59 bad "
      "192.0.2.1\n");
  FINDS ("2025-08-14 12:00:00 bad 192.0.2.1", "0 192.0.2.1@1755165600.0\n");
}

static void
test_at_the_first_reading_old_lines_are_left_out (Fixture *f, gconstpointer unused)
{
  add (f, "bad <HOST>");
  filter_set_find_time (f->filter, 600 * G_USEC_PER_SEC, "10m");
  feed (f, FALSE,
        "2025-08-14 09:49:59 bad 192.0.2.1\n2025-08-14 09:50:00 bad 192.0.2.2\n2025-08-14 09:55:00 bad "
        "192.0.2.3");
  g_assert_cmpstr (f->found->str, ==, "0 192.0.2.2@1755165000.0\n0 192.0.2.3@1755165300.0\n");
  g_assert_true (g_str_has_prefix (f->logged->str, "[box] Ignoring all log entries older than 10ms; "));
  clock_advance_usec (f->clock, 3600 * (gint64) G_USEC_PER_SEC);
  feed (f, FALSE, "bad 192.0.2.4");
  g_assert_cmpstr (f->found->str, ==, "");
}

static void
test_without_check_dates_are_what_the_lines_say (Fixture *f, gconstpointer unused)
{
  add (f, "bad <HOST>");
  filter_set_check_find_time (f->filter, FALSE);
  FINDS ("2012-08-14 09:58:59 bad 192.0.2.1", "0 192.0.2.1@1344938339.0\n");
  FINDS ("bad 192.0.2.1", "0 192.0.2.1@None\n");
}

static void
test_date_patterns_and_zones (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *pattern = NULL, *name = NULL;

  add (f, "bad <HOST>");
  g_assert_true (filter_get_date_pattern (f->filter, &pattern, &name));
  g_assert_null (pattern);
  g_assert_cmpstr (name, ==, "Default Detectors");
  g_clear_pointer (&name, g_free);
  g_assert_true (filter_set_date_pattern (f->filter, "\n  ^%Y-%m-%d %H:%M:%S \n", &error));
  g_assert_true (filter_get_date_pattern (f->filter, &pattern, &name));
  g_assert_cmpstr (pattern, ==, "^%Y-%m-%d %H:%M:%S");
  g_assert_cmpstr (name, ==, "^Year-Month-Day 24hour:Minute:Second");
  g_assert_true (filter_set_log_time_zone (f->filter, "UTC+0200", &error));
  FINDS ("2025-08-14 12:00:00 bad 192.0.2.1", "0 192.0.2.1@1755165600\n");
  g_assert_false (filter_set_log_time_zone (f->filter, "nowhere", &error));
  g_assert_error (error, FILTER_ERROR, FILTER_ERROR_VALUE);
  g_assert_cmpstr (filter_peek_log_time_zone (f->filter), ==, "UTC+0200");
}

static void
test_a_date_that_ends_in_an_exception_loses_its_line_only (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  const char *line = "POST Aug 14 09:59:58 bad 192.0.2.1";

  add (f, "bad <HOST>");
  log_line_set_bytes (f->line, line, strlen (line));
  g_assert_false (filter_process_line (f->filter, f->line, TRUE, on_failure, f, &error));
  g_assert_error (error, FILTER_ERROR, FILTER_ERROR_PROCESS);
  g_assert_cmpstr (error->message, ==, "KeyError('POST')");
  filter_log_failed_line (f->filter, f->line, error);
  g_assert_cmpstr (
      f->logged->str, ==,
      "Failed to process line: 'POST Aug 14 09:59:58 bad 192.0.2.1', caught exception: KeyError('POST')\n");
  FINDS ("2025-08-14 09:59:58 bad 192.0.2.1", "0 192.0.2.1@1755165598.0\n");
}

static void
test_a_date_pattern_that_does_not_compile_is_told_with_each_line (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  add (f, "bad <HOST>");
  g_assert_true (filter_set_date_pattern (f->filter, "(?i)%b %d", &error));
  for (guint i = 0; i < 2; i++)
    {
      log_line_set_bytes (f->line, "14 bad 192.0.2.1", 16);
      g_assert_false (filter_process_line (f->filter, f->line, TRUE, on_failure, f, &error));
      g_assert_true (g_str_has_prefix (error->message, "error('global flags not at the start of the expression"));
      g_assert_true (g_str_has_prefix (f->logged->str, "Compile '(?i)MON Day' failed, expression '(?iu)(?=^|\\\\b|\\\\W)(?i)((?P<b>"));
      g_string_truncate (f->logged, 0);
      g_clear_error (&error);
    }
}

static void
test_an_entry_of_the_journal_has_its_own_time (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;
  const char *date = "2025-08-14T09:59:58.500000+00:00 ", *text = "srv box[7]: bad 192.0.2.1";

  add (f, "bad <HOST>");
  g_assert_true (filter_set_date_pattern (f->filter, NULL, &error));
  log_line_set_entry (f->line, date, strlen (date), text, strlen (text),
                      (NOW_SEC - 2) * (gint64) G_USEC_PER_SEC + 500000);
  g_assert_true (filter_process_line (f->filter, f->line, TRUE, on_failure, f, &error));
  g_assert_cmpstr (f->found->str, ==, "0 192.0.2.1@1755165598.5\n");
  assert_data (f, "matches", "[('', '2025-08-14T09:59:58.500000+00:00 ', 'srv box[7]: bad 192.0.2.1')]");
}

static void
test_filters_with_equal_settings_share_a_date (Fixture *f, gconstpointer unused)
{
  g_autoptr (Filter) other = filter_new ("other", f->clock, f->log);
  const char *line = "2025-08-14 09:59:58 bad 192.0.2.1";

  add (f, "bad <HOST>");
  g_assert_true (filter_add_failregex (other, "bad <HOST>", NULL));
  for (guint i = 0; i < 3; i++) /* of the first one nobody knew that there are two */
    {
      log_line_set_bytes (f->line, line, strlen (line));
      g_assert_true (filter_process_line (f->filter, f->line, TRUE, on_failure, f, NULL));
      g_assert_true (filter_process_line (other, f->line, TRUE, on_failure, f, NULL));
      g_assert_cmpstr (f->found->str, ==, "0 192.0.2.1@1755165598.0\n0 192.0.2.1@1755165598.0\n");
      g_string_truncate (f->found, 0);
    }
  g_assert_cmpuint (date_detector_get_hits (filter_peek_date_detector (f->filter), 0), ==, 3);
  g_assert_cmpuint (date_detector_get_hits (filter_peek_date_detector (other), 0), ==, 1); /* it did not have to search again */
}

/* --- several lines ------------------------------------------------------------------------------------------------ */
static void
test_an_expression_over_several_lines (Fixture *f, gconstpointer unused)
{
  g_assert_true (filter_set_max_lines (f->filter, 4, NULL));
  add (f, "start (?P<_n>\\d)$<SKIPLINES>^.* end (?P=_n) <HOST>$");
  FINDS ("2025-08-14 10:00:00 start 1\n2025-08-14 10:00:01 other\n2025-08-14 10:00:02 end 1 192.0.2.1",
         "0 192.0.2.1@1755165602.0\n");
  assert_data (f, "matches",
               "[('', '2025-08-14 10:00:00', ' start 1'), ('', '2025-08-14 10:00:02', ' end 1 192.0.2.1')]");
  g_autoptr (PyValue) window = filter_dup_window (f->filter);
  g_autofree char *shown = py_repr (window);
  g_assert_cmpstr (shown, ==, "[('', '2025-08-14 10:00:01', ' other')]");
}

static void
test_a_window_holds_no_more_than_its_lines (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (filter_set_max_lines (f->filter, 2, NULL));
  add (f, "start$<SKIPLINES>^.* end <HOST>$");
  FINDS ("2025-08-14 10:00:00 start\n2025-08-14 10:00:01 a\n2025-08-14 10:00:02 end 192.0.2.1", "");
  g_assert_false (filter_set_max_lines (f->filter, 0, &error));
  g_assert_cmpstr (error->message, ==, "maxlines must be integer greater than zero");
}

static void
test_an_ignored_match_leaves_the_other_lines (Fixture *f, gconstpointer unused)
{
  g_assert_true (filter_set_max_lines (f->filter, 3, NULL));
  add (f, "bad <HOST>$");
  g_assert_true (filter_add_ignoreregex (f->filter, "ok", NULL));
  FINDS ("2025-08-14 10:00:00 waits\n2025-08-14 10:00:01 ok bad 192.0.2.1", "");
  g_autoptr (PyValue) window = filter_dup_window (f->filter);
  g_assert_cmpuint (py_seq_length (window), ==, 1);
}

/* --- connections -------------------------------------------------------------------------------------------------- */
#define AT(second, text) "2025-08-14 09:59:" second " srv[7]: " text "\n"

static void
add_connections (Fixture *f)
{
  g_assert_true (
      filter_set_prefregex (f->filter, "^<F-MLFID> srv\\[\\d+\\]: </F-MLFID><F-CONTENT>.+</F-CONTENT>$", NULL));
  add (f, "^<F-NOFAIL>connect from</F-NOFAIL> <HOST>$");
  add (f, "^failed for <F-USER>\\S+</F-USER>$");
  add (f, "^<F-NOFAIL><F-MLFFORGET>closed</F-MLFFORGET></F-NOFAIL>$");
  add (f, "^<F-MLFGAINED>welcome</F-MLFGAINED> <F-USER>\\S+</F-USER>$");
}

static void
test_a_failure_takes_the_address_of_an_earlier_line (Fixture *f, gconstpointer unused)
{
  add_connections (f);
  FINDS (AT ("50", "connect from 192.0.2.1") AT ("51", "failed for eve"), "1 192.0.2.1@1755165591.0\n");
  assert_data (f, "user", "'eve'");
  assert_data (f, "users", "{'eve'}");
  assert_data (f, "matches",
               "[('', '2025-08-14 09:59:50', ' srv[7]: connect from 192.0.2.1'), "
               "('', '2025-08-14 09:59:51', ' srv[7]: failed for eve')]");
  FINDS (AT ("52", "failed for eve"), "1 192.0.2.1@1755165592.0\n");
  assert_data (f, "matches", "[('', '2025-08-14 09:59:52', ' srv[7]: failed for eve')]");
}

static void
test_a_closed_connection_is_forgotten (Fixture *f, gconstpointer unused)
{
  add_connections (f);
  FINDS (AT ("50", "connect from 192.0.2.1") AT ("51", "closed") AT ("52", "failed for eve"), "");
}

static void
test_a_failure_without_address_waits_for_it (Fixture *f, gconstpointer unused)
{
  add_connections (f);
  FINDS (AT ("50", "failed for eve"), "");
  FINDS (AT ("51", "connect from 192.0.2.1"), "0 192.0.2.1@1755165591.0\n");
  assert_data (f, "matches",
               "[('', '2025-08-14 09:59:50', ' srv[7]: failed for eve'), "
               "('', '2025-08-14 09:59:51', ' srv[7]: connect from 192.0.2.1')]");
}

static void
test_pending_failures_are_reported_when_asked_for (Fixture *f, gconstpointer unused)
{
  add_connections (f);
  filter_set_ignore_pending (f->filter, FALSE);
  FINDS (AT ("50", "failed for eve"), "1 ?@1755165590.0\n");
  assert_data (f, "mlfpending", "1");
}

static void
test_who_gets_in_is_no_failure_unless_he_tried_others (Fixture *f, gconstpointer unused)
{
  add_connections (f);
  FINDS (AT ("50", "connect from 192.0.2.1") AT ("51", "welcome bob"), "");
  FINDS (AT ("52", "closed") AT ("53", "connect from 192.0.2.2") AT ("54", "failed for eve") AT ("55", "welcome bob"),
         "1 192.0.2.2@1755165594.0\n3 192.0.2.2@1755165595.0\n");
}

static void
test_the_lines_that_a_connection_keeps_are_bounded (Fixture *f, gconstpointer unused)
{
  add_connections (f);
  for (guint i = 0; i < 1500; i++)
    feed (f, TRUE, AT ("50", "connect from 192.0.2.1"));
  feed (f, TRUE, AT ("51", "failed for eve"));
  g_assert_cmpuint (py_seq_length (py_dict_get_str (f->data, "matches")), <=, 1002);
}

/* --- encodings ---------------------------------------------------------------------------------------------------- */
static void
test_lines_are_decoded_by_the_log_encoding (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  add (f, "user <F-USER>\\w+</F-USER> <HOST>");
  g_assert_true (filter_set_log_encoding (f->filter, "ISO-8859-1", &error));
  g_assert_cmpstr (filter_peek_log_encoding (f->filter), ==, "ISO-8859-1");
  FINDS ("2025-08-14 10:00:00 user J\xfcrgen 192.0.2.1", "0 192.0.2.1@1755165600.0\n");
  assert_data (f, "user", "'J\xc3\xbcrgen'");
  g_assert_false (filter_set_log_encoding (f->filter, "bogus", &error));
  g_assert_error (error, FILTER_ERROR, FILTER_ERROR_LOOKUP);
  g_assert_cmpstr (error->message, ==, "unknown encoding: bogus");
  g_assert_cmpstr (filter_peek_log_encoding (f->filter), ==, "ISO-8859-1");
  g_clear_error (&error);
  g_assert_true (filter_set_log_encoding (f->filter, "Auto", &error));
}

static void
test_an_expression_that_takes_too_long_is_skipped_and_named_once (Fixture *f, gconstpointer unused)
{
  g_autofree char *many = g_strnfill (5000, 'x');
  g_autofree char *line = g_strdup_printf ("2025-08-14 10:00:00 %s bad 192.0.2.1", many);

  add (f, "^ (?:x+x+)+y <HOST>");
  add (f, "bad <HOST>");
  FINDS (line, "1 192.0.2.1@1755165600.0\n");
  FINDS (line, "1 192.0.2.1@1755165600.0\n");
  g_assert_nonnull (strstr (f->logged->str, "takes too long"));
  g_assert_null (strstr (strstr (f->logged->str, "takes too long") + 1, "takes too long"));
}

/* --- shortcuts ---------------------------------------------------------------------------------------------------- */
static void
append_random_line (GRand *rand, GString *out)
{
  static const char *const pieces[] = { "connect from ",
                                        "failed for ",
                                        "closed",
                                        "welcome ",
                                        "eve",
                                        "bob",
                                        " ",
                                        "192.0.2.1",
                                        "2001:db8::1",
                                        "srv[7]: ",
                                        "x",
                                        "^",
                                        "login of ",
                                        "A",
                                        "0",
                                        "\t",
                                        "J\xc3\xbcrgen",
                                        "\xff",
                                        "mail.example.com",
                                        "2025-08-14 09:59:58 " };
  guint n = g_rand_int_range (rand, 0, 6);

  g_string_assign (out, g_rand_boolean (rand) ? "2025-08-14 09:59:59 srv[7]: " : "");
  for (guint i = 0; i < n; i++)
    g_string_append (out, pieces[g_rand_int_range (rand, 0, G_N_ELEMENTS (pieces))]);
}

static void
test_with_and_without_shortcuts_the_same_is_found (Fixture *f, gconstpointer unused)
{
  static const char *const more[] = { "^[A-Z]\\S* <HOST>", "(?i)^LOGIN of <HOST>",          "^\\s*x*<ADDR>",
                                      "from <DNS>$",       "^(?:eve|bob)?<F-ID>\\d</F-ID>", "^J\xc3\xbcrgen <HOST>",
                                      "^\\W<ADDR>" };
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);
  g_autoptr (GString) line = g_string_new (NULL);
  Filter *fast = f->filter, *slow = filter_new ("box", f->clock, NULL);
  guint n_found = 0;

  add_connections (f);
  f->filter = slow;
  add_connections (f);
  for (guint i = 0; i < G_N_ELEMENTS (more) * 12; i++) /* more than the bits of a word */
    {
      g_assert_true (filter_add_failregex (fast, more[i % G_N_ELEMENTS (more)], NULL));
      g_assert_true (filter_add_failregex (slow, more[i % G_N_ELEMENTS (more)], NULL));
    }
  filter_set_ungated (slow, TRUE);
  for (guint i = 0; i < 2000; i++)
    {
      g_autofree char *found = NULL;

      append_random_line (rand, line);
      f->filter = fast;
      feed (f, TRUE, line->str);
      found = g_strdup (f->found->str);
      f->filter = slow;
      feed (f, TRUE, line->str);
      if (strcmp (found, f->found->str) != 0)
        g_error ("'%s': '%s' with shortcuts, '%s' without", line->str, found, f->found->str);
      n_found += *found != '\0';
    }
  g_assert_cmpuint (n_found, >, 100);
  f->filter = fast;
  filter_free (slow);
}

#define ADD(name, test) g_test_add ("/filter/" name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  ADD ("an expression finds an address and its time", test_an_expression_finds_an_address_and_its_time);
  ADD ("the first expression that matches ends the line", test_the_first_expression_that_matches_ends_the_line);
  ADD ("expressions that cannot be used are refused and logged",
       test_expressions_that_cannot_be_used_are_refused_and_logged);
  ADD ("expressions are removed by index", test_expressions_are_removed_by_index);
  ADD ("ignoreregex ends a match", test_ignoreregex_ends_a_match);
  ADD ("prefregex narrows the line to its content", test_prefregex_narrows_the_line_to_its_content);
  ADD ("the id may come from the prefregex", test_the_id_may_come_from_the_prefregex);
  ADD ("host names are told unresolved", test_host_names_are_told_unresolved);
  ADD ("an id of its own keeps the address beside it", test_an_id_of_its_own_keeps_the_address_beside_it);
  ADD ("networks", test_networks);
  ADD ("a match without any id is an error in the log", test_a_match_without_any_id_is_an_error_in_the_log);
  ADD ("a line without date takes the last one, or now", test_a_line_without_date_takes_the_last_one_or_now);
  ADD ("a new line of another time happened now", test_a_new_line_of_another_time_happened_now);
  ADD ("at the first reading old lines are left out", test_at_the_first_reading_old_lines_are_left_out);
  ADD ("without check dates are what the lines say", test_without_check_dates_are_what_the_lines_say);
  ADD ("date patterns and zones", test_date_patterns_and_zones);
  ADD ("a date that ends in an exception loses its line only",
       test_a_date_that_ends_in_an_exception_loses_its_line_only);
  ADD ("a date pattern that does not compile is told with each line",
       test_a_date_pattern_that_does_not_compile_is_told_with_each_line);
  ADD ("an entry of the journal has its own time", test_an_entry_of_the_journal_has_its_own_time);
  ADD ("filters with equal settings share a date", test_filters_with_equal_settings_share_a_date);
  ADD ("an expression over several lines", test_an_expression_over_several_lines);
  ADD ("a window holds no more than its lines", test_a_window_holds_no_more_than_its_lines);
  ADD ("an ignored match leaves the other lines", test_an_ignored_match_leaves_the_other_lines);
  ADD ("a failure takes the address of an earlier line", test_a_failure_takes_the_address_of_an_earlier_line);
  ADD ("a closed connection is forgotten", test_a_closed_connection_is_forgotten);
  ADD ("a failure without address waits for it", test_a_failure_without_address_waits_for_it);
  ADD ("pending failures are reported when asked for", test_pending_failures_are_reported_when_asked_for);
  ADD ("who gets in is no failure unless he tried others", test_who_gets_in_is_no_failure_unless_he_tried_others);
  ADD ("the lines that a connection keeps are bounded", test_the_lines_that_a_connection_keeps_are_bounded);
  ADD ("lines are decoded by the log encoding", test_lines_are_decoded_by_the_log_encoding);
  ADD ("an expression that takes too long is skipped and named once",
       test_an_expression_that_takes_too_long_is_skipped_and_named_once);
  ADD ("with and without shortcuts the same is found", test_with_and_without_shortcuts_the_same_is_found);
  return g_test_run ();
}
