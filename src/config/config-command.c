#include "config/config-command.h"

#include <stdarg.h>

#include "compat/py-held.h"

PyValue *
config_command_new (const char *first, ...)
{
  PyValue *command = py_list_new ();
  va_list args;

  va_start (args, first);
  for (const char *text = first; text != NULL; text = va_arg (args, const char *))
    config_command_append_text (command, text);
  va_end (args);
  return command;
}

void
config_command_append_text (PyValue *command, const char *text)
{
  py_list_append (command, py_held_to_value (text));
}

void
config_command_append (PyValue *command, PyValue *value)
{
  py_list_append (command, py_held_real (value));
}

static void
unref_command (gpointer command)
{
  py_value_unref (command);
}

GPtrArray *
config_stream_new (void)
{
  return g_ptr_array_new_with_free_func (unref_command);
}

PyValue *
config_stream_to_list (const GPtrArray *stream)
{
  PyValue *list = py_list_new ();

  for (guint i = 0; i < stream->len; i++)
    py_list_append (list, py_value_ref (g_ptr_array_index (stream, i)));
  return list;
}
