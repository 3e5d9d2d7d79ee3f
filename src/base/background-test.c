#include "base/background.h"

typedef struct
{
  GMainLoop *loop;
  GThread *worked_in, *done_in;
  guint done;
  guint wanted;
} Fixture;

static void
work (gpointer data)
{
  ((Fixture *) data)->worked_in = g_thread_self ();
}

static void
done (gpointer data)
{
  Fixture *f = data;

  f->done_in = g_thread_self ();
  if (++f->done == f->wanted)
    g_main_loop_quit (f->loop);
}

static void
count (gpointer data)
{
  g_atomic_int_inc ((gint *) data);
}

static void
test_work_is_done_elsewhere_and_its_end_is_here (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Fixture f = { .loop = loop, .wanted = 1 };

  background_run (work, done, &f);
  g_assert_null (f.done_in); /* never before it returns */
  g_main_loop_run (loop);
  g_assert_true (f.done_in == g_thread_self ());
  g_assert_true (f.worked_in != NULL && f.worked_in != f.done_in);
}

static void
test_every_piece_ends_once (void)
{
  gint counts[100] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    background_run (count, count, &counts[i]);
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    while (g_atomic_int_get (&counts[i]) < 2)
      g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    g_assert_cmpint (counts[i], ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/background/work is done elsewhere and its end is here", test_work_is_done_elsewhere_and_its_end_is_here);
  g_test_add_func ("/background/every piece ends once", test_every_piece_ends_once);
  return g_test_run ();
}
