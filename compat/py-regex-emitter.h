/* py-regex-emitter.h - what the parts of py-regex-emit share
 *
 * Private to py-regex-emit*.c: nodes and groups in py-regex-emit.c, characters and sets in py-regex-emit-set.c, counts in
 * py-regex-emit-repeat.c.
 */
#pragma once

#include "compat/py-regex-emit.h"

#define PY_EMIT_MAX_COUNT 65535 /* PCRE2 counts no further */

/* The empty look-ahead keeps 10.42's JIT compiler from an optimization ("early fail") that is wrong when an atomic group has
 * alternatives: (?s)(?>.*\Z|)\B would match in "k00kk". */
#define PY_EMIT_ATOMIC "(?>(?=)"

typedef struct
{
  const PyTree *tree;
  GString *out;
  gboolean utf;
  gboolean bare;     /* groups capture nothing */
  gboolean caseless; /* the option of PCRE2 that is in force where we write; it ends with the group that it is set in */
  guint behind;      /* inside of so many look-behinds */
  gboolean native_boundary;
  GError *error;
} PyEmitter;

void py_emit_literal (PyEmitter *self, const PyNode *node, guint flags);
void py_emit_set (PyEmitter *self, const PyNode *node, guint flags);
void py_emit_set_caseless (PyEmitter *self, gboolean caseless);

void py_emit_repeat (PyEmitter *self, const PyNode *node, guint flags);

/* The node and all that follow it; NULL is nothing. */
void py_emit_sequence (PyEmitter *self, PyNode *first, guint flags);

/* "opening...)", the alternatives of a lone branch without parentheses of their own */
void py_emit_enclosed (PyEmitter *self, const char *opening, PyNode *sequence, guint flags);
