/* py-table.h - the members of a set, or the keys and values of a dict, in the order in which they came
 *
 * Private to the files py-value*.c.  A few members are searched one after the other: the dicts of a log line have a dozen keys, and
 * for these a hash costs more than it saves, above all an allocation or two for each dict.  More have an index.
 * Must not: know which types are hashable (py_value_is_hashable is asked before).
 */
#pragma once
#include "compat/py-value.h"

typedef struct
{
  PyValue *key, *value; /* value: NULL in a set */
} PyEntry;

typedef struct
{
  PyEntry *entries;
  guint len, size;
  GHashTable *index; /* key -> its place + 1; NULL while there are few */
} PyTable;

void py_table_clear (PyTable *self);                                       /* it may be used again */
gint py_table_find (const PyTable *self, const PyValue *key);              /* the place, or -1 */
gint py_table_find_str (const PyTable *self, const char *text, gsize len); /* the same for a str */
void py_table_append (PyTable *self, PyValue *key, PyValue *value);        /* takes both; the key is not there yet */
void py_table_remove (PyTable *self, guint place);
