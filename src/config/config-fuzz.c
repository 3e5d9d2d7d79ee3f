/* Any tree of configuration files: read as the client does, or one file taken as fail2ban-regex does.
 * Slow where TMPDIR lies on a disk: let it be /dev/shm. */
#include <stdint.h>
#include <unistd.h>

#include "config/config-dump.h"
#include "config/filter-choice.h"
#include "config/test-tree.h"

#define MAX_TREE 4096 /* bytes: what fits is tried often, and a larger one is no stranger */

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
choose_filter (const char *argument, Log *log)
{
  g_autoptr (FilterChoice) choice = filter_choice_find (argument, ".", log, NULL);

  if (choice != NULL && choice->kind != FILTER_CHOICE_EXPRESSION)
    (void) filter_choice_load (choice, "auto", NULL);
}

static void
dump (Log *log, FILE *sink)
{
  g_autoptr (Config) config = config_new (".", log);
  ConfigMain settings = { NULL, NULL, NULL, NULL, NULL };

  if (config_complete_main (config, &settings, NULL) && config_check_log_level (settings.loglevel, NULL, NULL))
    (void) config_dump_run (config, &settings, CONFIG_DUMP_PRETTY, FALSE, FALSE, sink);
  config_main_clear (&settings);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const char *const arguments[] = { NULL, "f", "j", "./filter.d/f.conf", NULL, "f[a=1,b='<c>']" };

  if (size > MAX_TREE)
    return -1;
  g_autoptr (TestTree) tree = test_tree_new ((const char *) data, size);
  g_autoptr (Log) log = log_new ();
  g_autofree char *before = g_get_current_dir ();
  const char *argument = arguments[size % G_N_ELEMENTS (arguments)]; /* one way of reading, for the sake of speed */
  FILE *sink = fopen ("/dev/null", "w");

  if (chdir (tree->root) == 0 && sink != NULL)
    {
      log_set_level (log, LOG_LEVEL_DEBUG);
      if (argument == NULL)
        dump (log, sink);
      else
        choose_filter (argument, log);
      g_assert_no_errno (chdir (before));
    }
  if (sink != NULL)
    (void) fclose (sink);
  return 0;
}
