/* py-regex-private.h - what py-regex.c (compiling) and py-match.c (searching) both know
 *
 * Private to compat/py-regex.c and compat/py-match.c.
 */
#pragma once

#include <pthread.h>

#include "compat/py-regex-emit.h"
#include "compat/py-regex-need.h"
#include "compat/py-regex-reach.h"

/* How many places of a subject a match can begin at */
typedef enum
{
  PY_BEGINS_ANYWHERE,
  PY_BEGINS_AT_LINES, /* at the subject's start or after a newline */
  PY_BEGINS_ONCE,     /* only where the search begins */
} PyBegins;

/* One for subjects of ASCII only, one for any; each again for searches that begin in a part of the subject only.  And one for ASCII that
 * knows no groups: not for each pattern. */
typedef enum
{
  PY_FORM_BYTES,
  PY_FORM_UTF,
  PY_FORM_BYTES_SLICED,
  PY_FORM_UTF_SLICED,
  PY_FORM_BYTES_BARE,
  PY_N_FORMS,
} PyFormIndex;

/* What became of a form so far */
enum
{
  PY_FORM_NOT_TRIED,
  PY_FORM_FAILED,
  PY_FORM_PREPARED, /* by the JIT compiler */
};

typedef struct
{
  pcre2_code *code; /* NULL: not compiled yet, or failed */
  gint state;        /* PY_FORM_...; atomic, the rest is written before it and never again */
  gboolean has_jit;
  PyBegins begins;
  guint64 heft; /* 1 for small code, and one for every few KiB: a step may have to try as many alternatives */
} PyRegexForm;

struct PyRegex
{
  char *pattern;
  gsize len;
  PyRegexFlags flags;
  GPtrArray *names; /* as in PyTree */
  gboolean looks_far;
  PyRegexNeed *need;   /* py_regex_get_need(); atomic */
  PyRegexReach *reach; /* py_regex_get_reach() */
  PyRegexForm forms[PY_N_FORMS];
  pthread_mutex_t lock; /* for who makes need, reach or a form at the first use.  Of the system, not GLib's: -fsanitize=thread knows it */
};

/* What a text needs to match; found at the first use, like the forms. */
const PyRegexNeed *py_regex_make_need (PyRegex *self);
static inline const PyRegexNeed *
py_regex_get_need (const PyRegex *self)
{
  PyRegex *own = (PyRegex *) self;
  const PyRegexNeed *need = g_atomic_pointer_get (&own->need);

  return need != NULL ? need : py_regex_make_need (own);
}

/* What a step can run over; found when a search first takes long. */
const PyRegexReach *py_regex_get_reach (PyRegex *self);

/* The form, ready for a search; NULL when PCRE2 cannot make it. */
const PyRegexForm *py_regex_prepare_form (PyRegex *self, PyFormIndex index);
