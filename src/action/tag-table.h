/* tag-table.h - the first pass over <tags>: an action's properties into its commands
 *
 * Properties are text the administrator wrote.  They may hold each other, recursively, and a tag may be made of tags (<a_<b>>);
 * `x?family=inet6` counts instead of `x` for that family.  What is no property stays, for the second pass (tags.h).
 * Must not: know where properties come from.
 */
#pragma once
#include <glib.h>

/* A property that grew beyond this by substitution is an error, not a reason to eat the memory. */
#define TAGS_TEXT_MAX (16 * 1024 * 1024)

typedef struct TagTable TagTable;

/* What every action knows without being told: <br>, <sp>, <fq-hostname>, <sh-hostname>.  NULL for any other. */
typedef char *(*TagBuiltin) (const char *tag, gpointer user_data);

TagTable *tag_table_new  (TagBuiltin builtin, gpointer user_data);
void      tag_table_free (TagTable *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TagTable, tag_table_free)
void      tag_table_set  (TagTable *self, const char *name, const char *value, gssize len);

/* The query with all its properties in.  family: NULL or "" for none.  The result is cached and lent until the next set or the end.
 * Fails with ACTION_ERROR_VALUE when properties refer to themselves. */
const GString *tag_table_replace (TagTable *self, const char *query, const char *family, GError **error);
