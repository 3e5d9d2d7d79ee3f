#include "base/background.h"

typedef struct
{
  BackgroundFunc work, done;
  gpointer data;
} Piece;

static gboolean
on_done (gpointer user_data)
{
  Piece *piece = user_data;

  piece->done (piece->data);
  return G_SOURCE_REMOVE;
}

static gpointer
run (gpointer user_data)
{
  Piece *piece = user_data;
  g_autoptr (GSource) source = g_idle_source_new ();

  piece->work (piece->data);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_done, piece, g_free);
  g_source_attach (source, NULL);
  return NULL;
}

void
background_run (BackgroundFunc work, BackgroundFunc done, gpointer data)
{
  Piece *piece = g_new (Piece, 1);
  GThread *thread;

  *piece = (Piece){ work, done, data };
  thread = g_thread_try_new ("background", run, piece, NULL);
  if (thread != NULL)
    g_thread_unref (thread);
  else
    (void) run (piece);
}
