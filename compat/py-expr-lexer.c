#include "compat/py-expr-lexer.h"

#include <string.h>

#include "compat/py-bigint.h"
#include "compat/py-expr.h"

void
py_lexer_init (PyLexer *self, const char *text, gsize len, const char *filename)
{
  *self = (PyLexer){ .start = text, .at = text, .end = text + len, .filename = filename, .line = 1 };
}

static void
forget_token (PyLexer *self)
{
  g_clear_pointer (&self->value, py_value_unref);
  g_clear_pointer (&self->text, g_free);
}

void
py_lexer_clear (PyLexer *self)
{
  forget_token (self);
}

void
py_lexer_fail (PyLexer *self, GError **error, const char *message)
{
  self->type = PY_TOKEN_ERROR;
  if (error != NULL && *error == NULL)
    g_set_error (error, PY_EXPR_ERROR, PY_EXPR_ERROR_SYNTAX, "%s (%s, line %u)", message, self->filename, self->line);
}

static char
char_at (const PyLexer *self, gsize offset)
{
  return (gsize) (self->end - self->at) > offset ? self->at[offset] : '\0';
}

/* Letters beyond ASCII are letters of names too. */
static gboolean
is_name_char (char c)
{
  return g_ascii_isalnum (c) || c == '_' || (guchar) c >= 0x80;
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

/* Digits of a base with single underscores between (or before, behind a prefix) them, appended without; FALSE when there is none. */
static gboolean
take_digits (PyLexer *self, guint base, gboolean after_prefix, GString *out)
{
  gsize start = out->len;

  for (;;)
    {
      gint digit = g_ascii_xdigit_value (char_at (self, 0));
      if (digit >= 0 && (guint) digit < base)
        g_string_append_c (out, *self->at++);
      else if (char_at (self, 0) == '_' && (out->len > start || after_prefix)
               && g_ascii_xdigit_value (char_at (self, 1)) >= 0
               && (guint) g_ascii_xdigit_value (char_at (self, 1)) < base)
        self->at++;
      else
        return out->len > start;
    }
}

/* "1if x" is legal, "1x" is not. */
static gboolean
ends_well (const PyLexer *self)
{
  static const char *const words[] = { "and", "else", "for", "if", "in", "is", "or", "not" };

  if (!is_name_char (char_at (self, 0)))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if ((gsize) (self->end - self->at) >= strlen (words[i]) && memcmp (self->at, words[i], strlen (words[i])) == 0)
      return TRUE;
  return FALSE;
}

static void
set_int (PyLexer *self, const GString *digits, guint base, GError **error)
{
  PyBigint *value = base != 10 || digits->len <= PY_BIGINT_MAX_DIGITS
                        ? py_bigint_new_digits (digits->str, digits->len, base)
                        : NULL;

  if (value == NULL)
    {
      py_lexer_fail (self, error, "Exceeds the limit (4300 digits) for integer string conversion");
      return;
    }
  self->type = PY_TOKEN_NUMBER;
  self->value = py_int_take_bigint (value);
}

static void
read_prefixed_int (PyLexer *self, guint base, const char *base_name, GError **error)
{
  g_autoptr (GString) digits = g_string_new (NULL);

  self->at += 2;
  if (!take_digits (self, base, TRUE, digits) || !ends_well (self))
    {
      g_autofree char *message = g_strdup_printf ("invalid %s literal", base_name);
      py_lexer_fail (self, error, message);
      return;
    }
  set_int (self, digits, base, error);
}

/* The exponent at the cursor; FALSE (nothing taken) when there is none. */
static gboolean
take_exponent (PyLexer *self, GString *out)
{
  gsize sign = char_at (self, 1) == '+' || char_at (self, 1) == '-' ? 1 : 0;

  if (g_ascii_tolower (char_at (self, 0)) != 'e' || !g_ascii_isdigit (char_at (self, 1 + sign)))
    return FALSE;
  g_string_append_len (out, self->at, (gssize) (1 + sign));
  self->at += 1 + sign;
  return take_digits (self, 10, FALSE, out);
}

static void
read_decimal (PyLexer *self, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gboolean real = FALSE;

  (void) take_digits (self, 10, FALSE, text);
  gsize whole = text->len;
  if (char_at (self, 0) == '.')
    {
      real = TRUE;
      g_string_append_c (text, *self->at++);
      if (g_ascii_isdigit (char_at (self, 0)))
        (void) take_digits (self, 10, FALSE, text);
    }
  real |= take_exponent (self, text);
  if (g_ascii_tolower (char_at (self, 0)) == 'j')
    {
      self->at++;
      self->type = PY_TOKEN_REFUSED;
    }
  if (!ends_well (self))
    {
      py_lexer_fail (self, error, "invalid decimal literal");
      return;
    }
  if (self->type == PY_TOKEN_REFUSED)
    return;
  if (real)
    {
      self->type = PY_TOKEN_NUMBER;
      self->value = py_float_new (g_ascii_strtod (text->str, NULL));
      return;
    }
  if (whole > 1 && text->str[0] == '0' && strspn (text->str, "0") < whole)
    py_lexer_fail (self, error,
                   "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers");
  else
    set_int (self, text, 10, error);
}

static void
read_number (PyLexer *self, GError **error)
{
  char second = char_at (self, 0) == '0' ? g_ascii_tolower (char_at (self, 1)) : '\0';

  if (second == 'x')
    read_prefixed_int (self, 16, "hexadecimal", error);
  else if (second == 'o')
    read_prefixed_int (self, 8, "octal", error);
  else if (second == 'b')
    read_prefixed_int (self, 2, "binary", error);
  else
    read_decimal (self, error);
}

/* --- strings, names, operators ------------------------------------------------------------------------------------ */

/* At the opening quote: only its end is of interest. */
static void
read_string (PyLexer *self, GError **error)
{
  char quote = *self->at;
  gsize count = char_at (self, 1) == quote && char_at (self, 2) == quote ? 3 : 1;

  for (self->at += count; self->at < self->end; self->at++)
    {
      if (*self->at == '\\')
        self->at++;
      else if (*self->at == quote && (count == 1 || (char_at (self, 1) == quote && char_at (self, 2) == quote)))
        {
          self->at += count;
          self->type = PY_TOKEN_REFUSED;
          return;
        }
      else if (*self->at == '\n' && count == 1)
        break;
    }
  self->at = MIN (self->at, self->end);
  py_lexer_fail (self, error, "unterminated string literal");
}

static gboolean
is_string_prefix (const char *text, gsize len)
{
  return len <= 2 && strspn (text, "bBfFrRuU") >= len;
}

static void
read_name (PyLexer *self, GError **error)
{
  const char *start = self->at;

  while (self->at < self->end && is_name_char (*self->at))
    self->at++;
  gsize len = (gsize) (self->at - start);
  if ((char_at (self, 0) == '\'' || char_at (self, 0) == '"') && is_string_prefix (start, len))
    {
      read_string (self, error);
      return;
    }
  self->type = PY_TOKEN_NAME;
  self->text = g_strndup (start, len);
  for (const char *c = start; c < self->at;) /* what is beyond ASCII must be a letter or a digit */
    {
      gunichar code = 0;
      guint bytes = py_utf8_decode (c, (gsize) (self->at - c), &code);
      if (bytes == 0 || (code >= 0x80 && !g_unichar_isalnum (code) && !g_unichar_ismark (code)))
        {
          py_lexer_fail (self, error, "invalid character in identifier");
          return;
        }
      c += bytes;
    }
}

static void
read_operator (PyLexer *self, GError **error)
{
  static const char *const operators[] = {
    "**=", "//=", ">>=", "<<=", "...", "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "->", "+=", "-=",
    "*=",  "/=",  "%=",  "&=",  "|=",  "^=", "@=", ":=", "+",  "-",  "*",  "/",  "%",  "@",  "<",  ">",
    "(",   ")",   "[",   "]",   "{",   "}",  ",",  ":",  ".",  ";",  "&",  "|",  "^",  "~",  "=",
  };

  for (guint i = 0; i < G_N_ELEMENTS (operators); i++)
    {
      gsize len = strlen (operators[i]);
      if ((gsize) (self->end - self->at) < len || memcmp (self->at, operators[i], len) != 0)
        continue;
      self->type = PY_TOKEN_OP;
      self->text = g_strdup (operators[i]);
      self->at += len;
      if (strchr ("([{", *self->text) != NULL)
        self->open++;
      else if (strchr (")]}", *self->text) != NULL && self->open > 0)
        self->open--;
      return;
    }
  py_lexer_fail (self, error, "invalid syntax");
}

/* Blanks, comments, joined lines, and newlines within brackets. */
static void
skip_blanks (PyLexer *self)
{
  while (self->at < self->end)
    {
      char c = *self->at;
      if (c == '#')
        while (self->at < self->end && *self->at != '\n' && *self->at != '\r')
          self->at++;
      else if (c == ' ' || c == '\t' || c == '\f')
        self->at++;
      else if ((c == '\n' || c == '\r') && self->open > 0)
        {
          self->line += c == '\n' || char_at (self, 1) != '\n' ? 1 : 0;
          self->at++;
        }
      else if (c == '\\' && (char_at (self, 1) == '\n' || char_at (self, 1) == '\r'))
        {
          self->at += char_at (self, 1) == '\r' && char_at (self, 2) == '\n' ? 3 : 2;
          self->line++;
        }
      else
        return;
    }
}

void
py_lexer_next (PyLexer *self, GError **error)
{
  forget_token (self);
  self->type = PY_TOKEN_END;
  skip_blanks (self);
  if (self->at == self->end)
    return;
  char c = *self->at;
  if (c == '\n' || c == '\r')
    {
      self->at += c == '\r' && char_at (self, 1) == '\n' ? 2 : 1;
      self->line++;
      self->type = PY_TOKEN_NEWLINE;
    }
  else if (g_ascii_isdigit (c) || (c == '.' && g_ascii_isdigit (char_at (self, 1))))
    read_number (self, error);
  else if (c == '\'' || c == '"')
    read_string (self, error);
  else if (is_name_char (c))
    read_name (self, error);
  else
    read_operator (self, error);
}
