#include "config/test-tree.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define MARK     "=== "
#define MAX_PATH 100

static gboolean
path_is_safe (const char *path, gsize len)
{
  if (len == 0 || len > MAX_PATH || *path == '/' || g_strstr_len (path, (gssize) len, "..") != NULL)
    return FALSE;
  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (path[i]) && strchr ("._-/", path[i]) == NULL)
      return FALSE;
  return path[len - 1] != '/' && memchr (path, '\0', len) == NULL;
}

static void
write_file (const TestTree *self, const char *path, gsize path_len, const char *content, gsize len)
{
  g_autofree char *name = g_strndup (path, path_len);
  g_autofree char *full = g_build_filename (self->root, name, NULL);
  g_autofree char *dir = g_path_get_dirname (full);

  FILE *file
      = g_mkdir_with_parents (dir, 0700) == 0 ? fopen (full, "w") : NULL; /* much faster than g_file_set_contents */

  if (file == NULL)
    return;
  (void) fwrite (content, 1, len, file);
  (void) fclose (file);
}

TestTree *
test_tree_new (const char *text, gsize len)
{
  TestTree *self = g_new0 (TestTree, 1);
  const char *end = text + len, *path = NULL, *content = NULL;
  gsize path_len = 0;

  self->root = g_dir_make_tmp ("config-XXXXXX", NULL);
  for (const char *line = text; line < end;)
    {
      const char *newline = memchr (line, '\n', (gsize) (end - line));
      const char *next = newline != NULL ? newline + 1 : end;
      gsize line_len = (gsize) ((newline != NULL ? newline : end) - line);
      if (line_len > strlen (MARK) && memcmp (line, MARK, strlen (MARK)) == 0)
        {
          if (path != NULL && path_is_safe (path, path_len))
            write_file (self, path, path_len, content, (gsize) (line - content));
          path = line + strlen (MARK);
          path_len = line_len - strlen (MARK);
          content = next;
        }
      line = next;
    }
  if (path != NULL && path_is_safe (path, path_len))
    write_file (self, path, path_len, content, (gsize) (end - content));
  return self;
}

static void
remove_all (const char *path)
{
  g_autoptr (GDir) dir = g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);

  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL; name = g_dir_read_name (dir))
    {
      g_autofree char *inner = g_build_filename (path, name, NULL);
      remove_all (inner);
    }
  (void) g_remove (path);
}

void
test_tree_free (TestTree *self)
{
  if (self == NULL)
    return;
  remove_all (self->root);
  g_free (self->root);
  g_free (self);
}
