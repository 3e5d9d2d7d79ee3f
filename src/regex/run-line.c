#include <time.h>

#include "compat/py-repr.h"
#include "regex/out.h"
#include "regex/regex-run.h"

/* To ask for the time at each line costs as much as to find its date. */
#define LINES_PER_TICK 64

/* --- failures ----------------------------------------------------------------------------------------------------- */
/* "Wed Aug 13 09:44:40 2025", always in English; without a time it is now. */
static char *
format_time (const RegexRun *self, const PyValue *when)
{
  static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
  static const char *const months[]
      = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
  double seconds;
  time_t time;
  struct tm tm;

  if (!py_value_to_double (when, &seconds))
    seconds = (double) clock_get_time_usec (self->clock) / G_USEC_PER_SEC;
  time = (time_t) seconds;
  if (localtime_r (&time, &tm) == NULL)
    return g_strdup ("?");
  return g_strdup_printf ("%s %s %02d %02d:%02d:%02d %d", days[tm.tm_wday], months[tm.tm_mon], tm.tm_mday, tm.tm_hour,
                          tm.tm_min, tm.tm_sec, tm.tm_year + 1900);
}

static void
show_match (RegexRun *self, RegexStat *stat, Failure *failure, PyValue *id_value)
{
  g_autoptr (PyValue) when = failure_dup_time (failure);
  g_autofree char *time = format_time (self, when);
  g_autoptr (GString) shown = g_string_new ("    ");

  out_append_value (shown, id_value);
  g_string_append_printf (shown, "  %s%s", time, self->n_matches > 1 ? " (multiple regex matched)" : "");
  g_ptr_array_add (stat->shown, g_string_free (g_steal_pointer (&shown), FALSE));
}

/* For -o */
static void
keep_match (RegexRun *self, Failure *failure, const Address *id, PyValue *id_value)
{
  Match *match = g_new0 (Match, 1);

  match->id = id != NULL ? address_ref (id) : NULL;
  match->id_value = py_value_ref (id_value);
  match->time = failure_dup_time (failure);
  match->data = failure_dup_data (failure);
  g_ptr_array_add (self->matches, match);
}

/* Whoever it was: most matches are only counted. */
static gboolean
count_match (RegexRun *self, Failure *failure)
{
  RegexStat *stat = g_ptr_array_index (self->failregexes, failure->regex_index);
  gboolean is_failure = !failure_is_no_failure (failure);

  if (!regex_run_is_quiet (self))
    stat->hits++;
  if (is_failure)
    self->n_matches++;
  else
    self->ignored = TRUE;
  return is_failure;
}

/* id_value: NULL when it is still unknown */
static void
add_match (RegexRun *self, Failure *failure, const Address *id, PyValue *id_value)
{
  g_autoptr (PyValue) none = id_value == NULL ? py_none_new () : NULL;
  PyValue *shown = id_value != NULL ? id_value : none;

  if (!regex_run_is_quiet (self) && self->options->verbose != 0)
    show_match (self, g_ptr_array_index (self->failregexes, failure->regex_index), failure, shown);
  if (count_match (self, failure) && regex_run_is_quiet (self))
    keep_match (self, failure, id, shown);
}

static PyValue *
address_value (const Address *address)
{
  return py_str_new_len (address_peek_text (address), (gssize) address_get_length (address));
}

static void
warn_lookup (RegexRun *self, const char *host, const AddressSet *addresses)
{
  g_autoptr (PyValue) set = py_set_new ();
  g_autofree char *shown = NULL;

  for (guint i = 0; i < address_set_size (addresses); i++)
    py_set_add (set, address_value (address_set_peek (addresses, i)));
  shown = py_repr (set);
  log_warning (self->log, "fail2ban.ipdns", "Determined IP using DNS Lookup: %s = %s", host, shown);
}

static void
on_failure (Failure *failure, gpointer user_data)
{
  RegexRun *self = user_data;
  g_autoptr (AddressSet) addresses = NULL;

  if (failure->host == NULL)
    {
      if (regex_run_is_quiet (self) || self->options->verbose != 0)
        {
          g_autoptr (PyValue) id_value = failure_dup_id_value (failure);
          add_match (self, failure, failure_peek_id (failure), id_value);
        }
      else
        (void) count_match (self, failure);
      return;
    }
  addresses = resolver_lookup_name (self->resolver, failure->host, -1);
  if (failure->resolve_warn && address_set_size (addresses) > 0)
    warn_lookup (self, failure->host, addresses);
  for (guint i = 0; i < address_set_size (addresses); i++)
    {
      const Address *address = address_set_peek (addresses, i);
      g_autoptr (PyValue) shown = address_value (address);
      add_match (self, failure, address, shown);
    }
}

/* --- hooks -------------------------------------------------------------------------------------------------------- */
static void
on_ignored (guint index, gpointer user_data)
{
  RegexRun *self = user_data;
  RegexStat *stat = g_ptr_array_index (self->ignoreregexes, index);

  self->ignored = TRUE;
  stat->hits++;
}

/* What is kept stays for the lines after it that end before the prefregex is searched: they count as well (1.1.2). */
static void
on_prefregex (gboolean matched, gpointer user_data)
{
  RegexRun *self = user_data;

  self->prefregex_matched = matched;
  g_clear_pointer (&self->last_pre_groups, py_value_unref);
  if (matched && self->options->verbose != 0)
    self->last_pre_groups = filter_dup_prefregex_groups (self->filter);
}

static const FilterHooks hooks = { .ignored = on_ignored, .prefregex = on_prefregex };

static void
count_prefregex (RegexRun *self)
{
  guint n;

  if (!self->prefregex_matched)
    return;
  self->prefregex_hits++;
  if (self->last_pre_groups == NULL)
    return;
  n = py_seq_length (self->pre_groups);
  if (n < self->lines_shown)
    py_list_append (self->pre_groups, py_value_ref (self->last_pre_groups));
  else if (n == self->lines_shown)
    py_list_append (self->pre_groups, py_str_new ("..."));
}

/* --- lines that waited -------------------------------------------------------------------------------------------- */
static PyValue *
join_tuple (const PyValue *line, gboolean with_date)
{
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; i < 3; i += with_date ? 1 : 2)
    out_append_value (out, py_seq_peek (line, i));
  return py_str_new_len (out->str, (gssize) out->len);
}

static gboolean
contains (const PyValue *list, const PyValue *item)
{
  for (guint i = 0; i < py_seq_length (list); i++)
    if (py_value_equal (py_seq_peek (list, i), item))
      return TRUE;
  return FALSE;
}

/* Lines that were missed when they came, and now are part of a match: before has those that waited until this line.
 * With debuggex and --print-all-matched the texts of the whole match go to *ret_processed. */
static void
take_waiting (RegexRun *self, const PyValue *before, gboolean was_full, PyValue **ret_processed)
{
  const Options *options = self->options;
  g_autoptr (PyValue) now = filter_dup_window (self->filter);
  g_autoptr (GString) texts = g_string_new (NULL);
  gboolean any = FALSE;

  for (guint i = was_full ? 1 : 0; i < py_seq_length (before); i++)
    {
      const PyValue *line = py_seq_peek (before, i);
      g_autoptr (PyValue) whole = NULL, processed = NULL;

      if (contains (now, line))
        continue;
      whole = join_tuple (line, TRUE);
      processed = join_tuple (line, FALSE);
      line_stats_forget (&self->lines, LINES_MISSED, whole, processed);
      if (options->print_all_matched && !options->debuggex)
        g_ptr_array_add (self->lines.lines[LINES_MATCHED], py_value_ref (whole));
      else if (options->print_all_matched)
        {
          out_append_value (texts, processed);
          g_string_append_c (texts, '\n');
          any = TRUE;
        }
      self->lines.count[LINES_MATCHED]++;
      self->lines.count[LINES_MISSED]--;
    }
  if (any)
    {
      gsize len;
      g_autofree char *text = filter_dup_processed_text (self->filter, &len);
      g_string_append_len (texts, text, (gssize) len);
      *ret_processed = py_str_new_len (texts->str, (gssize) texts->len);
    }
}

/* --- a line ------------------------------------------------------------------------------------------------------- */
/* Of how many lines of a kind the text is kept: those that may be shown, and one more. */
static gint64
kept_most (const RegexRun *self, LineKind kind)
{
  const Options *options = self->options;

  switch (kind)
    {
    case LINES_MATCHED:
      return options->print_all_matched ? G_MAXINT64 : 0;
    case LINES_IGNORED:
      return options->print_no_ignored ? 0 : options->print_all_ignored ? G_MAXINT64 : self->lines_shown + 1;
    case LINES_MISSED:
      return options->print_no_missed ? 0 : options->print_all_missed ? G_MAXINT64 : self->lines_shown + 1;
    case N_LINE_KINDS:
    default:
      return 0;
    }
}

static G_GNUC_NO_INLINE void
keep_line (RegexRun *self, LineKind kind, const char *shown, gsize shown_len, PyValue *processed)
{
  g_autoptr (PyValue) line = py_str_new_len (shown, (gssize) shown_len);

  g_ptr_array_add (self->lines.lines[kind], py_value_ref (line));
  if (!self->options->debuggex)
    return;
  /* An entry of the journal is no text there, and no page can be made of it. */
  if (processed == NULL && g_strcmp0 (self->backend, "systemd") == 0)
    g_ptr_array_add (self->lines.processed[kind], py_none_new ());
  else
    g_ptr_array_add (self->lines.processed[kind], py_value_ref (processed != NULL ? processed : line));
}

static void
count_line (RegexRun *self, const char *shown, gsize shown_len, PyValue *processed)
{
  LineKind kind = LINES_MISSED;

  if (self->ignored)
    kind = LINES_IGNORED;
  else if (self->n_matches > 0)
    kind = LINES_MATCHED;
  self->lines.tested++;
  if (++self->lines.count[kind] <= self->lines.kept_most[kind])
    keep_line (self, kind, shown, shown_len, processed);
}

/* -i -o: what was not found is shown like a failure without an id. */
static void
add_missed_match (RegexRun *self, const char *shown, gsize shown_len)
{
  Match *match = g_new0 (Match, 1);

  match->id = address_new ("", 0);
  match->id_value = py_str_new ("");
  match->time = filter_dup_last_time (self->filter);
  match->data = py_dict_new ();
  py_dict_set_str (match->data, "fid", py_str_new (""));
  py_dict_set_str (match->data, "matches", py_list_new_items (py_str_new_len (shown, (gssize) shown_len), NULL));
  g_ptr_array_add (self->matches, match);
}

static gboolean
print_matches (RegexRun *self, const char *shown, gsize shown_len)
{
  if (self->n_matches > 0)
    return self->options->invert || regex_run_print_failures (self, self->matches);
  if (!self->options->invert)
    return TRUE;
  add_missed_match (self, shown, shown_len);
  return regex_run_print_failures (self, self->matches);
}

void
regex_run_watch_filter (RegexRun *self)
{
  filter_set_hooks (self->filter, &hooks, self);
  for (guint kind = 0; kind < N_LINE_KINDS; kind++)
    self->lines.kept_most[kind] = kept_most (self, (LineKind) kind);
}

static gboolean
find (RegexRun *self, LogLine *line)
{
  GError *error = NULL;

  if (filter_process_line (self->filter, line, TRUE, on_failure, self, &error))
    return TRUE;
  (void) regex_run_crashed (self, error);
  g_error_free (error);
  return FALSE;
}

/* With maxlines above 1 */
static gboolean
run_with_window (RegexRun *self, LogLine *line, const char *shown, gsize shown_len)
{
  g_autoptr (PyValue) before = filter_dup_window (self->filter);
  g_autoptr (PyValue) processed = NULL;

  if (!find (self, line))
    return FALSE;
  if (regex_run_is_quiet (self))
    return print_matches (self, shown, shown_len);
  count_prefregex (self);
  take_waiting (self, before, py_seq_length (before) >= filter_get_max_lines (self->filter), &processed);
  count_line (self, shown, shown_len, processed);
  return TRUE;
}

gboolean
regex_run_line (RegexRun *self, LogLine *line, const char *shown, gsize shown_len)
{
  if (self->n_read++ % LINES_PER_TICK == 0)
    clock_set_time_usec (self->clock, g_get_real_time ());
  if (self->matches->len > 0)
    g_ptr_array_set_size (self->matches, 0);
  self->n_matches = 0;
  self->ignored = FALSE;
  if (filter_get_max_lines (self->filter) > 1)
    return run_with_window (self, line, shown, shown_len);
  if (!find (self, line))
    return FALSE;
  if (regex_run_is_quiet (self))
    return print_matches (self, shown, shown_len);
  count_prefregex (self);
  count_line (self, shown, shown_len, NULL);
  return TRUE;
}
