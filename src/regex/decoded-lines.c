#include "regex/decoded-lines.h"

#include <string.h>

typedef struct
{
  RegexRun *run;
  LogLine *line;
  LineReader *reader;
  GString *kept; /* what was read and is not taken yet */
  gboolean at_end;
  GError *error;
} Lines;

/* A text of the first bytes that are kept, without its line ends, and with them */
typedef struct
{
  const char *at;
  gsize len, full_len;
} Text;

static gboolean
read_more (Lines *self)
{
  const char *bytes;
  gsize len;
  gboolean is_ascii;

  if (self->at_end)
    return FALSE;
  if (line_reader_next (self->reader, &bytes, &len, &is_ascii, &self->error))
    {
      g_string_append_len (self->kept, bytes, (gssize) len);
      return TRUE;
    }
  self->at_end = TRUE;
  if (self->error != NULL || !line_reader_rest (self->reader, &bytes, &len))
    return FALSE;
  g_string_append_len (self->kept, bytes, (gssize) len);
  return TRUE;
}

/* Behind the next 0x0A, or all that is left; 0: there is nothing. */
static gsize
find_end (Lines *self, gsize from)
{
  do
    {
      const char *begin = self->kept->str + from;
      const char *newline = memchr (begin, '\n', self->kept->len - from);

      if (newline != NULL)
        return from + (gsize) (newline + 1 - begin);
    }
  while (read_more (self));
  return self->kept->len > from && self->error == NULL ? self->kept->len : 0;
}

static void
take (Lines *self, gsize size)
{
  while (self->kept->len < size && read_more (self))
    ;
  g_string_erase (self->kept, 0, (gssize) MIN (size, self->kept->len));
}

static gboolean
decode (Lines *self, gsize size, Text *ret_text)
{
  g_autoptr (GError) error = NULL;
  PySearchFlags flags;

  log_line_set_bytes (self->line, self->kept->str, size);
  if (!log_line_get_text (self->line, filter_peek_codec (self->run->filter), self->run->clock, self->run->log,
                          &ret_text->at, &ret_text->len, &flags, &error))
    return regex_run_crashed (self->run, error);
  ret_text->full_len = ret_text->len + log_line_get_cut (self->line, ret_text->at, ret_text->len);
  return TRUE;
}

/* The line ends amid the text, and the next one begins where the text before is encoded to. */
static gboolean
take_part (Lines *self, const Text *text, gsize len, gsize size)
{
  g_autoptr (GString) bytes = g_string_new (NULL), part = g_string_new_len (text->at, (gssize) len);

  (void) py_codec_encode (filter_peek_codec (self->run->filter), text->at, len + 1, TRUE, bytes);
  take (self, bytes->len > 0 ? bytes->len : size);
  while (part->len > 0 && part->str[part->len - 1] == '\r')
    g_string_truncate (part, part->len - 1);
  log_line_set_text (self->line, part->str, part->len);
  return regex_run_log_line (self->run, self->line);
}

/* From there on, all that is kept is a line: its text is still known to the LogLine. */
static gboolean
take_whole (Lines *self, gsize size)
{
  gboolean ok = regex_run_log_line (self->run, self->line);

  take (self, size);
  return ok;
}

/* The next line, whose first 0x0A is before size. */
static gboolean
take_line (Lines *self, gsize size)
{
  Text text;

  if (!decode (self, size, &text))
    return FALSE;
  while (text.full_len == text.len && size < DECODED_LINE_MOST)
    {
      gsize more = find_end (self, size);
      const char *newline;

      if (more == 0)
        {
          take (self, size); /* unfinished */
          return TRUE;
        }
      size = more;
      if (!decode (self, size, &text))
        return FALSE;
      newline = text.full_len > 0 ? memchr (text.at, '\n', text.full_len) : NULL;
      if (newline != NULL && newline + 1 != text.at + text.full_len)
        return take_part (self, &text, (gsize) (newline - text.at), size);
    }
  return take_whole (self, size);
}

gboolean
regex_run_read_decoded_lines (RegexRun *self, LogLine *line, LineReader *reader)
{
  g_autoptr (GString) kept = g_string_new (NULL);
  Lines lines = { .run = self, .line = line, .reader = reader, .kept = kept };
  g_autoptr (GError) error = NULL;
  gboolean ok = TRUE;
  gsize size;

  while (ok && (size = find_end (&lines, 0)) > 0)
    ok = take_line (&lines, size);
  error = lines.error;
  return ok && error != NULL ? regex_run_crashed (self, error) : ok;
}
