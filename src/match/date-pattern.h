/* date-pattern.h - a date pattern as users write it -> the expression that is searched, and the name that is shown
 *
 * Two steps, as in the reference: directives are replaced, then boundaries are added.  Both results can be seen with
 * fail2ban-regex --verbose-date, so they are the reference's to the byte (1.1.2).
 * Must not: compile an expression.
 */
#pragma once
#include "match/date-directives.h"
#include "match/date-template.h"

/* What may stand in front of and behind a date */
typedef enum
{
  DATE_BOUND_NONE,
  DATE_BOUND_WORD,
  DATE_BOUND_LINE, /* begin only: at the start of the line, after at most two characters that are no word's */
} DateBound;

typedef struct
{
  char *name;
  char *regex;
  DateAnchor anchor;
} DatePattern;

void date_pattern_clear (DatePattern *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DatePattern, date_pattern_clear)

/* A pattern with directives, "{^LN-BEG}" or "{UNB}" in front.  DATE_ERROR_TYPE when a percent character is stray. */
gboolean date_pattern_parse (DatePattern *ret_pattern, const DateDirectives *directives, const char *pattern, gsize len,
                             GError **error);

/* An expression without directives (EPOCH, TAI64N): adds boundaries and the group around it. */
void date_pattern_bound (DatePattern *ret_pattern, const char *name, const char *regex, gsize len, DateBound begin,
                         DateBound end);

/* The pattern or name without what ties it to a line or word: as part of a larger one, for {DATE}. */
char *date_pattern_unbound (const char *pattern);

/* Replaces every "{DATE}", in any case and not after a backslash. */
char *date_pattern_replace_date (const char *pattern, const char *by);

/* Replaces every "{EPOCH}" and "{LEPOCH}" in the same way; *ret_n says how many. */
char *date_pattern_replace_epoch (const char *pattern, const char *by, guint *ret_n);

/* A group that captures and has no name is there already */
gboolean date_pattern_has_group (const char *regex, gsize len);
