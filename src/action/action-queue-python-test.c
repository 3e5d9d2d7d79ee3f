#include "action/action-queue.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "action/action-private.h"
#include "compat/py-repr.h"

/* Queues with Python actions of test-data/python-actions; what they write to $OUT, answer and log is compared. */
typedef struct
{
  char *folder, *out;
  Log *log;
  GString *lines; /* "ERROR logger: text\n", with the folder of the files taken out */
  Clock *clock;
  Resolver *resolver;
  ActionQueue *queue;
  guint waiting;
  PyValue *answer;
  GPtrArray *tickets;
} Fixture;

/* --- everything around a queue --------------------------------------------------------------------------------------- */

static void
on_line (int level, const char *logger, const char *text, gsize len, gpointer data)
{
  Fixture *f = data;
  char name[16];

  if (level < LOG_LEVEL_NOTICE)
    return;
  g_string_append_printf (f->lines, "%s %s: %s\n", log_level_name (level, name), logger, text);
  (void) g_string_replace (f->lines, g_getenv ("PYTHON_ACTIONS"), "", 0);
}

static gint64
get_ban_time_sec (gpointer jail)
{
  return 600;
}

static PyValue *
answer_action (gpointer jail, const char *question, const PyValue *args)
{
  return g_str_equal (question, "bantime") ? py_int_new (600) : NULL;
}

static void
set_up_in (Fixture *f, const char *python_folder)
{
  static const ActionJailFuncs funcs = { .get_ban_time_sec = get_ban_time_sec, .ask = answer_action };

  memset (f, 0, sizeof *f);
  f->folder = g_dir_make_tmp ("python-XXXXXX", NULL);
  f->out = g_build_filename (f->folder, "out", NULL);
  (void) g_setenv ("OUT", f->out, TRUE);
  f->lines = g_string_new (NULL);
  f->log = log_new ();
  log_set_level (f->log, LOG_LEVEL_INFO);
  log_set_sink (f->log, on_line, f);
  f->clock = clock_new_system ();
  f->resolver = resolver_new (f->clock, f->log);
  ActionContext context = { .log = f->log,
                            .clock = f->clock,
                            .resolver = f->resolver,
                            .python_folder = python_folder,
                            .python_timeout_usec = 2 * G_USEC_PER_SEC };
  f->queue = action_queue_new ("j1", &context, &funcs, f);
  f->tickets = g_ptr_array_new_with_free_func ((GDestroyNotify) ticket_unref);
}

static void
set_up (Fixture *f)
{
  set_up_in (f, g_getenv ("PYTHON_FOLDER"));
}

static void
tear_down (Fixture *f)
{
  g_autofree char *remove = g_strconcat ("rm -rf ", f->folder, NULL);

  action_queue_free (f->queue);
  resolver_free (f->resolver);
  clock_free (f->clock);
  log_free (f->log);
  g_string_free (f->lines, TRUE);
  g_ptr_array_unref (f->tickets);
  py_value_unref (f->answer);
  g_assert_cmpint (system (remove), ==, 0);
  g_free (f->folder);
  g_free (f->out);
}

static void
wait_all (Fixture *f)
{
  while (f->waiting > 0)
    g_main_context_iteration (NULL, TRUE);
}

static void
on_answer (ActionQueue *queue, PyValue *result, gpointer data)
{
  Fixture *f = data;

  py_value_unref (f->answer);
  f->answer = py_value_ref (result);
  f->waiting--;
}

/* options: NAME, text, …; NULL at the end */
static PyValue *
dict_of (va_list args)
{
  PyValue *dict = py_dict_new ();
  const char *name;

  while ((name = va_arg (args, const char *)) != NULL)
    py_dict_set_str (dict, name, py_str_new (va_arg (args, const char *)));
  return dict;
}

static void
ask_to_add (Fixture *f, const char *name, const char *file, gboolean keep_broken, PyValue *options)
{
  g_autofree char *path = g_build_filename (g_getenv ("PYTHON_ACTIONS"), file, NULL);

  f->waiting++;
  action_queue_python_add (f->queue, name, path, options, keep_broken, on_answer, f);
  wait_all (f);
}

G_GNUC_NULL_TERMINATED static void
add (Fixture *f, const char *name, const char *file, ...)
{
  va_list args;

  va_start (args, file);
  g_autoptr (PyValue) options = dict_of (args);
  va_end (args);
  ask_to_add (f, name, file, FALSE, options);
  g_autofree char *shown = py_repr (f->answer);
  g_assert_cmpstr (shown, ==, "None");
}

static Ticket *
ticket (Fixture *f, const char *ip)
{
  for (guint i = 0; i < f->tickets->len; i++)
    if (g_str_equal (address_peek_text (ticket_peek_id (f->tickets->pdata[i])), ip))
      return f->tickets->pdata[i];
  g_autoptr (Address) address = address_new (ip, -1);
  Ticket *made = ticket_new (address, clock_get_time_usec (f->clock));
  g_ptr_array_add (f->tickets, made);
  return made;
}

static void
on_done (ActionQueue *queue, gpointer data)
{
  ((Fixture *) data)->waiting--;
}

static void
on_ticket_done (ActionQueue *queue, Ticket *ticket, gpointer data)
{
  ((Fixture *) data)->waiting--;
}

static void
start (Fixture *f)
{
  f->waiting++;
  action_queue_start (f->queue, on_done, f);
  wait_all (f);
}

static void
ban (Fixture *f, const char *ip)
{
  f->waiting++;
  action_queue_ban (f->queue, ticket (f, ip), NULL, on_ticket_done, f);
  wait_all (f);
}

static void
unban (Fixture *f, const char *ip)
{
  f->waiting++;
  action_queue_unban (f->queue, ticket (f, ip), NULL, on_ticket_done, f);
  wait_all (f);
}

static void
stop (Fixture *f)
{
  f->waiting += 2;
  action_queue_flush (f->queue, f->tickets, TRUE, NULL, on_done, f);
  action_queue_stop (f->queue, on_done, f);
  wait_all (f);
}

static void
out_is (int line, Fixture *f, const char *expected)
{
  g_autofree char *seen = NULL;

  if (!g_file_get_contents (f->out, &seen, NULL, NULL))
    seen = g_strdup ("");
  if (!g_str_equal (seen, expected))
    g_error ("line %d: actions wrote\n%snot\n%slog:\n%s", line, seen, expected, f->lines->str);
  (void) g_unlink (f->out);
}
#define OUT_IS(...) out_is (__LINE__, __VA_ARGS__)

static void
log_is (int line, Fixture *f, const char *expected)
{
  if (!g_str_equal (f->lines->str, expected))
    g_error ("line %d: log is\n%snot\n%s", line, f->lines->str, expected);
  g_string_truncate (f->lines, 0);
}
#define LOG_IS(...) log_is (__LINE__, __VA_ARGS__)

static void
log_begins (int line, Fixture *f, const char *expected)
{
  if (!g_str_has_prefix (f->lines->str, expected))
    g_error ("line %d: log is\n%snot\n%s", line, f->lines->str, expected);
  g_string_truncate (f->lines, 0);
}
#define LOG_BEGINS(...) log_begins (__LINE__, __VA_ARGS__)

static void
answer_is (int line, Fixture *f, const char *expected)
{
  wait_all (f);
  g_autofree char *seen = py_repr (f->answer);
  if (strstr (seen, expected) == NULL)
    g_error ("line %d: the answer is\n%s\nnot\n%s", line, seen, expected);
}
#define ANSWER_IS(...) answer_is (__LINE__, __VA_ARGS__)

/* `set JAIL action ACT NAME [VALUE]` */
static void
set (Fixture *f, const char *action, const char *name, const char *value)
{
  g_autoptr (PyValue) pairs = py_list_new ();
  PyValue *pair = py_list_new_strs (name, value, NULL);

  py_list_append (pairs, pair);
  f->waiting++;
  action_queue_python_set (f->queue, action, pairs, on_answer, f);
}

static void
get (Fixture *f, const char *action, const char *name)
{
  f->waiting++;
  action_queue_python_get (f->queue, action, name, on_answer, f);
}

/* --- what it is for -------------------------------------------------------------------------------------------------- */

static void
test_a_python_action_is_called_as_in_python (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "rec", "recorder.py", "greeting", "grüß \"Gott\"", NULL);
  g_assert_true (action_queue_is_python (f.queue, "rec"));
  start (&f);
  ban (&f, "192.0.2.1");
  ban (&f, "2001:db8::1");
  unban (&f, "192.0.2.1");
  g_ptr_array_remove_index (f.tickets, 0);
  stop (&f);
  OUT_IS (&f, "rec start grüß \"Gott\" in j1\n"
              "rec ban 192.0.2.1 inet4 0 IPAddr\n"
              "rec ban 2001:db8::1 inet6 0 IPAddr\n"
              "rec unban 192.0.2.1 of j1\n"
              "rec unban 2001:db8::1 of j1\n"
              "rec stop\n");
  LOG_IS (&f, "");
  tear_down (&f);
}

static void
test_restored_bans_are_left_out_by_norestored (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "a", "recorder.py", "norestored", "yes", NULL);
  add (&f, "b", "recorder.py", "norestored", "", NULL);
  ticket_set_restored (ticket (&f, "192.0.2.1"), TRUE);
  ban (&f, "192.0.2.1");
  OUT_IS (&f, "b ban 192.0.2.1 inet4 0 IPAddr\n");
  tear_down (&f);
}

static void
test_tickets_and_jails_answer (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "ask", "asking.py", NULL);
  Ticket *one = ticket (&f, "192.0.2.1");
  ticket_take_match (one, py_str_new ("a line; $(with) 'quotes'"));
  ban (&f, "192.0.2.1");
  LOG_IS (&f, "");
  OUT_IS (&f, "a line; $(with) 'quotes' 0 None 1.2.0.192. 600 None a line; $(with) 'quotes' 2 changed\n");
  tear_down (&f);
}

static void
test_properties_are_the_objects (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "rec", "recorder.py", NULL);
  get (&f, "rec", "greeting");
  ANSWER_IS (&f, "'hello'");
  get (&f, "rec", "nothing");
  ANSWER_IS (&f, "AttributeError(\"'Recorder' object has no attribute 'nothing'\")");
  set (&f, "rec", "greeting", "bye");
  ANSWER_IS (&f, "'bye'");
  set (&f, "rec", "note", "{\"text\": \"called\"}");
  ANSWER_IS (&f, "6");
  OUT_IS (&f, "rec called\n");
  set (&f, "rec", "note", "{\"word\": 1}");
  ANSWER_IS (&f, "TypeError(\"Recorder.note() got an unexpected keyword argument 'word'\")");
  f.waiting++;
  action_queue_python_list (f.queue, "rec", FALSE, on_answer, &f);
  ANSWER_IS (&f, "['greeting', 'norestored']");
  f.waiting++;
  action_queue_python_list (f.queue, "rec", TRUE, on_answer, &f);
  ANSWER_IS (&f, "['ban', 'note', 'reban', 'start', 'stop', 'unban']");
  get (&f, "nobody", "x");
  ANSWER_IS (&f, "KeyError('Invalid Action name: nobody')");
  tear_down (&f);
}

static void
test_python_command_actions_keep_text_from_the_shell (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "cmd", "commands.py", "prefix", "<<", NULL);
  start (&f);
  Ticket *one = ticket (&f, "192.0.2.1");
  ticket_take_match (one, py_str_new ("$(echo no); `no` \"no\" 'no' | no"));
  ban (&f, "192.0.2.1");
  LOG_IS (&f, "");
  unban (&f, "192.0.2.1");
  g_assert_nonnull (strstr (f.lines->str, "returned 3"));
  g_assert_nonnull (strstr (f.lines->str, "Error unbanning 192.0.2.1"));
  OUT_IS (&f, "<< start\n<< $(echo no); `no` \"no\" 'no' | no\n<< unban 192.0.2.1\n");
  tear_down (&f);
}

/* --- mail ------------------------------------------------------------------------------------------------------------ */

static char *
await_file (const char *path)
{
  char *text = NULL;

  for (guint i = 0; i < 200 && !g_file_get_contents (path, &text, NULL, NULL); i++)
    g_usleep (50000);
  g_assert_nonnull (text);
  return text;
}

static void
test_a_mail_is_sent_for_a_ban (void)
{
  Fixture f;
  GPid sink;

  set_up (&f);
  g_autofree char *script = g_build_filename (g_getenv ("PYTHON_ACTIONS"), "sink.py", NULL);
  g_autofree char *port_file = g_build_filename (f.folder, "port", NULL);
  g_autofree char *mail_file = g_build_filename (f.folder, "mail", NULL);
  const char *argv[] = { "python3", script, port_file, mail_file, NULL };
  g_assert_true (g_spawn_async (NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &sink, NULL));
  g_autofree char *port = await_file (port_file);

  add (&f, "mail", "mail.py", "port", port, NULL);
  Ticket *one = ticket (&f, "192.0.2.1");
  ticket_take_match (one, py_str_new ("his last line"));
  ban (&f, "192.0.2.1");
  LOG_IS (&f, "NOTICE fail2ban.Mail: mail about 192.0.2.1 is on its way\n");
  g_autofree char *mail = await_file (mail_file);
  g_assert_nonnull (strstr (mail, "Subject: j1: 192.0.2.1\r\n"));
  g_assert_nonnull (strstr (mail, "192.0.2.1 for 600 seconds\r\nhis last line\r\n"));
  ban (&f, "192.0.2.2"); /* nobody listens any more */
  LOG_BEGINS (&f, "ERROR fail2ban.actions: Failed to execute ban jail 'j1' action 'mail' info 'ActionInfo({'");
  tear_down (&f);
}

/* --- what goes wrong ------------------------------------------------------------------------------------------------- */

static void
rejects (int line, const char *file, const char *option, const char *expected)
{
  Fixture f;
  g_autoptr (PyValue) options = py_dict_new ();

  set_up (&f);
  if (option != NULL)
    py_dict_set_str (options, option, py_str_new ("x"));
  ask_to_add (&f, "a", file, FALSE, options);
  answer_is (line, &f, expected);
  g_assert_cmpuint (action_queue_get_n_actions (f.queue), ==, 0);
  log_is (line, &f, "");
  tear_down (&f);
}
#define REJECTS(...) rejects (__LINE__, __VA_ARGS__)

static void
test_files_that_are_no_action_are_refused (void)
{
  REJECTS ("syntax-error.py", NULL, "Exception('invalid syntax (syntax-error.py, line 1)')");
  REJECTS ("no-class.py", NULL, "no-class.py module does not have 'Action' class");
  REJECTS ("no-methods.py", NULL, "no-methods.py module Action does not implement required methods");
  REJECTS ("no-module.py", NULL, "ModuleNotFoundError(\"No module named 'a_module_that_is_nowhere'\")");
  REJECTS ("not-there.py", NULL, "FileNotFoundError(2, 'No such file or directory')");
  REJECTS ("recorder.py", "color", "TypeError(\"Recorder.__init__() got an unexpected keyword argument 'color'\")");
}

static void
test_a_broken_one_can_be_kept_and_fails_alone (void)
{
  Fixture f;
  g_autoptr (PyValue) options = py_dict_new ();

  set_up (&f);
  ask_to_add (&f, "broken", "no-class.py", TRUE, options);
  ANSWER_IS (&f, "None");
  LOG_IS (&f, "ERROR fail2ban.actions: Failed to add jail 'j1' action 'broken': "
              "/no-class.py module does not have 'Action' class\n");
  add (&f, "rec", "recorder.py", NULL);
  start (&f);
  LOG_IS (&f, "ERROR fail2ban.actions: Failed to start jail 'j1' action 'broken': "
              "/no-class.py module does not have 'Action' class\n");
  ban (&f, "192.0.2.1");
  OUT_IS (&f, "rec start hello in j1\nrec ban 192.0.2.1 inet4 0 IPAddr\n");
  tear_down (&f);
}

static void
test_without_python_the_others_work (void)
{
  Fixture f;
  g_autofree char *path = g_strdup (g_getenv ("PATH"));
  g_autoptr (PyValue) options = py_dict_new ();
  g_autoptr (GError) error = NULL;

  set_up (&f);
  (void) g_setenv ("PATH", f.folder, TRUE);
  ask_to_add (&f, "rec", "recorder.py", TRUE, options);
  LOG_IS (&f, "ERROR fail2ban.actions: Failed to add jail 'j1' action 'rec': "
              "/recorder.py: Python actions need python3, which is not in PATH\n");
  g_assert_true (action_queue_add (f.queue, "cmd", &error));
  g_autoptr (PyValue) command = py_str_new ("echo ban <ip> >> $OUT");
  g_assert_true (action_set (action_queue_peek (f.queue, "cmd", NULL), "actionban", command, &error));
  ban (&f, "192.0.2.1");
  OUT_IS (&f, "ban 192.0.2.1\n");
  (void) g_setenv ("PATH", path, TRUE);
  ban (&f, "192.0.2.2"); /* somebody installed it */
  OUT_IS (&f, "rec ban 192.0.2.2 inet4 0 IPAddr\nban 192.0.2.2\n");
  tear_down (&f);
}

static void
test_exceptions_are_logged_with_their_text (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "bad", "failing.py", NULL);
  start (&f);
  LOG_IS (&f, "WARNING fail2ban.Failing: about to fail, 100%\n"
              "ERROR fail2ban.actions: Failed to start jail 'j1' action 'bad': no start\n");
  ban (&f, "192.0.2.1");
  g_assert_nonnull (strstr (f.lines->str, "NOTICE fail2ban.Failing: number %s and %s (('one',): not enough arguments"));
  g_assert_nonnull (strstr (f.lines->str, "})': 'missing'\n"));
  g_string_truncate (f.lines, 0);
  unban (&f, "192.0.2.1");
  g_assert_nonnull (strstr (f.lines->str, "})': the action called exit (3)\n"));
  g_string_truncate (f.lines, 0);
  g_ptr_array_set_size (f.tickets, 0);
  stop (&f);
  LOG_IS (&f, "ERROR fail2ban.actions: Failed to stop jail 'j1' action 'bad': [Errno 5] no stop\n");
  tear_down (&f);
}

static void
test_what_takes_too_long_is_killed_and_made_anew (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "stuck", "stuck.py", NULL);
  set (&f, "stuck", "color", "green");
  start (&f);
  get (&f, "stuck", "color"); /* is answered although … */
  f.waiting++;
  action_queue_ban (f.queue, ticket (&f, "192.0.2.66"), NULL, on_ticket_done, &f); /* … it is busy with this */
  ANSWER_IS (&f, "'green'");
  g_assert_nonnull (strstr (f.lines->str, "[j1] action stuck (/stuck.py) timed out after 2 seconds, killed\n"));
  g_assert_nonnull (strstr (f.lines->str, "})': /stuck.py: timed out after 2 seconds\n"));
  g_string_truncate (f.lines, 0);
  OUT_IS (&f, "start\nban 192.0.2.66\n");
  ban (&f, "192.0.2.1");
  OUT_IS (&f, "start\nban 192.0.2.1\n");
  get (&f, "stuck", "color");
  ANSWER_IS (&f, "'green'");
  LOG_IS (&f, "");
  tear_down (&f);
}

static void
test_one_that_dies_is_made_anew (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "stuck", "stuck.py", NULL);
  start (&f);
  ban (&f, "192.0.2.99");
  g_assert_nonnull (strstr (f.lines->str, "its process ended (killed by signal 6)\n"));
  g_string_truncate (f.lines, 0);
  ban (&f, "192.0.2.1");
  OUT_IS (&f, "start\nban 192.0.2.99\nstart\nban 192.0.2.1\n");
  LOG_IS (&f, "");
  tear_down (&f);
}

static void
test_a_queue_may_go_while_an_action_is_busy (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "stuck", "stuck.py", NULL);
  action_queue_ban (f.queue, ticket (&f, "192.0.2.66"), NULL, NULL, NULL);
  while (!g_file_test (f.out, G_FILE_TEST_EXISTS))
    g_main_context_iteration (NULL, FALSE);
  set (&f, "stuck", "note", "{\"text\": \"never\"}");
  tear_down (&f);
  g_assert_cmpuint (f.waiting, ==, 0); /* that was answered */
}

/* --- flush and reload ------------------------------------------------------------------------------------------------ */

static void
test_a_flush_spares_the_single_unbans (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "f", "flushing.py", NULL);
  ban (&f, "192.0.2.1");
  stop (&f);
  OUT_IS (&f, "flush\n");
  LOG_IS (&f, "NOTICE fail2ban.actions: [j1] Flush ticket(s) with f\n");
  add (&f, "f", "flushing.py", "flushes", "", NULL);
  ban (&f, "192.0.2.1");
  stop (&f);
  OUT_IS (&f, "flush\nunban 192.0.2.1\n");
  tear_down (&f);
}

static void
on_reloaded (ActionQueue *queue, const GError *error, gpointer data)
{
  g_assert_no_error (error);
  ((Fixture *) data)->waiting--;
}

static void
end_reload (Fixture *f)
{
  f->waiting++;
  action_queue_reload_end (f->queue, f->tickets, on_reloaded, f);
  wait_all (f);
}

static void
test_a_reload_keeps_what_did_not_change (void)
{
  Fixture f;

  set_up (&f);
  add (&f, "keep", "recorder.py", NULL);
  add (&f, "change", "recorder.py", "greeting", "old", NULL);
  add (&f, "gone", "recorder.py", NULL);
  add (&f, "own", "flushing.py", NULL);
  start (&f);
  ban (&f, "192.0.2.1");
  (void) g_unlink (f.out);
  action_queue_reload_begin (f.queue);
  add (&f, "keep", "recorder.py", NULL);
  add (&f, "change", "recorder.py", "greeting", "new", NULL);
  add (&f, "own", "flushing.py", "color", "green", NULL);
  end_reload (&f);
  OUT_IS (&f, "change start new in j1\nreload None to green\ngone unban 192.0.2.1 of j1\ngone stop\n");
  g_autoptr (PyValue) names = action_queue_dup_names (f.queue);
  g_autofree char *shown = py_repr (names);
  g_assert_cmpstr (shown, ==, "['keep', 'change', 'own']");
  get (&f, "change", "greeting");
  ANSWER_IS (&f, "'new'");
  LOG_IS (&f, "");
  tear_down (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (g_getenv ("PYTHON_FOLDER") == NULL || g_getenv ("PYTHON_ACTIONS") == NULL)
    {
      g_print ("1..0 # SKIP needs PYTHON_FOLDER and PYTHON_ACTIONS (meson test sets them)\n");
      return 0;
    }
  g_test_add_func ("/python/an action is called as in Python", test_a_python_action_is_called_as_in_python);
  g_test_add_func ("/python/restored bans are left out by norestored", test_restored_bans_are_left_out_by_norestored);
  g_test_add_func ("/python/tickets and jails answer", test_tickets_and_jails_answer);
  g_test_add_func ("/python/properties are the object's", test_properties_are_the_objects);
  g_test_add_func ("/python/command actions keep text from the shell",
                   test_python_command_actions_keep_text_from_the_shell);
  g_test_add_func ("/python/a mail is sent for a ban", test_a_mail_is_sent_for_a_ban);
  g_test_add_func ("/python/files that are no action are refused", test_files_that_are_no_action_are_refused);
  g_test_add_func ("/python/a broken one can be kept and fails alone", test_a_broken_one_can_be_kept_and_fails_alone);
  g_test_add_func ("/python/without python the others work", test_without_python_the_others_work);
  g_test_add_func ("/python/exceptions are logged with their text", test_exceptions_are_logged_with_their_text);
  g_test_add_func ("/python/what takes too long is killed and made anew",
                   test_what_takes_too_long_is_killed_and_made_anew);
  g_test_add_func ("/python/one that dies is made anew", test_one_that_dies_is_made_anew);
  g_test_add_func ("/python/a queue may go while an action is busy", test_a_queue_may_go_while_an_action_is_busy);
  g_test_add_func ("/python/a flush spares the single unbans", test_a_flush_spares_the_single_unbans);
  g_test_add_func ("/python/a reload keeps what did not change", test_a_reload_keeps_what_did_not_change);
  return g_test_run ();
}
