#include "regex/out.h"

#include <string.h>

static void
test_a_long_text_is_shown_short (void)
{
  g_autofree char *fits = g_strnfill (53, 'x'), *longer = g_strnfill (54, 'x');
  g_autofree char *same = out_dup_short (fits), *cut = out_dup_short (longer), *wide = NULL;
  GString *many = g_string_new (NULL);

  g_assert_cmpstr (same, ==, fits);
  g_assert_cmpuint (strlen (cut), ==, 53);
  g_assert_true (g_str_has_suffix (cut, "x..."));
  for (guint i = 0; i < 60; i++)
    g_string_append (many, "\xc3\xbc");
  wide = out_dup_short (many->str);
  g_assert_cmpuint (g_utf8_strlen (wide, -1), ==, 53);
  g_string_free (many, TRUE);
}

static void
test_blanks_at_the_end_are_those_of_python (void)
{
  g_assert_cmpuint (out_rstrip_length ("a b \t\r\n\x0b\x1f", 9), ==, 3);
  g_assert_cmpuint (out_rstrip_length ("a\xc2\xa0\xe2\x80\xa8\xc2\x85", 8), ==, 1);
  g_assert_cmpuint (out_rstrip_length ("a\xe2\x80\x8b", 4), ==, 4);
  g_assert_cmpuint (out_rstrip_length ("", 0), ==, 0);
}

static void
test_arguments_of_urls_are_quoted (void)
{
  g_autoptr (GString) out = g_string_new (NULL);

  out_append_quoted (out, "a b&c/\xc3\xbc_.-~+\0", 14);
  g_assert_cmpstr (out->str, ==, "a+b%26c%2F%C3%BC_.-~%2B%00");
}

static void
test_sets_are_shown_in_the_order_of_python (void)
{
  g_autoptr (PyValue) set = py_set_new ();
  g_autoptr (GString) out = g_string_new (NULL);

  out_append_value (out, set);
  g_assert_cmpstr (out->str, ==, "set()");
  py_set_add (set, py_str_new ("root"));
  py_set_add (set, py_str_new ("it's"));
  g_string_truncate (out, 0);
  out_append_value (out, set);
  g_assert_true (strcmp (out->str, "{'root', \"it's\"}") == 0 || strcmp (out->str, "{\"it's\", 'root'}") == 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/out/a long text is shown short", test_a_long_text_is_shown_short);
  g_test_add_func ("/out/blanks at the end are those of Python", test_blanks_at_the_end_are_those_of_python);
  g_test_add_func ("/out/arguments of URLs are quoted", test_arguments_of_urls_are_quoted);
  g_test_add_func ("/out/sets are shown in the order of Python", test_sets_are_shown_in_the_order_of_python);
  return g_test_run ();
}
