/* iptables-variant.h - what a shell would run for `iptables`: the legacy one, the nf_tables one, or something else
 *
 * Must not: run it to find out.
 */
#pragma once
#include <glib.h>

typedef enum
{
  IPTABLES_UNKNOWN, /* none, or a script, or a program that says nothing about itself by its name */
  IPTABLES_LEGACY,
  IPTABLES_NFT,
} IptablesVariant;

/* program: a name to be looked for in PATH, or a path.  ret_path: the file behind all links (caller frees; NULL when unknown). */
IptablesVariant iptables_variant_find (const char *program, char **ret_path);
