#include "compat/py-options.h"

#include <string.h>

#include "compat/py-held.h"

#define INDEX_FROM 8   /* fewer names are found faster by looking at each */
#define MAX_NARROW 255 /* entries for which a slot is one byte */

typedef struct
{
  PyValue *name; /* a str; copies of the options share it */
  PyValue *value;
  guint hash;
} Entry;

struct PyOptions
{
  Entry *entries;
  guint n_entries, n_allocated;
  /* Open addressing by hash: positions in entries + 1, 0 where a slot is free.  NULL while there are few. */
  union
  {
    gpointer slots;
    guint8 *narrow;
    guint32 *wide;
  };
  guint n_slots; /* a power of two, at least twice the entries */
  gboolean is_wide;
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

PyOptions *
py_options_new_from_dict (const PyValue *dict)
{
  PyOptions *self = options_sized_new (py_dict_length (dict));

  for (guint i = 0; i < py_dict_length (dict); i++)
    {
      PyValue *key = py_dict_peek_key (dict, i);
      py_options_set_shared (self, key, py_options_hash (py_str_peek (key, NULL)),
                             py_value_ref (py_dict_peek_value (dict, i)));
    }
  return self;
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
  return py_str_peek (self->entries[index].name, NULL);
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

#define HASH_FACTOR G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)
#define EACH(byte)  (G_GUINT64_CONSTANT (0x0101010101010101) * (byte))
#define HIGH_BITS   EACH (0x80)

/* The eight bytes at text, or (left < 8) what is left, some of it twice. */
static inline guint64
load_some (const char *text, gsize left)
{
  guint64 eight;
  guint32 head, tail;

  if (left >= sizeof eight)
    {
      memcpy (&eight, text, sizeof eight);
      return eight;
    }
  if (left >= sizeof head)
    {
      memcpy (&head, text, sizeof head);
      memcpy (&tail, text + left - sizeof tail, sizeof tail);
      return (guint64) head << 32 | tail;
    }
  return (guint64) (guchar) text[0] << 16 | (guint64) (guchar) text[left / 2] << 8 | (guchar) text[left - 1];
}

static inline guint64
hash_step (guint64 hash, guint64 eight)
{
  hash = (hash ^ eight) * HASH_FACTOR;
  return hash ^ hash >> 32;
}

guint
py_options_hash (const char *name)
{
  gsize len = strlen (name);
  guint64 hash = len;

  for (; len > 0; len -= MIN (len, 8), name += 8)
    hash = hash_step (hash, load_some (name, len));
  return (guint) hash;
}

guint
py_options_peek_hash (const PyOptions *self, guint index)
{
  g_return_val_if_fail (index < self->n_entries, 0);
  return self->entries[index].hash;
}

/* Is none of eight bytes a capital or beyond ASCII? */
static inline gboolean
eight_are_lower (guint64 eight)
{
  guint64 from_a = eight + EACH (0x80 - 'A'), behind_z = eight + EACH (0x7f - 'Z');

  return ((eight | (from_a & ~behind_z)) & HIGH_BITS) == 0;
}

gboolean
py_options_hash_lower (const char *name, guint *ret_hash)
{
  gsize len = strlen (name);
  guint64 hash = len;

  for (; len > 0; len -= MIN (len, 8), name += 8)
    {
      guint64 eight = load_some (name, len);
      if (!eight_are_lower (eight))
        return FALSE;
      hash = hash_step (hash, eight);
    }
  *ret_hash = (guint) hash;
  return TRUE;
}

static inline guint
slot_get (const PyOptions *self, guint slot)
{
  return self->is_wide ? self->wide[slot] : self->narrow[slot];
}

static void
slots_insert (PyOptions *self, guint index)
{
  guint slot = self->entries[index].hash & (self->n_slots - 1);

  while (slot_get (self, slot) != 0)
    slot = (slot + 1) & (self->n_slots - 1);
  if (self->is_wide)
    self->wide[slot] = index + 1;
  else
    self->narrow[slot] = (guint8) (index + 1);
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
  self->is_wide = self->n_slots / 2 > MAX_NARROW;
  self->slots = g_malloc0_n (self->n_slots, self->is_wide ? sizeof *self->wide : sizeof *self->narrow);
  for (guint i = 0; i < self->n_entries; i++)
    slots_insert (self, i);
}

static gboolean
entry_is (const Entry *entry, const char *name, guint hash)
{
  return entry->hash == hash && strcmp (py_str_peek (entry->name, NULL), name) == 0;
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
  guint found, slot = hash & (self->n_slots - 1);
  for (; (found = slot_get (self, slot)) != 0; slot = (slot + 1) & (self->n_slots - 1))
    if (entry_is (&self->entries[found - 1], name, hash))
      return &self->entries[found - 1];
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
options_reserve (PyOptions *self, guint more)
{
  if (more <= self->n_allocated - self->n_entries)
    return;
  self->n_allocated = self->n_entries + more;
  self->entries = g_renew (Entry, self->entries, self->n_allocated);
}

void
py_options_reserve (PyOptions *self, guint more)
{
  options_reserve (self, more);
}

static void
options_append (PyOptions *self, PyValue *name, guint hash, PyValue *value)
{
  if (self->n_entries == self->n_allocated)
    {
      options_reserve (self, MAX (4, self->n_allocated));
    }
  self->entries[self->n_entries++] = (Entry){ name, value, hash };
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
      Entry *entry = entry_find (self, py_str_peek (from->name, NULL), from->hash);
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
