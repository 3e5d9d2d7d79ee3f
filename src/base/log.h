/* log.h - the log file that administrators and other programs read
 *
 * Levels, targets and the line format are fail2ban's, byte for byte: `2025-08-14 10:00:00,500 fail2ban.jail          
 * [4711]: INFO    Jail 'x' started`.
 * Must not: decide what is worth a line (callers do), block on a peer (the syslog and journal sockets are never waited
 * for), keep a
 * broken target from the program: what cannot be written is dropped.
 *
 * Logger names are fail2ban's: "fail2ban", "fail2ban.server", "fail2ban.jail", "fail2ban.filter", "fail2ban.actions",
 * "fail2ban.database", "fail2ban.observer", "fail2ban.transmitter", "fail2ban.utils", "fail2ban.ipdns", …
 */
#pragma once
#include <glib.h>
#include <stdio.h>

typedef enum
{
  LOG_LEVEL_NOTSET = 0,
  LOG_LEVEL_HEAVYDEBUG = 5, /* printed as HEAVY */
  LOG_LEVEL_TRACEDEBUG = 7, /* printed as TRACE */
  LOG_LEVEL_DEBUG = 10,
  LOG_LEVEL_MSG = 18,
  LOG_LEVEL_INFO = 20,
  LOG_LEVEL_NOTICE = 25,
  LOG_LEVEL_WARNING = 30,
  LOG_LEVEL_ERROR = 40,
  LOG_LEVEL_CRITICAL = 50,
} LogLevel; /* any number between is a level too ("set loglevel 15"), printed as "#15-Lev." */

#define LOG_ERROR (log_error_quark ())
GQuark log_error_quark (void);
typedef enum
{
  LOG_ERROR_LEVEL,  /* "Invalid log level 'X'" */
  LOG_ERROR_SYNTAX, /* options of a target */
  LOG_ERROR_FORMAT, /* a format that cannot be used */
  LOG_ERROR_OPEN,   /* "Unable to log to '/x'"; the caller logs it and "Logging to previous target '…'" (info) */
  LOG_ERROR_SYSLOG, /* "Syslog socket file: … does not exists or is not a socket" */
} LogError;

typedef struct Log Log; /* opaque: the fields live in log.c */

/* Starts without a target: lines are dropped.  Level WARNING. */
Log *log_new (void);
void log_free (Log *self); /* closes the target; NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Log, log_free)

/* --- writing ----------------------------------------------------------------------------------------------------- */
/* The message is text without line end.  Bytes that are no UTF-8 come out as \xNN, lone surrogates as \udcNN. */
#define log_write(log, level, logger, ...) log_write_full ((log), (level), (logger), __func__, __VA_ARGS__)
#define log_critical(log, logger, ...)     log_write ((log), LOG_LEVEL_CRITICAL, (logger), __VA_ARGS__)
#define log_error(log, logger, ...)        log_write ((log), LOG_LEVEL_ERROR, (logger), __VA_ARGS__)
#define log_warning(log, logger, ...)      log_write ((log), LOG_LEVEL_WARNING, (logger), __VA_ARGS__)
#define log_notice(log, logger, ...)       log_write ((log), LOG_LEVEL_NOTICE, (logger), __VA_ARGS__)
#define log_info(log, logger, ...)         log_write ((log), LOG_LEVEL_INFO, (logger), __VA_ARGS__)
#define log_msg(log, logger, ...)          log_write ((log), LOG_LEVEL_MSG, (logger), __VA_ARGS__)
#define log_debug(log, logger, ...)        log_write ((log), LOG_LEVEL_DEBUG, (logger), __VA_ARGS__)
#define log_tracedebug(log, logger, ...)   log_write ((log), LOG_LEVEL_TRACEDEBUG, (logger), __VA_ARGS__)
#define log_heavydebug(log, logger, ...)   log_write ((log), LOG_LEVEL_HEAVYDEBUG, (logger), __VA_ARGS__)

/* log may be NULL: dropped.  function: the C function, shown by the most verbose formats. */
void log_write_full (Log *self, int level, const char *logger, const char *function, const char *format, ...)
    G_GNUC_PRINTF (5, 6);
/* The message as it is, with its length (text of log lines, which may hold NUL); there is a NUL behind it. */
void log_write_text (Log *self, int level, const char *logger, const char *function, const char *text, gsize len);

/* The same for a message in parts, one behind the other. */
typedef struct
{
  const char *text;
  gsize len;
} LogPart;
void log_write_parts (Log *self, int level, const char *logger, const char *function, const LogPart *parts, guint n_parts);

/* Between the two what goes to a file is kept, and then written at once: a thousand lines are no thousand system calls.  For the time of
 * one call from the loop.  May be nested; log may be NULL. */
void log_hold (Log *self);
void log_release (Log *self);

/* Would a line of this level be written?  Ask before building expensive text. */
gboolean log_enabled (const Log *self, int level);

/* --- level ------------------------------------------------------------------------------------------------------- */
int log_get_level (const Log *self);
void log_set_level (Log *self, int level);
/* A level by name in any case (also WARN, FATAL, NOTSET) or by number, as "set loglevel" takes it. */
gboolean log_level_parse (const char *text, int *ret_level, GError **error);
const char *log_level_name (int level, char buffer[16]); /* "WARNING", "TRACE", "#15-Lev." */

/* --- target ------------------------------------------------------------------------------------------------------ */
/* target: STDOUT, SYSOUT, STDERR, SYSLOG, SYSTEMD-JOURNAL (any case), INHERITED or a file, with options behind it:
 *   /var/log/fail2ban.log[format="%(asctime)s %(message)s", datetime=on, padding=off]   SYSLOG[facility=local0]
 * On failure the old target goes on.  The name without options is kept for log_peek_target; the same name again changes
 * nothing, also with other options (1.1.2). */
gboolean log_set_target (Log *self, const char *target, GError **error);
const char *log_peek_target (const Log *self); /* NULL before the first one */
/* "auto" (default): /dev/log.  Counts from the next target on, also when SYSLOG is in use (1.1.2).  Never fails so far. */
gboolean log_set_syslog_socket (Log *self, const char *path, GError **error);
const char *log_peek_syslog_socket (const Log *self); /* "auto" until SYSLOG was used, as 1.1.2 */
/* -v of the server: from 3 on the formats with threads and functions; 0 or less: unset.  Counts at the next
 * set_target. */
void log_set_verbosity (Log *self, int verbosity);

/* flushlogs: opens the file again (after rotation).  TRUE: "rolled over", also for target names that are no upper-case
 * STDERR, STDOUT, SYSLOG, SYSTEMD-JOURNAL; FALSE: "flushed". */
gboolean log_flush (Log *self);

/* A stream of the caller with a format of his own, as client and fail2ban-regex use: fail2ban's %-style formats, e.g.
 * "%(levelname)-1.1s: %(message)s".
 * stream stays the caller's and must outlive the log. */
gboolean log_set_stream (Log *self, FILE *stream, const char *format, GError **error);
/* The client's and the server's stderr before a target is set: level and format by -v/-q; verbosity 1 is the default.
 * */
void log_set_client_stderr (Log *self, int verbosity);
/* fail2ban's format for a verbosity; message_format NULL: " %(message)s". */
char *log_dup_verbosity_format (int verbosity, const char *message_format, gboolean with_time, gboolean padding);

/* For tests and tools: every line that passes the level goes to func instead of a target. */
typedef void (*LogSinkFunc) (int level, const char *logger, const char *text, gsize len, gpointer data);
void log_set_sink (Log *self, LogSinkFunc func, gpointer data);
