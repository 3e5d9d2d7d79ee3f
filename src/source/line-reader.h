/* line-reader.h - the lines of a file, one after the other, to its present end
 *
 * For fail2ban-regex.  The server follows files with file-source.h.
 * Must not: wait for more, look at dates, decode.
 */
#pragma once
#include "source/line-end.h"
#include "source/source-error.h"

/* A longer line is handed out cut to this length; the rest of it is skipped.  The reference has no limit and keeps the
 * line in memory.
 * No log line that a filter understands is a hundredth as long. */
#define LINE_READER_MAX (1024 * 1024)

typedef struct LineReader LineReader;

/* SOURCE_ERROR with errno; a directory is EISDIR. */
LineReader *line_reader_open (const char *path, LineEnd line_end, GError **error);
void        line_reader_free (LineReader *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LineReader, line_reader_free)

/* The next line with its line end; lent until the next call.  *ret_is_ascii: all of it is below 128 (FALSE: perhaps not), and a newline
 * stands at its end only.  FALSE at the end: what has no line end there is no line, or (error set) when it cannot be read. */
gboolean line_reader_next (LineReader *self, const char **ret_bytes, gsize *ret_len, gboolean *ret_is_ascii,
                           GError **error);
/* Several whole lines at once, so that others can find out where they end: all that came with one read of about `size` bytes, at least one
 * line, from `lines` on.  The reader takes the block's memory and gives its own, so the block is the caller's and no byte is copied but
 * the begin of the line that is not whole yet.  A line that is too long is a block by itself, without line end.  Only with LINE_END_BYTE.
 * FALSE as line_reader_next(). */
typedef struct
{
  char *bytes; /* NULL: none yet; g_free() */
  gsize size;
  const char *lines;
  gsize len;
} LineBlock;
gboolean line_reader_next_block (LineReader *self, gsize size, LineBlock *block, GError **error);

/* What stands at the end without line end: TRUE and lent, when there is something (after line_reader_next said FALSE).
 * */
gboolean line_reader_rest (LineReader *self, const char **ret_bytes, gsize *ret_len);
