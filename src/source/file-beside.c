#include "source/file-beside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* --- names ----------------------------------------------------------------------------------------------------------------- */

static gboolean
is_compressed (const char *name)
{
  static const char *const suffixes[] = { ".Z", ".bz2", ".gz", ".lz4", ".lzma", ".xz", ".zip", ".zst" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (name, suffixes[i]))
      return TRUE;
  return FALSE;
}

static gboolean
has_digit (const char *text)
{
  return strpbrk (text, "0123456789") != NULL;
}

/* What follows the log's name. */
static gboolean
is_rotated_suffix (const char *suffix)
{
  static const char *const words[] = { "bak", "last", "old", "orig", "prev", "rotated", "save" };

  if (strcmp (suffix, "~") == 0)
    return TRUE;
  if (has_digit (suffix))
    return TRUE;
  for (guint i = 0; strchr ("-._", *suffix) != NULL && i < G_N_ELEMENTS (words); i++)
    if (strcmp (suffix + 1, words[i]) == 0)
      return TRUE;
  return FALSE;
}

gboolean
file_beside_is_rotated (const char *log_name, const char *name)
{
  const char *dot = strrchr (log_name, '.');
  gsize stem = dot != NULL ? (gsize) (dot - log_name) : 0;

  if (g_str_has_prefix (name, log_name))
    return name[strlen (log_name)] != '\0' && !is_compressed (name) && is_rotated_suffix (name + strlen (log_name));
  return stem > 0 && strncmp (name, log_name, stem) == 0 && (name[stem] == '-' || name[stem] == '.')
         && g_ascii_isdigit (name[stem + 1]) && g_str_has_suffix (name + stem + 1, dot);
}

/* --- one look ----------------------------------------------------------------------------------------------------------------- */

typedef struct
{
  const char *log_name;
  const struct timespec *since;
  FileBesideHook hook;
  gpointer data;
  GPtrArray *found; /* of FileBeside */
} Search;

/* Which file a name was at. */
typedef struct
{
  char *name;
  dev_t device;
  ino_t inode;
} Place;

static void
beside_free (gpointer data)
{
  FileBeside *self = data;

  if (self->fd >= 0)
    close (self->fd);
  g_free (self->name);
  g_free (self);
}

static void
place_clear (gpointer data)
{
  g_free (((Place *) data)->name);
}

static gboolean
is_before (const struct timespec *a, const struct timespec *b)
{
  return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

static int
compare_age (gconstpointer a, gconstpointer b)
{
  const struct timespec *first = &(*(FileBeside *const *) a)->info.st_mtim;
  const struct timespec *second = &(*(FileBeside *const *) b)->info.st_mtim;

  return is_before (first, second) - is_before (second, first); /* the youngest first */
}

static gboolean
is_known (const Search *search, const struct stat *info)
{
  for (guint i = 0; i < search->found->len; i++)
    {
      const FileBeside *file = search->found->pdata[i];

      if (file->info.st_dev == info->st_dev && file->info.st_ino == info->st_ino)
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_wanted (const Search *search, const struct stat *info)
{
  const FileBeside *oldest;

  if (!S_ISREG (info->st_mode) || (search->since != NULL && is_before (&info->st_mtim, search->since)))
    return FALSE;
  if (search->found->len < FILE_BESIDE_MAX)
    return TRUE;
  oldest = search->found->pdata[FILE_BESIDE_MAX - 1];
  return is_before (&oldest->info.st_mtim, &info->st_mtim);
}

static void
keep (Search *search, int fd /* taken */, const char *name, const struct stat *info)
{
  FileBeside *file = g_new0 (FileBeside, 1);

  file->fd = fd;
  file->name = g_strdup (name);
  file->info = *info;
  g_ptr_array_add (search->found, file);
  if (search->found->len < FILE_BESIDE_MAX)
    return;
  g_ptr_array_sort (search->found, compare_age);
  g_ptr_array_set_size (search->found, FILE_BESIDE_MAX);
}

/* FALSE: the name is gone. */
static gboolean
look_at_name (Search *search, int folder, const char *name, GArray *places)
{
  Place place = { 0 };
  struct stat info;
  int fd = -1;

  if (search->hook != NULL)
    search->hook (name, search->data);
  if (fstatat (folder, name, &info, 0) < 0) /* a link to nothing stays what it is */
    return errno != ENOENT || (fstatat (folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK (info.st_mode));
  if (search->hook != NULL)
    search->hook (name, search->data);
  if (is_wanted (search, &info) && !is_known (search, &info))
    {
      fd = openat (folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
      if (fd < 0)
        return errno != ENOENT;
      if (fstat (fd, &info) == 0 && is_wanted (search, &info) && !is_known (search, &info))
        keep (search, fd, name, &info); /* it may be another file than a moment ago: its inode tells */
      else
        close (fd);
    }
  place.name = g_strdup (name);
  place.device = info.st_dev;
  place.inode = info.st_ino;
  g_array_append_val (places, place);
  return TRUE;
}

static int
compare_places (gconstpointer a, gconstpointer b)
{
  return strcmp (((const Place *) a)->name, ((const Place *) b)->name);
}

static gboolean
same_places (const GArray *a, const GArray *b)
{
  if (a == NULL || b == NULL || a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    {
      const Place *first = &g_array_index (a, Place, i);
      const Place *second = &g_array_index (b, Place, i);

      if (strcmp (first->name, second->name) != 0 || first->device != second->device || first->inode != second->inode)
        return FALSE;
    }
  return TRUE;
}

/* All names and their files; NULL: one of them moved on meanwhile. */
static GArray *
look_at_folder (Search *search, DIR *folder)
{
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (Place));
  const struct dirent *entry;
  gboolean complete = TRUE;

  g_array_set_clear_func (places, place_clear);
  rewinddir (folder);
  while ((entry = readdir (folder)) != NULL)
    if (file_beside_is_rotated (search->log_name, entry->d_name))
      complete = look_at_name (search, dirfd (folder), entry->d_name, places) && complete;
  g_array_sort (places, compare_places);
  return complete ? g_steal_pointer (&places) : NULL;
}

GPtrArray *
file_beside_list (const char *folder, const char *log_name, const struct timespec *since, gint64 until_usec,
                  FileBesideHook hook, gpointer data, gboolean *ret_settled)
{
  Search search = { log_name, since, hook, data, g_ptr_array_new_with_free_func (beside_free) };
  DIR *dir = opendir (folder);
  gboolean settled = dir == NULL; /* no folder, no files */
  g_autoptr (GArray) before = NULL;

  for (guint looks = 0; dir != NULL && !settled && looks < FILE_BESIDE_LOOKS_MAX
                        && (looks < 2 || g_get_monotonic_time () < until_usec);
       looks++)
    {
      GArray *now = look_at_folder (&search, dir);

      settled = now != NULL && same_places (before, now);
      g_clear_pointer (&before, g_array_unref);
      before = now;
    }
  if (dir != NULL)
    closedir (dir);
  g_ptr_array_sort (search.found, compare_age);
  *ret_settled = settled;
  return search.found;
}
