/* out.h - what fail2ban-regex prints
 *
 * Text goes to standard output as Python's print() sends it: bytes that were no UTF-8 on the command line (lone surrogates
 * inside) become these bytes again.  It shares the buffer of stdout with the log, so that both stay in order.
 */
#pragma once

#include "compat/py-value.h"

void out_line (const char *text);                               /* with a line end */
void out_printf (const char *format, ...) G_GNUC_PRINTF (1, 2); /* with a line end */
void out_text (const char *text, gsize len);                    /* with a line end; may hold NUL */
void out_value (const PyValue *value);                          /* print (value): str (value), with a line end */
void out_append_value (GString *to, const PyValue *value);      /* str (value) */
char *out_dup_short (const char *text);                         /* at most 53 characters, the end as "..." */
gsize out_rstrip_length (const char *text, gsize len);          /* the length of Python's text.rstrip() */

/* A text as an argument of an URL (urllib's quote_plus). */
void out_append_quoted (GString *to, const char *bytes, gsize len);
