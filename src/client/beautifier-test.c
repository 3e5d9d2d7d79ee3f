#include "client/beautifier.h"

#include "compat/py-json.h"

/* words and response as JSON; what is shown. */
static void
shows (guint line, const char *words_json, const char *response_json, const char *wanted)
{
  g_autoptr (PyValue) words = py_json_parse (words_json, -1, NULL);
  g_autoptr (PyValue) response = py_json_parse (response_json, -1, NULL);
  g_autoptr (PyValue) text = beautify (words, response, NULL);

  if (!py_str_equals (text, wanted))
    g_error ("line %u: %s", line, py_str_peek (text, NULL));
}
#define SHOWS(...) shows (__LINE__, __VA_ARGS__)

static void
test_simple_commands_have_their_sentence (void)
{
  SHOWS ("[\"ping\"]", "\"pong\"", "Server replied: pong");
  SHOWS ("[\"stop\"]", "null", "Shutdown successful");
  SHOWS ("[\"stop\", \"j\"]", "null", "Jail stopped");
  SHOWS ("[\"add\", \"j\", \"polling\"]", "\"j\"", "Added jail j");
  SHOWS ("[\"flushlogs\"]", "\"flushed\"", "logs: flushed");
  SHOWS ("[\"echo\", \"a\", \"b\"]", "[\"a\", \"b\"]", "a b");
  SHOWS ("[\"set\", \"j\", \"bantime\", \"1h\"]", "3600", "3600");
  SHOWS ("[\"banned\"]", "[{\"j\": [\"192.0.2.1\"]}]", "[{'j': ['192.0.2.1']}]");
}

static void
test_the_status_is_a_tree (void)
{
  SHOWS ("[\"status\"]", "[[\"Number of jail\", 2], [\"Jail list\", \"a, b\"]]",
         "Status\n|- Number of jail:\t2\n`- Jail list:\ta, b");
  SHOWS (
      "[\"status\", \"j\"]",
      "[[\"Filter\", [[\"Currently failed\", 1], [\"File list\", [\"/a\", \"/b\"]]]], [\"Actions\", [[\"Banned IP list\", []]]]]",
      "Status for the jail: j\n|- Filter\n|  |- Currently failed:\t1\n|  `- File list:\t/a /b\n"
      "`- Actions\n   `- Banned IP list:\t");
  SHOWS ("[\"status\", \"--all\"]",
         "[[\"Number of jail\", 1], [\"Jail list\", \"j\"], {\"j\": [[\"Filter\", [[\"Total failed\", 0]]]]}]",
         "Status\n|- Number of jail:\t1\n|- Jail list:\tj\n`- Status for the jails:\n   `- Jail: j\n      `- Filter\n"
         "         `- Total failed:\t0");
}

static void
test_settings_are_introduced (void)
{
  SHOWS ("[\"get\", \"loglevel\"]", "20", "Current logging level is 'INFO'");
  SHOWS ("[\"get\", \"logtarget\"]", "\"STDOUT\"", "Current logging target is:\n`- STDOUT");
  SHOWS ("[\"get\", \"dbfile\"]", "null", "Database currently disabled");
  SHOWS ("[\"get\", \"dbpurgeage\"]", "86400.0", "Current database purge age is:\n`- 86400seconds");
  SHOWS ("[\"get\", \"j\", \"logpath\"]", "[\"/a\", \"/b\"]", "Current monitored log file(s):\n|- /a\n`- /b");
  SHOWS ("[\"get\", \"j\", \"failregex\"]", "[\"x\", \"y\"]",
         "The following regular expression are defined:\n|- [0]: x\n`- [1]: y");
  SHOWS ("[\"get\", \"j\", \"ignoreregex\"]", "[]", "No regular expression is defined");
  SHOWS ("[\"get\", \"j\", \"journalmatch\"]", "[[\"A=1\", \"B=2\"], [\"C=3\"]]",
         "Current match filter:\nA=1 B=2 + C=3");
  SHOWS ("[\"get\", \"j\", \"datepattern\"]", "[null, \"Default Detectors\"]",
         "Current date pattern set to: Default Detectors");
  SHOWS ("[\"get\", \"j\", \"datepattern\"]", "[\"%Y\", \"Year\"]", "Current date pattern set to: %Y (Year)");
  SHOWS ("[\"get\", \"j\", \"actionproperties\", \"a\"]", "[\"p\", \"q\"]",
         "The jail j action a has the following properties:\np, q");
}

static void
test_banned_addresses_are_joined (void)
{
  SHOWS ("[\"get\", \"j\", \"banip\"]", "[\"a\", \"b\"]", "a b");
  SHOWS ("[\"get\", \"j\", \"banip\", \", \"]", "[\"a\", \"b\"]", "a, b");
  SHOWS ("[\"get\", \"j\", \"banip\", \"--with-time\"]", "[\"a\", \"b\"]", "a\nb");
  SHOWS ("[\"set\", \"j\", \"banip\", \"a\"]", "1", "1");
}

static void
test_statistics_are_a_table (void)
{
  SHOWS ("[\"stats\"]", "{}", "No jails found.");
  SHOWS ("[\"stats\"]", "{\"a-long-name\": [\"polling\", [1, 22], [3, 4444]]}",
         "             ║          ║ Filter    ║ Actions   \n"
         " Jail        ║ Backend  ╟───────────╫────────────\n"
         "             ║          ║ cur │ tot ║ cur │  tot\n"
         "═════════════╬══════════╬═══════════╬════════════\n"
         " a-long-name ║ polling  ║   1 │  22 ║   3 │ 4444\n"
         "═════════════╩══════════╩═══════════╩════════════");
}

static void
test_an_unexpected_answer_is_shown_as_it_came (void)
{
  SHOWS ("[\"ping\"]", "7", "77");
  SHOWS ("[\"get\", \"logtarget\"]", "[1]", "'Current logging target is:\\n'[1]");
  SHOWS ("[\"status\", \"j\", \"stats\"]", "[\"polling\", [0, 0]]",
         "['Status for the jail: j', '|- p']['polling', [0, 0]]");
}

static void
test_failures_are_worded (void)
{
  static const struct
  {
    const char *class_name, *text, *wanted;
  } rows[] = {
    { "UnknownJailException", "j", "Sorry but the jail 'j' does not exist" },
    { "DuplicateJailException", "j", "The jail 'j' already exists" },
    { "IndexError", "list index out of range", "Sorry but the command is invalid" },
    { "Exception", "Invalid command", "Invalid command" },
    { "KeyError", "x", "'x'" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (PyValue) exception = py_exception_new_text (rows[i].class_name, rows[i].text);
      g_autoptr (PyValue) text = beautify_error (exception);
      g_assert_cmpstr (py_str_peek (text, NULL), ==, rows[i].wanted);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/beautifier/simple commands have their sentence", test_simple_commands_have_their_sentence);
  g_test_add_func ("/beautifier/the status is a tree", test_the_status_is_a_tree);
  g_test_add_func ("/beautifier/settings are introduced", test_settings_are_introduced);
  g_test_add_func ("/beautifier/banned addresses are joined", test_banned_addresses_are_joined);
  g_test_add_func ("/beautifier/statistics are a table", test_statistics_are_a_table);
  g_test_add_func ("/beautifier/an unexpected answer is shown as it came",
                   test_an_unexpected_answer_is_shown_as_it_came);
  g_test_add_func ("/beautifier/failures are worded", test_failures_are_worded);
  return g_test_run ();
}
