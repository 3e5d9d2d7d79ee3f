/* py-expr-tree.h - the tree that py-expr-parse makes of an expression and py-expr evaluates
 *
 * For these two files only.
 */
#pragma once
#include "compat/py-expr.h"
#include "compat/py-number.h"

typedef enum
{
  PY_NODE_NUMBER,
  PY_NODE_NAME, /* text: "x" or "x.y" */
  PY_NODE_CALL, /* text: the function's name; the arguments */
  PY_NODE_UNARY,
  PY_NODE_NOT,
  PY_NODE_BINARY,
  PY_NODE_COMPARE, /* n + 1 operands, n operators in text */
  PY_NODE_AND,
  PY_NODE_OR,
  PY_NODE_IF, /* condition, value, other value */
} PyExprNodeType;

typedef struct
{
  PyExprNodeType type;
  guint op;    /* PY_NODE_UNARY: the character, PY_NODE_BINARY: PyBinaryOp */
  GArray *ops; /* PY_NODE_COMPARE: PyCompareOp */
  char *text;
  PyValue *value; /* PY_NODE_NUMBER */
  GPtrArray *children;
} PyExprNode;

/* The tree of an expression, or NULL with an error of PY_EXPR_ERROR_SYNTAX or _REFUSED; filename is for messages. */
PyExprNode *py_expr_parse (const char *text, gsize len, const char *filename, GError **error);
void py_expr_node_free (gpointer node); /* NULL is fine; a GDestroyNotify */
