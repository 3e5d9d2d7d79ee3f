/* filter.h - the expressions of one jail, and what they find in a line
 *
 * A filter takes lines and gives failures.  Settings are those of the protocol (`set JAIL addfailregex ...`), with the
 * reference's checks and error texts (1.1.2-dev).  Must not: read files, resolve names, count failures, look at ignoreip.
 *
 * Errors carry the text of Python's exception, so that a command can answer with it:
 *   FILTER_ERROR_REGEX      RegexException   an expression that cannot be used
 *   FILTER_ERROR_VALUE      ValueError       a value out of range, an unknown zone, a bad date pattern
 *   FILTER_ERROR_LOOKUP     LookupError      an unknown encoding
 *   FILTER_ERROR_PROCESS    of filter_process_line() only: the message is the repr of the exception, KeyError('POST')
 *   DATE_ERROR, PY_REGEX_ERROR  other exceptions, by the class that these rooms' errors name
 * What the reference also writes to its log while setting (errors of expressions, "  maxLines: 2") is written here.
 */
#pragma once

#include <glib.h>

#include "base/clock.h"
#include "base/log.h"
#include "compat/py-codec.h"
#include "match/date-detector.h"
#include "match/failure.h"
#include "match/filter-pool.h"
#include "match/log-line.h"

typedef enum
{
  FILTER_ERROR_REGEX,
  FILTER_ERROR_VALUE,
  FILTER_ERROR_LOOKUP,
  FILTER_ERROR_PROCESS
} FilterError;
#define FILTER_ERROR (filter_error_quark ())
GQuark filter_error_quark (void);

typedef struct Filter Filter;

/* jail_name: for messages, NULL: "~jailless~".  clock and log are borrowed and outlive the filter. */
Filter *filter_new (const char *jail_name, Clock *clock, Log *log);
/* The same with the date templates and the expressions of other jails; the pool, too, is borrowed and outlives the filter. */
Filter *filter_new_sharing (const char *jail_name, Clock *clock, Log *log, FilterPool *pool);
void filter_free (Filter *self);

/* The beginning of a reload: no failregex, no ignoreregex; everything else stays. */
void filter_clear (Filter *self);

/* --- expressions ---------------------------------------------------------------------------------------------------
 * The getters show expressions as they are used: with their tags expanded (as `get JAIL failregex` does).  Tags expand when
 * an expression is set, with the usedns of that moment; a failregex is in multi-line mode when maxlines was above 1 then. */
gboolean filter_set_prefregex (Filter *self, const char *pattern, GError **error); /* "" or NULL: none */
const char *filter_peek_prefregex (const Filter *self);                            /* NULL: none */

gboolean filter_add_failregex (Filter *self, const char *pattern, GError **error);
void filter_del_failregex (Filter *self, gint64 index); /* negative: from the end; out of range: logged only */
guint filter_n_failregex (const Filter *self);
const char *filter_peek_failregex (const Filter *self, guint index);

gboolean filter_add_ignoreregex (Filter *self, const char *pattern, GError **error);
void filter_del_ignoreregex (Filter *self, gint64 index);
void filter_del_all_ignoreregex (Filter *self);
guint filter_n_ignoreregex (const Filter *self);
const char *filter_peek_ignoreregex (const Filter *self, guint index);

/* --- settings ------------------------------------------------------------------------------------------------------ */
/* Any case; what is none of yes, warn, no, raw is logged as an error and taken as no. */
void filter_set_use_dns (Filter *self, const char *mode);
const char *filter_peek_use_dns (const Filter *self); /* "yes", "warn" (at the start), "no", "raw" */

gboolean filter_set_max_lines (Filter *self, gint64 lines, GError **error); /* at the start 1 */
gint64 filter_get_max_lines (const Filter *self);

/* An encoding by one of Python's names; "auto" is the locale's.  The getter shows the name as it was given. */
gboolean filter_set_log_encoding (Filter *self, const char *encoding, GError **error);
const char *filter_peek_log_encoding (const Filter *self);

/* One pattern a line, blanks around them taken off; NULL: search no date at all (journal). */
gboolean filter_set_date_pattern (Filter *self, const char *patterns, GError **error);
/* FALSE: no date is searched.  Else *ret_name is "Default Detectors" or the name of the only pattern, and *ret_pattern the
 * pattern or NULL.  Both the caller's. */
gboolean filter_get_date_pattern (const Filter *self, char **ret_pattern, char **ret_name);

gboolean filter_set_log_time_zone (Filter *self, const char *zone, GError **error); /* NULL: none */
const char *filter_peek_log_time_zone (const Filter *self);                         /* NULL: none */

/* How far back lines count while the logs are read for the first time.  text: as messages show it ("600"). */
void filter_set_find_time (Filter *self, gint64 find_time_usec, const char *text);

/* --- lines --------------------------------------------------------------------------------------------------------- */
/* Searches a line and calls func for each failure, in the order of the reference.
 * in_operation: the log was read to its end before, so this line is new.  Then a line whose date is more than a minute off happened
 * now; and a line without a date too, unless the last date is at most a minute old.  Otherwise (the first reading of
 * a log) lines older than the find time, and matches without any date, are left out.
 * FALSE: the reference raises an exception here (FILTER_ERROR_PROCESS); the line is lost, nothing else. */
gboolean filter_process_line (Filter *self, LogLine *line, gboolean in_operation, FailureFunc func, gpointer user_data,
                              GError **error);

/* "Failed to process line: 'LINE', caught exception: KeyError('POST')", as an error in the log. */
void filter_log_failed_line (Filter *self, LogLine *line, const GError *error);

/* When a line happened, for whoever looks for the place in a log where reading has to begin.  FALSE: it has no date, or one that
 * is no time.  The detector learns from it as from any line; nothing else changes. */
gboolean filter_find_time (Filter *self, LogLine *line, gint64 *ret_time_usec);

/* --- for fail2ban-regex -------------------------------------------------------------------------------------------- */
typedef struct
{
  /* An ignoreregex matched (also when the search goes on). */
  void (*ignored) (guint ignoreregex_index, gpointer user_data);
  /* The prefregex was searched.  For its groups call filter_dup_prefregex_groups() from here. */
  void (*prefregex) (gboolean matched, gpointer user_data);
} FilterHooks;

void filter_set_hooks (Filter *self, const FilterHooks *hooks,
                       gpointer user_data);                     /* hooks is a constant of the caller */
void filter_set_check_all (Filter *self, gboolean check_all);   /* try each failregex, even after a match; FALSE */
void filter_set_check_find_time (Filter *self, gboolean check); /* TRUE; FALSE: never compare a date with now */
void filter_set_ignore_pending (Filter *self, gboolean ignore_pending); /* TRUE; FALSE: report failures without an id */
void filter_set_raw_host (Filter *self, gboolean raw);                  /* FALSE; TRUE: host names are ids themselves */

PyValue *filter_dup_prefregex_groups (const Filter *self); /* from the hook only: what it captured in this line */
const FilterMemory *filter_peek_memory (const Filter *self); /* the same as that of another filter: both have one (filter-memory.h) */
const PyCodec *filter_peek_codec (const Filter *self);
const DateDetector *filter_peek_date_detector (const Filter *self); /* NULL: no date is searched */
/* With maxlines above 1: the lines that wait for more, a list of tuples (before, date, after).  The caller's. */
PyValue *filter_dup_window (const Filter *self);
/* The last line without its date, the caller's.  Before the next line, and while the LogLine still has it. */
char *filter_dup_processed_text (const Filter *self, gsize *ret_len);
PyValue *filter_dup_last_time (const Filter *self); /* the last date that was found: int, float or None */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Filter, filter_free)
