/* config-files.h - the files behind a name: x.conf, those of x.d, x.local, again those of x.d, and what they include
 *
 * Reads them in that order into one PyIni, later values over earlier ones.  What was overwritten stays in the section
 * "KNOWN/<section>", for %(known/option)s.  Each file is read and parsed once, however often it is included.
 * Must not: know what sections and options mean, but for [INCLUDES] and the conditional "[Init?family=inet6]", whose options
 * become "option?family=inet6" of [Init].
 *
 * Bounded: CONFIG_FILES_MAX_* below; includes deeper than that end as Python's do, with CONFIG_ERROR_RECURSION.
 */
#pragma once
#include "base/log.h"
#include "compat/py-ini.h"

#define CONFIG_FILES_MAX_BYTES    (16 * 1024 * 1024)           /* of one file */
#define CONFIG_FILES_MAX_TOTAL    (8 * CONFIG_FILES_MAX_BYTES) /* of all; the stock configuration has 300 KB */
#define CONFIG_FILES_MAX_INCLUDES 10000                        /* files that one name can bring */
#define CONFIG_FILES_MAX_DEPTH    480 /* includes in includes: about where the reference dies */

typedef struct ConfigFiles ConfigFiles; /* opaque: the fields live in config-files.c */

/* basedir: text, slashes at its end are dropped; log must outlive the object. */
ConfigFiles *config_files_new (const char *basedir, Log *log);
void config_files_free (ConfigFiles *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfigFiles, config_files_free)

const char *config_files_peek_basedir (const ConfigFiles *self);
Log *config_files_peek_log (const ConfigFiles *self);

/* name: "jail", "filter.d/sshd", or an absolute path without extension.  Lends the PyIni (the same for the same name), also
 * when *ret_complete is FALSE: then a file was missing or unreadable, which has been logged the first time. */
PyIni *config_files_read (ConfigFiles *self, const char *name, gboolean *ret_complete, GError **error);

/* One file by its path, with its includes and its .local.  Lends the PyIni; *ret_complete is FALSE when none could be read. */
PyIni *config_files_read_path (ConfigFiles *self, const char *path, gboolean *ret_complete, GError **error);

/* What somebody made of an ini of these files, to be found again with it: one note for each, kept as long as the ini; peek is
 * NULL when there is none. */
gpointer config_files_peek_note (const ConfigFiles *self, const PyIni *ini);
void config_files_take_note (ConfigFiles *self, const PyIni *ini, gpointer note, GDestroyNotify note_free);

/* The length of the part before the '?' of a conditional name ("port?family=inet6"), or 0 for a plain name. */
gsize config_condition_at (const char *name);
