#include "config/config-options.h"

#include <string.h>

#include "compat/py-int.h"
#include "compat/py-held.h"
#include "config/config-log.h"

#define LOGGER "fail2ban.configreader"

const ConfigSpec *
config_specs_find (ConfigSpecs specs, const char *name)
{
  for (guint i = 0; i < specs.n_specs; i++)
    if (specs.specs[i].name[0] == name[0] && strcmp (specs.specs[i].name, name) == 0)
      return &specs.specs[i];
  return NULL;
}

static gboolean
text_is_true (const char *text)
{
  g_autofree char *lower = py_held_lower (text, -1);

  return strcmp (lower, "1") == 0 || strcmp (lower, "on") == 0 || strcmp (lower, "true") == 0
         || strcmp (lower, "yes") == 0;
}

PyValue *
config_value_convert (PyValue *value, ConfigType type)
{
  if (type == CONFIG_STRING || py_value_type (value) != PY_STR)
    return py_value_ref (value);
  if (type == CONFIG_BOOL)
    return py_bool_new (text_is_true (py_str_peek (value, NULL)));
  return py_int_parse (py_str_peek (value, NULL), -1, NULL);
}

static PyValue *
spec_fallback (const ConfigSpec *spec)
{
  if (spec->fallback == NULL)
    return py_none_new ();
  return spec->type == CONFIG_BOOL ? py_bool_new (strcmp (spec->fallback, "True") == 0) : py_str_new (spec->fallback);
}

static void
use_fallback (const ConfigSpec *spec, const char *section, Log *log, PyOptions *into)
{
  if (spec->fallback == NULL)
    return;
  if (log_enabled (log, LOG_LEVEL_DEBUG))
    {
      g_autofree char *repr = spec->type == CONFIG_BOOL ? g_strdup (spec->fallback) : py_held_repr (spec->fallback);
      config_log (log, LOG_LEVEL_DEBUG, LOGGER, "'%s' not defined in '%s'. Using default one: %s", spec->name, section,
                  repr);
    }
  py_options_set (into, spec->name, spec_fallback (spec));
}

/* Sets the option, its name shared with the section or [DEFAULT] where it is there. */
static void
set_option (PyOptions *into, const char *name, PyValue *value, const PyOptions *own, const PyOptions *defaults)
{
  guint index, hash = py_options_hash (name);

  if (own != NULL && py_options_find (own, name, hash, &index))
    py_options_set_shared (into, py_options_peek_key (own, index), hash, value);
  else if (py_options_find (defaults, name, hash, &index))
    py_options_set_shared (into, py_options_peek_key (defaults, index), hash, value);
  else
    py_options_set (into, name, value);
}

static void
use_value (const ConfigSpec *spec, const char *section, PyValue *value, gboolean as_text, Log *log,
           const PyOptions *own, const PyOptions *defaults, PyOptions *into)
{
  PyValue *converted = config_value_convert (value, as_text ? CONFIG_STRING : spec->type);

  if (converted == NULL)
    {
      config_log (log, LOG_LEVEL_WARNING, LOGGER, "Wrong value for '%s' in '%s'. Using default one: 'None'", spec->name,
                  section);
      converted = spec_fallback (spec);
    }
  set_option (into, spec->name, converted, own, defaults);
}

static gboolean
report_no_section (const char *section, gboolean must_exist, Log *log, GError **error)
{
  g_autoptr (GError) missing = NULL;

  py_ini_set_no_section (&missing, section);
  if (must_exist)
    {
      g_propagate_error (error, g_steal_pointer (&missing));
      return FALSE;
    }
  config_log (log, LOG_LEVEL_ERROR, LOGGER, "%s", missing->message);
  return TRUE;
}

static gboolean
read_option (const PyIni *ini, const char *section, const PyOptions *own, const ConfigSpec *spec, const PyOptions *vars,
             ConfigOptionsFlags flags, Log *log, PyOptions *into, GError **error)
{
  g_autoptr (PyValue) value = NULL;

  switch (py_ini_get_of (ini, section, own, spec->name, vars, &value, error))
    {
    case PY_INI_FOUND:
      use_value (spec, section, value, flags & CONFIG_OPTIONS_AS_TEXT, log, own, py_ini_peek_defaults (ini), into);
      return TRUE;
    case PY_INI_NO_OPTION:
      use_fallback (spec, section, log, into);
      return TRUE;
    case PY_INI_NO_SECTION:
      if (!report_no_section (section, flags & CONFIG_OPTIONS_MUST_EXIST, log, error))
        return FALSE;
      py_options_set (into, spec->name, spec_fallback (spec));
      return TRUE;
    case PY_INI_FAILED:
    default:
      return FALSE;
    }
}

gboolean
config_options_read (const PyIni *ini, const char *section, ConfigSpecs specs, const PyOptions *given,
                     const PyOptions *vars, ConfigOptionsFlags flags, Log *log, PyOptions *into, GError **error)
{
  const PyOptions *own = py_ini_peek_section (ini, section);

  for (guint i = 0; i < specs.n_specs; i++)
    {
      const ConfigSpec *spec = &specs.specs[i];
      if (given != NULL && py_options_get (given, spec->name) != NULL)
        continue;
      if (!read_option (ini, section, own, spec, vars, flags, log, into, error))
        return FALSE;
    }
  return TRUE;
}
