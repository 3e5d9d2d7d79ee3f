#include "compat/py-options.h"

#include "compat/py-held.h"
#include "compat/py-repr.h"

static void
assert_shows (const PyOptions *options, const char *expected)
{
  g_autoptr (PyValue) dict = py_options_to_value (options);
  g_autofree char *repr = py_repr (dict);

  g_assert_cmpstr (repr, ==, expected);
}

static void
test_a_name_keeps_its_place (void)
{
  g_autoptr (PyOptions) options = py_options_new ();

  py_options_set_text (options, "b", "1");
  py_options_set_text (options, "a", "2");
  py_options_set_text (options, "b", "3");
  assert_shows (options, "{'b': '3', 'a': '2'}");
  g_assert_true (py_options_remove (options, "b"));
  g_assert_false (py_options_remove (options, "b"));
  assert_shows (options, "{'a': '2'}");
}

static void
test_many_names_are_found (void)
{
  g_autoptr (PyOptions) options = py_options_new ();

  for (int i = 0; i < 1000; i++)
    {
      g_autofree char *name = g_strdup_printf ("n%d", i);
      py_options_set (options, name, py_int_new (i));
    }
  for (int i = 0; i < 1000; i += 2)
    {
      g_autofree char *name = g_strdup_printf ("n%d", i);
      g_assert_true (py_options_remove (options, name));
    }
  g_autoptr (PyOptions) copy = py_options_copy (options);
  for (int i = 0; i < 1000; i++)
    {
      g_autofree char *name = g_strdup_printf ("n%d", i);
      PyValue *value = py_options_get (copy, name);
      g_assert_true ((value != NULL) == (i % 2 == 1));
      g_assert_true (value == NULL || py_int_get (value) == i);
    }
}

static void
test_merging_lets_the_second_win (void)
{
  g_autoptr (PyOptions) a = py_options_new ();
  g_autoptr (PyOptions) b = py_options_new ();

  py_options_set_text (a, "x", "1");
  py_options_set_text (a, "y", "2");
  py_options_set_text (b, "z", "3");
  py_options_set_text (b, "x", "4");
  g_autoptr (PyOptions) both = py_options_merged (a, b);
  assert_shows (both, "{'x': '4', 'y': '2', 'z': '3'}");
  assert_shows (a, "{'x': '1', 'y': '2'}");
}

static void
test_a_dict_becomes_options (void)
{
  g_autoptr (PyValue) dict = py_dict_new ();

  for (int i = 9; i >= 0; i--)
    {
      g_autofree char *name = g_strdup_printf ("n%d", i);
      py_dict_set_str (dict, name, py_int_new (i));
    }
  g_autoptr (PyOptions) options = py_options_new_from_dict (dict);
  g_autoptr (PyValue) back = py_options_to_value (options);
  g_assert_true (py_value_equal (back, dict));
  g_assert_cmpstr (py_options_peek_name (options, 0), ==, "n9");
  g_assert_cmpint (py_int_get (py_options_get (options, "n3")), ==, 3);
}

static void
test_held_text_lowers_and_comes_back (void)
{
  g_autofree char *held = py_held_new ("A\0B", 3);
  g_autofree char *lower = py_held_lower (held, -1);
  g_autofree char *repr = py_held_repr (lower);
  g_autofree char *greek = py_held_lower ("\xce\x9f\xce\xa3 \xce\xa3\xce\x91", -1); /* final and other sigma */
  g_autofree char *turkish = py_held_lower ("\xc4\xb0I", -1);

  g_assert_cmpstr (repr, ==, "'a\\x00b'");
  g_assert_cmpstr (greek, ==, "\xce\xbf\xcf\x82 \xcf\x83\xce\xb1");
  g_assert_cmpstr (turkish, ==, "i\xcc\x87i");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/py-options/a name keeps its place", test_a_name_keeps_its_place);
  g_test_add_func ("/py-options/many names are found", test_many_names_are_found);
  g_test_add_func ("/py-options/merging lets the second win", test_merging_lets_the_second_win);
  g_test_add_func ("/py-options/a dict becomes options", test_a_dict_becomes_options);
  g_test_add_func ("/py-options/held text lowers and comes back", test_held_text_lowers_and_comes_back);
  return g_test_run ();
}
