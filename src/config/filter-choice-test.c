#include "config/filter-choice.h"

#include <string.h>
#include <unistd.h>

#include "compat/py-ini.h"
#include "compat/py-repr.h"
#include "config/test-tree.h"

static const char tree_text[]
    = "=== conf/jail.conf\n[j]\nfilter = f[mode=x]\nlogpath = nosuch\n[broken]\nfilter = nosuch\n"
      "=== conf/filter.d/f.conf\n[Definition]\nfailregex = ^<mode>/<logtype> <HOST>$\n[Init]\nmode = normal\n"
      "=== conf/filter.d/bad.conf\nx\n=== conf/filter.d/loop.conf\n[Definition]\nfailregex = %(nosuch)s\n"
      "=== mine/m.conf\n[INCLUDES]\nbefore = common.conf\n[Definition]\nfailregex = ^%(prefix)s <HOST>$\n"
      "=== mine/common.conf\n[DEFAULT]\nprefix = p\n";

typedef struct
{
  TestTree *tree;
  Log *log;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->tree = test_tree_new (tree_text, sizeof tree_text - 1);
  f->log = log_new ();
  g_assert_no_errno (chdir (f->tree->root));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_assert_no_errno (chdir ("/"));
  test_tree_free (f->tree);
  log_free (f->log);
}

static FilterChoice *
find (Fixture *f, const char *argument, FilterChoiceKind kind, const char *name)
{
  g_autoptr (GError) error = NULL;
  FilterChoice *choice = filter_choice_find (argument, "conf", f->log, &error);

  g_assert_no_error (error);
  g_assert_cmpint (choice->kind, ==, kind);
  g_assert_cmpstr (choice->name, ==, name);
  return choice;
}

static void
assert_loads (FilterChoice *choice, const char *expected)
{
  g_autoptr (GError) error = NULL;

  (void) filter_choice_load (choice, "auto", &error);
  g_assert_no_error (error);
  g_autofree char *repr = py_repr (choice->commands);
  if (strstr (repr, expected) == NULL)
    g_error ("no %s in %s", expected, repr);
}

static void
test_expressions_are_no_names (Fixture *f, gconstpointer data)
{
  static const char *const arguments[] = { "^x <HOST>$", "nosuch", "", "a b", "/no/such.conf" };

  for (guint i = 0; i < G_N_ELEMENTS (arguments); i++)
    {
      g_autoptr (FilterChoice) choice = find (f, arguments[i], FILTER_CHOICE_EXPRESSION, NULL);
      g_assert_null (choice->commands);
    }
}

static void
test_a_jail_comes_first (Fixture *f, gconstpointer data)
{
  g_autoptr (FilterChoice) choice = find (f, "j", FILTER_CHOICE_JAIL, "j");

  assert_loads (choice, "['set', 'j', 'addfailregex', '^x/file <HOST>$']");
}

static void
test_a_filter_takes_options (Fixture *f, gconstpointer data)
{
  g_autoptr (FilterChoice) choice = find (f, "f[mode=\"a b\"]", FILTER_CHOICE_NAMED, "f");
  g_autofree char *options = py_repr (choice->options);

  g_assert_cmpstr (options, ==, "{'mode': 'a b'}");
  g_assert_cmpstr (choice->basedir, ==, "conf");
  assert_loads (choice, "['set', 'fail2ban-regex-jail', 'addfailregex', '^a b/file <HOST>$']");
  g_autofree char *real = py_repr (choice->real_options);
  g_assert_cmpstr (real, ==, "{'logtype': 'file', 'mode': 'a b'}");
}

static void
test_the_journal_is_another_kind_of_log (Fixture *f, gconstpointer data)
{
  g_autoptr (FilterChoice) choice = find (f, "f", FILTER_CHOICE_NAMED, "f");

  g_assert_true (filter_choice_load (choice, "systemd", NULL));
  g_autofree char *repr = py_repr (choice->commands);
  g_assert_nonnull (strstr (repr, "'^normal/journal <HOST>$'"));
}

static void
test_a_path_leads_to_a_filter (Fixture *f, gconstpointer data)
{
  g_autoptr (FilterChoice) stock = find (f, "conf/filter.d/f.conf", FILTER_CHOICE_NAMED, "f");
  g_autoptr (FilterChoice) short_path = find (f, "filter.d/f.conf", FILTER_CHOICE_NAMED, "f");
  g_autoptr (FilterChoice) own = find (f, "mine/m.conf", FILTER_CHOICE_FILE, "mine/m.conf");

  g_assert_cmpstr (stock->basedir, ==, "conf");
  assert_loads (stock, "'^normal/file <HOST>$'");
  assert_loads (short_path, "'^normal/file <HOST>$'");
  assert_loads (own, "'^p <HOST>$'");
}

static void
assert_load_fails (Fixture *f, const char *argument, GQuark domain, int code, const char *message)
{
  g_autoptr (FilterChoice) choice = filter_choice_find (argument, "conf", f->log, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_false (filter_choice_load (choice, "auto", &error));
  g_assert_error (error, domain, code);
  g_assert_true (g_str_has_prefix (error->message, message));
}

static void
test_failures_tell_what_to_print (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  assert_load_fails (f, "broken", FILTER_CHOICE_ERROR, FILTER_CHOICE_ERROR_NOT_LOADED, "");
  assert_load_fails (f, "bad", FILTER_CHOICE_ERROR, FILTER_CHOICE_ERROR_WRONG_FILE,
                     "File contains no section headers.");
  assert_load_fails (f, "loop", PY_INI_ERROR, PY_INI_ERROR_INTERPOLATION_MISSING, "Bad value substitution");
  g_assert_null (filter_choice_find ("f[x]", "conf", f->log, &error));
  g_assert_cmpstr (error->message, ==, "expected option, wrong syntax at 0: x");
  g_clear_error (&error);
  g_assert_null (filter_choice_find ("f", "nosuch", f->log, &error));
  g_assert_cmpstr (error->message, ==, "Base configuration directory nosuch does not exist ");
}

#define ADD(text, func) g_test_add ("/filter-choice/" text, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("expressions are no names", test_expressions_are_no_names);
  ADD ("a jail comes first", test_a_jail_comes_first);
  ADD ("a filter takes options", test_a_filter_takes_options);
  ADD ("the journal is another kind of log", test_the_journal_is_another_kind_of_log);
  ADD ("a path leads to a filter", test_a_path_leads_to_a_filter);
  ADD ("failures tell what to print", test_failures_tell_what_to_print);
  return g_test_run ();
}
