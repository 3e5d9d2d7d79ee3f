#include "compat/py-regex-scan.h"

#include <string.h>

#include "compat/py-repr.h"
#include "compat/py-value.h"

/* A GError that also carries Python's e.msg and e.pos */
typedef struct
{
  char *msg;
  gssize pos;
} PyRegexErrorPrivate;

static void
py_regex_error_private_init (PyRegexErrorPrivate *priv)
{
  priv->pos = -1;
}

static void
py_regex_error_private_copy (const PyRegexErrorPrivate *from, PyRegexErrorPrivate *to)
{
  to->msg = g_strdup (from->msg);
  to->pos = from->pos;
}

static void
py_regex_error_private_clear (PyRegexErrorPrivate *priv)
{
  g_free (priv->msg);
}

/* GLib's macro casts the bytes behind the error, which it has aligned. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-align"
G_DEFINE_EXTENDED_ERROR (PyRegexError, py_regex_error)
#pragma GCC diagnostic pop

void
py_regex_error_get_details (const GError *error, const char **ret_msg, gssize *ret_pos)
{
  g_return_if_fail (error != NULL && error->domain == PY_REGEX_ERROR);

  const PyRegexErrorPrivate *priv = py_regex_error_get_private (error);
  *ret_msg = priv->msg != NULL ? priv->msg : error->message;
  *ret_pos = priv->pos;
}

/* The next token; a backslash at the very end is found here, thus before what is in front of it is looked at. */
static void
advance (PyScanner *self)
{
  self->next = (PyToken){ 0 };
  if (self->error != NULL || self->after >= self->len)
    {
      self->next.end = TRUE;
      return;
    }
  self->next.c = self->text[self->after++];
  if (self->next.c != '\\')
    return;
  if (self->after == self->len)
    {
      py_scanner_fail_at (self, (gssize) self->len - 1, "bad escape (end of pattern)");
      return;
    }
  self->next.c = self->text[self->after++];
  self->next.escaped = TRUE;
}

gboolean
py_scanner_init (PyScanner *self, const char *pattern, gsize len)
{
  *self = (PyScanner){ 0 };
  self->text = py_text_decode (pattern, len, &self->len);
  if (self->text == NULL)
    return FALSE;
  advance (self);
  return TRUE;
}

void
py_scanner_clear (PyScanner *self)
{
  g_clear_pointer (&self->text, g_free);
  g_clear_error (&self->error);
}

PyToken
py_scanner_get (PyScanner *self)
{
  PyToken token = self->next;

  advance (self);
  return token;
}

gsize
py_scanner_tell (const PyScanner *self)
{
  return self->after - py_token_len (self->next);
}

void
py_scanner_seek (PyScanner *self, gsize position)
{
  self->after = position;
  advance (self);
}

gboolean
py_scanner_sees (const PyScanner *self, char c)
{
  return py_token_is (self->next, c);
}

gboolean
py_scanner_take (PyScanner *self, char c)
{
  if (!py_scanner_sees (self, c))
    return FALSE;
  advance (self);
  return TRUE;
}

gboolean
py_scanner_sees_digit (const PyScanner *self, guint base)
{
  PyToken token = self->next;

  if (token.end || token.escaped || token.c >= 0x80)
    return FALSE;
  return base == 16 ? g_ascii_isxdigit ((char) token.c) : token.c >= '0' && token.c < '0' + base;
}

gboolean
py_token_is (PyToken token, char c)
{
  return !token.end && !token.escaped && token.c == (guchar) c;
}

gboolean
py_token_in (PyToken token, const char *characters)
{
  return !token.end && !token.escaped && token.c > 0 && token.c < 0x80 && strchr (characters, (int) token.c) != NULL;
}

gsize
py_token_len (PyToken token)
{
  return token.end ? 0 : token.escaped ? 2 : 1;
}

gboolean
py_scanner_get_until (PyScanner *self, char terminator, const char *what, gsize *ret_start, gsize *ret_end)
{
  gsize start = py_scanner_tell (self);

  while (TRUE)
    {
      gsize at = py_scanner_tell (self);
      PyToken token = py_scanner_get (self);

      if (token.end && at == start)
        py_scanner_fail (self, 0, "missing %s", what);
      else if (token.end)
        py_scanner_fail (self, at - start, "missing %c, unterminated name", terminator);
      else if (!py_token_is (token, terminator))
        continue;
      else if (at == start)
        py_scanner_fail (self, 1, "missing %s", what);
      *ret_start = start;
      *ret_end = at;
      return self->error == NULL;
    }
}

static GString *
slice (const PyScanner *self, gsize start, gsize end)
{
  GString *out = g_string_sized_new (end - start);

  for (gsize i = start; i < end; i++)
    py_utf8_append (out, self->text[i]);
  return out;
}

char *
py_scanner_slice (const PyScanner *self, gsize start, gsize end)
{
  GString *text = slice (self, start, end);
  gsize size = text->len + 1;

  return g_realloc (g_string_free (text, FALSE), size); /* names of groups are kept, and there are thousands of them */
}

char *
py_scanner_quote (const PyScanner *self, gsize start, gsize end)
{
  g_autoptr (GString) text = slice (self, start, end);

  return py_repr_str (text->str, (gssize) text->len);
}

/* The error's str(): where the pattern has more than one line, with line and column. */
static char *
describe (const PyScanner *self, const char *msg, gssize pos)
{
  GString *text = g_string_new (msg);
  gsize line = 1, column = (gsize) pos + 1;
  gboolean has_lines = FALSE;

  if (pos >= 0)
    {
      for (gsize i = 0; i < self->len; i++)
        if (self->text[i] == '\n')
          {
            has_lines = TRUE;
            if (i < (gsize) pos)
              {
                line++;
                column = (gsize) pos - i;
              }
          }
      g_string_append_printf (text, " at position %" G_GSSIZE_FORMAT, pos);
      if (has_lines)
        g_string_append_printf (text, " (line %" G_GSIZE_FORMAT ", column %" G_GSIZE_FORMAT ")", line, column);
    }
  return g_string_free (text, FALSE);
}

static void G_GNUC_PRINTF (4, 0) fail (PyScanner *self, PyRegexError code, gssize pos, const char *format, va_list args)
{
  if (self->error != NULL)
    return;
  g_autofree char *msg = g_strdup_vprintf (format, args);
  g_autofree char *text = describe (self, msg, pos);
  self->error = g_error_new_literal (PY_REGEX_ERROR, (int) code, text);
  PyRegexErrorPrivate *priv = py_regex_error_get_private (self->error);
  priv->msg = g_steal_pointer (&msg);
  priv->pos = pos;
  self->next = (PyToken){ .end = TRUE };
}

void
py_scanner_fail (PyScanner *self, gsize back, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  fail (self, PY_REGEX_ERROR_SYNTAX, (gssize) py_scanner_tell (self) - (gssize) back, format, args);
  va_end (args);
}

void
py_scanner_fail_at (PyScanner *self, gssize position, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  fail (self, PY_REGEX_ERROR_SYNTAX, position, format, args);
  va_end (args);
}

void
py_scanner_fail_otherwise (PyScanner *self, PyRegexError code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  fail (self, code, -1, format, args);
  va_end (args);
}
