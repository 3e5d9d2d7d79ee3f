#include "compat/py-regex.h"

#include <string.h>

#include "compat/py-text.h"

/* The spans as "0-3 1-2 -", "no" or "limit" */
static char *
describe (PyRegexResult result, const PyRegex *re, const PyMatch *match)
{
  g_autoptr (GString) out = g_string_new (NULL);

  if (result != PY_REGEX_MATCH)
    return g_strdup (result == PY_REGEX_LIMIT ? "limit" : "no");
  for (guint i = 0; i <= py_regex_group_count (re); i++)
    {
      gsize start, end;

      g_string_append (out, i > 0 ? " " : "");
      if (py_match_span (match, i, &start, &end))
        g_string_append_printf (out, "%" G_GSIZE_FORMAT "-%" G_GSIZE_FORMAT, start, end);
      else
        g_string_append_c (out, '-');
    }
  return g_strdup (out->str);
}

/* Both forms must say the same. */
static void
finds (int line, const char *pattern, const char *subject, gsize len, gsize pos, gsize endpos, const char *spans)
{
  static const PySearchFlags forms[] = { PY_SEARCH_DEFAULT, PY_SEARCH_UNGATED, PY_SEARCH_GATED, PY_SEARCH_AS_UTF };
  g_autoptr (GError) error = NULL;
  g_autoptr (PyRegex) re = py_regex_new (pattern, -1, PY_REGEX_FLAG_NONE, &error);
  g_autoptr (PyMatch) match = py_match_new ();

  if (re == NULL)
    g_error ("line %d: '%s': %s", line, pattern, error->message);
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      PyRegexResult result = py_regex_search (re, subject, len, pos, endpos, forms[i], match);
      g_autofree char *found = describe (result, re, match);

      if (strcmp (found, spans) != 0)
        g_error ("line %d: '%s' in '%.80s', way %u: %s", line, pattern, subject, i, found);
    }
}
#define FINDS(pattern, subject, spans) finds (__LINE__, pattern, subject, strlen (subject), 0, G_MAXSIZE, spans)
#define FINDS_FROM(pattern, subject, pos, endpos, spans)                                                               \
  finds (__LINE__, pattern, subject, strlen (subject), pos, endpos, spans)

static void
rejects (int line, const char *pattern, PyRegexError code, const char *msg, gssize pos, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyRegex) re = py_regex_new (pattern, -1, PY_REGEX_FLAG_NONE, &error);
  const char *got_msg;
  gssize got_pos;

  if (re != NULL)
    g_error ("line %d: '%s' is taken", line, pattern);
  py_regex_error_get_details (error, &got_msg, &got_pos);
  if (error->code != (int) code || strcmp (got_msg, msg) != 0 || got_pos != pos || strcmp (error->message, text) != 0)
    g_error ("line %d: '%s': %d, '%s', %d, '%s'", line, pattern, error->code, got_msg, (int) got_pos, error->message);
}
#define REJECTS(pattern, msg, pos)                                                                                     \
  rejects (__LINE__, pattern, PY_REGEX_ERROR_SYNTAX, msg, pos, msg " at position " G_STRINGIFY (pos))

static void
test_plain_things_are_found (void)
{
  FINDS ("b", "abc", "1-2");
  FINDS ("(a)|(b)", "xb", "1-2 - 1-2");
  FINDS ("(?P<ip>\\d+(?:\\.\\d+){3})", "from 192.0.2.1 port 22", "5-14 5-14");
  FINDS ("(a?)(?(1)b|c)", "ab", "0-2 0-1");
  FINDS ("(a)?(?(1)b|c)", "c", "0-1 -");
  FINDS ("a{,2}b", "aaab", "1-4");
  FINDS ("x{,}", "xx", "0-2");
  FINDS ("a{b", "a{b", "0-3");
  FINDS ("[]a]+", "]a", "0-2");
  FINDS ("[[:alpha:]]", "p]", "0-2");
  FINDS ("(?x) a b # comment\n c", "abc", "0-3");
  FINDS ("a++b", "aaab", "0-4");
  FINDS ("(?:a|ab){2}+", "aba", "no");
  FINDS ("(?>a|ab)c", "abc", "no");
  FINDS ("(?<=a{2})b", "aab", "2-3");
  FINDS ("\\x41\\101\\u0041\\U00000041\\N{LATIN CAPITAL LETTER A}", "AAAAA", "0-5");
  FINDS ("\\N{HANGUL SYLLABLE GAG}", "\352\260\201", "0-3");
  FINDS ("\\N{NBSP}", "\302\240", "0-2");
}

static void
test_places_are_those_of_python (void)
{
  FINDS ("\\B", "", "no"); /* 3.11: never in an empty string */
  FINDS ("(?m)b|^$", "a\n", "2-2");
  FINDS ("a$", "a\n", "0-1");
  FINDS ("a\\Z", "a\n", "no");
  FINDS (".+", "\ra\n", "0-2");
  FINDS_FROM ("^a", "aa", 1, G_MAXSIZE, "no");
  FINDS_FROM ("(?<=a)b", "ab", 1, G_MAXSIZE, "1-2");
  FINDS_FROM ("b$", "abc", 0, 2, "1-2");
  FINDS_FROM ("", "ab", 2, 1, "no");
  FINDS_FROM ("", "ab", 7, 9, "2-2");
}

static void
test_characters_are_those_of_unicode_14 (void)
{
  FINDS ("\\w+", "\303\251\331\243\302\262!", "0-6");     /* é ٣ ² */
  FINDS ("\\d", "\302\262\331\243", "2-4");               /* not the superscript */
  FINDS ("\\s+", "\034\037 \302\205\342\200\250", "0-8"); /* FS, US, NEL, LINE SEPARATOR */
  FINDS ("(?a)\\w+", "\303\251a", "2-3");
  FINDS ("\\ba", "\303\251a a", "4-5");
  FINDS ("(?i)i+", "iI\304\260\304\261", "0-6");    /* dotted and dotless */
  FINDS ("(?i)s", "\305\277", "0-2");               /* long s */
  FINDS ("(?i)(.)\\1", "s\305\277", "no");          /* but not in a back-reference */
  FINDS ("(?i)(k)\\1", "k\342\204\252", "0-4 0-1"); /* Kelvin */
  FINDS ("(?ai)k", "\342\204\252", "no");
  FINDS ("(?i)[\303\240-\303\245]", "\303\204", "0-2");        /* [à-å] Ä */
  FINDS ("(?i)[\360\220\220\200x]", "\360\220\220\200", "no"); /* sic: U+10400 alone in a set */
  FINDS ("[^a]", "\355\240\200", "0-3");                       /* a lone surrogate is a character */
  FINDS ("\\ud800.", "\355\240\200\355\260\200", "0-6");
  FINDS ("[\\s\\S]", "\360\237\230\200", "0-4");
}

static void
test_nul_is_a_character (void)
{
  finds (__LINE__, "a.b", "a\0b", 3, 0, G_MAXSIZE, "0-3");
  finds (__LINE__, "\\0", "a\0b", 3, 0, G_MAXSIZE, "1-2");
}

static void
test_a_subject_that_is_no_text_does_not_match (void)
{
  FINDS ("a*", "\377\376", "no");
  FINDS ("a", "a\303", "no");
}

static void
test_what_python_rejects_is_rejected_in_its_words (void)
{
  REJECTS ("a(", "missing ), unterminated subpattern", 1);
  REJECTS ("a)", "unbalanced parenthesis", 1);
  REJECTS ("*a", "nothing to repeat", 0);
  REJECTS ("a**", "multiple repeat", 2);
  REJECTS ("[a", "unterminated character set", 0);
  REJECTS ("[z-a]", "bad character range z-a", 1);
  REJECTS ("a(?i)", "global flags not at the start of the expression", 1);
  REJECTS ("(?<n>a)", "unknown extension ?<n", 1);
  REJECTS ("(?P<1>a)", "bad character in group name '1'", 4);
  REJECTS ("(?P<n>a)(?P<n>b)", "redefinition of group name 'n' as group 2; was group 1", 12);
  REJECTS ("(?P=n)", "unknown group name 'n'", 4);
  REJECTS ("(a\\1)", "cannot refer to an open group", 2);
  REJECTS ("\\2(a)", "invalid group reference 2", 1);
  REJECTS ("(?(2)a)(b)", "invalid group reference 2", 3);
  REJECTS ("a{2,1}", "min repeat greater than max repeat", 2);
  REJECTS ("\\N{NO SUCH NAME}", "undefined character name 'NO SUCH NAME'", 0);
  REJECTS ("(\\", "bad escape (end of pattern)", 1);
  rejects (__LINE__, "ab\ncdef(", PY_REGEX_ERROR_SYNTAX, "missing ), unterminated subpattern", 7,
           "missing ), unterminated subpattern at position 7 (line 2, column 5)");
  rejects (__LINE__, "(?<=a*)b", PY_REGEX_ERROR_SYNTAX, "look-behind requires fixed-width pattern", -1,
           "look-behind requires fixed-width pattern");
  rejects (__LINE__, "a{99999999999}", PY_REGEX_ERROR_OVERFLOW, "the repetition number is too large", -1,
           "the repetition number is too large");
}

/* Callouts, \C, recursion, verbs and the like could do harm, or mean something else than the author thought. */
static void
test_what_pcre_alone_knows_is_out_of_reach (void)
{
  static const char *const patterns[] = { "\\C",          "\\K",
                                          "\\R",          "\\h",
                                          "\\Qa\\E",      "\\z",
                                          "\\e",          "\\G",
                                          "\\X",          "\\p{L}",
                                          "\\g{1}",       "\\o{1}",
                                          "\\N{U+41}",    "(?C1)",
                                          "(?C\"b\")",    "(?R)",
                                          "(?1)(a)",      "(?&n)(?P<n>a)",
                                          "(?P>n)",       "(?|a)",
                                          "(?'n'a)",      "(?+1)(a)",
                                          "(*ACCEPT)",    "(*COMMIT)a",
                                          "(*UTF)a",      "(*LIMIT_MATCH=1)a",
                                          "(?(DEFINE)a)", "(?(R)a)",
                                          "(?^i:a)",      "(?*a)",
                                          "(?J)a",        "(?n)a",
                                          "(?U)a" };

  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    if (py_regex_new (patterns[i], -1, PY_REGEX_FLAG_NONE, NULL) != NULL)
      g_error ("'%s' is taken", patterns[i]);
}

static void
test_large_counts_are_possible (void)
{
  g_autofree char *subject = g_strnfill (70001, 'a');

  FINDS ("^a{65536}", subject, "0-65536");
  FINDS ("^a{70000,70001}$", subject, "0-70001");
  FINDS ("^a{70002}", subject, "no");
  FINDS ("^.{,100000}?$", subject, "0-70001");
  FINDS ("^(?:(b){4000000000}|a)", "ab", "0-1 -");
}

static void
test_names_may_be_long_and_are_found (void)
{
  g_autofree char *name = g_strnfill (300, 'n');
  g_autofree char *pattern = g_strdup_printf ("(?P<%s>a)()(?P<b>c)", name);
  g_autoptr (PyRegex) re = py_regex_new (pattern, -1, PY_REGEX_FLAG_NONE, NULL);

  g_assert_nonnull (re);
  g_assert_cmpuint (py_regex_group_count (re), ==, 3);
  g_assert_cmpint (py_regex_group_index (re, name), ==, 1);
  g_assert_cmpint (py_regex_group_index (re, "b"), ==, 3);
  g_assert_cmpint (py_regex_group_index (re, "x"), ==, -1);
  g_assert_cmpstr (py_regex_peek_group_name (re, 1), ==, name);
  g_assert_null (py_regex_peek_group_name (re, 2));
  g_assert_null (py_regex_peek_group_name (re, 9));
}

static void
test_mistakes_of_the_jit_compiler_are_not_ours (void)
{
  FINDS ("(?:[a-z]|)z*.+", "a", "0-1");
  FINDS ("(1|)b*1", "1", "0-1 0-0");
  FINDS ("(?s)(?>.*\\Z|)\\B", "k00kk", "no");
  FINDS ("(?=a)b?a", "axx", "0-1");
  FINDS ("\\b(?=a)(?=a)(?:b|)a", "axx", "0-1");
  FINDS ("(?<=x)(?=(?=a)(a))b?a", "xaxx", "1-2 1-2");
  FINDS ("(?:(b)*+k|.|)(?:|.x)a", "ba", "0-2 -");
}

static void
test_an_escaped_text_matches_itself (void)
{
  const char *text = "a.b*c [d] {e} (f)|^$\\ #\n-~&+?";
  g_autofree char *pattern = py_regex_escape (text, -1);
  g_autofree char *spans = g_strdup_printf ("0-%" G_GSIZE_FORMAT, strlen (text));

  FINDS (pattern, text, spans);
  g_autofree char *verbose = g_strconcat ("(?x)", pattern, NULL);
  FINDS (verbose, text, spans);
}

/* Python takes minutes to years for these.  A second is what a loaded machine with sanitizers may need; it is 5 ms else. */
static void
test_catastrophes_are_bounded (void)
{
  static const char *const patterns[]
      = { "(a+)+[!?]",          "(a|aa)+[!?]",         "(.*a){20}[!?]",     "^(([a-z])+.)+[A-Z]([a-z])+$",
          "(?:\\w+\\s*)*[!?]",  "(a+)\\1+[!?]",        "(.*)\\1{3}[!?]",    ".*.*.*.*[!?].*",
          "(?:(?=(.*))a)+[!?]", "a+(?:a(?!.*b))+[!?]", "(?i)(a*)\\1\\1[!?]" };
  g_autofree char *ascii = g_strnfill (1000, 'a');
  g_autofree char *mixed = g_strconcat ("\303\251", ascii, NULL);
  g_autoptr (PyMatch) match = py_match_new ();

  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    {
      g_autoptr (PyRegex) re = py_regex_new (patterns[i], -1, PY_REGEX_FLAG_NONE, NULL);

      for (guint j = 0; j < 2; j++)
        {
          const char *subject = j == 0 ? ascii : mixed;
          gint64 start = g_get_monotonic_time ();
          PyRegexResult result
              = py_regex_search (re, subject, strlen (subject), 0, G_MAXSIZE, PY_SEARCH_DEFAULT, match);

          g_assert_cmpint (result, !=, PY_REGEX_MATCH); /* some are seen to be hopeless, others are given up */
          if (g_get_monotonic_time () - start > G_USEC_PER_SEC)
            g_error ("'%s': %" G_GINT64_FORMAT " us", patterns[i], g_get_monotonic_time () - start);
        }
    }
}

static void
test_giving_up_is_told (void)
{
  FINDS ("(a+)+[!?]", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "limit");
}

static void
test_what_is_slow_for_python_too_is_finished (void)
{
  FINDS ("^(?:x+x+)+y|from (\\S+)", "xxxxxxxxxxxxxxxxxxxx from 192.0.2.1", "21-35 26-35");
}

static void
test_what_is_space_is_the_same_for_sets_and_texts (void)
{
  g_autoptr (PyRegex) re = py_regex_new ("[\\s]", -1, PY_REGEX_FLAG_NONE, NULL);
  g_autoptr (PyMatch) match = py_match_new ();

  for (gunichar c = 0; c < 0xd800; c++)
    {
      char text[6];
      gsize len = (gsize) g_unichar_to_utf8 (c, text);
      gboolean found = py_regex_search (re, text, len, 0, len, PY_SEARCH_DEFAULT, match) == PY_REGEX_MATCH;

      if (found != py_unichar_is_space (c))
        g_error ("U+%04X", c);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/regex/plain things are found", test_plain_things_are_found);
  g_test_add_func ("/regex/places are those of python", test_places_are_those_of_python);
  g_test_add_func ("/regex/characters are those of unicode 14", test_characters_are_those_of_unicode_14);
  g_test_add_func ("/regex/what is space is the same for sets and texts",
                   test_what_is_space_is_the_same_for_sets_and_texts);
  g_test_add_func ("/regex/nul is a character", test_nul_is_a_character);
  g_test_add_func ("/regex/a subject that is no text does not match", test_a_subject_that_is_no_text_does_not_match);
  g_test_add_func ("/regex/what python rejects is rejected in its words",
                   test_what_python_rejects_is_rejected_in_its_words);
  g_test_add_func ("/regex/what pcre alone knows is out of reach", test_what_pcre_alone_knows_is_out_of_reach);
  g_test_add_func ("/regex/large counts are possible", test_large_counts_are_possible);
  g_test_add_func ("/regex/names may be long and are found", test_names_may_be_long_and_are_found);
  g_test_add_func ("/regex/mistakes of the jit compiler are not ours", test_mistakes_of_the_jit_compiler_are_not_ours);
  g_test_add_func ("/regex/an escaped text matches itself", test_an_escaped_text_matches_itself);
  g_test_add_func ("/regex/catastrophes are bounded", test_catastrophes_are_bounded);
  g_test_add_func ("/regex/giving up is told", test_giving_up_is_told);
  g_test_add_func ("/regex/what is slow for python too is finished", test_what_is_slow_for_python_too_is_finished);
  return g_test_run ();
}
