#include "match/filter-private.h"

#include <string.h>

#include "compat/py-repr.h"

#define NOW_SEC   1755165600 /* 2025-08-14 10:00:00 UTC */
#define N_FILTERS 12
#define ALL_FILTERS ((1u << N_FILTERS) - 1)

/* A connection's end, groups that fill or join others, and one that may not say who it was */
#define MANY_KINDS                                                                                                      \
  "^ (?:<F-MLFID>srv\\d</F-MLFID>: )?<F-CONTENT>.+</F-CONTENT>$",                                                       \
  {                                                                                                                     \
    "^<F-MLFFORGET>bye</F-MLFFORGET> <ADDR>$",                                                                          \
        "^<F-MLFGAINED>in</F-MLFGAINED> as <F-USER>\\w+</F-USER>|^<F-ALT_USER>\\w+</F-ALT_USER> logs in",               \
        "^<F-TUPLE_ID>failed</F-TUPLE_ID> for <F-TUPLE_ID_1>\\S+</F-TUPLE_ID_1> from (?:<ADDR>|<F-USER>\\w+</F-USER>)", \
        "^(?:bad|odd)(?: <HOST>)?", "^failed for <F-USER>\\w+</F-USER>"                                                 \
  }

/* Jails that watch one log: some have the same expressions, some nearly. */
static const struct
{
  const char *prefregex;
  const char *failregexes[6], *ignoreregexes[3];
  guint max_lines;
} settings[N_FILTERS] = {
  { NULL,
    { "^ failed for <F-USER>\\S+</F-USER> from <ADDR>$", "^ bad <HOST>", "<ADDR>$" },
    { "from 192\\.0\\.2\\.9" },
    1 },
  { NULL,
    { "^ failed for <F-USER>\\S+</F-USER> from <ADDR>$", "^ bad <HOST>", "<ADDR>$" },
    { "from 192\\.0\\.2\\.9" },
    1 },
  { NULL, { "^ failed for <F-USER>\\S+</F-USER> from <ADDR>$", "^ bad <HOST>", "<ADDR>$" }, { NULL }, 1 },
  { NULL,
    { "^ bad <HOST>", "^ failed for <F-USER>\\S+</F-USER> from <ADDR>$", "<ADDR>$", "never <HOST>" },
    { "from 192\\.0\\.2\\.9" },
    1 },
  { "^ <F-MLFID>srv\\d</F-MLFID>: <F-CONTENT>.+</F-CONTENT>$",
    { "^<F-NOFAIL>from</F-NOFAIL> <ADDR>$", "^failed for <F-USER>\\w+</F-USER>" },
    { NULL },
    1 },
  { "^ <F-MLFID>srv\\d</F-MLFID>: <F-CONTENT>.+</F-CONTENT>$",
    { "^<F-NOFAIL>from</F-NOFAIL> <ADDR>$", "^failed for <F-USER>\\w+</F-USER>" },
    { NULL },
    1 },
  { NULL,
    { "^ failed for <F-USER>\\S+</F-USER> from <ADDR>$", "^ bad <HOST>", "<ADDR>$" },
    { "from 192\\.0\\.2\\.9" },
    2 },
  { "^ <F-MLFID>srv\\d</F-MLFID>: <F-CONTENT>.+</F-CONTENT>$",
    { "^<F-NOFAIL>from</F-NOFAIL> <ADDR>$", "^failed for <F-USER>\\w+</F-USER>" },
    { NULL },
    1 },
  { MANY_KINDS, { NULL }, 1 },
  { MANY_KINDS, { NULL }, 1 },
  { MANY_KINDS, { NULL }, 1 },
  { MANY_KINDS, { "no more" }, 1 },
};

static const char *const lines[] = {
  "2025-08-14 10:00:00 failed for eve from 192.0.2.1",
  "2025-08-14 10:00:00 failed for eve from 192.0.2.9",
  "2025-08-14 10:00:00 bad 192.0.2.2 and 192.0.2.3",
  "2025-08-14 10:00:00 all is well",
  "2025-08-14 10:00:00 srv1: from 192.0.2.4",
  "2025-08-14 10:00:01 srv1: failed for bob",
  "2025-08-14 10:00:01 srv2: failed for bob",
  " bad 192.0.2.5", /* takes the last date */
  "2025-02-30 10:00:00 bad 192.0.2.6",
  "bad 192.0.2.7 2025-08-14 10:00:02 bad 192.0.2.8",
  "2025-08-14 10:00:02 bad J\xfcrgen 192.0.2.8",
  "2025-08-14 10:00:02 srv1: bye 192.0.2.4",
  "2025-08-14 10:00:02 srv2: in as eve",
  "2025-08-14 10:00:02 srv2: in as mallory",
  "2025-08-14 10:00:02 srv2: mallory logs in",
  "2025-08-14 10:00:02 srv2: from 192.0.2.12",
  "2025-08-14 10:00:02 odd",
  "2025-08-14 10:00:02 odd host.example",
  "2025-08-14 10:00:02 srv1: odd",
  "no more odd 192.0.2.11",
  "",
};

typedef struct
{
  Clock *clock;
  Filter *filters[N_FILTERS];
  LogLine *line;
  GString *told;
} Side;

static void
on_failure (Failure *failure, gpointer user_data)
{
  Side *side = user_data;
  g_autoptr (PyValue) id = failure_dup_id_value (failure), data = failure_dup_data (failure);

  g_string_append_printf (side->told, "%u ", failure->regex_index);
  if (id != NULL)
    py_repr_append (side->told, id);
  py_repr_append (side->told, data);
  g_string_append_c (side->told, '\n');
}

static void
side_init (Side *side, gboolean ungated)
{
  side->clock = clock_new_settable (NOW_SEC * (gint64) G_USEC_PER_SEC);
  side->line = log_line_new ("x.log");
  side->told = g_string_new (NULL);
  for (guint i = 0; i < N_FILTERS; i++)
    {
      Filter *filter = side->filters[i] = filter_new ("box", side->clock, NULL);

      g_assert_true (filter_set_max_lines (filter, settings[i].max_lines, NULL));
      g_assert_true (filter_set_prefregex (filter, settings[i].prefregex, NULL));
      for (guint j = 0; settings[i].failregexes[j] != NULL; j++)
        g_assert_true (filter_add_failregex (filter, settings[i].failregexes[j], NULL));
      for (guint j = 0; settings[i].ignoreregexes[j] != NULL; j++)
        g_assert_true (filter_add_ignoreregex (filter, settings[i].ignoreregexes[j], NULL));
      filter_set_ungated (filter, ungated);
    }
}

static void
side_clear (Side *side)
{
  for (guint i = 0; i < N_FILTERS; i++)
    filter_free (side->filters[i]);
  log_line_free (side->line);
  clock_free (side->clock);
  g_string_free (side->told, TRUE);
}

/* What the filters tell of a line, one after the other from `from` on, without those whose bit is in `missing`. */
static const char *
ask_some (Side *side, const char *text, guint from, guint missing)
{
  g_autoptr (GError) error = NULL;

  g_string_truncate (side->told, 0);
  log_line_set_bytes (side->line, text, strlen (text));
  log_line_set_audience (side->line, 1 + (missing & ALL_FILTERS));
  for (guint i = 0; i < N_FILTERS; i++)
    {
      guint which = (from + i) % N_FILTERS;

      if ((missing >> which) & 1)
        continue;
      g_string_append_printf (side->told, "filter %u\n", which);
      if (!filter_process_line (side->filters[which], side->line, TRUE, on_failure, side, &error))
        g_string_append_printf (side->told, "%s\n", error->message);
      g_clear_error (&error);
    }
  return side->told->str;
}

static const char *
ask (Side *side, const char *text, guint from)
{
  return ask_some (side, text, from, 0);
}

static void
test_filters_that_share_what_they_find_tell_the_same (void)
{
  Side shared, alone;

  side_init (&shared, FALSE);
  side_init (&alone, TRUE);
  for (guint round = 0; round < 200; round++)
    {
      const char *line = lines[(round * 7) % G_N_ELEMENTS (lines)];

      g_assert_cmpstr (ask (&shared, line, round % N_FILTERS), ==, ask (&alone, line, round % N_FILTERS));
    }
  side_clear (&shared);
  side_clear (&alone);
}

/* Filters that miss lines of the others, in another order each time, now and then with a time that has gone on. */
static void
test_filters_that_miss_lines_tell_the_same (void)
{
  Side shared, alone;

  side_init (&shared, FALSE);
  side_init (&alone, TRUE);
  for (guint round = 0; round < 5000; round++)
    {
      const char *line = lines[g_test_rand_int_range (0, G_N_ELEMENTS (lines))];
      guint from = (guint) g_test_rand_int_range (0, N_FILTERS);
      guint missing = g_test_rand_bit () ? 0 : (guint) g_test_rand_int ();
      gint64 pass_usec = g_test_rand_int_range (0, 20) == 0 ? 100 * G_USEC_PER_SEC : 1;

      clock_advance_usec (shared.clock, pass_usec);
      clock_advance_usec (alone.clock, pass_usec);
      g_assert_cmpstr (ask_some (&shared, line, from, missing), ==, ask_some (&alone, line, from, missing));
    }
  side_clear (&shared);
  side_clear (&alone);
}

/* What a line knows of the expressions of a filter */
static gboolean
is_found (Side *side, guint which, guint *ret_first)
{
  LineFound found;
  Filter *filter = side->filters[which];

  if (filter->find_key == NULL || !log_line_get_found (side->line, filter->find_key, &filter->last_line, &found))
    return FALSE;
  *ret_first = found.first;
  return TRUE;
}

static void
test_only_filters_with_the_same_expressions_share (void)
{
  Side side;
  guint first = 0;

  side_init (&side, FALSE);
  (void) ask (&side, lines[2], 0);
  g_assert_true (is_found (&side, 0, &first));
  g_assert_cmpuint (first, ==, 1);
  g_assert_true (is_found (&side, 3, &first));
  g_assert_cmpuint (first, ==, 0);
  g_assert_true (is_found (&side, 4, &first));
  g_assert_cmpuint (first, ==, LINE_FOUND_NOTHING);
  g_assert_true (side.filters[0]->find_key == side.filters[1]->find_key);
  g_assert_true (side.filters[4]->find_key == side.filters[5]->find_key);
  g_assert_true (side.filters[0]->find_key != side.filters[2]->find_key);
  g_assert_true (side.filters[0]->find_key != side.filters[3]->find_key);
  g_assert_false (is_found (&side, 6, &first)); /* a window of several lines is its own */
  (void) ask (&side, lines[1], 0);
  g_assert_true (is_found (&side, 3, &first)); /* its ignoreregex comes first */
  g_assert_cmpuint (first, ==, LINE_FOUND_NOTHING);
  g_assert_true (is_found (&side, 2, &first));
  g_assert_cmpuint (first, ==, 0);
  side_clear (&side);
}

static void
test_a_filter_that_changes_searches_for_itself (void)
{
  Side side;

  side_init (&side, FALSE);
  (void) ask (&side, lines[3], 0);
  g_assert_true (filter_add_failregex (side.filters[1], "well <F-ID>\\d</F-ID>", NULL));
  g_assert_true (filter_set_prefregex (side.filters[5], NULL, NULL));
  (void) ask (&side, lines[3], 0);
  g_assert_true (side.filters[0]->find_key != side.filters[1]->find_key);
  g_assert_true (side.filters[4]->find_key != side.filters[5]->find_key);
  side_clear (&side);
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/share/filters that share what they find tell the same",
                   test_filters_that_share_what_they_find_tell_the_same);
  g_test_add_func ("/share/filters that miss lines tell the same", test_filters_that_miss_lines_tell_the_same);
  g_test_add_func ("/share/only filters with the same expressions share",
                   test_only_filters_with_the_same_expressions_share);
  g_test_add_func ("/share/a filter that changes searches for itself", test_a_filter_that_changes_searches_for_itself);
  return g_test_run ();
}
