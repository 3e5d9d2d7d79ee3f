#include "match/line-finder.h"

#include <string.h>

#include "match/filter-private.h"

/* So many expressions of one line are kept, and so much of all lines in a store; what is beyond is searched in its turn. */
#define MATCHES_MOST 16
#define STORE_MOST   (64 * 1024)

struct LineFinder
{
  Filter *filter;
  Finder *finder;
  DateDetector *detector;
  gboolean is_last_dated; /* the line before this one had a date that can be seen again */
  gint64 now_usec;
};

LineFinder *
line_finder_new (Filter *filter)
{
  g_autoptr (DateDetector) detector = NULL;
  LineFinder *self;

  if (filter->max_lines > 1 || filter->detector == NULL || filter->ungated || !py_codec_is_utf8 (filter->codec))
    return NULL;
  detector = date_detector_new (clock_get_time_usec (filter->clock));
  if (filter->date_patterns != NULL && !date_detector_add_patterns (detector, filter->date_patterns, -1, NULL))
    return NULL;
  (void) filter_get_gate (filter);
  self = g_new0 (LineFinder, 1);
  self->filter = filter;
  self->finder = finder_new (filter);
  self->detector = g_steal_pointer (&detector);
  self->now_usec = clock_get_time_usec (filter->clock);
  return self;
}

void
line_finder_free (LineFinder *self)
{
  if (self == NULL)
    return;
  finder_free (self->finder);
  date_detector_free (self->detector);
  g_free (self);
}

void
line_store_init (LineStore *self)
{
  self->for_filter = NULL;
  self->spans = g_array_new (FALSE, FALSE, sizeof (gsize));
}

void
line_store_reset (LineStore *self)
{
  self->for_filter = NULL;
  g_array_set_size (self->spans, 0);
}

void
line_store_clear (LineStore *self)
{
  g_clear_pointer (&self->spans, g_array_unref);
}

static void
store_match (GArray *spans, gsize regex, const PyMatch *match)
{
  guint n, at = spans->len;
  const gsize *offsets = py_match_peek_offsets (match, &n);
  gsize *entry;

  g_array_set_size (spans, at + 2 + 2 * n);
  entry = &g_array_index (spans, gsize, at);
  entry[0] = regex;
  entry[1] = n;
  if (n > 0)
    memcpy (entry + 2, offsets, 2 * n * sizeof offsets[0]);
}

/* --- the expressions ---------------------------------------------------------------------------------------------- */
static gboolean
is_ignored (LineFinder *self, const char *text, gsize len, PySearchFlags flags)
{
  for (guint i = 0; i < self->filter->ignoreregexes->len; i++)
    if (finder_ignores (self->finder, i, text, len, flags))
      return TRUE;
  return FALSE;
}

static void
find_failregexes (LineFinder *self, GArray *spans, LineFinding *finding)
{
  guint n = self->filter->failregexes->len, most = self->filter->check_all ? MATCHES_MOST : 1, from = 0;

  while (finding->n_matches < most && (from = finder_next (self->finder, from)) < n)
    {
      store_match (spans, from++, finder_peek_match (self->finder));
      finding->n_matches++;
    }
  if (finding->n_matches < most)
    finding->what |= LINE_FINDING_IS_ALL;
}

static void
find_in_vain (LineFinder *self, LineFinding *finding)
{
  const Filter *filter = self->filter;

  if (filter->prefregex != NULL && filter->hooks != NULL && finder_would_pass_prefregex (self->finder))
    finding->what |= LINE_FINDING_PASSES;
}

/* What is seen is a part of the text, or all of it.  FALSE: an ignoreregex matches. */
static gboolean
find_all (LineFinder *self, GArray *spans, LineFinding *finding)
{
  Finder *finder = self->finder;
  const Filter *filter = self->filter;
  const char *text, *seen;
  gsize len, seen_len;
  PySearchFlags flags;

  text = finder_peek_text (finder, &len);
  if (is_ignored (self, text, len, finding->flags))
    return FALSE;
  if (!finder_may_match (finder))
    {
      find_in_vain (self, finding);
      return TRUE;
    }
  finding->what |= LINE_FINDING_MAY_MATCH;
  if (!finder_pass_prefregex (finder))
    return TRUE;
  finding->what |= LINE_FINDING_PASSES;
  if (filter->prefregex != NULL)
    {
      store_match (spans, 0, finder_get_prefregex_match (finder));
      finding->what |= LINE_FINDING_HAS_PRE;
    }
  find_failregexes (self, spans, finding);
  seen = finder_peek_seen (finder, &seen_len, &flags);
  return finding->n_matches == 0 || !is_ignored (self, seen, seen_len, flags);
}

/* --- a line ------------------------------------------------------------------------------------------------------- */
void
line_finder_begin (LineFinder *self)
{
  self->is_last_dated = FALSE;
}

/* Where the date probably is, as filter-line.c splits a line at it.  Without one the text is the same, whether or not it
 * takes over the last one. */
static gboolean
guess_date (LineFinder *self, const char *text, LineFinding *finding)
{
  DateMatch match;
  gsize begin, end;
  guint64 form;

  if (date_detector_guess_again (self->detector, text, finding->text_len, finding->flags, &begin, &end, &form))
    {
      finding->date_begin = (guint32) begin;
      finding->date_end = (guint32) end;
      finding->date_form = self->is_last_dated ? form : 0;
      self->is_last_dated = TRUE;
      return TRUE;
    }
  switch (date_detector_match (self->detector, text, finding->text_len, finding->flags, self->now_usec, &match, NULL))
    {
    case DATE_RESULT_FOUND:
      finding->date_begin = (guint32) match.begin;
      finding->date_end = (guint32) match.end;
      self->is_last_dated = date_detector_get_form (self->detector) != 0;
      return TRUE;
    case DATE_RESULT_NONE:
      self->is_last_dated = FALSE;
      return TRUE;
    case DATE_RESULT_ERROR:
    default:
      self->is_last_dated = FALSE;
      return FALSE;
    }
}

static gboolean
can_search (LineFinder *self, const char *bytes, const LineStore *store, LineFinding *finding)
{
  if ((finding->what & LINE_FINDING_KNOWN) && finding->text_len > 0 && store->spans->len < STORE_MOST)
    return guess_date (self, bytes, finding);
  self->is_last_dated = FALSE;
  return FALSE;
}

void
line_finder_look (LineFinder *self, const char *bytes, gsize len, gboolean is_ascii, LineStore *store,
                  LineFinding *ret_finding)
{
  LineFinding finding = { .matches = store->spans->len };
  PySearchFlags flags;
  gsize text_len;

  if (len <= G_MAXUINT32 && log_line_look_at_text (bytes, len, is_ascii, &text_len, &flags))
    {
      finding.what = LINE_FINDING_KNOWN;
      finding.text_len = (guint32) text_len;
      finding.flags = (guint8) flags;
    }
  if (can_search (self, bytes, store, &finding))
    {
      const LinePieces pieces = { .before = bytes,
                                  .before_len = finding.date_begin,
                                  .after = bytes + finding.date_end,
                                  .after_len = text_len - finding.date_end,
                                  .has_line_end = text_len < len && bytes[text_len] == '\n' };

      store->for_filter = self->filter;
      finder_set_line (self->finder, &pieces, flags);
      if (find_all (self, store->spans, &finding) && !finder_has_given_up (self->finder))
        finding.what |= LINE_FINDING_SEARCHED;
      else
        g_array_set_size (store->spans, finding.matches);
    }
  *ret_finding = finding;
}
