/* A pattern and a subject with a NUL between: a pattern from a filter file meets a line from
 * anybody.  Where the subject is ASCII both forms must find the same. */
#include <stdint.h>
#include <string.h>

#include "compat/py-regex-automaton.h"
#include "compat/py-regex-spans.h"
#include "compat/py-regex.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
compare_spans (const PyRegex *re, const PyMatch *a, const PyMatch *b)
{
  for (guint i = 0; i <= py_regex_group_count (re); i++)
    {
      gsize a_span[2] = { 0, 0 }, b_span[2] = { 0, 0 };
      gboolean a_set = py_match_span (a, i, &a_span[0], &a_span[1]),
               b_set = py_match_span (b, i, &b_span[0], &b_span[1]);

      g_assert_true (a_set == b_set && memcmp (a_span, b_span, sizeof a_span) == 0);
    }
}

static gboolean
contains_one (const GPtrArray *texts, const char *subject, gsize len)
{
  g_autofree char *folded = g_memdup2 (subject, len);

  for (gsize i = 0; i < len; i++) /* it may hold NULs */
    folded[i] = g_ascii_tolower (folded[i]);
  for (guint i = 0; i < texts->len; i++)
    {
      const char *text = g_ptr_array_index (texts, i);

      if (memmem (folded, len, text, strlen (text)) != NULL)
        return TRUE;
    }
  return FALSE;
}

/* What is told without a search is so. */
static void
check_promises (const PyRegex *re, const char *subject, gsize len, PyRegexResult found)
{
  g_autoptr (GPtrArray) sets = py_regex_dup_texts (re);

  if (found == PY_REGEX_NO_MATCH)
    g_assert_false (py_text_is_wtf8 (subject, len) && py_regex_surely_matches (re, subject, len, PY_SEARCH_DEFAULT));
  for (guint i = 0; i < sets->len; i++)
    {
      const PyRegexTextSet *set = g_ptr_array_index (sets, i);

      if (found == PY_REGEX_MATCH && (!set->ascii_only || py_text_is_ascii (subject, len)))
        g_assert_true (contains_one (set->texts, subject, len));
    }
}

static void
check_automaton (const PyRegex *re, const char *subject, gsize len, PyRegexResult found)
{
  g_autoptr (PyRegexAutomaton) automaton = py_regex_automaton_new (re);
  PyRegexVerdict told = PY_VERDICT_UNKNOWN;

  for (guint i = 0; automaton != NULL && i < 2; i++) /* the second time with all states there */
    {
      told = py_regex_automaton_ask (automaton, subject, len,
                                     py_text_is_wtf8 (subject, len) ? PY_SEARCH_IS_UTF8 : PY_SEARCH_DEFAULT);
      g_assert_false (told == PY_VERDICT_YES && found == PY_REGEX_NO_MATCH);
      g_assert_false (told == PY_VERDICT_NO && found == PY_REGEX_MATCH);
    }
}

/* What it tells is captured is what a search captures. */
static void
check_spans (const PyRegex *re, const char *subject, gsize len, PyRegexResult found, const PyMatch *match)
{
  g_autoptr (PyRegexSpans) spans = py_regex_spans_new (re);
  g_autoptr (PyMatch) told = py_match_new ();

  for (guint i = 0; spans != NULL && i < 2; i++) /* the second time with all states there */
    {
      PySearchFlags flags = py_text_is_wtf8 (subject, len) ? PY_SEARCH_IS_UTF8 : PY_SEARCH_DEFAULT;
      PyRegexVerdict verdict = py_regex_spans_ask (spans, subject, len, flags, told);

      g_assert_false (verdict == PY_VERDICT_YES && found == PY_REGEX_NO_MATCH);
      g_assert_false (verdict == PY_VERDICT_NO && found == PY_REGEX_MATCH);
      if (verdict == PY_VERDICT_YES && found == PY_REGEX_MATCH)
        compare_spans (re, match, told);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const char *pattern = (const char *) data, *separator = memchr (data, 0, size);
  g_autoptr (PyMatch) match = py_match_new (), again = py_match_new ();

  if (separator == NULL || !py_text_is_wtf8 (pattern, (gsize) (separator - pattern)))
    return 0;
  const char *subject = separator + 1;
  gsize len = size - (gsize) (subject - pattern);
  g_autoptr (PyRegex) re = py_regex_new (pattern, separator - pattern, PY_REGEX_FLAG_MULTILINE, NULL);
  if (re == NULL)
    return 0;

  PyRegexResult first = py_regex_search (re, subject, len, 0, G_MAXSIZE, PY_SEARCH_DEFAULT, match);
  check_promises (re, subject, len, first);
  check_automaton (re, subject, len, first);
  check_spans (re, subject, len, first, match);
  if (!py_text_is_ascii (subject, len))
    return 0;
  PyRegexResult bare = py_regex_search (re, subject, len, 0, G_MAXSIZE, PY_SEARCH_BARE, again);
  PyRegexResult gated = py_regex_search (re, subject, len, 0, G_MAXSIZE, PY_SEARCH_GATED, again);
  PyRegexResult second = py_regex_search (re, subject, len, 0, G_MAXSIZE, PY_SEARCH_AS_UTF | PY_SEARCH_UNGATED, again);
  if (first == PY_REGEX_LIMIT || second == PY_REGEX_LIMIT || bare == PY_REGEX_LIMIT || gated == PY_REGEX_LIMIT)
    return 0;
  g_assert_cmpint (first, ==, second);
  g_assert_cmpint (first, ==, bare);
  g_assert_cmpint (first, ==, gated);
  compare_spans (re, match, again);
  return 0;
}
