#include "source/source-error.h"

G_DEFINE_QUARK (fail2ban - source - error, source_error)

gboolean
source_error_set (GError **error, int error_number, const char *path)
{
  g_set_error (error, SOURCE_ERROR, error_number, "%s: %s", path, g_strerror (error_number));
  return FALSE;
}
