#include "firewall/firewall-command.h"

#include <string.h>

#include "firewall/shell-words.h"

static const FirewallTool *const tools[] = { &iptables_tool, &nft_tool, &ipset_tool };

void
firewall_command_free (FirewallCommand *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->commands, g_ptr_array_unref);
  g_free (self->path);
  g_free (self->scope);
  g_free (self);
}

static const FirewallTool *
find_tool (const char *word)
{
  for (gsize i = 0; i < G_N_ELEMENTS (tools); i++)
    if (tools[i]->is_program (word))
      return tools[i];
  return NULL;
}

/* All of the same program, so that they can go together. */
static gboolean
belong_together (const GPtrArray *calls)
{
  const ShellCall *first = calls->pdata[0];

  for (guint i = 1; i < calls->len; i++)
    if (!g_str_equal (first->words[0], ((const ShellCall *) calls->pdata[i])->words[0]))
      return FALSE;
  return TRUE;
}

FirewallCommand *
firewall_command_parse (FirewallPrograms *programs, const char *text, gssize len)
{
  g_return_val_if_fail (programs != NULL && text != NULL, NULL);

  if (!firewall_looks_plain (text, len))
    return NULL;
  g_autoptr (GPtrArray) calls = shell_words_split (text, len);
  if (calls == NULL || !belong_together (calls))
    return NULL;

  const char *word = ((const ShellCall *) calls->pdata[0])->words[0];
  const FirewallTool *tool = find_tool (word);
  const FirewallProgram *program = firewall_programs_find (programs, word);
  if (tool == NULL || program->path == NULL || program->is_script)
    return NULL;

  g_autoptr (FirewallCommand) command = g_new0 (FirewallCommand, 1);
  command->path = g_strdup (program->path);
  command->patience_usec = G_MAXINT64;
  return tool->read (calls, program, command) ? g_steal_pointer (&command) : NULL;
}

const char *
firewall_command_peek_driver (const FirewallCommand *self)
{
  return self->driver->name;
}

gboolean
firewall_looks_plain (const char *text, gssize len)
{
  const char *end = text + (len < 0 ? strlen (text) : (gsize) len), *stop;

  while (text < end && strchr (" \t\n", *text) != NULL && *text != '\0')
    text++;
  for (stop = text; stop < end && *stop != '\0' && strchr (" \t\n", *stop) == NULL;)
    stop++;
  g_autofree char *word = g_strndup (text, (gsize) (stop - text));
  return find_tool (word) != NULL;
}
