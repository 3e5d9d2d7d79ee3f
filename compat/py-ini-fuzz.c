/* Any file: parsed, each of its options fetched; its text as a pattern, as words, as a number's digits. */
#include "compat/py-ini.h"

#include <stdint.h>

#include "compat/py-fs.h"
#include "compat/py-held.h"
#include "compat/py-shlex.h"

#define MAX_OPTIONS 50 /* looked at: each may take PY_INI_MAX_STEPS */

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
fetch_all (const PyIni *ini, const char *section, const PyOptions *options)
{
  for (guint i = 0; i < MIN (py_options_size (options), MAX_OPTIONS); i++)
    {
      g_autoptr (PyValue) value = NULL;
      g_autoptr (GError) error = NULL;
      PyIniResult result = py_ini_get (ini, section, py_options_peek_name (options, i), NULL, &value, &error);

      g_assert_true ((result == PY_INI_FOUND) == (value != NULL));
      g_assert_true ((result == PY_INI_FAILED) == (error != NULL));
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PyIni) ini = py_ini_parse ((const char *) data, size, "fuzz", &error);
  g_autofree char *bytes = g_strndup ((const char *) data, size);
  g_autofree char *text = py_fs_decode (bytes);
  g_autoptr (PyValue) words = py_shlex_split (text, -1, NULL);
  g_autofree char *back = py_fs_encode (text);

  g_assert_true (words == NULL || py_value_type (words) == PY_LIST);
  g_assert_cmpstr (back, ==, bytes);
  (void) py_glob_matches (text, "auth.log.1");
  g_assert_true ((ini == NULL) == (error != NULL));
  if (ini == NULL)
    return 0;
  fetch_all (ini, PY_INI_DEFAULT, py_ini_peek_defaults (ini));
  for (guint i = 0; i < MIN (py_ini_section_count (ini), MAX_OPTIONS); i++)
    {
      const char *section = py_ini_peek_section_name (ini, i);
      fetch_all (ini, section, py_ini_peek_section (ini, section));
    }
  return 0;
}
