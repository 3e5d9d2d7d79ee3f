/* command-line.h - the options that fail2ban-client and fail2ban-server share
 *
 * Parsed as Python's getopt does: up to the first word that is no option, long names may be shortened while they are
 * unique, everything is checked before the first option is obeyed.  Then options are obeyed in order.
 * Must not: talk to a server.
 */
#pragma once
#include "base/log.h"
#include "config/config-dump.h"
#include "config/config.h"

#define COMMAND_LINE_DEFAULT_CONF        "/etc/fail2ban"
#define COMMAND_LINE_DEFAULT_TIMEOUT_SEC 30

typedef struct
{
  char *program;        /* argv[0] */
  char *conf;           /* -c */
  ConfigMain main;      /* -s -p --loglevel --logtarget --syslogsocket; after command_line_init complete */
  char *pname;          /* --pname, NULL: not given */
  gboolean async;       /* --async: the server reads no configuration, somebody else will send it */
  gboolean force;       /* -x */
  gboolean background;  /* -b, not -f */
  gboolean interactive; /* -i */
  gboolean test;        /* -t */
  ConfigDump dump;      /* -d, --dp */
  int verbosity;        /* 1, up with -v, down with -q */
  double timeout_sec;   /* --timeout */
  PyValue *args;        /* the list of the words behind the options */
  Config *config;       /* made by command_line_init */
} CommandLine;

typedef enum
{
  COMMAND_LINE_CONTINUE,
  COMMAND_LINE_DONE,   /* what was asked for is printed: exit code 0 */
  COMMAND_LINE_FAILED, /* what is wrong is printed: exit code 255 */
} CommandLineResult;

/* Options only: obeys -h -V --version --str2sec at once.  log is not used. */
CommandLineResult command_line_parse (CommandLine *self, int argc, char *const *argv);

/* Parses, prepares log (stderr, level by -v and -q; only when set_log), completes the options from fail2ban.conf, obeys -d, --dp and -t.
 * program_is_client: "Init of command line failed" is said of what failed, as the client does. */
CommandLineResult command_line_init (CommandLine *self, int argc, char *const *argv, Log *log, gboolean set_log,
                                     gboolean program_is_client);

void command_line_clear (CommandLine *self); /* half-built ones too */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (CommandLine, command_line_clear)
