#include "match/date-line.h"

gboolean
date_line_is_ascii (DateLine *self)
{
  if (!self->looked_at && !(self->flags & PY_SEARCH_IS_ASCII) && py_text_is_ascii (self->text, self->len))
    self->flags |= PY_SEARCH_IS_ASCII;
  self->looked_at = TRUE;
  return (self->flags & PY_SEARCH_IS_ASCII) != 0;
}

gsize
date_line_to_bytes (DateLine *self, gsize n_chars)
{
  const char *at = self->text, *end = self->text + self->len;

  if (date_line_is_ascii (self))
    return MIN (n_chars, self->len);
  while (n_chars-- > 0 && at < end)
    at = g_utf8_next_char (at);
  return MIN ((gsize) (at - self->text), self->len);
}

gsize
date_line_to_chars (DateLine *self, gsize n_bytes)
{
  if (date_line_is_ascii (self))
    return n_bytes;
  return g_utf8_strlen (self->text, n_bytes);
}

gunichar
date_line_char_at (const DateLine *self, gsize byte)
{
  return byte < self->len ? g_utf8_get_char (self->text + byte) : DATE_LINE_NO_CHAR;
}

gunichar
date_line_char_before (const DateLine *self, gsize byte)
{
  if (byte == 0 || byte > self->len)
    return DATE_LINE_NO_CHAR;
  return g_utf8_get_char (g_utf8_prev_char (self->text + byte));
}
