#include "match/filter-private.h"

#include <string.h>

static void
set_text (FilterFind *f, const GString *text, PySearchFlags flags)
{
  f->text = text->str;
  f->len = text->len;
  f->flags = flags;
}

static void
find_clear (FilterFind *f)
{
  py_value_unref (f->lines);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FilterFind, find_clear)

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
begin_line (FilterFind *f, PySearchFlags flags)
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
    filter_set_window (self, line_tuples_slice (self->window, n - self->max_lines, n));
  f->lines = line_tuples_slice (self->window, 0, n);
  line_tuples_join (f->lines, self->text);
  set_text (f, self->text, PY_SEARCH_DEFAULT);
}

/* What the expressions see after a match was taken out. */
static void
refresh_text (FilterFind *f)
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

static gboolean
search (FilterFind *f, Failregex *regex, PyMatch *match, const char *text, gsize len, PySearchFlags flags)
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
gboolean
filter_find_is_ignored (FilterFind *f, const char *text, gsize len, PySearchFlags flags)
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

/* --- prefregex ---------------------------------------------------------------------------------------------------- */
PyValue *
filter_dup_prefregex_groups (const Filter *self)
{
  return failregex_dup_groups (self->prefregex, self->pre_match, self->text->str);
}

/* Searches the prefregex; what it captured as content is what the expressions see instead of the line. */
static gboolean
pass_prefregex (FilterFind *f)
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
    filter_keep_pre_groups (f);
  if (!failregex_get_content (self->prefregex, self->pre_match, &start, &end) || start == end)
    return TRUE;
  if (f->multi)
    {
      PyValue *window = py_list_new ();
      py_list_append (window, py_tuple_new_items (py_str_new (""), py_str_new (""),
                                                  py_str_new_len (f->text + start, (gssize) (end - start)), NULL));
      filter_set_window (self, window);
      f->text = NULL;
      return TRUE;
    }
  set_lines (self->content, f->text + start, end - start, "", 0);
  set_text (f, self->content, f->flags);
  return TRUE;
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
  g_auto (FilterFind) f = { .filter = self,
                            .line = line,
                            .to = { self, time, func, user_data },
                            .no_date = no_date,
                            .multi = self->max_lines > 1 };

  begin_line (&f, flags);
  /* Few ignoreregex and many failregex: the few first. */
  if (self->ignoreregexes->len > 0 && self->ignoreregexes->len + 2 < self->failregexes->len
      && filter_find_is_ignored (&f, f.text, f.len, f.flags))
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
      switch (filter_handle_match (&f, i, regex, error))
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
