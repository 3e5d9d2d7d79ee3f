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
  const FilterTime *time;
  gboolean no_date, multi;
  FailureFunc func;
  gpointer user_data;

  PyValue *lines;   /* list of tuples */
  const char *text; /* what is searched now; NULL: it has to be made of the window */
  gsize len;
  PySearchFlags flags;
  PyValue *pre_groups; /* NULL: not made yet, or there is no prefregex */
} Find;

typedef enum
{
  NEXT,      /* try the next expression */
  DONE,      /* no more for this line */
  EXCEPTION, /* error is set */
} Step;

static PyValue *
pieces_to_tuple (const LinePieces *line)
{
  return py_tuple_new_items (py_str_new_len (line->before, (gssize) line->before_len),
                             py_str_new_len (line->date, (gssize) line->date_len),
                             py_str_new_len (line->after, (gssize) line->after_len), NULL);
}

static void
append_str (GString *out, const PyValue *str)
{
  gsize len;
  const char *text = py_str_peek (str, &len);

  g_string_append_len (out, text, (gssize) len);
}

/* The lines without their dates, each with its line end: what expressions see. */
static void
join_lines (const PyValue *lines, GString *out)
{
  g_string_truncate (out, 0);
  for (guint i = 0; i < py_seq_length (lines); i++)
    {
      const PyValue *line = py_seq_peek (lines, i);
      if (i > 0)
        g_string_append_c (out, '\n');
      append_str (out, py_seq_peek (line, 0));
      append_str (out, py_seq_peek (line, 2));
    }
  g_string_append_c (out, '\n');
}

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
static PyValue *
slice (const PyValue *list, guint begin, guint end)
{
  PyValue *part = py_list_new ();

  for (guint i = begin; i < MIN (end, py_seq_length (list)); i++)
    py_list_append (part, py_value_ref (py_seq_peek (list, i)));
  return part;
}

static void
begin_line (Find *f, PySearchFlags flags)
{
  Filter *self = f->filter;

  if (!f->multi)
    {
      g_string_truncate (self->text, 0);
      g_string_append_len (self->text, f->line->before, (gssize) f->line->before_len);
      g_string_append_len (self->text, f->line->after, (gssize) f->line->after_len);
      g_string_append_c (self->text, '\n');
      set_text (f, self->text, flags);
      return;
    }
  guint n;
  py_list_append (self->window, pieces_to_tuple (f->line));
  n = py_seq_length (self->window);
  if (n > self->max_lines)
    set_window (self, slice (self->window, n - self->max_lines, n));
  f->lines = slice (self->window, 0, n);
  join_lines (f->lines, self->text);
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
      join_lines (f->filter->window, f->filter->text);
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
      py_list_append (f->lines, pieces_to_tuple (f->line));
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
      if (failregex_note_limit (regex))
        log_warning (f->filter->log, FILTER_LOGGER,
                     "[%s] A line takes too long to be searched with %s; it is skipped for this expression.",
                     f->filter->jail_name, failregex_peek_pattern (regex));
      return FALSE;
    case PY_REGEX_NO_MATCH:
    default:
      return FALSE;
    }
}

/* --- which lines matched ------------------------------------------------------------------------------------------ */
typedef struct
{
  PyValue *matched, *unmatched; /* lists of tuples */
} Lines;

static void
lines_clear (Lines *self)
{
  py_value_unref (self->matched);
  py_value_unref (self->unmatched);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Lines, lines_clear)

static guint
count_newlines (const char *text, gsize len)
{
  guint n = 0;
  const char *end = text + len;

  while ((text = memchr (text, '\n', (gsize) (end - text))) != NULL)
    {
      n++;
      text++;
    }
  return n;
}

static gboolean
line_equals (const PyValue *line, const PyValue *text)
{
  gsize before_len, after_len, len;
  const char *before = py_str_peek (py_seq_peek (line, 0), &before_len);
  const char *after = py_str_peek (py_seq_peek (line, 2), &after_len);
  const char *wanted = py_str_peek (text, &len);

  return len == before_len + after_len && memcmp (wanted, before, before_len) == 0
         && memcmp (wanted + before_len, after, after_len) == 0;
}

/* Moves the lines that <SKIPLINES> took from the matched to the unmatched ones, each searched from where the last was. */
static void
move_skipped (Lines *lines, const PyValue *skipped)
{
  guint from = 0, n = py_seq_length (lines->matched);
  g_autofree gboolean *moved = g_new0 (gboolean, n + 1);
  PyValue *rest = py_list_new ();

  for (guint i = 0; i < py_seq_length (skipped); i++)
    for (guint j = from; j < n; j++)
      if (!moved[j] && line_equals (py_seq_peek (lines->matched, j), py_seq_peek (skipped, i)))
        {
          moved[j] = TRUE;
          py_list_append (lines->unmatched, py_value_ref (py_seq_peek (lines->matched, j)));
          from = j + 1;
          break;
        }
  for (guint j = 0; j < n; j++)
    if (!moved[j])
      py_list_append (rest, py_value_ref (py_seq_peek (lines->matched, j)));
  py_value_unref (lines->matched);
  lines->matched = rest;
}

/* Splits the lines by where the match of the searched text begins and ends. */
static void
split_lines (Find *f, const Failregex *regex, const PyMatch *match, Lines *ret_lines)
{
  const PyValue *all = get_lines (f);
  guint n = py_seq_length (all), first, last;
  gsize start, end;
  const char *at;

  if (n <= 1 || !py_match_span (match, 0, &start, &end))
    {
      ret_lines->matched = slice (all, 0, n);
      ret_lines->unmatched = py_list_new ();
      return;
    }
  at = memrchr (f->text, '\n', MIN (start + 1, f->len));
  first = at != NULL ? count_newlines (f->text, (gsize) (at - f->text) + 1) : 0;
  /* An empty match at the very start counts as one at the end (Python's index -1). */
  end = end > 0 ? end - 1 : f->len - 1;
  at = memchr (f->text + end, '\n', f->len - end);
  last = count_newlines (f->text, at != NULL ? (gsize) (at - f->text) + 1 : f->len);
  ret_lines->matched = slice (all, first, last);
  ret_lines->unmatched = slice (all, 0, first);

  g_autoptr (PyValue) skipped = failregex_dup_skipped_lines (regex, match, f->text);
  move_skipped (ret_lines, skipped);
  for (guint i = last; i < n; i++)
    py_list_append (ret_lines->unmatched, py_value_ref (py_seq_peek (all, i)));
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
is_match_ignored (Find *f, const Lines *lines)
{
  if (f->filter->ignoreregexes->len == 0)
    return FALSE;
  if (!f->multi)
    return is_ignored (f, f->text, f->len, f->flags);
  join_lines (lines->matched, f->filter->content);
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
  f->pre_groups = failregex_dup_groups (self->prefregex, self->pre_match, self->text->str);
  (void) py_dict_remove_str (f->pre_groups, "content");
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
  if (!failregex_span (self->prefregex, self->pre_match, "content", &start, &end) || start == end)
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
  g_string_truncate (self->content, 0);
  g_string_append_len (self->content, f->text + start, (gssize) (end - start));
  g_string_append_c (self->content, '\n');
  set_text (f, self->content, f->flags);
  return TRUE;
}

/* --- failures ----------------------------------------------------------------------------------------------------- */
static void
warn_no_date (Find *f, const Lines *lines)
{
  Filter *self = f->filter;
  g_autoptr (GString) matched = g_string_new ("Match without a timestamp: ");
  g_autofree char *shown = py_repr_str (f->line->date, (gssize) f->line->date_len);

  for (guint i = 0; i < py_seq_length (lines->matched); i++)
    {
      const PyValue *line = py_seq_peek (lines->matched, i);
      if (i > 0)
        g_string_append_c (matched, '\n');
      for (guint j = 0; j < 3; j++)
        append_str (matched, py_seq_peek (line, j));
    }
  filter_warn_once (
      self, &self->next_no_time_warning, g_strdup_printf ("Found a match but no valid date/time found for %s.", shown),
      g_strdup (matched->str), g_strdup ("Please try setting a custom date pattern (see man page jail.conf(5))."));
}

static PyValue *
get_set (const PyValue *fail, const char *key)
{
  PyValue *value = py_dict_get_str (fail, key);

  return value == NULL || py_value_type (value) == PY_NONE ? NULL : value;
}

static void
report (Find *f, guint index, PyValue *fail, const Address *id, PyValue *id_value, const char *host)
{
  Failure failure = {
    .regex_index = index,
    .id = id,
    .id_value = id_value,
    .host = host,
    .resolve_warn = host != NULL && g_str_equal (f->filter->use_dns, "warn"),
    .has_time = f->time->is_set,
    .time_usec = f->time->time.usec,
    .time_is_int = f->time->time.is_int,
    .time_sec = f->time->time.seconds,
    .data = fail,
  };

  f->func (&failure, f->user_data);
}

/* An id as it was captured: an address if it is written like one, unless names are ids too. */
static Address *
make_id (const Find *f, const PyValue *value, GError **error)
{
  gsize len;
  gboolean raw = f->filter->raw_host || g_str_equal (f->filter->use_dns, "raw");
  g_autofree char *text = py_str (value, &len);
  g_autoptr (GError) reason = NULL;
  Address *id;

  if (raw || py_value_type (value) != PY_STR)
    return address_new_raw (text, (gssize) len);
  id = address_parse (text, (gssize) len, &reason);
  if (id == NULL)
    {
      g_autofree char *shown = py_repr_str (reason->message, -1);
      g_set_error (error, FILTER_ERROR, FILTER_ERROR_PROCESS, "ValueError(%s)", shown);
    }
  return id;
}

/* An address of <ADDR> and its like, with the prefix of <CIDR>. */
static Address *
make_address (const PyValue *ip, const PyValue *fail)
{
  gsize len, cidr_len;
  g_autofree char *text = py_str (ip, &len);
  const PyValue *cidr = get_set (fail, "cidr");

  if (cidr != NULL && py_value_type (cidr) == PY_STR && *py_str_peek (cidr, &cidr_len) != '\0')
    {
      g_autofree char *network = g_strdup_printf ("%s/%s", text, py_str_peek (cidr, NULL));
      g_autoptr (Address) address = address_new (network, -1);
      if (address_is_ip (address))
        return g_steal_pointer (&address);
    }
  return address_new (text, (gssize) len);
}

static PyValue *
address_value (const Address *address)
{
  return py_str_new_len (address_peek_text (address), (gssize) address_get_length (address));
}

/* A host name: to be looked up by who is told, unless it is an address. */
static void
report_host (Find *f, guint index, PyValue *fail, const PyValue *name)
{
  gsize len, start, end;
  const char *text = py_str_peek (name, &len);

  if (address_looks_like_one (text, (gssize) len, &start, &end))
    {
      g_autoptr (Address) id = address_new (text + start, (gssize) (end - start));
      if (address_is_valid (id))
        {
          g_autoptr (PyValue) shown = address_value (id);
          report (f, index, fail, id, shown, NULL);
          return;
        }
    }
  if ((g_str_equal (f->filter->use_dns, "yes") || g_str_equal (f->filter->use_dns, "warn"))
      && memchr (text, '\0', len) == NULL)
    report (f, index, fail, NULL, NULL, text);
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

/* Who it was, told to the callback. */
static Step
identify (Find *f, guint index, PyValue *fail, gboolean has_mlfid, GError **error)
{
  Filter *self = f->filter;
  PyValue *fid = get_set (fail, "fid"), *ip = get_set (fail, "ip4"), *name = NULL;
  gboolean names_are_ids = self->raw_host || g_str_equal (self->use_dns, "raw");
  g_autoptr (Address) id = NULL;
  g_autoptr (PyValue) shown = NULL;

  if (ip == NULL)
    ip = get_set (fail, "ip6");
  if (ip == NULL)
    name = get_set (fail, "dns");
  if (fid == NULL && ip == NULL && name == NULL)
    {
      g_return_val_if_fail (has_mlfid, NEXT);
      py_dict_set_str (fail, "mlfpending", py_int_new (1));
      if (!self->check_all && self->ignore_pending)
        return DONE;
      report (f, index, fail, NULL, NULL, NULL);
      return self->check_all ? NEXT : DONE;
    }
  if (name != NULL && !names_are_ids && py_value_type (name) == PY_STR)
    {
      report_host (f, index, fail, name);
      return self->check_all ? NEXT : DONE;
    }
  if (name != NULL || ip != NULL)
    {
      const PyValue *whom = ip != NULL ? ip : name;
      g_autoptr (Address) address = ip != NULL ? make_address (ip, fail) : make_id (f, name, error);

      if (address == NULL)
        return EXCEPTION;
      if (fid == NULL || py_value_equal (fid, whom))
        id = g_steal_pointer (&address);
      else
        py_dict_set_str (fail, "ip", address_value (address));
    }
  if (id == NULL)
    {
      id = make_id (f, fid, error);
      if (id == NULL)
        return EXCEPTION;
    }
  if (fid != NULL && py_value_type (fid) == PY_TUPLE)
    shown = py_value_ref (fid);
  else
    shown = address_value (id);
  report (f, index, fail, id, shown, NULL);
  return self->check_all ? NEXT : DONE;
}

static void
set_matches (PyValue *fail, const PyValue *matched)
{
  PyValue *old = py_dict_get_str (fail, "matches");
  PyValue *all = old != NULL && py_value_is_seq (old) ? slice (old, 0, G_MAXUINT) : py_list_new ();

  for (guint i = 0; i < py_seq_length (matched); i++)
    py_list_append (all, py_value_ref (py_seq_peek (matched, i)));
  py_dict_set_str (fail, "matches", all);
}

/* A failregex matched. */
static Step
handle_match (Find *f, guint index, Failregex *regex, GError **error)
{
  Filter *self = f->filter;
  g_auto (Lines) lines = { 0 };
  g_autoptr (PyValue) fail = failregex_dup_groups (regex, self->fail_match, f->text);
  PyValue *mlfid;
  const char *searched = f->text;
  gsize searched_len = f->len;

  split_lines (f, regex, self->fail_match, &lines);
  if (is_match_ignored (f, &lines))
    {
      if (f->multi)
        f->text = NULL;
      return self->check_all ? NEXT : DONE;
    }
  if (f->no_date)
    {
      warn_no_date (f, &lines);
      if (!f->time->is_set && self->check_find_time)
        return NEXT;
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
  mlfid = get_set (fail, "mlfid");
  if (mlfid != NULL && py_value_is_hashable (mlfid))
    {
      PyValue *no_failure;
      fail = filter_merge (self, mlfid, fail, lines.matched);
      no_failure = py_dict_get_str (fail, "nofail");
      if (no_failure != NULL && py_value_truth (no_failure) && !self->check_all)
        return DONE;
    }
  else
    set_matches (fail, lines.matched);
  if (mlfid == NULL && get_set (fail, "fid") == NULL && get_set (fail, "ip4") == NULL && get_set (fail, "ip6") == NULL
      && get_set (fail, "dns") == NULL)
    {
      Find shown = *f;
      shown.text = searched;
      shown.len = searched_len;
      log_no_group (&shown, regex);
      return NEXT;
    }
  return identify (f, index, fail, mlfid != NULL, error);
}

/* The next failregex, from i on, that a text beginning with this byte may match; their number when there is none. */
static guint
next_candidate (const Filter *self, guint8 byte, guint i)
{
  const guint64 *gates = self->gates + byte * self->gate_words;

  while (i < self->failregexes->len)
    {
      guint64 left = gates[i / 64] >> (i % 64);
      if (left != 0)
        return i + (guint) __builtin_ctzll (left);
      i = (i / 64 + 1) * 64;
    }
  return self->failregexes->len;
}

gboolean
filter_find (Filter *self, const LinePieces *line, PySearchFlags flags, const FilterTime *time, gboolean no_date,
             FailureFunc func, gpointer user_data, GError **error)
{
  g_auto (Find) f = { .filter = self,
                      .line = line,
                      .time = time,
                      .no_date = no_date,
                      .multi = self->max_lines > 1,
                      .func = func,
                      .user_data = user_data };

  begin_line (&f, flags);
  /* Few ignoreregex and many failregex: the few first. */
  if (self->ignoreregexes->len > 0 && self->ignoreregexes->len + 2 < self->failregexes->len
      && is_ignored (&f, f.text, f.len, f.flags))
    return TRUE;
  if (!pass_prefregex (&f))
    return TRUE;
  refresh_text (&f);
  for (guint i = next_candidate (self, (guint8) *f.text, 0); i < self->failregexes->len;
       i = next_candidate (self, (guint8) *f.text, i + 1))
    {
      Failregex *regex = g_ptr_array_index (self->failregexes, i);

      if (!search (&f, regex, self->fail_match, f.text, f.len, f.flags))
        continue;
      switch (handle_match (&f, i, regex, error))
        {
        case EXCEPTION:
          return FALSE;
        case DONE:
          return TRUE;
        case NEXT:
        default:
          break;
        }
      refresh_text (&f);
    }
  return TRUE;
}
