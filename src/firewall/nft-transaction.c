#include "firewall/nft-transaction.h"

#include <errno.h>
#include <libnftnl/common.h>

typedef struct
{
  Netlink *netlink;
  gboolean *left_out, *done;
  NftAppend append;
  gpointer user_data;

  /* of the transaction that is under way */
  guint32 first_sequence;
  GArray *owners; /* of guint: which submission the message with first_sequence + i belongs to */
  guint n_culprits;
  gboolean refused;  /* for a reason that is nobody's alone */
  gboolean has_loop; /* the first of those was named */
  guint n_loops;     /* of all transactions */
} Work;

/* So many rules that make a loop are looked for one by one. */
#define MAX_LOOPS 16

static void
append_mark (Work *work, GByteArray *messages, struct nlmsghdr *(*build) (char *buffer, guint32 sequence))
{
  guint8 buffer[NETLINK_MAX_MESSAGE] = { 0 };
  const struct nlmsghdr *header = build ((char *) buffer, netlink_take_sequence (work->netlink, 1));

  g_byte_array_append (messages, buffer, header->nlmsg_len);
}

static GByteArray *
build (Work *work, guint from, guint to)
{
  GByteArray *messages = g_byte_array_new ();

  g_array_set_size (work->owners, 0);
  append_mark (work, messages, nftnl_batch_begin);
  work->first_sequence = netlink_take_sequence (work->netlink, 0);
  for (guint i = from; i < to; i++)
    {
      if (work->left_out[i])
        continue;
      work->append (work->netlink, messages, i, work->user_data);
      guint n = netlink_take_sequence (work->netlink, 0) - work->first_sequence;
      while (work->owners->len < n)
        g_array_append_val (work->owners, i);
    }
  append_mark (work, messages, nftnl_batch_end);
  return messages;
}

/* Once a rule has made a loop (or too many jumps) of the chains, the kernel (6.18) names every one behind it as well, since the table is
 * as wrong as before: only the first is to blame. */
static gboolean
is_collateral (Work *work, int error)
{
  if ((error != ELOOP && error != EMLINK) || work->n_loops >= MAX_LOOPS)
    return FALSE;
  if (work->has_loop)
    return TRUE;
  work->has_loop = TRUE;
  work->n_loops++;
  return FALSE;
}

/* The kernel says nothing about messages that are fine; of those that are not it names all. */
static void
on_answer (const struct nlmsghdr *header, guint32 sequence, int error, gpointer data)
{
  Work *work = data;
  guint32 index = sequence - work->first_sequence;

  if (error <= 0 || is_collateral (work, error))
    return;
  if (index >= work->owners->len)
    {
      work->refused = TRUE;
      return;
    }
  guint owner = g_array_index (work->owners, guint, index);
  work->n_culprits += work->left_out[owner] ? 0 : 1;
  work->left_out[owner] = TRUE;
}

static void
commit (Work *work, guint from, guint to)
{
  for (;;)
    {
      g_autoptr (GByteArray) messages = build (work, from, to);
      NetlinkOutcome outcome = NETLINK_ANSWERED;
      work->n_culprits = 0;
      work->refused = FALSE;
      work->has_loop = FALSE;
      if (work->owners->len > 0)
        outcome = netlink_exchange (work->netlink, messages, on_answer, work);
      if (work->n_culprits > 0)
        continue; /* nothing took effect; again without them */
      if (outcome == NETLINK_ANSWERED && !work->refused)
        {
          for (guint i = from; i < to; i++)
            work->done[i] = !work->left_out[i];
          return;
        }
      if (to - from == 1)
        return;
      guint middle = from + (to - from) / 2;
      commit (work, from, middle);
      commit (work, middle, to);
      return;
    }
}

void
nft_transaction_commit (Netlink *netlink, guint from, guint to, gboolean *left_out, gboolean *done, NftAppend append,
                        gpointer user_data)
{
  g_autoptr (GArray) owners = g_array_new (FALSE, FALSE, sizeof (guint));
  Work work = { .netlink = netlink,
                .left_out = left_out,
                .done = done,
                .append = append,
                .user_data = user_data,
                .owners = owners };

  commit (&work, from, to);
}
