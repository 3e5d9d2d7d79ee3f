#include "match/finder.h"

#include <string.h>

#include "match/filter-private.h"

#define GIVEN_UP_MOST 64 /* for one text; more are not told */

struct Finder
{
  Filter *filter;
  PyMatch *pre_match, *match, *ignore_match;
  PyRegexAutomaton *automaton; /* of the prefregex, made at its first use; NULL: it is too large */
  guint64 automaton_of;        /* of which prefregex that is; 0: of none yet */
  PyRegexSpans *spans;         /* the same for what it captures; NULL: it is not for this */
  guint64 spans_of;
  GString *line, *content; /* copies, where the text does not stand in the line as it is needed */

  const char *text; /* of finder_set_text(); NULL: not put together yet, of this: */
  const LinePieces *pieces;
  gsize len;
  PySearchFlags flags;
  const char *seen; /* by failregexes */
  gsize seen_len;
  PySearchFlags seen_flags;

  guint64 *left, *left_seen; /* what can match text, and seen */
  gboolean has_left, has_left_seen;
  gboolean may_pass; /* the prefregex; known when has_left */
  guint n_words;

  /* What was found beforehand, as long as it answers; NULL: nothing was. */
  const LineFinding *finding;
  const LineStore *store;
  guint next_found, n_told; /* entry in its store; matches before that */
  Failregex *given_up[GIVEN_UP_MOST];
  guint n_given_up, n_limits; /* of this text */
  gboolean pre_searched;
};

Finder *
finder_new (Filter *filter)
{
  Finder *self = g_new0 (Finder, 1);

  self->filter = filter;
  self->pre_match = py_match_new ();
  self->match = py_match_new ();
  self->ignore_match = py_match_new ();
  self->line = g_string_new (NULL);
  self->content = g_string_new (NULL);
  return self;
}

void
finder_free (Finder *self)
{
  if (self == NULL)
    return;
  py_match_free (self->pre_match);
  py_match_free (self->match);
  py_match_free (self->ignore_match);
  py_regex_automaton_free (self->automaton);
  py_regex_spans_free (self->spans);
  g_string_free (self->line, TRUE);
  g_string_free (self->content, TRUE);
  g_free (self->left);
  g_free (self->left_seen);
  g_free (self);
}

static gboolean
search (Finder *self, Failregex *regex, PyMatch *match, const char *text, gsize len, PySearchFlags flags)
{
  PyRegexResult result;

  /* A line that holds up many expressions takes little longer than one that holds up one. */
  py_match_set_haste (match, self->n_limits);
  result = failregex_search (regex, text, len, flags, match);
  if (result != PY_REGEX_LIMIT)
    return result == PY_REGEX_MATCH;
  self->n_limits++;
  if (self->n_given_up < GIVEN_UP_MOST)
    self->given_up[self->n_given_up++] = regex;
  return FALSE;
}

static PySearchFlags
ungated (const Finder *self)
{
  return self->filter->ungated ? PY_SEARCH_UNGATED : PY_SEARCH_DEFAULT;
}

/* --- the text ------------------------------------------------------------------------------------------------------ */
static void
ensure_words (Finder *self, const FilterGate *gate)
{
  guint n = filter_gate_get_n_words (gate);

  if (self->n_words == n)
    return;
  self->left = g_renew (guint64, self->left, n);
  self->left_seen = g_renew (guint64, self->left_seen, n);
  self->n_words = n;
}

static void
set_text (Finder *self, const char *text, gsize len, PySearchFlags flags)
{
  self->text = text;
  self->len = len;
  self->flags = flags;
  self->n_given_up = self->n_limits = 0;
  self->seen = NULL;
  self->pre_searched = FALSE;
  self->has_left = self->has_left_seen = FALSE;
  self->finding = NULL;
  ensure_words (self, filter_get_gate (self->filter));
}

static void
look (Finder *self)
{
  filter_gate_look (self->filter->gate, self->text, self->len, self->flags, self->left);
  self->may_pass = filter_gate_leaves_prefregex (self->filter->gate, self->left);
  self->has_left = TRUE;
}

/* As late as it can be: what was found beforehand needs no gate. */
static void
ensure_left (Finder *self)
{
  if (!self->has_left)
    look (self);
}

void
finder_set_text (Finder *self, const char *text, gsize len, PySearchFlags flags)
{
  set_text (self, text, len, flags);
  look (self);
}

/* a + b + a line end: what every line goes through, without a call for each piece */
static void
set_lines (GString *out, const char *a, gsize a_len, const char *b, gsize b_len)
{
  g_string_set_size (out, a_len + b_len + 1);
  memcpy (out->str, a, a_len);
  memcpy (out->str + a_len, b, b_len);
  out->str[a_len + b_len] = '\n';
}

static void
set_line (Finder *self, const LinePieces *line, PySearchFlags flags)
{
  if (line->before_len == 0 && line->has_line_end)
    {
      set_text (self, line->after, line->after_len + 1, flags);
      return;
    }
  set_lines (self->line, line->before, line->before_len, line->after, line->after_len);
  set_text (self, self->line->str, self->line->len, flags);
}

void
finder_set_line (Finder *self, const LinePieces *line, PySearchFlags flags)
{
  set_line (self, line, flags);
  look (self);
}

void
finder_set_known_line (Finder *self, const LinePieces *line, PySearchFlags flags)
{
  set_line (self, line, flags);
  memset (self->left, 0xff, self->n_words * sizeof self->left[0]);
  self->may_pass = self->has_left = TRUE;
}

/* Mostly nobody asks for the text. */
void
finder_set_found_line (Finder *self, const LinePieces *line, PySearchFlags flags, const LineFinding *finding,
                       const LineStore *store)
{
  self->text = NULL;
  self->pieces = line;
  self->flags = flags;
  self->n_given_up = self->n_limits = 0;
  self->seen = NULL;
  self->pre_searched = FALSE;
  self->finding = finding;
  self->store = store;
  self->next_found = finding->matches;
  self->n_told = 0;
}

static void
ensure_text (Finder *self)
{
  const LineFinding *finding = self->finding;

  if (self->text != NULL)
    return;
  set_line (self, self->pieces, self->flags);
  self->finding = finding;
}

/* --- what was found beforehand ------------------------------------------------------------------------------------- */
/* Takes the next match; gives the number of its expression. */
static guint
take_entry (Finder *self, PyMatch *match)
{
  const gsize *entry = &g_array_index (self->store->spans, gsize, self->next_found);
  guint n = (guint) entry[1];

  py_match_set_offsets (match, entry + 2, n);
  self->next_found += 2 + 2 * n;
  return (guint) entry[0];
}

/* FALSE: the finding does not tell. */
static gboolean
next_found (Finder *self, guint from, guint *ret_regex)
{
  while (self->n_told < self->finding->n_matches)
    {
      guint regex = take_entry (self, self->match);

      self->n_told++;
      if (regex >= from)
        {
          *ret_regex = regex;
          return TRUE;
        }
    }
  if (!(self->finding->what & LINE_FINDING_IS_ALL))
    return FALSE;
  *ret_regex = self->filter->failregexes->len;
  return TRUE;
}

const char *
finder_peek_text (Finder *self, gsize *ret_len)
{
  ensure_text (self);
  *ret_len = self->len;
  return self->text;
}

/* --- the prefregex and the ignoreregexes --------------------------------------------------------------------------- */
gboolean
finder_may_match (const Finder *self)
{
  if (self->finding != NULL)
    return (self->finding->what & LINE_FINDING_MAY_MATCH) != 0;
  return filter_gate_next (self->filter->gate, self->left, 0) < self->filter->failregexes->len;
}

gboolean
finder_ignores (Finder *self, guint ignoreregex, const char *text, gsize len, PySearchFlags flags)
{
  const guint64 *left = NULL;

  /* A finding tells of lines only that no ignoreregex matches. */
  if (self->finding != NULL && (text == self->text || text == self->seen))
    return FALSE;
  if (text == self->text)
    {
      ensure_left (self);
      left = self->left;
    }
  else if (text == self->seen)
    left = self->left_seen;
  return (left == NULL || filter_gate_leaves_ignoreregex (self->filter->gate, left, ignoreregex))
         && search (self, g_ptr_array_index (self->filter->ignoreregexes, ignoreregex), self->ignore_match, text, len,
                    flags | ungated (self));
}

static gboolean
search_prefregex (Finder *self, PySearchFlags flags)
{
  ensure_text (self);
  return search (self, self->filter->prefregex, self->pre_match, self->text, self->len,
                 self->flags | ungated (self) | flags);
}

static PyRegexVerdict
ask_spans (Finder *self)
{
  const Filter *filter = self->filter;

  if (self->spans_of != filter->n_prefregexes)
    {
      py_regex_spans_free (self->spans);
      self->spans = failregex_new_spans (filter->prefregex);
      self->spans_of = filter->n_prefregexes;
    }
  if (self->spans == NULL || filter->ungated || !py_regex_spans_pays (self->spans))
    return PY_VERDICT_UNKNOWN;
  return py_regex_spans_ask (self->spans, self->text, self->len, self->flags, self->pre_match);
}

/* With what it captures */
static gboolean
find_prefregex (Finder *self)
{
  PyRegexVerdict told;

  ensure_text (self);
  told = ask_spans (self);
  self->pre_searched = TRUE;
  return told == PY_VERDICT_UNKNOWN ? search_prefregex (self, PY_SEARCH_DEFAULT) : told == PY_VERDICT_YES;
}

static PyRegexVerdict
ask_automaton (Finder *self)
{
  const Filter *filter = self->filter;

  if (self->automaton_of != filter->n_prefregexes)
    {
      py_regex_automaton_free (self->automaton);
      self->automaton = failregex_new_automaton (filter->prefregex);
      self->automaton_of = filter->n_prefregexes;
    }
  if (self->automaton == NULL || !py_regex_automaton_pays (self->automaton))
    return PY_VERDICT_UNKNOWN;
  return py_regex_automaton_ask (self->automaton, self->text, self->len, self->flags);
}

gboolean
finder_would_pass_prefregex (Finder *self)
{
  const Filter *filter = self->filter;

  if (self->finding != NULL)
    return (self->finding->what & LINE_FINDING_PASSES) || filter->prefregex == NULL;
  if (filter->prefregex == NULL)
    return TRUE;
  if (filter->ungated)
    return find_prefregex (self);
  if (self->has_left && !self->may_pass)
    return FALSE;
  if (failregex_surely_matches (filter->prefregex, self->text, self->len, self->flags))
    return TRUE;
  switch (ask_automaton (self))
    {
    case PY_VERDICT_YES:
      return TRUE;
    case PY_VERDICT_NO:
      return FALSE;
    case PY_VERDICT_UNKNOWN:
    default:
      return search_prefregex (self, PY_SEARCH_BARE);
    }
}

const PyMatch *
finder_get_prefregex_match (Finder *self)
{
  if (!self->pre_searched)
    (void) find_prefregex (self);
  return self->pre_match;
}

/* --- what failregexes see ------------------------------------------------------------------------------------------ */
static void
set_seen (Finder *self, const char *text, gsize len, PySearchFlags flags)
{
  self->seen = text;
  self->seen_len = len;
  self->seen_flags = flags;
  self->has_left_seen = FALSE;
}

static void
narrow_seen (Finder *self)
{
  filter_gate_narrow (self->filter->gate, self->seen, self->seen_len, self->left_seen);
  self->has_left_seen = TRUE;
}

/* What holds none of the texts that an expression needs has no part that does. */
static void
look_at_part (Finder *self)
{
  ensure_left (self);
  memcpy (self->left_seen, self->left, self->n_words * sizeof self->left[0]);
  narrow_seen (self);
}

static void
see_part (Finder *self, const char *text, gsize len)
{
  set_seen (self, text, len, self->flags);
  if (self->finding == NULL)
    look_at_part (self);
}

/* Mostly a content ends where the line does, and stands there as it is needed. */
static void
see_content (Finder *self, gsize start, gsize end)
{
  if (self->text[end] == '\n')
    {
      see_part (self, self->text + start, end - start + 1);
      return;
    }
  set_lines (self->content, self->text + start, end - start, "", 0);
  see_part (self, self->content->str, self->content->len);
}

gboolean
finder_pass_prefregex (Finder *self)
{
  Failregex *prefregex = self->filter->prefregex;
  gsize start, end;

  if (self->finding != NULL && !(self->finding->what & LINE_FINDING_PASSES))
    return FALSE;
  ensure_text (self);
  if (self->finding != NULL && (self->finding->what & LINE_FINDING_HAS_PRE))
    {
      (void) take_entry (self, self->pre_match);
      self->pre_searched = TRUE;
    }
  else if (prefregex != NULL && !find_prefregex (self))
    return FALSE;
  if (prefregex != NULL && failregex_get_content (prefregex, self->pre_match, &start, &end) && start < end)
    see_content (self, start, end);
  else
    see_part (self, self->text, self->len);
  return TRUE;
}

const char *
finder_peek_seen (const Finder *self, gsize *ret_len, PySearchFlags *ret_flags)
{
  *ret_len = self->seen_len;
  *ret_flags = self->seen_flags;
  return self->seen;
}

void
finder_see (Finder *self, const char *text, gsize len, PySearchFlags flags)
{
  self->finding = NULL;
  set_seen (self, text, len, flags);
  filter_gate_look (self->filter->gate, text, len, flags, self->left_seen);
  narrow_seen (self);
}

guint
finder_next (Finder *self, guint from)
{
  const Filter *filter = self->filter;
  guint found;

  if (self->finding != NULL && next_found (self, from, &found))
    return found;
  if (!self->has_left_seen)
    look_at_part (self);
  for (guint i = from; (i = filter_gate_next (filter->gate, self->left_seen, i)) < filter->failregexes->len; i++)
    if (search (self, g_ptr_array_index (filter->failregexes, i), self->match, self->seen, self->seen_len,
                self->seen_flags | (filter->ungated ? PY_SEARCH_UNGATED : PY_SEARCH_GATED)))
      return i;
  return filter->failregexes->len;
}

const PyMatch *
finder_peek_match (const Finder *self)
{
  return self->match;
}

gboolean
finder_has_given_up (const Finder *self)
{
  return self->n_given_up > 0;
}

Failregex *
finder_take_given_up (Finder *self)
{
  return self->n_given_up > 0 ? self->given_up[--self->n_given_up] : NULL;
}
