#include "match/line-list.h"

#include <string.h>

#include "match/line-tuples.h"

/* What is kept for the next use, and not given back when the list is cleared. */
#define KEPT_BYTES 4096
#define KEPT_LINES 64

typedef struct
{
  gsize at;
  gsize before_len, date_len, after_len;
  LineListKind kind;
} Line;

struct LineList
{
  char *bytes;
  gsize used, size;
  Line *lines;
  guint first, end, n_lines; /* those from first to before end are in use, of n_lines places */
};

LineList *
line_list_new (void)
{
  return g_new0 (LineList, 1);
}

void
line_list_free (LineList *self)
{
  if (self == NULL)
    return;
  g_free (self->bytes);
  g_free (self->lines);
  g_free (self);
}

void
line_list_clear (LineList *self)
{
  self->used = 0;
  self->first = self->end = 0;
  if (self->size > KEPT_BYTES)
    {
      g_clear_pointer (&self->bytes, g_free);
      self->size = 0;
    }
  if (self->n_lines > KEPT_LINES)
    {
      g_clear_pointer (&self->lines, g_free);
      self->n_lines = 0;
    }
}

guint
line_list_get_length (const LineList *self)
{
  return self->end - self->first;
}

void
line_list_peek (const LineList *self, guint index, LinePieces *ret_line)
{
  const Line *line = &self->lines[self->first + index];
  const char *at = self->bytes != NULL ? self->bytes + line->at : ""; /* lines without a byte need none */

  g_return_if_fail (index < line_list_get_length (self));
  *ret_line = (LinePieces){
    .before = at,
    .before_len = line->before_len,
    .date = at + line->before_len,
    .date_len = line->date_len,
    .after = at + line->before_len + line->date_len,
    .after_len = line->after_len,
  };
}

/* Takes the room of dropped lines back, when it is at least half of all. */
static void
pack (LineList *self)
{
  gsize dropped;

  if (self->first < 16 || self->first < self->end - self->first)
    return;
  dropped = self->first < self->end ? self->lines[self->first].at : self->used;
  if (self->used > dropped)
    memmove (self->bytes, self->bytes + dropped, self->used - dropped);
  self->used -= dropped;
  self->end -= self->first;
  memmove (self->lines, self->lines + self->first, self->end * sizeof *self->lines);
  self->first = 0;
  for (guint i = 0; i < self->end; i++)
    self->lines[i].at -= dropped;
}

static void
make_room (LineList *self, gsize len)
{
  if (self->size - self->used < len)
    {
      self->size = MAX (self->used + len, self->size * 2);
      self->bytes = g_realloc (self->bytes, self->size);
    }
  if (self->end == self->n_lines)
    {
      self->n_lines = MAX (4, self->n_lines * 2);
      self->lines = g_renew (Line, self->lines, self->n_lines);
    }
}

static void
put (LineList *self, const char *bytes, gsize len)
{
  if (len > 0)
    memcpy (self->bytes + self->used, bytes, len);
  self->used += len;
}

static void
append (LineList *self, LineListKind kind, const LinePieces *line)
{
  make_room (self, line->before_len + line->date_len + line->after_len);
  self->lines[self->end++] = (Line){ self->used, line->before_len, line->date_len, line->after_len, kind };
  put (self, line->before, line->before_len);
  put (self, line->date, line->date_len);
  put (self, line->after, line->after_len);
}

void
line_list_append (LineList *self, const LinePieces *line)
{
  append (self, LINE_LIST_LINE, line);
}

void
line_list_append_text (LineList *self, const char *text, gsize len)
{
  append (self, LINE_LIST_TEXT, &(LinePieces){ .after = text, .after_len = len });
}

void
line_list_append_none (LineList *self)
{
  append (self, LINE_LIST_NONE, &(LinePieces){ 0 });
}

LineListKind
line_list_get_kind (const LineList *self, guint index)
{
  g_return_val_if_fail (index < line_list_get_length (self), LINE_LIST_NONE);

  return self->lines[self->first + index].kind;
}

void
line_list_append_all (LineList *self, const LineList *other)
{
  g_return_if_fail (self != other);

  for (guint i = 0; i < line_list_get_length (other); i++)
    {
      LinePieces line;
      line_list_peek (other, i, &line);
      append (self, line_list_get_kind (other, i), &line);
    }
}

void
line_list_keep_last (LineList *self, guint n)
{
  guint length = line_list_get_length (self);

  if (length <= n)
    return;
  self->first += length - n;
  pack (self);
}

gboolean
line_list_equal (const LineList *a, const LineList *b)
{
  if (line_list_get_length (a) != line_list_get_length (b))
    return FALSE;
  for (guint i = 0; i < line_list_get_length (a); i++)
    {
      const Line *x = &a->lines[a->first + i], *y = &b->lines[b->first + i];
      gsize len = x->before_len + x->date_len + x->after_len;

      if (x->kind != y->kind || x->before_len != y->before_len || x->date_len != y->date_len || x->after_len != y->after_len
          || (len > 0 && memcmp (a->bytes + x->at, b->bytes + y->at, len) != 0))
        return FALSE;
    }
  return TRUE;
}

static PyValue *
dup_element (const LineList *self, guint index)
{
  LinePieces line;

  line_list_peek (self, index, &line);
  switch (line_list_get_kind (self, index))
    {
    case LINE_LIST_TEXT:
      return py_str_new_len (line.after, (gssize) line.after_len);
    case LINE_LIST_NONE:
      return py_none_new ();
    case LINE_LIST_LINE:
    default:
      return line_tuple_new (&line);
    }
}

PyValue *
line_list_dup_value (const LineList *self)
{
  PyValue *list = py_list_new ();

  for (guint i = 0; i < line_list_get_length (self); i++)
    py_list_append (list, dup_element (self, i));
  return list;
}
