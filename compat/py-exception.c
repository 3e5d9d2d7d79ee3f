#include "compat/py-value-private.h"

#include <errno.h>

PyValue *
py_exception_new (const char *module, const char *class_name, PyValue *args)
{
  g_return_val_if_fail (module != NULL && class_name != NULL && args != NULL && args->type == PY_TUPLE, NULL);
  PyValue *self = py_value_alloc (PY_EXCEPTION);
  self->exception.module = g_strdup (module);
  self->exception.class_name = g_strdup (class_name);
  self->exception.args = args;
  return self;
}

PyValue *
py_exception_new_text (const char *class_name, const char *text)
{
  return py_exception_new ("builtins", class_name, py_tuple_new_items (py_str_new (text), NULL));
}

PyValue *
py_exception_new_printf (const char *class_name, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *text = g_strdup_vprintf (format, args);
  va_end (args);
  return py_exception_new_text (class_name, text);
}

/* Python's subclasses of OSError and the numbers that choose them. */
static const struct
{
  int number;
  const char *class_name;
} os_errors[] = {
  { EAGAIN, "BlockingIOError" },
  { EALREADY, "BlockingIOError" },
  { EINPROGRESS, "BlockingIOError" },
  { EPIPE, "BrokenPipeError" },
  { ESHUTDOWN, "BrokenPipeError" },
  { ECHILD, "ChildProcessError" },
  { ECONNABORTED, "ConnectionAbortedError" },
  { ECONNREFUSED, "ConnectionRefusedError" },
  { ECONNRESET, "ConnectionResetError" },
  { EEXIST, "FileExistsError" },
  { ENOENT, "FileNotFoundError" },
  { EINTR, "InterruptedError" },
  { EISDIR, "IsADirectoryError" },
  { ENOTDIR, "NotADirectoryError" },
  { EACCES, "PermissionError" },
  { EPERM, "PermissionError" },
  { ESRCH, "ProcessLookupError" },
  { ETIMEDOUT, "TimeoutError" },
};

PyValue *
py_exception_new_errno (int error_number, const char *filename)
{
  const char *class_name = "OSError";
  PyValue *args = py_tuple_new_items (py_int_new (error_number), py_str_new (g_strerror (error_number)), NULL);

  for (guint i = 0; i < G_N_ELEMENTS (os_errors); i++)
    if (os_errors[i].number == error_number)
      class_name = os_errors[i].class_name;
  if (filename != NULL)
    py_list_append (args, py_str_new_surrogateescape (filename, -1));
  return py_exception_new ("builtins", class_name, args);
}

static gboolean
is_exception (const PyValue *self)
{
  return self != NULL && self->type == PY_EXCEPTION;
}

const char *
py_exception_peek_module (const PyValue *self)
{
  g_return_val_if_fail (is_exception (self), NULL);
  return self->exception.module;
}

const char *
py_exception_peek_class (const PyValue *self)
{
  g_return_val_if_fail (is_exception (self), NULL);
  return self->exception.class_name;
}

PyValue *
py_exception_peek_args (const PyValue *self)
{
  g_return_val_if_fail (is_exception (self), NULL);
  return self->exception.args;
}

gboolean
py_exception_is_os_error (const PyValue *self)
{
  g_return_val_if_fail (is_exception (self), FALSE);
  const char *name = self->exception.class_name;
  if (g_str_equal (name, "OSError") || g_str_equal (name, "IOError") || g_str_equal (name, "EnvironmentError")
      || g_str_equal (name, "ConnectionError"))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (os_errors); i++)
    if (g_str_equal (name, os_errors[i].class_name))
      return TRUE;
  return FALSE;
}

PyValue *
py_exception_dup_args (const PyValue *self)
{
  g_return_val_if_fail (is_exception (self), NULL);
  const PyItems *args = &self->exception.args->items;
  if (!py_exception_is_os_error (self) || args->len < 3 || args->len > 5 || py_value_type (args->data[2]) == PY_NONE)
    return py_value_ref (self->exception.args);
  return py_tuple_new_items (py_value_ref (args->data[0]), py_value_ref (args->data[1]), NULL);
}
