/* The input is the text of a command.  What is taken for plain calls of iptables must hold nothing that a shell or iptables-restore
 * would read otherwise, and mean the same when it is read again. */
#include "firewall/ipset-command.h"
#include "firewall/iptables-command.h"
#include "firewall/iptables-entry.h"
#include "firewall/nft-command.h"
#include "firewall/shell-words.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static gboolean
is_same (const IptablesCommand *a, const IptablesCommand *b)
{
  gsize size_a, size_b;
  g_autofree char *entry_a = iptables_entry_new (&a->rule, a->is_ipv6, FALSE, &size_a);
  g_autofree char *entry_b = iptables_entry_new (&b->rule, b->is_ipv6, FALSE, &size_b);

  return a->is_ipv6 == b->is_ipv6 && a->operation == b->operation && a->number == b->number
         && g_str_equal (a->chain, b->chain) && size_a == size_b && memcmp (entry_a, entry_b, size_a) == 0;
}

static void
read_again (const IptablesCommand *command)
{
  if (command->restore_line == NULL)
    return;
  if (strpbrk (command->restore_line, "\n\r\\'`$") != NULL)
    g_error ("a line for iptables-restore that is none: %s", command->restore_line);

  g_autofree char *text
      = g_strdup_printf ("%s -w %s", command->is_ipv6 ? "ip6tables" : "iptables", command->restore_line);
  g_autoptr (GPtrArray) words = shell_words_split (text, -1);
  /* Words with brackets or at signs are fine for a shell only in quotes: the line has them in quotes when it has blanks. */
  if (words == NULL)
    return;
  g_autoptr (IptablesCommand) again
      = iptables_command_parse ((const char *const *) ((const ShellCall *) words->pdata[0])->words);
  if (again == NULL || !is_same (command, again))
    g_error ("read differently the second time: %s", command->restore_line);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GPtrArray) commands = shell_words_split ((const char *) data, (gssize) size);

  if (commands != NULL)
    g_free (ipset_command_parse (commands));
  for (guint i = 0; commands != NULL && i < commands->len; i++)
    {
      const ShellCall *call = commands->pdata[i];
      g_autoptr (IptablesCommand) command = iptables_command_parse ((const char *const *) call->words);
      gsize entry_size;

      g_free (nft_command_parse ((const char *const *) call->words));
      if (command == NULL)
        continue;
      read_again (command);
      g_free (iptables_entry_new (&command->rule, command->is_ipv6, (i & 1) != 0, &entry_size));
    }
  return 0;
}
