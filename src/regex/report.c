#include <string.h>

#include "match/failregex.h"
#include "regex/out.h"
#include "regex/regex-run.h"

static void
free_text (gpointer text)
{
  g_string_free (text, TRUE);
}

static GPtrArray *
texts_new (void)
{
  return g_ptr_array_new_with_free_func (free_text);
}

static void
add_text (GPtrArray *texts, const char *text)
{
  g_ptr_array_add (texts, g_string_new (text));
}

/* A list in its frame; nothing at all when it is empty. */
static void
print_list (const GPtrArray *texts, const char *header)
{
  if (texts->len == 0)
    return;
  if (header != NULL)
    out_printf ("|- %s", header);
  for (guint i = 0; i < texts->len; i++)
    {
      const GString *text = g_ptr_array_index (texts, i);
      g_autoptr (GString) line = g_string_new ("|  ");
      g_string_append_len (line, text->str, (gssize) text->len);
      out_text (line->str, line->len);
    }
  out_line ("`-");
}

/* --- expressions -------------------------------------------------------------------------------------------------- */
static void
print_prefregex (const RegexRun *self)
{
  g_autoptr (GPtrArray) texts = NULL;

  if (filter_peek_prefregex (self->filter) == NULL)
    return;
  texts = texts_new ();
  add_text (texts, filter_peek_prefregex (self->filter));
  for (guint i = 0; i < py_seq_length (self->pre_groups); i++)
    {
      GString *text = g_string_new ("    ");
      out_append_value (text, py_seq_peek (self->pre_groups, i));
      g_ptr_array_add (texts, text);
    }
  out_printf ("\nPrefregex: %" G_GUINT64_FORMAT " total", self->prefregex_hits);
  print_list (texts, NULL);
}

static void
print_regexes (const RegexRun *self, const char *title, const GPtrArray *stats)
{
  g_autoptr (GPtrArray) texts = texts_new ();
  guint64 total = 0;

  for (guint i = 0; i < stats->len; i++)
    {
      const RegexStat *stat = g_ptr_array_index (stats, i);
      g_autofree char *text = g_strdup_printf ("%2u) [%" G_GUINT64_FORMAT "] %s", i + 1, stat->hits, stat->regex);

      total += stat->hits;
      if (stat->hits > 0 || self->options->verbose != 0)
        add_text (texts, text);
      for (guint j = 0; j < stat->shown->len; j++)
        add_text (texts, g_ptr_array_index (stat->shown, j));
    }
  out_printf ("\n%s: %" G_GUINT64_FORMAT " total", title, total);
  print_list (texts, " #) [# of hits] regular expression");
}

/* --- dates -------------------------------------------------------------------------------------------------------- */
static void
describe_template (const DateDetector *detector, guint i, GPtrArray *texts)
{
  const DateTemplate *template = date_detector_peek_template (detector, i);
  const char *pattern = date_template_peek_pattern (template), *regex = date_template_peek_regex (template);
  g_autofree char *first
      = g_strdup_printf ("    # weight: %.3f (%.3f), pattern: %s", date_detector_get_weight (detector, i),
                         date_template_get_weight (template), pattern != NULL ? pattern : "");
  g_autofree char *second = g_strdup_printf ("    # regex:   %s", regex != NULL ? regex : "");

  add_text (texts, first);
  add_text (texts, second);
}

static void
print_dates (const RegexRun *self)
{
  const DateDetector *detector = filter_peek_date_detector (self->filter);
  g_autoptr (GPtrArray) texts = texts_new ();

  if (detector == NULL)
    return;
  out_line ("\nDate template hits:");
  for (guint i = 0; i < date_detector_get_n_templates (detector); i++)
    {
      guint64 hits = date_detector_get_hits (detector, i);
      g_autofree char *text = g_strdup_printf ("[%" G_GUINT64_FORMAT "] %s", hits,
                                               date_template_peek_name (date_detector_peek_template (detector, i)));
      if (hits == 0 && self->options->verbose == 0)
        continue;
      add_text (texts, text);
      if (self->options->verbose_date)
        describe_template (detector, i, texts);
    }
  print_list (texts, "[# of hits] date format");
}

/* --- lines -------------------------------------------------------------------------------------------------------- */
static void
append_rstripped (GPtrArray *texts, const GString *text)
{
  g_ptr_array_add (texts, g_string_new_len (text->str, (gssize) out_rstrip_length (text->str, text->len)));
}

/* FALSE: the line cannot be said in the encoding. */
static gboolean
append_debuggex_url (const RegexRun *self, const PyCodec *codec, GString *out, const PyValue *line, const char *regex)
{
  gboolean no_dns = self->options->usedns != NULL && g_str_equal (self->options->usedns, "no");
  g_autofree char *expanded = failregex_expand (regex, no_dns ? FAILREGEX_NO_DNS : FAILREGEX_DEFAULT);
  g_autoptr (GString) sample = g_string_new (NULL);
  gsize len;
  const char *text = py_str_peek (line, &len);

  if (!py_codec_encode (codec, text, len, FALSE, sample))
    return FALSE;
  g_string_append (out, "https://www.debuggex.com/?re=");
  out_append_quoted (out, expanded, strlen (expanded));
  g_string_append (out, "&str=");
  out_append_quoted (out, sample->str, sample->len);
  g_string_append (out, "&flavor=python");
  if (filter_get_max_lines (self->filter) > 1)
    g_string_append (out, "&flags=m");
  return TRUE;
}

/* Each line with each expression, and the page that explains why. */
static gboolean
append_debuggex (RegexRun *self, LineKind kind, GPtrArray *texts)
{
  const GPtrArray *stats = kind == LINES_IGNORED ? self->ignoreregexes : self->failregexes;
  const GPtrArray *lines = self->lines.processed[kind];
  g_autoptr (GError) error = NULL;
  g_autoptr (PyCodec) codec = py_codec_new (self->options->encoding, &error);

  if (codec == NULL && lines->len > 0 && stats->len > 0)
    return regex_run_crashed (self, error);
  for (guint i = 0; i < lines->len; i++)
    for (guint j = 0; j < stats->len; j++)
      {
        const RegexStat *stat = g_ptr_array_index (stats, j);
        const PyValue *line = g_ptr_array_index (lines, i);
        g_autoptr (GString) text = NULL;

        if (py_value_type (line) != PY_STR)
          {
            error = g_error_new_literal (FILTER_ERROR, FILTER_ERROR_PROCESS,
                                         "--debuggex is not possible with entries of the journal: leave it out, "
                                         "or give their text as a log file");
            return regex_run_crashed (self, error);
          }
        text = g_string_new (NULL);
        out_append_value (text, line);
        g_string_append_printf (text, " | %s |  ", stat->regex);
        if (!append_debuggex_url (self, codec, text, line, stat->regex))
          {
            error = g_error_new (FILTER_ERROR, FILTER_ERROR_PROCESS, "'%s' encodes no text: --debuggex needs another --encoding",
                                 self->options->encoding);
            return regex_run_crashed (self, error);
          }
        append_rstripped (texts, text);
      }
  return TRUE;
}

static void
append_lines (const RegexRun *self, LineKind kind, GPtrArray *texts)
{
  const GPtrArray *lines = self->lines.lines[kind];

  for (guint i = 0; i < lines->len; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      out_append_value (text, g_ptr_array_index (lines, i));
      append_rstripped (texts, text);
    }
}

/* FALSE: the reference dies of it. */
static gboolean
print_lines (RegexRun *self, LineKind kind, gboolean all)
{
  gint64 count = self->lines.count[kind];
  const char *name = line_kind_name (kind);
  g_autofree char *header = g_strdup_printf ("%c%s line(s):", g_ascii_toupper (*name), name + 1);
  g_autoptr (GPtrArray) texts = NULL;

  if (count == 0)
    return TRUE;
  if (count >= self->lines_shown && !all)
    {
      out_printf ("%s too many to print.  Use --print-all-%s to print all %" G_GINT64_FORMAT " lines", header, name,
                  count);
      return TRUE;
    }
  texts = texts_new ();
  if (!self->options->debuggex)
    append_lines (self, kind, texts);
  else if (!append_debuggex (self, kind, texts))
    return FALSE;
  print_list (texts, header);
  return TRUE;
}

gboolean
regex_run_report (RegexRun *self)
{
  const Options *options = self->options;
  const LineStats *lines = &self->lines;

  if (regex_run_is_quiet (self))
    return TRUE;
  out_line ("\nResults\n=======");
  print_prefregex (self);
  print_regexes (self, "Failregex", self->failregexes);
  print_regexes (self, "Ignoreregex", self->ignoreregexes);
  print_dates (self);
  out_printf ("\nLines: %" G_GINT64_FORMAT " lines, %" G_GINT64_FORMAT " ignored, %" G_GINT64_FORMAT
              " matched, %" G_GINT64_FORMAT " missed",
              lines->tested, lines->count[LINES_IGNORED], lines->count[LINES_MATCHED], lines->count[LINES_MISSED]);
  out_printf ("[processed in %.2f sec]", (double) self->elapsed_usec / G_USEC_PER_SEC);
  out_line ("");
  return (!options->print_all_matched || print_lines (self, LINES_MATCHED, TRUE))
         && (options->print_no_ignored || print_lines (self, LINES_IGNORED, options->print_all_ignored))
         && (options->print_no_missed || print_lines (self, LINES_MISSED, options->print_all_missed));
}
