#include "firewall/nft-command.h"

#include <linux/netfilter.h>
#include <string.h>

#include "firewall/iptables-values.h"

/* nft joins its words by blanks and reads the result as text of its own: words from here on are those of that text. */
static GPtrArray *
split (const char *const *argv)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (g_free);

  for (const char *const *arg = argv; *arg != NULL; arg++)
    for (const char *at = *arg; *at != '\0';)
      {
        gsize length = *at == '{' || *at == '}' ? 1 : strcspn (at, " \t{}");
        if (length > 0)
          g_ptr_array_add (words, g_strndup (at, length));
        at += length > 0 ? length : 1;
      }
  g_ptr_array_add (words, NULL);
  return words;
}

static gboolean
read_family (const char *word, guint8 *ret_family)
{
  static const struct
  {
    const char *name;
    guint8 family;
  } families[] = {
    { "arp", NFPROTO_ARP }, { "bridge", NFPROTO_BRIDGE }, { "inet", NFPROTO_INET },
    { "ip", NFPROTO_IPV4 }, { "ip6", NFPROTO_IPV6 },      { "netdev", NFPROTO_NETDEV },
  };

  for (gsize i = 0; word != NULL && i < G_N_ELEMENTS (families); i++)
    if (g_str_equal (families[i].name, word))
      {
        *ret_family = families[i].family;
        return TRUE;
      }
  return FALSE;
}

/* As nft's own words: a letter first.  (Keywords look like that too, but no set can have got such a name from nft.) */
static gboolean
read_name (const char *word, char *name)
{
  if (word == NULL || !g_ascii_isalpha (*word) || strlen (word) >= NFT_NAME_SIZE)
    return FALSE;
  for (const char *at = word; *at != '\0'; at++)
    if (!g_ascii_isalnum (*at) && strchr ("_.-", *at) == NULL)
      return FALSE;
  (void) g_strlcpy (name, word, NFT_NAME_SIZE);
  return TRUE;
}

/* "600s", "10m", "1h", "1d" */
static gboolean
read_time (const char *word, guint64 *ret_msec)
{
  static const char units[] = "smhd";
  static const guint seconds[] = { 1, 60, 60 * 60, 24 * 60 * 60 };
  gsize length = word != NULL ? strlen (word) : 0;
  const char *unit = length > 1 ? strchr (units, word[length - 1]) : NULL;
  guint number;

  if (unit == NULL)
    return FALSE;
  g_autofree char *digits = g_strndup (word, length - 1);
  if (!iptables_parse_number (digits, 100000000, &number) || number == 0)
    return FALSE;
  *ret_msec = (guint64) number * seconds[unit - units] * 1000;
  return TRUE;
}

static const char *
take (char ***at)
{
  return **at != NULL ? *(*at)++ : NULL;
}

static gboolean
take_word (char ***at, const char *word)
{
  return **at != NULL && g_str_equal (*(*at)++, word);
}

static gboolean
read_words (char **at, NftCommand *command)
{
  const char *verb = take (&at);

  if (verb == NULL || (!g_str_equal (verb, "add") && !g_str_equal (verb, "delete")) || !take_word (&at, "element"))
    return FALSE;
  command->deletes = *verb == 'd';
  command->family = NFPROTO_IPV4;
  if (read_family (*at, &command->family))
    at++;
  if (!read_name (take (&at), command->table) || !read_name (take (&at), command->set) || !take_word (&at, "{")
      || !ip_prefix_parse (take (&at), &command->address))
    return FALSE;
  if (*at != NULL && g_str_equal (*at, "timeout"))
    {
      at++;
      if (command->deletes || !read_time (take (&at), &command->timeout_msec))
        return FALSE;
    }
  return take_word (&at, "}") && *at == NULL;
}

NftCommand *
nft_command_parse (const char *const *argv)
{
  g_return_val_if_fail (argv != NULL && argv[0] != NULL, NULL);

  g_autoptr (GPtrArray) words = split (argv + 1);
  g_autofree NftCommand *command = g_new0 (NftCommand, 1);
  return read_words ((char **) words->pdata, command) ? g_steal_pointer (&command) : NULL;
}
