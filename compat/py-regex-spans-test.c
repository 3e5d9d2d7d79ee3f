#include "compat/py-regex-spans.h"

#include <string.h>

#include "compat/py-regex-author.h"

static const char *const verdicts[] = { "unknown", "no", "yes" };

static PyRegexSpans *
spans_new (const char *pattern, PyRegex **ret_regex)
{
  g_autoptr (GError) error = NULL;

  *ret_regex = py_regex_new (pattern, -1, PY_REGEX_FLAG_NONE, &error);
  g_assert_no_error (error);
  return py_regex_spans_new (*ret_regex);
}

static void
append_spans (GString *out, const PyRegex *regex, const PyMatch *match)
{
  for (guint i = 0; i <= py_regex_group_count (regex); i++)
    {
      gsize start, end;

      if (py_match_span (match, i, &start, &end))
        g_string_append_printf (out, "%s%zu-%zu", i > 0 ? " " : "", start, end);
      else
        g_string_append (out, " .");
    }
}

/* The spans of all groups, "." for one that took no part; or "no", "unknown", "none" when there is nobody to ask. */
static void
tells (int line, const char *pattern, const char *text, const char *expected)
{
  g_autoptr (PyRegex) regex = NULL;
  g_autoptr (PyRegexSpans) spans = spans_new (pattern, &regex);
  g_autoptr (PyMatch) match = py_match_new ();

  for (guint i = 0; i < 2; i++) /* the second time with all states there */
    {
      g_autoptr (GString) told = g_string_new (NULL);
      PyRegexVerdict verdict = spans != NULL
                                   ? py_regex_spans_ask (spans, text, strlen (text), PY_SEARCH_IS_ASCII, match)
                                   : PY_VERDICT_UNKNOWN;

      if (verdict == PY_VERDICT_YES)
        append_spans (told, regex, match);
      else
        g_string_append (told, spans == NULL ? "none" : verdicts[verdict]);
      if (!g_str_equal (told->str, expected))
        g_error ("line %d: '%s' in '%s': %s", line, pattern, text, told->str);
    }
}
#define TELLS(pattern, text, expected) tells (__LINE__, pattern, text, expected)

static void
test_groups_are_where_a_search_finds_them (void)
{
  TELLS ("^(a+)(a*)b", "aaab\n", "0-4 0-3 3-3");
  TELLS ("^(a+?)(a*)b", "aaab\n", "0-4 0-1 1-3");
  TELLS ("^(a|ab)(c|bcd)(d*)", "abcd", "0-4 0-1 1-4 4-4");
  TELLS ("^(?:(a)|(b))*c", "abac", "0-4 2-3 1-2");
  TELLS ("^(?:(a)|b)c", "bc", "0-2 .");
  TELLS ("^(x)?(.*?)(y*)$", "xayy\n", "0-4 0-1 1-2 2-4");
  TELLS ("^(a)(?:b){0}", "a", "0-1 0-1");
  TELLS ("^(?:(a)){0}b", "b", "0-1 .");
  TELLS ("^(a)b", "ac", "no");
  TELLS ("^()", "", "0-0 0-0");
  TELLS ("^$", "\n", "0-0");
  TELLS ("^\\s*$", " \n", "0-2");
}

static void
test_the_rest_of_a_line_is_told_without_being_read (void)
{
  TELLS ("^(?P<a>\\s*(?:\\S+\\s)?)sshd: (?P<b>.+)$", " host sshd: all that is left\n", "0-28 0-6 12-28");
  TELLS ("^(?P<a>\\s*(?:\\S+\\s)?)sshd: (?P<b>.+)$", " host sshd: \n", "no");
  TELLS ("^(?P<a>\\s*(?:\\S+\\s)?)(?P<b>.+)$", "host sshd: b", "0-12 0-5 5-12");
  TELLS ("^(?P<a>\\s*(?:\\S+\\s)?)(?P<b>.+)$", "host \n", "0-5 0-0 0-5");
  TELLS ("^a(.+)$", "ab\nc", "no");
  TELLS ("^a(.*)", "ab\nc", "0-2 1-2");
  TELLS ("^a(.+?)\\s*$", "ab  \n", "0-5 1-2");
  TELLS ("^a: (?=bc|[de]f)(?P<c>.+)$", "a: ef and more\n", "0-14 3-14");
  TELLS ("(?s)^a(.+)$", "ab\n", "0-3 1-3");
}

static void
test_who_cannot_tell_is_not_asked (void)
{
  TELLS ("a", "a", "none");
  TELLS ("(?m)^a", "a", "none");
  TELLS ("^(a)\\1", "aa", "none");
  TELLS ("^(?>a*)b", "ab", "none");
  TELLS ("^(?:|a)*", "a", "none");
  TELLS ("^(?=(a))(.+)$", "ab", "none");
  TELLS ("^(.)", "\xc3\xbc", "unknown");
}

static void
test_what_is_not_ascii_is_not_looked_at (void)
{
  g_autoptr (PyRegex) regex = NULL;
  g_autoptr (PyRegexSpans) spans = spans_new ("^a(.+)$", &regex);
  g_autoptr (PyMatch) match = py_match_new ();
  gsize start = 0, end = 0;

  g_assert_cmpint (py_regex_spans_ask (spans, "ab\xc3\xbc\n", 5, PY_SEARCH_DEFAULT, match), ==, PY_VERDICT_UNKNOWN);
  g_assert_false (py_match_span (match, 1, &start, &end));
  g_assert_cmpint (py_regex_spans_ask (spans, "ab\xc3\xbc\n", 5, PY_SEARCH_IS_UTF8, match), ==, PY_VERDICT_YES);
  g_assert_true (py_match_span (match, 1, &start, &end));
  g_assert_cmpuint (start, ==, 1);
  g_assert_cmpuint (end, ==, 4);
}

/* Patterns that would have many states end early: nothing is told. */
static void
test_hostile_patterns_are_bounded (void)
{
  static const char *const patterns[]
      = { "^(?:(?:a|b)*a(?:a|b){20}|c)d", "^(?:.*a){30}b", "^(?:a?){500}a{500}$",
          "^((a)|(b)|(ab)|(ba)|(aab)|(abb))*c.{40}d", "^(?:(a)(b)?|(c)(d)?|.){60}(.*)e" };
  g_autofree char *text = g_strnfill (20000, 'a');
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  g_autoptr (PyMatch) match = py_match_new ();
  gint64 started = g_get_monotonic_time ();

  for (guint i = 0; i < 20000; i++)
    text[i] = "abcd"[g_rand_int_range (rand, 0, 4)];
  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    {
      g_autoptr (PyRegex) regex = NULL;
      g_autoptr (PyRegexSpans) spans = spans_new (patterns[i], &regex);

      for (guint j = 0; spans != NULL && j < 200; j++)
        {
          gsize from = (gsize) g_rand_int_range (rand, 0, 20000);

          (void) py_regex_spans_ask (spans, text + from, 20000 - from, PY_SEARCH_IS_ASCII, match);
        }
    }
  g_assert_cmpint (g_get_monotonic_time () - started, <, 60 * G_USEC_PER_SEC); /* hours without bounds */
}

/* --- the slow twin: what is told is what a search finds -------------------------------------------------------------------- */
static gboolean
compare (PyRegex *regex, PyRegexSpans *spans, const GString *text)
{
  g_autoptr (PyMatch) match = py_match_new (), found = py_match_new ();
  g_autoptr (GString) told = g_string_new (NULL), expected = g_string_new (NULL);
  PyRegexVerdict verdict = py_regex_spans_ask (spans, text->str, text->len, PY_SEARCH_IS_ASCII, match);
  PyRegexResult result = py_regex_search (regex, text->str, text->len, 0, G_MAXSIZE, PY_SEARCH_UNGATED, found);

  if (result == PY_REGEX_LIMIT) /* where a search takes too long an automaton need not */
    return FALSE;
  append_spans (told, regex, match);
  append_spans (expected, regex, found);
  if (verdict == PY_VERDICT_UNKNOWN || (verdict == PY_VERDICT_YES) != (result == PY_REGEX_MATCH)
      || !g_str_equal (told->str, expected->str))
    {
      g_autofree char *shown = g_strescape (text->str, NULL);

      g_error ("'%s' in \"%s\": told %s %s, not %s", py_regex_peek_pattern (regex, NULL), shown, verdicts[verdict],
               told->str, expected->str);
    }
  return verdict == PY_VERDICT_YES;
}

static void
test_what_is_told_is_what_a_search_finds (void)
{
  g_autoptr (PyRegexAuthor) author = py_regex_author_new (11);
  guint n = py_regex_author_count (8000), told_yes = 0, n_spans = 0;

  for (guint i = 0; i < n; i++)
    {
      py_regex_author_write_pattern (author);
      g_autoptr (PyRegex) regex = py_regex_new (author->pattern->str, -1, PY_REGEX_FLAG_NONE, NULL);
      g_autoptr (PyRegexSpans) spans = regex != NULL ? py_regex_spans_new (regex) : NULL;

      for (guint j = 0; spans != NULL && j < 50; j++)
        {
          if (j % 5 == 0)
            py_regex_author_write_text (author);
          else
            py_regex_author_vary_text (author);
          told_yes += compare (regex, spans, author->text);
        }
      n_spans += spans != NULL;
    }
  g_assert_cmpuint (n_spans, >, n / 4);
  g_assert_cmpuint (told_yes, >, n);
}

/* Lines of a log begin alike, mostly. */
static void
test_how_lines_begin_changes_nothing (void)
{
  static const char *const pieces[]
      = { " host", " sshd[12]: ", " sshd[123]: ", " kernel: ", "error: ", "Failed ", "x", " ", ": ", "\n" };
  g_autoptr (PyRegex) regex = NULL;
  g_autoptr (PyRegexSpans) spans
      = spans_new ("^(?P<a>\\s*(?:\\S+\\s+)?(?:sshd(?:\\[\\d+\\])?:?\\s+)?)(?:(error|fatal): )?(?P<b>.+)$", &regex);
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  g_autoptr (GString) line = g_string_new (NULL);
  guint told = 0;

  for (guint i = 0; i < 20000; i++)
    {
      guint usual = (guint) g_rand_int_range (rand, 0, 5);

      g_string_assign (line, usual > 3           ? ""
                             : usual > 2         ? " host sshd["
                             : i / 5000 % 2 == 0 ? " host sshd[1"
                                                 : " box sshd[2");
      for (guint n = (guint) g_rand_int_range (rand, 0, 6); n > 0; n--)
        g_string_append (line, pieces[g_rand_int_range (rand, 0, G_N_ELEMENTS (pieces))]);
      told += compare (regex, spans, line);
    }
  g_assert_cmpuint (told, >, 10000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/spans/groups are where a search finds them", test_groups_are_where_a_search_finds_them);
  g_test_add_func ("/spans/the rest of a line is told without being read",
                   test_the_rest_of_a_line_is_told_without_being_read);
  g_test_add_func ("/spans/who cannot tell is not asked", test_who_cannot_tell_is_not_asked);
  g_test_add_func ("/spans/what is not ASCII is not looked at", test_what_is_not_ascii_is_not_looked_at);
  g_test_add_func ("/spans/hostile patterns are bounded", test_hostile_patterns_are_bounded);
  g_test_add_func ("/spans/what is told is what a search finds", test_what_is_told_is_what_a_search_finds);
  g_test_add_func ("/spans/how lines begin changes nothing", test_how_lines_begin_changes_nothing);
  return g_test_run ();
}
