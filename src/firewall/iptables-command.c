#include "firewall/iptables-command.h"

#include <netinet/in.h> /* before the kernel's headers, which then keep their copy of it to themselves */
#include <linux/netfilter_ipv4/ipt_REJECT.h>
#include <linux/netfilter_ipv6/ip6t_REJECT.h>
#include <string.h>

#include "firewall/iptables-reader.h"
#include "firewall/iptables-values.h"

gboolean
iptables_is_program (const char *word, gboolean *ret_is_ipv6)
{
  const char *slash = strrchr (word, '/');
  const char *name = slash != NULL ? slash + 1 : word;

  *ret_is_ipv6 = g_str_equal (name, "ip6tables");
  return *ret_is_ipv6 || g_str_equal (name, "iptables");
}

void
iptables_command_free (IptablesCommand *self)
{
  if (self == NULL)
    return;
  g_free (self->program);
  g_free (self->rule.matches);
  g_free (self->restore_line);
  g_free (self);
}

const char *
iptables_take_value (IptablesReader *r)
{
  if (r->attached != NULL)
    {
      const char *value = r->attached;
      r->attached = NULL;
      return value;
    }
  return *r->at != NULL ? *r->at++ : NULL;
}

gboolean
iptables_take_inverted (IptablesReader *r)
{
  gboolean inverted = r->inverted;

  r->inverted = FALSE;
  return inverted;
}

/* --- a rule --------------------------------------------------------------------------------------------------------- */

static gboolean
read_address (IptablesReader *r, IptablesAddress *address)
{
  if (address->given)
    return FALSE;
  address->given = TRUE;
  address->inverted = iptables_take_inverted (r);
  if (!iptables_parse_address (iptables_take_value (r), r->command->is_ipv6, address))
    return FALSE;
  return !address->inverted || address->mask[0] != 0; /* "not anybody" */
}

static gboolean
read_source (IptablesReader *r)
{
  return read_address (r, &r->command->rule.source);
}

static gboolean
read_destination (IptablesReader *r)
{
  return read_address (r, &r->command->rule.destination);
}

static gboolean
read_in (IptablesReader *r)
{
  IptablesInterface *in = &r->command->rule.in;

  if (*in->name != '\0')
    return FALSE;
  in->inverted = iptables_take_inverted (r);
  return iptables_parse_interface (iptables_take_value (r), in);
}

static gboolean
read_out (IptablesReader *r)
{
  IptablesInterface *out = &r->command->rule.out;

  if (*out->name != '\0')
    return FALSE;
  out->inverted = iptables_take_inverted (r);
  return iptables_parse_interface (iptables_take_value (r), out);
}

static gboolean
read_protocol (IptablesReader *r)
{
  IptablesRule *rule = &r->command->rule;

  if (rule->protocol_given)
    return FALSE;
  rule->protocol_given = TRUE;
  rule->protocol_inverted = iptables_take_inverted (r);
  return iptables_parse_protocol (iptables_take_value (r), r->command->is_ipv6, &rule->protocol)
         && !(rule->protocol_inverted && rule->protocol == 0);
}

static gboolean
read_jump (IptablesReader *r)
{
  IptablesRule *rule = &r->command->rule;
  const char *target = iptables_take_value (r);

  if (*rule->target != '\0' || !iptables_is_name (target, sizeof rule->target))
    return FALSE;
  (void) g_strlcpy (rule->target, target, sizeof rule->target);
  rule->reject_with = -1;
  if (g_str_equal (target, "REJECT"))
    rule->reject_with = r->command->is_ipv6 ? (int) IP6T_ICMP6_PORT_UNREACH : (int) IPT_ICMP_PORT_UNREACHABLE;
  return TRUE;
}

static const struct
{
  const char *name, *alias;
  int number;
} rejects_ipv4[] = {
  { "icmp-net-unreachable", "net-unreach", IPT_ICMP_NET_UNREACHABLE },
  { "icmp-host-unreachable", "host-unreach", IPT_ICMP_HOST_UNREACHABLE },
  { "icmp-proto-unreachable", "proto-unreach", IPT_ICMP_PROT_UNREACHABLE },
  { "icmp-port-unreachable", "port-unreach", IPT_ICMP_PORT_UNREACHABLE },
  { "icmp-net-prohibited", "net-prohib", IPT_ICMP_NET_PROHIBITED },
  { "icmp-host-prohibited", "host-prohib", IPT_ICMP_HOST_PROHIBITED },
  { "icmp-admin-prohibited", "admin-prohib", IPT_ICMP_ADMIN_PROHIBITED },
  { "tcp-reset", "tcp-rst", IPT_TCP_RESET },
}, rejects_ipv6[] = {
  { "icmp6-no-route", "no-route", IP6T_ICMP6_NO_ROUTE },
  { "icmp6-adm-prohibited", "adm-prohibited", IP6T_ICMP6_ADM_PROHIBITED },
  { "icmp6-addr-unreachable", "addr-unreach", IP6T_ICMP6_ADDR_UNREACH },
  { "icmp6-port-unreachable", "port-unreach", IP6T_ICMP6_PORT_UNREACH },
  { "icmp6-policy-fail", "policy-fail", IP6T_ICMP6_POLICY_FAIL },
  { "icmp6-reject-route", "reject-route", IP6T_ICMP6_REJECT_ROUTE },
  { "tcp-reset", "tcp-reset", IP6T_TCP_RESET },
};

static gboolean
read_reject_with (IptablesReader *r)
{
  const char *name = iptables_take_value (r);
  gboolean is_ipv6 = r->command->is_ipv6;
  gsize n = is_ipv6 ? G_N_ELEMENTS (rejects_ipv6) : G_N_ELEMENTS (rejects_ipv4);

  if (name == NULL || r->command->rule.reject_with < 0)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    if (g_str_equal (name, is_ipv6 ? rejects_ipv6[i].name : rejects_ipv4[i].name)
        || g_str_equal (name, is_ipv6 ? rejects_ipv6[i].alias : rejects_ipv4[i].alias))
      {
        r->command->rule.reject_with = is_ipv6 ? rejects_ipv6[i].number : rejects_ipv4[i].number;
        return TRUE;
      }
  return FALSE;
}

/* --- the command ----------------------------------------------------------------------------------------------------- */

#define NO_OPERATION ((IptablesOperation) -1)

static gboolean
read_operation (IptablesReader *r, IptablesOperation operation)
{
  IptablesCommand *command = r->command;
  const char *chain = iptables_take_value (r);

  if (command->operation != NO_OPERATION || !iptables_is_name (chain, sizeof command->chain))
    return FALSE;
  command->operation = operation;
  (void) g_strlcpy (command->chain, chain, sizeof command->chain);
  /* A word behind the chain: a place for -I, otherwise (a rule number for -D) not ours. */
  if (*r->at == NULL || **r->at == '-' || **r->at == '!')
    return TRUE;
  return operation == IPTABLES_INSERT && iptables_parse_number (*r->at++, G_MAXUINT16, &command->number)
         && command->number > 0;
}

static gboolean
read_append (IptablesReader *r)
{
  return read_operation (r, IPTABLES_APPEND);
}

static gboolean
read_insert (IptablesReader *r)
{
  return read_operation (r, IPTABLES_INSERT);
}

static gboolean
read_delete (IptablesReader *r)
{
  return read_operation (r, IPTABLES_DELETE);
}

static gboolean
read_check (IptablesReader *r)
{
  return read_operation (r, IPTABLES_CHECK);
}

static gboolean
read_flush (IptablesReader *r)
{
  return read_operation (r, IPTABLES_FLUSH);
}

static gboolean
read_new_chain (IptablesReader *r)
{
  static const char *const targets[] = { "ACCEPT", "DROP", "RETURN", "QUEUE", "REJECT" };

  if (!read_operation (r, IPTABLES_NEW_CHAIN))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (targets); i++)
    if (g_str_equal (r->command->chain, targets[i]))
      return FALSE;
  return TRUE;
}

static gboolean
read_delete_chain (IptablesReader *r)
{
  return read_operation (r, IPTABLES_DELETE_CHAIN);
}

static gboolean
read_table (IptablesReader *r)
{
  static const char *const tables[] = { "filter", "nat", "mangle", "raw", "security" };
  const char *table = iptables_take_value (r);

  for (gsize i = 0; table != NULL && i < G_N_ELEMENTS (tables); i++)
    if (g_str_equal (tables[i], table))
      {
        (void) g_strlcpy (r->command->table, table, sizeof r->command->table);
        return TRUE;
      }
  return FALSE;
}

/* "-w", "-w 5", "--wait=5" */
static gboolean
read_wait (IptablesReader *r)
{
  guint seconds;

  r->command->waits = TRUE;
  r->command->wait_sec = -1;
  if (r->attached == NULL && (*r->at == NULL || **r->at == '-' || **r->at == '!'))
    return TRUE;
  if (!iptables_parse_number (iptables_take_value (r), 3600, &seconds) || seconds == 0)
    return FALSE;
  r->command->wait_sec = (int) seconds;
  return TRUE;
}

static const struct
{
  const char *option;
  gboolean (*read) (IptablesReader *r);
  gboolean may_invert;
} options[] = {
  { "--append", read_append, FALSE },
  { "--check", read_check, FALSE },
  { "--comment", iptables_read_comment, FALSE },
  { "--ctstate", iptables_read_states, TRUE },
  { "--delete", read_delete, FALSE },
  { "--delete-chain", read_delete_chain, FALSE },
  { "--destination", read_destination, TRUE },
  { "--destination-port", iptables_read_destination_port, TRUE },
  { "--destination-ports", iptables_read_destination_ports, TRUE },
  { "--dport", iptables_read_destination_port, TRUE },
  { "--dports", iptables_read_destination_ports, TRUE },
  { "--dst", read_destination, TRUE },
  { "--flush", read_flush, FALSE },
  { "--in-interface", read_in, TRUE },
  { "--insert", read_insert, FALSE },
  { "--jump", read_jump, FALSE },
  { "--match", iptables_read_match, FALSE },
  { "--new-chain", read_new_chain, FALSE },
  { "--out-interface", read_out, TRUE },
  { "--ports", iptables_read_either_ports, TRUE },
  { "--protocol", read_protocol, TRUE },
  { "--reject-with", read_reject_with, FALSE },
  { "--source", read_source, TRUE },
  { "--source-port", iptables_read_source_port, TRUE },
  { "--source-ports", iptables_read_source_ports, TRUE },
  { "--sport", iptables_read_source_port, TRUE },
  { "--sports", iptables_read_source_ports, TRUE },
  { "--src", read_source, TRUE },
  { "--table", read_table, FALSE },
  { "--wait", read_wait, FALSE },
  { "-A", read_append, FALSE },
  { "-C", read_check, FALSE },
  { "-D", read_delete, FALSE },
  { "-F", read_flush, FALSE },
  { "-I", read_insert, FALSE },
  { "-N", read_new_chain, FALSE },
  { "-X", read_delete_chain, FALSE },
  { "-d", read_destination, TRUE },
  { "-i", read_in, TRUE },
  { "-j", read_jump, FALSE },
  { "-m", iptables_read_match, FALSE },
  { "-o", read_out, TRUE },
  { "-p", read_protocol, TRUE },
  { "-s", read_source, TRUE },
  { "-t", read_table, FALSE },
  { "-w", read_wait, FALSE },
};

static gboolean
read_option (IptablesReader *r)
{
  const char *word = *r->at++;
  const char *equals = g_str_has_prefix (word, "--") ? strchr (word, '=') : NULL;
  gsize length = equals != NULL ? (gsize) (equals - word) : strlen (word);

  for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
    if (strlen (options[i].option) == length && strncmp (options[i].option, word, length) == 0)
      {
        r->attached = equals != NULL ? equals + 1 : NULL;
        if (r->inverted && !options[i].may_invert)
          return FALSE;
        return options[i].read (r) && r->attached == NULL && !r->inverted;
      }
  return FALSE;
}

static gboolean
has_rule (const IptablesCommand *command)
{
  return command->operation == IPTABLES_APPEND || command->operation == IPTABLES_INSERT
         || command->operation == IPTABLES_DELETE || command->operation == IPTABLES_CHECK;
}

/* What iptables itself checks once it has read everything. */
static gboolean
is_complete (const IptablesCommand *command)
{
  static const IptablesRule none = { .reject_with = -1 };
  const IptablesRule *rule = &command->rule;
  const char *chain = command->chain;

  if (command->operation == NO_OPERATION)
    return FALSE;
  if (!has_rule (command))
    return memcmp (rule, &none, sizeof none) == 0;
  if (*rule->target == '\0' || !iptables_matches_fit_protocol (rule))
    return FALSE;
  if (*rule->out.name != '\0' && (g_str_equal (chain, "PREROUTING") || g_str_equal (chain, "INPUT")))
    return FALSE;
  return *rule->in.name == '\0' || (!g_str_equal (chain, "POSTROUTING") && !g_str_equal (chain, "OUTPUT"));
}

/* --- for iptables-restore -------------------------------------------------------------------------------------------- */

/* All words but the program's, the table's and the waiting's. */
static char *
render_line (const char *const *argv)
{
  g_autoptr (GString) line = g_string_new (NULL);

  for (const char *const *word = argv + 1; *word != NULL; word++)
    {
      if (g_str_has_prefix (*word, "--wait=") || g_str_has_prefix (*word, "--table="))
        continue;
      if (g_str_equal (*word, "-t") || g_str_equal (*word, "--table"))
        {
          word++;
          continue;
        }
      if (g_str_equal (*word, "-w") || g_str_equal (*word, "--wait"))
        {
          if (word[1] != NULL && g_ascii_isdigit (*word[1]))
            word++;
          continue;
        }
      g_string_append_printf (line, strchr (*word, ' ') != NULL ? "%s\"%s\"" : "%s%s", line->len > 0 ? " " : "", *word);
    }
  return g_string_free (g_steal_pointer (&line), FALSE);
}

/* iptables-restore knows the others too, but not as the same thing: `-N` of a chain that exists, `-C` that fails. */
static gboolean
is_restorable (const IptablesCommand *command)
{
  return command->operation == IPTABLES_APPEND || command->operation == IPTABLES_INSERT
         || command->operation == IPTABLES_DELETE || command->operation == IPTABLES_FLUSH;
}

IptablesCommand *
iptables_command_parse (const char *const *argv)
{
  g_return_val_if_fail (argv != NULL, NULL);

  gboolean is_ipv6;
  if (argv[0] == NULL || !iptables_is_program (argv[0], &is_ipv6))
    return NULL;

  g_autoptr (IptablesCommand) command = g_new0 (IptablesCommand, 1);
  command->program = g_strdup (argv[0]);
  command->is_ipv6 = is_ipv6;
  command->operation = NO_OPERATION;
  command->rule.reject_with = -1;
  (void) g_strlcpy (command->table, "filter", sizeof command->table);

  IptablesReader r = { .at = argv + 1, .command = command };
  while (*r.at != NULL)
    {
      if (g_str_equal (*r.at, "!"))
        {
          if (r.inverted)
            return NULL;
          r.inverted = TRUE;
          r.at++;
        }
      else if (!read_option (&r))
        return NULL;
    }
  if (r.inverted || !is_complete (command))
    return NULL;
  if (command->operation == IPTABLES_INSERT && command->number == 0)
    command->number = 1;
  if (is_restorable (command))
    command->restore_line = render_line (argv);
  return g_steal_pointer (&command);
}
