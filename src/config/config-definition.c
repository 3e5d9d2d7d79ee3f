#include "config/config-definition.h"

#include <string.h>

#include "compat/py-repr.h"
#include "compat/py-held.h"
#include "compat/py-text.h"
#include "config/config-shared.h"
#include "config/config-tags.h"

#define LOGGER     "fail2ban.configreader"
#define DEFINITION "Definition"

struct ConfigDefinition
{
  ConfigFiles *files;
  char *file;
  ConfigSpecs specs;
  PyIni *ini;         /* lent by files; NULL before it is read */
  PyOptions *init;    /* in brackets, then [Init] */
  PyOptions *options; /* of [Definition] */
  PyOptions *given;   /* the jail's options and those in brackets */
  PyOptions *vars;    /* the same with names in lower case, for references; NULL: given's are */
  PyOptions *found;   /* what tags stand for that are no options (None: nothing): the first finding stays (1.1.2) */
};

ConfigDefinition *
config_definition_new (ConfigFiles *files, const char *file, ConfigSpecs specs, PyOptions *init)
{
  ConfigDefinition *self = g_new0 (ConfigDefinition, 1);

  self->files = files;
  self->file = g_strdup (file);
  self->specs = specs;
  self->init = init;
  self->options = py_options_new ();
  self->given = py_options_new ();
  self->found = py_options_new ();
  return self;
}

void
config_definition_free (ConfigDefinition *self)
{
  if (self == NULL)
    return;
  py_options_free (self->found);
  py_options_free (self->vars);
  py_options_free (self->given);
  py_options_free (self->options);
  py_options_free (self->init);
  g_free (self->file);
  g_free (self);
}

static ConfigShared *
peek_shared (const ConfigDefinition *self)
{
  return config_shared_peek (self->files, self->ini);
}

PyOptions *
config_definition_peek_init (ConfigDefinition *self)
{
  return self->init;
}

gboolean
config_definition_read (ConfigDefinition *self, gboolean *ret_complete, GError **error)
{
  self->ini = config_files_read (self->files, self->file, ret_complete, error);
  if (self->ini == NULL)
    return FALSE;
  py_ini_remember (self->ini);
  peek_shared (self)->n_users++;
  return TRUE;
}

gboolean
config_definition_read_path (ConfigDefinition *self, gboolean *ret_complete, GError **error)
{
  self->ini = config_files_read_path (self->files, self->file, ret_complete, error);
  return self->ini != NULL;
}

gboolean
config_definition_has_own (const ConfigDefinition *self, const char *option)
{
  const PyOptions *own = py_ini_peek_section (self->ini, DEFINITION);

  return own != NULL && py_options_get (own, option) != NULL;
}

PyIniResult
config_definition_get (const ConfigDefinition *self, const char *option, PyValue **ret_value, GError **error)
{
  return py_ini_get (self->ini, DEFINITION, option, NULL, ret_value, error);
}

static const PyOptions *
peek_vars (const ConfigDefinition *self)
{
  return self->vars != NULL ? self->vars : self->given;
}

/* An option by its name in the section.  It is looked for in lower case, and what a condition has put into the name
 * ([Init?family=INET6]) may not be: then it is not there (1.1.2). */
static PyValue *
get_own (const ConfigDefinition *self, const char *section, const PyOptions *own, const char *option, GError **error)
{
  PyValue *value = NULL;

  switch (py_ini_get_of (self->ini, section, own, option, NULL, &value, error))
    {
    case PY_INI_FOUND:
      return value;
    case PY_INI_NO_OPTION:
      py_ini_set_no_option (error, option, section);
      return NULL;
    case PY_INI_NO_SECTION:
    case PY_INI_FAILED:
    default:
      return NULL;
    }
}

/* The error for one that cannot be expanded. */
static gboolean
fail_own (const ConfigDefinition *self, const char *section, const char *option, GError **error)
{
  g_autoptr (PyValue) value = get_own (self, section, py_ini_peek_section (self->ini, section), option, error);

  return value != NULL;
}

/* "port?family=inet6" of [Init] gives way to a plain "port" of the jail or in brackets (1.1.2). */
static PyValue *
conditional_override (const char *option, const PyOptions *given)
{
  gsize condition = config_condition_at (option);

  if (condition == 0)
    return NULL;
  g_autofree char *plain = g_strndup (option, condition);
  PyValue *value = py_options_get (given, plain);
  return value != NULL && py_value_type (value) != PY_NONE ? value : NULL;
}

/* Each option of [Init] becomes "known/option", and "option" where brackets did not give it. */
static gboolean
take_init_section (ConfigDefinition *self, const PyOptions *given, GError **error)
{
  const ConfigShared *init = peek_shared (self);

  py_options_reserve (self->init, 2 * init->n_options);
  for (guint i = 0; i < init->n_options; i++)
    {
      const ConfigInitOption *option = &init->options[i];
      const char *name = py_str_peek (option->name, NULL);
      gboolean is_given = py_options_get_hashed (self->init, name, option->hash) != NULL;
      if (option->known == NULL && is_given)
        continue;
      if (option->value == NULL)
        return fail_own (self, CONFIG_SHARED_INIT, name, error);
      if (option->known != NULL)
        py_options_set_shared (self->init, option->known, option->known_hash, py_value_ref (option->value));
      if (!is_given)
        {
          PyValue *override = conditional_override (name, given);
          py_options_set_shared (self->init, option->name, option->hash,
                                 py_value_ref (override != NULL ? override : option->value));
        }
    }
  return TRUE;
}

static gboolean
take_other_options (ConfigDefinition *self, GError **error)
{
  const PyOptions *section = py_ini_peek_section (self->ini, DEFINITION);

  for (guint i = 0; section != NULL && i < py_options_size (section); i++)
    {
      const char *option = py_options_peek_name (section, i);
      guint hash = py_options_peek_hash (section, i);
      if (strcmp (option, "__name__") == 0 || py_options_get_hashed (self->options, option, hash) != NULL)
        continue;
      PyValue *value = get_own (self, DEFINITION, section, option, error);
      if (value == NULL)
        return FALSE;
      py_options_set_shared (self->options, py_options_peek_key (section, i), hash, value);
    }
  return TRUE;
}

gboolean
config_definition_get_options (ConfigDefinition *self, const PyOptions *jail, gboolean all, GError **error)
{
  PyOptions *given = py_options_merged (jail, self->init), *options = py_options_new ();

  py_options_free (self->given);
  self->given = given;
  py_options_free (self->vars);
  self->vars = py_ini_vars_fit (given) ? NULL : py_ini_vars_new (given);
  py_options_free (self->options);
  self->options = options;
  return config_options_read (self->ini, DEFINITION, self->specs, given, peek_vars (self), CONFIG_OPTIONS_AS_TEXT,
                              config_files_peek_log (self->files), options, error)
         && take_init_section (self, given, error) && (!all || take_other_options (self, error));
}

/* --- tags ---------------------------------------------------------------------------------------------------------- */

/* "section/option" as a tag: *ret_option is the option, *ret_sections where to look for it in turn. */
static gboolean
split_section_tag (const char *tag, const char **ret_option, char *ret_sections[2])
{
  const char *slash = tag;

  if (strchr (tag, '/') == NULL)
    return FALSE;
  while (*slash == '-' || *slash == '_' || g_unichar_isalnum (g_utf8_get_char (slash)))
    slash = g_utf8_next_char (slash);
  if (*slash != '/' || slash == tag || slash[1] == '\0')
    return FALSE;
  for (const char *p = slash + 1; *p != '\0'; p = g_utf8_next_char (p))
    if (py_unichar_is_space (g_utf8_get_char (p)))
      return FALSE;

  g_autofree char *section = g_strndup (tag, (gsize) (slash - tag));
  g_autofree char *lower = py_held_lower (section, -1);
  *ret_option = slash + 1;
  ret_sections[0] = strcmp (lower, "known") == 0     ? g_strdup ("KNOWN/" DEFINITION)
                    : strcmp (lower, "default") == 0 ? g_strdup (PY_INI_DEFAULT)
                                                     : g_strdup (section);
  ret_sections[1] = strcmp (lower, "known") == 0 ? g_strdup (DEFINITION) : NULL;
  return TRUE;
}

/* The value of a tag that is no option: of the named section, else of [Definition] behind jail and brackets. */
static PyIniResult
get_tag (const ConfigDefinition *self, const char *tag, PyValue **ret_value, GError **error)
{
  char *sections[2] = { NULL, NULL };
  const char *option;
  PyIniResult result = PY_INI_NO_OPTION;

  if (split_section_tag (tag, &option, sections))
    for (guint i = 0; i < 2 && sections[i] != NULL && (result == PY_INI_NO_OPTION || result == PY_INI_NO_SECTION); i++)
      result = py_ini_get (self->ini, sections[i], option, NULL, ret_value, error);
  g_free (sections[0]);
  g_free (sections[1]);
  if (result == PY_INI_FOUND || result == PY_INI_FAILED)
    return result;
  return py_ini_get (self->ini, DEFINITION, tag, peek_vars (self), ret_value, error);
}

/* Is the value, None for nothing, what the tag stands for in any jail that has no option of that name? */
static gboolean
tag_is_shared (const ConfigDefinition *self, const char *tag, PyValue *value)
{
  const PyOptions *own = py_ini_peek_section (self->ini, DEFINITION);
  g_autofree char *lower = py_held_lower (tag, -1);

  if (py_options_get (peek_vars (self), lower) != NULL || strchr (tag, '/') != NULL)
    return FALSE;
  return py_value_type (value) == PY_NONE || (own != NULL && py_options_get (own, lower) == value);
}

static PyValue *
lookup_tag (const char *tag, guint hash, gpointer data, GError **error)
{
  ConfigDefinition *self = data;
  ConfigShared *shared = peek_shared (self);
  PyValue *known = py_options_get_hashed (self->found, tag, hash), *value = NULL, *name;

  if (known != NULL)
    return py_value_ref (known);
  known = config_shared_peek_tag (shared, tag, hash, peek_vars (self), &name);
  if (known != NULL)
    {
      py_options_set_shared (self->found, name, hash, py_value_ref (known));
      return py_value_ref (known);
    }
  if (get_tag (self, tag, &value, error) == PY_INI_FAILED)
    return NULL;
  if (value == NULL)
    value = py_none_new ();
  if (shared->n_users > 1 && tag_is_shared (self, tag, value))
    config_shared_add_tag (shared, tag, value);
  py_options_set (self->found, tag, py_value_ref (value));
  return value;
}

/* The tags that stay: a tag that has a conditional variant is left to the server, which knows the condition. */
static PyOptions *
ignored_names (const PyOptions *options, const char *const *ignored)
{
  PyOptions *names = py_options_new ();

  for (; ignored != NULL && *ignored != NULL; ignored++)
    py_options_set (names, *ignored, py_none_new ());
  for (guint i = 0; i < py_options_size (options); i++)
    {
      const char *name = py_options_peek_name (options, i);
      gsize condition = config_condition_at (name);
      g_autofree char *plain = condition > 0 ? g_strndup (name, condition) : NULL;
      if (plain != NULL)
        py_options_set (names, plain, py_none_new ());
    }
  return names;
}

static void
convert_types (const ConfigDefinition *self, PyOptions *options)
{
  static const char *const type_names[] = { [CONFIG_STRING] = "string", [CONFIG_INT] = "int", [CONFIG_BOOL] = "bool" };

  for (guint i = 0; i < self->specs.n_specs; i++)
    {
      const ConfigSpec *spec = &self->specs.specs[i];
      PyValue *value = spec->type != CONFIG_STRING ? py_options_get (options, spec->name) : NULL;
      if (value == NULL)
        continue;
      PyValue *converted = config_value_convert (value, spec->type);
      if (converted == NULL)
        {
          g_autofree char *repr = py_held_repr (py_str_peek (value, NULL));
          log_warning (config_files_peek_log (self->files), LOGGER,
                       "Wrong %s value %s for '%s'. Using default one: None", type_names[spec->type], repr, spec->name);
          converted = py_none_new ();
        }
      py_options_set (options, spec->name, converted);
    }
}

PyOptions *
config_definition_combine (ConfigDefinition *self, const char *const *ignored, GError **error)
{
  g_autoptr (PyOptions) options = py_options_merged (self->options, self->init);
  g_autoptr (PyOptions) names = ignored_names (options, ignored);

  if (!config_tags_expand (options, names, lookup_tag, self, peek_shared (self)->memory, error))
    return NULL;
  convert_types (self, options);
  return g_steal_pointer (&options);
}

PyValue *
config_definition_dup_pair (ConfigDefinition *self, const PyOptions *options, guint index)
{
  return config_shared_pair (peek_shared (self), py_options_peek_key (options, index),
                             py_options_peek_hash (options, index), py_options_peek_value (options, index));
}
