#include "match/line-tuples.h"

#include <string.h>

PyValue *
line_tuple_new (const LinePieces *line)
{
  return py_tuple_new_items (py_str_new_len (line->before, (gssize) line->before_len),
                             py_str_new_len (line->date, (gssize) line->date_len),
                             py_str_new_len (line->after, (gssize) line->after_len), NULL);
}

void
line_tuple_peek (const PyValue *line, LinePieces *ret_line)
{
  ret_line->before = py_str_peek (py_seq_peek (line, 0), &ret_line->before_len);
  ret_line->date = py_str_peek (py_seq_peek (line, 1), &ret_line->date_len);
  ret_line->after = py_str_peek (py_seq_peek (line, 2), &ret_line->after_len);
}

static void
append_str (GString *out, const PyValue *str)
{
  gsize len;
  const char *text = py_str_peek (str, &len);

  g_string_append_len (out, text, (gssize) len);
}

void
line_tuple_append_whole (GString *out, const PyValue *line)
{
  for (guint i = 0; i < 3; i++)
    append_str (out, py_seq_peek (line, i));
}

void
line_tuples_join (const PyValue *lines, GString *out)
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

PyValue *
line_tuples_slice (const PyValue *list, guint begin, guint end)
{
  PyValue *part = py_list_new ();

  for (guint i = begin; i < MIN (end, py_seq_length (list)); i++)
    py_list_append (part, py_value_ref (py_seq_peek (list, i)));
  return part;
}

/* --- which lines matched ------------------------------------------------------------------------------------------ */
void
matched_lines_clear (MatchedLines *self)
{
  py_value_unref (self->matched);
  py_value_unref (self->unmatched);
}

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
move_skipped (MatchedLines *lines, const PyValue *skipped)
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

void
line_tuples_split (const PyValue *all, const char *text, gsize len, const Failregex *regex, const PyMatch *match,
                   MatchedLines *ret_lines)
{
  guint n = py_seq_length (all), first, last;
  gsize start, end;
  const char *at;

  if (n <= 1 || !py_match_span (match, 0, &start, &end))
    {
      ret_lines->matched = py_value_ref ((PyValue *) all);
      ret_lines->unmatched = py_list_new ();
      return;
    }
  at = memrchr (text, '\n', MIN (start + 1, len));
  first = at != NULL ? count_newlines (text, (gsize) (at - text) + 1) : 0;
  /* An empty match at the very start counts as one at the end (Python's index -1). */
  end = end > 0 ? end - 1 : len - 1;
  at = memchr (text + end, '\n', len - end);
  last = count_newlines (text, at != NULL ? (gsize) (at - text) + 1 : len);
  ret_lines->matched = line_tuples_slice (all, first, last);
  ret_lines->unmatched = line_tuples_slice (all, 0, first);

  g_autoptr (PyValue) skipped = failregex_dup_skipped_lines (regex, match, text);
  move_skipped (ret_lines, skipped);
  for (guint i = last; i < n; i++)
    py_list_append (ret_lines->unmatched, py_value_ref (py_seq_peek (all, i)));
}
