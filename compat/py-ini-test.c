#include "compat/py-ini.h"

#include <string.h>

static PyIni *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  PyIni *ini = py_ini_parse (text, strlen (text), "t.conf", &error);

  g_assert_no_error (error);
  return ini;
}

#define READS(...)   reads (__LINE__, __VA_ARGS__)
#define REJECTS(...) rejects (__LINE__, __VA_ARGS__)
#define FAILS(...)   fails (__LINE__, __VA_ARGS__)

/* What the option has in the file, references expanded. */
static void
reads (int line, const char *text, const char *section, const char *option, const char *expected)
{
  g_autoptr (PyIni) ini = parse (text);
  g_autoptr (PyValue) value = NULL;
  g_autoptr (GError) error = NULL;
  PyIniResult result = py_ini_get (ini, section, option, NULL, &value, &error);

  g_assert_no_error (error);
  if (result != PY_INI_FOUND || !py_str_equals (value, expected))
    g_error ("line %d: result %d, '%s' instead of '%s'", line, result,
             value != NULL ? py_str_peek (value, NULL) : "nothing", expected);
}

static void
rejects_bytes (int line, const char *bytes, gsize len, PyIniError code, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyIni) ini = py_ini_parse (bytes, len, "t.conf", &error);

  if (ini != NULL || !g_error_matches (error, PY_INI_ERROR, (int) code) || strcmp (error->message, expected) != 0)
    g_error ("line %d: '%s' instead of '%s'", line, error != NULL ? error->message : "no error", expected);
}

static void
rejects (int line, const char *text, PyIniError code, const char *expected)
{
  rejects_bytes (line, text, strlen (text), code, expected);
}

/* Section "s", option "a" cannot be expanded. */
static void
fails (int line, const char *text, PyIniError code, const char *expected)
{
  g_autoptr (PyIni) ini = parse (text);
  g_autoptr (PyValue) value = NULL;
  g_autoptr (GError) error = NULL;
  PyIniResult result = py_ini_get (ini, "s", "a", NULL, &value, &error);

  if (result != PY_INI_FAILED || !g_error_matches (error, PY_INI_ERROR, (int) code)
      || strcmp (error->message, expected) != 0)
    g_error ("line %d: '%s' instead of '%s'", line, error != NULL ? error->message : "no error", expected);
}

static void
test_names_and_values_are_trimmed (void)
{
  READS ("[s]\na = 1", "s", "a", "1");
  READS ("[s]\n  A\t:  x y \t\n", "s", "a", "x y");
  READS ("[s]\na=b=c:d\n", "s", "A", "b=c:d");
  READS ("[s]\na:b=c\n", "s", "a", "b=c");
  READS ("[s]\nA b\xc3\x96 = 1\n", "s", "a b\xc3\xb6", "1");
  READS ("[s]\na =\n", "s", "a", "");
  READS ("[a] b] c\nx = 1\n", "a] b", "x", "1");
  READS ("[s]\r\na = 1\r\n  2\r\n", "s", "a", "1\n2");
  READS ("[s]\ra = 1\r", "s", "a", "1");
  READS ("[s]\na = \xc2\xa0x\xe3\x80\x80\n", "s", "a", "x");
}

static void
test_deeper_lines_continue_a_value (void)
{
  READS ("[s]\na = 1\n  2\n\t3\nb = 4\n", "s", "a", "1\n2\n3");
  READS ("[s]\na =\n  1\n\n  2\n\n\nb = 1\n", "s", "a", "\n1\n\n2");
  READS ("[s]\n  a = 1\n  b = 2\n", "s", "b", "2");
  READS ("[s]\n  a = 1\n   b = 2\n", "s", "a", "1\nb = 2");
  READS ("[s]\na = 1\n  # comment\n  2\n", "s", "a", "1\n2");
  READS ("[s]\na = 1\n [t]\n", "s", "a", "1\n[t]");
}

static void
test_a_semicolon_behind_a_blank_begins_a_comment (void)
{
  READS ("[s]\na = 1 ; one\n", "s", "a", "1");
  READS ("[s]\na = 1;2\n", "s", "a", "1;2");
  READS ("[s]\na = 1;2 ;3 ;4\n", "s", "a", "1;2");
  READS ("[s]\na = 1 # one\n", "s", "a", "1 # one");
  READS ("[s]\n; x\n# y\n  ;z\na = 1\n", "s", "a", "1");
  READS ("[s]\na = 1\n ; comment only\n 2\n", "s", "a", "1\n2");
}

static void
test_the_default_section_is_seen_by_all (void)
{
  READS ("[DEFAULT]\na = 1\n[s]\nb = 2\n", "s", "a", "1");
  READS ("[s]\n[DEFAULT]\na = 1\n[DEFAULT]\nb = 2\n", "s", "b", "2");
  READS ("[DEFAULT]\na = 1\n", "DEFAULT", "a", "1");
  READS ("[DEFAULT]\nx = %(y)s\n[s]\ny = own\n", "s", "x", "own");
}

static void
test_a_name_that_is_not_there_is_no_error (void)
{
  g_autoptr (PyIni) ini = parse ("[s]\na = 1\n");
  g_autoptr (PyValue) value = NULL;

  g_assert_cmpint (py_ini_get (ini, "s", "b", NULL, &value, NULL), ==, PY_INI_NO_OPTION);
  g_assert_cmpint (py_ini_get (ini, "S", "a", NULL, &value, NULL), ==, PY_INI_NO_SECTION);
  g_assert_null (value);
}

static void
test_syntax_errors_have_pythons_words (void)
{
  REJECTS ("\na = 1\n", PY_INI_ERROR_MISSING_HEADER,
           "File contains no section headers.\nfile: 't.conf', line: 2\n'a = 1\\n'");
  REJECTS ("\xef\xbb\xbf[s]\n", PY_INI_ERROR_MISSING_HEADER,
           "File contains no section headers.\nfile: 't.conf', line: 1\n'\\ufeff[s]\\n'");
  REJECTS ("[s]\nx\n[]\na=1\n=3\n", PY_INI_ERROR_PARSING,
           "Source contains parsing errors: 't.conf'\n\t[line  2]: 'x\\n'\n\t[line  3]: '[]\\n'\n\t[line  5]: '=3\\n'");
  REJECTS ("[s]\n[t]\n[s]\n", PY_INI_ERROR_DUPLICATE_SECTION,
           "While reading from 't.conf' [line  3]: section 's' already exists");
  REJECTS ("[s]\na=1\nA : 2\n", PY_INI_ERROR_DUPLICATE_OPTION,
           "While reading from 't.conf' [line  3]: option 'a' in section 's' already exists");
  REJECTS ("[DEFAULT]\na=1\n[DEFAULT]\na=1\n", PY_INI_ERROR_DUPLICATE_OPTION,
           "While reading from 't.conf' [line  4]: option 'a' in section 'DEFAULT' already exists");
}

static void
test_what_is_no_utf8_is_named_by_its_place (void)
{
  g_autoptr (GString) text = g_string_new ("[s]\n");

  REJECTS ("[s]\na = \xe9z\n", PY_INI_ERROR_UNICODE,
           "'utf-8' codec can't decode byte 0xe9 in position 8: invalid continuation byte");
  REJECTS ("[s]\na = \xff\n", PY_INI_ERROR_UNICODE,
           "'utf-8' codec can't decode byte 0xff in position 8: invalid start byte");
  REJECTS ("[s]\na = \xed\xa0\x80\n", PY_INI_ERROR_UNICODE,
           "'utf-8' codec can't decode byte 0xed in position 8: invalid continuation byte");
  REJECTS ("[s]\na = \xe2\x82z\n", PY_INI_ERROR_UNICODE,
           "'utf-8' codec can't decode bytes in position 8-9: invalid continuation byte");
  REJECTS ("[s]\na = \xf0\x9f\x98", PY_INI_ERROR_UNICODE,
           "'utf-8' codec can't decode bytes in position 0-2: unexpected end of data");

  /* Positions count from the 8192 bytes that Python decodes at once; an error in an earlier line comes first. */
  while (text->len < 9000)
    g_string_append (text, "# filling\n");
  g_string_append (text, "\xe9z\n");
  g_autofree char *expected = g_strdup_printf (
      "'utf-8' codec can't decode byte 0xe9 in position %u: invalid continuation byte", (guint) text->len - 3 - 8192);
  REJECTS (text->str, PY_INI_ERROR_UNICODE, expected);
  g_string_prepend (text, "x\n");
  REJECTS (text->str, PY_INI_ERROR_MISSING_HEADER,
           "File contains no section headers.\nfile: 't.conf', line: 1\n'x\\n'");
}

static void
test_a_nul_is_held_and_comes_back (void)
{
  static const char text[] = "[s]\na = x\0y\n";
  static const char alone[] = "\0\0";
  g_autoptr (PyIni) ini = py_ini_parse (text, sizeof text - 1, "t.conf", NULL);

  g_assert_cmpstr (py_options_get_text (py_ini_peek_section (ini, "s"), "a"), ==, "x\xc0\x80y");
  rejects_bytes (__LINE__, alone, 2, PY_INI_ERROR_MISSING_HEADER,
                 "File contains no section headers.\nfile: 't.conf', line: 1\n'\\x00\\x00'");
}

static void
test_references_are_expanded (void)
{
  READS ("[s]\na = %(b)s-%(c)s\nb = %(c)s\nc = 1\n", "s", "a", "1-1");
  READS ("[s]\na = %(B)s\nb = 1\n", "s", "a", "1");
  READS ("[s]\na = 100%%\n", "s", "a", "100%");
  READS ("[s]\na = %%(b)s\n", "s", "a", "%(b)s");
  READS ("[s]\na = %(__name__)s\n", "s", "a", "s");
  READS ("[s]\na=%(b)s\nb=%(c)s\nc=%(d)s\nd=%(e)s\ne=%(f)s\nf=%(g)s\ng=%(h)s\nh=%(i)s\ni=%(j)s\nj=%%\n", "s", "a", "%");
}

static void
test_bad_references_have_pythons_words (void)
{
  FAILS (
      "[s]\na = x%(b)s\n", PY_INI_ERROR_INTERPOLATION_MISSING,
      "Bad value substitution: option 'a' in section 's' contains an interpolation key 'b' which is not a valid option "
      "name. Raw value: 'x%(b)s'");
  FAILS ("[s]\na = %(b\n", PY_INI_ERROR_INTERPOLATION_SYNTAX, "bad interpolation variable reference '%(b'");
  FAILS ("[s]\na = x%(b)z\n", PY_INI_ERROR_INTERPOLATION_SYNTAX, "bad interpolation variable reference '%(b)z'");
  FAILS ("[s]\na = 5% x\n", PY_INI_ERROR_INTERPOLATION_SYNTAX, "'%' must be followed by '%' or '(', found: '% x'");
  FAILS (
      "[s]\na = %(b)s\nb = %(a)s\n", PY_INI_ERROR_INTERPOLATION_DEPTH,
      "Recursion limit exceeded in value substitution: option 'a' in section 's' contains an interpolation key which "
      "cannot be substituted in 10 steps. Raw value: '%(b)s'");
}

static void
test_ten_levels_of_ten_references_end (void)
{
  g_autoptr (GString) text = g_string_new ("[s]\na=%(b)s%(b)s%(b)s%(b)s%(b)s%(b)s%(b)s%(b)s%(b)s%(b)s\n");

  for (char c = 'b'; c < 'i'; c++)
    {
      g_string_append_printf (text, "%c=", c);
      for (guint i = 0; i < 10; i++)
        g_string_append_printf (text, "%%(%c)s", c + 1);
      g_string_append_c (text, '\n');
    }
  g_string_append (text, "i=\n");
  FAILS (text->str, PY_INI_ERROR_LIMIT, "value of option 'a' in section 's' is too large after substitution");
}

static void
test_vars_come_first_and_become_text (void)
{
  g_autoptr (PyIni) ini = parse ("[s]\na = %(n)s %(x)s\nx = file\n");
  g_autoptr (PyOptions) given = py_options_new ();
  g_autoptr (PyValue) value = NULL;
  g_autoptr (GError) error = NULL;

  py_options_set (given, "N", py_int_new (5));
  py_options_set (given, "x", py_str_new ("var"));
  py_options_set (given, "none", py_none_new ());
  g_autoptr (PyOptions) vars = py_ini_vars_new (given);
  g_assert_cmpint (py_ini_get (ini, "s", "a", vars, &value, &error), ==, PY_INI_FOUND);
  g_assert_cmpstr (py_str_peek (value, NULL), ==, "5 var");
  g_clear_pointer (&value, py_value_unref);
  g_assert_cmpint (py_ini_get (ini, "s", "none", vars, &value, &error), ==, PY_INI_FOUND);
  g_assert_cmpint (py_value_type (value), ==, PY_NONE);
}

static void
test_what_is_no_text_does_not_interpolate (void)
{
  g_autoptr (PyIni) ini = parse ("[s]\na = %(n)s\n");
  g_autoptr (PyValue) value = NULL;
  g_autoptr (GError) error = NULL;

  py_options_set (py_ini_peek_section (ini, "s"), "n", py_int_new (5));
  g_assert_cmpint (py_ini_get (ini, "s", "a", NULL, &value, &error), ==, PY_INI_FAILED);
  g_assert_error (error, PY_INI_ERROR, PY_INI_ERROR_TYPE);
  g_assert_cmpstr (error->message, ==, "argument of type 'int' is not iterable");
}

/* What a remembering and a forgetful ini say of all options of both sections, with these variables. */
static void
assert_both_say_the_same (const PyIni *remembering, const PyIni *forgetful, const PyOptions *vars)
{
  static const char *const sections[] = { "s", "t" };
  static const char *const options[] = { "a", "b", "c", "d", "e", "x", "y", "wrong", "many", "none" };

  for (guint i = 0; i < G_N_ELEMENTS (sections) * G_N_ELEMENTS (options); i++)
    {
      const char *section = sections[i % G_N_ELEMENTS (sections)], *option = options[i / G_N_ELEMENTS (sections)];
      g_autoptr (PyValue) one = NULL;
      g_autoptr (PyValue) other = NULL;
      g_autoptr (GError) one_error = NULL;
      g_autoptr (GError) other_error = NULL;
      PyIniResult result = py_ini_get (remembering, section, option, vars, &one, &one_error);

      g_assert_cmpint (result, ==, py_ini_get (forgetful, section, option, vars, &other, &other_error));
      g_assert_true (one == NULL ? other == NULL : py_value_equal (one, other));
      g_assert_cmpstr (one_error != NULL ? one_error->message : NULL, ==,
                       other_error != NULL ? other_error->message : NULL);
    }
}

static void
test_what_is_remembered_is_what_would_be_read_again (void)
{
  static const char *const given[] = { "", "x", "y", "a", "b", "e", "q", "x", "r59", "zz", "" };
  g_autoptr (GString) text
      = g_string_new ("[DEFAULT]\ny = 1\ne = %(y)s%%\n"
                      "[s]\na = %(b)s %(x)s\nb = b%(y)s\nx = own\nc = plain\nd = %(__name__)s%(c)s\n"
                      "wrong = %(zz)s\n[t]\na = %(y)s%(e)s\nx = %(q)s\nq = 7\n");
  g_string_append (text, "many =");
  for (guint i = 0; i < 100; i++)
    g_string_append_printf (text, " %%(r%u)s", i);
  for (guint i = 0; i < 100; i++)
    g_string_append_printf (text, "\nr%u = %u", i, i);

  g_autoptr (PyIni) remembering = parse (text->str);
  g_autoptr (PyIni) forgetful = parse (text->str);
  py_ini_remember (remembering);
  for (guint i = 0; i < G_N_ELEMENTS (given); i++)
    {
      g_autoptr (PyOptions) vars = py_options_new ();
      if (*given[i] != '\0')
        py_options_set_text (vars, given[i], "%(c)s given");
      py_options_set_text (vars, "other", "1");
      assert_both_say_the_same (remembering, forgetful, vars);
      assert_both_say_the_same (remembering, forgetful, NULL);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/py-ini/names and values are trimmed", test_names_and_values_are_trimmed);
  g_test_add_func ("/py-ini/deeper lines continue a value", test_deeper_lines_continue_a_value);
  g_test_add_func ("/py-ini/a semicolon behind a blank begins a comment",
                   test_a_semicolon_behind_a_blank_begins_a_comment);
  g_test_add_func ("/py-ini/the default section is seen by all", test_the_default_section_is_seen_by_all);
  g_test_add_func ("/py-ini/a name that is not there is no error", test_a_name_that_is_not_there_is_no_error);
  g_test_add_func ("/py-ini/syntax errors have python's words", test_syntax_errors_have_pythons_words);
  g_test_add_func ("/py-ini/what is no UTF-8 is named by its place", test_what_is_no_utf8_is_named_by_its_place);
  g_test_add_func ("/py-ini/a NUL is held and comes back", test_a_nul_is_held_and_comes_back);
  g_test_add_func ("/py-ini/references are expanded", test_references_are_expanded);
  g_test_add_func ("/py-ini/bad references have python's words", test_bad_references_have_pythons_words);
  g_test_add_func ("/py-ini/ten levels of ten references end", test_ten_levels_of_ten_references_end);
  g_test_add_func ("/py-ini/vars come first and become text", test_vars_come_first_and_become_text);
  g_test_add_func ("/py-ini/what is no text does not interpolate", test_what_is_no_text_does_not_interpolate);
  g_test_add_func ("/py-ini/what is remembered is what would be read again",
                   test_what_is_remembered_is_what_would_be_read_again);
  return g_test_run ();
}
