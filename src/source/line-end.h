/* line-end.h - where a line ends, in each encoding that a log can have
 *
 * In most encodings a line ends with the byte 0x0A.  In UTF-16 and UTF-32 it is a unit of two or four bytes, and 0x0A
 * alone is part
 * of other characters.  Without mark at the start, "utf-16" means this machine's order (as Python decodes each line by
 * itself).
 */
#pragma once
#include <glib.h>

typedef enum
{
  LINE_END_BYTE,
  LINE_END_UTF16_LE,
  LINE_END_UTF16_BE,
  LINE_END_UTF32_LE,
  LINE_END_UTF32_BE,
} LineEnd;

/* encoding: any of Python's names ("utf-8", "UTF_16LE", "latin1"); unknown ones and NULL: LINE_END_BYTE. */
LineEnd line_end_of_encoding (const char *encoding);
guint   line_end_size        (LineEnd end); /* 1, 2 or 4 bytes */
/* Position after the first line end in bytes, -1 when there is none.  bytes begins at the start of a unit. */
gssize  line_end_find        (LineEnd end, const char *bytes, gsize len);
/* The same for LINE_END_BYTE, in the same pass with another question: *ret_is_ascii tells whether all bytes of the line are below 128. */
gssize  line_end_find_ascii  (const char *bytes, gsize len, gboolean *ret_is_ascii);
/* The ways in which that is done, for tests; all give the same.  NULL: this machine does not have it. */
typedef enum
{
  LINE_END_PLAINLY,
  LINE_END_SSE2,
  LINE_END_AVX2,
} LineEndWay;
typedef gssize (*LineEndFunc) (const char *bytes, gsize len, gboolean *ret_is_ascii);
LineEndFunc line_end_peek_way (LineEndWay way);
