/* log-format.h - fail2ban's %-style line formats: "%(asctime)s %(name)-24s[%(process)d]: %(levelname)-7s %(message)s"
 *
 * Python's logging formats as far as a line can know them: parsed once, then applied to each record.  Conversions s r a d i u o x X
 * e f g with flags, width and precision.  Fields: name levelno levelname pathname filename module lineno funcName created
 * asctime msecs relativeCreated thread threadName process processName message, tb and tbc (the function's name).
 * The process is the one that made the format.
 * Must not: know where a line goes.
 */
#pragma once
#include <glib.h>

typedef struct LogFormat LogFormat;

typedef struct
{
  int         level;
  const char *level_name;
  const char *logger;
  const char *function;
  const char *text; /* valid UTF-8, no NUL */
  gint64      time_usec;
  gint64      start_usec; /* when the log was made: relativeCreated */
  int         pid;        /* private */
} LogRecord;

/* LOG_ERROR_FORMAT for what Python refuses, and (1.1.2 loses every line then) for fields and conversions that do not exist. */
LogFormat *log_format_new    (const char *format, GError **error);
void       log_format_free   (LogFormat *self); /* NULL is fine */
void       log_format_append (LogFormat *self, const LogRecord *record, GString *out);
/* The same for a message that the caller writes: appends what stands before it, and room for len bytes.  Where they belong; NULL, and
 * nothing is appended: the message is not the end of the line, or not as it is. */
char      *log_format_begin  (LogFormat *self, const LogRecord *record, gsize len, GString *out);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LogFormat, log_format_free)
