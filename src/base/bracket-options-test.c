#include "base/bracket-options.h"

#include <string.h>

#include "compat/py-repr.h"

#define PARSES(...)  parses (__LINE__, __VA_ARGS__)
#define REJECTS(...) rejects (__LINE__, __VA_ARGS__)
#define SPLITS(...)  splits (__LINE__, __VA_ARGS__)

static void
parses (int line, const char *text, const char *expected_name, const char *expected)
{
  g_autofree char *name = NULL;
  g_autoptr (PyValue) options = NULL;
  g_autoptr (GError) error = NULL;

  if (!bracket_options_parse (text, &name, &options, &error))
    g_error ("line %d: %s", line, error->message);
  g_autofree char *repr = py_repr (options);
  if (strcmp (name, expected_name) != 0 || strcmp (repr, expected) != 0)
    g_error ("line %d: '%s' %s instead of '%s' %s", line, name, repr, expected_name, expected);
}

static void
rejects (int line, const char *text, const char *expected)
{
  g_autofree char *name = NULL;
  g_autoptr (PyValue) options = NULL;
  g_autoptr (GError) error = NULL;

  if (bracket_options_parse (text, &name, &options, &error) || strcmp (error->message, expected) != 0)
    g_error ("line %d: '%s' instead of '%s'", line, error != NULL ? error->message : "no error", expected);
}

static void
splits (int line, const char *text, const char *expected)
{
  g_autoptr (GPtrArray) parts = bracket_options_split (text);
  g_autoptr (GString) joined = g_string_new (NULL);

  for (guint i = 0; i < parts->len; i++)
    g_string_append_printf (joined, "%s%s", i > 0 ? "|" : "", (const char *) g_ptr_array_index (parts, i));
  if (strcmp (joined->str, expected) != 0)
    g_error ("line %d: '%s' instead of '%s'", line, joined->str, expected);
}

static void
test_a_name_may_stand_alone (void)
{
  PARSES ("sshd", "sshd", "{}");
  PARSES ("sshd[]", "sshd", "{}");
  PARSES ("sshd [a=1] ", "sshd ", "{'a': '1'}");
}

static void
test_values_are_quoted_or_bare (void)
{
  PARSES ("f[a=1,b=x y , c= ,d=\"\"]", "f", "{'a': '1', 'b': 'x y', 'c': '', 'd': ''}");
  REJECTS ("f[a=1,b=x y , c = ]", "expected option, wrong syntax at 11:  c = ");
}

static void
test_quotes_protect_commas_and_brackets (void)
{
  PARSES ("f[a=\"1, 2] x\", b='\"']", "f", "{'a': '1, 2] x', 'b': '\"'}");
  PARSES ("f[a=\" x \"]", "f", "{'a': 'x'}");
  PARSES ("f[a='1]", "f", "{'a': \"'1\"}");
  PARSES ("f[a=1][b=2] [c=3]", "f", "{'a': '1', 'b': '2', 'c': '3'}");
  PARSES ("f[a=1,\n  b=2,\n]", "f", "{'a': '1', 'b': '2'}");
  PARSES ("f[a=1, a=2]", "f", "{'a': '2'}");
  PARSES ("f[a=x=y]", "f", "{'a': 'x=y'}");
  PARSES ("f[port?family=inet6=5]", "f", "{'port?family=inet6': '5'}");
}

static void
test_errors_count_characters (void)
{
  REJECTS ("", "unexpected option syntax");
  REJECTS ("[a=b]", "unexpected option syntax");
  REJECTS ("f[a", "unexpected option syntax");
  REJECTS ("f[a=1]x", "unexpected option syntax");
  REJECTS ("f[a]", "expected option, wrong syntax at 0: a");
  REJECTS ("f[a=1,b]", "expected option, wrong syntax at 4: b");
  REJECTS ("f[a=\"1\"b=2]", "unexpected syntax at 5 after option 'a': b=2");
  REJECTS ("f[a=\"\xc3\xa9\" , r=2]", "unexpected syntax at 5 after option 'a':  , r=2");
  REJECTS ("f[a=1]b=012345678901234567890123456789]",
           "unexpected syntax at 3 after option 'a': ]b=0123456789012345678901");
}

static void
test_actions_are_split_outside_of_brackets (void)
{
  SPLITS ("", "");
  SPLITS ("a", "a");
  SPLITS (" a\n  b c ", "a|b|c");
  SPLITS ("a[x=1 2]\nb[y=\"]\n[\", z='a b'] c", "a[x=1 2]|b[y=\"]\n[\", z='a b']|c");
  SPLITS ("a [x=1] [y=2] b", "a [x=1] [y=2]|b");
  SPLITS ("a[x=1]b c", "a[x=1]b|c");
  SPLITS ("a[x b", "a[x|b");
  SPLITS ("a[x=\"1 2] b", "a[x=\"1 2]|b");
  SPLITS ("[x] a", "[x]|a");
}

static void
test_long_lists_take_linear_time (void)
{
  g_autoptr (GString) text = g_string_new ("a[");

  for (guint i = 0; i < 100000; i++)
    g_string_append (text, "x='a=");
  g_autoptr (GPtrArray) parts = bracket_options_split (text->str);
  g_assert_cmpuint (parts->len, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bracket-options/a name may stand alone", test_a_name_may_stand_alone);
  g_test_add_func ("/bracket-options/values are quoted or bare", test_values_are_quoted_or_bare);
  g_test_add_func ("/bracket-options/quotes protect commas and brackets", test_quotes_protect_commas_and_brackets);
  g_test_add_func ("/bracket-options/errors count characters", test_errors_count_characters);
  g_test_add_func ("/bracket-options/actions are split outside of brackets",
                   test_actions_are_split_outside_of_brackets);
  g_test_add_func ("/bracket-options/long lists take linear time", test_long_lists_take_linear_time);
  return g_test_run ();
}
