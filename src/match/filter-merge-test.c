#include "match/filter-private.h"

#include <string.h>

#include "compat/py-repr.h"

#define NOW_USEC (1755165600 * (gint64) G_USEC_PER_SEC)

/* --- the slow twin: the same rules on Python's dicts, step by step as the reference has them ------------------------- */
static gboolean
has (const PyValue *dict, const char *key)
{
  PyValue *value = py_dict_get_str (dict, key);

  return value != NULL && py_value_truth (value);
}

static gboolean
take_out (PyValue *dict, const char *key)
{
  gboolean was = has (dict, key);

  (void) py_dict_remove_str (dict, key);
  return was;
}

static void
append_all (PyValue *list, const PyValue *other)
{
  for (guint i = 0; other != NULL && i < py_seq_length (other); i++)
    py_list_append (list, py_value_ref (py_seq_peek (other, i)));
}

/* list += value */
static gboolean
extend (PyValue *list, const PyValue *value)
{
  const char *text;
  gsize len;

  if (value != NULL && py_value_type (value) == PY_NONE)
    return FALSE;
  if (value == NULL || py_value_type (value) != PY_STR)
    {
      append_all (list, value);
      return TRUE;
    }
  text = py_str_peek (value, &len);
  for (const char *at = text; at < text + len; at = g_utf8_next_char (at))
    py_list_append (list, py_str_new_len (at, g_utf8_next_char (at) - at));
  return TRUE;
}

static guint
note_user (PyValue *data, const PyValue *user)
{
  PyValue *users = py_dict_get_str (data, "users");

  if (user != NULL && py_value_truth (user))
    {
      if (users == NULL)
        {
          users = py_set_new ();
          py_dict_set_str (data, "users", users);
        }
      py_set_add (users, py_value_ref ((PyValue *) user));
    }
  return users != NULL ? py_set_length (users) : 0;
}

/* known: id -> dict.  Gives what is reported; NULL: an exception. */
static PyValue *
merge_dicts (GHashTable *connections, PyValue *fail, const PyValue *matched)
{
  g_autoptr (PyValue) id = py_value_ref (py_dict_get_str (fail, "mlfid"));
  PyValue *known = g_hash_table_lookup (connections, id), *lines;
  gboolean gained = has (fail, "mlfgained"), no_failure = gained || has (fail, "nofail"), forget, was_quiet = FALSE;
  guint n_users = 0;

  if (gained && !has (fail, "nofail"))
    py_dict_set_str (fail, "nofail", py_value_ref (py_dict_get_str (fail, "mlfgained")));
  forget = take_out (fail, "mlfforget");
  if (known != NULL)
    {
      n_users = note_user (known, py_dict_get_str (fail, "user"));
      was_quiet = take_out (known, "nofail");
      was_quiet |= take_out (known, "mlfgained");
      if (gained)
        (void) py_dict_remove_str (known, "mlfpending");
      if (!was_quiet && !has (known, "mlfpending"))
        (void) py_dict_remove_str (known, "matches");
      py_dict_update (known, fail, PY_DICT_UPDATE_NOT_NONE);
      py_value_unref (fail);
      fail = py_value_ref (known);
      if (forget)
        g_hash_table_remove (connections, id);
    }
  else if (!forget)
    {
      n_users = note_user (fail, py_dict_get_str (fail, "user"));
      g_hash_table_insert (connections, py_value_ref (id), py_value_ref (fail));
    }
  if (take_out (fail, "mlfpending") || n_users > 1)
    {
      (void) py_dict_remove_str (fail, "nofail");
      (void) py_dict_remove_str (fail, "mlfgained");
      no_failure = gained = FALSE;
    }
  if (no_failure && forget)
    return fail;
  lines = py_list_new ();
  append_all (lines, py_dict_get_str (fail, "nofail-matches"));
  if (no_failure)
    {
      append_all (lines, matched);
      py_dict_set_str (fail, "nofail-matches", lines);
      return fail;
    }
  (void) py_dict_remove_str (fail, "nofail-matches");
  if (!extend (lines, py_dict_get_str (fail, "matches")))
    {
      py_value_unref (lines);
      py_value_unref (fail);
      return NULL;
    }
  if (!gained)
    append_all (lines, matched);
  py_dict_set_str (fail, "matches", lines);
  return fail;
}

/* --- random lines of some connections -------------------------------------------------------------------------------- */
typedef struct
{
  Clock *clock;
  Filter *filter;
  GHashTable *connections;
  GRand *random;
} Fixture;

static void
free_value (gpointer value)
{
  py_value_unref (value);
}

static void
set_up (Fixture *f, gconstpointer seed)
{
  f->clock = clock_new_settable (NOW_USEC);
  f->filter = filter_new ("box", f->clock, NULL);
  f->connections = g_hash_table_new_full (py_value_hash, py_value_equal, free_value, free_value);
  f->random = g_rand_new_with_seed (GPOINTER_TO_UINT (seed));
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  filter_free (f->filter);
  clock_free (f->clock);
  g_hash_table_unref (f->connections);
  g_rand_free (f->random);
}

static gboolean
one_of (Fixture *f, gint n)
{
  return g_rand_int_range (f->random, 0, n) == 0;
}

/* What a group captured: a text, "", None, and where a tuple may be one of these. */
static PyValue *
random_value (Fixture *f, const char *const *texts, gint n_texts, gboolean may_be_tuple)
{
  const char *text = texts[g_rand_int_range (f->random, 0, n_texts)];

  if (may_be_tuple && text != NULL && one_of (f, 8))
    return py_tuple_new_items (py_str_new (text), py_none_new (), NULL);
  return text != NULL ? py_str_new (text) : py_none_new ();
}

static PyValue *
random_fail (Fixture *f)
{
  static const char *const ids[] = { "srv[1]", "srv[22222222222222222222]", "srv[3]" };
  static const char *const users[]
      = { "eve", "bob", NULL, "", "a user whose name is longer than what is kept for the usual ones" };
  static const char *const marks[] = { "x", "closed", NULL, NULL, "" };
  static const char *const others[] = { "192.0.2.1", "2001:db8::1", NULL };
  static const char *const names[] = { "user", "nofail", "mlfgained", "mlfforget", "ip4", "other", "matches" };
  static const char *const listed[] = { "ab", "", NULL, "J\xc3\xb6rg \xf0\x9f\x98\x80" };
  PyValue *fail = py_dict_new ();
  guint at = (guint) g_rand_int_range (f->random, 0, G_N_ELEMENTS (names));

  py_dict_set_str (fail, "mlfid", random_value (f, ids, G_N_ELEMENTS (ids), TRUE));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      const char *name = names[(at + i) % G_N_ELEMENTS (names)];

      if (one_of (f, 2))
        continue;
      if (g_str_equal (name, "user"))
        py_dict_set_str (fail, name, random_value (f, users, G_N_ELEMENTS (users), TRUE));
      else if (g_str_equal (name, "matches"))
        {
          if (one_of (f, 4))
            py_dict_set_str (fail, name, random_value (f, listed, G_N_ELEMENTS (listed), TRUE));
        }
      else if (g_str_equal (name, "ip4") || g_str_equal (name, "other"))
        py_dict_set_str (fail, name, random_value (f, others, G_N_ELEMENTS (others), FALSE));
      else
        py_dict_set_str (fail, name, random_value (f, marks, G_N_ELEMENTS (marks), FALSE));
    }
  return fail;
}

/* The same as an expression gives it: the texts are the dict's. */
static Captures *
captures_of (const PyValue *dict)
{
  Captures *captures = captures_new ();

  for (guint i = 0; i < py_dict_length (dict); i++)
    {
      PyValue *value = py_dict_peek_value (dict, i);
      CaptureName name = capture_name (py_str_peek (py_dict_peek_key (dict, i), NULL));
      gsize len;

      if (py_value_type (value) == PY_STR)
        {
          const char *text = py_str_peek (value, &len);
          captures_lend_text (captures, name, text, len);
        }
      else if (py_value_type (value) == PY_NONE)
        captures_set_none (captures, name);
      else
        captures_take_value (captures, name, py_value_ref (value));
    }
  return captures;
}

static void
assert_same (Captures *merged, const PyValue *dict, guint step)
{
  g_autoptr (PyValue) got = captures_dup_dict (merged);
  g_autofree char *shown = py_repr (got), *wanted = py_repr (dict);

  if (!g_str_equal (shown, wanted))
    g_error ("line %u:\n%s instead of\n%s", step, shown, wanted);
}

static void
merge_random_line (Fixture *f, guint step)
{
  g_autofree char *after = g_strdup_printf (" line %u", step);
  const LinePieces line
      = { .before = "<", .before_len = 1, .date = "now", .date_len = 3, .after = after, .after_len = strlen (after) };
  const Matched matched = { .line = &line };
  g_autoptr (PyValue) lines = py_list_new_items (line_tuple_new (&line), NULL);
  g_autoptr (PyValue) fail = random_fail (f), copy = py_dict_new (), dict = NULL;
  g_autoptr (Captures) captures = captures_of (fail);
  g_autoptr (GError) error = NULL;
  Captures *merged;

  py_dict_update (copy, fail, PY_DICT_UPDATE_ALL);
  merged = filter_merge (f->filter, captures, &matched, NOW_USEC, &error);
  dict = merge_dicts (f->connections, g_steal_pointer (&copy), lines);
  g_assert_cmpint (merged != NULL, ==, dict != NULL);
  if (merged == NULL)
    {
      g_assert_cmpstr (error->message, ==, "TypeError(\"'NoneType' object is not iterable\")");
      return;
    }
  if (!captures_truth (merged, CAPTURE_NOFAIL) && one_of (f, 3)) /* as when it has no id */
    {
      captures_set_one (merged, CAPTURE_MLFPENDING);
      py_dict_set_str (dict, "mlfpending", py_int_new (1));
    }
  if (one_of (f, 2)) /* a dict that is made changes nothing */
    assert_same (merged, dict, step);
}

static void
test_lines_of_connections_are_merged_as_dicts_would_be (Fixture *f, gconstpointer unused)
{
  for (guint i = 0; i < 5000; i++)
    merge_random_line (f, i);
}

/* --- single rules ---------------------------------------------------------------------------------------------------- */
static void merge (Fixture *f, const char *wanted, ...) G_GNUC_NULL_TERMINATED;

/* NAME, TEXT, ... with a line "L" */
static void
merge (Fixture *f, const char *wanted, ...)
{
  const LinePieces line = { .before = "", .date = "", .after = "L", .after_len = 1 };
  const Matched matched = { .line = &line };
  g_autoptr (Captures) captures = captures_new ();
  g_autoptr (PyValue) got = NULL;
  g_autofree char *shown = NULL;
  const char *name;
  va_list args;

  va_start (args, wanted);
  captures_lend_text (captures, CAPTURE_MLFID, "c", 1);
  while ((name = va_arg (args, const char *)) != NULL)
    {
      const char *text = va_arg (args, const char *);
      captures_lend_text (captures, capture_name (name), text, strlen (text));
    }
  va_end (args);
  got = captures_dup_dict (filter_merge (f->filter, captures, &matched, NOW_USEC, NULL));
  shown = py_repr (got);
  g_assert_cmpstr (shown, ==, wanted);
}

static void
test_two_users_make_a_success_a_failure (Fixture *f, gconstpointer unused)
{
  merge (f, "{'mlfid': 'c', 'user': 'eve', 'nofail': 'x', 'users': {'eve'}, 'nofail-matches': [('', '', 'L')]}", "user",
         "eve", "nofail", "x", NULL);
  merge (f, "{'mlfid': 'c', 'user': 'bob', 'users': {'eve', 'bob'}, 'matches': [('', '', 'L'), ('', '', 'L')]}", "user",
         "bob", "mlfgained", "yes", NULL);
}

static void
test_the_same_user_again_is_no_second_one (Fixture *f, gconstpointer unused)
{
  merge (f, "{'mlfid': 'c', 'user': 'eve', 'users': {'eve'}, 'matches': [('', '', 'L')]}", "user", "eve", NULL);
  merge (f,
         "{'mlfid': 'c', 'user': 'eve', 'users': {'eve'}, 'mlfgained': 'yes', 'nofail': 'yes', "
         "'nofail-matches': [('', '', 'L')]}",
         "user", "eve", "mlfgained", "yes", NULL);
}

static void
test_a_failure_takes_the_lines_that_were_held_back (Fixture *f, gconstpointer unused)
{
  merge (f, "{'mlfid': 'c', 'ip4': '192.0.2.1', 'nofail': 'x', 'nofail-matches': [('', '', 'L')]}", "ip4", "192.0.2.1",
         "nofail", "x", NULL);
  merge (f, "{'mlfid': 'c', 'ip4': '192.0.2.1', 'matches': [('', '', 'L'), ('', '', 'L')]}", NULL);
  merge (f, "{'mlfid': 'c', 'ip4': '192.0.2.1', 'matches': [('', '', 'L')]}", NULL);
}

/* As 1.1.2: list += str, and list += tuple. */
static void
test_what_a_group_called_matches_captured_is_listed (Fixture *f, gconstpointer unused)
{
  merge (f, "{'mlfid': 'c', 'nofail': 'x', 'matches': 'ab', 'nofail-matches': [('', '', 'L')]}", "nofail", "x", "matches",
         "ab", NULL);
  merge (f, "{'mlfid': 'c', 'matches': [('', '', 'L'), 'a', 'b', ('', '', 'L')]}", NULL);
  merge (f, "{'mlfid': 'c', 'matches': ['J', '\xc3\xb6', ('', '', 'L')]}", "matches", "J\xc3\xb6", NULL);
  merge (f, "{'mlfid': 'c', 'matches': [('', '', 'L')]}", NULL);
}

static void
test_a_line_that_ends_an_unknown_connection_is_not_kept (Fixture *f, gconstpointer unused)
{
  merge (f, "{'mlfid': 'c', 'ip4': '192.0.2.1', 'nofail': 'x'}", "ip4", "192.0.2.1", "nofail", "x", "mlfforget", "bye",
         NULL);
  merge (f, "{'mlfid': 'c', 'matches': [('', '', 'L')]}", NULL);
}

static void
test_a_group_that_is_called_users_takes_no_user (Fixture *f, gconstpointer unused)
{
  const LinePieces line = { .before = "", .date = "", .after = "L", .after_len = 1 };
  const Matched matched = { .line = &line };
  g_autoptr (Captures) captures = captures_new ();
  g_autoptr (GError) error = NULL;

  merge (f, "{'mlfid': 'c', 'users': 'ab', 'matches': [('', '', 'L')]}", "users", "ab", "nofail", "x", NULL);
  captures_lend_text (captures, CAPTURE_MLFID, "c", 1);
  captures_lend_text (captures, CAPTURE_USER, "eve", 3);
  g_assert_null (filter_merge (f->filter, captures, &matched, NOW_USEC, &error));
  g_assert_error (error, FILTER_ERROR, FILTER_ERROR_PROCESS);
  g_assert_cmpstr (error->message, ==, "AttributeError(\"'str' object has no attribute 'add'\")");
}

#define ADD(path, seed, function) g_test_add (path, Fixture, GUINT_TO_POINTER (seed), set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint seed = 1; seed <= 8; seed++)
    {
      g_autofree char *path = g_strdup_printf ("/merge/lines of connections are merged as dicts would be, %u", seed);
      ADD (path, seed, test_lines_of_connections_are_merged_as_dicts_would_be);
    }
  ADD ("/merge/two users make a success a failure", 0, test_two_users_make_a_success_a_failure);
  ADD ("/merge/the same user again is no second one", 0, test_the_same_user_again_is_no_second_one);
  ADD ("/merge/a failure takes the lines that were held back", 0, test_a_failure_takes_the_lines_that_were_held_back);
  ADD ("/merge/what a group called matches captured is listed", 0, test_what_a_group_called_matches_captured_is_listed);
  ADD ("/merge/a line that ends an unknown connection is not kept", 0,
       test_a_line_that_ends_an_unknown_connection_is_not_kept);
  ADD ("/merge/a group that is called users takes no user", 0, test_a_group_that_is_called_users_takes_no_user);
  return g_test_run ();
}
