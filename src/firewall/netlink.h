/* netlink.h - requests to the kernel's netfilter and what it answers
 *
 * The kernel works off what one send brings before that send returns, so all answers are there then.  Blocks for as long as that
 * takes: for threads.
 * Must not: know what the messages mean.
 */
#pragma once
#include <glib.h>
#include <libmnl/libmnl.h>

/* More than any of our requests needs.  A buffer begins as zeros: libmnl leaves the padding behind an attribute as it was. */
#define NETLINK_MAX_MESSAGE 2048

typedef struct Netlink Netlink;
Netlink *netlink_new  (void); /* NULL: this system has none, or it is not for us */
void     netlink_free (Netlink *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Netlink, netlink_free)

/* The number by which the kernel names us in its messages about changes, when it is free for us: one socket at a time has it. */
guint32 netlink_own_port (void);

/* What was sent last is over; numbers start behind those of earlier requests, so that a late answer to those means nothing. */
guint32 netlink_take_sequence (Netlink *self, guint32 n);

typedef enum
{
  NETLINK_ANSWERED,
  NETLINK_LOST,    /* some of the answers did not fit into the socket's buffer */
  NETLINK_REFUSED, /* nothing was sent */
} NetlinkOutcome;

/* func: called for each answer; error: an errno or 0 of an acknowledgement (also the end of a list); -1: header is a message. */
typedef void (*NetlinkAnswer) (const struct nlmsghdr *header, guint32 sequence, int error, gpointer user_data);
NetlinkOutcome netlink_exchange (Netlink *self, const GByteArray *messages, NetlinkAnswer func, gpointer user_data);
