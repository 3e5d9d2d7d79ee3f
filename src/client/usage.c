#include "client/usage.h"

#include <glib.h>
#include <string.h>

#include "base/version.h"

#define INDENT 4
#define MARGIN 41 /* the width of the column with the commands */

/* What can be sent to the server.  The lines are cut as 1.1.2 cuts them, at 34 characters, since people compare; a row
 * without a command is a heading. */
static const struct
{
  const char *command;
  const char *text;
} commands[] = {
  { NULL, "BASIC" },
  { "start", "starts the server and the jails" },
  { "restart", "restarts the server" },
  { "restart [--unban] [--if-exists] <JAIL>", "restarts the jail <JAIL> (alias\n"
                                              "for 'reload --restart ... <JAIL>')" },
  { "reload [--restart] [--unban] [--all]", "reloads the configuration without\n"
                                            "restarting of the server, the\n"
                                            "option '--restart' activates\n"
                                            "completely restarting of affected\n"
                                            "jails, thereby can unban IP\n"
                                            "addresses (if option '--unban'\n"
                                            "specified)" },
  { "reload [--restart] [--unban] [--if-exists] <JAIL>", "reloads the jail <JAIL>, or\n"
                                                         "restarts it (if option '--restart'\n"
                                                         "specified)" },
  { "stop", "stops all jails and terminate the\n"
            "server" },
  { "unban --all", "unbans all IP addresses (in all\n"
                   "jails and database)" },
  { "unban <IP> ... <IP>", "unbans <IP> (in all jails and\n"
                           "database)" },
  { "banned", "return jails with banned IPs as\n"
              "dictionary" },
  { "banned <IP> ... <IP>]", "return list(s) of jails where\n"
                             "given IP(s) are banned" },
  { "status", "gets the current status of the\n"
              "server" },
  { "status --all [FLAVOR]", "gets the current status of all\n"
                             "jails, with optional output style\n"
                             "[FLAVOR]. Flavors: 'basic'\n"
                             "(default), 'cymru', 'short',\n"
                             "'stats'" },
  { "stat[istic]s", "gets the current statistics of all\n"
                    "jails as table" },
  { "ping", "tests if the server is alive" },
  { "echo", "for internal usage, returns back\n"
            "and outputs a given string" },
  { "version", "return the server version" },
  { NULL, "LOGGING" },
  { "set loglevel <LEVEL>", "sets logging level to <LEVEL>.\n"
                            "Levels: CRITICAL, ERROR, WARNING,\n"
                            "NOTICE, INFO, DEBUG, TRACEDEBUG,\n"
                            "HEAVYDEBUG or corresponding\n"
                            "numeric value (50-5)" },
  { "get loglevel", "gets the logging level" },
  { "set logtarget <TARGET>", "sets logging target to <TARGET>.\n"
                              "Can be STDOUT, STDERR, SYSLOG,\n"
                              "SYSTEMD-JOURNAL or a file" },
  { "get logtarget", "gets logging target" },
  { "set syslogsocket auto|<SOCKET>", "sets the syslog socket path to\n"
                                      "auto or <SOCKET>. Only used if\n"
                                      "logtarget is SYSLOG" },
  { "get syslogsocket", "gets syslog socket path" },
  { "flushlogs", "flushes the logtarget if a file\n"
                 "and reopens it. For log rotation." },
  { NULL, "DATABASE" },
  { "set dbfile <FILE>", "set the location of fail2ban\n"
                         "persistent datastore. Set to\n"
                         "\"None\" to disable" },
  { "get dbfile", "get the location of fail2ban\n"
                  "persistent datastore" },
  { "set dbmaxmatches <INT>", "sets the max number of matches\n"
                              "stored in database per ticket" },
  { "get dbmaxmatches", "gets the max number of matches\n"
                        "stored in database per ticket" },
  { "set dbpurgeage <SECONDS>", "sets the max age in <SECONDS> that\n"
                                "history of bans will be kept" },
  { "get dbpurgeage", "gets the max age in seconds that\n"
                      "history of bans will be kept" },
  { NULL, "JAIL CONTROL" },
  { "add <JAIL> <BACKEND>", "creates <JAIL> using <BACKEND>" },
  { "start <JAIL>", "starts the jail <JAIL>" },
  { "stop <JAIL>", "stops the jail <JAIL>. The jail is\n"
                   "removed" },
  { "status <JAIL> [FLAVOR]", "gets the current status of <JAIL>,\n"
                              "with optional output style\n"
                              "[FLAVOR]. Flavors: 'basic'\n"
                              "(default), 'cymru', 'short',\n"
                              "'stats'" },
  { NULL, "JAIL CONFIGURATION" },
  { "set <JAIL> idle on|off", "sets the idle state of <JAIL>" },
  { "set <JAIL> ignoreself true|false", "allows the ignoring of own IP\n"
                                        "addresses" },
  { "set <JAIL> addignoreip <IP>", "adds <IP> to the ignore list of\n"
                                   "<JAIL>" },
  { "set <JAIL> delignoreip <IP>", "removes <IP> from the ignore list\n"
                                   "of <JAIL>" },
  { "set <JAIL> ignorecommand <VALUE>", "sets ignorecommand of <JAIL>" },
  { "set <JAIL> ignorecache <VALUE>", "sets ignorecache of <JAIL>" },
  { "set <JAIL> addlogpath <FILE> ['tail']", "adds <FILE> to the monitoring list\n"
                                             "of <JAIL>, optionally starting at\n"
                                             "the 'tail' of the file (default\n"
                                             "'head')." },
  { "set <JAIL> dellogpath <FILE>", "removes <FILE> from the monitoring\n"
                                    "list of <JAIL>" },
  { "set <JAIL> logencoding <ENCODING>", "sets the <ENCODING> of the log\n"
                                         "files for <JAIL>" },
  { "set <JAIL> addjournalmatch <MATCH>", "adds <MATCH> to the journal filter\n"
                                          "of <JAIL>" },
  { "set <JAIL> deljournalmatch <MATCH>", "removes <MATCH> from the journal\n"
                                          "filter of <JAIL>" },
  { "set <JAIL> addfailregex <REGEX>", "adds the regular expression\n"
                                       "<REGEX> which must match failures\n"
                                       "for <JAIL>" },
  { "set <JAIL> delfailregex <INDEX>", "removes the regular expression at\n"
                                       "<INDEX> for failregex" },
  { "set <JAIL> addignoreregex <REGEX>", "adds the regular expression\n"
                                         "<REGEX> which should match pattern\n"
                                         "to exclude for <JAIL>" },
  { "set <JAIL> delignoreregex <INDEX>", "removes the regular expression at\n"
                                         "<INDEX> for ignoreregex" },
  { "set <JAIL> findtime <TIME>", "sets the number of seconds <TIME>\n"
                                  "for which the filter will look\n"
                                  "back for <JAIL>" },
  { "set <JAIL> bantime <TIME>", "sets the number of seconds <TIME>\n"
                                 "a host will be banned for <JAIL>" },
  { "set <JAIL> datepattern <PATTERN>", "sets the <PATTERN> used to match\n"
                                        "date/times for <JAIL>" },
  { "set <JAIL> usedns <VALUE>", "sets the usedns mode for <JAIL>" },
  { "set <JAIL> attempt <IP> [<failure1> ... <failureN>]", "manually notify about <IP> failure" },
  { "set <JAIL> banip <IP> ... <IP>", "manually Ban <IP> for <JAIL>" },
  { "set <JAIL> unbanip [--report-absent] <IP> ... <IP>", "manually Unban <IP> in <JAIL>" },
  { "set <JAIL> maxretry <RETRY>", "sets the number of failures\n"
                                   "<RETRY> before banning the host\n"
                                   "for <JAIL>" },
  { "set <JAIL> maxmatches <INT>", "sets the max number of matches\n"
                                   "stored in memory per ticket in\n"
                                   "<JAIL>" },
  { "set <JAIL> maxlines <LINES>", "sets the number of <LINES> to\n"
                                   "buffer for regex search for <JAIL>" },
  { "set <JAIL> addaction <ACT>[ <PYTHONFILE>", "<JSONKWARGS>]\n"
                                                "adds a new action named <ACT> for\n"
                                                "<JAIL>. Optionally for a Python\n"
                                                "based action, a <PYTHONFILE> and\n"
                                                "<JSONKWARGS> can be specified,\n"
                                                "else will be a Command Action" },
  { "set <JAIL> delaction <ACT>", "removes the action <ACT> from\n"
                                  "<JAIL>" },
  { NULL, "COMMAND ACTION CONFIGURATION" },
  { "set <JAIL> action <ACT> actionstart <CMD>", "sets the start command <CMD> of\n"
                                                 "the action <ACT> for <JAIL>" },
  { "set <JAIL> action <ACT> actionstop <CMD>", "sets the stop command <CMD> of the\n"
                                                "action <ACT> for <JAIL>" },
  { "set <JAIL> action <ACT> actioncheck <CMD>", "sets the check command <CMD> of\n"
                                                 "the action <ACT> for <JAIL>" },
  { "set <JAIL> action <ACT> actionban <CMD>", "sets the ban command <CMD> of the\n"
                                               "action <ACT> for <JAIL>" },
  { "set <JAIL> action <ACT> actionunban <CMD>", "sets the unban command <CMD> of\n"
                                                 "the action <ACT> for <JAIL>" },
  { "set <JAIL> action <ACT> timeout <TIMEOUT>", "sets <TIMEOUT> as the command\n"
                                                 "timeout in seconds for the action\n"
                                                 "<ACT> for <JAIL>" },
  { NULL, "GENERAL ACTION CONFIGURATION" },
  { "set <JAIL> action <ACT> <PROPERTY> <VALUE>", "sets the <VALUE> of <PROPERTY> for\n"
                                                  "the action <ACT> for <JAIL>" },
  { "set <JAIL> action <ACT> <METHOD>[ <JSONKWARGS>]", "calls the <METHOD> with\n"
                                                       "<JSONKWARGS> for the action <ACT>\n"
                                                       "for <JAIL>" },
  { NULL, "JAIL INFORMATION" },
  { "get <JAIL> banned", "return banned IPs of <JAIL>" },
  { "get <JAIL> banned <IP> ... <IP>]", "return 1 if IP is banned in <JAIL>\n"
                                        "otherwise 0, or a list of 1/0 for\n"
                                        "multiple IPs" },
  { "get <JAIL> logpath", "gets the list of the monitored\n"
                          "files for <JAIL>" },
  { "get <JAIL> logencoding", "gets the encoding of the log files\n"
                              "for <JAIL>" },
  { "get <JAIL> journalmatch", "gets the journal filter match for\n"
                               "<JAIL>" },
  { "get <JAIL> ignoreself", "gets the current value of the\n"
                             "ignoring the own IP addresses" },
  { "get <JAIL> ignoreip", "gets the list of ignored IP\n"
                           "addresses for <JAIL>" },
  { "get <JAIL> ignorecommand", "gets ignorecommand of <JAIL>" },
  { "get <JAIL> failregex", "gets the list of regular\n"
                            "expressions which matches the\n"
                            "failures for <JAIL>" },
  { "get <JAIL> ignoreregex", "gets the list of regular\n"
                              "expressions which matches patterns\n"
                              "to ignore for <JAIL>" },
  { "get <JAIL> findtime", "gets the time for which the filter\n"
                           "will look back for failures for\n"
                           "<JAIL>" },
  { "get <JAIL> bantime", "gets the time a host is banned for\n"
                          "<JAIL>" },
  { "get <JAIL> datepattern", "gets the pattern used to match\n"
                              "date/times for <JAIL>" },
  { "get <JAIL> usedns", "gets the usedns setting for <JAIL>" },
  { "get <JAIL> banip [<SEP>|--with-time]", "gets the list of of banned IP\n"
                                            "addresses for <JAIL>. Optionally\n"
                                            "the separator character ('<SEP>',\n"
                                            "default is space) or the option '\n"
                                            "--with-time' (printing the times\n"
                                            "of ban) may be specified. The IPs\n"
                                            "are ordered by end of ban." },
  { "get <JAIL> maxretry", "gets the number of failures\n"
                           "allowed for <JAIL>" },
  { "get <JAIL> maxmatches", "gets the max number of matches\n"
                             "stored in memory per ticket in\n"
                             "<JAIL>" },
  { "get <JAIL> maxlines", "gets the number of lines to buffer\n"
                           "for <JAIL>" },
  { "get <JAIL> actions", "gets a list of actions for <JAIL>" },
  { NULL, "COMMAND ACTION INFORMATION" },
  { "get <JAIL> action <ACT> actionstart", "gets the start command for the\n"
                                           "action <ACT> for <JAIL>" },
  { "get <JAIL> action <ACT> actionstop", "gets the stop command for the\n"
                                          "action <ACT> for <JAIL>" },
  { "get <JAIL> action <ACT> actioncheck", "gets the check command for the\n"
                                           "action <ACT> for <JAIL>" },
  { "get <JAIL> action <ACT> actionban", "gets the ban command for the\n"
                                         "action <ACT> for <JAIL>" },
  { "get <JAIL> action <ACT> actionunban", "gets the unban command for the\n"
                                           "action <ACT> for <JAIL>" },
  { "get <JAIL> action <ACT> timeout", "gets the command timeout in\n"
                                       "seconds for the action <ACT> for\n"
                                       "<JAIL>" },
  { NULL, "GENERAL ACTION INFORMATION" },
  { "get <JAIL> actionproperties <ACT>", "gets a list of properties for the\n"
                                         "action <ACT> for <JAIL>" },
  { "get <JAIL> actionmethods <ACT>", "gets a list of methods for the\n"
                                      "action <ACT> for <JAIL>" },
  { "get <JAIL> action <ACT> <PROPERTY>", "gets the value of <PROPERTY> for\n"
                                          "the action <ACT> for <JAIL>" },
};

static const char *const options[] = {
  "    -c, --conf <DIR>        configuration directory",
  "    -s, --socket <FILE>     socket path",
  "    -p, --pidfile <FILE>    pidfile path",
  "    --pname <NAME>          name of the process (main thread) to identify instance (default fail2ban-server)",
  "    --loglevel <LEVEL>      logging level",
  "    --logtarget <TARGET>    logging target, use file-name or stdout, stderr, syslog or sysout.",
  "    --syslogsocket auto|<FILE>",
  "    -d                      dump configuration. For debugging",
  "    --dp, --dump-pretty     dump the configuration using more human readable representation",
  "    -t, --test              test configuration (can be also specified with start parameters)",
  "    -i                      interactive mode",
  "    -v                      increase verbosity",
  "    -q                      decrease verbosity",
  "    -x                      force execution of the server (remove socket file)",
  "    -b                      start server in background (default)",
  "    -f                      start server in foreground",
  "    --async                 start server in async mode (for internal usage only, don't read configuration)",
  "    --timeout               timeout to wait for the server (for internal usage only, don't read configuration)",
  "    --str2sec <STRING>      convert time abbreviation format to seconds",
  "    -h, --help              display this help message",
  "    -V, --version           print the version (-V returns machine-readable short format)",
};

static void
print_command (const char *command, const char *text, FILE *out)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint i = 0;

  if (strlen (command) >= MARGIN) /* no room beside it */
    fprintf (out, "%*s%s\n", INDENT, "", command);
  else
    fprintf (out, "%*s%-*s%s\n", INDENT, "", MARGIN, command, lines[i++]);
  for (; lines[i] != NULL; i++)
    fprintf (out, "%*s%s\n", INDENT + MARGIN, "", lines[i]);
}

static void
print_commands (FILE *out)
{
  fputs ("\nCommand:\n", out);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      if (commands[i].command == NULL && i > 0)
        fputc ('\n', out);
      print_command (commands[i].command != NULL ? commands[i].command : "", commands[i].text, out);
    }
}

void
usage_print (const char *program, FILE *out)
{
  g_autofree char *name = g_path_get_basename (program);
  gboolean server = g_str_has_suffix (name, "server");

  fprintf (out, "Usage: %s [OPTIONS]%s\n\n", name, server ? "" : " <COMMAND>");
  fputs ("Fail2Ban v" FAIL2BAN_VERSION " reads log file that contains password failure report\n"
         "and bans the corresponding IP addresses using firewall rules.\n\nOptions:\n",
         out);
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    fprintf (out, "%s\n", options[i]);
  if (!server)
    print_commands (out);
  fputs ("\nReport bugs to https://github.com/fail2ban/fail2ban/issues\n", out);
}
