/* line-list.h - lines of a log that wait to be told, in one block of memory
 *
 * Oldest first.  Among them can be what is no line: a group called `matches` adds the characters of its text, one by one, or the items of
 * its tuple (1.1.2).  Must not: search, know dates.
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
void line_list_append_text (LineList *self, const char *text, gsize len); /* a str, no line: peeked as its last piece */
void line_list_append_none (LineList *self);                              /* None; likewise, empty */

typedef enum
{
  LINE_LIST_LINE,
  LINE_LIST_TEXT,
  LINE_LIST_NONE,
} LineListKind;
LineListKind line_list_get_kind (const LineList *self, guint index);
void line_list_append_all (LineList *self, const LineList *other);
void line_list_keep_last (LineList *self, guint n); /* drops the oldest until n are left, or fewer were there */

gboolean line_list_equal (const LineList *a, const LineList *b);

PyValue *line_list_dup_value (const LineList *self); /* a list: of a line the tuple (before, date, after) */
