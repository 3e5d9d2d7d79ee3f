#include "match/filter-private.h"

#include <string.h>

static void
find_clear (FilterFind *f)
{
  py_value_unref (f->lines);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FilterFind, find_clear)

guint64
filter_count_limit (Filter *self, const char *pattern)
{
  guint64 *n;

  if (self->n_limits == NULL)
    self->n_limits = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  n = g_hash_table_lookup (self->n_limits, pattern);
  if (n == NULL)
    {
      n = g_new0 (guint64, 1);
      g_hash_table_insert (self->n_limits, g_strdup (pattern), n);
    }
  return ++*n;
}

/* Gives whether there were any. */
static gboolean
warn_given_up (Filter *self)
{
  Failregex *regex;
  gboolean any = FALSE;

  while ((regex = finder_take_given_up (self->finder)) != NULL)
    {
      const char *pattern = failregex_peek_pattern (regex);

      filter_happened (self, FILTER_EVENT_GIVEN_UP, NULL, pattern, strlen (pattern), 0);
      any = TRUE;
    }
  return any;
}

/* --- filters with the same expressions ---------------------------------------------------------------------------- */
static void
add_expression (GChecksum *sum, const Failregex *regex)
{
  g_autofree char *flags = failregex_dup_repr (regex);

  g_checksum_update (sum, (const guchar *) failregex_peek_pattern (regex), -1);
  g_checksum_update (sum, (const guchar *) "\0", 1);
  g_checksum_update (sum, (const guchar *) flags, -1);
  g_checksum_update (sum, (const guchar *) "\0", 1);
}

static void
add_expressions (GChecksum *sum, const GPtrArray *regexes)
{
  for (guint i = 0; i < regexes->len; i++)
    add_expression (sum, g_ptr_array_index (regexes, i));
  g_checksum_update (sum, (const guchar *) "\0", 1);
}

static const char *
get_find_key (Filter *self)
{
  g_autoptr (GChecksum) sum = NULL;

  if (self->find_key != NULL)
    return self->find_key;
  sum = g_checksum_new (G_CHECKSUM_SHA256);
  if (self->prefregex != NULL)
    add_expression (sum, self->prefregex);
  g_checksum_update (sum, (const guchar *) "\0", 1);
  add_expressions (sum, self->failregexes);
  add_expressions (sum, self->ignoreregexes);
  self->find_key = g_intern_string (g_checksum_get_string (sum));
  return self->find_key;
}

/* Gates are made before the next line after a change of expressions. */
const FilterGate *
filter_get_gate (Filter *self)
{
  if (self->gate == NULL && self->ungated)
    self->gate = filter_gate_new (self->failregexes, self->ignoreregexes, self->prefregex, TRUE);
  else if (self->gate == NULL)
    self->gate = filter_pool_ref_gate (self->pool, get_find_key (self), self->failregexes, self->ignoreregexes,
                                       self->prefregex);
  return self->gate;
}

/* Whether expressions match is a question of the text alone, so who has the same ones need not ask again.  Not where each search is
 * counted, or is to be made for a test. */
static gboolean
can_share (const Filter *self)
{
  return self->max_lines == 1 && self->hooks == NULL && !self->ungated;
}

const char *
filter_get_key (Filter *self, gboolean in_operation)
{
  const char **key = &self->keys[in_operation ? 1 : 0];
  g_autofree char *text = NULL;

  if (*key != NULL || !can_share (self) || self->check_all || !self->check_find_time || !self->ignore_pending
      || self->raw_host)
    return *key;
  text = g_strdup_printf ("%s\n%s\n%s\n%" G_GINT64_FORMAT, get_find_key (self), self->use_dns, self->date_key,
                          in_operation ? -1 : self->find_time_usec); /* only of old lines it says which count */
  *key = g_intern_string (text);
  return *key;
}

/* --- what is searched --------------------------------------------------------------------------------------------- */
/* The lines of the window, with this one */
static void
set_window_text (FilterFind *f)
{
  Filter *self = f->filter;
  guint n;

  py_list_append (self->window, line_tuple_new (f->line));
  n = py_seq_length (self->window);
  if (n > self->max_lines)
    filter_set_window (self, line_tuples_slice (self->window, n - self->max_lines, n));
  f->lines = line_tuples_slice (self->window, 0, n);
  line_tuples_join (f->lines, self->text);
  f->flags = PY_SEARCH_DEFAULT;
  finder_set_text (self->finder, self->text->str, self->text->len, f->flags);
}

/* What the expressions see after a match was taken out, or after the prefregex narrowed a window. */
static void
see_rest (FilterFind *f)
{
  Filter *self = f->filter;

  if (f->multi)
    {
      line_tuples_join (self->window, self->text);
      finder_see (self->finder, self->text->str, self->text->len, PY_SEARCH_DEFAULT);
    }
  else
    finder_see (self->finder, "\n", 1, PY_SEARCH_DEFAULT);
}

/* --- ignoreregex -------------------------------------------------------------------------------------------------- */
gboolean
filter_find_is_ignored (FilterFind *f, const char *text, gsize len, PySearchFlags flags)
{
  Filter *self = f->filter;
  gboolean ignored = FALSE;

  for (guint i = 0; i < self->ignoreregexes->len; i++)
    if (finder_ignores (self->finder, i, text, len, flags))
      {
        ignored = TRUE;
        if (self->hooks != NULL)
          self->hooks->ignored (i, self->hooks_data);
        if (!self->check_all)
          break;
      }
  return ignored;
}

/* --- prefregex ---------------------------------------------------------------------------------------------------- */
PyValue *
filter_dup_prefregex_groups (const Filter *self)
{
  gsize len;
  const char *text = finder_peek_text (self->finder, &len);

  return failregex_dup_groups (self->prefregex, finder_get_prefregex_match (self->finder), text);
}

static void
tell_prefregex (const Filter *self, gboolean matched)
{
  if (self->prefregex != NULL && self->hooks != NULL)
    self->hooks->prefregex (matched, self->hooks_data);
}

/* What the prefregex captured as content is all that is left of the window. */
static void
narrow_window (FilterFind *f)
{
  Filter *self = f->filter;
  gsize len, start, end;
  const char *text = finder_peek_text (self->finder, &len);

  if (self->prefregex == NULL)
    return;
  filter_keep_pre_groups (f); /* self->text will be used for something else */
  if (!failregex_get_content (self->prefregex, finder_get_prefregex_match (self->finder), &start, &end) || start == end)
    return;
  PyValue *window = py_list_new ();
  py_list_append (window, py_tuple_new_items (py_str_new (""), py_str_new (""),
                                              py_str_new_len (text + start, (gssize) (end - start)), NULL));
  filter_set_window (self, window);
  see_rest (f);
}

/* Where no failregex can match, only the count of the prefregex is left to be told. */
static void
count_prefregex (const Filter *self)
{
  if (self->prefregex != NULL && self->hooks != NULL)
    self->hooks->prefregex (finder_would_pass_prefregex (self->finder), self->hooks_data);
}

/* Searches the prefregex; what it captured as content is what the expressions see instead of the line.  FALSE: no more for this line */
static gboolean
pass_prefregex (FilterFind *f)
{
  Filter *self = f->filter;
  gboolean passed;

  if (!f->multi && !finder_may_match (self->finder))
    {
      count_prefregex (self);
      return FALSE;
    }
  passed = finder_pass_prefregex (self->finder);
  tell_prefregex (self, passed);
  if (passed && f->multi)
    narrow_window (f);
  return passed;
}

/* --- a line ------------------------------------------------------------------------------------------------------- */
/* Few ignoreregex and many failregex: the few first. */
static gboolean
is_ignored_first (FilterFind *f)
{
  Filter *self = f->filter;
  const char *text;
  gsize len;

  if (self->ignoreregexes->len == 0 || self->ignoreregexes->len + 2 >= self->failregexes->len)
    return FALSE;
  text = finder_peek_text (self->finder, &len);
  return filter_find_is_ignored (f, text, len, f->flags);
}

static gboolean
try_failregexes (FilterFind *f, guint from, GError **error)
{
  Filter *self = f->filter;

  for (guint i = from; (i = finder_next (self->finder, i)) < self->failregexes->len; i++)
    {
      f->first = MIN (f->first, i);
      f->text = finder_peek_seen (self->finder, &f->len, &f->flags);
      switch (filter_handle_match (f, i, g_ptr_array_index (self->failregexes, i), error))
        {
        case FILTER_STEP_EXCEPTION:
          return FALSE;
        case FILTER_STEP_DONE:
          return TRUE;
        case FILTER_STEP_NEXT:
        default:
          break;
        }
      if (f->text == NULL)
        see_rest (f);
    }
  return TRUE;
}

/* What was found in this line beforehand, if that still holds; else NULL. */
static const LineFinding *
get_finding (const Filter *self, const LogLine *shared, const LinePieces *line, const LineStore **ret_store)
{
  const LineFinding *finding = log_line_peek_finding (shared, ret_store);

  if (finding == NULL || !(finding->what & LINE_FINDING_SEARCHED) || (*ret_store)->for_filter != self
      || finding->date_begin != line->before_len || finding->text_len - finding->date_end != line->after_len
      || !log_line_has_part (shared, line->after, finding->date_end))
    return NULL;
  return finding;
}

static void
set_line (Filter *self, const LogLine *shared, const LinePieces *line, PySearchFlags flags)
{
  const LineStore *store;
  const LineFinding *finding = get_finding (self, shared, line, &store);

  if (finding != NULL)
    finder_set_found_line (self->finder, line, flags, finding, store);
  else
    finder_set_line (self->finder, line, flags);
}

/* The usual line is one that no expression can match: FALSE. */
static gboolean
may_match (const Filter *self)
{
  return self->ignoreregexes->len > 0 || finder_may_match (self->finder);
}

static gboolean
search (FilterFind *f, GError **error)
{
  if (f->multi)
    set_window_text (f);
  return is_ignored_first (f) || !pass_prefregex (f) || try_failregexes (f, 0, error);
}

/* Another filter has found the first match, so there is one. */
static gboolean
search_again (FilterFind *f, guint from, GError **error)
{
  Finder *finder = f->filter->finder;

  finder_set_known_line (finder, f->line, f->flags);
  return !finder_pass_prefregex (finder) || try_failregexes (f, from, error);
}

static gboolean
tell_again (FilterFind *f, const LineFound *found, GError **error)
{
  if (!filter_can_tell_again (f, found))
    return search_again (f, found->first, error);
  switch (filter_tell_again (f, found, error))
    {
    case FILTER_STEP_EXCEPTION:
      return FALSE;
    case FILTER_STEP_DONE:
      return TRUE;
    case FILTER_STEP_NEXT:
    default:
      return search_again (f, found->first + 1, error);
    }
}

gboolean
filter_find (Filter *self, LogLine *shared, const LinePieces *line, PySearchFlags flags, const FilterTime *time,
             gboolean no_date, FailureFunc func, gpointer user_data, GError **error)
{
  const char *key = can_share (self) ? get_find_key (self) : NULL;
  LineFound found;
  gboolean known = key != NULL && log_line_get_found (shared, key, line, &found);

  if (known && found.first == LINE_FOUND_NOTHING)
    return TRUE;
  if (!known && self->max_lines <= 1)
    {
      set_line (self, shared, line, flags);
      if (!may_match (self))
        {
          count_prefregex (self);
          if (!(finder_has_given_up (self->finder) && warn_given_up (self)) && key != NULL)
            log_line_put_found (shared, key, line, LINE_FOUND_NOTHING, NULL);
          return TRUE;
        }
    }
  g_auto (FilterFind) f = { .filter = self,
                            .shared = shared,
                            .line = line,
                            .to = { self, time, func, user_data },
                            .no_date = no_date,
                            .multi = self->max_lines > 1,
                            .first = LINE_FOUND_NOTHING,
                            .flags = flags };
  gboolean given_up, ok;

  if (known)
    {
      ok = tell_again (&f, &found, error);
      (void) warn_given_up (self);
      return ok;
    }
  f.key = key;
  ok = search (&f, error);
  given_up = warn_given_up (self);
  if (f.key != NULL && !given_up)
    log_line_put_found (shared, f.key, line, f.first, NULL);
  return ok;
}
