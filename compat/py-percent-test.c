#include "compat/py-percent.h"

#include <string.h>

static const char *const pairs[][2] = { { "a", "xy" }, { "b", "q'" }, { "%", "%" } };

static const char *
peek_key (gconstpointer user, guint i)
{
  return pairs[i][0];
}

static const char *
peek_value (gconstpointer user, guint i)
{
  return pairs[i][1];
}

#define GIVES(format, text)         gives (__LINE__, format, text, -1)
#define REFUSES(format, code, text) gives (__LINE__, format, text, code)

/* Seen with Python 3.11 */
static void
gives (int line, const char *format, const char *expected, int expected_code)
{
  const PyPercentMapping mapping = { G_N_ELEMENTS (pairs), peek_key, peek_value, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) out = py_percent_format (format, strlen (format), &mapping, &error);
  const char *seen = out != NULL ? out->str : error->message;

  if (g_strcmp0 (seen, expected) != 0 || (error != NULL ? error->code : -1) != expected_code)
    g_error ("line %d: '%s' gives %s", line, format, seen);
}

static void
test_keys_are_replaced (void)
{
  GIVES ("", "");
  GIVES ("plain", "plain");
  GIVES ("<%(a)s>", "<xy>");
  GIVES ("%(a)s%%%(a)r", "xy%'xy'");
  GIVES ("%(b)r", "\"q'\"");
  GIVES ("%(a)-5s|", "xy   |");
  GIVES ("%(a)5.1s|", "    x|");
  GIVES ("%(a)ls", "xy");
  GIVES ("%(%)s", "%");
  GIVES ("%(%)c", "%");
}

static void
test_without_key_the_mapping_itself_is_meant_once (void)
{
  GIVES ("%s", "{'a': 'xy', 'b': \"q'\", '%': '%'}");
  GIVES ("%.4s", "{'a'");
  REFUSES ("%s%s", PY_PERCENT_ERROR_TYPE, "not enough arguments for format string");
  REFUSES ("%(a)s%s", PY_PERCENT_ERROR_TYPE, "not enough arguments for format string");
}

static void
test_stray_percent_characters_are_errors (void)
{
  REFUSES ("%", PY_PERCENT_ERROR_VALUE, "incomplete format");
  REFUSES ("%l", PY_PERCENT_ERROR_VALUE, "incomplete format");
  REFUSES ("%(a", PY_PERCENT_ERROR_VALUE, "incomplete format key");
  REFUSES ("%(foo)s", PY_PERCENT_ERROR_KEY, "'foo'");
  REFUSES ("x%5Yx", PY_PERCENT_ERROR_VALUE, "unsupported format character 'Y' (0x59) at index 3");
  REFUSES ("%.1(a)s", PY_PERCENT_ERROR_VALUE, "unsupported format character '(' (0x28) at index 3");
  REFUSES ("\303\251%\303\251", PY_PERCENT_ERROR_VALUE, "unsupported format character '?' (0xe9) at index 2");
  REFUSES ("%-%", PY_PERCENT_ERROR_VALUE, "unsupported format character '%' (0x25) at index 2");
  REFUSES ("%99999999999s", PY_PERCENT_ERROR_VALUE, "width too big");
}

static void
test_text_is_no_number (void)
{
  REFUSES ("%i", PY_PERCENT_ERROR_TYPE, "%i format: a real number is required, not dict");
  REFUSES ("%(a)d", PY_PERCENT_ERROR_TYPE, "%d format: a real number is required, not str");
  REFUSES ("%x", PY_PERCENT_ERROR_TYPE, "%x format: an integer is required, not dict");
  REFUSES ("%e", PY_PERCENT_ERROR_TYPE, "must be real number, not dict");
  REFUSES ("%c", PY_PERCENT_ERROR_TYPE, "%c requires int or char");
  REFUSES ("%*d", PY_PERCENT_ERROR_TYPE, "* wants int");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/py-percent/keys are replaced", test_keys_are_replaced);
  g_test_add_func ("/py-percent/without key the mapping itself is meant, once",
                   test_without_key_the_mapping_itself_is_meant_once);
  g_test_add_func ("/py-percent/stray percent characters are errors", test_stray_percent_characters_are_errors);
  g_test_add_func ("/py-percent/text is no number", test_text_is_no_number);
  return g_test_run ();
}
