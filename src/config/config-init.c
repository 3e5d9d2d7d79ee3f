#include "config/config-init.h"

#include <string.h>

static void
read_option (ConfigInitOption *option, const PyIni *ini, const PyOptions *section, guint index)
{
  const char *name = py_options_peek_name (section, index);

  *option = (ConfigInitOption){ .name = py_value_ref (py_options_peek_key (section, index)),
                                .hash = py_options_peek_hash (section, index) };
  (void) py_ini_get_of (ini, CONFIG_INIT_SECTION, section, name, NULL, &option->value, NULL);
  if (g_str_has_prefix (name, CONFIG_INIT_KNOWN))
    return;
  option->known = py_str_take (g_strconcat (CONFIG_INIT_KNOWN, name, NULL));
  option->known_hash = py_options_hash (py_str_peek (option->known, NULL));
}

ConfigInit *
config_init_new (const PyIni *ini)
{
  const PyOptions *section = py_ini_peek_section (ini, CONFIG_INIT_SECTION);
  guint n = section != NULL ? py_options_size (section) : 0;
  ConfigInit *self = g_new0 (ConfigInit, 1);

  self->options = g_new (ConfigInitOption, n);
  for (guint i = 0; i < n; i++)
    if (strcmp (py_options_peek_name (section, i), "__name__") != 0)
      read_option (&self->options[self->n_options++], ini, section, i);
  return self;
}

void
config_init_free (ConfigInit *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->n_options; i++)
    {
      py_value_unref (self->options[i].name);
      py_value_unref (self->options[i].known);
      py_value_unref (self->options[i].value);
    }
  g_free (self->options);
  g_free (self);
}
