#include "match/filter-private.h"

#include "compat/py-repr.h"

void
filter_set_window (Filter *self, PyValue *lines)
{
  PyValue *old = self->window;

  self->window = lines;
  py_value_unref (old);
}

/* Of several lines only those that matched count. */
static gboolean
is_match_ignored (FilterFind *f, const MatchedLines *lines)
{
  if (f->filter->ignoreregexes->len == 0)
    return FALSE;
  if (!f->multi)
    return filter_find_is_ignored (f, f->text, f->len, f->flags);
  line_tuples_join (lines->matched, f->filter->content);
  if (!filter_find_is_ignored (f, f->filter->content->str, f->filter->content->len, PY_SEARCH_DEFAULT))
    return FALSE;
  filter_set_window (f->filter, py_value_ref (lines->unmatched));
  return TRUE;
}

void
filter_keep_pre_groups (FilterFind *f)
{
  Filter *self = f->filter;

  gsize len;
  const char *text = finder_peek_text (self->finder, &len);

  failregex_capture_around (self->prefregex, finder_get_prefregex_match (self->finder), text, self->pre_captures);
  captures_own (self->pre_captures);
}

/* --- failures ----------------------------------------------------------------------------------------------------- */
/* Of several lines it says which. */
static void
note_no_date (FilterFind *f, const Matched *matched)
{
  g_autoptr (LineList) lines = NULL;
  g_autoptr (GString) text = NULL;

  if (!f->multi)
    {
      filter_happened (f->filter, FILTER_EVENT_NO_DATE, f->line, NULL, 0, 0);
      return;
    }
  if (f->filter->memory->now_usec < f->filter->next_no_time_warning)
    return;
  lines = line_list_new ();
  text = g_string_new (NULL);
  matched_append_to (matched, lines);
  for (guint i = 0; i < line_list_get_length (lines); i++)
    {
      LinePieces line;

      if (i > 0)
        g_string_append_c (text, '\n');
      line_list_peek (lines, i, &line);
      g_string_append_len (text, line.before, (gssize) (line.before_len + line.date_len + line.after_len));
    }
  filter_happened (f->filter, FILTER_EVENT_NO_DATE, f->line, text->str, text->len, 0);
}

static void
log_no_group (FilterFind *f, Failregex *regex)
{
  g_autofree char *shown = failregex_dup_repr (regex);
  g_autoptr (GString) text = g_string_new ("No group found in '");

  g_string_append_len (text, f->text, (gssize) f->len);
  g_string_append_printf (text, "' using '%s'", shown);
  filter_happened (f->filter, FILTER_EVENT_ERROR, NULL, text->str, text->len, 0);
}

/* The captured groups of the line: those of the prefregex, and over them those of the failregex. */
static Captures *
get_captures (FilterFind *f, Failregex *regex)
{
  Filter *self = f->filter;
  Captures *all = self->captures;
  const PyMatch *match = finder_peek_match (self->finder);
  gsize len;
  const char *text = finder_peek_text (self->finder, &len);

  captures_clear (all);
  if (self->prefregex != NULL && f->multi)
    captures_lend_all (all, self->pre_captures);
  else if (self->prefregex != NULL)
    failregex_capture_around (self->prefregex, finder_get_prefregex_match (self->finder), text, all);
  if (captures_get_length (all) > 0)
    failregex_capture_over (regex, match, f->text, all);
  else
    failregex_capture (regex, match, f->text, all);
  return all;
}

/* fail["matches"] = fail.get ("matches", []) + matched: a group of that name is of a type to which nothing can be added. */
static gboolean
set_matches (Captures *fail, const Matched *matched, GError **error)
{
  const Capture *old = captures_peek (fail, CAPTURE_MATCHES);

  if (old != NULL)
    {
      g_set_error (error, FILTER_ERROR, FILTER_ERROR_PROCESS, "TypeError(%s)",
                   old->kind == CAPTURED_NONE   ? "\"unsupported operand type(s) for +: 'NoneType' and 'list'\""
                   : old->kind == CAPTURED_TEXT ? "'can only concatenate str (not \"list\") to str'"
                                                : "'can only concatenate tuple (not \"list\") to tuple'");
      return FALSE;
    }
  matched_append_to (matched, captures_get_lines (fail, CAPTURE_MATCHES));
  return TRUE;
}

static gboolean
has_any_id (const Captures *fail)
{
  return captures_peek_some (fail, CAPTURE_IP4) != NULL || captures_peek_some (fail, CAPTURE_FID) != NULL
         || captures_peek_some (fail, CAPTURE_IP6) != NULL || captures_peek_some (fail, CAPTURE_DNS) != NULL;
}

/* The match counts: it is told with all that is known of its connection. */
static FilterStep
tell (FilterFind *f, guint index, Failregex *regex, Captures *fail, const Matched *matched, GError **error)
{
  Filter *self = f->filter;
  gboolean has_mlfid = captures_peek_some (fail, CAPTURE_MLFID) != NULL;

  if (has_mlfid)
    {
      fail = filter_merge (self, fail, matched, log_line_get_now_usec (f->shared, self->clock), error);
      if (fail == NULL)
        return FILTER_STEP_EXCEPTION;
      if (captures_truth (fail, CAPTURE_NOFAIL) && !self->check_all)
        return FILTER_STEP_DONE;
    }
  else
    {
      if (!set_matches (fail, matched, error))
        return FILTER_STEP_EXCEPTION;
      if (!has_any_id (fail))
        {
          log_no_group (f, regex);
          return FILTER_STEP_NEXT;
        }
    }
  return filter_identify (&f->to, index, fail, has_mlfid, error);
}

/* It is the first match: others with the same expressions need not search for it.  Where nothing says who it was, they have to: the text
 * is shown. */
static void
share_first (FilterFind *f, guint index, const Captures *fail)
{
  gboolean tells_who = captures_peek_some (fail, CAPTURE_MLFID) != NULL || has_any_id (fail);

  if (f->key == NULL || index != f->first || finder_has_given_up (f->filter->finder))
    return;
  log_line_put_found (f->shared, f->key, f->line, index, tells_who ? fail : NULL);
  f->key = NULL;
}

gboolean
filter_can_tell_again (const FilterFind *f, const LineFound *found)
{
  return found->captures != NULL && f->filter->ignoreregexes->len == 0 && !f->no_date && !f->filter->check_all;
}

FilterStep
filter_tell_again (FilterFind *f, const LineFound *found, GError **error)
{
  Captures *fail = f->filter->captures;
  const Matched matched = { .line = f->line };

  captures_clear (fail);
  captures_lend_all (fail, found->captures);
  return tell (f, found->first, g_ptr_array_index (f->filter->failregexes, found->first), fail, &matched, error);
}

/* A failregex matched. */
FilterStep
filter_handle_match (FilterFind *f, guint index, Failregex *regex, GError **error)
{
  Filter *self = f->filter;
  g_auto (MatchedLines) lines = { 0 };
  Matched matched = { .line = f->line };
  Captures *fail;
  FilterStep step;

  if (f->multi)
    {
      line_tuples_split (f->lines, f->text, f->len, regex, finder_peek_match (self->finder), &lines);
      matched = (Matched){ .several = lines.matched };
    }
  if (is_match_ignored (f, &lines))
    {
      if (f->multi)
        f->text = NULL;
      return self->check_all ? FILTER_STEP_NEXT : FILTER_STEP_DONE;
    }
  if (f->no_date)
    {
      note_no_date (f, &matched);
      if (!f->to.time->is_set && self->check_find_time)
        return FILTER_STEP_NEXT;
    }
  fail = get_captures (f, regex);
  share_first (f, index, fail);
  step = tell (f, index, regex, fail, &matched, error);
  if (!self->check_all || f->multi)
    {
      if (f->multi)
        filter_set_window (self, py_value_ref (lines.unmatched));
      f->text = NULL;
    }
  return step;
}
