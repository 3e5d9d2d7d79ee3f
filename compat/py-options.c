#include "compat/py-options.h"

#include <string.h>

#include "compat/py-held.h"

#define INDEX_FROM 12 /* fewer names are found faster by looking at each */

typedef struct
{
  char *name;
  PyValue *value;
} Entry;

struct PyOptions
{
  GArray *entries;   /* of Entry */
  GHashTable *index; /* name of an entry -> its position; NULL while there are few */
};

static void
entry_clear (gpointer data)
{
  Entry *entry = data;

  g_free (entry->name);
  py_value_unref (entry->value);
}

PyOptions *
py_options_new (void)
{
  PyOptions *self = g_new0 (PyOptions, 1);

  self->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  g_array_set_clear_func (self->entries, entry_clear);
  return self;
}

void
py_options_free (PyOptions *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->index, g_hash_table_unref);
  g_array_unref (self->entries);
  g_free (self);
}

PyOptions *
py_options_copy (const PyOptions *self)
{
  return py_options_merged (self, NULL);
}

guint
py_options_size (const PyOptions *self)
{
  return self->entries->len;
}

static Entry *
entry_at (const PyOptions *self, guint index)
{
  return &g_array_index (self->entries, Entry, index);
}

const char *
py_options_peek_name (const PyOptions *self, guint index)
{
  g_return_val_if_fail (index < self->entries->len, NULL);
  return entry_at (self, index)->name;
}

PyValue *
py_options_peek_value (const PyOptions *self, guint index)
{
  g_return_val_if_fail (index < self->entries->len, NULL);
  return entry_at (self, index)->value;
}

static void
index_rebuild (PyOptions *self)
{
  g_clear_pointer (&self->index, g_hash_table_unref);
  if (self->entries->len < INDEX_FROM)
    return;
  self->index = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < self->entries->len; i++)
    g_hash_table_insert (self->index, entry_at (self, i)->name, GUINT_TO_POINTER (i));
}

static Entry *
entry_find (const PyOptions *self, const char *name)
{
  gpointer position;

  if (self->index != NULL)
    return g_hash_table_lookup_extended (self->index, name, NULL, &position)
               ? entry_at (self, GPOINTER_TO_UINT (position))
               : NULL;
  for (guint i = 0; i < self->entries->len; i++)
    if (strcmp (entry_at (self, i)->name, name) == 0)
      return entry_at (self, i);
  return NULL;
}

PyValue *
py_options_get (const PyOptions *self, const char *name)
{
  Entry *entry = entry_find (self, name);

  return entry != NULL ? entry->value : NULL;
}

const char *
py_options_get_text (const PyOptions *self, const char *name)
{
  PyValue *value = py_options_get (self, name);

  return value != NULL && py_value_type (value) == PY_STR ? py_str_peek (value, NULL) : NULL;
}

void
py_options_set (PyOptions *self, const char *name, PyValue *value)
{
  Entry *entry = entry_find (self, name);

  if (entry != NULL)
    {
      py_value_unref (entry->value);
      entry->value = value;
      return;
    }

  Entry added = { g_strdup (name), value };
  g_array_append_val (self->entries, added);
  if (self->index != NULL)
    g_hash_table_insert (self->index, added.name, GUINT_TO_POINTER (self->entries->len - 1));
  else
    index_rebuild (self);
}

void
py_options_set_text (PyOptions *self, const char *name, const char *text)
{
  py_options_set (self, name, py_str_new (text));
}

gboolean
py_options_remove (PyOptions *self, const char *name)
{
  Entry *entry = entry_find (self, name);

  if (entry == NULL)
    return FALSE;
  g_clear_pointer (&self->index, g_hash_table_unref);
  g_array_remove_index (self->entries, (guint) (entry - entry_at (self, 0)));
  index_rebuild (self);
  return TRUE;
}

void
py_options_update (PyOptions *self, const PyOptions *other)
{
  if (other == NULL || other == self)
    return;
  for (guint i = 0; i < other->entries->len; i++)
    py_options_set (self, entry_at (other, i)->name, py_value_ref (entry_at (other, i)->value));
}

PyOptions *
py_options_merged (const PyOptions *a, const PyOptions *b)
{
  PyOptions *self = py_options_new ();

  py_options_update (self, a);
  py_options_update (self, b);
  return self;
}

PyValue *
py_options_to_value (const PyOptions *self)
{
  PyValue *dict = py_dict_new ();

  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = entry_at (self, i);
      PyValue *value = py_value_type (entry->value) == PY_STR ? py_held_to_value (py_str_peek (entry->value, NULL))
                                                              : py_value_ref (entry->value);
      py_dict_set (dict, py_held_to_value (entry->name), value);
    }
  return dict;
}
