#include "compat/py-json.h"

#include <string.h>

static void
becomes (guint line, const char *json, PyJsonFlags flags, const char *wanted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) value = py_json_parse (json, -1, &error);
  g_autofree char *text = value != NULL ? py_json_dump (value, flags, &error) : NULL;

  if (text == NULL || !g_str_equal (text, wanted))
    g_error ("line %u: %s", line, text != NULL ? text : error->message);
}
#define BECOMES(...) becomes (__LINE__, __VA_ARGS__)

static void
rejects (guint line, const char *json, const char *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) value = py_json_parse (json, -1, &error);

  if (value != NULL || !g_str_equal (error->message, message))
    g_error ("line %u: %s", line, value == NULL ? error->message : "accepted");
}
#define REJECTS(...) rejects (__LINE__, __VA_ARGS__)

static void
test_what_is_read_is_written_as_python_does (void)
{
  BECOMES (" [1,2.50,1e3,-0,\"a\"] ", PY_JSON_DEFAULT, "[1, 2.5, 1000.0, 0, \"a\"]");
  BECOMES ("{\"b\":null,\"a\":[true,false]}", PY_JSON_DEFAULT, "{\"b\": null, \"a\": [true, false]}");
  BECOMES ("{\"b\":1,\"a\":2,\"b\":3}", PY_JSON_SORT_KEYS | PY_JSON_COMPACT, "{\"a\":2,\"b\":3}");
  BECOMES ("[NaN,Infinity,-Infinity]", PY_JSON_DEFAULT, "[NaN, Infinity, -Infinity]");
  BECOMES ("123456789012345678901234567890", PY_JSON_DEFAULT, "123456789012345678901234567890");
}

static void
test_text_is_escaped_or_not (void)
{
  BECOMES ("\"\\u00e9\\ud83d\\ude00\\udc80\\u007f\\n\\/\"", PY_JSON_DEFAULT,
           "\"\\u00e9\\ud83d\\ude00\\udc80\\u007f\\n/\"");
  BECOMES ("\"\\u00e9\\u007f\\n\"", PY_JSON_UTF8, "\"\u00e9\x7f\\n\"");
}

static void
test_errors_are_pythons (void)
{
  REJECTS ("", "Expecting value: line 1 column 1 (char 0)");
  REJECTS ("[1,\n x]", "Expecting value: line 2 column 2 (char 5)");
  REJECTS ("[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)");
  REJECTS ("{1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)");
  REJECTS ("{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)");
  REJECTS ("\"abc", "Unterminated string starting at: line 1 column 1 (char 0)");
  REJECTS ("\"a\nb\"", "Invalid control character at: line 1 column 3 (char 2)");
  REJECTS ("1 2", "Extra data: line 1 column 3 (char 2)");
  REJECTS ("01", "Extra data: line 1 column 2 (char 1)");
}

static void
test_depth_is_limited (void)
{
  g_autofree char *deep = g_strnfill (100000, '[');

  REJECTS (deep, "nested deeper than 900 levels");
}

static void
test_keys_become_text (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) dict = py_dict_new ();

  py_dict_set (dict, py_int_new (1), py_none_new ());
  py_dict_set (dict, py_none_new (), py_none_new ());
  py_dict_set (dict, py_bool_new (FALSE), py_none_new ());
  g_autofree char *text = py_json_dump (dict, PY_JSON_DEFAULT, &error);
  g_assert_cmpstr (text, ==, "{\"1\": null, \"null\": null, \"false\": null}");
  py_dict_set (dict, py_bytes_new ("x", 1), py_none_new ());
  g_assert_null (py_json_dump (dict, PY_JSON_DEFAULT, &error));
  g_assert_error (error, PY_JSON_ERROR, PY_JSON_ERROR_TYPE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/what is read is written as Python does", test_what_is_read_is_written_as_python_does);
  g_test_add_func ("/json/text is escaped or not", test_text_is_escaped_or_not);
  g_test_add_func ("/json/errors are Python's", test_errors_are_pythons);
  g_test_add_func ("/json/depth is limited", test_depth_is_limited);
  g_test_add_func ("/json/keys become text", test_keys_become_text);
  return g_test_run ();
}
