#include "match/filter-private.h"

#include <string.h>

#include "compat/py-repr.h"

#define NOW_SEC 1755165600 /* 2025-08-14 10:00:00 UTC */

typedef struct
{
  Clock *clock;
  Filter *filter;
  LogLine *line;
  GString *told; /* of the last line: "ID DATA\n" for each failure, DATA without the lines */
} Fixture;

static void
set_up (Fixture *f, gconstpointer unused)
{
  f->clock = clock_new_settable (NOW_SEC * (gint64) G_USEC_PER_SEC);
  f->filter = filter_new ("box", f->clock, NULL);
  f->line = log_line_new ("x.log");
  f->told = g_string_new (NULL);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  filter_free (f->filter);
  log_line_free (f->line);
  clock_free (f->clock);
  g_string_free (f->told, TRUE);
}

/* A ticket has the same by both ways. */
static void
assert_same_ticket (Failure *failure, const PyValue *data)
{
  g_autoptr (Address) id = address_new ("192.0.2.1", -1);
  g_autoptr (Ticket) quick = ticket_new (id, 1), slow = ticket_new (id, 1);
  g_autoptr (PyValue) got = NULL, wanted = NULL;
  g_autofree char *shown = NULL, *expected = NULL;

  failure_give_data (failure, quick);
  ticket_set_data (slow, data);
  got = ticket_dup_data (quick, G_MAXUINT);
  wanted = ticket_dup_data (slow, G_MAXUINT);
  shown = py_repr (got);
  expected = py_repr (wanted);
  g_assert_cmpstr (shown, ==, expected);
  g_assert_cmpstr (address_peek_text (ticket_peek_ip (quick)), ==, address_peek_text (ticket_peek_ip (slow)));
  g_assert_cmpfloat (ticket_get_retry (quick), ==, ticket_get_retry (slow));
}

static void
on_failure (Failure *failure, gpointer user_data)
{
  Fixture *f = user_data;
  g_autoptr (PyValue) id = failure_dup_id_value (failure), data = failure_dup_data (failure);

  assert_same_ticket (failure, data);
  (void) py_dict_remove_str (data, "matches");
  (void) py_dict_remove_str (data, "nofail-matches");
  if (id != NULL)
    py_repr_append (f->told, id);
  else
    g_string_append (f->told, failure->host != NULL ? failure->host : "nobody");
  g_string_append_c (f->told, ' ');
  py_repr_append (f->told, data);
  g_string_append_c (f->told, '\n');
}

static void
add (Fixture *f, const char *regex)
{
  g_autoptr (GError) error = NULL;

  (void) filter_add_failregex (f->filter, regex, &error);
  g_assert_no_error (error);
}

static gboolean
feed (Fixture *f, const char *text, GError **error)
{
  g_string_truncate (f->told, 0);
  log_line_set_bytes (f->line, text, strlen (text));
  return filter_process_line (f->filter, f->line, TRUE, on_failure, f, error);
}

#define TELLS(text, failures)                                                                                          \
  G_STMT_START                                                                                                         \
  {                                                                                                                    \
    g_autoptr (GError) feed_error = NULL;                                                                              \
    (void) feed (f, "2025-08-14 10:00:00 " text, &feed_error);                                                         \
    g_assert_no_error (feed_error);                                                                                    \
    g_assert_cmpstr (f->told->str, ==, failures);                                                                      \
  }                                                                                                                    \
  G_STMT_END

/* --- who ------------------------------------------------------------------------------------------------------------- */
static void
test_an_id_of_its_own_stands_beside_the_address (Fixture *f, gconstpointer unused)
{
  add (f, "^ login of <F-ID>\\S+</F-ID> from <ADDR>$");
  TELLS ("login of eve from 2001:DB8::1",
         "'eve' {'fid': 'eve', 'ip4': None, 'ip6': '2001:DB8::1', 'ip': '2001:db8::1'}\n");
  TELLS ("login of 192.0.2.1 from 192.0.2.1", "'192.0.2.1' {'fid': '192.0.2.1', 'ip4': '192.0.2.1', 'ip6': None}\n");
}

static void
test_a_subnet_is_the_id_where_it_has_a_length (Fixture *f, gconstpointer unused)
{
  add (f, "^ net <SUBNET>$");
  TELLS ("net 192.0.2.7/24", "'192.0.2.0/24' {'ip4': '192.0.2.7', 'ip6': None, 'cidr': '24'}\n");
  TELLS ("net 2001:db8::7", "'2001:db8::7' {'ip4': None, 'ip6': '2001:db8::7', 'cidr': None}\n");
}

static void
test_a_tuple_can_be_an_id (Fixture *f, gconstpointer unused)
{
  add (f, "^ <F-ID>\\w+</F-ID>(?: and <F-TUPLE_ID>\\w+</F-TUPLE_ID>)?$");
  TELLS ("eve and box", "('eve', 'box') {'fid': ('eve', 'box'), 'tuple_id': 'box'}\n");
  TELLS ("eve", "('eve', None) {'fid': ('eve', None), 'tuple_id': None}\n");
}

static void
test_an_id_with_a_bad_mask_loses_the_line (Fixture *f, gconstpointer unused)
{
  g_autoptr (GError) error = NULL;

  add (f, "^ id=<F-ID>\\S+</F-ID>$");
  TELLS ("id=192.0.2.9/255.255.255.0", "'192.0.2.0/24' {'fid': '192.0.2.9/255.255.255.0'}\n");
  g_assert_false (feed (f, "2025-08-14 10:00:00 id=192.0.2.9/255.0.255.0", &error));
  g_assert_error (error, FILTER_ERROR, FILTER_ERROR_PROCESS);
  g_assert_cmpstr (error->message, ==, "ValueError(\"invalid mask '255.0.255.0', no plen representation\")");
}

static void
test_a_name_is_a_host_or_an_id (Fixture *f, gconstpointer unused)
{
  add (f, "^ from <HOST>$");
  TELLS ("from host.example", "host.example {'ip4': None, 'ip6': None, 'dns': 'host.example'}\n");
  filter_set_raw_host (f->filter, TRUE);
  TELLS ("from host.example", "'host.example' {'ip4': None, 'ip6': None, 'dns': 'host.example'}\n");
  filter_set_raw_host (f->filter, FALSE);
  filter_set_use_dns (f->filter, "no");
  TELLS ("from host.example", "");
}

/* --- what was captured ----------------------------------------------------------------------------------------------- */
static void
test_an_alternative_fills_what_is_empty (Fixture *f, gconstpointer unused)
{
  add (f, "^ (?:user <F-USER>\\w*</F-USER>)?(?: aka <F-ALT_USER_1>\\w+</F-ALT_USER_1>)? <ADDR>$");
  TELLS ("user eve aka bob 192.0.2.1",
         "'192.0.2.1' {'user': 'eve', 'alt_user_1': 'bob', 'ip4': '192.0.2.1', 'ip6': None}\n");
  TELLS ("user  aka bob 192.0.2.1",
         "'192.0.2.1' {'user': 'bob', 'alt_user_1': 'bob', 'ip4': '192.0.2.1', 'ip6': None}\n");
  TELLS ("user eve 192.0.2.1", "'192.0.2.1' {'user': 'eve', 'alt_user_1': None, 'ip4': '192.0.2.1', 'ip6': None}\n");
}

static void
test_the_groups_of_the_prefregex_come_first (Fixture *f, gconstpointer unused)
{
  g_assert_true (filter_set_prefregex (
      f->filter, "^ <F-PROG>\\w+</F-PROG>(?: by <F-USER>\\w+</F-USER>)?: <F-CONTENT>.+</F-CONTENT>$", NULL));
  add (f, "^from <ADDR>(?: as <F-USER>\\w+</F-USER>)?$");
  TELLS ("sshd by eve: from 192.0.2.1", "'192.0.2.1' {'prog': 'sshd', 'user': 'eve', 'ip4': '192.0.2.1'}\n");
  TELLS ("sshd by eve: from 192.0.2.1 as bob", "'192.0.2.1' {'prog': 'sshd', 'user': 'bob', 'ip4': '192.0.2.1'}\n");
  filter_set_check_all (f->filter, TRUE);
  add (f, "<ADDR>");
  TELLS ("sshd: from 192.0.2.1", "'192.0.2.1' {'prog': 'sshd', 'user': None, 'ip4': '192.0.2.1'}\n"
                                 "'192.0.2.1' {'prog': 'sshd', 'user': None, 'ip4': '192.0.2.1'}\n");
}

static void
test_the_groups_of_the_prefregex_of_a_window_are_kept (Fixture *f, gconstpointer unused)
{
  g_assert_true (filter_set_max_lines (f->filter, 2, NULL));
  g_assert_true (filter_set_prefregex (f->filter, "^ <F-PROG>\\w+</F-PROG>: <F-CONTENT>.+</F-CONTENT>$", NULL));
  filter_set_check_all (f->filter, TRUE);
  add (f, "from <ADDR>");
  add (f, "from <ADDR>");
  TELLS ("sshd: from 192.0.2.1", "'192.0.2.1' {'prog': 'sshd', 'ip4': '192.0.2.1'}\n");
}

static void
test_lines_of_a_connection_share_what_they_say (Fixture *f, gconstpointer unused)
{
  add (f, "^ <F-MLFID>\\w+</F-MLFID>: <F-NOFAIL>from</F-NOFAIL> <ADDR>$");
  add (f, "^ <F-MLFID>\\w+</F-MLFID>: no <F-USER>\\w+</F-USER>$");
  filter_set_ignore_pending (f->filter, FALSE);
  TELLS ("a: no eve", "nobody {'mlfid': 'a', 'user': 'eve', 'users': {'eve'}, 'mlfpending': 1}\n");
  TELLS ("a: from 192.0.2.1", "'192.0.2.1' {'mlfid': 'a', 'user': 'eve', 'users': {'eve'}, 'ip4': '192.0.2.1'}\n");
  TELLS ("a: no bob", "'192.0.2.1' {'mlfid': 'a', 'user': 'bob', 'users': {'eve', 'bob'}, 'ip4': '192.0.2.1'}\n");
  TELLS ("b: from 192.0.2.2", "");
  filter_set_check_all (f->filter, TRUE);
  TELLS ("b: from 192.0.2.2", "'192.0.2.2' {'mlfid': 'b', 'ip4': '192.0.2.2', 'ip6': None, 'nofail': 'from'}\n");
}

static void
test_groups_that_tickets_have_themselves_are_kept_apart (Fixture *f, gconstpointer unused)
{
  add (f, "^ <F-FAILURES>\\d+</F-FAILURES> <F-IP>\\S*</F-IP> <F-ID>\\S+</F-ID>$");
  TELLS ("3 192.0.2.8 eve", "'eve' {'failures': '3', 'ip': '192.0.2.8', 'fid': 'eve'}\n");
  filter_clear (f->filter);
  add (f, "^ ip <F-IP>\\S*</F-IP> <F-ID>\\S+</F-ID>$");
  TELLS ("ip 192.0.2.8 eve", "'eve' {'ip': '192.0.2.8', 'fid': 'eve'}\n");
  TELLS ("ip  eve", "'eve' {'ip': '', 'fid': 'eve'}\n");
}

static void
test_a_group_that_is_called_matches_loses_the_line (Fixture *f, gconstpointer unused)
{
  static const struct
  {
    const char *regex, *error;
  } rows[] = {
    { "x <F-MATCHES>\\w+</F-MATCHES> <HOST>", "TypeError('can only concatenate str (not \"list\") to str')" },
    { "x <F-TUPLE_MATCHES>\\w+</F-TUPLE_MATCHES> <HOST>",
      "TypeError('can only concatenate tuple (not \"list\") to tuple')" },
    { "x (?:<F-MATCHES>z</F-MATCHES>)?\\w+ <HOST>",
      "TypeError(\"unsupported operand type(s) for +: 'NoneType' and 'list'\")" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GError) error = NULL;

      filter_clear (f->filter);
      add (f, rows[i].regex);
      g_assert_false (feed (f, "2025-08-14 10:00:00 x y 192.0.2.1", &error));
      g_assert_error (error, FILTER_ERROR, FILTER_ERROR_PROCESS);
      g_assert_cmpstr (error->message, ==, rows[i].error);
    }
}

#define ADD(path, function) g_test_add ("/match/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  ADD ("an id of its own stands beside the address", test_an_id_of_its_own_stands_beside_the_address);
  ADD ("a subnet is the id where it has a length", test_a_subnet_is_the_id_where_it_has_a_length);
  ADD ("a tuple can be an id", test_a_tuple_can_be_an_id);
  ADD ("an id with a bad mask loses the line", test_an_id_with_a_bad_mask_loses_the_line);
  ADD ("a name is a host or an id", test_a_name_is_a_host_or_an_id);
  ADD ("an alternative fills what is empty", test_an_alternative_fills_what_is_empty);
  ADD ("the groups of the prefregex come first", test_the_groups_of_the_prefregex_come_first);
  ADD ("the groups of the prefregex of a window are kept", test_the_groups_of_the_prefregex_of_a_window_are_kept);
  ADD ("lines of a connection share what they say", test_lines_of_a_connection_share_what_they_say);
  ADD ("a group that is called matches loses the line", test_a_group_that_is_called_matches_loses_the_line);
  ADD ("groups that tickets have themselves are kept apart", test_groups_that_tickets_have_themselves_are_kept_apart);
  return g_test_run ();
}
