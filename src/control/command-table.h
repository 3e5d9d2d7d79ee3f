/* command-table.h - every command of the socket, a row each
 *
 * Adding a command is adding a row and its function.  Rows are sorted by path; a test checks it.  The path holds the fixed
 * words, JAIL stands for a jail's name: "set JAIL banip".  What is compared is text only, exactly, never a prefix
 * (but "bantime." and what follows it).
 * Must not: keep anything.
 */
#pragma once
#include "control/call.h"

typedef enum
{
  COMMAND_DEFAULT = 0,
  /* Changes which jails there are: waits until no other such command is on its way, and holds up those that come after it.
   * Inside server-stream and reload the outer command holds the turn. */
  COMMAND_EXCLUSIVE = 1 << 0,
} CommandFlags;

/* Returns the answer (None: py_none_new), or NULL with error, or NULL without: the call was kept and ends later. */
typedef PyValue *(*CommandFunc) (Call *call, GError **error);

typedef struct
{
  const char *path;
  guint min_words; /* fewer: IndexError "list index out of range" */
  CommandFlags flags;
  CommandFunc run;
} Command;

extern const Command command_table[];
extern const guint command_table_length;

/* The row for a command; NULL with the error that 1.1.2 answers with when there is none. */
const Command *command_table_find (PyValue *words, GError **error);
