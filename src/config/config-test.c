#include "config/config.h"

#include <string.h>
#include <unistd.h>

#include "compat/py-repr.h"
#include "config/test-tree.h"

#define BASE                                                                                                           \
  "=== fail2ban.conf\n[Definition]\nlogtarget = STDOUT\ndbfile = None\n"                                               \
  "=== filter.d/f.conf\n[Definition]\nfailregex = ^x <HOST>$\n"                                                        \
  "=== action.d/a.conf\n[Definition]\nactionban = ban <ip> <port>\n[Init]\nport = 22\n"                                \
  "=== log\n"

/* What came of one configuration: the commands as text, one a line, and the messages. */
typedef struct
{
  GString *commands, *messages;
  gboolean valid;
} Outcome;

static void
outcome_clear (Outcome *outcome)
{
  g_string_free (outcome->commands, TRUE);
  g_string_free (outcome->messages, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static void
note_message (int level, const char *logger, const char *text, gsize len, gpointer data)
{
  char name[16];

  g_string_append_printf (data, "%s: %s %.*s\n", logger, log_level_name (level, name), (int) len, text);
}

static Outcome
read_jail (const char *tree_text, const char *jail, ConfigReadFlags flags)
{
  g_autoptr (TestTree) tree = test_tree_new (tree_text, strlen (tree_text));
  g_autoptr (Log) log = log_new ();
  g_autoptr (PyValue) commands = NULL;
  Outcome outcome = { g_string_new (NULL), g_string_new (NULL), FALSE };

  g_assert_no_errno (chdir (tree->root));
  log_set_sink (log, note_message, outcome.messages);
  g_autoptr (Config) config = config_new ("./", log);
  outcome.valid = config_read (config, jail, NULL, flags, &commands);
  for (guint i = 0; commands != NULL && i < py_seq_length (commands); i++)
    {
      g_autofree char *text = py_repr (py_seq_peek (commands, i));
      g_string_append_printf (outcome.commands, "%s\n", text);
    }
  g_assert_no_errno (chdir ("/"));
  return outcome;
}

static Outcome
read_tree (const char *tree_text)
{
  return read_jail (tree_text, NULL, CONFIG_READ_ALLOW_NO_LOGS);
}

static void
assert_has (const GString *text, const char *part)
{
  if (strstr (text->str, part) == NULL)
    g_error ("no '%s' in\n%s", part, text->str);
}

static void
test_a_jail_becomes_commands_in_their_order (void)
{
  g_auto (Outcome) outcome
      = read_tree (BASE "=== jail.conf\n[j]\nenabled = yes\nbantime = 1h\nmaxretry = 5\nfilter = f\n"
                        "ignoreip = ::1, 127.0.0.1\nlogpath = l*g tail\naction = a[port=80]\n"
                        "usedns = no\n");

  g_assert_cmpstr (outcome.messages->str, ==, "");
  g_assert_true (outcome.valid);
  g_assert_cmpstr (
      outcome.commands->str, ==,
      "['set', 'syslogsocket', 'auto']\n['set', 'loglevel', 'INFO']\n['set', 'logtarget', 'STDOUT']\n"
      "['set', 'allowipv6', 'auto']\n['set', 'dbfile', 'None']\n['set', 'dbpurgeage', '1d']\n"
      "['add', 'j', 'auto']\n['set', 'j', 'usedns', 'no']\n['set', 'j', 'addfailregex', '^x <HOST>$']\n"
      "['set', 'j', 'maxretry', 5]\n['set', 'j', 'bantime', '1h']\n['set', 'j', 'addignoreip', '::1', '127.0.0.1']\n"
      "['set', 'j', 'addlogpath', 'log', 'tail']\n['set', 'j', 'addaction', 'a']\n"
      "['multi-set', 'j', 'action', 'a', [['actionban', 'ban <ip> 80'], ['port', '80'], ['name', 'j'], ['actname', 'a']]]\n"
      "['start', 'j']\n");
}

static void
test_native_bans_are_switched_off_for_a_jail_or_all (void)
{
  g_auto (Outcome) outcome
      = read_tree (BASE "=== jail.conf\n[DEFAULT]\nenabled = 1\nfilter = f\nnative = no\naction = a\n[j]\n"
                        "[k]\nnative = yes\n[l]\naction = a[native=maybe]\n");

  assert_has (outcome.commands, "['multi-set', 'j', 'action', 'a', [['actionban', 'ban <ip> 22'], ['native', 'no'], ");
  assert_has (outcome.commands, "['multi-set', 'k', 'action', 'a', [['actionban', 'ban <ip> 22'], ['native', 'yes'], ");
  assert_has (outcome.commands,
              "['multi-set', 'l', 'action', 'a', [['actionban', 'ban <ip> 22'], ['native', 'maybe'], ");
}

static void
test_local_files_override_and_remember (void)
{
  g_auto (Outcome) outcome = read_tree (
      BASE "=== jail.conf\n[j]\nenabled = 1\nfilter = f\nbantime = 1\nfindtime = 1\n"
           "=== jail.d/b.conf\n[j]\nbantime = %(known/bantime)s2\n=== jail.d/a.conf\n[j]\nbantime = x\n"
           "=== jail.local\n[j]\nfindtime = %(known/findtime)s3\n=== filter.d/f.local\n[Init]\nmaxlines = 4\n");

  assert_has (outcome.commands, "['set', 'j', 'bantime', 'x2']\n");
  assert_has (outcome.commands, "['set', 'j', 'findtime', '13']\n");
  assert_has (outcome.commands, "['set', 'j', 'maxlines', 4]\n");
  g_assert_cmpstr (outcome.messages->str, ==, "fail2ban.jailreader: WARNING No actions were defined for j\n");
}

static void
test_a_wrong_jail_is_left_out (void)
{
  g_auto (Outcome) outcome = read_tree (BASE "=== jail.conf\n[DEFAULT]\nenabled = 1\nfilter = f\naction = a\n[j]\n[k]\n"
                                             "filter = nosuch\n[l]\naction = a[x=\"1\" ]\n");

  g_assert_true (outcome.valid);
  assert_has (outcome.commands,
              "['config-error', \"Jail 'k' skipped, because of wrong configuration: Unable to read the "
              "filter 'nosuch'\"]\n");
  assert_has (outcome.commands, "unexpected syntax at 5 after option \\'x\\':  ']\n");
  g_assert_true (g_str_has_suffix (outcome.commands->str, "\n['start', 'j']\n"));
  assert_has (outcome.messages,
              "fail2ban.configreader: ERROR Found no accessible config files for 'filter.d/nosuch' under .\n"
              "fail2ban.jailreader: ERROR Unable to read the filter 'nosuch'\n"
              "fail2ban.jailsreader: ERROR Errors in jail 'k'. Skipping...\n");
}

static void
test_a_test_does_not_forgive (void)
{
  static const char wrong[]
      = BASE "=== jail.conf\n[DEFAULT]\nenabled=1\naction=a\nlogpath=log\n[j]\nfilter=f\n[k]\nfilter=n\n";
  static const char no_logs[] = BASE "=== jail.conf\n[j]\nenabled = 1\nfilter = f\naction = a\nlogpath = nosuch\n";
  g_auto (Outcome) outcome = read_jail (wrong, NULL, CONFIG_READ_STRICT);
  g_auto (Outcome) without = read_jail (no_logs, NULL, CONFIG_READ_STRICT);

  g_assert_false (outcome.valid);
  assert_has (outcome.messages, "fail2ban.jailsreader: ERROR Errors in jail 'k'.\n");
  g_assert_false (without.valid);
  g_assert_cmpstr (without.commands->str, ==, "");
  g_assert_cmpstr (without.messages->str, ==,
                   "fail2ban: ERROR Failed during configuration: Have not found any log file for 'j' jail.\n");
}

static void
test_one_jail_can_be_read_alone (void)
{
  static const char two[] = BASE "=== jail.conf\n[DEFAULT]\nenabled=1\nfilter=f\naction=a\n[j]\n[k]\n";
  g_auto (Outcome) outcome = read_jail (two, "k", CONFIG_READ_ALLOW_NO_LOGS);
  g_auto (Outcome) missing = read_jail (two, "m", CONFIG_READ_ALLOW_NO_LOGS);

  g_assert_null (strstr (outcome.commands->str, "'j'"));
  assert_has (outcome.commands, "['start', 'k']\n");
  g_assert_cmpstr (missing.messages->str, ==, "fail2ban: ERROR Failed during configuration: No section: 'm'\n");
}

static void
test_a_wrong_reference_ends_everything (void)
{
  g_auto (Outcome) outcome = read_tree (BASE "=== jail.conf\n[j]\nenabled = 1\nfilter = f\naction = a[port=%(x)s]\n");

  g_assert_false (outcome.valid);
  g_assert_cmpstr (outcome.commands->str, ==, "");
  g_assert_cmpstr (
      outcome.messages->str, ==,
      "fail2ban: ERROR Failed during configuration: Bad value substitution: option 'action' in section 'j' "
      "contains an interpolation key 'x' which is not a valid option name. Raw value: 'a[port=%(x)s]'\n");
}

static void
test_an_error_in_an_action_names_it (void)
{
  g_auto (Outcome) outcome = read_tree (BASE "=== action.d/b.conf\n[Definition]\nDate: x\nDate: y\n"
                                             "=== jail.conf\n[j]\nenabled = 1\nfilter = f\naction = b[x=1]\n");

  assert_has (outcome.messages,
              "Failed during configuration: Error in action definition 'b[x=1]': While reading from "
              "'./action.d/b.conf' [line  3]: option 'date' in section 'Definition' already exists\n");
}

static void
test_includes_in_a_circle_end (void)
{
  g_auto (Outcome) outcome = read_tree (BASE "=== jail.conf\n[INCLUDES]\nbefore = jail.conf x.conf\n[j]\nenabled = 1\n"
                                             "filter = f\naction = a\n=== jail.local\n[INCLUDES]\nafter = jail.conf\n");

  g_assert_false (outcome.valid);
  assert_has (outcome.messages, "Failed during configuration: maximum recursion depth exceeded");
}

static void
test_python_actions_get_their_options_as_json (void)
{
  g_auto (Outcome) outcome
      = read_tree (BASE "=== jail.conf\n[j]\nenabled=1\nfilter=f\naction = s.py[actname=m, dest=\"\xc3\xa9\", n=1]\n");

  assert_has (outcome.commands,
              "['set', 'j', 'addaction', 'm', './action.d/s.py', '{\"dest\": \"\\\\u00e9\", \"n\": \"1\"}']");
}

static void
test_nuls_reach_the_commands (void)
{
  static const char jail[] = BASE "=== jail.conf\n[j]\nenabled=1\nfilter=f\naction=a\nbantime = 1\xc0\x80"
                                  "2\n";
  g_autofree char *text = g_strdup (jail);
  char *mark = strstr (text, "\xc0\x80");
  g_autoptr (TestTree) tree = NULL;
  g_autoptr (Log) log = log_new ();
  g_autoptr (PyValue) commands = NULL;

  memcpy (mark, "\0", 1);
  memmove (mark + 1, mark + 2, strlen (mark + 2) + 1);
  tree = test_tree_new (text, sizeof jail - 2);
  g_autoptr (Config) config = config_new (tree->root, log);
  g_assert_true (config_read (config, NULL, NULL, CONFIG_READ_ALLOW_NO_LOGS, &commands));
  g_autofree char *repr = py_repr (commands);
  g_assert_nonnull (strstr (repr, "['set', 'j', 'bantime', '1\\x002']"));
}

static void
test_main_options_come_from_the_file_unless_given (void)
{
  static const char text[] = "=== fail2ban.conf\n[Definition]\nsocket = s\nloglevel = debug\n[Thread]\nstacksize = 32\n"
                             "=== jail.conf\n";
  g_autoptr (TestTree) tree = test_tree_new (text, sizeof text - 1);
  g_autoptr (Log) log = log_new ();
  g_autoptr (Config) config = config_new (tree->root, log);
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) commands = NULL;
  ConfigMain settings = { .pidfile = g_strdup ("p") };
  int level;

  g_assert_true (config_complete_main (config, &settings, &error));
  g_assert_true (config_check_log_level (settings.loglevel, &level, &error));
  g_assert_cmpstr (settings.socket, ==, "s");
  g_assert_cmpstr (settings.pidfile, ==, "p");
  g_assert_cmpstr (settings.logtarget, ==, "/var/log/fail2ban.log");
  g_assert_cmpint (level, ==, LOG_LEVEL_DEBUG);
  g_assert_true (config_read (config, NULL, &settings, CONFIG_READ_DEFAULT, &commands));
  g_autofree char *first = py_repr (py_seq_peek (commands, 0));
  g_assert_cmpstr (first, ==, "['set', 'thread', {'stacksize': 32}]");

  g_assert_false (config_check_log_level ("LOUD", NULL, &error));
  g_assert_cmpstr (error->message, ==, "Invalid log level 'LOUD'");
  g_assert_cmpstr (config_error_class (error), ==, "ValueError");
  config_main_clear (&settings);
}

/* They are looked for in another order than that of the commands (1.1.2, -vvv -d with an empty fail2ban.conf). */
static void
test_missing_server_options_are_told_in_their_own_order (void)
{
  static const char text[] = "=== fail2ban.conf\n[Definition]\n=== jail.conf\n";
  static const char *const names[] = { "loglevel", "logtarget", "syslogsocket", "allowipv6", "dbfile", "dbpurgeage" };
  g_autoptr (TestTree) tree = test_tree_new (text, sizeof text - 1);
  g_autoptr (Log) log = log_new ();
  g_autoptr (Config) config = config_new (tree->root, log);
  g_autoptr (GString) messages = g_string_new (NULL);
  g_autoptr (PyValue) commands = NULL;

  log_set_sink (log, note_message, messages);
  log_set_level (log, LOG_LEVEL_DEBUG);
  g_assert_true (config_read (config, NULL, NULL, CONFIG_READ_DEFAULT, &commands));
  const char *at = messages->str;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *expected = g_strdup_printf ("DEBUG '%s' not defined in 'Definition'", names[i]);
      at = strstr (at, expected);
      g_assert_nonnull (at);
    }
  g_autofree char *first = py_repr (py_seq_peek (commands, 0));
  g_assert_cmpstr (first, ==, "['set', 'syslogsocket', 'auto']");
}

/* Without a name it is the folder that is included, which cannot be read, and the file ".local" in it (1.1.2). */
static void
test_an_empty_include_is_the_folder (void)
{
  g_auto (Outcome) outcome
      = read_tree (BASE "=== filter.d/f.conf\n[INCLUDES]\nbefore =\n[Definition]\nfailregex = ^%(pre)s <HOST>$\n"
                        "=== filter.d/.local\n[Definition]\npre = hidden\n"
                        "=== jail.conf\n[j]\nenabled = true\nfilter = f\naction = a\nlogpath = log\n");

  assert_has (outcome.commands, "'addfailregex', '^hidden <HOST>$'");
}

static void
test_a_condition_with_capitals_is_not_found (void)
{
  g_auto (Outcome) action
      = read_tree (BASE "=== action.d/b.conf\n[Definition]\n[Init]\nport = 1\n[Init?family=INET6]\nport = 6\n"
                        "=== jail.conf\n[j]\nenabled = true\nfilter = f\naction = b\nlogpath = log\n");
  g_auto (Outcome) filter
      = read_tree (BASE "=== filter.d/g.conf\n[Definition]\nfailregex = a<HOST>\n[Definition?family=INET6]\nx = 6\n"
                        "=== jail.conf\n[j]\nenabled = true\nfilter = g\naction = a\nlogpath = log\n");

  g_assert_cmpstr (action.messages->str, ==,
                   "fail2ban: ERROR Failed during configuration: Error in action definition 'b': No option "
                   "'port?family=inet6' in section: 'Init'\n");
  g_assert_cmpstr (
      filter.messages->str, ==,
      "fail2ban: ERROR Failed during configuration: No option 'x?family=inet6' in section: 'Definition'\n");
}

static void
test_a_missing_folder_is_named (void)
{
  g_autoptr (Log) log = log_new ();
  g_autoptr (Config) config = config_new ("/nosuch/folder/", log);
  g_autoptr (GError) error = NULL;
  ConfigMain settings = { 0 };

  g_assert_false (config_complete_main (config, &settings, &error));
  g_assert_cmpstr (error->message, ==, "Base configuration directory /nosuch/folder does not exist ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/a jail becomes commands in their order", test_a_jail_becomes_commands_in_their_order);
  g_test_add_func ("/config/native bans are switched off for a jail or all",
                   test_native_bans_are_switched_off_for_a_jail_or_all);
  g_test_add_func ("/config/local files override and remember", test_local_files_override_and_remember);
  g_test_add_func ("/config/a wrong jail is left out", test_a_wrong_jail_is_left_out);
  g_test_add_func ("/config/a test does not forgive", test_a_test_does_not_forgive);
  g_test_add_func ("/config/one jail can be read alone", test_one_jail_can_be_read_alone);
  g_test_add_func ("/config/a wrong reference ends everything", test_a_wrong_reference_ends_everything);
  g_test_add_func ("/config/an error in an action names it", test_an_error_in_an_action_names_it);
  g_test_add_func ("/config/includes in a circle end", test_includes_in_a_circle_end);
  g_test_add_func ("/config/python actions get their options as JSON", test_python_actions_get_their_options_as_json);
  g_test_add_func ("/config/NULs reach the commands", test_nuls_reach_the_commands);
  g_test_add_func ("/config/main options come from the file unless given",
                   test_main_options_come_from_the_file_unless_given);
  g_test_add_func ("/config/missing server options are told in their own order",
                   test_missing_server_options_are_told_in_their_own_order);
  g_test_add_func ("/config/an empty include is the folder", test_an_empty_include_is_the_folder);
  g_test_add_func ("/config/a condition with capitals is not found", test_a_condition_with_capitals_is_not_found);
  g_test_add_func ("/config/a missing folder is named", test_a_missing_folder_is_named);
  return g_test_run ();
}
