#include "firewall/ipset-command.h"

#include <string.h>

#include "firewall/iptables-values.h"
#include "firewall/shell-words.h"

#define MAX_TIMEOUT_SEC 2147483 /* the kernel's milliseconds are 31 bits (ipset 7.17 refuses more) */

static gboolean
read_operation (const char *word, IpsetOperation *ret_operation)
{
  static const struct
  {
    const char *name;
    IpsetOperation operation;
  } operations[] = {
    { "add", IPSET_COMMAND_ADD },    { "--add", IPSET_COMMAND_ADD },    { "-A", IPSET_COMMAND_ADD },
    { "del", IPSET_COMMAND_DELETE }, { "--del", IPSET_COMMAND_DELETE }, { "-D", IPSET_COMMAND_DELETE },
    { "test", IPSET_COMMAND_TEST },  { "--test", IPSET_COMMAND_TEST },  { "-T", IPSET_COMMAND_TEST },
  };

  for (gsize i = 0; word != NULL && i < G_N_ELEMENTS (operations); i++)
    if (g_str_equal (operations[i].name, word))
      {
        *ret_operation = operations[i].operation;
        return TRUE;
      }
  return FALSE;
}

static gboolean
read_name (const char *word, char *name)
{
  if (word == NULL || *word == '-' || *word == '\0' || strlen (word) >= IPSET_NAME_SIZE)
    return FALSE;
  for (const char *at = word; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && strchr ("_.-", *at) == NULL)
      return FALSE;
  (void) g_strlcpy (name, word, IPSET_NAME_SIZE);
  return TRUE;
}

/* ipset takes it anywhere. */
static void
skip_exist (char ***at, IpsetCommand *command)
{
  while (**at != NULL && (g_str_equal (**at, "-exist") || g_str_equal (**at, "--exist") || g_str_equal (**at, "-!")))
    {
      command->exists_is_fine = TRUE;
      (*at)++;
    }
}

static const char *
take (char ***at, IpsetCommand *command)
{
  const char *word = **at;

  if (word != NULL)
    (*at)++;
  skip_exist (at, command);
  return word;
}

static gboolean
read_call (char **words, IpsetCommand *command)
{
  char **at = words + 1;

  skip_exist (&at, command);
  if (!read_operation (take (&at, command), &command->operation) || !read_name (take (&at, command), command->set)
      || !ip_prefix_parse (take (&at, command), &command->address))
    return FALSE;
  if (*at == NULL)
    return TRUE;
  command->has_timeout = TRUE;
  return command->operation == IPSET_COMMAND_ADD && g_str_equal (take (&at, command), "timeout")
         && iptables_parse_number (take (&at, command), MAX_TIMEOUT_SEC, &command->timeout_sec) && *at == NULL;
}

static gboolean
is_test_for (const IpsetCommand *test, const IpsetCommand *command, ShellJoin join)
{
  return test->operation == IPSET_COMMAND_TEST
         && join == (command->operation == IPSET_COMMAND_ADD ? SHELL_OR : SHELL_AND)
         && g_str_equal (test->set, command->set) && ip_prefix_equal (&test->address, &command->address);
}

IpsetCommand *
ipset_command_parse (const GPtrArray *calls)
{
  g_return_val_if_fail (calls != NULL && calls->len > 0, NULL);

  g_autofree IpsetCommand *command = g_new0 (IpsetCommand, 1);
  const ShellCall *last = calls->pdata[calls->len - 1];
  if (calls->len > 2 || !read_call (last->words, command) || command->operation == IPSET_COMMAND_TEST)
    return NULL; /* a test is only asked for what it prints and returns */
  if (calls->len == 2)
    {
      IpsetCommand test = { 0 };
      if (!read_call (((const ShellCall *) calls->pdata[0])->words, &test) || !is_test_for (&test, command, last->join))
        return NULL;
      command->tested = TRUE;
    }
  return g_steal_pointer (&command);
}
