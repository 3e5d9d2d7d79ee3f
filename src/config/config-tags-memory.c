#include "config/config-tags-memory.h"

#include <string.h>

#define WORTH_IT 3 /* times that a value came */

struct ConfigTagsMemory
{
  GHashTable *made; /* value -> ConfigTagsMade */
  GHashTable *seen; /* value -> how often it came; only its place in memory, nothing behind it */
  gsize n_bytes;    /* held in made, about */
};

ConfigTagsMade *
config_tags_made_new (PyValue *before)
{
  ConfigTagsMade *self = g_new (ConfigTagsMade, 1);

  self->before = py_value_ref (before);
  self->after = NULL;
  self->tries = 0;
  self->n_needs = 0;
  self->holes = g_array_new (FALSE, FALSE, sizeof (ConfigTagsHole));
  self->text = NULL;
  return self;
}

void
config_tags_made_free (ConfigTagsMade *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->n_needs; i++)
    {
      g_free (self->needs[i].name);
      py_value_unref (self->needs[i].value);
    }
  if (self->text != NULL)
    g_string_free (self->text, TRUE);
  g_array_unref (self->holes);
  py_value_unref (self->after);
  py_value_unref (self->before);
  g_free (self);
}

static gsize
text_length (const PyValue *value)
{
  gsize len = 0;

  if (value != NULL && py_value_type (value) == PY_STR)
    (void) py_str_peek (value, &len);
  return len;
}

gint
config_tags_made_add_need (ConfigTagsMade *self, const char *name, gsize len, guint hash, guint kind, PyValue *value)
{
  for (guint i = 0; i < self->n_needs; i++)
    if (self->needs[i].hash == hash && self->needs[i].len == len && memcmp (self->needs[i].name, name, len) == 0)
      return (gint) i;
  if (self->n_needs == CONFIG_TAGS_MEMORY_MAX_NEEDS || text_length (value) > CONFIG_TAGS_MEMORY_MAX_TEXT)
    return -1;
  self->needs[self->n_needs] = (ConfigTagsNeed){ .name = g_strndup (name, len),
                                                 .len = len,
                                                 .hash = hash,
                                                 .kind = kind,
                                                 .value = value != NULL ? py_value_ref (value) : NULL };
  return (gint) self->n_needs++;
}

void
config_tags_made_add_hole (ConfigTagsMade *self, gsize at, guint need)
{
  ConfigTagsHole hole = { at, need };

  g_array_append_val (self->holes, hole);
}

gboolean
config_tags_made_finish (ConfigTagsMade *self, PyValue *after)
{
  gsize len, from = 0, in_holes = 0;
  const char *text = py_str_peek (after, &len);

  if (len > CONFIG_TAGS_MEMORY_MAX_TEXT)
    return FALSE;
  self->after = py_value_ref (after);
  self->text = g_string_sized_new (len);
  for (guint i = 0; i < self->holes->len; i++)
    {
      ConfigTagsHole *hole = &g_array_index (self->holes, ConfigTagsHole, i);
      gsize hole_len = text_length (self->needs[hole->need].value);
      g_string_append_len (self->text, text + from, (gssize) (hole->at - from));
      from = hole->at + hole_len;
      hole->at -= in_holes;
      in_holes += hole_len;
    }
  g_string_append_len (self->text, text + from, (gssize) (len - from));
  return TRUE;
}

static gsize
made_bytes (const ConfigTagsMade *self)
{
  gsize n = sizeof *self + self->text->len + text_length (self->after);

  for (guint i = 0; i < self->n_needs; i++)
    n += text_length (self->needs[i].value);
  return n;
}

static void
made_free (gpointer made)
{
  config_tags_made_free (made);
}

ConfigTagsMemory *
config_tags_memory_new (void)
{
  ConfigTagsMemory *self = g_new0 (ConfigTagsMemory, 1);

  self->made = g_hash_table_new_full (NULL, NULL, NULL, made_free);
  self->seen = g_hash_table_new (NULL, NULL);
  return self;
}

void
config_tags_memory_free (ConfigTagsMemory *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->made);
  g_hash_table_unref (self->seen);
  g_free (self);
}

const ConfigTagsMade *
config_tags_memory_get (const ConfigTagsMemory *self, const PyValue *before)
{
  return g_hash_table_lookup (self->made, before);
}

gboolean
config_tags_memory_wants (ConfigTagsMemory *self, const PyValue *before)
{
  const ConfigTagsMade *made = config_tags_memory_get (self, before);

  if (made != NULL && made->tries == CONFIG_TAGS_MEMORY_MAX_TRIES)
    return FALSE;

  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->seen, before)) + 1;
  if (n >= WORTH_IT)
    return g_hash_table_size (self->made) < CONFIG_TAGS_MEMORY_MAX_VALUES
           && self->n_bytes < CONFIG_TAGS_MEMORY_MAX_BYTES;
  if (n > 1 || g_hash_table_size (self->seen) < 2 * CONFIG_TAGS_MEMORY_MAX_VALUES)
    g_hash_table_insert (self->seen, (gpointer) before, GUINT_TO_POINTER (n));
  return FALSE;
}

void
config_tags_memory_take (ConfigTagsMemory *self, ConfigTagsMade *made)
{
  const ConfigTagsMade *old = config_tags_memory_get (self, made->before);

  made->tries = old != NULL ? old->tries + 1 : 0;
  self->n_bytes += made_bytes (made) - (old != NULL ? made_bytes (old) : 0);
  g_hash_table_replace (self->made, made->before, made);
}
