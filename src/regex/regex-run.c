#include "regex/regex-run.h"

#include <stdio.h>
#include <stdlib.h>

#include "compat/py-shlex.h"
#include "config/config.h"
#include "match/date-error.h"
#include "regex/out.h"
#include "regex/read-ahead.h"

/* --- errors ------------------------------------------------------------------------------------------------------- */
gboolean
regex_run_failed (RegexRun *self)
{
  self->exit_code = EXIT_FAILED;
  return FALSE;
}

gboolean
regex_run_crashed (RegexRun *self, const GError *error)
{
  (void) fflush (stdout);
  (void) fprintf (stderr, "fail2ban-regex: %s\n", error->message);
  self->exit_code = EXIT_CRASH;
  return FALSE;
}

gboolean
regex_run_is_quiet (const RegexRun *self)
{
  return self->options->out != NULL && *self->options->out != '\0';
}

void
regex_run_say (const RegexRun *self, const char *format, ...)
{
  va_list args;

  if (regex_run_is_quiet (self))
    return;
  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  out_line (text);
}

/* --- settings ----------------------------------------------------------------------------------------------------- */
gboolean
regex_run_set_max_lines (RegexRun *self, gint64 lines, GError **error)
{
  if (self->max_lines_set)
    return TRUE;
  if (!filter_set_max_lines (self->filter, lines, error))
    return FALSE;
  self->max_lines_set = TRUE;
  regex_run_say (self, "Use         maxlines : %" G_GINT64_FORMAT, filter_get_max_lines (self->filter));
  return TRUE;
}

gboolean
regex_run_set_date_pattern (RegexRun *self, const char *patterns, GError **error)
{
  g_autofree char *pattern = NULL, *name = NULL;

  if (self->date_pattern_set)
    return TRUE;
  if (!filter_set_date_pattern (self->filter, patterns, error))
    return FALSE;
  self->date_pattern_set = TRUE;
  if (filter_get_date_pattern (self->filter, &pattern, &name))
    regex_run_say (self, "Use      datepattern : %s : %s", patterns, name);
  return TRUE;
}

static gboolean
apply_options (RegexRun *self, GError **error)
{
  const Options *options = self->options;

  if (options->maxlines != 0 && !regex_run_set_max_lines (self, options->maxlines, error))
    return FALSE;
  if (options->journalmatch != NULL)
    {
      self->journal_match = py_shlex_split (options->journalmatch, -1, error);
      if (self->journal_match == NULL)
        return FALSE;
    }
  if (options->timezone != NULL && *options->timezone != '\0'
      && !filter_set_log_time_zone (self->filter, options->timezone, error))
    return FALSE;
  filter_set_check_find_time (self->filter, FALSE);
  if (options->datepattern != NULL && *options->datepattern != '\0'
      && !regex_run_set_date_pattern (self, options->datepattern, error))
    return FALSE;
  if (options->usedns != NULL && *options->usedns != '\0')
    filter_set_use_dns (self->filter, options->usedns);
  filter_set_raw_host (self->filter, options->raw);
  filter_set_check_all (self->filter, !options->no_check_all && !regex_run_is_quiet (self));
  filter_set_ignore_pending (self->filter, regex_run_is_quiet (self));
  return TRUE;
}

static gboolean
set_log_format (RegexRun *self, GError **error)
{
  const Options *options = self->options;
  int verbosity = (int) CLAMP (options->verbose, -1, 100);
  const char *message = verbosity <= 1 ? "%(levelname)-1.1s: %(message)s" : " %(message)s";
  /* Where the reference writes the Python functions that led here, there is nothing to write. */
  g_autofree char *with_gap = g_strconcat (options->log_traceback ? "  " : "", message, NULL);
  g_autofree char *format = log_dup_verbosity_format (verbosity, with_gap, TRUE, TRUE);

  return log_set_stream (self->log, stdout, format, error);
}

/* The options were wrong: the reference logs that when it is asked for details, and else prints it. */
static gboolean
refuse_options (RegexRun *self, const GError *error)
{
  if (self->options->verbose != 0 || log_get_level (self->log) <= LOG_LEVEL_DEBUG)
    log_critical (self->log, "fail2ban", "%s", error->message);
  else
    out_printf ("ERROR: %s", error->message);
  return regex_run_failed (self);
}

static gboolean
prepare (RegexRun *self)
{
  g_autoptr (GError) error = NULL;
  int level;

  if (!regex_run_is_quiet (self))
    (void) fputs ("\nRunning tests\n=============\n\n", stdout);
  if (!log_level_parse (self->options->log_level, &level, &error) || !set_log_format (self, &error))
    return regex_run_crashed (self, error);
  log_set_level (self->log, level);
  if (!apply_options (self, &error))
    return refuse_options (self, error);
  return TRUE;
}

/* --- life --------------------------------------------------------------------------------------------------------- */
static void
regex_stat_free (gpointer data)
{
  RegexStat *self = data;

  g_free (self->regex);
  g_ptr_array_unref (self->shown);
  g_free (self);
}

void
regex_run_match_free (gpointer data)
{
  Match *self = data;

  address_unref (self->id);
  py_value_unref (self->id_value);
  py_value_unref (self->time);
  py_value_unref (self->data);
  g_free (self);
}

RegexRun *
regex_run_new (const Options *options, Clock *clock, Log *log)
{
  RegexRun *self = g_new0 (RegexRun, 1);

  self->options = options;
  self->clock = clock;
  self->log = log;
  self->resolver = resolver_new (clock, log);
  self->filter = filter_new (NULL, clock, log);
  self->lines_shown = options->maxlines != 0 ? options->maxlines : 20;
  self->backend = "auto";
  self->ahead_chunk = READ_AHEAD_CHUNK;
  self->failregexes = g_ptr_array_new_with_free_func (regex_stat_free);
  self->ignoreregexes = g_ptr_array_new_with_free_func (regex_stat_free);
  self->matches = g_ptr_array_new_with_free_func (regex_run_match_free);
  self->pre_groups = py_list_new ();
  line_stats_init (&self->lines);
  return self;
}

void
regex_run_free (RegexRun *self)
{
  if (self == NULL)
    return;
  filter_free (self->filter);
  resolver_free (self->resolver);
  g_ptr_array_unref (self->failregexes);
  g_ptr_array_unref (self->ignoreregexes);
  g_ptr_array_unref (self->matches);
  py_value_unref (self->pre_groups);
  py_value_unref (self->last_pre_groups);
  py_value_unref (self->journal_match);
  line_stats_clear (&self->lines);
  g_free (self);
}

int
regex_run_all (RegexRun *self)
{
  const char *log = g_ptr_array_index (self->options->args, 0);
  const char *regex = g_ptr_array_index (self->options->args, 1);

  if (g_str_has_prefix (log, "systemd-journal"))
    self->backend = "systemd";
  if (!prepare (self) || !regex_run_read_failregex (self, regex))
    return self->exit_code;
  if (self->options->args->len == 3 && !regex_run_read_ignoreregex (self, g_ptr_array_index (self->options->args, 2)))
    return self->exit_code;
  if (!regex_run_read_log (self, log))
    return self->exit_code;
  return regex_run_report (self) ? EXIT_SUCCESS : self->exit_code;
}
