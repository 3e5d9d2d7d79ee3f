#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "compat/py-fs.h"
#include "regex/decoded-lines.h"
#include "regex/out.h"
#include "regex/read-ahead.h"
#include "regex/regex-run.h"
#include "source/line-reader.h"

#define AHEAD_LEAST (256 * 1024 * 1024) /* bytes of a file, half a second: a second thread makes the work an eighth more in all */

/* --- a text on the command line ----------------------------------------------------------------------------------- */
/* Empty lines and comments are no lines of a log. */
static gboolean
read_text_line (RegexRun *self, LogLine *line, const char *text, gsize len)
{
  while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
    len--;
  if (len == 0 || *text == '#')
    return TRUE;
  log_line_set_text (line, text, len);
  return regex_run_line (self, line, text, len);
}

static void
say_lines (RegexRun *self, char **lines)
{
  guint n = g_strv_length (lines);

  regex_run_say (self, "Use      multi line : %u line(s)", n);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *number = g_strdup_printf ("%u", i + 1);
      g_autofree char *shown = out_dup_short (lines[i]);

      if (i >= 5)
        {
          regex_run_say (self, "| ...");
          break;
        }
      regex_run_say (self, "| %2.2s: %s", number, shown);
    }
  regex_run_say (self, "`-");
}

static gboolean
read_text (RegexRun *self, const char *text)
{
  g_autoptr (LogLine) line = log_line_new ("");
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  if (lines[0] == NULL) /* g_strsplit gives nothing for "" */
    {
      g_strfreev (lines);
      lines = g_new0 (char *, 2);
      lines[0] = g_strdup ("");
    }
  if (filter_get_max_lines (self->filter) <= 1 && lines[1] == NULL)
    {
      g_autofree char *shown = out_dup_short (text);
      regex_run_say (self, "Use      single line : %s", shown);
    }
  else
    say_lines (self, lines);
  regex_run_say (self, "%s", "");
  for (guint i = 0; lines[i] != NULL; i++)
    if (!read_text_line (self, line, lines[i], strlen (lines[i])))
      return FALSE;
  return TRUE;
}

/* --- a file ------------------------------------------------------------------------------------------------------- */
gboolean
regex_run_log_line (RegexRun *self, LogLine *line)
{
  g_autoptr (GError) error = NULL;
  const char *text;
  gsize text_len;
  PySearchFlags flags;

  if (!log_line_get_text (line, filter_peek_codec (self->filter), self->clock, self->log, &text, &text_len, &flags,
                          &error))
    return regex_run_crashed (self, error);
  if (text_len == 0 || *text == '#')
    return TRUE;
  return regex_run_line (self, line, text, text_len);
}

static gboolean
read_file_line (RegexRun *self, LogLine *line, const char *bytes, gsize len)
{
  log_line_set_bytes (line, bytes, len);
  return regex_run_log_line (self, line);
}

/* What the reference prints of an OSError: [Errno 13] Permission denied: 'x' */
static gboolean
refuse_file (RegexRun *self, const char *path, const GError *error)
{
  g_autoptr (PyValue) exception = py_exception_new_errno (error->code, path);

  out_value (exception);
  return regex_run_failed (self);
}

static gboolean
read_whole_lines (RegexRun *self, LogLine *line, LineReader *reader, GError **error)
{
  const char *bytes;
  gsize len;
  gboolean is_ascii;

  while (line_reader_next (reader, &bytes, &len, &is_ascii, error))
    {
      if (is_ascii)
        log_line_set_ascii_bytes (line, bytes, len);
      else
        log_line_set_bytes (line, bytes, len);
      if (!regex_run_log_line (self, line))
        return FALSE;
    }
  return TRUE;
}

static gboolean
read_lines_ahead (RegexRun *self, LogLine *line, ReadAhead *ahead, GError **error)
{
  const LineFinding *finding;
  const LineStore *store;
  const char *bytes;
  gsize len;

  while (read_ahead_next (ahead, &bytes, &len, &finding, &store, error))
    {
      log_line_set_found_bytes (line, bytes, len, finding, store);
      if (!regex_run_log_line (self, line))
        return FALSE;
    }
  return TRUE;
}

/* A second thread is worth what it takes to start one, and the memory, where there is a second processor for it. */
static gboolean
is_ahead_worth (const RegexRun *self, const char *file_name)
{
  cpu_set_t processors;
  struct stat info;

  if (self->ahead != REGEX_AHEAD_WHERE_WORTH)
    return self->ahead == REGEX_AHEAD_ALWAYS;
  return stat (file_name, &info) == 0 && S_ISREG (info.st_mode) && info.st_size >= AHEAD_LEAST
         && sched_getaffinity (0, sizeof processors, &processors) == 0 && CPU_COUNT (&processors) > 1;
}

/* It is no line yet, but the reference has decoded it when it sees that. */
static void
warn_of_rest (const RegexRun *self, LogLine *line, const char *bytes, gsize len)
{
  const char *text;
  PySearchFlags flags;

  log_line_set_bytes (line, bytes, len);
  (void) log_line_get_text (line, filter_peek_codec (self->filter), self->clock, self->log, &text, &len, &flags, NULL);
}

static gboolean
read_lines (RegexRun *self, LogLine *line, const char *file_name, LineReader *reader)
{
  g_autoptr (ReadAhead) ahead = NULL;
  g_autoptr (GError) error = NULL;
  const char *bytes;
  gsize len;
  gboolean ok;

  if (is_ahead_worth (self, file_name))
    ahead = read_ahead_new (self->filter, reader, self->ahead_chunk);
  if (ahead != NULL)
    ok = read_lines_ahead (self, line, ahead, &error);
  else
    ok = read_whole_lines (self, line, reader, &error);
  g_clear_pointer (&ahead, read_ahead_free);
  if (!ok)
    return FALSE;
  if (error != NULL)
    return regex_run_crashed (self, error);
  if (!line_reader_rest (reader, &bytes, &len))
    return TRUE;
  /* A last line that ends with a carriage return alone counts as finished. */
  if (bytes[len - 1] == '\r')
    return read_file_line (self, line, bytes, len);
  warn_of_rest (self, line, bytes, len);
  return TRUE;
}

static gboolean
read_file (RegexRun *self, const char *path)
{
  const char *encoding = self->options->encoding;
  g_autoptr (LogLine) line = log_line_new (path);
  g_autofree char *file_name = py_fs_encode (path);
  g_autoptr (LineReader) reader = NULL;
  g_autoptr (GError) error = NULL;
  gboolean is_decoded;

  /* "auto" means something to the server only. */
  if (g_ascii_strcasecmp (encoding, "auto") == 0)
    g_set_error (&error, FILTER_ERROR, FILTER_ERROR_LOOKUP, "unknown encoding: %s", encoding);
  if (error != NULL || !filter_set_log_encoding (self->filter, encoding, &error))
    return regex_run_crashed (self, error);
  is_decoded = py_codec_has_line_ends (filter_peek_codec (self->filter));
  reader = line_reader_open (file_name, LINE_END_BYTE, &error);
  if (reader == NULL)
    return refuse_file (self, path, error);
  regex_run_say (self, "Use         log file : %s", path);
  regex_run_say (self, "Use         encoding : %s", encoding);
  regex_run_say (self, "%s", "");
  if (is_decoded)
    return regex_run_read_decoded_lines (self, line, reader);
  return read_lines (self, line, file_name, reader);
}

gboolean
regex_run_read_log (RegexRun *self, const char *argument)
{
  gint64 start_usec = g_get_monotonic_time ();
  gboolean ok;

  regex_run_watch_filter (self);
  if (py_fs_isfile (argument))
    ok = read_file (self, argument);
  else if (g_str_has_prefix (argument, "systemd-journal"))
    ok = regex_run_read_journal (self, argument);
  else
    ok = read_text (self, argument);
  self->elapsed_usec = g_get_monotonic_time () - start_usec;
  return ok;
}
