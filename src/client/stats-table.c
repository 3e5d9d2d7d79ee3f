#include "client/stats-table.h"

#include <langinfo.h>

#include "compat/py-repr.h"

#define COLUMNS 6

/* The pieces that lines and frames are made of. */
typedef struct
{
  const char *column, *rule, *head_start, *head_cross, *body_cross, *foot_cross, *pair, *head_rule;
} Frame;

static const Frame ascii_frame = { "|", "-", "|", "x", "x", "-", "|", "-" };
static const Frame unicode_frame = { "\u2551", "\u2550", "\u255F", "\u256B", "\u256C", "\u2569", "\u2502", "\u2500" };

typedef struct
{
  const Frame *frame;
  glong width[COLUMNS]; /* jail, backend, two of the filter, two of the actions */
  GString *out;
} Table;

/* Python turns a plain C locale into UTF-8, so that only other charsets get ASCII. */
static const Frame *
choose_frame (void)
{
  const char *charset = nl_langinfo (CODESET);

  return g_ascii_strcasecmp (charset, "UTF-8") == 0 || g_str_equal (charset, "ANSI_X3.4-1968") ? &unicode_frame
                                                                                               : &ascii_frame;
}

static void
append_times (GString *out, const char *text, glong n)
{
  for (glong i = 0; i < n; i++)
    g_string_append (out, text);
}

static void
append_padded (GString *out, const char *text, glong width, gboolean right)
{
  glong gap = width - g_utf8_strlen (text, -1);

  if (right)
    append_times (out, " ", gap);
  g_string_append (out, text);
  if (!right)
    append_times (out, " ", gap);
}

/* The four wide columns: two of text, two of a pair of numbers each. */
static glong
wide_width (const Table *t, guint column)
{
  return column < 2 ? t->width[column] : 3 + t->width[2 * column - 2] + t->width[2 * column - 1];
}

/* One line; cells of all six columns. */
static void
append_row (Table *t, const char *const *cells)
{
  g_string_append_c (t->out, ' ');
  for (guint i = 0; i < COLUMNS; i++)
    {
      if (i > 0)
        g_string_append_printf (t->out, " %s ", i == 3 || i == 5 ? t->frame->pair : t->frame->column);
      append_padded (t->out, cells[i], t->width[i], i >= 2);
    }
}

/* The headings of the wide columns that have two below them. */
static void
append_top (Table *t)
{
  static const char *const heads[] = { "", "", "Filter", "Actions" };

  g_string_append_c (t->out, ' ');
  for (guint i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      if (i > 0)
        g_string_append_printf (t->out, " %s ", t->frame->column);
      append_padded (t->out, heads[i], wide_width (t, i), FALSE);
    }
}

/* The other two headings, and a rule below the first two. */
static void
append_middle (Table *t)
{
  const Frame *f = t->frame;

  g_string_append (t->out, "\n ");
  append_padded (t->out, "Jail", t->width[0], FALSE);
  g_string_append_printf (t->out, " %s ", f->column);
  append_padded (t->out, "Backend", t->width[1], FALSE);
  g_string_append_printf (t->out, " %s%s", f->head_start, f->head_rule);
  append_times (t->out, f->head_rule, wide_width (t, 2));
  g_string_append_printf (t->out, "%s%s%s", f->head_rule, f->head_cross, f->head_rule);
  append_times (t->out, f->head_rule, wide_width (t, 3));
  g_string_append_printf (t->out, "%s\n", f->head_rule);
}

/* A rule across the table. */
static void
append_rule (Table *t, const char *cross)
{
  const char *rule = t->frame->rule;

  g_string_append (t->out, rule);
  for (guint i = 0; i < 4; i++)
    {
      if (i > 0)
        g_string_append_printf (t->out, "%s%s%s", rule, cross, rule);
      append_times (t->out, rule, wide_width (t, i));
    }
  g_string_append (t->out, rule);
}

/* "name, backend, failed, …" as text: owned strings, NULL when the jail's value has another form. */
static GPtrArray *
dup_cells (const PyValue *jail, const PyValue *value)
{
  g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (cells, py_str (jail, NULL));
  if (!py_value_is_seq (value) || py_seq_length (value) < 3)
    return NULL;
  g_ptr_array_add (cells, py_str (py_seq_peek (value, 0), NULL));
  for (guint i = 1; i <= 2; i++)
    {
      const PyValue *pair = py_seq_peek (value, i);
      if (!py_value_is_seq (pair) || py_seq_length (pair) != 2)
        return NULL;
      g_ptr_array_add (cells, py_str (py_seq_peek (pair, 0), NULL));
      g_ptr_array_add (cells, py_str (py_seq_peek (pair, 1), NULL));
    }
  return g_steal_pointer (&cells);
}

gboolean
stats_table_append (GString *out, const PyValue *response)
{
  static const char *const heads[COLUMNS] = { "", "", "cur", "tot", "cur", "tot" };
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_ptr_array_unref);
  Table t = { .frame = choose_frame (), .width = { 8, 8, 3, 3, 3, 3 }, .out = out };

  if (py_value_type (response) != PY_DICT)
    return FALSE;
  for (guint i = 0; i < py_dict_length (response); i++)
    {
      GPtrArray *cells = dup_cells (py_dict_peek_key (response, i), py_dict_peek_value (response, i));
      if (cells == NULL)
        return FALSE;
      g_ptr_array_add (rows, cells);
      for (guint k = 0; k < COLUMNS; k++)
        t.width[k] = MAX (t.width[k], g_utf8_strlen (g_ptr_array_index (cells, k), -1));
    }
  append_top (&t);
  append_middle (&t);
  append_row (&t, heads);
  g_string_append_c (out, '\n');
  append_rule (&t, t.frame->body_cross);
  for (guint i = 0; i < rows->len; i++)
    {
      const GPtrArray *cells = g_ptr_array_index (rows, i);
      g_string_append_c (out, '\n');
      append_row (&t, (const char *const *) cells->pdata);
    }
  g_string_append_c (out, '\n');
  append_rule (&t, t.frame->foot_cross);
  return TRUE;
}
