/* py-regex-skip.h - the first byte of a text that is not in a set, many bytes at a time
 *
 * Private to compat/py-regex-rows.c.  Where the processor has no instructions for it there is no such function, and who asks goes byte by
 * byte.
 */
#pragma once

#include <glib.h>

/* Bytes of ASCII: bit H of low[L] is for the byte with the halves H and L. */
typedef struct
{
  guint8 low[16];
} PySkipSet;

/* From `at` on over bytes of the set.  It may stop earlier than it must, less than PY_SKIP_STEP bytes before `stop`. */
typedef const guint8 *(*PySkipFunc) (const PySkipSet *set, const guint8 *at, const guint8 *stop);
#define PY_SKIP_STEP 32

typedef enum
{
  PY_SKIP_SSSE3,
  PY_SKIP_AVX2,
  PY_SKIP_N_KINDS,
} PySkipKind;

PySkipFunc py_skip_get (PySkipKind kind); /* NULL: this processor cannot */
PySkipFunc py_skip_get_best (void);       /* NULL: as well */

static inline void
py_skip_set_add (PySkipSet *self, guint8 byte)
{
  self->low[byte & 0x0f] |= (guint8) (1 << (byte >> 4));
}
