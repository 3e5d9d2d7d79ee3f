/* Lines of the input: properties ("name=value"), an empty line, a command, then the values of strangers, by turns for the tag
 * <ip>, the field <F-USER> and the tag <matches>.  A value that means something to a shell must never stand in the command's text: it
 * is an argument, whole, or it is not there. */
#include "action/tag-table.h"
#include "action/tags.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

#define MAX_LINES 64
/* Stands for any value that needs care: found again in the text, it has escaped. */
#define MARK      ";touch evil;"

static GString *
lookup (const char *name, gboolean field, gpointer data)
{
  const char *value = NULL;
  char **lines = data;

  if (!field && g_str_equal (name, "ip"))
    value = lines[0];
  else if (field && g_str_equal (name, "user"))
    value = lines[0] != NULL ? lines[1] : NULL;
  else if (!field && g_str_equal (name, "matches"))
    return g_string_new (MARK);
  return value != NULL ? g_string_new (value) : NULL;
}

static char **
read_properties (TagTable *tags, char **lines)
{
  for (; *lines != NULL && **lines != '\0'; lines++)
    {
      char *equals = strchr (*lines, '=');
      if (equals == NULL || equals == *lines)
        continue;
      *equals = '\0';
      tag_table_set (tags, *lines, equals + 1, -1);
    }
  return *lines != NULL ? lines + 1 : lines;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", MAX_LINES);
  g_autoptr (TagTable) tags = tag_table_new (NULL, NULL);
  g_autoptr (GError) error = NULL;

  char **rest = read_properties (tags, lines);
  if (*rest == NULL)
    return 0;
  const GString *command = tag_table_replace (tags, *rest, "inet6", &error);
  if (command == NULL)
    return 0;
  g_autoptr (ShellCommand) shell = tags_replace_dynamic (command->str, command->len, lookup, rest + 1);
  if (strstr (command->str, MARK) == NULL && strstr (text, MARK) == NULL && strstr (shell->text->str, MARK) != NULL)
    g_error ("a value stands in the text: %s", shell->text->str);
  for (guint i = 0; i < shell->args->len; i++)
    if (shell->text->len < strlen ("f2bV_=$0 "))
      g_error ("an argument without its variable");
  g_free (shell_command_dup_log (shell));
  return 0;
}
