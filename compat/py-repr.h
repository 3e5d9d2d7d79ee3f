/* py-repr.h - Python's text of a value: repr(), str() and pprint.pformat()
 *
 * Exactly Python 3.11's: shortest float digits, quotes chosen as Python does, what Unicode 14 calls unprintable escaped.
 * Lone surrogates come out as \udcXX, so the result of py_repr is always valid UTF-8.  Sets print in order of insertion.
 * Must not: depend on the locale.
 */
#pragma once
#include "compat/py-value.h"

char *py_repr (const PyValue *value);
void py_repr_append (GString *out, const PyValue *value);
/* repr of a str given as bytes (UTF-8 or WTF-8); len < 0: NUL-terminated.  What is no UTF-8 comes out as \xNN bytes. */
void py_repr_append_str (GString *out, const char *text, gssize len);
char *py_repr_str (const char *text, gssize len);
char *py_repr_float (double value);

/* Python's str(): a str as it is, an exception its message (KeyError: the repr; OSError: "[Errno 2] text: 'file'"), else
 * repr.  May hold NUL and lone surrogates; ret_len may be NULL. */
char *py_str (const PyValue *value, gsize *ret_len);

/* pprint.pformat (value, width=width, indent=indent, sort_dicts=True as pprint's default); --dp uses 1000 and 2. */
char *py_pprint (const PyValue *value, guint width, guint indent);

/* For py-pprint.c: repr with dicts in the order of their keys, and that order. */
void py_repr_append_sorted (GString *out, const PyValue *value);
void py_repr_sort_keys (GPtrArray *keys);

/* str.isprintable() of one code point, Unicode 14 (Python 3.11). */
gboolean py_unichar_is_printable (gunichar c);
