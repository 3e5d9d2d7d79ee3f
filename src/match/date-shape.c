#include "match/date-shape.h"

#include <string.h>

#define MAX_LEAD     2 /* characters that are no word's before a date at the start of a line */
#define MAX_FRACTION 6
#define ISO_LENGTH   19
#define MONTH_LENGTH 15
#define DASH_LENGTH  20
#define LOOK_ZONE    8 /* bytes that a zone and what follows it can be: "+02:00 " */
#define LOOK_YEAR    6 /* the same of a year, with the blank in front of it */
#define LOOK_NO_YEAR 2 /* no blank there: perhaps a point and no digit */
#define PLAIN_ISO    "%Y-%m-%d %H:%M:%S"

typedef enum
{
  KIND_ISO,     /* 2005-01-23T21:59:59 with [-/.], fraction and zone */
  KIND_PLAIN,   /* 2005-01-23 21:59:59, of any year, nothing behind it */
  KIND_BRACKET, /* 31/Oct/2006:09:22:55 +0100 behind the first "[" */
  KIND_SYSLOG,  /* Sun Jan 23 21:59:59.123 2005, of which the day of the week, fraction and year may miss */
} Kind;

struct DateShape
{
  const char *pattern;
  Kind kind;
  guint max_lead;
  gboolean anchored; /* a line that does not match at its start does not match */
};

static const DateShape shapes[] = {
  { DATE_SHAPE_LINE_BEGIN DATE_SHAPE_ISO ("(?:T|  ?)"), KIND_ISO, MAX_LEAD, TRUE },
  { DATE_SHAPE_LINE_BEGIN DATE_SHAPE_ISO ("[T ]"), KIND_ISO, MAX_LEAD, TRUE },
  { "^" DATE_SHAPE_ISO ("(?:T|  ?)"), KIND_ISO, 0, TRUE },
  { "^" DATE_SHAPE_ISO ("[T ]"), KIND_ISO, 0, TRUE },
  { DATE_SHAPE_LINE_BEGIN DATE_SHAPE_SYSLOG, KIND_SYSLOG, MAX_LEAD, TRUE },
  { "^" DATE_SHAPE_SYSLOG, KIND_SYSLOG, 0, TRUE },
  { "^[^\\[]*\\[(" DATE_SHAPE_DASH ")", KIND_BRACKET, 0, TRUE },
  { DATE_SHAPE_LINE_BEGIN PLAIN_ISO, KIND_PLAIN, MAX_LEAD, TRUE },
  { "^" PLAIN_ISO, KIND_PLAIN, 0, TRUE },
  { PLAIN_ISO, KIND_PLAIN, 0, FALSE },
};

const DateShape *
date_shape_find (const char *pattern)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    if (strcmp (shapes[i].pattern, pattern) == 0)
      return &shapes[i];
  return NULL;
}

/* --- bytes --------------------------------------------------------------------------------------------------------- */

static inline gboolean
is_ascii (char c)
{
  return (guchar) c < 0x80;
}

static inline gboolean
is_word (char c)
{
  return g_ascii_isalnum (c) || c == '_';
}

/* \s below 128 */
static inline gboolean
is_space (char c)
{
  return c == ' ' || (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f);
}

/* Two digits as a number, -1: other characters */
static inline int
two_digits (const char *at)
{
  guint tens = (guchar) at[0] - '0', ones = (guchar) at[1] - '0';

  return tens <= 9 && ones <= 9 ? (int) (tens * 10 + ones) : -1;
}

/* May a date end here, by (?=\b|\W|$), with a digit or letter before?  Beyond ASCII nothing is known: FALSE in *known. */
static inline gboolean
ends_at (const char *at, const char *end, gboolean *known)
{
  if (at == end)
    return TRUE;
  if (!is_ascii (*at))
    *known = FALSE;
  return !is_word (*at);
}

static gboolean
take_clock (const char *at, DateShapeMatch *m)
{
  m->hour = two_digits (at);
  m->minute = two_digits (at + 3);
  m->second = two_digits (at + 6);
  return at[2] == ':' && at[5] == ':' && m->hour >= 0 && m->hour <= 23 && m->minute >= 0 && m->minute <= 59
         && m->second >= 0 && m->second <= 59;
}

/* Past a fraction at *at, when one of `marks` and digits stand there.  FALSE: so many digits that it is not simple. */
static gboolean
skip_fraction (const char *line, const char **at, const char *end, char mark, char other_mark, DateShapeMatch *m)
{
  const char *digits = *at + 1;

  if (*at == end || (**at != mark && **at != other_mark))
    return TRUE;
  while (digits < end && g_ascii_isdigit (*digits) && digits - *at <= MAX_FRACTION + 1)
    digits++;
  gsize n = digits - *at - 1;
  if (n > MAX_FRACTION)
    return FALSE;
  if (n == 0)
    return TRUE;
  m->fraction = (gsize) (*at + 1 - line);
  m->fraction_len = n;
  *at = digits;
  return TRUE;
}

/* What lies so far behind a place has no part in the answer. */
static inline gsize
decided_at (const char *line, const char *place, gsize look, const char *end)
{
  return MIN ((gsize) (place - line) + look, (gsize) (end - line) + 1);
}

/* --- zones --------------------------------------------------------------------------------------------------------- */

/* An offset of hours and minutes; anything else after a sign that could begin an offset is left to the expression */
static DateShapeResult
take_offset (const char *at, const char *end, const char **ret_end, DateShapeMatch *m)
{
  gboolean known = TRUE;

  if (end - at < 3 || (at[1] != '0' && at[1] != '1') || !is_ascii (at[2]))
    return end - at >= 2 && is_ascii (at[1]) && at[1] != '0' && at[1] != '1' ? DATE_SHAPE_NO_MATCH : DATE_SHAPE_UNSURE;
  int hours = two_digits (at + 1);
  const char *rest = at + 3;
  if (rest < end && *rest == ':')
    rest++;
  int minutes = end - rest >= 2 ? two_digits (rest) : -1;
  if (hours < 0 || minutes < 0 || !ends_at (rest + 2, end, &known) || !known)
    return DATE_SHAPE_UNSURE;
  m->has_zone = TRUE;
  m->zone_minutes = (*at == '-' ? -1 : 1) * (hours * 60 + minutes);
  *ret_end = rest + 2;
  return DATE_SHAPE_MATCH;
}

/* (?:\s*%z)? and the end after it: *at moves past a zone that belongs to the date */
static DateShapeResult
take_zone (const char **at, const char *end, DateShapeMatch *m)
{
  const char *zone = *at;
  gboolean known = TRUE;

  while (zone < end && is_space (*zone))
    zone++;
  if (zone == end)
    return DATE_SHAPE_MATCH;
  if (!is_ascii (*zone))
    return DATE_SHAPE_UNSURE;
  if (*zone == '+' || *zone == '-')
    {
      DateShapeResult result = take_offset (zone, end, at, m);
      return result == DATE_SHAPE_NO_MATCH ? DATE_SHAPE_MATCH : result;
    }

  gsize n = *zone == 'Z' ? 1 : 0;
  if (end - zone >= 3 && (memcmp (zone, "UTC", 3) == 0 || memcmp (zone, "GMT", 3) == 0))
    n = 3;
  if (n == 0)
    return DATE_SHAPE_MATCH;
  gboolean ends = ends_at (zone + n, end, &known);
  if (!known)
    return DATE_SHAPE_UNSURE;
  if (ends)
    {
      m->has_zone = TRUE;
      m->zone_minutes = 0;
      *at = zone + n;
    }
  return DATE_SHAPE_MATCH;
}

/* --- 2005-01-23 21:59:59 ------------------------------------------------------------------------------------------- */

static gboolean
take_iso_date (const DateShape *self, guint decades, const char *at, DateShapeMatch *m)
{
  int century = two_digits (at), year = two_digits (at + 2);
  char separator = at[4];

  m->month = two_digits (at + 5);
  m->day = two_digits (at + 8);
  if (century < 0 || year < 0 || separator != at[7] || m->month < 1 || m->month > 12 || m->day < 1 || m->day > 31)
    return FALSE;
  m->year = century * 100 + year;
  if (self->kind == KIND_PLAIN)
    return separator == '-' && at[10] == ' ';
  return (separator == '-' || separator == '/' || separator == '.') && (at[10] == ' ' || at[10] == 'T') && century == 20
         && (decades & (1u << (year / 10))) != 0;
}

static DateShapeResult
recognise_iso (const DateShape *self, guint decades, const char *line, const char *at, const char *end,
               DateShapeMatch *m)
{
  gboolean known = TRUE;

  if (self->anchored && at < end && is_ascii (*at) && !g_ascii_isdigit (*at))
    return DATE_SHAPE_NO_MATCH;
  if (end - at < ISO_LENGTH || !take_iso_date (self, decades, at, m) || !take_clock (at + 11, m))
    return DATE_SHAPE_UNSURE;

  const char *tail = at + ISO_LENGTH, *behind;
  gboolean may_have_more = self->kind == KIND_ISO;
  if (may_have_more && !skip_fraction (line, &tail, end, '.', ',', m))
    return DATE_SHAPE_UNSURE;
  if (may_have_more && tail < end && *tail == 'Z')
    {
      const char *zone = tail;
      if (take_zone (&tail, end, m) != DATE_SHAPE_MATCH || tail == zone)
        return DATE_SHAPE_UNSURE;
    }
  else
    {
      if (!ends_at (tail, end, &known) || !known)
        return DATE_SHAPE_UNSURE;
      if (may_have_more && take_zone (&tail, end, m) != DATE_SHAPE_MATCH)
        return DATE_SHAPE_UNSURE;
    }
  for (behind = tail; behind < end && is_space (*behind);)
    behind++;
  m->begin = at - line;
  m->end = tail - line;
  m->next = DATE_SHAPE_ANY;
  if (behind > tail && behind < end && date_shape_is_next (DATE_SHAPE_NO_ZONE, *behind))
    m->next = DATE_SHAPE_NO_ZONE;
  m->decided = decided_at (line, behind, m->next == DATE_SHAPE_NO_ZONE ? 0 : LOOK_ZONE, end);
  return DATE_SHAPE_MATCH;
}

/* --- Jan 23 21:59:59 ----------------------------------------------------------------------------------------------- */

/* The place (from 1) of three letters in a row of such names, in any case; 0: nowhere */
static int
find_name (const char *names, guint n_names, const char *at)
{
  for (guint i = 0; i < n_names; i++)
    if (((at[0] ^ names[i * 3]) & ~0x20) == 0 && ((at[1] ^ names[i * 3 + 1]) & ~0x20) == 0
        && ((at[2] ^ names[i * 3 + 2]) & ~0x20) == 0)
      return i + 1;
  return 0;
}

/* Three ASCII letters?  Others may be a letter's other case in Unicode. */
static inline gboolean
is_three_letters (const char *at)
{
  return g_ascii_isalpha (at[0]) && g_ascii_isalpha (at[1]) && g_ascii_isalpha (at[2]);
}

static int
take_day (const char *at)
{
  int day = at[0] == ' ' && at[1] >= '1' && at[1] <= '9' ? at[1] - '0' : two_digits (at);

  return day >= 1 && day <= 31 ? day : -1;
}

/* (?: %ExY)? and the end after it; *at moves past a year that belongs to the date */
static DateShapeResult
take_year_behind (const char **at, const char *end, guint decades, DateShapeMatch *m)
{
  const char *year = *at + 1;
  gboolean known = TRUE;

  if (*at == end || **at != ' ' || end - year < 4)
    return DATE_SHAPE_MATCH;
  for (guint i = 0; i < 4; i++)
    if (!is_ascii (year[i]))
      return DATE_SHAPE_UNSURE;
  int century = two_digits (year), in_century = two_digits (year + 2);
  if (century != 20 || in_century < 0 || (decades & (1u << (in_century / 10))) == 0)
    return DATE_SHAPE_MATCH;
  gboolean ends = ends_at (year + 4, end, &known);
  if (!known)
    return DATE_SHAPE_UNSURE;
  if (ends)
    {
      m->year = century * 100 + in_century;
      *at = year + 4;
    }
  return DATE_SHAPE_MATCH;
}

/* How much of what is behind the date has a part in the answer */
static void
decide_year (const char *line, const char *tail, const char *end, DateShapeMatch *m)
{
  gboolean has_blank = tail < end && *tail == ' ';

  m->next = DATE_SHAPE_ANY;
  if (has_blank && tail + 1 < end && date_shape_is_next (DATE_SHAPE_NO_YEAR, tail[1]))
    m->next = DATE_SHAPE_NO_YEAR;
  m->decided = decided_at (line, tail, m->next == DATE_SHAPE_NO_YEAR ? 1 : has_blank ? LOOK_YEAR : LOOK_NO_YEAR, end);
}

static DateShapeResult
recognise_syslog (const DateShape *self, guint decades, const char *line, const char *at, const char *end,
                  DateShapeMatch *m)
{
  static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec", days[] = "montuewedthufrisatsun";
  gboolean known = TRUE;

  m->begin = at - line;
  if (at < end && is_ascii (*at) && !g_ascii_isalpha (*at))
    return DATE_SHAPE_NO_MATCH;
  if (end - at < MONTH_LENGTH || !is_three_letters (at))
    return DATE_SHAPE_UNSURE;
  if (find_name (days, 7, at) > 0 && at[3] == ' ')
    {
      at += 4;
      if (end - at < MONTH_LENGTH || !is_three_letters (at))
        return DATE_SHAPE_UNSURE;
    }
  m->month = find_name (months, 12, at);
  if (m->month == 0)
    return DATE_SHAPE_NO_MATCH;
  m->day = take_day (at + 4);
  if (at[3] != ' ' || m->day < 0 || at[6] != ' ' || !take_clock (at + 7, m))
    return DATE_SHAPE_UNSURE;

  const char *tail = at + MONTH_LENGTH;
  if (!skip_fraction (line, &tail, end, '.', '.', m) || !ends_at (tail, end, &known) || !known
      || take_year_behind (&tail, end, decades, m) != DATE_SHAPE_MATCH)
    return DATE_SHAPE_UNSURE;
  m->end = tail - line;
  decide_year (line, tail, end, m);
  return DATE_SHAPE_MATCH;
}

/* --- [31/Oct/2006:09:22:55 +0100] ----------------------------------------------------------------------------------- */
static gboolean
is_ascii_until (const char *at, const char *end)
{
  guchar all = 0;

  while (at < end)
    all |= (guchar) *at++;
  return all < 0x80;
}

/* (?: %z)? and the end after it: an offset of four digits, or none since the bracket ends.  Others are left to the expression. */
static gboolean
take_offset_or_end (const char **at, const char *end, DateShapeMatch *m)
{
  const char *zone = *at;

  if (zone < end && *zone == ']')
    return TRUE;
  return end - zone >= 2 && *zone == ' ' && (zone[1] == '+' || zone[1] == '-')
         && take_offset (zone + 1, end, at, m) == DATE_SHAPE_MATCH;
}

static DateShapeResult
recognise_bracket (guint decades, const char *line, const char *end, DateShapeMatch *m)
{
  static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
  const char *at = memchr (line, '[', (gsize) (end - line)), *tail;

  if (at == NULL)
    return DATE_SHAPE_NO_MATCH;
  at++;
  if (at < end && is_ascii (*at) && !g_ascii_isdigit (*at) && *at != ' ')
    return DATE_SHAPE_NO_MATCH;
  if (end - at < DASH_LENGTH || !is_ascii_until (line, at) || !is_three_letters (at + 3))
    return DATE_SHAPE_UNSURE;
  m->day = two_digits (at);
  m->month = find_name (months, 12, at + 3);
  m->year = two_digits (at + 9);
  if (m->day < 1 || m->day > 31 || m->month == 0 || (at[2] != '/' && at[2] != '-') || at[6] != at[2]
      || two_digits (at + 7) != 20 || m->year < 0 || (decades & (1u << (m->year / 10))) == 0
      || (at[11] != ':' && at[11] != ' ') || !take_clock (at + 12, m))
    return DATE_SHAPE_UNSURE;
  tail = at + DASH_LENGTH;
  if (!take_offset_or_end (&tail, end, m))
    return DATE_SHAPE_UNSURE;
  m->year += 2000;
  m->begin = (gsize) (at - line);
  m->end = (gsize) (tail - line);
  m->next = DATE_SHAPE_ANY;
  m->in_bracket = TRUE;
  m->decided = (gsize) (tail - at) + 1;
  return DATE_SHAPE_MATCH;
}

/* --- all ----------------------------------------------------------------------------------------------------------- */

DateShapeResult
date_shape_recognise (const DateShape *self, guint decades, const char *line, gsize len, DateShapeMatch *ret_match)
{
  const char *at = line, *end = line + len;

  while (at < end && (gsize) (at - line) < self->max_lead && is_ascii (*at) && !is_word (*at))
    at++;
  ret_match->year = -1;
  ret_match->has_zone = FALSE;
  ret_match->in_bracket = FALSE;
  ret_match->fraction_len = 0;
  if (self->kind == KIND_BRACKET)
    return recognise_bracket (decades, line, end, ret_match);
  if (self->kind == KIND_SYSLOG)
    return recognise_syslog (self, decades, line, at, end, ret_match);
  return recognise_iso (self, decades, line, at, end, ret_match);
}
