#include "compat/py-value.h"

#include <errno.h>

#include "compat/py-bigint.h"
#include "compat/py-repr.h"

static void
test_equal_numbers_are_one_key (void)
{
  g_autoptr (PyValue) dict = py_dict_new ();
  g_autoptr (PyValue) real = py_float_new (1.0);
  g_autoptr (PyValue) yes = py_bool_new (TRUE);

  py_dict_set (dict, py_int_new (1), py_str_new ("first"));
  py_dict_set (dict, py_value_ref (yes), py_str_new ("second"));
  g_assert_cmpuint (py_dict_length (dict), ==, 1);
  g_assert_true (py_str_equals (py_dict_get (dict, real), "second"));
  g_assert_true (py_value_equal (real, yes));
}

static void
test_large_floats_and_ints_meet (void)
{
  g_autoptr (PyBigint) one = py_bigint_new_int (1);
  g_autoptr (PyValue) exact = py_int_take_bigint (py_bigint_shift_left (one, 80));
  g_autoptr (PyValue) real = py_float_new (1208925819614629174706176.0);
  g_autoptr (PyValue) small = py_int_take_bigint (py_bigint_new_int (5));

  g_assert_true (py_value_equal (exact, real));
  g_assert_cmpuint (py_value_hash (exact), ==, py_value_hash (real));
  g_assert_cmpint (py_value_type (small), ==, PY_INT);
}

static void
test_a_dict_keeps_the_order_of_insertion (void)
{
  g_autoptr (PyValue) dict = py_dict_new ();

  py_dict_set_str (dict, "b", py_int_new (1));
  py_dict_set_str (dict, "a", py_int_new (2));
  py_dict_set_str (dict, "b", py_int_new (3));
  g_autofree char *text = py_repr (dict);
  g_assert_cmpstr (text, ==, "{'b': 3, 'a': 2}");
  g_assert_null (py_dict_get_str (dict, "c"));
}

static void
test_lists_are_no_keys (void)
{
  g_autoptr (PyValue) list = py_list_new ();
  g_autoptr (PyValue) tuple = py_tuple_new_items (py_int_new (1), py_list_new (), NULL);
  g_autoptr (PyValue) dict = py_dict_new ();

  g_assert_false (py_value_is_hashable (list));
  g_assert_false (py_value_is_hashable (tuple));
  g_assert_null (py_dict_get (dict, list));
}

static void
test_sets_are_equal_in_any_order (void)
{
  g_autoptr (PyValue) a = py_set_new ();
  g_autoptr (PyValue) b = py_frozenset_new ();

  for (gint64 i = 0; i < 10; i++)
    {
      py_set_add (a, py_int_new (i));
      py_set_add (b, py_int_new (9 - i));
      py_set_add (b, py_float_new ((double) i));
    }
  g_assert_cmpuint (py_set_length (b), ==, 10);
  g_assert_true (py_value_equal (a, b));
}

static void
test_bytes_of_no_encoding_come_back (void)
{
  static const char bytes[] = "a\xff\xc3\xa9\0\xed\xb2\x80z";
  gsize len;

  g_autoptr (PyValue) text = py_str_new_surrogateescape (bytes, sizeof bytes - 1);
  g_autofree char *back = py_str_dup_surrogateescape (text, &len);
  g_assert_cmpmem (back, len, bytes, sizeof bytes - 1);
  g_autofree char *shown = py_repr (text);
  g_assert_cmpstr (shown, ==, "'a\\udcff\u00e9\\x00\\udced\\udcb2\\udc80z'");
}

static void
test_an_errno_chooses_the_class (void)
{
  g_autoptr (PyValue) missing = py_exception_new_errno (ENOENT, "/x y");
  g_autoptr (PyValue) other = py_exception_new_errno (ENOSPC, NULL);
  g_autoptr (PyValue) args = py_exception_dup_args (missing);
  g_autofree char *text = py_str (missing, NULL);
  g_autofree char *shown = py_repr (args);

  g_assert_cmpstr (py_exception_peek_class (missing), ==, "FileNotFoundError");
  g_assert_cmpstr (text, ==, "[Errno 2] No such file or directory: '/x y'");
  g_assert_cmpstr (shown, ==, "(2, 'No such file or directory')");
  g_assert_cmpstr (py_exception_peek_class (other), ==, "OSError");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/value/equal numbers are one key", test_equal_numbers_are_one_key);
  g_test_add_func ("/value/large floats and ints meet", test_large_floats_and_ints_meet);
  g_test_add_func ("/value/a dict keeps the order of insertion", test_a_dict_keeps_the_order_of_insertion);
  g_test_add_func ("/value/lists are no keys", test_lists_are_no_keys);
  g_test_add_func ("/value/sets are equal in any order", test_sets_are_equal_in_any_order);
  g_test_add_func ("/value/bytes of no encoding come back", test_bytes_of_no_encoding_come_back);
  g_test_add_func ("/value/an errno chooses the class", test_an_errno_chooses_the_class);
  return g_test_run ();
}
