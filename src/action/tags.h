/* tags.h - <tags> in the commands of an action
 *
 * Two passes, as in fail2ban 1.1.2.  First the properties of the action, text the administrator wrote: recursively, a
 * tag may be made of tags (<a_<b>>), and `x?family=inet6` counts instead of `x` for that family.  Then the ticket's values, text that
 * strangers wrote: once, never looked at again, and handed to the shell as variables when they hold anything the shell could
 * take for its own ($f2bV_matches).
 * Must not: know where values come from.
 *
 * Text is UTF-8 with length (WTF-8 for bytes that were none).  A tag is '<', one or more characters but ' ', '<', '>', then '>'.
 */
#pragma once
#include <glib.h>

/* A property that grew beyond this by substitution is an error, not a reason to eat the memory. */
#define TAGS_TEXT_MAX (16 * 1024 * 1024)

/* --- first pass: properties ------------------------------------------------------------------------------------------ */
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

/* --- second pass: values of strangers ---------------------------------------------------------------------------------- */
/* For `sh -c TEXT ARGS…`. */
typedef struct
{
  GString   *text;
  GPtrArray *args; /* of GString: what the variables at the head of the text take their values from; may be empty */
} ShellCommand;

ShellCommand *shell_command_new     (const char *text, gsize len);
void          shell_command_free    (ShellCommand *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ShellCommand, shell_command_free)
/* As fail2ban logs it: the text, or with args Python's repr of the list ['text', 'arg', …]. */
char         *shell_command_dup_log (const ShellCommand *self);

/* What a tag (name without brackets; unknown: NULL, it stays) or a field stands for; the result is the caller's.  <F-NAME> is the
 * field "name", in lower case; "id" and "port" are called "fid" and "fport" there (1.1.2).  An unknown field is empty. */
typedef GString *(*TagLookup) (const char *name, gboolean field, gpointer user_data);
ShellCommand *tags_replace_dynamic (const char *text, gsize len, TagLookup lookup, gpointer user_data);

/* Is there such a tag in the text? */
gboolean tags_contain (const char *text, const char *tag);

/* `text` with a backslash before whatever means something to a shell; newline and carriage return become \n and \r. */
GString *tags_escape (const char *text, gsize len);
