#include "firewall/shell-words.h"

#include <string.h>

/* Commands joined by '|' (or the operator), words by ','; "-" when it is not plain. */
static char *
split (const char *text)
{
  g_autoptr (GPtrArray) commands = shell_words_split (text, -1);
  if (commands == NULL)
    return g_strdup ("-");

  g_autoptr (GString) out = g_string_new (NULL);
  for (guint i = 0; i < commands->len; i++)
    {
      const ShellCall *call = commands->pdata[i];
      g_autofree char *words = g_strjoinv (",", call->words);
      const char *join = call->join == SHELL_AND ? "&&" : call->join == SHELL_OR ? "||" : "|";
      g_string_append_printf (out, "%s%s", i > 0 ? join : "", words);
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
splits (int line, const char *text, const char *expected)
{
  g_autofree char *seen = split (text);

  if (!g_str_equal (seen, expected))
    g_error ("line %d: \"%s\" gives %s, not %s", line, text, seen, expected);
}
#define SPLITS(...) splits (__LINE__, __VA_ARGS__)

static void
test_words_quotes_and_lines (void)
{
  SPLITS ("iptables -w -A x", "iptables,-w,-A,x");
  SPLITS ("  a\tb  ", "a,b");
  SPLITS ("a 'b c' \"d e\"", "a,b c,d e");
  SPLITS ("a 'b'\"c\"d\\ e", "a,bcd e");
  SPLITS ("a \"\\$x \\q \\\\\"", "a,$x \\q \\");
  SPLITS ("a ''", "a,");
  SPLITS ("a b\nc d", "a,b|c,d");
  SPLITS ("\n\na b\n\n  \nc\n", "a,b|c");
  SPLITS ("a; b ;c", "a|b|c");
  SPLITS ("a b;\nc", "a,b|c");
  SPLITS ("a \\\n  b", "a,b");
  SPLITS ("ip\\\ntables", "iptables");
  SPLITS ("a ! -s 10.0.0.0/8 --x=y", "a,!,-s,10.0.0.0/8,--x=y");
  SPLITS ("a \303\274", "a,\303\274");
}

static void
test_operators_between_commands (void)
{
  SPLITS ("a b && c", "a,b&&c");
  SPLITS ("a ||  b c", "a||b,c");
  SPLITS ("a||b&&c\nd", "a||b&&c|d");
  SPLITS ("a && b\n\n", "a&&b");
}

static void
test_braces_that_stand_alone (void)
{
  SPLITS ("a { b }", "a,{,b,}");
  SPLITS ("a \\{ b \\}", "a,{,b,}");
  SPLITS ("a }\n", "a,}");
}

static void
test_anything_of_the_shell_is_not_plain (void)
{
  static const char *const texts[] = {
    "",          "   ",    "a $x",       "a \"$x\"", "a `b`",   "a \"`b`\"",   "a | b",   "a &&",
    "|| b",      "a &",    "a > b",      "a < b",    "(a)",     "{ a; }",      "a {b,c}", "a *",
    "a ?",       "a [b]",  "a ~",        "a ~/b",    "a #b",    "# a",         "a ; ;",   ";a",
    "a;;b",      "a 'b",   "a \"b",      "a \\",     "a\rb",    "a ^b",        "a b~c",   "a 2>&1",
    "a \"b\\",   "a $(b)", "a \"$(b)\"", "a b#c",    "a ; {",   "a && { b; }", "a {b }",  "a b}",
    "a && && b", "a |& b", "a &&& b",    "a ||| b",  "a &&\nb", "a &&; b",     "a & & b", "a \n&& b",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    SPLITS (texts[i], "-");
}

static void
test_limits_hold (void)
{
  g_autoptr (GString) text = g_string_new ("a");
  for (int i = 0; i < SHELL_WORDS_MAX_WORDS; i++)
    g_string_append (text, " b");
  SPLITS (text->str, "-");

  g_string_assign (text, "a");
  for (int i = 0; i < SHELL_WORDS_MAX_COMMANDS; i++)
    g_string_append (text, "\na");
  SPLITS (text->str, "-");

  g_autoptr (GPtrArray) nul = shell_words_split ("a b\0c", 5);
  g_assert_null (nul);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/shell-words/operators between commands", test_operators_between_commands);
  g_test_add_func ("/shell-words/braces that stand alone", test_braces_that_stand_alone);
  g_test_add_func ("/shell-words/words, quotes and lines", test_words_quotes_and_lines);
  g_test_add_func ("/shell-words/anything of the shell is not plain", test_anything_of_the_shell_is_not_plain);
  g_test_add_func ("/shell-words/limits hold", test_limits_hold);
  return g_test_run ();
}
