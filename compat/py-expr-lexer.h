/* py-expr-lexer.h - the words of a Python expression, one at a time
 *
 * For py-expr.c only.  Reports what Python's tokenizer reports, with its messages (PY_EXPR_ERROR_SYNTAX).
 */
#pragma once
#include "compat/py-value.h"

typedef enum
{
  PY_TOKEN_END,
  PY_TOKEN_NUMBER,  /* value */
  PY_TOKEN_REFUSED, /* a string or an imaginary number: legal, but no arithmetic */
  PY_TOKEN_NAME,    /* text; keywords too */
  PY_TOKEN_OP,      /* text: one to three characters */
  PY_TOKEN_NEWLINE,
  PY_TOKEN_ERROR, /* an error is set */
} PyTokenType;

typedef struct
{
  const char *start, *at, *end;
  const char *filename; /* for messages */
  guint line;           /* from 1 */
  guint open;           /* brackets: newlines mean nothing in them */

  PyTokenType type;
  PyValue *value;
  char *text;
} PyLexer;

void py_lexer_init (PyLexer *self, const char *text, gsize len, const char *filename);
void py_lexer_clear (PyLexer *self);
/* Reads the next token into type, value and text. */
void py_lexer_next (PyLexer *self, GError **error);
void py_lexer_fail (PyLexer *self, GError **error,
                    const char *message); /* "message (file, line n)"; type becomes ERROR */
