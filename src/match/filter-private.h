/* filter-private.h - what the files of the filter share: filter.c (settings), filter-line.c (dates), filter-find.c
 * (expressions), filter-match.c (what matched), filter-merge.c (connections), filter-identify.c (ids) */
#pragma once

#include "compat/py-codec.h"
#include "match/captures.h"
#include "match/connection-cache.h"
#include "match/date-detector.h"
#include "match/failregex.h"
#include "match/filter-gate.h"
#include "match/filter-memory.h"
#include "match/filter.h"
#include "match/finder.h"
#include "match/line-tuples.h"

#define FILTER_LOGGER   "fail2ban.filter"
#define DETECTOR_LOGGER "fail2ban.datedetector"
#define TEMPLATE_LOGGER "fail2ban.datetemplate"

/* A time as the reference holds it: an int or a float of Python, or None. */
typedef struct
{
  gboolean is_set;
  DateTime time;
} FilterTime;

/* What a line makes each filter say or count for itself. */
typedef enum
{
  FILTER_EVENT_ERROR,     /* text: an error in the log, the same for all */
  FILTER_EVENT_SIMULATED, /* its date is so many seconds off: a warning, once a day */
  FILTER_EVENT_OBSOLETE,  /* it is too old: likewise */
  FILTER_EVENT_NO_DATE,   /* it matches and has no date: likewise */
  FILTER_EVENT_GIVEN_UP,  /* text: the expression whose search took too long */
} FilterEventKind;

typedef struct
{
  FilterEventKind kind;
  char *text; /* NUL-terminated behind len */
  gsize len;
  gint64 number;
} FilterEvent;

#define FILTER_MEMORY_AUDIENCES 32 /* more than a jail has logs, mostly; what is forgotten costs a copy */

/* filter-memory.c and, of what goes on from line to line, the files of the filter */
struct FilterMemory
{
  guint refs;      /* of members, the line and the memory that it came of */
  guint n_members; /* filters */
  const char *key; /* filter_get_key() of all members; NULL: it has one, and is no one else's business */

  /* what goes on from line to line */
  GString *last_time_text; /* the date text of the last line that had one */
  FilterTime last_time;
  ConnectionCache *connections;

  /* the last line, and what became of it */
  const LogLine *line; /* NULL: none, or nobody can be told any more */
  guint64 line_number;
  guint64 n_lines;       /* so far */
  Filter *teller;        /* who looked at it: the failure and the texts of events may be in its hands.  NULL: gone */
  gboolean is_quiet;     /* there is none of the following */
  GArray *events;        /* of FilterEvent; NULL: none yet */
  guint failure_at;      /* before which event … */
  gboolean has_failure;  /* … this was told */
  Failure failure;
  char *host;
  GError *error;         /* how it failed */
  LinePieces pieces;     /* of events */
  gint64 now_usec;

  guint64 audiences[FILTER_MEMORY_AUDIENCES]; /* that all members are part of */
  guint n_audiences, next_audience;
  FilterMemory *next; /* where members went who got a line that was not known to come to all; NULL since the next line */
  guint n_tries;      /* to join others */
};

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
  gint64 max_lines;
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
  FilterMemory *memory;    /* perhaps together with others */
  guint64 n_lines;         /* of the memory that it had, too */
  const char *keys[2];     /* interned: filter_get_key() of old and of new lines; NULL: to be made, or cannot be */
  PyValue *window;         /* with max_lines above 1: list of tuples (before, date, after) */
  guint64 last_date;       /* the detector's number of the memory's last date, so that it need not be looked for again; 0: it is not its */
  const LogLine *last_date_log; /* the last line that had it: only compared */
  guint64 last_date_line;       /* its number there */
  LinePieces last_line; /* borrowed from the LogLine */
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

/* What its settings say as far as they decide what becomes of lines, compared as a pointer; NULL: its lines are its own affair. */
const char *filter_get_key (Filter *self, gboolean in_operation);

/* --- filter-memory.c ---------------------------------------------------------------------------------------------------
 * A line comes to a filter.  TRUE: another member of its memory had it; then filter_repeat_line() tells the same.  FALSE: it is looked
 * at, and filter_end_line() says that it is done. */
gboolean filter_begin_line (Filter *self, LogLine *line, gboolean in_operation);
gboolean filter_repeat_line (Filter *self, FailureFunc func, gpointer user_data, GError **error);
void filter_end_line (Filter *self, LogLine *line, const GError *error);
/* Before a setting changes: alone from here on. */
void filter_leave_memory (Filter *self);
void filter_free_memory (Filter *self);

/* Something about the line, for this filter (filter_tell_event) and for those that are told of the line later. */
void filter_happened (Filter *self, FilterEventKind kind, const LinePieces *pieces, const char *text, gsize len,
                      gint64 number);
void filter_tell_event (Filter *self, const FilterEvent *event, const LinePieces *pieces, gint64 now_usec);
/* A failure, likewise.  What it holds, and host, are taken. */
void filter_report (Filter *self, const Failure *failure, char *host, FailureFunc func, gpointer user_data);

/* Writes "[JAIL] text" as a warning, if the last was a day ago; *next is when the next may be.  A second and a third text may
 * follow (NULL: none); they are taken. */
void filter_warn_once (Filter *self, gint64 now_usec, gint64 *next_usec, char *first, char *second, char *third);
guint64 filter_count_limit (Filter *self, const char *expression); /* one more search of it that was given up */

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
