/* py-ini-memory.h - values of a file that have been interpolated before
 *
 * Which options the variables have decides what a value becomes, but for most values none of them matters: what was interpolated
 * without one is the same for all variables that lack the names that were looked for.
 * Must not: be used by others than py-ini.c; hold more than one result for one value.
 */
#pragma once
#include "compat/py-options.h"

#define PY_INI_NAMES_MAX 60 /* of one value; one with more references is not remembered */

/* Names that were looked for among the variables and not found. */
typedef struct PyIniNames PyIniNames; /* opaque: the fields live in py-ini-memory.c */

PyIniNames *py_ini_names_new (void);
void py_ini_names_free (PyIniNames *self); /* NULL is fine */
void py_ini_names_add (PyIniNames *self, const char *name, guint hash);

typedef struct PyIniMemory PyIniMemory; /* opaque: the fields live in py-ini-memory.c */

PyIniMemory *py_ini_memory_new (void);
void py_ini_memory_free (PyIniMemory *self); /* NULL is fine */

/* What the text became in the section with the options own; lent.  NULL: not known, or vars (may be NULL) have a say. */
PyValue *py_ini_memory_get (PyIniMemory *self, const PyOptions *own, const PyValue *text, const PyOptions *vars);
/* Takes names; shares text and value. */
void py_ini_memory_take (PyIniMemory *self, const PyOptions *own, PyValue *text, PyValue *value, PyIniNames *names);
