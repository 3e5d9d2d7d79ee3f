/* ipset-command.h - one call of ipset that adds or deletes an address, understood to the last word
 *
 * `ipset [-exist] add SET ADDRESS [timeout N]`, `ipset [-exist] del SET ADDRESS`, and the same behind a `test` of that address:
 * `ipset test SET ADDRESS || ipset add …`, `ipset test SET ADDRESS && ipset del …`.
 * Must not: accept what ipset would refuse, look at the kernel.
 */
#pragma once
#include "firewall/ip-prefix.h"

#define IPSET_NAME_SIZE 32 /* as the kernel's IPSET_MAXNAMELEN */

typedef enum
{
  IPSET_COMMAND_ADD,
  IPSET_COMMAND_DELETE,
  IPSET_COMMAND_TEST,
} IpsetOperation;

typedef struct
{
  IpsetOperation operation;
  gboolean exists_is_fine; /* -exist */
  gboolean tested;         /* was behind a test */
  char set[IPSET_NAME_SIZE];
  IpPrefix address;
  gboolean has_timeout;
  guint timeout_sec;
} IpsetCommand;

/* A list of calls (of ShellCall) as the one command that it amounts to; g_free; NULL when it is not understood. */
IpsetCommand *ipset_command_parse (const GPtrArray *calls);
