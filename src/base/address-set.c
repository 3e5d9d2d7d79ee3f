#include "base/address-set.h"

#include <string.h>

struct AddressSet
{
  gint refs;
  GHashTable *entries; /* Address -> Address, the same */
  GPtrArray *order;    /* of Address, owned */
  guint *networks; /* how many networks of each prefix length there are, IPv4's before IPv6's; NULL: none yet */
  guint64 hashes; /* a bit for the hash of each entry, and of some that went: whose bit is missing is not there */
  guint odd; /* entries with a prefix beyond the full one ("/4000"): equal to nothing, contain one address */
};

AddressSet *
address_set_new (void)
{
  AddressSet *self = g_new0 (AddressSet, 1);

  self->refs = 1;
  self->entries = g_hash_table_new (address_hash, address_equal);
  self->order = g_ptr_array_new_with_free_func ((GDestroyNotify) address_unref);
  return self;
}

AddressSet *
address_set_ref (AddressSet *self)
{
  self->refs++;
  return self;
}

void
address_set_unref (AddressSet *self)
{
  if (self == NULL || --self->refs > 0)
    return;
  g_hash_table_unref (self->entries);
  g_ptr_array_unref (self->order);
  g_free (self->networks);
  g_free (self);
}

#define PREFIXES_IPV4 32
#define PREFIXES_IPV6 128

static guint *
counter_of (AddressSet *self, const Address *address)
{
  guint prefix = address_get_prefix (address);

  if (!address_is_ip (address) || address_is_single (address))
    return NULL;
  if (self->networks == NULL)
    self->networks = g_new0 (guint, PREFIXES_IPV4 + PREFIXES_IPV6);
  if (address_get_kind (address) == ADDRESS_IPV4)
    return prefix < PREFIXES_IPV4 ? &self->networks[prefix] : &self->odd;
  return prefix < PREFIXES_IPV6 ? &self->networks[PREFIXES_IPV4 + prefix] : &self->odd;
}

static guint64
hash_bit (const Address *address)
{
  return (guint64) 1 << (address_hash (address) >> 26);
}

gboolean
address_set_add (AddressSet *self, const Address *address)
{
  Address *entry;
  guint *counter;

  if (g_hash_table_contains (self->entries, address))
    return FALSE;
  entry = address_ref (address);
  g_hash_table_add (self->entries, entry);
  self->hashes |= hash_bit (entry);
  g_ptr_array_add (self->order, entry);
  if ((counter = counter_of (self, entry)) != NULL)
    (*counter)++;
  return TRUE;
}

gboolean
address_set_remove (AddressSet *self, const Address *address)
{
  Address *entry = g_hash_table_lookup (self->entries, address);
  guint *counter;

  if (entry == NULL)
    return FALSE;
  if ((counter = counter_of (self, entry)) != NULL)
    (*counter)--;
  g_hash_table_remove (self->entries, entry);
  g_ptr_array_remove (self->order, entry); /* drops our reference */
  return TRUE;
}

void
address_set_clear (AddressSet *self)
{
  g_hash_table_remove_all (self->entries);
  g_ptr_array_set_size (self->order, 0);
  g_clear_pointer (&self->networks, g_free);
  self->odd = 0;
  self->hashes = 0;
}

static const Address *
find_linear (const AddressSet *self, const Address *address)
{
  for (guint i = 0; i < self->order->len; i++)
    if (address_contains (self->order->pdata[i], address))
      return self->order->pdata[i];
  return NULL;
}

const Address *
address_set_find (const AddressSet *self, const Address *address)
{
  const guint *networks = self->networks;
  guint count = PREFIXES_IPV4;
  const Address *found;

  if (self->order->len == 0)
    return NULL;
  found = (self->hashes & hash_bit (address)) != 0 ? g_hash_table_lookup (self->entries, address) : NULL;
  if (found != NULL || !address_is_ip (address))
    return found;
  if (self->odd > 0)
    return find_linear (self, address);
  if (networks == NULL)
    return NULL;
  if (address_get_kind (address) == ADDRESS_IPV6)
    {
      networks += PREFIXES_IPV4;
      count = PREFIXES_IPV6;
    }
  for (guint prefix = 0; prefix < count && found == NULL; prefix++)
    if (networks[prefix] > 0)
      {
        g_autoptr (Address) network = address_dup_network (address, prefix);

        found = g_hash_table_lookup (self->entries, network);
      }
  return found;
}

gboolean
address_set_contains (const AddressSet *self, const Address *address)
{
  return address_set_find (self, address) != NULL;
}

guint
address_set_size (const AddressSet *self)
{
  return self->order->len;
}

const Address *
address_set_peek (const AddressSet *self, guint index)
{
  g_return_val_if_fail (index < self->order->len, NULL);

  return self->order->pdata[index];
}

/* Python's \s within ASCII. */
static gboolean
is_space (char c)
{
  return c == ' ' || (c >= '\t' && c <= '\r') || (c >= '\x1c' && c <= '\x1f');
}

gboolean
address_set_add_text (AddressSet *self, const char *text, gssize len, GError **error)
{
  const char *at = text;
  const char *end = text + (len < 0 ? strlen (text) : (gsize) len);

  while (at < end)
    {
      const char *word = at;

      if ((*at == '#' || *at == ';') && (at == text || is_space (at[-1])))
        {
          const char *newline = memchr (at, '\n', (gsize) (end - at));

          at = newline != NULL ? newline : end;
          continue;
        }
      while (at < end && *at != ',' && !is_space (*at))
        at++;
      if (at > word)
        {
          g_autoptr (Address) address = address_parse (word, at - word, error);

          if (address == NULL)
            return FALSE;
          address_set_add (self, address);
        }
      else
        at++;
    }
  return TRUE;
}
