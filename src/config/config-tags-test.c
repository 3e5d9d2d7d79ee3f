#include "config/config-tags.h"

#include <string.h>

#include "compat/py-repr.h"
#include "config/config-tags-quick.h"
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
  if (strcmp (tag, "wrong") == 0)
    {
      g_set_error_literal (error, CONFIG_ERROR, CONFIG_ERROR_VALUE, "<wrong> is wrong");
      return NULL;
    }
  if (strcmp (tag, "more") == 0)
    return py_str_new ("<a>,<elsewhere>");
  return strcmp (tag, "elsewhere") == 0 ? py_str_new ("found") : NULL;
}

static void
assert_expands (const char *const *pairs, const char *option, const char *expected)
{
  g_autoptr (PyOptions) options = make_options (pairs);
  g_autoptr (PyOptions) ignored = py_options_new ();
  g_autoptr (GError) error = NULL;

  py_options_set_text (ignored, "matches", "");
  g_assert_true (config_tags_expand (options, ignored, lookup, NULL, NULL, &error));
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

  g_assert_false (config_tags_expand (options, NULL, lookup, NULL, NULL, &error));
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

/* --- both ways ------------------------------------------------------------------------------------------------------ */

static const char *const option_names[] = { "known/a",
                                            "a",
                                            "b",
                                            "c",
                                            "a-b",
                                            "re-x",
                                            "matches",
                                            "d",
                                            "e",
                                            "c-x-d",
                                            "a-very-long-name-of-more-than-forty-characters" };

/* up: its tags are mostly of later options, else mostly of earlier ones: circles are to be rare, since each is an error. */
static char *
random_value (GRand *rand, guint option, gboolean up)
{
  static const struct
  {
    const char *text;
    guint low, high; /* the options that it refers to: places in option_names */
  } pieces[] = {
    { "x", 0, 0 },           { "a", 0, 0 },
    { "b", 0, 0 },           { " ", 0, 0 },
    { "-", 0, 0 },           { ">", 0, 0 },
    { "<>", 0, 0 },          { "<ip>", 0, 0 },
    { "<matches>", 0, 0 },   { "<none>", 0, 0 },
    { "<elsewhere>", 0, 0 }, { "<more>", 1, 1 },
    { "<known/a>", 0, 0 },   { "<a>", 1, 1 },
    { "<b>", 2, 2 },         { "<c>", 3, 3 },
    { "<a-b>", 4, 4 },       { "<re-x>", 5, 5 },
    { "<d>", 7, 7 },         { "<e>", 8, 8 },
    { "<<a>>", 1, 8 },       { "<a-<b>>", 2, 4 },
    { "<c-<a>-d>", 1, 9 },   { "<re-<c>>", 3, 5 },
    { "<a <b>>", 2, 2 },     { "<a-very-long-name-of-more-than-forty-characters>", 10, 10 },
    { "<a-b", 0, 0 },        { "<", 0, 0 },
    { "<wrong>", 0, 0 },
  };
  GString *text = g_string_new (NULL);

  for (int n = g_rand_int_range (rand, 0, 6); n > 0; n--)
    {
      /* what fails at once or is not for the quick way comes seldom, too */
      int last = (int) G_N_ELEMENTS (pieces) - (g_rand_int_range (rand, 0, 8) == 0 ? 0 : 3);
      guint i = (guint) g_rand_int_range (rand, 0, last);
      gboolean circle = pieces[i].high > 0 && (up ? pieces[i].low <= option : pieces[i].high >= option);
      g_string_append (text, circle && g_rand_int_range (rand, 0, 40) > 0 ? "y" : pieces[i].text);
    }
  return g_string_free (text, FALSE);
}

/* Most of option_names, with a value that is sometimes the one before. */
static PyOptions *
random_options (GRand *rand)
{
  PyOptions *options = py_options_new ();
  PyValue *before = NULL;
  gboolean up = g_rand_boolean (rand);

  for (guint i = 0; i < G_N_ELEMENTS (option_names); i++)
    {
      g_autofree char *text = random_value (rand, i, up);
      int kind = g_rand_int_range (rand, 0, 40);
      if (kind < 5)
        continue;
      before = kind < 9 && before != NULL ? py_value_ref (before)
               : kind == 9                ? py_none_new ()
               : kind == 10               ? py_int_new (5)
                                          : py_str_new (text);
      py_options_set (options, option_names[i], before);
    }
  return options;
}

static gboolean
values_equal (const PyOptions *a, const PyOptions *b)
{
  g_autoptr (PyValue) one = py_options_to_value (a);
  g_autoptr (PyValue) other = py_options_to_value (b);

  return py_value_equal (one, other);
}

static char *
show (const PyOptions *options)
{
  g_autoptr (PyValue) value = py_options_to_value (options);

  return py_repr (value);
}

static void
test_one_pass_gives_what_many_passes_give (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (25);
  g_autoptr (PyOptions) ignored = py_options_new ();
  guint n_quick = 0, n_changed = 0;

  py_options_set_text (ignored, "matches", "");
  for (guint i = 0; i < 8000; i++)
    {
      g_autoptr (PyOptions) original = random_options (rand);
      g_autoptr (PyOptions) quick = py_options_copy (original);
      g_autoptr (PyOptions) slow = py_options_copy (original);
      g_autoptr (GError) error = NULL;

      if (!config_tags_expand_quickly (quick, ignored, lookup, NULL, NULL))
        {
          g_assert_true (values_equal (quick, original));
          continue;
        }
      gboolean good = config_tags_expand_in_passes (slow, ignored, lookup, NULL, &error);
      if (!good || !values_equal (quick, slow))
        {
          g_autofree char *before = show (original);
          g_autofree char *one = show (quick);
          g_autofree char *other = good ? show (slow) : g_strdup (error->message);
          g_error ("%s becomes\n%s\nand not\n%s", before, one, other);
        }
      n_quick++;
      n_changed += !values_equal (original, quick);
    }
  g_assert_cmpuint (n_quick, >, 3000); /* or the comparison would be of few */
  g_assert_cmpuint (n_changed, >, 2000);
}

/* The options with one or two of their values replaced, as those of another jail with the same file. */
static PyOptions *
another_jail (GRand *rand, const PyOptions *options)
{
  static const char *const values[] = { "x", "", "y z", "b", "d-<e>", "<e>", "<", "a", "other" };
  PyOptions *copy = py_options_copy (options);

  for (int n = g_rand_int_range (rand, 0, 3); n > 0 && py_options_size (copy) > 0; n--)
    {
      const char *text = values[g_rand_int_range (rand, 0, G_N_ELEMENTS (values))];
      py_options_set_value (copy, (guint) g_rand_int_range (rand, 0, (int) py_options_size (copy)), py_str_new (text));
    }
  return copy;
}

static void
test_what_is_remembered_of_one_jail_is_right_for_another (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (26);
  g_autoptr (PyOptions) ignored = py_options_new ();
  guint n_remembered = 0;

  py_options_set_text (ignored, "matches", "");
  for (guint i = 0; i < 500; i++)
    {
      g_autoptr (PyOptions) first = random_options (rand);
      g_autoptr (ConfigTagsMemory) memory = config_tags_memory_new ();

      for (guint jail = 0; jail < 12; jail++)
        {
          g_autoptr (PyOptions) original = another_jail (rand, first);
          g_autoptr (PyOptions) quick = py_options_copy (original);
          g_autoptr (PyOptions) slow = py_options_copy (original);
          g_autoptr (GError) error = NULL;
          if (!config_tags_expand_quickly (quick, ignored, lookup, NULL, memory))
            continue;
          gboolean good = config_tags_expand_in_passes (slow, ignored, lookup, NULL, &error);
          if (!good || !values_equal (quick, slow))
            {
              g_autofree char *before = show (original);
              g_autofree char *one = show (quick);
              g_autofree char *other = good ? show (slow) : g_strdup (error->message);
              g_error ("jail %u: %s becomes\n%s\nand not\n%s", jail, before, one, other);
            }
        }
      for (guint o = 0; o < py_options_size (first); o++)
        n_remembered += config_tags_memory_get (memory, py_options_peek_value (first, o)) != NULL;
    }
  g_assert_cmpuint (n_remembered, >, 500); /* or nothing has been compared */
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
  g_test_add_func ("/config-tags/one pass gives what many passes give", test_one_pass_gives_what_many_passes_give);
  g_test_add_func ("/config-tags/what is remembered of one jail is right for another",
                   test_what_is_remembered_of_one_jail_is_right_for_another);
  g_test_add_func ("/config-tags/values that multiply end", test_values_that_multiply_end);
  return g_test_run ();
}
