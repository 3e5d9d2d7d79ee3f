/* firewall-command.h - the inside of a FirewallCommand: texts that are plain calls of a firewall tool
 *
 * Each tool (iptables, nft, ipset) reads its own calls.
 * Must not: be included by other rooms; carry anything out.
 */
#pragma once
#include "firewall/firewall-batch.h"
#include "firewall/firewall-programs.h"
#include "firewall/firewall.h"

struct FirewallCommand
{
  const FirewallDriver *driver;
  char *path;           /* of the program */
  char *scope;          /* commands of the same driver, path and scope go together */
  GPtrArray *commands;  /* what the tool read; not empty */
  guint n_deletes;      /* for FirewallDriver.max_deletes */
  gint64 patience_usec; /* how long it waits by its own words; G_MAXINT64: for ever */
};

typedef struct
{
  gboolean (*is_program) (const char *word);
  /* calls: of ShellCall, all of this program.  Sets driver, scope, commands and what else differs from its default; FALSE when
   * they cannot be carried out exactly. */
  gboolean (*read) (const GPtrArray *calls, const FirewallProgram *program, FirewallCommand *command);
} FirewallTool;

extern const FirewallTool iptables_tool, nft_tool, ipset_tool;

FirewallCommand *firewall_command_parse (FirewallPrograms *programs, const char *text, gssize len);
