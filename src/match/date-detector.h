/* date-detector.h - finds the date of a log line
 *
 * A detector holds templates (date-template.h): those of the jail's "datepattern", or fail2ban's default ones.  It tries
 * the template of the last line first; on another shape it searches the list, which re-sorts itself by use.  What is found
 * therefore depends on the lines before: one detector a log reader, lines in order.
 *
 * Must not: read the clock (the time is a parameter), split lines, decide what an undated line means (that is the filter's).
 *
 * Lines are UTF-8 (lone surrogates as three bytes are let through) without their line end, need no NUL and may hold NULs.
 * All positions are byte offsets into the line.  On the usual path a line costs no allocation.
 *
 * The system's time zone is that of the C library (TZ).  A detector keeps results of mktime(): a program that changes TZ
 * makes new detectors afterwards.
 */
#pragma once
#include "compat/py-regex.h"
#include "match/date-pool.h"
#include "match/date-template.h"

typedef struct DateDetector DateDetector;

/* `now_usec` decides which centuries %ExY takes (a year ago to three years ahead, and 20xx since 2001); fail2ban fixes that
 * when it starts.  Without any pattern added the default templates are taken at the first line, as in fail2ban, so that
 * until then date_detector_get_n_templates() is 0. */
DateDetector *date_detector_new (gint64 now_usec);
DateDetector *date_detector_new_sharing (gint64 now_usec,
                                         DatePool *pool); /* its templates with others; NULL: with none */
void date_detector_free (DateDetector *self);             /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DateDetector, date_detector_free)

/* One pattern; also {^LN-BEG} (the anchored defaults), {NONE}, patterns around {DATE}, and {DEFAULT}, which adds nothing: alone
 * it leaves the default templates, beside others it is lost (1.1.2; probe oracle date-0444).
 * Errors: DATE_ERROR_TYPE for a pattern that is none, DATE_ERROR_VALUE for a template twice.  What was added before the
 * error stays: throw the detector away. */
gboolean date_detector_add_pattern (DateDetector *self, const char *pattern, gssize len, GError **error);

/* The text of the option "datepattern": one pattern a line, blanks around each cut, empty lines dropped. */
gboolean date_detector_add_patterns (DateDetector *self, const char *text, gssize len, GError **error);

/* The option "logtimezone": what a date without zone means.  "UTC+0200", "CET", "-0400", ...; NULL: the system's zone.
 * On DATE_ERROR_VALUE the old one stays.  date_zone_check() in match/date-zone.h checks alone. */
gboolean date_detector_set_default_zone (DateDetector *self, const char *zone, GError **error);

/* Where the date of a line is.  `begin` to `end` is the date's text, group 1 of the expression: what is cut out of the line
 * before the failregex sees it.  It may be empty (pattern {NONE}, "(...)?"): then the time is not to be asked for.
 * The fields after `template` belong to the detector. */
typedef struct
{
  gsize begin, end;
  const DateTemplate *template;

  gboolean by_hand;
  DateShapeMatch shape; /* when by_hand */
} DateMatch;

/* Looks for a date in a line, counts, and re-sorts the templates.  `now_usec` tells how long a template was not used;
 * `flags` is what the caller knows of the line already. */
DateResult date_detector_match (DateDetector *self, const char *line, gsize len, PySearchFlags flags, gint64 now_usec,
                                DateMatch *ret_match, GError **error);

/* The usual line, for who remembers the last one's date and time.  date_detector_get_date() gives a number to the date that was found last
 * and asked the time of; 0: it is to be looked for anew in each line.  With that number this tells quickly whether the line has the same
 * date with the same time: TRUE, and it is counted as by date_detector_match().  FALSE: nothing has happened, ask that one.
 * Where date_detector_has_fraction(), the text of the date may have other digits behind the second, as many. */
guint64 date_detector_get_date (const DateDetector *self);
gboolean date_detector_has_fraction (const DateDetector *self);
gboolean date_detector_match_again (DateDetector *self, const char *line, gsize len, PySearchFlags flags,
                                    gint64 now_usec, guint64 date, gsize *ret_begin, gsize *ret_end);

/* For lines that another detector, with the same patterns, has looked at before (match/line-finder.h).  date_detector_guess_again() is
 * date_detector_match() for a line that has its date where the last one had it; *ret_form says how that was seen.  FALSE: ask that one.
 * date_detector_match_told() is date_detector_match_again() for the line that the other one has given this form, without a look at it,
 * provided that `date` is the one of the line before it, in both. */
gboolean date_detector_guess_again (DateDetector *self, const char *line, gsize len, PySearchFlags flags,
                                    gsize *ret_begin, gsize *ret_end, guint64 *ret_form);
guint64 date_detector_get_form (const DateDetector *self); /* of the last line that had a date; 0: its date cannot be seen again */
gboolean date_detector_match_told (DateDetector *self, guint64 form, gint64 now_usec, guint64 date);

/* The time of a match (date-fields.h): of the last line given to date_detector_match(), with that same line.  `now_usec` is what "this
 * year" and "today" are. */
DateResult date_detector_get_time (DateDetector *self, const char *line, gsize len, const DateMatch *match,
                                   gint64 now_usec, DateTime *ret_time, GError **error);

/* For tests: with FALSE every date is looked for with its expression, none recognised by hand.  The answers are the same. */
void date_detector_set_by_hand (DateDetector *self, gboolean by_hand);

/* How many searches were given up since they would have taken too long; such a search counts as "no match". */
guint64 date_detector_get_n_given_up (const DateDetector *self);

/* The templates in their present order, for "Date template hits" and "get <JAIL> datepattern" */
guint date_detector_get_n_templates (const DateDetector *self);
const DateTemplate *date_detector_peek_template (const DateDetector *self, guint i);

/* The one whose expression did not compile, when that was the error of the last match; NULL: it was another. */
const DateTemplate *date_detector_peek_broken (const DateDetector *self);
guint64 date_detector_get_hits (const DateDetector *self, guint i);
double date_detector_get_weight (const DateDetector *self, guint i); /* hits * weight / distance */
