/* date-template.h - one way to write a date: its expression, its name, and how its match becomes a time
 *
 * A template is made from a date pattern as it stands in a jail's "datepattern" (after interpolation, so "%%" is already
 * "%"): a regular expression with strptime's directives (%Y, %b, ...), fail2ban's own ones (%ExY, %k, ...), or one of the
 * words EPOCH, LEPOCH, TAI64N, alone or in braces within a pattern.  "{^LN-BEG}" in front ties it to the start of a line,
 * "{UNB}" and "**" take the word boundaries away that are added otherwise.
 *
 * Immutable once made, but for the expression, which is compiled at its first use: fail2ban accepts a pattern that does not
 * compile when it is set, and reports it on each line that it is tried on (1.1.2, seen with fail2ban-regex -d '[%Y').
 * Must not: read the clock, know of other templates, count hits (that is DateDetector's).
 */
#pragma once
#include <glib.h>
#include "match/date-error.h"

typedef struct DateTemplate DateTemplate;

typedef enum
{
  DATE_ANCHOR_NONE = 0,
  DATE_ANCHOR_WORD_END = 1 << 0,
  DATE_ANCHOR_WORD_BEGIN = 1 << 1,
  DATE_ANCHOR_LINE_END = 1 << 2,
  DATE_ANCHOR_LINE_BEGIN = 1 << 3,
} DateAnchor;

/* What fail2ban-regex -v and --verbose-date print, and what "get <JAIL> datepattern" answers.  All lend. */
const char *date_template_peek_name (const DateTemplate *self);
const char *date_template_peek_pattern (const DateTemplate *self); /* NULL for EPOCH, LEPOCH and TAI64N forms */
const char *date_template_peek_regex (const DateTemplate *self);
double date_template_get_weight (const DateTemplate *self); /* 1, or 100 for the anchored twin of a default */
DateAnchor date_template_get_anchor (const DateTemplate *self);
