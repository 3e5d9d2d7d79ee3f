#include "compat/py-regex-reach.h"

#include <string.h>

#include "compat/py-regex-parse.h"

static void
reaches (int line, const char *pattern, const char *subject, gsize expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyTree) tree = py_regex_parse (pattern, strlen (pattern), PY_REGEX_FLAG_NONE, &error);
  PyRegexReach reach;

  g_assert_no_error (error);
  py_regex_reach_init (&reach, tree);
  gsize seen = py_regex_reach_of (&reach, subject, strlen (subject));
  if (seen != expected)
    g_error ("line %d: '%s' in '%s': %" G_GSIZE_FORMAT, line, pattern, subject, seen);
}
#define REACHES(pattern, subject, n) reaches (__LINE__, pattern, subject, n)

static void
test_a_repeat_runs_over_what_it_can_be (void)
{
  REACHES ("\\s*\\[", "a  \t\tb c", 4);
  REACHES ("[^:]+:", "ab:cdefg:h", 5);
  REACHES (".+$", "ab\ncdefgh", 6);
  REACHES ("(?s).+$", "ab\ncdefgh", 9);
  REACHES ("(?i)x*y", "aXxXb", 3);
  REACHES ("\\d+x|\\s+y", "12 34567  ", 5);
  REACHES ("a++a", "aaa", 3);
  REACHES ("[a-z]+ ", "\303\251a", 3);
}

static void
test_what_is_gone_back_into_step_by_step_is_no_run (void)
{
  REACHES ("x+x+y", "xxxx", 4); /* the second one */
  REACHES ("x+x{2}y", "xxxx", 0);
  REACHES ("(?:x+x+)+y", "xxxx", 0);
  REACHES ("x{1,20}y", "xxxx", 0);
  REACHES ("(?:ab)+c", "ababab", 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reach/a repeat runs over what it can be", test_a_repeat_runs_over_what_it_can_be);
  g_test_add_func ("/reach/what is gone back into step by step is no run",
                   test_what_is_gone_back_into_step_by_step_is_no_run);
  return g_test_run ();
}
