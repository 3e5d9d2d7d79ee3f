#include "action/tag-table.h"
#include "action/tags.h"

#include <string.h>

#include "action/action.h"

/* --- properties ------------------------------------------------------------------------------------------------------ */

static char *
builtin (const char *tag, gpointer data)
{
  return g_str_equal (tag, "br") ? g_strdup ("\n") : NULL;
}

/* properties: "name=value" */
static TagTable *
table (const char *const *properties)
{
  TagTable *tags = tag_table_new (builtin, NULL);

  for (; *properties != NULL; properties++)
    {
      g_auto (GStrv) pair = g_strsplit (*properties, "=", 2);
      if (strstr (*properties, "?family=") != NULL)
        {
          const char *value = strchr (strstr (*properties, "?family=") + strlen ("?family="), '=');
          g_autofree char *name = g_strndup (*properties, (gsize) (value - *properties));
          tag_table_set (tags, name, value + 1, -1);
        }
      else
        tag_table_set (tags, pair[0], pair[1], -1);
    }
  return tags;
}

static void
replaces (int line, TagTable *tags, const char *query, const char *family, const char *expected)
{
  g_autoptr (GError) error = NULL;
  const GString *text = tag_table_replace (tags, query, family, &error);

  if (text == NULL)
    g_error ("line %d: %s: %s", line, query, error->message);
  if (!g_str_equal (text->str, expected))
    g_error ("line %d: %s gives \"%s\", not \"%s\"", line, query, text->str, expected);
}
#define REPLACES(...) replaces (__LINE__, __VA_ARGS__)

static void
test_properties_may_hold_each_other (void)
{
  static const char *const properties[]
      = { "a=1 <b>",      "b=2 <c>",     "c=3",           "sel=two",     "n_one=first",
          "n_two=second", "n=<n_<sel>>", "x=<nope> <ip>", "matches=a;b", NULL };
  g_autoptr (TagTable) tags = table (properties);

  REPLACES (tags, "<a>|<b>|<c>", NULL, "1 2 3|2 3|3");
  REPLACES (tags, "<n>, <n_<sel>>", NULL, "second, second");
  REPLACES (tags, "<x> <unknown> < a> <> <<c>>", NULL, "<nope> <ip> <unknown> < a> <> <3>");
  REPLACES (tags, "a<br>b", NULL, "a\nb");
  REPLACES (tags, "<matches>", NULL, "a\\;b");
  REPLACES (tags, "no tags", NULL, "no tags");
}

static void
test_a_family_has_its_own_values (void)
{
  static const char *const properties[] = { "tool=four", "tool?family=inet6=six", "run=<tool> -x", NULL };
  g_autoptr (TagTable) tags = table (properties);

  REPLACES (tags, "<run>", NULL, "four -x");
  REPLACES (tags, "<run>", "inet4", "four -x");
  REPLACES (tags, "<run>", "inet6", "six -x");
  tag_table_set (tags, "tool", "five", -1);
  REPLACES (tags, "<run>", "inet4", "five -x");
}

static void
fails_to_replace (int line, const char *const *properties, const char *query, const char *expected)
{
  g_autoptr (TagTable) tags = table (properties);
  g_autoptr (GError) error = NULL;

  if (tag_table_replace (tags, query, NULL, &error) != NULL)
    g_error ("line %d: no error", line);
  if (!g_str_has_prefix (error->message, expected))
    g_error ("line %d: %s", line, error->message);
  g_assert_error (error, ACTION_ERROR, ACTION_ERROR_VALUE);
}
#define FAILS(...) fails_to_replace (__LINE__, __VA_ARGS__)

/* Texts as fail2ban 1.1.2 printed them for the same properties. */
static void
test_properties_must_not_hold_themselves (void)
{
  static const char *const mutual[] = { "bar=<foo>", "foo=<bar>", NULL };
  static const char *const growing[] = { "bar=<foo>", "foo=<foo>1", NULL };
  static const char *const doubling[] = {
    "a=xxxxxxxxxxxxxxxx",
    "b=<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>",
    "c=<b><b><b><b><b><b><b><b><b><b><b><b><b><b><b><b>",
    "d=<c><c><c><c><c><c><c><c><c><c><c><c><c><c><c><c>",
    "e=<d><d><d><d><d><d><d><d><d><d><d><d><d><d><d><d>",
    "f=<e><e><e><e><e><e><e><e><e><e><e><e><e><e><e><e>",
    "g=<f><f><f><f><f><f><f><f><f><f><f><f><f><f><f><f>",
    NULL,
  };

  FAILS (
      mutual, "<foo>",
      "properties contain self referencing definitions and cannot be resolved, fail tag: bar, found: bar in {'foo': 1}, "
      "value: <bar>");
  FAILS (
      growing, "<foo>",
      "properties contain self referencing definitions and cannot be resolved, fail tag: bar, found: foo in {'foo': 26}, "
      "value: <foo>11111111111111111111111111");
  FAILS (doubling, "<g>", "tag ");
}

/* --- a stranger's values --------------------------------------------------------------------------------------------- */

static GString *
lookup (const char *name, gboolean field, gpointer data)
{
  const char *const *pairs = data;
  g_autofree char *key = g_strconcat (field ? "F/" : "", name, NULL);

  for (; pairs[0] != NULL; pairs += 2)
    if (g_str_equal (pairs[0], key))
      return g_string_new (pairs[1]);
  return NULL;
}

static void
renders (int line, const char *const *pairs, const char *text, const char *expected)
{
  g_autoptr (ShellCommand) command = tags_replace_dynamic (text, strlen (text), lookup, (gpointer) pairs);
  g_autofree char *shown = shell_command_dup_log (command);

  if (!g_str_equal (shown, expected))
    g_error ("line %d: %s gives\n%s, not\n%s", line, text, shown, expected);
}
#define RENDERS(...) renders (__LINE__, __VA_ARGS__)

static void
test_values_become_variables_when_they_could_harm (void)
{
  static const char *const pairs[]
      = { "ip",    "192.0.2.1", "evil",    "$(x)", "ip-host", "a;b", "nested", "<ip>", "F/user", "a\"b",
          "F/fid", "7",         "F/fport", "22",   "F/plain", "kim", "quote",  "it's", NULL };

  RENDERS (pairs, "ban <ip> <ip>", "ban 192.0.2.1 192.0.2.1");
  RENDERS (pairs, "x <unknown> <F-UNKNOWN>|", "x <unknown> |");
  RENDERS (pairs, "<F-ID> <F-PORT> <F-PLAIN>", "7 22 kim");
  RENDERS (pairs, "x <evil>", "['f2bV_evil=$0 \\nx $f2bV_evil', '$(x)']");
  RENDERS (pairs, "<F-USER> <ip-host>",
           "['f2bV_ip_host=$0 f2bV_F_user=$1 \\n$f2bV_F_user $f2bV_ip_host', 'a;b', 'a\"b']");
  RENDERS (pairs, "<nested> <nested>", "['f2bV_nested=$0 \\n$f2bV_nested $f2bV_nested', '<ip>']");
  RENDERS (pairs, "<quote>", "['f2bV_quote=$0 \\n$f2bV_quote', \"it's\"]");
}

static void
test_the_eleventh_variable_works_too (void)
{
  static const char *const pairs[] = { "a", ";", "b", ";", "c", ";", "d", ";", "e", ";",        "f", ";",
                                       "g", ";", "h", ";", "i", ";", "j", ";", "k", "; eleven", NULL };
  g_autoptr (ShellCommand) command
      = tags_replace_dynamic ("<a><b><c><d><e><f><g><h><i><j><k>", 33, lookup, (gpointer) pairs);

  g_assert_cmpuint (command->args->len, ==, 11);
  g_assert_nonnull (strstr (command->text->str, "f2bV_k=${10} "));
}

static void
test_escaping_as_fail2ban_does (void)
{
  g_autoptr (GString) escaped = tags_escape ("a\\#&;`|*?~<>^()[]{}$'\"\n\rb", 26);

  g_assert_cmpstr (escaped->str, ==, "a\\\\\\#\\&\\;\\`\\|\\*\\?\\~\\<\\>\\^\\(\\)\\[\\]\\{\\}\\$\\'\\\"\\n\\rb");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tags/properties may hold each other", test_properties_may_hold_each_other);
  g_test_add_func ("/tags/a family has its own values", test_a_family_has_its_own_values);
  g_test_add_func ("/tags/properties must not hold themselves", test_properties_must_not_hold_themselves);
  g_test_add_func ("/tags/values become variables when they could harm",
                   test_values_become_variables_when_they_could_harm);
  g_test_add_func ("/tags/the eleventh variable works too", test_the_eleventh_variable_works_too);
  g_test_add_func ("/tags/escaping as fail2ban does", test_escaping_as_fail2ban_does);
  return g_test_run ();
}
