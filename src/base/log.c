#include "base/log.h"

#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log-format.h"
#include "base/log-options.h"
#include "base/log-target.h"
#include "compat/py-repr.h"
#include "compat/py-unicode.h"

struct Log
{
  int level;
  gint64 start_usec;
  LogTarget *target; /* NULL: none yet */
  LogFormat *format; /* NULL: the message alone */
  char *target_name; /* without options */
  char *syslog_socket;
  int verbosity;
  guint holds;
  gint64 held_usec; /* when a line was written while lines are held; 0: none yet */
  guint n_held;     /* lines since */
  LogSinkFunc sink;
  gpointer sink_data;
  GString *text, *line; /* kept to be used again; NULL: in use */
};

G_DEFINE_QUARK (fail2ban - log - error, log_error)

#define HELD_TIME_LINES 8
#define KEPT_SIZE 8192 /* what a string that is used again may have room for */

/* A string for a line, empty; to be put back. */
static GString *
take (GString **kept)
{
  GString *string = *kept != NULL ? g_steal_pointer (kept) : g_string_sized_new (256);

  g_string_truncate (string, 0);
  return string;
}

static void
put_back (GString **kept, GString *string)
{
  if (*kept != NULL)
    (void) g_string_free (*kept, TRUE);
  *kept = string;
  if (string != NULL && string->allocated_len > KEPT_SIZE)
    {
      (void) g_string_free (string, TRUE);
      *kept = NULL;
    }
}

Log *
log_new (void)
{
  Log *self = g_new0 (Log, 1);

  self->level = LOG_LEVEL_WARNING;
  self->start_usec = g_get_real_time ();
  self->syslog_socket = g_strdup ("auto");
  return self;
}

void
log_free (Log *self)
{
  if (self == NULL)
    return;
  log_target_free (self->target);
  log_format_free (self->format);
  g_free (self->target_name);
  g_free (self->syslog_socket);
  put_back (&self->text, NULL);
  put_back (&self->line, NULL);
  g_free (self);
}

/* --- writing --------------------------------------------------------------------------------------------------------- */

/* The length of the lone surrogate at text (three bytes, U+D800 to U+DFFF), 0 if there is none. */
static gsize
surrogate_length (const char *text, gsize len)
{
  return len >= 3 && (guint8) text[0] == 0xed && ((guint8) text[1] & 0xe0) == 0xa0 && ((guint8) text[2] & 0xc0) == 0x80
             ? 3
             : 0;
}

static void
append_escaped (GString *out, const char *text, gsize len)
{
  if (surrogate_length (text, len) > 0)
    g_string_append_printf (out, "\\u%04x", 0xd000u | ((guint8) text[1] & 0x3fu) << 6 | ((guint8) text[2] & 0x3fu));
  else
    g_string_append_printf (out, "\\x%02x", (guint8) text[0]);
}

static void
append_printable (GString *out, const char *text, gsize len)
{
  while (len > 0)
    {
      const char *end;
      gsize step;

      (void) g_utf8_validate_len (text, len, &end);
      g_string_append_len (out, text, end - text);
      len -= (gsize) (end - text);
      text = end;
      if (len == 0)
        break;
      append_escaped (out, text, len);
      step = MAX (surrogate_length (text, len), 1);
      text += step;
      len -= step;
    }
}

/* While lines are held, for a few milliseconds, one look at the clock serves some of them. */
static gint64
get_time_usec (Log *self)
{
  if (self->holds == 0)
    return g_get_real_time ();
  if (self->n_held++ % HELD_TIME_LINES == 0 || self->held_usec == 0)
    self->held_usec = g_get_real_time ();
  return self->held_usec;
}

static LogRecord
record_of (Log *self, int level, char level_name[16], const char *logger, const char *function, const char *text)
{
  return (LogRecord){ .level = level,
                      .level_name = log_level_name (level, level_name),
                      .logger = logger,
                      .function = function,
                      .text = text,
                      .time_usec = get_time_usec (self),
                      .start_usec = self->start_usec };
}

static void
write_line (Log *self, int level, const char *logger, const char *function, const char *text)
{
  char level_name[16];
  GString *line = take (&self->line);
  LogRecord record = record_of (self, level, level_name, logger, function, text);
  LogTargetLine out = { .level = level, .logger = logger, .function = function, .message = text };

  if (self->format != NULL)
    log_format_append (self->format, &record, line);
  else
    g_string_append (line, text);
  out.line = line->str;
  out.line_len = line->len;
  log_target_write (self->target, &out);
  put_back (&self->line, line);
}

static void
write_printable (Log *self, int level, const char *logger, const char *function, const char *text, gsize len)
{
  if (self->sink != NULL)
    self->sink (level, logger, text, len, self->sink_data);
  else
    write_line (self, level, logger, function, text);
}

/* As nearly all is */
static gboolean
is_plain (const char *text, gsize len)
{
  return py_text_is_ascii (text, len) && memchr (text, '\0', len) == NULL;
}

void
log_write_text (Log *self, int level, const char *logger, const char *function, const char *text, gsize len)
{
  GString *printable; /* valid UTF-8 without NUL */

  if (!log_enabled (self, level))
    return;
  if (is_plain (text, len))
    {
      write_printable (self, level, logger, function, text, len);
      return;
    }
  printable = take (&self->text);
  append_printable (printable, text, len);
  write_printable (self, level, logger, function, printable->str, printable->len);
  put_back (&self->text, printable);
}

static void
copy_parts (char *at, const LogPart *parts, guint n_parts)
{
  for (guint i = 0; i < n_parts; i++)
    {
      memcpy (at, parts[i].text, parts[i].len);
      at += parts[i].len;
    }
}

/* To where the target keeps its lines: the only copy.  FALSE: it cannot be. */
static gboolean
write_straight (Log *self, int level, const char *logger, const char *function, const LogPart *parts, guint n_parts, gsize len)
{
  char level_name[16];
  GString *line = log_target_begin_line (self->target);
  LogRecord record;
  gsize start;
  char *at;

  if (line == NULL || self->format == NULL)
    return FALSE;
  record = record_of (self, level, level_name, logger, function, "");
  start = line->len;
  at = log_format_begin (self->format, &record, len, line);
  if (at == NULL)
    return FALSE;
  copy_parts (at, parts, n_parts);
  if (!is_plain (at, len))
    {
      g_string_truncate (line, start);
      return FALSE;
    }
  log_target_end_line (self->target);
  return TRUE;
}

void
log_write_parts (Log *self, int level, const char *logger, const char *function, const LogPart *parts, guint n_parts)
{
  GString *text;
  gsize len = 0;

  if (!log_enabled (self, level))
    return;
  for (guint i = 0; i < n_parts; i++)
    len += parts[i].len;
  if (self->sink == NULL && write_straight (self, level, logger, function, parts, n_parts, len))
    return;
  text = take (&self->text);
  g_string_set_size (text, len);
  copy_parts (text->str, parts, n_parts);
  log_write_text (self, level, logger, function, text->str, len);
  put_back (&self->text, text);
}

void
log_write_full (Log *self, int level, const char *logger, const char *function, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if (!log_enabled (self, level))
    return;
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  log_write_text (self, level, logger, function, text, strlen (text));
}

void
log_hold (Log *self)
{
  if (self == NULL || self->holds++ > 0)
    return;
  self->held_usec = 0;
  if (self->target != NULL)
    log_target_set_held (self->target, TRUE);
}

void
log_release (Log *self)
{
  if (self != NULL && --self->holds == 0 && self->target != NULL)
    log_target_set_held (self->target, FALSE);
}

gboolean
log_enabled (const Log *self, int level)
{
  return self != NULL && level >= self->level && (self->target != NULL || self->sink != NULL);
}

void
log_set_sink (Log *self, LogSinkFunc func, gpointer data)
{
  self->sink = func;
  self->sink_data = data;
}

/* --- levels ---------------------------------------------------------------------------------------------------------- */

/* The first row of a level is its name in print. */
static const struct
{
  const char *printed;
  const char *name;
  int level;
} levels[] = {
  { "CRITICAL", "CRITICAL", LOG_LEVEL_CRITICAL },
  { "CRITICAL", "FATAL", LOG_LEVEL_CRITICAL },
  { "ERROR", "ERROR", LOG_LEVEL_ERROR },
  { "WARNING", "WARNING", LOG_LEVEL_WARNING },
  { "WARNING", "WARN", LOG_LEVEL_WARNING },
  { "NOTICE", "NOTICE", LOG_LEVEL_NOTICE },
  { "INFO", "INFO", LOG_LEVEL_INFO },
  { "MSG", "MSG", LOG_LEVEL_MSG },
  { "DEBUG", "DEBUG", LOG_LEVEL_DEBUG },
  { "TRACE", "TRACEDEBUG", LOG_LEVEL_TRACEDEBUG },
  { "HEAVY", "HEAVYDEBUG", LOG_LEVEL_HEAVYDEBUG },
  { "NOTSET", "NOTSET", LOG_LEVEL_NOTSET },
};

const char *
log_level_name (int level, char buffer[16])
{
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (levels[i].level == level)
      return levels[i].printed;
  g_snprintf (buffer, 16, level >= 0 && level < 50 ? "#%02d-Lev." : "Level %d", level);
  return buffer;
}

gboolean
log_level_parse (const char *text, int *ret_level, GError **error)
{
  g_autofree char *quoted = NULL;
  guint64 number;

  if (g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT, &number, NULL))
    {
      *ret_level = (int) number;
      return TRUE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (g_ascii_strcasecmp (levels[i].name, text) == 0)
      {
        *ret_level = levels[i].level;
        return TRUE;
      }
  quoted = py_repr_str (text, -1);
  g_set_error (error, LOG_ERROR, LOG_ERROR_LEVEL, "Invalid log level %s", quoted);
  return FALSE;
}

int
log_get_level (const Log *self)
{
  return self->level;
}

void
log_set_level (Log *self, int level)
{
  self->level = level;
}

/* --- formats --------------------------------------------------------------------------------------------------------- */

/* "%(name)-24s" -> "%(name)s" */
static char *
without_padding (const char *format)
{
  g_autoptr (GRegex) regex = g_regex_new ("(?<=\\))-?\\d+(?:\\.\\d+)?s", 0, 0, NULL);

  return g_regex_replace_literal (regex, format, -1, 0, "s", 0, NULL);
}

char *
log_dup_verbosity_format (int verbosity, const char *message_format, gboolean with_time, gboolean padding)
{
  const char *message = message_format != NULL ? message_format : " %(message)s";
  g_autofree char *format = NULL;

  if (verbosity > 2)
    format = g_strconcat (" +%(relativeCreated)5d %(thread)X %(name)-25.25s %(levelname)-5.5s",
                          verbosity > 3 ? " | %(module)15.15s-%(levelno)-2d: %(funcName)-20.20s |" : "", message, NULL);
  else if (verbosity > 1)
    format = g_strconcat (with_time ? " %(asctime)-15s" : "", " %(thread)X %(levelname)-5.5s", message, NULL);
  else
    format = g_strconcat (with_time ? "%(asctime)s " : "", "%(name)-24s[%(process)d]: %(levelname)-7s", message, NULL);
  return padding ? g_steal_pointer (&format) : without_padding (format);
}

/* --- targets --------------------------------------------------------------------------------------------------------- */

static void
use_target (Log *self, LogTarget *target, LogFormat *format)
{
  log_target_free (self->target);
  log_format_free (self->format);
  self->target = target;
  self->format = format;
  log_target_set_held (target, self->holds > 0);
}

gboolean
log_set_stream (Log *self, FILE *stream, const char *format, GError **error)
{
  LogFormat *parsed = log_format_new (format, error);

  if (parsed == NULL)
    return FALSE;
  use_target (self, log_target_new_stream (stream), parsed);
  return TRUE;
}

void
log_set_client_stderr (Log *self, int verbosity)
{
  static const int by_verbosity[]
      = { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG, LOG_LEVEL_HEAVYDEBUG };
  g_autofree char *format = log_dup_verbosity_format (verbosity - 1, NULL, TRUE, TRUE);

  self->level = by_verbosity[CLAMP (verbosity, 0, (int) G_N_ELEMENTS (by_verbosity) - 1)];
  (void) log_set_stream (self, stderr, format, NULL); /* our own format is good */
}

void
log_set_verbosity (Log *self, int verbosity)
{
  self->verbosity = verbosity;
}

const char *
log_peek_target (const Log *self)
{
  return self->target_name;
}

const char *
log_peek_syslog_socket (const Log *self)
{
  return self->syslog_socket;
}

static LogTarget *
open_syslog (Log *self, const LogOptions *options, GError **error)
{
  const char *name = options->facility != NULL ? options->facility : "DAEMON";
  int facility = log_target_facility (name);
  struct stat info;

  if (facility < 0)
    {
      g_autofree char *quoted = py_repr_str (name, -1);

      log_error (self, "fail2ban.server", "Unable to set facility %s, using 'DAEMON'", quoted);
      facility = log_target_facility ("DAEMON");
    }
  if (g_strcmp0 (self->syslog_socket, "auto") == 0)
    {
      g_free (self->syslog_socket);
      self->syslog_socket = g_strdup ("/dev/log");
    }
  if (stat (self->syslog_socket, &info) < 0 || !S_ISSOCK (info.st_mode))
    {
      g_set_error (error, LOG_ERROR, LOG_ERROR_SYSLOG, "Syslog socket file: %s does not exists or is not a socket",
                   self->syslog_socket);
      return NULL;
    }
  return log_target_new_syslog (self->syslog_socket, facility);
}

static LogTarget *
open_target (Log *self, const LogOptions *options, GError **error)
{
  const char *name = options->target;

  if (g_ascii_strcasecmp (name, "SYSTEMD-JOURNAL") == 0)
    return log_target_new_journal ();
  if (g_ascii_strcasecmp (name, "SYSLOG") == 0)
    return open_syslog (self, options, error);
  if (g_ascii_strcasecmp (name, "STDOUT") == 0 || g_ascii_strcasecmp (name, "SYSOUT") == 0)
    return log_target_new_stream (stdout);
  if (g_ascii_strcasecmp (name, "STDERR") == 0)
    return log_target_new_stream (stderr);
  return log_target_new_file (name, error);
}

/* Defaults: the date not where the receiver adds one, no padding for syslog. */
static LogFormat *
make_format (Log *self, const LogOptions *options, GError **error)
{
  gboolean syslog = g_ascii_strcasecmp (options->target, "SYSLOG") == 0;
  gboolean sysout = g_ascii_strcasecmp (options->target, "SYSOUT") == 0;
  gboolean with_time = options->datetime != LOG_OPTION_UNSET ? options->datetime == LOG_OPTION_ON : !syslog && !sysout;
  gboolean padding = options->padding != LOG_OPTION_UNSET ? options->padding == LOG_OPTION_ON : !syslog;
  g_autofree char *format = NULL;

  if (options->format != NULL && *options->format != '\0')
    return log_format_new (options->format, error);
  if (self->level <= LOG_LEVEL_DEBUG && self->verbosity <= 0)
    self->verbosity = LOG_LEVEL_DEBUG - self->level + 1; /* and it stays so (server.py, setLogTarget) */
  format = log_dup_verbosity_format (self->verbosity > 2 ? self->verbosity - 1 : 0, NULL, with_time, padding);
  return log_format_new (format, error);
}

gboolean
log_set_target (Log *self, const char *text, GError **error)
{
  g_autoptr (LogOptions) options = log_options_parse (text, error);
  g_autoptr (LogTarget) target = NULL;
  LogFormat *format = NULL;

  if (options == NULL)
    return FALSE;
  if (g_strcmp0 (options->target, self->target_name) == 0)
    return TRUE;
  if (g_ascii_strcasecmp (options->target, "INHERITED") != 0)
    {
      target = open_target (self, options, error);
      if (target == NULL)
        return FALSE;
      /* The journal gets the message alone, but only by its upper-case name (server.py compares as it was written). */
      if (strcmp (options->target, "SYSTEMD-JOURNAL") != 0 && (format = make_format (self, options, error)) == NULL)
        return FALSE;
      use_target (self, g_steal_pointer (&target), format);
    }
  g_free (self->target_name);
  self->target_name = g_strdup (options->target);
  return TRUE;
}

gboolean
log_set_syslog_socket (Log *self, const char *path, GError **error)
{
  if (g_strcmp0 (self->syslog_socket, path) == 0)
    return TRUE;
  g_free (self->syslog_socket);
  self->syslog_socket = g_strdup (path);
  /* 1.1.2 asks for the target it has already, which does nothing: the socket counts from the next target on. */
  return TRUE;
}

gboolean
log_flush (Log *self)
{
  static const char *const flushed[] = { "STDERR", "STDOUT", "SYSLOG", "SYSTEMD-JOURNAL", NULL };

  if (self->target_name != NULL && g_strv_contains (flushed, self->target_name))
    return FALSE;
  if (self->target != NULL)
    log_target_reopen (self->target);
  return TRUE;
}
