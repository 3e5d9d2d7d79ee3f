#include "match/failregex.h"

#include <string.h>

#include "compat/py-repr.h"

/* --- tags --------------------------------------------------------------------------------------------------------- */
static void
expands (int line, const char *pattern, const char *expanded)
{
  g_autofree char *got = failregex_expand (pattern, FAILREGEX_DEFAULT);

  if (strcmp (got, expanded) != 0)
    g_error ("line %d: '%s' became '%s'", line, pattern, got);
}
#define EXPANDS(pattern, expanded) expands (__LINE__, pattern, expanded)

static void
test_tags_become_named_groups (void)
{
  EXPANDS ("<F-USER>\\S+</F-USER>", "(?P<user>\\S+)");
  EXPANDS ("<F-ID>x</F-ID> <F-PORT>y</F-PORT>", "(?P<fid>x) (?P<fport>y)");
  EXPANDS ("<F-ID/> <F-PORT/>", "(?P<fid>\\S+) (?P<fport>\\w+)");
  EXPANDS ("<F-A>a<F-B>b</F-B></F-A></F-A>", "(?P<a>a(?P<b>b)))");
  EXPANDS ("<CIDR>", "(?P<cidr>\\d+)");
  EXPANDS ("a<SKIPLINES>b<SKIPLINES>", "a\\n(?P<skiplines0>(?:(?:.*\\n)*?))b\\n(?P<skiplines1>(?:(?:.*\\n)*?))");
}

static void
test_what_is_no_tag_stays (void)
{
  EXPANDS ("</F-USER>", "</F-USER>");
  EXPANDS ("<F-user> <host> <HOST > <> </> <F-> <x", "<F-user> <host> <HOST > <> </> <F-> <x");
  EXPANDS ("<F-USER/>", "<F-USER/>");
  EXPANDS ("", "");
}

static void
test_host_is_an_address_only_without_dns (void)
{
  g_autofree char *host = failregex_expand ("<HOST>", FAILREGEX_DEFAULT);
  g_autofree char *plain = failregex_expand ("<HOST>", FAILREGEX_NO_DNS);
  g_autofree char *address = failregex_expand ("<ADDR>", FAILREGEX_DEFAULT);

  g_assert_nonnull (strstr (host, "(?P<dns>"));
  g_assert_null (strstr (plain, "(?P<dns>"));
  g_assert_cmpstr (plain, ==, address);
}

/* --- errors ------------------------------------------------------------------------------------------------------- */
static void
rejects (int line, const char *pattern, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Failregex) regex = failregex_new (pattern, FAILREGEX_DEFAULT, &error);

  if (regex != NULL || strcmp (error->message, text) != 0)
    g_error ("line %d: '%s' gave '%s'", line, pattern, error != NULL ? error->message : "no error");
}
#define REJECTS(pattern, text) rejects (__LINE__, pattern, text)

static void
test_errors_are_those_of_the_reference (void)
{
  REJECTS ("", "Cannot add empty regex");
  REJECTS (" \t\n\xc2\xa0", "Cannot add empty regex");
  REJECTS ("(", "Unable to compile regular expression '(':\nmissing ), unterminated subpattern at position 0");
  REJECTS ("<F-A>", "Unable to compile regular expression '(?P<a>':\nmissing ), unterminated subpattern at position 0");
  REJECTS ("x(?i)y", "Unable to compile regular expression 'x(?i)y':\n"
                     "global flags not at the start of the expression at position 1");
}

static void
test_flags_of_a_part_are_made_local (void)
{
  g_autoptr (Failregex) one = failregex_new ("a ((?i)b) <HOST>", FAILREGEX_NO_DNS, NULL);
  g_autoptr (Failregex) two = failregex_new ("(?:(?i)b) \\((?i:c)", FAILREGEX_DEFAULT, NULL);

  g_assert_true (g_str_has_prefix (failregex_peek_pattern (one), "a (?i:b) "));
  g_assert_cmpstr (failregex_peek_pattern (two), ==, "(?i:b) \\((?i:c)");
}

static void
test_an_expression_needs_a_group_that_can_be_an_id (void)
{
  const char *with[] = { "<HOST>", "<F-ID>x</F-ID>", "<IP6>", "<F-MLFID>x</F-MLFID>", "(?P<ip4>x)" };
  const char *without[] = { "x", "(?P<host>x)", "<F-USER>x</F-USER>", "<CIDR>", "<HOST >" };

  for (guint i = 0; i < G_N_ELEMENTS (with); i++)
    {
      g_autoptr (Failregex) regex = failregex_new (with[i], FAILREGEX_DEFAULT, NULL);
      g_assert_true (failregex_has_id (regex));
    }
  for (guint i = 0; i < G_N_ELEMENTS (without); i++)
    {
      g_autoptr (Failregex) regex = failregex_new (without[i], FAILREGEX_DEFAULT, NULL);
      g_assert_false (failregex_has_id (regex));
    }
}

static void
test_a_long_pattern_is_shown_cut (void)
{
  g_autofree char *many = g_strnfill (300, 'x');
  g_autoptr (Failregex) regex = failregex_new (many, FAILREGEX_MULTILINE, NULL);
  g_autofree char *shown = failregex_dup_repr (regex);

  g_assert_cmpuint (strlen (shown), ==, strlen ("re.compile(") + 200 + strlen (", re.MULTILINE)"));
  g_assert_true (g_str_has_suffix (shown, "xxx, re.MULTILINE)"));
}

/* --- groups ------------------------------------------------------------------------------------------------------- */
static void
captures (int line, const char *pattern, const char *text, const char *shown)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Failregex) regex = failregex_new (pattern, FAILREGEX_DEFAULT, &error);
  g_autoptr (PyMatch) match = py_match_new ();
  g_autoptr (PyValue) groups = NULL;
  g_autofree char *got = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (failregex_search (regex, text, strlen (text), PY_SEARCH_DEFAULT, match), ==, PY_REGEX_MATCH);
  groups = failregex_dup_groups (regex, match, text);
  got = py_repr (groups);
  if (strcmp (got, shown) != 0)
    g_error ("line %d: captured %s", line, got);
}
#define CAPTURES(pattern, text, shown) captures (__LINE__, pattern, text, shown)

static void
test_groups_stand_in_order_and_those_without_part_are_none (void)
{
  CAPTURES ("<F-B>b</F-B>(x)?<F-A>a</F-A>?", "b", "{'b': 'b', 'a': None}");
  CAPTURES ("<ADDR>", "[2001:db8::1]", "{'ip4': None, 'ip6': '2001:db8::1'}");
  CAPTURES ("<SUBNET>", "192.0.2.0/24", "{'ip4': '192.0.2.0', 'ip6': None, 'cidr': '24'}");
}

static void
test_alternatives_fill_what_is_empty (void)
{
  CAPTURES ("(?:<F-USER>a</F-USER>|<F-ALT_USER>b</F-ALT_USER>)", "b", "{'user': 'b', 'alt_user': 'b'}");
  CAPTURES ("<F-USER>a</F-USER> <F-ALT_USER>b</F-ALT_USER>", "a b", "{'user': 'a', 'alt_user': 'b'}");
  CAPTURES ("(?:<F-ALT_ID_1>a</F-ALT_ID_1>|<F-ALT_ID_2>b</F-ALT_ID_2>)", "b",
            "{'alt_id_1': None, 'alt_id_2': 'b', 'fid': 'b'}");
}

static void
test_tuples_join (void)
{
  CAPTURES ("<F-ID>a</F-ID> <F-TUPLE_ID>b</F-TUPLE_ID>", "a b", "{'fid': ('a', 'b'), 'tuple_id': 'b'}");
  CAPTURES ("<F-TUPLE_USER_2>b</F-TUPLE_USER_2> <F-TUPLE_USER_1>a</F-TUPLE_USER_1>", "b a",
            "{'tuple_user_2': 'b', 'tuple_user_1': 'a', 'user': (None, 'a', 'b')}");
}

static void
test_skipped_lines_are_split_as_python_does (void)
{
  const char *text = "a\none\rtwo\x0bthree\xe2\x80\xa8"
                     "four\nb\n";
  g_autoptr (Failregex) regex = failregex_new ("a<SKIPLINES>^b", FAILREGEX_MULTILINE, NULL);
  g_autoptr (PyMatch) match = py_match_new ();
  g_autoptr (PyValue) lines = NULL;
  g_autofree char *shown = NULL;

  g_assert_cmpint (failregex_search (regex, text, strlen (text), PY_SEARCH_DEFAULT, match), ==, PY_REGEX_MATCH);
  lines = failregex_dup_skipped_lines (regex, match, text);
  shown = py_repr (lines);
  g_assert_cmpstr (shown, ==, "['one', 'two', 'three', 'four']");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/failregex/tags become named groups", test_tags_become_named_groups);
  g_test_add_func ("/failregex/what is no tag stays", test_what_is_no_tag_stays);
  g_test_add_func ("/failregex/HOST is an address only without DNS", test_host_is_an_address_only_without_dns);
  g_test_add_func ("/failregex/errors are those of the reference", test_errors_are_those_of_the_reference);
  g_test_add_func ("/failregex/flags of a part are made local", test_flags_of_a_part_are_made_local);
  g_test_add_func ("/failregex/an expression needs a group that can be an id",
                   test_an_expression_needs_a_group_that_can_be_an_id);
  g_test_add_func ("/failregex/a long pattern is shown cut", test_a_long_pattern_is_shown_cut);
  g_test_add_func ("/failregex/groups stand in order, and those without part are None",
                   test_groups_stand_in_order_and_those_without_part_are_none);
  g_test_add_func ("/failregex/alternatives fill what is empty", test_alternatives_fill_what_is_empty);
  g_test_add_func ("/failregex/tuples join", test_tuples_join);
  g_test_add_func ("/failregex/skipped lines are split as Python does", test_skipped_lines_are_split_as_python_does);
  return g_test_run ();
}
