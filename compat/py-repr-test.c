#include "compat/py-repr.h"

#include <string.h>

#include <math.h>

#include "compat/py-json.h"

static void
shows (guint line, const char *json, const char *wanted)
{
  g_autoptr (PyValue) value = py_json_parse (json, -1, NULL);
  g_autofree char *text = py_repr (value);

  if (!g_str_equal (text, wanted))
    g_error ("line %u: %s, not %s", line, text, wanted);
}
#define SHOWS(...) shows (__LINE__, __VA_ARGS__)

static void
test_quotes_are_chosen_as_python_does (void)
{
  SHOWS ("\"it's\"", "\"it's\"");
  SHOWS ("\"say \\\"hi\\\"\"", "'say \"hi\"'");
  SHOWS ("\"'\\\"\"", "'\\'\"'");
}

static void
test_what_can_not_be_printed_is_escaped (void)
{
  SHOWS ("\"\\n\\t\\u0000\\u007f\\u0080\\u00ad\\u00e9\"", "'\\n\\t\\x00\\x7f\\x80\\xad\u00e9'");
  SHOWS ("\"\\u200b\\ue000\\ud800\"", "'\\u200b\\ue000\\ud800'");
  SHOWS ("\"\\ud83d\\ude00\\udb40\\udc01\"", "'\U0001F600\\U000e0001'");
}

static void
test_floats_have_the_shortest_digits (void)
{
  static const struct
  {
    double value;
    const char *text;
  } rows[] = {
    { 0.1, "0.1" },
    { -0.0, "-0.0" },
    { 1e16, "1e+16" },
    { 123456789012345680.0, "1.2345678901234568e+17" },
    { 1e15, "1000000000000000.0" },
    { 0.0001, "0.0001" },
    { 0.00001, "1e-05" },
    { 5e-324, "5e-324" },
    { 5.684341886080802e-14,
      "5.684341886080802e-14" }, /* 2**-44: the nearest decimal of 16 digits is another float's */
    { 1.7976931348623157e308, "1.7976931348623157e+308" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = py_repr_float (rows[i].value);
      g_assert_cmpstr (text, ==, rows[i].text);
    }
}

static void
test_containers_nest (void)
{
  g_autoptr (PyValue) tuple = py_tuple_new_items (py_none_new (), NULL);
  g_autofree char *text = py_repr (tuple);
  g_autoptr (PyValue) set = py_set_new ();
  g_autofree char *empty = py_repr (set);

  SHOWS ("[1, [true, {\"a\": 1.5}], []]", "[1, [True, {'a': 1.5}], []]");
  g_assert_cmpstr (text, ==, "(None,)");
  g_assert_cmpstr (empty, ==, "set()");
}

static void
test_exceptions_speak_as_in_python (void)
{
  g_autoptr (PyValue) key = py_exception_new_text ("KeyError", "x");
  g_autoptr (PyValue) plain = py_exception_new_text ("ValueError", "x");
  g_autoptr (PyValue) syntax
      = py_exception_new ("builtins", "SyntaxError",
                          py_tuple_new_items (py_str_new ("invalid syntax"),
                                              py_tuple_new_items (py_str_new ("/a/b"), py_int_new (3), NULL), NULL));
  g_autofree char *key_text = py_str (key, NULL), *plain_text = py_str (plain, NULL), *shown = py_repr (plain);
  g_autofree char *syntax_text = py_str (syntax, NULL);

  g_assert_cmpstr (key_text, ==, "'x'");
  g_assert_cmpstr (plain_text, ==, "x");
  g_assert_cmpstr (shown, ==, "ValueError('x')");
  g_assert_cmpstr (syntax_text, ==, "invalid syntax (b, line 3)");
}

static void
prints (guint line, const char *json, guint width, const char *wanted)
{
  g_autoptr (PyValue) value = py_json_parse (json, -1, NULL);
  g_autofree char *text = py_pprint (value, width, 2);

  if (!g_str_equal (text, wanted))
    g_error ("line %u: %s, not %s", line, text, wanted);
}
#define PRINTS(...) prints (__LINE__, __VA_ARGS__)

static void
test_pprint_breaks_what_is_too_wide (void)
{
  PRINTS ("[\"aaa\", \"bbb\"]", 1000, "['aaa', 'bbb']");
  PRINTS ("[\"aaa\", \"bbb\"]", 10, "[ 'aaa',\n  'bbb']");
  PRINTS ("{\"b\": 1, \"a\": [1, 2]}", 12, "{ 'a': [ 1,\n         2],\n  'b': 1}");
  PRINTS ("\"one two three\"", 10, "('one '\n 'two '\n 'three')");
  PRINTS ("[\"a\\nb\", []]", 8, "[ 'a\\n'\n  'b',\n  []]");
}

/* Long text is looked at in blocks, of eight bytes and of 4096: what stands at their borders must not matter. */
static void
test_a_long_text_is_the_sum_of_its_characters (void)
{
  static const char *const characters[]
      = { "a",    "\n", "\\", "'", "\x7f", "\xc3\xa9", "\xc2\x80", "\xe2\x80\xa8", "\xf0\x9f\x98\x80", "\xed\xb2\x80",
          "\xff", "\t" };
  g_autoptr (GRand) rand = g_rand_new_with_seed (8);

  for (guint i = 0; i < 3000; i++)
    {
      g_autoptr (GString) text = g_string_new ("\"'"); /* both quotes: they are the single ones then */
      g_autoptr (GString) wanted = g_string_new ("'\"\\'");
      for (int n = g_rand_int_range (rand, 0, i % 300 == 0 ? 9000 : 40); n > 0; n--)
        {
          guint last = g_rand_int_range (rand, 0, 4) == 0 ? G_N_ELEMENTS (characters) : 1;
          const char *character = characters[g_rand_int_range (rand, 0, (int) last)];
          g_autofree char *one = py_repr_str (character, -1);
          g_string_append (text, character);
          if (*character == '\'')
            g_string_append (wanted, "\\'");
          else
            g_string_append_len (wanted, one + 1, (gssize) strlen (one) - 2);
        }
      g_string_append_c (wanted, '\'');
      g_autofree char *got = py_repr_str (text->str, (gssize) text->len);
      g_assert_cmpstr (got, ==, wanted->str);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/repr/quotes are chosen as Python does", test_quotes_are_chosen_as_python_does);
  g_test_add_func ("/repr/a long text is the sum of its characters", test_a_long_text_is_the_sum_of_its_characters);
  g_test_add_func ("/repr/what can not be printed is escaped", test_what_can_not_be_printed_is_escaped);
  g_test_add_func ("/repr/floats have the shortest digits", test_floats_have_the_shortest_digits);
  g_test_add_func ("/repr/containers nest", test_containers_nest);
  g_test_add_func ("/repr/exceptions speak as in Python", test_exceptions_speak_as_in_python);
  g_test_add_func ("/repr/pprint breaks what is too wide", test_pprint_breaks_what_is_too_wide);
  return g_test_run ();
}
