#include "firewall/netlink.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for the answers to some thousand requests that are all refused. */
#define RECEIVE_BYTES (4 * 1024 * 1024)

struct Netlink
{
  struct mnl_socket *socket;
  guint32 sequence;
  guint send_bytes; /* the largest that the socket takes */
  _Alignas(struct nlmsghdr) guint8 buffer[65536];
};

guint32
netlink_own_port (void)
{
  return 0x66320000U ^ (guint32) getpid (); /* others take their process id, or chance */
}

Netlink *
netlink_new (void)
{
  struct mnl_socket *socket = mnl_socket_open2 (NETLINK_NETFILTER, SOCK_CLOEXEC);
  int on = 1, size = RECEIVE_BYTES;

  if (socket == NULL)
    return NULL;
  if (mnl_socket_bind (socket, 0, (pid_t) netlink_own_port ()) < 0 && mnl_socket_bind (socket, 0, MNL_SOCKET_AUTOPID) < 0)
    {
      (void) mnl_socket_close (socket);
      return NULL;
    }
  (void) mnl_socket_setsockopt (socket, NETLINK_CAP_ACK, &on, sizeof on); /* no copy of the request in the answer */
  (void) setsockopt (mnl_socket_get_fd (socket), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  Netlink *self = g_new0 (Netlink, 1);
  self->socket = socket;
  self->sequence = 1;
  return self;
}

void
netlink_free (Netlink *self)
{
  if (self == NULL)
    return;
  (void) mnl_socket_close (self->socket);
  g_free (self);
}

guint32
netlink_take_sequence (Netlink *self, guint32 n)
{
  guint32 first = self->sequence;

  self->sequence += n;
  return first;
}

static void
answer (const struct nlmsghdr *header, NetlinkAnswer func, gpointer user_data)
{
  if (header->nlmsg_type == NLMSG_NOOP)
    return;
  if (header->nlmsg_type == NLMSG_DONE)
    {
      func (header, header->nlmsg_seq, 0, user_data);
      return;
    }
  if (header->nlmsg_type != NLMSG_ERROR)
    {
      func (header, header->nlmsg_seq, -1, user_data);
      return;
    }
  if (header->nlmsg_len < mnl_nlmsg_size (sizeof (struct nlmsgerr)))
    return;
  const struct nlmsgerr *error = mnl_nlmsg_get_payload (header);
  func (header, header->nlmsg_seq, error->error < 0 ? -error->error : error->error, user_data);
}

/* All that is there. */
static NetlinkOutcome
receive (Netlink *self, NetlinkAnswer func, gpointer user_data)
{
  NetlinkOutcome outcome = NETLINK_ANSWERED;

  for (;;)
    {
      ssize_t n = recv (mnl_socket_get_fd (self->socket), self->buffer, sizeof self->buffer, MSG_DONTWAIT);
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0 && errno == ENOBUFS)
        {
          outcome = NETLINK_LOST;
          continue;
        }
      if (n <= 0)
        return outcome;
      int left = (int) n;
      for (const struct nlmsghdr *header = (const void *) self->buffer; mnl_nlmsg_ok (header, left);
           header = mnl_nlmsg_next (header, &left))
        answer (header, func, user_data);
    }
}

NetlinkOutcome
netlink_exchange (Netlink *self, const GByteArray *messages, NetlinkAnswer func, gpointer user_data)
{
  int fd = mnl_socket_get_fd (self->socket);
  int size = (int) messages->len;
  ssize_t n;

  if (messages->len > self->send_bytes
      && setsockopt (fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) == 0) /* the kernel doubles it */
    self->send_bytes = messages->len;
  do
    n = mnl_socket_sendto (self->socket, messages->data, messages->len);
  while (n < 0 && errno == EINTR);
  NetlinkOutcome outcome = receive (self, func, user_data);
  return n == (ssize_t) messages->len ? outcome : NETLINK_REFUSED;
}
