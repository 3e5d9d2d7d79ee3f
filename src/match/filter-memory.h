/* filter-memory.h - what filters remember from line to line, and what became of the last line
 *
 * The last date, and what is known of connections (<F-MLFID>).  Filters with the same settings that have had the same lines remember the
 * same, so they have one memory together: the first one that a line comes to looks at it, the others are told what became of it.
 * Ten jails on one log cost little more than one that way.
 *
 * Coming and going.  A filter begins with a memory of its own.  After a line it compares it, now and then, with that of another filter
 * that had the line too, and joins when they are equal.  A memory goes on only to lines that all its members get, since what it was
 * before is lost then: lines with an audience (log-line.h) that the members have been part of together.  When a line with another one
 * comes, the first member that gets it takes a copy, and whoever gets it too follows.  Who changes a setting takes a copy at once.
 * So nobody has to be told that a jail is idle, behind or gone; filter-memory-test plays random sessions against filters that are alone.
 *
 * A line of which nothing came need not even be given to the others, where it is known that they are all who get it: then it is settled.
 *
 * Must not: search, know jails.
 */
#pragma once

#include "match/filter.h"

FilterMemory *filter_memory_new (void); /* with one member */
FilterMemory *filter_memory_ref (FilterMemory *self);
void filter_memory_unref (FilterMemory *self); /* NULL is fine */

/* The line was told to one member, nothing came of it, and n_readers are all members and all who get it: then it is as if it had never
 * been, and must not be told to the others.  FALSE: they have to be told. */
gboolean filter_memory_settle (FilterMemory *self, const LogLine *line, guint n_readers);

/* What the settings of its members say; NULL: nobody can join. */
const char *filter_memory_peek_key (const FilterMemory *self);
