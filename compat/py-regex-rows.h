/* py-regex-rows.h - the table of an automaton, and walking along it while there is nothing to do but to go on
 *
 * Private to compat/py-regex-states.c, compat/py-regex-threads.c and who walks along them.  A state is a row: for each class of the alphabet
 * the row where it leads to, or a number below 0 for whatever else there is to do.
 * Lines of a log say the same things at the same places.  So each row keeps what the last text had there, up to eight bytes, and which row
 * these lead to: if they are there again, that is one step, a leap.  Where a text often has something else, as little is kept as stays the same.
 * Where a text stays in a row for long, the bytes that it stays for are found many at a time.
 * Must not: know what the numbers below 0 mean, make states.
 */
#pragma once

#include <string.h>

#include "compat/py-regex-skip.h"
#include "compat/py-regex-symbols.h"

#define PY_LEAP_BYTES   8
#define PY_LEAP_LESSONS 8 /* so often; the first ones come before all rows are there */

/* What a row knows to go on by more than a byte */
typedef struct
{
  guint64 bytes, mask; /* those of a text that matter, as they stand in memory */
  gint32 to;           /* a row */
  guint32 learned_at;  /* a text */
  guint16 n_missed;    /* since then */
  guint8 n_learned;
  guint8 len;       /* 0: there is none */
  guint8 is_asked;  /* there is one, or one is to be learned */
  guint8 n_sets;    /* that were made for the row */
  guint16 skip;     /* one more than the number of the last one; 0: there is none */
} PyLeap;

typedef struct
{
  PyAlphabet alphabet;
  gint32 *table; /* NULL: there are no rows */
  guint stride;  /* rows begin so far apart */
  guint leap_at; /* behind the classes; 0: rows cannot leap */
  guint32 n_texts; /* who walks counts */
  GArray *skips; /* of PySkipSet */
  PySkipFunc skip; /* NULL: byte by byte */
} PyRows;

void py_rows_init (PyRows *self, const PyNfa *nfa, gboolean can_leap);
void py_rows_clear (PyRows *self);
void py_rows_forget (PyRows *self); /* all rows */

/* Adds a row all of whose entries are `entry`, behind the `n` that there are. */
void py_rows_add (PyRows *self, guint n, gint32 entry);
gsize py_rows_bytes (const PyRows *self); /* of one */

/* From `row` on while rows lead to rows; *at stops at the byte that asks for more, or at the end.  For rows that can leap. */
gint32 py_rows_leap_along (PyRows *self, const char **at, const char *end, gint32 row);

/* The same byte by byte.  What stays in its row goes by prediction: the processor need not wait for the table, as it must where the row
 * changes. */
static inline gint32
py_rows_run_along (const PyRows *self, const char **at, const char *end, gint32 row)
{
  const guint8 *class_of = self->alphabet.class_of, *p = (const guint8 *) *at, *stop = (const guint8 *) end;
  const gint32 *table = self->table + row;

  for (; p < stop; p++)
    {
      gint32 next = table[class_of[*p]];

      if (next == row)
        continue;
      if (next < 0)
        break;
      row = next;
      table = self->table + row;
    }
  *at = (const char *) p;
  return row;
}
