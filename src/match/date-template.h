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
#include "compat/py-regex.h"
#include "match/date-features.h"
#include "match/date-fields.h"
#include "match/date-shape.h"

typedef struct DateTemplate DateTemplate;
typedef struct DateDirectives DateDirectives;

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

/* --- for the detector ---------------------------------------------------------------------------------------------- */

/* The key under which fail2ban takes two patterns for the same: patterns without a directive in capitals. */
char *date_template_make_key (const char *pattern);

DateTemplate *date_template_new (const DateDirectives *directives, const char *pattern, GError **error);
void date_template_free (DateTemplate *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DateTemplate, date_template_free)

void date_template_set_weight (DateTemplate *self, double weight);

/* What a line must hold (all of it), or the template cannot match; at first nothing */
void date_template_set_needs (DateTemplate *self, DateFeatures needs);
DateFeatures date_template_get_needs (const DateTemplate *self);

/* Searches between pos and endpos (G_MAXSIZE: the end).  FALSE when the expression does not compile; else *ret_result. */
gboolean date_template_search (DateTemplate *self, const char *line, gsize len, gsize pos, gsize endpos,
                               PySearchFlags flags, PyMatch *match, PyRegexResult *ret_result, GError **error);

/* The same by hand, for the usual templates; DATE_SHAPE_UNSURE for all others. */
DateShapeResult date_template_recognise (const DateTemplate *self, const char *line, gsize len,
                                         DateShapeMatch *ret_match);

/* Has the compiled expression a group 1? */
gboolean date_template_has_group (const DateTemplate *self);

/* The time of a match in that line. */
DateResult date_template_get_time (const DateTemplate *self, const char *line, const PyMatch *match,
                                   const int *default_zone, DateLocal *local, gint64 now_usec, DateTime *ret_time,
                                   GError **error);
