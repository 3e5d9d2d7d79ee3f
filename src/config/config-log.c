#include "config/config-log.h"

#include <stdarg.h>

#include "compat/py-held.h"

void
config_log_full (Log *log, LogLevel level, const char *logger, const char *function, const char *format, ...)
{
  va_list args;

  if (!log_enabled (log, level))
    return;
  va_start (args, format);
  g_autofree char *held = g_strdup_vprintf (format, args);
  va_end (args);

  g_autoptr (PyValue) value = py_held_to_value (held);
  gsize len;
  const char *text = py_str_peek (value, &len);
  log_write_text (log, level, logger, function, text, len);
}
