#include "compat/py-regex-need.h"

#include <string.h>

#include "compat/py-regex-parse.h"

static void
needs (int line, const char *pattern, PyRegexFlags flags, const char *start, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyTree) tree = py_regex_parse (pattern, strlen (pattern), flags, &error);
  PyRegexNeed need;
  g_autoptr (GString) shown = g_string_new (NULL);

  g_assert_no_error (error);
  py_regex_need_init (&need, tree);
  for (guint c = ' '; need.has_start && c < 0x7f; c++)
    if (need.start[0][c / 8] & (1u << (c % 8)))
      g_string_append_c (shown, (char) c);
  if (need.has_start != (start != NULL) || (start != NULL && strcmp (shown->str, start) != 0)
      || g_strcmp0 (need.text, text) != 0)
    g_error ("line %d: '%s' needs start '%s' and text '%s'", line, pattern, need.has_start ? shown->str : "(any)",
             need.text != NULL ? need.text : "(none)");
  py_regex_need_clear (&need);
}
#define NEEDS(pattern, start, text) needs (__LINE__, pattern, PY_REGEX_FLAG_NONE, start, text)

static void
test_the_start_of_a_tied_pattern (void)
{
  NEEDS ("^abc", "a", "abc");
  NEEDS ("\\A[ab]x", "ab", NULL);
  NEEDS ("^(?:x|y)?z", "xyz", NULL);
  NEEDS ("(?:^a|^b)", "ab", NULL);
  NEEDS ("^\\s*a+", " a", NULL);
  NEEDS ("(^(a)|\\Ab)c", "ab", NULL);
  NEEDS ("(?i)^k", "Kk", NULL);
  NEEDS ("^(?=q)a", "a", NULL);
  NEEDS ("^(?:(a)|b)(?(1)c|d)", "ab", NULL);
  NEEDS ("\\b^a", "a", NULL);
}

static void
test_patterns_without_a_known_start (void)
{
  NEEDS ("abc", NULL, "abc");
  NEEDS ("^", NULL, NULL);
  NEEDS ("^a*", NULL, NULL);
  NEEDS ("^a|b", NULL, NULL);
  NEEDS ("(?m)^a", NULL, NULL);
  NEEDS ("(?:^)?a", NULL, NULL);
  NEEDS ("x?^a", NULL, NULL);
  needs (__LINE__, "^a", PY_REGEX_FLAG_MULTILINE, NULL, NULL);
  NEEDS ("^(a?)\\1", NULL, NULL);
}

static void
test_the_text_that_is_in_every_match (void)
{
  NEEDS ("x.*login of (\\S+) from", NULL, "login of ");
  NEEDS ("ab(cd)ef", NULL, "abcdef");
  NEEDS ("ab(?:cd)+ef", NULL, NULL);
  NEEDS ("abc(?:def|ghijk)lmno", NULL, "lmno");
  NEEDS ("(?i)abcdef", NULL, NULL);
  NEEDS ("abc(?i:DEF)", NULL, "abc");
  NEEDS ("abc(?!def)d", NULL, "abcd");
  NEEDS ("ab\\bcd$", NULL, "abcd");
  NEEDS ("(?:abcd)?", NULL, NULL);
  NEEDS ("(?:abcd){2}", NULL, "abcd");
  NEEDS ("J\xc3\xbcrgen", NULL, "J\xc3\xbcrgen");
}

static void
has_texts (int line, const char *pattern, const char *subject, gboolean expected)
{
  g_autoptr (PyTree) tree = py_regex_parse (pattern, strlen (pattern), PY_REGEX_FLAG_NONE, NULL);
  PyRegexNeed need;

  py_regex_need_init (&need, tree);
  if (py_regex_need_has_texts (&need, subject, strlen (subject)) != expected)
    g_error ("line %d: '%s' in '%s': not %d", line, pattern, subject, expected);
  py_regex_need_clear (&need);
}
#define HAS(pattern, subject)   has_texts (__LINE__, pattern, subject, TRUE)
#define LACKS(pattern, subject) has_texts (__LINE__, pattern, subject, FALSE)

static void
test_all_texts_stand_in_their_order (void)
{
  HAS ("NOTICE\\s+\\[\\w+\\]\\s+Ban\\s", "fail2ban NOTICE [x] Ban 192.0.2.1");
  LACKS ("NOTICE\\s+\\[\\w+\\]\\s+Ban\\s", "fail2ban NOTICE [x] Unban 192.0.2.1");
  LACKS ("NOTICE\\s+\\[\\w+\\]\\s+Ban\\s", "Ban NOTICE");
  LACKS ("abc.*abc", "xabcab");
  HAS ("abc.*abc", "abcabc");
  HAS ("(?i)abc.*def", "");
  HAS ("abc(?=.*def)|abcd", "abcd");
}

static void
places (int line, const char *pattern, const char *const *expected)
{
  g_autoptr (PyTree) tree = py_regex_parse (pattern, strlen (pattern), PY_REGEX_FLAG_NONE, NULL);
  PyRegexNeed need;

  py_regex_need_init (&need, tree);
  for (guint place = 0; place < PY_REGEX_PLACES; place++)
    {
      g_autoptr (GString) shown = g_string_new (NULL);

      for (guint c = 'a'; c <= 'z'; c++)
        if (py_regex_need_allows (&need, place, (guint8) c))
          g_string_append_c (shown, (char) c);
      if (strcmp (shown->str, expected[place]) != 0)
        g_error ("line %d: '%s' has '%s' at %u", line, pattern, shown->str, place);
    }
  py_regex_need_clear (&need);
}
#define ANY                  "abcdefghijklmnopqrstuvwxyz"
#define PLACES(pattern, ...) places (__LINE__, pattern, (const char *const[PY_REGEX_PLACES]){ __VA_ARGS__ })

static void
test_the_bytes_at_the_first_places (void)
{
  PLACES ("^abcdef", "a", "b", "c", "d", "e", "f");
  PLACES ("^ab?c", "a", "bc", ANY, ANY, ANY, ANY);
  PLACES ("^(?:ab|cde)f[xy]z", "ac", "bd", "ef", "fxy", "xyz", ANY);
  PLACES ("^a{2,3}b", "a", "a", "ab", ANY, ANY, ANY);
  PLACES ("^a+b", "a", "ab", ANY, ANY, ANY, ANY);
  PLACES ("^\\d{2}a", "", "", "a", ANY, ANY, ANY);
  PLACES ("^a(?=q)b\\bc(x)\\1", "a", "b", "c", "x", ANY, ANY);
  PLACES ("^\xc3\xbc"
          "a",
          "", "a", ANY, ANY, ANY, ANY);
  PLACES ("^(?:a?){3}b", "ab", ANY, ANY, ANY, ANY, ANY);
}

/* Sets: "a|b & c", the best first */
static void
texts (int line, const char *pattern, PyRegexFlags flags, const char *expected)
{
  g_autoptr (PyRegex) regex = py_regex_new (pattern, -1, flags, NULL);
  g_autoptr (GPtrArray) sets = py_regex_dup_texts (regex);
  g_autoptr (GString) shown = g_string_new (NULL);

  for (guint i = 0; i < sets->len; i++)
    {
      const PyRegexTextSet *set = g_ptr_array_index (sets, i);

      g_string_append_printf (shown, "%s%s", i > 0 ? " & " : "", set->ascii_only ? "ASCII:" : "");
      for (guint j = 0; j < set->texts->len; j++)
        g_string_append_printf (shown, "%s%s", j > 0 ? "|" : "", (char *) g_ptr_array_index (set->texts, j));
    }
  if (strcmp (shown->str, expected) != 0)
    g_error ("line %d: '%s' is in each match of '%s'", line, shown->str, pattern);
}
#define TEXTS(pattern, expected) texts (__LINE__, pattern, PY_REGEX_FLAG_NONE, expected)

static void
test_the_texts_of_which_every_match_has_one (void)
{
  TEXTS ("x.*login of (\\S+) by", "login of ");
  TEXTS ("ab(cd)ef", "abcdef");
  TEXTS ("[aA]uth(?:entication|orization) (?:failed|error)",
         "authentication failed|authentication error|authorization failed|authorization error");
  TEXTS ("\\d(?:failed|refused|(?:de|re)jected)\\d", "failed|refused|dejected|rejected");
  TEXTS ("(?:failed|\\d+)", "");
  TEXTS ("(?:closed|reset)(?: by peer)?", "closed|reset");
  TEXTS ("(?:abcd)?x", "");
  TEXTS ("(?:abcd)+x", "abcd");
  TEXTS ("(?:abcd){0}efgh", "efgh");
  TEXTS ("abc(?!def)d", "abcd");
  TEXTS ("^(?P<a>x)?(?(a)yes!|no!!)", "yes!|no!!");
  TEXTS ("abc", "");
  TEXTS ("abc\\ndef", "");
  TEXTS ("J\xc3\xbcRGEN", "j\xc3\xbcrgen");
  TEXTS ("[^a]bcde", "bcde");
  TEXTS ("(?i)FOO_bar", "foo_bar");
  TEXTS ("(?i)kisses", "ASCII:kisses");
  TEXTS ("(?ia)kisses", "kisses");
  TEXTS ("(?:ab|abcdef|cd)", "");
  TEXTS ("(?:abcd|xabcdx)", "abcd");
}

static void
test_several_texts_that_must_all_be_there (void)
{
  TEXTS ("x.*login of (\\S+) from", "login of  &  from");
  TEXTS ("bad (?:user|host) .* rejected: (?:policy|quota)", " rejected: policy| rejected: quota & bad user |bad host ");
  TEXTS ("abcd.*efgh.*ijkl.*mnopq", "mnopq & ijkl & efgh");
  TEXTS ("abcd.*abcde.*abcdef", "abcdef");
  TEXTS ("(?:abcd.*xyz!|efgh.*vw!!!)", "abcd|efgh & xyz!|vw!!!");
  TEXTS ("(?:abcd.*xyz!|efghi)", "abcd|efghi");
  TEXTS ("(?:abcd.*efgh)?x", "");
  TEXTS ("(?:abcd.*efgh)+", "efgh & abcd");
}

static void
test_what_is_looked_at_is_there (void)
{
  TEXTS ("(?=.*abcd)x", "abcd");
  TEXTS ("x(?=(?:[Ff]ile|[Ss]cript) )", "file |script ");
  TEXTS ("\\d(?=file |script )\\w", "file |script ");
  TEXTS ("(?<=abcd)efgh", "efgh & abcd");
  TEXTS ("(?!abcd)x(?<!efgh)", "");
  TEXTS ("(?:closed|disconnect(?= .* auth=0/))", "closed| auth=0/ & closed|disconnect");
  TEXTS ("ab(?=cdef)cd", "abcd & cdef");
}

static void
test_words_of_every_log_promise_little (void)
{
  TEXTS ("disconnected.*refused", "refused & disconnected");
  TEXTS ("connection.*jails", "jails & connection");
  TEXTS ("error.*(?:abcd|efgh)", "abcd|efgh & error");
}

static void
test_what_takes_every_line (void)
{
  static const char *const yes[]
      = { "^.+$", "^(?P<a>x*\\s*(?:\\S+\\s)?)(?:error: )?(?P<b>.+)$", ".+", "(?:a|)?.+?$", "\\A(?:b+|a?).+$$" };
  static const char *const no[]
      = { "^x.+$", "^.+\\Z", "^(?>a?).+$", "^a?+.+$",      "^(?=x).+$", "^.$",     "^.{1,5}$", "^.*",
          "$.+",   "^.+$.",  "(a)?.+\\1",  "^(?:ab|a).+$", "^(?!x).+$", "^\\b.+$", "^.+.+$",   "^(a)?(?(1)b).+" };

  for (guint i = 0; i < G_N_ELEMENTS (yes); i++)
    {
      g_autoptr (PyRegex) regex = py_regex_new (yes[i], -1, PY_REGEX_FLAG_NONE, NULL);

      if (!py_regex_surely_matches (regex, "abc \xff\n", 6, PY_SEARCH_DEFAULT))
        g_error ("'%s' takes every line", yes[i]);
      g_assert_true (py_regex_surely_matches (regex, "abc", 3, PY_SEARCH_DEFAULT));
      g_assert_false (py_regex_surely_matches (regex, "abc\ndef\n", 8, PY_SEARCH_DEFAULT));
      g_assert_false (py_regex_surely_matches (regex, "\n", 1, PY_SEARCH_DEFAULT));
      g_assert_false (py_regex_surely_matches (regex, "", 0, PY_SEARCH_DEFAULT));
    }
  for (guint i = 0; i < G_N_ELEMENTS (no); i++)
    {
      g_autoptr (PyRegex) regex = py_regex_new (no[i], -1, PY_REGEX_FLAG_NONE, NULL);

      if (regex != NULL && py_regex_surely_matches (regex, "abc\n", 4, PY_SEARCH_DEFAULT))
        g_error ("it is not sure that '%s' takes every line", no[i]);
    }
}

/* --- the slow twin: what the gate says must be what the search says --------------------------------------------------- */
static const char *const patterns[] = {
  "^login of \\S+ from (?P<ip>[\\d.]+)$",
  "^(?:error: )?PAM: .* for (?:illegal user )?\\S+ from",
  "^\\s*\\[\\d+\\]: (?:bad|worse) .*end",
  ".*\\[\\d+\\].*(?:rejected|denied (address|user)|)x",
  "(?i)^Failed \\w+ FOR",
  "^(?:a|b|(?:c|d)?e)f",
  "^[^a]b|^[^c]d",
  "^(?P<q>['\"])?x(?P=q)",
  "(?<=a)bcd",
  "^(?=.*bcd)a",
  "^$",
  "^\\n",
  "\\Aa\\Z",
  "^\\w+ bcd(?i:E)",
  "^.b.d",
  "(?s)^.",
  "^(?:\\s|\\d)*?a\\b",
  "abc{0}d",
  "^(?:(a)|b)(?(1)c|d)e",
  "^\xc3\xbc|^a",
  "(?i)\xc5\xbfx",
  "^[\\W]a",
  "^(?:|a)b",
  "^(?:a?b?){2,4}c",
  "^(?:ab|c)+\\d",
  "^.{3}bcd",
  "^\xc3\xbc.?a",
  "^(?:error: )?\\w+ (?:bad|worse)",
  "^(a|b)+?\\1x",
  "(?:login of |from |(?i:rejected|failed) )\\S",
  "(?:error|PAM): [ab]*(?:bad|end)",
  "^(?:a|\\[1\\])*.+$",
  "^(?:a\\s?)?(?P<c>.+?)$",
  "(?i)Failed|pam: ",
  "(?:login of|error: ).*(?:from|bcd).*(?:end|x)",
  "(?=.*(?:from |bad )).*(?:error|PAM)",
  "(?<=error: )(?:PAM|bcd).*rejected",
  "(?!login)[a-f]+(?=bad |end)",
  "(?:from|error(?=: .*bad ))\\D",
  "(?i)(?=.*END)from.*bad|(?<=PAM): (?=error)",
};

static void
append_subject (GRand *rand, GString *out)
{
  static const char *const pieces[] = { "a",
                                        "b",
                                        "c",
                                        "d",
                                        "e",
                                        "f",
                                        "x",
                                        " ",
                                        "\n",
                                        "[1]",
                                        ": ",
                                        "bcd",
                                        "login of ",
                                        "from 1.2",
                                        "error: ",
                                        "PAM: ",
                                        "Failed ",
                                        "FOR",
                                        "\"",
                                        "'",
                                        "\xc3\xbc",
                                        "\xc5\xbf",
                                        "\xe2\x84\xaa",
                                        "E",
                                        "1",
                                        "bad ",
                                        "end",
                                        "rejected",
                                        "" };
  guint n = g_rand_int_range (rand, 0, 7);

  g_string_truncate (out, 0);
  for (guint i = 0; i < n; i++)
    g_string_append (out, pieces[g_rand_int_range (rand, 0, G_N_ELEMENTS (pieces))]);
}

static gboolean
contains_folded (const GString *subject, const char *text)
{
  g_autofree char *folded = g_ascii_strdown (subject->str, (gssize) subject->len);

  return strstr (folded, text) != NULL;
}

/* What is told beforehand agrees with what was found. */
static void
assert_allowed (const PyRegex *regex, const GString *subject, PyRegexResult result)
{
  g_autoptr (GPtrArray) needed = py_regex_dup_texts (regex);

  if (result != PY_REGEX_MATCH)
    g_assert_false (py_regex_surely_matches (regex, subject->str, subject->len, PY_SEARCH_DEFAULT));
  for (guint i = 0; i < needed->len && result == PY_REGEX_MATCH; i++)
    {
      const PyRegexTextSet *set = g_ptr_array_index (needed, i);
      gboolean contains = set->ascii_only && !g_str_is_ascii (subject->str);

      for (guint j = 0; j < set->texts->len && !contains; j++)
        contains = contains_folded (subject, g_ptr_array_index (set->texts, j));
      if (!contains)
        g_error ("'%s' has no text of '%s'", subject->str, py_regex_peek_pattern (regex, NULL));
    }
}

static void
test_with_and_without_the_gate_the_same_is_found (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);
  g_autoptr (PyMatch) match = py_match_new ();
  g_autoptr (GString) subject = g_string_new (NULL);
  guint found = 0;

  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    for (PyRegexFlags flags = PY_REGEX_FLAG_NONE; flags <= PY_REGEX_FLAG_MULTILINE; flags += PY_REGEX_FLAG_MULTILINE)
      {
        g_autoptr (PyRegex) regex = py_regex_new (patterns[i], -1, flags, NULL);
        g_assert_nonnull (regex);
        for (guint j = 0; j < 1500; j++)
          {
            PyRegexResult gated, all;

            append_subject (rand, subject);
            gated = py_regex_search (regex, subject->str, subject->len, 0, G_MAXSIZE, PY_SEARCH_DEFAULT, match);
            all = py_regex_search (regex, subject->str, subject->len, 0, G_MAXSIZE, PY_SEARCH_UNGATED, match);
            if (gated != all)
              g_error ("'%s' in '%s': %d with, %d without", patterns[i], subject->str, gated, all);
            if (py_regex_search (regex, subject->str, subject->len, 0, G_MAXSIZE, PY_SEARCH_BARE, match) != all)
              g_error ("'%s' in '%s': otherwise without groups", patterns[i], subject->str);
            found += all == PY_REGEX_MATCH;
            assert_allowed (regex, subject, all);
          }
      }
  g_assert_cmpuint (found, >, 1000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/need/all texts stand in their order", test_all_texts_stand_in_their_order);
  g_test_add_func ("/need/the start of a tied pattern", test_the_start_of_a_tied_pattern);
  g_test_add_func ("/need/the bytes at the first places", test_the_bytes_at_the_first_places);
  g_test_add_func ("/need/patterns without a known start", test_patterns_without_a_known_start);
  g_test_add_func ("/need/the text that is in every match", test_the_text_that_is_in_every_match);
  g_test_add_func ("/need/the texts of which every match has one", test_the_texts_of_which_every_match_has_one);
  g_test_add_func ("/need/several texts that must all be there", test_several_texts_that_must_all_be_there);
  g_test_add_func ("/need/what is looked at is there", test_what_is_looked_at_is_there);
  g_test_add_func ("/need/words of every log promise little", test_words_of_every_log_promise_little);
  g_test_add_func ("/need/what takes every line", test_what_takes_every_line);
  g_test_add_func ("/need/with and without the gate the same is found",
                   test_with_and_without_the_gate_the_same_is_found);
  return g_test_run ();
}
