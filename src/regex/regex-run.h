/* regex-run.h - fail2ban-regex: one run of expressions over a log
 *
 * Made from the command line, it reads the expressions, then the log, and prints what it found: a report, or with -o only
 * the failures.  All texts are the reference's (1.1.2-dev, fail2banregex.py).
 * Must not: read the configuration itself (config/), match (match/).
 */
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/resolver.h"
#include "match/filter.h"
#include "regex/line-stats.h"
#include "regex/options.h"

/* An expression as it was given, and how often it matched. */
typedef struct
{
  char *regex;
  guint64 hits;
  GPtrArray *shown; /* with -v: a text for each match */
} RegexStat;

/* Are lines of a file looked at beforehand, in a second thread (read-ahead.h)? */
typedef enum
{
  REGEX_AHEAD_WHERE_WORTH, /* of big files, where there are two processors */
  REGEX_AHEAD_NEVER,       /* for tests, as is ALWAYS */
  REGEX_AHEAD_ALWAYS,
} RegexAhead;

/* A failure of the line in work. */
typedef struct
{
  Address *id;       /* NULL: still unknown */
  PyValue *id_value; /* what is printed for it */
  PyValue *time;
  PyValue *data;
} Match;

typedef struct
{
  const Options *options;
  Clock *clock;
  Log *log;
  Resolver *resolver;
  Filter *filter;

  RegexAhead ahead;
  gsize ahead_chunk;  /* bytes */
  gint64 lines_shown; /* lists longer than this are not shown */
  gboolean max_lines_set, date_pattern_set;
  PyValue *journal_match; /* list of words, or NULL */
  const char *backend;
  GPtrArray *failregexes, *ignoreregexes; /* of RegexStat */

  /* the line in work */
  guint n_matches;    /* failures */
  GPtrArray *matches; /* of Match; with -o */
  gboolean ignored;
  gboolean prefregex_matched;
  PyValue *last_pre_groups; /* with -v: what it captured last */

  guint64 n_read;
  LineStats lines;
  guint64 prefregex_hits;
  PyValue *pre_groups; /* list */
  gint64 elapsed_usec;
  int exit_code;
} RegexRun;

#define EXIT_FAILED 255 /* what is wrong was printed */
#define EXIT_CRASH  1   /* the reference dies of an exception */

/* clock: a settable one; the run moves it on. */
RegexRun *regex_run_new (const Options *options, Clock *clock, Log *log);
void regex_run_free (RegexRun *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RegexRun, regex_run_free)

/* The whole run; gives the exit code. */
int regex_run_all (RegexRun *self);

/* --- between the files of this room -------------------------------------------------------------------------------- */
gboolean regex_run_is_quiet (const RegexRun *self); /* -o: only failures are printed */
void regex_run_say (const RegexRun *self, const char *format, ...) G_GNUC_PRINTF (2, 3); /* unless quiet */
/* Both are FALSE.  failed: the reference prints such an error; crashed: it dies of the exception that error tells. */
gboolean regex_run_failed (RegexRun *self);
gboolean regex_run_crashed (RegexRun *self, const GError *error);

gboolean regex_run_set_max_lines (RegexRun *self, gint64 lines, GError **error);
gboolean regex_run_set_date_pattern (RegexRun *self, const char *patterns, GError **error);

/* expressions.c: the second argument (a jail, a filter or an expression), and the third */
gboolean regex_run_read_failregex (RegexRun *self, const char *argument);
gboolean regex_run_read_ignoreregex (RegexRun *self, const char *argument);

/* input.c: the first argument, line by line to regex_run_line */
gboolean regex_run_read_log (RegexRun *self, const char *argument);
/* journal.c: "systemd-journal[options]" */
gboolean regex_run_read_journal (RegexRun *self, const char *argument);

/* run-line.c: what the filter tells is counted, from the first line on */
void regex_run_watch_filter (RegexRun *self);
/* run-line.c: one line.  shown: as it stands in the log */
gboolean regex_run_line (RegexRun *self, LogLine *line, const char *shown, gsize shown_len);

/* failures.c: -o */
gboolean regex_run_print_failures (RegexRun *self, GPtrArray *matches);
void regex_run_match_free (gpointer match);

/* report.c: the rest of the report.  FALSE: the reference dies within it */
gboolean regex_run_report (RegexRun *self);
