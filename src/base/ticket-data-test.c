#include "base/ticket-data.h"

#include <string.h>

#include "compat/py-bigint.h"
#include "compat/py-repr.h"

static PyValue *
tuple_of (const char *before, const char *date, const char *after)
{
  return py_tuple_new_items (py_str_new (before), py_str_new (date), py_str_new (after), NULL);
}

/* The matches and the values, as Python shows them. */
static char *
show (const TicketData *data)
{
  g_autoptr (PyValue) all = py_list_new ();
  g_autoptr (PyValue) values = ticket_data_dup_values (data);

  for (guint i = 0; i < ticket_data_count_matches (data); i++)
    py_list_append (all, ticket_data_dup_match (data, i));
  py_list_append (all, py_value_ref (values));
  return py_repr (all);
}

#define SHOWS(data, text)                                                                                              \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autofree char *shown_ = show (data);                                                                             \
    g_assert_cmpstr (shown_, ==, text);                                                                                \
  }                                                                                                                    \
  G_STMT_END

/* One value of each kind, and texts around the lengths where they are written in another way. */
static PyValue *
all_kinds (void)
{
  PyValue *dict = py_dict_new (), *set = py_set_new (), *inner = py_dict_new ();
  g_autofree char *text = g_strnfill (5000, 'x');

  py_set_add (set, py_str_new ("root"));
  py_dict_set (inner, py_int_new (7), py_tuple_new ());
  py_dict_set_str (dict, "true", py_bool_new (TRUE));
  py_dict_set_str (dict, "false", py_bool_new (FALSE));
  py_dict_set_str (dict, "float", py_float_new (0.1));
  py_dict_set_str (dict, "bytes", py_bytes_new ("\0\377", 2));
  py_dict_set_str (dict, "nul", py_str_new_len ("a\0b", 3));
  py_dict_set_str (dict, "users", set);
  py_dict_set_str (dict, "list", py_list_new_items (py_none_new (), py_str_new (""), inner, NULL));
  py_dict_set_str (dict, "error", py_exception_new_text ("ValueError", "no"));
  for (guint i = 0; i < 64; i++)
    {
      g_autofree char *name = g_strdup_printf ("int%u", i);
      gint64 value = (gint64) (G_GUINT64_CONSTANT (1) << i);

      py_dict_set (dict, py_str_new (name), py_int_new (i % 2 != 0 ? value : -value));
    }
  for (guint len = 3; len < 5000; len = len * 3 / 2)
    {
      g_autofree char *name = g_strdup_printf ("text%u", len);

      py_dict_set (dict, py_str_new (name), py_str_new_len (text, (gssize) len));
    }
  return dict;
}

static void
test_every_value_comes_back (void)
{
  g_autoptr (PyValue) values = all_kinds ();
  g_autoptr (PyValue) matches = py_list_new_items (py_str_new ("a line"), tuple_of ("", "date", " xxxxxxx root"), NULL);
  g_autofree TicketData *data = ticket_data_new (matches, values, NULL);
  g_autoptr (PyValue) back = ticket_data_dup_values (data);
  g_autofree char *there = py_repr (values), *here = py_repr (back);

  g_assert_cmpstr (here, ==, there);
  g_assert_cmpuint (ticket_data_count_matches (data), ==, 2);
}

static void
test_none_and_what_is_kept_elsewhere_is_left_out (void)
{
  static const char *const without[] = { "matches", "ip", NULL };
  g_autoptr (PyValue) values = py_dict_new ();
  g_autofree TicketData *data = NULL;

  py_dict_set_str (values, "matches", py_str_new ("no"));
  py_dict_set_str (values, "user", py_str_new ("root"));
  py_dict_set_str (values, "dns", py_none_new ());
  py_dict_set_str (values, "ip", py_str_new ("no"));
  data = ticket_data_new (NULL, values, without);
  SHOWS (data, "[{'user': 'root'}]");
}

static void
test_what_stands_in_the_line_is_written_once (void)
{
  static const char line[] = " srv1 sshd[5433]: Failed password for root from 198.51.100.1 port 22 ssh2";
  g_autoptr (PyValue) matches = py_list_new_items (tuple_of ("", "Nov 27 01:01:19", line), NULL);
  g_autoptr (PyValue) values = py_dict_new ();
  g_autofree TicketData *data = NULL;
  gsize len;

  py_dict_set_str (values, "mlfid", py_str_new (" srv1 sshd[5433]: "));
  py_dict_set_str (values, "user", py_str_new ("root"));
  py_dict_set_str (values, "ip4", py_str_new ("198.51.100.1"));
  data = ticket_data_new (matches, values, NULL);
  len = ticket_data_get_n_bytes (data);
  g_assert_cmpuint (len, <, strlen (line) + 15 + 8 + 25);
  SHOWS (data, "[('', 'Nov 27 01:01:19', ' srv1 sshd[5433]: Failed password for root from 198.51.100.1 port 22 ssh2'), "
               "{'mlfid': ' srv1 sshd[5433]: ', 'user': 'root', 'ip4': '198.51.100.1'}]");
}

static void
test_matches_come_and_go_and_values_stay (void)
{
  g_autoptr (PyValue) first = py_list_new_items (py_str_new ("first from 192.0.2.1"), NULL);
  g_autoptr (PyValue) values = py_dict_new ();
  g_autoptr (PyValue) more = py_str_new ("second");
  g_autofree TicketData *other = ticket_data_add_match (NULL, more);
  TicketData *data;
  g_autofree char *text = NULL;

  py_dict_set_str (values, "ip4", py_str_new ("192.0.2.1"));
  data = ticket_data_new (first, values, NULL);
  data = ticket_data_add_matches (data, other);
  data = ticket_data_add_matches (data, NULL);
  SHOWS (data, "['first from 192.0.2.1', 'second', {'ip4': '192.0.2.1'}]");
  data = ticket_data_keep_last (data, 2);
  data = ticket_data_keep_last (data, 1);
  SHOWS (data, "['second', {'ip4': '192.0.2.1'}]");
  text = ticket_data_dup_match_text (data, 0, NULL);
  g_assert_cmpstr (text, ==, "second");
  data = ticket_data_keep_last (data, 0);
  SHOWS (data, "[{'ip4': '192.0.2.1'}]");
  ticket_data_free (data);
}

static void
test_nothing_is_something_too (void)
{
  g_autoptr (PyValue) values = ticket_data_dup_values (NULL);
  gboolean ok = FALSE;

  g_assert_cmpuint (py_dict_length (values), ==, 0);
  g_assert_cmpuint (ticket_data_count_matches (NULL), ==, 0);
  g_assert_null (ticket_data_dup_value (NULL, "user"));
  g_assert_null (ticket_data_copy (NULL));
  g_assert_null (ticket_data_keep_last (NULL, 0));
  g_assert_null (ticket_data_add_matches (NULL, NULL));
  ticket_data_write_bytes (NULL, NULL);
  g_assert_cmpuint (ticket_data_get_n_bytes (NULL), ==, 0);
  g_assert_null (ticket_data_from_bytes ("", 0, &ok));
  g_assert_true (ok);
}

static void
test_a_value_is_found_by_its_name (void)
{
  g_autoptr (PyValue) values = all_kinds ();
  g_autofree TicketData *data = NULL;
  g_autoptr (PyValue) number = NULL, none = NULL, users = NULL;

  py_dict_set (values, py_int_new (1), py_str_new ("a key that is no text"));
  py_dict_set_str (values, "last", py_int_new (5));
  data = ticket_data_new (NULL, values, NULL);
  number = ticket_data_dup_value (data, "last");
  users = ticket_data_dup_value (data, "users");
  none = ticket_data_dup_value (data, "las");
  g_assert_cmpint (py_int_get (number), ==, 5);
  g_assert_cmpuint (py_set_length (users), ==, 1);
  g_assert_null (none);
}

static void
test_bytes_are_checked (void)
{
  g_autoptr (PyValue) values = all_kinds ();
  g_autoptr (PyValue) matches = py_list_new_items (py_str_new ("a line with xxxx"), NULL);
  g_autofree TicketData *data = ticket_data_new (matches, values, NULL);
  g_autofree char *there = show (data);
  g_autofree TicketData *back = NULL;
  gsize len = ticket_data_get_n_bytes (data);
  g_autofree guint8 *bytes = g_malloc (len);
  gboolean ok;

  ticket_data_write_bytes (data, bytes);
  back = ticket_data_from_bytes (bytes, len, &ok);
  g_assert_true (ok);
  SHOWS (back, there);
  for (gsize cut = 1; cut < len; cut++)
    {
      g_assert_null (ticket_data_from_bytes (bytes, cut, &ok));
      g_assert_false (ok);
    }
  for (gsize at = 0; at < len; at++) /* whatever it is then: it can be read */
    {
      g_autofree char *changed = g_memdup2 (bytes, len);
      g_autofree TicketData *read = NULL;

      changed[at] ^= (char) (1 << at % 8);
      read = ticket_data_from_bytes (changed, len, &ok);
      if (read != NULL)
        g_free (show (read));
    }
}

static void
test_a_match_that_is_no_text_has_none (void)
{
  g_autoptr (PyValue) odd = py_list_new_items (py_str_new ("a"), py_int_new (300), py_list_new_strs ("no", NULL),
                                               py_str_new ("b"), NULL);
  g_autoptr (PyValue) number = py_int_new (7);
  TicketData *data = ticket_data_add_match (ticket_data_add_match (NULL, odd), number);
  g_autofree char *text = ticket_data_dup_match_text (data, 0, NULL);
  g_autofree char *none = ticket_data_dup_match_text (data, 1, NULL);

  g_assert_cmpstr (text, ==, "ab");
  g_assert_cmpstr (none, ==, "");
  ticket_data_free (data);
}

static void
test_what_is_shared_does_not_change (void)
{
  g_autoptr (PyValue) matches = py_list_new_items (py_str_new ("one"), py_str_new ("two"), NULL);
  g_autoptr (PyValue) values = py_dict_new (), more = py_str_new ("three");
  TicketData *data[40], *first;

  py_dict_set_str (values, "user", py_str_new ("one of them"));
  first = ticket_data_new (matches, values, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (data); i++)
    data[i] = ticket_data_copy (first);
  g_assert_true (data[0] == first);
  data[0] = ticket_data_add_match (data[0], more);
  data[1] = ticket_data_keep_last (data[1], 1);
  data[2] = ticket_data_add_matches (data[2], data[3]);
  data[4] = ticket_data_set_values (data[4], NULL);
  SHOWS (data[0], "['one', 'two', 'three', {'user': 'one of them'}]");
  SHOWS (data[1], "['two', {'user': 'one of them'}]");
  SHOWS (data[2], "['one', 'two', 'one', 'two', {'user': 'one of them'}]");
  SHOWS (data[4], "['one', 'two', {}]");
  for (guint i = 0; i < G_N_ELEMENTS (data); i++)
    {
      if (i > 4)
        SHOWS (data[i], "['one', 'two', {'user': 'one of them'}]");
      ticket_data_free (data[i]);
    }
  SHOWS (first, "['one', 'two', {'user': 'one of them'}]");
  ticket_data_free (first);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add_func ("/ticket-data/" name, func)
  ADD ("every value comes back", test_every_value_comes_back);
  ADD ("None and what is kept elsewhere is left out", test_none_and_what_is_kept_elsewhere_is_left_out);
  ADD ("what stands in the line is written once", test_what_stands_in_the_line_is_written_once);
  ADD ("matches come and go and values stay", test_matches_come_and_go_and_values_stay);
  ADD ("nothing is something too", test_nothing_is_something_too);
  ADD ("a value is found by its name", test_a_value_is_found_by_its_name);
  ADD ("bytes are checked", test_bytes_are_checked);
  ADD ("a match that is no text has none", test_a_match_that_is_no_text_has_none);
  ADD ("what is shared does not change", test_what_is_shared_does_not_change);
  return g_test_run ();
}
