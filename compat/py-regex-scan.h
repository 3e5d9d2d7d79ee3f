/* py-regex-scan.h - the pattern's text, token by token, and every error with its position
 *
 * Private to compat/py-regex*.  A token is one character, or a backslash with the one after it.  The scanner reads one
 * token ahead, as Python's does: that decides which of two errors comes first.
 * The first error stays; after it the scanner is at its end, so that whoever reads on stops soon.
 */
#pragma once

#include <glib.h>

#include "compat/py-regex.h"

typedef struct
{
  gunichar c;       /* the character, or the one behind the backslash */
  gboolean escaped; /* there is a backslash */
  gboolean end;     /* nothing is left */
} PyToken;

typedef struct
{
  gunichar *text;
  gsize len;
  gsize after; /* position after `next` */
  PyToken next;
  GError *error;
} PyScanner;

/* FALSE: the pattern is neither UTF-8 nor WTF-8. */
gboolean py_scanner_init (PyScanner *self, const char *pattern, gsize len);
void py_scanner_clear (PyScanner *self);

PyToken py_scanner_get (PyScanner *self); /* takes the next token */
gsize py_scanner_tell (const PyScanner *self);
void py_scanner_seek (PyScanner *self, gsize position);

gboolean py_scanner_sees (const PyScanner *self, char c); /* the next token is this character, bare */
gboolean py_scanner_take (PyScanner *self, char c);       /* ... and is taken */
gboolean py_scanner_sees_digit (const PyScanner *self, guint base);

gboolean py_token_is (PyToken token, char c);
gboolean py_token_in (PyToken token, const char *characters);
gsize py_token_len (PyToken token); /* in characters */

/* Takes all up to and with the character.  What is before it is text[*ret_start .. *ret_end).  It may not be empty;
 * `what` is for the error: "missing group name". */
gboolean py_scanner_get_until (PyScanner *self, char terminator, const char *what, gsize *ret_start, gsize *ret_end);

/* UTF-8 (WTF-8) of text[start .. end), and its repr() */
char *py_scanner_slice (const PyScanner *self, gsize start, gsize end);
char *py_scanner_quote (const PyScanner *self, gsize start, gsize end);

/* Sets the error, if there is none yet: re.error at `back` characters before the next token, at a position, without one,
 * and what is no re.error. */
void py_scanner_fail (PyScanner *self, gsize back, const char *format, ...) G_GNUC_PRINTF (3, 4);
void py_scanner_fail_at (PyScanner *self, gssize position, const char *format, ...) G_GNUC_PRINTF (3, 4);
void py_scanner_fail_otherwise (PyScanner *self, PyRegexError code, const char *format, ...) G_GNUC_PRINTF (3, 4);
