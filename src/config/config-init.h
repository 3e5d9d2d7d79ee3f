/* config-init.h - the section [Init] of a file, expanded once for all jails that use the file
 *
 * No option of a jail has a part in these values, so that they are the same for each.
 * Must not: know what brackets or the jail give (config-definition.c lays that over it).
 */
#pragma once
#include "compat/py-ini.h"

#define CONFIG_INIT_SECTION "Init"
#define CONFIG_INIT_KNOWN   "known/"

typedef struct
{
  PyValue *name, *known; /* "option" and "known/option"; known is NULL for what is called known/... already */
  guint hash, known_hash;
  PyValue *value; /* NULL: it cannot be expanded; py_ini_get tells why */
} ConfigInitOption;

typedef struct
{
  ConfigInitOption *options; /* in order; __name__ is left out */
  guint n_options;
} ConfigInit;

ConfigInit *config_init_new (const PyIni *ini);
void config_init_free (ConfigInit *self); /* NULL is fine */
