#include "base/log-options.h"

#include "base/bracket-options.h"
#include "base/log.h"

void
log_options_free (LogOptions *self)
{
  if (self == NULL)
    return;
  g_free (self->target);
  g_free (self->format);
  g_free (self->facility);
  g_free (self);
}

static const char *
peek_option (const PyValue *options, const char *name)
{
  PyValue *value = py_dict_get_str (options, name);

  return value != NULL ? py_str_peek (value, NULL) : NULL;
}

static LogOption
option_from_text (const char *text)
{
  static const char *const on[] = { "1", "on", "true", "yes" };

  if (text == NULL)
    return LOG_OPTION_UNSET;
  for (guint i = 0; i < G_N_ELEMENTS (on); i++)
    if (g_ascii_strcasecmp (on[i], text) == 0)
      return LOG_OPTION_ON;
  return LOG_OPTION_OFF;
}

LogOptions *
log_options_parse (const char *text, GError **error)
{
  g_autoptr (LogOptions) self = g_new0 (LogOptions, 1);
  g_autoptr (PyValue) options = NULL;
  g_autoptr (GError) problem = NULL;

  if (!bracket_options_parse (text, &self->target, &options, &problem))
    {
      g_set_error_literal (error, LOG_ERROR, LOG_ERROR_SYNTAX, problem->message);
      return NULL;
    }
  self->format = g_strdup (peek_option (options, "format"));
  self->facility = g_strdup (peek_option (options, "facility"));
  self->datetime = option_from_text (peek_option (options, "datetime"));
  self->padding = option_from_text (peek_option (options, "padding"));
  return g_steal_pointer (&self);
}
