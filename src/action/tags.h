/* tags.h - <tags> in the commands of an action, and the second pass over them
 *
 * Two passes, as in fail2ban 1.1.2.  First the properties of the action (tag-table.h).  Then the ticket's values, text that strangers
 * wrote: once, never looked at again, and handed to the shell as variables when they hold anything the shell could take for its
 * own ($f2bV_matches).
 * Must not: know where values come from.
 *
 * Text is UTF-8 with length (WTF-8 for bytes that were none).  A tag is '<', one or more characters but ' ', '<', '>', then '>'.
 */
#pragma once
#include <glib.h>

/* The first tag at or after `from`: where it begins and ends, brackets included. */
typedef struct
{
  gsize start, end;
} TagSpan;
gboolean tags_find     (const char *text, gsize len, gsize from, TagSpan *ret_span);
char    *tags_dup_name (const char *text, const TagSpan *span); /* without brackets */

/* For `sh -c TEXT ARGS…`. */
typedef struct
{
  GString   *text;
  GPtrArray *args; /* of GString: what the variables at the head of the text take their values from; may be empty */
  const char *python_folder; /* lent; where a script that imports fail2ban finds it; NULL: it is not told */
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
