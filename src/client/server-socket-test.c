#include "client/server-socket.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "compat/py-repr.h"

/* A server that says one thing, whatever it is asked, then closes. */
typedef struct
{
  char *folder, *path;
  int fd;
  const char *answer;
  gsize answer_len;
  GThread *thread;
} Fixture;

static gpointer
serve (gpointer data)
{
  Fixture *f = data;
  int fd = accept (f->fd, NULL, NULL);
  char buffer[4096];

  if (recv (fd, buffer, sizeof buffer, 0) > 0 && f->answer != NULL)
    for (gsize i = 0; i < f->answer_len; i++) /* the mark may arrive in pieces */
      (void) send (fd, f->answer + i, 1, MSG_NOSIGNAL);
  (void) shutdown (fd, SHUT_WR);
  while (recv (fd, buffer, sizeof buffer, 0) > 0)
    ;
  (void) close (fd);
  return NULL;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  f->folder = g_dir_make_tmp ("f2b-client-XXXXXX", NULL);
  f->path = g_build_filename (f->folder, "sock", NULL);
  f->fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  g_strlcpy (address.sun_path, f->path, sizeof address.sun_path);
  g_assert_cmpint (bind (f->fd, (const struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (f->fd, 1), ==, 0);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  if (f->thread != NULL)
    (void) g_thread_join (f->thread);
  (void) close (f->fd);
  (void) g_unlink (f->path);
  (void) g_rmdir (f->folder);
  g_free (f->path);
  g_free (f->folder);
}

/* The answer's repr, or the error's text. */
static char *
ask (Fixture *f, const char *answer, gsize len)
{
  g_autoptr (Waiter) waiter = waiter_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) request = py_list_new_strs ("ping", NULL);

  f->answer = answer;
  f->answer_len = len;
  f->thread = g_thread_new ("server", serve, f);
  g_autoptr (ServerSocket) server = server_socket_open (f->path, 10, waiter, &error);
  g_assert_no_error (error);
  g_autoptr (PyValue) value = server_socket_ask (server, request, &error);
  return value != NULL ? py_repr (value) : g_strdup (error->message);
}

static void
test_an_answer_in_pieces_is_read (Fixture *f, gconstpointer data)
{
  static const char bytes[] = "\x80\4K\0\x8c\4pong\x86.<F2B_END_COMMAND>";
  g_autofree char *text = ask (f, bytes, sizeof bytes - 1);

  g_assert_cmpstr (text, ==, "(0, 'pong')");
}

static void
test_a_server_that_hangs_up_is_an_error (Fixture *f, gconstpointer data)
{
  g_autofree char *text = ask (f, "half", 4);

  g_assert_cmpstr (text, ==, "[Errno 104] Connection reset by peer");
}

static void
test_an_answer_that_is_no_pickle_is_an_error (Fixture *f, gconstpointer data)
{
  static const char bytes[] = "z<F2B_END_COMMAND>";
  g_autofree char *text = ask (f, bytes, sizeof bytes - 1);

  g_assert_cmpstr (text, ==, "invalid load key, 'z'.");
}

static void
assert_no_connection (const char *path, const char *message)
{
  g_autoptr (Waiter) waiter = waiter_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (ServerSocket) server = server_socket_open (path, 0.1, waiter, &error);

  g_assert_null (server);
  g_assert_error (error, SERVER_SOCKET_ERROR, SERVER_SOCKET_ERROR_IO);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_nobody_there_is_worded_as_python_does (Fixture *f, gconstpointer data)
{
  g_autofree char *name = g_strnfill (200, 'x');

  assert_no_connection ("/nonexistent/sock", "[Errno 2] No such file or directory");
  assert_no_connection (name, "AF_UNIX path too long");
  (void) close (f->fd);
  f->fd = -1;
  assert_no_connection (f->path, "[Errno 111] Connection refused");
}

static void
test_a_silent_server_is_waited_for_no_longer_than_asked (Fixture *f, gconstpointer data)
{
  g_autoptr (Waiter) waiter = waiter_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) request = py_list_new_strs ("ping", NULL);
  g_autoptr (ServerSocket) server = server_socket_open (f->path, 0.05, waiter, &error);

  g_assert_null (server_socket_ask (server, request, &error)); /* it is in the backlog, nobody accepts it */
  g_assert_cmpstr (error->message, ==, "timed out");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/server-socket/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("an answer in pieces is read", test_an_answer_in_pieces_is_read);
  ADD ("a server that hangs up is an error", test_a_server_that_hangs_up_is_an_error);
  ADD ("an answer that is no pickle is an error", test_an_answer_that_is_no_pickle_is_an_error);
  ADD ("nobody there is worded as Python does", test_nobody_there_is_worded_as_python_does);
  ADD ("a silent server is waited for no longer than asked", test_a_silent_server_is_waited_for_no_longer_than_asked);
  return g_test_run ();
}
