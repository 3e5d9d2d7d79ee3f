#include "match/date-detector.h"

#include <string.h>

#include "compat/py-strptime.h"
#include "compat/py-text.h"
#include "match/date-line.h"
#include "match/date-ranking.h"
#include "match/date-repeat.h"
#include "match/date-shape-time.h"
#include "match/date-template-set.h"
#include "match/date-zone.h"

#define FAR     0x7fffffff /* a position that no line reaches */
#define MANY    4          /* templates, from which on it pays to look at a line before */

/* What one search found */
typedef struct
{
  gsize start, end;        /* the whole match, in bytes */
  gsize distance, end_pos; /* the same in characters: positions are compared between lines */
  guint index;             /* of the template */
  gboolean by_hand;
  DateShapeMatch shape; /* when by_hand; else the groups are in the detector's PyMatch */
} Hit;

struct DateDetector
{
  DateTemplateSet *set;
  DateRanking *templates;

  guint last_index;                /* of the template that matched last; FAR: none did */
  gsize last_start, last_end;      /* where, in characters */
  gunichar before_start, at_start; /* the characters around these two places; DATE_LINE_NO_CHAR: none */
  gunichar before_end, at_end;

  PyMatch *match;    /* of the last search */
  PyMatch *reserved; /* of the best one so far, while the search goes on */
  guint64 n_given_up;
  gboolean never_by_hand;
  const DateTemplate *broken; /* whose expression did not compile, in the last line */

  gboolean has_zone;
  int zone_minutes;
  DateLocal local;

  /* The last hit, if the same template matches again in the same way wherever these bytes stand again. */
  DateRepeat repeat;
  DateMatch repeat_match;

  DateShapeTime shape_time;
};

/* --- making -------------------------------------------------------------------------------------------------------- */

DateDetector *
date_detector_new (gint64 now_usec)
{
  return date_detector_new_sharing (now_usec, NULL);
}

DateDetector *
date_detector_new_sharing (gint64 now_usec, DatePool *pool)
{
  DateDetector *self = g_new0 (DateDetector, 1);
  gint64 days = date_local_wall_usec (&self->local, now_usec) / G_USEC_PER_SEC / 86400;
  int year = 1970, month, day;

  if (days > 0 && days + PY_DATE_1970 <= PY_DATE_MAX_DAY)
    py_date_from_day (days + PY_DATE_1970, &year, &month, &day);
  self->set = date_pool_ref_set (pool, year);
  self->templates = date_ranking_new ();
  self->match = py_match_new ();
  self->reserved = py_match_new ();
  self->last_index = FAR;
  self->last_start = 1;
  self->last_end = FAR;
  self->before_start = self->at_start = self->before_end = self->at_end = DATE_LINE_NO_CHAR;
  return self;
}

void
date_detector_free (DateDetector *self)
{
  if (self == NULL)
    return;
  date_ranking_free (self->templates);
  date_template_set_unref (self->set);
  py_match_free (self->match);
  py_match_free (self->reserved);
  g_free (self);
}

/* only: those with one of these anchors; 0: all */
static gboolean
append_templates (DateDetector *self, GPtrArray *templates, DateAnchor only, GError **error)
{
  gboolean ignore_twice = date_ranking_get_length (self->templates) > 0;

  for (guint i = 0; i < templates->len; i++)
    {
      DateTemplate *template = g_ptr_array_index (templates, i);
      if (only != 0 && (date_template_get_anchor (template) & only) == 0)
        continue;
      if (!date_ranking_append (self->templates, template, ignore_twice, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
append_defaults (DateDetector *self, DateAnchor only, GError **error)
{
  g_autoptr (GPtrArray) templates = date_template_set_dup_defaults (self->set);

  return append_templates (self, templates, only, error);
}

gboolean
date_detector_add_pattern (DateDetector *self, const char *pattern, gssize len, GError **error)
{
  g_autoptr (GString) text = g_string_new_len (pattern, len >= 0 ? len : (gssize) strlen (pattern));

  for (gsize i = 0; i < text->len; i++) /* a NUL means the same when it is written so */
    if (text->str[i] == '\0')
      {
        g_string_erase (text, i, 1);
        g_string_insert (text, i, "\\x00");
      }

  DateTemplate *template = date_template_set_lookup (self->set, text->str);
  g_autofree char *key = date_template_make_key (text->str);
  if (template == NULL)
    {
      if (strcmp (key, "{^LN-BEG}") == 0)
        return append_defaults (self, DATE_ANCHOR_LINE_BEGIN, error);
      if (strcmp (key, "{DEFAULT}") == 0)
        return TRUE; /* 1.1.2 filters out every template there; alone it means the defaults, as no pattern does */
      if (strstr (key, "{DATE}") != NULL)
        {
          g_autoptr (GPtrArray) dates = date_template_set_dup_dates (self->set, text->str, error);
          return dates != NULL && append_templates (self, dates, 0, error);
        }
      template = date_template_set_get (self->set, text->str, error);
      if (template == NULL)
        return FALSE;
    }
  return date_ranking_append (self->templates, template, FALSE, error);
}

gboolean
date_detector_add_patterns (DateDetector *self, const char *text, gssize len, GError **error)
{
  const char *at = text, *end = text + (len >= 0 ? (gsize) len : strlen (text));

  while (at < end)
    {
      const char *line_end = memchr (at, '\n', end - at);
      if (line_end == NULL)
        line_end = end;
      const char *pattern = at;
      gsize pattern_len = line_end - at;
      py_text_strip (&pattern, &pattern_len);
      if (pattern_len > 0 && !date_detector_add_pattern (self, pattern, pattern_len, error))
        return FALSE;
      at = line_end + (line_end < end);
    }
  return TRUE;
}

gboolean
date_detector_set_default_zone (DateDetector *self, const char *zone, GError **error)
{
  int minutes = 0;

  if (zone != NULL && !date_zone_check (zone, &minutes, error))
    return FALSE;
  date_shape_time_forget (&self->shape_time);
  date_repeat_forget (&self->repeat);
  self->has_zone = zone != NULL;
  self->zone_minutes = minutes;
  return TRUE;
}

/* --- searching ----------------------------------------------------------------------------------------------------- */

static gboolean
is_alnum (gunichar c)
{
  return c != DATE_LINE_NO_CHAR && g_unichar_isalnum (c);
}

static gboolean
is_line_anchored (const DateTemplate *template)
{
  return (date_template_get_anchor (template) & (DATE_ANCHOR_LINE_BEGIN | DATE_ANCHOR_LINE_END)) != 0;
}

static DateShapeResult
recognise (const DateTemplate *template, guint index, const DateLine *line, gsize endpos, Hit *ret_hit)
{
  DateShapeResult result = date_template_recognise (template, line->text, MIN (line->len, endpos), &ret_hit->shape);

  if (result == DATE_SHAPE_MATCH)
    {
      ret_hit->start = ret_hit->distance = 0;
      ret_hit->end = ret_hit->end_pos = ret_hit->shape.end; /* all of it is ASCII */
      ret_hit->index = index;
      ret_hit->by_hand = TRUE;
    }
  return result;
}

static DateResult
search (DateDetector *self, guint index, DateLine *line, gsize pos, gsize endpos, Hit *ret_hit, GError **error)
{
  DateTemplate *template = date_ranking_peek (self->templates, index);
  PyRegexResult result;

  if ((date_template_get_needs (template) & ~line->features) != 0)
    return DATE_RESULT_NONE;
  if (pos == 0 && !self->never_by_hand)
    {
      DateShapeResult by_hand = recognise (template, index, line, endpos, ret_hit);
      if (by_hand != DATE_SHAPE_UNSURE)
        return by_hand == DATE_SHAPE_MATCH ? DATE_RESULT_FOUND : DATE_RESULT_NONE;
    }
  (void) date_line_is_ascii (line);
  if (!date_template_search (template, line->text, line->len, pos, endpos, line->flags, self->match, &result, error))
    {
      self->broken = template;
      return DATE_RESULT_ERROR;
    }
  self->n_given_up += result == PY_REGEX_LIMIT;
  if (result != PY_REGEX_MATCH)
    return DATE_RESULT_NONE;
  py_match_span (self->match, 0, &ret_hit->start, &ret_hit->end);
  ret_hit->distance = date_line_to_chars (line, ret_hit->start);
  ret_hit->end_pos = date_line_to_chars (line, ret_hit->end);
  ret_hit->index = index;
  ret_hit->by_hand = FALSE;
  return DATE_RESULT_FOUND;
}

/* Keeps a hit while the search goes on */
static void
reserve (DateDetector *self, const Hit *hit, Hit *best)
{
  PyMatch *match = self->reserved;

  self->reserved = self->match;
  self->match = match;
  *best = *hit;
}

/* Does the line look the same around the place where the last line had its date?  Outside the same character, or inside
 * the same one when it is no letter or digit. */
static gboolean
has_same_bounds (const DateDetector *self, DateLine *line, gsize start, gsize end)
{
  gboolean start_in_line = date_line_to_chars (line, start) == self->last_start;
  gboolean end_in_line = date_line_to_chars (line, end) == self->last_end;
  gunichar before_start = DATE_LINE_NO_CHAR, at_start = DATE_LINE_NO_CHAR, before_end = DATE_LINE_NO_CHAR, at_end = DATE_LINE_NO_CHAR;

  if (start_in_line)
    {
      before_start = date_line_char_before (line, start);
      at_start = date_line_char_at (line, start);
    }
  if (end_in_line)
    {
      before_end = date_line_char_before (line, end);
      at_end = date_line_char_at (line, end);
    }
  return (before_start == self->before_start || (at_start == self->at_start && !is_alnum (self->at_start)))
         && (at_end == self->at_end || (before_end == self->before_end && !is_alnum (self->before_end)));
}

/* The template of the last line.  DATE_RESULT_FOUND: it is the answer.  `*ret_best` (index FAR: none): it matches, but
 * elsewhere than before, so that others may fit better.  `*ret_tried`: need not be tried again on the whole line. */
static DateResult
try_last (DateDetector *self, DateLine *line, Hit *ret_hit, Hit *ret_best, guint *ret_tried, GError **error)
{
  gboolean anchored = is_line_anchored (date_ranking_peek (self->templates, self->last_index));
  gsize pos = 0, endpos = G_MAXSIZE;

  if (!anchored)
    {
      gsize start = date_line_to_bytes (line, self->last_start), end = date_line_to_bytes (line, self->last_end);
      if (has_same_bounds (self, line, start, end))
        {
          pos = start;
          endpos = end;
        }
    }
  if (endpos == G_MAXSIZE)
    *ret_tried = self->last_index;

  DateResult result = search (self, self->last_index, line, pos, endpos, ret_hit, error);
  if (result != DATE_RESULT_FOUND)
    return result;
  if (anchored || date_ranking_get_length (self->templates) == 1
      || (ret_hit->distance == self->last_start && ret_hit->end_pos == self->last_end))
    return DATE_RESULT_FOUND;
  reserve (self, ret_hit, ret_best);
  return DATE_RESULT_NONE;
}

/* All templates in turn.  One that is tied to an end of the line, one that matches no later in the line than it and the
 * last hit did, and the last of the list end the search; else the leftmost wins. */
static DateResult
try_all (DateDetector *self, DateLine *line, guint tried, Hit *ret_hit, Hit *best, GError **error)
{
  guint n = date_ranking_get_length (self->templates);

  if (n > MANY && !self->never_by_hand && date_line_is_ascii (line))
    line->features = date_features_of (line->text, line->len);
  for (guint i = 0; i < n; i++)
    {
      if (i == tried)
        continue;
      DateResult result = search (self, i, line, 0, G_MAXSIZE, ret_hit, error);
      if (result == DATE_RESULT_ERROR)
        return result;
      if (result == DATE_RESULT_NONE)
        continue;

      if (i + 1 == n || is_line_anchored (date_ranking_peek (self->templates, i))
          || (ret_hit->distance <= date_ranking_get_distance (self->templates, i)
              && ret_hit->distance <= self->last_start))
        return DATE_RESULT_FOUND;
      if (best->index == FAR || ret_hit->distance < best->distance)
        reserve (self, ret_hit, best);
    }
  if (best->index == FAR)
    return DATE_RESULT_NONE;

  reserve (self, best, ret_hit); /* back again */
  return DATE_RESULT_FOUND;
}

/* Counts a hit.  DATE_RESULT_ERROR when the match lies at the end of the line: the reference looks at the character there. */
static DateResult
count_hit (DateDetector *self, const DateLine *line, const Hit *hit, gint64 now_usec, GError **error)
{
  guint index = hit->index;

  date_repeat_forget (&self->repeat);
  date_ranking_count (self->templates, index, hit->distance, now_usec);
  if (hit->start >= line->len)
    {
      g_set_error_literal (error, DATE_ERROR, DATE_ERROR_INDEX, "string index out of range");
      return DATE_RESULT_ERROR;
    }
  self->last_start = hit->distance;
  self->before_start = date_line_char_before (line, hit->start);
  self->at_start = date_line_char_at (line, hit->start);
  self->last_end = hit->end_pos;
  self->before_end = date_line_char_before (line, hit->end > 0 ? hit->end : line->len); /* index -1 is the last one */
  self->at_end = date_line_char_at (line, hit->end);
  if (index > 0 && index != self->last_index)
    index = date_ranking_promote (self->templates, index);
  self->last_index = index;
  return DATE_RESULT_FOUND;
}

/* --- the answer ---------------------------------------------------------------------------------------------------- */

/* The template of the last hit hits again.  It is tied to the start of lines, so that what is remembered of the characters around the
 * date is not asked for. */
static void
count_again (DateDetector *self, gint64 now_usec)
{
  date_ranking_count (self->templates, self->last_index, 0, now_usec);
}

static gboolean
match_again (DateDetector *self, const char *line, gsize len, PySearchFlags flags, gint64 now_usec, DateMatch *ret_match)
{
  gsize from;

  if (!date_repeat_fits (&self->repeat, line, len, flags & PY_SEARCH_IS_ASCII, &from))
    return FALSE;
  count_again (self, now_usec);
  *ret_match = self->repeat_match;
  ret_match->begin = ret_match->shape.begin = from + self->repeat.begin;
  ret_match->end = ret_match->shape.end = from + self->repeat.end;
  return TRUE;
}

gboolean
date_detector_match_again (DateDetector *self, const char *line, gsize len, PySearchFlags flags, gint64 now_usec,
                           guint64 date, gsize *ret_begin, gsize *ret_end)
{
  const DateRepeat *repeat = &self->repeat;
  gsize from;

  if (date != repeat->number || now_usec < repeat->from_usec || now_usec >= repeat->before_usec
      || !date_repeat_fits (repeat, line, len, flags & PY_SEARCH_IS_ASCII, &from))
    return FALSE;
  count_again (self, now_usec);
  *ret_begin = from + repeat->begin;
  *ret_end = from + repeat->end;
  return TRUE;
}

gboolean
date_detector_guess_again (DateDetector *self, const char *line, gsize len, PySearchFlags flags, gsize *ret_begin,
                           gsize *ret_end, guint64 *ret_form)
{
  gsize from;

  if (!date_repeat_fits (&self->repeat, line, len, flags & PY_SEARCH_IS_ASCII, &from))
    return FALSE;
  *ret_begin = from + self->repeat.begin;
  *ret_end = from + self->repeat.end;
  *ret_form = date_repeat_get_form (&self->repeat);
  return TRUE;
}

guint64
date_detector_get_form (const DateDetector *self)
{
  return date_repeat_get_form (&self->repeat);
}

gboolean
date_detector_match_told (DateDetector *self, guint64 form, gint64 now_usec, guint64 date)
{
  const DateRepeat *repeat = &self->repeat;

  if (date != repeat->number || form != date_repeat_get_form (repeat) || now_usec < repeat->from_usec
      || now_usec >= repeat->before_usec)
    return FALSE;
  count_again (self, now_usec);
  return TRUE;
}

gboolean
date_detector_has_fraction (const DateDetector *self)
{
  return self->repeat.fraction_len > 0;
}

guint64
date_detector_get_date (const DateDetector *self)
{
  return self->repeat.number;
}

static void
keep_match (DateDetector *self, const DateLine *line, const Hit *hit, const DateMatch *match)
{
  if (self->never_by_hand || !is_line_anchored (date_ranking_peek (self->templates, self->last_index)))
    return;
  date_repeat_keep (&self->repeat, line->text, line->len, &hit->shape);
  self->repeat_match = *match;
}

static DateResult
describe (DateDetector *self, const DateLine *line, const DateTemplate *template, const Hit *hit, DateMatch *ret_match,
          GError **error)
{
  ret_match->template = template;
  ret_match->by_hand = hit->by_hand;
  if (hit->by_hand)
    {
      ret_match->begin = hit->shape.begin;
      ret_match->end = hit->shape.end;
      ret_match->shape = hit->shape;
      keep_match (self, line, hit, ret_match);
      return DATE_RESULT_FOUND;
    }
  if (py_match_span (self->match, 1, &ret_match->begin, &ret_match->end))
    return DATE_RESULT_FOUND;
  if (!date_template_has_group (template))
    {
      g_set_error_literal (error, DATE_ERROR, DATE_ERROR_INDEX, "no such group");
      return DATE_RESULT_ERROR;
    }
  /* A group without part in the match lies at -1, which is in front of the line's last character */
  const char *end = line->text + line->len;
  ret_match->begin = ret_match->end = line->len > 0 ? (gsize) (g_utf8_prev_char (end) - line->text) : 0;
  return DATE_RESULT_FOUND;
}

DateResult
date_detector_match (DateDetector *self, const char *line_text, gsize len, PySearchFlags flags, gint64 now_usec,
                     DateMatch *ret_match, GError **error)
{
  DateLine line = { .text = line_text, .len = len, .flags = flags, .features = DATE_FEATURE_ALL };
  Hit hit, best = { .index = FAR };
  guint tried = FAR;
  DateResult result = DATE_RESULT_NONE;

  self->broken = NULL;
  if (match_again (self, line_text, len, flags, now_usec, ret_match))
    return DATE_RESULT_FOUND;
  if (date_ranking_get_length (self->templates) == 0 && !append_defaults (self, 0, error))
    return DATE_RESULT_ERROR;

  if (self->last_index < date_ranking_get_length (self->templates))
    result = try_last (self, &line, &hit, &best, &tried, error);
  if (result == DATE_RESULT_NONE)
    result = try_all (self, &line, tried, &hit, &best, error);
  if (result != DATE_RESULT_FOUND)
    return result;

  const DateTemplate *template = date_ranking_peek (self->templates, hit.index);
  result = count_hit (self, &line, &hit, now_usec, error);
  if (result != DATE_RESULT_FOUND)
    return result;
  return describe (self, &line, template, &hit, ret_match, error);
}

DateResult
date_detector_get_time (DateDetector *self, const char *line, gsize len, const DateMatch *match, gint64 now_usec,
                        DateTime *ret_time, GError **error)
{
  const int *zone = self->has_zone ? &self->zone_minutes : NULL;

  if (match->by_hand)
    {
      DateResult result = date_shape_time_get (&self->shape_time, &match->shape, zone, &self->local, now_usec, ret_time,
                                               error);

      if (result == DATE_RESULT_FOUND)
        date_repeat_set_timed (&self->repeat, match->shape.year >= 0, now_usec);
      return result;
    }
  return date_template_get_time (match->template, line, self->match, zone, &self->local, now_usec, ret_time, error);
}

void
date_detector_set_by_hand (DateDetector *self, gboolean by_hand)
{
  self->never_by_hand = !by_hand;
  date_repeat_forget (&self->repeat);
}

/* --- statistics ---------------------------------------------------------------------------------------------------- */

guint64
date_detector_get_n_given_up (const DateDetector *self)
{
  return self->n_given_up;
}

guint
date_detector_get_n_templates (const DateDetector *self)
{
  return date_ranking_get_length (self->templates);
}

const DateTemplate *
date_detector_peek_template (const DateDetector *self, guint i)
{
  return date_ranking_peek (self->templates, i);
}

const DateTemplate *
date_detector_peek_broken (const DateDetector *self)
{
  return self->broken;
}

guint64
date_detector_get_hits (const DateDetector *self, guint i)
{
  return date_ranking_get_hits (self->templates, i);
}

double
date_detector_get_weight (const DateDetector *self, guint i)
{
  return date_ranking_get_weight (self->templates, i);
}
