#include "match/filter-private.h"

#include <string.h>

#include "compat/py-repr.h"

/* One line on its way through the expressions.
 *
 * Without maxlines this touches no PyValue before an expression matches; then `lines` is made of the line.  With maxlines
 * above 1 the filter's window holds the last lines, and `lines` is what was in it when this line came. */
typedef struct
{
  Filter *filter;
  const LinePieces *line;
  FilterReport to;
  gboolean no_date, multi;

  PyValue *lines;   /* list of tuples */
  const char *text; /* what is searched now; NULL: it has to be made of the window */
  gsize len;
  PySearchFlags flags;
  PyValue *pre_groups; /* NULL: not made yet, or there is no prefregex */
} Find;

static void
set_text (Find *f, const GString *text, PySearchFlags flags)
{
  f->text = text->str;
  f->len = text->len;
  f->flags = flags;
}

static void
set_window (Filter *self, PyValue *lines)
{
  PyValue *old = self->window;

  self->window = lines;
  py_value_unref (old);
}

static void
find_clear (Find *f)
{
  py_value_unref (f->lines);
  py_value_unref (f->pre_groups);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Find, find_clear)

/* --- what is searched --------------------------------------------------------------------------------------------- */
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
begin_line (Find *f, PySearchFlags flags)
{
  Filter *self = f->filter;

  if (!f->multi)
    {
      const LinePieces *line = f->line;
      set_lines (self->text, line->before, line->before_len, line->after, line->after_len);
      set_text (f, self->text, flags);
      return;
    }
  guint n;
  py_list_append (self->window, line_tuple_new (f->line));
  n = py_seq_length (self->window);
  if (n > self->max_lines)
    set_window (self, line_tuples_slice (self->window, n - self->max_lines, n));
  f->lines = line_tuples_slice (self->window, 0, n);
  line_tuples_join (f->lines, self->text);
  set_text (f, self->text, PY_SEARCH_DEFAULT);
}

/* What the expressions see after a match was taken out. */
static void
refresh_text (Find *f)
{
  if (f->text != NULL)
    return;
  if (f->multi)
    {
      line_tuples_join (f->filter->window, f->filter->text);
      set_text (f, f->filter->text, PY_SEARCH_DEFAULT);
    }
  else
    {
      f->text = "\n";
      f->len = 1;
    }
}

static const PyValue *
get_lines (Find *f)
{
  if (f->lines == NULL)
    {
      f->lines = py_list_new ();
      py_list_append (f->lines, line_tuple_new (f->line));
    }
  return f->lines;
}

static gboolean
search (Find *f, Failregex *regex, PyMatch *match, const char *text, gsize len, PySearchFlags flags)
{
  if (f->filter->ungated)
    flags |= PY_SEARCH_UNGATED;
  switch (failregex_search (regex, text, len, flags, match))
    {
    case PY_REGEX_MATCH:
      return TRUE;
    case PY_REGEX_LIMIT:
      filter_warn_limit (f->filter, failregex_peek_pattern (regex), failregex_count_limit (regex));
      return FALSE;
    case PY_REGEX_NO_MATCH:
    default:
      return FALSE;
    }
}

/* --- ignoreregex -------------------------------------------------------------------------------------------------- */
static gboolean
is_ignored (Find *f, const char *text, gsize len, PySearchFlags flags)
{
  Filter *self = f->filter;
  gboolean ignored = FALSE;

  for (guint i = 0; i < self->ignoreregexes->len; i++)
    if (search (f, g_ptr_array_index (self->ignoreregexes, i), self->ignore_match, text, len, flags))
      {
        ignored = TRUE;
        if (self->hooks != NULL)
          self->hooks->ignored (i, self->hooks_data);
        if (!self->check_all)
          break;
      }
  return ignored;
}

/* Of several lines only those that matched count. */
static gboolean
is_match_ignored (Find *f, const MatchedLines *lines)
{
  if (f->filter->ignoreregexes->len == 0)
    return FALSE;
  if (!f->multi)
    return is_ignored (f, f->text, f->len, f->flags);
  line_tuples_join (lines->matched, f->filter->content);
  if (!is_ignored (f, f->filter->content->str, f->filter->content->len, PY_SEARCH_DEFAULT))
    return FALSE;
  set_window (f->filter, py_value_ref (lines->unmatched));
  return TRUE;
}

/* --- prefregex ---------------------------------------------------------------------------------------------------- */
static void
make_pre_groups (Find *f)
{
  Filter *self = f->filter;

  if (self->prefregex == NULL || f->pre_groups != NULL)
    return;
  f->pre_groups = failregex_dup_groups_around (self->prefregex, self->pre_match, self->text->str);
}

PyValue *
filter_dup_prefregex_groups (const Filter *self)
{
  return failregex_dup_groups (self->prefregex, self->pre_match, self->text->str);
}

/* Searches the prefregex; what it captured as content is what the expressions see instead of the line. */
static gboolean
pass_prefregex (Find *f)
{
  Filter *self = f->filter;
  gboolean matched;
  gsize start, end;

  if (self->prefregex == NULL)
    return TRUE;
  matched = search (f, self->prefregex, self->pre_match, f->text, f->len, f->flags);
  if (self->hooks != NULL)
    self->hooks->prefregex (matched, self->hooks_data);
  if (!matched)
    return FALSE;
  if (f->multi)
    make_pre_groups (f); /* self->text will be used for something else */
  if (!failregex_get_content (self->prefregex, self->pre_match, &start, &end) || start == end)
    return TRUE;
  if (f->multi)
    {
      PyValue *window = py_list_new ();
      py_list_append (window, py_tuple_new_items (py_str_new (""), py_str_new (""),
                                                  py_str_new_len (f->text + start, (gssize) (end - start)), NULL));
      set_window (self, window);
      f->text = NULL;
      return TRUE;
    }
  set_lines (self->content, f->text + start, end - start, "", 0);
  set_text (f, self->content, f->flags);
  return TRUE;
}

/* --- failures ----------------------------------------------------------------------------------------------------- */
static void
warn_no_date (Find *f, const MatchedLines *lines)
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
log_no_group (Find *f, Failregex *regex)
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
static FilterStep
handle_match (Find *f, guint index, Failregex *regex, GError **error)
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
  make_pre_groups (f);
  if (!self->check_all || f->multi)
    {
      if (f->multi)
        set_window (self, py_value_ref (lines.unmatched));
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
      Find shown = *f;
      shown.text = searched;
      shown.len = searched_len;
      log_no_group (&shown, regex);
      return FILTER_STEP_NEXT;
    }
  return filter_identify (&f->to, index, fail, mlfid != NULL, error);
}

/* Most failregexes begin with ^ and some words: a line's first bytes leave few of them.  The table says for each place and byte
 * which, a bit each. */
static void
make_gates (Filter *self)
{
  guint n = self->failregexes->len;

  self->gate_words = n / 64 + 1;
  self->gates = g_new0 (guint64, PY_REGEX_PLACES * 256 * self->gate_words);
  for (guint i = 0; i < n; i++)
    {
      const Failregex *regex = g_ptr_array_index (self->failregexes, i);
      for (guint place = 0; place < PY_REGEX_PLACES; place++)
        for (guint byte = 0; byte < 256; byte++)
          if (self->ungated || failregex_can_have (regex, place, (guint8) byte))
            self->gates[(place * 256 + byte) * self->gate_words + i / 64] |= (guint64) 1 << (i % 64);
    }
}

/* Which of 64 failregexes may match this text */
static guint64
gate_word (const Filter *self, guint word, const char *text, gsize len)
{
  const guint64 *gates = self->gates + word;
  guint64 left = G_MAXUINT64;

  for (gsize place = 0; place < MIN (len, PY_REGEX_PLACES) && left != 0; place++)
    left &= gates[(place * 256 + (guint8) text[place]) * self->gate_words];
  return left;
}

/* The next failregex, from i on, that this text may match; their number when there is none. */
static guint
next_candidate (const Filter *self, const char *text, gsize len, guint i)
{
  for (; i < self->failregexes->len; i = (i / 64 + 1) * 64)
    {
      guint64 left = gate_word (self, i / 64, text, len) >> (i % 64);
      if (left != 0)
        return i + (guint) __builtin_ctzll (left);
    }
  return self->failregexes->len;
}

gboolean
filter_find (Filter *self, const LinePieces *line, PySearchFlags flags, const FilterTime *time, gboolean no_date,
             FailureFunc func, gpointer user_data, GError **error)
{
  g_auto (Find) f = { .filter = self,
                      .line = line,
                      .to = { self, time, func, user_data },
                      .no_date = no_date,
                      .multi = self->max_lines > 1 };

  begin_line (&f, flags);
  /* Few ignoreregex and many failregex: the few first. */
  if (self->ignoreregexes->len > 0 && self->ignoreregexes->len + 2 < self->failregexes->len
      && is_ignored (&f, f.text, f.len, f.flags))
    return TRUE;
  if (!pass_prefregex (&f))
    return TRUE;
  refresh_text (&f);
  if (self->gates == NULL)
    make_gates (self);
  for (guint i = next_candidate (self, f.text, f.len, 0); i < self->failregexes->len;
       i = next_candidate (self, f.text, f.len, i + 1))
    {
      Failregex *regex = g_ptr_array_index (self->failregexes, i);

      if (!search (&f, regex, self->fail_match, f.text, f.len, f.flags))
        continue;
      switch (handle_match (&f, i, regex, error))
        {
        case FILTER_STEP_EXCEPTION:
          return FALSE;
        case FILTER_STEP_DONE:
          return TRUE;
        case FILTER_STEP_NEXT:
        default:
          break;
        }
      refresh_text (&f);
    }
  return TRUE;
}
