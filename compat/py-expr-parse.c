#include "compat/py-expr-tree.h"

#include <string.h>

#include "compat/py-expr-lexer.h"

#define MAX_TEXT  16384 /* nobody writes a formula of that size; the tree is at most half as deep */
#define MAX_DEPTH 150   /* brackets in brackets, signs before signs; Python ends at 200 */

void
py_expr_node_free (gpointer data)
{
  PyExprNode *self = data;

  if (self == NULL)
    return;
  g_clear_pointer (&self->ops, g_array_unref);
  g_clear_pointer (&self->children, g_ptr_array_unref);
  py_value_unref (self->value);
  g_free (self->text);
  g_free (self);
}

static PyExprNode *
node_new (PyExprNodeType type)
{
  PyExprNode *self = g_new0 (PyExprNode, 1);

  self->type = type;
  self->children = g_ptr_array_new_with_free_func (py_expr_node_free);
  return self;
}

/* Takes both children. */
static PyExprNode *
node_new_binary (PyBinaryOp op, PyExprNode *left, PyExprNode *right)
{
  PyExprNode *self = node_new (PY_NODE_BINARY);

  self->op = op;
  g_ptr_array_add (self->children, left);
  g_ptr_array_add (self->children, right);
  return self;
}

/* --- parser: one function a level of precedence, lowest first ----------------------------------------------------------
 * Each gives a node, or NULL with an error set.  The lexer stands at the first token that is not part of it. */

typedef struct
{
  PyLexer lexer;
  guint depth;
  gboolean refused; /* something legal was seen that is no arithmetic */
  GError **error;
} Parser;

static PyExprNode *parse_test (Parser *p);

static void
next (Parser *p)
{
  py_lexer_next (&p->lexer, p->error);
}

static PyExprNode *
parse_fail (Parser *p, const char *message)
{
  if (p->lexer.type == PY_TOKEN_END && p->lexer.open > 0)
    message = "'(' was never closed"; /* other brackets are refused where they open */
  py_lexer_fail (&p->lexer, p->error, message);
  return NULL;
}

static PyExprNode *
parse_refuse (Parser *p, const char *what)
{
  p->lexer.type = PY_TOKEN_ERROR;
  if (p->error == NULL || *p->error == NULL)
    g_set_error (p->error, PY_EXPR_ERROR, PY_EXPR_ERROR_REFUSED, "%s is no arithmetic", what);
  return NULL;
}

static gboolean
at_op (const Parser *p, const char *op)
{
  return p->lexer.type == PY_TOKEN_OP && g_str_equal (p->lexer.text, op);
}

static gboolean
at_word (const Parser *p, const char *word)
{
  return p->lexer.type == PY_TOKEN_NAME && g_str_equal (p->lexer.text, word);
}

static gboolean
is_keyword (const char *name)
{
  static const char *const keywords[] = {
    "and",  "as",       "assert", "async",   "await", "break", "class",  "continue", "def",    "del",
    "elif", "else",     "except", "finally", "for",   "from",  "global", "if",       "import", "in",
    "is",   "nonlocal", "not",    "or",      "pass",  "raise", "return", "try",      "while",  "with",
  };

  for (guint i = 0; i < G_N_ELEMENTS (keywords); i++)
    if (g_str_equal (keywords[i], name))
      return TRUE;
  return FALSE;
}

/* Behind "(": the arguments up to ")". */
static PyExprNode *
parse_call (Parser *p, const char *name)
{
  PyExprNode *call = node_new (PY_NODE_CALL);

  call->text = g_strdup (name);
  while (!at_op (p, ")"))
    {
      if (at_op (p, "*") || at_op (p, "**"))
        {
          py_expr_node_free (call);
          return parse_refuse (p, "an unpacked argument");
        }
      PyExprNode *argument = parse_test (p);
      if (argument == NULL)
        {
          py_expr_node_free (call);
          return NULL;
        }
      g_ptr_array_add (call->children, argument);
      if (at_op (p, ","))
        next (p);
      else if (!at_op (p, ")"))
        {
          gboolean legal = at_op (p, "=") || at_op (p, ":=") || at_word (p, "for");
          py_expr_node_free (call);
          return legal ? parse_refuse (p, "a named argument") : parse_fail (p, "invalid syntax");
        }
    }
  next (p);
  return call;
}

/* A name with ".attribute" behind it, perhaps, and a call. */
static PyExprNode *
parse_name (Parser *p)
{
  g_autoptr (GString) name = g_string_new (p->lexer.text);
  gboolean hidden = FALSE;
  guint dots = 0;

  if (is_keyword (name->str))
    return parse_fail (p, "invalid syntax");
  if (at_word (p, "None") || at_word (p, "yield"))
    return parse_refuse (p, name->str);
  if (at_word (p, "lambda"))
    {
      next (p);
      return p->lexer.type == PY_TOKEN_END ? parse_fail (p, "invalid syntax") : parse_refuse (p, name->str);
    }
  if (at_word (p, "True") || at_word (p, "False"))
    {
      PyExprNode *node = node_new (PY_NODE_NUMBER);
      node->value = py_bool_new (at_word (p, "True"));
      next (p);
      return node;
    }
  for (next (p); at_op (p, "."); next (p))
    {
      next (p);
      if (p->lexer.type != PY_TOKEN_NAME || is_keyword (p->lexer.text))
        return parse_fail (p, "invalid syntax");
      hidden |= *p->lexer.text == '_';
      dots++;
      g_string_append_printf (name, ".%s", p->lexer.text);
    }
  if (hidden || dots > 1)
    p->refused = TRUE;
  if (at_op (p, "("))
    {
      next (p);
      return parse_call (p, name->str);
    }
  PyExprNode *node = node_new (PY_NODE_NAME);
  node->text = g_string_free (g_steal_pointer (&name), FALSE);
  return node;
}

/* Behind "(". */
static PyExprNode *
parse_brackets (Parser *p)
{
  if (at_op (p, ")"))
    return parse_refuse (p, "a tuple");
  PyExprNode *node = parse_test (p);
  if (node != NULL && at_op (p, ")"))
    {
      next (p);
      return node;
    }
  if (node == NULL)
    return NULL;
  py_expr_node_free (node);
  if (at_op (p, ",") || at_op (p, ":=") || at_word (p, "for"))
    return parse_refuse (p, "a tuple or assignment");
  return parse_fail (p, "invalid syntax");
}

static PyExprNode *
parse_atom (Parser *p)
{
  PyExprNode *node;

  switch (p->lexer.type)
    {
    case PY_TOKEN_NUMBER:
    case PY_TOKEN_REFUSED:
      p->refused |= p->lexer.type == PY_TOKEN_REFUSED;
      node = node_new (PY_NODE_NUMBER);
      node->value = p->lexer.type == PY_TOKEN_NUMBER ? g_steal_pointer (&p->lexer.value) : py_none_new ();
      next (p);
      return node;
    case PY_TOKEN_NAME:
      return parse_name (p);
    case PY_TOKEN_OP:
      if (at_op (p, "("))
        {
          next (p);
          return parse_brackets (p);
        }
      if (at_op (p, "[") || at_op (p, "{") || at_op (p, "..."))
        return parse_refuse (p, "a list, set or dict");
      return parse_fail (p, at_op (p, ")") ? "unmatched ')'" : "invalid syntax");
    case PY_TOKEN_END:
    case PY_TOKEN_NEWLINE:
      return parse_fail (p, "invalid syntax");
    case PY_TOKEN_ERROR:
      break;
    }
  return NULL;
}

/* What may follow an atom: "(…)" and ".x" behind what is no name, "[…]". */
static PyExprNode *
parse_primary (Parser *p)
{
  PyExprNode *node = parse_atom (p);

  if (node == NULL || (!at_op (p, "(") && !at_op (p, "[") && !at_op (p, ".")))
    return node;
  py_expr_node_free (node);
  return parse_refuse (p, at_op (p, "(") ? "a call of a value" : at_op (p, "[") ? "a subscript" : "an attribute");
}

static PyExprNode *parse_unary (Parser *p);

static PyExprNode *
parse_power (Parser *p)
{
  PyExprNode *base = parse_primary (p);

  if (base == NULL || !at_op (p, "**"))
    return base;
  next (p);
  PyExprNode *exponent = parse_unary (p);
  if (exponent != NULL)
    return node_new_binary (PY_OP_POWER, base, exponent);
  py_expr_node_free (base);
  return NULL;
}

static PyExprNode *
parse_unary (Parser *p)
{
  if (!at_op (p, "-") && !at_op (p, "+") && !at_op (p, "~"))
    return parse_power (p);
  char op = *p->lexer.text;
  next (p);
  if (++p->depth > MAX_DEPTH)
    return parse_fail (p, "too many nested parentheses");
  PyExprNode *operand = parse_unary (p);
  p->depth--;
  if (operand == NULL)
    return NULL;
  PyExprNode *node = node_new (PY_NODE_UNARY);
  node->op = (guchar) op;
  g_ptr_array_add (node->children, operand);
  return node;
}

/* Operators of arithmetic and bits, from the loosest to the tightest level. */
static const struct
{
  const char *text;
  guint level;
  PyBinaryOp op;
} binary_operators[] = {
  { "|", 0, PY_OP_OR },           { "^", 1, PY_OP_XOR },
  { "&", 2, PY_OP_AND },          { "<<", 3, PY_OP_SHIFT_LEFT },
  { ">>", 3, PY_OP_SHIFT_RIGHT }, { "+", 4, PY_OP_ADD },
  { "-", 4, PY_OP_SUBTRACT },     { "*", 5, PY_OP_MULTIPLY },
  { "/", 5, PY_OP_DIVIDE },       { "//", 5, PY_OP_FLOOR_DIVIDE },
  { "%", 5, PY_OP_MODULO },
};
#define TIGHTEST_LEVEL 5

static gboolean
at_binary_operator (const Parser *p, guint level, PyBinaryOp *ret_op)
{
  for (guint i = 0; i < G_N_ELEMENTS (binary_operators); i++)
    if (binary_operators[i].level == level && at_op (p, binary_operators[i].text))
      {
        *ret_op = binary_operators[i].op;
        return TRUE;
      }
  return FALSE;
}

static PyExprNode *
parse_binary (Parser *p, guint level)
{
  PyExprNode *left = level == TIGHTEST_LEVEL ? parse_unary (p) : parse_binary (p, level + 1);
  PyBinaryOp op;

  while (left != NULL && at_binary_operator (p, level, &op))
    {
      next (p);
      PyExprNode *right = level == TIGHTEST_LEVEL ? parse_unary (p) : parse_binary (p, level + 1);
      if (right == NULL)
        g_clear_pointer (&left, py_expr_node_free);
      else
        left = node_new_binary (op, left, right);
    }
  return left;
}

static gboolean
at_comparison (const Parser *p, PyCompareOp *ret_op)
{
  static const char *const texts[] = { "<", "<=", "==", "!=", ">", ">=" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (at_op (p, texts[i]))
      {
        *ret_op = (PyCompareOp) i;
        return TRUE;
      }
  return FALSE;
}

static PyExprNode *
parse_comparison (Parser *p)
{
  PyExprNode *first = parse_binary (p, 0);
  PyExprNode *chain = NULL;
  PyCompareOp op;

  while (first != NULL && at_comparison (p, &op))
    {
      next (p);
      PyExprNode *right = parse_binary (p, 0);
      if (right == NULL)
        {
          py_expr_node_free (chain != NULL ? chain : first);
          return NULL;
        }
      if (chain == NULL)
        {
          chain = node_new (PY_NODE_COMPARE);
          chain->ops = g_array_new (FALSE, FALSE, sizeof (PyCompareOp));
          g_ptr_array_add (chain->children, first);
        }
      g_array_append_val (chain->ops, op);
      g_ptr_array_add (chain->children, right);
    }
  if (first != NULL && (at_word (p, "is") || at_word (p, "in") || at_op (p, "@") || at_word (p, "not")))
    {
      py_expr_node_free (chain != NULL ? chain : first);
      return parse_refuse (p, "is, in or @");
    }
  return chain != NULL ? chain : first;
}

static PyExprNode *
parse_not (Parser *p)
{
  if (!at_word (p, "not"))
    return parse_comparison (p);
  next (p);
  if (++p->depth > MAX_DEPTH)
    return parse_fail (p, "too many nested parentheses");
  PyExprNode *operand = parse_not (p);
  p->depth--;
  if (operand == NULL)
    return NULL;
  PyExprNode *node = node_new (PY_NODE_NOT);
  g_ptr_array_add (node->children, operand);
  return node;
}

/* a and b and c, or one level up, a or b or c */
static PyExprNode *
parse_logic (Parser *p, PyExprNodeType type)
{
  PyExprNode *first = type == PY_NODE_OR ? parse_logic (p, PY_NODE_AND) : parse_not (p);
  PyExprNode *chain = NULL;

  while (first != NULL && at_word (p, type == PY_NODE_OR ? "or" : "and"))
    {
      next (p);
      PyExprNode *right = type == PY_NODE_OR ? parse_logic (p, PY_NODE_AND) : parse_not (p);
      if (chain == NULL)
        {
          chain = node_new (type);
          g_ptr_array_add (chain->children, first);
        }
      if (right == NULL)
        {
          py_expr_node_free (chain);
          return NULL;
        }
      g_ptr_array_add (chain->children, right);
    }
  return chain != NULL ? chain : first;
}

/* Behind the value: "if condition else other". */
static PyExprNode *
parse_condition (Parser *p, PyExprNode *take_value)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (py_expr_node_free);

  next (p);
  PyExprNode *condition = parse_logic (p, PY_NODE_OR);
  if (condition != NULL)
    g_ptr_array_add (parts, condition);
  g_ptr_array_add (parts, take_value);
  if (condition == NULL)
    return NULL;
  if (!at_word (p, "else"))
    return parse_fail (p, "expected 'else' after 'if' expression");
  next (p);
  PyExprNode *other = parse_test (p);
  if (other == NULL)
    return NULL;
  g_ptr_array_add (parts, other);
  PyExprNode *node = node_new (PY_NODE_IF);
  g_ptr_array_extend_and_steal (node->children, g_steal_pointer (&parts));
  return node;
}

static PyExprNode *
parse_test (Parser *p)
{
  if (++p->depth > MAX_DEPTH)
    return parse_fail (p, "too many nested parentheses");
  PyExprNode *node = parse_logic (p, PY_NODE_OR);
  if (node != NULL && at_word (p, "if"))
    node = parse_condition (p, node);
  p->depth--;
  return node;
}

/* The whole text: blank lines, one expression, blank lines. */
static PyExprNode *
parse_all (Parser *p)
{
  do
    next (p);
  while (p->lexer.type == PY_TOKEN_NEWLINE);
  if (p->lexer.type == PY_TOKEN_END)
    p->lexer.line = 0; /* as Python reports it */
  PyExprNode *node = parse_test (p);
  while (node != NULL && p->lexer.type == PY_TOKEN_NEWLINE)
    next (p);
  if (node == NULL || p->lexer.type == PY_TOKEN_END)
    return node;
  py_expr_node_free (node);
  if (at_op (p, ","))
    return parse_refuse (p, "a tuple");
  return parse_fail (p, at_op (p, ")") ? "unmatched ')'" : "invalid syntax");
}

PyExprNode *
py_expr_parse (const char *text, gsize len, const char *filename, GError **error)
{
  GError *local_error = NULL;
  Parser p = { .error = &local_error };

  py_lexer_init (&p.lexer, text, len, filename);
  if (len > MAX_TEXT)
    parse_refuse (&p, "a text of this size");
  else if (len > 0 && (*text == ' ' || *text == '\t'))
    parse_fail (&p, "unexpected indent");
  else if (memchr (text, '\0', len) != NULL)
    parse_fail (&p, "source code string cannot contain null bytes");
  PyExprNode *root = local_error == NULL ? parse_all (&p) : NULL;
  if (root != NULL && p.refused)
    {
      g_clear_pointer (&root, py_expr_node_free);
      parse_refuse (&p, "what is neither a number nor a known name");
    }
  py_lexer_clear (&p.lexer);
  if (root == NULL)
    g_propagate_error (error, local_error);
  return root;
}
