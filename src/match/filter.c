#include "match/filter-private.h"

#include <string.h>

#include "compat/py-repr.h"
#include "compat/py-text.h"

G_DEFINE_QUARK (filter - error - quark, filter_error)

#define DAY_USEC (24 * 60 * 60 * (gint64) G_USEC_PER_SEC)

/* --- life --------------------------------------------------------------------------------------------------------- */
static void
failregex_unref_item (gpointer item)
{
  failregex_unref (item);
}

static void forget_gate (Filter *self);

/* To be called where anything changes that decides what becomes of a line. */
static void
settings_change (Filter *self)
{
  filter_leave_memory (self);
  self->keys[0] = self->keys[1] = NULL;
}

/* Lines whose dates are searched with equal keys have equal dates. */
static void
update_date_key (Filter *self)
{
  g_autofree char *key
      = g_strdup_printf ("%s\n%s\n%s\n%s", self->detector == NULL ? "-" : "+", py_codec_peek_name (self->codec),
                         self->zone != NULL ? self->zone : "", self->date_patterns != NULL ? self->date_patterns : "");
  self->date_key = g_intern_string (key);
  settings_change (self);
}

Filter *
filter_new (const char *jail_name, Clock *clock, Log *log)
{
  return filter_new_sharing (jail_name, clock, log, NULL);
}

Filter *
filter_new_sharing (const char *jail_name, Clock *clock, Log *log, FilterPool *pool)
{
  g_return_val_if_fail (clock != NULL, NULL);

  Filter *self = g_new0 (Filter, 1);

  self->jail_name = g_strdup (jail_name != NULL ? jail_name : "~jailless~");
  self->clock = clock;
  self->log = log;
  self->failregexes = g_ptr_array_new_with_free_func (failregex_unref_item);
  self->ignoreregexes = g_ptr_array_new_with_free_func (failregex_unref_item);
  self->use_dns = "warn";
  self->max_lines = 1;
  self->codec = py_codec_new (py_codec_preferred (), NULL);
  if (self->codec == NULL)
    self->codec = py_codec_new ("UTF-8", NULL);
  self->pool = pool;
  self->detector = date_detector_new_sharing (clock_get_time_usec (clock), filter_pool_peek_dates (pool));
  self->find_time_usec = 600 * G_USEC_PER_SEC;
  self->find_time_text = g_strdup ("600");
  self->check_find_time = self->ignore_pending = TRUE;
  self->window = py_list_new ();
  self->memory = filter_memory_new ();
  self->next_no_time_warning = self->next_simulated_warning = self->next_ignored_warning = G_MININT64;
  self->finder = finder_new (self);
  self->captures = captures_new ();
  self->pre_captures = captures_new ();
  self->text = g_string_new (NULL);
  self->content = g_string_new (NULL);
  update_date_key (self);
  forget_gate (self);
  return self;
}

void
filter_free (Filter *self)
{
  if (self == NULL)
    return;
  filter_free_memory (self);
  failregex_unref (self->prefregex);
  filter_gate_unref (self->gate);
  g_clear_pointer (&self->n_limits, g_hash_table_unref);
  g_ptr_array_unref (self->failregexes);
  g_ptr_array_unref (self->ignoreregexes);
  py_codec_free (self->codec);
  date_detector_free (self->detector);
  py_value_unref (self->window);
  finder_free (self->finder);
  captures_free (self->captures);
  captures_free (self->pre_captures);
  g_string_free (self->text, TRUE);
  g_string_free (self->content, TRUE);
  g_free (self->date_patterns);
  g_free (self->zone);
  g_free (self->find_time_text);
  g_free (self->jail_name);
  g_free (self);
}

void
filter_clear (Filter *self)
{
  g_ptr_array_set_size (self->failregexes, 0);
  g_ptr_array_set_size (self->ignoreregexes, 0);
  forget_gate (self);
}

double
filter_now_sec (gint64 now_usec)
{
  return (double) now_usec / G_USEC_PER_SEC;
}

static void
warn_line (Filter *self, char *text)
{
  if (text == NULL)
    return;
  g_autofree char *line = g_strdup_printf ("[%s] %s", self->jail_name, text);
  log_write_text (self->log, LOG_LEVEL_WARNING, FILTER_LOGGER, __func__, line, strlen (line));
}

void
filter_warn_once (Filter *self, gint64 now_usec, gint64 *next_usec, char *first, char *second, char *third)
{
  if (now_usec >= *next_usec)
    {
      *next_usec = now_usec + DAY_USEC;
      warn_line (self, first);
      warn_line (self, second);
      warn_line (self, third);
    }
  g_free (first);
  g_free (second);
  g_free (third);
}

static gboolean
is_power_of_ten (guint64 n)
{
  while (n % 10 == 0)
    n /= 10;
  return n == 1;
}

void
filter_warn_limit (Filter *self, const char *expression, guint64 n)
{
  g_autofree char *often = n == 1 ? g_strdup ("") : g_strdup_printf (" (%" G_GUINT64_FORMAT " times by now)", n);

  if (!is_power_of_ten (n))
    return;
  if (expression != NULL)
    log_warning (self->log, FILTER_LOGGER,
                 "[%s] A line takes too long to be searched with %s; it is skipped for this expression%s.",
                 self->jail_name, expression, often);
  else
    log_warning (self->log, FILTER_LOGGER,
                 "[%s] A line takes too long to be searched for a date; it is skipped for this date pattern%s.",
                 self->jail_name, often);
}

/* --- expressions -------------------------------------------------------------------------------------------------- */
static FailregexFlags
tag_flags (const Filter *self)
{
  return g_str_equal (self->use_dns, "no") ? FAILREGEX_NO_DNS : FAILREGEX_DEFAULT;
}

/* RegexException becomes ours; the other exceptions of Python's re stay what they are. */
static Failregex *
compile (Filter *self, const char *pattern, FailregexFlags flags, GError **error)
{
  g_autoptr (GError) reason = NULL;
  Failregex *regex = filter_pool_ref_regex (self->pool, pattern, flags, &reason);

  if (regex != NULL)
    return regex;
  if (reason->domain == FAILREGEX_ERROR)
    g_set_error_literal (error, FILTER_ERROR, FILTER_ERROR_REGEX, reason->message);
  else
    g_propagate_error (error, g_steal_pointer (&reason));
  return NULL;
}

/* Made anew before the next line (filter_find). */
static void
forget_gate (Filter *self)
{
  g_clear_pointer (&self->gate, filter_gate_unref);
  self->find_key = NULL;
  settings_change (self);
}

void
filter_set_ungated (Filter *self, gboolean ungated)
{
  self->ungated = ungated;
  forget_gate (self);
}

/* An expression that was refused is an error in the log too (but not a prefregex: 1.1.2). */
static gboolean
add_to (Filter *self, GPtrArray *list, Failregex *regex, GError *reason, GError **error)
{
  if (regex != NULL)
    {
      g_ptr_array_add (list, regex);
      return TRUE;
    }
  if (reason->domain == FILTER_ERROR)
    log_write_text (self->log, LOG_LEVEL_ERROR, FILTER_LOGGER, __func__, reason->message, strlen (reason->message));
  g_propagate_error (error, reason);
  return FALSE;
}

gboolean
filter_set_prefregex (Filter *self, const char *pattern, GError **error)
{
  Failregex *regex = NULL;

  if (pattern != NULL && *pattern != '\0' && (regex = compile (self, pattern, tag_flags (self), error)) == NULL)
    return FALSE;
  failregex_unref (self->prefregex);
  self->prefregex = regex;
  self->n_prefregexes++;
  forget_gate (self);
  return TRUE;
}

const char *
filter_peek_prefregex (const Filter *self)
{
  return self->prefregex != NULL ? failregex_peek_pattern (self->prefregex) : NULL;
}

gboolean
filter_add_failregex (Filter *self, const char *pattern, GError **error)
{
  GError *reason = NULL;
  FailregexFlags flags = tag_flags (self) | (self->max_lines > 1 ? FAILREGEX_MULTILINE : FAILREGEX_DEFAULT);
  Failregex *regex = compile (self, pattern, flags, &reason);

  if (regex != NULL && !failregex_has_id (regex) && (self->prefregex == NULL || !failregex_has_id (self->prefregex)))
    {
      g_set_error (&reason, FILTER_ERROR, FILTER_ERROR_REGEX, "No failure-id group in '%s'",
                   failregex_peek_pattern (regex));
      g_clear_pointer (&regex, failregex_unref);
    }
  if (!add_to (self, self->failregexes, regex, reason, error))
    return FALSE;
  forget_gate (self);
  return TRUE;
}

gboolean
filter_add_ignoreregex (Filter *self, const char *pattern, GError **error)
{
  GError *reason = NULL;
  Failregex *regex = compile (self, pattern, tag_flags (self), &reason);

  if (!add_to (self, self->ignoreregexes, regex, reason, error))
    return FALSE;
  forget_gate (self);
  return TRUE;
}

static void
remove_from (Filter *self, GPtrArray *list, gint64 index)
{
  gint64 place = index < 0 ? index + list->len : index;

  if (place < 0 || place >= list->len)
    log_error (self->log, FILTER_LOGGER, "Cannot remove regular expression. Index %" G_GINT64_FORMAT " is not valid",
               index);
  else
    g_ptr_array_remove_index (list, (guint) place);
}

void
filter_del_failregex (Filter *self, gint64 index)
{
  remove_from (self, self->failregexes, index);
  forget_gate (self);
}

void
filter_del_ignoreregex (Filter *self, gint64 index)
{
  remove_from (self, self->ignoreregexes, index);
  forget_gate (self);
}

void
filter_del_all_ignoreregex (Filter *self)
{
  g_ptr_array_set_size (self->ignoreregexes, 0);
  forget_gate (self);
}

guint
filter_n_failregex (const Filter *self)
{
  return self->failregexes->len;
}

const char *
filter_peek_failregex (const Filter *self, guint index)
{
  g_return_val_if_fail (index < self->failregexes->len, NULL);
  return failregex_peek_pattern (g_ptr_array_index (self->failregexes, index));
}

guint
filter_n_ignoreregex (const Filter *self)
{
  return self->ignoreregexes->len;
}

const char *
filter_peek_ignoreregex (const Filter *self, guint index)
{
  g_return_val_if_fail (index < self->ignoreregexes->len, NULL);
  return failregex_peek_pattern (g_ptr_array_index (self->ignoreregexes, index));
}

/* --- settings ----------------------------------------------------------------------------------------------------- */
void
filter_set_use_dns (Filter *self, const char *mode)
{
  static const char *const modes[] = { "yes", "warn", "no", "raw" };
  g_autofree char *lower = g_utf8_strdown (mode, -1);

  settings_change (self);
  for (gsize i = 0; i < G_N_ELEMENTS (modes); i++)
    if (g_str_equal (lower, modes[i]))
      {
        self->use_dns = modes[i];
        return;
      }
  g_autofree char *shown = py_repr_str (lower, -1);
  log_error (self->log, FILTER_LOGGER, "Incorrect value %s specified for usedns. Using safe 'no'", shown);
  self->use_dns = "no";
}

const char *
filter_peek_use_dns (const Filter *self)
{
  return self->use_dns;
}

gboolean
filter_set_max_lines (Filter *self, gint64 lines, GError **error)
{
  if (lines <= 0)
    {
      g_set_error (error, FILTER_ERROR, FILTER_ERROR_VALUE, "maxlines must be integer greater than zero");
      return FALSE;
    }
  settings_change (self);
  self->max_lines = lines;
  log_info (self->log, FILTER_LOGGER, "  maxLines: %" G_GINT64_FORMAT, lines);
  return TRUE;
}

gint64
filter_get_max_lines (const Filter *self)
{
  return self->max_lines;
}

gboolean
filter_set_log_encoding (Filter *self, const char *encoding, GError **error)
{
  g_autoptr (GError) reason = NULL;
  PyCodec *codec;

  if (g_ascii_strcasecmp (encoding, "auto") == 0)
    encoding = py_codec_preferred ();
  codec = py_codec_new (encoding, &reason);
  if (codec == NULL)
    {
      g_set_error_literal (error, FILTER_ERROR, FILTER_ERROR_LOOKUP, reason->message);
      return FALSE;
    }
  py_codec_free (self->codec);
  self->codec = codec;
  update_date_key (self);
  log_info (self->log, FILTER_LOGGER, "  encoding: %s", encoding);
  return TRUE;
}

const char *
filter_peek_log_encoding (const Filter *self)
{
  return py_codec_peek_name (self->codec);
}

const FilterMemory *
filter_peek_memory (const Filter *self)
{
  return self->memory;
}

const PyCodec *
filter_peek_codec (const Filter *self)
{
  return self->codec;
}

static void
set_detector (Filter *self, DateDetector *detector, char *patterns)
{
  date_detector_free (self->detector);
  self->last_date = 0;
  g_free (self->date_patterns);
  self->detector = detector;
  self->n_date_limits = 0;
  self->date_patterns = patterns;
  update_date_key (self);
}

/* What 1.1.2 tells of a pattern that was added, and made n templates. */
static void
log_date_pattern (Filter *self, const char *pattern, const DateDetector *detector, guint n)
{
  g_autofree char *key = strchr (pattern, '%') == NULL ? g_utf8_strup (pattern, -1) : g_strdup (pattern);

  if (g_str_equal (key, "{^LN-BEG}") || g_str_equal (key, "{DEFAULT}"))
    log_info (self->log, DETECTOR_LOGGER, "  default filtered date pattern: %u template(s)", n);
  else if (strstr (key, "{DATE}") != NULL)
    {
      g_autofree char *shown = py_repr_str (pattern, -1);

      log_info (self->log, DETECTOR_LOGGER, "  default date pattern for `%s`: %u template(s)", shown, n);
    }
  else
    {
      const DateTemplate *template
          = date_detector_peek_template (detector, date_detector_get_n_templates (detector) - 1);
      const char *text = date_template_peek_pattern (template);

      log_info (self->log, DETECTOR_LOGGER, "  date pattern `%s`: `%s`", text != NULL ? text : "",
                date_template_peek_name (template));
    }
}

/* One pattern a line, as date_detector_add_patterns takes them. */
static gboolean
add_date_patterns (Filter *self, DateDetector *detector, const char *patterns, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (patterns, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      guint before = date_detector_get_n_templates (detector);
      const char *at = lines[i];
      gsize len = strlen (at);
      g_autofree char *pattern = NULL;

      py_text_strip (&at, &len);
      if (len == 0)
        continue;
      pattern = g_strndup (at, len);
      if (!date_detector_add_pattern (detector, pattern, -1, error))
        return FALSE;
      log_date_pattern (self, pattern, detector, date_detector_get_n_templates (detector) - before);
    }
  return TRUE;
}

gboolean
filter_set_date_pattern (Filter *self, const char *patterns, GError **error)
{
  g_autoptr (DateDetector) detector = NULL;

  if (patterns != NULL)
    {
      detector = date_detector_new_sharing (clock_get_time_usec (self->clock), filter_pool_peek_dates (self->pool));
      if (!date_detector_set_default_zone (detector, self->zone, error)
          || !add_date_patterns (self, detector, patterns, error))
        return FALSE;
    }
  set_detector (self, g_steal_pointer (&detector), g_strdup (patterns));
  return TRUE;
}

gboolean
filter_get_date_pattern (const Filter *self, char **ret_pattern, char **ret_name)
{
  guint n = self->detector != NULL ? date_detector_get_n_templates (self->detector) : 0;
  const DateTemplate *template;

  if (self->detector == NULL)
    return FALSE;
  /* With two templates the reference shows the first. */
  if (n == 0 || n > 2)
    {
      *ret_pattern = NULL;
      *ret_name = g_strdup ("Default Detectors");
      return TRUE;
    }
  template = date_detector_peek_template (self->detector, 0);
  *ret_pattern = g_strdup (date_template_peek_pattern (template));
  *ret_name = g_strdup (date_template_peek_name (template));
  return TRUE;
}

const DateDetector *
filter_peek_date_detector (const Filter *self)
{
  return self->detector;
}

gboolean
filter_set_log_time_zone (Filter *self, const char *zone, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (DateDetector) probe = NULL;
  DateDetector *detector = self->detector;

  if (detector == NULL)
    detector = probe
        = date_detector_new_sharing (clock_get_time_usec (self->clock), filter_pool_peek_dates (self->pool));
  if (!date_detector_set_default_zone (detector, zone, &reason))
    {
      g_set_error_literal (error, FILTER_ERROR, FILTER_ERROR_VALUE, reason->message);
      return FALSE;
    }
  g_free (self->zone);
  self->zone = g_strdup (zone);
  update_date_key (self);
  return TRUE;
}

const char *
filter_peek_log_time_zone (const Filter *self)
{
  return self->zone;
}

void
filter_set_find_time (Filter *self, gint64 find_time_usec, const char *text)
{
  settings_change (self);
  self->find_time_usec = find_time_usec;
  g_free (self->find_time_text);
  self->find_time_text = g_strdup (text);
}

/* --- fail2ban-regex ----------------------------------------------------------------------------------------------- */
void
filter_set_hooks (Filter *self, const FilterHooks *hooks, gpointer user_data)
{
  settings_change (self);
  self->hooks = hooks;
  self->hooks_data = user_data;
}

void
filter_set_check_all (Filter *self, gboolean check_all)
{
  settings_change (self);
  self->check_all = check_all;
}

void
filter_set_check_find_time (Filter *self, gboolean check)
{
  settings_change (self);
  self->check_find_time = check;
}

void
filter_set_ignore_pending (Filter *self, gboolean ignore_pending)
{
  settings_change (self);
  self->ignore_pending = ignore_pending;
}

void
filter_set_raw_host (Filter *self, gboolean raw)
{
  settings_change (self);
  self->raw_host = raw;
}

PyValue *
filter_dup_window (const Filter *self)
{
  PyValue *copy = py_list_new ();

  for (guint i = 0; i < py_seq_length (self->window); i++)
    py_list_append (copy, py_value_ref (py_seq_peek (self->window, i)));
  return copy;
}

char *
filter_dup_processed_text (const Filter *self, gsize *ret_len)
{
  const LinePieces *line = &self->last_line;
  GString *text = g_string_sized_new (line->before_len + line->after_len + 1);

  g_string_append_len (text, line->before, (gssize) line->before_len);
  g_string_append_len (text, line->after, (gssize) line->after_len);
  *ret_len = text->len;
  return g_string_free (text, FALSE);
}

PyValue *
filter_dup_last_time (const Filter *self)
{
  const FilterTime *last = &self->memory->last_time;

  if (!last->is_set)
    return py_none_new ();
  if (last->time.is_int)
    return py_int_new (last->time.int_seconds);
  return py_float_new (last->time.seconds);
}
