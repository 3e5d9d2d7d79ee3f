/* config-shared.h - what is the same for all jails that use one file of filter.d or action.d
 *
 * [Init] expanded (no option of a jail has a part in it), tags that mean nothing there, and what values with tags became.
 * Must not: know what brackets or the jail give (config-definition.c lays that over it).
 */
#pragma once
#include "config/config-files.h"
#include "config/config-tags-memory.h"

#define CONFIG_SHARED_INIT  "Init"
#define CONFIG_SHARED_KNOWN "known/"

typedef struct
{
  PyValue *name, *known; /* "option" and "known/option"; known is NULL for what is called known/... already */
  guint hash, known_hash;
  PyValue *value; /* NULL: it cannot be expanded; py_ini_get tells why */
} ConfigInitOption;

typedef struct
{
  ConfigInitOption *options; /* of [Init], in order; __name__ is left out */
  guint n_options;
  guint n_users;     /* definitions that have read the ini */
  PyOptions *tags;   /* what tags stand for that are no options of a jail; None: nothing */
  PyOptions *lowers; /* those of them that are not in lower case, in lower case */
  PyOptions *pairs;  /* the last command [name, value] of each property */
  ConfigTagsMemory *memory;
} ConfigShared;

/* The one that belongs to the ini, made at the first call; lent. */
ConfigShared *config_shared_peek (ConfigFiles *files, const PyIni *ini);

/* What the tag stands for as long as the jail and the brackets, vars, have no option of that name; lent, the tag's name as a
 * str too.  NULL: not known, or they have one. */
PyValue *config_shared_peek_tag (const ConfigShared *self, const char *tag, guint hash, const PyOptions *vars,
                                 PyValue **ret_name);
/* value: found without vars; shared. */
void config_shared_add_tag (ConfigShared *self, const char *tag, PyValue *value);

/* [name, value], both made real: the same list as for the last jail, when the value is the very same.  A new reference. */
PyValue *config_shared_pair (ConfigShared *self, PyValue *name, guint hash, PyValue *value);
