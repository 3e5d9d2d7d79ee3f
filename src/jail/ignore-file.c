#include "jail/ignore-file.h"

#include <errno.h>
#include <sys/stat.h>

#include "compat/py-repr.h"

#define CHECK_INTERVAL_USEC (1 * G_USEC_PER_SEC)
#define RETRY_INTERVAL_USEC (60 * G_USEC_PER_SEC)
/* A list of all of IPv4's /24 is below 300 MB; this is for files that are no list at all (a log, a device). */
#define SIZE_MAX_BYTES      (64 * 1024 * 1024)

struct IgnoreFile
{
  char *path;
  const Clock *clock;
  Log *log;
  AddressSet *set;
  GPtrArray *names;       /* of Address: what in set is no address */
  gint64 next_check_usec; /* monotonic */
  struct stat seen;       /* of the file that was read */
};

/* Slashes after "file:" beyond the one that begins an absolute path go, so that file:///x and file:/x are the same, and
 * file://x is relative; but /./ and /../ are kept as they are written (1.1.2). */
char *
ignore_file_dup_path (const char *text)
{
  const char *rest;

  if (!g_str_has_prefix (text, "file:"))
    return NULL;
  rest = text + strlen ("file:");
  gsize slashes = strspn (rest, "/");
  for (gsize skip = MIN (slashes, 2) + 1; skip-- > 0;)
    {
      const char *at = rest + skip;

      if (at[0] != '/' || at[1] == '/')
        continue;
      if ((at[1] != '\0' && at[2] == '/') || (at[1] != '\0' && at[2] != '\0' && at[3] == '/'))
        continue;
      return g_strdup (at);
    }
  return g_strdup (rest + MIN (slashes, 2));
}

IgnoreFile *
ignore_file_new (const char *path, const Clock *clock, Log *log)
{
  IgnoreFile *self = g_new0 (IgnoreFile, 1);

  self->path = g_strdup (path);
  self->clock = clock;
  self->log = log;
  self->set = address_set_new ();
  self->names = g_ptr_array_new_with_free_func ((GDestroyNotify) address_unref);
  self->next_check_usec = G_MININT64;
  return self;
}

void
ignore_file_free (IgnoreFile *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  address_set_unref (self->set);
  g_ptr_array_unref (self->names);
  g_free (self);
}

const char *
ignore_file_peek_path (const IgnoreFile *self)
{
  return self->path;
}

char *
ignore_file_dup_name (const IgnoreFile *self)
{
  return g_strconcat ("file:", self->path[0] == '/' ? "/" : "", self->path, NULL);
}

static gboolean
read_file (IgnoreFile *self, const struct stat *now, GError **error)
{
  g_autoptr (AddressSet) set = address_set_new ();
  g_autofree char *text = NULL;
  gsize len;

  if (!S_ISREG (now->st_mode) || now->st_size > SIZE_MAX_BYTES)
    {
      g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "no file, or too large for a list of addresses");
      return FALSE;
    }
  if (!g_file_get_contents (self->path, &text, &len, error) || !address_set_add_text (set, text, (gssize) len, error))
    return FALSE;
  address_set_unref (self->set);
  self->set = g_steal_pointer (&set);
  g_ptr_array_set_size (self->names, 0);
  for (guint i = 0; i < address_set_size (self->set); i++)
    if (address_get_kind (address_set_peek (self->set, i)) == ADDRESS_TEXT)
      g_ptr_array_add (self->names, address_ref (address_set_peek (self->set, i)));
  return TRUE;
}

static void
refresh (IgnoreFile *self)
{
  gint64 now_usec = clock_get_monotonic_usec (self->clock);
  g_autoptr (GError) error = NULL;
  struct stat now;

  if (now_usec <= self->next_check_usec)
    return;
  self->next_check_usec = now_usec + CHECK_INTERVAL_USEC;
  if (stat (self->path, &now) != 0)
    {
      int saved = errno;
      g_set_error (&error, G_FILE_ERROR, g_file_error_from_errno (saved), "[Errno %d] %s: '%s'", saved,
                   g_strerror (saved), self->path);
    }
  else if (now.st_ino == self->seen.st_ino && now.st_size == self->seen.st_size
           && now.st_mtim.tv_sec == self->seen.st_mtim.tv_sec && now.st_mtim.tv_nsec == self->seen.st_mtim.tv_nsec)
    return;
  else
    {
      self->seen = now;
      (void) read_file (self, &now, &error);
    }
  if (error != NULL)
    {
      g_autofree char *repr = py_repr_str (self->path, -1);

      self->next_check_usec += RETRY_INTERVAL_USEC;
      log_warning (self->log, "fail2ban.ipdns", "Retrieving IPs set from %s failed: %s", repr, error->message);
    }
}

gboolean
ignore_file_contains (IgnoreFile *self, const Address *address)
{
  refresh (self);
  return address_set_contains (self->set, address);
}

GPtrArray *
ignore_file_peek_names (IgnoreFile *self)
{
  return self->names;
}
