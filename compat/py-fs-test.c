#include "compat/py-fs.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define MATCHES(pattern, name) g_assert_true (py_glob_matches (pattern, name))
#define MISSES(pattern, name)  g_assert_false (py_glob_matches (pattern, name))

static void
test_stars_and_question_marks_match (void)
{
  MATCHES ("*", "");
  MATCHES ("*.log", "a.log");
  MATCHES ("a*b*c", "a-b-b-c");
  MATCHES ("?", "\xc3\xa9");
  MATCHES ("?", "\xed\xb3\xa9"); /* a byte that is no UTF-8 is one character */
  MATCHES ("a\\*", "a\\b");
  MISSES ("?", "");
  MISSES ("*.log", "a.log.1");
  MISSES ("a*b*c", "a-b-b-d");
}

static void
test_sets_follow_fnmatch (void)
{
  MATCHES ("[abc]", "b");
  MATCHES ("[a-c]x", "bx");
  MATCHES ("[!a-c]", "d");
  MATCHES ("[]a]", "]");
  MATCHES ("[!]a]", "b");
  MATCHES ("[a-]", "-");
  MATCHES ("[-a]", "-");
  MATCHES ("[^a]", "^");
  MATCHES ("[", "[");
  MATCHES ("[a", "[a");
  MATCHES ("[!c-a]", "x");
  MISSES ("[c-a]", "b");
  MISSES ("[!a]", "a");
  MISSES ("[^a]", "b");
}

static void
test_a_pattern_of_many_stars_ends (void)
{
  g_autofree char *name = g_strnfill (20000, 'a');
  g_autoptr (GString) pattern = g_string_new (NULL);

  for (guint i = 0; i < 200; i++)
    g_string_append (pattern, "*a");
  g_string_append_c (pattern, 'b');
  MISSES (pattern->str, name);
}

static void
assert_taken (char *text, const char *expected)
{
  g_assert_cmpstr (text, ==, expected);
  g_free (text);
}

static void
test_paths_are_split_and_joined_as_python_does (void)
{
  assert_taken (py_path_join ("a", "b"), "a/b");
  assert_taken (py_path_join ("a/", "b"), "a/b");
  assert_taken (py_path_join ("a", "/b"), "/b");
  assert_taken (py_path_join ("", "b"), "b");
  assert_taken (py_path_join ("a", ""), "a/");
  assert_taken (py_path_dirname ("a/b"), "a");
  assert_taken (py_path_dirname ("a//b"), "a");
  assert_taken (py_path_dirname ("/b"), "/");
  assert_taken (py_path_dirname ("//b"), "//");
  assert_taken (py_path_dirname ("b"), "");
  assert_taken (py_path_basename ("a/b"), "b");
  assert_taken (py_path_basename ("a/"), "");
  g_assert_cmpuint (py_path_stem_length ("a/b.conf"), ==, 3);
  g_assert_cmpuint (py_path_stem_length ("a.d/b"), ==, 5);
  g_assert_cmpuint (py_path_stem_length (".conf"), ==, 5);
  g_assert_cmpuint (py_path_stem_length ("..x.y"), ==, 3);
}

static void
test_any_file_name_survives (void)
{
  g_autofree char *text = py_fs_decode ("n\xe9");

  g_assert_cmpstr (text, ==, "n\xed\xb3\xa9");
  assert_taken (py_fs_encode (text), "n\xe9");
}

/* A folder with a.log, .hidden.log, sub/b.log and a link that leads nowhere; the process stands in it. */
static char *
enter_folder (void)
{
  char *dir = g_dir_make_tmp ("py-fs-XXXXXX", NULL);

  g_assert_no_errno (chdir (dir));
  g_assert_no_errno (g_mkdir ("sub", 0700));
  g_assert_true (g_file_set_contents ("a.log", "", 0, NULL));
  g_assert_true (g_file_set_contents (".hidden.log", "", 0, NULL));
  g_assert_true (g_file_set_contents ("sub/b.log", "", 0, NULL));
  g_assert_no_errno (symlink ("nowhere", "l.lnk"));
  return dir;
}

static void
leave_folder (char *dir)
{
  static const char *const files[] = { "a.log", ".hidden.log", "sub/b.log", "l.lnk" };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    (void) g_unlink (files[i]);
  (void) g_rmdir ("sub");
  g_assert_no_errno (chdir ("/"));
  (void) g_rmdir (dir);
  g_free (dir);
}

static void
assert_globs (const char *pattern, const char *expected)
{
  g_autoptr (GPtrArray) found = py_glob (pattern);

  g_assert_cmpuint (found->len, ==, *expected != '\0');
  if (*expected != '\0')
    g_assert_cmpstr (g_ptr_array_index (found, 0), ==, expected);
}

static void
test_glob_finds_what_python_finds (void)
{
  char *dir = enter_folder ();

  assert_globs ("*.log", "a.log");
  assert_globs (".*.log", ".hidden.log");
  assert_globs ("./[ab].log", "./a.log");
  assert_globs ("s*/b.log", "sub/b.log");
  assert_globs ("s*/", "sub/");
  assert_globs ("*/*.log", "sub/b.log");
  assert_globs ("a.log", "a.log");
  assert_globs ("a.lo", "");
  assert_globs ("a.log/", "");
  assert_globs ("**.lnk", "l.lnk");
  assert_globs ("", "");
  g_assert_false (py_fs_exists ("l.lnk"));
  leave_folder (dir);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/py-fs/stars and question marks match", test_stars_and_question_marks_match);
  g_test_add_func ("/py-fs/sets follow fnmatch", test_sets_follow_fnmatch);
  g_test_add_func ("/py-fs/a pattern of many stars ends", test_a_pattern_of_many_stars_ends);
  g_test_add_func ("/py-fs/paths are split and joined as python does", test_paths_are_split_and_joined_as_python_does);
  g_test_add_func ("/py-fs/any file name survives", test_any_file_name_survives);
  g_test_add_func ("/py-fs/glob finds what python finds", test_glob_finds_what_python_finds);
  return g_test_run ();
}
