/* config-filter.h - a filter of filter.d as commands: addfailregex, prefregex, datepattern, addjournalmatch, ...
 *
 * Must not: compile an expression.
 */
#pragma once
#include "config/config-definition.h"

extern const ConfigSpecs config_filter_specs;

/* name: as in "filter = name[...]"; options: those in brackets, taken. */
ConfigDefinition *config_filter_new (ConfigFiles *files, const char *name, PyOptions *options);

/* Sets the option logtype to "file" or "journal", as the backend is, unless the filter has its own. */
void config_filter_set_backend (ConfigDefinition *filter, const char *backend);

/* Appends the commands for the filter's options among `options` (of a filter or of a jail).  FALSE: a journalmatch with an
 * open quote. */
gboolean config_filter_append_commands (GPtrArray *stream, const PyOptions *options, const char *jail, GError **error);
