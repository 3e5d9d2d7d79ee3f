/* date-shape.h - the usual dates, recognised by hand
 *
 * Nearly every log writes one of two shapes at the start of its lines: "2005-01-23 21:59:59" and "Jan 23 21:59:59"; or, the logs of
 * web servers, "[31/Oct/2006:09:22:55 -0000]" somewhere in it.  For the
 * templates that stand for them this answers at once what their expression would find, or says that it does not know: then
 * the expression is asked.  Where it answers, it answers exactly as the expression (a test and a fuzz target run both).
 * Must not: answer when in doubt; read a byte of 128 or above as anything.
 */
#pragma once
#include <glib.h>

/* The patterns that are known here; the default templates and stock filters are written with them */
#define DATE_SHAPE_LINE_BEGIN "{^LN-BEG}"
#define DATE_SHAPE_ISO(t)     "%ExY(?P<_sep>[-/.])%m(?P=_sep)%d" t "%H:%M:%S(?:[.,]%f)?(?:\\s*%z)?"
#define DATE_SHAPE_DASH       "%d(?P<_sep>[-/])%b(?P=_sep)%ExY[ :]?%H:%M:%S(?:\\.%f)?(?: %z)?"
#define DATE_SHAPE_SYSLOG     "(?:%a )?%b %d %k:%M:%S(?:\\.%f)?(?: %ExY)?"

typedef struct DateShape DateShape;

/* The shape of a pattern; NULL: none is known */
const DateShape *date_shape_find (const char *pattern);

typedef enum
{
  DATE_SHAPE_UNSURE,
  DATE_SHAPE_NO_MATCH,
  DATE_SHAPE_MATCH,
} DateShapeResult;

/* Of which kind the byte behind what decides must be */
typedef enum
{
  DATE_SHAPE_ANY,
  DATE_SHAPE_NO_ZONE, /* part of no date, behind one that may go on with a zone */
  DATE_SHAPE_NO_YEAR, /* a letter, where a year could stand */
} DateShapeNext;

/* What the expression's match would be.  The whole match starts at 0 and ends where group 1 does. */
typedef struct
{
  gsize begin, end;                           /* group 1 */
  int year, month, day, hour, minute, second; /* year -1: none */
  gboolean has_zone;
  int zone_minutes;
  gsize
      decided; /* every line that begins with so many bytes as this one does, and is no shorter, gives the same match */
  DateShapeNext next; /* provided that the next byte is of this kind */
  gsize fraction, fraction_len; /* digits that may be others, in the date and its time's text only; 0 of them: none */
  gboolean in_bracket; /* the same of every line that has so many bytes behind its first "[", and nothing but ASCII in front; only
                          that begin and end move with it */
} DateShapeMatch;

static inline gboolean
date_shape_is_next (DateShapeNext kind, char c)
{
  switch (kind)
    {
    case DATE_SHAPE_NO_ZONE:
      return (g_ascii_isalnum (c) && c != 'Z' && c != 'U' && c != 'G') || c == '[' || c == '(' || c == '<' || c == '"';
    case DATE_SHAPE_NO_YEAR:
      return g_ascii_isalpha (c);
    case DATE_SHAPE_ANY:
    default:
      return TRUE;
    }
}

/* The line must be well-formed UTF-8.  `decades`: bit i is set when %ExY takes the years 2000 + 10 * i to 2009 + 10 * i;
 * it must take no others. */
DateShapeResult date_shape_recognise (const DateShape *self, guint decades, const char *line, gsize len,
                                      DateShapeMatch *ret_match);
