#include "match/captures.h"

#include <string.h>

#include "compat/py-repr.h"

static void
lend (Captures *captures, const char *name, const char *text)
{
  captures_lend_text (captures, capture_name (name), text, strlen (text));
}

#define SHOWS(captures, text)                                                                                          \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autoptr (PyValue) shown_dict = captures_dup_dict (captures);                                                     \
    g_autofree char *shown_text = py_repr (shown_dict);                                                                \
    g_assert_cmpstr (shown_text, ==, text);                                                                            \
  }                                                                                                                    \
  G_STMT_END

static void
test_an_empty_text_is_a_text (void)
{
  g_autoptr (Captures) c = captures_new ();
  LineList *lines = line_list_new ();
  LinePieces peeked = { 0 };

  captures_copy_text (c, CAPTURE_USER, "", 0);
  g_assert_nonnull (captures_peek (c, CAPTURE_USER)->text);
  SHOWS (c, "{'user': ''}");
  line_list_append_text (lines, "", 0);
  line_list_peek (lines, 0, &peeked);
  g_assert_nonnull (peeked.after);
  g_assert_cmpuint (peeked.after_len, ==, 0);
  line_list_free (lines);
}

static void
test_a_name_keeps_its_place_until_it_is_removed (void)
{
  g_autoptr (Captures) c = captures_new ();

  lend (c, "user", "eve");
  captures_set_none (c, CAPTURE_IP4);
  lend (c, "anything", "x");
  SHOWS (c, "{'user': 'eve', 'ip4': None, 'anything': 'x'}");
  lend (c, "user", "bob");
  SHOWS (c, "{'user': 'bob', 'ip4': None, 'anything': 'x'}");
  g_assert_true (captures_remove (c, CAPTURE_USER));
  g_assert_false (captures_remove (c, CAPTURE_USER));
  lend (c, "user", "eve");
  SHOWS (c, "{'ip4': None, 'anything': 'x', 'user': 'eve'}");
  captures_clear (c);
  SHOWS (c, "{}");
  g_assert_null (captures_peek (c, CAPTURE_USER));
}

static void
test_what_counts_as_true (void)
{
  g_autoptr (Captures) c = captures_new ();

  lend (c, "user", "");
  captures_set_none (c, CAPTURE_DNS);
  captures_set_one (c, CAPTURE_MLFPENDING);
  captures_take_value (c, CAPTURE_FID, py_tuple_new ());
  (void) captures_get_lines (c, CAPTURE_MATCHES);
  g_assert_false (captures_truth (c, CAPTURE_USER));
  g_assert_false (captures_truth (c, CAPTURE_DNS));
  g_assert_null (captures_peek_some (c, CAPTURE_DNS));
  g_assert_nonnull (captures_peek (c, CAPTURE_DNS));
  g_assert_true (captures_truth (c, CAPTURE_MLFPENDING));
  g_assert_false (captures_truth (c, CAPTURE_FID));
  g_assert_false (captures_truth (c, CAPTURE_MATCHES));
  g_assert_false (captures_truth (c, CAPTURE_IP6));
  SHOWS (c, "{'user': '', 'dns': None, 'mlfpending': 1, 'fid': (), 'matches': []}");
}

static void
test_copies_outlive_what_was_lent (void)
{
  g_autoptr (Captures) lent = captures_new (), copied = captures_new ();
  char text[] = "eve";

  captures_lend_text (lent, CAPTURE_USER, text, 3);
  captures_set_none (lent, CAPTURE_IP4);
  captures_copy_all (copied, lent);
  text[0] = 'E';
  SHOWS (copied, "{'user': 'eve', 'ip4': None}");
  SHOWS (lent, "{'user': 'Eve', 'ip4': None}");
  captures_own (lent);
  text[0] = 'x';
  SHOWS (lent, "{'user': 'Eve', 'ip4': None}");
  captures_update_copied (copied, lent);
  SHOWS (copied, "{'user': 'Eve', 'ip4': None}");
}

static void
test_an_update_leaves_out_what_is_none (void)
{
  g_autoptr (Captures) c = captures_new (), other = captures_new ();

  lend (c, "ip4", "192.0.2.1");
  lend (other, "user", "eve");
  captures_set_none (other, CAPTURE_IP4);
  captures_take_value (other, CAPTURE_FID, py_tuple_new_items (py_str_new ("a"), NULL));
  captures_update_lent (c, other);
  SHOWS (c, "{'ip4': '192.0.2.1', 'user': 'eve', 'fid': ('a',)}");
}

static void
test_texts_of_any_length_can_be_set_again_and_again (void)
{
  g_autoptr (Captures) c = captures_new ();
  g_autofree char *text = g_strnfill (2000, 'x');

  for (gsize len = 0; len <= 2000; len += 50)
    {
      captures_copy_text (c, CAPTURE_USER, text, len);
      captures_copy (c, CAPTURE_FID, captures_peek (c, CAPTURE_USER));
      captures_copy (c, CAPTURE_FID, captures_peek (c, CAPTURE_FID));
      g_assert_cmpmem (captures_peek (c, CAPTURE_FID)->text, captures_peek (c, CAPTURE_FID)->len, text, len);
      if (len % 100 == 0)
        captures_remove (c, CAPTURE_USER);
      if (len % 500 == 0)
        captures_clear (c);
    }
}

/* How many there are then */
static guint
add_user (Captures *captures, const char *text)
{
  const Capture user = { .kind = CAPTURED_TEXT, .text = text, .len = strlen (text) };

  g_assert_true (captures_add_member (captures, CAPTURE_USERS, &user));
  return captures_count_members (captures, CAPTURE_USERS);
}

static void
test_a_set_grows_also_after_it_was_shown (void)
{
  g_autoptr (Captures) c = captures_new ();
  g_autoptr (PyValue) dict = NULL;
  g_autofree char *shown = NULL;

  g_assert_cmpuint (captures_count_members (c, CAPTURE_USERS), ==, 0);
  g_assert_cmpuint (add_user (c, "eve"), ==, 1);
  g_assert_cmpuint (add_user (c, "eve"), ==, 1);
  dict = captures_dup_dict (c);
  g_assert_cmpuint (add_user (c, "eve"), ==, 1);
  g_assert_cmpuint (add_user (c, "bob"), ==, 2);
  shown = py_repr (dict);
  g_assert_cmpstr (shown, ==, "{'users': {'eve', 'bob'}}");
}

static void
test_a_tuple_can_be_a_member_of_a_set (void)
{
  g_autoptr (Captures) c = captures_new ();
  g_autoptr (PyValue) tuple = py_tuple_new_items (py_str_new ("eve"), NULL);
  const Capture user = { .kind = CAPTURED_VALUE, .value = tuple };

  g_assert_true (captures_add_member (c, CAPTURE_USERS, &user));
  g_assert_cmpuint (add_user (c, "eve"), ==, 2);
  g_assert_true (captures_add_member (c, CAPTURE_USERS, &user));
  g_assert_cmpuint (captures_count_members (c, CAPTURE_USERS), ==, 2);
  SHOWS (c, "{'users': {('eve',), 'eve'}}");
}

/* --- lines ----------------------------------------------------------------------------------------------------------- */
static void
append (LineList *lines, const char *before, const char *date, const char *after)
{
  const LinePieces line = { .before = before,
                            .before_len = strlen (before),
                            .date = date,
                            .date_len = strlen (date),
                            .after = after,
                            .after_len = strlen (after) };

  line_list_append (lines, &line);
}

static void
test_lines_that_were_held_back_come_first (void)
{
  g_autoptr (Captures) c = captures_new ();

  append (captures_get_lines (c, CAPTURE_MATCHES), "", "", "b");
  append (captures_get_lines (c, CAPTURE_NOFAIL_MATCHES), "", "", "a");
  captures_put_lines_first (c, CAPTURE_MATCHES, CAPTURE_NOFAIL_MATCHES, 10);
  SHOWS (c, "{'matches': [('', '', 'a'), ('', '', 'b')]}");
  captures_remove (c, CAPTURE_MATCHES);
  g_assert_cmpuint (line_list_get_length (captures_get_lines (c, CAPTURE_MATCHES)), ==, 0);
}

static void
test_a_list_keeps_the_last_lines (void)
{
  g_autoptr (LineList) lines = line_list_new ();

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *text = g_strdup_printf ("%u", i);
      LinePieces last;

      append (lines, "<", text, ">");
      line_list_keep_last (lines, 30);
      g_assert_cmpuint (line_list_get_length (lines), ==, MIN (i + 1, 30));
      line_list_peek (lines, line_list_get_length (lines) - 1, &last);
      g_assert_cmpmem (last.date, last.date_len, text, strlen (text));
      line_list_peek (lines, 0, &last);
      g_assert_cmpint (atoi (last.date), ==, (int) (i < 30 ? 0 : i - 29));
    }
  line_list_keep_last (lines, 1);
  g_autoptr (PyValue) list = line_list_dup_value (lines);
  g_autofree char *shown = py_repr (list);
  g_assert_cmpstr (shown, ==, "[('<', '999', '>')]");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/captures/an empty text is a text", test_an_empty_text_is_a_text);
  g_test_add_func ("/captures/a name keeps its place until it is removed",
                   test_a_name_keeps_its_place_until_it_is_removed);
  g_test_add_func ("/captures/what counts as true", test_what_counts_as_true);
  g_test_add_func ("/captures/copies outlive what was lent", test_copies_outlive_what_was_lent);
  g_test_add_func ("/captures/an update leaves out what is None", test_an_update_leaves_out_what_is_none);
  g_test_add_func ("/captures/texts of any length can be set again and again",
                   test_texts_of_any_length_can_be_set_again_and_again);
  g_test_add_func ("/captures/a set grows also after it was shown", test_a_set_grows_also_after_it_was_shown);
  g_test_add_func ("/captures/a tuple can be a member of a set", test_a_tuple_can_be_a_member_of_a_set);
  g_test_add_func ("/captures/lines that were held back come first", test_lines_that_were_held_back_come_first);
  g_test_add_func ("/captures/a list keeps the last lines", test_a_list_keeps_the_last_lines);
  return g_test_run ();
}
