/* file-seek.h - where in a long log the young lines begin
 *
 * Bisection by the lines' own dates.  Internal to source/.  Must not: move anything; skip a line that is young enough, as long as the lines
 * stand in order of their times.
 */
#pragma once
#include "source/file-generation.h"
#include "source/file-source.h"

/* The start of a line at or behind from (itself the start of a line), such that lines before it are older than time_usec. */
gint64 file_seek_time (const FileGeneration *file, LineEnd line_end, gint64 from, gint64 time_usec, FileTimeFunc func,
                       gpointer data);
