#include "compat/py-regex-automaton.h"

#include <string.h>

#include "compat/py-regex-author.h"

static const char *const verdicts[] = { "unknown", "no", "yes" };

static PyRegexVerdict
ask (const char *pattern, PyRegexFlags flags, const char *text, gsize len, PySearchFlags how)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyRegex) regex = py_regex_new (pattern, -1, flags, &error);
  g_assert_no_error (error);
  g_autoptr (PyRegexAutomaton) automaton = py_regex_automaton_new (regex);

  return automaton != NULL ? py_regex_automaton_ask (automaton, text, len, how) : PY_VERDICT_UNKNOWN;
}

static void
tells (int line, const char *pattern, const char *text, PyRegexVerdict expected)
{
  PyRegexVerdict told = ask (pattern, PY_REGEX_FLAG_NONE, text, strlen (text), PY_SEARCH_IS_ASCII);

  if (told != expected)
    g_error ("line %d: '%s' in '%s': %s", line, pattern, text, verdicts[told]);
}
#define YES(pattern, text)     tells (__LINE__, pattern, text, PY_VERDICT_YES)
#define NO(pattern, text)      tells (__LINE__, pattern, text, PY_VERDICT_NO)
#define UNKNOWN(pattern, text) tells (__LINE__, pattern, text, PY_VERDICT_UNKNOWN)

static void
test_what_is_regular_is_told_exactly (void)
{
  YES ("^ab?c", "ac");
  NO ("^ab?c", "abbc");
  YES ("b{2,3}c", "abbbbc\n");
  NO ("^b{2,3}c", "bbbbc\n");
  YES ("(?i)^FAILED \\w+", "failed x");
  YES ("^(?P<a>x*\\s*(?:\\S+\\s)?)sshd: (?P<b>.+)$", "xx host sshd: all that is left\n");
  NO ("^(?P<a>x*\\s*(?:\\S+\\s)?)sshd: (?P<b>.+)$", "xx host sshd: \n");
  NO ("^a.+$", "ab\nc");
  YES ("^a.*$", "a\n");
  NO ("^a\\Z", "a\n");
  YES ("^a$", "a\n");
  NO ("^a$", "a\n\n");
  YES ("(?m)^b$", "a\nb\nc");
  YES ("(?m)a\n^\\Z", "a\n");
  YES ("\\bfor\\b", "wait for it");
  NO ("\\bfor\\b", "before");
  NO ("\\B", "");
  YES ("\\B", " ");
  YES ("", "");
  YES ("(?s)^a.b", "a\nb");
}

static void
test_a_look_at_the_rest_of_the_line_is_regular_too (void)
{
  YES ("^a: (?=bc|[de]f)(?P<c>.+)$", "a: ef and more\n");
  YES ("^a: (?=bc)(.+)$", "a: bc\n");
  NO ("^a: (?=bc|[de]f)(?P<c>.+)$", "a: xf and more\n");
  NO ("^a: (?=bc|[de]f)(?P<c>.+)$", "a: e");
  NO ("^a: (?=bc)(.+)$", "a: bc\nd");
  UNKNOWN ("^a: (?=bc).+c", "a: bc\n");
  UNKNOWN ("^a: (?=b[^c])(.+)$", "a: bd\n");
  UNKNOWN ("^a: (?!x+y)(.+)$", "a: bd\n");
  UNKNOWN ("^(?:(?!xy).)+$", "a\n");
}

static void
test_a_look_at_one_character_is_regular_too (void)
{
  YES ("^(?:[a-f]+:|::)+(?:[a-f]+|(?<=:):)$", "a:b::\n");
  NO ("^(?:[a-f]+:)+(?:[a-f]+|(?<=:):)x$", "a:b:x\n");
  YES ("(?<=x)a", "xa");
  NO ("(?<=x)a", "ab");
  YES ("(?<!x)a", "a");
  NO ("(?<!x)a", "xa");
  YES ("a(?=\n)", "a\n");
  NO ("a(?=\n)", "a");
  YES ("a(?![b\n])", "a");
  NO ("a(?![b\n])", "a\nab");
  YES ("(?i)a(?=B)\\w$", "ab");
  YES ("^a: (?!x)(.+)$", "a: bd\n");
}

static void
test_a_word_that_must_not_follow_is_regular_too (void)
{
  YES ("^\\[(?:a|(?!word)\\S+:\\S+)\\] (.+)$", "[wort:x] y\n");
  NO ("^\\[(?:a|(?!word)\\S+:\\S+)\\] (.+)$", "[word:x] y\n");
  YES ("^a(?!bc)", "ab");
  YES ("^a(?!bc)", "abd");
  NO ("^a(?!bc)", "abc");
  NO ("^a(?!b\\n)", "ab\n");
  YES ("^a(?!b\\n\\n)b$", "ab\n");
  YES ("^(?!ab)(?!ac)a", "ad");
  NO ("^(?!ab)(?!ac)a", "ac");
  NO ("(?i)^(?!ab)\\w+", "AB");
  YES ("^(?!aba)a*(?:ba)*$", "aababa\n");
  NO ("^(?!aba)a*(?:ba)*$", "ababa\n");
}

static void
test_of_the_rest_it_is_told_what_cannot_match (void)
{
  UNKNOWN ("^(a|b)\\1c", "aac");
  NO ("^(a|b)\\1c", "caa");
  UNKNOWN ("^(?>a*)b", "aab");
  NO ("^(?>a*)b", "aac");
  NO ("^a++b", "aac");
  UNKNOWN ("^(?!b+c)a", "a");
  NO ("^(?!b+c)a", "c");
  NO ("^(?:(a)|b)(?(1)c|d)", "ax");
  UNKNOWN ("^(?:(a)|b)(?(1)c|d)", "ad");
  NO ("(?<=xy)a", "xb");
  UNKNOWN ("(?<=xy)a", "xa");
}

static void
test_what_is_not_ascii_is_not_looked_at (void)
{
  UNKNOWN ("^.b", "\xc3\xbc"
                  "b");
  NO ("^ab", "ac\xc3\xbc");
  g_assert_cmpint (ask ("^a.+$", 0, "ab\xc3\xbc\n", 5, PY_SEARCH_IS_UTF8), ==, PY_VERDICT_YES);
  g_assert_cmpint (ask ("^a.+$", 0, "ab\xc3\xbc\n", 5, PY_SEARCH_DEFAULT), ==, PY_VERDICT_UNKNOWN);
  g_assert_cmpint (ask ("^a[^\\n]+$", 0, "ab\xc3\xbc\n", 5, PY_SEARCH_IS_UTF8), ==, PY_VERDICT_UNKNOWN);
  g_assert_cmpint (ask ("^a.b", 0, "a\0b", 3, PY_SEARCH_DEFAULT), ==, PY_VERDICT_UNKNOWN);
  g_assert_cmpint (ask ("^a.b", 0, "a\0b", 3, PY_SEARCH_IS_ASCII), ==, PY_VERDICT_YES);
}

static gboolean
pays (const char *pattern, const char *text)
{
  g_autoptr (PyRegex) regex = py_regex_new (pattern, -1, PY_REGEX_FLAG_NONE, NULL);
  g_autoptr (PyRegexAutomaton) automaton = py_regex_automaton_new (regex);

  g_assert_true (py_regex_automaton_pays (automaton));
  for (guint i = 0; i < 100; i++)
    (void) py_regex_automaton_ask (automaton, text, strlen (text), PY_SEARCH_IS_ASCII);
  return py_regex_automaton_pays (automaton);
}

static void
test_who_is_told_nothing_need_not_ask (void)
{
  g_assert_true (pays ("^a: .+$", "a: b\n"));
  g_assert_true (pays ("^(.): .*\\1$", "ab\n"));
  g_assert_false (pays ("^(.): .*\\1$", "a: ba\n"));
}

/* Patterns that would have many steps or states end early: there is none, or it does not tell. */
static void
test_hostile_patterns_are_bounded (void)
{
  static const char *const patterns[] = { "^(?:(?:(?:a{1,100}){1,100}){1,100}){1,100}b",
                                          "^(?:(?:(?:(?:){1,65535}){1,65535}){1,65535}){1,65535}b",
                                          "^(?:(?:a|b)*a(?:a|b){20}|c)d",
                                          "(?:.*a){30}b",
                                          "^(?:a?){500}a{500}$",
                                          "(?:a|b|ab|ba|aab|abb)*c.{40}d" };
  g_autofree char *text = g_strnfill (20000, 'a');
  g_autoptr (GRand) rand = g_rand_new_with_seed (3);
  gint64 started = g_get_monotonic_time ();

  for (guint i = 0; i < 20000; i++)
    text[i] = "abcd"[g_rand_int_range (rand, 0, 4)];
  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    {
      g_autoptr (PyRegex) regex = py_regex_new (patterns[i], -1, PY_REGEX_FLAG_NONE, NULL);
      g_autoptr (PyMatch) match = py_match_new ();
      g_autoptr (PyRegexAutomaton) automaton = regex != NULL ? py_regex_automaton_new (regex) : NULL;

      for (guint j = 0; automaton != NULL && j < 200; j++)
        {
          gsize from = (gsize) g_rand_int_range (rand, 0, 20000);
          PyRegexVerdict told = py_regex_automaton_ask (automaton, text + from, 20000 - from, PY_SEARCH_IS_ASCII);

          if (j % 20 != 0 || told == PY_VERDICT_UNKNOWN)
            continue;
          PyRegexResult found
              = py_regex_search (regex, text + from, 20000 - from, 0, G_MAXSIZE, PY_SEARCH_UNGATED, match);
          g_assert_true (found == PY_REGEX_LIMIT || (found == PY_REGEX_MATCH) == (told == PY_VERDICT_YES));
        }
    }
  g_assert_cmpint (g_get_monotonic_time () - started, <, 60 * G_USEC_PER_SEC); /* hours without bounds */
}

/* --- the slow twin: what the automaton tells is what a search finds ---------------------------------------------------- */
static void
compare (const PyRegex *regex, PyRegexVerdict told, PyRegexResult found, const GString *text)
{
  if ((told == PY_VERDICT_YES && found == PY_REGEX_NO_MATCH) || (told == PY_VERDICT_NO && found == PY_REGEX_MATCH))
    {
      g_autofree char *shown = g_strescape (text->str, NULL);

      g_error ("'%s' in \"%s\": told %s", py_regex_peek_pattern (regex, NULL), shown, verdicts[told]);
    }
}

static void
test_what_is_told_is_what_a_search_finds (void)
{
  g_autoptr (PyRegexAuthor) author = py_regex_author_new (11);
  g_autoptr (PyMatch) match = py_match_new ();
  guint told_yes = 0, told_no = 0, n = py_regex_author_count (4000);

  for (guint i = 0; i < n; i++)
    {
      py_regex_author_write_pattern (author);
      g_autoptr (PyRegex) regex = py_regex_new (author->pattern->str, -1, PY_REGEX_FLAG_NONE, NULL);
      if (regex == NULL)
        continue;
      g_autoptr (PyRegexAutomaton) automaton = py_regex_automaton_new (regex);
      for (guint j = 0; automaton != NULL && j < 50; j++)
        {
          if (j % 5 == 0)
            py_regex_author_write_text (author);
          else
            py_regex_author_vary_text (author);
          const GString *text = author->text;
          PyRegexResult found = py_regex_search (regex, text->str, text->len, 0, G_MAXSIZE, PY_SEARCH_UNGATED, match);
          PyRegexVerdict told = py_regex_automaton_ask (automaton, text->str, text->len, PY_SEARCH_IS_ASCII);

          compare (regex, told, found, text);
          if (!author->odd && told == PY_VERDICT_UNKNOWN)
            g_error ("'%s' in '%s': not told", author->pattern->str, text->str);
          told_yes += told == PY_VERDICT_YES;
          told_no += told == PY_VERDICT_NO;
        }
    }
  g_assert_cmpuint (told_yes, >, n);
  g_assert_cmpuint (told_no, >, n);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/automaton/what is regular is told exactly", test_what_is_regular_is_told_exactly);
  g_test_add_func ("/automaton/a look at the rest of the line is regular too",
                   test_a_look_at_the_rest_of_the_line_is_regular_too);
  g_test_add_func ("/automaton/a look at one character is regular too", test_a_look_at_one_character_is_regular_too);
  g_test_add_func ("/automaton/a word that must not follow is regular too",
                   test_a_word_that_must_not_follow_is_regular_too);
  g_test_add_func ("/automaton/of the rest it is told what cannot match",
                   test_of_the_rest_it_is_told_what_cannot_match);
  g_test_add_func ("/automaton/what is not ASCII is not looked at", test_what_is_not_ascii_is_not_looked_at);
  g_test_add_func ("/automaton/who is told nothing need not ask", test_who_is_told_nothing_need_not_ask);
  g_test_add_func ("/automaton/hostile patterns are bounded", test_hostile_patterns_are_bounded);
  g_test_add_func ("/automaton/what is told is what a search finds", test_what_is_told_is_what_a_search_finds);
  return g_test_run ();
}
