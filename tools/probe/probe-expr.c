#include "probe/probe.h"

#include <string.h>

#include "compat/py-expr.h"
#include "jail/ban-time.h"

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

/* The class of what went wrong in an option or a formula. */
static PyValue *
fail_by_error (const GError *error)
{
  if (error->domain == PY_EXPR_ERROR)
    return probe_fail (py_expr_error_class (error), error->message);
  return probe_fail ("ValueError", error->message);
}

/* {"op": "evformula", "opts": [[name, value], …], "vars": {…}}: what a jail makes of its options bantime.* */
static PyValue *
answer_rule (const PyValue *request)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BanTime) rule = ban_time_new ();
  const PyValue *opts = py_dict_get_str (request, "opts");
  const PyValue *vars = py_dict_get_str (request, "vars");
  PyValue *time = vars != NULL ? py_dict_get_str (vars, "ban.Time") : NULL;
  PyValue *count = vars != NULL ? py_dict_get_str (vars, "ban.Count") : NULL;

  if (opts == NULL || time == NULL || count == NULL)
    return probe_fail ("KeyError", "opts or vars");
  for (guint i = 0; i < py_seq_length (opts); i++)
    {
      const PyValue *pair = py_seq_peek (opts, i);
      if (!ban_time_set (rule, py_str_peek (py_seq_peek (pair, 0), NULL), py_seq_peek (pair, 1), &error))
        return fail_by_error (error);
    }
  g_autoptr (PyValue) value = ban_time_calculate_value (rule, time, py_int_get (count), 0, &error);
  return value != NULL ? probe_number (value) : fail_by_error (error);
}

/* {"expr": str, "vars": {…}} -> the number */
PyValue *
probe_expr (const PyValue *request)
{
  g_autoptr (GError) error = NULL;
  gsize len;
  const char *text = probe_peek_str (request, "expr", &len, NULL);

  if (g_str_equal (probe_peek_str (request, "op", NULL, ""), "evformula"))
    return answer_rule (request);
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
