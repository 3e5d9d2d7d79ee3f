#include "jail/jail-set.h"

struct JailSet
{
  GPtrArray *jails;  /* in order, owned */
  GHashTable *names; /* name (the jail's) -> Jail */
};

static void
free_jail (gpointer jail)
{
  jail_free (jail);
}

JailSet *
jail_set_new (void)
{
  JailSet *self = g_new0 (JailSet, 1);

  self->jails = g_ptr_array_new_with_free_func (free_jail);
  self->names = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

void
jail_set_free (JailSet *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->names);
  g_ptr_array_unref (self->jails);
  g_free (self);
}

void
jail_set_take (JailSet *self, Jail *jail)
{
  g_return_if_fail (jail_set_peek (self, jail_peek_name (jail)) == NULL);

  g_ptr_array_add (self->jails, jail);
  g_hash_table_insert (self->names, (gpointer) jail_peek_name (jail), jail);
}

void
jail_set_detach (JailSet *self, Jail *jail)
{
  guint index;

  g_return_if_fail (g_ptr_array_find (self->jails, jail, &index));
  g_hash_table_remove (self->names, jail_peek_name (jail));
  (void) g_ptr_array_steal_index (self->jails, index);
}

Jail *
jail_set_peek (const JailSet *self, const char *name)
{
  return g_hash_table_lookup (self->names, name);
}

Jail *
jail_set_get (const JailSet *self, const char *name, GError **error)
{
  Jail *jail = jail_set_peek (self, name);

  if (jail == NULL)
    g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_UNKNOWN_JAIL, name);
  return jail;
}

guint
jail_set_size (const JailSet *self)
{
  return self->jails->len;
}

Jail *
jail_set_peek_nth (const JailSet *self, guint index)
{
  return g_ptr_array_index (self->jails, index);
}

static int
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp (jail_peek_name (*(Jail *const *) a), jail_peek_name (*(Jail *const *) b));
}

GPtrArray *
jail_set_dup_sorted (const JailSet *self)
{
  GPtrArray *sorted = g_ptr_array_new ();

  for (guint i = 0; i < self->jails->len; i++)
    g_ptr_array_add (sorted, g_ptr_array_index (self->jails, i));
  g_ptr_array_sort (sorted, by_name);
  return sorted;
}
