#include <string.h>

#include "source/file-log-private.h"

#define CANDIDATES_MAX 100 /* files that are looked into: rotations of one log, not a whole archive */

static Generation *
find_open (const FileLog *log, const char *path)
{
  struct stat info;

  for (guint i = 0; stat (path, &info) == 0 && i < log->generations->len; i++)
    {
      Generation *generation = log->generations->pdata[i];

      if (file_generation_is_at (generation->file, &info))
        return generation;
    }
  return NULL;
}

/* "a.log.1", "a.log-20250814": the log's name and more. */
static gboolean
is_candidate (const FileLog *log, const char *name)
{
  return g_str_has_prefix (name, log->name) && name[strlen (log->name)] != '\0';
}

static Generation *
open_candidate (FileLog *log, const char *name, const char *hash, gint64 position)
{
  g_autofree char *path = g_build_filename (log->folder, name, NULL);
  g_autoptr (FileGeneration) file = NULL;
  Generation *known = find_open (log, path);

  if (known != NULL)
    return strcmp (file_generation_peek_hash (known->file), hash) == 0 ? known : NULL;
  file = file_generation_open (path, log->line_end, NULL);
  if (file == NULL || strcmp (file_generation_peek_hash (file), hash) != 0
      || file_generation_get_size (file) <= position)
    return NULL;
  return file_log_add_oldest (log, g_steal_pointer (&file));
}

static Generation *
find_rotated (FileLog *log, const char *hash, gint64 position)
{
  g_autoptr (GDir) folder = g_dir_open (log->folder, 0, NULL);
  Generation *found = NULL;
  const char *name;
  guint candidates = 0;

  while (folder != NULL && found == NULL && candidates < CANDIDATES_MAX && (name = g_dir_read_name (folder)) != NULL)
    if (is_candidate (log, name))
      {
        candidates++;
        found = open_candidate (log, name, hash, position);
      }
  return found;
}

gboolean
file_watch_recover (FileWatch *self, const char *hash, gint64 position)
{
  FileLog *log = self->log;
  Cursor cursor = { .watch = self, .offset = position };
  Generation *generation;

  if (*hash == '\0' || position < 0 || log->busy > 0)
    return FALSE;
  generation = find_rotated (log, hash, position);
  if (generation == NULL || generation == file_log_current (log) || generation_cursor (generation, self) != NULL)
    return FALSE;
  g_array_append_val (generation->cursors, cursor);
  generation_remember (generation);
  return TRUE;
}
