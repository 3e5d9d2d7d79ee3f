/* read-ahead.h - the lines of a file in order, looked at beforehand by two threads
 *
 * A second thread and the one that asks for lines read the file in chunks, each the next one, and find what is in its lines
 * (match/line-finder.h); the lines are then handed out in their order.  The asking thread does this itself whenever the chunk that
 * it needs is not yet done and one is left to be begun, so that neither waits for long.
 * A few chunks are in memory at the same time, each of some lines: memory does not depend on the file.
 * Must not: change what is found (see line-finder.h); print.
 */
#pragma once

#include "match/line-finder.h"
#include "source/line-reader.h"

typedef struct ReadAhead ReadAhead;

#define READ_AHEAD_CHUNK (128 * 1024) /* bytes, and what the last line has more */

/* Both are borrowed; until it is freed nobody else uses the reader or changes the filter.  NULL: this filter's lines cannot be looked at
 * beforehand, or there is no thread to be had. */
ReadAhead *read_ahead_new (Filter *filter, LineReader *reader, gsize chunk);
void read_ahead_free (ReadAhead *self); /* NULL is fine; ends the thread */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ReadAhead, read_ahead_free)

/* As line_reader_next(); the finding and its store are lent as long as the line.  After FALSE line_reader_rest() may be asked. */
gboolean read_ahead_next (ReadAhead *self, const char **ret_bytes, gsize *ret_len, const LineFinding **ret_finding,
                          const LineStore **ret_store, GError **error);
