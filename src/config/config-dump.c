#include "config/config-dump.h"

#include "base/memory.h"
#include "compat/py-repr.h"

#define PRETTY_WIDTH  1000
#define PRETTY_INDENT 2
#define OUTPUT_BLOCK  32768 /* bytes written at once */
#define HEAP_BYTES    (5 * 512 * 1024) /* what the stock configuration needs with all its jails, or a little less */

void
config_dump_print (PyValue *commands, gboolean pretty, FILE *out)
{
  g_autoptr (GString) text = g_string_sized_new (2 * OUTPUT_BLOCK);

  for (guint i = 0; i < py_seq_length (commands); i++)
    {
      const PyValue *command = py_seq_peek (commands, i);
      g_autofree char *pretty_text = pretty ? py_pprint (command, PRETTY_WIDTH, PRETTY_INDENT) : NULL;
      if (pretty)
        g_string_append (text, pretty_text);
      else
        py_repr_append (text, command);
      g_string_append_c (text, '\n');
      if (text->len < OUTPUT_BLOCK)
        continue;
      (void) fwrite (text->str, 1, text->len, out);
      g_string_truncate (text, 0);
    }
  (void) fwrite (text->str, 1, text->len, out);
}

ConfigRun
config_dump_run (Config *config, const ConfigMain *main, ConfigDump dump, gboolean test, gboolean has_command,
                 FILE *out)
{
  g_autoptr (PyValue) commands = NULL;
  ConfigReadFlags flags = (test ? CONFIG_READ_STRICT : 0) | (dump != CONFIG_DUMP_NONE ? CONFIG_READ_ALLOW_NO_LOGS : 0);

  if (dump == CONFIG_DUMP_NONE && !test)
    return CONFIG_RUN_CONTINUE;

  memory_take (HEAP_BYTES);
  gboolean valid = config_read (config, NULL, main, flags, &commands);
  if (dump != CONFIG_DUMP_NONE)
    {
      if (commands != NULL)
        config_dump_print (commands, dump == CONFIG_DUMP_PRETTY, out);
      else
        fputs ("ERROR: The configuration stream failed because of the invalid syntax.\n", out);
    }
  if (!test)
    return valid ? CONFIG_RUN_OK : CONFIG_RUN_FAILED;
  if (has_command)
    return valid ? CONFIG_RUN_CONTINUE : CONFIG_RUN_ABORT;
  fputs (valid ? "OK: configuration test is successful\n" : "ERROR: test configuration failed\n", out);
  return valid ? CONFIG_RUN_OK : CONFIG_RUN_FAILED;
}
