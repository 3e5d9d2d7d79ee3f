#include "match/filter-private.h"

#include "compat/py-repr.h"

void
filter_set_window (Filter *self, PyValue *lines)
{
  PyValue *old = self->window;

  self->window = lines;
  py_value_unref (old);
}

static const PyValue *
get_lines (FilterFind *f)
{
  if (f->lines == NULL)
    {
      f->lines = py_list_new ();
      py_list_append (f->lines, line_tuple_new (f->line));
    }
  return f->lines;
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
filter_make_pre_groups (FilterFind *f)
{
  Filter *self = f->filter;

  if (self->prefregex == NULL || f->pre_groups != NULL)
    return;
  f->pre_groups = failregex_dup_groups_around (self->prefregex, self->pre_match, self->text->str);
}

/* --- failures ----------------------------------------------------------------------------------------------------- */
static void
warn_no_date (FilterFind *f, const MatchedLines *lines)
{
  Filter *self = f->filter;
  g_autoptr (GString) matched = g_string_new ("Match without a timestamp: ");
  g_autofree char *shown = py_repr_str (f->line->date, (gssize) f->line->date_len);

  for (guint i = 0; i < py_seq_length (lines->matched); i++)
    {
      if (i > 0)
        g_string_append_c (matched, '\n');
      line_tuple_append_whole (matched, py_seq_peek (lines->matched, i));
    }
  filter_warn_once (
      self, &self->next_no_time_warning, g_strdup_printf ("Found a match but no valid date/time found for %s.", shown),
      g_strdup (matched->str), g_strdup ("Please try setting a custom date pattern (see man page jail.conf(5))."));
}

static void
log_no_group (FilterFind *f, Failregex *regex)
{
  g_autofree char *shown = failregex_dup_repr (regex);
  g_autoptr (GString) text = g_string_new ("No group found in '");

  g_string_append_len (text, f->text, (gssize) f->len);
  g_string_append_printf (text, "' using '%s'", shown);
  log_write_text (f->filter->log, LOG_LEVEL_ERROR, FILTER_LOGGER, __func__, text->str, text->len);
}

static void
set_matches (PyValue *fail, const PyValue *matched)
{
  PyValue *old = py_dict_get_str (fail, "matches");
  PyValue *all = old != NULL && py_value_is_seq (old) ? line_tuples_slice (old, 0, G_MAXUINT) : py_list_new ();

  for (guint i = 0; i < py_seq_length (matched); i++)
    py_list_append (all, py_value_ref (py_seq_peek (matched, i)));
  py_dict_set_str (fail, "matches", all);
}

/* A failregex matched. */
FilterStep
filter_handle_match (FilterFind *f, guint index, Failregex *regex, GError **error)
{
  Filter *self = f->filter;
  g_auto (MatchedLines) lines = { 0 };
  g_autoptr (PyValue) fail = failregex_dup_groups (regex, self->fail_match, f->text);
  PyValue *mlfid;
  const char *searched = f->text;
  gsize searched_len = f->len;

  line_tuples_split (get_lines (f), f->text, f->len, regex, self->fail_match, &lines);
  if (is_match_ignored (f, &lines))
    {
      if (f->multi)
        f->text = NULL;
      return self->check_all ? FILTER_STEP_NEXT : FILTER_STEP_DONE;
    }
  if (f->no_date)
    {
      warn_no_date (f, &lines);
      if (!f->to.time->is_set && self->check_find_time)
        return FILTER_STEP_NEXT;
    }
  filter_make_pre_groups (f);
  if (!self->check_all || f->multi)
    {
      if (f->multi)
        filter_set_window (self, py_value_ref (lines.unmatched));
      f->text = NULL;
    }
  if (f->pre_groups != NULL && py_dict_length (f->pre_groups) > 0)
    {
      PyValue *all = py_dict_new ();
      py_dict_update (all, f->pre_groups, PY_DICT_UPDATE_ALL);
      py_dict_update (all, fail, PY_DICT_UPDATE_NOT_NONE);
      py_value_unref (fail);
      fail = all;
    }
  mlfid = filter_get_captured (fail, "mlfid");
  if (mlfid != NULL && py_value_is_hashable (mlfid))
    {
      PyValue *no_failure;
      fail = filter_merge (self, mlfid, fail, lines.matched);
      no_failure = py_dict_get_str (fail, "nofail");
      if (no_failure != NULL && py_value_truth (no_failure) && !self->check_all)
        return FILTER_STEP_DONE;
    }
  else
    set_matches (fail, lines.matched);
  if (mlfid == NULL && filter_get_captured (fail, "fid") == NULL && filter_get_captured (fail, "ip4") == NULL
      && filter_get_captured (fail, "ip6") == NULL && filter_get_captured (fail, "dns") == NULL)
    {
      FilterFind shown = *f;
      shown.text = searched;
      shown.len = searched_len;
      log_no_group (&shown, regex);
      return FILTER_STEP_NEXT;
    }
  return filter_identify (&f->to, index, fail, mlfid != NULL, error);
}
