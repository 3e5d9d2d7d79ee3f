#include "source/journal-library.h"

#include <errno.h>
#include <string.h>

#include "source/source-error.h"

static void
test_the_library_has_all_functions (void)
{
  JournalLibrary library;
  g_autoptr (GError) error = NULL;

  g_assert_true (journal_library_load (&library, JOURNAL_LIBRARY_NAME, &error));
  g_assert_no_error (error);
#define IS_THERE(name) g_assert_nonnull (library.name);
  JOURNAL_LIBRARY_FUNCTIONS (IS_THERE)
#undef IS_THERE
}

static void
test_a_missing_library_is_named (void)
{
  JournalLibrary library = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (journal_library_load (&library, "libsystemd-of-nobody.so.0", &error));
  g_assert_error (error, SOURCE_ERROR, ELIBACC);
  g_assert_nonnull (strstr (error->message, "libsystemd-of-nobody.so.0"));
  g_assert_null (library.next); /* untouched */
}

static void
test_a_library_without_a_function_is_refused (void)
{
  JournalLibrary library = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_false (journal_library_load (&library, "libc.so.6", &error));
  g_assert_error (error, SOURCE_ERROR, ELIBACC);
  g_assert_nonnull (strstr (error->message, "sd_journal_"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/journal-library/the library has all functions", test_the_library_has_all_functions);
  g_test_add_func ("/journal-library/a missing library is named", test_a_missing_library_is_named);
  g_test_add_func ("/journal-library/a library without a function is refused",
                   test_a_library_without_a_function_is_refused);
  return g_test_run ();
}
