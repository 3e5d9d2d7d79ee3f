#include "match/line-finder.h"

#include "match/filter-private.h"

/* So many expressions of one line are kept, and so much of all lines in a store; what is beyond is searched in its turn. */
#define MATCHES_MOST 16
#define STORE_MOST   (64 * 1024)

struct LineFinder
{
  Filter *filter;
  Finder *finder;
  DateDetector *detector;
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

GArray *
line_finder_store_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (gsize));
}

static void
store_match (GArray *store, gsize regex, const PyMatch *match)
{
  guint n;
  const gsize *offsets = py_match_peek_offsets (match, &n);
  const gsize head[] = { regex, n };

  g_array_append_vals (store, head, G_N_ELEMENTS (head));
  if (n > 0)
    g_array_append_vals (store, offsets, 2 * n);
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
find_failregexes (LineFinder *self, GArray *store, LineFinding *finding)
{
  guint n = self->filter->failregexes->len, most = self->filter->check_all ? MATCHES_MOST : 1, from = 0;

  while (finding->n_matches < most && (from = finder_next (self->finder, from)) < n)
    {
      store_match (store, from++, finder_peek_match (self->finder));
      finding->n_matches++;
    }
  finding->is_all = finding->n_matches < most;
}

/* What is seen is a part of the text, or all of it.  FALSE: an ignoreregex matches. */
static gboolean
find_all (LineFinder *self, GArray *store, LineFinding *finding)
{
  Finder *finder = self->finder;
  const Filter *filter = self->filter;
  const char *text, *seen;
  gsize len, seen_len;
  PySearchFlags flags;

  text = finder_peek_text (finder, &len);
  if (is_ignored (self, text, len, finding->flags))
    return FALSE;
  finding->may_match = finder_may_match (finder);
  if (!finding->may_match)
    {
      if (filter->prefregex != NULL && filter->hooks != NULL)
        finding->passes = finder_would_pass_prefregex (finder);
      return TRUE;
    }
  finding->passes = finder_pass_prefregex (finder);
  if (!finding->passes)
    return TRUE;
  if (filter->prefregex != NULL)
    {
      store_match (store, 0, finder_get_prefregex_match (finder));
      finding->has_pre = TRUE;
    }
  find_failregexes (self, store, finding);
  seen = finder_peek_seen (finder, &seen_len, &flags);
  return finding->n_matches == 0 || !is_ignored (self, seen, seen_len, flags);
}

/* --- a line ------------------------------------------------------------------------------------------------------- */
/* Where the date probably is, as filter-line.c splits a line at it.  Without one the text is the same, whether or not it
 * takes over the last one. */
static gboolean
guess_date (LineFinder *self, const char *text, const LineFinding *finding, LinePieces *ret_pieces)
{
  DateMatch match;

  *ret_pieces = (LinePieces){ .before = "", .date = "", .after = text, .after_len = finding->text_len };
  switch (date_detector_match (self->detector, text, finding->text_len, finding->flags, self->now_usec, &match, NULL))
    {
    case DATE_RESULT_FOUND:
      ret_pieces->before = text;
      ret_pieces->before_len = match.begin;
      ret_pieces->after = text + match.end;
      ret_pieces->after_len = finding->text_len - match.end;
      return TRUE;
    case DATE_RESULT_NONE:
      return TRUE;
    case DATE_RESULT_ERROR:
    default:
      return FALSE;
    }
}

void
line_finder_look (LineFinder *self, const char *bytes, gsize len, GArray *store, LineFinding *ret_finding)
{
  LineFinding finding = { .store = store, .begin = store->len };
  LinePieces pieces;

  finding.is_known = log_line_look_at_text (bytes, len, FALSE, &finding.text_len, &finding.flags);
  if (finding.is_known && finding.text_len > 0 && store->len < STORE_MOST && guess_date (self, bytes, &finding, &pieces))
    {
      pieces.has_line_end = finding.text_len < len && bytes[finding.text_len] == '\n';
      finding.before_len = pieces.before_len;
      finding.after = pieces.after;
      finding.after_len = pieces.after_len;
      finder_set_line (self->finder, &pieces, finding.flags);
      if (find_all (self, store, &finding) && !finder_has_given_up (self->finder))
        finding.for_filter = self->filter;
      else
        g_array_set_size (store, finding.begin);
    }
  *ret_finding = finding;
}
