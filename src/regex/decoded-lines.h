/* decoded-lines.h - the lines of a file whose line ends are seen only in its text
 *
 * In most encodings a line ends with the byte 0x0A, whatever stands before it.  Not so in UTF-16 and in EBCDIC, nor where 0x0A can be a part of something
 * broken: half a character of EUC-JP or GB 18030, base 64 of UTF-7, an escape sequence of ISO 2022.
 * The reference (1.1.2) decodes up to each 0x0A, and when the text has no line end, decodes again with what follows.
 * So is it done here, up to a limit: it would read the whole file, and again for each 0x0A in it.  What it makes of
 * "utf-16" is done likewise: each line that ends amid what was decoded is encoded, with a mark, to know where the next begins, and that one
 * loses its first character.
 */
#pragma once

#include "regex/regex-run.h"
#include "source/line-reader.h"

/* A line that has no end in its text is handed out when it has become so long. */
#define DECODED_LINE_MOST (64 * 1024)

/* All lines of the reader, which must find them by 0x0A.  FALSE: the run has ended with an exception. */
gboolean regex_run_read_decoded_lines (RegexRun *self, LogLine *line, LineReader *reader);

/* One line of a file, as log_line_set_bytes() or _text() set it; empty ones and comments are none.  FALSE: likewise. */
gboolean regex_run_log_line (RegexRun *self, LogLine *line);
