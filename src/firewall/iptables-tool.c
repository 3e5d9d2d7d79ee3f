#include "firewall/firewall-command.h"
#include "firewall/iptables-command.h"
#include "firewall/iptables-nft.h"
#include "firewall/shell-words.h"

/* Without -w iptables gives up at once.  Then the shell is asked, and gives the same answer in iptables' own words; but first we wait
 * for as long as one of our own changes may take. */
#define UNASKED_WAIT_USEC (G_USEC_PER_SEC / 2)

/* What `iptables` leads to; NULL: neither variant by the name of its file. */
static const FirewallDriver *
find_driver (const FirewallProgram *program)
{
  if (g_str_equal (program->file, "xtables-nft-multi"))
    return &iptables_restore_driver;
  if (g_str_equal (program->file, "xtables-legacy-multi")
      || g_str_equal (program->file, "xtables-multi")) /* before 1.8 */
    return &iptables_legacy_driver;
  return NULL;
}

static gboolean
add (FirewallCommand *to, IptablesCommand *command)
{
  const IptablesCommand *first = to->commands->len > 0 ? to->commands->pdata[0] : command;

  g_ptr_array_add (to->commands, command);
  if (!g_str_equal (first->table, command->table))
    return FALSE;
  gint64 wait_usec = command->waits ? command->wait_sec * (gint64) G_USEC_PER_SEC : UNASKED_WAIT_USEC;
  if (wait_usec >= 0)
    to->patience_usec = MIN (to->patience_usec, wait_usec);
  to->n_deletes += command->operation == IPTABLES_DELETE ? 1 : 0;
  return to->driver != &iptables_restore_driver || command->restore_line != NULL;
}

static gboolean
are_for_netlink (const GPtrArray *commands)
{
  for (guint i = 0; i < commands->len; i++)
    if (!iptables_nft_can (commands->pdata[i]))
      return FALSE;
  return TRUE;
}

static gboolean
read_calls (const GPtrArray *calls, const FirewallProgram *program, FirewallCommand *command)
{
  command->driver = find_driver (program);
  if (command->driver == NULL)
    return FALSE;
  command->commands = g_ptr_array_new_with_free_func ((GDestroyNotify) iptables_command_free);
  for (guint i = 0; i < calls->len; i++)
    {
      const ShellCall *call = calls->pdata[i];
      IptablesCommand *one
          = call->join == SHELL_ALWAYS ? iptables_command_parse ((const char *const *) call->words) : NULL;
      if (one == NULL || !add (command, one))
        return FALSE;
    }
  if (command->driver == &iptables_restore_driver && are_for_netlink (command->commands))
    command->driver = &iptables_nft_driver;
  const IptablesCommand *first = command->commands->pdata[0];
  command->scope = g_strdup_printf ("%s %s", first->is_ipv6 ? "ipv6" : "ipv4", first->table);
  return TRUE;
}

static gboolean
is_program (const char *word)
{
  gboolean is_ipv6;

  return iptables_is_program (word, &is_ipv6);
}

const FirewallTool iptables_tool = { is_program, read_calls };
