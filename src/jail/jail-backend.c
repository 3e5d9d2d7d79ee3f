#include "jail/jail-log-private.h"

#include "base/bracket-options.h"
#include "compat/py-repr.h"

static const char *const backend_names[] = { "pyinotify", "polling", "systemd" };

static gboolean
refuse_options (const char *class_name, const PyValue *options, GError **error)
{
  if (py_dict_length (options) == 0)
    return FALSE;
  g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "%s.__init__() got an unexpected keyword argument '%s'", class_name,
               py_str_peek (py_dict_peek_key (options, 0), NULL));
  return TRUE;
}

/* FALSE with error: this one cannot be used at all; FALSE without: try the next. */
static gboolean
open_backend (Jail *self, JailBackend backend, const PyValue *options, GError **error)
{
  static const char *const shown[] = { "pyinotify", "poller", "systemd" };
  g_autofree char *repr = py_repr (options);

  if (backend == JAIL_BACKEND_PYINOTIFY && !file_source_has_inotify (self->services->files))
    return FALSE;
  log_info (self->log, LOGGER_JAIL, "Jail '%s' uses %s %s", self->name, shown[backend], repr);
  if (backend == JAIL_BACKEND_SYSTEMD)
    return jail_journal_open (self, options, error);
  return !refuse_options (backend == JAIL_BACKEND_POLLING ? "FilterPoll" : "FilterPyinotify", options, error);
}

static gboolean
backend_by_name (Jail *self, const char *name, JailBackend *ret_first, GError **error)
{
  *ret_first = JAIL_BACKEND_PYINOTIFY;
  if (g_str_equal (name, "auto"))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (backend_names); i++)
    if (g_str_equal (backend_names[i], name))
      {
        *ret_first = (JailBackend) i;
        return TRUE;
      }
  g_set_error (error, JAIL_ERROR, JAIL_ERROR_VALUE,
               "Unknown backend %s. Must be among ['pyinotify', 'polling', 'systemd'] or 'auto'", name);
  if (error != NULL)
    log_error (self->log, LOGGER_JAIL, "%s", (*error)->message);
  return FALSE;
}

static void
log_backend (Jail *self, const char *asked, JailBackend backend)
{
  if (!g_str_equal (asked, "auto") && !g_str_equal (asked, backend_names[backend]))
    log_warning (self->log, LOGGER_JAIL, "Could only initiated '%s' backend whenever '%s' was requested",
                 backend_names[backend], asked);
  else
    log_info (self->log, LOGGER_JAIL, "Initiated '%s' backend", backend_names[backend]);
}

gboolean
jail_log_open (Jail *self, const char *text, GError **error)
{
  g_autofree char *name = NULL, *lower = NULL;
  g_autoptr (PyValue) options = NULL;
  GError *local = NULL;
  JailBackend first;

  self->logs = g_new0 (JailLog, 1);
  self->logs->files = jail_log_file_list_new ();
  if (!bracket_options_parse (text, &name, &options, error))
    return FALSE;
  lower = g_utf8_strdown (name, -1);
  if (!backend_by_name (self, lower, &first, error))
    return FALSE;
  for (JailBackend backend = first; backend <= JAIL_BACKEND_SYSTEMD; backend++)
    {
      if (open_backend (self, backend, options, &local))
        {
          self->real_backend = backend;
          log_backend (self, lower, backend);
          return TRUE;
        }
      if (local != NULL)
        {
          g_propagate_error (error, local);
          return FALSE;
        }
    }
  g_set_error (error, JAIL_ERROR, JAIL_ERROR_RUNTIME, "Failed to initialize any backend for Jail '%s'", self->name);
  log_error (self->log, LOGGER_JAIL, "Failed to initialize any backend for Jail '%s'", self->name);
  return FALSE;
}
