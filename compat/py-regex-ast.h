/* py-regex-ast.h - the tree that py-regex-parse makes and py-regex-emit writes out
 *
 * Private to compat/py-regex*.  Shapes follow what Python's re means, not what PCRE2 can say.
 */
#pragma once

#include <glib.h>

#include "compat/py-regex.h"

/* More of Python's flags: only as inline flags.  (?t) is nearly gone in 3.11, but still parsed. */
#define PY_REGEX_FLAG_TEMPLATE 1
#define PY_REGEX_FLAG_UNICODE  32
#define PY_REGEX_TYPE_FLAGS    (PY_REGEX_FLAG_ASCII | PY_REGEX_FLAG_UNICODE)

#define PY_REPEAT_INFINITE G_MAXUINT32 /* Python's MAXREPEAT: a{4294967295} is an OverflowError */

typedef enum
{
  PY_NODE_SEQUENCE,  /* `first`, next, ... one after the other */
  PY_NODE_BRANCH,    /* `first`, next, ...: sequences, the first that fits */
  PY_NODE_LITERAL,   /* `value` is the character */
  PY_NODE_SET,       /* `items`, `negated` */
  PY_NODE_ANY,       /* . */
  PY_NODE_AT,        /* `value` is a PyAt */
  PY_NODE_REPEAT,    /* `first` alone, `min` to `max` times, as `mode` says */
  PY_NODE_GROUP,     /* `first` is a sequence; `value` the number, 0: captures nothing; `add_flags`, `del_flags` */
  PY_NODE_ATOMIC,    /* `first` is a sequence */
  PY_NODE_LOOK,      /* `first` is a sequence; `behind`, `negated` */
  PY_NODE_BACKREF,   /* `value` is the group */
  PY_NODE_CONDITION, /* `value` is the group; `first` the sequence if it took part, its next (or NULL) if not */
} PyNodeType;

typedef enum
{
  PY_AT_LINE_START, /* ^ */
  PY_AT_LINE_END,   /* $ */
  PY_AT_START,      /* \A */
  PY_AT_END,        /* \Z */
  PY_AT_BOUNDARY,
  PY_AT_NON_BOUNDARY,
} PyAt;

typedef enum
{
  PY_REPEAT_GREEDY,
  PY_REPEAT_LAZY,
  PY_REPEAT_POSSESSIVE,
} PyRepeatMode;

typedef enum
{
  PY_CATEGORY_NONE,
  PY_CATEGORY_DIGIT,
  PY_CATEGORY_SPACE,
  PY_CATEGORY_WORD,
} PyCategory;

/* A member of a set: a category (or its complement), else the characters from `first` to `last` */
typedef struct
{
  gunichar first, last;
  PyCategory category;
  gboolean negated;
  gboolean
      is_range; /* written as a-b: Python treats a range of one character otherwise than a literal when it ignores case */
} PySetItem;

typedef struct PyNode PyNode;
struct PyNode
{
  PyNodeType type;
  PyNode *next, *first;
  guint32 value;
  gboolean negated, behind;
  GArray *items; /* of PySetItem */
  guint32 min, max;
  PyRepeatMode mode;
  guint add_flags, del_flags;
  gboolean width_known; /* of a sequence */
  guint64 width_low, width_high;
};

typedef struct
{
  PyNode *root;      /* a sequence */
  GPtrArray *nodes;  /* owns them */
  guint flags;       /* those given and the global inline flags */
  GPtrArray *names;  /* of char*: by group number, NULL where it has none; [0] is group 0 */
  GHashTable *index; /* name -> group number */
  GArray *widths;    /* of PyGroupWidth, by group number */
} PyTree;

typedef struct
{
  gboolean closed;
  guint64 low, high;
} PyGroupWidth;

PyTree *py_tree_new (void);
void py_tree_free (PyTree *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PyTree, py_tree_free)

PyNode *py_node_new (PyTree *tree, PyNodeType type);

/* The least and the most characters that a sequence can take, saturating; `*ret_high` is G_MAXUINT64 for no end. */
void py_node_width (const PyTree *tree, PyNode *sequence, guint64 *ret_low, guint64 *ret_high);
void py_node_width_of_one (const PyTree *tree, PyNode *node, guint64 *ret_low, guint64 *ret_high);

/* A node that takes exactly one character and does nothing else */
gboolean py_node_is_single (const PyNode *node);

/* The same set, literal or anchor?  (What holds others is never equal.) */
gboolean py_node_equal (const PyNode *a, const PyNode *b);

/* Does a single step of a search perhaps look at much of the subject?  So do back-references, and what is never gone back
 * into: look-arounds, atomic groups, possessive repeats. */
gboolean py_node_looks_far (const PyNode *first);

/* The flags inside of a group */
guint py_flags_combine (guint flags, const PyNode *group);
