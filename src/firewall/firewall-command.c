#include "firewall/firewall-command.h"

#include <string.h>

#include "firewall/shell-words.h"

typedef struct
{
  IptablesVariant variant;
  char *path;
} Found;

struct FirewallPrograms
{
  GHashTable *found; /* program -> Found */
};

void
firewall_command_free (FirewallCommand *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->commands);
  g_free (self->path);
  g_free (self);
}

static void
found_free (gpointer data)
{
  Found *found = data;

  g_free (found->path);
  g_free (found);
}

FirewallPrograms *
firewall_programs_new (void)
{
  FirewallPrograms *self = g_new0 (FirewallPrograms, 1);

  self->found = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, found_free);
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

static const Found *
find_program (FirewallPrograms *self, const char *program)
{
  Found *found = g_hash_table_lookup (self->found, program);

  if (found == NULL)
    {
      found = g_new0 (Found, 1);
      found->variant = iptables_variant_find (program, &found->path);
      g_hash_table_insert (self->found, g_strdup (program), found);
    }
  return found;
}

/* All of them for the same table of the same program, so that they can go together. */
static gboolean
belong_together (const GPtrArray *commands)
{
  const IptablesCommand *first = commands->pdata[0];

  for (guint i = 1; i < commands->len; i++)
    {
      const IptablesCommand *other = commands->pdata[i];
      if (!g_str_equal (first->program, other->program) || !g_str_equal (first->table, other->table))
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_possible (const Found *found, const GPtrArray *commands)
{
  if (found->variant == IPTABLES_NFT)
    for (guint i = 0; i < commands->len; i++)
      if (((const IptablesCommand *) commands->pdata[i])->restore_line == NULL)
        return FALSE;
  return found->variant != IPTABLES_UNKNOWN;
}

FirewallCommand *
firewall_command_parse (FirewallPrograms *self, const char *text, gssize len)
{
  g_return_val_if_fail (self != NULL && text != NULL, NULL);

  if (!firewall_looks_plain (text, len))
    return NULL;
  g_autoptr (GPtrArray) words = shell_words_split (text, len);
  if (words == NULL)
    return NULL;

  g_autoptr (GPtrArray) commands = g_ptr_array_new_with_free_func ((GDestroyNotify) iptables_command_free);
  for (guint i = 0; i < words->len; i++)
    {
      IptablesCommand *command = iptables_command_parse (words->pdata[i]);
      if (command == NULL)
        return NULL;
      g_ptr_array_add (commands, command);
    }
  const Found *found = find_program (self, ((const IptablesCommand *) commands->pdata[0])->program);
  if (!belong_together (commands) || !is_possible (found, commands))
    return NULL;

  FirewallCommand *command = g_new0 (FirewallCommand, 1);
  command->variant = found->variant;
  command->path = g_strdup (found->path);
  command->commands = g_steal_pointer (&commands);
  return command;
}

gboolean
firewall_looks_plain (const char *text, gssize len)
{
  const char *end = text + (len < 0 ? strlen (text) : (gsize) len), *stop;
  gboolean is_ipv6;

  while (text < end && strchr (" \t\n", *text) != NULL && *text != '\0')
    text++;
  for (stop = text; stop < end && *stop != '\0' && strchr (" \t\n", *stop) == NULL;)
    stop++;
  g_autofree char *word = g_strndup (text, (gsize) (stop - text));
  return iptables_is_program (word, &is_ipv6);
}

guint
firewall_command_count (const FirewallCommand *self, IptablesOperation operation)
{
  guint n = 0;

  for (guint i = 0; i < self->commands->len; i++)
    n += ((const IptablesCommand *) self->commands->pdata[i])->operation == operation ? 1 : 0;
  return n;
}
