/* The server without a socket: commands as values, answers as values. */
#include "control/server.h"

#include <glib/gstdio.h>
#include <string.h>

#include "compat/py-json.h"
#include "compat/py-repr.h"
#include "control/command-table.h"

typedef struct
{
  Clock *clock;
  Log *log;
  GString *errors;
  Server *server;
  GPtrArray *answers; /* repr of each, in the order in which they came */
} Fixture;

static void
on_log (int level, const char *logger, const char *text, gsize len, gpointer data)
{
  Fixture *f = data;

  if (level >= LOG_LEVEL_ERROR)
    g_string_append_printf (f->errors, "%.*s\n", (int) len, text);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->clock = clock_new_settable (1700000000 * (gint64) G_USEC_PER_SEC);
  f->log = log_new ();
  f->errors = g_string_new (NULL);
  log_set_sink (f->log, on_log, f);
  f->server = server_new (f->clock, f->log);
  f->answers = g_ptr_array_new_with_free_func (g_free);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  server_free (f->server);
  log_free (f->log);
  clock_free (f->clock);
  g_string_free (f->errors, TRUE);
  g_ptr_array_unref (f->answers);
}

static void
on_reply (PyValue *reply, gpointer data)
{
  Fixture *f = data;

  g_ptr_array_add (f->answers, py_repr (reply));
}

/* json: the request. */
static void
send (Fixture *f, const char *json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) request = py_json_parse (json, -1, &error);

  g_assert_no_error (error);
  server_request (f->server, request, on_reply, f);
}

static gboolean
on_too_long (gpointer data)
{
  g_error ("no answer");
  return G_SOURCE_REMOVE;
}

static void
wait_for (Fixture *f, guint count)
{
  guint guard = g_timeout_add_seconds (20, on_too_long, NULL);

  while (f->answers->len < count)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

static void
answers (Fixture *f, int line, const char *json, const char *expected)
{
  guint before = f->answers->len;

  send (f, json);
  wait_for (f, before + 1);
  if (g_strcmp0 (f->answers->pdata[before], expected) != 0)
    g_error ("line %d: %s is answered by %s instead of %s", line, json, (const char *) f->answers->pdata[before],
             expected);
}
#define ANSWERS(json, expected) answers (f, __LINE__, json, expected)

static void
test_the_table_is_sorted_and_complete (void)
{
  for (guint i = 0; i < command_table_length; i++)
    {
      g_assert_nonnull (command_table[i].run);
      if (i > 0)
        g_assert_cmpstr (command_table[i - 1].path, <, command_table[i].path);
    }
}

static void
test_what_is_no_command_is_refused (Fixture *f, gconstpointer data)
{
  ANSWERS ("[]", "(1, IndexError('list index out of range'))");
  ANSWERS ("[\"nonsense\"]", "(1, Exception('Invalid command'))");
  ANSWERS ("[\"get JAIL bantime\"]", "(1, Exception('Invalid command'))");
  ANSWERS ("[null]", "(1, Exception('Invalid command'))");
  ANSWERS ("\"ping\"", "(1, Exception('Invalid command'))");
  ANSWERS ("5", "(1, TypeError(\"'int' object is not subscriptable\"))");
  ANSWERS ("[\"get\"]", "(1, IndexError('list index out of range'))");
  ANSWERS ("[\"get\", \"j\"]", "(1, IndexError('list index out of range'))");
  ANSWERS ("[\"get\", \"j\", \"x\"]", "(1, Exception('Invalid command (no get action or not yet implemented)'))");
  ANSWERS ("[\"set\", \"j\", \"JAIL\", 1]",
           "(1, Exception(\"Invalid command 'JAIL' (no set action or not yet implemented)\"))");
  ANSWERS ("[\"set\", \"JAIL bantime\", 1]",
           "(1, AttributeError(\"'int' object has no attribute 'startswith'\"))");
  ANSWERS ("[\"get\", \"j\", \"bantime\"]", "(1, UnknownJailException('j'))");
  g_assert_nonnull (
      strstr (f->errors->str, "Command ['nonsense'] has failed. Received Exception('Invalid command')\n"));
}

static void
test_a_stream_ends_at_its_first_failure (Fixture *f, gconstpointer data)
{
  ANSWERS ("[\"server-stream\", [[\"add\", \"a\", \"polling\"], [\"set\", \"a\", \"bantime\", \"5m\"], [\"nonsense\"],"
           " [\"add\", \"b\"]]]",
           "(1, Exception('Invalid command'))");
  ANSWERS ("[\"status\"]", "(0, [('Number of jail', 1), ('Jail list', 'a')])");
  ANSWERS ("[\"get\", \"a\", \"bantime\"]", "(0, 300)");
  ANSWERS ("[\"add\", \"a\"]", "(1, DuplicateJailException('a'))");
}

static void
test_a_reload_removes_what_it_does_not_mention (Fixture *f, gconstpointer data)
{
  ANSWERS ("[\"server-stream\", [[\"add\", \"a\", \"polling\"], [\"add\", \"b\", \"polling\"], [\"start\", \"a\"],"
           " [\"start\", \"b\"]]]",
           "(0, None)");
  ANSWERS ("[\"set\", \"a\", \"banip\", \"192.0.2.1\"]", "(0, 1)");
  ANSWERS ("[\"reload\", \"--all\", [], [[\"add\", \"a\", \"polling\"], [\"set\", \"a\", \"maxretry\", 9],"
           " [\"start\", \"a\"]]]",
           "(0, 'OK')");
  ANSWERS ("[\"status\"]", "(0, [('Number of jail', 1), ('Jail list', 'a')])");
  ANSWERS ("[\"get\", \"a\", \"maxretry\"]", "(0, 9)");
  ANSWERS ("[\"get\", \"a\", \"banned\"]", "(0, ['192.0.2.1'])");
  ANSWERS ("[\"reload\", \"a\", [], [[\"add\", \"a\", \"pyinotify\"], [\"start\", \"a\"]]]", "(0, 'OK')");
  ANSWERS ("[\"get\", \"a\", \"banned\"]", "(0, [])"); /* another backend: a new jail */
  ANSWERS ("[\"reload\", \"x\", [], []]", "(1, UnknownJailException('x'))");
  ANSWERS ("[\"reload\", \"x\", [\"--if-exists\"], []]", "(0, 'OK')");
}

static void
test_a_slow_command_holds_up_nobody_else (Fixture *f, gconstpointer data)
{
  send (f, "[\"sleep\", \"0.05\"]");
  send (f, "[\"ping\"]");
  g_assert_cmpuint (f->answers->len, ==, 1);
  g_assert_cmpstr (f->answers->pdata[0], ==, "(0, 'pong')");
  wait_for (f, 2);
  g_assert_cmpstr (f->answers->pdata[1], ==, "(0, None)");
}

static void
test_jails_come_and_go_one_command_after_the_other (Fixture *f, gconstpointer data)
{
  ANSWERS ("[\"add\", \"a\", \"polling\"]", "(0, 'a')");
  ANSWERS ("[\"start\", \"a\"]", "(0, None)");
  g_ptr_array_set_size (f->answers, 0);
  send (f, "[\"stop\", \"a\"]");
  send (f, "[\"add\", \"a\", \"polling\"]"); /* waits until the old one is gone */
  send (f, "[\"status\"]");
  g_assert_cmpuint (f->answers->len, ==, 1);
  wait_for (f, 3);
  g_assert_cmpstr (f->answers->pdata[0], ==, "(0, [('Number of jail', 0), ('Jail list', '')])");
  g_assert_cmpstr (f->answers->pdata[1], ==, "(0, None)");
  g_assert_cmpstr (f->answers->pdata[2], ==, "(0, 'a')");
}

static void
test_commands_of_several_jails_run_one_after_the_other (Fixture *f, gconstpointer data)
{
  g_autofree char *folder = g_dir_make_tmp ("server-test-XXXXXX", NULL), *path = g_build_filename (folder, "out", NULL);
  g_autofree char *text = NULL;
  static const char *const jails[] = { "a", "b" }, *const waits[] = { "sleep 0.05;", "" };

  for (guint i = 0; i < G_N_ELEMENTS (jails); i++)
    {
      g_autofree char *add = g_strdup_printf (
          "[\"server-stream\", [[\"add\", \"%s\", \"polling\"], [\"set\", \"%s\", \"addaction\", \"x\"],"
          " [\"set\", \"%s\", \"action\", \"x\", \"actionstart\", \"%s echo %s >> %s\"]]]",
          jails[i], jails[i], jails[i], waits[i], jails[i], path);

      ANSWERS (add, "(0, None)");
    }
  ANSWERS ("[\"server-stream\", [[\"start\", \"a\"], [\"start\", \"b\"]]]", "(0, None)");
  ANSWERS ("[\"stop\", \"--all\"]", "(0, None)");
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "a\nb\n");
  (void) g_unlink (path);
  (void) g_rmdir (folder);
}

static void
on_quit (gpointer data)
{
  Fixture *f = data;

  g_ptr_array_add (f->answers, g_strdup ("quit"));
}

static void
test_stop_answers_when_all_is_stopped (Fixture *f, gconstpointer data)
{
  server_set_quit_func (f->server, on_quit, NULL, f);
  ANSWERS ("[\"add\", \"a\", \"polling\"]", "(0, 'a')");
  ANSWERS ("[\"start\", \"a\"]", "(0, None)");
  g_ptr_array_set_size (f->answers, 0);
  send (f, "[\"stop\"]");
  send (f, "[\"ping\"]");
  send (f, "[\"stop\"]");
  wait_for (f, 4);
  g_assert_cmpstr (f->answers->pdata[0], ==, "['SHUTDOWN']");
  g_assert_cmpstr (f->answers->pdata[1], ==, "['SHUTDOWN']");
  g_assert_cmpstr (f->answers->pdata[2], ==, "quit");
  g_assert_cmpstr (f->answers->pdata[3], ==, "(0, None)");
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/server/the table is sorted and complete", test_the_table_is_sorted_and_complete);
#define ADD(name, func) g_test_add ("/server/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("what is no command is refused", test_what_is_no_command_is_refused);
  ADD ("a stream ends at its first failure", test_a_stream_ends_at_its_first_failure);
  ADD ("a reload removes what it does not mention", test_a_reload_removes_what_it_does_not_mention);
  ADD ("a slow command holds up nobody else", test_a_slow_command_holds_up_nobody_else);
  ADD ("jails come and go one command after the other", test_jails_come_and_go_one_command_after_the_other);
  ADD ("commands of several jails run one after the other", test_commands_of_several_jails_run_one_after_the_other);
  ADD ("stop answers when all is stopped", test_stop_answers_when_all_is_stopped);
  return g_test_run ();
}
