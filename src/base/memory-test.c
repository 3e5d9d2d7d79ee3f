#include "base/memory.h"

#include <dlfcn.h>
#include <glib.h>
#include <string.h>

static guint64
resident_pages (void)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) words = NULL;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  words = g_strsplit (text, " ", -1);
  return g_ascii_strtoull (words[1], NULL, 10);
}

static gboolean
is_sanitized (void)
{
  return dlsym (RTLD_DEFAULT, "__asan_init") != NULL;
}

static void
test_what_was_freed_is_given_back (void)
{
  enum
  {
    N = 20000,
    SIZE = 1000
  };
  g_autofree char **blocks = g_new (char *, N);
  char *kept;
  guint64 before;

  for (guint i = 0; i < N; i++)
    blocks[i] = memset (g_malloc (SIZE), 1, SIZE);
  kept = g_strdup ("behind the hole"); /* without it the heap would shrink by itself */
  before = resident_pages ();
  for (guint i = 0; i < N; i++)
    g_free (blocks[i]);
  memory_give_back ();
  g_assert_cmpstr (kept, ==, "behind the hole");
  if (!is_sanitized ()) /* its allocator keeps what was freed for a while */
    g_assert_cmpuint (resident_pages () + N * SIZE / 2 / 4096, <, before);
  g_free (kept);
}

static const char constant[] = "what the file has";
static char changed[] = "what the file has";

static void
test_everything_is_as_it_was (void)
{
  g_autofree char *heap = g_strdup ("on the heap");

  memcpy (changed, "what it became   ", sizeof changed);
  for (guint i = 0; i < 3; i++)
    memory_give_back ();
  g_assert_cmpstr (constant, ==, "what the file has");
  g_assert_cmpstr (changed, ==, "what it became   ");
  g_assert_cmpstr (heap, ==, "on the heap");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/memory/what was freed is given back", test_what_was_freed_is_given_back);
  g_test_add_func ("/memory/everything is as it was", test_everything_is_as_it_was);
  return g_test_run ();
}
