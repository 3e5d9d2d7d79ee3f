/* py-shlex.h - shlex.split (), Python's idea of shell words
 *
 * Words split at blanks (space, tab, CR, LF) with ', " and \ as in a POSIX shell, nothing expanded, no comments.
 * Must not: know a shell.
 */
#pragma once
#include "compat/py-value.h"

#define PY_SHLEX_ERROR (py_shlex_error_quark ())
GQuark py_shlex_error_quark (void); /* one code, 0: "No closing quotation" or "No escaped character" (ValueError) */

/* A list of str.  len < 0: NUL-terminated. */
PyValue *py_shlex_split (const char *text, gssize len, GError **error);
