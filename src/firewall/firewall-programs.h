/* firewall-programs.h - what a shell would run for the name of a firewall tool
 *
 * Looks along PATH and behind links.  Remembers what it found, so that PATH is not searched for each command.
 * Must not: run anything to find out.
 */
#pragma once
#include <glib.h>

typedef struct
{
  char *path;         /* the file behind all links; NULL: there is none */
  const char *file;   /* its last part */
  gboolean is_script; /* or anything else that is no ELF program */
} FirewallProgram;

typedef struct FirewallPrograms FirewallPrograms;
FirewallPrograms *firewall_programs_new    (void);
void              firewall_programs_free   (FirewallPrograms *self); /* NULL is fine */
void              firewall_programs_forget (FirewallPrograms *self);

/* word: a name or a path.  Lent until forget. */
const FirewallProgram *firewall_programs_find (FirewallPrograms *self, const char *word);
