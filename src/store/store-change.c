#include "store/store-change.h"

#include <string.h>

#define GIVEN_UP_AT_ONCE 1000
#define POSITIONS_LOOKED_AT 64 /* noted changes among which an earlier position is looked for */

static void
change_free (gpointer data)
{
  StoreChange *self = data;

  g_free (self->jail);
  g_free (self->path);
  g_free (self->hash);
  ticket_unref (self->ticket);
  address_unref (self->id);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  py_value_unref (self->number);
  g_free (self);
}

StoreChange *
store_change_new (StoreChangeRun run, const char *jail)
{
  StoreChange *self = g_new0 (StoreChange, 1);

  self->run = run;
  self->jail = g_strdup (jail);
  return self;
}

void
store_changes_init (BanStore *self)
{
  self->open = g_ptr_array_new_with_free_func (change_free);
  self->owed = g_ptr_array_new_with_free_func (change_free);
  self->noted = g_queue_new ();
}

void
store_changes_clear (BanStore *self)
{
  g_ptr_array_unref (self->open);
  g_ptr_array_unref (self->owed);
  g_queue_free_full (self->noted, change_free);
  g_clear_error (&self->missed);
}

void
store_changes_committed (BanStore *self)
{
  g_ptr_array_set_size (self->open, 0);
  if (!self->is_patient)
    sql_set_patience (self->sql, BAN_STORE_WAIT_MSEC * 1000); /* the file is free */
  if (self->owed->len == 0 && self->noted->length == 0)
    self->puts_failures = FALSE;
}

static void
move_all (GPtrArray *to, GPtrArray *from)
{
  gsize count;
  gpointer *changes = g_ptr_array_steal (from, &count);

  for (gsize i = 0; i < count; i++)
    g_ptr_array_add (to, changes[i]);
  g_free (changes);
}

static void
owe (BanStore *self, StoreChange *change)
{
  g_ptr_array_add (self->owed, change);
  if (self->owed->len <= STORE_OWED_MAX)
    return;
  log_error (self->log, STORE_LOGGER, "%s could not be written for too long, the oldest changes are given up",
             self->path);
  g_ptr_array_remove_range (self->owed, 0, GIVEN_UP_AT_ONCE);
}

void
store_changes_failed (BanStore *self)
{
  if (sql_in_transaction (self->sql)) /* sqlite may have undone it by itself */
    (void) sql_exec (self->sql, "ROLLBACK", NULL);
  self->has_failures = store_failures_exist (self);
  self->sweep = (StoreSweep){ 0 }; /* what it deleted is there again */
  store_forget_merged (self, NULL, NULL);
  move_all (self->owed, self->open);
}

/* May it work later? */
static gboolean
may_pass (const BanStore *self)
{
  switch (sql_last_code (self->sql))
    {
    case SQLITE_BUSY:
    case SQLITE_CANTOPEN:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_LOCKED:
    case SQLITE_NOMEM:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return TRUE;
    default:
      return FALSE;
    }
}

/* To its end or one part of it, within the savepoint that is open. */
static gboolean
run_change (BanStore *self, const StoreChange *change, gboolean in_parts, GError **error)
{
  gboolean ok;

  do
    {
      self->sweep.goes_on = FALSE;
      ok = change->run (self, change, error);
    }
  while (ok && self->sweep.goes_on && !in_parts);
  if (!ok || !self->sweep.goes_on)
    self->sweep = (StoreSweep){ 0 };
  return store_change_end (self, ok, ok ? error : NULL);
}

gboolean
store_changes_repay (BanStore *self, GError **error)
{
  guint i = 0;

  while (i < self->owed->len)
    {
      const StoreChange *change = g_ptr_array_index (self->owed, i);
      g_autoptr (GError) problem = NULL;

      if (sql_exec (self->sql, "SAVEPOINT change", &problem) && run_change (self, change, FALSE, &problem))
        i++;
      else if (!may_pass (self))
        g_ptr_array_remove_index (self->owed, i); /* refused */
      else
        {
          store_changes_failed (self);
          g_propagate_error (error, g_steal_pointer (&problem));
          return FALSE;
        }
    }
  move_all (self->open, self->owed);
  return TRUE;
}

/* In parts: one of them; when there are more, the change is the first of the noted ones again. */
static gboolean
apply (BanStore *self, StoreChange *change /* taken */, gboolean in_parts, GError **error)
{
  g_autoptr (GError) problem = NULL;
  gboolean done;

  if (self->broken)
    {
      owe (self, change);
      return TRUE;
    }
  done = store_change_begin (self, &problem) && run_change (self, change, in_parts, &problem);
  if (done)
    {
      if (self->sweep.goes_on)
        g_queue_push_head (self->noted, change);
      else if (sql_in_transaction (self->sql))
        g_ptr_array_add (self->open, change);
      else
        change_free (change);
      return TRUE;
    }
  if (may_pass (self))
    {
      store_changes_failed (self);
      owe (self, change);
      self->broken = self->depth > 0;
    }
  else
    change_free (change);
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

static gboolean
run_noted (BanStore *self, guint most, gboolean in_parts)
{
  StoreChange *change;

  if (self->noted->length == 0)
    return FALSE;
  self->depth++;
  self->sweep.goes_on = FALSE;
  for (guint i = 0; i < most && !self->sweep.goes_on && (change = g_queue_pop_head (self->noted)) != NULL; i++)
    (void) apply (self, change, in_parts, self->missed == NULL ? &self->missed : NULL);
  if (--self->depth == 0)
    self->broken = FALSE;
  return self->noted->length > 0;
}

gboolean
store_changes_run_some (BanStore *self, guint most)
{
  return run_noted (self, most, TRUE);
}

void
store_changes_run_noted (BanStore *self)
{
  (void) run_noted (self, G_MAXUINT, FALSE);
}

/* Of a log's positions the last one is enough: it stands behind all that was decided before. */
static void
forget_earlier_position (BanStore *self, const StoreChange *change)
{
  guint looked = 0;

  if (change->path == NULL)
    return;
  for (GList *link = self->noted->tail; link != NULL && looked < POSITIONS_LOOKED_AT; link = link->prev, looked++)
    {
      StoreChange *earlier = link->data;

      if (earlier->run != change->run || strcmp (earlier->jail, change->jail) != 0 || strcmp (earlier->path, change->path) != 0)
        continue;
      g_queue_delete_link (self->noted, link);
      change_free (earlier);
      return;
    }
}

/* It must not become another one until it is written. */
static void
note (BanStore *self, StoreChange *change)
{
  if (change->ticket != NULL)
    {
      Ticket *copy = ticket_copy (change->ticket);
      ticket_unref (change->ticket);
      change->ticket = copy;
    }
  forget_earlier_position (self, change);
  g_queue_push_tail (self->noted, change);
  if (self->noted->length >= STORE_NOTED_MAX)
    store_changes_run_noted (self);
}

gboolean
store_change_apply (BanStore *self, StoreChange *change, GError **error)
{
  if (self->noting > 0)
    {
      note (self, change);
      return TRUE;
    }
  store_changes_run_noted (self);
  return apply (self, change, FALSE, error);
}
