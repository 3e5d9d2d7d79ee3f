/* py-expr-fuzz.c - text of a stranger as an expression */
#include <stdint.h>

#include "compat/py-expr.h"
#include "compat/py-repr.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyValue) value = py_expr_eval_text ((const char *) data, (gssize) size, &error);

  if ((value == NULL) == (error == NULL))
    g_error ("neither a value nor an error, or both");
  if (value != NULL)
    g_free (py_repr (value));
  return 0;
}
