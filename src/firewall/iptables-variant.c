#include "firewall/iptables-variant.h"

#include <stdlib.h>
#include <string.h>

static const struct
{
  const char *file;
  IptablesVariant variant;
} files[] = {
  { "xtables-legacy-multi", IPTABLES_LEGACY },
  { "xtables-multi", IPTABLES_LEGACY }, /* before 1.8 */
  { "xtables-nft-multi", IPTABLES_NFT },
};

IptablesVariant
iptables_variant_find (const char *program, char **ret_path)
{
  *ret_path = NULL;

  g_autofree char *found = strchr (program, '/') != NULL ? g_strdup (program) : g_find_program_in_path (program);
  char *file = found != NULL ? realpath (found, NULL) : NULL;
  if (file == NULL)
    return IPTABLES_UNKNOWN;
  g_autofree char *path = g_strdup (file);
  free (file);

  g_autofree char *name = g_path_get_basename (path);
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    if (g_str_equal (files[i].file, name))
      {
        *ret_path = g_steal_pointer (&path);
        return files[i].variant;
      }
  return IPTABLES_UNKNOWN;
}
