#include "match/date-pattern.h"

#include <string.h>

#define MAKES(...)    makes (__LINE__, 2025, __VA_ARGS__)
#define MAKES_IN(...) makes (__LINE__, __VA_ARGS__)
#define REFUSES(...)  refuses (__LINE__, __VA_ARGS__)

static void
makes (int line, int year, const char *pattern, const char *name, const char *regex)
{
  g_autoptr (DateDirectives) directives = date_directives_new (year);
  g_auto (DatePattern) seen = { NULL };
  g_autoptr (GError) error = NULL;

  if (!date_pattern_parse (&seen, directives, pattern, strlen (pattern), &error))
    g_error ("line %d: %s", line, error->message);
  if (strcmp (seen.name, name) != 0 || strcmp (seen.regex, regex) != 0)
    g_error ("line %d: '%s' is called '%s' and searched as '%s'", line, pattern, seen.name, seen.regex);
}

static void
refuses (int line, const char *pattern, const char *why)
{
  g_autoptr (DateDirectives) directives = date_directives_new (2025);
  g_auto (DatePattern) seen = { NULL };
  g_autoptr (GError) error = NULL;
  g_autofree char *expected = g_strdup_printf (
      "Failed to set datepattern '%s' (may be an invalid format or unescaped percent char): %s", pattern, why);

  if (date_pattern_parse (&seen, directives, pattern, strlen (pattern), &error)
      || strcmp (error->message, expected) != 0)
    g_error ("line %d: '%s': %s", line, pattern, error != NULL ? error->message : "taken");
}

static DateAnchor
anchor_of (const char *pattern)
{
  g_autoptr (DateDirectives) directives = date_directives_new (2025);
  g_auto (DatePattern) seen = { NULL };

  g_assert_true (date_pattern_parse (&seen, directives, pattern, strlen (pattern), NULL));
  return seen.anchor;
}

/* All of these as fail2ban-regex 1.1.2 shows them with --verbose-date */
static void
test_directives_become_groups_and_labels (void)
{
  MAKES ("%Y %m", "Year Month", "(?=^|\\b|\\W)((?P<Y>\\d{4}) (?P<m>0?[1-9]|1[0-2]))(?=\\b|\\W|$)");
  MAKES ("%Exd%ExM", "ExDayExMinute", "(?=^|\\b|\\W)((?P<d>[1-2]\\d|0[1-9]|3[0-1])(?P<M>[0-5]\\d))(?=\\b|\\W|$)");
  MAKES ("x%k", "x%k", "(?=^|\\b|\\W)(x ?(?P<H>[0-2]?\\d))(?=\\b|\\W|$)");
  /* The blank at its start is cut off: what remains does not compile, in fail2ban neither */
  MAKES ("%k", "%k", "(?=^|\\b|\\W)(?(?P<H>[0-2]?\\d))(?=\\b|\\W|$)");
  MAKES ("100%% %S", "100% Second", "(?=^|\\b|\\W)(100% (?P<S>[0-5]?\\d|6[0-1]))(?=\\b|\\W|$)");
  MAKES ("%(Y)s", "Year", "(?=^|\\b|\\W)((?P<Y>\\d{4}))(?=\\b|\\W|$)");
}

static void
test_names_match_in_any_case (void)
{
  MAKES ("%p", "AMPM", "(?iu)(?=^|\\b|\\W)((?P<p>am|pm))(?=\\b|\\W|$)");
  MAKES ("^%p", "^AMPM", "(?iu)^((?P<p>am|pm))(?=\\b|\\W|$)");
  MAKES ("%%p", "%p", "(?=^|\\b|\\W)(%p)(?=\\b|\\W|$)");
}

static void
test_a_pattern_can_be_tied_or_untied (void)
{
  MAKES ("{^LN-BEG}%M", "{^LN-BEG}Minute", "^(?:\\W{0,2})?((?P<M>[0-5]?\\d))(?=\\b|\\W|$)");
  MAKES ("{^LN-BEG}^%M", "^Minute", "^((?P<M>[0-5]?\\d))(?=\\b|\\W|$)");
  MAKES ("{UNB}%M", "Minute", "((?P<M>[0-5]?\\d))");
  MAKES ("**%M", "**Minute", "((?P<M>[0-5]?\\d))(?=\\b|\\W|$)");
  MAKES ("%M**", "Minute**", "(?=^|\\b|\\W)((?P<M>[0-5]?\\d))");
  MAKES ("%M$", "Minute$", "(?=^|\\b|\\W)((?P<M>[0-5]?\\d))$");
  MAKES ("%M\\s", "Minute\\s", "(?=^|\\b|\\W)((?P<M>[0-5]?\\d)\\s)");
  MAKES ("{UNB}^", "^", "^()");
}

static void
test_a_group_of_the_users_own_is_the_date (void)
{
  MAKES ("x(%M)y", "x(Minute)y", "(?=^|\\b|\\W)x((?P<M>[0-5]?\\d))y(?=\\b|\\W|$)");
  MAKES ("(?:%M)", "(?:Minute)", "(?=^|\\b|\\W)((?:(?P<M>[0-5]?\\d)))(?=\\b|\\W|$)");
  MAKES ("\\(%M", "\\(Minute", "(?=^|\\b|\\W)(\\((?P<M>[0-5]?\\d))(?=\\b|\\W|$)");
}

static void
test_flags_go_to_the_front (void)
{
  MAKES ("^(?i)%M", "^(?i)Minute", "(?i)^((?P<M>[0-5]?\\d))(?=\\b|\\W|$)");
  MAKES ("(?i)(?x)%M", "(?i)(?x)Minute", "(?i)(?=^|\\b|\\W)(?x)((?P<M>[0-5]?\\d))(?=\\b|\\W|$)");
}

static void
test_anchors_are_seen (void)
{
  g_assert_cmpint (anchor_of ("%M"), ==, DATE_ANCHOR_WORD_BEGIN | DATE_ANCHOR_WORD_END);
  g_assert_cmpint (anchor_of ("{^LN-BEG}%M"), ==, DATE_ANCHOR_LINE_BEGIN | DATE_ANCHOR_WORD_END);
  g_assert_cmpint (anchor_of ("^%M"), ==, DATE_ANCHOR_LINE_BEGIN | DATE_ANCHOR_WORD_END);
  g_assert_cmpint (anchor_of ("(?:^%M)"), ==, DATE_ANCHOR_WORD_END | DATE_ANCHOR_NONE);
  g_assert_cmpint (anchor_of ("(^|x)%M"), ==, DATE_ANCHOR_WORD_END);
  g_assert_cmpint (anchor_of ("%M$"), ==, DATE_ANCHOR_WORD_BEGIN | DATE_ANCHOR_LINE_END);
  g_assert_cmpint (anchor_of ("(%M|$)"), ==, DATE_ANCHOR_WORD_BEGIN);
  g_assert_cmpint (anchor_of ("{UNB}%M"), ==, DATE_ANCHOR_NONE);
}

static void
test_exact_years_follow_the_clock (void)
{
  MAKES_IN (2025, "{UNB}%ExY", "ExYear", "((?P<Y>20[012]\\d))");
  MAKES_IN (2026, "{UNB}%ExY", "ExYear", "((?P<Y>20[012]\\d))");
  MAKES_IN (2027, "{UNB}%ExY", "ExYear", "((?P<Y>20[0123]\\d))");
  MAKES_IN (2006, "{UNB}%ExY", "ExYear", "((?P<Y>200\\d))");
  MAKES_IN (2000, "{UNB}%ExY", "ExYear", "((?P<Y>(?:199|200)\\d))");
  MAKES_IN (1970, "{UNB}%ExY", "ExYear", "((?P<Y>19[67]\\d))");
  MAKES_IN (2099, "{UNB}%ExY", "ExYear", "((?P<Y>2(?:00|01|02|03|04|05|06|07|08|09|10)\\d))");
}

static void
test_stray_percent_characters_are_refused (void)
{
  REFUSES ("%", "incomplete format");
  REFUSES ("%Y %q", "not enough arguments for format string");
  REFUSES ("%i", "%i format: a real number is required, not dict");
}

static void
test_placeholders_are_replaced (void)
{
  guint n = 0;
  g_autofree char *date = date_pattern_replace_date ("<{DATE}|\\{DATE}|{date}>", "X");
  g_autofree char *epoch = date_pattern_replace_epoch ("{EPOCH}{lepoch}\\{EPOCH}", "N", &n);
  g_autofree char *plain = date_pattern_unbound ("{^LN-BEG}%M");
  g_autofree char *inner = date_pattern_unbound ("(?:^|\\b|\\W)%M(?=\\b|\\W|$)");

  g_assert_cmpstr (date, ==, "<X|\\{DATE}|X>");
  g_assert_cmpstr (epoch, ==, "NN\\{EPOCH}");
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpstr (plain, ==, "%M");
  g_assert_cmpstr (inner, ==, "%M");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/date-pattern/directives become groups and labels", test_directives_become_groups_and_labels);
  g_test_add_func ("/date-pattern/names match in any case", test_names_match_in_any_case);
  g_test_add_func ("/date-pattern/a pattern can be tied or untied", test_a_pattern_can_be_tied_or_untied);
  g_test_add_func ("/date-pattern/a group of the user's own is the date", test_a_group_of_the_users_own_is_the_date);
  g_test_add_func ("/date-pattern/flags go to the front", test_flags_go_to_the_front);
  g_test_add_func ("/date-pattern/anchors are seen", test_anchors_are_seen);
  g_test_add_func ("/date-pattern/exact years follow the clock", test_exact_years_follow_the_clock);
  g_test_add_func ("/date-pattern/stray percent characters are refused", test_stray_percent_characters_are_refused);
  g_test_add_func ("/date-pattern/placeholders are replaced", test_placeholders_are_replaced);
  return g_test_run ();
}
