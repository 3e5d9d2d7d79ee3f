#include "config/config-shared.h"

#include <string.h>

#include "compat/py-held.h"

static void
read_option (ConfigInitOption *option, const PyIni *ini, const PyOptions *section, guint index)
{
  const char *name = py_options_peek_name (section, index);

  *option = (ConfigInitOption){ .name = py_value_ref (py_options_peek_key (section, index)),
                                .hash = py_options_peek_hash (section, index) };
  (void) py_ini_get_of (ini, CONFIG_SHARED_INIT, section, name, NULL, &option->value, NULL);
  if (g_str_has_prefix (name, CONFIG_SHARED_KNOWN))
    return;
  option->known = py_str_take (g_strconcat (CONFIG_SHARED_KNOWN, name, NULL));
  option->known_hash = py_options_hash (py_str_peek (option->known, NULL));
}

static ConfigShared *
shared_new (const PyIni *ini)
{
  const PyOptions *section = py_ini_peek_section (ini, CONFIG_SHARED_INIT);
  guint n = section != NULL ? py_options_size (section) : 0;
  ConfigShared *self = g_new0 (ConfigShared, 1);

  self->options = g_new (ConfigInitOption, n);
  for (guint i = 0; i < n; i++)
    if (strcmp (py_options_peek_name (section, i), "__name__") != 0)
      read_option (&self->options[self->n_options++], ini, section, i);
  self->tags = py_options_new ();
  self->lowers = py_options_new ();
  self->pairs = py_options_new ();
  self->memory = config_tags_memory_new ();
  return self;
}

static void
shared_free (gpointer data)
{
  ConfigShared *self = data;

  for (guint i = 0; i < self->n_options; i++)
    {
      py_value_unref (self->options[i].name);
      py_value_unref (self->options[i].known);
      py_value_unref (self->options[i].value);
    }
  g_free (self->options);
  py_options_free (self->tags);
  py_options_free (self->lowers);
  py_options_free (self->pairs);
  config_tags_memory_free (self->memory);
  g_free (self);
}

ConfigShared *
config_shared_peek (ConfigFiles *files, const PyIni *ini)
{
  ConfigShared *self = config_files_peek_note (files, ini);

  if (self == NULL)
    {
      self = shared_new (ini);
      config_files_take_note (files, ini, self, shared_free);
    }
  return self;
}

PyValue *
config_shared_peek_tag (const ConfigShared *self, const char *tag, guint hash, const PyOptions *vars,
                        PyValue **ret_name)
{
  guint index;

  if (!py_options_find (self->tags, tag, hash, &index))
    return NULL;
  const char *lower = py_options_size (self->lowers) > 0 ? py_options_get_text (self->lowers, tag) : NULL;
  if ((lower != NULL ? py_options_get (vars, lower) : py_options_get_hashed (vars, tag, hash)) != NULL)
    return NULL;
  *ret_name = py_options_peek_key (self->tags, index);
  return py_options_peek_value (self->tags, index);
}

void
config_shared_add_tag (ConfigShared *self, const char *tag, PyValue *value)
{
  py_options_set (self->tags, tag, py_value_ref (value));
  if (!py_held_is_lower (tag, -1))
    py_options_set (self->lowers, tag, py_str_take (py_held_lower (tag, -1)));
}

PyValue *
config_shared_pair (ConfigShared *self, PyValue *name, guint hash, PyValue *value)
{
  PyValue *pair = py_options_get_hashed (self->pairs, py_str_peek (name, NULL), hash);

  if (pair != NULL && py_seq_peek (pair, 1) == value) /* what had to be made real is another value */
    return py_value_ref (pair);
  pair = py_list_new_items (py_held_real (name), py_held_real (value), NULL);
  py_options_set_shared (self->pairs, name, hash, py_value_ref (pair));
  return pair;
}
