#include "compat/py-int.h"
#include "compat/py-repr.h"
#include "config/filter-choice.h"
#include "match/date-error.h"
#include "regex/out.h"
#include "regex/regex-run.h"

/* --- adding ------------------------------------------------------------------------------------------------------- */
static RegexStat *
stat_new (const char *regex)
{
  RegexStat *stat = g_new0 (RegexStat, 1);

  stat->regex = g_strdup (regex);
  stat->shown = g_ptr_array_new_with_free_func (g_free);
  return stat;
}

/* The exception of an expression or a value: RegexException is printed, others are the end. */
static gboolean
refuse (RegexRun *self, const GError *error)
{
  if (!g_error_matches (error, FILTER_ERROR, FILTER_ERROR_REGEX))
    return regex_run_crashed (self, error);
  out_printf ("ERROR: %s", error->message);
  return regex_run_failed (self);
}

static gboolean
add_all_fail (RegexRun *self)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < self->failregexes->len; i++)
    {
      const RegexStat *stat = g_ptr_array_index (self->failregexes, i);
      if (!filter_add_failregex (self->filter, stat->regex, &error))
        return refuse (self, error);
    }
  return TRUE;
}

static gboolean
add_all_ignore (RegexRun *self)
{
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < self->ignoreregexes->len; i++)
    {
      const RegexStat *stat = g_ptr_array_index (self->ignoreregexes, i);
      if (!filter_add_ignoreregex (self->filter, stat->regex, &error))
        return refuse (self, error);
    }
  return TRUE;
}

/* --- commands of a filter ----------------------------------------------------------------------------------------- */
static gboolean
set_max_lines (RegexRun *self, const PyValue *value, GError **error)
{
  gint64 lines = 0;

  if (py_value_type (value) == PY_INT)
    lines = py_int_get (value);
  else if (py_value_type (value) != PY_STR)
    {
      g_set_error (error, DATE_ERROR, DATE_ERROR_TYPE,
                   "int() argument must be a string, a bytes-like object or a real "
                   "number, not '%s'",
                   py_value_type_name (value));
      return FALSE;
    }
  else if (!py_int_parse_int64 (py_str_peek (value, NULL), -1, &lines, error))
    return FALSE;
  return regex_run_set_max_lines (self, lines, error);
}

static gboolean
apply_value (RegexRun *self, const char *name, const PyValue *value, GError **error)
{
  const char *text = py_value_type (value) == PY_STR ? py_str_peek (value, NULL) : NULL;

  if (g_str_equal (name, "maxlines"))
    return set_max_lines (self, value, error);
  if (text == NULL)
    return TRUE;
  if (g_str_equal (name, "prefregex"))
    return filter_set_prefregex (self->filter, text, error);
  if (g_str_equal (name, "addfailregex"))
    g_ptr_array_add (self->failregexes, stat_new (text));
  else if (g_str_equal (name, "addignoreregex"))
    g_ptr_array_add (self->ignoreregexes, stat_new (text));
  else if (g_str_equal (name, "datepattern"))
    return regex_run_set_date_pattern (self, text, error);
  return TRUE;
}

static gboolean
is_value_error (const GError *error)
{
  return g_error_matches (error, FILTER_ERROR, FILTER_ERROR_VALUE)
         || g_error_matches (error, DATE_ERROR, DATE_ERROR_VALUE)
         || g_error_matches (error, PY_REGEX_ERROR, PY_REGEX_ERROR_VALUE)
         || g_error_matches (error, PY_INT_ERROR, PY_INT_ERROR_VALUE);
}

/* The words of `set JAIL addjournalmatch WORD ...`; later ones replace earlier ones. */
static void
keep_journal_match (RegexRun *self, const PyValue *values, guint from)
{
  if (self->options->journalmatch != NULL)
    return;
  py_value_unref (self->journal_match);
  self->journal_match = py_list_new ();
  for (guint i = from; i < py_seq_length (values); i++)
    py_list_append (self->journal_match, py_value_ref (py_seq_peek (values, i)));
}

/* ["set", jail, name, value ...] or ["multi-set", jail, name, [value ...]] */
static gboolean
apply_command (RegexRun *self, const PyValue *command, const char *argument)
{
  gboolean multi = py_seq_length (command) > 3 && py_str_equals (py_seq_peek (command, 0), "multi-set");
  const PyValue *values = multi ? py_seq_peek (command, 3) : command;
  guint from = multi ? 0 : 3;
  const char *name;

  if (py_seq_length (command) < 4 || (!multi && !py_str_equals (py_seq_peek (command, 0), "set"))
      || !py_value_is_seq (values))
    return TRUE;
  name = py_str_peek (py_seq_peek (command, 2), NULL);
  if (g_str_equal (name, "addjournalmatch"))
    {
      keep_journal_match (self, values, from);
      return TRUE;
    }
  for (guint i = from; i < py_seq_length (values); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *shown = NULL;

      if (apply_value (self, name, py_seq_peek (values, i), &error))
        continue;
      if (!is_value_error (error))
        return refuse (self, error);
      shown = py_repr (py_seq_peek (values, i));
      out_printf ("ERROR: Invalid value for %s (%s) read from %s: %s", name, shown, argument, error->message);
      return regex_run_failed (self);
    }
  return TRUE;
}

static gboolean
apply_commands (RegexRun *self, const PyValue *commands, const char *argument)
{
  for (guint i = 0; i < py_seq_length (commands); i++)
    if (!apply_command (self, py_seq_peek (commands, i), argument))
      return FALSE;
  return TRUE;
}

/* --- jail, filter or expression ----------------------------------------------------------------------------------- */
static void
say_choice (RegexRun *self, const FilterChoice *choice)
{
  g_autofree char *options = py_repr (choice->options);
  gboolean has_options = py_dict_length (choice->options) > 0;

  switch (choice->kind)
    {
    case FILTER_CHOICE_JAIL:
      regex_run_say (self, "Use             jail : %s", choice->name);
      if (has_options)
        regex_run_say (self, "Use jail/flt options : %s", options);
      return;
    case FILTER_CHOICE_NAMED:
      regex_run_say (self, "Use      filter file : %s, basedir: %s", choice->name, choice->basedir);
      break;
    case FILTER_CHOICE_FILE:
      regex_run_say (self, "Use      filter file : %s", choice->name);
      break;
    case FILTER_CHOICE_EXPRESSION:
    default:
      return;
    }
  if (has_options)
    regex_run_say (self, "Use   filter options : %s", options);
}

static gboolean
refuse_choice (RegexRun *self, const char *argument, const GError *error)
{
  out_printf ("ERROR: Wrong filter name or options: %s", error->message);
  out_printf ("       while parsing: %s", argument);
  if (self->options->verbose != 0)
    return regex_run_crashed (self, error);
  return regex_run_failed (self);
}

static gboolean
refuse_load (RegexRun *self, const FilterChoice *choice, const char *argument, const GError *error)
{
  if (g_error_matches (error, FILTER_CHOICE_ERROR, FILTER_CHOICE_ERROR_WRONG_FILE))
    {
      out_printf ("Wrong config file: %s", error->message);
      if (self->options->verbose != 0)
        return regex_run_crashed (self, error);
    }
  else if (!g_error_matches (error, FILTER_CHOICE_ERROR, FILTER_CHOICE_ERROR_NOT_LOADED))
    return regex_run_crashed (self, error);
  if (choice->kind == FILTER_CHOICE_JAIL)
    {
      g_autofree char *shown = py_repr_str (argument, -1);
      out_printf ("ERROR: Failed to get jail for %s", shown);
    }
  else
    out_printf ("ERROR: failed to load filter %s", argument);
  return regex_run_failed (self);
}

/* *ret_used: the argument named a jail or filter, and its commands are applied. */
static gboolean
read_choice (RegexRun *self, const char *argument, gboolean *ret_used)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FilterChoice) choice = filter_choice_find (argument, self->options->config, self->log, &error);

  *ret_used = FALSE;
  if (choice == NULL)
    return refuse_choice (self, argument, error);
  if (choice->kind == FILTER_CHOICE_EXPRESSION)
    return TRUE;
  say_choice (self, choice);
  if (!filter_choice_load (choice, self->backend, &error))
    return refuse_load (self, choice, argument, error);
  if (choice->real_options != NULL && (self->options->verbose > 1 || log_get_level (self->log) <= LOG_LEVEL_DEBUG))
    {
      g_autofree char *shown = py_repr (choice->real_options);
      regex_run_say (self, "Real  filter options : %s", shown);
    }
  /* A filter that says nothing at all is taken for an expression (1.1.2). */
  *ret_used = choice->commands != NULL && py_seq_length (choice->commands) > 0;
  return !*ret_used || apply_commands (self, choice->commands, argument);
}

gboolean
regex_run_read_failregex (RegexRun *self, const char *argument)
{
  gboolean used;

  if (!read_choice (self, argument, &used))
    return FALSE;
  if (!used)
    {
      g_autofree char *shown = out_dup_short (argument);
      regex_run_say (self, "Use   failregex line : %s", shown);
      g_ptr_array_add (self->failregexes, stat_new (argument));
    }
  return add_all_fail (self) && add_all_ignore (self);
}

gboolean
regex_run_read_ignoreregex (RegexRun *self, const char *argument)
{
  g_autofree char *shown = out_dup_short (argument);

  /* It replaces those of the filter. */
  g_ptr_array_set_size (self->ignoreregexes, 0);
  filter_del_all_ignoreregex (self->filter);
  regex_run_say (self, "Use ignoreregex line : %s", shown);
  g_ptr_array_add (self->ignoreregexes, stat_new (argument));
  return add_all_ignore (self);
}
