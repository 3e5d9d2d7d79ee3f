#include "compat/py-options.h"

#include <string.h>

#include "compat/py-held.h"

#define INDEX_FROM 8 /* fewer names are found faster by looking at each */
#define FREE_SLOT  G_MAXUINT

typedef struct
{
  PyValue *name;    /* a str; copies of the options share it */
  const char *text; /* of name */
  guint hash;
  PyValue *value;
} Entry;

struct PyOptions
{
  Entry *entries;
  guint n_entries, n_allocated;
  guint *slots;  /* open addressing by hash: positions in entries; NULL while there are few */
  guint n_slots; /* a power of two, at least twice the entries */
};

static PyOptions *
options_sized_new (guint size)
{
  PyOptions *self = g_new0 (PyOptions, 1);

  self->n_allocated = size;
  self->entries = g_new (Entry, size);
  return self;
}

PyOptions *
py_options_new (void)
{
  return options_sized_new (0);
}

static void
entry_clear (Entry *entry)
{
  py_value_unref (entry->name);
  py_value_unref (entry->value);
}

void
py_options_free (PyOptions *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->n_entries; i++)
    entry_clear (&self->entries[i]);
  g_free (self->entries);
  g_free (self->slots);
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
  return self->n_entries;
}

const char *
py_options_peek_name (const PyOptions *self, guint index)
{
  g_return_val_if_fail (index < self->n_entries, NULL);
  return self->entries[index].text;
}

PyValue *
py_options_peek_key (const PyOptions *self, guint index)
{
  g_return_val_if_fail (index < self->n_entries, NULL);
  return self->entries[index].name;
}

PyValue *
py_options_peek_value (const PyOptions *self, guint index)
{
  g_return_val_if_fail (index < self->n_entries, NULL);
  return self->entries[index].value;
}

#define HASH_START      2166136261u /* FNV-1a */
#define HASH_STEP(h, c) (((h) ^ (guchar) (c)) * 16777619u)

guint
py_options_hash (const char *name)
{
  guint hash = HASH_START;

  for (; *name != '\0'; name++)
    hash = HASH_STEP (hash, *name);
  return hash;
}

guint
py_options_peek_hash (const PyOptions *self, guint index)
{
  g_return_val_if_fail (index < self->n_entries, 0);
  return self->entries[index].hash;
}

gboolean
py_options_hash_lower (const char *name, guint *ret_hash)
{
  guint hash = HASH_START;

  for (; *name != '\0'; name++)
    {
      if ((guchar) *name >= 0x80 || (*name >= 'A' && *name <= 'Z'))
        return FALSE;
      hash = HASH_STEP (hash, *name);
    }
  *ret_hash = hash;
  return TRUE;
}

static void
slots_insert (PyOptions *self, guint index)
{
  guint slot = self->entries[index].hash & (self->n_slots - 1);

  while (self->slots[slot] != FREE_SLOT)
    slot = (slot + 1) & (self->n_slots - 1);
  self->slots[slot] = index;
}

static void
slots_rebuild (PyOptions *self)
{
  g_clear_pointer (&self->slots, g_free);
  if (self->n_entries < INDEX_FROM)
    return;
  self->n_slots = 4 * INDEX_FROM;
  while (self->n_slots < 3 * MAX (self->n_entries, self->n_allocated / 2))
    self->n_slots *= 2;
  self->slots = g_new (guint, self->n_slots);
  memset (self->slots, 0xff, self->n_slots * sizeof *self->slots); /* FREE_SLOT */
  for (guint i = 0; i < self->n_entries; i++)
    slots_insert (self, i);
}

static gboolean
entry_is (const Entry *entry, const char *name, guint hash)
{
  return entry->hash == hash && (entry->text == name || strcmp (entry->text, name) == 0);
}

static Entry *
entry_find (const PyOptions *self, const char *name, guint hash)
{
  if (self->slots == NULL)
    {
      for (guint i = 0; i < self->n_entries; i++)
        if (entry_is (&self->entries[i], name, hash))
          return &self->entries[i];
      return NULL;
    }
  for (guint slot = hash & (self->n_slots - 1); self->slots[slot] != FREE_SLOT; slot = (slot + 1) & (self->n_slots - 1))
    if (entry_is (&self->entries[self->slots[slot]], name, hash))
      return &self->entries[self->slots[slot]];
  return NULL;
}

PyValue *
py_options_get_hashed (const PyOptions *self, const char *name, guint hash)
{
  Entry *entry = entry_find (self, name, hash);

  return entry != NULL ? entry->value : NULL;
}

gboolean
py_options_find (const PyOptions *self, const char *name, guint hash, guint *ret_index)
{
  const Entry *entry = entry_find (self, name, hash);

  if (entry != NULL)
    *ret_index = (guint) (entry - self->entries);
  return entry != NULL;
}

PyValue *
py_options_get (const PyOptions *self, const char *name)
{
  return py_options_get_hashed (self, name, py_options_hash (name));
}

const char *
py_options_get_text (const PyOptions *self, const char *name)
{
  PyValue *value = py_options_get (self, name);

  return value != NULL && py_value_type (value) == PY_STR ? py_str_peek (value, NULL) : NULL;
}

static void
options_append (PyOptions *self, PyValue *name, guint hash, PyValue *value)
{
  if (self->n_entries == self->n_allocated)
    {
      self->n_allocated = MAX (8, 2 * self->n_allocated);
      self->entries = g_renew (Entry, self->entries, self->n_allocated);
    }
  self->entries[self->n_entries++] = (Entry){ name, py_str_peek (name, NULL), hash, value };
  if (self->slots != NULL && 2 * self->n_entries <= self->n_slots)
    slots_insert (self, self->n_entries - 1);
  else
    slots_rebuild (self);
}

static void
entry_set_value (Entry *entry, PyValue *value)
{
  py_value_unref (entry->value);
  entry->value = value;
}

void
py_options_set (PyOptions *self, const char *name, PyValue *value)
{
  guint hash = py_options_hash (name);
  Entry *entry = entry_find (self, name, hash);

  if (entry != NULL)
    entry_set_value (entry, value);
  else
    options_append (self, py_str_new (name), hash, value);
}

void
py_options_set_shared (PyOptions *self, PyValue *name, guint hash, PyValue *value)
{
  Entry *entry = entry_find (self, py_str_peek (name, NULL), hash);

  if (entry != NULL)
    entry_set_value (entry, value);
  else
    options_append (self, py_value_ref (name), hash, value);
}

void
py_options_set_value (PyOptions *self, guint index, PyValue *value)
{
  g_return_if_fail (index < self->n_entries);
  entry_set_value (&self->entries[index], value);
}

void
py_options_set_text (PyOptions *self, const char *name, const char *text)
{
  py_options_set (self, name, py_str_new (text));
}

gboolean
py_options_remove (PyOptions *self, const char *name)
{
  Entry *entry = entry_find (self, name, py_options_hash (name));

  if (entry == NULL)
    return FALSE;
  entry_clear (entry);
  self->n_entries--;
  memmove (entry, entry + 1, (gsize) (self->entries + self->n_entries - entry) * sizeof *entry);
  slots_rebuild (self);
  return TRUE;
}

void
py_options_update (PyOptions *self, const PyOptions *other)
{
  if (other == NULL || other == self)
    return;
  for (guint i = 0; i < other->n_entries; i++)
    {
      const Entry *from = &other->entries[i];
      Entry *entry = entry_find (self, from->text, from->hash);
      if (entry != NULL)
        entry_set_value (entry, py_value_ref (from->value));
      else
        options_append (self, py_value_ref (from->name), from->hash, py_value_ref (from->value));
    }
}

PyOptions *
py_options_merged (const PyOptions *a, const PyOptions *b)
{
  guint n = a != NULL ? a->n_entries : 0;
  PyOptions *self = options_sized_new (n + (b != NULL ? b->n_entries : 0));

  for (guint i = 0; i < n; i++)
    {
      self->entries[i] = a->entries[i];
      py_value_ref (a->entries[i].name);
      py_value_ref (a->entries[i].value);
    }
  self->n_entries = n;
  slots_rebuild (self);
  py_options_update (self, b);
  return self;
}

PyValue *
py_options_to_value (const PyOptions *self)
{
  PyValue *dict = py_dict_new ();

  for (guint i = 0; i < self->n_entries; i++)
    {
      const Entry *entry = &self->entries[i];
      py_dict_set (dict, py_held_real (entry->name), py_held_real (entry->value));
    }
  return dict;
}
