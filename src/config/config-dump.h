/* config-dump.h - the texts of -d, --dp and -t
 *
 * What `fail2ban-client` and `fail2ban-server` print when they are asked to show or test the configuration.
 * Must not: parse command lines, exit.
 */
#pragma once
#include <stdio.h>

#include "config/config.h"

/* One command a line: repr, or with pretty what pprint gives at width 1000, indent 2. */
void config_dump_print (PyValue *commands, gboolean pretty, FILE *out);

typedef enum
{
  CONFIG_DUMP_NONE,
  CONFIG_DUMP_PLAIN,  /* -d */
  CONFIG_DUMP_PRETTY, /* --dp */
} ConfigDump;

typedef enum
{
  CONFIG_RUN_CONTINUE, /* nothing (more) to print: go on with the command */
  CONFIG_RUN_OK,       /* done, all well: exit code 0 */
  CONFIG_RUN_FAILED,   /* done, something was wrong: exit code 255 */
  CONFIG_RUN_ABORT, /* -t with a command and a wrong configuration: "ERROR: test configuration failed" is to be logged */
} ConfigRun;

/* Does what -d and -t ask for; main is complete.  has_command: a command follows on the command line. */
ConfigRun config_dump_run (Config *config, const ConfigMain *main, ConfigDump dump, gboolean test, gboolean has_command,
                           FILE *out);
