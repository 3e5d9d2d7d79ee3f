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

struct FirewallWatcher
{
  FirewallWatch *watch;
  FirewallWatchFunc func;
  gpointer user_data;
};

struct FirewallWatch
{
  GPtrArray *watchers; /* of FirewallWatcher, owned */
  int socket;          /* -1: not watching, or the kernel has no nf_tables */
  GSource *messages, *delay, *interval;
  LegacyTables *tables; /* while there are any */
};

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
          continue;
        }
      if (size < 0)
        return G_SOURCE_CONTINUE;
      int left = (int) size;
      for (const struct nlmsghdr *message = &buffer.header; self->delay == NULL && mnl_nlmsg_ok (message, left);
           message = mnl_nlmsg_next (message, &left))
        if (is_suspicious (message))
          suspect (self);
    }
}

/* Only what begins with a deletion comes through: a thousand new bans wake nobody. */
static void
filter_messages (int fd)
{
  enum
  {
    TYPE_BYTE = G_BYTE_ORDER == G_LITTLE_ENDIAN ? 4 : 5
  };
  struct sock_filter code[] = {
    BPF_STMT (BPF_LD | BPF_B | BPF_ABS, TYPE_BYTE),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_NEWRULE, 4, 0),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_NEWSETELEM, 3, 0),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_DELSETELEM, 2, 0),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, NFT_MSG_NEWGEN, 1, 0),
    BPF_STMT (BPF_RET | BPF_K, 0xffffffff),
    BPF_STMT (BPF_RET | BPF_K, 0),
  };
  struct sock_fprog program = { G_N_ELEMENTS (code), code };

  (void) setsockopt (fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static void
open_messages (FirewallWatch *self)
{
  struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1U << (NFNLGRP_NFTABLES - 1) };

  self->socket = socket (AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
  if (self->socket < 0)
    return;
  filter_messages (self->socket);
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

/* --- legacy ---------------------------------------------------------------------------------------------------------- */

static gboolean
on_interval (gpointer data)
{
  FirewallWatch *self = data;

  if (legacy_tables_have_shrunk (self->tables))
    tell (self);
  return G_SOURCE_CONTINUE;
}

void
firewall_watch_look (FirewallWatch *self)
{
  if (self->tables != NULL || self->watchers->len == 0 || !legacy_tables_exist ())
    return;
  self->tables = legacy_tables_new ();
  self->interval = g_timeout_source_new (FIREWALL_WATCH_INTERVAL_MSEC);
  g_source_set_callback (self->interval, on_interval, self, NULL);
  g_source_attach (self->interval, NULL);
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

static void
stop (FirewallWatch *self)
{
  clear_source (&self->messages);
  clear_source (&self->delay);
  clear_source (&self->interval);
  g_clear_pointer (&self->tables, legacy_tables_free);
  if (self->socket >= 0)
    (void) close (self->socket);
  self->socket = -1;
}

FirewallWatch *
firewall_watch_new (void)
{
  FirewallWatch *self = g_new0 (FirewallWatch, 1);

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
