#include "config/config-folders.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "compat/py-fs.h"
#include "config/test-tree.h"

static TestTree *
make_tree (void)
{
  static const char text[] = "=== d/x.conf\n=== d/x.local\n=== d/x.d/b.conf\n=== d/x.d/a.conf\n=== d/x.d/a.local\n"
                             "=== d/y.conf\n=== d/.hidden\n=== d/z.d/1.conf\n";
  TestTree *tree = test_tree_new (text, strlen (text));

  g_assert_no_errno (chdir (tree->root));
  g_assert_no_errno (symlink ("x.conf", "d/link.conf"));
  g_assert_no_errno (symlink ("nowhere", "d/dangling.conf"));
  g_assert_no_errno (symlink ("x.d", "d/link.d"));
  return tree;
}

static void
leave_tree (TestTree *tree)
{
  g_assert_no_errno (chdir ("/"));
  test_tree_free (tree);
}

static void
test_it_says_what_the_kernel_says (void)
{
  static const char *const paths[]
      = { "d",         "d/",   "d/x.conf",  "./d/x.conf",      "d//x.conf",         "d/x.d",    "d/x.d/a.conf",
          "d/x.d/q",   "d/.",  "d/..",      "d/../d",          "d/link.conf",       "d/link.d", "d/link.d/a.conf",
          "d/.hidden", "d/no", "no/x.conf", "d/dangling.conf", "d/x.conf/x",        "",         "/",
          "/etc",      "/no",  "d/X.conf",  "d/x.conf/",       "d/link.d/../x.conf" };
  TestTree *tree = make_tree ();
  g_autoptr (ConfigFolders) folders = config_folders_new ();

  for (guint n = 0; n < 2; n++) /* the second time from what it knows */
    for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
      if (config_folders_exists (folders, paths[i]) != py_fs_exists (paths[i])
          || config_folders_isfile (folders, paths[i]) != py_fs_isfile (paths[i]))
        g_error ("%s: not what the kernel says", paths[i]);
  leave_tree (tree);
}

static void
assert_list (GPtrArray *list, const char *expected)
{
  g_ptr_array_add (list, NULL);
  g_autofree char *joined = g_strjoinv (" ", (char **) list->pdata);

  g_assert_cmpstr (joined, ==, expected);
  g_ptr_array_unref (list);
}

static void
test_a_name_has_files_in_this_order (void)
{
  TestTree *tree = make_tree ();
  g_autoptr (ConfigFolders) folders = config_folders_new ();

  assert_list (config_folders_list_named (folders, "d/x"),
               "d/x.conf d/x.d/a.conf d/x.d/b.conf d/x.local d/x.d/a.local");
  assert_list (config_folders_list_named (folders, "d/y"), "d/y.conf");
  assert_list (config_folders_list_named (folders, "d/z"), "d/z.d/1.conf");
  assert_list (config_folders_list_named (folders, "d/link"),
               "d/link.conf d/link.d/a.conf d/link.d/b.conf d/link.d/a.local");
  assert_list (config_folders_list_named (folders, "d/dangling"), "");
  assert_list (config_folders_list_named (folders, "d/[xz]"),
               "d/x.d/a.conf d/x.d/b.conf d/z.d/1.conf d/x.d/a.local"); /* the folder may be a pattern */
  leave_tree (tree);
}

static void
test_locals_follow_their_files (void)
{
  TestTree *tree = make_tree ();
  g_autoptr (ConfigFolders) folders = config_folders_new ();
  g_autoptr (GPtrArray) paths = g_ptr_array_new ();

  g_ptr_array_add (paths, (char *) "d/x.conf");
  g_ptr_array_add (paths, (char *) "d/y.conf");
  assert_list (config_folders_list_with_locals (folders, paths), "d/x.conf d/x.local d/y.conf");
  g_ptr_array_add (paths, (char *) "d/x.local");
  assert_list (config_folders_list_with_locals (folders, paths), "d/x.conf d/y.conf d/x.local");
  leave_tree (tree);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config-folders/it says what the kernel says", test_it_says_what_the_kernel_says);
  g_test_add_func ("/config-folders/a name has files in this order", test_a_name_has_files_in_this_order);
  g_test_add_func ("/config-folders/locals follow their files", test_locals_follow_their_files);
  return g_test_run ();
}
