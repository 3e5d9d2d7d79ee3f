/* py-unicode-names.h - unicodedata.lookup(): the character of a name, for \N{...}
 *
 * Private to compat/py-regex*.  The table is written while building, by tools/make-unicode-names.
 */
#pragma once

#include <glib.h>

/* FALSE: no single character is called so. */
gboolean py_unicode_name_lookup (const char *name, gunichar *ret_c);

extern const guint64 py_unicode_names[]; /* ascending: 43 bits of the name's hash, then 21 of the character */
extern const guint py_unicode_names_len;
