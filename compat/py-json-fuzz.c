/* py-json-fuzz.c - text of a stranger as JSON; what is read is written and read again */
#include <stdint.h>

#include "compat/py-json.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (PyValue) value = py_json_parse ((const char *) data, (gssize) size, NULL);

  if (value == NULL)
    return 0;
  g_autofree char *text = py_json_dump (value, PY_JSON_DEFAULT, NULL);
  g_autoptr (PyValue) back = text != NULL ? py_json_parse (text, -1, NULL) : NULL;
  g_autofree char *other = back != NULL ? py_json_dump (back, PY_JSON_DEFAULT, NULL) : NULL;
  if (other == NULL || !g_str_equal (text, other))
    g_error ("%s comes back as %s", text, other);
  return 0;
}
