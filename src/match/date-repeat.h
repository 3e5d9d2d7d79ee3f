/* date-repeat.h - the date of the last line, seen again in the next one
 *
 * A log has many lines of each second, and they begin alike.  What decided where the last line's date was, if that can be told
 * (date-shape.h), is kept here; a line that has the same bytes there has the same date, found by the same template.
 * Must not: answer for a line of which more than these bytes matters; know templates.
 */
#pragma once

#include "match/date-fields.h"
#include "match/date-shape.h"

#define DATE_REPEAT_MOST 64 /* bytes: no usual date with what decides it is longer */

typedef struct
{
  char bytes[DATE_REPEAT_MOST];
  gsize len;           /* of them that decide; 0: nothing is kept */
  gboolean in_bracket; /* behind the first "[", not at the start */
  DateShapeNext next;  /* of which kind the next byte must be */
  gsize begin, end;    /* of the date, from there */
  gsize fraction, fraction_len; /* of the bytes, digits that need not be the same; 0 of them: none */
  guint64 form;        /* all of these but the bytes, in one number */

  guint64 number;                 /* of this date and its time, from 1; 0: its time is not known */
  guint64 n_numbers;              /* given so far */
  gint64 from_usec, before_usec;  /* with the clock between these it has the same time */
} DateRepeat;

void date_repeat_forget (DateRepeat *self);

/* The line was decided so.  Nothing is kept where that cannot be seen again. */
void date_repeat_keep (DateRepeat *self, const char *line, gsize len, const DateShapeMatch *shape);

/* What says how a line was decided, but for its bytes; 0: nothing is kept.  Two that are kept of one line are the same if this is. */
guint64 date_repeat_get_form (const DateRepeat *self);

/* The time of what is kept is known, as long as the clock tells the same second, or always. */
void date_repeat_set_timed (DateRepeat *self, gboolean always, gint64 now_usec);

/* Is the line decided in the same way?  Then *ret_from is where the bytes stand; begin and end count from there.  is_ascii: the line is
 * known to be so. */
gboolean date_repeat_fits (const DateRepeat *self, const char *line, gsize len, gboolean is_ascii, gsize *ret_from);
