/* nft-command.h - one call of nft that adds or deletes a set element, understood to the last word
 *
 * `nft add element FAMILY TABLE SET { ADDRESS [timeout N] }` and `nft delete element …`.
 * Must not: accept what nft would refuse, look at the kernel.
 */
#pragma once
#include "firewall/ip-prefix.h"

#define NFT_NAME_SIZE 128 /* the kernel takes 256; nobody writes such names */

typedef struct
{
  gboolean deletes;
  guint8 family; /* NFPROTO_* */
  char table[NFT_NAME_SIZE], set[NFT_NAME_SIZE];
  IpPrefix address;
  guint64 timeout_msec; /* 0: none is given */
} NftCommand;

NftCommand *nft_command_parse (const char *const *argv); /* g_free; NULL when it is not understood */
