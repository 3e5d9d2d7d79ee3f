/* py-needle.h - a text that is looked for in many short subjects
 *
 * memmem() makes a table for each search, which costs more than to look through a line.  A needle knows which of its bytes is rare in
 * logs, and looks for that one.
 * Must not: take longer than memmem() for long on subjects that are full of that byte.
 */
#pragma once

#include <glib.h>

typedef struct
{
  const char *text; /* borrowed */
  gsize len;
  gsize rare; /* where in it its rarest byte stands */
} PyNeedle;

/* len: at least 1 */
void py_needle_init (PyNeedle *self, const char *text, gsize len);

/* Where it stands first between at and end; NULL: nowhere. */
const char *py_needle_find (const PyNeedle *self, const char *at, const char *end);
