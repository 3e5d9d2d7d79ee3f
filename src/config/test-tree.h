/* test-tree.h - a folder of files out of one text, for tests and fuzz targets of this room
 *
 * A line "=== path" begins each file; what stands before the first one is dropped.  Paths that would leave the folder are
 * left out.
 */
#pragma once
#include <glib.h>

typedef struct
{
  char *root; /* a new folder */
} TestTree;

TestTree *test_tree_new (const char *text, gsize len);
void test_tree_free (TestTree *self); /* removes the folder */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestTree, test_tree_free)
