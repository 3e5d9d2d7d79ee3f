/* py-held.h - text of files as a C string: held text, and what Python's str methods make of it
 *
 * A text with NULs is held with each NUL as the two bytes C0 80, which UTF-8 has no other use for.  So names and values of a
 * configuration are C strings all the way, and become what Python would have only at the end (py_held_to_value).
 * Must not: look at the locale (GLib's case functions do).
 */
#pragma once
#include "compat/py-value.h"

char *py_held_new (const char *bytes, gsize len);
PyValue *py_held_to_value (const char *text);
PyValue *py_held_real (PyValue *value); /* a new reference: a held str made real, everything else as it is */
char *py_held_repr (const char *text);  /* Python's repr () of what it holds */

/* str.strip (), lstrip (), rstrip (): where the rest lies; len < 0: NUL-terminated. */
const char *py_held_strip (const char *text, gssize len, gsize *ret_len);
const char *py_held_lstrip (const char *text, gssize len, gsize *ret_len);
gsize py_held_rstrip (const char *text, gssize len);
char *py_held_dup_stripped (const char *text, gssize len);

char *py_held_lower (const char *text, gssize len);       /* str.lower () */
gboolean py_held_is_lower (const char *text, gssize len); /* lower () would change nothing */
