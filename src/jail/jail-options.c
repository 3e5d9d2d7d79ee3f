#include "jail/jail-private.h"

#include "base/duration.h"
#include "compat/py-int.h"
#include "compat/py-repr.h"

#define BAN_TIME_PREFIX "bantime."

typedef gboolean (*OptionSet) (Jail *self, PyValue *value, GError **error);
typedef PyValue *(*OptionGet) (Jail *self);

/* --- values ------------------------------------------------------------------------------------------------------------ */

/* Python's int(): of text, or of a number with what is behind the point cut off. */
static gboolean
int_of (PyValue *value, gint64 *ret_value, GError **error)
{
  double number;

  if (py_value_type (value) == PY_STR)
    {
      gsize len;
      const char *text = py_str_peek (value, &len);
      return py_int_parse_int64 (text, (gssize) len, ret_value, error);
    }
  if (py_value_type (value) == PY_INT || py_value_type (value) == PY_BOOL)
    {
      *ret_value = py_int_get (value);
      return TRUE;
    }
  if (!py_value_to_double (value, &number))
    {
      g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE,
                   "int() argument must be a string, a bytes-like object or a real number, not '%s'",
                   py_value_type_name (value));
      return FALSE;
    }
  if (!(number > -9.2e18 && number < 9.2e18))
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_VALUE, "cannot convert float to integer");
      return FALSE;
    }
  *ret_value = (gint64) number;
  return TRUE;
}

/* Seconds: text is evaluated, numbers stay what they are. */
static PyValue *
seconds_of (PyValue *value, GError **error)
{
  double number;

  if (py_value_type (value) == PY_STR)
    {
      gsize len;
      const char *text = py_str_peek (value, &len);
      return duration_parse (text, (gssize) len, error);
    }
  if (py_value_to_double (value, &number))
    return py_value_ref (value);
  g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "expected string or bytes-like object, got '%s'",
               py_value_type_name (value));
  return NULL;
}

static const char *
text_of (PyValue *value, GError **error)
{
  if (py_value_type (value) == PY_STR)
    return py_str_peek (value, NULL);
  g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "expected string or bytes-like object, got '%s'",
               py_value_type_name (value));
  return NULL;
}

/* Likewise, where 1.1.2 asks the value for its small letters first. */
static const char *
name_of (PyValue *value, GError **error)
{
  if (py_value_type (value) == PY_STR)
    return py_str_peek (value, NULL);
  g_set_error (error, JAIL_ERROR, JAIL_ERROR_ATTRIBUTE, "'%s' object has no attribute 'lower'",
               py_value_type_name (value));
  return NULL;
}

static PyValue *
str_or_none (const char *text)
{
  return text != NULL ? py_str_new (text) : py_none_new ();
}

/* --- times and counts ---------------------------------------------------------------------------------------------------- */

static gboolean
set_ban_time (Jail *self, PyValue *value, GError **error)
{
  g_autoptr (PyValue) seconds = seconds_of (value, error);
  g_autofree char *shown = NULL;
  gint64 number;

  if (seconds == NULL && py_str_equals (value, "None")) /* which is a value, but no number */
    {
      g_clear_error (error);
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_TYPE,
                           "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'");
      return FALSE;
    }
  if (seconds == NULL || !int_of (seconds, &number, error))
    return FALSE;
  ban_list_set_ban_time_sec (self->bans, number);
  jail_bans_run (self);
  shown = py_str (seconds, NULL);
  log_info (self->log, LOGGER_ACTIONS, "  banTime: %s", shown);
  return TRUE;
}

static PyValue *
get_ban_time (Jail *self)
{
  return py_int_new (ban_list_get_ban_time_sec (self->bans));
}

static gboolean
set_find_time (Jail *self, PyValue *value, GError **error)
{
  g_autoptr (PyValue) seconds = seconds_of (value, error);
  g_autofree char *shown = NULL;
  double number;

  if (seconds == NULL)
    return FALSE;
  if (!py_value_to_double (seconds, &number))
    {
      g_set_error_literal (error, JAIL_ERROR, JAIL_ERROR_VALUE, "findtime is out of range");
      return FALSE;
    }
  shown = py_str (seconds, NULL);
  self->find_time_usec = (gint64) (CLAMP (number, -1e12, 1e12) * G_USEC_PER_SEC);
  fail_counter_set_find_time_usec (self->failures, self->find_time_usec);
  filter_set_find_time (self->filter, self->find_time_usec, shown);
  py_value_unref (self->find_time);
  self->find_time = g_steal_pointer (&seconds);
  log_info (self->log, LOGGER_FILTER, "  findtime: %s", shown);
  return TRUE;
}

static PyValue *
get_find_time (Jail *self)
{
  return py_value_ref (self->find_time);
}

static gboolean
set_max_retry (Jail *self, PyValue *value, GError **error)
{
  gint64 number;

  if (!int_of (value, &number, error))
    return FALSE;
  fail_counter_set_max_retry (self->failures, number);
  log_info (self->log, LOGGER_FILTER, "  maxRetry: %" G_GINT64_FORMAT, number);
  return TRUE;
}

static PyValue *
get_max_retry (Jail *self)
{
  return py_int_new (fail_counter_get_max_retry (self->failures));
}

static gboolean
set_max_matches (Jail *self, PyValue *value, GError **error)
{
  gint64 number;

  if (!int_of (value, &number, error))
    return FALSE;
  fail_counter_set_max_matches (self->failures, number);
  return TRUE;
}

static PyValue *
get_max_matches (Jail *self)
{
  return py_int_new (fail_counter_get_max_matches (self->failures));
}

/* --- the filter ------------------------------------------------------------------------------------------------------------ */

static gboolean
set_max_lines (Jail *self, PyValue *value, GError **error)
{
  gint64 number;

  return int_of (value, &number, error) && filter_set_max_lines (self->filter, number, error);
}

static PyValue *
get_max_lines (Jail *self)
{
  return py_int_new (filter_get_max_lines (self->filter));
}

static gboolean
set_use_dns (Jail *self, PyValue *value, GError **error)
{
  const char *mode;

  if (py_value_type (value) == PY_BOOL)
    mode = py_bool_get (value) ? "yes" : "no";
  else
    mode = name_of (value, error);
  if (mode == NULL)
    return FALSE;
  filter_set_use_dns (self->filter, mode);
  return TRUE;
}

static PyValue *
get_use_dns (Jail *self)
{
  return py_str_new (filter_peek_use_dns (self->filter));
}

static gboolean
set_date_pattern (Jail *self, PyValue *value, GError **error)
{
  const char *text;

  if (py_value_type (value) == PY_NONE)
    return filter_set_date_pattern (self->filter, NULL, error);
  text = text_of (value, error);
  return text != NULL && filter_set_date_pattern (self->filter, text, error);
}

static PyValue *
get_date_pattern (Jail *self)
{
  g_autofree char *pattern = NULL, *name = NULL;

  if (!filter_get_date_pattern (self->filter, &pattern, &name))
    return py_none_new ();
  return py_tuple_new_items (str_or_none (pattern), str_or_none (name), NULL);
}

static gboolean
set_log_time_zone (Jail *self, PyValue *value, GError **error)
{
  const char *text;

  if (py_value_type (value) == PY_NONE)
    return filter_set_log_time_zone (self->filter, NULL, error);
  text = text_of (value, error);
  return text != NULL && filter_set_log_time_zone (self->filter, text, error);
}

static PyValue *
get_log_time_zone (Jail *self)
{
  return str_or_none (filter_peek_log_time_zone (self->filter));
}

static gboolean
set_log_encoding (Jail *self, PyValue *value, GError **error)
{
  const char *text = name_of (value, error);

  return text != NULL && filter_set_log_encoding (self->filter, text, error);
}

static PyValue *
get_log_encoding (Jail *self)
{
  return py_str_new (filter_peek_log_encoding (self->filter));
}

static gboolean
set_prefregex (Jail *self, PyValue *value, GError **error)
{
  const char *text;

  if (!py_value_truth (value))
    return filter_set_prefregex (self->filter, NULL, error);
  text = text_of (value, error);
  return text != NULL && filter_set_prefregex (self->filter, text, error);
}

static PyValue *
get_prefregex (Jail *self)
{
  const char *regex = filter_peek_prefregex (self->filter);

  return py_str_new (regex != NULL ? regex : "");
}

static PyValue *
get_failregex (Jail *self)
{
  PyValue *list = py_list_new ();

  for (guint i = 0; i < filter_n_failregex (self->filter); i++)
    py_list_append (list, py_str_new (filter_peek_failregex (self->filter, i)));
  return list;
}

static PyValue *
get_ignoreregex (Jail *self)
{
  PyValue *list = py_list_new ();

  for (guint i = 0; i < filter_n_ignoreregex (self->filter); i++)
    py_list_append (list, py_str_new (filter_peek_ignoreregex (self->filter, i)));
  return list;
}

gboolean
jail_add_failregex (Jail *self, const char *regex, GError **error)
{
  return filter_add_failregex (self->filter, regex, error);
}

void
jail_del_failregex (Jail *self, gint64 index)
{
  filter_del_failregex (self->filter, index);
}

gboolean
jail_add_ignoreregex (Jail *self, const char *regex, GError **error)
{
  return filter_add_ignoreregex (self->filter, regex, error);
}

void
jail_del_ignoreregex (Jail *self, gint64 index)
{
  filter_del_ignoreregex (self->filter, index);
}

/* --- who is ignored ---------------------------------------------------------------------------------------------------------- */

static gboolean
set_ignore_self (Jail *self, PyValue *value, GError **error)
{
  ignore_list_set_self (self->ignore, ban_time_value_is_yes (value));
  return TRUE;
}

static PyValue *
get_ignore_self (Jail *self)
{
  return py_bool_new (ignore_list_get_self (self->ignore));
}

static gboolean
set_ignore_command (Jail *self, PyValue *value, GError **error)
{
  ignore_list_set_command (self->ignore, value);
  return TRUE;
}

static PyValue *
get_ignore_command (Jail *self)
{
  return ignore_list_dup_command (self->ignore);
}

static gboolean
set_ignore_cache (Jail *self, PyValue *value, GError **error)
{
  if (py_value_type (value) == PY_STR)
    return ignore_list_set_cache (self->ignore, py_str_peek (value, NULL), error);
  g_set_error (error, JAIL_ERROR, JAIL_ERROR_TYPE, "can only concatenate str (not \"%s\") to str",
               py_value_type_name (value));
  return FALSE;
}

static PyValue *
get_ignore_cache (Jail *self)
{
  return ignore_list_dup_cache (self->ignore);
}

static PyValue *
get_ignore_ip (Jail *self)
{
  return ignore_list_dup (self->ignore);
}

gboolean
jail_add_ignoreip (Jail *self, const char *text, GError **error)
{
  return ignore_list_add (self->ignore, text, error);
}

gboolean
jail_del_ignoreip (Jail *self, const char *text, GError **error)
{
  return ignore_list_del (self->ignore, text, error);
}

/* --- logs ---------------------------------------------------------------------------------------------------------------------- */

static PyValue *
get_log_path (Jail *self)
{
  return jail_log_dup_paths (self);
}

static PyValue *
get_journal_match (Jail *self)
{
  return jail_log_dup_journalmatch (self);
}

/* --- bantime.* ------------------------------------------------------------------------------------------------------------------ */

static gboolean
set_ban_time_extra (Jail *self, const char *option, PyValue *value, GError **error)
{
  g_autofree char *shown = py_str_equals (value, "") ? g_strdup ("None") : py_str (value, NULL);

  log_info (self->log, LOGGER_JAIL, "Set banTime.%s = %s", option, shown);
  if (g_str_equal (option, "increment") && ban_time_value_is_yes (value) && jail_peek_store (self) == NULL)
    log_warning (self->log, LOGGER_JAIL, "ban time increment is not available as long jail database is not set");
  return ban_time_set (self->ban_time, option, value, error);
}

static PyValue *
get_ban_time_extra (Jail *self, const char *option)
{
  PyValue *value = ban_time_peek (self->ban_time, option);

  return value != NULL ? py_value_ref (value) : py_none_new ();
}

gboolean
jail_option_is_yes (const PyValue *value)
{
  return ban_time_value_is_yes (value);
}

/* --- the table -------------------------------------------------------------------------------------------------------------------- */

static const struct
{
  const char *name;
  OptionSet set; /* NULL: by functions of its own */
  OptionGet get;
} options[] = {
  { "bantime", set_ban_time, get_ban_time },
  { "datepattern", set_date_pattern, get_date_pattern },
  { "failregex", NULL, get_failregex },
  { "findtime", set_find_time, get_find_time },
  { "ignorecache", set_ignore_cache, get_ignore_cache },
  { "ignorecommand", set_ignore_command, get_ignore_command },
  { "ignoreip", NULL, get_ignore_ip },
  { "ignoreregex", NULL, get_ignoreregex },
  { "ignoreself", set_ignore_self, get_ignore_self },
  { "journalmatch", NULL, get_journal_match },
  { "logencoding", set_log_encoding, get_log_encoding },
  { "logpath", NULL, get_log_path },
  { "logtimezone", set_log_time_zone, get_log_time_zone },
  { "maxlines", set_max_lines, get_max_lines },
  { "maxmatches", set_max_matches, get_max_matches },
  { "maxretry", set_max_retry, get_max_retry },
  { "prefregex", set_prefregex, get_prefregex },
  { "usedns", set_use_dns, get_use_dns },
};

gboolean
jail_set (Jail *self, const char *option, PyValue *value, GError **error)
{
  if (g_str_has_prefix (option, BAN_TIME_PREFIX))
    return set_ban_time_extra (self, option + strlen (BAN_TIME_PREFIX), value, error);
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (options[i].set != NULL && g_str_equal (options[i].name, option))
      return options[i].set (self, value, error);
  g_return_val_if_reached (FALSE);
}

PyValue *
jail_get (Jail *self, const char *option)
{
  if (g_str_has_prefix (option, BAN_TIME_PREFIX))
    return get_ban_time_extra (self, option + strlen (BAN_TIME_PREFIX));
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (g_str_equal (options[i].name, option))
      return options[i].get (self);
  g_return_val_if_reached (NULL);
}
