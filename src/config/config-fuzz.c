/* Any tree of configuration files: read as the client does, one file taken as fail2ban-regex does. */
#include <stdint.h>
#include <unistd.h>

#include "config/config-dump.h"
#include "config/filter-choice.h"
#include "config/test-tree.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
choose_filter (const char *argument, Log *log)
{
  g_autoptr (FilterChoice) choice = filter_choice_find (argument, ".", log, NULL);

  if (choice != NULL && choice->kind != FILTER_CHOICE_EXPRESSION)
    (void) filter_choice_load (choice, "auto", NULL);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (TestTree) tree = test_tree_new ((const char *) data, size);
  g_autoptr (Log) log = log_new ();
  g_auto (GStrv) words = g_strsplit ("f j ./filter.d/f.conf f[a=1,b='<c>']", " ", -1);
  g_autofree char *before = g_get_current_dir ();
  FILE *sink = fopen ("/dev/null", "w");

  if (chdir (tree->root) == 0 && sink != NULL)
    {
      g_autoptr (Config) config = config_new (".", log);
      ConfigMain settings = { NULL, NULL, NULL, NULL, NULL };
      log_set_level (log, LOG_LEVEL_DEBUG);
      if (config_complete_main (config, &settings, NULL, NULL))
        (void) config_dump_run (config, &settings, CONFIG_DUMP_PRETTY, FALSE, FALSE, sink);
      config_main_clear (&settings);
      for (guint i = 0; words[i] != NULL; i++)
        choose_filter (words[i], log);
      g_assert_no_errno (chdir (before));
    }
  if (sink != NULL)
    (void) fclose (sink);
  return 0;
}
