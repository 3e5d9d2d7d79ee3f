/* date-line.h - a line in which a date is looked for, with what is known about it
 *
 * The reference's positions count characters, ours bytes.  Whether the line is ASCII, so that both are the same, is looked at when it is
 * needed: not for a date that is recognised by hand.
 * Must not: know templates.
 */
#pragma once

#include "compat/py-regex.h"
#include "match/date-features.h"

#define DATE_LINE_NO_CHAR ((gunichar) -1)

typedef struct
{
  const char *text;
  gsize len;
  PySearchFlags flags;
  gboolean looked_at;
  DateFeatures features; /* all, unless they were looked for */
} DateLine;

gboolean date_line_is_ascii (DateLine *self);

gsize date_line_to_bytes (DateLine *self, gsize n_chars);
gsize date_line_to_chars (DateLine *self, gsize n_bytes);

/* The character at a byte, and the one in front of it; DATE_LINE_NO_CHAR: there is none. */
gunichar date_line_char_at (const DateLine *self, gsize byte);
gunichar date_line_char_before (const DateLine *self, gsize byte);
