#include "action/python-folder.h"

char *
python_folder_find (void)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *top = program != NULL ? g_path_get_dirname (program) : NULL;

  if (top != NULL)
    {
      g_autofree char *folder = g_build_filename (top, "src", "action", "python", NULL);
      g_autofree char *helper = g_build_filename (folder, "helper.py", NULL);
      if (g_file_test (helper, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&folder);
    }
  return g_strdup (PYTHON_FOLDER);
}
