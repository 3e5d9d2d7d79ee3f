/* config-options.h - tables of known options, and reading them with their types
 *
 * Must not: know what an option does.
 */
#pragma once
#include "base/log.h"
#include "compat/py-ini.h"

typedef enum
{
  CONFIG_STRING,
  CONFIG_INT,
  CONFIG_BOOL,
} ConfigType;

typedef struct
{
  const char *name;
  ConfigType type;
  const char *fallback; /* NULL: none.  Of a bool "True" or "False"; ints have none */
} ConfigSpec;

typedef struct
{
  const ConfigSpec *specs;
  guint n_specs;
} ConfigSpecs;

const ConfigSpec *config_specs_find (ConfigSpecs specs, const char *name); /* NULL when unknown */

typedef enum
{
  CONFIG_OPTIONS_DEFAULT = 0,
  CONFIG_OPTIONS_MUST_EXIST = 1 << 0, /* a missing section is an error (else it is logged, once for each option) */
  CONFIG_OPTIONS_AS_TEXT = 1 << 1,    /* types do not count yet */
} ConfigOptionsFlags;

/* Sets in `into` what the section (or [DEFAULT], or vars) has of the options, in the order of specs.  given: options that are
 * known already and are left out; may be NULL.  A bad int is warned about and set to None. */
gboolean config_options_read (const PyIni *ini, const char *section, ConfigSpecs specs, const PyOptions *given,
                              const PyOptions *vars, ConfigOptionsFlags flags, Log *log, PyOptions *into,
                              GError **error);

/* The value as its type wants it, a new reference; NULL: a bad int.  None and what is no text stays as it is. */
PyValue *config_value_convert (PyValue *value, ConfigType type);
