#include "config/config-tags.h"

#include <string.h>

#include "compat/py-repr.h"
#include "config/config.h"

/* name, value, name, value, ..., NULL */
static PyOptions *
make_options (const char *const *pairs)
{
  PyOptions *options = py_options_new ();

  for (; *pairs != NULL; pairs += 2)
    py_options_set_text (options, pairs[0], pairs[1]);
  return options;
}

static PyValue *
lookup (const char *tag, guint hash, gpointer data, GError **error)
{
  g_assert_cmpuint (hash, ==, py_options_hash (tag));
  return strcmp (tag, "elsewhere") == 0 ? py_str_new ("found") : NULL;
}

static void
assert_expands (const char *const *pairs, const char *option, const char *expected)
{
  g_autoptr (PyOptions) options = make_options (pairs);
  g_autoptr (PyOptions) ignored = py_options_new ();
  g_autoptr (GError) error = NULL;

  py_options_set_text (ignored, "matches", "");
  g_assert_true (config_tags_expand (options, ignored, lookup, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (py_options_get_text (options, option), ==, expected);
}

#define EXPANDS(option, expected, ...)                                                                                 \
  assert_expands ((const char *const[]){ __VA_ARGS__, NULL, NULL }, option, expected)

static void
test_tags_become_values (void)
{
  EXPANDS ("a", "1-1", "a", "<b>-<b>", "b", "1");
  EXPANDS ("a", "x1y", "a", "x<b>y", "b", "<c>", "c", "1");
  EXPANDS ("a", "found", "a", "<elsewhere>");
  EXPANDS ("a", "<ip> <a b> <> < <HOST>", "a", "<ip> <a b> <> < <HOST>");
}

static void
test_tags_may_build_tags (void)
{
  EXPANDS ("a", "hard", "a", "<re-<mode>>", "mode", "on", "re-on", "hard", "re-off", "soft");
  EXPANDS ("a", "<re-other>", "a", "<re-<mode>>", "mode", "other");
  EXPANDS ("a", "\xc3\xa9 1 1", "a", "\xc3\xa9 <<b>> <<b>>", "b", "c", "c", "1");
}

static void
test_ignored_tags_stay_as_they_are (void)
{
  EXPANDS ("a", "<matches> 1", "a", "<matches> <b>", "b", "1", "matches", "x");
  EXPANDS ("matches", "<b>", "b", "1", "matches", "<b>");
}

static void
assert_fails (const char *const *pairs, ConfigError code, const char *start)
{
  g_autoptr (PyOptions) options = make_options (pairs);
  g_autoptr (GError) error = NULL;

  g_assert_false (config_tags_expand (options, NULL, lookup, NULL, &error));
  g_assert_error (error, CONFIG_ERROR, (int) code);
  if (!g_str_has_prefix (error->message, start))
    g_error ("'%s' instead of '%s'", error->message, start);
}

static void
test_circles_are_errors (void)
{
  assert_fails (
      (const char *const[]){ "a", "x<a>", NULL }, CONFIG_ERROR_VALUE,
      "properties contain self referencing definitions and cannot be resolved, fail tag: a, found: a in {}, value: "
      "x<a>");
  assert_fails (
      (const char *const[]){ "a", "<b>", "b", "<a>", NULL }, CONFIG_ERROR_VALUE,
      "properties contain self referencing definitions and cannot be resolved, fail tag: a, found: a in {'b': 1}, "
      "value: <a>");
}

static void
test_values_that_multiply_end (void)
{
  const char *pairs[2 * 24 + 1] = { NULL };
  char names[24][4], values[24][64];

  for (guint i = 0; i < 24; i++)
    {
      g_snprintf (names[i], sizeof names[i], "n%u", i);
      g_snprintf (values[i], sizeof values[i], "<n%u>-<n%u>", i + 1, i + 1);
      pairs[2 * i] = names[i];
      pairs[2 * i + 1] = values[i];
    }
  assert_fails (pairs, CONFIG_ERROR_LIMIT, "value is too large after the replacement of <n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config-tags/tags become values", test_tags_become_values);
  g_test_add_func ("/config-tags/tags may build tags", test_tags_may_build_tags);
  g_test_add_func ("/config-tags/ignored tags stay as they are", test_ignored_tags_stay_as_they_are);
  g_test_add_func ("/config-tags/circles are errors", test_circles_are_errors);
  g_test_add_func ("/config-tags/values that multiply end", test_values_that_multiply_end);
  return g_test_run ();
}
