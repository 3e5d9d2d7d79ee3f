/* py-charset.h - sets of characters as Python's re understands them, with and without regard to case
 *
 * Private to compat/py-regex*.  A PyCharset is exact: it holds every character that the set matches, but for the digits and
 * word characters of Unicode, which stay names because they are many.
 */
#pragma once

#include "compat/py-regex-ast.h"

typedef struct
{
  GArray *ranges;                          /* of PyCharRange: ascending, apart from each other */
  gboolean digit, no_digit, word, no_word; /* and those that Unicode calls so, or does not */
} PyCharset;

PyCharset *py_charset_new (void);
void py_charset_free (PyCharset *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PyCharset, py_charset_free)

/* What a literal or a set matches under these flags, without regard to its `negated`. */
PyCharset *py_charset_of_node (const PyNode *node, guint flags);

gboolean py_charset_contains (const PyCharset *self, gunichar c); /* only for c < 0x80 are the names looked at */
gboolean py_charset_is_full (const PyCharset *self);
