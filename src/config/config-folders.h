/* config-folders.h - which files there are: each folder is looked at once
 *
 * A name in filter.d may have three files and a folder, and has one; to ask the kernel for each costs more than to read what
 * is there.  What a folder holds is taken as it was at the first question.
 * Must not: read files; be kept longer than one reading of the configuration.
 */
#pragma once
#include <glib.h>

#define CONFIG_FOLDERS_MAX_NAMES 10000 /* of one folder; of a larger one each name is asked for */

typedef struct ConfigFolders ConfigFolders; /* opaque: the fields live in config-folders.c */

ConfigFolders *config_folders_new (void);
void config_folders_free (ConfigFolders *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfigFolders, config_folders_free)

/* As py_fs_exists and py_fs_isfile: links are followed. */
gboolean config_folders_exists (ConfigFolders *self, const char *path);
gboolean config_folders_isfile (ConfigFolders *self, const char *path);

/* The files of a name, stem being its path without extension: stem.conf, those of stem.d by code point, stem.local, again
 * those of stem.d (1.1.2).  Owned strings. */
GPtrArray *config_folders_list_named (ConfigFolders *self, const char *stem);
/* Each path followed by its .local, where there is one that is not among the paths anyway. */
GPtrArray *config_folders_list_with_locals (ConfigFolders *self, const GPtrArray *paths);
