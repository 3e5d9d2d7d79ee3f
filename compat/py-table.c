#include "compat/py-table.h"

#include <string.h>

#include "compat/py-value-private.h"

#define SIZE_START 12
#define FEW        16

static void
clear_entry (PyEntry *entry)
{
  py_value_unref (entry->key);
  py_value_unref (entry->value);
}

void
py_table_clear (PyTable *self)
{
  g_clear_pointer (&self->index, g_hash_table_unref);
  for (guint i = 0; i < self->len; i++)
    clear_entry (&self->entries[i]);
  g_clear_pointer (&self->entries, g_free);
  self->len = self->size = 0;
}

gint
py_table_find_str (const PyTable *self, const char *text, gsize len)
{
  if (self->index != NULL)
    {
      PyValue key = { .ref_count = 1, .type = PY_STR, .text = { (char *) text, len } };
      return GPOINTER_TO_INT (g_hash_table_lookup (self->index, &key)) - 1;
    }
  for (guint i = 0; i < self->len; i++)
    {
      const PyValue *key = self->entries[i].key;
      if (key->type == PY_STR && key->text.len == len
          && (key->text.data == text || memcmp (key->text.data, text, len) == 0))
        return (gint) i;
    }
  return -1;
}

gint
py_table_find (const PyTable *self, const PyValue *key)
{
  if (key->type == PY_STR)
    return py_table_find_str (self, key->text.data, key->text.len);
  if (self->index != NULL)
    return GPOINTER_TO_INT (g_hash_table_lookup (self->index, key)) - 1;
  for (guint i = 0; i < self->len; i++)
    if (py_value_equal (self->entries[i].key, key))
      return (gint) i;
  return -1;
}

/* What is in the table from `from` on, into the index */
static void
fill_index (PyTable *self, guint from)
{
  for (guint i = from; i < self->len; i++)
    g_hash_table_insert (self->index, self->entries[i].key, GINT_TO_POINTER ((gint) i + 1));
}

void
py_table_append (PyTable *self, PyValue *key, PyValue *value)
{
  if (self->len == self->size)
    {
      self->size = self->size == 0 ? SIZE_START : self->size * 2;
      self->entries = g_renew (PyEntry, self->entries, self->size);
    }
  self->entries[self->len++] = (PyEntry){ key, value };
  if (self->index == NULL && self->len > FEW)
    {
      self->index = g_hash_table_new (py_value_hash, py_value_equal);
      fill_index (self, 0);
    }
  else if (self->index != NULL)
    fill_index (self, self->len - 1);
}

void
py_table_remove (PyTable *self, guint place)
{
  PyEntry removed = self->entries[place];

  if (self->index != NULL)
    g_hash_table_remove (self->index, removed.key);
  memmove (self->entries + place, self->entries + place + 1, (self->len - place - 1) * sizeof (PyEntry));
  self->len--;
  if (self->index != NULL)
    fill_index (self, place);
  clear_entry (&removed);
}
