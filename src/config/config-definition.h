/* config-definition.h - a file of filter.d or action.d: [Definition], [Init], and the options that a jail gave it
 *
 * Values come from (strongest first): the options in brackets, the jail's own options, [Definition], [Init].  Their %(x)s
 * are expanded when they are read, their <tags> in config_definition_combine.
 * Must not: make commands (config-filter.c and config-action.c do).
 */
#pragma once
#include "config/config-files.h"
#include "config/config-options.h"

typedef struct ConfigDefinition ConfigDefinition; /* opaque: the fields live in config-definition.c */

/* file: as in config_files_read, below basedir.  init: the options in brackets; taken. */
ConfigDefinition *config_definition_new (ConfigFiles *files, const char *file, ConfigSpecs specs, PyOptions *init);
void config_definition_free (ConfigDefinition *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfigDefinition, config_definition_free)

/* The options in brackets and, after config_definition_get_options, those of [Init]; lent. */
PyOptions *config_definition_peek_init (ConfigDefinition *self);

/* Reads the files; *ret_complete as in config_files_read. */
gboolean config_definition_read (ConfigDefinition *self, gboolean *ret_complete, GError **error);
/* Reads `file` as a path, without .d. */
gboolean config_definition_read_path (ConfigDefinition *self, gboolean *ret_complete, GError **error);

gboolean config_definition_has_own (const ConfigDefinition *self, const char *option); /* in [Definition] itself */
/* An option of [Definition], expanded; results as py_ini_get. */
PyIniResult config_definition_get (const ConfigDefinition *self, const char *option, PyValue **ret_value,
                                   GError **error);

/* Takes over the values.  jail: the jail's options so far (may be NULL); all: also what is in [Definition] beyond specs. */
gboolean config_definition_get_options (ConfigDefinition *self, const PyOptions *jail, gboolean all, GError **error);

/* All options with their tags replaced and their types.  ignored: names (NULL-terminated, may be NULL) of tags that are
 * left alone. */
PyOptions *config_definition_combine (ConfigDefinition *self, const char *const *ignored, GError **error);

/* [name, value] of one of the options: a list, shared with other definitions of the file where it is the same. */
PyValue *config_definition_dup_pair (ConfigDefinition *self, const PyOptions *options, guint index);
