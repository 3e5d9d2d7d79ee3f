/* filter-private.h - what the files of the filter share: filter.c (settings), filter-line.c (dates), filter-find.c
 * (expressions), filter-match.c (what matched), filter-merge.c (connections), filter-identify.c (ids) */
#pragma once

#include "compat/py-codec.h"
#include "match/captures.h"
#include "match/connection-cache.h"
#include "match/date-detector.h"
#include "match/failregex.h"
#include "match/filter-gate.h"
#include "match/filter.h"
#include "match/finder.h"
#include "match/line-tuples.h"

#define FILTER_LOGGER   "fail2ban.filter"
#define DETECTOR_LOGGER "fail2ban.datedetector"

/* A time as the reference holds it: an int or a float of Python, or None. */
typedef struct
{
  gboolean is_set;
  DateTime time;
} FilterTime;

struct Filter
{
  char *jail_name;
  Clock *clock;
  Log *log;

  /* settings */
  Failregex *prefregex;
  guint64 n_prefregexes; /* set so far: tells one from the next */
  GPtrArray *failregexes, *ignoreregexes; /* of Failregex */
  FilterGate *gate;                       /* NULL: to be made anew; filter_get_gate() */
  const char *find_key;                   /* interned: what all the expressions say; NULL: to be made */
  gboolean ungated;                       /* for tests: without any shortcut */
  const char *use_dns;                    /* static */
  guint max_lines;
  PyCodec *codec;
  FilterPool *pool;       /* NULL: all of its own */
  DateDetector *detector; /* NULL: no date is searched */
  char *date_patterns;    /* NULL: the default ones */
  char *zone;
  const char *date_key; /* interned: what date_patterns, zone and codec say */
  gint64 find_time_usec;
  char *find_time_text;

  /* settings of fail2ban-regex */
  const FilterHooks *hooks; /* or NULL */
  gpointer hooks_data;
  gboolean check_all, check_find_time, ignore_pending, raw_host;

  /* what goes on from line to line */
  PyValue *window;         /* with max_lines above 1: list of tuples (before, date, after) */
  GString *last_time_text; /* the date text of the last line that had one */
  FilterTime last_time;
  guint64 last_date;    /* the detector's number of the date that both are of, so that it need not be split off again; 0: of none */
  LinePieces last_line; /* borrowed from the LogLine */
  ConnectionCache *connections;
  gint64 next_no_time_warning, next_simulated_warning, next_ignored_warning; /* microseconds: once a day */

  /* kept to be used again */
  Finder *finder;
  Captures *captures;     /* what the match in work has */
  Captures *pre_captures; /* with maxlines above 1: what the prefregex captured */
  GString *text, *content;
  guint64 n_date_limits; /* of the detector, when it was looked at last */
  GHashTable *n_limits;  /* expression -> how many searches of it were given up (guint64); NULL: none */
};

/* Of the expressions as they are now. */
const FilterGate *filter_get_gate (Filter *self);

/* Every expression is really searched: what tests compare the shortcuts with. */
void filter_set_ungated (Filter *self, gboolean ungated);

/* A search for the nth time took too long and was given up.  Said the first time, the tenth, the hundredth, ...: neither kept quiet nor
 * a way to fill the log.  expression: NULL for the dates. */
void filter_warn_limit (Filter *self, const char *expression, guint64 n);

double filter_now_sec (gint64 now_usec);

/* Writes "[JAIL] text" as a warning, if the last was a day ago; *next is when the next may be.  A second and a third text may
 * follow (NULL: none); they are taken. */
void filter_warn_once (Filter *self, gint64 *next_usec, char *first, char *second, char *third);
/* Would it?  Texts are not made for nothing at every line of a log whose clock is wrong. */
gboolean filter_warning_is_due (const Filter *self, gint64 next_usec);

/* filter-find.c: the expressions on a line.  time may be unset; no_date: it was not in the line. */
gboolean filter_find (Filter *self, LogLine *shared, const LinePieces *line, PySearchFlags flags,
                      const FilterTime *time, gboolean no_date, FailureFunc func, gpointer user_data, GError **error);

/* To whom, and with which time, failures of a line are told. */
typedef struct
{
  Filter *filter;
  const FilterTime *time;
  FailureFunc func;
  gpointer user_data;
} FilterReport;

typedef enum
{
  FILTER_STEP_NEXT,      /* try the next expression */
  FILTER_STEP_DONE,      /* no more for this line */
  FILTER_STEP_EXCEPTION, /* error is set */
} FilterStep;

/* One line on its way through the expressions.
 *
 * With maxlines above 1 the filter's window holds the last lines, and `lines` is what was in it when this line came;
 * without, a line touches no PyValue. */
typedef struct
{
  Filter *filter;
  LogLine *shared;
  const LinePieces *line;
  FilterReport to;
  gboolean no_date, multi;
  guint first;     /* failregex that matched, or LINE_FOUND_NOTHING */
  const char *key; /* under which others are told what was found; NULL: nothing to be told */

  PyValue *lines;   /* with maxlines above 1: list of tuples */
  const char *text; /* what is searched now; NULL: it has to be made of the window */
  gsize len;
  PySearchFlags flags;
} FilterFind;

/* filter-find.c: does an ignoreregex match this text? */
gboolean filter_find_is_ignored (FilterFind *f, const char *text, gsize len, PySearchFlags flags);

/* filter-match.c: a failregex matched. */
FilterStep filter_handle_match (FilterFind *f, guint index, Failregex *regex, GError **error);
/* The same with what another filter with the same expressions found; FALSE: not possible, nothing happened. */
gboolean filter_can_tell_again (const FilterFind *f, const LineFound *found);
FilterStep filter_tell_again (FilterFind *f, const LineFound *found, GError **error);
/* With maxlines above 1: what the prefregex captured is kept, before its text is used for something else. */
void filter_keep_pre_groups (FilterFind *f);
void filter_set_window (Filter *self, PyValue *lines); /* takes lines */

/* The lines that a match took: the one in work, or with maxlines above 1 a list of tuples. */
typedef struct
{
  const LinePieces *line;
  const PyValue *several;
} Matched;

/* Of very many lines only the last. */
void matched_append_to (const Matched *self, LineList *lines);

/* filter-identify.c: who it was, told to the callback.  fail: what was captured; it gets "ip" or "mlfpending" where these apply.
 * has_mlfid: the line is one of a connection, which may have an id later. */
FilterStep filter_identify (const FilterReport *to, guint index, Captures *fail, gboolean has_mlfid, GError **error);

/* filter-merge.c: adds a line of a connection to what is known of it.  Gives what has to be reported: fail, or what the memory of
 * connections has.  fail has an mlfid.  NULL: the reference raises an
 * exception here. */
Captures *filter_merge (Filter *self, Captures *fail, const Matched *matched, gint64 now_usec, GError **error);
