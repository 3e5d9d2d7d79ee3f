#include "config/config-action.h"

#include <string.h>

#include "compat/py-fs.h"
#include "config/config-command.h"

static const ConfigSpec specs[] = {
  { "actionstart", CONFIG_STRING, NULL },  { "actionstart_on_demand", CONFIG_BOOL, NULL },
  { "actionstop", CONFIG_STRING, NULL },   { "actionflush", CONFIG_STRING, NULL },
  { "actionreload", CONFIG_STRING, NULL }, { "actioncheck", CONFIG_STRING, NULL },
  { "actionrepair", CONFIG_STRING, NULL }, { "actionrepair_on_unban", CONFIG_BOOL, NULL },
  { "actionban", CONFIG_STRING, NULL },    { "actionprolong", CONFIG_STRING, NULL },
  { "actionreban", CONFIG_STRING, NULL },  { "actionunban", CONFIG_STRING, NULL },
  { "norestored", CONFIG_BOOL, NULL },
};
static const ConfigSpecs action_specs = { specs, G_N_ELEMENTS (specs) };

/* Known to the server only, or meant for it even where the jail has an option of that name (1.1.2). */
static const char *const server_tags[] = { "ipjailmatches", "ipmatches", "matches", "timeout", "bantime", NULL };

struct ConfigAction
{
  ConfigDefinition *definition;
  char *jail;
  PyValue *name;
};

/* "file", and with an own name= "file-name", where a name that begins with the jail's loses that part: jail ssh, name
 * sshd-tcp give "filed-tcp" (1.1.2). */
static char *
unique_name (const char *file, const char *name, const char *jail)
{
  if (strcmp (name, jail) == 0)
    return g_strdup (file);
  if (g_str_has_prefix (name, jail))
    return g_strconcat (file, name + strlen (jail), NULL);
  return g_strconcat (file, "-", name, NULL);
}

ConfigAction *
config_action_new (ConfigFiles *files, const char *file, const char *jail, PyOptions *options)
{
  ConfigAction *self = g_new0 (ConfigAction, 1);
  g_autofree char *absolute = g_str_has_prefix (file, "./") ? py_path_abspath (file) : NULL;
  g_autofree char *path = py_path_join ("action.d", absolute != NULL ? absolute : file);

  if (py_options_get (options, "name") == NULL)
    py_options_set_text (options, "name", jail);
  if (py_options_get (options, "actname") == NULL)
    {
      g_autofree char *name = unique_name (file, py_options_get_text (options, "name"), jail);
      py_options_set_text (options, "actname", name);
    }
  self->jail = g_strdup (jail);
  self->name = py_value_ref (py_options_get (options, "actname"));
  self->definition = config_definition_new (files, path, action_specs, options);
  return self;
}

void
config_action_free (ConfigAction *self)
{
  if (self == NULL)
    return;
  config_definition_free (self->definition);
  py_value_unref (self->name);
  g_free (self->jail);
  g_free (self);
}

gboolean
config_action_read (ConfigAction *self, const PyOptions *jail_options, gboolean *ret_complete, GError **error)
{
  if (!config_definition_read (self->definition, ret_complete, error))
    return FALSE;
  return !*ret_complete || config_definition_get_options (self->definition, jail_options, FALSE, error);
}

static gboolean
is_property (const PyOptions *options, guint index, const guint *hashes)
{
  guint hash = py_options_peek_hash (options, index);

  for (guint i = 0; i < G_N_ELEMENTS (specs); i++)
    if (hashes[i] == hash && strcmp (specs[i].name, py_options_peek_name (options, index)) == 0)
      return TRUE;
  return FALSE;
}

static void
append_property (ConfigAction *self, PyValue *properties, const PyOptions *options, guint index)
{
  py_list_append (properties, config_definition_dup_pair (self->definition, options, index));
}

gboolean
config_action_append_commands (ConfigAction *self, GPtrArray *stream, GError **error)
{
  g_autoptr (PyOptions) options = config_definition_combine (self->definition, server_tags, error);
  const PyOptions *init = config_definition_peek_init (self->definition);
  g_autoptr (PyValue) properties = py_list_new ();
  guint hashes[G_N_ELEMENTS (specs)];

  if (options == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (specs); i++)
    hashes[i] = py_options_hash (specs[i].name);
  for (guint i = 0; i < py_options_size (options); i++)
    if (is_property (options, i, hashes))
      append_property (self, properties, options, i);
  /* What is no property goes as it stands, its tags not replaced: the server does that (1.1.2). */
  for (guint i = 0; i < py_options_size (init); i++)
    {
      const char *name = py_options_peek_name (init, i);
      if (!g_str_has_prefix (name, "known/") && !is_property (init, i, hashes))
        append_property (self, properties, init, i);
    }

  PyValue *add = config_command_new ("set", self->jail, "addaction", NULL);
  config_command_append (add, self->name);
  g_ptr_array_add (stream, add);
  if (py_seq_length (properties) == 0)
    return TRUE;

  gboolean several = py_seq_length (properties) > 1;
  PyValue *command = config_command_new (several ? "multi-set" : "set", self->jail, "action", NULL);
  config_command_append (command, self->name);
  if (several)
    py_list_append (command, py_value_ref (properties));
  else
    for (guint i = 0; i < 2; i++)
      py_list_append (command, py_value_ref (py_seq_peek (py_seq_peek (properties, 0), i)));
  g_ptr_array_add (stream, command);
  return TRUE;
}
