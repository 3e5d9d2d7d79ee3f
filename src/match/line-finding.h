/* line-finding.h - what was found in a line before its turn came
 *
 * Made by a LineFinder (match/line-finder.h), often in another thread; taken by filter_find(), provided that the line's date lies where
 * it was supposed to be.  A value; the spans of its matches are in a store that many findings share and that outlives them.
 */
#pragma once

#include <glib.h>

#include "compat/py-regex.h"

typedef struct
{
  gboolean is_known;         /* FALSE: nothing is, ask as for any line */
  gconstpointer for_filter;   /* whose expressions were searched; NULL: none were */
  gsize text_len;            /* without line ends */
  PySearchFlags flags;

  /* Which text was searched: the line without what lies between. */
  gsize before_len, after_len;
  const char *after;

  gboolean may_match;  /* finder_may_match() */
  gboolean passes;     /* the prefregex matches */
  gboolean has_pre;    /* and where is the first entry in the store */
  gboolean is_all;     /* the store has every failregex that matches; else the first ones */
  guint n_matches;     /* of failregexes, in the store */
  const GArray *store; /* of gsize: for each match the number of the expression, how many groups, two offsets each */
  guint begin;         /* of this line's entries */
} LineFinding;
