#include "probe/probe.h"

#include <string.h>

#include "base/duration.h"
#include "compat/py-expr.h"
#include "compat/py-number.h"

static PyValue *
lookup_variable (const char *name, gpointer user_data)
{
  const PyValue *request = user_data;
  const PyValue *vars = py_dict_get_str (request, "vars");
  PyValue *value = vars != NULL ? py_dict_get_str (vars, name) : NULL;

  if (value != NULL)
    return py_value_ref (value);
  if (g_str_equal (name, "banFactor"))
    return py_int_new (1);
  return g_str_equal (name, "ban") ? py_none_new () : NULL;
}

/* {"expr": str, "vars": {…}} -> the number */
PyValue *
probe_expr (const PyValue *request)
{
  g_autoptr (GError) error = NULL;
  gsize len;
  const char *text = probe_peek_str (request, "expr", &len, NULL);

  if (text == NULL)
    return probe_fail ("KeyError", "expr");
  g_autoptr (PyExpr) expr = py_expr_new (text, (gssize) len, &error);
  g_autoptr (PyValue) value = expr != NULL ? py_expr_eval (expr, lookup_variable, (gpointer) request, &error) : NULL;
  if (value == NULL)
    return probe_fail (py_expr_error_class (error), error->message);
  if (py_value_type (value) == PY_NONE)
    return probe_fail ("TypeError", "not a number");
  return probe_number (value);
}
