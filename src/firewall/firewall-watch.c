#include "firewall/firewall-watch.h"

#include <errno.h>
#include <glib-unix.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "firewall/legacy-tables.h"
#include "firewall/netlink.h"

struct FirewallWatcher
{
  FirewallWatch *watch;
  FirewallWatchFunc func;
  gpointer user_data;
};

struct FirewallWatch
{
  Firewall *firewall;
  GPtrArray *watchers; /* of FirewallWatcher, owned */
  int socket;          /* -1: not watching, or the kernel has no nf_tables */
  GSource *messages, *delay, *interval;
  GSource *look;        /* see what there is to be looked at */
  GSource *recount;     /* count what somebody left of our bans */
  gboolean hears_bans;  /* messages about what we will count come through */
  LegacyTables *tables; /* while there are any */
};

/* Of what the kernel tells, and what it does not. */
#define TOLD_PLACES  (FIREWALL_PLACE_NFT_SET | FIREWALL_PLACE_NFT_RULES)
#define QUIET_PLACES (FIREWALL_PLACE_LEGACY | FIREWALL_PLACE_IPSET)

static void
tell (FirewallWatch *self)
{
  for (guint i = 0; i < self->watchers->len; i++)
    {
      const FirewallWatcher *watcher = self->watchers->pdata[i];
      watcher->func (watcher->user_data);
    }
}

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

/* --- nf_tables ------------------------------------------------------------------------------------------------------- */

static gboolean
on_delay (gpointer data)
{
  FirewallWatch *self = data;

  clear_source (&self->delay);
  tell (self);
  return G_SOURCE_REMOVE;
}

static void
suspect (FirewallWatch *self)
{
  if (self->delay != NULL)
    return;
  self->delay = g_timeout_source_new (FIREWALL_WATCH_DELAY_MSEC);
  g_source_set_callback (self->delay, on_delay, self, NULL);
  g_source_attach (self->delay, NULL);
}

/* The text of an attribute of a message; NULL when it has none. */
static const char *
peek_text (const struct nlmsghdr *message, guint16 type)
{
  const char *at = (const char *) message + NLMSG_HDRLEN + NLMSG_ALIGN (sizeof (struct nfgenmsg));
  const char *end = (const char *) message + message->nlmsg_len;

  while (end - at >= NLA_HDRLEN)
    {
      struct nlattr attribute;
      memcpy (&attribute, at, sizeof attribute);
      if (attribute.nla_len < NLA_HDRLEN || attribute.nla_len > end - at)
        return NULL;
      const char *text = at + NLA_HDRLEN;
      if ((attribute.nla_type & NLA_TYPE_MASK) == type)
        return memchr (text, '\0', attribute.nla_len - NLA_HDRLEN) != NULL ? text : NULL;
      at += MIN (end - at, (gssize) NLA_ALIGN (attribute.nla_len));
    }
  return NULL;
}

/* --- bans that others take away ---------------------------------------------------------------------------------------- */

static void filter_messages (FirewallWatch *self, gboolean hears_bans);

static gboolean
on_recount (gpointer data)
{
  FirewallWatch *self = data;

  clear_source (&self->recount);
  filter_messages (self, firewall_holds (self->firewall, TOLD_PLACES));
  firewall_look (self->firewall, TOLD_PLACES);
  return G_SOURCE_REMOVE;
}

/* Who flushes ten thousand bans wakes us once. */
static void
count_later (FirewallWatch *self)
{
  if (self->recount != NULL || !self->hears_bans)
    return;
  firewall_suspect (self->firewall, TOLD_PLACES);
  filter_messages (self, FALSE);
  self->recount = g_timeout_source_new (FIREWALL_WATCH_COUNT_MSEC);
  g_source_set_callback (self->recount, on_recount, self, NULL);
  g_source_attach (self->recount, NULL);
}

/* --- messages ---------------------------------------------------------------------------------------------------------- */

/* A rule in iptables' "filter", chain "f2b-sshd", is one ban; in nft's "f2b-table", chain "f2b-chain", it is what makes all of
 * them work. */
static gboolean
is_ban (const struct nlmsghdr *message)
{
  const char *chain = peek_text (message, NFTA_RULE_CHAIN);
  const char *table = peek_text (message, NFTA_RULE_TABLE);

  return chain != NULL && table != NULL && g_str_has_prefix (chain, "f2b-") && !g_str_has_prefix (table, "f2b-");
}

static gboolean
is_suspicious (const struct nlmsghdr *message)
{
  switch (message->nlmsg_type)
    {
    case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE:
    case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELCHAIN:
    case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELSET:
      return TRUE;
    case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELRULE:
      return !is_ban (message);
    default:
      return FALSE;
    }
}

static gboolean
on_messages (int fd, GIOCondition condition, gpointer data)
{
  FirewallWatch *self = data;
  union
  {
    struct nlmsghdr header; /* for its alignment */
    char bytes[32768];
  } buffer;

  for (;;)
    {
      gssize size = recv (fd, &buffer, sizeof buffer, MSG_DONTWAIT);
      if (size < 0 && errno == EINTR)
        continue;
      if (size < 0 && errno == ENOBUFS) /* so much happened that some of it was dropped */
        {
          suspect (self);
          count_later (self);
          continue;
        }
      if (size < 0)
        return G_SOURCE_CONTINUE;
      int left = (int) size;
      for (const struct nlmsghdr *message = &buffer.header; mnl_nlmsg_ok (message, left);
           message = mnl_nlmsg_next (message, &left))
        if (is_suspicious (message))
          suspect (self);
        else
          count_later (self);
    }
}

/* Only deletions come through, and of rules and elements only those that others delete; of elements, and with them of rules in our
 * chains, only while bans are there to be counted: a thousand bans that come or go wake nobody. */
static void
filter_messages (FirewallWatch *self, gboolean hears_bans)
{
  enum
  {
    TYPE_BYTE = G_BYTE_ORDER == G_LITTLE_ENDIAN ? 4 : 5,
    PORT = 12,
  };
  struct sock_filter code[] = {
    BPF_STMT (BPF_LD | BPF_B | BPF_ABS, TYPE_BYTE),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_NEWRULE, 7, 0),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_NEWSETELEM, 6, 0),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_NEWGEN, 5, 0),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_DELSETELEM, hears_bans ? 1 : 4, 0),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_DELRULE, 0, 2),
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, PORT),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, g_htonl (netlink_own_port ()), 1, 0),
    BPF_STMT (BPF_RET | BPF_K, 0xffffffff),
    BPF_STMT (BPF_RET | BPF_K, 0),
  };
  struct sock_fprog program = { G_N_ELEMENTS (code), code };

  self->hears_bans = hears_bans;
  if (self->socket >= 0)
    (void) setsockopt (self->socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static void
open_messages (FirewallWatch *self)
{
  struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1U << (NFNLGRP_NFTABLES - 1) };

  self->socket = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
  if (self->socket < 0)
    return;
  filter_messages (self, firewall_holds (self->firewall, TOLD_PLACES));
  if (bind (self->socket, (const struct sockaddr *) &address, sizeof address) < 0)
    {
      (void) close (self->socket);
      self->socket = -1;
      return;
    }
  self->messages = g_unix_fd_source_new (self->socket, G_IO_IN);
  g_source_set_callback (self->messages, G_SOURCE_FUNC (on_messages), self, NULL);
  g_source_attach (self->messages, NULL);
}

/* --- where the kernel tells nothing ------------------------------------------------------------------------------------ */

static gboolean
on_interval (gpointer data)
{
  FirewallWatch *self = data;

  if (self->tables != NULL && legacy_tables_have_shrunk (self->tables))
    tell (self);
  firewall_look (self->firewall, QUIET_PLACES);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_look (gpointer data)
{
  FirewallWatch *self = data;

  clear_source (&self->look);
  if (!self->hears_bans && self->recount == NULL && firewall_holds (self->firewall, TOLD_PLACES))
    filter_messages (self, TRUE);
  if (self->tables == NULL && legacy_tables_exist ())
    self->tables = legacy_tables_new ();
  if (self->interval != NULL || (self->tables == NULL && !firewall_holds (self->firewall, QUIET_PLACES)))
    return G_SOURCE_REMOVE;
  self->interval = g_timeout_source_new (FIREWALL_WATCH_INTERVAL_MSEC);
  g_source_set_callback (self->interval, on_interval, self, NULL);
  g_source_attach (self->interval, NULL);
  return G_SOURCE_REMOVE;
}

void
firewall_watch_look (FirewallWatch *self)
{
  if (self->look != NULL || self->watchers->len == 0)
    return;
  self->look = g_idle_source_new ();
  g_source_set_priority (self->look, G_PRIORITY_DEFAULT);
  g_source_set_callback (self->look, on_look, self, NULL);
  g_source_attach (self->look, NULL);
}

static void
on_flushed (gpointer user_data)
{
  tell (user_data);
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

static void
stop (FirewallWatch *self)
{
  clear_source (&self->messages);
  clear_source (&self->delay);
  clear_source (&self->interval);
  clear_source (&self->look);
  clear_source (&self->recount);
  self->hears_bans = FALSE;
  g_clear_pointer (&self->tables, legacy_tables_free);
  if (self->socket >= 0)
    (void) close (self->socket);
  self->socket = -1;
}

FirewallWatch *
firewall_watch_new (Firewall *firewall)
{
  g_return_val_if_fail (firewall != NULL, NULL);

  FirewallWatch *self = g_new0 (FirewallWatch, 1);
  self->firewall = firewall;
  firewall_set_flushed_func (firewall, on_flushed, self);

  self->watchers = g_ptr_array_new_with_free_func (g_free);
  self->socket = -1;
  return self;
}

void
firewall_watch_free (FirewallWatch *self)
{
  if (self == NULL)
    return;
  g_warn_if_fail (self->watchers->len == 0);
  stop (self);
  firewall_set_flushed_func (self->firewall, NULL, NULL);
  g_ptr_array_unref (self->watchers);
  g_free (self);
}

FirewallWatcher *
firewall_watch_add (FirewallWatch *self, FirewallWatchFunc func, gpointer user_data)
{
  g_return_val_if_fail (self != NULL && func != NULL, NULL);

  FirewallWatcher *watcher = g_new0 (FirewallWatcher, 1);
  *watcher = (FirewallWatcher){ self, func, user_data };
  g_ptr_array_add (self->watchers, watcher);
  if (self->watchers->len == 1)
    open_messages (self);
  firewall_watch_look (self);
  return watcher;
}

void
firewall_watch_remove (FirewallWatcher *watcher)
{
  if (watcher == NULL)
    return;
  FirewallWatch *self = watcher->watch;
  (void) g_ptr_array_remove (self->watchers, watcher);
  if (self->watchers->len == 0)
    stop (self);
}

gboolean
firewall_watch_suspects (const FirewallWatch *self)
{
  return self->delay != NULL;
}

gboolean
firewall_watch_concerns (const char *text)
{
  static const char *const words[] = { "iptables", "ip6tables", "nft ", "ipset", "firewall-cmd" };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (strstr (text, words[i]) != NULL)
      return TRUE;
  return FALSE;
}
