/* py-regex-parse.h - Python's syntax of regular expressions: text -> tree
 *
 * Private to compat/py-regex*.  Takes what Python 3.11's re takes for str, refuses what it refuses, with its words and
 * positions.  Must not: know PCRE2.
 */
#pragma once

#include "compat/py-regex-ast.h"
#include "compat/py-regex-scan.h"

/* Python's sys.int_info.default_max_str_digits: int() takes no more */
#define PY_MAX_INT_DIGITS 4300

PyTree *py_regex_parse (const char *pattern, gsize len, guint flags, GError **error);

/* --- between py-regex-parse.c, py-regex-escape.c and py-regex-group.c --- */

typedef struct
{
  PyScanner scan;
  PyTree *tree;
  guint frames;              /* what Python would have on its stack; see py_parser_enter */
  gssize look_behind_groups; /* how many groups there were when the outermost look-behind began, -1 outside of one */
  GArray *conditions;        /* of PyCondition: groups that (?(n)...) asks for by number */
} PyParser;

typedef struct
{
  guint64 group;
  gsize position;
} PyCondition;

/* `top`: outside of all groups.  `first`: nothing is before it in the whole pattern. */
PyNode *py_parse_alternatives (PyParser *self, gboolean verbose, gboolean top);
PyNode *py_parse_sequence (PyParser *self, gboolean verbose, gboolean first);

/* The escape whose backslash is at `start`; NULL and FALSE after an error */
PyNode *py_parse_escape (PyParser *self, PyToken token, gsize start);
gboolean py_parse_set_escape (PyParser *self, PyToken token, gsize start, PySetItem *ret_item);

/* What begins with the parenthesis at `start`, which is taken already.  NULL for what leaves nothing in the tree (a
 * comment, global flags) and after an error.  `*verbose` changes with global flags. */
PyNode *py_parse_group (PyParser *self, gboolean *verbose, gboolean first, gsize start);

gboolean py_parser_failed (const PyParser *self);

/* Python's stack is 1000 frames deep; FALSE with the error when `frames` more would be too many. */
gboolean py_parser_enter (PyParser *self, guint frames);
void py_parser_leave (PyParser *self, guint frames);

/* May the group be referred to at this place?  Sets no error. */
gboolean py_parser_group_is_closed (const PyParser *self, guint64 group);

/* Inside of a look-behind only groups from before it may be referred to. */
void py_parser_check_look_behind (PyParser *self, guint64 group);
