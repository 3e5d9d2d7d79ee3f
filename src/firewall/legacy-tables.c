#include "firewall/legacy-tables.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

/* filter, nat, mangle, raw, security */
#define MAX_TABLES 8

typedef struct
{
  gboolean is_known, is_seen;
  char name[XT_TABLE_MAXNAMELEN];
  unsigned sizes[NF_INET_NUMHOOKS]; /* of the built-in chains, in bytes */
} Table;

static const struct
{
  const char *names;
  int family, level, option;
} families[] = {
  { "/proc/net/ip_tables_names", AF_INET, IPPROTO_IP, IPT_SO_GET_INFO },
  { "/proc/net/ip6_tables_names", AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO },
};

struct LegacyTables
{
  int sockets[G_N_ELEMENTS (families)];
  Table tables[G_N_ELEMENTS (families)][MAX_TABLES];
};

gboolean
legacy_tables_exist (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    {
      g_autofree char *names = NULL;
      if (g_file_get_contents (families[i].names, &names, NULL, NULL) && *names != '\0')
        return TRUE;
    }
  return FALSE;
}

static Table *
find_table (Table *tables, const char *name)
{
  for (guint i = 0; i < MAX_TABLES; i++)
    {
      Table *table = &tables[i];
      if (!table->is_known)
        (void) g_strlcpy (table->name, name, sizeof table->name);
      if (g_str_equal (table->name, name))
        return table;
    }
  return NULL;
}

/* Both families have the same layout here (struct ipt_getinfo, struct ip6t_getinfo). */
G_STATIC_ASSERT (sizeof (struct ipt_getinfo) == sizeof (struct ip6t_getinfo));

static gboolean
look_at_table (Table *table, int fd, gsize family)
{
  struct ipt_getinfo info = { 0 };
  socklen_t size = sizeof info;
  gboolean has_shrunk = FALSE;

  memcpy (info.name, table->name, sizeof info.name);
  if (getsockopt (fd, families[family].level, families[family].option, &info, &size) < 0)
    return FALSE;
  for (guint hook = 0; hook < NF_INET_NUMHOOKS; hook++)
    {
      unsigned bytes = (info.valid_hooks >> hook & 1) != 0 ? info.underflow[hook] - info.hook_entry[hook] : 0;
      has_shrunk |= table->is_known && bytes < table->sizes[hook];
      table->sizes[hook] = bytes;
    }
  table->is_known = TRUE;
  table->is_seen = TRUE;
  return has_shrunk;
}

static gboolean
look_at_family (LegacyTables *self, gsize family)
{
  Table *tables = self->tables[family];
  g_autofree char *text = NULL;
  gboolean has_shrunk = FALSE;

  if (self->sockets[family] < 0)
    return FALSE;
  if (!g_file_get_contents (families[family].names, &text, NULL, NULL))
    text = g_strdup ("");
  g_auto (GStrv) names = g_strsplit (text, "\n", -1);
  for (guint i = 0; i < MAX_TABLES; i++)
    tables[i].is_seen = FALSE;
  for (guint i = 0; names[i] != NULL; i++)
    {
      Table *table = *names[i] != '\0' ? find_table (tables, names[i]) : NULL;
      if (table != NULL)
        has_shrunk |= look_at_table (table, self->sockets[family], family);
    }
  for (guint i = 0; i < MAX_TABLES; i++)
    if (tables[i].is_known && !tables[i].is_seen)
      {
        has_shrunk = TRUE;
        memset (&tables[i], 0, sizeof tables[i]);
      }
  return has_shrunk;
}

gboolean
legacy_tables_have_shrunk (LegacyTables *self)
{
  gboolean has_shrunk = FALSE;

  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    has_shrunk |= look_at_family (self, i);
  return has_shrunk;
}

LegacyTables *
legacy_tables_new (void)
{
  LegacyTables *self = g_new0 (LegacyTables, 1);

  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    self->sockets[i] = socket (families[i].family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  (void) legacy_tables_have_shrunk (self);
  return self;
}

void
legacy_tables_free (LegacyTables *self)
{
  if (self == NULL)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    if (self->sockets[i] >= 0)
      (void) close (self->sockets[i]);
  g_free (self);
}

gboolean
legacy_table_count (gboolean is_ipv6, const char *table, guint *ret_entries)
{
  gsize family = is_ipv6 ? 1 : 0;
  struct ipt_getinfo info = { 0 };
  socklen_t size = sizeof info;
  int fd = socket (families[family].family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

  if (fd < 0)
    return FALSE;
  (void) g_strlcpy (info.name, table, sizeof info.name);
  gboolean known = getsockopt (fd, families[family].level, families[family].option, &info, &size) == 0;
  (void) close (fd);
  if (known)
    *ret_entries = info.num_entries;
  return known;
}
