#include "jail/ignore-list.h"

#include <glib/gstdio.h>
#include <string.h>

#include "compat/py-repr.h"
#include "jail/ignore-cache.h"
#include "jail/ignore-file.h"

typedef struct
{
  Clock *clock;
  Log *log;
  GString *lines;
  Resolver *resolver;
  IgnoreList *list;
  int answer; /* -1: none yet */
} Fixture;

static void
on_log (int level, const char *logger, const char *text, gsize len, gpointer data)
{
  Fixture *f = data;

  if (level >= LOG_LEVEL_INFO)
    g_string_append_printf (f->lines, "%.*s\n", (int) len, text);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->clock = clock_new_settable (1700000000 * (gint64) G_USEC_PER_SEC);
  f->log = log_new ();
  f->lines = g_string_new (NULL);
  log_set_level (f->log, LOG_LEVEL_INFO);
  log_set_sink (f->log, on_log, f);
  f->resolver = resolver_new (f->clock, f->log);
  f->list = ignore_list_new ("j", f->clock, f->log, f->resolver, NULL);
  ignore_list_set_self (f->list, FALSE);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  ignore_list_free (f->list);
  resolver_free (f->resolver);
  log_free (f->log);
  g_string_free (f->lines, TRUE);
  clock_free (f->clock);
}

static void
on_answer (gboolean ignore, gpointer data)
{
  ((Fixture *) data)->answer = ignore;
}

static gboolean
on_too_long (gpointer data)
{
  g_error ("no answer");
  return G_SOURCE_REMOVE;
}

/* ret_later (may be NULL): the answer had to be waited for. */
static gboolean
is_ignored (Fixture *f, const char *id, gboolean *ret_later)
{
  g_autoptr (Address) address = address_new (id, -1);
  g_autoptr (Ticket) ticket = ticket_new (address, clock_get_time_usec (f->clock));
  IgnoreAnswer answer;
  guint guard;

  f->answer = -1;
  answer = ignore_list_ask (f->list, ticket, on_answer, f);
  if (ret_later != NULL)
    *ret_later = answer == IGNORE_LATER;
  if (answer != IGNORE_LATER)
    return answer == IGNORE_YES;
  guard = g_timeout_add_seconds (20, on_too_long, NULL);
  while (f->answer < 0)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
  return f->answer;
}

static void
add (Fixture *f, const char *text)
{
  g_autoptr (GError) error = NULL;

  if (!ignore_list_add (f->list, text, &error))
    g_error ("%s: %s", text, error->message);
}

static void
set_command (Fixture *f, const char *text)
{
  g_autoptr (PyValue) command = py_str_new (text);

  ignore_list_set_command (f->list, command);
}

static void
assert_list (Fixture *f, const char *expected)
{
  g_autoptr (PyValue) list = ignore_list_dup (f->list);
  g_autofree char *seen = py_repr (list);

  g_assert_cmpstr (seen, ==, expected);
}

static void
test_addresses_and_networks_are_known_at_once (Fixture *f, gconstpointer data)
{
  gboolean later;

  add (f, "192.0.2.1");
  add (f, "198.51.100.7/255.255.255.0");
  add (f, "2001:db8::/32");
  add (f, "");
  g_assert_true (is_ignored (f, "192.0.2.1", &later));
  g_assert_false (later);
  g_assert_true (is_ignored (f, "198.51.100.200", NULL));
  g_assert_true (is_ignored (f, "2001:db8:ffff::1", NULL));
  g_assert_false (is_ignored (f, "192.0.2.2", NULL));
  g_assert_false (is_ignored (f, "alice", NULL));
  g_assert_cmpstr (f->lines->str, ==,
                   "[j] Ignore 192.0.2.1 by ip\n[j] Ignore 198.51.100.200 by ip\n[j] Ignore 2001:db8:ffff::1 by ip\n");
}

static void
test_what_is_added_can_be_removed_once (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  add (f, "192.0.2.1");
  add (f, "192.0.2.1");
  add (f, "192.0.2.0/24");
  add (f, "file:/nowhere/list");
  assert_list (f, "['192.0.2.0/24', 'file://nowhere/list', '192.0.2.1']");
  g_assert_false (ignore_list_del (f->list, "::ffff:192.0.2.1", NULL));
  g_assert_false (ignore_list_del (f->list, "192.0.2.1/32", NULL));
  g_assert_true (ignore_list_del (f->list, "192.0.2.1", &error));
  g_assert_true (ignore_list_del (f->list, "192.0.2.9/24", NULL));
  add (f, "192.0.2.0/24");
  g_assert_true (ignore_list_del (f->list, "file:///nowhere/list", &error));
  assert_list (f, "['192.0.2.0/24']");
  g_assert_false (ignore_list_del (f->list, "192.0.2.1", &error));
  g_assert_cmpstr (error->message, ==, "list.remove(x): x not in list");
  ignore_list_clear (f->list);
  assert_list (f, "[]");
}

static void
test_names_and_our_own_addresses_are_looked_up_in_the_loop (Fixture *f, gconstpointer data)
{
  gboolean later;

  add (f, "localhost");
  g_assert_true (is_ignored (f, "127.0.0.1", &later));
  g_assert_true (later);
  g_assert_true (is_ignored (f, "127.0.0.1", &later));
  g_assert_false (later); /* the name is known now */
  g_assert_false (is_ignored (f, "192.0.2.1", NULL));
  ignore_list_clear (f->list);
  g_assert_false (is_ignored (f, "127.0.0.1", NULL));
  ignore_list_set_self (f->list, TRUE);
  g_assert_true (is_ignored (f, "127.0.0.1", NULL));
  g_assert_nonnull (strstr (f->lines->str, "[j] Ignore 127.0.0.1 by dns\n"));
  g_assert_nonnull (strstr (f->lines->str, "[j] Ignore 127.0.0.1 by ignoreself rule\n"));
}

static void
test_a_file_is_read_again_when_it_changed (Fixture *f, gconstpointer data)
{
  g_autofree char *folder = g_dir_make_tmp ("ignore-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename (folder, "list", NULL), *entry = g_strconcat ("file:", path, NULL);

  g_assert_true (g_file_set_contents (path, "# friends\n192.0.2.1, 192.0.2.8/30 ; more\nlocalhost\n", -1, NULL));
  add (f, entry);
  g_assert_true (is_ignored (f, "192.0.2.1", NULL));
  g_assert_true (is_ignored (f, "192.0.2.11", NULL));
  g_assert_true (is_ignored (f, "127.0.0.1", NULL));
  g_assert_false (is_ignored (f, "192.0.2.2", NULL));
  g_assert_true (g_file_set_contents (path, "192.0.2.2\n", -1, NULL));
  g_assert_false (is_ignored (f, "192.0.2.2", NULL)); /* not looked at twice within a second */
  clock_advance_usec (f->clock, 2 * G_USEC_PER_SEC);
  g_assert_true (is_ignored (f, "192.0.2.2", NULL));
  g_assert_false (is_ignored (f, "192.0.2.1", NULL));
  (void) g_unlink (path);
  clock_advance_usec (f->clock, 2 * G_USEC_PER_SEC);
  g_assert_true (is_ignored (f, "192.0.2.2", NULL)); /* what was read stays */
  g_assert_nonnull (strstr (f->lines->str, "failed: [Errno 2] No such file or directory"));
  (void) g_rmdir (folder);
}

static void
path_of (int line, const char *text, const char *expected)
{
  g_autofree char *path = ignore_file_dup_path (text);

  if (g_strcmp0 (path, expected) != 0)
    g_error ("line %d: %s is %s instead of %s", line, text, path, expected);
}
#define PATH_OF(...) path_of (__LINE__, __VA_ARGS__)

static void
test_slashes_before_the_name_of_a_file_are_few_or_many (void)
{
  PATH_OF ("file:/etc/x", "/etc/x");
  PATH_OF ("file://etc/x", "/etc/x");
  PATH_OF ("file:///etc/x", "/etc/x");
  PATH_OF ("file:x", "x");
  PATH_OF ("file:x/y", "x/y");
  PATH_OF ("file:./x", "./x");
  PATH_OF ("192.0.2.1", NULL);
}

static void
test_a_command_says_yes_by_status_zero (Fixture *f, gconstpointer data)
{
  set_command (f, "true");
  g_assert_true (is_ignored (f, "192.0.2.1", NULL));
  set_command (f, "false");
  g_assert_false (is_ignored (f, "192.0.2.1", NULL));
  g_assert_cmpstr (f->lines->str, ==, "[j] Ignore 192.0.2.1 by command\n");
  set_command (f, "exit 3");
  g_assert_false (is_ignored (f, "192.0.2.1", NULL));
  g_assert_nonnull (strstr (f->lines->str, " -- returned 3\n"));
}

static void
test_scripts_find_the_modules_of_fail2ban (Fixture *f, gconstpointer data)
{
  const char *folder = g_getenv ("PYTHON_FOLDER"), *scripts = g_getenv ("PYTHON_ACTIONS");

  if (folder == NULL || scripts == NULL)
    {
      g_test_skip ("needs PYTHON_FOLDER and PYTHON_ACTIONS (meson test sets them)");
      return;
    }
  g_autoptr (PyValue) yes = py_str_printf ("%s/ignore-documentation 192.0.2.1", scripts);
  g_autoptr (PyValue) no = py_str_printf ("%s/ignore-documentation 198.51.100.1", scripts);
  ignore_list_set_python_folder (f->list, folder);
  ignore_list_set_command (f->list, yes);
  g_assert_true (is_ignored (f, "192.0.2.1", NULL));
  ignore_list_set_command (f->list, no);
  g_assert_false (is_ignored (f, "198.51.100.1", NULL));
  g_assert_cmpstr (f->lines->str, ==, "[j] Ignore 192.0.2.1 by command\n");
}

static void
test_an_answer_is_remembered_for_a_while (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gboolean later;

  set_command (f, "true");
  g_assert_true (ignore_list_set_cache (f->list, "key=\"x\", max-count=5, max-time=1m", &error));
  g_assert_true (is_ignored (f, "192.0.2.1", &later));
  g_assert_true (later);
  g_assert_true (is_ignored (f, "192.0.2.1", &later));
  g_assert_false (later);
  clock_advance_usec (f->clock, 61 * G_USEC_PER_SEC);
  g_assert_true (is_ignored (f, "192.0.2.1", &later));
  g_assert_true (later);
  g_assert_false (ignore_list_set_cache (f->list, "max-count=5", &error));
}

static void
test_a_full_cache_forgets_the_oldest (Fixture *f, gconstpointer data)
{
  g_autoptr (PyValue) options = py_dict_new ();
  g_autoptr (IgnoreCache) cache = NULL;
  gboolean answer;

  py_dict_set_str (options, "key", py_str_new ("<ip>"));
  py_dict_set_str (options, "max-count", py_str_new ("2"));
  cache = ignore_cache_new (options, f->clock, NULL);
  ignore_cache_set (cache, "a", TRUE);
  ignore_cache_set (cache, "b", FALSE);
  ignore_cache_set (cache, "a", FALSE);
  ignore_cache_set (cache, "c", TRUE);
  g_assert_false (ignore_cache_get (cache, "b", &answer));
  g_assert_true (ignore_cache_get (cache, "a", &answer));
  g_assert_false (answer);
  g_assert_true (ignore_cache_get (cache, "c", &answer));
  g_assert_true (answer);
}

static ShellCommand *
expand_host (const char *text, Ticket *ticket, gpointer data)
{
  Fixture *f = data;
  g_autoptr (GString) expanded = g_string_new (text);
  const char *host = NULL;

  if (!resolver_peek_address (f->resolver, ticket_peek_id (ticket), &host) || host == NULL)
    host = "None";
  g_string_replace (expanded, "<ip-host>", host, 0);
  return shell_command_new (expanded->str, expanded->len);
}

static void
test_the_name_of_the_host_is_waited_for (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  ignore_list_set_expand (f->list, expand_host, f);
  set_command (f, "test <ip-host> = localhost");
  g_assert_true (is_ignored (f, "127.0.0.1", NULL));
  resolver_clear_cache (f->resolver);
  set_command (f, "test <ip-host> = None");
  g_assert_false (is_ignored (f, "127.0.0.1", NULL));

  /* Also where it is the key of what is remembered. */
  resolver_clear_cache (f->resolver);
  g_assert_true (ignore_list_set_cache (f->list, "key=\"<ip-host>\"", &error));
  set_command (f, "true");
  g_assert_true (is_ignored (f, "127.0.0.1", NULL));
  resolver_clear_cache (f->resolver);
  set_command (f, "false");
  g_assert_true (is_ignored (f, "127.0.0.1", NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/ignore-list/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("addresses and networks are known at once", test_addresses_and_networks_are_known_at_once);
  ADD ("what is added can be removed once", test_what_is_added_can_be_removed_once);
  ADD ("names and our own addresses are looked up in the loop",
       test_names_and_our_own_addresses_are_looked_up_in_the_loop);
  ADD ("a file is read again when it changed", test_a_file_is_read_again_when_it_changed);
  ADD ("a command says yes by status zero", test_a_command_says_yes_by_status_zero);
  ADD ("the name of the host is waited for", test_the_name_of_the_host_is_waited_for);
  ADD ("scripts find the modules of fail2ban", test_scripts_find_the_modules_of_fail2ban);
  ADD ("an answer is remembered for a while", test_an_answer_is_remembered_for_a_while);
  ADD ("a full cache forgets the oldest", test_a_full_cache_forgets_the_oldest);
  g_test_add_func ("/ignore-list/slashes before the name of a file are few or many",
                   test_slashes_before_the_name_of_a_file_are_few_or_many);
  return g_test_run ();
}
