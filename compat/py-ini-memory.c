#include "compat/py-ini-memory.h"

#include <string.h>

typedef struct
{
  char *name;
  guint hash;
} Name;

struct PyIniNames
{
  Name *names;
  guint n, n_allocated;
  gboolean too_many;
};

typedef struct
{
  const PyOptions *own;
  PyValue *text, *value;
  PyIniNames *names;
} Memory;

struct PyIniMemory
{
  GHashTable *memories; /* a set of Memory, by own and text */
};

PyIniNames *
py_ini_names_new (void)
{
  return g_new0 (PyIniNames, 1);
}

void
py_ini_names_free (PyIniNames *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->n; i++)
    g_free (self->names[i].name);
  g_free (self->names);
  g_free (self);
}

void
py_ini_names_add (PyIniNames *self, const char *name, guint hash)
{
  for (guint i = 0; i < self->n; i++)
    if (self->names[i].hash == hash && strcmp (self->names[i].name, name) == 0)
      return;
  self->too_many = self->too_many || self->n == PY_INI_NAMES_MAX;
  if (self->too_many)
    return;
  if (self->n == self->n_allocated)
    {
      self->n_allocated = MAX (4, 2 * self->n_allocated);
      self->names = g_renew (Name, self->names, self->n_allocated);
    }
  self->names[self->n++] = (Name){ g_strdup (name), hash };
}

static guint
memory_hash (gconstpointer data)
{
  const Memory *memory = data;

  return g_direct_hash (memory->own) * 31 + g_direct_hash (memory->text) / 16;
}

static gboolean
memory_equal (gconstpointer a, gconstpointer b)
{
  const Memory *one = a, *other = b;

  return one->own == other->own && one->text == other->text;
}

static void
memory_free (gpointer data)
{
  Memory *memory = data;

  py_value_unref (memory->text);
  py_value_unref (memory->value);
  py_ini_names_free (memory->names);
  g_free (memory);
}

PyIniMemory *
py_ini_memory_new (void)
{
  PyIniMemory *self = g_new0 (PyIniMemory, 1);

  self->memories = g_hash_table_new_full (memory_hash, memory_equal, memory_free, NULL);
  return self;
}

void
py_ini_memory_free (PyIniMemory *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->memories);
  g_free (self);
}

PyValue *
py_ini_memory_get (PyIniMemory *self, const PyOptions *own, const PyValue *text, const PyOptions *vars)
{
  Memory key = { own, (PyValue *) text, NULL, NULL };
  const Memory *memory = g_hash_table_lookup (self->memories, &key);

  if (memory == NULL)
    return NULL;
  for (guint i = 0; vars != NULL && i < memory->names->n; i++)
    if (py_options_get_hashed (vars, memory->names->names[i].name, memory->names->names[i].hash) != NULL)
      return NULL;
  return memory->value;
}

void
py_ini_memory_take (PyIniMemory *self, const PyOptions *own, PyValue *text, PyValue *value, PyIniNames *names)
{
  if (names->too_many)
    {
      py_ini_names_free (names);
      return;
    }
  Memory *memory = g_new (Memory, 1);
  *memory = (Memory){ own, py_value_ref (text), py_value_ref (value), names };
  g_hash_table_add (self->memories, memory);
}
