#include "compat/py-set-order.h"

#include <string.h>

/* Python 3.11 with PYTHONHASHSEED=0 said so. */
static void
test_hashes_are_those_of_python (void)
{
  g_assert_cmpint (py_str_hash ("root", 4), ==, -1664206954788908473);
  g_assert_cmpint (py_str_hash ("\xc3\xbc", 2), ==, 8857159422313665004);
  g_assert_cmpint (py_str_hash ("\xc4\x8ax", 3), ==, -6843973430242602539);
  g_assert_cmpint (py_str_hash ("\xf0\x9f\x98\x80"
                                "a",
                                5),
                   ==, 1495732039293241016);
  g_assert_cmpint (py_str_hash ("", 0), ==, 0);
}

static void
shows (int line, const char *inserted, const char *shown)
{
  g_auto (GStrv) in = g_strsplit (inserted, " ", -1), out = g_strsplit (shown, " ", -1);
  g_autoptr (PyValue) set = py_set_new (), ordered = NULL;

  for (guint i = 0; in[i] != NULL; i++)
    py_set_add (set, py_str_new (in[i]));
  ordered = py_set_dup_ordered (set);
  g_assert_cmpuint (py_seq_length (ordered), ==, g_strv_length (out));
  for (guint i = 0; out[i] != NULL; i++)
    if (!py_str_equals (py_seq_peek (ordered, i), out[i]))
      g_error ("line %d: place %u has not '%s'", line, i, out[i]);
}
#define SHOWS(inserted, shown) shows (__LINE__, inserted, shown)

static void
test_sets_show_in_the_order_of_python (void)
{
  SHOWS ("user653159 user267853 user777820", "user653159 user267853 user777820");
  SHOWS ("user375951 user833820 user723985 user988230 user882388",
         "user988230 user882388 user375951 user833820 user723985");
  SHOWS ("user775839 user683704 user967127 user555787 user30414 user881168 user488240 user813651 user989181",
         "user683704 user813651 user989181 user30414 user967127 user555787 user881168 user488240 user775839");
  SHOWS (
      "user261150 user680499 user54372 user944662 user164470 user118705 user389853 user491854 user910631 user258550 "
      "user399253 user570174 user106927 user601820 user261442 user13751 user766701 user227257 user427977 user293058",
      "user13751 user293058 user227257 user389853 user261150 user601820 user766701 user54372 user944662 user399253 "
      "user910631 user258550 user261442 user164470 user106927 user680499 user118705 user427977 user491854 user570174");
}

static void
test_other_members_stay_in_order_of_insertion (void)
{
  g_autoptr (PyValue) set = py_set_new (), ordered = NULL;

  py_set_add (set, py_int_new (7));
  py_set_add (set, py_str_new ("x"));
  ordered = py_set_dup_ordered (set);
  g_assert_cmpint (py_int_get (py_seq_peek (ordered, 0)), ==, 7);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/set order/hashes are those of Python", test_hashes_are_those_of_python);
  g_test_add_func ("/set order/sets show in the order of Python", test_sets_show_in_the_order_of_python);
  g_test_add_func ("/set order/other members stay in order of insertion",
                   test_other_members_stay_in_order_of_insertion);
  return g_test_run ();
}
