/* fuzz-replay.c - feeds the files of a corpus to a fuzz target, for builds without libFuzzer
 *
 * usage: TARGET-replay FILE-OR-FOLDER...
 * Prints TAP, one test a file; a finding ends the program as it would under the fuzzer.
 */
#include <glib.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
replay (const char *path, guint *count)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  if (dir != NULL)
    {
      for (const char *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir))
        {
          g_autofree char *inner = g_build_filename (path, name, NULL);
          replay (inner, count);
        }
      return;
    }

  g_autofree char *data = NULL;
  gsize size = 0;
  g_autoptr (GError) error = NULL;
  if (!g_file_get_contents (path, &data, &size, &error))
    g_error ("%s", error->message);
  LLVMFuzzerTestOneInput ((const uint8_t *) data, size);
  g_autofree char *name = g_path_get_basename (path);
  g_print ("ok %u - %s\n", ++*count, name);
}

int
main (int argc, char **argv)
{
  guint count = 0;

  /* The empty input belongs to every corpus */
  LLVMFuzzerTestOneInput ((const uint8_t *) "", 0);
  g_print ("ok %u - nothing\n", ++count);
  for (int i = 1; i < argc; i++)
    replay (argv[i], &count);
  g_print ("1..%u\n", count);
  return 0;
}
