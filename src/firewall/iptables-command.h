/* iptables-command.h - one call of iptables or ip6tables, understood to the last word
 *
 * Knows the part of iptables' language that bans are written in: -A -I -D -C -F -N -X, tables, addresses, interfaces, protocols, ports,
 * comments, connection states, REJECT and plain verdicts or chains.  Everything is numeric or one of a few names, so that it can mean
 * only one thing.
 * Must not: accept what iptables would refuse or warn about, look at the kernel, resolve names.
 */
#pragma once
#include <glib.h>
#include <net/if.h>

#define IPTABLES_NAME_SIZE    29 /* of a chain (XT_EXTENSION_MAXNAMELEN) */
#define IPTABLES_TABLE_SIZE   32
#define IPTABLES_COMMENT_SIZE 256
#define IPTABLES_MAX_PORTS    15 /* of one multiport */
#define IPTABLES_MAX_MATCHES  4

typedef enum
{
  IPTABLES_APPEND,
  IPTABLES_INSERT,
  IPTABLES_DELETE,
  IPTABLES_CHECK,
  IPTABLES_FLUSH,
  IPTABLES_NEW_CHAIN,
  IPTABLES_DELETE_CHAIN,
} IptablesOperation;

typedef struct
{
  guint8 bytes[16], mask[16]; /* the first four for IPv4; bits outside the mask are zero */
  gboolean inverted, given;
} IptablesAddress;

typedef struct
{
  char name[IFNAMSIZ]; /* with its '+'; empty: any */
  gboolean inverted;
} IptablesInterface;

typedef struct
{
  guint16 from, to;
  gboolean inverted;
} IptablesPorts;

typedef enum
{
  IPTABLES_TCP,
  IPTABLES_UDP,
  IPTABLES_MULTIPORT,
  IPTABLES_COMMENT,
  IPTABLES_CONNTRACK,
} IptablesMatchKind;

typedef enum
{
  IPTABLES_PORTS_SOURCE,
  IPTABLES_PORTS_DESTINATION,
  IPTABLES_PORTS_EITHER,
  IPTABLES_PORTS_UNSET,
} IptablesPortsKind;

typedef struct
{
  IptablesMatchKind kind;
  IptablesPorts source, destination; /* TCP, UDP */
  IptablesPortsKind ports_kind;      /* MULTIPORT */
  struct
  {
    guint16 from, to;
    gboolean is_range; /* written with a colon: takes two places */
  } ports[IPTABLES_MAX_PORTS];
  guint n_ports;
  char comment[IPTABLES_COMMENT_SIZE];
  guint16 states; /* CONNTRACK: bits as XT_CONNTRACK_STATE_*; 0: unset */
  gboolean inverted;
} IptablesMatch;

typedef struct
{
  IptablesAddress source, destination;
  IptablesInterface in, out;
  guint8 protocol; /* 0: all */
  gboolean protocol_inverted, protocol_given;
  IptablesMatch *matches; /* IPTABLES_MAX_MATCHES of them; NULL when there are none */
  guint n_matches;
  char target[IPTABLES_NAME_SIZE];
  int reject_with; /* the kernel's number for REJECT; -1: the target is no REJECT */
} IptablesRule;

typedef struct
{
  char *program; /* as called: "iptables", "/sbin/ip6tables" */
  gboolean is_ipv6;
  IptablesOperation operation;
  char table[IPTABLES_TABLE_SIZE];
  char chain[IPTABLES_NAME_SIZE];
  guint number;       /* INSERT: the place, from 1 */
  gboolean waits;     /* -w */
  int wait_sec;       /* -w N; -1: as long as it takes */
  IptablesRule rule;  /* of the first four operations */
  char *restore_line; /* the same as a line for iptables-restore; NULL where that is not the same thing */
} IptablesCommand;

/* NULL when it is not understood. */
IptablesCommand *iptables_command_parse (const char *const *argv);
void             iptables_command_free  (IptablesCommand *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (IptablesCommand, iptables_command_free)

/* Is it a name (or path) of iptables or ip6tables? */
gboolean iptables_is_program (const char *word, gboolean *ret_is_ipv6);
