/* py-unicode.h - what Python 3.11's str knows about characters: case for re, identifiers, decoding WTF-8
 *
 * Unicode 14, as Python 3.11.  Code points may be lone surrogates.
 * Must not: depend on the locale.
 */
#pragma once

#include <glib.h>

#define PY_UNICHAR_LAST 0x10ffff

/* The one-to-one case mappings that re uses when it ignores case (the first character of str.lower() and str.upper()). */
gunichar py_unichar_lower (gunichar c);
gunichar py_unichar_upper (gunichar c);

/* Other characters than `lower` itself that match it when case is ignored: two at most, 0 where there is none; NULL:
 * there are none at all. */
const gunichar *py_unichar_peek_extra_cases (gunichar lower);

/* str.isidentifier() */
gboolean py_text_is_identifier (const gunichar *text, gsize len);

/* The code points of UTF-8 or WTF-8.  NULL when it is neither. */
gunichar *py_text_decode (const char *text, gsize len, gsize *ret_len);

/* For PySearchFlags: is every byte below 128?  Is it well-formed (UTF-8, lone surrogates allowed)? */
gboolean py_text_is_ascii (const char *text, gsize len);
gboolean py_text_is_wtf8 (const char *text, gsize len);
