/* config-action.h - an action of action.d as commands: addaction and its properties
 *
 * Must not: run anything; know the tags of a ban.
 */
#pragma once
#include "config/config-definition.h"

typedef struct ConfigAction ConfigAction; /* opaque: the fields live in config-action.c */

/* file: as in "action = file[...]"; options: those in brackets, taken.  Without "name" they get the jail's, and without
 * "actname" the action's name is made of file and name. */
ConfigAction *config_action_new (ConfigFiles *files, const char *file, const char *jail, PyOptions *options);
void config_action_free (ConfigAction *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfigAction, config_action_free)

/* Reads its files with the jail's options; *ret_complete FALSE: not there (logged). */
gboolean config_action_read (ConfigAction *self, const PyOptions *jail_options, gboolean *ret_complete, GError **error);
gboolean config_action_append_commands (ConfigAction *self, GPtrArray *stream, GError **error);
