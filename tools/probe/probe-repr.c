#include "probe/probe.h"

#include "compat/py-repr.h"

/* {"value": any} -> {"repr": str}; with "width" and "indent": pprint */
PyValue *
probe_repr (const PyValue *request)
{
  const PyValue *value = py_dict_get_str (request, "value");

  if (value == NULL)
    return probe_fail ("KeyError", "value");
  gint64 width = probe_get_int (request, "width", 0);
  PyValue *answer = py_dict_new ();
  py_dict_set_str (answer, "repr",
                   py_str_take (width > 0
                                    ? py_pprint (value, (guint) width, (guint) probe_get_int (request, "indent", 1))
                                    : py_repr (value)));
  return answer;
}
