/* py-expr.h - arithmetic expressions as Python evaluates them (bantime.formula, "1h + 30m", factors)
 *
 * Knows numbers (ints of any size, floats, True, False, None is no number), + - * / // % ** << >> & | ^ ~, comparisons (chained), and, or,
 * not, x if c else y, tuples only as arguments, the functions min max int float abs round pow and all of math.* that takes
 * and gives numbers, and the names that the caller gives ("ban.Time", "banFactor").  Types and overflow as Python 3.11.
 * Must not: know any other name, attribute, string, lambda, call or comprehension: those are refused (PY_EXPR_ERROR_SYNTAX…).
 * Bounded: the size of the text, depth, the bits of ints (a huge ** or << is refused with OverflowError).
 */
#pragma once
#include "compat/py-value.h"

#define PY_EXPR_ERROR (py_expr_error_quark ())
GQuark py_expr_error_quark (void);
typedef enum
{
  PY_EXPR_ERROR_SYNTAX,
  PY_EXPR_ERROR_NAME,
  PY_EXPR_ERROR_ATTRIBUTE,
  PY_EXPR_ERROR_TYPE,
  PY_EXPR_ERROR_VALUE,
  PY_EXPR_ERROR_ZERO_DIVISION,
  PY_EXPR_ERROR_OVERFLOW,
  PY_EXPR_ERROR_REFUSED, /* legal Python, but no arithmetic */
} PyExprError;

/* Python's class for an error of PY_EXPR_ERROR ("SyntaxError", "NameError", …, "Refused"); its text is error->message. */
const char *py_expr_error_class (const GError *error);

typedef struct PyExpr PyExpr; /* a compiled expression */

/* The value of a plain or dotted name: a new reference; None for an object that is no number itself ("ban" when "ban.Time"
 * is known); NULL for "not known".  Comes before the built-in names. */
typedef PyValue *(*PyExprLookup) (const char *name, gpointer user_data);

/* As Python's compile (text, filename, "eval"): no blanks before the expression.  filename is for messages only. */
PyExpr *py_expr_new_named (const char *text, gssize len, const char *filename, GError **error);
PyExpr *py_expr_new (const char *text, gssize len, GError **error); /* filename "<unknown>" */
void py_expr_free (PyExpr *self);                                   /* NULL is fine */
PyValue *py_expr_eval (const PyExpr *self, PyExprLookup lookup, gpointer user_data, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PyExpr, py_expr_free)

/* As Python's eval (text) without names: blanks before the expression are fine, the filename is "<string>". */
PyValue *py_expr_eval_text (const char *text, gssize len, GError **error);
