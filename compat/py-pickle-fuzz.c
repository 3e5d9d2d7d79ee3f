/* py-pickle-fuzz.c - bytes of a stranger as a pickle; what is read is written and read again */
#include <stdint.h>

#include "compat/py-pickle.h"
#include "compat/py-repr.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const PyPickleLimits limits = { .max_depth = 50, .max_values = 10000, .max_memo = 1000 };
  g_autoptr (PyValue) value = py_pickle_decode (data, size, &limits, NULL, NULL);

  if (value == NULL)
    return 0;
  g_autofree char *text = py_repr (value);
  g_autoptr (GBytes) bytes = py_pickle_encode (value, 4);
  gsize len;
  const void *again = g_bytes_get_data (bytes, &len);
  g_autoptr (PyValue) back = py_pickle_decode (again, len, NULL, NULL, NULL);
  g_autofree char *other = back != NULL ? py_repr (back) : NULL;
  if (other == NULL || !g_str_equal (text, other))
    g_error ("%s comes back as %s", text, other);
  return 0;
}
