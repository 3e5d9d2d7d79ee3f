/* py-value-private.h - the fields of a value, for the files py-value*.c and py-exception.c only */
#pragma once
#include "compat/py-table.h"

typedef struct
{
  PyValue **data;
  guint len, size;
} PyItems;

typedef struct
{
  char *module, *class_name;
  PyValue *args;
} PyExceptionFields;

typedef struct
{
  char *data; /* NUL-terminated; in the same block as the value when that made it */
  gsize len;
} PyText;

struct PyValue
{
  guint ref_count;
  PyType type;
  union
  {
    gint64 integer; /* PY_BOOL, PY_INT */
    double real;
    PyBigint *big;
    PyText text; /* PY_STR, PY_BYTES */
    PyItems items;
    PyTable table;
    PyExceptionFields exception;
  };
};

/* A new value, all zero behind its type. */
PyValue *py_value_alloc (PyType type);
