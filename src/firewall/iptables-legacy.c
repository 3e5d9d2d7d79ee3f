#include "firewall/iptables-legacy.h"

#include <errno.h>
#include <libiptc/libip6tc.h>
#include <libiptc/libiptc.h>
#include <string.h>

#include "firewall/iptables-entry.h"

/* Somebody who does not honour the lock changed the table between our reading and writing. */
#define COMMIT_TRIES 10

/* --- both families behind the same functions ------------------------------------------------------------------------- */

typedef struct
{
  struct xtc_handle *(*init) (const char *table);
  void (*free) (struct xtc_handle *handle);
  int (*commit) (struct xtc_handle *handle);
  int (*is_chain) (const char *chain, struct xtc_handle *handle);
  int (*append) (const char *chain, gpointer entry, struct xtc_handle *handle);
  int (*insert) (const char *chain, gpointer entry, guint place, struct xtc_handle *handle);
  int (*remove) (const char *chain, gpointer entry, unsigned char *mask, struct xtc_handle *handle);
  int (*check) (const char *chain, gpointer entry, unsigned char *mask, struct xtc_handle *handle);
  int (*flush) (const char *chain, struct xtc_handle *handle);
  int (*create) (const char *chain, struct xtc_handle *handle);
  int (*drop) (const char *chain, struct xtc_handle *handle);
  guint (*count_rules) (const char *chain, struct xtc_handle *handle, guint most);
} Family;

#define DEFINE_FAMILY(prefix, entry_type)                                                                              \
  static int prefix##_append (const char *chain, gpointer entry, struct xtc_handle *handle)                            \
  {                                                                                                                    \
    return prefix##_append_entry (chain, (const struct entry_type *) entry, handle);                                   \
  }                                                                                                                    \
  static int prefix##_insert (const char *chain, gpointer entry, guint place, struct xtc_handle *handle)               \
  {                                                                                                                    \
    return prefix##_insert_entry (chain, (const struct entry_type *) entry, place, handle);                            \
  }                                                                                                                    \
  static int prefix##_remove (const char *chain, gpointer entry, unsigned char *mask, struct xtc_handle *handle)       \
  {                                                                                                                    \
    return prefix##_delete_entry (chain, (const struct entry_type *) entry, mask, handle);                             \
  }                                                                                                                    \
  static int prefix##_check (const char *chain, gpointer entry, unsigned char *mask, struct xtc_handle *handle)        \
  {                                                                                                                    \
    return prefix##_check_entry (chain, (const struct entry_type *) entry, mask, handle);                              \
  }                                                                                                                    \
  static guint prefix##_count_rules (const char *chain, struct xtc_handle *handle, guint most)                         \
  {                                                                                                                    \
    guint number = 0;                                                                                                  \
    for (const struct entry_type *rule = prefix##_first_rule (chain, handle); rule != NULL && number < most;           \
         rule = prefix##_next_rule (rule, handle))                                                                     \
      number++;                                                                                                        \
    return number;                                                                                                     \
  }                                                                                                                    \
  static const Family prefix##_family = {                                                                              \
    prefix##_init,          prefix##_free,         prefix##_commit,       prefix##_is_chain,                           \
    prefix##_append,        prefix##_insert,       prefix##_remove,       prefix##_check,                              \
    prefix##_flush_entries, prefix##_create_chain, prefix##_delete_chain, prefix##_count_rules,                        \
  }

DEFINE_FAMILY (iptc, ipt_entry);
DEFINE_FAMILY (ip6tc, ip6t_entry);

/* --- one command on the table in memory ------------------------------------------------------------------------------ */

/* A table in memory, and what was found out about it. */
typedef struct
{
  const Family *family;
  struct xtc_handle *handle;
  GHashTable *filled; /* chains that had more than the one rule that ends them, and those that had not: name -> gboolean */
} Table;

/* Did the chain have bans in it when we began?  Looking for a rule among many takes long, and as a rule there are none. */
static gboolean
was_filled (const Table *table, const char *chain)
{
  gpointer filled;

  if (!g_hash_table_lookup_extended (table->filled, chain, NULL, &filled))
    {
      filled = GINT_TO_POINTER (table->family->is_chain (chain, table->handle) != 0
                                && table->family->count_rules (chain, table->handle, 2) > 1);
      g_hash_table_insert (table->filled, g_strdup (chain), filled);
    }
  return GPOINTER_TO_INT (filled);
}

static gboolean
apply_rule (const Table *table, const IptablesCommand *command, const char *chain, gboolean adopts)
{
  const Family *family = table->family;
  struct xtc_handle *handle = table->handle;
  gboolean is_chain = family->is_chain (command->rule.target, handle) != 0;
  gsize size;

  if (!is_chain && !iptables_entry_knows_target (&command->rule))
    return FALSE;
  g_autofree char *entry = iptables_entry_new (&command->rule, command->is_ipv6, is_chain, &size);
  /* Nothing of our matches and targets is the kernel's own, so all of it is compared. */
  g_autofree unsigned char *mask = g_malloc (size);
  memset (mask, 0xff, size);
  gboolean adds = command->operation == IPTABLES_APPEND || command->operation == IPTABLES_INSERT;
  if (adds && adopts && was_filled (table, chain) && family->check (chain, entry, mask, handle) != 0)
    return TRUE;

  switch (command->operation)
    {
    case IPTABLES_APPEND:
      return family->append (chain, entry, handle) != 0;
    case IPTABLES_INSERT:
      return family->insert (chain, entry, command->number - 1, handle) != 0;
    case IPTABLES_DELETE:
      return family->remove (chain, entry, mask, handle) != 0;
    case IPTABLES_CHECK:
      return family->check (chain, entry, mask, handle) != 0;
    case IPTABLES_FLUSH:
    case IPTABLES_NEW_CHAIN:
    case IPTABLES_DELETE_CHAIN:
    default:
      return FALSE;
    }
}

static gboolean
apply_command (const Table *table, const IptablesCommand *command, gboolean adopts)
{
  const Family *family = table->family;
  struct xtc_handle *handle = table->handle;
  xt_chainlabel chain = { 0 };

  (void) g_strlcpy (chain, command->chain, sizeof chain);
  switch (command->operation)
    {
    case IPTABLES_APPEND:
    case IPTABLES_INSERT:
    case IPTABLES_DELETE:
    case IPTABLES_CHECK:
      return apply_rule (table, command, chain, adopts);
    case IPTABLES_FLUSH:
      return family->flush (chain, handle) != 0;
    case IPTABLES_NEW_CHAIN:
      return family->create (chain, handle) != 0;
    case IPTABLES_DELETE_CHAIN:
      return family->drop (chain, handle) != 0;
    default:
      return FALSE;
    }
}

/* --- all of them ----------------------------------------------------------------------------------------------------- */

typedef enum
{
  PENDING,
  LEFT_OUT, /* it failed half way: the table in memory has to be read again, without it */
  FAILED,
  APPLIED,
} State;

typedef struct
{
  const Family *family;
  const char *table;
  GPtrArray *const *elements;
  const gboolean *adopts;
  State *states;
} Batch;

/* FALSE when what is in memory holds half an element. */
static gboolean
apply_element (const Batch *batch, const Table *table, guint index)
{
  const GPtrArray *commands = batch->elements[index];

  for (guint i = 0; i < commands->len; i++)
    if (!apply_command (table, commands->pdata[i], batch->adopts[index]))
      {
        batch->states[index] = i > 0 ? LEFT_OUT : FAILED;
        return i == 0;
      }
  batch->states[index] = APPLIED;
  return TRUE;
}

/* The table with the elements [from, to) done in it, but for those that fail; NULL when it cannot be read. */
static struct xtc_handle *
build (const Batch *batch, guint from, guint to, guint *ret_n_applied)
{
  for (;;)
    {
      struct xtc_handle *handle = batch->family->init (batch->table);
      g_autoptr (GHashTable) filled = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      const Table table = { batch->family, handle, filled };
      gboolean whole = TRUE;

      *ret_n_applied = 0;
      for (guint i = from; handle != NULL && whole && i < to; i++)
        if (batch->states[i] != LEFT_OUT)
          {
            whole = apply_element (batch, &table, i);
            *ret_n_applied += batch->states[i] == APPLIED;
          }
      if (handle == NULL || whole)
        return handle;
      batch->family->free (handle);
    }
}

static void
give_up (const Batch *batch, guint from, guint to)
{
  for (guint i = from; i < to; i++)
    batch->states[i] = FAILED;
}

typedef enum
{
  COMMITTED,
  REFUSED,
  UNREADABLE,
} Outcome;

static Outcome
commit (const Batch *batch, guint from, guint to)
{
  for (guint try = 0; try < COMMIT_TRIES; try++)
    {
      guint n_applied;
      struct xtc_handle *handle = build (batch, from, to, &n_applied);
      if (handle == NULL)
        return UNREADABLE;
      gboolean done = n_applied == 0 || batch->family->commit (handle) != 0;
      int problem = errno;
      batch->family->free (handle);
      if (done)
        return COMMITTED;
      if (problem != EAGAIN)
        break;
    }
  return REFUSED;
}

/* What the kernel refuses as a whole is tried in halves, down to the one that it does not like. */
static void
commit_or_split (const Batch *batch, guint from, guint to)
{
  Outcome outcome = from < to ? commit (batch, from, to) : COMMITTED;

  if (outcome == COMMITTED)
    return;
  if (to - from == 1 || outcome == UNREADABLE)
    {
      give_up (batch, from, to);
      return;
    }
  guint middle = from + (to - from) / 2;
  commit_or_split (batch, from, middle);
  commit_or_split (batch, middle, to);
}

void
iptables_legacy_apply (const char *table, gboolean is_ipv6, GPtrArray *const *elements, const gboolean *adopts,
                       guint n_elements, gboolean *ret_done)
{
  const Family *family = is_ipv6 ? &ip6tc_family : &iptc_family;
  g_autofree State *states = g_new0 (State, n_elements);
  Batch batch = { family, table, elements, adopts, states };

  commit_or_split (&batch, 0, n_elements);
  for (guint i = 0; i < n_elements; i++)
    ret_done[i] = states[i] == APPLIED;
}

gint64
iptables_legacy_count (const char *table, gboolean is_ipv6, const char *chain)
{
  const Family *family = is_ipv6 ? &ip6tc_family : &iptc_family;
  struct xtc_handle *handle = family->init (table);
  gint64 number = -1;

  if (handle == NULL)
    return -1;
  if (family->is_chain (chain, handle) != 0)
    number = family->count_rules (chain, handle, G_MAXUINT);
  family->free (handle);
  return number;
}
