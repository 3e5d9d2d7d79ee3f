/* line-list.h - lines of a log that wait to be told, in one block of memory
 *
 * Oldest first.  Must not: search, know dates.
 */
#pragma once

#include "compat/py-value.h"

/* A line in its three pieces, all borrowed: before its date, the date, after it. */
typedef struct
{
  const char *before, *date, *after;
  gsize before_len, date_len, after_len;
  gboolean has_line_end; /* a newline stands behind `after` and may be read */
} LinePieces;

typedef struct LineList LineList;

LineList *line_list_new (void);
void line_list_free (LineList *self); /* NULL is fine */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LineList, line_list_free)

void line_list_clear (LineList *self);
guint line_list_get_length (const LineList *self);
void line_list_peek (const LineList *self, guint index, LinePieces *ret_line); /* lent until the next change */

void line_list_append (LineList *self, const LinePieces *line); /* copies */
void line_list_append_all (LineList *self, const LineList *other);
void line_list_keep_last (LineList *self, guint n); /* drops the oldest until n are left, or fewer were there */

gboolean line_list_equal (const LineList *a, const LineList *b);

PyValue *line_list_dup_value (const LineList *self); /* a list of tuples (before, date, after) */
