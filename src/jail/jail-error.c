#include "jail/jail-error.h"

#include "action/action.h"
#include "base/address.h"
#include "base/bracket-options.h"
#include "base/log.h"
#include "compat/py-expr.h"
#include "compat/py-int.h"
#include "compat/py-json.h"
#include "match/date-error.h"
#include "match/filter.h"
#include "store/ban-store.h"

G_DEFINE_QUARK (jail_error, jail_error)
G_DEFINE_QUARK (jail_os_error, jail_os_error)

void
jail_set_os_error (GError **error, int error_number, const char *path)
{
  if (path != NULL)
    g_set_error_literal (error, JAIL_OS_ERROR, error_number, path);
  else
    g_set_error_literal (error, JAIL_OS_ERROR, -error_number, g_strerror (error_number));
}

typedef struct
{
  const char *module;
  const char *name;
} Class;

static const Class jail_classes[] = {
  [JAIL_ERROR_GENERAL] = { "builtins", "Exception" },
  [JAIL_ERROR_VALUE] = { "builtins", "ValueError" },
  [JAIL_ERROR_TYPE] = { "builtins", "TypeError" },
  [JAIL_ERROR_KEY] = { "builtins", "KeyError" },
  [JAIL_ERROR_INDEX] = { "builtins", "IndexError" },
  [JAIL_ERROR_ATTRIBUTE] = { "builtins", "AttributeError" },
  [JAIL_ERROR_LOOKUP] = { "builtins", "LookupError" },
  [JAIL_ERROR_RUNTIME] = { "builtins", "RuntimeError" },
  [JAIL_ERROR_REGEX] = { "fail2ban.server.failregex", "RegexException" },
  [JAIL_ERROR_UNKNOWN_JAIL] = { "fail2ban.exceptions", "UnknownJailException" },
  [JAIL_ERROR_DUPLICATE_JAIL] = { "fail2ban.exceptions", "DuplicateJailException" },
};

static const Class filter_classes[] = {
  [FILTER_ERROR_REGEX] = { "fail2ban.server.failregex", "RegexException" },
  [FILTER_ERROR_VALUE] = { "builtins", "ValueError" },
  [FILTER_ERROR_LOOKUP] = { "builtins", "LookupError" },
  [FILTER_ERROR_PROCESS] = { "builtins", "Exception" },
};

static Class
class_of (const GError *error)
{
  static const Class general = { "builtins", "Exception" }, value = { "builtins", "ValueError" };

  if (error->domain == JAIL_ERROR && (guint) error->code < G_N_ELEMENTS (jail_classes))
    return jail_classes[error->code];
  if (error->domain == FILTER_ERROR && (guint) error->code < G_N_ELEMENTS (filter_classes))
    return filter_classes[error->code];
  if (error->domain == PY_EXPR_ERROR)
    {
      /* What is legal Python, but no arithmetic, is for the peer a value that cannot be used. */
      const char *name = py_expr_error_class (error);
      return (Class){ "builtins", g_str_equal (name, "Refused") ? "ValueError" : name };
    }
  if (error->domain == DATE_ERROR && error->code == DATE_ERROR_TYPE)
    return (Class){ "builtins", "TypeError" };
  if (error->domain == PY_JSON_ERROR && error->code == PY_JSON_ERROR_SYNTAX)
    return (Class){ "json.decoder", "JSONDecodeError" };
  if (error->domain == PY_JSON_ERROR || error->domain == PY_INT_ERROR || error->domain == ADDRESS_ERROR || error->domain == LOG_ERROR
      || error->domain == BRACKET_OPTIONS_ERROR)
    return value;
  return general;
}

PyValue *
jail_error_to_exception (const GError *error)
{
  Class class;

  if (error->domain == JAIL_OS_ERROR)
    return py_exception_new_errno (ABS (error->code), error->code > 0 ? error->message : NULL);
  if (error->domain == ACTION_ERROR)
    return action_error_to_exception (error);
  class = class_of (error);
  return py_exception_new (class.module, class.name, py_tuple_new_items (py_str_new (error->message), NULL));
}
