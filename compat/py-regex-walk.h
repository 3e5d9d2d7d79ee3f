/* py-regex-walk.h - a text that an automaton walks along, and whether asking it has paid
 *
 * Private to compat/py-regex-automaton.c and py-regex-spans.c.  Must not: know states.
 */
#pragma once

#include <string.h>

#include "compat/py-regex-automaton.h"

typedef struct
{
  const char *start, *end; /* without a newline that is the last byte */
  const char *no_rest; /* up to here no line is known to go on to the end: the last newline that was seen, or start */
  gboolean has_final;  /* such a newline is there */
} PyWalk;

static inline PyWalk
py_walk_along (const char *text, gsize len)
{
  gboolean has_final = len > 0 && text[len - 1] == '\n';

  return (PyWalk){ text, text + len - (has_final ? 1 : 0), text, has_final };
}

/* Is there something left, and no newline in it? */
static inline gboolean
py_walk_is_rest_of_line (PyWalk *self, const char *at)
{
  if (at >= self->end || at < self->no_rest)
    return FALSE;
  const char *newline = memchr (at, '\n', (gsize) (self->end - at));
  if (newline != NULL)
    self->no_rest = newline;
  return newline == NULL;
}

#define PY_TRIALS 64 /* before it is judged whether asking pays */

typedef struct
{
  guint64 n_asked, n_told;
} PyTrials;

static inline void
py_trials_count (PyTrials *self, PyRegexVerdict told)
{
  self->n_asked++;
  self->n_told += told != PY_VERDICT_UNKNOWN ? 1 : 0;
}

/* Was something told of at least half of the texts? */
static inline gboolean
py_trials_pay (const PyTrials *self)
{
  return self->n_asked < PY_TRIALS || self->n_told >= self->n_asked / 2;
}
