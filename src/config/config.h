/* config.h - from the files under /etc/fail2ban to the list of commands for the server
 *
 * Reads fail2ban.conf and jail.conf with everything they name (.d, .local, includes, filters, actions) and answers with
 * the commands that `fail2ban-client -d` prints: each a list, e.g. ["set", "sshd", "maxretry", 5].
 * Must not: talk to a server, write anything, keep file-level state.  Reading is bounded: no configuration can recurse,
 * expand or include without end (CONFIG_ERROR_LIMIT, or the error that the reference gives where it has a limit itself).
 *
 * Messages for the user (warnings about missing logs and the like) go to the Log with the reference's logger names and
 * levels; what ends the reading is a GError whose message is the text of the reference's exception.
 * All names and paths are text as Python holds it: UTF-8, bytes that are none as lone surrogates (WTF-8).  basedir is
 * text too: pass argv through py_fs_decode (compat/py-fs.h).
 */
#pragma once
#include <glib.h>

#include "base/log.h"
#include "compat/py-value.h"

typedef struct Config Config; /* opaque: the fields live in config.c */

/* Besides these, errors come in PY_INI_ERROR (compat/py-ini.h), as they were met in a file. */
#define CONFIG_ERROR (config_error_quark ())
GQuark config_error_quark (void);
typedef enum
{
  CONFIG_ERROR_VALUE,     /* Python's ValueError: no such base directory, bad log level, no log file with -t, … */
  CONFIG_ERROR_LOOKUP,    /* LookupError: fail2ban.conf or jail.conf cannot be read at all */
  CONFIG_ERROR_RECURSION, /* RecursionError: includes without end */
  CONFIG_ERROR_LIMIT,     /* one of our own limits; the message names it */
} ConfigError;

/* The Python class of an error of this room ("configparser.DuplicateOptionError", "ValueError"), for programs that show
 * uncaught exceptions as the reference does. */
const char *config_error_class (const GError *error);

/* basedir: trailing slashes are dropped.  log must outlive the Config. */
Config *config_new (const char *basedir, Log *log);
void config_free (Config *self); /* NULL is fine; slow after config_read: a program that ends need not call it */
const char *config_peek_basedir (const Config *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Config, config_free)

/* What the command line may have set, and fail2ban.conf otherwise.  Owned strings, NULL: not set. */
typedef struct
{
  char *socket;
  char *pidfile;
  char *loglevel;
  char *logtarget;
  char *syslogsocket;
} ConfigMain;

void config_main_clear (ConfigMain *self);

/* Fills the fields that are NULL from fail2ban.conf (read only when there is one). */
gboolean config_complete_main (Config *self, ConfigMain *main, GError **error);

/* CONFIG_ERROR_VALUE "Invalid log level 'x'", or the numeric level, Python's numbers, in ret_level (may be NULL). */
gboolean config_check_log_level (const char *text, int *ret_level, GError **error);

typedef enum
{
  CONFIG_READ_DEFAULT = 0,
  CONFIG_READ_STRICT = 1 << 0,        /* -t: one wrong jail makes the whole wrong */
  CONFIG_READ_ALLOW_NO_LOGS = 1 << 1, /* -d: a jail without log files is only warned about */
} ConfigReadFlags;

/* Reads all (jail NULL) or one jail, each time anew from the files (fail2ban.conf excepted, which is read once).
 * main: values that replace those of fail2ban.conf (NULL: none).
 *
 * ret_commands: the list of commands, also when some jails were left out ("config-error" commands); NULL when an exception
 * of the reference would have ended the reading.  That one is logged as "Failed during configuration: ..." by this
 * function.  TRUE when the outcome counts as valid. */
gboolean config_read (Config *self, const char *jail, const ConfigMain *main, ConfigReadFlags flags,
                      PyValue **ret_commands);
