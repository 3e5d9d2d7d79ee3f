#include "probe/probe.h"

#include "base/duration.h"
#include "compat/py-expr.h"

static PyValue *
answer_parse (const PyValue *value)
{
  g_autoptr (GError) error = NULL;
  gsize len;

  if (py_value_type (value) != PY_STR)
    return probe_number (value); /* a number is what it is */
  const char *text = py_str_peek (value, &len);
  g_autoptr (PyValue) number = duration_parse (text, (gssize) len, &error);
  return number != NULL ? probe_number (number) : probe_fail (py_expr_error_class (error), error->message);
}

/* {"value": str or number} -> the number; {"op": "seconds2str", "value": number} -> {"str": text} */
PyValue *
probe_seconds (const PyValue *request)
{
  const PyValue *value = py_dict_get_str (request, "value");

  if (value == NULL)
    return probe_fail ("KeyError", "value");
  if (!g_str_equal (probe_peek_str (request, "op", NULL, ""), "seconds2str"))
    return answer_parse (value);
  PyValue *answer = py_dict_new ();
  py_dict_set_str (answer, "str", py_str_take (duration_format_value (value)));
  return answer;
}
