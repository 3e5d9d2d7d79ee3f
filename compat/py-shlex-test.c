#include "compat/py-shlex.h"

#include "compat/py-repr.h"

#define SPLITS(text, expected)  splits (__LINE__, text, expected)
#define REJECTS(text, expected) rejects (__LINE__, text, expected)

static void
splits (int line, const char *text, const char *expected)
{
  g_autoptr (PyValue) words = py_shlex_split (text, -1, NULL);
  g_autofree char *repr = words != NULL ? py_repr (words) : NULL;

  if (g_strcmp0 (repr, expected) != 0)
    g_error ("line %d: %s instead of %s", line, repr, expected);
}

static void
rejects (int line, const char *text, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) words = py_shlex_split (text, -1, &error);

  if (words != NULL || g_strcmp0 (error->message, expected) != 0)
    g_error ("line %d: no '%s'", line, expected);
}

static void
test_words_end_at_blanks (void)
{
  SPLITS ("", "[]");
  SPLITS (" \t\n", "[]");
  SPLITS (" a  b\tc\n", "['a', 'b', 'c']");
  SPLITS ("_COMM=x + _UID=0", "['_COMM=x', '+', '_UID=0']");
  SPLITS ("a\xc2\xa0"
          "b # c",
          "['a\\xa0b', '#', 'c']");
}

static void
test_quotes_and_backslashes_protect (void)
{
  SPLITS ("'a b'\"c d\"e", "['a bc de']");
  SPLITS ("'' \"\"", "['', '']");
  SPLITS ("'a\\'", "['a\\\\']");
  SPLITS ("\"a\\\"b\\\\c\\d\"", "['a\"b\\\\c\\\\d']");
  SPLITS ("a\\ b \\'", "['a b', \"'\"]");
}

static void
test_what_stays_open_is_an_error (void)
{
  REJECTS ("'a", "No closing quotation");
  REJECTS ("x \"a", "No closing quotation");
  REJECTS ("a\\", "No escaped character");
  REJECTS ("\"a\\", "No escaped character");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/py-shlex/words end at blanks", test_words_end_at_blanks);
  g_test_add_func ("/py-shlex/quotes and backslashes protect", test_quotes_and_backslashes_protect);
  g_test_add_func ("/py-shlex/what stays open is an error", test_what_stays_open_is_an_error);
  return g_test_run ();
}
