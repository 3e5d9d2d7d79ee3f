#include "compat/py-fs.h"

#include <dirent.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "compat/py-value.h"

char *
py_fs_decode (const char *bytes)
{
  g_autoptr (PyValue) text = py_str_new_surrogateescape (bytes, -1);

  return g_strdup (py_str_peek (text, NULL));
}

char *
py_fs_encode (const char *text)
{
  g_autoptr (PyValue) value = py_str_new (text);

  return py_str_dup_surrogateescape (value, NULL);
}

static gboolean
stat_text (const char *text, struct stat *ret_status)
{
  g_autofree char *bytes = py_fs_encode (text);

  return stat (bytes, ret_status) == 0;
}

gboolean
py_fs_exists (const char *text)
{
  struct stat status;

  return stat_text (text, &status);
}

gboolean
py_fs_isfile (const char *text)
{
  struct stat status;

  return stat_text (text, &status) && S_ISREG (status.st_mode);
}

gboolean
py_fs_isdir (const char *text)
{
  struct stat status;

  return stat_text (text, &status) && S_ISDIR (status.st_mode);
}

static gboolean
lexists (const char *text)
{
  g_autofree char *bytes = py_fs_encode (text);
  struct stat status;

  return lstat (bytes, &status) == 0;
}

char *
py_path_join (const char *a, const char *b)
{
  if (*b == '/' || *a == '\0')
    return g_strdup (b);
  return g_strconcat (a, g_str_has_suffix (a, "/") ? "" : "/", b, NULL);
}

char *
py_path_basename (const char *path)
{
  const char *slash = strrchr (path, '/');

  return g_strdup (slash != NULL ? slash + 1 : path);
}

char *
py_path_dirname (const char *path)
{
  const char *slash = strrchr (path, '/');

  if (slash == NULL)
    return g_strdup ("");

  gsize len = (gsize) (slash + 1 - path), stripped = len;
  while (stripped > 0 && path[stripped - 1] == '/')
    stripped--;
  return g_strndup (path, stripped > 0 ? stripped : len); /* slashes alone stay as they are */
}

char *
py_path_abspath (const char *path)
{
  g_autofree char *current = g_get_current_dir ();
  g_autofree char *current_text = py_fs_decode (current);
  g_autofree char *whole = py_path_join (current_text, path);

  return g_canonicalize_filename (whole, "/");
}

gsize
py_path_stem_length (const char *path)
{
  const char *slash = strrchr (path, '/');
  const char *name = slash != NULL ? slash + 1 : path, *dot = strrchr (name, '.');

  if (dot == NULL || strspn (name, ".") >= (gsize) (dot - name))
    return strlen (path); /* leading dots begin no extension */
  return (gsize) (dot - path);
}

/* --- fnmatch ----------------------------------------------------------------------------------------------------- */

/* Where the set that begins behind '[' at set ends (its ']'), or NULL: then '[' is an ordinary character. */
static const char *
set_end (const char *set)
{
  if (*set == '!')
    set++;
  if (*set == ']')
    set++;
  return strchr (set, ']');
}

/* Python 3.11 turns the set into one of `re`; what matters of it: a hyphen first or last, or behind a range, is a member,
 * ranges that run backwards match nothing. */
static gboolean
set_contains (const char *set, const char *end, gunichar c)
{
  gboolean negated = *set == '!', found = FALSE;

  if (negated)
    set++;
  while (set < end && !found)
    {
      gunichar low = g_utf8_get_char (set), high = low;
      set = g_utf8_next_char (set);
      if (*set == '-' && set + 1 < end)
        {
          high = g_utf8_get_char (set + 1);
          set = g_utf8_next_char (set + 1);
        }
      found = c >= low && c <= high;
    }
  return found != negated;
}

/* Matches one character (or set) of the pattern; *pattern is moved on. */
static gboolean
match_one (const char **pattern, gunichar c)
{
  const char *end;

  if (**pattern == '[' && (end = set_end (*pattern + 1)) != NULL)
    {
      gboolean matched = set_contains (*pattern + 1, end, c);
      *pattern = end + 1;
      return matched;
    }

  gboolean matched = **pattern == '?' || g_utf8_get_char (*pattern) == c;
  *pattern = g_utf8_next_char (*pattern);
  return matched;
}

gboolean
py_glob_matches (const char *pattern, const char *name)
{
  const char *star = NULL, *star_name = NULL; /* behind the last '*', and what it has swallowed up to */

  while (*name != '\0' || *pattern == '*')
    {
      if (*pattern == '*')
        {
          star = ++pattern;
          star_name = name;
        }
      else if (*pattern != '\0' && match_one (&pattern, g_utf8_get_char (name)))
        name = g_utf8_next_char (name);
      else if (star != NULL)
        {
          pattern = star;
          name = star_name = g_utf8_next_char (star_name);
        }
      else
        return FALSE;
    }
  return *pattern == '\0';
}

/* --- glob -------------------------------------------------------------------------------------------------------- */

typedef struct
{
  guint entries_left; /* that may still be looked at: many stars in a row find the whole disk */
} Glob;

static gboolean
has_magic (const char *text)
{
  return strpbrk (text, "*?[") != NULL;
}

static gboolean
entry_is_dir (const char *dir, const char *name)
{
  g_autofree char *path = py_path_join (dir, name);

  return py_fs_isdir (path);
}

/* Adds the entries of dir (text; "" is the current one) that match, each joined to dir. */
static void
glob_in_dir (Glob *self, const char *dir, const char *pattern, gboolean only_dirs, GPtrArray *found)
{
  g_autofree char *bytes = py_fs_encode (*dir != '\0' ? dir : ".");
  DIR *stream = opendir (bytes);

  if (stream == NULL)
    return;
  for (struct dirent *entry = readdir (stream); entry != NULL && self->entries_left > 0; entry = readdir (stream))
    {
      if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0)
        continue;
      self->entries_left--;
      g_autofree char *name = py_fs_decode (entry->d_name);
      if ((*name == '.' && *pattern != '.') || !py_glob_matches (pattern, name))
        continue;
      if (!only_dirs || entry_is_dir (dir, name))
        g_ptr_array_add (found, py_path_join (dir, name));
    }
  closedir (stream);
}

static void
glob_literal (const char *dir, const char *name, GPtrArray *found)
{
  g_autofree char *path = py_path_join (dir, name);

  if (*name != '\0' ? lexists (path) : py_fs_isdir (dir))
    g_ptr_array_add (found, g_steal_pointer (&path));
}

/* The depth of the recursion is that of the slashes in the pattern. */
static GPtrArray *
glob_path (Glob *self, const char *pattern, gboolean only_dirs)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *dir = py_path_dirname (pattern);
  g_autofree char *base = py_path_basename (pattern);

  if (!has_magic (pattern))
    {
      if (*base != '\0' ? lexists (pattern) : py_fs_isdir (dir))
        g_ptr_array_add (found, g_strdup (pattern));
      return g_steal_pointer (&found);
    }
  if (*dir == '\0')
    {
      glob_in_dir (self, "", base, only_dirs, found);
      return g_steal_pointer (&found);
    }

  g_autoptr (GPtrArray) dirs = NULL;
  if (strcmp (dir, pattern) != 0 && has_magic (dir))
    dirs = glob_path (self, dir, TRUE);
  else
    {
      dirs = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_add (dirs, g_strdup (dir));
    }
  for (guint i = 0; i < dirs->len; i++)
    if (has_magic (base))
      glob_in_dir (self, g_ptr_array_index (dirs, i), base, only_dirs, found);
    else
      glob_literal (g_ptr_array_index (dirs, i), base, found);
  return g_steal_pointer (&found);
}

GPtrArray *
py_glob (const char *pattern)
{
  Glob glob = { PY_GLOB_MAX_ENTRIES };

  if (strlen (pattern) >= PATH_MAX) /* no file has such a name */
    return g_ptr_array_new_with_free_func (g_free);
  return glob_path (&glob, pattern, FALSE);
}
