#include "compat/py-expr.h"

#include <string.h>

#include "compat/py-expr-tree.h"
#include "compat/py-math.h"
#include "compat/py-number.h"

G_DEFINE_QUARK (py_expr_error, py_expr_error)

struct PyExpr
{
  PyExprNode *root;
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

PyExpr *
py_expr_new_named (const char *text, gssize len, const char *filename, GError **error)
{
  PyExprNode *root = py_expr_parse (text, len < 0 ? strlen (text) : (gsize) len, filename, error);

  if (root == NULL)
    return NULL;
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
  py_expr_node_free (self->root);
  g_free (self);
}

/* --- evaluation --------------------------------------------------------------------------------------------------- */

typedef struct
{
  PyExprLookup lookup;
  gpointer user_data;
  GError **error;
} Evaluator;

static PyValue *eval (const Evaluator *e, const PyExprNode *node);

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

static const PyExprNode *
child (const PyExprNode *node, guint index)
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
eval_call (const Evaluator *e, const PyExprNode *node)
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
eval_compare (const Evaluator *e, const PyExprNode *node)
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
eval_logic (const Evaluator *e, const PyExprNode *node)
{
  for (guint i = 0;; i++)
    {
      PyValue *value = eval (e, child (node, i));
      if (value == NULL || i + 1 == node->children->len)
        return value;
      /* None stands for an object, which is true */
      gboolean truth = py_value_type (value) == PY_NONE || py_value_truth (value);
      if (truth == (node->type == PY_NODE_OR))
        return value;
      py_value_unref (value);
    }
}

static PyValue *
eval_condition (const Evaluator *e, const PyExprNode *node)
{
  g_autoptr (PyValue) condition = eval (e, child (node, 0));

  if (condition == NULL)
    return NULL;
  return eval (e, child (node, py_value_type (condition) == PY_NONE || py_value_truth (condition) ? 1 : 2));
}

static PyValue *
eval_operator (const Evaluator *e, const PyExprNode *node)
{
  g_autoptr (PyValue) left = eval (e, child (node, 0));

  if (left == NULL)
    return NULL;
  if (node->type == PY_NODE_NOT)
    return py_bool_new (py_value_type (left) != PY_NONE && !py_value_truth (left));
  if (node->type == PY_NODE_UNARY)
    return py_number_unary ((char) node->op, left, e->error);
  g_autoptr (PyValue) right = eval (e, child (node, 1));
  return right != NULL ? py_number_binary ((PyBinaryOp) node->op, left, right, e->error) : NULL;
}

static PyValue *
eval (const Evaluator *e, const PyExprNode *node)
{
  switch (node->type)
    {
    case PY_NODE_NUMBER:
      return py_value_ref (node->value);
    case PY_NODE_NAME:
      return eval_name (e, node->text);
    case PY_NODE_CALL:
      return eval_call (e, node);
    case PY_NODE_UNARY:
    case PY_NODE_NOT:
    case PY_NODE_BINARY:
      return eval_operator (e, node);
    case PY_NODE_COMPARE:
      return eval_compare (e, node);
    case PY_NODE_AND:
    case PY_NODE_OR:
      return eval_logic (e, node);
    case PY_NODE_IF:
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
