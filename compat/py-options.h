/* py-options.h - names and their values in order: the dict that a section of a configuration file is
 *
 * As in a Python dict a name that is set again keeps its place.  Names are held text (py-held.h), unique, compared as bytes.
 * Must not: change the case of names (py-ini does), be changed by two owners at once.
 */
#pragma once
#include "compat/py-value.h"

typedef struct PyOptions PyOptions; /* opaque: the fields live in py-options.c */

PyOptions *py_options_new (void);
PyOptions *py_options_new_from_dict (const PyValue *dict); /* its keys are str; shares keys and values */
PyOptions *py_options_copy (const PyOptions *self);
void py_options_free (PyOptions *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PyOptions, py_options_free)

void py_options_reserve (PyOptions *self, guint more); /* room for so many more names, for who knows */
guint py_options_size (const PyOptions *self);
const char *py_options_peek_name (const PyOptions *self, guint index); /* in order of first insertion */
PyValue *py_options_peek_key (const PyOptions *self, guint index);     /* the name as a str */
PyValue *py_options_peek_value (const PyOptions *self, guint index);

PyValue *py_options_get (const PyOptions *self, const char *name);         /* peek; NULL when absent */
const char *py_options_get_text (const PyOptions *self, const char *name); /* peek; NULL when absent or no str */
void py_options_set (PyOptions *self, const char *name, PyValue *value);   /* takes value */
void py_options_set_shared (PyOptions *self, PyValue *name, guint hash, PyValue *value); /* takes value, shares name */
void py_options_set_value (PyOptions *self, guint index, PyValue *value); /* takes value; of the name at index */
void py_options_set_text (PyOptions *self, const char *name, const char *text);
gboolean py_options_remove (PyOptions *self, const char *name);
void py_options_update (PyOptions *self, const PyOptions *other); /* other's values win; other may be NULL */

/* For who looks for one name in several places: the name's hash, once. */
guint py_options_hash (const char *name);
gboolean py_options_hash_lower (const char *name, guint *ret_hash); /* FALSE when it is not plainly in lower case */
guint py_options_peek_hash (const PyOptions *self, guint index);
PyValue *py_options_get_hashed (const PyOptions *self, const char *name, guint hash);
gboolean py_options_find (const PyOptions *self, const char *name, guint hash, guint *ret_index);

/* {**a, **b} of two, either may be NULL. */
PyOptions *py_options_merged (const PyOptions *a, const PyOptions *b);

/* The dict of the same order, held text turned to values. */
PyValue *py_options_to_value (const PyOptions *self);
