/* shell-words.h - is this shell text nothing but plain commands, and which?
 *
 * Splits a text as POSIX sh would into commands and words, provided that it uses nothing of the shell but words, quotes, blanks,
 * newlines, `;`, `&&` and `||`.  Variables, substitutions, redirections, patterns, other operators, comments, assignments, reserved words:
 * not plain; but a brace that stands alone behind a command's first word is a word.
 * Must not: guess; what is not certain to be plain is not.
 */
#pragma once
#include <glib.h>

/* An action's command is a line or two; beyond this it is the shell's. */
#define SHELL_WORDS_MAX_TEXT     8192
#define SHELL_WORDS_MAX_COMMANDS 16
#define SHELL_WORDS_MAX_WORDS    64 /* of one command */

typedef enum
{
  SHELL_ALWAYS, /* the first, or behind a newline or `;` */
  SHELL_AND,    /* behind `&&` */
  SHELL_OR,     /* behind `||` */
} ShellJoin;

typedef struct
{
  char **words; /* NULL-terminated, at least one */
  ShellJoin join;
} ShellCall;

/* Array of ShellCall, at least one; NULL when the text is not plain. */
GPtrArray *shell_words_split (const char *text, gssize len);
