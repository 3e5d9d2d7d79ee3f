#include "regex/line-stats.h"

static void
free_value (gpointer value)
{
  py_value_unref (value);
}

void
line_stats_init (LineStats *self)
{
  *self = (LineStats){ 0 };
  for (guint i = 0; i < N_LINE_KINDS; i++)
    {
      self->lines[i] = g_ptr_array_new_with_free_func (free_value);
      self->processed[i] = g_ptr_array_new_with_free_func (free_value);
    }
}

void
line_stats_clear (LineStats *self)
{
  for (guint i = 0; i < N_LINE_KINDS; i++)
    {
      g_clear_pointer (&self->lines[i], g_ptr_array_unref);
      g_clear_pointer (&self->processed[i], g_ptr_array_unref);
    }
}

static gboolean
take_out (GPtrArray *lines, const PyValue *line)
{
  guint place;

  if (!g_ptr_array_find_with_equal_func (lines, line, py_value_equal, &place))
    return FALSE;
  g_ptr_array_remove_index (lines, place);
  return TRUE;
}

void
line_stats_forget (LineStats *self, LineKind kind, const PyValue *line, const PyValue *processed)
{
  if (take_out (self->lines[kind], line))
    (void) take_out (self->processed[kind], processed);
}

const char *
line_kind_name (LineKind kind)
{
  static const char *const names[] = { "matched", "ignored", "missed" };
  return names[kind];
}
