/* What becomes of captures: a comparison, a dict of Python's, the bytes of a ticket. */
#include "match/captures-private.h"

#include <string.h>

#include "base/ticket-data-writer.h"

/* --- are they the same? -------------------------------------------------------------------------------------------- */
/* Also in the order of a set, which is seen. */
static gboolean
are_equal_values (const PyValue *a, const PyValue *b)
{
  if (!py_value_equal (a, b))
    return FALSE;
  if (py_value_type (a) == PY_SET)
    for (guint i = 0; i < py_set_length (a); i++)
      if (!py_value_equal (py_set_peek (a, i), py_set_peek (b, i)))
        return FALSE;
  return TRUE;
}

static gboolean
are_equal (const Captures *a, const Capture *x, const Captures *b, const Capture *y)
{
  if (x->name != y->name || x->kind != y->kind)
    return FALSE;
  switch (x->kind)
    {
    case CAPTURED_TEXT:
    case CAPTURED_ONLY:
      return x->len == y->len && (x->len == 0 || memcmp (x->text, y->text, x->len) == 0);
    case CAPTURED_LINES:
      return line_list_equal (captures_peek_lines (a, x->name), captures_peek_lines (b, y->name));
    case CAPTURED_VALUE:
      return are_equal_values (x->value, y->value);
    case CAPTURED_NONE:
    case CAPTURED_ONE:
    default:
      return TRUE;
    }
}

gboolean
captures_equal (const Captures *a, const Captures *b)
{
  if (a->length != b->length)
    return FALSE;
  for (guint i = 0; i < a->length; i++)
    if (!are_equal (a, &a->items[i], b, &b->items[i]))
      return FALSE;
  return TRUE;
}

/* --- as Python has them -------------------------------------------------------------------------------------------- */
PyValue *
capture_dup_value (const Capture *capture)
{
  switch (capture->kind)
    {
    case CAPTURED_TEXT:
      return py_str_new_len (capture->text, (gssize) capture->len);
    case CAPTURED_ONE:
      return py_int_new (1);
    case CAPTURED_VALUE:
      return py_value_ref (capture->value);
    case CAPTURED_NONE:
      return py_none_new ();
    case CAPTURED_ONLY:
    case CAPTURED_LINES:
    default:
      g_return_val_if_reached (py_none_new ());
    }
}

PyValue *
captures_dup_dict (Captures *self)
{
  PyValue *dict = py_dict_new ();

  for (guint i = 0; i < self->length; i++)
    {
      Capture *item = &self->items[i];
      PyValue *value;

      if (item->kind == CAPTURED_ONLY)
        captures_make_set (self, item);
      value = item->kind == CAPTURED_LINES ? line_list_dup_value (captures_peek_lines (self, item->name))
                                           : capture_dup_value (item);
      py_dict_set_str (dict, capture_name_peek_text (item->name), value);
    }
  return dict;
}

/* --- as a ticket keeps them ----------------------------------------------------------------------------------------- */
static gboolean
is_ticket_value (const Capture *item)
{
  return item->kind != CAPTURED_NONE && item->kind != CAPTURED_LINES && item->name != CAPTURE_IP;
}

static void
write_value (TicketDataWriter *out, const Capture *item)
{
  const char *name = capture_name_peek_text (item->name);

  ticket_data_writer_put_name (out, name, strlen (name));
  switch (item->kind)
    {
    case CAPTURED_ONLY:
      ticket_data_writer_begin_set (out, 1);
      ticket_data_writer_put_text (out, item->text, item->len);
      break;
    case CAPTURED_TEXT:
      ticket_data_writer_put_text (out, item->text, item->len);
      break;
    case CAPTURED_ONE:
      ticket_data_writer_put_int (out, 1);
      break;
    case CAPTURED_VALUE:
      ticket_data_writer_put_value (out, item->value);
      break;
    case CAPTURED_NONE:
    case CAPTURED_LINES:
    default:
      g_return_if_reached ();
    }
}

static void
write_lines (TicketDataWriter *out, const LineList *lines)
{
  for (guint i = 0; i < line_list_get_length (lines); i++)
    {
      LinePieces line;

      line_list_peek (lines, i, &line);
      switch (line_list_get_kind (lines, i))
        {
        case LINE_LIST_TEXT:
          ticket_data_writer_put_text (out, line.after, line.after_len);
          break;
        case LINE_LIST_NONE:
          ticket_data_writer_put_none (out);
          break;
        case LINE_LIST_LINE:
        default:
          ticket_data_writer_begin_tuple (out, 3);
          ticket_data_writer_put_text (out, line.before, line.before_len);
          ticket_data_writer_put_text (out, line.date, line.date_len);
          ticket_data_writer_put_text (out, line.after, line.after_len);
          break;
        }
    }
}

TicketData *
captures_dup_ticket_data (const Captures *self)
{
  g_auto (TicketDataWriter) out;
  guint n_values = 0;

  ticket_data_writer_init (&out);
  if (captures_peek (self, CAPTURE_MATCHES) != NULL)
    write_lines (&out, self->matches);
  for (guint i = 0; i < self->length; i++)
    n_values += is_ticket_value (&self->items[i]) ? 1 : 0;
  ticket_data_writer_begin_values (&out, n_values);
  for (guint i = 0; i < self->length; i++)
    if (is_ticket_value (&self->items[i]))
      write_value (&out, &self->items[i]);
  return ticket_data_writer_dup_data (&out);
}
