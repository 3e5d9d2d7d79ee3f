#include "compat/py-expr.h"

#include <string.h>

#include "compat/py-expr-lexer.h"
#include "compat/py-math.h"
#include "compat/py-number.h"

G_DEFINE_QUARK (py - expr - error - quark, py_expr_error)

#define MAX_TEXT  16384 /* nobody writes a formula of that size; the tree is at most half as deep */
#define MAX_DEPTH 150   /* brackets in brackets, signs before signs; Python ends at 200 */

typedef enum
{
  NODE_NUMBER,
  NODE_NAME, /* text: "x" or "x.y" */
  NODE_CALL, /* text: the function's name; the arguments */
  NODE_UNARY,
  NODE_NOT,
  NODE_BINARY,
  NODE_COMPARE, /* n + 1 operands, n operators in text */
  NODE_AND,
  NODE_OR,
  NODE_IF, /* condition, value, other value */
} NodeType;

typedef struct
{
  NodeType type;
  guint op;    /* NODE_UNARY: the character, NODE_BINARY: PyBinaryOp */
  GArray *ops; /* NODE_COMPARE: PyCompareOp */
  char *text;
  PyValue *value; /* NODE_NUMBER */
  GPtrArray *children;
} Node;

struct PyExpr
{
  Node *root;
};

const char *
py_expr_error_class (const GError *error)
{
  static const char *const names[] = {
    [PY_EXPR_ERROR_SYNTAX] = "SyntaxError",       [PY_EXPR_ERROR_NAME] = "NameError",
    [PY_EXPR_ERROR_ATTRIBUTE] = "AttributeError", [PY_EXPR_ERROR_TYPE] = "TypeError",
    [PY_EXPR_ERROR_VALUE] = "ValueError",         [PY_EXPR_ERROR_ZERO_DIVISION] = "ZeroDivisionError",
    [PY_EXPR_ERROR_OVERFLOW] = "OverflowError",   [PY_EXPR_ERROR_REFUSED] = "Refused",
  };

  g_return_val_if_fail (error != NULL && error->domain == PY_EXPR_ERROR, "Exception");
  return names[error->code];
}

static void
node_free (gpointer data)
{
  Node *self = data;

  if (self == NULL)
    return;
  g_clear_pointer (&self->ops, g_array_unref);
  g_clear_pointer (&self->children, g_ptr_array_unref);
  py_value_unref (self->value);
  g_free (self->text);
  g_free (self);
}

static Node *
node_new (NodeType type)
{
  Node *self = g_new0 (Node, 1);

  self->type = type;
  self->children = g_ptr_array_new_with_free_func (node_free);
  return self;
}

/* Takes both children. */
static Node *
node_new_binary (PyBinaryOp op, Node *left, Node *right)
{
  Node *self = node_new (NODE_BINARY);

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

static Node *parse_test (Parser *p);

static void
next (Parser *p)
{
  py_lexer_next (&p->lexer, p->error);
}

static Node *
parse_fail (Parser *p, const char *message)
{
  py_lexer_fail (&p->lexer, p->error, message);
  return NULL;
}

static Node *
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
static Node *
parse_call (Parser *p, const char *name)
{
  Node *call = node_new (NODE_CALL);

  call->text = g_strdup (name);
  while (!at_op (p, ")"))
    {
      if (at_op (p, "*") || at_op (p, "**"))
        {
          node_free (call);
          return parse_refuse (p, "an unpacked argument");
        }
      Node *argument = parse_test (p);
      if (argument == NULL)
        {
          node_free (call);
          return NULL;
        }
      g_ptr_array_add (call->children, argument);
      if (at_op (p, ","))
        next (p);
      else if (!at_op (p, ")"))
        {
          gboolean legal = at_op (p, "=") || at_op (p, ":=") || at_word (p, "for");
          node_free (call);
          return legal ? parse_refuse (p, "a named argument") : parse_fail (p, "invalid syntax");
        }
    }
  next (p);
  return call;
}

/* A name with ".attribute" behind it, perhaps, and a call. */
static Node *
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
      Node *node = node_new (NODE_NUMBER);
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
  Node *node = node_new (NODE_NAME);
  node->text = g_string_free (g_steal_pointer (&name), FALSE);
  return node;
}

/* Behind "(". */
static Node *
parse_brackets (Parser *p)
{
  if (at_op (p, ")"))
    return parse_refuse (p, "a tuple");
  Node *node = parse_test (p);
  if (node != NULL && at_op (p, ")"))
    {
      next (p);
      return node;
    }
  if (node == NULL)
    return NULL;
  node_free (node);
  if (at_op (p, ",") || at_op (p, ":=") || at_word (p, "for"))
    return parse_refuse (p, "a tuple or assignment");
  return parse_fail (p, p->lexer.type == PY_TOKEN_END ? "'(' was never closed" : "invalid syntax");
}

static Node *
parse_atom (Parser *p)
{
  Node *node;

  switch (p->lexer.type)
    {
    case PY_TOKEN_NUMBER:
    case PY_TOKEN_REFUSED:
      p->refused |= p->lexer.type == PY_TOKEN_REFUSED;
      node = node_new (NODE_NUMBER);
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
static Node *
parse_primary (Parser *p)
{
  Node *node = parse_atom (p);

  if (node == NULL || (!at_op (p, "(") && !at_op (p, "[") && !at_op (p, ".")))
    return node;
  node_free (node);
  return parse_refuse (p, at_op (p, "(") ? "a call of a value" : at_op (p, "[") ? "a subscript" : "an attribute");
}

static Node *parse_unary (Parser *p);

static Node *
parse_power (Parser *p)
{
  Node *base = parse_primary (p);

  if (base == NULL || !at_op (p, "**"))
    return base;
  next (p);
  Node *exponent = parse_unary (p);
  if (exponent != NULL)
    return node_new_binary (PY_OP_POWER, base, exponent);
  node_free (base);
  return NULL;
}

static Node *
parse_unary (Parser *p)
{
  if (!at_op (p, "-") && !at_op (p, "+") && !at_op (p, "~"))
    return parse_power (p);
  char op = *p->lexer.text;
  next (p);
  if (++p->depth > MAX_DEPTH)
    return parse_fail (p, "too many nested parentheses");
  Node *operand = parse_unary (p);
  p->depth--;
  if (operand == NULL)
    return NULL;
  Node *node = node_new (NODE_UNARY);
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

static Node *
parse_binary (Parser *p, guint level)
{
  Node *left = level == TIGHTEST_LEVEL ? parse_unary (p) : parse_binary (p, level + 1);
  PyBinaryOp op;

  while (left != NULL && at_binary_operator (p, level, &op))
    {
      next (p);
      Node *right = level == TIGHTEST_LEVEL ? parse_unary (p) : parse_binary (p, level + 1);
      if (right == NULL)
        g_clear_pointer (&left, node_free);
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

static Node *
parse_comparison (Parser *p)
{
  Node *first = parse_binary (p, 0);
  Node *chain = NULL;
  PyCompareOp op;

  while (first != NULL && at_comparison (p, &op))
    {
      next (p);
      Node *right = parse_binary (p, 0);
      if (right == NULL)
        {
          node_free (chain != NULL ? chain : first);
          return NULL;
        }
      if (chain == NULL)
        {
          chain = node_new (NODE_COMPARE);
          chain->ops = g_array_new (FALSE, FALSE, sizeof (PyCompareOp));
          g_ptr_array_add (chain->children, first);
        }
      g_array_append_val (chain->ops, op);
      g_ptr_array_add (chain->children, right);
    }
  if (first != NULL && (at_word (p, "is") || at_word (p, "in") || at_op (p, "@") || at_word (p, "not")))
    {
      node_free (chain != NULL ? chain : first);
      return parse_refuse (p, "is, in or @");
    }
  return chain != NULL ? chain : first;
}

static Node *
parse_not (Parser *p)
{
  if (!at_word (p, "not"))
    return parse_comparison (p);
  next (p);
  if (++p->depth > MAX_DEPTH)
    return parse_fail (p, "too many nested parentheses");
  Node *operand = parse_not (p);
  p->depth--;
  if (operand == NULL)
    return NULL;
  Node *node = node_new (NODE_NOT);
  g_ptr_array_add (node->children, operand);
  return node;
}

/* a and b and c, or one level up, a or b or c */
static Node *
parse_logic (Parser *p, NodeType type)
{
  Node *first = type == NODE_OR ? parse_logic (p, NODE_AND) : parse_not (p);
  Node *chain = NULL;

  while (first != NULL && at_word (p, type == NODE_OR ? "or" : "and"))
    {
      next (p);
      Node *right = type == NODE_OR ? parse_logic (p, NODE_AND) : parse_not (p);
      if (chain == NULL)
        {
          chain = node_new (type);
          g_ptr_array_add (chain->children, first);
        }
      if (right == NULL)
        {
          node_free (chain);
          return NULL;
        }
      g_ptr_array_add (chain->children, right);
    }
  return chain != NULL ? chain : first;
}

/* Behind the value: "if condition else other". */
static Node *
parse_condition (Parser *p, Node *take_value)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (node_free);

  next (p);
  Node *condition = parse_logic (p, NODE_OR);
  if (condition != NULL)
    g_ptr_array_add (parts, condition);
  g_ptr_array_add (parts, take_value);
  if (condition == NULL)
    return NULL;
  if (!at_word (p, "else"))
    return parse_fail (p, "expected 'else' after 'if' expression");
  next (p);
  Node *other = parse_test (p);
  if (other == NULL)
    return NULL;
  g_ptr_array_add (parts, other);
  Node *node = node_new (NODE_IF);
  g_ptr_array_extend_and_steal (node->children, g_steal_pointer (&parts));
  return node;
}

static Node *
parse_test (Parser *p)
{
  if (++p->depth > MAX_DEPTH)
    return parse_fail (p, "too many nested parentheses");
  Node *node = parse_logic (p, NODE_OR);
  if (node != NULL && at_word (p, "if"))
    node = parse_condition (p, node);
  p->depth--;
  return node;
}

/* The whole text: blank lines, one expression, blank lines. */
static Node *
parse_all (Parser *p)
{
  do
    next (p);
  while (p->lexer.type == PY_TOKEN_NEWLINE);
  if (p->lexer.type == PY_TOKEN_END)
    p->lexer.line = 0; /* as Python reports it */
  Node *node = parse_test (p);
  while (node != NULL && p->lexer.type == PY_TOKEN_NEWLINE)
    next (p);
  if (node == NULL || p->lexer.type == PY_TOKEN_END)
    return node;
  node_free (node);
  if (at_op (p, ","))
    return parse_refuse (p, "a tuple");
  return parse_fail (p, at_op (p, ")") ? "unmatched ')'" : "invalid syntax");
}

PyExpr *
py_expr_new_named (const char *text, gssize length, const char *filename, GError **error)
{
  gsize len = length < 0 ? strlen (text) : (gsize) length;
  GError *local_error = NULL;
  Parser p = { .error = &local_error };

  py_lexer_init (&p.lexer, text, len, filename);
  if (len > MAX_TEXT)
    parse_refuse (&p, "a text of this size");
  else if (len > 0 && (*text == ' ' || *text == '\t'))
    parse_fail (&p, "unexpected indent");
  else if (memchr (text, '\0', len) != NULL)
    parse_fail (&p, "source code string cannot contain null bytes");
  Node *root = local_error == NULL ? parse_all (&p) : NULL;
  if (root != NULL && p.refused)
    {
      g_clear_pointer (&root, node_free);
      parse_refuse (&p, "what is neither a number nor a known name");
    }
  py_lexer_clear (&p.lexer);
  if (root == NULL)
    {
      g_propagate_error (error, local_error);
      return NULL;
    }
  PyExpr *self = g_new0 (PyExpr, 1);
  self->root = root;
  return self;
}

PyExpr *
py_expr_new (const char *text, gssize len, GError **error)
{
  return py_expr_new_named (text, len, "<unknown>", error);
}

void
py_expr_free (PyExpr *self)
{
  if (self == NULL)
    return;
  node_free (self->root);
  g_free (self);
}

/* --- evaluation --------------------------------------------------------------------------------------------------- */

typedef struct
{
  PyExprLookup lookup;
  gpointer user_data;
  GError **error;
} Evaluator;

static PyValue *eval (const Evaluator *e, const Node *node);

static PyValue *eval_fail (const Evaluator *e, PyExprError code, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* Always NULL. */
static PyValue *
eval_fail (const Evaluator *e, PyExprError code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (e->error, PY_EXPR_ERROR, (int) code, text);
  return NULL;
}

static const Node *
child (const Node *node, guint index)
{
  return g_ptr_array_index (node->children, index);
}

static gboolean
is_builtin_function (const char *name)
{
  static const char *const names[] = { "abs", "float", "int", "max", "min", "pow", "round" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i], name))
      return TRUE;
  return FALSE;
}

/* The value of a plain name or the part before a dot; a function or module is None. */
static PyValue *
lookup_plain (const Evaluator *e, const char *name)
{
  PyValue *value = e->lookup != NULL ? e->lookup (name, e->user_data) : NULL;

  return value != NULL || (!is_builtin_function (name) && !g_str_equal (name, "math")) ? value : py_none_new ();
}

static PyValue *
eval_name (const Evaluator *e, const char *name)
{
  const char *dot = strchr (name, '.');
  PyValue *value = dot == NULL ? lookup_plain (e, name) : e->lookup != NULL ? e->lookup (name, e->user_data) : NULL;

  if (value != NULL)
    return value;
  if (dot == NULL)
    return eval_fail (e, PY_EXPR_ERROR_NAME, "name '%s' is not defined", name);
  g_autofree char *before = g_strndup (name, (gsize) (dot - name));
  g_autoptr (PyValue) owner = lookup_plain (e, before);
  if (owner == NULL)
    return eval_fail (e, PY_EXPR_ERROR_NAME, "name '%s' is not defined", before);
  gboolean math = g_str_equal (before, "math");
  value = math ? py_math_get (dot + 1) : NULL;
  if (value != NULL)
    return value;
  return eval_fail (e, PY_EXPR_ERROR_ATTRIBUTE,
                    math ? "module '%s' has no attribute '%s'" : "'%s' object has no attribute '%s'", before, dot + 1);
}

static PyValue *
call_min_max (const Evaluator *e, const char *name, PyValue *const *args, guint n)
{
  PyCompareOp better = g_str_equal (name, "min") ? PY_COMPARE_LT : PY_COMPARE_GT;
  PyValue *best;
  gboolean replace;

  if (n == 0)
    return eval_fail (e, PY_EXPR_ERROR_TYPE, "%s expected at least 1 argument, got 0", name);
  if (n == 1)
    return eval_fail (e, PY_EXPR_ERROR_TYPE, "'%s' object is not iterable", py_value_type_name (args[0]));
  best = args[0];
  for (guint i = 1; i < n; i++)
    {
      if (!py_number_compare (better, args[i], best, &replace, e->error))
        return NULL;
      best = replace ? args[i] : best;
    }
  return py_value_ref (best);
}

static PyValue *
call_builtin (const Evaluator *e, const char *name, PyValue *const *args, guint n)
{
  if (g_str_equal (name, "min") || g_str_equal (name, "max"))
    return call_min_max (e, name, args, n);
  if (g_str_equal (name, "int") && n <= 1)
    return n == 0 ? py_int_new (0) : py_number_to_int (args[0], e->error);
  if (g_str_equal (name, "float") && n <= 1)
    return n == 0 ? py_float_new (0) : py_number_to_float (args[0], e->error);
  if (g_str_equal (name, "abs") && n == 1)
    return py_number_abs (args[0], e->error);
  if (g_str_equal (name, "round") && (n == 1 || n == 2))
    return py_number_round (args[0], n == 2 ? args[1] : NULL, e->error);
  if (g_str_equal (name, "pow") && n == 2)
    return py_number_binary (PY_OP_POWER, args[0], args[1], e->error);
  if (g_str_equal (name, "pow") && n == 3)
    return py_number_power_modulo (args[0], args[1], args[2], e->error);
  return eval_fail (e, PY_EXPR_ERROR_TYPE,
                    g_str_equal (name, "abs") ? "%s() takes exactly one argument (%u given)"
                                              : "%s() was given %u arguments",
                    name, n);
}

static PyValue *
eval_call (const Evaluator *e, const Node *node)
{
  gboolean math = g_str_has_prefix (node->text, "math.");
  g_autoptr (PyValue) callee = eval_name (e, node->text); /* an unknown name is an error before the arguments are */
  g_autoptr (GPtrArray) args = g_ptr_array_new_with_free_func ((GDestroyNotify) py_value_unref);

  if (callee == NULL)
    return NULL;
  for (guint i = 0; i < node->children->len; i++)
    {
      PyValue *arg = eval (e, child (node, i));
      if (arg == NULL)
        return NULL;
      g_ptr_array_add (args, arg);
    }
  PyValue *const *values = (PyValue *const *) args->pdata;
  if (py_value_type (callee) == PY_NONE && math)
    return py_math_call (node->text + strlen ("math."), values, args->len, e->error);
  if (py_value_type (callee) == PY_NONE && is_builtin_function (node->text))
    return call_builtin (e, node->text, values, args->len);
  return eval_fail (e, PY_EXPR_ERROR_TYPE, "'%s' object is not callable", py_value_type_name (callee));
}

/* a < b < c: each operand is evaluated once, the rest not at all when one comparison fails. */
static PyValue *
eval_compare (const Evaluator *e, const Node *node)
{
  g_autoptr (PyValue) left = eval (e, child (node, 0));
  gboolean result = TRUE;

  for (guint i = 0; i < node->ops->len && result; i++)
    {
      g_autoptr (PyValue) right = left != NULL ? eval (e, child (node, i + 1)) : NULL;
      if (right == NULL
          || !py_number_compare (g_array_index (node->ops, PyCompareOp, i), left, right, &result, e->error))
        return NULL;
      py_value_unref (left);
      left = g_steal_pointer (&right);
    }
  return py_bool_new (result);
}

/* and, or: the first operand that decides. */
static PyValue *
eval_logic (const Evaluator *e, const Node *node)
{
  for (guint i = 0;; i++)
    {
      PyValue *value = eval (e, child (node, i));
      if (value == NULL || i + 1 == node->children->len)
        return value;
      /* None stands for an object, which is true */
      gboolean truth = py_value_type (value) == PY_NONE || py_value_truth (value);
      if (truth == (node->type == NODE_OR))
        return value;
      py_value_unref (value);
    }
}

static PyValue *
eval_condition (const Evaluator *e, const Node *node)
{
  g_autoptr (PyValue) condition = eval (e, child (node, 0));

  if (condition == NULL)
    return NULL;
  return eval (e, child (node, py_value_type (condition) == PY_NONE || py_value_truth (condition) ? 1 : 2));
}

static PyValue *
eval_operator (const Evaluator *e, const Node *node)
{
  g_autoptr (PyValue) left = eval (e, child (node, 0));

  if (left == NULL)
    return NULL;
  if (node->type == NODE_NOT)
    return py_bool_new (py_value_type (left) != PY_NONE && !py_value_truth (left));
  if (node->type == NODE_UNARY)
    return py_number_unary ((char) node->op, left, e->error);
  g_autoptr (PyValue) right = eval (e, child (node, 1));
  return right != NULL ? py_number_binary ((PyBinaryOp) node->op, left, right, e->error) : NULL;
}

static PyValue *
eval (const Evaluator *e, const Node *node)
{
  switch (node->type)
    {
    case NODE_NUMBER:
      return py_value_ref (node->value);
    case NODE_NAME:
      return eval_name (e, node->text);
    case NODE_CALL:
      return eval_call (e, node);
    case NODE_UNARY:
    case NODE_NOT:
    case NODE_BINARY:
      return eval_operator (e, node);
    case NODE_COMPARE:
      return eval_compare (e, node);
    case NODE_AND:
    case NODE_OR:
      return eval_logic (e, node);
    case NODE_IF:
      return eval_condition (e, node);
    }
  g_return_val_if_reached (NULL);
}

PyValue *
py_expr_eval (const PyExpr *self, PyExprLookup lookup, gpointer user_data, GError **error)
{
  Evaluator e = { .lookup = lookup, .user_data = user_data, .error = error };

  g_return_val_if_fail (self != NULL, NULL);
  return eval (&e, self->root);
}

PyValue *
py_expr_eval_text (const char *text, gssize length, GError **error)
{
  gsize len = length < 0 ? strlen (text) : (gsize) length;

  for (; len > 0 && (*text == ' ' || *text == '\t'); text++)
    len--;
  g_autoptr (PyExpr) expr = py_expr_new_named (text, (gssize) len, "<string>", error);
  return expr != NULL ? py_expr_eval (expr, NULL, NULL, error) : NULL;
}
