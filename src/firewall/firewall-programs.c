#include "firewall/firewall-programs.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct FirewallPrograms
{
  GHashTable *found; /* word -> FirewallProgram */
};

static void
program_free (gpointer data)
{
  FirewallProgram *program = data;

  g_free (program->path);
  g_free (program);
}

FirewallPrograms *
firewall_programs_new (void)
{
  FirewallPrograms *self = g_new0 (FirewallPrograms, 1);

  self->found = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, program_free);
  return self;
}

void
firewall_programs_free (FirewallPrograms *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->found);
  g_free (self);
}

void
firewall_programs_forget (FirewallPrograms *self)
{
  g_hash_table_remove_all (self->found);
}

static gboolean
is_elf (const char *path)
{
  char magic[SELFMAG];
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  gboolean is = fd >= 0 && read (fd, magic, sizeof magic) == sizeof magic && memcmp (magic, ELFMAG, sizeof magic) == 0;

  if (fd >= 0)
    (void) close (fd);
  return is;
}

static FirewallProgram *
find (const char *word)
{
  FirewallProgram *program = g_new0 (FirewallProgram, 1);
  g_autofree char *found = strchr (word, '/') != NULL ? g_strdup (word) : g_find_program_in_path (word);
  char *file = found != NULL ? realpath (found, NULL) : NULL;

  if (file == NULL)
    return program;
  program->path = g_strdup (file);
  program->file = strrchr (program->path, '/') + 1;
  program->is_script = !is_elf (program->path);
  free (file);
  return program;
}

const FirewallProgram *
firewall_programs_find (FirewallPrograms *self, const char *word)
{
  g_return_val_if_fail (self != NULL && word != NULL, NULL);

  FirewallProgram *program = g_hash_table_lookup (self->found, word);
  if (program == NULL)
    {
      program = find (word);
      g_hash_table_insert (self->found, g_strdup (word), program);
    }
  return program;
}
