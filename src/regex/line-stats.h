/* line-stats.h - the lines that matched, were ignored or missed: how many, and which are to be shown */
#pragma once

#include "compat/py-value.h"

typedef enum
{
  LINES_MATCHED,
  LINES_IGNORED,
  LINES_MISSED,
  N_LINE_KINDS,
} LineKind;

typedef struct
{
  gint64 tested;
  gint64 count[N_LINE_KINDS];
  gint64 kept_most[N_LINE_KINDS]; /* of the first ones so many are kept to be shown, perhaps */
  GPtrArray *lines[N_LINE_KINDS];     /* of PyValue str: the lines as they were */
  GPtrArray *processed[N_LINE_KINDS]; /* the same lines as the expressions saw them, for debuggex */
} LineStats;

void line_stats_init (LineStats *self);
void line_stats_clear (LineStats *self);

/* Takes the line out of those to be shown, where it is. */
void line_stats_forget (LineStats *self, LineKind kind, const PyValue *line, const PyValue *processed);

const char *line_kind_name (LineKind kind); /* "matched", "ignored", "missed" */
