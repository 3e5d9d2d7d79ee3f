#include "control/listener.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "compat/py-pickle.h"
#include "compat/py-repr.h"

#define END_MARK "<F2B_END_COMMAND>"

/* A server that answers each request with what it got; "fail" and "later" are special. */
typedef struct
{
  GMainContext *context;
  char *folder, *path;
  Listener *listener;
  Reply *kept;
  gboolean drained;
} Fixture;

static void
on_request (PyValue *request, Reply *reply, gpointer data)
{
  Fixture *f = data;

  if (py_str_equals (py_seq_peek (request, 0), "fail"))
    reply_fail (reply, py_exception_new_text ("ValueError", "no"));
  else if (py_str_equals (py_seq_peek (request, 0), "later"))
    f->kept = reply;
  else
    reply_return (reply, py_value_ref (request));
}

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->context = g_main_context_new ();
  f->folder = g_dir_make_tmp ("f2b-listener-XXXXXX", &error);
  f->path = g_build_filename (f->folder, "sock", NULL);
  f->listener = listener_new (f->context, NULL, on_request, f);
  g_assert_true (listener_start (f->listener, f->path, FALSE, &error));
  g_assert_no_error (error);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  listener_free (f->listener);
  (void) g_rmdir (f->folder);
  g_assert_false (g_file_test (f->folder, G_FILE_TEST_EXISTS));
  g_free (f->path);
  g_free (f->folder);
  g_main_context_unref (f->context);
}

static void
spin (Fixture *f)
{
  while (g_main_context_iteration (f->context, FALSE))
    ;
}

static int
connect_client (Fixture *f)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, f->path, sizeof address.sun_path);
  g_assert_cmpint (connect (fd, (const struct sockaddr *) &address, sizeof address), ==, 0);
  return fd;
}

static void
put_bytes (int fd, const void *data, gsize len)
{
  g_assert_cmpint (send (fd, data, len, MSG_NOSIGNAL), ==, (gssize) len);
}

static void
put_request (int fd, const char *word)
{
  g_autoptr (PyValue) request = py_list_new_strs (word, NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  py_pickle_encode_append (bytes, request, 4);
  g_byte_array_append (bytes, (const guint8 *) END_MARK, strlen (END_MARK));
  put_bytes (fd, bytes->data, bytes->len);
}

/* All that has arrived, as reprs; "EOF" at the end when the server has closed. */
static char *
take_answers (Fixture *f, int fd)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  GString *text = g_string_new (NULL);
  guint8 buffer[4096];
  ssize_t n;

  spin (f);
  while ((n = recv (fd, buffer, sizeof buffer, 0)) > 0)
    {
      g_byte_array_append (bytes, buffer, (guint) n);
      spin (f);
    }
  for (gsize at = 0, used = 0; at < bytes->len; at += used + strlen (END_MARK))
    {
      g_autoptr (PyValue) answer = py_pickle_decode (bytes->data + at, bytes->len - at, NULL, &used, NULL);
      g_assert_nonnull (answer);
      g_assert_cmpmem (bytes->data + at + used, strlen (END_MARK), END_MARK, strlen (END_MARK));
      g_autofree char *shown = py_repr (answer);
      g_string_append_printf (text, "%s\n", shown);
    }
  if (n == 0)
    g_string_append (text, "EOF\n");
  return g_string_free (text, FALSE);
}

static void
assert_answers (Fixture *f, int fd, const char *wanted)
{
  g_autofree char *got = take_answers (f, fd);

  g_assert_cmpstr (got, ==, wanted);
}

static void
test_a_request_is_answered (Fixture *f, gconstpointer data)
{
  int fd = connect_client (f);

  put_request (fd, "ping");
  assert_answers (f, fd, "(0, ['ping'])\n");
  put_request (fd, "fail");
  assert_answers (f, fd, "(1, ValueError('no'))\n");
  (void) close (fd);
  spin (f);
  g_assert_cmpuint (listener_count_connections (f->listener), ==, 0);
}

static void
test_pipelined_requests_are_answered_in_order (Fixture *f, gconstpointer data)
{
  g_autoptr (GString) wanted = g_string_new (NULL);
  int fd = connect_client (f);

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *word = g_strdup_printf ("word %u", i);
      put_request (fd, word);
      g_string_append_printf (wanted, "(0, ['%s'])\n", word);
    }
  assert_answers (f, fd, wanted->str);
  (void) close (fd);
}

static void
test_a_marker_may_arrive_in_pieces (Fixture *f, gconstpointer data)
{
  static const char request[] = "]S'a'\na." END_MARK;
  int fd = connect_client (f);

  for (gsize i = 0; i < strlen (request); i++)
    {
      assert_answers (f, fd, "");
      put_bytes (fd, request + i, 1);
    }
  assert_answers (f, fd, "(0, ['a'])\n");
  (void) close (fd);
}

static void
test_what_is_no_pickle_is_answered_with_text (Fixture *f, gconstpointer data)
{
  int fd = connect_client (f);

  put_bytes (fd, "GARBAGE" END_MARK, strlen ("GARBAGE" END_MARK));
  put_bytes (fd, "cos\nsystem\n(tR." END_MARK, strlen ("cos\nsystem\n(tR." END_MARK));
  put_request (fd, "still there");
  assert_answers (
      f, fd, "'ERROR: pickle data was truncated'\n\"ERROR: global 'os.system' is forbidden\"\n(0, ['still there'])\n");
  (void) close (fd);
}

static void
test_the_close_marker_ends_the_connection (Fixture *f, gconstpointer data)
{
  int fd = connect_client (f);

  put_request (fd, "a");
  put_bytes (fd, "<F2B_CLOSE_COMMAND>" END_MARK, strlen ("<F2B_CLOSE_COMMAND>" END_MARK));
  assert_answers (f, fd, "(0, ['a'])\nEOF\n");
  (void) close (fd);
}

static void
test_a_half_closed_peer_gets_his_answers (Fixture *f, gconstpointer data)
{
  int fd = connect_client (f);

  put_request (fd, "a");
  put_request (fd, "b");
  put_bytes (fd, "half a request", 14);
  (void) shutdown (fd, SHUT_WR);
  assert_answers (f, fd, "(0, ['a'])\n(0, ['b'])\nEOF\n");
  (void) close (fd);
}

static void
test_a_late_answer_holds_up_this_connection_only (Fixture *f, gconstpointer data)
{
  int slow = connect_client (f), quick = connect_client (f);

  put_request (slow, "later");
  put_request (slow, "after");
  assert_answers (f, slow, "");
  put_request (quick, "a");
  assert_answers (f, quick, "(0, ['a'])\n");
  reply_return (f->kept, NULL);
  assert_answers (f, slow, "(0, None)\n(0, ['after'])\n");
  (void) close (slow);
  (void) close (quick);
}

static void
test_an_answer_to_who_has_gone_is_dropped (Fixture *f, gconstpointer data)
{
  int fd = connect_client (f);

  put_request (fd, "later");
  spin (f);
  (void) close (fd);
  spin (f);
  reply_return (f->kept, NULL);
  spin (f);
  g_assert_cmpuint (listener_count_connections (f->listener), ==, 0);
}

static void
test_large_requests_and_answers_pass (Fixture *f, gconstpointer data)
{
  g_autofree char *word = g_strnfill (300 * 1024, 'x');
  g_autoptr (PyValue) request = py_list_new_strs (word, NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree char *wanted = g_strdup_printf ("(0, ['%s'])\n", word);
  int fd = connect_client (f);

  py_pickle_encode_append (bytes, request, 4);
  g_byte_array_append (bytes, (const guint8 *) END_MARK, strlen (END_MARK));
  for (gsize at = 0; at < bytes->len;)
    {
      ssize_t n = send (fd, bytes->data + at, bytes->len - at, MSG_NOSIGNAL);
      g_assert_true (n > 0 || errno == EAGAIN);
      at += (gsize) MAX (n, 0);
      spin (f);
    }
  assert_answers (f, fd, wanted);
  (void) close (fd);
}

static void
test_a_peer_that_takes_no_answers_is_not_read_from (Fixture *f, gconstpointer data)
{
  g_autofree char *word = g_strnfill (100 * 1024, 'x');
  gsize sent = 0;
  int fd = connect_client (f);
  g_autoptr (PyValue) request = py_list_new_strs (word, NULL);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  py_pickle_encode_append (bytes, request, 4);
  g_byte_array_append (bytes, (const guint8 *) END_MARK, strlen (END_MARK));
  for (guint tries = 0; tries < 3; tries++) /* until nothing more goes, whatever the server does */
    for (ssize_t n = 1; n > 0; spin (f))
      if ((n = send (fd, bytes->data + sent % bytes->len, bytes->len - sent % bytes->len, MSG_NOSIGNAL)) > 0)
        sent += (gsize) n;
  g_assert_cmpuint (sent, <, 16 * 1024 * 1024);
  (void) close (fd);
}

static void
test_a_second_listener_is_refused_unless_forced (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Listener) other = listener_new (f->context, NULL, on_request, f);

  g_assert_false (listener_start (other, f->path, FALSE, &error));
  g_assert_error (error, LISTENER_ERROR, LISTENER_ERROR_RUNNING);
  g_assert_cmpstr (error->message, ==, "Server already running");
  g_clear_error (&error);
  g_assert_true (listener_start (other, f->path, TRUE, &error));
  g_assert_no_error (error);
  listener_stop (other);
  listener_stop (other);
}

static void
test_a_path_that_can_not_be_bound_is_an_error (Fixture *f, gconstpointer data)
{
  g_autofree char *name = g_strnfill (200, 'x');
  const char *paths[] = { "/nonexistent/folder/sock", name };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (Listener) other = listener_new (f->context, NULL, on_request, f);
      g_assert_false (listener_start (other, paths[i], FALSE, &error));
      g_assert_error (error, LISTENER_ERROR, LISTENER_ERROR_BIND);
      g_assert_true (g_str_has_prefix (error->message, "Unable to bind socket "));
    }
}

static void
on_drained (gpointer data)
{
  Fixture *f = data;

  f->drained = TRUE;
}

static void
test_draining_waits_for_what_is_owed (Fixture *f, gconstpointer data)
{
  int fd = connect_client (f), idle = connect_client (f);

  put_request (fd, "later");
  spin (f);
  listener_stop (f->listener);
  g_assert_false (g_file_test (f->path, G_FILE_TEST_EXISTS));
  listener_drain (f->listener, 60000, on_drained, f);
  spin (f);
  g_assert_false (f->drained);
  assert_answers (f, idle, "EOF\n");
  reply_return (f->kept, NULL);
  assert_answers (f, fd, "(0, None)\nEOF\n");
  g_assert_true (f->drained);
  (void) close (fd);
  (void) close (idle);
}

static void
test_draining_nobody_ends_at_once (Fixture *f, gconstpointer data)
{
  listener_stop (f->listener);
  listener_drain (f->listener, 60000, on_drained, f);
  g_main_context_iteration (f->context, TRUE);
  g_assert_true (f->drained);
}

static void
test_an_inherited_socket_must_listen (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (Listener) other = listener_new (f->context, NULL, on_request, f);
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_false (listener_start_inherited (other, fd, &error));
  g_assert_error (error, LISTENER_ERROR, LISTENER_ERROR_INHERITED);
  (void) close (fd);
}

static void
test_the_handed_in_descriptor_is_found_by_name (void)
{
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());

  g_setenv ("LISTEN_PID", "1", TRUE);
  g_setenv ("LISTEN_FDS", "3", TRUE);
  g_assert_cmpint (listener_take_inherited_fd (), ==, -1);
  g_setenv ("LISTEN_PID", pid, TRUE);
  g_setenv ("LISTEN_FDNAMES", "other:fail2ban:more", TRUE);
  g_assert_cmpint (listener_take_inherited_fd (), ==, 4);
  g_assert_null (g_getenv ("LISTEN_FDS"));
  g_assert_cmpint (listener_take_inherited_fd (), ==, -1);
  g_setenv ("LISTEN_PID", pid, TRUE);
  g_setenv ("LISTEN_FDS", "1", TRUE);
  g_assert_cmpint (listener_take_inherited_fd (), ==, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/listener/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("a request is answered", test_a_request_is_answered);
  ADD ("pipelined requests are answered in order", test_pipelined_requests_are_answered_in_order);
  ADD ("a marker may arrive in pieces", test_a_marker_may_arrive_in_pieces);
  ADD ("what is no pickle is answered with text", test_what_is_no_pickle_is_answered_with_text);
  ADD ("the close marker ends the connection", test_the_close_marker_ends_the_connection);
  ADD ("a half-closed peer gets his answers", test_a_half_closed_peer_gets_his_answers);
  ADD ("a late answer holds up this connection only", test_a_late_answer_holds_up_this_connection_only);
  ADD ("an answer to who has gone is dropped", test_an_answer_to_who_has_gone_is_dropped);
  ADD ("large requests and answers pass", test_large_requests_and_answers_pass);
  ADD ("a peer that takes no answers is not read from", test_a_peer_that_takes_no_answers_is_not_read_from);
  ADD ("a second listener is refused unless forced", test_a_second_listener_is_refused_unless_forced);
  ADD ("a path that can not be bound is an error", test_a_path_that_can_not_be_bound_is_an_error);
  ADD ("draining waits for what is owed", test_draining_waits_for_what_is_owed);
  ADD ("draining nobody ends at once", test_draining_nobody_ends_at_once);
  ADD ("an inherited socket must listen", test_an_inherited_socket_must_listen);
  g_test_add_func ("/listener/the handed-in descriptor is found by name",
                   test_the_handed_in_descriptor_is_found_by_name);
  return g_test_run ();
}
