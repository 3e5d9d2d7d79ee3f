/* line-finding.h - what was found in a line before its turn came
 *
 * Made by a LineFinder (match/line-finder.h), often in another thread; taken by filter_process_line(), provided that the line's date lies
 * where it was supposed to be.  A small value, since there is one for each line of a log; the spans of its matches are in a store that
 * the findings of many lines share and that outlives them.
 */
#pragma once

#include <glib.h>

#include "compat/py-regex.h"

typedef enum
{
  LINE_FINDING_KNOWN = 1 << 0,     /* else nothing is, ask as for any line */
  LINE_FINDING_SEARCHED = 1 << 1,  /* for the expressions of the store's filter */
  LINE_FINDING_MAY_MATCH = 1 << 2, /* finder_may_match() */
  LINE_FINDING_PASSES = 1 << 3,    /* the prefregex matches */
  LINE_FINDING_HAS_PRE = 1 << 4,   /* and where is the first entry in the store */
  LINE_FINDING_IS_ALL = 1 << 5,    /* the store has every failregex that matches; else the first ones */
} LineFindingWhat;

typedef struct
{
  guint64 date_form; /* date_detector_match_told(); 0: the line before has another date, or it is not known */
  guint32 text_len;  /* without line ends */
  guint32 date_begin, date_end; /* what was left out of the text that was searched */
  guint32 matches;   /* where this line's entries begin in the store */
  guint16 n_matches; /* of failregexes */
  guint8 flags;      /* PySearchFlags of the text */
  guint8 what;       /* LineFindingWhat */
} LineFinding;

typedef struct
{
  gconstpointer for_filter; /* whose expressions were searched */
  GArray *spans; /* of gsize: for each match the number of the expression, how many groups, two offsets each */
} LineStore;
