/* config-tags.h - <tag> in the values of filters and actions, replaced by other options
 *
 * Tags may build tags (<mdre-<mode>>).  What is unknown stays as it is.  A tag that leads to itself, or is needed more than
 * 25 times for one value, is an error.
 * Must not: know where options come from; know the tags that the server fills in, but by `ignored`.
 *
 * Bounded by CONFIG_TAGS_MAX_WORK, beside PY_INI_MAX_VALUE for one value.
 */
#pragma once
#include "compat/py-options.h"
#include "config/config-tags-memory.h"

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define CONFIG_TAGS_MAX_WORK (1024 * 1024)
#else
#define CONFIG_TAGS_MAX_WORK (512 * 1024 * 1024) /* bytes written by replacements for one file; stock: below 1 MB */
#endif

/* A value for a tag that is no option: a new reference, NULL when there is none (no error) or when it failed (error).
 * hash: py_options_hash (tag). */
typedef PyValue *(*ConfigTagLookup) (const char *tag, guint hash, gpointer data, GError **error);

/* Replaces the tags in the values of options.  ignored: its names are neither replaced nor looked
 * into; may be NULL.  memory: what the values of the same file became for other jails; may be NULL. */
gboolean config_tags_expand (PyOptions *options, const PyOptions *ignored, ConfigTagLookup lookup, gpointer data,
                             ConfigTagsMemory *memory, GError **error);

/* The same, each value in as many passes as the reference needs: the slow twin, for the test that compares both. */
gboolean config_tags_expand_in_passes (PyOptions *options, const PyOptions *ignored, ConfigTagLookup lookup,
                                       gpointer data, GError **error);
