#include "match/filter-gate.h"

#include <string.h>

#include "match/filter-private.h"

#define NOW_SEC 1755165600 /* 2025-08-14 10:00:00 UTC */

/* Prefregexes with texts of every kind: several that must be there, alternatives, looked at only, of ASCII only, none */
static const char *const prefregexes[] = {
  "^ srv\\d: (?:error: )?<F-CONTENT>.+</F-CONTENT>$",
  "^ srv\\d: (?=(?:[Bb]ad|failed|from) )<F-CONTENT>.+</F-CONTENT>$",
  "^ \\w+: (?:error|warn(?=: .*bad)): <F-CONTENT>.+</F-CONTENT>, client: \\S+$",
  "(?i)^ SRV\\d: <F-CONTENT>.*</F-CONTENT> (?:kiss|warn)",
  "^ .{2,5}: <F-CONTENT>.+</F-CONTENT>$",
};

static const char *const failregexes[] = {
  "^<F-NOFAIL>from</F-NOFAIL> <ADDR>",
  "^[Bb]ad .* from <ADDR>(?:, (?:client|server)|$)",
  "^failed for <F-USER>\\w+</F-USER> (?:by|at|from) <ADDR>",
  "(?i)warn.*kiss <ADDR>",
  "<ADDR>, client",
};

static const char *const pieces[]
    = { "srv1: ",   "srv2: ",       "error: ",     "warn: ", "bad ",       "Bad ", "failed for ",
        "eve ",     "from ",        "192.0.2.1",   "by ",    ", client: ", "x",    "kiss ",
        "\xc5\xbf", "ki\xc5\xbfs ", "kI\xc5\xbfS", " ",      "SRV3: ",     "warn", "\xff" };

typedef struct
{
  Clock *clock;
  LogLine *line;
  Filter *filter;
  GString *told;
} Side;

static void
on_failure (Failure *failure, gpointer user_data)
{
  Side *side = user_data;

  g_string_append_printf (side->told, "regex %u\n", failure->regex_index);
}

static void
on_prefregex (gboolean matched, gpointer user_data)
{
  Side *side = user_data;

  g_string_append_printf (side->told, "prefregex %d\n", matched);
}

static void
on_ignored (guint index, gpointer user_data)
{
  Side *side = user_data;

  g_string_append_printf (side->told, "ignored %u\n", index);
}

static const FilterHooks hooks = { .ignored = on_ignored, .prefregex = on_prefregex };

static void
side_init (Side *side, const char *prefregex, guint max_lines, gboolean ungated)
{
  side->clock = clock_new_settable (NOW_SEC * (gint64) G_USEC_PER_SEC);
  side->line = log_line_new ("x.log");
  side->told = g_string_new (NULL);
  side->filter = filter_new ("box", side->clock, NULL);
  filter_set_hooks (side->filter, &hooks, side);
  g_assert_true (filter_set_max_lines (side->filter, max_lines, NULL));
  g_assert_true (filter_set_prefregex (side->filter, prefregex, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (failregexes); i++)
    g_assert_true (filter_add_failregex (side->filter, failregexes[i], NULL));
  g_assert_true (filter_add_ignoreregex (side->filter, "srv2.*(?:eve|bad)", NULL));
  filter_set_ungated (side->filter, ungated);
}

static void
side_clear (Side *side)
{
  filter_free (side->filter);
  log_line_free (side->line);
  clock_free (side->clock);
  g_string_free (side->told, TRUE);
}

static const char *
tell (Side *side, const char *text)
{
  g_string_truncate (side->told, 0);
  log_line_set_bytes (side->line, text, strlen (text));
  g_assert_true (filter_process_line (side->filter, side->line, TRUE, on_failure, side, NULL));
  return side->told->str;
}

static void
append_random_line (GRand *rand, GString *out)
{
  guint n = (guint) g_rand_int_range (rand, 0, 9);

  g_string_assign (out, "2025-08-14 10:00:00 srv1: ");
  if (g_rand_boolean (rand))
    g_string_append (out, "error: ");
  if (g_rand_int_range (rand, 0, 4) == 0)
    g_string_truncate (out, 20);
  for (guint i = 0; i < n; i++)
    g_string_append (out, pieces[g_rand_int_range (rand, 0, G_N_ELEMENTS (pieces))]);
  if (g_rand_boolean (rand))
    g_string_append (out, ", client: x");
}

/* Gives how many of the lines the prefregex matched. */
static guint
compare (GRand *rand, const char *prefregex, guint max_lines)
{
  g_autoptr (GString) line = g_string_new (NULL);
  guint n_passed = 0;
  Side fast, slow;

  side_init (&fast, prefregex, max_lines, FALSE);
  side_init (&slow, prefregex, max_lines, TRUE);
  for (guint i = 0; i < 3000; i++)
    {
      append_random_line (rand, line);
      n_passed += strstr (tell (&slow, line->str), "prefregex 1") != NULL;
      if (strcmp (tell (&fast, line->str), slow.told->str) != 0)
        g_error ("'%s', prefregex '%s': '%s' with a gate, '%s' without", line->str, prefregex, fast.told->str,
                 slow.told->str);
    }
  side_clear (&fast);
  side_clear (&slow);
  return n_passed;
}

static void
test_with_and_without_a_gate_the_same_is_told (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);

  guint n_windows = 0;

  for (guint i = 0; i < G_N_ELEMENTS (prefregexes); i++)
    {
      g_assert_cmpuint (compare (rand, prefregexes[i], 1), >, 100);
      n_windows += compare (rand, prefregexes[i], 3);
    }
  g_assert_cmpuint (n_windows, >, 100);
  g_assert_cmpuint (compare (rand, NULL, 1), ==, 0);
}

static void
test_a_new_prefregex_has_a_gate_of_its_own (void)
{
  const char *line = "2025-08-14 10:00:00 srv1: from 192.0.2.1";
  Side side;

  side_init (&side, "^ never: <F-CONTENT>.*</F-CONTENT>$", 1, FALSE);
  g_assert_cmpstr (tell (&side, line), ==, "prefregex 0\n");
  g_assert_true (filter_set_prefregex (side.filter, "^ srv1: <F-CONTENT>.*</F-CONTENT>$", NULL));
  g_assert_cmpstr (tell (&side, line), ==, "prefregex 1\nregex 0\n");
  g_assert_true (filter_set_prefregex (side.filter, NULL, NULL));
  g_assert_cmpstr (tell (&side, line), ==, "");
  side_clear (&side);
}

/* --- the gate alone ----------------------------------------------------------------------------------------------- */
static void
add (GPtrArray *list, const char *pattern)
{
  Failregex *regex = failregex_new (pattern, FAILREGEX_DEFAULT, NULL);

  g_assert_nonnull (regex);
  g_ptr_array_add (list, regex);
}

static void
test_an_expression_needs_all_its_texts (void)
{
  g_autoptr (GPtrArray) fail = g_ptr_array_new_with_free_func ((GDestroyNotify) failregex_unref);
  g_autoptr (GPtrArray) ignore = g_ptr_array_new_with_free_func ((GDestroyNotify) failregex_unref);
  g_autoptr (FilterGate) gate = NULL;
  g_autofree guint64 *left = NULL;

  for (guint i = 0; i < 70; i++) /* more than the bits of a word */
    add (fail, "^never <HOST>");
  add (fail, "quota by jqx.*(?:vwk|kwv)! <HOST>");
  add (ignore, "never");
  gate = filter_gate_new (fail, ignore, NULL, FALSE);
  left = g_new (guint64, filter_gate_get_n_words (gate));

#define LOOK(text) filter_gate_look (gate, text, strlen (text), PY_SEARCH_IS_ASCII, left)
  LOOK ("quota by jqx");
  g_assert_cmpuint (filter_gate_next (gate, left, 0), ==, 71);
  LOOK ("quota by jqx kwv! ");
  g_assert_cmpuint (filter_gate_next (gate, left, 0), ==, 70);
  g_assert_false (filter_gate_leaves_ignoreregex (gate, left, 0));
  g_assert_true (filter_gate_leaves_prefregex (gate, left));
  LOOK ("NEVER");
  g_assert_cmpuint (filter_gate_next (gate, left, 0), ==, 71);
  g_assert_true (filter_gate_leaves_ignoreregex (gate, left, 0));
  LOOK ("never ");
  g_assert_cmpuint (filter_gate_next (gate, left, 0), ==, 0);
}

static void
test_without_its_prefregex_no_expression_is_left (void)
{
  g_autoptr (GPtrArray) fail = g_ptr_array_new_with_free_func ((GDestroyNotify) failregex_unref);
  g_autoptr (GPtrArray) ignore = g_ptr_array_new_with_free_func ((GDestroyNotify) failregex_unref);
  g_autoptr (Failregex) prefregex = failregex_new ("^serv: <F-CONTENT>.*</F-CONTENT>$", FAILREGEX_DEFAULT, NULL);
  g_autoptr (FilterGate) gate = NULL;
  g_autofree guint64 *left = NULL;

  add (fail, "^quota <HOST>");
  add (ignore, "quota");
  gate = filter_gate_new (fail, ignore, prefregex, FALSE);
  left = g_new (guint64, filter_gate_get_n_words (gate));
  LOOK ("serf: quota ");
  g_assert_false (filter_gate_leaves_prefregex (gate, left));
  g_assert_cmpuint (filter_gate_next (gate, left, 0), ==, 1);
  g_assert_true (filter_gate_leaves_ignoreregex (gate, left, 0));
  LOOK ("serv: quota ");
  g_assert_true (filter_gate_leaves_prefregex (gate, left));
  g_assert_cmpuint (filter_gate_next (gate, left, 0), ==, 0);
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/filter-gate/with and without a gate the same is told",
                   test_with_and_without_a_gate_the_same_is_told);
  g_test_add_func ("/filter-gate/a new prefregex has a gate of its own", test_a_new_prefregex_has_a_gate_of_its_own);
  g_test_add_func ("/filter-gate/an expression needs all its texts", test_an_expression_needs_all_its_texts);
  g_test_add_func ("/filter-gate/without its prefregex no expression is left",
                   test_without_its_prefregex_no_expression_is_left);
  return g_test_run ();
}
