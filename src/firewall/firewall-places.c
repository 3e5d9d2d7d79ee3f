#include "firewall/firewall-places.h"

#include <linux/netfilter.h>
#include <string.h>

#include "firewall/ipset-command.h"
#include "firewall/ipset-message.h"
#include "firewall/iptables-command.h"
#include "firewall/iptables-legacy.h"
#include "firewall/legacy-tables.h"
#include "firewall/nft-command.h"
#include "firewall/nft-rule.h"
#include "firewall/nft-set.h"

/* Where: equal keys are equal bytes. */
typedef struct
{
  guint kind; /* FirewallPlaceKind */
  guint8 family; /* NFPROTO_*; 0 for ipset */
  char table[NFT_NAME_SIZE], name[NFT_NAME_SIZE];
} Key;

typedef struct
{
  Key key;
  gint64 expected; /* bans of ours */
  gint64 baseline; /* of those that have been there since the last look; -1: nobody looked yet */
  GHashTable *owners;
} Place;

/* Of a legacy table: its rules less those of ours.  The kernel tells how many there are at no cost. */
typedef struct
{
  gboolean is_ipv6;
  char table[NFT_NAME_SIZE];
  gint64 others;
} Table;

struct FirewallPlaces
{
  GHashTable *places; /* Key, of the Place itself -> Place */
  GHashTable *losers; /* owners that lost bans */
  GArray *tables;     /* of Table */
};

/* --- life ------------------------------------------------------------------------------------------------------------ */

static guint
key_hash (gconstpointer data)
{
  const Key *key = data;

  return g_str_hash (key->name) ^ g_str_hash (key->table) ^ key->kind << 8 ^ key->family;
}

static gboolean
key_equal (gconstpointer a, gconstpointer b)
{
  const Key *x = a, *y = b;

  return x->kind == y->kind && x->family == y->family && g_str_equal (x->table, y->table)
         && g_str_equal (x->name, y->name);
}

static void
place_free (gpointer data)
{
  Place *place = data;

  g_hash_table_unref (place->owners);
  g_free (place);
}

FirewallPlaces *
firewall_places_new (void)
{
  FirewallPlaces *self = g_new0 (FirewallPlaces, 1);

  self->places = g_hash_table_new_full (key_hash, key_equal, NULL, place_free);
  self->losers = g_hash_table_new (NULL, NULL);
  self->tables = g_array_new (FALSE, FALSE, sizeof (Table));
  return self;
}

void
firewall_places_free (FirewallPlaces *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->places);
  g_hash_table_unref (self->losers);
  g_array_unref (self->tables);
  g_free (self);
}

/* --- counting -------------------------------------------------------------------------------------------------------- */

static void
count (FirewallPlaces *self, const Key *key, int difference, gconstpointer owner)
{
  Place *place = g_hash_table_lookup (self->places, key);

  if (place == NULL)
    {
      if (difference < 0)
        return;
      place = g_new0 (Place, 1);
      place->key = *key;
      place->baseline = -1;
      place->owners = g_hash_table_new (NULL, NULL);
      g_hash_table_insert (self->places, &place->key, place);
    }
  (void) g_hash_table_add (place->owners, (gpointer) owner);
  place->expected = MAX (place->expected + difference, 0);
  place->baseline = MIN (place->baseline, place->expected);
}

static void
note_iptables (FirewallPlaces *self, const FirewallCommand *command, gconstpointer owner)
{
  gboolean legacy = command->driver == &iptables_legacy_driver;

  for (guint i = 0; i < command->commands->len; i++)
    {
      const IptablesCommand *one = command->commands->pdata[i];
      Key key = { .kind = legacy ? FIREWALL_PLACE_LEGACY : FIREWALL_PLACE_NFT_RULES,
                  .family = one->is_ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4 };

      (void) g_strlcpy (key.table, one->table, sizeof key.table);
      (void) g_strlcpy (key.name, one->chain, sizeof key.name);
      if (one->operation == IPTABLES_APPEND || one->operation == IPTABLES_INSERT)
        count (self, &key, 1, owner);
      else if (one->operation == IPTABLES_DELETE)
        count (self, &key, -1, owner);
    }
}

static void
note_nft (FirewallPlaces *self, const FirewallCommand *command, gconstpointer owner)
{
  for (guint i = 0; i < command->commands->len; i++)
    {
      const NftCommand *one = command->commands->pdata[i];
      Key key = { .kind = FIREWALL_PLACE_NFT_SET, .family = one->family };

      (void) g_strlcpy (key.table, one->table, sizeof key.table);
      (void) g_strlcpy (key.name, one->set, sizeof key.name);
      if (one->timeout_msec == 0)
        count (self, &key, one->deletes ? -1 : 1, owner);
    }
}

static void
note_ipset (FirewallPlaces *self, const FirewallCommand *command, gconstpointer owner)
{
  const IpsetCommand *one = command->commands->pdata[0];
  Key key = { .kind = FIREWALL_PLACE_IPSET };

  (void) g_strlcpy (key.name, one->set, sizeof key.name);
  if (one->timeout_sec == 0)
    count (self, &key, one->operation == IPSET_COMMAND_DELETE ? -1 : 1, owner);
}

void
firewall_places_note (FirewallPlaces *self, const FirewallCommand *command, gconstpointer owner)
{
  if (command->driver == &nft_driver)
    note_nft (self, command, owner);
  else if (command->driver == &ipset_driver)
    note_ipset (self, command, owner);
  else
    note_iptables (self, command, owner);
}

void
firewall_places_forget (FirewallPlaces *self, gconstpointer owner)
{
  GHashTableIter iter;
  gpointer value;

  (void) g_hash_table_remove (self->losers, owner);
  g_hash_table_iter_init (&iter, self->places);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Place *place = value;
      if (!g_hash_table_remove (place->owners, owner))
        continue;
      place->expected = 0;
      place->baseline = -1;
      if (g_hash_table_size (place->owners) == 0)
        g_hash_table_iter_remove (&iter);
    }
}

gboolean
firewall_places_take_loss (FirewallPlaces *self, gconstpointer owner)
{
  return g_hash_table_remove (self->losers, owner);
}

gboolean
firewall_places_hold (const FirewallPlaces *self, guint kinds)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->places);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if ((((const Place *) value)->key.kind & kinds) != 0 && ((const Place *) value)->expected > 0)
      return TRUE;
  return FALSE;
}

guint
firewall_places_get_unseen (const FirewallPlaces *self)
{
  GHashTableIter iter;
  gpointer value;
  guint kinds = 0;

  g_hash_table_iter_init (&iter, self->places);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (((const Place *) value)->expected > 0 && ((const Place *) value)->baseline < 0)
      kinds |= ((const Place *) value)->key.kind;
  return kinds;
}

void
firewall_places_suspect (FirewallPlaces *self, guint kinds)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->places);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if ((((const Place *) value)->key.kind & kinds) != 0)
      ((Place *) value)->baseline = ((const Place *) value)->expected;
}

/* --- looking --------------------------------------------------------------------------------------------------------- */

static void
count_rule (const struct nlmsghdr *message, gpointer user_data)
{
  (*(gint64 *) user_data)++;
}

/* -1: unknown. */
static gint64
count_in_kernel (const Key *key, Netlink *netlink)
{
  gint64 number = 0;

  switch (key->kind)
    {
    case FIREWALL_PLACE_LEGACY:
      return iptables_legacy_count (key->table, key->family == NFPROTO_IPV6, key->name);
    case FIREWALL_PLACE_NFT_RULES:
      return nft_rules_read (netlink, key->family, key->table, key->name, count_rule, &number) ? number : -1;
    case FIREWALL_PLACE_NFT_SET:
      return nft_set_count (netlink, key->family, key->table, key->name);
    case FIREWALL_PLACE_IPSET:
      return ipset_count_lasting (netlink, key->name);
    default:
      return -1;
    }
}

/* TRUE: flushed. */
static gboolean
look_at (Place *place, Netlink *netlink)
{
  gint64 there = place->expected > 0 ? count_in_kernel (&place->key, netlink) : -1;
  gint64 before = place->baseline >= 0 ? place->baseline : place->expected;
  gint64 missing = place->expected - there;

  if (there < 0)
    return FALSE;
  if (missing > 0 && 2 * missing > before)
    {
      place->expected = 0;
      place->baseline = -1;
      return TRUE;
    }
  place->expected = MIN (place->expected, there);
  place->baseline = place->expected;
  return FALSE;
}

static gint64
sum_expected (const FirewallPlaces *self, gboolean is_ipv6, const char *table)
{
  GHashTableIter iter;
  gpointer value;
  gint64 sum = 0;

  g_hash_table_iter_init (&iter, self->places);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Place *place = value;
      if (place->key.kind == FIREWALL_PLACE_LEGACY && (place->key.family == NFPROTO_IPV6) == is_ipv6
          && g_str_equal (place->key.table, table))
        sum += place->expected;
    }
  return sum;
}

static Table *
find_table (FirewallPlaces *self, const Key *key)
{
  Table table = { .is_ipv6 = key->family == NFPROTO_IPV6, .others = -1 };

  for (guint i = 0; i < self->tables->len; i++)
    {
      Table *known = &g_array_index (self->tables, Table, i);
      if (known->is_ipv6 == table.is_ipv6 && g_str_equal (known->table, key->table))
        return known;
    }
  (void) g_strlcpy (table.table, key->table, sizeof table.table);
  g_array_append_val (self->tables, table);
  return &g_array_index (self->tables, Table, self->tables->len - 1);
}

/* As long as the table has as many rules as we know of, nobody has taken any away. */
static gboolean
has_lost_rules (FirewallPlaces *self, const Place *place)
{
  const Table *table = find_table (self, &place->key);
  guint entries;

  return table->others < 0 || !legacy_table_count (table->is_ipv6, table->table, &entries)
         || (gint64) entries - sum_expected (self, table->is_ipv6, table->table) < table->others;
}

static void
note_tables (FirewallPlaces *self)
{
  for (guint i = 0; i < self->tables->len; i++)
    {
      Table *table = &g_array_index (self->tables, Table, i);
      gint64 ours = sum_expected (self, table->is_ipv6, table->table);
      guint entries;

      table->others = ours > 0 && legacy_table_count (table->is_ipv6, table->table, &entries) ? entries - ours : -1;
    }
}

static gboolean
needs_look (FirewallPlaces *self, Place *place, guint kinds)
{
  if ((place->key.kind & kinds) == 0 || place->expected == 0)
    return FALSE;
  if (place->key.kind != FIREWALL_PLACE_LEGACY || has_lost_rules (self, place))
    return TRUE;
  place->baseline = place->expected;
  return FALSE;
}

gboolean
firewall_places_look (FirewallPlaces *self, guint kinds)
{
  g_autoptr (Netlink) netlink = firewall_places_hold (self, kinds) ? netlink_new () : NULL;
  g_autoptr (GPtrArray) suspects = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;
  gboolean lost = FALSE;

  if (netlink == NULL)
    return FALSE;
  g_hash_table_iter_init (&iter, self->places);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    if (needs_look (self, value, kinds))
      g_ptr_array_add (suspects, value);
  for (guint i = 0; i < suspects->len; i++)
    {
      Place *place = suspects->pdata[i];
      if (!look_at (place, netlink))
        continue;
      lost = TRUE;
      g_hash_table_iter_init (&iter, place->owners);
      while (g_hash_table_iter_next (&iter, &value, NULL))
        (void) g_hash_table_add (self->losers, value);
    }
  if ((kinds & FIREWALL_PLACE_LEGACY) != 0)
    note_tables (self);
  return lost;
}
