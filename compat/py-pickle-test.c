#include "compat/py-pickle.h"

#include <string.h>

#include "compat/py-json.h"
#include "compat/py-repr.h"

static PyValue *
decode (const char *bytes, gsize len, GError **error)
{
  return py_pickle_decode (bytes, len, NULL, NULL, error);
}

static void
reads (guint line, const char *bytes, gsize len, const char *wanted)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) value = decode (bytes, len, &error);
  g_autofree char *text = value != NULL ? py_repr (value) : NULL;

  if (text == NULL || !g_str_equal (text, wanted))
    g_error ("line %u: %s", line, text != NULL ? text : error->message);
}
#define READS(bytes, wanted) reads (__LINE__, bytes, sizeof (bytes) - 1, wanted)

static void
refuses (guint line, const char *bytes, gsize len, PyPickleError code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) value = decode (bytes, len, &error);

  if (value != NULL || !g_error_matches (error, PY_PICKLE_ERROR, (int) code))
    g_error ("line %u: %s", line, value == NULL ? error->message : "accepted");
}
#define REFUSES(bytes, code) refuses (__LINE__, bytes, sizeof (bytes) - 1, code)

static PyValue *
new_json_error (const char *text)
{
  return py_exception_new ("json.decoder", "JSONDecodeError", py_tuple_new_items (py_str_new (text), NULL));
}

static PyValue *
new_everything (void)
{
  PyValue *dict = py_dict_new ();
  PyValue *set = py_set_new ();

  py_set_add (set, py_int_new (1));
  py_set_add (set, py_str_new ("x"));
  py_dict_set_str (dict, "ints",
                   py_list_new_items (py_int_new (0), py_int_new (-1), py_int_new (256), py_int_new (70000),
                                      py_int_new (G_MININT64), NULL));
  py_dict_set_str (dict, "others", py_tuple_new_items (py_none_new (), py_bool_new (TRUE), py_float_new (1.5), NULL));
  py_dict_set_str (dict, "text", py_tuple_new_items (py_str_new ("\u00e9"), py_bytes_new ("\xff\0", 2), NULL));
  py_dict_set_str (dict, "set", set);
  py_dict_set_str (dict, "frozen", py_frozenset_new ());
  py_dict_set_str (dict, "long",
                   py_tuple_new_items (py_int_new (1), py_int_new (2), py_int_new (3), py_int_new (4), NULL));
  py_dict_set_str (
      dict, "error",
      py_exception_new ("fail2ban.exceptions", "UnknownJailException", py_tuple_new_items (py_str_new ("j"), NULL)));
  py_dict_set_str (dict, "os", py_exception_new_errno (2, "/x"));
  py_dict_set_str (dict, "json", new_json_error ("Expecting value: line 1 column 5 (char 4)"));
  py_dict_set_str (dict, "more json", new_json_error ("Extra data: line 3 column 2 (char 17)"));
  return dict;
}

static void
test_everything_comes_back_in_every_protocol (void)
{
  g_autoptr (PyValue) value = new_everything ();
  g_autofree char *wanted = py_repr (value);

  for (guint protocol = 3; protocol <= 4; protocol++)
    {
      g_autoptr (GBytes) bytes = py_pickle_encode (value, protocol);
      gsize len;
      const char *data = g_bytes_get_data (bytes, &len);
      reads (__LINE__, data, len, wanted);
    }
}

static void
test_protocol_2_names_exceptions_as_python_2_does (void)
{
  g_autoptr (PyValue) value = py_exception_new_errno (2, "/x");
  g_autoptr (GBytes) bytes = py_pickle_encode (value, 2);
  gsize len;
  const char *data = g_bytes_get_data (bytes, &len);

  g_assert_nonnull (memmem (data, len, "cexceptions\nOSError\n", 20));
  reads (__LINE__, data, len, "OSError(2, 'No such file or directory')");
}

static void
test_old_protocols_are_read (void)
{
  READS ("(lp0\nS'status'\np1\naVj\\u00e9\np2\naI01\naL5L\naF1.5\na(dp3\nS'a'\nI2\nsa.",
         "['status', 'j\u00e9', True, 5, 1.5, {'a': 2}]");
  READS ("]q\0(U\1aT\1\0\0\0b\x88\x8a\2\xff\0e.", "['a', 'b', True, 255]");
  READS ("c__builtin__\nset\n((lI1\natR.", "{1}");
  READS ("c_codecs\nencode\n(V\\u00ff\nVlatin1\ntR.", "b'\\xff'");
  READS ("cbuiltins\nstr\n(V192.0.2.1\ntR.", "'192.0.2.1'");
  READS ("S'a\\x41\\n\\\\\\''\n.", "\"aA\\n\\\\'\"");
  READS ("U\1\xe9.", "'\u00e9'");
}

static void
test_what_follows_the_end_does_not_count (void)
{
  gsize used = 0;
  g_autoptr (PyValue) value = py_pickle_decode ("K\1.garbage", 10, NULL, &used, NULL);

  g_assert_nonnull (value);
  g_assert_cmpuint (used, ==, 3);
}

static void
test_nothing_but_plain_values_is_made (void)
{
  REFUSES ("cos\nsystem\n(S'true'\ntR.", PY_PICKLE_ERROR_REFUSED);
  REFUSES ("\x80\4\x8c\2os\x8c\6system\x93\x8c\1x\x85R.", PY_PICKLE_ERROR_REFUSED);
  REFUSES ("cbuiltins\neval\n(S'1'\ntR.", PY_PICKLE_ERROR_REFUSED);
  REFUSES ("cfail2ban.server.utils\nUtils\n.", PY_PICKLE_ERROR_REFUSED);
  REFUSES ("cfail2ban..x\nAException\n.", PY_PICKLE_ERROR_REFUSED);
  REFUSES ("(S'x'\nios\nsystem\n.", PY_PICKLE_ERROR_REFUSED);
  REFUSES ("Pid\n.", PY_PICKLE_ERROR_REFUSED);
  REFUSES ("\x80\2\x82\1.", PY_PICKLE_ERROR_REFUSED);
  REFUSES ("cbuiltins\nValueError\n.", PY_PICKLE_ERROR_REFUSED);
}

static void
test_broken_bytes_are_an_error (void)
{
  REFUSES ("", PY_PICKLE_ERROR_TRUNCATED);
  REFUSES ("N", PY_PICKLE_ERROR_TRUNCATED);
  REFUSES ("X\xff\xff\xff\xff"
           "abc.",
           PY_PICKLE_ERROR_TRUNCATED);
  REFUSES ("\x8d\xff\xff\xff\xff\xff\xff\xff\xff.", PY_PICKLE_ERROR_TRUNCATED);
  REFUSES ("a.", PY_PICKLE_ERROR_INVALID);
  REFUSES ("e.", PY_PICKLE_ERROR_INVALID);
  REFUSES ("}]K\1s.", PY_PICKLE_ERROR_INVALID);
  REFUSES ("\x8c\1\xff.", PY_PICKLE_ERROR_INVALID);
  REFUSES ("\x80\6N.", PY_PICKLE_ERROR_INVALID);
  REFUSES ("g5\n.", PY_PICKLE_ERROR_INVALID);
}

static void
test_a_value_within_itself_is_refused_and_freed (void)
{
  REFUSES ("]q\0h\0a.", PY_PICKLE_ERROR_LIMIT);
  REFUSES ("]q\0]q\1h\0ah\1a.", PY_PICKLE_ERROR_LIMIT);
  REFUSES ("}q\0K\1h\0s.", PY_PICKLE_ERROR_LIMIT);
  READS ("]q\0(h\0tq\1h\0h\1a0N.", "None"); /* the cycle is not part of the answer */
}

static void
test_depth_and_growth_are_limited (void)
{
  g_autoptr (GString) deep = g_string_new (NULL), thrown = NULL, bomb = g_string_new ("]q");

  for (guint i = 0; i < 100000; i++)
    g_string_append (deep, i == 0 ? ")\x85" : "\x85");
  thrown = g_string_new_len (deep->str, (gssize) deep->len);
  g_string_append_c (deep, '.');
  refuses (__LINE__, deep->str, deep->len, PY_PICKLE_ERROR_LIMIT);
  g_string_append (thrown, "0K\1."); /* built, thrown away: freeing it must not go deep either */
  reads (__LINE__, thrown->str, thrown->len, "1");
  g_string_append_c (bomb, '\0');
  for (guchar i = 0; i < 60; i++)
    {
      const char step[] = { ']', 'q', (char) (i + 1), 'h', (char) i, 'a', 'h', (char) i, 'a' };
      g_string_append_len (bomb, step, sizeof step);
    }
  g_string_append_c (bomb, '.');
  refuses (__LINE__, bomb->str, bomb->len, PY_PICKLE_ERROR_LIMIT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pickle/everything comes back in every protocol", test_everything_comes_back_in_every_protocol);
  g_test_add_func ("/pickle/protocol 2 names exceptions as Python 2 does",
                   test_protocol_2_names_exceptions_as_python_2_does);
  g_test_add_func ("/pickle/old protocols are read", test_old_protocols_are_read);
  g_test_add_func ("/pickle/what follows the end does not count", test_what_follows_the_end_does_not_count);
  g_test_add_func ("/pickle/nothing but plain values is made", test_nothing_but_plain_values_is_made);
  g_test_add_func ("/pickle/broken bytes are an error", test_broken_bytes_are_an_error);
  g_test_add_func ("/pickle/a value within itself is refused and freed",
                   test_a_value_within_itself_is_refused_and_freed);
  g_test_add_func ("/pickle/depth and growth are limited", test_depth_and_growth_are_limited);
  return g_test_run ();
}
